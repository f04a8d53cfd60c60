// SPDX-License-Identifier: Apache-2.0
// The chat page in a real browser, against a server that says what each test needs:
//
//   node page_test.mjs ROOT DEPENDENCIES CHROMIUM
//
// DEPENDENCIES is the folder of tools/fetch_browser_driver.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test, { after } from "node:test";

import { ask, eventually, kPhone, launch, open_page, send } from "./browser.mjs";
import { start_mock_server } from "./mock_server.mjs";
import { call_tools, in_turn, kRich, kUsage, long_text, say, timings } from "./scripts.mjs";

const [root, dependencies, chromium] = process.argv.slice(2);
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
const answers = (page) => page.locator(".message.assistant .content").allInnerTexts();
const questions = (page) => page.locator(".message.user .bubble").allInnerTexts();
const titles = (page) => page.locator(".item-title").allInnerTexts();
const press = (page, label) => page.locator(`button[aria-label="${label}"]:visible`).first().click();

test("an answer streams in, with figures, a title and the model's name", async (t) => {
  const page = await open(t);
  await eventually(() => page.innerText(".model"), "step-test");
  const next = server.next();
  await send(page, "What is **this**?");
  const { body, reply } = await next;
  assert.deepEqual(body.messages, [{ role: "user", content: "What is **this**?" }]);
  assert.ok(body.stream && body.stream_options.include_usage && body.return_progress &&
            body.timings_per_token && body.reasoning_control);
  reply.send({ choices: [], prompt_progress: { total: 4000, cache: 1000, processed: 2000, time_ms: 5000 } });
  await eventually(() => page.innerText(".progress-line"),
                   "Reading the prompt: 2,000 of 4,000 tokens · 1,000 reused · 10 s left");
  assert.equal(await page.locator("progress").evaluate((bar) => bar.value), 0.5);
  reply.delta({ content: "It is *a" }, { timings: timings(10) });
  await eventually(() => answers(page), ["It is *a"]);
  assert.equal(await page.locator(".progress").isVisible(), false);
  assert.match(await page.innerText(".figures"), /^10 tokens · 16\.5 tokens\/s · MTP 70 % accepted · prompt 1,520, 1,024 reused/);
  reply.delta({ content: " test*." });
  reply.done("stop", { timings: timings(12), usage: kUsage });
  await eventually(() => page.locator(".content em").allInnerTexts(), ["a test"]);
  await eventually(() => titles(page), ["What is this?"]);
  await eventually(() => page.innerText(".context"), "1,760 / 8,192");
  assert.deepEqual(await questions(page), ["What is **this**?"], "what was typed is not rendered");
});

test("reasoning is folded, counted, and ends when the user wants the answer", async (t) => {
  const page = await open(t);
  const next = server.next();
  await send(page, "Think.");
  const { reply } = await next;
  for (let i = 1; i <= 5; i++) reply.delta({ reasoning_content: `step ${i} `, reasoning: `step ${i} ` }, { timings: timings(i) });
  await eventually(() => page.innerText(".reasoning-label"), "Thinking · 5 tokens");
  assert.equal(await page.locator(".reasoning-body").isVisible(), false);
  assert.match(await page.innerText(".reasoning-preview"), /step 5/);
  await page.click(".answer-now");
  await eventually(() => server.controls, [{ id: "chatcmpl-test", action: "reasoning_end" }]);
  await eventually(() => page.locator(".answer-now").isDisabled(), true);
  reply.delta({ content: "Done." }, { timings: timings(6) });
  reply.done("stop", { usage: { ...kUsage, completion_tokens_details: { reasoning_tokens: 7 } } });
  await eventually(() => answers(page), ["Done."]);
  await eventually(async () => (await page.innerText(".reasoning-label")).replace(/for .* s/, "for T"), "Thought for T · 7 tokens");
  assert.equal(await page.locator(".answer-now").isVisible(), false);
  await page.click(".reasoning summary");
  await eventually(() => page.innerText(".reasoning-body"), "step 1 step 2 step 3 step 4 step 5");
  // The reasoning goes back with the conversation.
  await ask(page, "Go on.");
  assert.equal(server.requests.at(-1).messages[1].reasoning_content, "step 1 step 2 step 3 step 4 step 5 ");
});

