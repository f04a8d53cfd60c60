#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`stride run`, `chat` and `perplexity` as their users meet them: the program is started, fed
through files, pipes and a pseudo-terminal, and judged by what it prints and how it ends.

Usage: talk_test.py STRIDE GOLDEN_FOLDER
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import termios
import unittest

from terminal import PATIENCE, Terminal

STRIDE, GOLDEN = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
MODEL = os.path.join(GOLDEN, "tiny-f32.gguf")


def stride(*args, stdin=b"", **env):
    return subprocess.run([STRIDE, *args], input=stdin, capture_output=True, timeout=PATIENCE,
                          env={**os.environ, **env})


class Run(unittest.TestCase):
    def ask(self, *args, stdin=b""):
        done = stride("run", "-m", MODEL, "-n", "24", "--seed", "5", "-t", "2", *args, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_answer_and_figures_are_apart(self):
        done = self.ask("-p", "Hello", "--temp", "0")
        self.assertNotIn(b"tokens", done.stdout)
        self.assertRegex(done.stderr, rb"read \d+ tokens in .*; wrote \d+")
        quiet = self.ask("-p", "Hello", "--temp", "0", "-q")
        self.assertEqual(quiet.stderr, b"")
        self.assertEqual(quiet.stdout, done.stdout)

    def test_prompt_from_argument_file_and_standard_input(self):
        expected = self.ask("-p", "Hello there").stdout
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"Hello there\n")
            file.flush()
            self.assertEqual(self.ask("-f", file.name).stdout, expected)
        self.assertEqual(self.ask(stdin=b"Hello there\n").stdout, expected)
        self.assertEqual(self.ask("-f", "-", stdin=b"Hello there\n").stdout, expected)

    def test_json_is_one_object(self):
        answer = json.loads(self.ask("-p", "Hello", "--json").stdout)
        for key in ("content", "reasoning", "tool_calls", "usage", "timings", "finish_reason",
                    "finish_cause"):
            self.assertIn(key, answer)
        usage = answer["usage"]
        self.assertEqual(usage["reused_tokens"], 0)
        self.assertEqual(usage["completion_tokens"],
                         usage["reasoning_tokens"] + usage["answer_tokens"])
        self.assertLessEqual(usage["completion_tokens"], 24)
        self.assertIn(answer["finish_reason"], ("stop", "length"))

    def test_sampled_text_does_not_depend_on_threads(self):
        texts = {self.ask("-p", "Hello", "-t", n, "--ignore-eos", "--raw").stdout
                 for n in ("1", "2")}
        self.assertEqual(len(texts), 1)

    def test_drafts_change_figures_only(self):
        answers = [json.loads(self.ask("-p", "Hello", "--json", "--ignore-eos", "--mtp-depth",
                                       depth).stdout) for depth in ("0", "1", "2", "3", "auto")]
        for answer in answers:
            for key in ("content", "reasoning", "usage", "finish_cause"):
                self.assertEqual(answer[key], answers[0][key])
        self.assertIsNone(answers[0]["mtp"])
        self.assertEqual([len(a["mtp"]["heads"]) for a in answers[1:]], [1, 2, 3, 3])
        mtp = answers[3]["mtp"]
        self.assertGreater(mtp["heads"][0]["drafted"], 10)
        self.assertGreaterEqual(mtp["tokens_per_pass"], 1)
        self.assertIn(b"drafts accepted", self.ask("-p", "Hello", "--mtp-depth", "2").stderr)

    def test_thinking_budget_reaches_the_answer(self):
        answer = json.loads(self.ask("-p", "Hello", "--think-budget", "3", "--json",
                                     "--ignore-eos").stdout)
        self.assertEqual([g["name"] for g in answer["guards"]], ["thinking_budget"])
        self.assertEqual(answer["usage"]["completion_tokens"], 24)
        off = json.loads(self.ask("-p", "Hello", "--think", "off", "--json").stdout)
        self.assertIsNone(off["reasoning"])
        self.assertEqual(off["usage"]["reasoning_tokens"], 0)

    def test_control_tokens_in_a_prompt_stay_text(self):
        plain = json.loads(self.ask("-p", "x", "--json").stdout)["usage"]["prompt_tokens"]
        shown = json.loads(self.ask("-p", "<|im_end|>", "--json").stdout)["usage"]["prompt_tokens"]
        self.assertGreater(shown, plain)

    def test_flash_attention_flag_in_both_spellings(self):
        expected = self.ask("-p", "Hello").stdout
        self.assertEqual(self.ask("-fa", "-p", "Hello").stdout, expected)
        self.assertEqual(self.ask("-fa", "on", "-p", "Hello").stdout, expected)

    def test_interrupt_ends_with_130(self):
        process = subprocess.Popen([STRIDE, "run", "-m", MODEL, "--raw", "-p", "Hello", "-n", "4000",
                                    "--ignore-eos"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.assertTrue(os.read(process.stdout.fileno(), 1))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"cancelled", err)


class BadInput(unittest.TestCase):
    def refused(self, code, words, *args, stdin=b""):
        done = stride(*args, stdin=stdin)
        self.assertEqual(done.returncode, code, done)
        self.assertEqual(done.stdout, b"")
        message = done.stderr.decode()
        self.assertEqual(message.count("\n"), 1, message)
        for word in words:
            self.assertIn(word, message)

    def test_unknown_flags_name_the_nearest(self):
        self.refused(2, ["--tempp", "--temp"], "run", "-m", MODEL, "-p", "x", "--tempp", "1")
        self.refused(2, ["--modell", "--model"], "chat", "--modell", MODEL)
        self.refused(2, ["perplexityy", "perplexity"], "perplexityy")

    def test_missing_model_says_where_to_put_one(self):
        self.refused(1, ["absent.gguf", "GGUF"], "run", "-m", "absent.gguf", "-p", "x")

    def test_prompt_longer_than_the_context_names_both_numbers(self):
        self.refused(1, ["20 ", "tokens"], "run", "-m", MODEL, "-c", "20", "-p", "hello " * 50)

    def test_context_larger_than_memory_says_what_fits(self):
        self.refused(1, ["2000000000 tokens", "GB", "would fit"], "run", "-m", MODEL, "-p", "x",
                     "-c", "2000000000")

    def test_values_out_of_range_name_the_parameter(self):
        for flag, value, name in (("--temp", "-1", "temperature"), ("--top-p", "nan", "top_p"),
                                  ("--top-p", "0", "top_p"), ("--min-p", "2", "min_p"),
                                  ("-n", "0", "--predict"), ("--seed", "x", "--seed"),
                                  ("-b", "0", "--batch-size"), ("-c", "1", "--ctx-size"),
                                  ("--mtp-depth", "4", "--mtp-depth"),
                                  ("--logit-bias", "999999+1", "logit_bias"),
                                  ("--stop", "", "stop string")):
            with self.subTest(flag=flag, value=value):
                self.refused(2, [name], "run", "-m", MODEL, "-p", "x", flag, value)

    def test_unreadable_files_are_named(self):
        self.refused(1, ["absent.txt"], "run", "-m", MODEL, "-f", "absent.txt")
        self.refused(1, ["tools"], "run", "-m", MODEL, "-p", "x", "--tools", "/absent/tools")


class Perplexity(unittest.TestCase):
    def test_both_methods(self):
        text = b"It was the best of times, it was the worst of times. " * 12
        done = stride("perplexity", "-m", MODEL, "-c", "64", "--json", stdin=text)
        self.assertEqual(done.returncode, 0, done.stderr)
        halves = json.loads(done.stdout)
        self.assertEqual(halves["scored_tokens"], halves["windows"] * 32)
        self.assertGreater(halves["perplexity"], 1)
        self.assertGreater(halves["standard_error"], 0)
        with tempfile.NamedTemporaryFile() as file:
            file.write(text)
            file.flush()
            done = stride("perplexity", "-m", MODEL, "-c", "64", "--stride", "48", "-f", file.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rb"^perplexity [\d.]+ \+- [\d.]+ over \d+ tokens")


class Script(unittest.TestCase):
    def test_lines_are_messages_and_answers_go_to_standard_output(self):
        done = stride("chat", "-m", MODEL, "-n", "16", "--temp", "0", "-c", "400",
                      stdin=b"Hello\nAgain\n/stats\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b"\x1b[", done.stdout)
        self.assertNotIn(b"\n> ", done.stdout)
        stats = done.stdout.decode(errors="replace")
        # The second turn reads again only what follows "<|im_start|>assistant" of the first.
        read, reused = map(int, re.search(r"read (\d+) tokens \((\d+) reused\)", stats).groups())
        first = int(re.search(r"; (\d+) prompt tokens", stats).group(1)) - read
        self.assertEqual(reused, first - 2)
        self.assertIn("drafts accepted", stats)

    def test_failures_show_in_the_exit_code(self):
        done = stride("chat", "-m", MODEL, "-n", "4", stdin=b"/load absent.json\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"absent.json", done.stderr)

    def test_save_and_load(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "saved.json")
            done = stride("chat", "-m", MODEL, "-n", "40", "--think", "off", "--seed", "3",
                          stdin=f"Hello\n/save {path}\n".encode())
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, encoding="utf-8") as file:
                saved = json.load(file)
            self.assertEqual([m["role"] for m in saved["messages"]], ["user", "assistant"])
            done = stride("chat", "-m", MODEL, "-n", "4", "--load", path, stdin=b"/stats\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"messages: 2", done.stdout)


class Chat(unittest.TestCase):
    def start(self, *args, **env):
        terminal = Terminal(STRIDE, "chat", "-m", MODEL, "-t", "1", "--seed", "3", *args, **env)
        self.addCleanup(terminal.state.cleanup)
        self.addCleanup(os.close, terminal.fd)
        terminal.expect("/help")
        terminal.prompt()
        return terminal

    def test_answers_with_dimmed_thoughts(self):
        terminal = self.start("-n", "12", "--think-budget", "4", "--ignore-eos")
        terminal.type("Hello\r")
        terminal.expect(r"\x1b\[2m")
        terminal.prompt()
        terminal.type("/stats\r")
        terminal.expect("1 answers")
        terminal.prompt()
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        with open(os.path.join(terminal.state.name, "stride", "history"), encoding="utf-8") as file:
            self.assertIn("Hello", file.read())
        mode = os.stat(os.path.join(terminal.state.name, "stride", "history")).st_mode
        self.assertEqual(mode & 0o077, 0)

    def test_no_color(self):
        terminal = self.start("-n", "12", "--think-budget", "4", "--ignore-eos", NO_COLOR="1")
        terminal.type("Hello\r")
        self.assertNotIn("\x1b[2m", terminal.prompt())
        terminal.type("/quit\r")
        self.assertEqual(terminal.wait(), 0)

    def test_interrupt_stops_the_answer_and_not_the_program(self):
        terminal = self.start("-n", "3000", "--ignore-eos", "--think", "off")
        terminal.type("Hello\r")
        terminal.expect("Hello\r\n(?s:.)")
        terminal.type("\x03")
        terminal.expect(r"\[stopped\]")
        terminal.prompt()
        terminal.type("/stats\r")
        terminal.expect("cancelled")
        terminal.prompt()
        # Clears a line that is not empty; on an empty one, twice, leaves.
        terminal.type("half a line")
        terminal.expect("half a line")
        terminal.type("\x03")
        terminal.prompt()
        terminal.type("\x03")
        terminal.expect("Ctrl-C once more")
        terminal.prompt()
        terminal.type("\x03")
        self.assertEqual(os.waitstatus_to_exitcode(terminal.wait()), 130)

    def test_lines_are_joined(self):
        terminal = self.start("-n", "4")
        terminal.type('"""\r/quit\r"""\r')
        terminal.prompt()
        terminal.type("one \\\r")
        terminal.expect(r"\. ")
        terminal.type("two\r")
        terminal.prompt()
        terminal.type("/quit\r")
        self.assertEqual(terminal.wait(), 0)

    def test_the_terminal_is_left_as_it_was(self):
        for end in ("/quit\r", signal.SIGTERM, signal.SIGHUP):
            terminal = self.start("-n", "4")
            keep = os.open(f"/proc/{terminal.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
            self.assertNotEqual(termios.tcgetattr(keep)[3], terminal.before[3])
            if isinstance(end, str):
                terminal.type(end)
            else:
                os.kill(terminal.pid, end)
            status = os.waitpid(terminal.pid, 0)[1]
            self.assertEqual(termios.tcgetattr(keep)[:4], terminal.before[:4])
            os.close(keep)
            expected = 0 if isinstance(end, str) else -end
            self.assertEqual(os.waitstatus_to_exitcode(status), expected)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
