#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The OpenAI library for Python, unmodified, against `stride serve`. Exit code 77 where it is not there.

Usage: openai_python_test.py STRIDE DEPENDENCIES
"""
import os
import sys
import unittest

STRIDE, DEPENDENCIES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PYTHON = os.path.join(DEPENDENCIES, "venv", "bin", "python")
if not os.path.exists(PYTHON):
    print("SKIPPED: the OpenAI library for Python is not there (tools/fetch_test_clients python)")
    sys.exit(77)
if os.path.abspath(sys.prefix) != os.path.join(DEPENDENCIES, "venv"):
    os.execv(PYTHON, [PYTHON, *sys.argv])

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import openai  # noqa: E402
import pydantic  # noqa: E402

from serving import Server  # noqa: E402

KEY = "secret-of-the-test"
ASK = [{"role": "user", "content": "What is 347 + 285?"}]
TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "Tells the weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=12)
    age: int = pydantic.Field(ge=0, le=150)


class OpenAI(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(STRIDE, "serve", "--state", "-", "--temp", "0", "--api-key", KEY)
        cls.url = cls.server.url + "/v1"
        cls.client = openai.OpenAI(base_url=cls.url, api_key=KEY, max_retries=0)
        cls.chat = cls.client.chat.completions

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.end()

    def test_whole_and_streamed(self):
        whole = self.chat.create(model="any", messages=ASK)
        self.assertIn("632", whole.choices[0].message.content)
        chunks = list(self.chat.create(model="any", messages=ASK, stream=True,
                                       stream_options={"include_usage": True}))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
        self.assertGreater(chunks[-1].usage.prompt_tokens_details.cached_tokens, 0)

    def test_a_tool_and_its_result(self):
        messages = [{"role": "user", "content": "What is the weather in Paris?"}]
        first = self.chat.create(model="any", messages=messages, tools=TOOLS, tool_choice="required")
        call = first.choices[0].message.tool_calls[0]
        self.assertEqual(call.function.name, "get_weather")
        messages += [first.choices[0].message,
                     {"role": "tool", "tool_call_id": call.id, "content": "18 degrees, sunny"}]
        second = self.chat.create(model="any", messages=messages, tools=TOOLS, max_tokens=100)
        self.assertGreaterEqual(second.usage.prompt_tokens_details.cached_tokens,
                                first.usage.prompt_tokens - 1)

    def test_a_schema(self):
        messages = [{"role": "user", "content": "Make a JSON object with name Ada and age 36."}]
        answer = self.chat.parse(model="any", messages=messages, response_format=Person)
        self.assertIsInstance(answer.choices[0].message.parsed, Person)
        answer = self.client.responses.parse(model="any", input=messages, text_format=Person)
        self.assertIsInstance(answer.output_parsed, Person)

    def test_responses(self):
        with self.client.responses.stream(model="any", input=ASK) as stream:
            kinds = [event.type for event in stream]
            self.assertIn("632", stream.get_final_response().output_text)
        self.assertEqual((kinds[0], kinds[-1]), ("response.created", "response.completed"))

    def test_errors(self):
        stranger = openai.OpenAI(base_url=self.url, api_key="wrong", max_retries=0)
        with self.assertRaises(openai.AuthenticationError):
            stranger.chat.completions.create(model="any", messages=ASK)
        stranger.close()
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat.create(model="any", messages=[{"role": "user", "content": "word " * 200000}])
        self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_a_stream_that_is_closed_leaves_the_server_free(self):
        with self.chat.create(model="any", messages=ASK, stream=True, max_tokens=20000,
                              extra_body={"ignore_eos": True}) as stream:
            next(iter(stream))
        answer = self.chat.create(model="any", messages=ASK, max_tokens=5)
        self.assertEqual(answer.choices[0].finish_reason, "length")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
