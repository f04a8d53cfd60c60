// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { apply_chunk, apply_comment, end_turn, is_empty, new_turn, reasoning_tokens } from "./turn.mjs";

const delta = (fields, rest = {}) => ({ id: "c1", choices: [{ index: 0, delta: fields }], ...rest });

test("reasoning, then the answer, with times and counts", () => {
  const turn = new_turn("m", 0);
  apply_chunk(turn, delta({ role: "assistant", content: "" }), 10);
  assert.equal(turn.phase, "waiting");
  // Both names with the same text are one text.
  apply_chunk(turn, delta({ reasoning: "Let", reasoning_content: "Let" }, { timings: { predicted_n: 1 } }), 100);
  apply_chunk(turn, delta({ reasoning: " me see" }, { timings: { predicted_n: 3 } }), 200);
  assert.equal(turn.phase, "reasoning");
  assert.equal(reasoning_tokens(turn), 3);
  apply_chunk(turn, delta({ content: "Yes" }, { timings: { predicted_n: 4 } }), 600);
  assert.equal(turn.phase, "answer");
  assert.equal(turn.reasoning, "Let me see");
  assert.equal(turn.reasoning_ms, 500);
  apply_chunk(turn, { choices: [{ index: 0, delta: {}, finish_reason: "stop", finish_cause: "end_of_turn" }] }, 700);
  apply_chunk(turn, { choices: [], usage: { prompt_tokens: 9, completion_tokens: 4,
    prompt_tokens_details: { cached_tokens: 5 }, completion_tokens_details: { reasoning_tokens: 2 } } }, 700);
  end_turn(turn, "done", 800);
  assert.deepEqual([turn.state, turn.finish_reason, turn.finish_cause, turn.completion_id, turn.content],
                   ["done", "stop", "end_of_turn", "c1", "Yes"]);
  assert.equal(reasoning_tokens(turn), 2);
  assert.equal(turn.figures.cache_n, 5);
});

test("calls of tools in fragments, several at once", () => {
  const turn = new_turn("m", 0);
  const call = (index, fields) => apply_chunk(turn, delta({ tool_calls: [{ index, ...fields }] }), 1);
  call(0, { id: "a", function: { name: "one", arguments: "" } });
  call(0, { function: { arguments: "{\"x\":" } });
  call(1, { id: "b", function: { name: "two", arguments: "{" } });
  call(0, { function: { arguments: "1}" } });
  call(1, { function: { arguments: "}" } });
  assert.deepEqual(turn.tool_calls, [{ id: "a", name: "one", arguments: "{\"x\":1}" },
                                     { id: "b", name: "two", arguments: "{}" }]);
});

test("the progress of the prompt", () => {
  const turn = new_turn("m", 0);
  apply_chunk(turn, { choices: [], prompt_progress: { total: 100, cache: 20, processed: 60, time_ms: 5 } }, 1);
  assert.equal(turn.phase, "prompt");
  assert.deepEqual(turn.progress, { total: 100, cache: 20, processed: 60, time_ms: 5 });
});

test("counts without timings give a speed as it is seen", () => {
  const turn = new_turn("m", 0);
  const usage = (n, reasoning) => ({ usage: { completion_tokens: n, completion_tokens_details: { reasoning_tokens: reasoning } } });
  apply_chunk(turn, delta({ reasoning: "a" }, usage(1, 1)), 1000);
  apply_chunk(turn, delta({ reasoning: "b" }, usage(5, 5)), 1500);
  assert.deepEqual([turn.figures.predicted_n, turn.figures.predicted_ms, reasoning_tokens(turn)], [5, 500, 5]);
  apply_chunk(turn, delta({ content: "c" }, usage(6, 5)), 2000);
  assert.equal(reasoning_tokens(turn), 5);
  apply_chunk(turn, delta({}, { timings: { predicted_n: 6, predicted_ms: 900, predicted_per_second: 6.7 } }), 2100);
  apply_chunk(turn, { choices: [], ...usage(6, 5) }, 9000);
  assert.equal(turn.figures.predicted_ms, 900);
});

test("what the server says of its queue", () => {
  const turn = new_turn("m", 0);
  apply_comment(turn, "queued, 2 before this one");
  assert.equal(turn.queued, "queued, 2 before this one");
  apply_comment(turn, "ping");
  assert.equal(turn.queued, "");
  apply_chunk(turn, delta({ content: "x" }), 1);
  apply_comment(turn, "queued");
  assert.equal(turn.queued, "");
});

test("whatever a chunk holds, the message keeps its types", () => {
  const turn = new_turn("m", 0);
  const odd = [null, 1, "x", [], { choices: null }, { choices: [null] }, { choices: [{ delta: null }] },
    delta({ content: 7, reasoning_content: {}, tool_calls: "no" }), delta({ tool_calls: [null, 3, { index: -1 },
      { index: 99 }, { index: 1e9 }, { index: 0, id: 5, function: { name: [], arguments: {} } }] }),
    { prompt_progress: { total: "5" } }, { timings: { predicted_n: "many", draft_n: -1 } }, { usage: 5 },
    { model: 3, id: {} }];
  for (const chunk of odd) apply_chunk(turn, chunk, 1);
  assert.equal(turn.content, "");
  assert.equal(turn.model, "m");
  assert.deepEqual(turn.tool_calls, [{ id: "", name: "", arguments: "" }]);
  assert.deepEqual(turn.figures, {});
});

test("an answer that ends inside its reasoning", () => {
  const turn = new_turn("m", 0);
  assert.ok(is_empty(turn));
  apply_chunk(turn, delta({ reasoning: "x" }, { timings: { predicted_n: 8 } }), 100);
  end_turn(turn, "cut", 350);
  assert.ok(!is_empty(turn));
  assert.equal(turn.reasoning_ms, 250);
  assert.equal(reasoning_tokens(turn), 8);
});
