// SPDX-License-Identifier: Apache-2.0
// What the chat page shows and keeps, in a real browser: Markdown, scrolling, the keyboard, the
// store, phones, colours, screen readers.
//
//   node page_test.mjs ROOT DEPENDENCIES CHROMIUM
//
// DEPENDENCIES is the folder of tools/fetch_browser_driver.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { answers, ask, eventually, kPhone, press, questions, send, start_suite, titles } from "./browser.mjs";
import { kRich, long_text, say } from "./scripts.mjs";

const { server, open } = await start_suite(process.argv);

test("hostile Markdown makes no markup, loads nothing and runs nothing", async (t) => {
  const page = await open(t);
  server.answer(say(`<script>document.title = "owned"</script>
<img src="https://evil.example/x" onerror="document.title='owned'"> ![picture](https://evil.example/y.png)
[click](javascript:alert(1)) [data](data:text/html,x) <https://example.org> [good](https://example.org/a)
<iframe src="https://evil.example"></iframe>
$\\href{javascript:alert(1)}{x}$ $\\includegraphics{https://evil.example/z}$

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
  const links = await content.locator("a").evaluateAll((all) =>
    all.map((a) => [a.getAttribute("href"), a.rel, a.target]));
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
  const style = (selector, name) => page.locator(selector).evaluateAll(
    (parts, which) => parts.map((part) => getComputedStyle(part)[which]), name);
  assert.deepEqual(await style("th", "textAlign"), ["right", "left", "right"]);
  assert.match((await style(".katex .mfrac", "fontFamily"))[0], /KaTeX_Main/);
  await page.locator("[aria-label='Copy code']").click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^def newton.*1\.0\)\)$/s);
  // Without TLS a phone has no clipboard interface.
  const copied = await page.evaluate(() => {
    const { clipboard } = navigator;
    Object.defineProperty(navigator, "clipboard", { value: undefined });
    return new Promise((resolve) => {
      document.addEventListener("copy", () => setTimeout(() => resolve(clipboard.readText()), 50));
      document.querySelector("[aria-label='Copy answer']").click();
    });
  });
  assert.equal(copied, "An answer.");
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
  const kept = () => page.evaluate(() => [document.querySelector(".content p").is_first,
                                          document.querySelector(".content pre").is_first]);
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
  const load = (text) => other.setInputFiles("input[type=file]",
    { name: "a.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await load(file);
  await eventually(() => titles(other), ["Keep me"]);
  await load(file);
  await eventually(() => other.locator(".notice span").allInnerTexts(),
                   ["Imported 1", "Imported 0, 1 were here already"]);
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
  const [download] = await Promise.all([page.waitForEvent("download"),
                                        page.locator(".notice.error .text-button").click()]);
  assert.equal(JSON.parse(fs.readFileSync(await download.path(), "utf8")).conversations[0].nodes.length, 4);
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
    .filter((part) => part.checkVisibility() && part.getBoundingClientRect().height < 24)
    .map((part) => part.outerHTML));
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

const kReadable = ["body", ".figures", ".text-button", ".hljs-comment", ".hljs-keyword", ".hljs-string",
                   ".hljs-number", ".code-head span", ".send", ".chip span", ".item-title",
                   ".reasoning-label"];

test("light and dark, by the system and by choice, with enough contrast", async (t) => {
  const page = await open(t, { colorScheme: "dark" });
  server.answer(say(kRich, { reasoning: "Hm." }));
  await ask(page, "Colours");
  await page.locator(".hljs-comment").waitFor();
  const check = async () => {
    const pairs = await page.evaluate((selectors) => selectors.map((selector) => {
      let part = document.querySelector(selector);
      const { color } = getComputedStyle(part);
      while (/, 0\)$|transparent/.test(getComputedStyle(part).backgroundColor)) part = part.parentElement;
      return [selector, color, getComputedStyle(part).backgroundColor];
    }), kReadable);
    for (const [selector, front, back] of pairs) {
      assert.ok(contrast(front, back) >= 4.5, `${selector}: ${front} on ${back}`);
    }
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
    .filter((part) => !(part.innerText || part.getAttribute("aria-label") || part.labels?.length))
    .map((part) => part.outerHTML));
  assert.deepEqual(nameless, []);
});

test("a browser that keeps nothing still talks", async (t) => {
  const page = await open(t);
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => { throw new DOMException("off", "SecurityError"); };
  });
  await page.reload();
  await page.locator(".notice", { hasText: "keeps nothing" }).waitFor();
  await ask(page, "Hello");
  await page.keyboard.press("Control+k");
  await page.click(".item-title");
  await eventually(() => answers(page), ["An answer."]);
});
