# SPDX-License-Identifier: Apache-2.0
"""What `compare` measures, and the engines that are programs: Stride's own bench and whatever
understands llama-bench's options. Servers are in servers.py.

An engine has a `name`, absent() -> why it cannot be measured, or None, and measure(cell) -> the
tokens/s of each repetition. Whatever else goes wrong with it is a `Failure` of one line.
"""
import collections
import json
import math
import os
import re
import signal
import subprocess


class Failure(Exception):
    """An engine gave no figure; says why in one line."""


class Cell(collections.namedtuple("Cell", "kind tokens depth")):
    """What is measured: reading `tokens` of prompt, or writing as many behind `depth` others."""

    @property
    def name(self):
        if self.kind == "prompt":
            return f"prompt {self.tokens}"
        return f"decode {self.tokens} @ {self.depth}"


Run = collections.namedtuple("Run", "model threads repeats timeout")


def repeats(run, cell):
    """Behind a long context one run is one repetition: reading it again is what takes the time."""
    return run.repeats if cell.depth == 0 else 1


def one_line(text, limit=160):
    text = " ".join(str(text).split())
    return text if len(text) <= limit else text[:limit - 3] + "..."


def rate(value):
    """The value if it can be a speed, else None: bools, text, NaN and zeros cannot."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if usable and math.isfinite(value) and value > 0 else None


def rates(values, where):
    found = [rate(value) for value in values] if isinstance(values, list) else []
    if not found or None in found:
        raise Failure(f"{where} has no speeds: {one_line(json.dumps(values), 60)}")
    return found


def run_program(command, timeout):
    """Its standard output. It gets a process group, so that a time-out ends its children too."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
    except OSError as error:
        raise Failure(f"cannot be started: {error.strerror}") from error
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"did not end within {timeout:g} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        code = process.returncode
        how = f"ended by signal {-code}" if code < 0 else f"ended with code {code}"
        last = err.decode(errors="replace").strip().rpartition("\n")[2]
        raise Failure(one_line(f"{how}: {last}" if last else how))
    return out.decode(errors="replace")


def parse_json(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        shown = one_line(text, 60)
        raise Failure(f"did not print JSON: {shown!r}" if shown else "printed nothing") from None


class LlamaBench:
    """A program with llama-bench's options. Forks differ in how they put tokens before the measured
    ones (`-d DEPTH` or `-gp DEPTH,TOKENS`); the help tells."""

    def __init__(self, name, command, run):
        self.name, self.command, self.run = name, command, run
        self.help = None

    def absent(self):
        if not os.path.isfile(self.command[0]):
            return f"{self.command[0]} is not there"
        if not os.access(self.command[0], os.X_OK):
            return f"{self.command[0]} is not executable"
        return None

    def depth_options(self, cell):
        if cell.depth == 0:
            return ["-n", str(cell.tokens)]
        if self.help is None:
            self.help = run_program([self.command[0], "--help"], self.run.timeout)
        if re.search(r"--n-depth\b", self.help):
            return ["-n", str(cell.tokens), "-d", str(cell.depth)]
        if re.search(r"(^|\s)-gp\b", self.help):
            return ["-n", "0", "-gp", f"{cell.depth},{cell.tokens}"]
        raise Failure("has no option for tokens before the measured ones")

    def options(self, cell):
        if cell.kind == "prompt":
            return ["-p", str(cell.tokens), "-n", "0"]
        return ["-p", "0", *self.depth_options(cell)]

    def measure(self, cell):
        # The user's options come last, so that they win.
        command = [self.command[0], "-m", self.run.model, "-t", str(self.run.threads),
                   "-r", str(repeats(self.run, cell)), "-o", "json", *self.options(cell),
                   *self.command[1:]]
        return parse_llama_bench(run_program(command, self.run.timeout), cell)


def parse_llama_bench(text, cell):
    """Speeds from llama-bench's `-o json`: the one row of the cell. With -d the depth has a field
    of its own, with -gp it is called n_prompt."""
    rows = parse_json(text)
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict):
            continue
        seen = [row.get("n_prompt"), row.get("n_gen"), row.get("n_depth", 0)]
        if cell.kind == "prompt":
            wanted = [[cell.tokens, 0, 0]]
        else:
            wanted = [[0, cell.tokens, cell.depth], [cell.depth, cell.tokens, 0]]
        if seen in wanted:
            return rates(row.get("samples_ts", [row.get("avg_ts")]), "llama-bench's row")
    raise Failure(f"printed no row for {cell.name}")


class StrideBench:
    def __init__(self, name, command, run):
        self.name, self.command, self.run = name, command, run

    def absent(self):
        if not os.access(self.command[0], os.X_OK):
            return f"{self.command[0]} is not there; build the target stride, or give --stride PATH"
        return None

    def measure(self, cell):
        n_prompt, n_gen = (cell.tokens, 0) if cell.kind == "prompt" else (0, cell.tokens)
        command = [self.command[0], "bench", "-m", self.run.model, "-t", str(self.run.threads),
                   "-npp", str(n_prompt), "-ntg", str(n_gen), "-npl", "1", "-d", str(cell.depth),
                   "-r", str(repeats(self.run, cell)), "--json", "-", *self.command[1:]]
        return parse_stride_bench(run_program(command, self.run.timeout), cell)


def parse_stride_bench(text, cell):
    """Speeds from `stride bench --json -`: the repetitions of the one measurement of the cell."""
    report = parse_json(text)
    rows = report.get("measurements") if isinstance(report, dict) else None
    if cell.kind == "prompt":
        wanted = {"phase": "prefill", "prompt": cell.tokens, "depth": cell.depth}
    else:
        wanted = {"phase": "decode", "prompt": 0, "depth": cell.depth, "rows": 1}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and all(row.get(key) == wanted[key] for key in wanted):
            runs = row.get("repetitions")
            return rates([run.get("tokens_per_second") if isinstance(run, dict) else None
                          for run in runs] if isinstance(runs, list) else [], "stride bench")
    raise Failure(f"printed no measurement for {cell.name}")
