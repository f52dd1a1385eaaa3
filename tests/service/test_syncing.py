"""Syncs within the service: what is new is found without a restart, questions come first, and it ends when told."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sources.newsroom import Newsroom
from sources.site import serving
from sources.test_sync import opened

from rag.service import syncing as syncing_module
from rag.service.scheduler import RequestScheduler
from rag.service.syncing import GivesWay, syncing


@pytest.fixture(autouse=True)
def no_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who said what is not looked for: the parser takes seconds to load."""
    monkeypatch.setattr("rag.sources.sync.find_quotes", lambda articles: [[] for _ in articles])


def until(true: Any, seconds: float = 20.0) -> bool:
    """Whether something came to be true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def test_the_loop_takes_in_what_is_new_and_ends_when_it_is_told(tmp_path: Path) -> None:
    with serving() as site, opened(tmp_path / "archive", site) as archive:
        room = Newsroom(site, 2)
        archive.sources.add(f"{site.url}/sitemap.xml")
        scheduler = RequestScheduler(archive)
        with syncing(scheduler, 1.0):
            assert until(lambda: archive.stats().articles == 2)
            room.add(2)
            # A search waits for no writer: what is being indexed for the first time isn't found yet.
            assert until(lambda: room.url(2) in [h.passage.url for h in archive.search("storm number 2")[:1]])
            began = time.monotonic()
        assert time.monotonic() - began < 5.0
        assert not [thread for thread in threading.enumerate() if thread.name == "onrecord-sync"]
        scheduler.close(0)


def test_without_the_setting_nothing_runs(tmp_path: Path) -> None:
    with syncing(SimpleNamespace(archive=None), 0):  # type: ignore[arg-type]
        assert not [thread for thread in threading.enumerate() if thread.name == "onrecord-sync"]


def test_a_batch_waits_while_questions_are_answered() -> None:
    scheduler = SimpleNamespace(running=1)
    waits = GivesWay(scheduler, threading.Event())  # type: ignore[arg-type]
    threading.Timer(0.3, lambda: setattr(scheduler, "running", 0)).start()
    began = time.monotonic()
    waits()
    assert 0.25 < time.monotonic() - began < 5.0


def test_beside_questions_without_end_a_batch_waits_as_long_as_the_last_one_took_and_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(syncing_module, "_SHORTEST_WAY", 0.1)
    monkeypatch.setattr(syncing_module, "_LONGEST_WAY", 0.6)
    waits = GivesWay(SimpleNamespace(running=1), threading.Event())  # type: ignore[arg-type]

    def waited() -> float:
        began = time.monotonic()
        waits()
        return time.monotonic() - began

    assert 0.1 <= waited() < 0.4, "nothing has been stored yet"
    time.sleep(0.1)  # a batch is stored
    assert waited() >= 0.6
