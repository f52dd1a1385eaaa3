"""The command: which parts, for how long, from which seed, and the table at the end."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.stress.damage import damage, disk
from benchmarks.stress.kills import KILLS, kills, power

PARTS: dict[str, Callable[[int, Path, Path], str]] = {"kills": kills, "power": power, "damage": damage, "disk": disk}
TRIES = {"kills": KILLS}
"""How many tries a round of a part is, where it is not one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack and print.

    Returns:
        0 when everything held; 1 when something did not.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stress", description="Attacks on an archive's stores.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} [default: all]")
    parser.add_argument("--minutes", type=float, default=10, help="for all parts together [default: 10]")
    parser.add_argument("--rounds", type=int, default=0, help="tries of each part, in place of minutes")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each next one counts up [default: 1]")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    logging.getLogger("onrecord.stores").setLevel(logging.ERROR)  # what is mended is told by the thousand
    names = options.parts or list(PARTS)
    each = options.minutes * 60 / len(names)
    table: list[tuple[str, int, int]] = []
    for name in names:
        done, failures = run(PARTS[name], name, options.seed, each, options.rounds)
        table += [(f"{name}: {what}", n, failures[what]) for what, n in sorted(done.items())]
        table.append((f"{name}: all", sum(done.values()), sum(failures.values())))
    print(f"\n{'test':<44}{'tries':>8}{'failures':>10}")
    for what, n, bad in table:
        print(f"{what:<44}{n:>8}{bad:>10}")
    return int(any(bad for _, _, bad in table))


def run(
    part: Callable[[int, Path, Path], str], name: str, seed: int, seconds: float, rounds: int
) -> tuple[Counter[str], Counter[str]]:
    """Rounds of one part: how many of each kind, and how many of them failed."""
    done: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    memory = Path("/dev/shm")
    base = Path(tempfile.mkdtemp(prefix="onrecord-stress-", dir=memory if memory.is_dir() else None))
    until = time.monotonic() + seconds
    try:
        (base / "templates").mkdir()
        while (sum(done.values()) < rounds) if rounds else time.monotonic() < until:
            work = base / str(seed)
            work.mkdir()
            try:
                done[part(seed, work, base / "templates")] += TRIES.get(name, 1)
            except Exception as e:
                done["failed"] += TRIES.get(name, 1)
                failures["failed"] += 1
                where = traceback.extract_tb(e.__traceback__)[-1]
                print(f"{name} --seed {seed}: {type(e).__name__}: {e} ({where.filename}:{where.lineno})", flush=True)
            shutil.rmtree(work, ignore_errors=True)
            if (seed := seed + 1) % 10 == 0:  # what is ended early has told what it did
                told = f"{sum(done.values())} tries, {sum(failures.values())} failures"
                print(f"{name}: seeds up to {seed - 1}, {told}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"{name}: seeds up to {seed - 1}, {sum(failures.values())} failures", file=sys.stderr, flush=True)
    return done, failures


if __name__ == "__main__":
    raise SystemExit(main())
