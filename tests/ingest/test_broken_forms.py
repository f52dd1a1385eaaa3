"""Broken, cut, misnamed and mixed files of every form, and large ones: a line each, the run goes on, memory is flat."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import form_samples as samples
import pytest
from form_samples import SAMPLES
from ingest.reading import drafts, write

from rag.ingest.forms.base import FormReader
from rag.ingest.forms.mail import Mailbox
from rag.ingest.forms.sgml import Trec
from rag.ingest.forms.sites import Feed
from rag.ingest.forms.webarchive import Warc
from rag.ingest.load import find, load
from rag.ingest.preview import name_of
from rag.types import RawArticle, Skipped

CUTS = (0.15, 0.6, 0.97)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_is_cut_or_misnamed_gives_lines_and_the_run_goes_on(name: str, tmp_path: Path) -> None:
    ending, made = SAMPLES[name]
    whole = made()
    for at in CUTS:
        cut = whole[: int(len(whole) * at)]
        for other in (ending, ".txt", ".json"):
            write(tmp_path / f"{at}{other}", cut)
    write(tmp_path / "z-last.md", "# Ferry sails\n\nThe ferry to Norrhavn sails again.\n")
    found = list(load([tmp_path]))
    assert isinstance(found[-1], RawArticle) and found[-1].title == "Ferry sails"
    for item in found:
        if isinstance(item, Skipped):
            assert item.reason and "\n" not in item.reason and len(item.reason) <= 500
        else:
            assert item.text.strip() and "\x00" not in item.text
    assert {Path(item.origin).name.split(":")[0] for item in found} >= {f"{at}{ending}" for at in CUTS}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("ending", [".txt", ".docx", ""])
def test_a_wrong_name_changes_nothing(name: str, ending: str, tmp_path: Path) -> None:
    right, made = SAMPLES[name]
    whole = made()
    one = [(a.title, a.text) for a in drafts(write(tmp_path / f"a{right}", whole))]
    found = list(find([write(tmp_path / f"b/a{ending}", whole)]))
    assert {name_of(f.reader) for f in found if f.reader is not None} == {name}
    assert [(f.item.title, f.item.text) for f in found if isinstance(f.item, RawArticle)] == one


def test_a_folder_of_all_forms_is_read_whole(tmp_path: Path) -> None:
    for n, (ending, made) in enumerate(SAMPLES.values()):
        write(tmp_path / f"{n:02}{ending}", made())
        write(tmp_path / f"{n:02}-cut{ending}", made()[:40])
    found = list(load([tmp_path]))
    read = {Path(item.origin).name.partition(".")[0] for item in found if isinstance(item, RawArticle)}
    assert {f"{n:02}" for n in range(len(SAMPLES))} <= read


class _Endless(io.RawIOBase):
    """A file that is made while it is read: a record many times."""

    def __init__(self, record: Callable[[int], bytes], head: bytes, times: int, tail: bytes) -> None:
        self._parts = self._made(record, head, times, tail)
        self._left = b""
        self.size = 0

    @staticmethod
    def _made(record: Callable[[int], bytes], head: bytes, times: int, tail: bytes) -> Iterator[bytes]:
        yield head
        for n in range(times):
            yield record(n)
        yield tail

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        self.size += len(piece)
        return len(piece)


LONG = (samples.WORDS + "\n") * 300


def _letters(n: int) -> bytes:
    head = samples.letter().partition(b"\n\n")[0].replace(b"<1@", f"<{n}@".encode()).replace(b"/bridge", b"/%d" % n)
    return b"From post@letters.example Tue Mar  5 09:30:00 2024\n" + head + b"\n\n" + LONG.encode() + b"\n"


def _extracted(n: int) -> bytes:
    return (
        f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:uuid:{n}>\r\nWARC-Date: 2024-03-09T00:00:00Z\r\n"
        f"WARC-Target-URI: https://k.example/{n}\r\nContent-Type: text/plain\r\nContent-Length: {len(LONG)}\r\n\r\n"
        f"{LONG}\r\n\r\n"
    ).encode()


STREAMS: dict[str, tuple[FormReader, bytes, Callable[[int], bytes], bytes]] = {
    "mbox": (Mailbox(), b"", _letters, b""),
    "warc": (Warc(), b"", _extracted, b""),
    "trec": (Trec(), b"", lambda n: f"<DOC>\n<DOCNO> {n} </DOCNO>\n<TEXT>\n{LONG}\n</TEXT>\n</DOC>\n".encode(), b""),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_file_larger_than_what_is_held_of_it_is_read(name: str) -> None:
    reader, head, record, tail = STREAMS[name]
    times = 600
    raw = _Endless(record, head, times, tail)
    tracemalloc.start()
    try:
        found = sum(isinstance(a, RawArticle) for a in reader.read(Path("x"), io.BufferedReader(raw), {}))  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == times
    assert raw.size > 15_000_000
    assert peak < 6_000_000


def test_a_long_feed_is_read_without_holding_it(tmp_path: Path) -> None:
    item = f"<item><title>Bridge</title><description>{samples.WORDS * 60}</description></item>"
    path = write(tmp_path / "long.rss", f'<rss version="2.0"><channel><title>K</title>{item * 3000}</channel></rss>')
    tracemalloc.start()
    try:
        with path.open("rb") as stream:
            found = sum(isinstance(a, RawArticle) for a in Feed().read(path, stream, {}))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == 3000 and path.stat().st_size > 15_000_000
    assert peak < 6_000_000
