// SPDX-License-Identifier: Apache-2.0
// The Markdown rules, on the parser that the page gets.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";

import { has_references, make_parser, split_settled } from "./markdown.mjs";
import { find_inline_math } from "./math.mjs";

const markdown = make_parser(createRequire(import.meta.url)("/usr/share/javascript/markdown-it/markdown-it.js"));

function all_tokens(tokens) {
  return tokens.flatMap((token) => [token, ...all_tokens(token.children ?? [])]);
}

// The formulas of a text, as [source, display], "pending" behind those that have no end yet.
function formulas(text, streaming = false) {
  return all_tokens(markdown.parse(text, { streaming })).filter((token) => token.type === "math")
    .map(({ content, meta }) => [content, meta.display, ...(meta.pending ? ["pending"] : [])]);
}

test("the four forms", () => {
  assert.deepEqual(formulas("a $x_1$ b \\(y\\) c"), [["x_1", false], ["y", false]]);
  assert.deepEqual(formulas("a $$x$$ b \\[y\\] c"), [["x", true], ["y", true]]);
  assert.deepEqual(formulas("$$\nx\n\ny\n$$\n\n\\[\nz\n\\]"), [["x\n\ny", true], ["z", true]]);
  assert.deepEqual(formulas("$$x + y$$"), [["x + y", true]]);
  assert.deepEqual(formulas("\\begin{align}\na &= b\n\\end{align}\nend"),
                   [["\\begin{align}\na &= b\n\\end{align}", true]]);
  assert.deepEqual(formulas("\\begin{document}\nx\n\\end{document}"), []);
});

test("formulas keep what Markdown would take for its own", () => {
  assert.deepEqual(formulas("$a_1 * b_2 * c$ and $[x](y)$ and $a<b$"),
                   [["a_1 * b_2 * c", false], ["[x](y)", false], ["a<b", false]]);
  assert.deepEqual(formulas("\\(a\\_b\\)"), [["a\\_b", false]]);
  assert.deepEqual(formulas("$\\text{5 \\$ each}$"), [["\\text{5 \\$ each}", false]]);
});

test("prices are no formulas", () => {
  for (const text of ["It costs $5 and $10.", "$5, or $6", "between $5-$10", "a $20 bill and 30$ more", "US$ 5 and US$ 6",
                      "$5 for tea, 6$ for coffee", "$100M vs $200M", "\\$x$ and \\$y$", "$ x $", "$$", "$$$", "5$"]) {
    assert.deepEqual(formulas(text), [], text);
  }
  assert.deepEqual(formulas("For $5 you get $x$ of them"), [["x", false]]);
  assert.deepEqual(formulas("$5x + 2$ and $10 \\text{ cm}$"), [["5x + 2", false], ["10 \\text{ cm}", false]]);
});

test("code is left alone", () => {
  assert.deepEqual(formulas("`$x$` and ``\\(y\\)``"), []);
  assert.deepEqual(formulas("```sh\necho $HOME$PATH\n$$\n```"), []);
  assert.deepEqual(formulas("    $$\n    x\n    $$"), []);
  assert.deepEqual(formulas("$a `b$ c` d$"), []);
});

test("formulas inside lists, quotations and tables", () => {
  assert.deepEqual(formulas("- item\n\n  $$\n  x\n  $$\n- $y$"), [["x", true], ["y", false]]);
  assert.deepEqual(formulas("> $$\n> x\n> $$\n\nafter"), [["x", true]]);
  assert.deepEqual(formulas("> $$\n> x\n\nafter\n\n$$\ny\n$$"), [["y", true]]);
  assert.deepEqual(formulas("| $a$ | b |\n|---|---|\n| 1 | $c$ |"), [["a", false], ["c", false]]);
});

test("a block without its end waits for it only while the text arrives", () => {
  assert.deepEqual(formulas("text\n\n$$\nx +", true), [["x +", true, "pending"]]);
  assert.deepEqual(formulas("text\n\n$$\nx +"), []);
  assert.deepEqual(formulas("\\[ x", true), [["x", true, "pending"]]);
  assert.deepEqual(formulas("$$ x $$ is a formula"), [["x", true]]);
});

test("hostile text takes linear time", () => {
  // Each of these would take minutes if a search began again at every mark.
  for (const text of ["$a ".repeat(100000), "\\(".repeat(100000), "$$ ".repeat(66667), "\\[\n".repeat(50000),
                      "$1 a ".repeat(60000), "\\begin{align}\n".repeat(20000)]) {
    assert.ok(markdown.parse(text, {}).length > 0);
  }
});

test("positions of inline formulas", () => {
  assert.deepEqual(find_inline_math("a $x$ b", 2), { content: "x", end: 5, display: false });
  assert.equal(find_inline_math("a $x$ b", 0), null);
  assert.equal(find_inline_math("$x\\$", 0), null);
});

test("raw HTML stays text, line breaks are breaks", () => {
  const types = all_tokens(markdown.parse("<b>x</b> a<br>b <img src=x onerror=y>\n\n<script>z</script>", {}))
    .map((token) => token.type);
  assert.ok(!types.some((type) => type.startsWith("html")));
  assert.equal(types.filter((type) => type === "hardbreak").length, 1);
});

const kText = `# Title

A paragraph
of two lines

- a list
- of two

  with a paragraph

\`\`\`c
int x; // \r\nstill one block

\`\`\`
> quote\u2028
lazy

| a | b |
|---|---|
| 1 | 2 |

$$
x

y
$$
Setext
===
last`;

function shape(text) {
  return markdown.parse(text, { streaming: true })
    .filter((token) => token.level === 0 && token.nesting >= 0)
    .map((token) => `${token.type} ${token.tag} ${token.content}`);
}

test("what is settled never changes, wherever the text is cut", () => {
  const final = shape(kText);
  for (let cut = 0; cut <= kText.length; cut++) {
    const length = split_settled(markdown, kText.slice(0, cut));
    const settled = length ? shape(kText.slice(0, length)) : [];
    assert.deepEqual(settled, final.slice(0, settled.length), `cut at ${cut}`);
    assert.deepEqual([...settled, ...shape(kText.slice(length))], final, `cut at ${cut}`);
  }
});

test("all but the last block is settled", () => {
  assert.equal(split_settled(markdown, "one\n\ntwo\n"), 5);
  assert.equal(split_settled(markdown, "one\n\ntwo"), 0, "the second block is no whole line yet");
  assert.equal(split_settled(markdown, "para\n#"), 0, "it may become #tag");
});

test("references are found", () => {
  assert.ok(has_references("see [x][1]\n\n[1]: https://example.org"));
  assert.ok(!has_references("a [link](b): c"));
});