test("stopping keeps what came, and the answer can go on", async (t) => {
  const page = await open(t);
  const next = server.next();
  await send(page, "Count.");
  const { reply } = await next;
  reply.delta({ content: "One, two" });
  await eventually(() => answers(page), ["One, two"]);
  await page.keyboard.press("Escape");
  await eventually(() => page.locator(".note span").allInnerTexts(), ["Stopped."]);
  await eventually(() => reply.closed, true);
  server.answer(say(", three."));
  await page.click("text=Continue");
  await eventually(() => answers(page), ["One, two, three."]);
  const { messages, continue_final_message } = server.requests.at(-1);
  assert.equal(continue_final_message, true);
  assert.deepEqual(messages.at(-1), { role: "assistant", content: "One, two" });
});

test("failures are told and can be tried again", async (t) => {
  const page = await open(t, { expected: /status of 500|INCOMPLETE_CHUNKED|net::ERR/ });
  server.answer((_body, reply) => reply.fail(500, { error: { message: "The disk is gone." } }));
  await ask(page, "Hello");
  assert.equal(await page.innerText(".note.error span"), "The disk is gone.");
  server.answer((_body, reply) => { reply.delta({ content: "Half" }); reply.raw("data: {\"error\":{\"message\":\"Out of memory.\"}}\n\n"); reply.response_.end(); });
  await page.click("text=Try again");
  await eventually(() => page.locator(".note.error span").allInnerTexts(), ["Out of memory."]);
  assert.deepEqual(await answers(page), ["Half"]);
  assert.equal(await page.locator(".assistant footer .branches").isVisible(), false, "the empty one is gone");
  server.answer((_body, reply) => { reply.delta({ content: "Cut he" }); setTimeout(() => reply.cut(), 50); });
  await page.click("text=Try again");
  await eventually(() => page.locator(".note.error span").allInnerTexts(), ["The connection broke before the answer was complete."]);
  server.answer(say("Whole."));
  await page.click("text=Try again");
  await eventually(() => answers(page), ["Whole."]);
  assert.equal(await page.innerText(".assistant footer .branches"), "3/3");
  server.answer((_body, reply) => reply.raw("data: {nonsense\n\n"));
  await ask(page, "And now?");
  assert.match(await page.innerText(".note.error"), /not valid JSON/);
  server.answer(say("Too lo", { finish: "length" }));
  await page.click("text=Try again");
  await eventually(() => page.locator(".message:last-child .note span").allInnerTexts(), ["The answer reached its token limit."]);
});

test("a server that loads or wants a key", async (t) => {
  const page = await open(t, { expected: /status of (401|503)/ });
  server.loading = 1;
  await page.reload();
  await eventually(() => page.innerText(".state"), "loading the model");
  await eventually(() => page.innerText(".model"), "step-test");
  server.key = "secret";
  await send(page, "Hello");
  await page.locator("#api_key").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "api_key");
  await page.keyboard.type("secret");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await page.click("text=Try again");
  await eventually(() => answers(page), ["An answer."]);
});

test("edits and new answers are branches, also after a reload", async (t) => {
  const page = await open(t);
  server.answer(in_turn(say("First."), say("Second."), say("Third."), say("Fourth.")));
  await ask(page, "One");
  await press(page, "Answer again");
  await eventually(() => answers(page), ["Second."]);
  assert.equal(await page.innerText(".assistant footer .branches"), "2/2");
  await ask(page, "Two");
  assert.deepEqual(await answers(page), ["Second.", "Third."]);
  await page.locator(".message.user").first().hover();
  await page.locator("[aria-label='Edit message']").first().click();
  await page.keyboard.type(" and a half");
  await page.keyboard.press("Enter");
  await eventually(() => answers(page), ["Fourth."]);
  assert.deepEqual(await questions(page), ["One and a half"]);
  await page.locator(".user .branches [aria-label='Previous version']").click();
  await eventually(() => answers(page), ["Second.", "Third."]);
  await page.locator(".assistant footer .branches [aria-label='Previous version']").first().click();
  await eventually(() => answers(page), ["First."]);
  await page.reload();
  await eventually(() => answers(page), ["First."]);
  await page.locator(".assistant footer .branches [aria-label='Next version']").click();
  await eventually(() => answers(page), ["Second.", "Third."]);
  assert.deepEqual(server.requests.at(-1).messages, [{ role: "user", content: "One and a half" }]);
});

