#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bundled model as a newcomer meets it: found without being named, talking, calculating, calling
a tool, thinking as hard as it is told, and reading a prompt far longer than it was trained on.

Usage: nano_test.py STRIDE SOURCE_FOLDER
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from terminal import PATIENCE, Terminal

STRIDE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
WEATHER = [{"type": "function",
            "function": {"name": "get_weather",
                         "description": "Tells the weather in a city.",
                         "parameters": {"type": "object",
                                        "properties": {"city": {"type": "string"}},
                                        "required": ["city"]}}}]


def stride(*args, stdin=b""):
    return subprocess.run([STRIDE, *args], input=stdin, capture_output=True, timeout=PATIENCE,
                          cwd=tempfile.gettempdir())


class Nano(unittest.TestCase):
    def ask(self, *args, stdin=b""):
        done = stride("run", "--temp", "0", "--json", *args, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_calculates_with_reasoning(self):
        answer = self.ask("-p", "What is 347 + 285?")
        self.assertIn("632", answer["content"])
        self.assertTrue(answer["reasoning"])
        self.assertEqual(answer["finish_reason"], "stop")

    def test_effort_changes_the_length_of_the_reasoning(self):
        lengths = []
        for effort in ("low", "medium", "high"):
            answer = self.ask("-p", "What is 347 + 285?", "--effort", effort)
            self.assertIn("632", answer["content"], effort)
            lengths.append(answer["usage"]["reasoning_tokens"])
        self.assertLess(lengths[0], lengths[1])
        self.assertLess(lengths[1], lengths[2])

    def test_answers_the_same_from_memory_and_from_the_file(self):
        ask = ("-p", "Sort these numbers: 31, 7, 19, 4", "--effort", "high", "-n", "200", "--weights")
        memory, file = self.ask(*ask, "memory"), self.ask(*ask, "file")
        for key in ("content", "reasoning", "usage"):
            self.assertEqual(memory[key], file[key], key)

    def test_activations_are_int16_unless_asked_for_int8(self):
        text = b"It was the best of times, it was the worst of times. " * 12
        found = {}
        for word in ("auto", "int16", "int8"):
            done = stride("perplexity", "-c", "64", "--json", "--activations", word, stdin=text)
            self.assertEqual(done.returncode, 0, done.stderr)
            found[word] = json.loads(done.stdout)["perplexity"]
        self.assertEqual(found["auto"], found["int16"])
        self.assertNotEqual(found["int8"], found["int16"])
        self.assertLess(abs(found["int8"] / found["int16"] - 1), 0.05)

    def test_calls_a_tool(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(WEATHER, file)
            file.flush()
            answer = self.ask("-p", "What is the weather in Oslo?", "--tools", file.name)
        self.assertEqual(answer["finish_reason"], "tool_calls", answer)
        call = answer["tool_calls"][0]["function"]
        self.assertEqual(call["name"], "get_weather")
        self.assertEqual(json.loads(call["arguments"]), {"city": "Oslo"})

    def test_reads_a_prompt_of_tens_of_thousands_of_tokens(self):
        text = "The sky is grey and the road is long. " * 2500
        answer = self.ask("-c", "65536", "-n", "16", "-f", "-", stdin=text.encode())
        self.assertGreater(answer["usage"]["prompt_tokens"], 20000)
        self.assertGreater(answer["usage"]["completion_tokens"], 0)

    def test_chat_finds_it(self):
        terminal = Terminal(STRIDE, "chat", "--temp", "0")
        self.addCleanup(terminal.state.cleanup)
        self.addCleanup(os.close, terminal.fd)
        terminal.expect("step-nano")
        terminal.prompt()
        terminal.type("Hello!\r")
        self.assertRegex(terminal.prompt(), "[A-Z][a-z]+")
        terminal.type("/quit\r")
        self.assertEqual(terminal.wait(), 0)

    def test_scores(self):
        done = stride("eval", "nano", "-n", "12", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        (result,) = json.loads(done.stdout)
        self.assertEqual(len(result["skills"]), 16)
        self.assertGreater(result["correct"]["share"], 0.6)
        self.assertGreater(result["split"]["share"], 0.97)
        self.assertGreater(result["skills"]["json"]["correct"]["share"], 0.8)
        self.assertGreater(result["skills"]["tools"]["well_formed"]["share"], 0.8)
        self.assertGreater(result["mtp_heads"][0]["chained"]["share"], 0.8)

    def test_other_types_can_be_made_of_it(self):
        model = os.path.join(SOURCE, "models", "step-nano.gguf")
        for mix in ("Q4_0", "Q4_K_S", "F32"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "nano.gguf")
                done = stride("convert", model, path, "--mix", mix)
                self.assertEqual(done.returncode, 0, done.stderr)
                answer = self.ask("-m", path, "-p", "What is 23 + 45?", "--effort", "high")
                self.assertIn("68", answer["content"], mix)

    def test_answers_the_same_repacked(self):
        model = os.path.join(SOURCE, "models", "step-nano.gguf")
        ask = ("-p", "Sort these numbers: 31, 7, 19, 4", "--effort", "high", "-n", "200")
        plain = self.ask("-m", model, *ask)
        with tempfile.TemporaryDirectory() as folder:
            groups, rows, copy = (os.path.join(folder, name) for name in ("g.gguf", "r.gguf", "c.gguf"))
            for args in ((model, groups, "--repack"), (groups, rows), (model, copy)):
                done = stride("convert", *args)
                self.assertEqual(done.returncode, 0, done.stderr)
            done = stride("inspect", groups, "--json", "--tensors")
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            in_groups = [t["name"] for t in report["table"] if t["layout"] == "groups"]
            self.assertEqual(len(in_groups), report["grouped_tensors"])
            self.assertIn("blk.0.attn_q.weight", in_groups)
            self.assertNotIn("token_embd.weight", in_groups)
            for weights in ("memory", "file"):
                answer = self.ask("-m", groups, "--weights", weights, *ask)
                for key in ("content", "reasoning", "usage"):
                    self.assertEqual(answer[key], plain[key], (weights, key))
            with open(rows, "rb") as back, open(copy, "rb") as original:
                self.assertEqual(back.read(), original.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
