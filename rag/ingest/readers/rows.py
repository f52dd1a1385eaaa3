"""Files of many articles: JSON Lines, JSON, CSV and TSV, row by row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from rag.ingest.values import id_list, language_code, one_line, running_text, short_fields
from rag.text.dates import parse_date
from rag.text.decode import guess, sniff
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

LONGEST_ROW = 20_000_000
"""Characters one row may have."""

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "key": ("key",),
    "title": ("title", "headline", "heading", "articletitle", "name"),
    "text": (
        "text", "body", "content", "article", "articletext", "articlebody", "fulltext", "maintext", "bodytext",
        "story", "rawtext", "plaintext",
    ),
    "url": ("url", "link", "canonicalurl", "articleurl", "sourceurl", "permalink", "uri", "href"),
    "source": (
        "source", "outlet", "publisher", "publication", "sitename", "site", "newspaper", "sourcename",
        "sourcedomain", "domain", "media",
    ),
    "author": ("author", "authors", "byline", "creator", "writer"),
    "published": (
        "published", "publishdate", "publisheddate", "datepublished", "publishedat", "publicationdate", "pubdate",
        "datepublish", "date", "datetime", "publishtime", "timestamp", "time",
    ),
    "id": ("docid", "id", "articleid", "guid", "uuid", "aliases"),
    "language": ("language", "lang", "inlanguage"),
}  # fmt: skip
"""The names a field goes by, best first, in lower case without punctuation."""


def read_rows(path: Path, stream: BinaryIO, kind: str, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
    """Read the articles of one file, holding one row at a time.

    Args:
        path: Where it was read from, for keys and origins.
        stream: Its bytes, already unpacked.
        kind: "jsonl", "json", "csv" or "tsv".
        fields: Our field name → the name it has in this file.

    Returns:
        A Draft for each article; a Skipped for each row that isn't one.
    """
    head = stream.read(65_536)
    if not head.strip():
        yield Skipped(origin=str(path), reason="empty")
        return
    encoding = sniff(head)
    if encoding is None:
        yield Skipped(origin=str(path), reason="not text")
        return
    whole = io.BufferedReader(_Again(head, stream))
    lines = io.TextIOWrapper(
        whole,
        encoding="utf-8-sig" if encoding in ("utf-8", "mixed") else encoding,
        errors="surrogateescape" if encoding in ("utf-8", "utf-8-sig", "mixed") else "replace",
        newline="\n" if kind == "jsonl" else "",
    )
    if kind == "json":
        rows = _json(path, lines)
    elif kind == "jsonl":
        rows = _jsonl(path, lines)
    else:
        rows = _csv(path, lines, kind)
    mapper = _Mapper(path, fields)
    for origin, row in rows:
        yield row if isinstance(row, Skipped) else mapper.draft(origin, row)


class _Again(io.RawIOBase):
    """A stream with bytes that were already read put back in front."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._head:
            piece, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            piece = self._rest.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


Row = tuple[str, "dict[str, Any] | Skipped"]


def _lines(lines: io.TextIOBase) -> Iterator[tuple[int, str | None]]:
    """Lines with their numbers from 1; None for one that is longer than LONGEST_ROW."""
    number = 0
    while line := lines.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) <= LONGEST_ROW or line.endswith("\n"):
            yield number, _mend(line)
            continue
        del line
        while (rest := lines.readline(1_000_000)) and not rest.endswith("\n"):
            pass
        yield number, None


def _mend(line: str) -> str:
    """Bytes that were not UTF-8, read in the likeliest other encoding; no byte order mark in front."""
    line = line.removeprefix("\ufeff")
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        raw = line.encode("utf-8", "surrogateescape")
        return raw.decode(guess(raw), "replace")
    return line


def _too_long(origin: str) -> Row:
    return origin, Skipped(
        origin=origin,
        reason=f"a row of more than {LONGEST_ROW // 1_000_000} million characters",
    )


def _jsonl(path: Path, lines: io.TextIOBase) -> Iterator[Row]:
    for number, line in _lines(lines):
        origin = f"{path}:{number}"
        if line is None:
            yield _too_long(origin)
        elif line.strip():
            yield _row(origin, line)