test("calls of tools are cards, and their results go back in order", async (t) => {
  const page = await open(t);
  const tools = [{ name: "get_weather", parameters: { type: "object" } }];
  await page.keyboard.press("Control+,");
  await page.fill("#tools", JSON.stringify(tools));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  server.answer(in_turn(call_tools([{ name: "get_weather", arguments: "{\"city\":\"Paris\",\"days\":2}" },
                                    { name: "get_time", arguments: "{}" }]), say("Clear at noon.")));
  await ask(page, "Weather?");
  assert.deepEqual(server.requests[0].tools, [{ type: "function", function: tools[0] }]);
  assert.deepEqual(await page.locator(".tool-name").allInnerTexts(), ["get_weather", "get_time"]);
  assert.equal(await page.locator(".tool-arguments code").first().innerText(), "{\n  \"city\": \"Paris\",\n  \"days\": 2\n}");
  assert.equal(await page.locator(".tool-arguments").nth(1).isVisible(), false, "no arguments, no box");
  await send(page, "Another question");
  await page.locator(".notice.error").waitFor();
  assert.equal(server.requests.length, 1, "results are due first");
  await page.locator(".tool-result textarea").nth(0).fill("clear");
  await page.locator(".tool-result textarea").nth(1).fill("12:00");
  await page.click("text=Send results");
  await eventually(async () => (await answers(page)).at(-1), "Clear at noon.");
  assert.deepEqual(server.requests[1].messages.slice(-2), [
    { role: "tool", tool_call_id: "call_0", content: "clear" },
    { role: "tool", tool_call_id: "call_1", content: "12:00" }]);
  assert.deepEqual(await page.locator(".tool-result pre").allInnerTexts(), ["clear", "12:00"]);
  assert.deepEqual(await page.locator(".tool-status").allInnerTexts(), ["answered", "answered"]);
});

test("settings are checked, kept and sent", async (t) => {
  const page = await open(t);
  await page.selectOption("#effort", "high");
  await page.fill("#budget", "512");
  await press(page, "Settings (Ctrl+,)");
  await page.fill("#system", "Be brief.");
  await page.fill("#temperature", "0.7");
  await page.fill("#top_p", "3");
  assert.equal(await page.getAttribute("#top_p", "aria-invalid"), "true");
  await page.fill("#stop", "END\n\\n\\n");
  await page.keyboard.press("Escape");
  await page.reload();
  await ask(page, "Hello");
  const body = server.requests.at(-1);
  assert.deepEqual([body.reasoning_effort, body.thinking_budget_tokens, body.temperature, body.top_p, body.stop],
                   ["high", 512, 0.7, undefined, ["END", "\n\n"]]);
  assert.deepEqual(body.messages[0], { role: "system", content: "Be brief." });
  await page.selectOption("#effort", "off");
  assert.equal(await page.locator("#budget").isVisible(), false);
  await ask(page, "Again");
  assert.equal(server.requests.at(-1).reasoning_effort, "none");
  assert.equal(server.requests.at(-1).thinking_budget_tokens, undefined);
});

