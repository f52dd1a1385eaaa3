"""Whom "she" of a follow-up means: a person whom the last answer or question names, never a thing."""

from __future__ import annotations

import pytest

from rag.retrieve.rewrite import condense
from rag.text import parser

FERRY = ("How many people died on the Velka?", "Sixteen people died when the ferry Velka sank, the board said. [1]")
REPLACED = "Anton Brook resigned as director on 3 May and was replaced by Lena Sorby, formerly of Norsand. [1]"
needs_parser = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")


@needs_parser
@pytest.mark.parametrize(
    ("asked", "answer", "then", "alone"),
    [
        # whom the answer names, by what the question asks for
        ("Who replaced the director?", REPLACED, "When did she take over?", "When did Lena Sorby take over?"),
        ("Who succeeded Anton Brook?", REPLACED, "When did she take over?", "When did Lena Sorby take over?"),
        ("Who was replaced by Lena Sorby?", REPLACED, "Why did he go?", "Why did Anton Brook go?"),
        ("Who is Lena Sorby?", REPLACED, "When did she take over?", "When did Lena Sorby take over?"),
        (
            "Who is the mayor?",
            "Ilsa Brandt, the mayor of Velmora, met Tom Reyes on Friday. [1]",
            "When was she elected?",
            "When was Ilsa Brandt elected?",
        ),
        ("Who was his father?", "Carl Brook was a baker. [1]", "When did he die?", "When did Carl Brook die?"),
    ],
)
def test_who_was_asked_for_is_meant(asked: str, answer: str, then: str, alone: str) -> None:
    assert condense(then, [FERRY, (asked, answer)]) == alone


@needs_parser
def test_it_goes_on_about_whom_the_answer_gave() -> None:
    talk = [FERRY, ("Who replaced the director?", REPLACED), ("When did she take over?", "On 3 May. [1]")]
    assert condense("Who are her advisers?", talk) == "Who are Lena Sorby’s advisers?"


@pytest.mark.parametrize("pronoun", ["he", "she"])
def test_a_ship_is_nobody(pronoun: str) -> None:
    assert condense(f"When did {pronoun} say that?", [FERRY]) == f"Velka: When did {pronoun} say that?"
    assert condense("Was it overloaded?", [FERRY]) == "Was the Velka overloaded?"


def test_whom_nobody_named_is_nobody_else() -> None:
    told = ("How many were hurt?", "Commander Isla Wenn told reporters that 31 were hurt. [1]")
    assert condense("What did she say?", [FERRY, told]) == "What did Commander Isla Wenn say?"
    unanswered = ("Who leads the inquiry into it?", "")
    assert condense("What did she say?", [FERRY, told, unanswered]) == "Velka: What did she say?"


@needs_parser
def test_the_talk_moves_on_to_whom_the_answer_speaks_of() -> None:
    before = [("Who is Lena Sorby?", REPLACED), ("When did she take over?", "On 3 May. [1]")]
    profit = ("How much profit did Orlane make?", "Chief executive Naomi Strand-Lowe said it made £312m. [1]")
    assert condense("What did she expect?", [*before, profit]) == "What did Naomi Strand-Lowe expect?"
    of_her = ("How much profit did Orlane make?", "Sorby told Naomi Lowe that it made £312m. [1]")
    assert condense("What did she expect?", [*before, of_her]) == "What did Lena Sorby expect?"
    elsewhere = ("What happened in Ostvik?", "A factory was opened by Naomi Lowe. [1]")
    assert condense("What did she expect?", [*before, elsewhere]) == "What did Lena Sorby expect?"


def test_a_story_goes_on_without_those_it_names_by_the_way() -> None:
    told = ("How many were hurt?", "Commander Isla Wenn told reporters that 31 were hurt. [1]")
    talk = [FERRY, told, ("What did she say?", "“Nobody should draw conclusions,” she said. [1]")]
    assert condense("And who is the company’s boss?", talk) == "Velka: who is the company’s boss?"
