# SPDX-License-Identifier: Apache-2.0
"""Readers of streams that take nothing on trust: each follows one dialect as the strictest of its clients do.

`read(dialect, text)` takes the whole text of a stream and gives what it said: a dictionary with `reasoning`, `text`,
`calls` (a list of name and arguments) and `reason`. Anything out of order is an AssertionError.
"""
import json


def events_of(text):
    """(name or None, data) of each event; comments are passed over."""
    assert text.endswith("\n\n"), "the stream was cut inside an event"
    for block in text.split("\n\n"):
        name, data = None, []
        for line in block.split("\n"):
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            else:
                assert line == "" or line.startswith(":"), f"not a line of a stream: {line!r}"
        if data:
            yield name, "\n".join(data)


def _chat(events):
    said = {"reasoning": "", "text": "", "calls": [], "reason": None}
    data = [d for _, d in events]
    assert data[-1] == "[DONE]" and data.count("[DONE]") == 1, data[-1]
    assert all(name is None for name, _ in events), "events of chat have no names"
    chunks = [json.loads(d) for d in data[:-1]]
    assert len({(c["id"], c["created"], c["model"]) for c in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk"
        assert "error" not in chunk, chunk
        if not chunk["choices"]:
            assert said["reason"] and chunk is chunks[-1], "usage comes last"
            usage = chunk["usage"]
            assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
            continue
        choice = chunk["choices"][0]
        assert said["reason"] is None, "something follows the finish reason"
        delta = choice["delta"]
        assert delta.get("reasoning") == delta.get("reasoning_content")
        if delta.get("reasoning"):
            assert not said["text"] and not said["calls"], "reasoning after the answer"
            said["reasoning"] += delta["reasoning"]
        said["text"] += delta.get("content") or ""
        for call in delta.get("tool_calls", []):
            if call["index"] == len(said["calls"]):
                assert call["id"] and call["type"] == "function" and call["function"]["name"]
                said["calls"].append([call["function"]["name"], ""])
            else:
                assert call["index"] == len(said["calls"]) - 1 and "id" not in call
            said["calls"][-1][1] += call["function"]["arguments"]
        said["reason"] = choice["finish_reason"]
    return said


def _completions(events):
    data = [d for _, d in events]
    assert data[-1] == "[DONE]"
    chunks = [json.loads(d) for d in data[:-1]]
    assert all(c["object"] == "text_completion" for c in chunks)
    choices = [c["choices"][0] for c in chunks if c["choices"]]
    assert all(c["finish_reason"] is None for c in choices[:-1])
    return {"reasoning": "", "text": "".join(c["text"] for c in choices), "calls": [],
            "reason": choices[-1]["finish_reason"]}


def _messages(events):
    said = {"reasoning": "", "text": "", "calls": [], "reason": None}
    state, open_block, n_block = "start", None, 0
    for name, data in events:
        event = json.loads(data)
        kind = event["type"]
        assert name == kind, (name, kind)
        if kind == "ping":
            continue
        assert kind != "error", event
        if state == "start":
            assert kind == "message_start"
            message = event["message"]
            assert message["content"] == [] and message["stop_reason"] is None
            assert message["usage"]["input_tokens"] >= 0 and message["usage"]["output_tokens"] >= 0
            state = "blocks"
        elif kind == "content_block_start":
            assert state == "blocks" and open_block is None and event["index"] == n_block
            open_block, n_block = dict(event["content_block"]), n_block + 1
            if open_block["type"] == "thinking":
                assert open_block["thinking"] == "" and open_block["signature"] == ""
            elif open_block["type"] == "text":
                assert open_block["text"] == ""
            else:
                assert open_block["type"] == "tool_use" and open_block["input"] == {} and open_block["id"]
                said["calls"].append([open_block["name"], ""])
        elif kind == "content_block_delta":
            delta = event["delta"]
            wanted = {"thinking_delta": "thinking", "signature_delta": "thinking", "text_delta": "text",
                      "input_json_delta": "tool_use"}[delta["type"]]
            assert open_block and open_block["type"] == wanted and event["index"] == n_block - 1
            assert not open_block.get("signature"), "something follows the signature"
            said["reasoning"] += delta.get("thinking", "")
            said["text"] += delta.get("text", "")
            if wanted == "tool_use":
                said["calls"][-1][1] += delta["partial_json"]
            if "signature" in delta:
                open_block["signature"] = delta["signature"]
        elif kind == "content_block_stop":
            assert open_block and event["index"] == n_block - 1
            assert open_block["type"] != "thinking" or open_block["signature"]
            open_block = None
        elif kind == "message_delta":
            assert state == "blocks" and open_block is None and n_block > 0
            said["reason"] = event["delta"]["stop_reason"]
            assert event["usage"]["output_tokens"] >= 0
            state = "ended"
        else:
            assert kind == "message_stop" and state == "ended", (kind, state)
            state = "stopped"
    assert state == "stopped", state
    return said


def _responses(events):
    said = {"reasoning": "", "text": "", "calls": [], "reason": None}
    item, part, items, final = None, None, [], None
    for number, (name, data) in enumerate(events):
        event = json.loads(data)
        kind = event["type"]
        assert name == kind and event["sequence_number"] == number and final is None, event
        if kind == "response.created":
            assert number == 0 and event["response"]["id"]
        elif kind == "response.in_progress":
            assert number > 0
        elif kind == "response.output_item.added":
            assert item is None and event["output_index"] == len(items)
            item = {**event["item"], "said": ""}
        elif kind == "response.output_item.done":
            done = event["item"]
            assert item and part is None and done["id"] == item["id"] and done["type"] == item["type"]
            items.append(done)
            if done["type"] == "message":
                assert done["content"][0]["text"] == item["said"]
                said["text"] += item["said"]
            elif done["type"] == "reasoning":
                said["reasoning"] += item["said"]
            elif done["type"] == "function_call":
                assert done["arguments"] == item["said"] and done["call_id"]
                said["calls"].append([done["name"], done["arguments"]])
            item = None
        elif kind in ("response.completed", "response.incomplete"):
            final = event["response"]
            assert item is None and final["output"] == items
            assert final["usage"]["input_tokens_details"]["cached_tokens"] >= 0
            said["reason"] = final["status"]
        else:
            assert item and event["item_id"] == item["id"] and event["output_index"] == len(items), event
            if kind.endswith("part.added"):
                assert part is None
                part = event["part"]
            elif kind.endswith("part.done"):
                assert part is not None and event["part"]["text"] == item["said"]
                part = None
            elif kind.endswith(".delta"):
                assert (part is not None) == (item["type"] in ("message", "reasoning"))
                item["said"] += event["delta"]
            else:
                assert kind.endswith((".done")), kind
                whole = event.get("text", event.get("arguments", event.get("input")))
                assert whole == item["said"]
    assert final, "the stream was closed before the response was completed"
    return said


READERS = {"chat": _chat, "completions": _completions, "messages": _messages, "responses": _responses}


def dialect_of(path):
    path = path.split("?")[0]
    return "messages" if path.endswith("/messages") else "responses" if path.endswith("/responses") else \
        "chat" if path.endswith("/chat/completions") else "completions"


def read(dialect, text):
    return READERS[dialect](list(events_of(text)))
