#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes one <TYPE>.golden for each tensor type into this folder: random blocks, then the float32 values that
the `gguf` package (its numpy code, version 0.19.0) decodes from them.

  python3 -m venv venv && venv/bin/pip install gguf==0.19.0 && venv/bin/python make_goldens.py

A file is block bytes followed by little-endian floats; the type says how many of each. Scales are finite, of
either sign and any size, subnormal ones among them; every other byte is uniform.
"""
import pathlib
import numpy as np
from gguf import GGMLQuantizationType as Type, GGML_QUANT_SIZES, quants

HERE = pathlib.Path(__file__).parent
N_VALUES = 1024
# Byte offsets of the f16 scales in a block.
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2],
          "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0], "IQ3_S": [0], "MXFP4": []}


def random_blocks(name, n_values, rng):
    per_block, block_bytes = GGML_QUANT_SIZES[Type[name]]
    blocks = rng.integers(0, 256, (n_values // per_block, block_bytes), dtype=np.uint8)
    for offset in SCALES.get(name, []):
        blocks[:, offset + 1] = np.where(blocks[:, offset + 1] & 0x7C == 0x7C, blocks[:, offset + 1] ^ 0x40,
                                         blocks[:, offset + 1])
    if name == "IQ3_S":  # every one of the 512 grid points
        index = rng.permutation(512).reshape(8, 64)
        blocks[:, 2:66] = index & 255
        blocks[:, 66:74] = np.packbits(index >> 8, axis=1, bitorder="little")
    return blocks


def main():
    rng = np.random.default_rng(20260201)
    for name in ["F32", "F16", "BF16", *SCALES]:
        blocks = random_blocks(name, 2048 if name == "IQ3_S" else N_VALUES, rng)
        with np.errstate(all="ignore"):
            values = quants.dequantize(blocks.reshape(1, -1), Type[name]).astype("<f4")
        (HERE / f"{name}.golden").write_bytes(blocks.tobytes() + values.tobytes())


main()
