// SPDX-License-Identifier: Apache-2.0
// Talks to the server the page came from. Addresses are relative to the page, so that it also
// works behind a prefix. Failures are ApiError with one sentence for the user.
import { SseReader } from "./sse.mjs";

export class ApiError extends Error {
  // status: of HTTP, 0 if the server could not be reached.
  constructor(message, { status = 0, code = "", retry_after = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retry_after = retry_after;
  }
}

function address(path) {
  return new URL(path, document.baseURI);
}

function headers(key) {
  const fields = { "Content-Type": "application/json" };
  if (key) fields.Authorization = `Bearer ${key}`;
  return fields;
}

const kSentences = {
  401: "The server asks for an API key. Enter it in the settings.",
  404: "The server does not know this request.",
  413: "The conversation is too large for the server.",
  429: "The server is busy: its queue is full.",
  503: "The server is not ready yet.",
};

function error_of_body(body, status) {
  const error = body?.error ?? body;
  let message = typeof error === "string" ? error : error?.message;
  if (typeof message !== "string" || !message) {
    message = kSentences[status] ?? `The server answered with status ${status}.`;
  }
  if (status === 401) message = kSentences[401];
  return { message, code: String(error?.code ?? "") };
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(address(path), { ...options, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached.");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const { message, code } = error_of_body(body, response.status);
  const retry_after = Number(response.headers.get("Retry-After")) || 0;
  throw new ApiError(message, { status: response.status, code, retry_after });
}

export async function get_json(path, key) {
  const response = await send(path, { headers: headers(key) });
  return response.json();
}

// What the page wants to know of the server: {model, context}. The context is 0 if not told.
export async function read_server(key) {
  const models = await get_json("v1/models", key);
  const model = models?.data?.[0] ?? {};
  const props = await get_json("props", key).catch(() => ({}));
  const context = props?.default_generation_settings?.n_ctx ?? props?.n_ctx ??
                  model.context_length ?? model.max_model_len ?? model.meta?.n_ctx ?? 0;
  return { model: typeof model.id === "string" ? model.id : "",
           context: Number.isFinite(context) ? context : 0 };
}

function parse_event(data) {
  let chunk;
  try {
    chunk = JSON.parse(data);
  } catch {
    throw new ApiError("The server sent an event that is not valid JSON.");
  }
  if (chunk?.error) {
    const { message, code } = error_of_body(chunk, 500);
    throw new ApiError(message, { status: 500, code });
  }
  return chunk;
}

// Streams an answer; `on_chunk` gets every chunk, `on_comment` what the server says while it waits.
// True if the server finished it, false if the stream was cut. Abort by the signal rejects with
// AbortError.
export async function stream_chat(body, { key, signal, on_chunk, on_comment }) {
  const response = await send("v1/chat/completions", {
    method: "POST", headers: headers(key), body: JSON.stringify(body), signal,
  });
  const events = new SseReader();
  const reader = response.body.getReader();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return finished;
      for (const event of events.push(value)) {
        if (event.type === "comment") on_comment(event.data);
        else if (event.data === "[DONE]") finished = true;
        else if (!finished) on_chunk(parse_event(event.data));
      }
    }
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    return finished;  // the connection broke
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Ends the reasoning of a running answer.
export async function end_reasoning(completion_id, key) {
  await send("v1/chat/completions/control", {
    method: "POST", headers: headers(key),
    body: JSON.stringify({ id: completion_id, action: "reasoning_end" }),
  });
}
