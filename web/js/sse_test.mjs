// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";

import { SseReader } from "./sse.mjs";

const kStream = "\uFEFFdata: {\"a\":1}\r\n\r\n: waiting\n\nevent: error\ndata: first\ndata:second\r\rdata\n\n" +
                "id: 7\nretry: 10\ndata: größer €😀\n\n\n\ndata: [DONE]\n\ndata: cut off";
const kEvents = [
  { type: "message", data: "{\"a\":1}" },
  { type: "comment", data: "waiting" },
  { type: "error", data: "first\nsecond" },
  { type: "message", data: "" },
  { type: "message", data: "größer €😀" },
  { type: "message", data: "[DONE]" },
];

function read(chunks) {
  const reader = new SseReader();
  return chunks.flatMap((chunk) => reader.push(chunk));
}

test("a stream in one piece", () => {
  assert.deepEqual(read([new TextEncoder().encode(kStream)]), kEvents);
});

test("every way of cutting it in two, and byte by byte", () => {
  const bytes = new TextEncoder().encode(kStream);
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), kEvents, `cut at ${cut}`);
  }
  assert.deepEqual(read(Array.from(bytes, (byte) => Uint8Array.of(byte))), kEvents);
});

test("bytes that are no text become replacement characters", () => {
  const bytes = [...new TextEncoder().encode("data: a"), 0xff, 0xc3, 10, 10];
  assert.deepEqual(read([Uint8Array.from(bytes)]), [{ type: "message", data: "a\uFFFD\uFFFD" }]);
});
