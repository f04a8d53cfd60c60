// SPDX-License-Identifier: Apache-2.0
// Elements from the tokens of the Markdown parser. No HTML is written and parsed on the way, so
// there is nothing that could get through a sanitizer: tags and attributes come from the lists
// here, everything else enters as text. The page's policy forbids every way around this.
import { h } from "./dom.mjs";

const kTags = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote",
                       "em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"]);
const kLinks = /^(?:https?:|mailto:|#)/i;

export function is_safe_link(url) {
  return kLinks.test(url.trim());
}

function link(url, title) {
  if (!is_safe_link(url)) return h("span", {});
  return h("a", { href: url, title, target: "_blank", rel: "noopener noreferrer" });
}

function open_element(token) {
  if (token.tag === "a") return link(token.attrGet("href") ?? "", token.attrGet("title"));
  if (!kTags.has(token.tag)) return h("div", {});
  const element = h(token.tag, {});
  const start = token.tag === "ol" && token.attrGet("start");
  if (start) element.start = Number(start) || 1;
  // Alignment as a class: the page's policy forbids style attributes.
  const side = /text-align:\s*(left|right|center)/.exec(token.attrGet("style") ?? "");
  if (side) element.classList.add(`align-${side[1]}`);
  return element;
}

function code_fence(token) {
  const language = token.info?.trim().split(/\s+/)[0] ?? "";
  const pre = h("pre", {}, h("code", {}, token.content));
  pre.dataset.language = language;
  return pre;
}

function math(token) {
  const { display, pending } = token.meta;
  const kind = `math${display ? " display" : ""}${pending ? " pending" : ""}`;
  return h(token.block ? "div" : "span", { class: kind }, token.content);
}

// Images are never loaded; a link leads to them.
function image(token) {
  const element = link(token.attrGet("src") ?? "", null);
  element.append(token.content || "image");
  return element;
}

function leaf(token) {
  switch (token.type) {
    case "code_inline": return h("code", {}, token.content);
    case "fence":
    case "code_block": return code_fence(token);
    case "hardbreak": return h("br", {});
    case "softbreak": return "\n";
    case "hr": return h("hr", {});
    case "math": return math(token);
    case "image": return image(token);
    default: return token.content;
  }
}

function add_tokens(tokens, root) {
  const open = [root];
  for (const token of tokens) {
    const parent = open[open.length - 1];
    if (token.type === "inline") {
      add_tokens(token.children, parent);
    } else if (token.nesting === 1) {
      // The paragraphs of a tight list are not elements of their own.
      const element = token.hidden ? parent : open_element(token);
      if (!token.hidden) parent.append(element);
      open.push(element);
    } else if (token.nesting === -1) {
      if (open.length > 1) open.pop();
    } else {
      parent.append(leaf(token));
    }
  }
}

export function to_fragment(tokens) {
  const fragment = document.createDocumentFragment();
  add_tokens(tokens, fragment);
  return fragment;
}

const kEntity = /&(?:amp|lt|gt|quot|#x27|#39);/g;
const kEntities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"",
                    "&#x27;": "'", "&#39;": "'" };

// The coloured spans that highlight.js writes: `<span class="x">`, `</span>` and escaped text.
// Anything else in its output would stay text.
export function spans_to_fragment(html) {
  const fragment = document.createDocumentFragment();
  const open = [fragment];
  for (const [piece, classes] of html.matchAll(/<span class="([\w -]*)">|<\/span>|[^<]+|</g)) {
    if (classes !== undefined) {
      const span = h("span", { class: classes });
      open[open.length - 1].append(span);
      open.push(span);
    } else if (piece === "</span>") {
      if (open.length > 1) open.pop();
    } else {
      open[open.length - 1].append(piece.replace(kEntity, (name) => kEntities[name]));
    }
  }
  return fragment;
}
