"""Articles out of a catalog that SQLite can't read any more: its pages are looked through, one by one.

A version's id is a hash of what is shown of it, so what is written here is proved to be what was stored; an article of
which a page is lost or changed is counted and left out. Deleted articles don't come back: their pages are zeros.

The form of the pages is that of https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import ArchiveMissing, UsageError
from rag.index.schema import parse_time, version_id
from rag.text.counting import count
from rag.text.mistakes import meant
from rag.types import Article, RawArticle
from rag.value import shown_key

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER = 13, 10, 2
_COLUMNS = (
    "id key title text url source author published language metadata sentences text_hash origin added current"
).split()  # of the table ``version``, after its number; later schemas add more behind them
_NAMES = ("key", "title", "text", "url", "source", "author", "published", "language", "aliases")
_TAKEN = (*_NAMES, "section", "supersedes", "metadata")
"""The fields that ``Archive.add`` takes; what else a line has, the metadata keep."""


@dataclass
class Salvaged:
    """What came of a catalog."""

    articles: int = 0
    """Current articles that were written, each exactly as it was stored."""
    damaged: int = 0
    """Rows of which something is lost, left out."""
    older: int = 0
    """Earlier versions, left out."""
    pages_lost: int = 0
    """Pages that the file should have, by its header, and has not."""


def export_row(article: Article) -> str:
    """An article as a line that can be ingested again."""
    row = {name: getattr(article, name) for name in _NAMES}
    return _line({**row, "published": article.published.isoformat() if article.published else None}, article.metadata)


def _line(row: dict[str, Any], metadata: Any) -> str:
    more = {k: v for k, v in metadata.items() if k not in _NAMES} if isinstance(metadata, dict) else {}
    told = {k: list(v) if isinstance(v, tuple) else v for k, v in row.items() if v not in (None, (), [], "")}
    told["key"] = shown_key(str(row["key"]))
    told.setdefault("source", None)  # else an address's host, or what metadata call a publisher, is taken for it
    # What another field might be meant by is said to be none: `add` refuses "authors" where there is no author.
    mistaken = any(meant(name, _TAKEN) for name in more if name not in _TAKEN)
    none = {name: None for name in _TAKEN if name not in more and name not in told} if mistaken else {}
    return json.dumps({**more, **told, **none}, ensure_ascii=True) + "\n"


def salvage(catalog: Path, out: Path) -> Salvaged:
    """Write the current articles that can still be read as JSON Lines.

    Args:
        catalog: The file, damaged or not; a write-ahead log beside it is read too. Neither is changed.
        out: The new file.

    Raises:
        ArchiveMissing: There is no catalog.
        UsageError: ``out`` is there already, or can't be written.
    """
    if not catalog.exists():
        raise ArchiveMissing(f"There is no catalog in {catalog.parent}. Name another archive: --archive PATH")
    pages = _Pages(catalog)
    told = Salvaged(pages_lost=pages.lost)
    aliases: dict[str, list[str]] = {}
    for _, values in pages.records(_INDEX_LEAF, _INDEX_INNER):
        if values is not None and len(values) == 2 and all(isinstance(v, str) for v in values):
            aliases.setdefault(values[1], []).append(values[0])
    seen: set[str] = set()
    with create(out) as lines:
        for large, values in pages.records(_TABLE_LEAF):
            if values is None:
                told.damaged += large
                continue
            if len(values) <= len(_COLUMNS) or values[0] is not None:
                continue
            row = dict(zip(_COLUMNS, values[1:], strict=False))
            if not isinstance(row["id"], str) or len(row["id"]) != 20 or row["id"] in seen:
                continue
            if not _whole(row):
                told.damaged += 1
            elif row["current"] != 1:
                told.older += 1
            else:
                seen.add(row["id"])
                told.articles += 1
                try:
                    metadata = json.loads(row["metadata"])
                except (TypeError, ValueError):
                    metadata = {}
                shown = {name: row.get(name) for name in _NAMES}
                lines.write(_line({**shown, "aliases": aliases.get(row["key"])}, metadata))
    return told


def create(out: Path) -> Any:
    """A new text file.

    Raises:
        UsageError: It is there already, or can't be written.
    """
    try:
        return out.open("x", encoding="utf-8", newline="\n")
    except OSError as e:
        raise UsageError(f"{out} can't be written ({e.strerror}). Name a file that is not there yet.") from e


def _whole(row: dict[str, Any]) -> bool:
    """Whether a row's id is that of what it shows."""
    try:
        for language in (row["language"], None):  # it was hashed as its source gave it
            draft = RawArticle(
                key=row["key"],
                title=row["title"],
                text=row["text"],
                url=row["url"],
                source=row["source"],
                author=row["author"],
                published=parse_time(row["published"]),
                language=language,
                origin="",
            )
            if version_id(draft) == row["id"]:
                return True
    except (TypeError, ValueError):
        pass
    return False


