"""The machine: a figure, or a choice of the fastest way, means nothing without it."""

from __future__ import annotations

import platform
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""What decides how fast models run."""


def processor() -> str:
    """The processor's name and the features that decide (a virtual machine's name alone tells little)."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {n.strip(): v.strip() for n, _, v in (line.partition(":") for line in lines) if v}
    flags = facts.get("flags", "").split()
    return " ".join([facts.get("model name", platform.machine()), *(f for f in FLAGS if f in flags)])
