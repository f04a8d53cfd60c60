# SPDX-License-Identifier: Apache-2.0
"""What the casts of this folder are made of: their header and lines, and the frames of a chat
stream. make_casts.py writes them all."""
import base64
import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent
MS = 1_000_000
SSE = {"content-type": "text/event-stream; charset=utf-8"}
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
HTML = {"content-type": "text/html"}
written = set()


def cast(name, about, pieces, expect, api="openai", status=200, headers=SSE, end="complete",
         message="", total=None, stream=True, times=None):
    """`pieces` are (milliseconds, text or bytes)."""
    last = pieces[-1][0] if pieces else 0
    clock = {"dns": 1 * MS, "tcp": 2 * MS} if times is None else times
    if status:
        clock["head"] = 5 * MS
    clock["total"] = int((total if total is not None else last + 1) * MS)
    header = {"version": 1, "request_sha": "any", "api": api, "stream": stream, "status": status,
              "about": about, "headers": headers if status else {}, "redactions": [], "end": end,
              "message": message, "new_connection": times is None, "times_ns": clock,
              "expect": expect}
    lines = [json.dumps(header, ensure_ascii=False)]
    for when, text in pieces:
        data = text if isinstance(text, bytes) else text.encode()
        lines.append(json.dumps([int(when * MS), base64.b64encode(data).decode()]))
    (FOLDER / f"{name}.sgcast").write_text("\n".join(lines) + "\n")
    written.add(f"{name}.sgcast")


def data(value, event=None, end="\n"):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (f"event: {event}{end}" if event else "") + f"data: {text}{end}{end}"


def chunk(delta, finish=None, **more):
    return data({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "step",
                 "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


def usage(output, reasoning=None, prompt=20, **more):
    value = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output,
             **more}
    if reasoning is not None:
        value["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return data({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "step",
                 "choices": [], "usage": value})


DONE = data("[DONE]")
ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk({}, "stop")


def paced(texts, start=100, step=20):
    return [(start + step * i, text) for i, text in enumerate(texts)]


def chat(name, about, texts, expect, **more):
    cast(name, about, paced(texts), expect, **more)


def whole(message, finish="stop", **more):
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "model": "step",
                       "choices": [{"index": 0, "message": {"role": "assistant", **message},
                                    "finish_reason": finish}],
                       "usage": {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24},
                       **more})


def answer_chunks(text, size=5):
    return [chunk({"content": text[i:i + size]}) for i in range(0, len(text), size)]


def reasoning_chunks(text, key="reasoning_content", size=24):
    return [chunk({key: text[i:i + size]}) for i in range(0, len(text), size)]
