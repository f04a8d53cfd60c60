#!/usr/bin/env python3
"""Compares `stride logits` with the float64 oracle on tiny models of many shapes, made on the spot.

usage: oracle_test.py STRIDE TOOLS_DIR
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

# Shapes around every seam: window 1 and beyond the text, padded head sizes, one key-value head, all experts chosen, no
# dense layer, no experts used, fewer MTP heads, narrow rows that only float types fit.
SHAPES = {
    "f16-wide-heads": "--types f16 --hidden 96 --head-dim 40 --heads 6,9 --kv-heads 3 --window 5",
    "q4_0": "--types q4_0 --hidden 64 --ffn 96 --expert-ffn 32 --shared-ffn 64 --window 16",
    "q5_k": "--types q5_k --hidden 256 --head-dim 64 --heads 4,8 --kv-heads 1 --ffn 256 --expert-ffn 256 --shared-ffn 256",
    "q6_k": "--types q6_k --hidden 256 --head-dim 32 --heads 8,16 --kv-heads 8 --ffn 512 --expert-ffn 256 --shared-ffn 256 --layers 5",
    "q4_k_s-one-head": "--types q4_k_s --hidden 512 --head-dim 64 --heads 8,12 --kv-heads 4 --ffn 256 --expert-ffn 256 --shared-ffn 512 --mtp 1 --window 3",
    "f32-no-mtp-no-table": "--mtp 0 --no-rope-table --window 1 --seed 7",
    "f32-all-experts": "--experts 4 --top-k 4 --dense 1 --layers 9 --clamp 0,0 --window 100",
    "f32-odd-heads": "--head-dim 12 --heads 2,3 --kv-heads 1 --hidden 40 --ffn 56 --expert-ffn 24 --shared-ffn 20 --mtp 2",
    "q8_0-many-experts": "--types q8_0 --hidden 128 --experts 40 --top-k 6 --layers 8 --dense 3 --head-dim 32 --ffn 128",
}
N_TOKENS = 40


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


class Oracle:
    """The oracle's numbers for one model: trunk logits and those of the heads one after the other."""

    def __init__(self, tools, model, ids):
        npz = model.with_suffix(".npz")
        subprocess.run([sys.executable, tools / "step35_oracle.py", "golden", model, npz, ids], check=True)
        data = np.load(npz)
        self.logits = data["logits"]
        heads = [data[f"mtp{k}"] for k in range(3) if f"mtp{k}" in data]
        self.heads = np.concatenate(heads) if heads else None


def stride_logits(stride, model, ids, n_vocab, *flags):
    out = model.with_suffix(".bin")
    subprocess.run([stride, "logits", "-m", model, "--ids", ids, "--out", out, *flags], check=True)
    return np.fromfile(out, "<f4").reshape(-1, n_vocab)


def check(name, stride, model, ids, oracle):
    wrong = []

    def expect(what, got, wanted, limit):
        error = relative(got, wanted)
        same = (got.argmax(1) == wanted.argmax(1)).mean()
        if not error <= limit:
            wrong.append(f"{name}: {what}: error {error:.2e}, at most {limit:.0e} was expected")
        print(f"{name:22} {what:22} error {error:.1e}  same best token {same:.0%}")

    n_vocab = oracle.logits.shape[1]
    run = lambda *flags: stride_logits(stride, model, ids, n_vocab, *flags)
    expect("reference", run("--path", "reference"), oracle.logits, 1e-4)
    fast = run("-t", "1")
    expect("fast", fast, oracle.logits, 1e-3)
    if not np.array_equal(fast, run("-t", "2", "--piece", "7", "-ub", "3")):
        wrong.append(f"{name}: pieces, steps or threads change the result")
    if oracle.heads is not None:
        expect("reference, heads", run("--mtp", "--path", "reference"), oracle.heads, 1e-4)
        expect("fast, heads", run("--mtp"), oracle.heads, 1e-3)
    return wrong


def main():
    stride, tools = map(pathlib.Path, sys.argv[1:3])
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, flags) in enumerate(SHAPES.items()):
            model = pathlib.Path(folder) / f"{name}.gguf"
            subprocess.run([sys.executable, tools / "make_tiny_model.py", model, "--seed", str(number + 1), *flags.split()], check=True)
            rng = np.random.default_rng(number)
            ids = ",".join(map(str, rng.integers(0, 320, N_TOKENS)))
            wrong += check(name, stride, model, ids, Oracle(tools, model, ids))
    print("\n".join(wrong) or "every model agrees")
    sys.exit(1 if wrong else 0)


main()