test("hostile Markdown makes no markup, loads nothing and runs nothing", async (t) => {
  const page = await open(t);
  server.answer(say(`<script>document.title = "owned"</script> <img src="https://evil.example/x" onerror="document.title='owned'">
![picture](https://evil.example/y.png) [click](javascript:alert(1)) [data](data:text/html,x) <https://example.org> [good](https://example.org/a)
<iframe src="https://evil.example"></iframe> $\\href{javascript:alert(1)}{x}$ $\\includegraphics{https://evil.example/z}$

\`\`\`"><img/src=x>
</code></pre><script>1</script>
\`\`\`
[^1]: <style>*{display:none}</style>

| <b>a</b> |
|---|
| b<br>c |`));
  await ask(page, "<b onclick=x>Attack</b>");
  await page.locator(".math.ready").first().waitFor();
  const content = page.locator(".message.assistant .content");
  assert.equal(await content.locator("script, img, iframe, style, b, [onerror], [onclick]").count(), 0);
  const links = await content.locator("a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.rel, a.target]));
  // Addresses in the text are links to press, like any other; nothing asked for them.
  const addresses = ["https://evil.example/x", "https://evil.example/y.png", "https://example.org",
                     "https://example.org/a", "https://evil.example"];
  assert.deepEqual(links, addresses.map((address) => [address, "noopener noreferrer", "_blank"]));
  assert.equal(await content.locator("td br").count(), 1);
  assert.match(await page.title(), /Attack/);
});

test("formulas, coloured code and tables, and their libraries only when needed", async (t) => {
  const page = await open(t, { permissions: ["clipboard-read", "clipboard-write"] });
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await ask(page, "Plain");
  assert.ok(!asked.some((name) => /katex|highlight/.test(name)));
  server.answer(say(kRich));
  await ask(page, "Rich");
  await page.locator(".hljs-keyword").first().waitFor();
  await page.locator(".math.ready").nth(2).waitFor();
  assert.ok(asked.includes("/web/lib/katex/katex.js") && asked.includes("/web/lib/highlight.js"));
  assert.equal(await page.locator(".math.display .katex").count(), 1);
  assert.match(await page.locator(".content li").first().innerText(), /costs \$5, not \$6/);
  assert.deepEqual(await page.locator("th").evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).textAlign)),
                   ["right", "left", "right"]);
  assert.match(await page.locator(".katex .mfrac").first().evaluate((part) => getComputedStyle(part).fontFamily), /KaTeX_Main/);
  await page.locator("[aria-label='Copy code']").click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^def newton.*1\.0\)\)$/s);
});

test("finished blocks stay as they are while the rest streams", async (t) => {
  const page = await open(t);
  const next = server.next();
  await send(page, "Long");
  const { reply } = await next;
  reply.delta({ content: "First *paragraph*.\n\n```py\nx = 1\n" });
  await page.locator(".content .code").waitFor();
  await page.evaluate(() => {
    document.querySelector(".content p").is_first = true;
    document.querySelector(".content pre").is_first = true;
  });
  reply.delta({ content: "y = 2\n" });
  await eventually(() => page.innerText(".content code"), "x = 1\ny = 2");
  reply.delta({ content: "```\n\nMore $x" });
  await eventually(() => page.locator(".content p").last().innerText(), "More $x");
  reply.delta({ content: "^2$ and a [link][1].\n" });
  await page.locator(".math.ready").waitFor();
  const kept = () => page.evaluate(() => [document.querySelector(".content p").is_first, document.querySelector(".content pre").is_first]);
  assert.deepEqual(await kept(), [true, true]);
  reply.delta({ content: "\n[1]: https://example.org\n" });
  reply.done();
  await eventually(() => page.locator(".content a").getAttribute("href"), "https://example.org");
});

test("the view follows the end until the reader scrolls up", async (t) => {
  const page = await open(t);
  const next = server.next();
  await send(page, "Long");
  const { reply } = await next;
  const scroll = () => page.evaluate(() => {
    const { scrollTop, scrollHeight, clientHeight } = document.querySelector("#scroller");
    return { top: scrollTop, rest: Math.round(scrollHeight - clientHeight - scrollTop) };
  });
  reply.delta({ content: long_text(30) });
  await eventually(async () => { const { top, rest } = await scroll(); return top > 500 && rest <= 1; }, true);
  await page.mouse.move(600, 400);
  await page.mouse.wheel(0, -400);
  await page.locator("#to-end").waitFor();
  // The wheel moves the page for a few frames.
  let top = -1;
  await eventually(async () => { const before = top; top = (await scroll()).top; return top === before; }, true);
  reply.delta({ content: `\n\n${long_text(10)}` });
  await eventually(() => page.locator(".content p").count(), 40);
  assert.equal((await scroll()).top, top, "nothing moved");
  await page.click("#to-end");
  await eventually(async () => (await scroll()).rest <= 1, true);
  reply.delta({ content: `\n\n${long_text(10)}` });
  await eventually(async () => (await page.locator(".content p").count()) === 50 && (await scroll()).rest <= 1, true);
  reply.done();
});

