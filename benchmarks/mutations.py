"""Does a test notice when a threshold that decides answers is changed? One small change at a time, made by hand.

python -m benchmarks.mutations            all of them; exit status 1 when one is noticed by no fast test
python -m benchmarks.mutations support    those whose name has the word

Each change is made in a copy of the tree, and the fast tests beside the changed file are run until one fails. Changes
are given as source text, which is looked for in all files that fit: where code has moved, nothing needs to be done.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_ALWAYS = "tests/test_thresholds.py"
_LEFT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "docs")


@dataclass(frozen=True)
class Mutation:
    """A small change of the program."""

    name: str
    files: str
    """Glob below the repository's root; exactly one place in all files that fit has to have ``old``."""
    old: str
    new: str
    tests: str
    """Where its room's tests are, run when the table of thresholds notices nothing."""


CHECK, CONFLICTS, ANSWER, RETRIEVE = "tests/answer/check", "tests/answer/conflicts", "tests/answer", "tests/retrieve"
MUTATIONS: tuple[Mutation, ...] = (
    Mutation("support 0.5 to 0.2", "rag/answer/check/*.py", "_SHOWN = 0.5\n", "_SHOWN = 0.2\n", CHECK),
    Mutation("added words 1/3 to 0", "rag/answer/check/*.py", "_NEWS = 1 / 3\n", "_NEWS = 0\n", CHECK),
    Mutation("added words 1/3 to 2/3", "rag/answer/check/*.py", "_NEWS = 1 / 3\n", "_NEWS = 2 / 3\n", CHECK),
    Mutation("a veto ignored: denial", "rag/answer/check/*.py", "if exact.denies(claim, said):", "if False:", CHECK),
    Mutation("a veto ignored: figures", "rag/answer/check/*.py", "if odd := ", "if not (odd := {0}) and ", CHECK),
    Mutation("neighbours 4 to 8", "rag/answer/check/support.py", "_APART = 4\n", "_APART = 8\n", CHECK),
    Mutation("caution ignored", "rag/answer/quoting.py", "if p < caution:", "if False:", ANSWER),
    Mutation("quotes near the best 2 to 4", "rag/answer/quoting.py", "_NEAR = 2.0\n", "_NEAR = 4.0\n", ANSWER),
    Mutation("own words 2 to 1", "rag/answer/quoting.py", "_OWN_WORDS = 2.0\n", "_OWN_WORDS = 1.0\n", ANSWER),
    Mutation("quotes 3 to 4", "rag/answer/quoting.py", "MOST = 3\n", "MOST = 4\n", ANSWER),
    Mutation("evidence's repeats 0.95 to 0.8", "rag/answer/evidence.py", "_SAME = 0.95\n", "_SAME = 0.8\n", ANSWER),
    Mutation("passages weighed 8 to 4", "rag/answer/evidence.py", "_READ = 8 ", "_READ = 4 ", ANSWER),
    Mutation("conflict window 45 to 90", "rag/answer/conflicts/*.py", "_LASTING = 45 ", "_LASTING = 90 ", CONFLICTS),
    Mutation("day by day 3 to 6", "rag/answer/conflicts/*.py", "SAME_TIME = 3 ", "SAME_TIME = 6 ", CONFLICTS),
    Mutation("their likeness 0.55 to 0.3", "rag/answer/conflicts/*.py", "_LIKE = 0.55\n", "_LIKE = 0.3\n", CONFLICTS),
    Mutation("their words 3 to 2", "rag/answer/conflicts/*.py", "SHARED = 3\n", "SHARED = 2\n", CONFLICTS),
    Mutation("denials' words 0.75 to 0.4", "rag/answer/conflicts/*.py", "_WHOLE = 0.75\n", "_WHOLE = 0.4\n", CONFLICTS),
    Mutation("hedged 15 % to 0", "rag/answer/conflicts/*.py", "<= 0.15 * large", "<= 0.0 * large", CONFLICTS),
    Mutation("conflicts told 6 to 12", "rag/answer/conflicts/*.py", "_MOST = 6 ", "_MOST = 12 ", CONFLICTS),
    Mutation("fusion constant 10 to 60", "rag/retrieve/*.py", "_RRF = 10\n", "_RRF = 60\n", RETRIEVE),
    Mutation("whole articles 1 to 0", "rag/retrieve/*.py", "_WHOLE = 1.0\n", "_WHOLE = 0.0\n", RETRIEVE),
    Mutation("latest 0.5 to 1", "rag/retrieve/*.py", "_NEWER = 0.5\n", "_NEWER = 1.0\n", RETRIEVE),
    Mutation("lately 0.1 to 0.5", "rag/retrieve/*.py", "_LATELY = 0.1\n", "_LATELY = 0.5\n", RETRIEVE),
    Mutation("quotes 1 to 0", "rag/retrieve/arms.py", "_QUOTES = 1.0\n", "_QUOTES = 0.0\n", RETRIEVE),
    Mutation("one story 0.8 to 0.6", "rag/retrieve/*.py", "_SAME_STORY = 0.8\n", "_SAME_STORY = 0.6\n", RETRIEVE),
    Mutation(
        "months' grace 14 to 30", "rag/retrieve/*.py", "HS_GRACE = timedelta(days=14", "HS_GRACE = timedelta(days=30",
        RETRIEVE,
    ),
    Mutation("mentions 15 to 30 years", "rag/retrieve/*.py", "_MENTION = 15 ", "_MENTION = 30 ", RETRIEVE),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutations whose name has one of the words, or all; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutations", description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only mutations whose name has one of these")
    words = parser.parse_args(arguments).words
    some = [m for m in MUTATIONS if not words or any(w in m.name for w in words)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=_LEFT)
        missed = 0
        for mutation in some:
            started = time.perf_counter()
            by = _noticed(mutation, copy)
            missed += by is None
            print(f"{by or 'NOT NOTICED':60} {mutation.name} ({time.perf_counter() - started:.0f} s)", flush=True)
    print(f"{len(some) - missed} of {len(some)} noticed")
    return 1 if missed else 0


def _noticed(mutation: Mutation, copy: Path) -> str | None:
    """The test that fails once the change is made in the copy, which is left as it was."""
    (file,) = [f for f in copy.glob(mutation.files) if mutation.old in f.read_text("utf-8")] or [None]
    if file is None:
        raise SystemExit(f"{mutation.name}: {mutation.old!r} is in no file of {mutation.files}")
    source = file.read_text("utf-8")
    if source.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.name}: {mutation.old!r} is in {file.name} more than once")
    file.write_text(source.replace(mutation.old, mutation.new), "utf-8")
    try:
        for tests in (_ALWAYS, mutation.tests):
            if (failed := _first_failure(copy, tests)) is not None:
                return failed
        return None
    finally:
        file.write_text(source, "utf-8")


def _first_failure(copy: Path, tests: str) -> str | None:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
    done = subprocess.run(
        command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if not failed:
        raise SystemExit(f"pytest could not be run:\n{done.stdout}{done.stderr}")
    return failed[0].partition(" ")[2].split(" - ")[0].partition("::")[2]


if __name__ == "__main__":
    raise SystemExit(main())
