# SPDX-License-Identifier: Apache-2.0
"""How servers and services differ from each other: their odd habits, written after their public
documentation, with synthetic texts."""
import json

from cast_lines import (DONE, JSON, NDJSON, ROLE, STOP, answer_chunks, cast, chat, chunk, data, paced,
                        reasoning_chunks, usage, whole)

SOME = [ROLE, *answer_chunks("Hello")]


def local_servers():
    chat("vendor_llama_server", "progress of the prompt, reasoning_content, timings beside the usage",
         [chunk({"role": "assistant", "content": None}, prompt_progress={"total": 900, "processed": 512}),
          chunk({"content": None}, prompt_progress={"total": 900, "processed": 900}),
          *reasoning_chunks("Let me see."), *answer_chunks("Fine."), STOP,
          data({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 6, "total_tokens": 906},
                "timings": {"prompt_n": 900, "predicted_n": 6, "predicted_per_second": 41.5}}), DONE],
         {"failure": "ok", "reasoning": "Let me see.", "answer": "Fine.", "ttft": 0.14, "output": 6,
          "notes": 0})
    chat("vendor_llama_server_error", "an error on a line of its own kind, without data:",
         [*SOME, "error: " + json.dumps({"code": 500, "message": "slot is broken", "type": "server_error"}) +
          "\n\n"], {"failure": "http_5xx", "message_has": "slot is broken"})
    chat("vendor_vllm", "one reasoning under two names, usage null, a stop reason that is a number",
         [chunk({"role": "assistant", "content": "", "reasoning_content": None}, prompt_token_ids=None),
          chunk({"reasoning": "Let me see.", "reasoning_content": "Let me see."}, usage=None),
          *answer_chunks("Fine."),
          data({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop",
                             "stop_reason": 128009, "token_ids": None}]}), usage(6), DONE],
         {"failure": "ok", "reasoning": "Let me see.", "answer": "Fine.", "finish": "stop"})
    chat("vendor_vllm_engine_died", "an error object in the stream, then the end marker",
         [*SOME, data({"error": {"message": "EngineCore encountered an issue.",
                                 "type": "InternalServerError", "param": None, "code": 500}}), DONE],
         {"failure": "http_5xx", "message_has": "EngineCore"})
    chat("vendor_vllm_abort", "the server dropped the request and says so in the finish reason",
         [*SOME, chunk({"content": ""}, "abort"), DONE],
         {"failure": "http_5xx", "answer": "Hello", "message_has": "abort"})
    cast("vendor_vllm_bad_request", "the error object without a member error",
         [(10, json.dumps({"object": "error", "message": "max_tokens is too large: 9000",
                           "type": "BadRequestError", "param": None, "code": 400}))],
         {"failure": "http_4xx", "message_has": "max_tokens is too large"}, status=400, headers=JSON)
    chat("vendor_sglang", "matched_stop, null in every unused member, cached tokens",
         [chunk({"role": "assistant", "content": "", "reasoning_content": None, "tool_calls": None}),
          chunk({"content": None, "reasoning_content": "Hm.", "tool_calls": None}),
          chunk({"content": "Fine.", "reasoning_content": None, "tool_calls": None}),
          data({"choices": [{"index": 0, "delta": {"content": None}, "finish_reason": "stop",
                             "matched_stop": 151645}]}),
          usage(4, prompt_tokens_details={"cached_tokens": 12}), DONE],
         {"failure": "ok", "reasoning": "Hm.", "answer": "Fine.", "cached": 12, "notes": 0})
    chat("vendor_sglang_abort", "an abort that carries the reason as an object",
         [ROLE, data({"error": {"object": "error", "message": "The request is aborted: queue is full",
                                "type": "Service Unavailable", "code": 503}}), DONE],
         {"failure": "http_5xx", "message_has": "queue is full"})
    chat("vendor_lm_studio", "tags in the content, and statistics of its own in the last chunk",
         [ROLE, *answer_chunks("<think>\nHm.\n</think>\n\nFine."),
          chunk({}, "stop", stats={"tokens_per_second": 51.4}), usage(9), DONE],
         {"failure": "ok", "reasoning": "\nHm.\n", "answer": "Fine.", "tag_leak": False})
    chat("vendor_lm_studio_error", "an error event whose data has the error inside",
         [*SOME, data({"error": {"message": "The model has crashed without additional information."}},
                      "error")],
         {"failure": "protocol_error", "message_has": "crashed"})
    chat("vendor_ollama_chat", "the role in every chunk, reasoning, an empty content beside it",
         [*(chunk({"role": "assistant", "content": "", "reasoning": t}) for t in ["Let me ", "see."]),
          chunk({"role": "assistant", "content": "Fine."}), chunk({"role": "assistant", "content": ""}, "stop"),
          usage(5), DONE], {"failure": "ok", "reasoning": "Let me see.", "answer": "Fine."})
    chat("vendor_ollama_load", "the model was only loaded",
         [json.dumps({"model": "step", "message": {"role": "assistant", "content": ""},
                      "done_reason": "load", "done": True}) + "\n"],
         {"failure": "empty_answer", "message_has": "load"}, api="ollama", headers=NDJSON)
    chat("vendor_tgi_error", "an error that is a text with a type beside it",
         [data({"error": "Input validation error: inputs must have less than 4096 tokens",
                "error_type": "validation"})],
         {"failure": "http_4xx", "message_has": "less than 4096 tokens"})


