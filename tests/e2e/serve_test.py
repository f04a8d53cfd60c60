#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`stride serve` with the bundled model, as clients meet it: every endpoint, streamed and whole.

Usage: serve_test.py STRIDE SOURCE_FOLDER
"""
import json
import os
import socket
import sys
import tempfile
import time
import unittest

import serving

STRIDE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ASK = [{"role": "user", "content": "What is 347 + 285?"}]
WEATHER = {"name": "get_weather", "description": "Tells the weather in a city.",
           "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                          "required": ["city"]}}


class Server(serving.Server):
    def __init__(self, *flags):
        super().__init__(STRIDE, "serve", "--temp", "0", *flags)

    def events(self, path, headers=None, **body):
        """The events of a stream: (name, data)."""
        status, head, text = self.call("POST", path, {**body, "stream": True}, headers)
        assert status == 200, (status, text)
        assert head["Content-Type"].startswith("text/event-stream"), head["Content-Type"]
        out = []
        for block in text.split("\n\n"):
            lines = [line for line in block.split("\n") if line and not line.startswith(":")]
            if not lines:
                continue
            name = next((line[7:] for line in lines if line.startswith("event: ")), "")
            data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
            out.append((name, data if data == "[DONE]" else json.loads(data)))
        return out


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--state", "-")

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    # --- OpenAI chat

    def test_chat_streamed_is_chat_whole(self):
        status, _, whole = self.server.post("/v1/chat/completions", model="any-name", messages=ASK)
        self.assertEqual(status, 200, whole)
        message = whole["choices"][0]["message"]
        self.assertIn("632", message["content"])
        self.assertEqual(message["reasoning"], message["reasoning_content"])
        self.assertEqual(whole["model"], "any-name")
        self.assertEqual(whole["choices"][0]["finish_reason"], "stop")
        self.assertEqual(whole["timings"]["finish_cause"], "end_of_turn")
        usage = whole["usage"]
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["completion_tokens"])
        self.assertGreater(usage["completion_tokens_details"]["reasoning_tokens"], 0)

        chunks = [data for _, data in self.server.events(
            "/chat/completions?a=b", messages=ASK, stream_options={"include_usage": True})]
        self.assertEqual(chunks[-1], "[DONE]")
        self.assertEqual(chunks[0]["choices"][0]["delta"], {"role": "assistant", "content": ""})
        self.assertEqual(chunks[-2]["choices"], [])
        self.assertEqual(chunks[-2]["usage"]["completion_tokens"], usage["completion_tokens"])
        deltas = [c["choices"][0]["delta"] for c in chunks[:-2]]
        self.assertEqual("".join(d.get("content") or "" for d in deltas), message["content"])
        self.assertEqual("".join(d.get("reasoning", "") for d in deltas), message["reasoning"])

    def test_chat_calls_a_tool_and_goes_on(self):
        tools = [{"type": "function", "function": WEATHER}, {"type": "web_search"}]
        messages = [{"role": "user", "content": "What is the weather in Paris?"}]
        _, _, first = self.server.post("/v1/chat/completions", messages=messages, tools=tools)
        choice = first["choices"][0]
        self.assertEqual(choice["finish_reason"], "tool_calls", first)
        call = choice["message"]["tool_calls"][0]
        self.assertEqual(call["function"]["name"], "get_weather")
        self.assertEqual(json.loads(call["function"]["arguments"])["city"], "Paris")
        messages += [choice["message"],
                     {"role": "tool", "tool_call_id": call["id"], "content": "18 degrees, sunny"}]
        status, _, second = self.server.post("/v1/chat/completions", messages=messages, tools=tools)
        self.assertEqual(status, 200, second)
        # The turn is found again token for token, so nothing before the result is read again.
        reused = second["usage"]["prompt_tokens_details"]["cached_tokens"]
        self.assertGreaterEqual(reused, first["usage"]["prompt_tokens"] - 1, second["usage"])

    def test_logprobs_with_several_choices(self):
        _, _, whole = self.server.post("/v1/chat/completions", messages=ASK, logprobs=True,
                                       top_logprobs=2, n=2, temperature=1, seed=3)
        self.assertEqual([c["index"] for c in whole["choices"]], [0, 1])
        for choice in whole["choices"]:
            entry = choice["logprobs"]["content"][0]
            self.assertLessEqual(entry["logprob"], 0)
            self.assertEqual(len(entry["top_logprobs"]), 2)

    # --- OpenAI completions

    def test_completions(self):
        status, _, whole = self.server.post("/v1/completions", prompt="Once", max_tokens=5, ignore_eos=True)
        self.assertEqual(status, 200, whole)
        chunks = [d for _, d in self.server.events("/v1/completions", prompt="Once", max_tokens=5, ignore_eos=True)]
        text = "".join(c["choices"][0]["text"] for c in chunks[:-1])
        self.assertEqual(text, whole["choices"][0]["text"])
        self.assertEqual(whole["usage"]["completion_tokens"], 5)

    # --- Responses

    def test_responses_are_stored_and_continued(self):
        status, _, first = self.server.post("/v1/responses", input="What is 347 + 285?")
        self.assertEqual((status, first["status"]), (200, "completed"), first)
        self.assertIn("632", first["output_text"])
        self.assertEqual([i["type"] for i in first["output"]], ["reasoning", "message"])
        path = "/v1/responses/" + first["id"]
        self.assertEqual(self.server.call("GET", path)[2], first)
        items = self.server.call("GET", path + "/input_items")[2]["data"]
        self.assertEqual(items[0]["content"][0]["text"], "What is 347 + 285?")
        status, _, second = self.server.post("/v1/responses", input="And 2 + 2?",
                                             previous_response_id=first["id"], store=False)
        self.assertEqual(status, 200, second)
        self.assertGreater(second["usage"]["input_tokens"], first["usage"]["input_tokens"])
        self.assertEqual(self.server.call("GET", "/v1/responses/" + second["id"])[0], 404)
        self.assertTrue(self.server.call("DELETE", path)[2]["deleted"])
        self.assertEqual(self.server.call("GET", path)[0], 404)
        status, _, lost = self.server.post("/v1/responses", input="x",
                                           previous_response_id=first["id"])
        self.assertEqual((status, lost["error"]["param"]), (400, "previous_response_id"))

    def test_responses_streamed(self):
        events = self.server.events("/v1/responses", input="What is 347 + 285?")
        self.assertEqual([d["sequence_number"] for _, d in events], list(range(len(events))))
        self.assertTrue(all(name == data["type"] for name, data in events))
        # Signs of life may come at any time.
        kinds = [name for name, _ in events[2:]
                 if not name.endswith((".delta", ".in_progress"))]
        self.assertEqual([name for name, _ in events[:2]],
                         ["response.created", "response.in_progress"])
        self.assertEqual(kinds, [
            "response.output_item.added", "response.content_part.added",
            "response.reasoning_text.done", "response.content_part.done",
            "response.output_item.done",
            "response.output_item.added", "response.content_part.added",
            "response.output_text.done", "response.content_part.done", "response.output_item.done",
            "response.completed"])
        self.assertIn("632", events[-1][1]["response"]["output_text"])

    def test_responses_in_background(self):
        _, _, begun = self.server.post("/v1/responses", input="What is 347 + 285?",
                                       background=True)
        for _ in range(600):
            _, _, now = self.server.call("GET", "/v1/responses/" + begun["id"])
            if now["status"] != "in_progress":
                break
            time.sleep(0.1)
        self.assertEqual(now["status"], "completed")

    # --- Anthropic

    def test_messages(self):
        status, _, whole = self.server.post("/v1/messages?beta=true", model="claude-x",
                                            max_tokens=1000, messages=ASK)
        self.assertEqual(status, 200, whole)
        self.assertEqual([b["type"] for b in whole["content"]], ["thinking", "text"])
        self.assertIn("632", whole["content"][1]["text"])
        self.assertEqual(whole["stop_reason"], "end_turn")
        events = self.server.events("/v1/messages", max_tokens=1000, messages=ASK)
        kinds = [name for name, data in events if name not in ("content_block_delta", "ping")]
        self.assertEqual(kinds, ["message_start", "content_block_start", "content_block_stop",
                                 "content_block_start", "content_block_stop", "message_delta",
                                 "message_stop"])
        text = "".join(d["delta"]["text"] for n, d in events
                       if n == "content_block_delta" and d["delta"]["type"] == "text_delta")
        self.assertEqual(text, whole["content"][1]["text"])

    def test_messages_tool_loop_keeps_its_reasoning(self):
        tools = [{"name": "get_weather", "input_schema": WEATHER["parameters"]}]
        messages = [{"role": "user", "content": "What is the weather in Paris?"}]
        _, _, first = self.server.post("/v1/messages", max_tokens=1000, messages=messages,
                                       tools=tools)
        self.assertEqual(first["stop_reason"], "tool_use", first)
        call = first["content"][-1]
        self.assertEqual(call["input"], {"city": "Paris"})
        # The client hands the thinking back without its text: the signature is enough.
        content = [{**b, "thinking": ""} if b["type"] == "thinking" else b
                   for b in first["content"]]
        messages += [{"role": "assistant", "content": content},
                     {"role": "user", "content": [
                         {"type": "tool_result", "tool_use_id": call["id"],
                          "content": "18 degrees"}]}]
        status, _, second = self.server.post("/v1/messages", max_tokens=1000, messages=messages,
                                             tools=tools)
        self.assertEqual(status, 200, second)
        before = first["usage"]
        n_prompt = before["input_tokens"] + before["cache_read_input_tokens"]
        self.assertGreaterEqual(second["usage"]["cache_read_input_tokens"], n_prompt - 1)

    def test_count_tokens(self):
        _, _, counted = self.server.post("/v1/messages/count_tokens", messages=ASK)
        _, _, whole = self.server.post("/v1/messages", messages=ASK, max_tokens=300)
        usage = whole["usage"]
        self.assertEqual(counted["input_tokens"],
                         usage["input_tokens"] + usage["cache_read_input_tokens"])
        _, _, counted = self.server.post("/v1/responses/input_tokens", input="Hi")
        self.assertEqual(counted["object"], "response.input_tokens")

    # --- the rest

    def test_tokens_and_template(self):
        _, _, tokens = self.server.post("/tokenize", content="Hello there", with_pieces=True)
        self.assertEqual("".join(t["piece"] for t in tokens["tokens"]), "Hello there")
        ids = [t["id"] for t in tokens["tokens"]]
        self.assertEqual(self.server.post("/detokenize", tokens=ids)[2]["content"], "Hello there")
        _, _, counted = self.server.post("/v1/tokenize", messages=ASK)
        self.assertEqual(counted["count"], len(counted["tokens"]))
        _, _, prompt = self.server.post("/apply-template", messages=ASK)
        self.assertTrue(prompt["prompt"].endswith("<|im_start|>assistant\n<think>\n"))

    def test_information(self):
        for path in ("/health", "/v1/health", "/ping", "/version", "/props", "/slots", "/load",
                     "/v1/models", "/models", "/"):
            self.assertEqual(self.server.call("GET", path)[0], 200, path)
            self.assertEqual(self.server.call("HEAD", path)[0], 200, path)
        _, _, models = self.server.call("GET", "/v1/models")
        self.assertEqual(models["data"][0]["id"], "step-nano")
        self.assertEqual(self.server.call("GET", "/v1/models/step-nano")[2]["object"], "model")
        _, _, models = self.server.call("GET", "/v1/models",
                                        headers={"anthropic-version": "2023-06-01"})
        self.assertFalse(models["has_more"])
        _, _, metrics = self.server.call("GET", "/metrics")
        for name in ("vllm:num_requests_running", "vllm:time_to_first_token_seconds_bucket",
                     "llamacpp:tokens_predicted_total", "stride:answers_total"):
            self.assertIn(name, metrics)
        self.assertEqual(self.server.call("OPTIONS", "/v1/messages")[0], 204)

    def test_errors(self):
        status, _, body = self.server.call("GET", "/v1/nothing")
        self.assertEqual((status, body["error"]["code"]), (404, "not_found"))
        self.assertEqual(self.server.call("GET", "/v1/messages")[0], 405)
        self.assertEqual(self.server.post("/v1/embeddings", input="x")[0], 501)
        status, _, body = self.server.post("/v1/chat/completions", messages=[])
        self.assertEqual((status, body["error"]["type"]), (400, "invalid_request_error"))
        status, _, body = self.server.post("/v1/messages", messages=ASK)
        self.assertEqual((status, body["type"], body["error"]["type"]),
                         (400, "error", "invalid_request_error"))
        long = [{"role": "user", "content": "word " * 200000}]
        status, _, body = self.server.post("/v1/messages", messages=long, max_tokens=10)
        self.assertEqual(status, 400)
        self.assertRegex(body["error"]["message"],
                         r"^prompt is too long: \d+ tokens > \d+ maximum$")
        status, _, body = self.server.post("/v1/chat/completions", messages=long)
        self.assertEqual((status, body["error"]["code"]), (400, "context_length_exceeded"))

    def test_a_client_that_goes_away_frees_the_model(self):
        body = json.dumps({"messages": ASK, "stream": True, "ignore_eos": True,
                           "max_tokens": 20000}).encode()
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.assertTrue(client.recv(100))
        status, _, _ = self.server.post("/v1/chat/completions", messages=ASK, max_tokens=5)
        self.assertEqual(status, 200)


class Keys(unittest.TestCase):
    def test_keys_hosts_log_and_trace(self):
        with tempfile.TemporaryDirectory() as folder:
            keys = os.path.join(folder, "keys")
            with open(keys, "w") as file:
                file.write("# team\nsecret-one alice\nsecret-two\n")
            log, trace = os.path.join(folder, "log"), os.path.join(folder, "trace")
            server = Server("--api-key-file", keys, "--log", log, "--trace", trace,
                            "--state", os.path.join(folder, "state"), "--cors", "https://a.example")
            try:
                self.assertEqual(server.call("GET", "/health")[0], 200)
                self.assertEqual(server.post("/v1/chat/completions", messages=ASK)[0], 401)
                status, _, body = server.post("/v1/messages", messages=ASK)
                self.assertEqual((status, body["error"]["type"]), (401, "authentication_error"))
                for header in ({"Authorization": "Bearer secret-one"}, {"x-api-key": "secret-two"}):
                    status, head, _ = server.call(
                        "POST", "/v1/chat/completions", {"messages": ASK, "max_tokens": 5},
                        {**header, "Origin": "https://a.example", "X-Request-Id": "abc-1"})
                    self.assertEqual(status, 200)
                    self.assertEqual(head["Access-Control-Allow-Origin"], "https://a.example")
                    self.assertEqual(head["X-Request-Id"], "abc-1")
                status, _, _ = server.call("GET", "/v1/models", headers={
                    "Host": "evil.example", "x-api-key": "secret-one"})
                self.assertEqual(status, 403)
            finally:
                self.assertEqual(server.close(), 0)
            with open(log) as file:
                lines = [json.loads(line) for line in file]
            answers = [line for line in lines if line["event"] == "answer"]
            self.assertEqual([a["client"] for a in answers], ["alice", "key-2"])
            self.assertNotIn("secret", json.dumps(lines))
            bundles = sorted(os.listdir(trace))
            self.assertEqual(len(bundles), 2)
            with open(os.path.join(trace, bundles[0], "request.json")) as file:
                request = json.load(file)
            self.assertEqual(request["body"]["messages"], ASK)
            self.assertNotIn("secret", json.dumps(request))

    def test_responses_outlive_the_server(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server("--state", folder)
            _, _, first = server.post("/v1/responses", input="What is 2 + 2?")
            self.assertEqual(server.close(), 0)
            server = Server("--state", folder)
            self.assertEqual(server.call("GET", "/v1/responses/" + first["id"])[2], first)
            self.assertEqual(server.close(), 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
