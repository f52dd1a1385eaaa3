"""Kill -9 at random moments, and power that fails: the folder copied while it is written."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

from benchmarks.stress.common import Failed, filled, opened, require_reads, require_writes, rows, write
from benchmarks.stress.writers import Writer, usual
from rag.errors import ArchiveDamaged

ACTIONS = ("ingest", "delete", "repair", "rebuild")
_USUAL: dict[str, float] = {}


def _begin(action: str, folder: Path, work: Path, templates: Path) -> tuple[list[str | Path], set[str]]:
    """The writer's arguments, and the articles that have to be there whatever happens."""
    filled(folder, 40, templates)
    if action == "ingest":
        source = write(work / "more.jsonl", rows(40, 100))
        return ["ingest", folder, source], {f"story-{n}" for n in range(40)}
    if action == "delete":
        return ["delete", folder, "story-3", "story-4"], {f"story-{n}" for n in range(40) if n not in (3, 4)}
    return [action, folder], {f"story-{n}" for n in range(40)}


def _time(action: str, work: Path, templates: Path) -> float:
    if action not in _USUAL:
        arguments, _ = _begin(action, work / "usual", work, templates)
        _USUAL[action] = usual(*arguments)
        shutil.rmtree(work / "usual")
    return _USUAL[action]


def kills(seed: int, work: Path, templates: Path) -> str:
    """One kill; returns what it was done to.

    Raises:
        Failed: Something is lost, or the archive can't be written to any more.
    """
    chance = random.Random(seed)
    action = ACTIONS[seed % len(ACTIONS)]
    length = _time(action, work, templates)
    folder = work / "x"
    arguments, acknowledged = _begin(action, folder, work, templates)
    Writer(*arguments).kill_after(length * chance.random())
    _require(folder, action, acknowledged, work)
    return action


def power(seed: int, work: Path, templates: Path) -> str:
    """One copy of a folder that is being written to, as a disk may hold it after the power has failed."""
    chance = random.Random(seed)
    action = ACTIONS[seed % len(ACTIONS)]
    length = _time(action, work, templates)
    folder, copy = work / "x", work / "copy"
    arguments, acknowledged = _begin(action, folder, work, templates)
    writer = Writer(*arguments)
    time.sleep(length * chance.random())
    for _ in range(20):
        try:
            # What SQLite writes first is on the disk first: the log is copied after the file.
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("catalog.sqlite*"))
            shutil.copyfile(folder / "catalog.sqlite", copy / "catalog.sqlite")
            if (log := folder / "catalog.sqlite-wal").exists():
                shutil.copyfile(log, copy / log.name)
            break
        except (OSError, shutil.Error):  # a file went away while it was copied
            shutil.rmtree(copy, ignore_errors=True)
    writer.wait()
    log = copy / "catalog.sqlite-wal"
    tail = chance.random() < 0.5 and log.exists() and log.stat().st_size > 0
    if tail:
        with log.open("r+b") as cut:
            cut.truncate(chance.randrange(log.stat().st_size))
    _require(copy, action, acknowledged, work, torn=True)
    return f"{action}, {'without the tail' if tail else 'whole'}"


def _require(folder: Path, action: str, acknowledged: set[str], work: Path, *, torn: bool = False) -> None:
    """Nothing acknowledged is lost, and the next command that writes goes on.

    Args:
        torn: The indexes' files are of different moments: until something is written, a reader may be told so.
    """
    with opened(folder) as archive:
        if action == "rebuild":  # a half rebuilt one fits no settings until it is finished
            if {a.key for a in archive.articles()} < acknowledged:
                raise Failed("articles are lost")
            archive.reindex(embed_again=True)
        elif action != "delete":
            try:
                require_reads(archive, acknowledged)
            except ArchiveDamaged as e:
                if not torn or e.store not in ("vectors", "lexical"):
                    raise
        else:
            there = {"story-3", "story-4"} & {a.key for a in archive.articles()}
            if len(there) == 1:
                raise Failed("half of a deletion")
        require_writes(archive, work)
        require_reads(archive, acknowledged)


__all__ = ["ACTIONS", "kills", "power"]