def services():
    comment = ": OPENROUTER PROCESSING\n\n"
    chat("vendor_openrouter", "comments, one reasoning in two forms, a finish reason in two forms, cost",
         [comment, comment,
          chunk({"role": "assistant", "content": "", "reasoning": "Hm.", "reasoning_details": [
              {"type": "reasoning.text", "text": "Hm.", "index": 0, "format": "unknown"}]},
                provider="StepFun"),
          chunk({"role": "assistant", "content": "Fine.", "reasoning": None}, provider="StepFun"),
          data({"provider": "StepFun", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""},
                                                    "finish_reason": "stop", "native_finish_reason": "stop"}]}),
          comment, usage(5, 2, cost=0.00021, cost_details={"upstream_inference_cost": None}), DONE],
         {"failure": "ok", "reasoning": "Hm.", "answer": "Fine.", "cost": 0.00021, "ttfe": 0.1,
          "ttft": 0.14})
    cast("vendor_openrouter_error", "an error of the provider under status 200",
         [(10, "\n\n   \n" + json.dumps({"error": {
             "message": "Provider returned error", "code": 429,
             "metadata": {"raw": "rate limited upstream", "provider_name": "StepFun"}}, "user_id": "u"}))],
         {"failure": "rate_limited", "message_has": "Provider returned error"}, headers=JSON)
    chat("vendor_openrouter_error_chunk", "the error stands in the choice, the finish reason is error",
         [*SOME, comment,
          data({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error",
                             "native_finish_reason": None,
                             "error": {"code": 502, "message": "Upstream connection closed"}}]})],
         {"failure": "http_5xx", "message_has": "Upstream connection closed"})
    chat("vendor_openrouter_error_bare", "the finish reason error and no word more",
         [*SOME, chunk({"content": ""}, "error"), DONE],
         {"failure": "http_5xx", "answer": "Hello", "message_has": "error"})
    chat("vendor_stepfun", "reasoning in delta.reasoning, the role in every chunk, usage in every chunk",
         [chunk({"role": "assistant", "content": "", "reasoning": "Let me "},
                usage={"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21, "cached_tokens": 8}),
          chunk({"role": "assistant", "content": "", "reasoning": "see."}),
          chunk({"role": "assistant", "content": "Fine."}),
          chunk({"role": "assistant", "content": ""}, "stop",
                usage={"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25, "cached_tokens": 8}),
          DONE],
         {"failure": "ok", "reasoning": "Let me see.", "answer": "Fine.", "output": 5, "cached": 8})
    chat("vendor_gemini", "thoughts between tags in the content, the role in every chunk",
         [*(chunk({"role": "assistant", "content": t, "extra_content": {"google": {"thought": True}}})
            for t in ["<thought>Let me ", "see."]),
          chunk({"role": "assistant", "content": "</thought>Fine."}, "stop"), DONE],
         {"failure": "ok", "reasoning": "Let me see.", "answer": "Fine."})
    chat("vendor_gemini_budget", "hidden thinking took the budget; only the sum of the tokens tells of it",
         [chunk({"role": "assistant"}, "length",
                usage={"prompt_tokens": 20, "completion_tokens": 0, "total_tokens": 420}), DONE],
         {"failure": "truncated_in_reasoning", "hidden": True, "reasoning_tokens": 400, "answer": ""})
    cast("vendor_gemini_quota", "an error object inside a list",
         [(10, json.dumps([{"error": {"code": 429, "message": "You exceeded your current quota.",
                                      "status": "RESOURCE_EXHAUSTED"}}], indent=2))],
         {"failure": "rate_limited", "message_has": "current quota"}, status=429, headers=JSON)
    chat("vendor_azure", "the verdict on the prompt in a frame of its own, empty choices, empty model",
         [data({"choices": [], "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]}),
          chunk({"role": "assistant", "content": ""}, content_filter_results={}),
          *answer_chunks("Fine."), STOP, DONE],
         {"failure": "ok", "answer": "Fine.", "ttft": 0.14})
    chat("vendor_deepseek", "comments that keep the connection, cached tokens under a name of its own",
         [": keep-alive\n\n", ROLE, *reasoning_chunks("Hm."), *answer_chunks("Fine."), STOP,
          usage(4, 2, prompt_cache_hit_tokens=16, prompt_cache_miss_tokens=4), DONE],
         {"failure": "ok", "reasoning": "Hm.", "answer": "Fine.", "cached": 16})
    cast("vendor_deepseek_busy", "blank lines keep the connection of a request without a stream",
         [(100, "\n"), (200, "\n"), (900, whole({"content": "Fine.", "reasoning_content": "Hm."}))],
         {"failure": "ok", "answer": "Fine.", "reasoning": "Hm.", "ttfe": 0.9}, headers=JSON, stream=False)
    chat("vendor_deepseek_overload", "the finish reason of a system without room",
         [*SOME, chunk({"content": ""}, "insufficient_system_resource"), DONE],
         {"failure": "http_5xx", "message_has": "insufficient_system_resource"})
    cast("vendor_minimax_error", "choices null and the error in base_resp",
         [(10, json.dumps({"id": "0a", "choices": None, "base_resp": {
             "status_code": 1008, "status_msg": "insufficient balance"}}))],
         {"failure": "protocol_error", "message_has": "insufficient balance"}, headers=JSON)
    chat("vendor_dashscope", "the finish reason is the word null until the end",
         [chunk({"role": "assistant", "content": ""}, "null"), chunk({"content": "Fi"}, "null"),
          chunk({"content": "ne."}, "null"), chunk({"content": ""}, "stop"), DONE],
         {"failure": "ok", "answer": "Fine.", "finish": "stop"})
    chat("vendor_dashscope_cut", "a stream that ends while the finish reason is the word null",
         [chunk({"role": "assistant", "content": ""}, "null"), chunk({"content": "Fi"}, "null")],
         {"failure": "stream_cut", "answer": "Fi"})
    chat("vendor_groq", "usage in a member of its own",
         [chunk({"role": "assistant", "content": ""}, x_groq={"id": "req"}), *answer_chunks("Fine."),
          chunk({}, "stop", x_groq={"id": "req", "usage": {
              "prompt_tokens": 20, "completion_tokens": 3, "total_tokens": 23}}), DONE],
         {"failure": "ok", "answer": "Fine.", "output": 3, "source": "usage"})
    chat("vendor_filtered", "a filter that writes its reason in capitals",
         [*SOME, chunk({}, "PROHIBITED_CONTENT"), DONE], {"failure": "content_filter"})
    cast("vendor_gateway_code", "an error that has a code and a message and no member error",
         [(10, json.dumps({"code": 40003, "message": "model step-x is not available", "success": False}))],
         {"failure": "protocol_error", "message_has": "step-x is not available"}, headers=JSON)


def other_apis():
    def event(kind, **more):
        return data({"type": kind, **more}, kind)

    created = event("response.created", response={"id": "r", "model": "step", "status": "queued"})

    def end(status, kind="completed", **more):
        return event(f"response.{kind}", response={"id": "r", "object": "response", "status": status,
                                                   "error": None, "output": [], **more})

    says = event("response.output_text.delta", item_id="m", delta="Hel")
    chat("vendor_responses_incomplete", "incomplete without details",
         [created, says, end("incomplete", "incomplete", incomplete_details=None)],
         {"failure": "truncated_in_answer", "answer": "Hel"}, api="responses")
    chat("vendor_responses_error", "an event error with the members flat",
         [created, says, event("error", code="rate_limit_exceeded", message="Slow down", param=None)],
         {"failure": "rate_limited", "message_has": "Slow down"}, api="responses")
    cast("vendor_responses_queued", "the answer of a background request",
         [(10, json.dumps({"id": "r", "object": "response", "status": "queued", "output": []}))],
         {"failure": "protocol_error", "message_has": "queued"}, api="responses", headers=JSON, stream=False)
    chat("vendor_responses_cancelled", "somebody cancelled the response",
         [created, says, end("cancelled")], {"failure": "http_5xx", "message_has": "cancelled"},
         api="responses")
    start = event("message_start", message={"role": "assistant", "model": "step",
                                            "usage": {"input_tokens": 12, "output_tokens": 1}})
    text = [event("content_block_start", index=2, content_block={"type": "text", "text": ""}),
            event("content_block_delta", index=2, delta={"type": "text_delta", "text": "Fine."}),
            event("content_block_delta", index=2, delta={"type": "citations_delta", "citation": {}}),
            event("content_block_stop", index=2)]
    stop = [event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}),
            event("message_stop")]
    server = [event("content_block_start", index=0, content_block={
                  "type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}),
              event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": "{}"}),
              event("content_block_stop", index=0),
              event("content_block_start", index=1, content_block={
                  "type": "web_search_tool_result", "tool_use_id": "s", "content": []}),
              event("content_block_stop", index=1)]
    chat("vendor_anthropic_server_tool", "a tool that the service runs itself is no call",
         [start, *server, *text, *stop], {"failure": "ok", "answer": "Fine.", "calls": []}, api="anthropic")
    chat("vendor_anthropic_pings", "pings while it thinks, and none of them is a token",
         [start, *[event("ping")] * 3, *text, event("ping"), *stop],
         {"failure": "ok", "answer": "Fine.", "ttft": 0.2}, api="anthropic")
    chat("vendor_anthropic_rate_limit", "an error event before any block",
         [event("error", error={"type": "rate_limit_error", "message": "Number of tokens per minute"})],
         {"failure": "rate_limited"}, api="anthropic")
    cast("vendor_anthropic_error_body", "an error body under status 529",
         [(10, json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"},
                           "request_id": "req"}))],
         {"failure": "http_5xx", "message_has": "Overloaded"}, api="anthropic", status=529, headers=JSON)


def damaged():
    """Streams that no specification has."""
    chat("damaged_lone_surrogates", "a picture written as two escapes, one in each frame",
         [ROLE, chunk({"content": "Hi X"}).replace("X", "\\ud83d"), chunk({"content": "X!"}).replace("X", "\\ude00"),
          STOP, DONE], {"failure": "ok", "note_has": "surrogate"})
    chat("damaged_nan", "a probability that is no JSON",
         [ROLE, chunk({"content": "Hi"}).replace("\"index\": 0", "\"logprob\": NaN, \"index\": 0"), STOP, DONE],
         {"failure": "protocol_error", "message_has": "no JSON"})
    chat("damaged_types", "members of other types than they should have",
         [data({"choices": {}}), data({"choices": [None, 3, "x", []]}),
          data({"choices": [{"index": "0", "delta": "no"}]}), data({"choices": [{"delta": {"content": 5}}]}),
          data({"choices": [{"delta": {"tool_calls": [None, {"function": []}, {"index": -1}]}}]}),
          chunk({"content": {"type": "text", "text": "Fine."}}), STOP, data({"usage": [1]}), DONE],
         {"failure": "ok", "answer": "Fine.", "calls": []})
    chat("damaged_late_text", "text after the finish reason", [*SOME, STOP, chunk({"content": " more"}), DONE],
         {"failure": "ok", "note_has": "after the finish reason"})
    chat("damaged_two_streams", "the chunks of two answers in one stream",
         [ROLE, chunk({"content": "Fi"}),
          data({"id": "chatcmpl-2", "choices": [{"index": 0, "delta": {"content": "XX"}}]}),
          chunk({"content": "ne."}), STOP, DONE],
         {"failure": "protocol_error", "message_has": "two answers"})
    chat("damaged_done_first", "the end marker comes first", [DONE, *SOME, STOP],
         {"failure": "protocol_error"})
    chat("damaged_page_inside", "a page in the middle of the stream",
         [*SOME, "<html><body>502 Bad Gateway</body></html>\n\n"], {"failure": "stream_cut"})
    cast("damaged_headers_again", "the header lines of a second response in the body",
         paced([*SOME, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n"]),
         {"failure": "stream_cut"})
    chat("damaged_deep", "a frame that nests 5,000 lists", [ROLE, "data: " + "[" * 5000 + "]" * 5000 + "\n\n", STOP, DONE],
         {"failure": "protocol_error"})
    chat("damaged_usage_only", "nothing but usage and the end marker", [usage(5), DONE], {"failure": "empty_answer"})
    cast("damaged_half_json", "a whole answer that was cut", [(10, whole({"content": "Hello there."})[:120])],
         {"failure": "stream_cut"}, headers=JSON, stream=False, end="cut")
    chat("damaged_arguments", "a call whose arguments are cut by the limit",
         [ROLE, chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "now", "arguments": "{\"a\":"}}]}),
          chunk({}, "length"), DONE], {"failure": "truncated_in_answer"})


def write_all():
    local_servers()
    services()
    other_apis()
    damaged()
