"""What is told of the machine: how many processors a process was given, and what they can do."""

from __future__ import annotations

import os

import pytest
from helpers import python

from rag import machine
from rag.machine import processors


def test_a_process_uses_what_the_system_lets_it_have() -> None:
    """Not what the machine has: a container may be bound to some of it."""
    one = python(
        "import os; from rag.machine import processors\n"
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); print(processors())"
    )
    assert one.stdout.strip() == "1", one.stderr
    assert processors() == len(os.sched_getaffinity(0))


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is told by Linux")
def test_what_is_freed_between_things_that_stay_is_given_back() -> None:
    code = """
import os
from rag.machine import give_back_memory
def megabytes():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
made = [bytes(20_000) for n in range(5_000)]
stays = made[::100]
del made
before = megabytes()
give_back_memory()
print(before - megabytes())
"""
    done = python(code)
    assert float(done.stdout) > 60, done.stdout + done.stderr


@pytest.mark.models
def test_the_embedder_starts_as_many_threads_as_were_given() -> None:
    """More than the machine has, so that it is no number that a library would take by itself."""
    given = (os.cpu_count() or 1) + 1
    code = """
import sys, threading
from rag.machine import use_processors
use_processors(int(sys.argv[1]))
from rag.index.embedding_model import make_embedder
from rag.settings import load_settings
embedder = make_embedder(load_settings())
embedder.by("onnx", ["The harbour was closed. " * 40 for n in range(80)])
print(sum(t.name.startswith("onnx") for t in threading.enumerate()), "torch" in sys.modules)
"""
    done = python(code, str(given))
    assert done.stdout.split() == [str(given), "False"], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("facts", "exact"),
    [
        ({"flags": "avx2 avx512f"}, False),
        ({"flags": "avx2 avx_vnni"}, True),
        ({"flags": "avx512_vnni"}, True),
        ({}, False),
    ],
)
def test_products_of_8_bits_are_fast_only_where_they_are_exact(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, str], exact: bool
) -> None:
    monkeypatch.setattr(machine, "_facts", lambda: facts)
    assert machine.multiplies_bytes() is exact
