// SPDX-License-Identifier: Apache-2.0
// Debian's chromium, driven by playwright-core, for the tests of the chat page. A page that logs an
// error, throws, breaks its policy or asks another server fails its test.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { after } from "node:test";

import { start_mock_server } from "./mock_server.mjs";
import { say } from "./scripts.mjs";

export const kPhone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const kSkip = 77;  // ctest shows these as skipped

export function skip(reason) {
  console.log(`SKIPPED: ${reason}`);
  process.exit(kSkip);
}

export async function launch(dependencies, chromium_path) {
  if (!chromium_path) skip("chromium is not installed; the chat page is not tested in a browser");
  let playwright;
  try {
    playwright = createRequire(path.resolve(dependencies, "package.json"))("playwright-core");
  } catch {
    skip("playwright-core is not there (tools/fetch_browser_driver); the chat page is not tested in a browser");
  }
  // Root, as in many containers, has no sandbox to give.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return playwright.chromium.launch({ executablePath: chromium_path, args });
}

// A page in a browser profile of its own. `expected`: a pattern of complaints that belong to the test.
export async function open_page(t, browser, url, { expected, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const complain = (text) => { if (!expected?.test(text)) complaints.push(text); };
  page.on("pageerror", (error) => complain(`thrown: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error") complain(`logged: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(url)) complain(`asked ${request.url()}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  page.setDefaultTimeout(20000);
  await page.goto(url);
  await page.waitForSelector(".composer");
  return page;
}

export async function send(page, text) {
  await page.fill("#message", text);
  await page.click(".send");
}

// Sends and waits until the answer is there in full.
export async function ask(page, text) {
  const n = await page.locator(".message.assistant").count();
  await send(page, text);
  await page.locator(".message.assistant").nth(n).waitFor();
  await page.waitForFunction(() => !document.querySelector(".message.streaming"));
}

// Waits until read() gives the expected value; fails with the difference if it never does.
export async function eventually(read, expected) {
  const deadline = Date.now() + 20000;
  for (;;) {
    const value = await read();
    try {
      assert.deepEqual(value, expected);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// Browser and server of a suite: {server, open}; open(t, options) gives a page of a fresh profile.
export async function start_suite([, , root, dependencies, chromium]) {
  const browser = await launch(dependencies, chromium);
  const server = await start_mock_server(path.resolve(root));
  after(async () => {
    await browser.close();
    server.close();
  });
  const open = (t, options) => {
    server.requests.length = server.controls.length = 0;
    server.key = "";
    server.loading = 0;
    server.answer(say("An answer."));
    return open_page(t, browser, server.url, options);
  };
  return { server, open };
}

// What the page shows.
export const answers = (page) => page.locator(".message.assistant .content").allInnerTexts();
export const questions = (page) => page.locator(".message.user .bubble").allInnerTexts();
export const titles = (page) => page.locator(".item-title").allInnerTexts();

export function press(page, label) {
  return page.locator(`button[aria-label="${label}"]:visible`).first().click();
}
