// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { context_used, duration, prompt_progress, prompt_summary, summary } from "./figures.mjs";
import { clean_settings, kDefaults, load_settings, read_number, save_settings } from "./settings.mjs";

test("durations", () => {
  const texts = [0, 840, 9949, 9960, 59400, 60000, 185000, 3600000, 5400000].map(duration);
  assert.deepEqual(texts, ["0.0 s", "0.8 s", "9.9 s", "10 s", "59 s", "1 min", "3 min 5 s", "1 h", "1 h 30 min"]);
});

test("the progress of a prompt with its time left", () => {
  assert.deepEqual(prompt_progress({ total: 4000, cache: 1000, processed: 2000, time_ms: 5000 }),
    { fraction: 0.5, text: "Reading the prompt: 2,000 of 4,000 tokens · 1,000 reused · 10 s left" });
  assert.equal(prompt_progress({ total: 100, processed: 50, eta_ms: 2500 }).text,
               "Reading the prompt: 50 of 100 tokens · 2.5 s left");
  assert.equal(prompt_progress({ total: 100, cache: 100, processed: 100, time_ms: 0 }).text,
               "Reading the prompt: 100 of 100 tokens · 100 reused");
  assert.equal(prompt_progress({ total: 10, processed: 99 }).fraction, 1);
});

test("the figures of an answer", () => {
  const figures = { prompt_n: 100, cache_n: 50, prompt_ms: 1000, predicted_n: 30, predicted_ms: 2000,
                    draft_n: 40, draft_n_accepted: 30 };
  assert.deepEqual(summary(figures), ["30 tokens", "15.0 tokens/s", "MTP 75 % accepted"]);
  assert.deepEqual(prompt_summary(figures), ["prompt 150, 50 reused", "read at 100 tokens/s"]);
  assert.equal(context_used(figures), 180);
  assert.deepEqual(summary({}), []);
  assert.deepEqual(prompt_summary({}), []);
  assert.equal(context_used({}), 0);
});

test("numbers of the settings", () => {
  assert.equal(read_number("temperature", " "), "");
  assert.equal(read_number("temperature", "0.7"), 0.7);
  assert.equal(read_number("temperature", "-1"), undefined);
  assert.equal(read_number("top_p", "1.1"), undefined);
  assert.equal(read_number("top_k", "2.5"), undefined);
  assert.equal(read_number("seed", "x"), undefined);
  assert.equal(read_number("max_tokens", "0"), undefined);
});

test("kept settings are taken one by one", () => {
  const odd = { effort: "huge", theme: "dark", temperature: 0.5, top_p: 7, seed: "3", system: "s", tools: 5,
                stop: null, open_reasoning: "yes", evil: 1 };
  assert.deepEqual(clean_settings(odd), { ...kDefaults, theme: "dark", temperature: 0.5, system: "s" });
  assert.deepEqual(clean_settings(null), { ...kDefaults });
  assert.deepEqual(load_settings(() => ({ getItem: () => "{" })), { ...kDefaults });
  const forbidden = () => { throw new Error("forbidden"); };
  assert.deepEqual(load_settings(forbidden), { ...kDefaults });
  assert.equal(save_settings(() => ({ setItem: forbidden }), kDefaults), false);
});
