// SPDX-License-Identifier: Apache-2.0
// opencode, `run`, unmodified, against `stride serve`: a tool that it runs and whose result it sends
// back, errors, and an interruption.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { find_agent, make_home, only_with_all, run_agent } from "./agent.mjs";
import { force_command, kMark, start_recorder } from "./recorder.mjs";
import { kSum, nothing_runs, start_server } from "./server.mjs";

only_with_all();
const program = find_agent("opencode-linux-x64/bin/opencode", "opencode-linux-arm64/bin/opencode");
const kKey = "secret-of-the-test";
const url = await start_server("--temp", "0", "-c", "65536", "--api-key", kKey);
const narrow_url = await start_server("--temp", "0", "-c", "256", "--api-key", kKey);

function run(recorder, { key = kKey, until } = {}) {
  const place = make_home();
  const config = {
    model: "stride/step-nano", small_model: "stride/step-nano", autoupdate: false, share: "disabled",
    provider: { stride: {
      npm: "@ai-sdk/openai-compatible", name: "Stride", options: { baseURL: `${recorder.url}/v1`, apiKey: key },
      models: { "step-nano": { name: "step-nano", tool_call: true, limit: { context: 65536, output: 4096 } } } } },
  };
  const file = path.join(place.home, "opencode.json");
  fs.writeFileSync(file, JSON.stringify(config));
  return run_agent(program, ["run", "--format", "json", "--print-logs", kSum], {
    ...place, until,
    env: { OPENCODE_CONFIG: file, OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_MODELS_FETCH: "1",
           OPENCODE_DISABLE_DEFAULT_PLUGINS: "1", OPENCODE_DISABLE_LSP_DOWNLOAD: "1" },
  });
}

const answers = (recorder) => recorder.exchanges.filter((exchange) => /completions/.test(exchange.path));

test("runs a tool and sends back what it said", async () => {
  const recorder = await start_recorder(url, force_command("bash"));
  const done = await run(recorder);
  const said = done.out + done.err.slice(-3000);
  assert.equal(done.code, 0, said);
  const turns = answers(recorder).filter((exchange) => exchange.asked.tools?.length > 0);
  assert.ok(turns.length >= 2, said);
  assert.ok(answers(recorder).every((exchange) => exchange.status === 200), said);
  const { messages } = turns.at(-1).asked;
  const call = messages.find((message) => message.tool_calls).tool_calls[0];
  const result = messages.find((message) => message.role === "tool");
  assert.equal(result.tool_call_id, call.id);
  assert.match(JSON.stringify(result.content), new RegExp(kMark));
});

test("says what is wrong with its key", async () => {
  const done = await run(await start_recorder(url), { key: "wrong" });
  assert.match(done.out + done.err, /Invalid API key|401/i);
});

test("knows a prompt that is too long", async () => {
  const recorder = await start_recorder(narrow_url);
  // It tries again with a shorter history, which here is just as long: that need not end.
  await run(recorder, { until: () => answers(recorder).some(({ asked, said }) => asked.tools?.length > 0 && said) });
  assert.match(answers(recorder).find(({ said }) => said).said, /context_length_exceeded/);
});

test("frees the server when it is interrupted", async () => {
  const force = force_command("none");
  const recorder = await start_recorder(url, (body, where) => {
    force(body, where);
    Object.assign(body, { ignore_eos: true, tools: [], max_tokens: 20000 });
  });
  await run(recorder, { until: () => answers(recorder).some(({ said }) => /"content":"[^"]/.test(said)) });
  await nothing_runs(url, { Authorization: `Bearer ${kKey}` });
  assert.ok(answers(recorder).some((exchange) => exchange.status === 200 && !exchange.done));
});

test("the prompt as it is, with all its tools", async () => {
  const recorder = await start_recorder(url, (body) => { body.max_tokens = 60; delete body.max_completion_tokens; });
  const done = await run(recorder);
  assert.ok(answers(recorder).some(({ asked, status }) => asked.tools?.length > 5 && status === 200), done.out + done.err);
});
