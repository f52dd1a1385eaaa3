"""Instants as feeds write them: zones by name are what they say, in the country of the site."""

from __future__ import annotations

import pytest

from rag.sources.instants import has_clock, read_instant


@pytest.mark.parametrize(
    ("written", "url", "utc"),
    [
        ("Sat, 28 Nov 2026 12:00:00 GMT", "", "2026-11-28T12:00"),
        ("Sat, 28 Nov 2026 12:00:00 EST", "https://news.example.com/", "2026-11-28T17:00"),
        ("Sat, 28 Nov 2026 12:00:00 EST", "https://news.example.com.au/", "2026-11-28T02:00"),
        ("Sat, 28 Nov 2026 12:00:00 JST", "", "2026-11-28T03:00"),
        ("Sat, 28 Nov 2026 12:00:00 IST", "https://news.example.in/", "2026-11-28T06:30"),
        ("Sat, 28 Nov 2026 12:00:00 IST", "https://news.example.co.il/", "2026-11-28T10:00"),
        ("Sat, 28 Nov 2026 12:00:00 CST", "https://news.example.com/", "2026-11-28T18:00"),
        ("Sat, 28 Nov 2026 12:00:00 CST", "https://news.example.cn/", "2026-11-28T04:00"),
        ("Fri, 12 Jun 2026 12:00:00 CEST", "", "2026-06-12T10:00"),
        ("Fri, 12 Jun 2026 12:00:00 BST", "https://news.example.co.uk/", "2026-06-12T11:00"),
        ("Fri, 12 Jun 2026 12:00:00 NZST", "", "2026-06-12T00:00"),
        ("Sat, 28 Nov 2026 12:00:00 +0530", "", "2026-11-28T06:30"),
        ("Sat, 28 Nov 2026 12:00:00 +0100 (CET)", "", "2026-11-28T11:00"),
        ("2026-11-28T12:00:00+09:00", "", "2026-11-28T03:00"),
        ("2026-11-28 12:00:00 AEDT", "", "2026-11-28T01:00"),
        ("2026-11-28", "", "2026-11-28T00:00"),
    ],
)
def test_an_instant_is_what_it_says(written: str, url: str, utc: str) -> None:
    found = read_instant(written, url)
    assert found is not None
    from datetime import UTC

    assert f"{found.astimezone(UTC):%Y-%m-%dT%H:%M}" == utc


def test_of_an_unknown_zone_the_day_stays_and_no_wrong_time_is_told() -> None:
    found = read_instant("Sat, 28 Nov 2026 12:00:00 XQT")
    assert found is not None and not has_clock(found)
    assert f"{found:%Y-%m-%d}" == "2026-11-28"


def test_what_is_no_time_is_none() -> None:
    assert read_instant("yesterday") is None
    assert read_instant(None) is None
    assert read_instant(["2026-11-28"]) is None
