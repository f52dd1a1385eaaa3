"""Names the machine: a number without it can't be compared."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from rag.machine import processor

_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd", "bf16", "i8mm")
_PACKAGES = ("torch", "chromadb", "onnxruntime", "xllamacpp", "tantivy", "sentence-transformers", "langchain-core")


def describe(cache: Path) -> dict[str, Any]:
    """Processor with the flags that decide speed, cores, memory, load, versions, and the embedding way on record."""
    name, flags = _processor()
    return {
        "processor": name,
        "flags": flags,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load": round(psutil.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("onrecord", *_PACKAGES)},
        "way": _way(cache),
    }


def lines(machine: dict[str, Any]) -> list[str]:
    """The description as it is printed."""
    return [
        f"Processor  {machine['processor']} ({', '.join(machine['flags']) or 'no flags known'})",
        f"Machine    {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"load {machine['load']} when the run began",
        f"Versions   Python {machine['python']}, "
        + ", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
        f"Embedding  {machine['way']}",
    ]


def _processor() -> tuple[str, list[str]]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine(), []
    facts = {n.strip(): v.strip() for n, _, v in (line.partition(":") for line in text.splitlines()) if v}
    have = set(facts.get("flags", facts.get("Features", "")).split())
    return facts.get("model name", platform.machine()), [f for f in _FLAGS if f in have]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _way(cache: Path) -> str:
    try:
        record = json.loads((cache / "embedding-way.json").read_text("utf-8"))
    except (OSError, ValueError):
        record = {}
    # The key also names torch and onnxruntime: with other versions the choice is made anew.
    here = f" on {processor()} x{os.cpu_count()} torch {_version('torch')} onnxruntime {_version('onnxruntime')}"
    found = [way for key, way in record.items() if key.endswith(here)]
    return f"long work by {found[-1]} (on record for this machine)" if found else "no way chosen yet on this machine"
