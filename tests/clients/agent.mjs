// SPDX-License-Identifier: Apache-2.0
// Runs a coding agent as a user would, in a home and a project of its own, without a network: what
// it sends home or looks up is switched off, and whatever is forgotten meets a dead proxy.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { dependencies, scratch_folder, skip } from "./server.mjs";

export const kAll = process.env.STRIDE_TEST_ALL !== undefined;

// Agents read long prompts, which takes a small machine minutes.
export function only_with_all() {
  if (!kAll) skip("coding agents are tested with STRIDE_TEST_ALL=1 (./test --all)");
}

// The first of these files of the fetched packages that exists.
export function find_agent(...candidates) {
  for (const candidate of candidates) {
    const file = path.join(dependencies, "node_modules", candidate);
    if (fs.existsSync(file)) return file;
  }
  return skip(`${candidates[0]} is not there (tools/fetch_test_clients agents), or not for this machine`);
}

export function make_home() {
  const home = scratch_folder();
  const project = path.join(home, "project");
  fs.mkdirSync(project);
  return { home, project };
}

const kNoNetwork = {
  HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "127.0.0.1,localhost",
  http_proxy: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9", no_proxy: "127.0.0.1,localhost",
};

// Resolves with { code, out, err }. `until` may end it early: it is asked often, and the agent gets
// an interrupt once it says yes.
export function run_agent(command, args, { home, project, env = {}, until }) {
  const child = spawn(command, args, {
    cwd: project, stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: home, TERM: "dumb", LANG: "C.UTF-8", CI: "1", ...kNoNetwork, ...env },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes) => { out += bytes; });
  child.stderr.on("data", (bytes) => { err += bytes; });
  const watch = until && setInterval(() => {
    if (!until()) return;
    clearInterval(watch);
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGKILL"), 20000).unref();
  }, 100);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearInterval(watch);
      resolve({ code: code ?? signal, out, err });
    });
  });
}