def _row(origin: str, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return origin, Skipped(origin=origin, reason=f"broken JSON: {_brief(error)}")
    if not isinstance(value, dict):
        return origin, Skipped(origin=origin, reason="not a JSON object")
    return origin, value


def _brief(error: Exception) -> str:
    return str(error).split("\n")[0][:120] or type(error).__name__


_DECODER = json.JSONDecoder()
_LISTS = (
    "articles",
    "documents",
    "docs",
    "items",
    "data",
    "results",
    "hits",
    "entries",
)


def _json(path: Path, stream: io.TextIOBase) -> Iterator[Row]:
    """An array of articles (streamed), an object that holds one, or one article."""
    buffer = stream.read(1_000_000).lstrip()
    if buffer.startswith("["):
        yield from _array(path, stream, buffer[1:])
        return
    buffer += stream.read(LONGEST_ROW)
    if stream.read(1):
        yield _too_long(str(path))
        return
    try:
        value = json.loads(_mend(buffer))
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSON Lines under another name
            yield from _jsonl(path, io.StringIO(buffer))
        else:
            yield (
                str(path),
                Skipped(origin=str(path), reason=f"broken JSON: {_brief(error)}"),
            )
        return
    except (ValueError, RecursionError) as error:
        yield (
            str(path),
            Skipped(origin=str(path), reason=f"broken JSON: {_brief(error)}"),
        )
        return
    inner = (
        next((value[n] for n in _LISTS if isinstance(value.get(n), list)), None) if isinstance(value, dict) else None
    )
    for number, item in enumerate([value] if inner is None else inner, start=1):
        origin = str(path) if inner is None else f"{path}:{number}"
        if isinstance(item, dict):
            yield origin, item
        else:
            yield origin, Skipped(origin=origin, reason="not a JSON object")


def _array(path: Path, stream: io.TextIOBase, buffer: str) -> Iterator[Row]:
    """Objects of a JSON array one by one; ``path:n`` counts them from 1."""
    number, step, last = 0, 1_000_000, False
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if buffer.startswith("]") or (last and not buffer):
            return
        origin = f"{path}:{number + 1}"
        try:
            value, end = _DECODER.raw_decode(_mend(buffer))
        except (ValueError, RecursionError) as error:
            if not last and len(buffer) <= LONGEST_ROW and not isinstance(error, RecursionError):
                more = stream.read(max(step, len(buffer)))
                last = not more
                buffer += more
                continue
            yield (
                origin,
                Skipped(
                    origin=origin,
                    reason=f"broken JSON, the rest of the file is left out: {_brief(error)}",
                ),
            )
            return
        buffer = buffer[end:]
        number += 1
        if isinstance(value, dict):
            yield origin, value
        else:
            yield origin, Skipped(origin=origin, reason="not a JSON object")


def _csv(path: Path, lines: io.TextIOBase, kind: str) -> Iterator[Row]:
    """Rows of a table whose first row names the columns."""
    limit = csv.field_size_limit()
    if limit < LONGEST_ROW:
        csv.field_size_limit(LONGEST_ROW)
    long_lines: list[int] = []
    at = 0

    def feed() -> Iterator[str]:
        nonlocal at
        for number, line in _lines(lines):
            at = number
            if line is None:
                long_lines.append(number)
            else:
                yield line.replace("\x00", "")

    source = feed()
    header_line = next(source, "")
    delimiter = "\t" if kind == "tsv" else max(",;\t|", key=header_line.count)
    names = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        first = at + 1
        try:
            cells = next(reader)
        except StopIteration:
            cells = None
        except csv.Error as error:
            yield (
                f"{path}:{first}",
                Skipped(origin=f"{path}:{first}", reason=f"broken row: {_brief(error)}"),
            )
            continue
        while long_lines:
            yield _too_long(f"{path}:{long_lines.pop(0)}")
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield f"{path}:{first}", dict(zip(names, cells, strict=False))


class _Mapper:
    """Turns rows of one file into drafts."""

    def __init__(self, path: Path, fields: Mapping[str, str]) -> None:
        self._path = path.resolve().as_posix()
        self._fields = fields

    def draft(self, origin: str, row: Mapping[str, Any]) -> RawArticle | Skipped:
        missing = [name for name in self._fields.values() if name not in row]
        if len(missing) == len(self._fields) and missing:
            names = ", ".join(list(map(str, row))[:20])
            return Skipped(
                origin=origin,
                reason=f"no field {missing[0]!r}; the fields are: {names}"[:300],
            )
        taken: dict[str, str] = {}
        used: set[str] = set()
        plain = {_plain(name): name for name in reversed(list(row))}
        for ours, synonyms in SYNONYMS.items():
            known = [self._fields[ours]] if ours in self._fields else [plain[s] for s in synonyms if s in plain]
            given = [name for name in known if not _blank(row.get(name))]
            if given:
                taken[ours] = given[0]
                used.update(given if ours == "id" else given[:1])
        text = running_text(row.get(taken.get("text", "")))
        if not text.strip():
            return Skipped(
                origin=origin,
                reason="no text" if _has_text(plain, self._fields) else _no_text_field(row),
            )
        url = one_line(row.get(taken.get("url", "")))
        url = url.strip() if url and is_web(url) else None
        ids = tuple(dict.fromkeys(i for name in self._ids(plain) if name in used for i in id_list(row[name])))
        key = one_line(row.get(taken.get("key", ""))) or url
        if key:
            key = canonical(key)
        else:
            mark = ids[0] if ids else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
            key = f"{self._path}#{mark}"
        return RawArticle(
            key=key,
            title=one_line(row.get(taken.get("title", ""))) or "",
            text=text,
            url=url,
            source=one_line(row.get(taken.get("source", ""))) or host(url),
            author=one_line(row.get(taken.get("author", ""))),
            published=parse_date(row.get(taken.get("published", ""))),
            language=language_code(row.get(taken.get("language", ""))),
            aliases=ids,
            metadata=short_fields({n: v for n, v in row.items() if n not in used}),
            origin=origin,
        )

    def _ids(self, plain: Mapping[str, str]) -> list[str]:
        if "id" in self._fields:
            return [self._fields["id"]]
        return [plain[s] for s in SYNONYMS["id"] if s in plain]


def _plain(name: object) -> str:
    return "".join(c for c in str(name).lower() if c.isalnum())


def _has_text(plain: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    return "text" in fields or any(s in plain for s in SYNONYMS["text"])


def _no_text_field(row: Mapping[str, Any]) -> str:
    return f"no text; the fields are: {', '.join(list(map(str, row))[:20])}"[:300]


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)
