// SPDX-License-Identifier: Apache-2.0
// Mathematics in Markdown, as rules for markdown-it: $..$, $$..$$, \(..\), \[..\] and
// \begin{..}..\end{..}. Code is never touched, since the parser reads it before or around these
// rules, and prices are not mathematics: after an opening $ and before a closing one stands no
// white space, no digit follows a closing $, and "$5 for tea, $6" style sentences are let pass.
//
// Time is linear in hostile text as well: a closing mark that was searched for in vain is not
// searched for again from a later place, and $..$ is bounded.

const kMaxDollarLength = 1000;
const kEnvironments = new Set(["align", "align*", "aligned", "alignat", "alignat*", "equation",
  "equation*", "gather", "gather*", "gathered", "matrix", "pmatrix", "bmatrix", "vmatrix",
  "cases", "array", "split"]);

// A backslash in front of it takes a mark its meaning.
function is_escaped(text, position) {
  let n_backslash = 0;
  while (text[position - 1 - n_backslash] === "\\") n_backslash++;
  return n_backslash % 2 === 1;
}

function find_unescaped(text, mark, from) {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (!is_escaped(text, at)) return at;
  }
  return -1;
}

function find_closing_dollar(text, from) {
  const end = Math.min(text.length, from + kMaxDollarLength);
  for (let at = from; at < end; at++) {
    if (text[at] === "`") return -1;
    if (text[at] === "\\") at++;
    else if (text[at] === "$" && !/\s/.test(text[at - 1]) && !/\d/.test(text[at + 1] ?? "")) {
      return at;
    }
  }
  return -1;
}

// "5 for tea and 6" is prose about money, "5 \text{cm}" and "5x + 2" are not.
function looks_like_price(content) {
  const words = content.replace(/\\[A-Za-z]+(\{[^{}]*\})?/g, " ");
  return /^\d/.test(content) && /(^|\s)[A-Za-z]{2,}/.test(words);
}

const kPairs = [["$$", "$$", true], ["\\[", "\\]", true], ["\\(", "\\)", false]];

// The mathematics that begins at `position`: {content, end, display}, or null. `missing` remembers
// the marks that do not come any more.
export function find_inline_math(text, position, missing = new Set()) {
  for (const [open, close, display] of kPairs) {
    if (!text.startsWith(open, position)) continue;
    if (missing.has(close)) return null;
    const end = find_unescaped(text, close, position + open.length);
    if (end < 0) missing.add(close);
    if (end < 0) return null;
    const content = text.slice(position + open.length, end).trim();
    return content ? { content, end: end + close.length, display } : null;
  }
  if (text[position] !== "$" || /[\s$]/.test(text[position + 1] ?? " ")) return null;
  const end = find_closing_dollar(text, position + 1);
  if (end < 0) return null;
  const content = text.slice(position + 1, end);
  return looks_like_price(content) ? null : { content, end: end + 1, display: false };
}

function inline_rule(state, silent) {
  const first = state.src[state.pos];
  if (first !== "$" && first !== "\\") return false;
  state.math_missing ??= new Set();
  const found = find_inline_math(state.src, state.pos, state.math_missing);
  if (!found || found.end > state.posMax) return false;
  if (!silent) {
    const token = state.push("math", "", 0);
    token.content = found.content;
    token.meta = { display: found.display, pending: false };
  }
  state.pos = found.end;
  return true;
}

// The marks of a block that begins with this line: {open, close, keep}.
export function block_marks(line) {
  if (line.startsWith("$$")) return { open: "$$", close: "$$", keep: false };
  if (line.startsWith("\\[")) return { open: "\\[", close: "\\]", keep: false };
  const environment = /^\\begin\{([a-z]+\*?)\}/.exec(line);
  if (!environment || !kEnvironments.has(environment[1])) return null;
  return { open: environment[0], close: `\\end{${environment[1]}}`, keep: true };
}

// The last line of the block that `marks` opened, or -1. Text after the closing mark makes it a
// part of a paragraph instead.
function find_last_line(state, begin, end, marks) {
  for (let line = begin; line < end; line++) {
    if (line > begin && state.sCount[line] < state.blkIndent) return -1;
    let text = state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
    if (line === begin) text = text.slice(marks.open.length);
    const at = find_unescaped(text, marks.close, 0);
    if (at >= 0) return text.slice(at + marks.close.length).trim() === "" ? line : -1;
  }
  return undefined;
}

function block_rule(state, begin, end, silent) {
  if (state.sCount[begin] - state.blkIndent >= 4) return false;
  const head = state.src.slice(state.bMarks[begin] + state.tShift[begin], state.eMarks[begin]);
  const marks = block_marks(head);
  if (!marks) return false;
  // The end belongs to the key: what a quotation lacks may still stand after it.
  const missing = (state.env.math_missing ??= new Set());
  const key = `${marks.close} ${end}`;
  let last = missing.has(key) ? undefined : find_last_line(state, begin, end, marks);
  if (last === -1) return false;
  const pending = last === undefined;
  if (pending) {
    missing.add(key);
    // While the text still arrives the end may come yet.
    if (!state.env.streaming) return false;
    last = end - 1;
  }
  if (silent) return true;
  let content = state.getLines(begin, last + 1, state.blkIndent, false).trim();
  if (!marks.keep) {
    content = content.slice(marks.open.length, pending ? undefined : -marks.close.length).trim();
  }
  const token = state.push("math", "", 0);
  token.block = true;
  token.content = content;
  token.map = [begin, last + 1];
  token.meta = { display: true, pending };
  state.line = last + 1;
  return true;
}

// Makes tokens of type math with {display, pending}; pending: the end has not arrived yet.
export function math_plugin(markdown) {
  markdown.inline.ruler.before("escape", "math", inline_rule);
  markdown.block.ruler.before("fence", "math", block_rule,
                              { alt: ["paragraph", "reference", "blockquote", "list"] });
}
