#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`compare` with doubles for engines: programs that print what they are told to, and a server."""
import contextlib
import csv
import http.server
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from xml.etree import ElementTree

sys.dont_write_bytecode = True
FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from engines import (Cell, Failure, LlamaBench, Run, parse_llama_bench,  # noqa: E402
                     parse_stride_bench)
from servers import Server, random_words  # noqa: E402


def load_compare():
    loader = importlib.machinery.SourceFileLoader("compare", str(FOLDER / "compare"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
    loader.exec_module(module)
    return module


compare = load_compare()
PROMPT, DECODE, DEEP = Cell("prompt", 512, 0), Cell("decode", 64, 0), Cell("decode", 64, 4096)


def llama_row(n_prompt, n_gen, speeds, **more):
    return {"n_prompt": n_prompt, "n_gen": n_gen, "avg_ts": speeds[0], "samples_ts": speeds, **more}


class LlamaBenchJson(unittest.TestCase):
    def refused(self, text, words, cell=PROMPT):
        with self.assertRaises(Failure) as caught:
            parse_llama_bench(text, cell)
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_the_row_of_the_cell_is_taken(self):
        text = json.dumps([llama_row(512, 0, [40.5, 42], n_depth=0),
                           llama_row(0, 64, [11, 12, 13], n_depth=0),
                           llama_row(0, 64, [8], n_depth=4096)])
        self.assertEqual(parse_llama_bench(text, PROMPT), [40.5, 42.0])
        self.assertEqual(parse_llama_bench(text, DECODE), [11.0, 12.0, 13.0])
        self.assertEqual(parse_llama_bench(text, DEEP), [8.0])

    def test_depth_by_way_of_a_prompt(self):
        text = json.dumps([llama_row(4096, 64, [9.5], test="tg64@pp4096")])
        self.assertEqual(parse_llama_bench(text, DEEP), [9.5])
        self.refused(text, "no row", DECODE)

    def test_average_where_there_are_no_samples(self):
        text = '[{"n_prompt":512,"n_gen":0,"avg_ts":7}]'
        self.assertEqual(parse_llama_bench(text, PROMPT), [7.0])

    def test_broken_output_is_one_line(self):
        self.refused("", "printed nothing")
        self.refused("[{\n\"n_prompt\": 512,\n", "did not print JSON")
        self.refused("[" * 100000, "did not print JSON")
        for text in ("{}", "3", "[]", "[4]", '[{"n_prompt":[]}]'):
            self.refused(text, "no row for prompt 512")

    def test_speeds_that_are_none(self):
        for speeds in ("[]", "[0]", "[NaN]", "[Infinity]", "[-1]", '["9"]', "[true]", "null", "9"):
            self.refused(f'[{{"n_prompt":512,"n_gen":0,"samples_ts":{speeds}}}]', "no speeds")


class StrideBenchJson(unittest.TestCase):
    def test_the_measurement_of_the_cell_is_taken(self):
        def entry(phase, prompt, depth, rows, *speeds):
            return {"phase": phase, "prompt": prompt, "depth": depth, "rows": rows,
                    "repetitions": [{"tokens_per_second": speed} for speed in speeds]}
        text = json.dumps({"stride": "0.1.0", "measurements": [
            entry("prefill", 512, 0, None, 70, 72.5), entry("decode", 512, 0, 1, 1),
            entry("decode", 0, 0, 4, 2), entry("decode", 0, 0, 1, 20),
            entry("decode", 0, 4096, 1, 18)]})
        self.assertEqual(parse_stride_bench(text, PROMPT), [70.0, 72.5])
        self.assertEqual(parse_stride_bench(text, DECODE), [20.0])
        self.assertEqual(parse_stride_bench(text, DEEP), [18.0])

    def test_broken_output(self):
        row = '{"measurements":[{"phase":"prefill","prompt":512,"depth":0,"repetitions":%s}]}'
        cases = [("", "printed nothing"), ("[]", "no measurement for prompt 512"),
                 ('{"measurements":{}}', "no measurement"),
                 ('{"measurements":[1]}', "no measurement"),
                 *((row % bad, "no speeds") for bad in ("[]", "3", "[3]", "[{}]", "null"))]
        for text, words in cases:
            with self.assertRaisesRegex(Failure, words):
                parse_stride_bench(text, PROMPT)


# A program for both roles. Its options after `--fake` say how it behaves; it notes each start.
FAKE = """\
#!/usr/bin/env python3
import json, os, subprocess, sys
given = sys.argv[1:]
fake = given[given.index("--fake") + 1] if "--fake" in given else "well"
if "--help" in given:
    old = os.path.basename(sys.argv[0]).startswith("gp")
    print("  -gp <pp,tg>" if old else "  -d, --n-depth <n>")
    sys.exit(0)
with open(os.environ["FAKE_LOG"], "a") as log:
    log.write(os.path.basename(sys.argv[0]) + " " + " ".join(given) + "\\n")
if fake == "slow":
    subprocess.run(["sleep", "60"])
if fake == "crash":
    sys.exit("first line\\nmodel key missing")
if fake == "killed":
    os.kill(os.getpid(), 9)
if fake == "broken":
    print("[{")
    sys.exit(0)
option = lambda name: int(given[given.index(name) + 1]) if name in given else 0
def samples(speed):
    return [2 * speed, speed, speed / 2] if option("-r") == 3 else [speed] * option("-r")
"""
FAKE_PEER = FAKE + """\
n_prompt, n_gen, depth = option("-p"), option("-n"), option("-d")
if "-gp" in given:
    n_prompt, n_gen = map(int, given[given.index("-gp") + 1].split(","))
speed = 50.0 if n_gen == 0 else 10.0
print(json.dumps([{"n_prompt": n_prompt, "n_gen": n_gen, "n_depth": depth,
                   "samples_ts": samples(speed)}]))
"""

FAKE_STRIDE = FAKE + """\
n_prompt, n_gen, depth = option("-npp"), option("-ntg"), option("-d")
phase, rows, speed = ("prefill", None, 100.0) if n_prompt else ("decode", 1, 15.0)
print(json.dumps({"measurements": [
    {"phase": phase, "prompt": n_prompt, "depth": depth, "rows": rows,
     "repetitions": [{"tokens_per_second": sample} for sample in samples(speed)]}]}))
"""


class Program(unittest.TestCase):
    """The whole command, with a folder of doubles."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.log = self.folder / "log"
        os.environ["FAKE_LOG"] = str(self.log)
        self.model = self.write("model.gguf", "")
        self.stride = self.write("stride", FAKE_STRIDE)
        self.peer = self.write("peer", FAKE_PEER)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def compare(self, *arguments, code=0, programs="", servers="", stride=None):
        out, err = io.StringIO(), io.StringIO()
        environment = {"STRIDE_PEER_LLAMA_BENCH": programs, "STRIDE_PEER_SERVERS": servers}
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = compare.main(["-m", self.model, "--stride", stride or self.stride, "-t", "2",
                                  *arguments], environment)
        self.assertEqual(ended, code, err.getvalue())
        return out.getvalue(), err.getvalue()

    def starts(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def figures(self, *arguments, **more):
        out, err = self.compare("--json", "-", *arguments, **more)
        return json.loads(out)["cells"], err

    def test_turns_and_ratios(self):
        cells, err = self.figures("-npp", "512", "-d", "0,4096", programs=self.peer)
        self.assertEqual([start.split()[0] for start in self.starts()], ["stride", "peer"] * 15)
        self.assertEqual([(c["kind"], c["tokens"], c["depth"]) for c in cells],
                         [("prompt", 512, 0), ("decode", 64, 0), ("decode", 64, 4096)])
        for cell, ours, theirs in zip(cells, (100.0, 15.0, 15.0), (50.0, 10.0, 10.0)):
            stride, peer = cell["engines"]
            self.assertEqual(stride["tokens_per_second"], [ours] * 5)
            self.assertEqual(peer["tokens_per_second"], [theirs] * 5)
            self.assertIsNone(stride["stride_ratio"])
            ratio = ours / theirs
            self.assertEqual(peer["stride_ratio"], {"median": ratio, "min": ratio, "max": ratio})
        self.assertNotIn("few", err)

    def test_repeats_are_for_runs_without_depth(self):
        self.compare("-npp", "", "-d", "0,4096", "--pairs", "1", "-r", "4", programs=self.peer)
        shallow, deep = [start for start in self.starts() if start.startswith("peer")]
        self.assertIn("-r 4 ", shallow)
        self.assertIn("-r 1 ", deep)

    def test_depth_in_the_way_of_the_program(self):
        other = self.write("gp-peer", FAKE_PEER)
        cells, _ = self.figures("-npp", "", "-d", "4096", "--pairs", "1",
                                programs=f"{self.peer}:{other}")
        self.assertEqual([engine["tokens_per_second"] for engine in cells[0]["engines"]],
                         [[15.0], [10.0], [10.0]])
        _, peer, gp = self.starts()
        self.assertIn("-n 64 -d 4096", peer)
        self.assertIn("-n 0 -gp 4096,64", gp)

    def test_options_of_a_peer_come_last(self):
        self.compare("-npp", "512", "-ntg", "", "--pairs", "1",
                     programs=f"packed={self.peer} -rtr 1 --x 'a b'")
        self.assertTrue(self.starts()[1].endswith(" -p 512 -n 0 -rtr 1 --x a b"), self.starts())

    def test_absent_peers_are_skipped(self):
        out, err = self.compare("-npp", "512", "-ntg", "", "--pairs", "1",
                                programs=f"gone=/nowhere/llama-bench;{self.peer}",
                                servers="off=http://127.0.0.1:9")
        self.assertIn("gone is skipped: /nowhere/llama-bench is not there\n", err)
        self.assertIn("off is skipped: http://127.0.0.1:9 does not answer", err)
        self.assertIn("2.00 (2.00-2.00)", out)
        self.assertNotIn("gone", out)

    def test_without_peers_stride_is_measured(self):
        out, err = self.compare("-npp", "512", "-ntg", "", "--pairs", "2")
        self.assertIn("there is no peer", err)
        self.assertIn("100.00 (100.00-100.00)", out)

    def test_a_failing_peer_is_one_line_and_the_rest_goes_on(self):
        for how, words in (("crash", "ended with code 1: model key missing"),
                           ("killed", "ended by signal 9"), ("broken", "did not print JSON: '[{'")):
            with self.subTest(how):
                out, err = self.compare("-npp", "512,2048", "-ntg", "", code=1,
                                        programs=f"bad={self.peer} --fake {how};{self.peer}")
                self.assertEqual(err.count("bad: "), 2)  # once a cell
                self.assertIn(f"prompt 512, bad: {words}\n", err)
                self.assertRegex(out, r"bad +- +failed")
                self.assertEqual(out.count("2.00 (2.00-2.00)"), 2)

    def test_a_cell_ends_with_its_last_peer(self):
        self.compare("-npp", "512", "-ntg", "", code=1, programs=f"{self.peer} --fake crash")
        self.assertEqual(len(self.starts()), 2)

    def test_time_out_ends_the_children_too(self):
        peer = LlamaBench("slow", [self.peer, "--fake", "slow"], Run(self.model, 2, 1, 1))
        begin = time.monotonic()
        with self.assertRaisesRegex(Failure, "did not end within 1 s"):
            peer.measure(DECODE)
        self.assertLess(time.monotonic() - begin, 30)

    def test_stride_failing_ends_the_cell(self):
        crash = self.write("stride-bad", FAKE_STRIDE.replace('"well"', '"crash"'))
        _, err = self.compare("-npp", "512,2048", "-ntg", "", code=1, stride=crash,
                              programs=f"{self.peer}:{self.peer}")
        self.assertEqual(err.count("stride: ended with code 1: model key missing"), 2)
        self.assertEqual([start.split()[0] for start in self.starts()], ["stride-bad"] * 2)

    def test_csv_has_a_line_a_run(self):
        path = self.folder / "out.csv"
        out, _ = self.compare("-npp", "512", "-d", "4096", "--pairs", "3", "--csv", str(path),
                              programs=self.peer)
        self.assertIn("decode 64 @ 4096", out)
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 2 * 2 * 3)
        self.assertEqual(rows[3], {"kind": "prompt", "tokens": "512", "depth": "0",
                                   "engine": "peer", "pair": "1", "tokens_per_second": "50.0000",
                                   "stride_ratio": "2.0000"})
        self.assertEqual(rows[0]["stride_ratio"], "")

    def test_svg_draws_the_ratios(self):
        path = self.folder / "out.svg"
        self.compare("-npp", "512", "-d", "0", "--svg", str(path), programs=f"a={self.peer}")
        texts = [element.text for element in ElementTree.parse(path).iter()
                 if element.tag.endswith("text")]
        self.assertEqual(texts[2:], ["prompt 512, a", "2.00 (2.00 - 2.00)",
                                     "decode 64 @ 0, a", "1.50 (1.50 - 1.50)"])

    def test_svg_without_a_peer_is_empty(self):
        path = self.folder / "out.svg"
        self.compare("-npp", "512", "-d", "0", "--svg", str(path))
        self.assertEqual(len(ElementTree.parse(path).findall("{*}rect")), 1)

    def test_what_cannot_be_begun_ends_with_2(self):
        self.compare(code=2, stride="/nowhere/stride")
        self.compare(code=2, programs="'unbalanced")
        self.compare(code=2, programs="name=''")
        for url in ("ftp://host", "host:80", "http://", "http://host:x", "http://host:70000",
                    "http://[::"):
            _, err = self.compare(code=2, servers=f"name={url}")
            self.assertIn(f"{url!r} is no URL", err)
        _, err = self.compare("-m", "/nowhere/model.gguf", code=2)
        self.assertEqual(err, "compare: /nowhere/model.gguf is not there\n")
        for bad in (["-npp", "0"], ["-ntg", "1"], ["-d", "-1"], ["-d", "x"], ["--pairs", "0"]):
            with self.assertRaises(SystemExit) as ended:
                self.compare(*bad)
            self.assertEqual(ended.exception.code, 2)


class Ratios(unittest.TestCase):
    def test_pairs_share_their_minute(self):
        figures = compare.Figures(PROMPT, [])
        figures.speeds = {"stride": [10.0, 20.0, 30.0], "peer": [5.0, 5.0, 20.0], "short": [40.0]}
        self.assertEqual(figures.ratios("peer"), [2.0, 4.0, 1.5])
        self.assertEqual(figures.ratios("short"), [0.25])
        engines = {engine["name"]: engine for engine in figures.as_json()["engines"]}
        self.assertEqual(engines["peer"]["stride_ratio"], {"median": 2.0, "min": 1.5, "max": 4.0})
        text = compare.table([figures])
        self.assertRegex(text, r"peer +5\.00 \(5\.00-20\.00\) +2\.00 \(1\.50-4\.00\) +3")


class Peers(unittest.TestCase):
    def names(self, programs="", servers=""):
        environment = {"STRIDE_PEER_LLAMA_BENCH": programs, "STRIDE_PEER_SERVERS": servers}
        return [(peer.name, getattr(peer, "command", None) or peer.url)
                for peer in compare.find_peers(environment, Run("m", 2, 1, 1))]

    def test_paths_alone_and_with_names(self):
        self.assertEqual(self.names(), [])
        self.assertEqual(self.names("/a/llama-bench:/b/llama-bench"),
                         [("llama-bench", ["/a/llama-bench"]),
                          ("llama-bench-2", ["/b/llama-bench"])])
        self.assertEqual(self.names("x=/a/b -rtr 1; y=/c:d;stride=/e;"),
                         [("x", ["/a/b", "-rtr", "1"]), ("y", ["/c:d"]), ("stride-2", ["/e"])])

    def test_servers(self):
        self.assertEqual(self.names(servers="s=http://host:8080;https://other/api/"),
                         [("s", "http://host:8080"), ("other/api", "https://other/api/")])


class Double(http.server.BaseHTTPRequestHandler):
    """A completions server: five tokens are two words, a token takes `pause` seconds."""
    behaviour = "well"
    pause = 0.002
    prompts = []

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, b'{"data":[{"id":"double"}]}' if self.path == "/base/v1/models" else b"{}")

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.prompts.append(body["prompt"])
        if self.behaviour == "refuse":
            return self.answer(503, b"loading\nthe model")
        if self.behaviour == "slow":
            time.sleep(1.5)
        self.send_response(200)
        self.end_headers()
        self.stream(body)

    def stream(self, body):
        n = body["max_tokens"] if self.behaviour != "short" else min(3, body["max_tokens"])
        self.wfile.write(b": a comment\n\n")
        for _ in range(n):
            time.sleep(self.pause)
            self.send({"choices": [{"text": "x"}]})
        if self.behaviour == "broken":
            self.wfile.write(b"data: {\"choices\n\n")
        if self.behaviour == "error":
            self.send({"error": {"message": "out of memory"}})
        if self.behaviour != "no usage":
            n_prompt = len(body["prompt"].split()) * 5 // 2
            self.send({"choices": [], "usage": {"prompt_tokens": n_prompt, "completion_tokens": n}})
        self.wfile.write(b"data: [DONE]\n\n")

    def send(self, event):
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.flush()


class Servers(unittest.TestCase):
    def start(self, behaviour="well"):
        kind = type("Double", (Double,), {"behaviour": behaviour, "prompts": []})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        self.prompts = kind.prompts
        peer = Server("double", f"http://127.0.0.1:{server.server_port}/base",
                      Run("model", 2, 2, 30))
        self.assertIsNone(peer.absent())
        self.assertEqual(peer.model, "double")
        return peer

    def refused(self, behaviour, words, timeout=30):
        peer = self.start(behaviour)
        peer.run = peer.run._replace(timeout=timeout)
        with self.assertRaises(Failure) as caught:
            peer.measure(DECODE)
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_prompts_have_the_size_asked_for(self):
        peer = self.start()
        speeds = peer.measure(PROMPT)
        self.assertEqual(len(speeds), 2)
        for speed in speeds:  # 512 tokens and one pause at least
            self.assertTrue(0 < speed <= 513 / Double.pause, speed)
        sizes = [len(prompt.split()) for prompt in self.prompts]
        self.assertEqual(sizes, [64, 205, 205])
        self.assertEqual(len(set(self.prompts)), 3)

    def test_writing_is_timed_after_the_first_token(self):
        peer = self.start()
        for cell, n in ((DECODE, 2), (DEEP, 1)):
            speeds = peer.measure(cell)
            self.assertEqual(len(speeds), n)
            self.assertTrue(all(0 < speed <= 64 / 63 / Double.pause for speed in speeds), speeds)
        self.assertEqual(len(self.prompts[-1].split()), round(4096 / 2.5))

    def test_failures_are_one_line(self):
        self.refused("refuse", "answered 503 to /v1/completions: loading the model")
        self.refused("short", "stopped after 3 of 64 tokens")
        self.refused("broken", "sent a broken event")
        self.refused("error", "out of memory")
        self.refused("no usage", "sent no usage")
        self.refused("slow", "did not answer within 0.5 s", timeout=0.5)

    def test_a_server_without_models_is_absent(self):
        peer = self.start()
        other = Server("other", peer.url + "/elsewhere", peer.run)
        self.assertIn("does not list a model", other.absent())
        self.assertIsNone(Server("same", peer.url + "/v1/", peer.run).absent())

    def test_words_are_random(self):
        words = random_words(1000).split()
        self.assertEqual(len(words), 1000)
        self.assertGreater(len(set(words)), 500)


if __name__ == "__main__":
    unittest.main()
