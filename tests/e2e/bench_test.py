#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`stride bench` on the bundled model, that its four forms hold what was asked for and agree with
each other, and `stride bench mtp` on it and on random weights. How fast they are does not matter here.

Usage: bench_test.py STRIDE SOURCE_FOLDER
"""
import csv
import io
import json
import os
import pathlib
import pty
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

from terminal import PATIENCE

STRIDE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
MODEL = os.path.join(SOURCE, "models", "step-nano.gguf")
PLAN = ("-npp", "0,24", "-ntg", "3", "-npl", "1,2", "-d", "0,40", "-r", "2", "-ub", "32", "-t", "2")


def bench(*args):
    return subprocess.run([STRIDE, "bench", "-m", MODEL, *args], capture_output=True,
                          timeout=PATIENCE)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            names = {form: os.path.join(folder, "out." + form) for form in ("json", "csv", "svg")}
            cls.done = bench(*PLAN, *[x for form, name in names.items()
                                      for x in ("--" + form, name)])
            assert cls.done.returncode == 0, cls.done.stderr
            texts = {form: pathlib.Path(name).read_text() for form, name in names.items()}
        cls.json = json.loads(texts["json"])
        cls.csv = list(csv.DictReader(io.StringIO(texts["csv"])))
        cls.svg = xml.fromstring(texts["svg"])

    def test_every_combination_is_measured(self):
        found = [(m["phase"], m["prompt"], m["depth"], m["rows"]) for m in self.json["measurements"]]
        expected = []
        for depth in (0, 40):
            for prompt in (0, 24):
                expected += [("prefill", prompt, depth, None)] if prompt else []
                expected += [("decode", prompt, depth, rows) for rows in (1, 2)]
        self.assertEqual(found, expected)
        for m in self.json["measurements"]:
            self.assertEqual(len(m["repetitions"]), 2)
            tokens = 24 if m["phase"] == "prefill" else 3 * m["rows"]
            self.assertEqual([r["tokens"] for r in m["repetitions"]], [tokens] * 2)
            spread = m["tokens_per_second"]
            self.assertLessEqual(spread["min"], spread["median"])
            self.assertLessEqual(spread["median"], spread["max"])
            self.assertGreater(m["limit_share"]["median"], 0)
            self.assertGreater(m["peak_memory_bytes"], 1 << 20)

    def test_machine_model_and_limits_are_named(self):
        self.assertEqual(self.json["machine"]["threads"], 2)
        self.assertTrue(self.json["machine"]["processor"])
        self.assertIn(self.json["machine"]["kernels"], ("scalar", "avx2", "avx512vnni"))
        self.assertEqual(self.json["model"]["file"], MODEL)
        self.assertEqual(self.json["tokens"], "random")
        # Before, after each of two repetitions of two prompts at two depths.
        self.assertEqual(len(self.json["limits"]["probes"]), 1 + 2 * 2 * 2)
        for limit in ("read_bytes_per_second", "int8_ops_per_second", "float_ops_per_second"):
            self.assertGreater(self.json["limits"][limit]["min"], 0)

    def test_two_rows_read_more_experts_but_not_twice_the_weights(self):
        one, two = [m for m in self.json["measurements"]
                    if m["phase"] == "decode" and (m["prompt"], m["depth"]) == (24, 40)]
        self.assertLess(two["weight_bytes_per_token"], one["weight_bytes_per_token"])
        self.assertGreater(2 * two["weight_bytes_per_token"], one["weight_bytes_per_token"])
        shallow = self.json["measurements"][0]
        self.assertGreater(one["kv_bytes_per_token"], shallow["kv_bytes_per_token"])

    def test_weights_of_a_token_agree_with_inspect(self):
        done = subprocess.run([STRIDE, "inspect", MODEL, "--json"], capture_output=True,
                              timeout=PATIENCE)
        expected = json.loads(done.stdout)["bytes_per_token"]
        one = self.json["measurements"][0]
        # Norms and biases, and the type in which the router is run.
        self.assertLess(abs(one["weight_bytes_per_token"] / expected - 1), 0.02)

    def test_forms_agree(self):
        self.assertEqual(len(self.csv), len(self.json["measurements"]))
        for line, m in zip(self.csv, self.json["measurements"]):
            self.assertEqual(line["phase"], m["phase"])
            self.assertEqual(line["rows"], "" if m["rows"] is None else str(m["rows"]))
            self.assertAlmostEqual(float(line["tokens_per_second"]) /
                                   m["tokens_per_second"]["median"], 1, 5)
            self.assertNotIn(None, line.values())
        table = self.done.stdout.decode()
        self.assertIn("random tokens (seed 1)", table)
        self.assertEqual(table.count("\nprefill"), 2)
        self.assertEqual(table.count("\ndecode"), 8)
        labels = [text.text for text in self.svg.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("decode at depth 64, 2 rows", labels)
        self.assertIn("prompt of 24 at depth 40", labels)

    def test_standard_output_holds_one_form(self):
        done = bench("-npp", "8", "-ntg", "1", "-r", "1", "--json", "-", "--kv-type", "int8")
        self.assertEqual(json.loads(done.stdout)["model"]["kv_type"], "int8")
        done = bench("-npp", "8", "-ntg", "1", "-r", "1", "--csv", "-")
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_long_names_and_the_bundled_model(self):
        done = subprocess.run([STRIDE, "bench", "--n-prompt", "4", "--n-gen", "1", "--n-parallel",
                               "1", "--n-depth", "2", "--repetitions", "1", "--json", "-"],
                              capture_output=True, timeout=PATIENCE, cwd=tempfile.gettempdir())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([m["depth"] for m in json.loads(done.stdout)["measurements"]], [2, 2])

    def test_wrong_requests_are_refused_in_a_sentence(self):
        for args, words in (((("-npp", "1,x")), b"character 3"),
                            (("-npl", "0"), b"0 is less than 1"),
                            (("-npl", "64", "-ub", "32"), b"64 rows"),
                            (("-npp", "0", "-ntg", "0"), b"nothing to measure"),
                            (("-r", "0"), b"0 repetitions"),
                            (("-ub", "0"), b"--ubatch-size is 0"),
                            (("--json", "-", "--csv", "-"), b"cannot both"),
                            (("--svg", "-"), b"name of a file")):
            done = bench(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        done = bench("-d", "2000000000")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"needs", done.stderr)

    def test_ctrl_c_keeps_what_was_measured(self):
        controller, terminal = pty.openpty()
        child = subprocess.Popen([STRIDE, "bench", "-m", MODEL, "-npp", "16", "-ntg", "1", "-r",
                                  "1000", "--json", "-"], stdout=subprocess.PIPE, stderr=terminal,
                                 env={**os.environ, "TERM": "xterm"})
        os.close(terminal)
        shown = b""
        while b"3 of 1000" not in shown:
            shown += os.read(controller, 4096)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=PATIENCE)
        os.close(controller)
        self.assertEqual(child.returncode, 130)
        result = json.loads(out)
        self.assertFalse(result["complete"])
        self.assertGreaterEqual(len(result["measurements"][0]["repetitions"]), 2)
        self.assertIn(b"left", shown)


def bench_mtp(*args):
    return subprocess.run([STRIDE, "bench", "mtp", *args], capture_output=True, timeout=PATIENCE)


class BenchMtp(unittest.TestCase):
    def test_skills_of_the_bundled_model(self):
        done = bench_mtp("-m", MODEL, "-s", "arithmetic", "-s", "json", "-n", "2", "-r", "2", "-ntg",
                         "24", "-t", "2", "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual([c["class"] for c in result["classes"]], ["arithmetic", "json"])
        self.assertIsNone(result["simulated_acceptance"])
        for c in result["classes"]:
            self.assertEqual(c["prompts"], 2)
            self.assertGreater(c["tokens"], 10)
            self.assertEqual(len(c["acceptance"]), 3)
            self.assertAlmostEqual(sum(c["depth_share"]), 1, 6)
            self.assertEqual(len(c["pairs"]), 2)
            for pair in c["pairs"]:
                self.assertGreater(pair["plain_seconds"], 0)
                self.assertAlmostEqual(pair["plain_seconds"] / pair["drafting_seconds"],
                                       pair["ratio"], 6)
        ratios = [c["ratio"]["median"] for c in result["classes"]]
        self.assertAlmostEqual(result["mean_ratio"], sum(ratios) / 2, 6)
        self.assertAlmostEqual(result["least_ratio"], min(ratios), 6)

    def test_stated_acceptance_on_random_weights(self):
        with tempfile.TemporaryDirectory() as folder:
            slab, out = os.path.join(folder, "slab.gguf"), os.path.join(folder, "out.json")
            subprocess.run([STRIDE, "synth", slab, "--shape", "small", "--layers", "3", "--mtp", "3",
                            "--vocab", "512"], check=True, capture_output=True, timeout=PATIENCE)
            args = ("-m", slab, "--acceptance", ".89,.76,.69", "--mtp-depth", "3", "-n", "3", "-npp",
                    "16", "-ntg", "120", "-r", "3", "-t", "2", "--json", out)
            done = bench_mtp(*args)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"heads were right 0.89/0.76/0.69", done.stdout)
            result = json.loads(pathlib.Path(out).read_text())
            only, = result["classes"]
            self.assertEqual((only["prompts"], only["tokens"]), (3, 3 * 119))
            for got, stated in zip(only["acceptance"], result["simulated_acceptance"]):
                self.assertAlmostEqual(got, stated, delta=0.08)
            bench_mtp(*args)
            again = json.loads(pathlib.Path(out).read_text())["classes"][0]
            for counted in ("acceptance", "tokens_per_pass", "depth_share"):
                self.assertEqual(again[counted], only[counted])
            done = bench_mtp("-m", slab, "--acceptance", ".5")
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"the model has 3 MTP heads", done.stderr)

    def test_prompts_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "prompts.txt")
            pathlib.Path(name).write_text("What is 2 + 2?\n\nSort 3, 1, 2.\n")
            done = bench_mtp("-m", MODEL, "--prompts", name, "-r", "1", "-ntg", "8")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"\nprompts ", done.stdout)
            pathlib.Path(name).write_text("\n\n")
            done = bench_mtp("-m", MODEL, "--prompts", name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"prompts.txt: there are no prompts in it", done.stderr)

    def test_wrong_requests_are_refused_in_a_sentence(self):
        for args, words in ((("--acceptance", ".9,x"), b"holds \"x\""),
                            (("--acceptance", "1.5"), b"holds \"1.5\""),
                            (("--acceptance", ""), b"a number from 0 to 1"),
                            (("-s", "juggling"), b"no skill \"juggling\""),
                            (("-s", "json", "--prompts", "x"), b"cannot both"),
                            (("-n", "0"), b"--count is 0"),
                            (("-ntg", "1"), b"no room for drafts"),
                            (("-r", "0"), b"0 pairs")):
            done = bench_mtp("-m", MODEL, *args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
