// SPDX-License-Identifier: Apache-2.0
// Claude Code, `--print`, unmodified, against `stride serve`: an answer, a tool that it runs and
// whose result it sends back, a schema, errors, and an interruption.
import assert from "node:assert/strict";
import test from "node:test";

import { find_agent, kAll, make_home, only_with_all, run_agent } from "./agent.mjs";
import { force_command, kMark, start_recorder } from "./recorder.mjs";
import { kSum, nothing_runs, start_server } from "./server.mjs";

only_with_all();
const versions = [
  ["2.1.330", [find_agent("@anthropic-ai/claude-code-linux-x64/claude", "@anthropic-ai/claude-code-linux-arm64/claude")]],
  ["2.1.1", [process.execPath, find_agent("claude-code-2.1.1/cli.js")]],
];
const kKey = "secret-of-the-test";
const url = await start_server("--temp", "0", "-c", "65536", "--api-key", kKey);
const narrow_url = await start_server("--temp", "0", "-c", "2048", "--api-key", kKey);

function run(program, recorder, args, { key = kKey, until } = {}) {
  const [command, ...first] = program;
  return run_agent(command, [...first, "--print", "--model", "step-nano", "--output-format", "json", "--verbose", ...args], {
    ...make_home(), until,
    env: { ANTHROPIC_BASE_URL: recorder.url, ANTHROPIC_API_KEY: key, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
           DISABLE_AUTOUPDATER: "1", DISABLE_TELEMETRY: "1", DISABLE_ERROR_REPORTING: "1", CLAUDE_CODE_MAX_RETRIES: "0" },
  });
}

const result_of = (done) => {
  const events = JSON.parse(done.out);
  return { events, result: events.find((event) => event.type === "result") };
};
// A small prompt: one tool, and a system text of our own.
const small = ["--tools", "Bash", "--system-prompt", "You run commands."];

for (const [version, program] of versions) {
  test(`${version} runs a tool and sends back what it said`, async () => {
    const recorder = await start_recorder(url, force_command("Bash"));
    const done = await run(program, recorder, [...small, "--allowedTools", "Bash", "--", kSum]);
    const { events, result } = result_of(done);
    assert.equal(result.subtype, "success", done.out + done.err);
    assert.equal(done.code, 0);
    assert.ok(result.num_turns >= 2);
    // Beside the question the older one warms up agents, which may be last.
    const sent = recorder.exchanges.findLast((exchange) => /messages/.test(exchange.path) &&
                                                           JSON.stringify(exchange.asked).includes(kSum)).asked;
    const blocks = sent.messages.flatMap((message) => message.content);
    const call = blocks.find((block) => block.type === "tool_use");
    const back = blocks.find((block) => block.type === "tool_result");
    assert.equal(call.input.command, `echo ${kMark}`);
    assert.equal(back.tool_use_id, call.id);
    assert.match(JSON.stringify(back.content), new RegExp(kMark));
    assert.ok(events.some((event) => event.message?.content?.some?.((block) => block.id === call.id)));
    assert.ok(result.usage.cache_read_input_tokens > 0, "the second turn reuses the first");
    assert.ok(result.usage.output_tokens > 0);
  });

  test(`${version} says what is wrong with its key`, async () => {
    const recorder = await start_recorder(url);
    const done = await run(program, recorder, [...small, "--", kSum], { key: "wrong" });
    assert.equal(done.code, 1);
    assert.match(result_of(done).result.result, /API key|401/i);
  });

  test(`${version} knows a prompt that is too long`, async () => {
    const recorder = await start_recorder(narrow_url);
    const done = await run(program, recorder, [...small, "--", "word ".repeat(3000)]);
    assert.equal(done.code, 1);
    assert.match(result_of(done).result.result, /prompt is too long/i);
  });

  test(`${version} frees the server when it is interrupted`, async () => {
    const recorder = await start_recorder(url, (body) => { Object.assign(body, { ignore_eos: true, max_tokens: 20000 }); });
    await run(program, recorder, [...small, "--", kSum],
              { until: () => recorder.exchanges.some((exchange) => /content_block_delta/.test(exchange.said)) });
    await nothing_runs(url, { "x-api-key": kKey });
    assert.ok(recorder.exchanges.some((exchange) => exchange.status === 200 && !exchange.done));
  });
}

test("a schema is kept", async () => {
  const schema = { type: "object", properties: { sum: { type: "integer", minimum: 0, maximum: 9 } }, required: ["sum"],
                   additionalProperties: false };
  const recorder = await start_recorder(url, (body) => {
    body.max_tokens = 200;
    if (body.tools?.some((tool) => tool.name === "StructuredOutput")) {
      body.tool_choice = { type: "tool", name: "StructuredOutput" };
    }
  });
  const done = await run(versions[0][1], recorder, [...small, "--json-schema", JSON.stringify(schema), "--", kSum]);
  const { result } = result_of(done);
  assert.equal(result.subtype, "success", done.out + done.err);
  assert.ok(Number.isInteger(result.structured_output.sum));
});

test("the prompt as it is, with all its tools", async () => {
  const recorder = await start_recorder(url, (body) => { body.max_tokens = 60; });
  const done = await run(versions[0][1], recorder, [kSum]);
  const { result } = result_of(done);
  assert.equal(result.type, "result", done.out + done.err);
  const asked = recorder.exchanges.find((exchange) => exchange.asked?.tools?.length > 10);
  assert.equal(asked.status, 200);
});
