// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";

import { add_node, children, create_conversation, path_to, pick_sibling, place_among_siblings, remove_leaf,
         shown_path, title_of } from "./tree.mjs";

globalThis.crypto ??= webcrypto;

const texts = (path) => path.map((node) => node.content);

function talk() {
  const conversation = create_conversation({}, 0);
  const question = add_node(conversation, "", { role: "user", content: "q" });
  const answer = add_node(conversation, question.id, { role: "assistant", content: "a" });
  return { conversation, question, answer };
}

test("a new message is shown after its parent", () => {
  const { conversation, answer } = talk();
  const next = add_node(conversation, answer.id, { role: "user", content: "q2" });
  assert.deepEqual(texts(shown_path(conversation)), ["q", "a", "q2"]);
  assert.deepEqual(texts(path_to(conversation, next.id)), ["q", "a", "q2"]);
  assert.throws(() => add_node(conversation, "nobody", {}));
});

test("an edit is a sibling, and switching brings the rest of its branch back", () => {
  const { conversation, question, answer } = talk();
  add_node(conversation, answer.id, { role: "user", content: "q2" });
  const edited = add_node(conversation, "", { role: "user", content: "Q" });
  assert.deepEqual(texts(shown_path(conversation)), ["Q"]);
  assert.deepEqual(place_among_siblings(conversation, edited.id), { index: 1, count: 2 });
  assert.equal(pick_sibling(conversation, edited.id, -1), question);
  assert.deepEqual(texts(shown_path(conversation)), ["q", "a", "q2"]);
  assert.equal(pick_sibling(conversation, question.id, -1), undefined);
  assert.deepEqual(texts(shown_path(conversation)), ["q", "a", "q2"]);
});

test("an answer again is a sibling of the first one", () => {
  const { conversation, question, answer } = talk();
  const again = add_node(conversation, question.id, { role: "assistant", content: "b" });
  assert.deepEqual(texts(children(conversation, question.id)), ["a", "b"]);
  assert.deepEqual(texts(shown_path(conversation)), ["q", "b"]);
  assert.equal(pick_sibling(conversation, again.id, -1), answer);
  assert.equal(pick_sibling(conversation, answer.id, 1), again);
});

test("taking an empty answer out shows the one before it", () => {
  const { conversation, question, answer } = talk();
  const failed = add_node(conversation, question.id, { role: "assistant", content: "" });
  remove_leaf(conversation, question.id);
  assert.equal(conversation.nodes.size, 3, "it has children");
  remove_leaf(conversation, failed.id);
  assert.deepEqual(texts(shown_path(conversation)), ["q", "a"]);
  remove_leaf(conversation, answer.id);
  assert.deepEqual(texts(shown_path(conversation)), ["q"]);
});

test("titles come from the first line", () => {
  assert.equal(talk().conversation.title, "q");
  assert.equal(title_of("  ## **Hello** there\nmore"), "Hello there");
  assert.equal(title_of("\n\n"), "New conversation");
  assert.equal(title_of("word ".repeat(30)), `${"word ".repeat(11)}word…`);
  assert.equal(Array.from(title_of("😀".repeat(100))).length, 61);
});