test("the keyboard does it all", async (t) => {
  const page = await open(t);
  server.answer(say("Fine.", { reasoning: "Hm." }));
  await page.keyboard.type("One");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two");
  await page.keyboard.press("Enter");
  await eventually(() => answers(page), ["Fine."]);
  assert.equal(server.requests[0].messages[0].content, "One\ntwo");
  await page.keyboard.press("Alt+KeyT");
  await eventually(() => page.locator(".reasoning-body").isVisible(), true);
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.inputValue(".edit-form textarea"), "One\ntwo");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".edit-form").count(), 0);
  await page.keyboard.press("Alt+KeyR");
  await eventually(() => page.locator(".assistant footer .branches").allInnerTexts(), ["2/2"]);
  await page.keyboard.press("Control+k");
  assert.deepEqual(await questions(page), []);
  await page.keyboard.type("Next");
  await page.keyboard.press("Enter");
  await eventually(() => titles(page), ["Next", "One"]);
  await eventually(() => answers(page), ["Fine."]);
  await page.keyboard.press("Alt+ArrowDown");
  await eventually(() => questions(page), ["One\ntwo"]);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  await page.locator("#help .shortcut").first().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "message");
});

test("conversations are deleted with a way back, exported and imported", async (t) => {
  const page = await open(t);
  await ask(page, "Keep me");
  await page.click("text=Export");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Export")]);
  const file = fs.readFileSync(await download.path(), "utf8");
  assert.equal(JSON.parse(file).conversations[0].title, "Keep me");
  await page.locator(".item").hover();
  await page.locator("[aria-label='Delete \"Keep me\"']").click();
  await eventually(() => titles(page), []);
  await page.click("text=Undo");
  await eventually(() => titles(page), ["Keep me"]);
  const other = await open(t);
  const load = (text) => other.setInputFiles("input[type=file]", { name: "a.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await load(file);
  await eventually(() => titles(other), ["Keep me"]);
  await load(file);
  await eventually(() => other.locator(".notice span").allInnerTexts(), ["Imported 1", "Imported 0, 1 were here already"]);
  await load("{\"format\":\"other\"}");
  await eventually(() => other.locator(".notice.error span").allInnerTexts(),
                   ["Nothing was imported. The file does not hold conversations of Stride."]);
  const hostile = JSON.parse(file);
  hostile.conversations[0].id = "hostile";
  hostile.conversations[0].title = "<img src=x onerror=alert(1)>";
  hostile.conversations.push({ id: "x", nodes: [{ id: "a", parent: "a", role: "user" }] });
  await load(JSON.stringify(hostile));
  await eventually(async () => (await titles(other)).sort(), ["<img src=x onerror=alert(1)>", "Keep me"]);
  await eventually(async () => (await other.locator(".notice.error span").allInnerTexts()).at(-1),
                   "1 damaged and left out; the first: conversations[1].nodes[0].parent names no earlier message.");
  await other.click("text=<img src=x");
  await eventually(() => answers(other), ["An answer."]);
});

test("renaming, filtering and days", async (t) => {
  const page = await open(t);
  await ask(page, "Apples");
  await page.keyboard.press("Control+k");
  await ask(page, "Pears");
  await page.locator(".item").first().hover();
  await page.locator("[aria-label='Rename \"Pears\"']").click();
  await page.keyboard.type("Quinces");
  await page.keyboard.press("Enter");
  await eventually(() => titles(page), ["Quinces", "Apples"]);
  await page.fill("#sidebar input[type=search]", "app");
  assert.deepEqual(await titles(page), ["Apples"]);
  assert.deepEqual(await page.locator(".conversations h2").allInnerTexts(), ["Today"]);
});

test("a full storage is told once and loses nothing that is shown", async (t) => {
  const page = await open(t);
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
  });
  await ask(page, "One");
  await ask(page, "Two");
  assert.deepEqual(await questions(page), ["One", "Two"]);
  assert.equal(await page.locator(".notice.error").count(), 1);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".notice.error .text-button").click()]);
  assert.equal(JSON.parse(fs.readFileSync(await download.path(), "utf8")).conversations[0].nodes.length, 4);
});

test("an answer goes on in a conversation that is not shown, and outlives a closed page", async (t) => {
  const page = await open(t);
  const next = server.next();
  await send(page, "Slow");
  const { reply } = await next;
  reply.delta({ content: "Begun" });
  await eventually(() => answers(page), ["Begun"]);
  await page.keyboard.press("Control+k");
  await ask(page, "Quick");
  reply.delta({ content: " and going on" });
  await page.locator(".item-title", { hasText: "Slow" }).click();
  await eventually(() => answers(page), ["Begun and going on"]);
  await eventually(() => page.getAttribute(".send", "aria-label"), "Stop");
  await page.reload();
  await eventually(() => answers(page), ["Begun and going on"]);
  assert.match(await page.innerText(".note.error"), /connection broke/);
});

