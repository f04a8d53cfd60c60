#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long conversations of agents against `stride serve`: no prompt is read twice.

Generates what agents do to their histories over hundreds of turns: they add tool results, edit the last message or an
early one, drop reasoning, ask again, branch, and work two at a time with short requests in between. Of each prompt,
what had to be read is compared with what is new in it, which is found here, from the texts of all prompts and answers
before it, independently of what the server's cache believes. Recorded conversations of real agents are replayed in the
dialects they came in, and extended; what a cold cache answers must be the same, token for token.

Usage: conversations_test.py STRIDE SOURCE_FOLDER   (STRIDE_TEST_ALL=1: more turns)
"""
import json
import os
import random
import sys
import unittest

import serving

STRIDE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ALL = os.environ.get("STRIDE_TEST_ALL") == "1"
N_TURN = 240 if ALL else 60
WORDS = ("river stone lamp copper window garden letter harbour winter paper signal bridge morning salt engine "
         "valley candle market forest silver").split()
TOOLS = [{"type": "function",
          "function": {"name": name, "description": f"Does {name} for the caller, and says what came of it.",
                       "parameters": {"type": "object", "properties": {"path": {"type": "string"}},
                                      "required": ["path"]}}}
         for name in ("read_file", "write_file", "list_files", "search")]


class Server(serving.Server):
    def __init__(self, *flags):
        super().__init__(STRIDE, "serve", "--temp", "0", "--state", "-", *flags)

    def answer(self, path, body):
        status, _, answer = self.call("POST", path, body)
        assert status == 200, answer
        return answer


class Account:
    """What the server read, against what no earlier prompt or answer had held."""

    def __init__(self, server):
        self.server = server
        self.seen = []  # token lists
        self.n_read = self.n_new = self.n_prompt = self.n_request = 0
        self.worst = 0  # tokens read beyond the new ones, in one request

    def ask(self, body, cold=False):
        if cold:
            body = {**body, "cache_salt": f"cold {self.n_request}"}
        body = {"model": "nano", "max_tokens": 24, "seed": 1, "return_token_ids": True, **body}
        answer = self.server.answer("/v1/chat/completions", body)
        prompt = answer["prompt_token_ids"]
        said = answer["choices"][0]["token_ids"]
        if cold:
            assert answer["timings"]["cache_n"] == 0
            return said
        n_shared = max((shared(prompt, other) for other in self.seen), default=0)
        n_shared = min(n_shared, len(prompt) - 1)  # the last token is always run
        n_read = answer["timings"]["prompt_n"]
        assert answer["usage"]["prompt_tokens"] == len(prompt)
        self.n_request += 1
        self.n_prompt += len(prompt)
        self.n_read += n_read
        self.n_new += len(prompt) - n_shared
        self.worst = max(self.worst, n_read - (len(prompt) - n_shared))
        self.seen.append(prompt + said)
        self.said = said
        return answer["choices"][0]["message"]


def shared(a, b):
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    low, high = 0, n
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle)
    return low


class Agent:
    """One agent: a conversation that grows by questions, answers, calls and their results."""

    def __init__(self, seed, account, opening=None, tools=None, check_every=0):
        self.random = random.Random(seed)
        self.account = account
        self.messages = opening or [{"role": "system", "content": self.text(120)}]
        self.tools = tools or TOOLS
        self.n_kept = len(self.messages) if opening else 1
        self.check_every = check_every  # requests between two that a cold cache answers as well
        self.n_sent = 0

    def text(self, n):
        return " ".join(self.random.choice(WORDS) for _ in range(n))

    def send(self, **extra):
        body = {"messages": self.messages, "tools": self.tools, **extra}
        message = self.account.ask(body)
        self.n_sent += 1
        if self.check_every and self.n_sent % self.check_every == 0:
            warm = self.account.said
            cold = self.account.ask(body, cold=True)
            assert warm == cold, f"request {self.n_sent}: a cold cache answers {cold}, not {warm}"
        message = {k: v for k, v in message.items() if k in ("role", "content", "reasoning_content", "tool_calls")}
        return message

    def question(self):
        self.messages.append({"role": "user", "content": self.text(self.random.randint(5, 80))})
        self.messages.append(self.send())

    def call(self):
        """A tool call that is forced, and its result."""
        if self.messages[-1]["role"] != "user":
            self.messages.append({"role": "user", "content": self.text(self.random.randint(5, 40))})
        for _ in range(self.random.randint(1, 3)):
            message = self.send(tool_choice="required", max_tokens=80)
            self.messages.append(message)
            for call in message.get("tool_calls") or []:
                self.messages.append({"role": "tool", "tool_call_id": call["id"],
                                      "content": self.text(self.random.randint(10, 150))})
        self.messages.append(self.send())

    def edit_last(self):
        """The last question in other words."""
        at = max(i for i, m in enumerate(self.messages) if m["role"] == "user")
        del self.messages[at + 1:]
        self.messages[at] = {"role": "user", "content": self.text(self.random.randint(5, 60))}
        self.messages.append(self.send())

    def edit_early(self):
        """An early question in other words, with all that followed kept."""
        places = [i for i, m in enumerate(self.messages) if m["role"] == "user"]
        at = places[len(places) // 3]
        self.messages[at] = {"role": "user", "content": self.text(20)}
        self.messages.append({"role": "user", "content": self.text(10)})
        self.messages.append(self.send())

    def again(self):
        """The same question again."""
        at = max(i for i, m in enumerate(self.messages) if m["role"] == "user")
        del self.messages[at + 1:]
        self.messages.append(self.send(seed=self.random.randint(1, 99)))

    def branch(self):
        """Back to an earlier place, and another way from there."""
        places = [i for i, m in enumerate(self.messages) if m["role"] == "user"]
        at = places[-min(len(places), self.random.randint(2, 5))]
        kept, self.messages = self.messages, self.messages[:at]
        self.question()
        if self.random.random() < 0.5:
            self.messages = kept

    def drop_reasoning(self):
        """Some clients leave it out."""
        for message in self.messages:
            message.pop("reasoning_content", None)
        self.question()

    def parts(self):
        """The same content in another form: parts instead of a string."""
        for message in self.messages:
            if message["role"] == "user" and isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": message["content"]}]
        self.question()

    def turn(self):
        if len(self.messages) < 4:
            return self.question()
        step = self.random.choices(
            [self.question, self.call, self.edit_last, self.again, self.branch, self.drop_reasoning, self.parts,
             self.edit_early],
            [30, 30, 8, 8, 6, 6, 4, 1])[0]
        step()
        # A conversation stays within the context.
        if sum(len(json.dumps(m)) for m in self.messages) > 60000:
            self.messages = self.messages[:self.n_kept]


class Conversations(unittest.TestCase):
    def setUp(self):
        self.server = Server("-c", "32768")
        self.addCleanup(self.server.end)
        self.account = Account(self.server)

    def check(self):
        a = self.account
        print(f"\n{a.n_request} requests, {a.n_prompt} prompt tokens: {a.n_new} new, {a.n_read} read "
              f"({a.n_read / a.n_new:.3f}x), at most {a.worst} beyond what is new")
        self.assertLessEqual(a.n_read, 1.05 * a.n_new)
        self.assertLessEqual(a.worst, 64 + 512)

    def test_one_agent(self):
        agent = Agent(1, self.account)
        for _ in range(N_TURN):
            agent.turn()
        self.check()

    def test_two_agents_and_short_requests(self):
        agents = [Agent(2, self.account), Agent(3, self.account)]
        for i in range(N_TURN):
            agents[i % 2].turn()
            if i % 5 == 0:
                self.account.ask({"messages": [{"role": "user", "content": f"Title of request {i}?"}]})
        self.check()

    def test_answers_are_those_of_a_cold_cache(self):
        agent = Agent(4, self.account, check_every=1 if ALL else 4)
        for _ in range(N_TURN if ALL else 16):
            agent.turn()
        self.assertGreater(agent.n_sent, 16)

    def test_recorded_conversations_go_on(self):
        """What agents began, in the form that they gave it, goes on for many turns."""
        for name in ("claude-code-router", "codex-chat", "opencode", "pi", "openai-agents", "step"):
            requests = [body for path, body in recorded(name) if path == "/v1/chat/completions" and body.get("tools")]
            opening, tools = requests[-1]["messages"], requests[-1]["tools"]
            if not ALL and name not in ("claude-code-router", "opencode"):
                continue
            agent = Agent(5, self.account, opening, tools, check_every=2 if ALL else 5)
            for _ in range(N_TURN if ALL else 8):
                agent.turn()
        self.check()


class Recorded(unittest.TestCase):
    """Requests of real agents, one after the other as they came."""

    def test_nothing_is_read_twice(self):
        server = Server("-c", "32768")
        self.addCleanup(server.end)
        n_read = n_new = n_request = 0
        names = sorted(os.listdir(FOLDER))
        for name in names:
            earlier = []  # path, body and prompt tokens of this agent's requests
            for path, body in recorded(name.removesuffix(".json")):
                text, n_prompt, n_cached = run(server, path, body)
                before = max((n for p, b, n in earlier if p == path and extends(body, b)), default=0)
                n_read += n_prompt - n_cached
                n_new += n_prompt - min(before, n_prompt - 1)
                n_request += 1
                # The end of the last prompt is a place to return to; a page of tokens may lie between.
                self.assertGreaterEqual(n_cached + 64, before, f"{name}, request {len(earlier)}: read again")
                if ALL or n_request % 4 == 0:
                    cold, n_same, n_none = run(server, path, {**body, "cache_salt": f"cold {n_request}"})
                    self.assertEqual((cold, n_same, n_none), (text, n_prompt, 0), f"{name}, request {len(earlier)}")
                earlier.append((path, body, n_prompt))
        print(f"\n{n_request} requests of {len(names)} agents: {n_new} tokens new, {n_read} read "
              f"({n_read / n_new:.3f}x)")
        self.assertLessEqual(n_read, 1.05 * n_new)


FOLDER = os.path.join(SOURCE, "tests/data/conversations")


def recorded(name):
    """The requests of a file as (path, body); a part that an earlier request has too is written once."""
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as file:
        requests = json.load(file)
    for request in requests:
        for key, value in request["body"].items():
            if isinstance(value, dict) and set(value) == {"as_in"}:
                request["body"][key] = requests[value["as_in"]]["body"][key]
    return [(request["path"], request["body"]) for request in requests]


def extends(body, earlier):
    """True where the prompt of `body` begins with that of `earlier`, but for the opening of the answer."""
    turns = next(key for key in ("messages", "input") if key in body)
    head = {key: body.get(key) for key in ("system", "instructions", "tools", "reasoning", "output_config")}
    same = all(earlier.get(key) == value for key, value in head.items())
    return same and isinstance(body[turns], list) and body[turns][:len(earlier[turns])] == earlier[turns]


def run(server, path, body):
    """What was answered, without names that are new each time, and the tokens of the prompt: all, and cached ones."""
    limit = "max_output_tokens" if path == "/v1/responses" else "max_tokens"
    answer = server.answer(path, {**body, "stream": False, "temperature": 0, "seed": 1, limit: 24})
    usage = answer["usage"]
    if path == "/v1/messages":
        cached = usage["cache_read_input_tokens"]
        return nameless(answer["content"]), usage["input_tokens"] + cached, cached
    if path == "/v1/responses":
        return nameless(answer["output"]), usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"]
    return nameless(answer["choices"]), usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]


def nameless(value):
    if isinstance(value, list):
        return [nameless(item) for item in value]
    if isinstance(value, dict):
        return {key: nameless(item) for key, item in value.items()
                if key not in ("id", "call_id", "signature", "encrypted_content")}
    return value


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
