// SPDX-License-Identifier: Apache-2.0
// The Anthropic library for JavaScript, unmodified, against `stride serve`: messages whole and
// streamed, the helper that runs tools, schemas, and its classes of errors.
import assert from "node:assert/strict";
import test from "node:test";

import { kAskWeather, kPerson, kSum, kTooLong, kWeather, load, nothing_runs, start_server } from "./server.mjs";

const [{ default: Anthropic }] = await load("@anthropic-ai/sdk");
const kKey = "secret-of-the-test";
const url = await start_server("--temp", "0", "--api-key", kKey);
const keyed = { "x-api-key": kKey };
const client = new Anthropic({ baseURL: url, apiKey: kKey, maxRetries: 0 });
const weather = { name: kWeather.name, description: kWeather.description, input_schema: kWeather.parameters };
const base = { model: "any", max_tokens: 300 };
const ask = [{ role: "user", content: kSum }];
const text_of = (message) => message.content.filter((block) => block.type === "text").map((b) => b.text).join("");
const n_prompt = (usage) => usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;

test("a message, whole and streamed, with its usage", async () => {
  const whole = await client.messages.create({ ...base, messages: ask });
  assert.deepEqual(whole.content.map((block) => block.type), ["thinking", "text"]);
  assert.match(text_of(whole), /632/);
  assert.equal(whole.stop_reason, "end_turn");
  assert.ok(whole._request_id);
  const stream = client.messages.stream({ ...base, messages: ask });
  let text = "";
  let thinking = "";
  stream.on("text", (delta) => { text += delta; }).on("thinking", (delta) => { thinking += delta; });
  const streamed = await stream.finalMessage();
  assert.equal(text, text_of(whole));
  assert.equal(thinking, whole.content[0].thinking);
  assert.deepEqual(streamed.content.map((block) => block.type), ["thinking", "text"]);
  assert.ok(streamed.content[0].signature);
  assert.equal(n_prompt(streamed.usage), n_prompt(whole.usage));
  assert.ok(streamed.usage.cache_read_input_tokens > 0, "the second reading reuses the first");
  assert.equal(streamed.usage.output_tokens, whole.usage.output_tokens);
});

test("tokens are counted as they are read", async () => {
  const { input_tokens } = await client.messages.countTokens({ model: "any", messages: ask });
  const whole = await client.messages.create({ ...base, messages: ask });
  assert.equal(n_prompt(whole.usage), input_tokens);
});

test("a tool is called, streamed as JSON, and its result extends what was read", async () => {
  const messages = [{ role: "user", content: kAskWeather }];
  const stream = client.messages.stream({ ...base, messages, tools: [weather] });
  let json = "";
  stream.on("inputJson", (delta) => { json += delta; });
  const first = await stream.finalMessage();
  assert.equal(first.stop_reason, "tool_use");
  const call = first.content.at(-1);
  assert.deepEqual(call.input, { city: "Paris" });
  assert.deepEqual(JSON.parse(json), call.input);
  const second = await client.messages.create({
    ...base, tools: [weather], messages: [...messages, { role: "assistant", content: first.content }, {
      role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "18 degrees, sunny" }] }] });
  assert.ok(second.usage.cache_read_input_tokens >= n_prompt(first.usage) - 1);
});

test("the library's runner goes round the loop of tools", async () => {
  const asked = [];
  const runner = client.beta.messages.toolRunner({
    ...base, messages: [{ role: "user", content: kAskWeather }], max_iterations: 3,
    tools: [{ ...weather, run: (given) => { asked.push(given); return "18 degrees, sunny"; } }] });
  await runner.runUntilDone();
  assert.deepEqual(asked[0], { city: "Paris" });
});

test("tool_choice is obeyed", async () => {
  for (const tool_choice of [{ type: "any" }, { type: "tool", name: weather.name }]) {
    const answer = await client.messages.create({ ...base, messages: ask, tools: [weather], tool_choice });
    assert.equal(answer.stop_reason, "tool_use");
    assert.equal(typeof answer.content.at(-1).input.city, "string");
  }
  const answer = await client.messages.create({ ...base, tools: [weather], tool_choice: { type: "none" },
                                                messages: [{ role: "user", content: kAskWeather }] });
  assert.ok(answer.content.every((block) => block.type !== "tool_use"));
});

test("an answer of a given schema", async () => {
  const messages = [{ role: "user", content: "Make a JSON object with name Ada and age 36." }];
  const answer = await client.messages.parse({
    ...base, messages, output_config: { format: { type: "json_schema", schema: kPerson } } });
  const person = JSON.parse(text_of(answer));
  assert.deepEqual(Object.keys(person).sort(), ["age", "name"]);
  assert.ok(Number.isInteger(person.age));
});

test("limits and stop sequences say why an answer ended", async () => {
  const cut = await client.messages.create({ ...base, max_tokens: 3, messages: ask });
  assert.equal(cut.stop_reason, "max_tokens");
  const stopped = await client.messages.create({ ...base, messages: ask, stop_sequences: ["3"] });
  assert.deepEqual([stopped.stop_reason, stopped.stop_sequence], ["stop_sequence", "3"]);
});

test("errors are of the library's classes", async () => {
  const stranger = new Anthropic({ baseURL: url, apiKey: "wrong", maxRetries: 0 });
  await assert.rejects(() => stranger.messages.create({ ...base, messages: ask }),
                       (error) => error instanceof Anthropic.AuthenticationError && error.type === "authentication_error");
  for (const stream of [false, true]) {
    await assert.rejects(
      () => client.messages.create({ ...base, stream, messages: [{ role: "user", content: kTooLong }] }),
      (error) => error instanceof Anthropic.BadRequestError && error.type === "invalid_request_error" &&
                 /prompt is too long: \d+ tokens > \d+ maximum/.test(error.message) && error.requestID.startsWith("req_"));
  }
  await assert.rejects(() => client.messages.create({ model: "any", messages: ask }), Anthropic.BadRequestError);
  await assert.rejects(() => client.models.retrieve("nothing"), Anthropic.NotFoundError);
});

test("an aborted stream frees the server", async () => {
  const long = { ...base, max_tokens: 20000, messages: ask, ignore_eos: true };
  const stream = client.messages.stream(long);
  stream.on("streamEvent", (event) => { if (event.type === "content_block_delta") stream.abort(); });
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  await nothing_runs(url, keyed);
  const abort = new AbortController();
  const whole = client.messages.create(long, { signal: abort.signal });
  setTimeout(() => abort.abort(), 300);
  await assert.rejects(whole, Anthropic.APIUserAbortError);
  await nothing_runs(url, keyed);
});

test("models are listed in its form", async () => {
  const models = [];
  for await (const model of client.models.list()) models.push([model.id, model.type]);
  assert.deepEqual(models, [["step-nano", "model"]]);
});
