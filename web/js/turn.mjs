// SPDX-License-Identifier: Apache-2.0
// One answer of the model while it arrives: chunks of /v1/chat/completions are applied to the
// fields of an assistant message. Pure: the time comes from the caller.
//
// Whatever a chunk holds, the message keeps its types: what is not of the expected kind is passed
// over, since servers behind the same address may differ.

const kMaxCalls = 256;

// States: streaming; done; stopped (by the user); cut (the stream ended early); error.
export function new_turn(model, now) {
  return {
    content: "",
    reasoning: "",
    tool_calls: [],
    model,
    state: "streaming",
    phase: "waiting",  // waiting, prompt, reasoning, answer: what a stream is doing
    queued: "",        // what the server says about its queue
    completion_id: "",
    finish_reason: "",
    finish_cause: "",
    error: null,
    began: now,
    writing_began: 0,
    reasoning_began: 0,
    reasoning_ms: 0,
    progress: null,
    figures: {},
  };
}

const kTimings = ["cache_n", "prompt_n", "prompt_ms", "predicted_n", "predicted_ms",
                  "predicted_per_second", "draft_n", "draft_n_accepted"];

function take_numbers(target, source, names) {
  if (typeof source !== "object" || source === null) return;
  for (const name of names) {
    if (Number.isFinite(source[name]) && source[name] >= 0) target[name] = source[name];
  }
}

function begin_reasoning(turn, now) {
  turn.writing_began ||= now;
  turn.phase = "reasoning";
  if (!turn.reasoning_began) turn.reasoning_began = now;
}

function begin_answer(turn, now) {
  turn.writing_began ||= now;
  if (turn.phase === "reasoning") turn.reasoning_ms = now - turn.reasoning_began;
  if (turn.phase !== "answer" && turn.reasoning && !turn.figures.reasoning_tokens) {
    turn.figures.reasoning_tokens = turn.figures.predicted_n ?? 0;
  }
  turn.phase = "answer";
}

function take_call(turn, part) {
  if (typeof part !== "object" || part === null) return;
  const index = Number.isInteger(part.index) ? part.index : 0;
  if (index < 0 || index > turn.tool_calls.length || index >= kMaxCalls) return;
  turn.tool_calls[index] ??= { id: "", name: "", arguments: "" };
  const call = turn.tool_calls[index];
  if (typeof part.id === "string" && part.id) call.id = part.id;
  if (typeof part.function?.name === "string" && part.function.name) call.name = part.function.name;
  if (typeof part.function?.arguments === "string") call.arguments += part.function.arguments;
}

function take_delta(turn, delta, now) {
  // Servers send one or both names with the same text.
  const reasoning = delta.reasoning_content ?? delta.reasoning;
  if (typeof reasoning === "string" && reasoning) {
    begin_reasoning(turn, now);
    turn.reasoning += reasoning;
  }
  if (typeof delta.content === "string" && delta.content) {
    begin_answer(turn, now);
    turn.content += delta.content;
  }
  if (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0) {
    begin_answer(turn, now);
    for (const part of delta.tool_calls) take_call(turn, part);
  }
}

function take_usage(figures, usage) {
  if (typeof usage !== "object" || usage === null) return;
  take_numbers(figures, usage, ["prompt_tokens", "completion_tokens"]);
  take_numbers(figures, usage.completion_tokens_details, ["reasoning_tokens"]);
  const cached = usage.prompt_tokens_details?.cached_tokens;
  if (Number.isFinite(cached)) figures.cache_n = cached;
}

// Servers that count but do not time while they write: the speed as it is seen here, until the
// timings of the end.
function time_by_ourselves(turn, now) {
  const { figures } = turn;
  if (!turn.writing_began || !(figures.completion_tokens > 0)) return;
  figures.predicted_n = figures.completion_tokens;
  figures.predicted_ms = now - turn.writing_began;
}

function take_progress(turn, progress) {
  if (typeof progress !== "object" || progress === null) return;
  const numbers = {};
  take_numbers(numbers, progress, ["total", "cache", "processed", "time_ms", "eta_ms"]);
  if (!(numbers.total > 0)) return;
  turn.progress = numbers;
  if (turn.phase === "waiting") turn.phase = "prompt";
}

// Applies one parsed chunk. A finish reason ends the turn; figures may still follow it.
export function apply_chunk(turn, chunk, now) {
  if (typeof chunk !== "object" || chunk === null) return;
  if (typeof chunk.id === "string") turn.completion_id = chunk.id;
  if (typeof chunk.model === "string" && chunk.model) turn.model = chunk.model;
  // Before the text: the count of reasoning tokens is taken over when the answer begins.
  take_numbers(turn.figures, chunk.timings, kTimings);
  take_progress(turn, chunk.prompt_progress);
  const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
  if (choice && typeof choice.delta === "object" && choice.delta !== null) {
    take_delta(turn, choice.delta, now);
  }
  if (typeof choice?.finish_reason === "string") turn.finish_reason = choice.finish_reason;
  const cause = chunk.finish_cause ?? choice?.finish_cause;
  if (typeof cause === "string") turn.finish_cause = cause;
  take_usage(turn.figures, chunk.usage);
  if (!(turn.figures.predicted_per_second > 0)) time_by_ourselves(turn, now);
}

// A comment between the events of the stream.
export function apply_comment(turn, text) {
  if (turn.phase === "waiting") turn.queued = /^queued\b/.test(text) ? text : "";
}

// The turn is over: `state` is done, stopped, cut or error.
export function end_turn(turn, state, now, error = null) {
  if (turn.phase === "reasoning") {
    turn.reasoning_ms = now - turn.reasoning_began;
    turn.figures.reasoning_tokens ||= turn.figures.predicted_n ?? 0;
  }
  turn.state = state;
  turn.phase = "";
  turn.progress = null;
  turn.error = error;
}

// Tokens of reasoning so far, or none if the server does not count them.
export function reasoning_tokens(turn) {
  return turn.figures.reasoning_tokens ||
         (turn.phase === "reasoning" ? turn.figures.predicted_n : 0) || 0;
}

export function is_empty(turn) {
  return !turn.content && !turn.reasoning && turn.tool_calls.length === 0;
}
