// SPDX-License-Identifier: Apache-2.0
// The Vercel AI SDK with its provider for OpenAI-compatible servers, unmodified, against
// `stride serve`: text, reasoning, loops of tools, objects of a schema, errors and aborts.
import assert from "node:assert/strict";
import test from "node:test";

import { kAskWeather, kSum, kTooLong, load, nothing_runs, start_server } from "./server.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const [ai, { createOpenAICompatible }, { z }] = await load("ai", "@ai-sdk/openai-compatible", "zod");
const kKey = "secret-of-the-test";
const url = await start_server("--temp", "0", "--api-key", kKey);
const keyed = { Authorization: `Bearer ${kKey}` };
const provider = (apiKey) => createOpenAICompatible({
  name: "stride", baseURL: `${url}/v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true });
const model = provider(kKey)("any");
const once = { model, maxRetries: 0 };
const weather = (asked) => ai.tool({
  description: "Tells the weather in a city.", inputSchema: z.object({ city: z.string() }),
  execute: async (given) => { asked.push(given); return "18 degrees, sunny"; } });

test("text and reasoning, whole and streamed", async () => {
  const whole = await ai.generateText({ ...once, prompt: kSum });
  assert.match(whole.text, /632/);
  assert.equal(whole.finishReason, "stop");
  assert.ok(whole.reasoningText.length > 0);
  const result = ai.streamText({ ...once, prompt: kSum });
  let text = "";
  for await (const part of result.textStream) text += part;
  assert.equal(text, whole.text);
  assert.equal(await result.reasoningText, whole.reasoningText);
  const usage = await result.usage;
  assert.equal(usage.outputTokens, whole.usage.outputTokens);
  assert.ok(usage.inputTokenDetails.cacheReadTokens > 0, "the second reading reuses the first");
  assert.ok(usage.outputTokenDetails.reasoningTokens > 0);
});

test("tools are run until there is an answer", async () => {
  for (const streamed of [false, true]) {
    const asked = [];
    const given = { ...once, prompt: kAskWeather, tools: { get_weather: weather(asked) },
                    stopWhen: ai.stepCountIs(3), maxOutputTokens: 300 };
    const result = streamed ? ai.streamText(given) : await ai.generateText(given);
    const steps = await result.steps;
    assert.ok(steps.length >= 2);
    assert.equal(steps[0].finishReason, "tool-calls");
    assert.deepEqual(asked[0], { city: "Paris" });
    assert.equal(steps[0].toolResults[0].toolCallId, steps[0].toolCalls[0].toolCallId);
  }
  const forced = await ai.generateText({ ...once, prompt: kSum, tools: { get_weather: weather([]) },
                                         maxOutputTokens: 300,
                                         toolChoice: { type: "tool", toolName: "get_weather" } });
  assert.equal(forced.toolCalls[0].toolName, "get_weather");
});

test("objects of a schema, whole and streamed", async () => {
  const schema = z.object({ name: z.string().max(12), age: z.int().min(0).max(150) });
  const given = { ...once, prompt: "Make a JSON object with name Ada and age 36.", output: ai.Output.object({ schema }) };
  const { output } = await ai.generateText(given);
  assert.deepEqual(schema.parse(output), output);
  const result = ai.streamText(given);
  let last;
  for await (const partial of result.partialOutputStream) last = partial;
  assert.deepEqual(last, output);
});

test("errors keep their status and body", async () => {
  await assert.rejects(() => ai.generateText({ ...once, model: provider("wrong")("any"), prompt: kSum }),
                       (error) => ai.APICallError.isInstance(error) && error.statusCode === 401 && !error.isRetryable);
  await assert.rejects(() => ai.generateText({ ...once, prompt: kTooLong }),
                       (error) => ai.APICallError.isInstance(error) && error.statusCode === 400 &&
                                  /prompt is too long/.test(error.message) &&
                                  /context_length_exceeded/.test(error.responseBody));
  const errors = [];
  const result = ai.streamText({ ...once, prompt: kTooLong, onError: ({ error }) => errors.push(error) });
  await result.consumeStream();
  assert.equal(errors[0].statusCode, 400);
});

test("an aborted stream frees the server", async () => {
  const abort = new AbortController();
  let aborted = false;
  const result = ai.streamText({
    ...once, prompt: kSum, maxOutputTokens: 20000, abortSignal: abort.signal,
    providerOptions: { stride: { ignore_eos: true } }, onAbort: () => { aborted = true; } });
  for await (const part of result.fullStream) if (part.type.endsWith("-delta")) abort.abort();
  assert.ok(aborted);
  await nothing_runs(url, keyed);
});
