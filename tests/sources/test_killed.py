"""A sync that is killed at any moment loses nothing and stores nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from forked import Forked
from helpers import assert_sound
from sources import syncer
from sources.newsroom import Newsroom
from sources.site import serving
from sources.test_sync import opened

from rag.text.urls import canonical

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("ONRECORD_KILLS", "12"))
"""A hundred by ``ONRECORD_KILLS=100``."""


def kills(folder: Path, times: int, articles: int, seed: int = 19) -> int:
    """Kill syncs at random moments until one is done; how many were killed at work.

    Raises:
        AssertionError: An article is missing, or is there twice.
    """
    chance = random.Random(seed)
    struck = 0
    with serving() as site:
        room = Newsroom(site, articles)
        with opened(folder, site) as archive:
            archive.sources.add(f"{site.url}/sitemap.xml")
        for _ in range(times):
            process = Forked(syncer.main, folder, str(site.port))
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
            try:
                process.wait(chance.uniform(0.0, 1.5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            struck += process.returncode != 0
            if process.returncode == 0:  # done: something new, so that there is work to be killed at
                for n in range(max(room.texts) + 1, max(room.texts) + 9):
                    room.texts[n] = [f"Number {n}. {text}" for text in room.texts[0]]
                room.publish()
        with opened(folder, site) as archive:
            until = time.monotonic() + 60
            while archive.sources.sync().sources[0].waiting and time.monotonic() < until:
                pass
            keys = sorted(article.key for article in archive.articles())
            assert keys == sorted(canonical(room.url(n)) for n in room.texts)
            assert archive.stats().older_versions == 0, "nothing was stored as another version of itself"
            assert_sound(archive)
            site.forget()
            archive.sources.sync()
            assert site.asked() == ["/sitemap.xml"], "nothing is left to do"
    return struck


def test_a_sync_killed_at_random_moments_loses_nothing_and_stores_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert kills(tmp_path / "archive", KILLS, 80) > KILLS // 3
