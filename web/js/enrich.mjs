// SPDX-License-Identifier: Apache-2.0
// What a rendered message gets beyond Markdown: formulas, coloured code with a head and a copy
// button, tables that scroll by themselves. Libraries that are not there yet are asked for, and
// the elements that wait for them are finished when they arrive.
import { copy_button, h } from "./dom.mjs";
import { load_highlight, load_katex } from "./libraries.mjs";
import { spans_to_fragment } from "./markdown_dom.mjs";

// Beyond this, colouring would be felt as a pause.
const kMaxColouredLength = 100000;
const kMaxFormulaLength = 10000;
const kMaxKeptFormulas = 300;

let katex = null;
let highlight = null;

// A formula costs a millisecond, and the last block of a stream is rendered many times.
const formulas = new Map();

function make_formula(source, display) {
  const key = `${display} ${source}`;
  let made = formulas.get(key);
  if (!made) {
    made = document.createElement("span");
    // The page's policy refuses the style attributes of a few elements in KaTeX's hidden MathML;
    // what is seen gets its style in another way.
    katex.render(source, made, { displayMode: display, throwOnError: false, trust: false,
                                 strict: "ignore", maxExpand: 500, maxSize: 50 });
    if (formulas.size >= kMaxKeptFormulas) formulas.delete(formulas.keys().next().value);
    formulas.set(key, made);
  }
  return made.cloneNode(true);
}

function fill_formula(element) {
  const source = element.textContent;
  if (source.length > kMaxFormulaLength) return;
  try {
    element.replaceChildren(make_formula(source, element.classList.contains("display")));
    element.classList.add("ready");
    element.dataset.source = source;
  } catch {
    element.classList.add("failed");
  }
}

function enrich_formulas(root) {
  const waiting = [...root.querySelectorAll(".math:not(.pending)")];
  if (waiting.length === 0) return;
  if (katex) {
    waiting.forEach(fill_formula);
    return;
  }
  load_katex().then((library) => {
    katex = library;
    // Those that were rendered again meanwhile are no longer in the page.
    waiting.filter((element) => element.isConnected && !element.classList.contains("ready"))
      .forEach(fill_formula);
  }, () => {});
}

// Colours the code in place; plain where the language is unknown.
export function colour(code, language) {
  if (!language || code.textContent.length > kMaxColouredLength) return;
  if (!highlight) {
    load_highlight().then((library) => {
      highlight = library;
      if (code.isConnected) colour(code, language);
    }, () => {});
    return;
  }
  if (!highlight.getLanguage(language)) return;
  const coloured = highlight.highlight(language, code.textContent, true).value;
  code.replaceChildren(spans_to_fragment(coloured));
}

// A block of code with its head: used for fences and for the arguments of tools.
export function code_block(text, language) {
  const code = h("code", {}, text);
  const block = h("div", { class: "code" },
    h("div", { class: "code-head" },
      h("span", {}, language || "text"), copy_button("Copy code", () => code.textContent)),
    h("pre", { tabindex: "0" }, code));
  block.dataset.language = language;
  colour(code, language);
  return block;
}

function enrich_code(root) {
  for (const pre of root.querySelectorAll("pre")) {
    const code = pre.querySelector("code");
    if (!code || pre.closest(".code")) continue;
    pre.replaceWith(code_block(code.textContent.replace(/\n$/, ""), pre.dataset.language));
  }
}

function enrich_tables(root) {
  for (const table of root.querySelectorAll("table")) {
    const frame = h("div", { class: "table", tabindex: "0", role: "region",
                             "aria-label": "Table" });
    table.replaceWith(frame);
    frame.append(table);
  }
}

export function enrich(root) {
  enrich_code(root);
  enrich_tables(root);
  enrich_formulas(root);
}

// Code that grows at its end is changed in place, so that it keeps its scroll position. False if
// the two are not the same block at two times.
export function grow_code(old_block, new_block) {
  const is_code = (block) => block?.classList.contains("code");
  if (!is_code(old_block) || !is_code(new_block)) return false;
  if (old_block.dataset.language !== new_block.dataset.language) return false;
  const old_code = old_block.querySelector("code");
  const text = new_block.querySelector("code").textContent;
  if (!text.startsWith(old_code.textContent)) return false;
  if (text !== old_code.textContent) {
    old_code.textContent = text;
    colour(old_code, old_block.dataset.language);
  }
  return true;
}
