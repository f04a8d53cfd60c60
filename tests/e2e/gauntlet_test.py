#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`stride gauntlet` as a user has it: a run against the mock that is killed and resumed, what is
written about it, comparisons, gates and exit codes. No network.

Usage: gauntlet_test.py STRIDE SOURCE_FOLDER
"""
import contextlib
import csv
import html.parser
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml

from serving import Server
from terminal import PATIENCE

STRIDE, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
CASTS = pathlib.Path(SOURCE, "tests", "data", "casts")
# Tests that need no sandbox, so that the figures are the same on every machine.
PLAIN = "basic_reasoning,algorithm_explanation,complex_reasoning,content_generation,adversarial"


def gauntlet(*args, **kwargs):
    return subprocess.run([STRIDE, "gauntlet", *map(str, args)], capture_output=True, text=True,
                          timeout=PATIENCE, **kwargs)


@contextlib.contextmanager
def mock(folder, *args):
    """The address of a mock that serves the folder's casts."""
    with Server(STRIDE, "gauntlet", "mock", folder, *args, stderr=None) as server:
        yield server.url


def rows(database, sql):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


class Balanced(html.parser.HTMLParser):
    """Fails on a tag that is closed out of turn or not at all, and on any script."""
    VOID = {"meta", "input", "br", "link", "rect", "line", "circle", "polyline"}

    def __init__(self):
        super().__init__()
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "iframe", "object", "link", "img"), tag
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("src", "action"), name
            if name == "href":
                assert value.startswith("#"), value
            if name == "id":
                self.ids.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.database = self.folder / "gauntlet.db"

    def casts(self, *names):
        folder = self.folder / "-".join(names)
        folder.mkdir(exist_ok=True)
        for name in names:
            shutil.copy(CASTS / (name + ".sgcast"), folder)
        return folder

    def replay(self, name, *args, tests="basic_reasoning"):
        return gauntlet("run", "--endpoint", "http://replay", "--model", "step", "--replay",
                        self.casts(name), "--tests", tests, "--db", self.database, *args)