test("two windows show the same conversation", async (t) => {
  const page = await open(t);
  await ask(page, "Shared");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await eventually(() => answers(other), ["An answer."]);
  await ask(page, "More");
  await eventually(() => questions(other), ["Shared", "More"]);
});

test("a phone", async (t) => {
  const page = await open(t, kPhone);
  server.answer(say(kRich, { reasoning: "A thought. ".repeat(20) }));
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth &&
    [...document.querySelectorAll(".send, #header button, .message")].every((part) => {
      const { left, right } = part.getBoundingClientRect();
      return left >= 0 && right <= innerWidth;
    }));
  assert.ok(await fits());
  await page.tap("#message");
  await page.keyboard.type("A");
  await page.keyboard.press("Enter");
  assert.equal(await page.inputValue("#message"), "A\n", "Enter is a new line where the button is near");
  await page.tap(".send");
  await page.waitForFunction(() => document.querySelector(".message.assistant:not(.streaming)"));
  await page.locator(".math.ready").first().waitFor();
  assert.ok(await fits());
  assert.equal(await page.locator("#sidebar").isVisible(), false);
  await page.tap("#header [aria-label='Conversations']");
  await page.locator("#sidebar").waitFor();
  await page.tap(".item-title");
  await eventually(() => page.locator("#sidebar").isVisible(), false);
  const small = await page.evaluate(() => [...document.querySelectorAll("button, select, input")]
    .filter((part) => part.checkVisibility() && part.getBoundingClientRect().height < 24).map((part) => part.outerHTML));
  assert.deepEqual(small, [], "fingers need room");
});

// The contrast of two colours as WCAG 2 defines it.
function contrast(one, other) {
  const luminance = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test("light and dark, by the system and by choice, with enough contrast", async (t) => {
  const page = await open(t, { colorScheme: "dark" });
  server.answer(say(kRich, { reasoning: "Hm." }));
  await ask(page, "Colours");
  await page.locator(".hljs-comment").waitFor();
  const check = async () => {
    const pairs = await page.evaluate(() => ["body", ".figures", ".content a, .text-button", ".hljs-comment", ".hljs-keyword",
      ".hljs-string", ".hljs-number", ".code-head span", ".send", ".chip span", ".item-title", ".reasoning-label"].map((selector) => {
      let part = document.querySelector(selector);
      const { color } = getComputedStyle(part);
      while (/, 0\)$|transparent/.test(getComputedStyle(part).backgroundColor)) part = part.parentElement;
      return [selector, color, getComputedStyle(part).backgroundColor];
    }));
    for (const [selector, front, back] of pairs) assert.ok(contrast(front, back) >= 4.5, `${selector}: ${front} on ${back}`);
    return pairs[0][2];
  };
  await page.fill("#message", "so that the button is active");
  const dark = await check();
  await press(page, "Colours as the system");
  const light = await check();
  assert.ok(contrast(light, "rgb(0, 0, 0)") > 15 && contrast(dark, "rgb(255, 255, 255)") > 15);
  await page.reload();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), light);
});

test("everything has a name, and what happens is said aloud", async (t) => {
  const page = await open(t);
  const said = async () => (await page.locator("#announcer p").allInnerTexts()).join(" ");
  const next = server.next();
  await send(page, "Speak");
  const { reply } = await next;
  reply.delta({ reasoning_content: "Hm." });
  await eventually(said, "The model is thinking.");
  reply.delta({ content: "First part.\n\nSecond" });
  await eventually(said, "The model is thinking. The model is answering.");
  reply.delta({ content: " part.\n\nThird part." });
  reply.done();
  await eventually(said, "The model is thinking. The model is answering. First part. Second part. Third part.");
  const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, textarea, a")]
    .filter((part) => !(part.innerText || part.getAttribute("aria-label") || part.labels?.length)).map((part) => part.outerHTML));
  assert.deepEqual(nameless, []);
});
