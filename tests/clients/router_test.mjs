// SPDX-License-Identifier: Apache-2.0
// claude-code-router, unmodified, between Claude Code and `stride serve`: it turns messages into chat
// completions, so a tool's call and its result go through both forms.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import test, { after } from "node:test";

import { find_agent, make_home, only_with_all, run_agent } from "./agent.mjs";
import { force_command, kMark, start_recorder } from "./recorder.mjs";
import { kSum, nothing_runs, scratch_folder, start_server } from "./server.mjs";

only_with_all();
const router = find_agent("@musistudio/claude-code-router/dist/cli.js");
const claude = find_agent("claude-code-2.1.1/cli.js");
const kKey = "secret-of-the-test";
const kNarrow = "word ".repeat(3000);
const url = await start_server("--temp", "0", "-c", "65536", "--api-key", kKey);

async function free_port() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

// The address of a router that sends everything to `target`, and what ends it.
async function start_router(target, key = kKey) {
  const home = scratch_folder();
  const port = await free_port();
  const folder = path.join(home, ".claude-code-router");
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify({
    LOG: false, PORT: port, HOST: "127.0.0.1", API_TIMEOUT_MS: 600000, NON_INTERACTIVE_MODE: true,
    Providers: [{ name: "stride", api_base_url: `${target}/v1/chat/completions`, api_key: key, models: ["step-nano"] }],
    Router: { default: "stride,step-nano" },
  }));
  const child = spawn(process.execPath, [router, "start"], {
    cwd: home, env: { PATH: process.env.PATH, HOME: home, CI: "1" }, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const stop = async () => { child.kill("SIGKILL"); await ended; };
  after(stop);
  for (let n = 0; n < 600; ++n) {
    try {
      await fetch(`http://127.0.0.1:${port}/health`);
      return { router_url: `http://127.0.0.1:${port}`, stop };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("claude-code-router does not answer");
}

async function run(recorder, { key = kKey, prompt = kSum, until } = {}) {
  const { router_url, stop } = await start_router(recorder.url, key);
  const done = await run_agent(process.execPath, [
    claude, "--print", "--model", "step-nano", "--output-format", "json", "--verbose", "--tools", "Bash",
    "--system-prompt", "You run commands.", "--allowedTools", "Bash", "--", prompt], {
    ...make_home(), until,
    env: { ANTHROPIC_BASE_URL: router_url, ANTHROPIC_API_KEY: "any", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
           DISABLE_AUTOUPDATER: "1", DISABLE_TELEMETRY: "1", DISABLE_ERROR_REPORTING: "1", CLAUDE_CODE_MAX_RETRIES: "0" },
  });
  // It reads answers to their end, also when the agent has gone.
  await stop();
  return done;
}

const answers = (recorder) => recorder.exchanges.filter((exchange) => /completions/.test(exchange.path));
const result_of = (done) => JSON.parse(done.out).find((event) => event.type === "result");

test("a tool is run and what it said is sent back", async () => {
  const recorder = await start_recorder(url, force_command("Bash"));
  const done = await run(recorder);
  assert.equal(result_of(done).subtype, "success", done.out + done.err);
  assert.ok(answers(recorder).every((exchange) => exchange.status === 200));
  const { messages } = answers(recorder).findLast((exchange) => exchange.asked.tools?.length > 0).asked;
  const call = messages.find((message) => message.tool_calls).tool_calls[0];
  const result = messages.find((message) => message.role === "tool");
  assert.equal(result.tool_call_id, call.id);
  assert.equal(JSON.parse(call.function.arguments).command, `echo ${kMark}`);
  assert.match(JSON.stringify(result.content), new RegExp(kMark));
});

test("errors reach the agent", async () => {
  const done = await run(await start_recorder(url), { key: "wrong" });
  assert.equal(done.code, 1);
  assert.match(result_of(done).result, /API key|401|invalid_api_key/i);
  const narrow = await start_server("--temp", "0", "-c", "2048", "--api-key", kKey);
  const long = await run(await start_recorder(narrow), { prompt: kNarrow });
  assert.equal(long.code, 1);
  assert.match(result_of(long).result, /prompt is too long/i);
});

test("an interruption frees the server", async () => {
  const recorder = await start_recorder(url, (body) => { Object.assign(body, { ignore_eos: true, max_tokens: 20000 }); });
  await run(recorder, { until: () => answers(recorder).some(({ said }) => /"content":"[^"]/.test(said)) });
  await nothing_runs(url, { Authorization: `Bearer ${kKey}` });
});