class Demonstration(Folder):
    """The failure of the published series, and the same model with budgets of its own."""

    def test_thinking_ate_the_budget(self):
        done = self.replay("thinking_ate_the_budget", "--budget", "published", "--n-variants", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("correct answer present in reasoning", done.stdout)
        out = json.loads(gauntlet("report", "latest", "--json", "-", "--db", self.database).stdout)
        cell = out["runs"][0]["cells"][0]
        self.assertEqual(cell["class"], "truncated_in_reasoning")
        self.assertEqual(cell["score"], 0)
        self.assertEqual(cell["recovered_score"], 1)
        self.assertIsNone(cell["attempts"][0]["ttfa_s"])
        self.assertIsNotNone(cell["attempts"][0]["ttfr_s"])
        self.assertEqual(out["runs"][0]["tests"][0]["key_finding"],
                         "truncated inside reasoning at 4,000 tokens; correct answer present in "
                         "reasoning")

        done = self.replay("split_budgets_answer", "--n-variants", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        out = json.loads(gauntlet("report", "latest", "--json", "-", "--db", self.database).stdout)
        cell = out["runs"][0]["cells"][0]
        self.assertEqual((cell["class"], cell["score"], cell["passed"]), ("ok", 1, True))
        self.assertIsNotNone(cell["attempts"][0]["ttfa_s"])

    def test_replay_is_the_same_every_time(self):
        figures = []
        for _ in range(2):
            self.replay("split_budgets_answer")
            out = json.loads(gauntlet("report", "latest", "--json", "-", "--db",
                                      self.database).stdout)["runs"][0]
            for cell in out["cells"]:
                for attempt in cell["attempts"]:
                    del attempt["t_start"]
            figures.append((out["cells"], out["average"], out["times"], out["readiness"]))
        self.assertEqual(*figures)


class Killed(Folder):
    def finished(self):
        return dict(rows(self.database,
                         "SELECT cell.id, max(attempt.id) FROM cell LEFT JOIN attempt ON "
                         "attempt.cell = cell.id WHERE state = 'done' GROUP BY cell.id"))

    def test_a_killed_run_is_resumed_without_doing_a_cell_twice(self):
        with mock(self.casts("split_budgets_answer"), "--speed", "50") as url:
            command = ["run", "--endpoint", url, "--model", "step", "--tests", PLAIN, "--db",
                       str(self.database), "--no-contract", "--concurrency", "2"]
            kept = {}
            for wanted in (3, 9, 14):
                child = subprocess.Popen([STRIDE, "gauntlet", *command], stderr=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL)
                deadline = time.monotonic() + PATIENCE
                while not (self.database.exists() and self.count_done() >= wanted):
                    self.assertLess(time.monotonic(), deadline)
                    self.assertIsNone(child.poll())
                    time.sleep(0.02)
                child.kill()
                child.wait()
                for cell, attempt in kept.items():
                    self.assertEqual(self.finished()[cell], attempt)
                kept = self.finished()
                command = ["resume", "1", "--db", str(self.database), "--concurrency", "2"]
            done = gauntlet(*command)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("were in flight", done.stderr)
        after = self.finished()
        self.assertEqual(len(after), 25)
        for cell, attempt in kept.items():
            self.assertEqual(after[cell], attempt)
        self.assertEqual(rows(self.database, "SELECT count(*) FROM attempt"), [(25,)])
        self.assertEqual(rows(self.database, "SELECT state FROM run"), [("complete",)])
        self.assertEqual(len(rows(self.database, "SELECT id FROM run")), 1)

    def count_done(self):
        try:
            return rows(self.database, "SELECT count(*) FROM cell WHERE state = 'done'")[0][0]
        except sqlite3.OperationalError:  # the tables are not there yet
            return 0

    def test_ctrl_c_drains_and_resume_finishes(self):
        with mock(self.casts("split_budgets_answer"), "--speed", "50") as url:
            child = subprocess.Popen([STRIDE, "gauntlet", "run", "--endpoint", url, "--model",
                                      "step", "--tests", PLAIN, "--no-contract", "--db",
                                      str(self.database)], stderr=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, text=True)
            deadline = time.monotonic() + PATIENCE
            while not (self.database.exists() and self.count_done() >= 2):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate(timeout=PATIENCE)
            self.assertEqual(child.returncode, 4, errors)
            self.assertIn("resume 1", errors)
            self.assertEqual(rows(self.database,
                                  "SELECT count(*) FROM cell WHERE state = 'running'"), [(0,)])
            done = gauntlet("resume", "latest", "--db", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.count_done(), 25)


class Endpoints(Folder):
    def run_against(self, folder, *args, mock_args=()):
        with mock(folder, "--speed", "0", *mock_args) as url:
            return gauntlet("run", "--endpoint", url, "--model", "step", "--tests",
                            "basic_reasoning", "--n-variants", "1", "--no-contract", "--db",
                            self.database, *args)

    def test_a_rate_limit_is_waited_out(self):
        done = self.run_against(self.casts("split_budgets_answer"),
                                mock_args=("--statuses", "429,429", "--retry-after", "0"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(rows(self.database, "SELECT score FROM cell"), [(1.0,)])

    def test_nobody_there(self):
        done = gauntlet("run", "--endpoint", "http://127.0.0.1:1", "--model", "m", "--tests",
                        "debugging", "--db", self.database)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("cannot be used", done.stderr)
        self.assertEqual(rows(self.database, "SELECT DISTINCT state FROM cell"), [("pending",)])

    def test_cost_ends_the_run_early(self):
        with mock(self.casts("split_budgets_answer"), "--speed", "0") as url:
            done = gauntlet("run", "--endpoint", url, "--model", "step", "--tests", PLAIN,
                            "--no-contract", "--price", "0,1000", "--max-cost", "3", "--db",
                            self.database)
        self.assertEqual(done.returncode, 4, done.stderr)  # 0.86 dollars a cell
        self.assertEqual(rows(self.database, "SELECT count(*) FROM cell WHERE state = 'done'"),
                         [(3,)])


class Reports(Folder):
    def setUp(self):
        super().setUp()
        for cast in ("split_budgets_answer", "thinking_ate_the_budget"):
            done = self.replay(cast, tests=PLAIN)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_format(self):
        names = {form: self.folder / ("out." + form) for form in ("html", "md", "json", "csv",
                                                                  "junit")}
        done = gauntlet("report", "1", "2", "--db", self.database, "--published", "step-3.7-flash",
                        *[x for form, name in names.items() for x in ("--" + form, name)])
        self.assertEqual(done.returncode, 0, done.stderr)
        page = Balanced()
        page.feed(names["html"].read_text())
        self.assertEqual(page.open, [])
        self.assertEqual(len(page.ids), len(set(page.ids)))
        for section in ("overview", "results", "delivery", "speed", "stability", "versus",
                        "published", "transcripts", "method"):
            self.assertIn(section, page.ids)
        self.assertIn("## Results: raw data", names["md"].read_text())
        out = json.loads(names["json"].read_text())
        self.assertEqual(len(out["runs"][0]["cells"]), 25)
        with names["csv"].open(newline="") as text:
            self.assertEqual(len(list(csv.DictReader(text))), 50)
        junit = xml.fromstring(names["junit"].read_text())
        self.assertEqual(junit.get("tests"), "50")
        self.assertEqual(len(junit.findall("./testsuite/testcase")), 50)

    def test_compare(self):
        done = gauntlet("compare", "1", "2", "--db", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Basic Reasoning", done.stdout)
        done = gauntlet("compare", "1", "--published", "step-3.7-flash", "--db", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("must not be subtracted", done.stdout)
        self.assertIn("equals its empty score", done.stdout)

    def test_gate(self):
        def gate(run, policy):
            path = self.folder / "policy.json"
            path.write_text(json.dumps(policy))
            return gauntlet("gate", run, "--baseline", "1", "--policy", path, "--db",
                            self.database)

        self.assertEqual(gate("1", {"max_drop": 0.03}).returncode, 0)
        undelivered = gate("2", {"delivery_min": 0.98})
        self.assertEqual(undelivered.returncode, 2, undelivered.stdout)
        self.assertIn("0 of 25", undelivered.stdout)
        self.assertEqual(gate("1", {"latency": {"total_p99_ms": 1e6}}).returncode, 3)
        self.assertEqual(gate("1", {"latency": {"total_p99_ms": 1e6},
                                    "on_inconclusive": "pass"}).returncode, 0)
        mistyped = gate("1", {"max_drp": 0.03})
        self.assertEqual(mistyped.returncode, 1)
        self.assertIn("max_drp", mistyped.stderr)

    def test_gate_asks_more_until_its_cells_are_used_up(self):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({"latency": {"total_p99_ms": 1e6}, "on_inconclusive": "more",
                                    "max_extra_cells": 50}))
        done = gauntlet("gate", "1", "--baseline", "2", "--policy", path, "--db", self.database)
        self.assertEqual(done.returncode, 3, done.stderr)  # 75 values are too few for p99
        self.assertEqual(rows(self.database, "SELECT count(*) FROM cell WHERE run_id = 1 AND "
                                             "state = 'done'"), [(75,)])
        path.write_text(json.dumps({"latency": {"total_p99_ms": 1e6}, "on_inconclusive": "more",
                                    "max_extra_cells": 150}))
        done = gauntlet("gate", "1", "--baseline", "2", "--policy", path, "--db", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_regrade_and_show(self):
        before = rows(self.database, "SELECT id, score FROM cell ORDER BY id")
        done = gauntlet("regrade", "1", "--db", self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(rows(self.database, "SELECT id, score FROM cell ORDER BY id"), before)
        done = gauntlet("show", "1", "basic_reasoning", "--variant", "0", "--question", "--db",
                        self.database)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("96 parcels", done.stdout)
        self.assertIn("ANSWER: 42", done.stdout)


class Usage(Folder):
    def test_wrong_usage_is_1(self):
        for args in ((), ("fly",), ("run",), ("run", "--endpoint", "http://h", "--size", "huge"),
                     ("run", "--endpoint", "http://h", "--tests", "nothing"),
                     ("run", "--endpoint", "http://h", "--env", "hot"), ("report", "7"),
                     ("resume",), ("gate", "1"), ("compare", "1"), ("show", "1", "debuging")):
            done = gauntlet(*args, *(("--db", self.database) if args and args[0] != "fly" else ()))
            self.assertEqual(done.returncode, 1, (args, done.stderr))
            self.assertTrue(done.stdout or done.stderr)

    def test_help_of_every_command(self):
        commands = re.findall(r"^  (\w+) ", gauntlet("--help").stdout, re.MULTILINE)
        self.assertIn("selftest", commands)
        for command in commands:
            if command != "stride":
                done = gauntlet(command, "--help")
                self.assertEqual(done.returncode, 0, command)
                self.assertIn("Examples:", done.stdout, command)

    def test_a_foreign_file_is_no_database(self):
        self.database.write_text("not a database at all, but long enough to look at")
        done = gauntlet("report", "latest", "--db", self.database)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not a database", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
