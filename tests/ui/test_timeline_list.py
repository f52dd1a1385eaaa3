"""A timeline as HTML, without a browser."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rag.ui import timeline
from rag.ui.timeline import Asked

from rag.timelines import Timeline, TimelineEntry

NASTY = "<script>alert(1)</script> \"x\" & 'y' "


def entry(first: date, last: date | None = None, **more: object) -> TimelineEntry:
    """An event."""
    values: dict[str, object] = {
        "named": "on Sunday", "quote": "It rained\non Sunday.", "article_id": "a", "start": 0, "end": 20,
        "title": "Rain", "source": "Post", "published": datetime(2023, 6, 19, tzinfo=UTC),
    }  # fmt: skip
    return TimelineEntry.model_validate({**values, "first": first, "last": last or first, **more})


def shown(*entries: TimelineEntry, asked: Asked | None = None, **more: object) -> str:
    found = Timeline.model_validate({"about": "rain", "entries": entries, "articles": 2, **more})
    return timeline.timeline(found, asked or Asked("rain"))


def test_an_event_has_its_day_its_words_and_how_the_day_was_found() -> None:
    told = shown(entry(date(2023, 6, 18), also_told_by=("Herald",)))
    assert (
        '<time datetime="2023-06-18">18 June 2023</time> <small>“on Sunday”, counted from 19 June 2023</small>' in told
    )
    assert "It rained <mark>on Sunday</mark>." in told and "also told by Herald" in told
    assert "<svg" not in told and "<h3" not in told  # a day alone has no axis, and a year alone no heading
    dated = shown(entry(date(2023, 6, 18), named="18 June", quote="It rained on 18 June."))
    assert "counted from" not in dated


def test_nothing_of_an_article_becomes_markup() -> None:
    odd = {"quote": NASTY, "title": NASTY, "source": NASTY, "url": "javascript:alert(1)", "named": "script"}
    told = shown(entry(date(2023, 6, 18), **odd))
    assert "<script" not in told and 'href="javascript' not in told and "&lt;" in told
    assert "<script" not in timeline.timeline(Timeline(about=NASTY), Asked(NASTY))
    links = re.findall(r'href="(export[^"]*)"', shown(entry(date(2023, 6, 18)), asked=Asked("a&b=c", date(2023, 1, 1))))
    assert links[0] == "export/timeline/csv?about=a%26b%3Dc&amp;after=2023-01-01"


def test_what_is_left_out_is_told() -> None:
    told = shown(entry(date(2023, 6, 18)), outside=3, undated_articles=2)
    assert "3 events lie outside of this time. 2 articles have no date" in told


@given(st.lists(st.tuples(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 31)), min_size=1, max_size=6))
def test_the_axis_holds_all_events_and_few_labels(days: list[tuple[date, int]]) -> None:
    entries = tuple(entry(first, first + timedelta(days=more)) for first, more in days)
    axis = timeline._axis(entries)
    if axis is None:
        assert len({(e.first, e.last) for e in entries}) == 1
        return
    places = [float(e[x].rstrip("%")) for e in axis["events"] for x in ("x", "end") if e[x]]
    assert len(axis["events"]) == len(entries) and min(places) >= 3 and max(places) <= 97
    assert len(axis["labels"]) <= 4
    for label in axis["labels"]:  # half of one takes 11 percent of a phone's axis
        place = float(label["x"].rstrip("%"))
        left, right = {"start": (0, 22), "middle": (11, 11), "end": (22, 0)}[label["anchor"]]
        assert place - left >= 0 and place + right <= 100


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (date(2023, 6, 18), date(2023, 6, 20), ["18 Jun", "19 Jun", "20 Jun"]),
        (date(2023, 6, 3), date(2023, 6, 25), ["3 Jun", "10 Jun", "17 Jun", "24 Jun"]),
        (date(2019, 6, 1), date(2019, 11, 24), ["Jul 2019", "Sep 2019", "Nov 2019"]),
        (date(2008, 7, 1), date(2020, 11, 16), ["2010", "2015", "2020"]),
    ],
)
def test_labels_of_the_axis(first: date, last: date, labels: list[str]) -> None:
    axis = timeline._axis((entry(first), entry(last)))
    assert axis is not None and [label["text"] for label in axis["labels"]] == labels
