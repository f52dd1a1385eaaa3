"""Files of many articles: JSON Lines, JSON, CSV and TSV, row by row."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from rag.ingest.opened import open_regular
from rag.ingest.values import as_written, id_list, language_code, one_line, running_text, short_fields
from rag.text.dates import parse_date
from rag.text.decode import guess, sniff
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

_LONGEST_NAME = 200
"""Characters of a column's name beyond which it is none that is known."""
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


class RowReader:
    """Reads the files of one kind that hold an article in each row; see ``rag.protocols.Reader``."""

    max_bytes: int | None = None
    what = ""
    """What it reads, in a few words."""

    def __init__(self, kind: str, *endings: str) -> None:
        """Take what the files are.

        Args:
            kind: "jsonl", "json", "csv" or "tsv".
            endings: Of their names.
        """
        self.kind = kind
        self.endings: Sequence[str] = endings
        names = {"jsonl": "JSON Lines", "json": "JSON"}
        self.what = f"{names.get(kind, kind.upper())} with an article in each row"

    def read(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
        """Read the articles of one file, holding one row at a time; see ``rag.protocols.Reader.read``."""
        head = stream.read(65_536)
        if not head.strip():
            yield Skipped(origin=str(path), reason="empty")
            return
        encoding = sniff(head)
        if encoding is None:
            yield Skipped(origin=str(path), reason="not text")
            return
        mapper = FieldMapper(path, fields)
        for origin, row in self._rows(path, _text_stream(head, stream, encoding, self.kind)):
            yield row if isinstance(row, Skipped) else mapper.article(origin, row)

    def count(self, path: Path, *, packed: bool) -> int | None:
        """Estimate how many rows a file has, from its first 16 MB.

        Args:
            path: The file.
            packed: Whether it is gzipped.

        Returns:
            None where that can't be told without reading the whole file.
        """
        return None if self.kind == "json" else _count_rows(path, self.kind, packed)

    def _rows(self, path: Path, lines: io.TextIOBase) -> Iterator[Row]:
        if self.kind == "json":
            return json_rows(path, lines)
        if self.kind == "jsonl":
            return jsonl_rows(path, lines)
        return csv_rows(path, lines, self.kind)


def _text_stream(head: bytes, rest: BinaryIO, encoding: str, kind: str) -> io.TextIOWrapper:
    """A file's text. Bytes that are not UTF-8 become surrogates, which ``_mend`` decodes line by line."""
    utf8 = encoding in ("utf-8", "utf-8-sig", "mixed")
    return io.TextIOWrapper(
        io.BufferedReader(_Rejoined(head, rest)),
        encoding="utf-8-sig" if utf8 else encoding,
        errors="surrogateescape" if utf8 else "replace",
        newline="\n" if kind == "jsonl" else "",
    )


def _count_rows(path: Path, kind: str, packed: bool) -> int:
    """Rows of a JSON Lines or CSV file, extrapolated from its first 16 MB."""
    rows, quoted, read = 0, False, 0
    last = b"\n"
    with open_regular(path) as raw:
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        while read < 16_000_000 and (chunk := stream.read(1_000_000)):
            read += len(chunk)
            last = chunk[-1:]
            if kind == "jsonl":
                rows += chunk.count(b"\n")
                continue
            for at, part in enumerate(chunk.split(b'"')):
                quoted ^= at > 0
                rows += 0 if quoted else part.count(b"\n")
        rows += last != b"\n"
        done = raw.tell()
        size = os.fstat(raw.fileno()).st_size
        if stream.read(1) and done:
            rows = rows * size // done
    return max(rows - (kind != "jsonl"), 0)


class _Rejoined(io.RawIOBase):
    """A stream with the bytes that were already read from it in front again."""

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


ARTICLE = 'one article, as in {"title": "…", "text": "…"}'
"""What a line of JSON Lines holds, where nothing else is said."""
Row = tuple[str, "dict[str, Any] | Skipped"]
"""Where a row stands (``path:number``), and the row, or why it can't be read."""


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


def jsonl_rows(path: Path, lines: io.TextIOBase, holds: str = ARTICLE) -> Iterator[Row]:
    """Objects of a file with one on each line; "path:n" is the number of the line.

    Args:
        path: The file's.
        lines: Its text.
        holds: What a line has to hold, for the reason why one can't be read.
    """
    for number, line in _lines(lines):
        origin = f"{path}:{number}"
        if line is None:
            yield _too_long(origin)
        elif line.strip():
            yield _row(origin, line, holds)


def _row(origin: str, line: str, holds: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return origin, Skipped(origin=origin, reason=f"{_broken(error)}. A line has to hold {holds}")
    if not isinstance(value, dict):
        return origin, Skipped(origin=origin, reason=f"not a JSON object. A line has to hold {holds}")
    return origin, value


def _broken(error: Exception) -> str:
    """What is wrong with some JSON, and where."""
    if not isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {_brief(error)}"
    near = error.doc[max(0, error.pos - 20) : error.pos + 20].strip()
    where = f"at character {error.colno:,}" + (f" of line {error.lineno:,}" if error.lineno > 1 else "")
    return (
        f"broken JSON {where}, near {near!r}: {error.msg[0].lower()}{error.msg[1:]}" if near else "broken JSON: cut off"
    )


def _brief(error: Exception) -> str:
    return str(error).split("\n")[0][:120] or type(error).__name__


_DECODER = json.JSONDecoder()
_BETWEEN = re.compile(r"[ \t\r\n,]*")
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


def json_rows(path: Path, stream: io.TextIOBase, holds: str = ARTICLE) -> Iterator[Row]:
    """An array of articles (streamed), an object that holds one, or one article; ``holds`` as for ``jsonl_rows``."""
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
            yield from jsonl_rows(path, io.StringIO(buffer), holds)
        else:
            yield (
                str(path),
                Skipped(origin=str(path), reason=_broken(error)),
            )
        return
    except (ValueError, RecursionError) as error:
        yield (
            str(path),
            Skipped(origin=str(path), reason=f"broken JSON: {_brief(error)}"),
        )
        return
    inner = _listed(value)
    for number, item in enumerate([value] if inner is None else inner, start=1):
        origin = str(path) if inner is None else f"{path}:{number}"
        if isinstance(item, dict):
            yield origin, item
        else:
            yield origin, Skipped(origin=origin, reason="not a JSON object")


_ENVELOPES = (*_LISTS, "response", "result", "body")


def _listed(value: object, depth: int = 0) -> list[Any] | None:
    """The list of articles in an object, at most three envelopes deep; None where there is none."""
    if not isinstance(value, dict) or depth > 3:
        return None
    found: list[Any] | None = next((value[n] for n in _LISTS if isinstance(value.get(n), list)), None)
    if found is not None:
        return found
    inner = (_listed(value[name], depth + 1) for name in _ENVELOPES if isinstance(value.get(name), dict))
    return next((found for found in inner if found is not None), None)


def _array(path: Path, stream: io.TextIOBase, buffer: str) -> Iterator[Row]:
    """Objects of a JSON array one by one; ``path:n`` counts them from 1."""
    number, at, step, last = 0, 0, 1_000_000, False
    buffer = _mend(buffer)
    while True:
        between = _BETWEEN.match(buffer, at)
        at = between.end() if between else at
        if buffer.startswith("]", at) or (last and at == len(buffer)):
            return
        origin = f"{path}:{number + 1}"
        try:
            value, at = _DECODER.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            if not last and len(buffer) - at <= LONGEST_ROW and not isinstance(error, RecursionError):
                more = stream.read(max(step, len(buffer) - at))
                last = not more
                buffer, at = buffer[at:] + _mend(more), 0
                continue
            yield (
                origin,
                Skipped(
                    origin=origin,
                    reason=f"{_broken(error)}; the rest of the file is left out",
                ),
            )
            return
        number += 1
        if isinstance(value, dict):
            yield origin, value
        else:
            yield origin, Skipped(origin=origin, reason="not a JSON object")


def csv_rows(path: Path, lines: io.TextIOBase, kind: str) -> Iterator[Row]:
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


class FieldMapper:
    """Turns the rows of one file into articles."""

    def __init__(self, path: Path, fields: Mapping[str, str]) -> None:
        """Take the file's path, and our field name → its name in the file."""
        self._path = path.resolve().as_posix()
        self._fields = fields
        self._nested = tuple(name for name in fields.values() if "." in name)

    def has_text(self, names: Sequence[str]) -> bool:
        """Whether one of these columns holds texts."""
        return _has_text({plain_name(name): name for name in names}, self._fields)

    def article(self, origin: str, row: Mapping[str, Any]) -> RawArticle | Skipped:
        """The article of one row."""
        if self._nested and (found := {path: value_at(row, path) for path in self._nested if path not in row}):
            row = {**row, **{path: value for path, value in found.items() if value is not None}}
        missing = [name for name in self._fields.values() if name not in row]
        if len(missing) == len(self._fields) and missing:
            names = ", ".join(list(map(str, row))[:20])
            return Skipped(
                origin=origin,
                reason=f"no field {missing[0]!r}; the fields are: {names}"[:300],
            )
        taken: dict[str, str] = {}
        used: set[str] = set()
        plain = {plain_name(name): name for name in reversed(list(row))}
        # An export of an archive says so of an article that has no outlet.
        nobody = "source" not in self._fields and "key" in row and row.get("source", "") is None
        for ours, synonyms in SYNONYMS.items():
            if ours == "source" and nobody:
                continue
            known = [self._fields[ours]] if ours in self._fields else [plain[s] for s in synonyms if s in plain]
            given = [name for name in known if not is_blank(row.get(name))]
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
        day = _first(row.get(taken.get("published", "")))
        return RawArticle(
            key=key,
            title=one_line(row.get(taken.get("title", ""))) or "",
            text=text,
            url=url,
            source=one_line(row.get(taken.get("source", ""))) or (None if nobody else host(url)),
            author=one_line(row.get(taken.get("author", ""))),
            published=(published := parse_date(day)),
            unread_date=None if published else as_written(day),
            language=language_code(row.get(taken.get("language", ""))),
            aliases=ids,
            metadata=short_fields({n: v for n, v in row.items() if n not in used}),
            origin=origin,
        )

    def _ids(self, plain: Mapping[str, str]) -> list[str]:
        if "id" in self._fields:
            return [self._fields["id"]]
        return [plain[s] for s in SYNONYMS["id"] if s in plain]


def value_at(row: object, path: str) -> Any:
    """A value inside a row.

    Args:
        row: Objects and lists of JSON; a text that holds some is read.
        path: Names joined by dots, as in "fields.bodyText"; a name that itself has dots wins. A number takes one of a
            list, as in "bylines.0.name"; any other name takes it of all that are in the list.

    Returns:
        The value, or a list of those that there are; None where there is none.
    """
    if not path:
        return row
    if isinstance(row, str) and row[:1] in ("{", "["):
        try:
            row = json.loads(row)
        except (ValueError, RecursionError):
            return None
    head, _, rest = path.partition(".")
    if isinstance(row, Mapping):
        if path in row:
            return row[path]
        return value_at(row[head], rest) if head in row else None
    if isinstance(row, list):
        if head.isdigit():
            return value_at(row[int(head)], rest) if int(head) < len(row) else None
        values = [value for item in row if (value := value_at(item, path)) is not None]
        return values or None
    return None


def plain_name(name: object) -> str:
    """A field's name in lower case, without punctuation and spaces; "" of one that is too long to be known."""
    told = str(name)
    return "".join(c for c in told.lower() if c.isalnum()) if len(told) <= _LONGEST_NAME else ""


def _has_text(plain: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    return "text" in fields or any(s in plain for s in SYNONYMS["text"])


def _no_text_field(row: Mapping[str, Any]) -> str:
    return f"no text; the fields are: {', '.join(str(name)[:300] for name in list(row)[:20])}"[:300]


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def is_blank(value: object) -> bool:
    """Whether a field is there without a value."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)
