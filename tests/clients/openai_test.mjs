// SPDX-License-Identifier: Apache-2.0
// The OpenAI library for JavaScript, unmodified, against `stride serve`: chat, responses, the helpers
// that run tools and check schemas, and the classes by which it tells errors apart.
import assert from "node:assert/strict";
import test from "node:test";

import { kAskWeather, kSum, kTooLong, kWeather, load, nothing_runs, start_server } from "./server.mjs";

const [{ default: OpenAI }, { zodResponseFormat, zodTextFormat }, { z }] =
  await load("openai", "openai/helpers/zod", "zod");
const Person = z.object({ name: z.string().max(12), age: z.int().min(0).max(150) });
const kKey = "secret-of-the-test";
const url = await start_server("--temp", "0", "--api-key", kKey);
const keyed = { Authorization: `Bearer ${kKey}` };
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: kKey, maxRetries: 0 });
const ask = [{ role: "user", content: kSum }];
const tools = [{ type: "function", function: kWeather }];

test("a chat answer, whole and streamed, with its usage", async () => {
  const whole = await client.chat.completions.create({ model: "any", messages: ask });
  assert.match(whole.choices[0].message.content, /632/);
  assert.equal(whole.choices[0].finish_reason, "stop");
  assert.ok(whole._request_id);
  let text = "";
  let last;
  const ids = new Set();
  for await (const chunk of await client.chat.completions.create({
    model: "any", messages: ask, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? "";
    ids.add(chunk.id);
    last = chunk;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(ids.size, 1);
  assert.equal(last.usage.completion_tokens, whole.usage.completion_tokens);
  assert.ok(last.usage.prompt_tokens_details.cached_tokens > 0, "the second reading reuses the first");
});

test("the stream helper puts an answer together as the server does", async () => {
  const stream = client.chat.completions.stream({ model: "any", messages: ask });
  let snapshot = "";
  stream.on("content", (_delta, so_far) => { snapshot = so_far; });
  const answer = await stream.finalChatCompletion();
  assert.equal(answer.choices[0].message.content, snapshot);
  assert.match(snapshot, /632/);
});

test("a tool is called, run by the library, and its result read", async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model: "any", stream: true, max_tokens: 300, messages: [{ role: "user", content: kAskWeather }],
    tools: [{ type: "function", function: { ...kWeather, parse: JSON.parse,
                                            function: (given) => { asked.push(given); return "18 degrees, sunny"; } } }],
  }, { maxChatCompletions: 2 });
  await runner.done();
  assert.deepEqual(asked[0], { city: "Paris" });
  const roles = runner.messages.map((message) => message.role);
  assert.deepEqual(roles.slice(0, 4), ["user", "assistant", "tool", "assistant"]);
  assert.equal(runner.messages[2].tool_call_id, runner.messages[1].tool_calls[0].id);
  await client.chat.completions.create({ model: "any", tools, messages: runner.messages, max_tokens: 50 });
});

test("a tool that must be called is called, and a forbidden one is not", async () => {
  for (const tool_choice of ["required", { type: "function", function: { name: kWeather.name } }]) {
    const answer = await client.chat.completions.create({ model: "any", messages: ask, tools, tool_choice });
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(call.function.name, kWeather.name);
    assert.equal(typeof JSON.parse(call.function.arguments).city, "string");
  }
  const answer = await client.chat.completions.create({
    model: "any", messages: [{ role: "user", content: kAskWeather }], tools, tool_choice: "none" });
  assert.equal(answer.choices[0].message.tool_calls, undefined);
});

test("an answer of a given schema is parsed by the library", async () => {
  const response_format = zodResponseFormat(Person, "person");
  const messages = [{ role: "user", content: "Make a JSON object with name Ada and age 36." }];
  const answer = await client.chat.completions.parse({ model: "any", messages, response_format });
  const { parsed } = answer.choices[0].message;
  assert.deepEqual(Person.parse(parsed), parsed);
  const streamed = await client.chat.completions.stream({ model: "any", messages, response_format })
    .finalChatCompletion();
  assert.deepEqual(streamed.choices[0].message.parsed, parsed);
});

test("an unknown key is an AuthenticationError", async () => {
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: "wrong", maxRetries: 0 });
  for (const call of [() => stranger.chat.completions.create({ model: "any", messages: ask }),
                      () => stranger.responses.create({ model: "any", input: kSum }),
                      () => stranger.models.list()]) {
    await assert.rejects(call, (error) => error instanceof OpenAI.AuthenticationError && error.status === 401 &&
                                          error.code === "invalid_api_key");
  }
});

test("a prompt that is too long is a BadRequestError with context_length_exceeded", async () => {
  const is_too_long = (error) => error instanceof OpenAI.BadRequestError &&
    error.code === "context_length_exceeded" && error.type === "invalid_request_error";
  for (const stream of [false, true]) {
    await assert.rejects(() => client.chat.completions.create({
      model: "any", stream, messages: [{ role: "user", content: kTooLong }] }), is_too_long);
    await assert.rejects(() => client.responses.create({ model: "any", stream, input: kTooLong }), is_too_long);
  }
  await assert.rejects(() => client.chat.completions.create({ model: "any", messages: ask, temperature: "hot" }),
                       (error) => error.status === 400 && error.param === "temperature");
  await assert.rejects(() => client.responses.retrieve("resp_nothing"), OpenAI.NotFoundError);
});

