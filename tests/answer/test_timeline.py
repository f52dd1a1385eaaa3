"""Timelines: one sentence an event, verbatim, by the day that it tells of and not by that of publication."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import row, write_rows

from rag import Archive
from rag.answer.timeline import timeline
from rag.errors import UsageError
from rag.text import parser
from rag.timelines import Timeline, as_csv, as_markdown, shown_day
from rag.types import Article, Passage, Sentence

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")


def passage(key: str, text: str, published: str | None, source: str = "Post", title: str = "") -> Passage:
    """A passage that is a whole article; every line of it is a sentence."""
    places, at = [], 0
    for line in text.splitlines():
        places.append(Sentence(start=at, end=at + len(line)))
        at += len(line) + 1
    when = datetime.fromisoformat(published).replace(tzinfo=UTC) if published else None
    return Passage(
        id=f"{key}:0",
        article_id=key,
        start=0,
        end=len(text),
        text=text,
        sentences=tuple(places),
        title=title or key,
        source=source,
        published=when,
    )


STORY = [
    passage("a", "Qin Gang was appointed foreign minister on 30 December 2022.\nHe is 57.", "2023-01-01"),
    passage("b", "Qin Gang met Antony Blinken in Beijing on Sunday.\nQin is a career diplomat", "2023-06-19", "Herald"),
    passage("c", "On Sunday Qin Gang met Antony Blinken in Beijing, officials said.", "2023-06-20", "Mail"),
    passage("d", "Qin Gang was removed as foreign minister yesterday.", "2023-07-26"),
    passage("e", "Qin Gang will visit Brisbane on Friday.\nWhat did Qin Gang do on 3 May 2023?", "2023-07-26"),
    passage("f", "Qin Gang was last seen on 25 June, he said on Tuesday.", "2023-07-19"),
    passage("g", "Qin Gang travelled between 2 May and 5 May.", "2023-05-09"),
    passage("h", "The dam broke on Monday.", "2023-06-06"),
    passage("i", "Qin Gang spoke yesterday.\nQin Gang was born on 19 March 1966 in Tianjin.", None),
]


def stores(passages: list[Passage]) -> Any:
    """What a timeline needs of stores, without files: all passages, and a catalog that knows them."""
    known = {p.id: p for p in passages}
    of = {p.article_id: p for p in passages}
    catalog = SimpleNamespace(
        passages=lambda ids: {i: known[i] for i in ids if i in known},
        resolve_outlet=lambda name: None,
        sentences=lambda ident: of[ident].sentences,
        links_of=lambda place: [],
        article=lambda ident: Article(
            key=ident,
            id=ident,
            title=of[ident].title,
            text=of[ident].text,
            source=of[ident].source,
            published=of[ident].published,
            language="en",
        ),
    )
    lexical = SimpleNamespace(search=lambda text, n, query, only: [(i, 1.0) for i in known][:n])
    return SimpleNamespace(
        catalog=catalog,
        indexes=lambda: (None, lexical),
        settings=SimpleNamespace(k=8),
        require=lambda: None,
        embedder=SimpleNamespace(name="test", languages=frozenset({"en"})),
        embedding_cache=lambda texts: np.eye(len(texts), dtype=np.float32),  # nothing is like anything
    )


def of(about: str = "Qin Gang", **options: Any) -> Timeline:
    return timeline(stores(STORY), about, **options)


def days(found: Timeline) -> list[str]:
    return [e.first.isoformat() for e in found.entries]


def test_events_stand_by_the_day_they_tell_of() -> None:
    found = of()
    assert days(found) == ["1966-03-19", "2022-12-30", "2023-05-02", "2023-06-18", "2023-06-25", "2023-07-25"]
    (journey,) = [e for e in found.entries if e.first == date(2023, 5, 2)]
    assert (journey.last, shown_day(journey)) == (date(2023, 5, 5), "2–5 May 2023")
    assert all(p.text[e.start : e.end] == e.quote for e in found.entries for p in STORY if p.article_id == e.article_id)


def test_an_event_that_two_tell_is_one_entry() -> None:
    (met,) = [e for e in of().entries if e.first == date(2023, 6, 18)]
    assert met.article_id == "b" and met.also_told_by == ("Mail",)


def test_what_names_no_day_is_counted() -> None:
    found = of()
    assert found.undated == 4  # "Qin is", to come, a question, without a date; and "He is 57" names nobody
    assert found.articles == 8


DAM = [
    passage(
        "dam",
        "The dam at Oroville broke on Monday.\n"
        "Three villages were flooded yesterday.\n"
        "The engineer of the dam had warned of cracks on 3 May 2021.\n"
        "The valley was settled on 1 June 1890.\n"
        "“We saw it today,” a farmer said.\n"
        "Thursday, 8 June 2023",
        "2023-06-08",
        title="Dam at Oroville breaks",
    ),
    passage("feast", "The dam was on a stamp.\nA feast was held on Tuesday.", "2023-06-08", title="Stamps"),
]


def test_the_story_of_an_article_goes_on_without_its_name() -> None:
    found = timeline(stores(DAM), "dam at Oroville")
    assert [(str(e.first), e.quote[:12]) for e in found.entries] == [
        ("2021-05-03", "The engineer"),  # names it, so that it may be long ago
        ("2023-06-05", "The dam at O"),
        ("2023-06-07", "Three villag"),  # of the same days
    ]


def test_a_coarser_time_of_the_same_event_is_no_entry_of_its_own() -> None:
    told = [
        passage("a", "Qin Gang was removed as foreign minister of China on 25 July.", "2023-07-27", "Post"),
        passage("b", "Qin Gang was removed as foreign minister of China last month.", "2023-08-09", "Mail"),
    ]
    (entry,) = timeline(stores(told), "Qin Gang").entries
    assert (entry.first, entry.last, entry.also_told_by) == (date(2023, 7, 25), date(2023, 7, 25), ("Mail",))


def test_forms_of_a_word_are_that_word() -> None:
    told = [passage("a", "Samoan schools closed on Friday over measles.", "2023-06-10", title="Samoan schools closed")]
    assert days(timeline(stores(told), "Samoa measles")) == ["2023-06-09"]


def test_the_order_the_limits_and_the_bounds() -> None:
    assert days(of(newest_first=True)) == days(of())[::-1]
    assert days(of(limit=2)) == days(of())[:2]
    assert days(of(after=date(2023, 6, 18), before=date(2023, 7, 25))) == ["2023-06-18", "2023-06-25"]
    with pytest.raises(UsageError, match="limit is 0"):
        of(limit=0)
    with pytest.raises(UsageError, match="is not before"):
        of(after=date(2023, 6, 18), before=date(2023, 6, 18))
    with pytest.raises(UsageError, match="empty"):
        of(" ")


@pytest.mark.parametrize(
    ("about", "says"),
    [("Zanzibar Lighthouse", "No article tells of"), ("career diplomat", "name no day on which")],
)
def test_where_there_is_nothing_it_is_said(about: str, says: str) -> None:
    found = of(about)
    assert not found.entries
    assert says in found.note and about in as_markdown(found)


def test_as_files() -> None:
    found = of(after=date(2023, 7, 1))
    head, told = list(csv.reader(io.StringIO(as_csv(found))))
    assert dict(zip(head, told, strict=True))["day"] == "2023-07-25"
    assert "- **25 July 2023** “Qin Gang was removed as foreign minister yesterday.”" in as_markdown(found)
    entry = found.entries[0].model_copy(update={"quote": "=1+1 *x*", "last": date(2023, 7, 31)})
    odd = found.model_copy(update={"entries": (entry,)})
    assert "'=1+1" in as_csv(odd) and r"\*x\*" in as_markdown(odd)
    assert shown_day(entry) == "25–31 July 2023"
    assert Timeline.model_validate_json(found.model_dump_json()) == found


def test_of_an_archive(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", "The Old Harbour Bridge was closed on 3 May 2021. Lorries go round.", published="2021-05-05"),
            row("two", "The Old Harbour Bridge reopened yesterday.", published="2021-06-20"),
        )
    )
    found = archive.timeline("Old Harbour Bridge")
    assert [e.first for e in found.entries] == [date(2021, 5, 3), date(2021, 6, 19)]
    for entry in found.entries:
        assert archive.get(entry.article_id).text[entry.start : entry.end] == entry.quote
    archive.delete("one")
    assert [e.first for e in archive.timeline("Old Harbour Bridge").entries] == [date(2021, 6, 19)]


ANNOUNCED = "The Kellmouth concert will be held on 12 June. Ann Lee sings."


@pytest.mark.parametrize(
    ("later", "title", "off"),
    [
        ("The Kellmouth concert was called off.", "Kellmouth concert off", True),
        ("The Kellmouth concert has been postponed, the city said.", "Kellmouth concert", True),
        ("Organisers cancelled the Kellmouth concert.", "Kellmouth concert", True),
        ("The Kellmouth concert may be called off.", "Kellmouth concert", False),
        ("The Kellmouth concert was not cancelled, the city said.", "Kellmouth concert", False),
        ("The Ostmere concert was called off.", "Kellmouth concert", False),
        ("Ann Lee is looking forward to the Kellmouth concert.", "Kellmouth concert", False),
    ],
)
def test_an_event_that_was_called_off_is_told_as_such(
    archive: Archive, tmp_path: Path, later: str, title: str, off: bool
) -> None:
    old = row("old", ANNOUNCED, "Kellmouth concert", published="2023-05-02", source="Post")
    again = row("again", ANNOUNCED.replace("Ann", "Bo"), "Kellmouth concert", published="2023-05-03", source="Mail")
    new = row("new", later, title, published="2023-05-20", source="Herald")
    archive.ingest(write_rows(tmp_path / "a.jsonl", old, again, new))
    found = archive.timeline("Kellmouth concert")
    if not off:
        assert found.entries == ()
        return
    (entry,) = found.entries
    assert (entry.first, entry.quote, entry.also_told_by) == (date(2023, 6, 12), ANNOUNCED[:46], ("Mail",))
    assert entry.called_off is not None
    by = archive.get(entry.called_off.article_id)
    assert by.text[entry.called_off.start : entry.called_off.end] == entry.called_off.quote == later
    assert later in as_csv(found) and "Called off or moved" in as_markdown(found)
    archive.delete("new")
    assert archive.timeline("Kellmouth concert").entries == ()
