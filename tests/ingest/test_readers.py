"""Readers: which one reads a file, and how another package adds one."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from rag import registry
from rag.errors import PluginError
from rag.ingest.load import count, load
from rag.ingest.readers import BUILT_IN, CountsArticles, readers
from rag.types import RawArticle, Skipped


class LineReader:
    """An article a line, as another package might read it."""

    endings: Sequence[str] = (".wire",)
    max_bytes: int | None = 1_000

    def read(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
        for number, line in enumerate(stream, 1):
            origin = f"{path}:{number}"
            if text := line.decode().strip():
                yield RawArticle(key=origin, text=f"{fields.get('prefix', '')}{text}", origin=origin)
            else:
                yield Skipped(origin=origin, reason="empty line")


@pytest.fixture
def added() -> Iterator[Any]:
    """Adds readers for the length of a test."""
    names: list[str] = []

    def add(name: str, reader: Any) -> None:
        registry.register("readers", name, reader)
        names.append(name)

    yield add
    for name in names:
        registry.unregister("readers", name)


def test_every_format_has_a_reader() -> None:
    endings = ".csv .docx .htm .html .json .jsonl .markdown .md .ndjson .pdf .text .tsv .txt .xhtml"
    assert sorted(readers()) == endings.split()
    assert {name for name, r in BUILT_IN.items() if isinstance(r, CountsArticles)} == {"jsonl", "json", "csv", "tsv"}


def test_a_new_ending_needs_nothing_of_ours_changed(tmp_path: Path, added: Any) -> None:
    (tmp_path / "a.wire").write_text("One.\n\nTwo.\n")
    (tmp_path / "b.WIRE.gz").write_bytes(gzip.compress(b"Three."))
    (tmp_path / "c.wire").write_text("long" * 1000)
    (tmp_path / "d.wire").write_text(" \n")
    assert {s.reason.partition(";")[0] for s in load([tmp_path]) if isinstance(s, Skipped)} == {"unknown format .wire"}
    added("wire", LineReader())
    found = list(load([tmp_path], {"prefix": "> "}))
    assert [f.text if isinstance(f, RawArticle) else f.reason for f in found] == [
        "> One.",
        "empty line",
        "> Two.",
        "> Three.",
        "larger than 0 MB",
        "empty",
    ]
    assert count([tmp_path]) == 4
    (tmp_path / "e.rst").write_text("x")
    (unknown,) = load([tmp_path / "e.rst"])
    assert isinstance(unknown, Skipped)
    assert unknown.reason.endswith(".tsv .txt .wire .xhtml")


def test_an_added_reader_takes_precedence_over_a_built_in_one(tmp_path: Path, added: Any) -> None:
    class Shouting(LineReader):
        endings = (".txt",)

    (tmp_path / "a.txt").write_text("One.\nTwo.\n")
    assert len(list(load([tmp_path]))) == 1
    added("shouting", Shouting)
    assert [f.text for f in load([tmp_path]) if isinstance(f, RawArticle)] == ["One.", "Two."]


def test_two_added_readers_of_one_ending_are_refused(tmp_path: Path, added: Any) -> None:
    added("one", LineReader())
    added("other", LineReader())
    with pytest.raises(PluginError, match=r"'one' and 'other', read files that end in \.wire\. Uninstall one"):
        list(load([tmp_path]))
