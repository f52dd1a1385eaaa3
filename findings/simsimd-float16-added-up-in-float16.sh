#!/usr/bin/env bash
# simsimd adds products of 16-bit numbers up in 16 bits on processors with avx512_fp16, and in 32 bits on all others.
#
# Seen with simsimd 6.5.16, numpy 2.4.6, Python 3.11 on Intel Xeon (amx, avx512_fp16). Its description says that float16 is
# taken with 32-bit sums. Of 25,000 vectors of 384 numbers in float16, of length 1, the product with another one is off by
# up to 1.7e-4 there, which is more than what ranks near neighbours apart, and the squared length by 1e-3; with
# disable_capability("sapphire") it is 8e-8 and 2e-7, at 6.5 ms in place of 5.2. So a ranking that is tested on one machine
# is another one on the next. Without such a processor there is nothing to see, and the script says so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check simsimd==6.5.16 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import simsimd

print("simsimd", simsimd.__version__)
if not simsimd.get_capabilities()["sapphire"]:
    print("this processor has no avx512_fp16: nothing to see")
    sys.exit()
rows = np.random.default_rng(0).normal(size=(25_000, 384)).astype(np.float32)
rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
exact = rows.astype(np.float64)


def off():
    """How far products with the first row, and squared lengths, are from what they are at most."""
    products = np.asarray(simsimd.cdist(rows[:1], rows, "inner"))[0]
    lengths = np.asarray(simsimd.inner(rows, rows))
    return np.abs(products - exact @ exact[0]).max(), np.abs(lengths - (exact**2).sum(1)).max()


there = off()
simsimd.disable_capability("sapphire")
elsewhere = off()
print("products, lengths: off by %.1e, %.1e;" % there, "without the processor's own %.1e, %.1e" % elsewhere)
assert min(there) > 1e-4 and max(elsewhere) < 1e-6, "otherwise than it was"
PYTHON
