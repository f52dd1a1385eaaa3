"""Damaged files, and a disk on which files can't grow."""

from __future__ import annotations

import json
import random
from pathlib import Path

from benchmarks.stress.common import Failed, filled, opened, require_reads, require_writes, rows, write
from benchmarks.stress.writers import Writer
from rag.errors import ArchiveDamaged, OnRecordError

WAYS = ("cut", "flipped", "emptied", "gone", "replaced")


def spoil(file: Path, how: str, chance: random.Random) -> None:
    """Do to a file what no program of ours does."""
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    elif how == "emptied":
        file.write_bytes(b"")
    elif how == "cut":
        file.write_bytes(content[: chance.randrange(len(content))])
    elif how == "flipped":
        changed = bytearray(content)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        file.write_bytes(bytes(changed))
    else:
        file.write_bytes(chance.randbytes(len(content)))


def damage(seed: int, work: Path, templates: Path) -> str:
    """One damaged file; returns which store's, and how."""
    chance = random.Random(seed)
    folder = work / "x"
    filled(folder, 40, templates)
    files = sorted(
        f for f in folder.rglob("*") if f.is_file() and f.stat().st_size and f.suffix not in (".lock", ".jsonl")
    )
    catalog = folder / "catalog.sqlite"
    file = catalog if seed % 4 == 0 else chance.choice([f for f in files if f.parent != folder])
    how = WAYS[seed // 4 % len(WAYS)]
    spoil(file, how, chance)
    everything = {f"story-{n}" for n in range(40)}
    if file == catalog:
        _damaged_catalog(folder, work, how)
        return f"catalog, {how}"
    with opened(folder) as archive:
        try:
            require_reads(archive, everything)
        except ArchiveDamaged as e:
            if "\n" in str(e) or "doctor --repair" not in str(e):
                raise Failed(f"the message is {e}") from e
        require_writes(archive, work)
        require_reads(archive, everything)
    return f"{file.relative_to(folder).parts[0].partition('-')[0]}, {how}"


def _damaged_catalog(folder: Path, work: Path, how: str) -> None:
    """A clear error or nothing wrong, and what is salvaged is as it was."""
    with opened(folder) as archive:
        try:
            archive.search("storm harbour")
        except OnRecordError as e:
            if "\n" in str(e):
                raise Failed(f"the message is {e}") from e
        if how == "gone":
            return
        archive.salvage(work / "salvaged.jsonl")
    texts = {r["key"]: r["text"] for r in rows(0, 40)}
    lines = [json.loads(line) for line in (work / "salvaged.jsonl").read_text("utf-8").splitlines()]
    if any(texts[line["key"]] != line["text"] for line in lines):
        raise Failed("an article was salvaged that was never stored")
    if how == "flipped" and len(lines) < 30:
        raise Failed(f"one bit is wrong, and {len(lines)} of 40 articles were salvaged")


def disk(seed: int, work: Path, templates: Path) -> str:
    """An ingest whose files can't grow beyond some size, in steps of 64 KB."""
    new = bool(seed % 2)
    folder = work / "x"
    if not new:
        filled(folder, 40, templates)
    limit = 65536 * (1 + seed // 2 % 16)
    writer = Writer("small", folder, write(work / "more.jsonl", rows(40, 200)), str(limit))
    said = writer.wait()
    acknowledged = set() if new else {f"story-{n}" for n in range(40)}
    if said == "done":
        acknowledged |= {f"story-{n}" for n in range(40, 200)}
    with opened(folder) as archive:
        if archive.exists and acknowledged:
            require_reads(archive, acknowledged)
        require_writes(archive, work)
        archive.ingest(work / "more.jsonl")
        require_reads(archive, acknowledged | {f"story-{n}" for n in range(40, 200)})
    return f"{'new' if new else 'existing'} archive, {'taken in' if said == 'done' else 'refused'}"


__all__ = ["WAYS", "damage", "disk", "spoil"]
