// SPDX-License-Identifier: Apache-2.0
// The Markdown parser with the page's rules, and where a growing text can be cut, so that a view
// need not start from its beginning. Raw HTML in a message is text. Nothing here touches the page.
import { math_plugin } from "./math.mjs";

// What the parser takes for the end of a line.
const kLineEnd = /\r[\n\u0085]|[\n\u2424\u2028\u0085]/g;

// Models write <br> inside cells of tables, where Markdown has no other way.
function line_break_rule(state, silent) {
  const found = /^<br ?\/?>/i.exec(state.src.slice(state.pos, state.pos + 6));
  if (!found) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += found[0].length;
  return true;
}

export function make_parser(markdownit) {
  const markdown = markdownit({ html: false, linkify: true, breaks: false });
  markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  markdown.use(math_plugin);
  markdown.inline.ruler.before("autolink", "line_break", line_break_rule);
  return markdown;
}

// The length of the beginning of `text` that no further text can change: all blocks but the last
// one. Only whole lines count, since a line's kind may change until it ends ("#" and "#tag").
export function split_settled(markdown, text) {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const blocks = markdown.parse(whole, { streaming: true })
    .filter((token) => token.level === 0 && token.map && token.nesting >= 0);
  if (blocks.length < 2) return 0;
  let line = blocks[blocks.length - 1].map[0];
  kLineEnd.lastIndex = 0;
  while (line > 0 && kLineEnd.exec(whole)) line--;
  return kLineEnd.lastIndex;
}

// References ("[1]: https://...") act on text before them, which then has to be rendered again.
export function has_references(text) {
  return /^ {0,3}\[[^\]\n]+\]:/m.test(text);
}
