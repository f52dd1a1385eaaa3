"""The machine: what processor it has, which every measurement names, and how its threads wait."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""The processor features that decide how fast models run."""


def processor() -> str:
    """The processor's name and the features that decide (a virtual machine's name alone tells little)."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {n.strip(): v.strip() for n, _, v in (line.partition(":") for line in lines) if v}
    flags = facts.get("flags", "").split()
    return " ".join([facts.get("model name", platform.machine()), *(f for f in FLAGS if f in flags)])


@contextmanager
def limit_openmp_spin() -> Iterator[None]:
    """While a library is imported, have OpenMP's threads spin only briefly; afterwards the environment is as before.

    By default threads spin for milliseconds at every barrier, and each token of a language model has over a thousand.
    On cores that other work uses too (the embedder, a browser), threads then spin while the one they wait for is not
    running: one busy process on two cores brought 32 tokens/s down to 0.4. With this it is 15, and on an idle machine
    nothing is lost. OpenMP reads the variable once, when its library is loaded (by torch or by llama.cpp, whichever is
    first). If the user has set it, it is left as it is.
    """
    ours = not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}
    if ours:
        os.environ["GOMP_SPINCOUNT"] = "1000"
    try:
        yield
    finally:
        if ours:
            os.environ.pop("GOMP_SPINCOUNT", None)
