"""Deleted words out of a tantivy index: a segment of it written anew, by tantivy itself, without what was deleted.

What is deleted stays in a segment's files until tantivy merges it with others, and its Python library can't ask for
that. It merges by itself as soon as eight segments are of about one size (its ``LogMergePolicy``). So a segment is
linked eight times, each copy in a folder of its own, another eighth of the documents is left in each, and the eight are
opened as one index, which merges them; what comes out takes the segment's place. Else the index would have to be
written from all articles, which takes minutes where there are a million passages.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

_EIGHTHS = ("01", "23", "45", "67", "89", "ab", "cd", "ef")
"""Of documents whose ids begin with one of two digits: ids are hashes."""
SMALL = 200
"""Documents left in a segment up to which it isn't split, since a copy might be empty: so few are soon added anew."""
_HEAP = 15_000_000  # bytes; the least that tantivy takes
_META, _MANAGED, _SCRATCH = "meta.json", ".managed.json", "expunge-"


class Segment(NamedTuple):
    """One of an index."""

    ident: str
    left: int
    """Documents that are not deleted."""
    deleted: int


def segments(folder: Path) -> list[Segment]:
    """Those of the index in a folder."""
    return [_segment(told) for told in _read(folder / _META)["segments"]]


def ids_left(folder: Path, idents: Sequence[str]) -> list[str]:
    """Ids of the documents that are left in some segments of an index; meant for small ones."""
    import tantivy

    with _scratch(folder) as place:
        told = [s for s in _read(folder / _META)["segments"] if s["segment_id"] in idents]
        _make(place / "some", folder, [(folder, one, one["segment_id"]) for one in told])
        searcher = tantivy.Index.open(str(place / "some")).searcher()
        hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
        return [searcher.doc(address)["id"][0] for _, address in hits]


def rewrite(folder: Path, ident: str) -> None:
    """Put in the place of a segment one with the same documents, in which nothing is left of those deleted.

    The caller keeps other writers out. Readers may read on: the old files stay until ``collect``.

    Args:
        folder: Of the index; the field ``id`` of each document begins with a hexadecimal digit.
        ident: The segment's, in which more than ``SMALL`` documents are left.

    Raises:
        ValueError: Tantivy did not merge as expected; nothing was changed.
    """
    (old,) = (s for s in _read(folder / _META)["segments"] if s["segment_id"] == ident)
    with _scratch(folder) as place:
        copies = []
        for digits in _EIGHTHS:
            _make(place / digits, folder, [(folder, old, ident)])
            _leave(place / digits, digits)
            copies += [(place / digits, left, str(uuid.uuid4())) for left in _read(place / digits / _META)["segments"]]
        _make(place / "all", folder, copies)
        _commit(place / "all")
        merged = _read(place / "all" / _META)["segments"]
        if [_segment(m)[1:] for m in merged] != [(_segment(old).left, 0)]:
            raise ValueError(f"{_segment(old)} became {[_segment(m) for m in merged]}")
        _replace(folder, ident, place / "all", merged[0])


def collect(folder: Path) -> None:
    """Delete the files of segments that are not in the index any more, and what an interrupted ``rewrite`` left."""
    for left in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left)
    writer = _writer(folder)
    writer.garbage_collect_files()
    writer.wait_merging_threads()


def _segment(told: dict[str, Any]) -> Segment:
    deleted = told["deletes"]["num_deleted_docs"] if told["deletes"] else 0
    return Segment(told["segment_id"], told["max_doc"] - deleted, deleted)


def _leave(folder: Path, digits: str) -> None:
    """Delete from an index all documents but those whose ids begin with one of some digits."""
    import tantivy

    writer = _writer(folder)
    schema = tantivy.Index.open(str(folder)).schema
    writer.delete_documents_by_query(tantivy.Query.regex_query(schema, "id", f"[^{digits}].*"))
    writer.commit()
    writer.wait_merging_threads()


def _commit(folder: Path) -> None:
    """Have tantivy look for what is to be merged, and merge it."""
    writer = _writer(folder)
    writer.commit()
    writer.wait_merging_threads()


def _writer(folder: Path) -> Any:
    import tantivy

    return tantivy.Index.open(str(folder)).writer(heap_size=_HEAP, num_threads=1)


def _make(folder: Path, like: Path, some: Sequence[tuple[Path, dict[str, Any], str]]) -> None:
    """Make an index of segments of others.

    Args:
        folder: Where.
        like: An index of the same fields.
        some: Of each the index it is in, what that says of it, and what it is to be called here.
    """
    folder.mkdir()
    told = _read(like / _META)
    told["segments"] = [one | {"segment_id": ident} for _, one, ident in some]
    told["opstamp"] = max([told["opstamp"], *(_read(at / _META)["opstamp"] for at, *_ in some)])
    _write(folder / _MANAGED, [n for at, one, ident in some for n in _link(at, one["segment_id"], folder, ident)])
    _write(folder / _META, told)


def _replace(folder: Path, ident: str, at: Path, new: dict[str, Any]) -> None:
    """Have an index use a segment of another one in place of one of its own."""
    names = _link(at, new["segment_id"], folder, new["segment_id"])
    # What is named here and is no part of the index is deleted by tantivy: so nothing is left if this ends half-way.
    _write(folder / _MANAGED, sorted({*_read(folder / _MANAGED), *names}))
    told = _read(folder / _META)
    told["segments"] = [new if s["segment_id"] == ident else s for s in told["segments"]]
    _write(folder / _META, told)


def _link(at: Path, ident: str, to: Path, called: str) -> list[str]:
    """Link a segment's files into another folder, or copy them where the disk has no links; their names there."""
    names = []
    old, new = (uuid.UUID(i).hex for i in (ident, called))
    for file in at.glob(f"{old}.*"):
        names.append(new + file.name[len(old) :])
        try:
            os.link(file, to / names[-1])
        except OSError:
            shutil.copy2(file, to / names[-1])
    return names


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder beside an index, on its disk."""
    place = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _read(file: Path) -> Any:
    return json.loads(file.read_bytes())


def _write(file: Path, content: object) -> None:
    half = file.with_name(f"{file.name}.half")
    with half.open("w", encoding="utf-8") as opened:
        json.dump(content, opened)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(half, file)
    at = os.open(file.parent, os.O_RDONLY)  # the names of files that are linked there, too
    os.fsync(at)
    os.close(at)


__all__ = ["SMALL", "Segment", "collect", "ids_left", "rewrite", "segments"]
