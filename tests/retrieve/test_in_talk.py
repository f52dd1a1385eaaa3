"""A question of a conversation is searched with what was said before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import many, row, write_rows
from retrieve.searching import through

from rag import Archive
from rag.retrieve.rewrite import before_it

PANEL = "Which panel hears the nominee?"
ANSWER = "The Harbour Appeals Board hears her on Monday. [1]"
ASKED = "How many members does it have?"


@pytest.fixture
def hearings(tmp_path: Path) -> Archive:
    board = row("board", "The Harbour Appeals Board sits in the old customs house. Twenty-two people belong to it.")
    club = row("club", "The rowing club said how many members it has.")
    made = through(tmp_path / "archive", "lexical")
    made.ingest(write_rows(tmp_path / "a.jsonl", board, club, *many(6)))
    return made


def keys(archive: Archive, question: str, talk: list[tuple[str, str]]) -> list[str | None]:
    return [archive.get(h.passage.article_id).key for h in archive.search(question, k=3, history=talk)]


def test_what_it_leans_on_is_found_by_the_answer_before(hearings: Archive) -> None:
    """The question has no word of the passage that answers; the answer before it has its name."""
    assert "board" in keys(hearings, ASKED, [(PANEL, ANSWER)])
    assert keys(hearings, ASKED, [(PANEL, "")]) == ["club"]


def test_a_question_that_stands_alone_is_found_as_without_a_conversation(hearings: Archive) -> None:
    asked = "How many boats had storm0002 damaged?"
    made = hearings.retrieve(asked, k=3, history=[(PANEL, ANSWER)])
    assert made.query.standalone == asked
    assert made.hits[0].passage.id == hearings.retrieve(asked, k=3).hits[0].passage.id


def test_it_is_the_last_question_standing_alone_and_the_beginning_of_its_answer() -> None:
    talk = [
        ("What did Qin Gang say about relations?", "They are at a low. [1]"),
        ("And in March?", f"Yes [2]. {'x' * 999}"),
    ]
    said = before_it(talk)
    assert "Qin Gang" in said and "[2]" not in said
    assert len(said) < 400
    assert before_it([("And in March?", "")]) == "And in March?"
