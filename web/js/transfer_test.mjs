// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";

import { export_text, import_text, place_import } from "./transfer.mjs";
import { add_node, create_conversation, pick_sibling, shown_path } from "./tree.mjs";
import { apply_chunk, end_turn, new_turn } from "./turn.mjs";

globalThis.crypto ??= webcrypto;

function talk() {
  const conversation = create_conversation({ system: "s", tools: "[]" });
  const question = add_node(conversation, "", { role: "user", content: "<script>alert(1)</script>" });
  const turn = { role: "assistant", ...new_turn("m", 5) };
  const answer = add_node(conversation, question.id, turn);
  apply_chunk(answer, { choices: [{ delta: { reasoning: "r", content: "a",
    tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{}" } }] } }],
    timings: { predicted_n: 3 } }, 6);
  end_turn(answer, "done", 7);
  add_node(conversation, answer.id, { role: "tool", results: [{ id: "c", name: "f", content: "1" }] });
  const other = add_node(conversation, question.id, { role: "assistant", ...new_turn("m", 8), content: "b" });
  end_turn(other, "done", 9);
  pick_sibling(conversation, other.id, -1);
  return conversation;
}

const file = (conversations, rest = {}) =>
  JSON.stringify({ format: "stride-conversations", version: 1, conversations, ...rest });
const node = (id, parent, rest = {}) => ({ id, parent, role: "user", content: "x", ...rest });
const damage = (fields) => import_text(file([{ id: "c", nodes: [node("a", "")], ...fields }]));

test("what was exported is imported as it was", () => {
  const conversation = talk();
  const { conversations: [back], problems } = import_text(export_text([conversation]));
  assert.deepEqual(problems, []);
  assert.equal(back.title, conversation.title);
  assert.deepEqual(back.picked, conversation.picked);
  assert.deepEqual(shown_path(back).map((each) => each.role), ["user", "assistant", "tool"]);
  assert.equal(place_import(back, conversation), undefined, "it is here already");
  assert.equal(place_import(back, undefined), back);
  back.nodes.values().next().value.content = "changed";
  const placed = place_import(back, conversation);
  assert.notEqual(placed.id, conversation.id);
});

test("files that are none of ours are refused with a reason", () => {
  assert.match(import_text("{").error, /not valid JSON/);
  for (const text of ["null", "[]", "3", "{}", "{\"format\":\"other\"}"]) {
    assert.match(import_text(text).error, /does not hold conversations/);
  }
  assert.match(import_text(file([], { version: 2 })).error, /version 2/);
  assert.match(import_text(file({})).error, /no list/);
});

test("damaged conversations are named, the others imported", () => {
  const { conversations, problems } = import_text(file([
    { id: "good", nodes: [node("a", "")] }, null, 5, { id: "x", nodes: [] }, { id: "../x", nodes: [node("a", "")] }]));
  assert.deepEqual(conversations.map((each) => each.id), ["good"]);
  assert.deepEqual(problems, ["conversations[1] is not an object", "conversations[2] is not an object",
    "conversations[3] has no messages", "conversations[4].id is not an identifier"]);
});

test("a tree must be a tree", () => {
  const problem = (nodes) => damage({ nodes }).problems[0];
  assert.match(problem([node("a", "a")]), /names no earlier message/);
  assert.match(problem([node("a", "b"), node("b", "a")]), /names no earlier message/);
  assert.match(problem([node("a", ""), node("a", "")]), /there twice/);
  assert.match(problem([node("a", 7)]), /names no earlier message/);
  assert.match(problem([node("a", "", { role: "system" })]), /role is unknown/);
  assert.match(problem([node("a", "", { role: "toString" })]), /role is unknown/);
  assert.match(problem([node("a", "", { role: "assistant" })]), /cannot stand there/);
  assert.match(problem([node("a", ""), node("b", "a", { role: "tool" })]), /cannot stand there/);
});

test("wrong types and sizes are refused", () => {
  assert.match(damage({ nodes: [node("a", "", { content: {} })] }).problems[0], /content is not a text/);
  assert.match(damage({ nodes: {} }).problems[0], /nodes is not a list/);
  assert.match(damage({ system: 5 }).problems[0], /system is not a text/);
  const bad_calls = [node("a", ""), node("b", "a", { role: "assistant", tool_calls: [3] })];
  assert.match(damage({ nodes: bad_calls }).problems[0], /tool_calls\[0\] is not an object/);
  const many = Array.from({ length: 300 }, () => ({}));
  assert.match(damage({ nodes: [node("a", ""), node("b", "a", { role: "assistant", tool_calls: many })] })
    .problems[0], /more than 256 entries/);
});

test("keys and values nobody asked for do not come in", () => {
  const text = file([{ id: "c", nodes: [{ ...node("a", ""), state: "streaming", onclick: "x" },
    { ...node("b", "a"), role: "assistant", state: "streaming", figures: { predicted_n: "9", evil: 1 },
      tool_calls: [{ id: "1", name: "f", arguments: "{}", extra: 1 }] }],
    picked: [["a", "nobody"], ["", "b"], "x", ["__proto__", "a"]] }]).replace("\"onclick\"", "\"__proto__\"");
  const { conversations: [conversation] } = import_text(text);
  const [first, second] = conversation.nodes.values();
  assert.deepEqual(Object.keys(first), ["id", "parent", "created", "role", "content"]);
  assert.equal(Object.getPrototypeOf(first), Object.prototype);
  assert.equal(second.state, "cut", "nothing is writing it");
  assert.deepEqual(second.figures, {});
  assert.deepEqual(second.tool_calls, [{ id: "1", name: "f", arguments: "{}" }]);
  assert.deepEqual(shown_path(conversation).map((each) => each.id), ["a", "b"]);
});
