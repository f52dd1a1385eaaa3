"""Files of questions to rows: JSON Lines, JSON, CSV and TSV, plain or gzipped."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from rag.errors import SourceError
from rag.ingest.readers.rows import Row, csv_rows, json_rows, jsonl_rows
from rag.text.decode import decode
from rag.types import Skipped

LARGEST = 200_000_000
"""The most bytes a file of questions may have, unpacked."""

_QUESTION = 'one question, as in {"question": "…", "answers": ["…"]}'

Kind = Literal["jsonl", "json", "csv", "tsv"]

_INNER = ("questions", "cases", "data", "items", "examples", "rows", "results")
"""Names under which a JSON object may hold its list of rows."""


def read_rows(path: Path, kind: Kind | None = None) -> tuple[Kind, list[Row]]:
    """Rows of a JSON Lines, JSON, CSV or TSV file, plain or gzipped.

    Args:
        path: The file; its name decides nothing.
        kind: What it is; None: seen from its content.

    Returns:
        What it is, and for each row its place ("name:line"; in a JSON list the number of the item) with the row,
        or a Skipped.

    Raises:
        SourceError: The file can't be read, or is no text.
    """
    content, name = read_text(path), Path(path.name)
    kind = kind or _kind(content)
    if kind == "json":
        return kind, list(_items(name, content))
    if kind == "jsonl":
        return kind, list(jsonl_rows(name, io.StringIO(content), _QUESTION))
    return kind, list(csv_rows(name, io.StringIO(content, newline=""), kind))


def read_text(path: Path) -> str:
    """A text file's content, unpacked and decoded, without NUL characters and byte order mark.

    Raises:
        SourceError: It can't be read, is too large, or is no text.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {path}. Check the path.")
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path} can't be read: {error}. Check the file and its permissions.") from error
    if len(raw) > LARGEST:
        raise SourceError(f"{path} is larger than {LARGEST // 1_000_000} MB. Split it.")
    # A few NULs say nothing about the rest of a file of rows; an article would be left out for them.
    decoded = decode(raw) or decode(raw.replace(b"\x00", b""))
    if decoded is None:
        raise SourceError(f"{path} is not text. Give questions as JSON Lines, JSON, CSV or TSV.")
    return decoded.text.replace("\x00", "").lstrip("\ufeff")


def _kind(content: str) -> Kind:
    """What a file is, seen from how it begins."""
    start = content.lstrip()[:1]
    if start == "[":
        return "json"
    if start == "{":
        value = parse_json(content)
        return "json" if isinstance(value, dict) and ("\n" in content.strip() or _inner(value) is not None) else "jsonl"
    header = content.split("\n", 1)[0]
    return "tsv" if header.count("\t") > max(header.count(mark) for mark in ",;|") else "csv"


def parse_json(content: str) -> Any:
    """The value of a JSON text; None where it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _inner(value: Mapping[str, Any]) -> list[Any] | None:
    """The list of rows in a JSON object, if there is one."""
    return next((value[name] for name in _INNER if isinstance(value.get(name), list)), None)


def _items(name: Path, content: str) -> Iterator[Row]:
    """Rows of a JSON file: a list, an object that holds one, or one row."""
    value = parse_json(content)
    if value is None:  # what stands before the break is still read
        yield from json_rows(name, io.StringIO(content), _QUESTION)
        return
    inner = _inner(value) if isinstance(value, dict) else value if isinstance(value, list) else None
    for number, item in enumerate([value] if inner is None else inner, start=1):
        origin = f"{name}:{number}"
        yield origin, item if isinstance(item, dict) else Skipped(origin=origin, reason="not a JSON object")
