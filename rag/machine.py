"""The machine: what processor it has, which every measurement names, and how its threads wait."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""The processor features that decide how fast models run."""


def processor() -> str:
    """The processor's name and the features that decide (a virtual machine's name alone tells little)."""
    facts = _facts()
    if not facts:
        return platform.processor() or platform.machine()
    flags = facts.get("flags", "").split()
    return " ".join([facts.get("model name", platform.machine()), *(f for f in FLAGS if f in flags)])


def multiplies_bytes() -> bool:
    """Whether the processor has instructions for products of 8-bit numbers, which add up exactly (VNNI).

    Without them the fast way adds two products in 16 bits, where they overflow without a word. False where it can't be
    told.
    """
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(_facts().get("flags", "").split())


def _facts() -> dict[str, str]:
    """What Linux says of the last processor, by name; empty where there is no such thing."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {n.strip(): v.strip() for n, _, v in (line.partition(":") for line in lines) if v}


_CORES: list[int] = []
"""How many processors this process was given, if it was told."""


def processors() -> int:
    """Processors that this process may use: those it was given, or else all that the system lets it have."""
    if _CORES:
        return _CORES[-1]
    try:
        return len(os.sched_getaffinity(0)) or 1
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def use_processors(count: int) -> None:
    """Have this process use no more than so many processors; to be called before it loads a model.

    Libraries start a thread for each processor of the machine, whoever else is on it: eight workers on eight processors
    would have sixty-four threads that wait for one another. Most of them read their number from the environment when
    they are loaded; torch, if it was loaded before, is told.

    Args:
        count: At least 1.
    """
    _CORES[:] = [count]
    for name in _THREADS:
        os.environ[name] = str(count)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(count)


_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
"""Variables by which torch, its products of matrices, numpy's and the tokenizers know how many threads to start."""


def use_few_heaps(count: int = 2) -> None:
    """Have all threads of this process share so many heaps, where the C library is glibc; elsewhere nothing happens.

    glibc gives threads up to eight heaps a processor. What one thread allocates and another frees leaves each of them
    with holes: a service with a thread an answer keeps growing although nothing is kept.

    Args:
        count: At least 1.
    """
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018 — musl's and macOS's have no heaps to count
        library.mallopt(_ARENA_MAX, count)
    except (AttributeError, OSError, TypeError):
        return


def give_back_memory() -> None:
    """Have the C library give memory that is freed back to the system, where it is glibc; elsewhere nothing happens.

    It gives back the end of a heap only; what is freed in the middle is kept for later, so that a service seems to grow
    with the most it was ever asked at once. Takes some tens of milliseconds where much is free.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


_ARENA_MAX = -8
"""``M_ARENA_MAX`` of glibc's ``malloc.h``."""


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
