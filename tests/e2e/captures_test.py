#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests as client programs send them, replayed against `stride serve` with the bundled model: each gets 200 and an
answer, or a stream, that the strictest client of its dialect reads. tests/data/captures holds recorded ones, shortened;
CLIENTS below holds what other programs are known to send. Answers are kept short; what they say does not matter.

Usage: captures_test.py STRIDE SOURCE_FOLDER [FOLDER_OF_CAPTURES]
Whole captures have prompts of 40,000 tokens and more; for these a longer context is made room for.
"""
import glob
import json
import os
import re
import sys
import unittest

from serving import Server
from strict_clients import dialect_of, read

STRIDE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
FOLDER = sys.argv[3] if len(sys.argv) > 3 else os.path.join(SOURCE, "tests/data/captures")
MOST_TOKENS = 24
CONTEXT = ["-c", "65536"] if len(sys.argv) > 3 else []
LIMITS = {"chat": "max_tokens", "completions": "max_tokens", "messages": "max_tokens", "responses": "max_output_tokens"}

TOOL = {"type": "function", "function": {"name": "read_file", "description": "Reads a file.", "parameters": {
    "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": "{\"path\": \"a\"}"}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a"}}
HI = [{"role": "user", "content": "Hi"}]
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"

# name, path, body, further headers
CLIENTS = [
    ("langchain", CHAT, {"model": "gpt-4o", "n": 1, "stream": True, "stream_options": {"include_usage": True},
                         "messages": [{"role": "system", "content": "Be kind."},
                                      {"role": "user", "content": "Hi", "name": "ann"},
                                      {"role": "assistant", "content": None, "tool_calls": [CALL]},
                                      {"role": "tool", "content": "text", "tool_call_id": "call_1"}],
                         "tools": [TOOL], "parallel_tool_calls": False, "tool_choice": "auto"}, {}),
    ("langchain, content in parts", CHAT, {"model": "m", "stream": False, "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}, {"type": "thinking", "thinking": "x"}]},
        {"role": "user", "content": [{"type": "text", "text": "Go"}]}]}, {}),
    ("llamaindex", CHAT, {"model": "m", "temperature": 0.1, "stream": False, "max_tokens": None, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "tool_calls": [{**CALL, "index": 0}]},
        {"role": "tool", "content": None, "tool_call_id": "call_1", "name": "read_file"}],
        "tools": [{**TOOL, "strict": None}]}, {}),
    ("aider", CHAT, {"model": "openai/step", "stream": True, "temperature": 0, "messages": [
        {"role": "system", "content": "Act as an expert."}, {"role": "user", "content": "I want `x`."},
        {"role": "assistant", "content": "Ok."}, {"role": "user", "content": "Change it."},
        {"role": "assistant", "content": "Ok."}, {"role": "user", "content": "Now."}],
        "extra_headers": {"a": "b"}}, {}),
    ("cline", CHAT, {"model": "m", "stream": True, "temperature": 0, "reasoning_effort": "medium",
                     "stream_options": {"include_usage": True}, "messages": [
                         {"role": "system", "content": "You are Cline."},
                         {"role": "user", "content": [{"type": "text", "text": "<task>x</task>"},
                                                      {"type": "text", "text": "<environment_details>"}]}]}, {}),
    ("continue", CHAT, {"model": "m", "max_tokens": 4096, "stream": True, "messages": HI, "temperature": 0.5,
                        "stop": ["</tool>"], "cachePrompt": True, "tools": [TOOL], "parallel_tool_calls": False}, {}),
    ("zed", CHAT, {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
                   "stream": True, "stop": [], "temperature": 1.0, "tools": [TOOL], "tool_choice": "auto",
                   "parallel_tool_calls": False, "prompt_cache_key": "t", "max_completion_tokens": None}, {}),
    ("open-webui", CHAT, {"model": "m", "stream": True, "messages": HI, "stream_options": {"include_usage": True},
                          "metadata": {"chat_id": "c"}, "features": {"web_search": False}, "session_id": "s",
                          "background_tasks": {"title_generation": True}, "tool_ids": [], "files": []}, {}),
    ("litellm", CHAT, {"model": "m", "messages": HI, "stream": True, "stream_options": {"include_usage": True},
                       "reasoning_effort": "low", "drop_params": True, "thinking": {"type": "enabled",
                                                                                   "budget_tokens": 1024}}, {}),
    ("cursor", CHAT, {"model": "gpt-5", "stream": True, "messages": [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]}],
        "tools": [{"type": "function", "name": "read_file", "description": "x", "parameters": {"type": "object"}},
                  {"name": "grep", "description": "y", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto"}, "user": "u", "stream_options": {"include_usage": True}}, {}),
    ("goose", CHAT, {"model": "m", "messages": [{"role": "developer", "content": "You are goose."}] + HI,
                     "tools": [TOOL], "temperature": 0.0, "max_completion_tokens": 100, "stream": True,
                     "stream_options": {"include_usage": True}}, {}),
    ("lm studio's examples", CHAT, {"model": "m", "messages": HI, "temperature": 0.7, "max_tokens": -1,
                                    "stream": True}, {}),
    ("llama.cpp's page", CHAT, {"messages": HI, "stream": True, "cache_prompt": True, "reasoning_format": "none",
                                "samplers": "edkypmxt", "dynatemp_range": 0, "dynatemp_exponent": 1, "top_k": 40,
                                "xtc_probability": 0, "xtc_threshold": 0.1, "typical_p": 1, "max_tokens": -1,
                                "timings_per_token": True}, {}),
    ("deepseek's clients", CHAT, {"model": "m", "messages": HI + [
        {"role": "assistant", "content": "Hello", "reasoning_content": "Hm"}, {"role": "user", "content": "Go"}],
        "thinking": {"type": "disabled"}, "stream": True, "response_format": {"type": "text"}}, {}),
    ("openrouter's clients", CHAT, {"model": "stepfun/step", "messages": HI + [
        {"role": "assistant", "content": "Hello", "reasoning_details": [
            {"type": "reasoning.text", "text": "Hm", "format": "unknown", "index": 0}]},
        {"role": "user", "content": "Go"}], "reasoning": {"effort": "high", "exclude": False}, "stream": True,
        "usage": {"include": True}, "provider": {"order": []}, "transforms": []}, {}),
    ("older functions", CHAT, {"model": "m", "messages": HI + [
        {"role": "assistant", "content": None, "function_call": {"name": "read_file", "arguments": "{}"}},
        {"role": "function", "name": "read_file", "content": "text"}],
        "functions": [TOOL["function"]], "function_call": "auto"}, {}),
    ("anthropic, everything", MESSAGES, {
        "model": "claude-opus-4-5", "max_tokens": 100, "stream": True, "temperature": 1,
        "system": [{"type": "text", "text": "x-anthropic-billing-header: cch=12345;"},
                   {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "xhigh"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "metadata": {"user_id": "u"}, "service_tier": "auto", "betas": ["a"], "mcp_servers": [], "container": None,
        "tools": [{"name": "read_file", "description": "", "input_schema": {"type": "object"},
                   "cache_control": {"type": "ephemeral"}, "eager_input_streaming": True},
                  {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
                  {"type": "bash_20250124", "name": "bash"}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "foreign"},
                {"type": "redacted_thinking", "data": "abc"}, {"type": "text", "text": "Yes", "citations": None}, USE,
                {**USE, "id": "toolu_2"}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": [{"type": "text", "text": "2"}]},
                {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True},
                {"type": "text", "text": "<system-reminder>x</system-reminder>"}]},
            {"role": "assistant", "content": []},
            {"role": "user", "content": "Go"}]},
     {"anthropic-version": "2023-06-01", "anthropic-beta": "interleaved-thinking-2025-05-14,context-1m-2025-08-07",
      "x-stainless-lang": "js", "anthropic-dangerous-direct-browser-access": "true"}),
    ("anthropic, thinking off and prefill", MESSAGES, {
        "model": "claude-haiku-4-5", "max_tokens": 100, "thinking": {"type": "disabled"}, "stream": True,
        "messages": HI + [{"role": "assistant", "content": [{"type": "text", "text": "{"}]}],
        "stop_sequences": ["}"]}, {"anthropic-version": "2023-06-01"}),
    ("anthropic, a schema", MESSAGES, {
        "model": "m", "max_tokens": 100, "stream": True, "messages": HI, "output_config": {"format": {
            "type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "integer"}},
                                              "required": ["a"], "additionalProperties": False}}}}, {}),
    ("codex", RESPONSES, {
        "model": "gpt-5-codex", "instructions": "You are Codex.", "stream": True, "store": False,
        "input": [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "x"}]},
                  {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                  {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "foreign"},
                  {"type": "local_shell_call", "call_id": "c1", "status": "completed",
                   "action": {"type": "exec", "command": ["ls"]}},
                  {"type": "local_shell_call_output", "call_id": "c1", "output": "a"},
                  {"type": "custom_tool_call", "call_id": "c2", "name": "apply_patch", "input": "*** Begin"},
                  {"type": "custom_tool_call_output", "call_id": "c2", "output": [
                      {"type": "input_text", "text": "done"}]},
                  {"type": "web_search_call", "status": "completed", "action": {"type": "search"}},
                  {"type": "compaction", "encrypted_content": "x"}, {"type": "ghost_snapshot"}],
        "tools": [{"type": "custom", "name": "apply_patch", "description": "x",
                   "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}},
                  {"type": "local_shell"}, {"type": "web_search", "external_web_access": False}],
        "tool_choice": "auto", "parallel_tool_calls": True, "reasoning": {"effort": "medium", "summary": "auto"},
        "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k", "client_metadata": {"a": "b"},
        "text": {"verbosity": "low"}, "service_tier": None}, {"originator": "codex_cli_rs", "session_id": "s"}),
    ("openai's probe", RESPONSES, {"model": "m", "input": [], "max_output_tokens": 1, "stream": True}, {}),
    ("text-completion clients", "/v1/completions", {
        "model": "m", "prompt": "def f(", "max_tokens": 8, "stream": True, "stop": ["\n\n"], "n": 1, "best_of": 1,
        "logprobs": None, "echo": False, "suffix": "", "stream_options": {"include_usage": True}}, {}),
    ("evaluation harnesses", "/v1/completions", {
        "model": "m", "prompt": [[10, 11, 12, 13]], "max_tokens": 1, "logprobs": 1, "echo": True, "seed": 1234,
        "temperature": 0}, {}),
]


# What this server does not do, and says so: the status, and a word of the sentence.
def refusal_of(path, body):
    text = json.dumps(body)
    if path.startswith("/v1/embeddings"):
        return 501, "embeddings"
    if "thread" in body:
        return 400, "threads"
    if re.search(r'"type": "(image|image_url|input_image)"', text):
        return 400, "image"
    return None


def captured():
    for path in sorted(glob.glob(os.path.join(FOLDER, "**", "*.json"), recursive=True)):
        with open(path) as file:
            capture = json.load(file)
        if isinstance(capture, dict) and capture.get("method") == "POST" and isinstance(capture.get("body"), dict):
            yield os.path.relpath(path, FOLDER), capture["path"], capture["body"], {}


class Captures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(STRIDE, "serve", "--temp", "0", "--state", "-", *CONTEXT)

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    def ask(self, path, body, headers):
        status, _, text = self.server.ask("POST", path, body, {"Content-Type": "application/json", **headers})
        return status, text

    def replay(self, path, body, headers):
        dialect = dialect_of(path)
        body = dict(body)
        limit = LIMITS[dialect]
        if limit == "max_tokens" and "max_completion_tokens" in body and body["max_completion_tokens"]:
            limit = "max_completion_tokens"
        given = body.get(limit)
        body[limit] = MOST_TOKENS if not given or given < 0 else min(given, MOST_TOKENS)
        status, text = self.ask(path, body, headers)
        if refusal := refusal_of(path, body):
            self.assertEqual(status, refusal[0], text[:500])
            self.assertIn(refusal[1], json.loads(text)["error"]["message"])
            return
        self.assertEqual(status, 200, text[:500])
        if "count_tokens" in path:
            self.assertGreater(json.loads(text)["input_tokens"], 0)
            return
        if not body.get("stream"):
            self.check_whole(dialect, json.loads(text))
            return
        said = read(dialect, text)
        self.assertIsNotNone(said["reason"])
        for _, arguments in said["calls"]:
            if said["reason"] not in ("length", "max_tokens", "incomplete"):
                json.loads(arguments or "{}")

    def check_whole(self, dialect, answer):
        usage = answer["usage"]
        self.assertGreater(usage.get("prompt_tokens", usage.get("input_tokens", 0)) +
                           usage.get("cache_read_input_tokens", 0), 0)
        if dialect == "messages":
            self.assertTrue(answer["content"] and answer["stop_reason"])
        elif dialect == "responses":
            self.assertIn(answer["status"], ("completed", "incomplete"))
        else:
            self.assertTrue(all(c["finish_reason"] for c in answer["choices"]))

    def test_recorded_requests(self):
        n = 0
        for name, path, body, headers in captured():
            with self.subTest(name):
                self.replay(path, body, headers)
            n += 1
        self.assertGreaterEqual(n, 10)
        print(f"{n} recorded requests were replayed", file=sys.stderr)

    def test_other_clients(self):
        for name, path, body, headers in CLIENTS:
            with self.subTest(name):
                self.replay(path, body, headers)

    # What cannot be served is refused in one sentence that names the place.
    def test_refusals(self):
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
        source = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
        for path, body, words in [
                (CHAT, {"messages": [{"role": "user", "content": [image]}]}, "messages[0].content[0]"),
                (MESSAGES, {"max_tokens": 9, "messages": [{"role": "user", "content": [source]}]},
                 "messages.0.content.0"),
                (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
                 "input[0].content[0]"),
                (CHAT, {"messages": HI, "thinking": {"type": "enabled"}, "reasoning_effort": "none"}, "turns"),
                (CHAT, {"messages": HI, "logit_bias": {"99999999": 1}}, "logit_bias"),
                (CHAT, {"messages": HI, "stop_token_ids": [99999999]}, "stop_token_ids"),
                (CHAT, {"messages": HI, "min_tokens": 9, "max_tokens": 5}, "min_tokens"),
                ("/v1/completions", {"prompt": "x", "suffix": "y"}, "suffix"),
                ("/v1/completions", {"prompt": "x", "best_of": 5}, "best_of")]:
            status, text = self.ask(path, body, {})
            self.assertEqual(status, 400, text)
            self.assertIn(words, json.loads(text)["error"]["message"])
        status, text = self.ask(RESPONSES, {"input": [{"type": "item_reference", "id": "rs_gone"}]}, {})
        self.assertEqual(status, 404)
        self.assertIn("rs_gone", text)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:])
