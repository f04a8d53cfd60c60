// SPDX-License-Identifier: Apache-2.0
// Talking on the chat page, in a real browser, against a server that says what each test needs:
// streams, reasoning, failures, branches, tools, settings.
//
//   node talk_test.mjs ROOT DEPENDENCIES CHROMIUM
//
// DEPENDENCIES is the folder of tools/fetch_browser_driver.
import assert from "node:assert/strict";
import test from "node:test";

import { answers, ask, eventually, press, questions, send, start_suite, titles } from "./browser.mjs";
import { call_tools, in_turn, kUsage, say, timings } from "./scripts.mjs";

const { server, open } = await start_suite(process.argv);

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
  const figures = await page.innerText(".figures");
  assert.match(figures, /^10 tokens · 16\.5 tokens\/s · MTP 70 % accepted · prompt 1,520, 1,024 reused/);
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
  for (let i = 1; i <= 5; i++) {
    // Servers may send both names with the same text.
    const text = `step ${i} `;
    reply.delta({ reasoning_content: text, reasoning: text }, { timings: timings(i) });
  }
  await eventually(() => page.innerText(".reasoning-label"), "Thinking · 5 tokens");
  assert.equal(await page.locator(".reasoning-body").isVisible(), false);
  assert.match(await page.innerText(".reasoning-preview"), /step 5/);
  await page.click(".answer-now");
  await eventually(() => server.controls, [{ id: "chatcmpl-test", action: "reasoning_end" }]);
  await eventually(() => page.locator(".answer-now").isDisabled(), true);
  reply.delta({ content: "Done." }, { timings: timings(6) });
  reply.done("stop", { usage: { ...kUsage, completion_tokens_details: { reasoning_tokens: 7 } } });
  await eventually(() => answers(page), ["Done."]);
  await eventually(async () => (await page.innerText(".reasoning-label")).replace(/ for .* s/, ""),
                   "Thought · 7 tokens");
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
  server.answer((_body, reply) => {
    reply.delta({ content: "Half" });
    reply.break_off({ message: "Out of memory." });
  });
  await page.click("text=Try again");
  await eventually(() => page.locator(".note.error span").allInnerTexts(), ["Out of memory."]);
  assert.deepEqual(await answers(page), ["Half"]);
  assert.equal(await page.locator(".assistant footer .branches").isVisible(), false, "the empty one is gone");
  server.answer((_body, reply) => {
    reply.delta({ content: "Cut he" });
    setTimeout(() => reply.cut(), 50);
  });
  await page.click("text=Try again");
  await eventually(() => page.locator(".note.error span").allInnerTexts(),
                   ["The connection broke before the answer was complete."]);
  server.answer(say("Whole."));
  await page.click("text=Try again");
  await eventually(() => answers(page), ["Whole."]);
  assert.equal(await page.innerText(".assistant footer .branches"), "3/3");
  server.answer((_body, reply) => reply.raw("data: {nonsense\n\n"));
  await ask(page, "And now?");
  assert.match(await page.innerText(".note.error"), /not valid JSON/);
  server.answer(say("Too lo", { finish: "length" }));
  await page.click("text=Try again");
  await eventually(() => page.locator(".message:last-child .note span").allInnerTexts(),
                   ["The answer reached its token limit."]);
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
  assert.equal(await page.locator(".tool-arguments code").first().innerText(),
               "{\n  \"city\": \"Paris\",\n  \"days\": 2\n}");
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
  const next = server.next();
  await send(page, "More");
  const { reply } = await next;
  reply.delta({ content: "Coming" });
  await eventually(() => questions(other), ["Shared", "More"]);
  await eventually(() => answers(other), ["An answer.", "Coming"]);
  assert.equal(await other.locator(".note.error:visible").count(), 0, "it is still being written");
  reply.done();
  await eventually(() => other.locator(".message.streaming").count(), 0);
});
