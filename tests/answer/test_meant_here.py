"""Sentences of a timeline that tell of somebody without the name, and stories whose title cuts the name short."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import row, write_rows

from rag import Archive
from rag.answer.meant_here import subject_of
from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

LEAD = "A girl of nine who had been missing since Friday was found safe on Sunday in a barn, police said."
NAMED = "Ada Birk left school at 3 p.m. on Friday and did not come home."


def meant(sentence: str, *, before: str = "", following: tuple[str, ...] = ()) -> str:
    return subject_of(sentence, before, following, lambda words: "Ada" in words or "Birk" in words)


@pytest.mark.parametrize(
    ("sentence", "following", "subject"),
    [
        (LEAD, (NAMED,), "girl"),
        (LEAD, ("More than 400 people joined the search.", NAMED), "girl"),
        ("A former postman was jailed on Monday for killing his wife.", ("Ada Birk, 58, had denied it.",), "postman"),
        # somebody else's story, or nobody's
        (LEAD, ("Chief Inspector Ada Birk said no crime was suspected.",), ""),
        (LEAD, ("Tom Reyes found her in the hay.", NAMED), ""),
        ("A bus carrying children who had been to a fair sank on Sunday.", (NAMED,), ""),
        ("A ferry sank on Sunday off Corran Point.", ("Ada Birk, the master, had warned of it.",), ""),
        ("Two girls were found safe on Sunday in a barn.", (NAMED,), ""),
        ("The girl was found safe on Sunday.", (NAMED,), ""),
        (LEAD, (), ""),
    ],
)
def test_whom_an_article_begins_with(sentence: str, following: tuple[str, ...], subject: str) -> None:
    assert meant(sentence, following=following) == subject


@pytest.mark.parametrize(
    ("sentence", "before", "subject"),
    [
        ("She was found on Sunday.", NAMED, "She"),
        ("She was found on Sunday.", "Tom Reyes called Ada Birk.", ""),
        ("They were found on Sunday.", NAMED, ""),
        ("She was found on Sunday.", "", ""),
    ],
)
def test_she_is_whom_the_sentence_before_tells_of(sentence: str, before: str, subject: str) -> None:
    assert meant(sentence, before=before) == subject


@pytest.fixture
def town(archive: Archive, tmp_path: Path) -> Archive:
    rows = [
        row("girl", f"{LEAD} {NAMED}", title="Missing girl, 9, found safe", published="2023-06-19"),
        row(
            "vote",
            "The council voted on Tuesday to close the Meadow Lane lido.",
            title="Council votes to close lido",
            published="2023-06-20",
        ),
        row(
            "judge",
            "A judge has stopped the council from closing the Meadow Lane lido. She ruled on Wednesday that nobody had "
            "been asked.",
            title="Judge halts closure of Velle lido",
            published="2023-06-28",
        ),
        row(
            "other",
            "A lido was opened in Ostvik on Monday. It has a lane of 50 metres and a meadow.",
            title="Ostvik gets a lido",
            published="2023-06-27",
        ),
    ]
    archive.ingest(write_rows(tmp_path / "rows.jsonl", *rows))
    return archive


def test_a_timeline_has_what_tells_of_somebody_by_what_they_are(town: Archive) -> None:
    found = town.timeline("Ada Birk").entries
    assert [str(e.first) for e in found] == ["2023-06-16", "2023-06-18"]
    assert found[1].quote == LEAD


def test_a_story_is_one_whose_title_cuts_the_name_short(town: Archive) -> None:
    assert [str(e.first) for e in town.timeline("Meadow Lane lido").entries] == ["2023-06-20", "2023-06-28"]
