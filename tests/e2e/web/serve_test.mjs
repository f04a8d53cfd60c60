// SPDX-License-Identifier: Apache-2.0
// The chat page as `stride serve` gives it out, in a real browser, talking with the bundled model:
//
//   node serve_test.mjs STRIDE ROOT DEPENDENCIES CHROMIUM
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test, { after } from "node:test";

import { ask, eventually, launch, open_page, send, skip } from "./browser.mjs";
import { read_assets } from "./mock_server.mjs";

const [program, root, dependencies, chromium] = process.argv.slice(2);
const stride = path.resolve(program);
if (spawnSync(stride, ["serve", "--help"]).status !== 0) {
  skip("this stride has no command serve; the chat page is not tested with it");
}
const browser = await launch(dependencies, chromium);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stride-serve-"));
const server = spawn(stride, ["serve", "--port", "0", "--temp", "0"], {
  cwd: folder, env: { ...process.env, XDG_STATE_HOME: folder }, stdio: ["ignore", "pipe", "inherit"],
});
const url = await new Promise((resolve, reject) => {
  let said = "";
  server.on("exit", (code) => reject(new Error(`stride serve ended with ${code}: ${said}`)));
  server.stdout.on("data", (bytes) => {
    said += bytes;
    const found = /listens on (http:\/\/[^\s,]+)/.exec(said);
    if (found) resolve(`${found[1].replace(/\/$/, "")}/`);
  });
});
server.removeAllListeners("exit");
after(async () => {
  await browser.close();
  server.kill("SIGINT");
  fs.rmSync(folder, { recursive: true, force: true });
});

test("every file of the page is served, with its policy, compressed and cached", async () => {
  for (const [address, { file, type }] of read_assets(path.resolve(root))) {
    const response = await fetch(new URL(address, url));
    assert.equal(response.status, 200, address);
    assert.equal(response.headers.get("content-type"), type, address);
    assert.match(response.headers.get("content-security-policy"), /default-src 'none'/, address);
    // fetch() asks for gzip by itself and takes it off again.
    assert.equal(response.headers.get("content-encoding"), "gzip", address);
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(fs.readFileSync(file)), address);
    const again = await fetch(new URL(address, url), { headers: { "If-None-Match": response.headers.get("etag") } });
    assert.equal(again.status, 304, address);
  }
  const plain = await fetch(url, { headers: { "Accept-Encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.match(await plain.text(), /^<!DOCTYPE html>/);
  assert.equal((await fetch(url, { method: "HEAD" })).status, 200);
});

test("a conversation with the bundled model", async (t) => {
  const page = await open_page(t, browser, url);
  await eventually(async () => (await page.innerText(".model")) !== "", true);
  await ask(page, "What is 347 + 285?");
  assert.match(await page.innerText(".content"), /632/);
  assert.match(await page.innerText(".reasoning-label"), /^Thought.* · \d+ tokens$/);
  assert.match(await page.innerText(".figures"), /^\d+ tokens · [\d.]+ tokens\/s.*prompt \d+/);
  assert.match(await page.innerText(".context"), /^\d+ \/ [\d,]+$/);
  await ask(page, "Sort these numbers: 31, 7, 19, 4");
  assert.match(await page.locator(".figures").nth(1).innerText(), /\d+ reused/);
  assert.equal(await page.locator(".note:visible").count(), 0);
});

test("the settings reach the server", async (t) => {
  const page = await open_page(t, browser, url);
  await page.selectOption("#effort", "off");
  await ask(page, "Hello");
  assert.equal(await page.locator(".reasoning:visible").count(), 0);
  await page.keyboard.press("Control+,");
  await page.fill("#max_tokens", "2");
  await page.keyboard.press("Escape");
  await ask(page, "Sort these numbers: 31, 7, 19, 4");
  await eventually(() => page.locator(".note:visible span").allInnerTexts(), ["The answer reached its token limit."]);
  const begun = await page.locator(".content").last().innerText();
  await page.keyboard.press("Control+,");
  await page.fill("#max_tokens", "");
  await page.keyboard.press("Escape");
  await page.click("text=Continue");
  await page.waitForFunction(() => !document.querySelector(".message.streaming, .note:not([hidden])"));
  const whole = await page.locator(".content").last().innerText();
  assert.ok(whole.startsWith(begun) && whole.length > begun.length, `${begun} -> ${whole}`);
});

test("a tool is called and answered", async (t) => {
  const page = await open_page(t, browser, url);
  await page.keyboard.press("Control+,");
  await page.fill("#tools", JSON.stringify([{ name: "get_weather", description: "Tells the weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } }]));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await ask(page, "What is the weather in Paris?");
  assert.equal(await page.innerText(".tool-name"), "get_weather");
  assert.match(await page.innerText(".tool-arguments code"), /"city": "Paris"/);
  await page.fill(".tool-result textarea", "sunny, 21 degrees");
  await page.click("text=Send results");
  await page.waitForFunction(() => document.querySelectorAll(".message.assistant:not(.streaming)").length === 2);
  assert.equal(await page.locator(".note.error:visible").count(), 0);
});

test("stopping frees the server at once", async (t) => {
  const page = await open_page(t, browser, url);
  await send(page, "go ".repeat(9000)); // the model answers too fast to be stopped, but this takes time to read
  await page.locator(".message.streaming").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector(".message.streaming"));
  assert.equal(await page.locator(".note.error:visible").count(), 0);
  const other = await open_page(t, browser, url); // behind so long a prompt the small model may never end its answer
  await ask(other, "Hello");
  assert.equal(await other.locator(".note.error:visible").count(), 0);
});