class _Pages:
    """The pages of an SQLite file, with what its write-ahead log has committed laid over them."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("rb")
        header = self._file.read(100)
        known = header[:16] == b"SQLite format 3\x00" and len(header) == 100
        size = int.from_bytes(header[16:18], "big") if known else 4096
        self._size = 65536 if size == 1 else size if size >= 512 and not size & (size - 1) else 4096
        self._usable = self._size - (header[20] if known else 0)
        self._count = file.stat().st_size // self._size
        self.lost = max(0, int.from_bytes(header[28:32], "big") - self._count) if known else 0
        self._over = _committed(file.with_name(f"{file.name}-wal"), self._size)

    def page(self, number: int) -> bytes:
        """A page; empty where there is none."""
        if number in self._over:
            return self._over[number]
        if not 1 <= number <= self._count:
            return b""
        self._file.seek((number - 1) * self._size)
        return self._file.read(self._size)

    def records(self, *kinds: int) -> Iterator[tuple[bool, list[Any] | None]]:
        """(whether it is longer than a page, its columns or None where it can't be read) of the pages of some kinds."""
        for number in range(1, max(self._count, *self._over, 1) + 1 if self._over else self._count + 1):
            page = self.page(number)
            start = 100 if number == 1 else 0
            if len(page) < self._size or page[start] not in kinds:
                continue
            kind = page[start]
            head = start + (12 if kind == _INDEX_INNER else 8)
            for n in range(int.from_bytes(page[start + 3 : start + 5], "big")):
                at = int.from_bytes(page[head + 2 * n : head + 2 * n + 2], "big")
                large = False
                try:
                    if kind == _INDEX_INNER:
                        at += 4
                    length, at = _varint(page, at)
                    large = length > self._usable
                    if kind == _TABLE_LEAF:
                        _, at = _varint(page, at)
                    yield large, _columns(self._payload(page, at, length, kind))
                except (IndexError, ValueError, struct.error):
                    yield large, None

    def _payload(self, page: bytes, at: int, length: int, kind: int) -> bytes:
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return page[at : at + length]
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= most else least
        parts, got = [page[at : at + here]], here
        following = int.from_bytes(page[at + here : at + here + 4], "big")
        if length > (self._count + len(self._over)) * self._size:
            raise ValueError("longer than the file")
        while got < length:
            more = self.page(following)
            if len(more) < self._size:
                raise ValueError("a page is lost")
            following = int.from_bytes(more[:4], "big")
            parts.append(more[4 : 4 + min(usable - 4, length - got)])
            got += len(parts[-1])
        return b"".join(parts)


def _committed(log: Path, size: int) -> dict[int, bytes]:
    """Pages of a write-ahead log, as its last complete transaction left them."""
    try:
        content = log.read_bytes()
    except OSError:
        return {}
    done: dict[int, bytes] = {}
    begun: dict[int, bytes] = {}
    if len(content) < 32 or int.from_bytes(content[8:12], "big") != size:
        return done
    salts = content[16:24]
    for at in range(32, len(content) - size - 23, size + 24):
        number, commit = struct.unpack(">II", content[at : at + 8])
        if content[at + 8 : at + 16] != salts:
            break
        begun[number] = content[at + 24 : at + 24 + size]
        if commit:
            done.update(begun)
            begun = {}
    return done


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(9):
        byte = data[at + n]
        if n == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    raise ValueError("no number")


_WIDTHS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


def _columns(record: bytes) -> list[Any]:
    """The values of a record; texts that are not UTF-8 raise ``ValueError``."""
    end, at = _varint(record, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(record, at)
        kinds.append(kind)
    values: list[Any] = []
    at = end
    for kind in kinds:
        width = _WIDTHS[kind] if kind in _WIDTHS else (kind - 12) // 2
        if width < 0 or at + width > len(record):
            raise ValueError("shorter than it says")
        values.append(_value(kind, record[at : at + width]))
        at += width
    return values


def _value(kind: int, data: bytes) -> Any:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return struct.unpack(">d", data)[0]
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    return data.decode() if kind % 2 else data


def told(found: Salvaged, out: Path) -> Sequence[str]:
    """What came of it, in lines for a person."""
    lines = [f"{count(found.articles, 'article')} written to {out}, each proved to be as it was stored."]
    if found.damaged or found.pages_lost:
        lines.append(
            f"Left out: {count(found.damaged, 'damaged article')}. "
            f"Lost: {count(found.pages_lost, 'page')} of the catalog, with what stood there."
        )
    if found.older:
        lines.append(
            f"Left out: {count(found.older, 'earlier version of an article', 'earlier versions of articles')}."
        )
    return [*lines, f"To have an archive of them: onrecord ingest {out} --archive NEW"]


__all__ = ["Salvaged", "create", "export_row", "salvage", "told"]
