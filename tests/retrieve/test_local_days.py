"""Articles are of the day that their own outlet printed on them: filtered by it, and shown by it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from helpers import row, write_rows

from rag import Archive
from rag.text.timespan import day

STAMPS = {
    "tokyo": ("2024-03-01T00:30:00+09:00", "1 March 2024"),
    "pacific": ("2024-02-29T23:30:00-08:00", "29 February 2024"),
    "naive": ("2024-03-01T00:30:00", "1 March 2024"),
    "rfc": ("Fri, 01 Mar 2024 00:30:00 +0900", "1 March 2024"),
}


@pytest.fixture
def zones(archive: Archive, tmp_path: Path) -> Archive:
    rows = [row(key, f"The night bus {key} costs more.", published=stamp) for key, (stamp, _) in STAMPS.items()]
    archive.ingest(write_rows(tmp_path / "tz.jsonl", *rows))
    return archive


def found(archive: Archive, **filters: Any) -> set[str]:
    return {archive.get(h.passage.article_id).key for h in archive.search("night bus", k=20, **filters)}


def test_a_filter_takes_the_outlets_day(zones: Archive) -> None:
    first = date(2024, 3, 1)
    assert found(zones, after=first) == {"tokyo", "naive", "rfc"}
    assert found(zones, before=first) == {"pacific"}
    listed, _ = zones.list_articles(after=first)
    assert {a.key for a in listed} == {"tokyo", "naive", "rfc"}


def test_the_day_is_shown_as_it_was_printed(zones: Archive) -> None:
    assert {key: day(zones.get(key).published) for key in STAMPS} == {key: shown for key, (_, shown) in STAMPS.items()}


def test_the_instant_keeps_its_offset(zones: Archive) -> None:
    published = zones.get("tokyo").published
    assert published is not None and published.isoformat() == STAMPS["tokyo"][0]


def test_days_survive_a_rebuild(zones: Archive) -> None:
    zones.reindex()
    assert found(zones, after=date(2024, 3, 1)) == {"tokyo", "naive", "rfc"}
