// SPDX-License-Identifier: Apache-2.0
// What the suites of real clients share: `stride serve` with the bundled model on a free port, the
// packages that tools/fetch_test_clients brought, and questions whose form of answer is known. The
// model is tiny, so what is checked is the protocol: events, ids, usage, reasons, errors.
//
// Each suite is started as: node SUITE.mjs STRIDE ROOT DEPENDENCIES
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";

export const [stride, root, dependencies] = process.argv.slice(2).map((given) => path.resolve(given));

const kSkip = 77;  // ctest shows these as skipped

export function skip(reason) {
  console.log(`SKIPPED: ${reason}`);
  process.exit(kSkip);
}

// Modules of the fetched packages, by name.
export async function load(...names) {
  const require = createRequire(path.join(dependencies, "package.json"));
  try {
    return await Promise.all(names.map((name) => import(pathToFileURL(require.resolve(name)))));
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return skip(`${names.join(", ")} not there (tools/fetch_test_clients); these clients are not tested`);
  }
}

// A folder of its own that goes away with the suite.
export function scratch_folder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stride-clients-"));
  after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

// Starts the server; it ends with the suite. A server that dies or ends badly fails the suite.
export async function start_server(...flags) {
  const server = spawn(stride, ["serve", "--port", "0", "--state", "-", ...flags], {
    cwd: os.tmpdir(), stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => server.on("exit", (code, signal) => resolve(code ?? signal)));
  const url = await new Promise((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const found = /listens on (http:\/\/[^\s,]+)/.exec(said);
      if (found) resolve(found[1]);
    });
    ended.then((code) => reject(new Error(`stride serve ended with ${code}: ${said}`)));
  });
  after(async () => {
    server.kill("SIGINT");
    const code = await ended;
    if (code !== 0) throw new Error(`stride serve ended with ${code}`);
  });
  return url;
}

// Waits until no answer is being made; what is left running after a client has gone is a defect.
export async function nothing_runs(url, headers = {}) {
  const deadline = Date.now() + 60000;
  for (;;) {
    const slots = await (await fetch(`${url}/slots`, { headers })).json();
    const metrics = await (await fetch(`${url}/metrics`, { headers })).text();
    const waiting = Number(/^vllm:num_requests_waiting(?:\{.*\})? (\d+)/m.exec(metrics)[1]);
    if (slots.every((slot) => !slot.is_processing) && waiting === 0) return;
    if (Date.now() > deadline) throw new Error(`an answer still runs: ${JSON.stringify(slots)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const kSum = "What is 347 + 285?";  // the bundled model answers with 632
export const kWeather = {
  name: "get_weather",
  description: "Tells the weather in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
export const kAskWeather = "What is the weather in Paris?";  // it calls get_weather
export const kTooLong = "word ".repeat(200000);
export const kPerson = {
  type: "object",
  properties: { name: { type: "string", maxLength: 12 }, age: { type: "integer", minimum: 0, maximum: 150 } },
  required: ["name", "age"],
  additionalProperties: false,
};
