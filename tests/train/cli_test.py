#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stride train from the outside: exit codes, the folder of a run, going on after Ctrl-C, plot and
export. The run that was interrupted must export the very bytes of one that was not.

  cli_test.py STRIDE SOURCE_FOLDER
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

stride, source = sys.argv[1], pathlib.Path(sys.argv[2])
folder = tempfile.TemporaryDirectory(prefix="stride_train_cli_")
work = pathlib.Path(folder.name)
text = (source / "tests/train/small.json").read_text()
tokenizer = source / "models/step-nano-tokenizer.json"
(work / "config.json").write_text(text.replace("TOKENIZER", str(tokenizer)))


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def call(*arguments, code=0):
    done = subprocess.run([stride, "train", *map(str, arguments)], capture_output=True, text=True)
    check(done.returncode == code,
          f"{arguments}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def checkpoints(run):
    return sorted(p.name for p in run.glob("*.checkpoint"))


# A whole run, then the same one interrupted by Ctrl-C as soon as it has begun.
call("run", work / "config.json", "-o", work / "whole")
child = subprocess.Popen([stride, "train", "run", str(work / "config.json"), "-o", str(work / "cut")],
                         stderr=subprocess.PIPE, text=True)
check("parameters" in child.stderr.readline(), "the first line tells the size of the model")
check("step 1/" in child.stderr.readline(), "progress is shown")
child.send_signal(signal.SIGINT)
rest = child.communicate()[1]
check(child.returncode == 130, f"exit code {child.returncode} after Ctrl-C, not 130")
check("stopped after step" in rest, rest)
check(len(checkpoints(work / "cut")) == 1, "Ctrl-C leaves a checkpoint")
check("resume it" in call("run", work / "config.json", "-o", work / "cut", code=1),
      "a run is not overwritten")
call("run", "-o", work / "cut", "--resume")
check(checkpoints(work / "whole") == ["step-80.checkpoint"], checkpoints(work / "whole"))

for name in ("whole", "cut"):
    call("export", work / name, work / f"{name}.gguf", "--type", "Q8_0")
    steps = [json.loads(line)["step"] for line in (work / name / "log.jsonl").open()]
    check(steps == sorted(set(steps)) and steps[-1] == 80, f"log of {name}: {steps}")
check((work / "whole.gguf").read_bytes() == (work / "cut.gguf").read_bytes(),
      "an interrupted run ends with the same model")

losses = [json.loads(line)["loss"] for line in (work / "whole/log.jsonl").open()]
check(losses[-1] < losses[0] - 1.5, f"the loss falls: {losses}")

call("plot", work / "whole/log.jsonl", "-o", work / "whole.svg")
check("MTP 3" in (work / "whole.svg").read_text(), "the plot shows the heads")

shown = subprocess.run([stride, "logits", "-m", str(work / "whole.gguf"), "--ids", "0,5,6,7", "-o",
                        str(work / "logits")], capture_output=True, text=True)
check(shown.returncode == 0, shown.stderr)
check((work / "logits").stat().st_size == 4 * 1024 * 4, "the runtime loads the export")

# Mistakes: one sentence that names the place.
(work / "bad.json").write_text(text.replace('"window": 16', '"window": 0'))
check("model/window must be" in call("run", work / "bad.json", "-o", work / "x", code=1), "window")
(work / "bad.json").write_text(text.replace('"window": 16,', '"window": 16'))
check("line 8" in call("run", work / "bad.json", "-o", work / "x", code=1), "line of a comma")
(work / "bad.json").write_text(text)
check("TOKENIZER" in call("run", work / "bad.json", "-o", work / "x", code=1), "tokenizer")
check(not (work / "x").exists(), "a mistake leaves nothing behind")
call("run", work / "config.json", code=2)
call("frobnicate", code=2)
print("passed")
