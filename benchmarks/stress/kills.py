"""Kill -9 at random moments, and power that fails: the folder copied while it is written."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

from benchmarks.stress.common import Failed, filled, opened, require_reads, require_writes, rows, write
from benchmarks.stress.writers import Writer, usual
from rag import Archive
from rag.errors import ArchiveDamaged
from rag.service.spool import Spool

ACTIONS = ("ingest", "delete", "repair", "rebuild", "upload", "sync")
KILLS = 5
"""Writers of one archive that are killed before everything is looked at; each has to go on after the one before."""
_HALF = (".part", ".tmp", ".new")
_USUAL: dict[str, float] = {}


def _begin(action: str, folder: Path, work: Path, templates: Path) -> set[str]:
    """Make the archive that is written to; returns the articles that have to be there whatever happens."""
    filled(folder, 40, templates)
    if action == "ingest":
        write(work / "more.jsonl", rows(40, 80))
    elif action == "upload":
        (files := work / "files").mkdir(exist_ok=True)
        for n in range(40, 52):
            write(files / f"story-{n}.jsonl", rows(n, n + 1))
    elif action == "sync":
        _wires(work / "wires", range(8))
        with opened(folder) as archive:
            archive.sources.add(str(work / "wires"), remove=True)
            archive.sources.sync()
    return {f"story-{n}" for n in range(40)}


def _arguments(action: str, folder: Path, work: Path, number: int) -> list[str | Path]:
    """The writer's arguments, the next of several on one archive."""
    if action == "ingest":
        return ["ingest", folder, work / "more.jsonl"]
    if action == "delete":
        return ["delete", folder, f"story-{2 * number + 3}", f"story-{2 * number + 4}"]
    if action == "upload":
        return ["upload", folder, work / "files"]
    if action == "sync":
        _wires(work / "wires", range(number + 3, number + 15))
    return [action, folder]


def _wires(folder: Path, numbers: range) -> set[str]:
    """Have a folder hold these files, each with other words than before; returns their words."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    texts = {
        n: f"Wire {n} of {len(numbers)} tells of gale{n:04}. The boats stayed in the port on Monday." for n in numbers
    }
    for n, text in texts.items():
        (folder / f"wire-{n}.txt").write_text(text, "utf-8")
    return set(texts.values())


def _time(action: str, work: Path, templates: Path) -> float:
    if action not in _USUAL:
        _begin(action, work / "usual", work, templates)
        _USUAL[action] = usual(*_arguments(action, work / "usual", work, 0))
        shutil.rmtree(work / "usual")
    return _USUAL[action]


def kills(seed: int, work: Path, templates: Path) -> str:
    """Kills one after the other, of as many writers of one archive; returns what they did.

    Raises:
        Failed: Something is lost, or the archive can't be written to any more.
    """
    chance = random.Random(seed)
    action = ACTIONS[seed % len(ACTIONS)]
    length = _time(action, work, templates)
    folder = work / "x"
    acknowledged = _begin(action, folder, work, templates)
    for number in range(KILLS):
        writer = Writer(*_arguments(action, folder, work, number))
        writer.kill_after(length * chance.random())
        acknowledged |= {line for line in writer.told if line.startswith("story-")}
        if action == "delete":
            acknowledged -= {f"story-{2 * number + n}" for n in (3, 4)}
        said = writer.told[-1] if writer.told else ""
        if writer.said.strip() != "ready" or said not in ("", "done", *acknowledged):  # of the one killed before it
            raise Failed(f"the writer after kill {number} said {said or writer.said.strip() or 'nothing'}")
        if action != "rebuild":  # a half rebuilt one fits no settings until it is finished
            with opened(folder) as archive:
                if lost := acknowledged - {a.key for a in archive.articles()}:
                    raise Failed(f"{len(lost)} articles are lost after kill {number + 1}")
    _require(folder, action, acknowledged, work)
    return action


def power(seed: int, work: Path, templates: Path) -> str:
    """One copy of a folder that is being written to, as a disk may hold it after the power has failed."""
    chance = random.Random(seed)
    action = ACTIONS[seed % len(ACTIONS)]
    length = _time(action, work, templates)
    folder, copy = work / "x", work / "copy"
    acknowledged = _begin(action, folder, work, templates)
    if action == "delete":
        acknowledged -= {"story-3", "story-4"}
    writer = Writer(*_arguments(action, folder, work, 0))
    time.sleep(length * chance.random())
    for _ in range(50):
        try:
            # What SQLite writes first is on the disk first: the log is copied after the file. But where it was written
            # into the file meanwhile, and begun anew, the two are of no moment that there ever was.
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("catalog.sqlite*"))
            before = (folder / "catalog.sqlite").stat()
            shutil.copyfile(folder / "catalog.sqlite", copy / "catalog.sqlite")
            if (log := folder / "catalog.sqlite-wal").exists():
                shutil.copyfile(log, copy / log.name)
            after = (folder / "catalog.sqlite").stat()
            if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
                break
            shutil.rmtree(copy)
        except (OSError, shutil.Error):  # a file went away while it was copied
            shutil.rmtree(copy, ignore_errors=True)
    else:
        raise Failed("no copy of one moment could be made")
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
    if action == "upload":
        Spool(work / "uploads").sweep()  # as a service does when it starts
        if left := sorted(f.name for f in (work / "uploads").rglob("*")):
            raise Failed(f"left behind of uploads: {', '.join(left)}")
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
            there = {a.key for a in archive.articles()}
            if any((f"story-{2 * n + 3}" in there) != (f"story-{2 * n + 4}" in there) for n in range(KILLS)):
                raise Failed("half of a deletion")
        if action == "sync":
            _require_synced(archive, work)
        require_writes(archive, work)
        require_reads(archive, acknowledged)
    names = sorted(f.name for f in folder.iterdir())
    if len([n for n in names if n.startswith(("vectors-", "lexical-"))]) != 2 or any(n.endswith(_HALF) for n in names):
        raise Failed(f"left behind: {', '.join(names)}")


def _require_synced(archive: Archive, work: Path) -> None:
    """The next sync brings what the folder holds: each file once, in its words of now, and none that is gone."""
    archive.sources.sync(look_at_all=True)
    there = [a.text for a in archive.articles() if a.text.startswith("Wire")]
    wanted = [f.read_text("utf-8") for f in (work / "wires").iterdir()]
    if sorted(there) != sorted(wanted):
        raise Failed(f"{len(there)} articles of {len(wanted)} files after a sync")


__all__ = ["ACTIONS", "KILLS", "kills", "power"]
