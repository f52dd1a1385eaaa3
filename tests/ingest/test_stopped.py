"""An ingest that is stopped keeps what it had stored, says how much that is, and ends soon."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from forked import Forked
from helpers import assert_sound, many, write_rows
from ingest import stopping

from rag import Archive, AsyncArchive
from rag.ingest import pipeline


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty articles of one passage each, of which eight are stored together."""
    monkeypatch.setattr(pipeline, "_BATCH", 8)
    return write_rows(tmp_path / "a.jsonl", *many(30))


def test_what_was_stored_stays_and_can_be_found(archive: Archive, source: Path) -> None:
    def step(seen: int, _: str) -> None:
        if seen == 21:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        archive.ingest(source, progress=step)
    assert caught.value.__notes__ == ["Articles that are stored: 16 of 21 read. The same command goes on from there."]
    assert archive.stats().articles == 16
    assert archive.search("storm0011")[0].passage.article_id == archive.get("story-11").id
    assert_sound(archive)
    with pytest.raises(KeyboardInterrupt) as caught:
        archive.ingest(source, progress=step)
    assert "0 of 21 read, beside 16 that were there already." in caught.value.__notes__[0]
    report = archive.ingest(source)
    assert (report.added, report.unchanged) == (14, 16)
    assert_sound(archive)


@pytest.mark.asyncio
async def test_what_was_stored_of_a_cancelled_ingest_can_be_found(archive: Archive, source: Path) -> None:
    opened, started, go = AsyncArchive(archive), threading.Event(), threading.Event()

    def step(seen: int, _: str) -> None:
        if seen == 20:
            started.set()
            go.wait(5)

    task = asyncio.create_task(opened.ingest(source, progress=step))
    while not started.is_set():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert (await opened.add({"text": "A storm passed by.", "key": "after"})).added == 1  # once the other has ended
    assert archive.stats().articles == 17
    assert archive.search("storm0011")[0].passage.article_id == archive.get("story-11").id


def test_one_that_is_stopped_when_all_is_stored_says_so(
    archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(stores: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rag.record.linker.link", link)
    with pytest.raises(KeyboardInterrupt) as caught:
        archive.ingest(source)
    assert caught.value.__notes__ == ["All of 30 articles are stored. The same command completes the rest."]


def test_the_first_batches_are_small(archive: Archive, tmp_path: Path) -> None:
    told: set[int] = set()
    source = write_rows(tmp_path / "a.jsonl", *many(460))
    archive.ingest(source, progress=lambda seen, _: told.add(archive.stores.catalog.counts()["articles"]))
    assert told == {0, 64, 192, 448}


def test_what_is_read_slowly_is_stored_soon(archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_SOON", 0.0)
    told: list[int] = []
    archive.ingest(source, progress=lambda seen, _: told.append(archive.stats().articles))
    assert told == list(range(1, 31))


def test_nobody_waits_for_quotes_that_are_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_PIECE", 1)
    pieces = 0

    def quotes(articles: Sequence[Any]) -> list[list[Any]]:
        nonlocal pieces
        pieces += 1
        time.sleep(0.1)
        return [[] for _ in articles]

    def embed(texts: list[str]) -> Any:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pipeline.embed_and_quote(["a"], [("", "a", (), "en")] * 50, embed, quotes)
    assert time.monotonic() - began < 1
    time.sleep(0.5)
    assert pieces <= 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line_says_how_much_is_kept(source: Path, tmp_path: Path, number: signal.Signals) -> None:
    ingest = ("ingest", str(source), "--archive", str(tmp_path / "x"))
    process = Forked(stopping.main, str(int(number)), *ingest)
    _, err = process.communicate(60)
    assert process.returncode == 130, err
    kept = "Articles that are stored: 16 of 24 read. The same command goes on from there."
    assert err.strip().splitlines() == [kept, "stopped"]
    again = Forked(stopping.main, "0", *ingest)
    assert again.communicate(60)[0].startswith("14 added, 0 updated, 16 unchanged")
