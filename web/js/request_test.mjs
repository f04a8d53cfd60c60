// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { build_request, read_tools, to_messages } from "./request.mjs";
import { kDefaults } from "./settings.mjs";

const kPath = [
  { role: "user", content: "Weather?" },
  { role: "assistant", content: "", reasoning: "Look it up.",
    tool_calls: [{ id: "c1", name: "get", arguments: "{}" }] },
  { role: "tool", results: [{ id: "c1", name: "get", content: "sunny" }] },
  { role: "assistant", content: "Sunny.", reasoning: "", tool_calls: [] },
];

test("a path becomes messages", () => {
  assert.deepEqual(to_messages("Be brief.", kPath), [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Weather?" },
    { role: "assistant", content: "", reasoning_content: "Look it up.",
      tool_calls: [{ id: "c1", type: "function", function: { name: "get", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "c1", content: "sunny" },
    { role: "assistant", content: "Sunny." },
  ]);
  assert.equal(to_messages("  \n", kPath.slice(0, 1)).length, 1);
});

test("settings that are empty are not sent", () => {
  const body = build_request({ model: "", system: "", tools: [], path: kPath, settings: kDefaults });
  assert.deepEqual(Object.keys(body), ["messages", "stream", "stream_options", "return_progress",
                                       "timings_per_token", "reasoning_control"]);
});

test("settings that are given are sent", () => {
  const settings = { ...kDefaults, effort: "high", budget: 512, temperature: 0, top_k: 0, seed: 7,
                     stop: "END\n\n\\n\\n" };
  const tools = [{ type: "function", function: { name: "f" } }];
  const body = build_request({ model: "m", system: "", tools, path: kPath, settings, continues: true });
  assert.deepEqual(
    [body.model, body.reasoning_effort, body.thinking_budget_tokens, body.temperature, body.top_k, body.seed],
    ["m", "high", 512, 0, 0, 7]);
  assert.deepEqual(body.stop, ["END", "\n\n"]);
  assert.deepEqual(body.tools, tools);
  assert.equal(body.continue_final_message, true);
});

test("thinking turned off leaves no budget to contradict it", () => {
  const body = build_request({ model: "", system: "", tools: [], path: [],
                               settings: { ...kDefaults, effort: "off", budget: 512 } });
  assert.equal(body.reasoning_effort, "none");
  assert.equal(body.thinking_budget_tokens, undefined);
});

test("tools come bare or wrapped, alone or as a list", () => {
  const tool = { type: "function", function: { name: "f", parameters: {} } };
  assert.deepEqual(read_tools("").tools, []);
  assert.deepEqual(read_tools("{\"name\":\"f\",\"parameters\":{}}").tools, [tool]);
  assert.deepEqual(read_tools(JSON.stringify([tool, tool])).tools, [tool, tool]);
  assert.match(read_tools("[{]").error, /not valid JSON/);
  for (const text of ["[1]", "[null]", "[{}]", "[{\"function\":{\"name\":3}}]", "\"f\""]) {
    assert.equal(read_tools(text).error, "Tool 1 has no name");
  }
});
