"""A question's time moves articles up and takes none away; only a filter that was set leaves articles out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from helpers import row, write_rows

from rag import Archive
from rag.retrieve import prior
from rag.retrieve.query import build_query
from rag.types import Passage

TODAY = date(2024, 5, 1)


def found(archive: Archive, question: str, **options: Any) -> list[str]:
    hits = archive.search(question, today=TODAY, **options)
    return [archive.get(h.passage.article_id).key for h in hits]


def passage(text: str, published: str) -> Passage:
    when = datetime.fromisoformat(published).replace(tzinfo=UTC)
    return Passage(id="a:0", article_id="a", start=0, end=len(text), text=text, sentences=(), title="", published=when)


def fits(question: str, text: str, published: str) -> bool:
    return prior.fits(build_query(question, k=8, today=TODAY), text, passage(text, published))


def test_a_figure_of_a_month_comes_out_later(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("january", "The jobless rate was 5.1 per cent in December, the office said.", published="2024-01-18"),
            row("march", "The jobless rate was 4.9 per cent in February, the office said.", published="2024-03-18"),
        )
    )
    assert found(archive, "What was the jobless rate in December?") == ["january", "march"]
    assert found(archive, "What was the jobless rate in February?") == ["march", "january"]


def test_a_sentence_is_of_the_period_that_it_tells_of() -> None:
    question = "What was the unemployment rate in December?"
    assert fits(question, "The rate was 5.1 per cent in December, the office said.", "2024-01-18")
    assert not fits(question, "The rate was 4.9 per cent in February, the office said.", "2024-03-18")
    assert not fits(question, "The rate was 5.3 per cent in October, the office said.", "2023-12-15"), "another month's"
    assert fits(question, "The rate was 5.1 per cent, the office said.", "2023-12-28")


def test_an_event_told_long_after_is_of_its_day() -> None:
    assert fits("Who was hurt on 3 May 2023?", "Two were hurt on 3 May 2023.", "2024-02-01")
    assert not fits("Who was hurt on 3 May 2023?", "Two were hurt on Monday.", "2024-02-01")


def test_without_a_time_everything_fits() -> None:
    assert fits("What was the rate?", "It was 5.", "2020-01-01")


def test_as_of_a_day_nothing_newer_is_known(archive: Archive, tmp_path: Path) -> None:
    rows = [row(f"d{n}", f"The flood killed {n} people.", published=f"2024-04-0{n}") for n in (1, 2, 3)]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    assert sorted(found(archive, "How many people had the flood killed as of 2 April 2024?")) == ["d1", "d2"]


def test_the_next_mornings_paper_tells_what_was_known(archive: Archive, tmp_path: Path) -> None:
    told = [
        ("yesterday", "The flood had killed 7 people by yesterday. On Wednesday it killed 9."),
        ("today", "The flood has killed 8 people today."),
        ("undated", "The flood has killed 6 people."),
    ]
    rows = [row(name, text, published="2024-04-03") for name, text in told]
    rows.append(row("late", "The flood had killed 7 people by 2 April 2024.", published="2024-04-05"))
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    question = "How many people had the flood killed as of 2 April 2024?"
    assert found(archive, question) == ["yesterday"]
    assert sorted(found(archive, question, times=False)) == ["late", "today", "undated", "yesterday"]
    assert found(archive, question, before="2024-04-03") == [], "what somebody sets as a filter filters"
    asked = archive.planner.query(question)
    (hit,) = archive.retrieve(question).hits
    texts = [hit.passage.text[s.start : s.end] for s in hit.passage.sentences]
    assert [prior.known(asked, text, hit.passage) for text in texts] == [True, False]


def test_how_things_are_is_what_the_newest_says() -> None:
    now = ["Who is the mayor of Kellmouth?", "Is the bridge still closed?", "What is the latest on the strike?"]
    assert all(prior.newest_first(build_query(q, k=8)) for q in now)
    then = ["Who was the mayor of Kellmouth?", "Why did the bridge close?", "Who will be mayor?"]
    assert not any(prior.newest_first(build_query(q, k=8)) for q in then)
    assert not prior.newest_first(build_query(now[0], k=8, times=False)), "it can be switched off"