test("an aborted stream frees the server", async () => {
  const stream = await client.chat.completions.create({
    model: "any", messages: ask, stream: true, max_tokens: 20000, ignore_eos: true });
  let n = 0;
  for await (const _chunk of stream) if (++n === 3) stream.controller.abort();
  assert.ok(n >= 3);
  await nothing_runs(url, keyed);
  const abort = new AbortController();
  const whole = client.chat.completions.create({ model: "any", messages: ask, max_tokens: 20000, ignore_eos: true },
                                               { signal: abort.signal });
  setTimeout(() => abort.abort(), 300);
  await assert.rejects(whole, OpenAI.APIUserAbortError);
  await nothing_runs(url, keyed);
});

test("responses: whole, streamed, continued, read again and deleted", async () => {
  const first = await client.responses.create({ model: "any", input: kSum });
  assert.match(first.output_text, /632/);
  assert.equal(first.status, "completed");
  const kinds = [];
  const stream = client.responses.stream({ model: "any", input: kSum });
  stream.on("event", (event) => kinds.push(event.type));
  const streamed = await stream.finalResponse();
  assert.equal(streamed.output_text, first.output_text);
  assert.equal(kinds[0], "response.created");
  assert.equal(kinds.at(-1), "response.completed");
  const next = await client.responses.create({ model: "any", input: "What is 12 + 30?",
                                               previous_response_id: first.id });
  assert.ok(next.usage.input_tokens > first.usage.input_tokens);
  assert.ok(next.usage.input_tokens_details.cached_tokens > 0);
  assert.equal((await client.responses.retrieve(first.id)).output_text, first.output_text);
  assert.equal((await client.responses.inputItems.list(first.id)).data[0].role, "user");
  await client.responses.delete(first.id);
  await assert.rejects(() => client.responses.retrieve(first.id), OpenAI.NotFoundError);
});

test("conversations: made, listed in pages, referred to and deleted", async () => {
  const said = ["One", "Two", "Three", "Four", "Five"];
  const items = said.map((content) => ({ type: "message", role: "user", content }));
  const { id } = await client.conversations.create({ items, metadata: { topic: "x" } });
  const listed = [];
  for await (const item of client.conversations.items.list(id, { limit: 2 })) listed.push(item);
  assert.deepEqual(listed.map((item) => item.content), [...said].reverse());
  const page = await client.conversations.items.list(id, { limit: 2, order: "asc", after: listed[4].id });
  assert.deepEqual(page.data.map((item) => item.content), ["Two", "Three"]);
  assert.equal(page.has_more, true);
  await assert.rejects(() => client.conversations.items.list(id, { limit: 101 }),
                       (error) => error instanceof OpenAI.BadRequestError && error.param === "limit");

  const ask = (...input) => client.responses.create({ model: "any", input, max_output_tokens: 3 });
  const whole = await ask(items[0]);
  const named = await ask({ type: "item_reference", id: listed[4].id });
  assert.equal(named.usage.input_tokens, whole.usage.input_tokens);
  // Its own input has names too.
  const [input] = (await client.responses.inputItems.list(whole.id)).data;
  assert.equal((await ask({ type: "item_reference", id: input.id })).usage.input_tokens, whole.usage.input_tokens);
  await client.conversations.delete(id);
  await assert.rejects(() => ask({ type: "item_reference", id: listed[4].id }),
                       (error) => error instanceof OpenAI.NotFoundError && /^404 Item with id/.test(error.message));
});

test("responses: tools, schemas, an end by length, and cancellation", async () => {
  const given = [{ type: "function", strict: true, ...kWeather }];
  const input = [{ role: "user", content: kAskWeather }];
  const first = await client.responses.create({ model: "any", input, tools: given, tool_choice: "required",
                                                store: false, include: ["reasoning.encrypted_content"] });
  const call = first.output.find((item) => item.type === "function_call");
  assert.equal(call.name, kWeather.name);
  const second = await client.responses.create({
    model: "any", tools: given, store: false, max_output_tokens: 60,
    input: [...input, ...first.output,
            { type: "function_call_output", call_id: call.call_id, output: "18 degrees, sunny" }] });
  assert.ok(second.usage.input_tokens_details.cached_tokens >= first.usage.input_tokens - 1);

  const { output_parsed } = await client.responses.parse({
    model: "any", text: { format: zodTextFormat(Person, "person") }, input: "A JSON object with name Ada and age 36." });
  assert.deepEqual(Person.parse(output_parsed), output_parsed);

  const cut = await client.responses.create({ model: "any", input: kSum, max_output_tokens: 3 });
  assert.deepEqual([cut.status, cut.incomplete_details.reason], ["incomplete", "max_output_tokens"]);

  const stream = await client.responses.create({ model: "any", input: kSum, stream: true, ignore_eos: true,
                                                 max_output_tokens: 20000 });
  for await (const event of stream) if (event.type.endsWith(".delta")) break;
  await nothing_runs(url, keyed);
});

test("models, completions and what is not offered", async () => {
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert.deepEqual(models, ["step-nano"]);
  const raw = await client.completions.create({ model: "any", prompt: "Once", max_tokens: 5 });
  assert.ok(raw.usage.completion_tokens <= 5);
  await assert.rejects(() => client.embeddings.create({ model: "any", input: "x" }), (error) => error.status === 501);
});
