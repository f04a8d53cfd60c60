#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the synthetic casts of this folder: one of every failure class, every row of the capture
table and every way in which harnesses are known to have misread a stream. `expect` in the header
of each says what a capture must find; the tests read it. Run it after a change; it writes the same
bytes every time."""
import json

import vendor_casts
from cast_lines import (DONE, FOLDER, HTML, JSON, NDJSON, ROLE, SSE, STOP, answer_chunks, cast, chat,
                        chunk, data, paced, reasoning_chunks, usage, whole, written)


# The seed failure: a budget of 4,000 tokens shared with the reasoning, all of it spent there, the
# answer already found in it.
ANSWER = ("Five eighths of 96 is 60, so 36 parcels are left at noon. The delivery brings that to 63, "
          "and forwarding one third of them (21) leaves 42.\nANSWER: 42")
SCRATCH = ("five eighths of 96 is 60 since 96 / 8 is 12 and 12 times 5 is 60, then 96 less 60 is 36, then 36 "
           "and 27 are 63, a third of 63 is 21, and 63 less 21 is 42, but let me go through that again, ")


def seed_failure():
    # One long sentence, then the whole answer, all of it on the reasoning channel.
    thought = "So " + SCRATCH * 78 + "and it stays at 42. " + ANSWER + "\n"
    pieces = [(105, ROLE)]
    when = 2800
    for i in range(0, len(thought), 48):
        pieces.append((when, chunk({"reasoning": thought[i:i + 48]})))
        when += 75
    pieces += [(when, chunk({}, "length")), (when + 2, usage(4000, 4000)), (when + 2, DONE)]
    cast("thinking_ate_the_budget",
         "4,000 tokens for reasoning and answer together: the reasoning took them all", pieces,
         {"failure": "truncated_in_reasoning", "answer": "", "reasoning_ends": ANSWER + "\n",
          "finish": "length", "ttfa": None, "ttft": 2.8, "ttfr": 2.8, "output": 4000,
          "message_has": "4000 tokens"})
    pieces = pieces[:60]
    when = pieces[-1][0]
    for text in answer_chunks(ANSWER, 12):
        when += 75
        pieces.append((when, text))
    pieces += [(when + 1, STOP), (when + 2, usage(860, 800)), (when + 2, DONE)]
    cast("split_budgets_answer", "the same model with a budget of its own for the answer", pieces,
         {"failure": "ok", "answer": ANSWER, "finish": "stop"})


def openai_rows():
    chat("chat_stream", "the plain case", [ROLE, *answer_chunks("Hello there."), STOP, usage(3), DONE],
         {"failure": "ok", "answer": "Hello there.", "reasoning": "", "finish": "stop", "output": 3,
          "source": "usage", "ttfb": 0.005, "ttfe": 0.1, "ttft": 0.12, "ttfa": 0.12, "ttfr": None,
          "last_token": 0.16, "max_gap": 0.02, "total": 0.221, "notes": 0})
    cast("chat_whole", "without a stream there is no time of a first token",
         [(900, whole({"content": "Hello there."}))],
         {"failure": "ok", "answer": "Hello there.", "ttfe": 0.9, "ttft": None, "ttfa": None,
          "ttfr": None, "max_gap": None, "total": 0.901, "streamed": False, "output": 4},
         headers=JSON, stream=False)
    for key in ("reasoning_content", "reasoning"):
        chat(f"chat_{key}", f"reasoning in delta.{key}",
             [ROLE, *reasoning_chunks("Let me think about it.", key), *answer_chunks("Done."), STOP,
              usage(9, 6), DONE],
             {"failure": "ok", "answer": "Done.", "reasoning": "Let me think about it.",
              "reasoning_tokens": 6, "ttfr": 0.12, "ttfa": 0.14})
    chat("chat_reasoning_details", "reasoning in delta.reasoning_details: text, summary, encrypted",
         [ROLE, chunk({"reasoning_details": [{"type": "reasoning.text", "text": "One "}]}),
          chunk({"reasoning_details": [{"type": "reasoning.summary", "summary": "two"}]}),
          chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "c2VjcmV0"}]}),
          *answer_chunks("Done."), STOP, usage(9, 6), DONE],
         {"failure": "ok", "answer": "Done.", "reasoning": "One two", "note_has": "encrypted",
          "last_token": 0.18, "ttfa": 0.18})
    chat("chat_reasoning_three_times", "one text under three names is one text",
         [ROLE, chunk({"reasoning_content": "Same.", "reasoning": "Same.",
                       "reasoning_details": [{"type": "reasoning.text", "text": "Same."}]}),
          *answer_chunks("Done."), STOP, usage(4, 2), DONE],
         {"failure": "ok", "answer": "Done.", "reasoning": "Same."})
    chat("chat_parts", "content as a list of parts, one of them thinking",
         [ROLE, chunk({"content": [{"type": "thinking",
                                    "thinking": [{"type": "text", "text": "Hm."}]}]}),
          chunk({"content": [{"type": "text", "text": "Yes"}, {"type": "text", "text": "!"}]}),
          STOP, usage(4), DONE],
         {"failure": "ok", "answer": "Yes!", "reasoning": "Hm."})
    chat("chat_tools", "two calls with arguments in pieces",
         [ROLE,
          chunk({"tool_calls": [{"index": 0, "id": "a", "type": "function",
                                 "function": {"name": "get_forecast", "arguments": ""}}]}),
          chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{\"city\": "}}]}),
          chunk({"tool_calls": [{"index": 0, "function": {"arguments": "\"Milan\"}"}}]}),
          chunk({"tool_calls": [{"index": 1, "id": "b", "type": "function",
                                 "function": {"name": "now", "arguments": "{}"}}]}),
          chunk({}, "tool_calls"), usage(20), DONE],
         {"failure": "ok", "answer": "", "finish": "tool_calls", "ttfa": 0.12,
          "calls": [["a", "get_forecast", "{\"city\": \"Milan\"}"], ["b", "now", "{}"]]})
    chat("chat_tools_one_index", "two calls that share an index and differ by id",
         [chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}]}),
          chunk({"tool_calls": [{"index": 0, "id": "b", "function": {"name": "y", "arguments": "{}"}}]}),
          chunk({}, "tool_calls"), DONE],
         {"failure": "ok", "calls": [["a", "x", "{}"], ["b", "y", "{}"]], "note_has": "share one index"})
    chat("chat_function_call", "the older function_call",
         [ROLE, chunk({"function_call": {"name": "now", "arguments": ""}}),
          chunk({"function_call": {"arguments": "{}"}}), chunk({}, "function_call"), DONE],
         {"failure": "ok", "calls": [["", "now", "{}"]]})
    chat("chat_no_done", "the end marker is missing", [ROLE, *answer_chunks("Fine."), STOP],
         {"failure": "ok", "answer": "Fine.", "note_has": "end marker", "source": "estimate"})
    chat("chat_crlf", "CRLF, a byte order mark, comments, no space after the colon",
         ["\ufeff: hello\r\n\r\n"] +
         [text.replace("data: ", "data:").replace("\n", "\r\n")
          for text in [ROLE, ": ping\n\n", *answer_chunks("Grüße 😀"), STOP, usage(4), DONE]],
         {"failure": "ok", "answer": "Grüße 😀", "ttfe": 0.1, "ttft": 0.16})
    chat("chat_cr", "lines that end with CR",
         [text.replace("\n", "\r") for text in [ROLE, *answer_chunks("Fine."), STOP, usage(2), DONE]],
         {"failure": "ok", "answer": "Fine."})
    chat("chat_multi_line_data", "one JSON over several data lines",
         [data("{\ndata: \"choices\": [{\"index\": 0, \"delta\": {\"content\":\ndata: \"Fine.\"}}]}"),
          STOP, usage(2), DONE], {"failure": "ok", "answer": "Fine."})
    chat("chat_no_blank_line", "events that no blank line parts",
         [text.replace("\n\n", "\n") for text in [ROLE, *answer_chunks("Fine."), STOP, DONE]] + ["\n"],
         {"failure": "ok", "answer": "Fine.", "note_has": "blank line"})
    chat("chat_bursts", "speculative decoding: several tokens in a frame, frames of unequal size",
         [ROLE, chunk({"content": "one two three four "}), chunk({"content": "five "}),
          chunk({"content": "six seven eight "}), STOP, usage(8), DONE],
         {"failure": "ok", "answer": "one two three four five six seven eight ", "output": 8,
          "itl_norm": [0.02, 0.02 / (8 * 16 / 40)]})
    chat("chat_hidden_reasoning", "reasoning is billed and not shown",
         [ROLE, *answer_chunks("Done."), STOP, usage(120, 118), DONE],
         {"failure": "ok", "answer": "Done.", "hidden": True, "output": 120, "reasoning_tokens": 118})
    chat("chat_null_content", "content is null, finish reason stop", [ROLE, chunk({"content": None}), STOP,
                                                                     usage(0), DONE],
         {"failure": "empty_answer", "answer": "", "ttft": None})
    chat("chat_long_queue", "pings while the request waits",
         [": OPENROUTER PROCESSING\n\n", ": OPENROUTER PROCESSING\n\n", ROLE, *answer_chunks("Late."),
          STOP, usage(2), DONE],
         {"failure": "ok", "answer": "Late.", "ttfe": 0.1, "ttft": 0.16})
    chat("chat_usage_in_every_frame", "continuous usage, null in some frames",
         [chunk({"role": "assistant"}, usage=None),
          chunk({"content": "Fine."}, usage={"prompt_tokens": 20, "completion_tokens": 1}), STOP,
          usage(2, prompt=20, cost=0.0012, prompt_tokens_details={"cached_tokens": 16}), DONE],
         {"failure": "ok", "answer": "Fine.", "output": 2, "input": 20, "cached": 16, "cost": 0.0012})
    chat("chat_repeats_message", "the whole message once more at the end",
         [ROLE, *answer_chunks("Fine."),
          data({"choices": [{"index": 0, "message": {"role": "assistant", "content": "Fine."},
                             "finish_reason": "stop"}]}), DONE],
         {"failure": "ok", "answer": "Fine.", "note_has": "came again"})
    chat("chat_second_choice", "a choice that was not asked for",
         [ROLE, *answer_chunks("Fine."),
          data({"choices": [{"index": 1, "delta": {"content": "Other."}}]}), STOP, DONE],
         {"failure": "ok", "answer": "Fine.", "note_has": "other than the first"})


def inline_tags():
    chat("think_tags", "reasoning between tags, cut inside a tag",
         [ROLE, chunk({"content": "<thi"}), chunk({"content": "nk>Hm <think>deep</think>"}),
          chunk({"content": " ok.</th"}), chunk({"content": "ink>\n\nYes."}), STOP, usage(9), DONE],
         {"failure": "ok", "answer": "Yes.", "reasoning": "Hm <think>deep</think> ok.",
          "ttft": 0.12, "ttfr": 0.14, "ttfa": 0.18, "late_open": False, "tag_leak": False})
    chat("think_late_open", "the template opened the tag in the prompt",
         [ROLE, *answer_chunks("Let me see.\n</think>\n\nForty-two."), STOP, usage(9), DONE],
         {"failure": "ok", "answer": "Forty-two.", "reasoning": "Let me see.\n", "late_open": True})
    chat("think_leak", "a tag inside the answer stays there",
         [ROLE, *answer_chunks("Yes. <think>No?</think> Yes."), STOP, usage(9), DONE],
         {"failure": "ok", "answer": "Yes. <think>No?</think> Yes.", "reasoning": "",
          "tag_leak": True, "late_open": False})
    chat("think_close_after_reasoning", "a stray closing tag after a reasoning channel",
         [ROLE, *reasoning_chunks("Hm."), *answer_chunks("Yes.</think>"), STOP, usage(9), DONE],
         {"failure": "ok", "answer": "Yes.</think>", "reasoning": "Hm.", "tag_leak": True,
          "late_open": False})
    chat("think_close_leads_the_answer", "the server took the reasoning out and left the closing tag",
         [ROLE, *reasoning_chunks("Hm."), *answer_chunks("</think>\n\nYes."), STOP, usage(9), DONE],
         {"failure": "ok", "answer": "Yes.", "reasoning": "Hm.", "late_open": True, "tag_leak": False})
    chat("think_twice", "reasoning between tags and once more on its channel is one reasoning",
         [ROLE, *reasoning_chunks("Let me see."), *answer_chunks("<think>Let me see.</think>Yes."),
          STOP, usage(9), DONE],
         {"failure": "ok", "answer": "Yes.", "reasoning": "Let me see."})
    chat("think_never_closed", "the limit came inside the tag",
         [ROLE, *answer_chunks("<thinking>On and on"), chunk({}, "length"), usage(5), DONE],
         {"failure": "truncated_in_reasoning", "answer": "", "reasoning": "On and on", "ttfa": None})
    chat("harmony", "Harmony's channels in the content",
         [ROLE, *answer_chunks("<|channel|>analysis<|message|>User asks 2+2.<|end|><|start|>assistant"
                               "<|channel|>final<|message|>It is 4.<|return|>", 7), STOP, usage(20), DONE],
         {"failure": "ok", "answer": "It is 4.", "reasoning": "User asks 2+2.", "tag_leak": False})
    chat("harmony_call", "a call in Harmony's commentary channel",
         [ROLE, *answer_chunks("<|channel|>analysis<|message|>Need time.<|end|><|start|>assistant"
                               "<|channel|>commentary to=functions.now <|constrain|>json<|message|>"
                               "{\"zone\":\"UTC\"}<|call|>", 7), STOP, usage(20), DONE],
         {"failure": "ok", "answer": "", "reasoning": "Need time.",
          "calls": [["", "now", "{\"zone\":\"UTC\"}"]]})
    chat("harmony_bare", "Harmony whose marks the server dropped",
         [ROLE, *answer_chunks("analysisUser asks 2+2.assistantfinalIt is 4.", 7), STOP, usage(20), DONE],
         {"failure": "ok", "answer": "It is 4.", "reasoning": "User asks 2+2."})


def responses_rows():
    def event(kind, **more):
        return data({"type": kind, **more}, kind)

    created = event("response.created", response={"id": "r", "model": "step", "status": "in_progress"})

    def end(kind="completed", status="completed", output=(), **more):
        return event(f"response.{kind}", response={
            "id": "r", "object": "response", "model": "step", "status": status, "error": None,
            "output": list(output),
            "usage": {"input_tokens": 20, "output_tokens": 9, "total_tokens": 29,
                      "input_tokens_details": {"cached_tokens": 8},
                      "output_tokens_details": {"reasoning_tokens": 5}}, **more})

    chat("responses_stream", "reasoning text and answer",
         [created, event("response.reasoning_text.delta", item_id="i", delta="Think."),
          event("response.output_text.delta", item_id="m", delta="Hel"),
          event("response.output_text.delta", item_id="m", delta="lo."), end()],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Think.", "finish": "completed",
          "cached": 8, "reasoning_tokens": 5, "ttfe": 0.1, "ttft": 0.12, "ttfr": 0.12, "ttfa": 0.14},
         api="responses")
    chat("responses_summary_only", "only a summary of the reasoning is shown, then both",
         [created, event("response.reasoning_summary_text.delta", delta="Sum."),
          event("response.reasoning_text.delta", delta="Think."),
          event("response.output_text.delta", delta="Hello."), end()],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Sum.", "note_has": "in full and as a summary"},
         api="responses")
    item = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "now", "arguments": ""}
    chat("responses_call", "a call in pieces, and one that comes whole",
         [created, event("response.output_item.added", output_index=0, item=item),
          event("response.function_call_arguments.delta", item_id="fc", output_index=0, delta="{\"a\":"),
          event("response.function_call_arguments.delta", item_id="fc", output_index=0, delta="1}"),
          event("response.output_item.done", output_index=0, item={**item, "arguments": "{\"a\":1}"}),
          event("response.output_item.done", output_index=1,
                item={"type": "function_call", "id": "fd", "call_id": "c2", "name": "then",
                      "arguments": "{}"}), end()],
         {"failure": "ok", "calls": [["c1", "now", "{\"a\":1}"], ["c2", "then", "{}"]]}, api="responses")
    chat("responses_no_deltas", "the text comes with the end only",
         [created, end(output=[{"type": "message", "role": "assistant",
                                "content": [{"type": "output_text", "text": "Hello."}]}])],
         {"failure": "ok", "answer": "Hello."}, api="responses")
    chat("responses_incomplete", "the limit came inside the reasoning",
         [created, event("response.reasoning_text.delta", delta="Think."),
          end("incomplete", "incomplete", incomplete_details={"reason": "max_output_tokens"})],
         {"failure": "truncated_in_reasoning", "answer": "", "finish": "max_output_tokens"},
         api="responses")
    chat("responses_failed", "the response failed",
         [created, end("failed", "failed", error={"code": "server_error", "message": "out of memory"})],
         {"failure": "http_5xx", "message_has": "out of memory"}, api="responses")
    chat("responses_refusal", "a refusal on its own channel",
         [created, event("response.refusal.delta", delta="I cannot do that."), end()],
         {"failure": "refused", "message_has": "I cannot do that"}, api="responses")
    cast("responses_whole", "without a stream",
         [(300, json.dumps({"id": "r", "object": "response", "model": "step", "status": "completed",
                            "output": [{"type": "reasoning", "summary": [],
                                        "content": [{"type": "reasoning_text", "text": "Think."}]},
                                       {"type": "message", "role": "assistant",
                                        "content": [{"type": "output_text", "text": "Hello."}]},
                                       {"type": "function_call", "call_id": "c", "name": "now",
                                        "arguments": "{}"}],
                            "usage": {"input_tokens": 20, "output_tokens": 9}}, indent=2))],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Think.", "calls": [["c", "now", "{}"]],
          "ttft": None}, api="responses", headers=JSON, stream=False)


def anthropic_rows():
    def event(kind, **more):
        return data({"type": kind, **more}, kind)

    start = event("message_start", message={"id": "m", "type": "message", "role": "assistant",
                                            "model": "step", "content": [],
                                            "usage": {"input_tokens": 12, "output_tokens": 1,
                                                      "cache_read_input_tokens": 8}})

    def block(index, kind, deltas, **first):
        return [event("content_block_start", index=index, content_block={"type": kind, **first}),
                *(event("content_block_delta", index=index, delta=delta) for delta in deltas),
                event("content_block_stop", index=index)]

    def end(reason="end_turn", output=12):
        return [event("message_delta", delta={"stop_reason": reason, "stop_sequence": None},
                      usage={"output_tokens": output}), event("message_stop")]

    thinking = block(0, "thinking", [{"type": "thinking_delta", "thinking": "Think "},
                                     {"type": "thinking_delta", "thinking": "hard."},
                                     {"type": "signature_delta", "signature": "c2ln"}],
                     thinking="", signature="")
    text = block(1, "text", [{"type": "text_delta", "text": "Hel"},
                             {"type": "text_delta", "text": "lo."}], text="")
    chat("anthropic_thinking", "thinking with its signature, then text",
         [start, event("ping"), *thinking, *text, *end()],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Think hard.", "signature": "c2ln",
          "finish": "end_turn", "input": 20, "cached": 8, "output": 12, "ttfe": 0.1, "ttft": 0.16,
          "ttfr": 0.16, "ttfa": 0.26, "notes": 0}, api="anthropic")
    chat("anthropic_tool", "a tool call with input in pieces, and one without any input",
         [start, *block(0, "tool_use", [{"type": "input_json_delta", "partial_json": ""},
                                        {"type": "input_json_delta", "partial_json": "{\"a\":"},
                                        {"type": "input_json_delta", "partial_json": "1}"}],
                        id="t1", name="now", input={}),
          *block(1, "tool_use", [], id="t2", name="then", input={}), *end("tool_use")],
         {"failure": "ok", "calls": [["t1", "now", "{\"a\":1}"], ["t2", "then", "{}"]],
          "finish": "tool_use"}, api="anthropic")
    chat("anthropic_redacted", "thinking that is encrypted",
         [start, *block(0, "redacted_thinking", [], data="c2VjcmV0"), *text, *end()],
         {"failure": "ok", "answer": "Hello.", "reasoning": "", "note_has": "encrypted"},
         api="anthropic")
    chat("anthropic_max_tokens", "the limit came inside the thinking",
         [start, *thinking, *end("max_tokens")],
         {"failure": "truncated_in_reasoning", "answer": ""}, api="anthropic")
    chat("anthropic_refusal", "stop reason refusal", [start, *end("refusal", 1)],
         {"failure": "refused"}, api="anthropic")
    chat("anthropic_overloaded", "an error event in the stream",
         [start, *thinking, event("error", error={"type": "overloaded_error", "message": "Overloaded"})],
         {"failure": "http_5xx", "message_has": "Overloaded"}, api="anthropic")
    cast("anthropic_whole", "without a stream",
         [(300, json.dumps({"id": "m", "type": "message", "role": "assistant", "model": "step",
                            "content": [{"type": "thinking", "thinking": "Think.", "signature": "s"},
                                        {"type": "text", "text": "Hello."},
                                        {"type": "tool_use", "id": "t", "name": "now",
                                         "input": {"a": 1}}],
                            "stop_reason": "tool_use",
                            "usage": {"input_tokens": 12, "output_tokens": 9}}))],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Think.", "signature": "s",
          "calls": [["t", "now", "{\"a\":1}"]], "ttft": None}, api="anthropic", headers=JSON,
         stream=False)


def ollama_rows():
    def line(message, done=False, **more):
        return json.dumps({"model": "step", "message": {"role": "assistant", **message},
                           "done": done, **more}) + "\n"

    end = line({"content": ""}, True, done_reason="stop", prompt_eval_count=20, eval_count=9,
               eval_duration=1000)
    chat("ollama_stream", "thinking and content as lines of JSON",
         [line({"content": "", "thinking": "Think."}), line({"content": "Hel"}), line({"content": "lo."}),
          end],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Think.", "output": 9, "ttft": 0.1,
          "ttfr": 0.1, "ttfa": 0.12, "finish": "stop", "notes": 0}, api="ollama", headers=NDJSON)
    chat("ollama_empty_first", "a first frame with empty content is no token",
         [line({"content": ""}), line({"content": "", "thinking": "Think."}), line({"content": "Hi."}), end],
         {"failure": "ok", "answer": "Hi.", "ttfe": 0.1, "ttft": 0.12, "ttfa": 0.14}, api="ollama",
         headers=NDJSON)
    chat("ollama_tools", "calls whose arguments are an object",
         [line({"content": "", "tool_calls": [{"function": {"name": "now", "arguments": {"a": 1}}},
                                              {"function": {"name": "then", "arguments": {}}}]}), end],
         {"failure": "ok", "calls": [["", "now", "{\"a\":1}"], ["", "then", "{}"]]}, api="ollama",
         headers=NDJSON)
    cast("ollama_whole", "without a stream",
         [(300, line({"content": "Hello.", "thinking": "Think."}, True, done_reason="stop",
                     prompt_eval_count=20, eval_count=9))],
         {"failure": "ok", "answer": "Hello.", "reasoning": "Think.", "ttft": None}, api="ollama",
         headers=JSON, stream=False)
    chat("ollama_error", "an error line in the stream",
         [line({"content": "Hel"}), json.dumps({"error": "model runner has unexpectedly stopped"}) + "\n"],
         {"failure": "protocol_error", "message_has": "unexpectedly stopped"}, api="ollama",
         headers=NDJSON)
    chat("ollama_damaged_line", "a line that was cut, and the next one whole",
         ["{\"message\": {\"content\": \"He\n", line({"content": "lo."}), end],
         {"failure": "protocol_error", "message_has": "no JSON"}, api="ollama", headers=NDJSON)


def failures():
    some = [ROLE, *answer_chunks("Hello")]
    chat("fail_empty_answer", "finish reason stop and nothing said", [ROLE, STOP, usage(1), DONE],
         {"failure": "empty_answer", "ttft": None, "ttfa": None})
    chat("fail_white_space", "white space is no answer",
         [ROLE, chunk({"content": "\n\n"}), STOP, usage(1), DONE],
         {"failure": "empty_answer", "ttft": 0.12, "ttfa": None})
    chat("fail_reasoning_only", "everything was said on the reasoning channel",
         [ROLE, *reasoning_chunks("The answer is 42."), STOP, usage(6, 6), DONE],
         {"failure": "reasoning_only", "answer": "", "reasoning": "The answer is 42.", "ttfa": None})
    chat("fail_reasoning_hidden", "reasoning was billed and nothing came",
         [ROLE, STOP, usage(300, 300), DONE],
         {"failure": "reasoning_only", "hidden": True, "ttft": None, "message_has": "hidden"})
    chat("fail_truncated_in_answer", "the limit came inside the answer",
         [*some, chunk({}, "length"), usage(2), DONE], {"failure": "truncated_in_answer", "answer": "Hello"})
    chat("fail_truncated_hidden", "the limit came inside reasoning that is not shown",
         [ROLE, chunk({}, "length"), usage(4000, 4000), DONE],
         {"failure": "truncated_in_reasoning", "hidden": True})
    chat("fail_refused", "the refusal channel",
         [ROLE, chunk({"refusal": "I cannot help with that."}), STOP, usage(6), DONE],
         {"failure": "refused", "answer": ""})
    chat("fail_content_filter", "a filter stopped it", [*some, chunk({}, "content_filter"), DONE],
         {"failure": "content_filter"})
    cast("fail_http_400", "a bad request",
         [(10, json.dumps({"error": {"message": "max_tokens is too large", "type": "invalid_request_error",
                                     "param": "max_tokens", "code": None}}))],
         {"failure": "http_4xx", "message_has": "max_tokens is too large"}, status=400, headers=JSON)
    cast("fail_http_404_html", "a page instead of an error object",
         [(10, "<html><body><h1>404 Not Found</h1></body></html>")],
         {"failure": "http_4xx", "message_has": "status 404: an HTML page"}, status=404, headers=HTML)
    cast("fail_rate_limited", "429 with Retry-After",
         [(10, json.dumps({"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}))],
         {"failure": "rate_limited", "retry_after": 7}, status=429,
         headers={**JSON, "retry-after": "7"})
    cast("fail_http_503", "the model is being loaded",
         [(10, json.dumps({"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}))],
         {"failure": "http_5xx", "message_has": "Loading model"}, status=503, headers=JSON)
    cast("fail_http_502_empty", "an empty 502", [], {"failure": "http_5xx", "message_has": "empty body"},
         status=502, headers={})
    cast("fail_connect", "nobody listens", [], {"failure": "connect_timeout", "ttfb": None},
         status=0, end="connect_failed", message="Connection refused", total=1, times={})
    cast("fail_connect_timeout", "no connection in time", [], {"failure": "connect_timeout"},
         status=0, end="connect_timeout", message="Connection timed out", total=10000, times={})
    cast("fail_first_event_timeout", "headers, then silence", [],
         {"failure": "first_event_timeout", "ttfb": 0.005, "ttfe": None}, end="first_byte_timeout",
         message="nothing came within 60 s", total=60000)
    cast("fail_idle_timeout", "a stall after the first token", paced(some),
         {"failure": "idle_timeout", "answer": "Hello", "ttfa": 0.12}, end="idle_timeout",
         message="nothing more came within 60 s", total=60120)
    cast("fail_total_timeout", "too slow", paced(some), {"failure": "total_timeout", "answer": "Hello"},
         end="total_timeout", message="the answer did not end within 120 s", total=120000)
    cast("fail_queue_timeout", "pings until the time is over",
         paced([": ping\n\n"] * 3), {"failure": "total_timeout", "ttfe": 0.1, "ttft": None},
         end="total_timeout", total=120000)
    cast("fail_stream_cut", "the connection broke", paced(some), {"failure": "stream_cut", "answer": "Hello"},
         end="cut", message="transfer closed")
    chat("fail_half_frame", "the stream ended inside a frame",
         [*some, "data: {\"choices\": [{\"index\": 0, \"del"],
         {"failure": "stream_cut", "answer": "Hello", "message_has": "inside a frame"})
    chat("fail_no_end", "the stream ended properly, the answer did not", some,
         {"failure": "stream_cut", "message_has": "without finish reason"})
    cast("fail_no_response", "closed before any response", [], {"failure": "stream_cut"}, status=0,
         end="cut", message="empty reply from server")
    cast("cut_after_the_end", "cut after the finish reason: the answer is whole",
         paced([*some, STOP, usage(2)]), {"failure": "ok", "answer": "Hello"}, end="cut")
    cast("held_open_after_done", "the server does not end the response", paced([*some, STOP, usage(2), DONE]),
         {"failure": "ok", "answer": "Hello"}, end="stopped", total=600)
    cast("fail_html", "a page instead of an answer",
         [(10, "<!DOCTYPE html><html><body>Sign in</body></html>")],
         {"failure": "protocol_error", "message_has": "HTML page"}, headers=HTML)
    cast("fail_empty_body", "200 and nothing", [], {"failure": "protocol_error", "message_has": "empty body"},
         headers=JSON, total=20)
    cast("fail_plain_text", "200 and some words", [(10, "upstream connect error")],
         {"failure": "protocol_error", "message_has": "upstream connect error"},
         headers={"content-type": "text/plain"})
    cast("fail_redirect", "a redirect", [],
         {"failure": "protocol_error", "message_has": "https://api.example.com/v1"}, status=308,
         headers={"location": "https://api.example.com/v1"})
    cast("fail_error_inside", "200 with an error inside",
         [(10, json.dumps({"error": {"message": "No endpoints found", "code": 404}}))],
         {"failure": "http_4xx", "message_has": "status 200 with an error inside"}, headers=JSON)
    chat("fail_error_in_stream", "an error after the first token, without finish reason",
         [*some, data({"error": {"message": "Provider returned error", "code": 502}})],
         {"failure": "http_5xx", "message_has": "after the first token"})
    chat("fail_error_with_choices", "an error beside a finish reason \"error\"",
         [*some, data({"error": {"message": "Upstream idle", "code": 429},
                       "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]})],
         {"failure": "rate_limited"})
    chat("fail_error_event", "an event named error whose data is no error object",
         [*some, data({"message": "worker died", "status": 500}, "error")],
         {"failure": "http_5xx", "message_has": "worker died"})
    chat("broken_character", "a character cut between two frames",
         [ROLE.encode(), chunk({"content": "Hi X"}).encode().replace(b"X", b"\xf0\x9f"),
          chunk({"content": "X!"}).encode().replace(b"X", b"\x98\x80"), STOP.encode(), DONE.encode()],
         {"failure": "ok", "note_has": "ill-formed UTF-8"})
    cast("array_of_chunks", "a stream that came as one JSON array has no time of a first token",
         [(50, "[" + ROLE[6:-2] + ",\n"), (90, answer_chunks("Hello")[0][6:-2] + ",\n" + STOP[6:-2] + "]")],
         {"failure": "ok", "answer": "Hello", "ttft": None, "streamed": False}, headers=JSON)
    cast("fail_rate_limited_date", "429 with a date", [(10, "{}")],
         {"failure": "rate_limited", "retry_after": 90}, status=429,
         headers={**JSON, "retry-after": "Sun, 06 Nov 1994 08:51:07 GMT",
                  "date": "Sun, 06 Nov 1994 08:49:37 GMT"})
    chat("fail_stray_error", "an error without data:",
         [*some, json.dumps({"error": {"message": "CUDA out of memory", "type": "server_error"}}) + "\n"],
         {"failure": "http_5xx", "message_has": "CUDA"})
    chat("fail_broken_frame", "a frame in the middle that is no JSON",
         [ROLE, "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Hel\n\n",
          chunk({"content": "lo"}), STOP, DONE],
         {"failure": "protocol_error", "message_has": "no JSON"})
    chat("stray_words", "words between the frames are let pass",
         [ROLE, "data: processing\n\n", *answer_chunks("Fine."), STOP, usage(2), DONE],
         {"failure": "ok", "answer": "Fine.", "note_has": "processing"})
    chat("fail_other_api", "the shape of another API",
         [json.dumps({"model": "x", "message": {"role": "assistant", "content": "Hi"}, "done": True})],
         {"failure": "protocol_error", "message_has": "\"ollama\""}, headers=JSON)
    chat("fail_gzip", "compressed though nobody asked", [b"\x1f\x8b\x08\x00\x00\x00"],
         {"failure": "protocol_error", "message_has": "gzip"}, headers={**SSE, "content-encoding": "gzip"})
    chat("wrong_content_type", "a stream that calls itself JSON",
         [ROLE, *answer_chunks("Fine."), STOP, usage(2), DONE],
         {"failure": "ok", "answer": "Fine.", "note_has": "content type"}, headers=JSON)
    cast("stream_ignored", "one JSON value where a stream was asked for", [(400, whole({"content": "Fine."}))],
         {"failure": "ok", "answer": "Fine.", "note_has": "a stream was asked for", "ttft": None,
          "ttfa": None, "streamed": False}, headers=JSON)
    long = "word " * 400
    chat("lie_too_few", "usage claims 3 tokens for 2,000 bytes",
         [ROLE, *answer_chunks(long, 100), STOP, usage(3), DONE],
         {"failure": "ok", "answer": long, "source": "estimate", "output": 500,
          "note_has": "claims 3 output tokens"})
    chat("lie_too_many", "usage claims 5,000 tokens for two bytes",
         [ROLE, *answer_chunks("Hi"), STOP, usage(5000), DONE],
         {"failure": "ok", "source": "estimate", "note_has": "claims 5000"})
    chat("lie_reasoning", "more reasoning than output",
         [ROLE, *answer_chunks("Hi"), STOP, usage(2, 700), DONE],
         {"failure": "ok", "source": "estimate", "note_has": "700 reasoning tokens"})
    chat("lie_total", "counts that do not add up",
         [ROLE, *answer_chunks("Hi"), STOP,
          data({"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 2,
                                         "total_tokens": 900}}), DONE],
         {"failure": "ok", "output": 2, "note_has": "do not add up"})
    chat("lie_no_number", "usage that is no number",
         [ROLE, *answer_chunks("Hi"), STOP,
          data({"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": "2"}}), DONE],
         {"failure": "ok", "source": "estimate", "note_has": "no natural number"})
    chat("usage_beside_reasoning", "a server that counts the reasoning beside the output",
         [ROLE, *reasoning_chunks("Let me think about it."), *answer_chunks("Done."), STOP,
          data({"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 30,
                                         "completion_tokens_details": {"reasoning_tokens": 8}}}), DONE],
         {"failure": "ok", "source": "usage", "output": 10, "reasoning_tokens": 8})


def known_misreadings():
    """One for each public thread in which a tool was found to misread reasoning."""
    chat("seen_only_reasoning_counted", "a tool that reads content alone printed 0 tokens and no time",
         [ROLE, *reasoning_chunks("Counting the sheep in the field."), *answer_chunks("Nine."), STOP,
          usage(11, 8), DONE], {"failure": "ok", "ttft": 0.12, "ttfa": 0.16, "output": 11})
    chat("seen_role_frame_stopped_the_clock", "a role frame with empty content at the opening of the stream",
         [chunk({"role": "assistant", "content": "", "reasoning_content": None}),
          *[": ping\n\n"] * 40, *reasoning_chunks("Hm."), *answer_chunks("Yes."), STOP, usage(5, 2), DONE],
         {"failure": "ok", "ttfe": 0.1, "ttft": 0.92, "ttfa": 0.94})
    chat("seen_crash_without_content", "no delta ever has the key content",
         [chunk({"role": "assistant"}), *reasoning_chunks("Hm.", "reasoning"), chunk({}, "stop"), DONE],
         {"failure": "reasoning_only", "reasoning": "Hm."})
    chat("seen_details_after_reasoning", "reasoning, then reasoning_details, then encrypted frames alone",
         [ROLE, chunk({"reasoning": "A", "reasoning_details": [{"type": "reasoning.text", "text": "A"}]}),
          chunk({"reasoning": "B"}),
          chunk({"content": "", "reasoning_details": [{"type": "reasoning.encrypted", "data": "eA=="}]}),
          *answer_chunks("Done."), STOP, usage(6, 3), DONE],
         {"failure": "ok", "reasoning": "AB", "answer": "Done.", "ttft": 0.12, "ttfa": 0.18})
    chat("seen_usage_only_frames", "frames with usage alone, choices empty or missing",
         [ROLE, data({"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 0}}),
          data({"usage": {"prompt_tokens": 20, "completion_tokens": 1}}), *answer_chunks("Fine."), STOP,
          usage(2), DONE], {"failure": "ok", "answer": "Fine.", "ttft": 0.16, "output": 2})
    chat("seen_fast_after_silence", "thinking is silent, then all tokens at once",
         [ROLE, *answer_chunks("Nine hundred"), STOP, usage(930, 926), DONE],
         {"failure": "ok", "hidden": True, "output": 930, "reasoning_tokens": 926, "ttfr": None})
    chat("seen_null_content_and_stop", "content null with finish reason stop",
         [data({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None,
                                                   "reasoning_content": "All of it."},
                             "finish_reason": "stop"}]}), DONE],
         {"failure": "reasoning_only", "answer": "", "reasoning": "All of it."})


seed_failure()
openai_rows()
inline_tags()
responses_rows()
anthropic_rows()
ollama_rows()
failures()
known_misreadings()
vendor_casts.write_all()
for path in FOLDER.glob("*.sgcast"):
    if path.name not in written:
        path.unlink()
