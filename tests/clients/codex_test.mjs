// SPDX-License-Identifier: Apache-2.0
// Codex, `exec`, unmodified, against `stride serve`: the current one over the responses API, and
// 0.40, one of the last that speaks chat completions.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { find_agent, make_home, only_with_all, run_agent } from "./agent.mjs";
import { force_command, kMark, start_recorder } from "./recorder.mjs";
import { kSum, nothing_runs, start_server } from "./server.mjs";

only_with_all();
const versions = [
  { name: "0.169", program: find_agent("@openai/codex/bin/codex.js"), wire: "responses", tool: ["exec_command", "cmd"] },
  { name: "0.40", program: find_agent("codex-0.40/bin/codex.js"), wire: "chat", tool: ["shell", "command"] },
];
const kKey = "secret-of-the-test";
const url = await start_server("--temp", "0", "-c", "65536", "--api-key", kKey);
const narrow_url = await start_server("--temp", "0", "-c", "1024", "--api-key", kKey);

function run(version, recorder, args, { key = kKey, until } = {}) {
  const place = make_home();
  const codex_home = path.join(place.home, ".codex");
  fs.mkdirSync(codex_home);
  const lines = {
    model: "step-nano", model_provider: "stride", check_for_update_on_startup: false,
    "analytics.enabled": false, "model_providers.stride.name": "Stride",
    "model_providers.stride.base_url": `${recorder.url}/v1`, "model_providers.stride.env_key": "STRIDE_API_KEY",
    "model_providers.stride.wire_api": version.wire, "model_providers.stride.request_max_retries": 0,
    "model_providers.stride.stream_max_retries": 0,
  };
  const config = Object.entries(lines).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join("");
  fs.writeFileSync(path.join(codex_home, "config.toml"), config);
  return run_agent(process.execPath, [version.program, "exec", "--json", "--skip-git-repo-check",
                                      "--dangerously-bypass-approvals-and-sandbox", ...args],
                   { ...place, until, env: { STRIDE_API_KEY: key, CODEX_HOME: codex_home } });
}

const answers = (recorder) => recorder.exchanges.filter((exchange) => exchange.method === "POST" &&
                                                                     /responses|completions/.test(exchange.path));

for (const version of versions) {
  test(`${version.name} runs a tool and sends back what it said`, async () => {
    const recorder = await start_recorder(url, force_command(...version.tool));
    const done = await run(version, recorder, [kSum]);
    const said = done.out + done.err;
    assert.equal(done.code, 0, said);
    const [first, second] = answers(recorder);
    assert.deepEqual([first.status, second?.status], [200, 200], said + first.said.slice(-3000));
    const items = second.asked.input ?? second.asked.messages;
    const call = items.find((item) => item.type === "function_call" || item.tool_calls);
    const result = items.find((item) => item.type === "function_call_output" || item.role === "tool");
    assert.equal(result.call_id ?? result.tool_call_id, call.call_id ?? call.tool_calls[0].id);
    assert.match(JSON.stringify(result), new RegExp(kMark));
    const cached = /"cached_tokens":(\d+)/.exec(second.said);
    if (version.wire === "responses") assert.ok(Number(cached[1]) > 0, second.said.slice(-2000));
  });

  test(`${version.name} says what is wrong with its key`, async () => {
    const done = await run(version, await start_recorder(url), [kSum], { key: "wrong" });
    assert.match(done.out + done.err, /401/);
  });

  test(`${version.name} knows a prompt that is too long`, async () => {
    const recorder = await start_recorder(narrow_url);
    const done = await run(version, recorder, [kSum]);
    assert.match(done.out + done.err, version.wire === "responses" ? /context window/i : /context_length_exceeded/);
  });

  test(`${version.name} frees the server when it is interrupted`, async () => {
    const force = force_command("none");
    const recorder = await start_recorder(url, (body, where) => {
      force(body, where);
      Object.assign(body, { ignore_eos: true, tools: [], max_tokens: 20000, max_output_tokens: 20000 });
    });
    await run(version, recorder, [kSum], { until: () => answers(recorder).some(({ said }) => /"delta":./.test(said)) });
    await nothing_runs(url, { Authorization: `Bearer ${kKey}` });
    assert.ok(answers(recorder).some((exchange) => exchange.status === 200 && !exchange.done));
  });
}

test("a schema is kept", async () => {
  const schema = { type: "object", properties: { sum: { type: "integer", minimum: 0, maximum: 9 } }, required: ["sum"],
                   additionalProperties: false };
  const force = force_command("none");
  const recorder = await start_recorder(url, (body, where) => { force(body, where); delete body.tools; });
  const place = make_home();
  const file = path.join(place.home, "schema.json");
  fs.writeFileSync(file, JSON.stringify(schema));
  const done = await run(versions[0], recorder, ["--output-schema", file, kSum]);
  assert.equal(done.code, 0, done.out + done.err);
  const events = done.out.trim().split("\n").map((line) => JSON.parse(line));
  const message = events.findLast((event) => event.item?.type === "agent_message");
  assert.ok(Number.isInteger(JSON.parse(message.item.text).sum), message.item.text);
  assert.ok(events.at(-1).usage.output_tokens > 0);
});

test("the prompt as it is, with all its tools", async () => {
  const recorder = await start_recorder(url, (body) => { body.max_output_tokens = 60; });
  const done = await run(versions[0], recorder, [kSum]);
  assert.equal(answers(recorder)[0]?.status, 200, done.out + done.err);
});
