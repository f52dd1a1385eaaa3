"""From a model's stream to statements and the numbers they cite."""

from __future__ import annotations

from itertools import pairwise

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.parse import Statement, StatementParser, is_refusal


def read(*pieces: str) -> list[Statement]:
    drafting = StatementParser()
    found = [s for piece in pieces for s in drafting.feed(piece)]
    return found + drafting.end()


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("Talks were held. [1]", [("Talks were held.", (1,))]),
        ("Talks were held [1].", [("Talks were held.", (1,))]),
        ("Talks were held.[1][2]", [("Talks were held.", (1, 2))]),
        ("Talks were held. [1] [2]", [("Talks were held.", (1, 2))]),
        ("Talks were held. [1, 2]", [("Talks were held.", (1, 2))]),
        ("Talks were held. [1,2,1]", [("Talks were held.", (1, 2))]),
        ("Talks were held. [2 and 1]", [("Talks were held.", (2, 1))]),
        ("Talks were held. [1-3]", [("Talks were held.", (1, 2, 3))]),
        ("Talks were held. [1–3]", [("Talks were held.", (1, 2, 3))]),
        ("Talks were held. [3-1]", [("Talks were held.", (3,))]),
        ("Talks were held. [sentence 2]", [("Talks were held.", (2,))]),
        ("双方举行了会谈。【3】", [("双方举行了会谈。", (3,))]),
        ("双方举行了会谈【3】。", [("双方举行了会谈。", (3,))]),
        ("Talks were held.", [("Talks were held.", ())]),
        ("- Talks were held. [1]\n- They failed. [2]", [("Talks were held.", (1,)), ("They failed.", (2,))]),
        ("1. Talks were held. [1]\n2) They failed. [2]", [("Talks were held.", (1,)), ("They failed.", (2,))]),
        ("Talks were held. [1] They failed. [2]", [("Talks were held.", (1,)), ("They failed.", (2,))]),
        ("Talks were held [1]. They failed [2].", [("Talks were held.", (1,)), ("They failed.", (2,))]),
        ("Talks were held.\n\n\nThey failed. [2]\n", [("Talks were held.", ()), ("They failed.", (2,))]),
        ("\r\nTalks were held. [1]\r\nThey failed. [2]\r\n", [("Talks were held.", (1,)), ("They failed.", (2,))]),
        ("The girl (18) won in 2023. [1]", [("The girl (18) won in 2023.", (1,))]),
        ("He said “never [again]”. [1]", [("He said “never [again]”.", (1,))]),
        ("[1]", []),
        ("[1]\n[2] \n...", []),
        ("", []),
        ("  \n \n", []),
        ("2023 was dry. [1]", [("2023 was dry.", (1,))]),
    ],
)
def test_statements(text: str, statements: list[tuple[str, tuple[int, ...]]]) -> None:
    assert [(s.text, s.numbers) for s in read(text)] == statements


PARTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "Talks were held",
            ".",
            " ",
            "[1]",
            "[2, 3]",
            "【4】",
            "[",
            "]",
            "\n",
            "\r\n",
            "[12",
            "3]",
            "- ",
            "1. ",
            "。",
            "“",
            "! ",
            "NOT FOUND",
        ]
    ),
)


@settings(max_examples=examples(300), deadline=None)
@given(parts=st.lists(PARTS, max_size=14), cuts=st.lists(st.integers(0, 120), max_size=12))
def test_how_the_stream_is_cut_changes_nothing(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    places = sorted({0, len(text), *(c for c in cuts if c < len(text))})
    pieces = [text[a:b] for a, b in pairwise(places)]
    whole = read(text)
    assert read(*pieces) == whole
    assert read(*text) == whole
    for statement in whole:
        assert statement.text == " ".join(statement.text.split())
        assert len(set(statement.numbers)) == len(statement.numbers)
        assert "\n" not in statement.text


def test_a_statement_is_there_as_soon_as_its_line_ends() -> None:
    drafting = StatementParser()
    assert drafting.feed("Talks were held. [1") == []
    assert drafting.feed("]") == [], "another mark may follow"
    assert [s.text for s in drafting.feed("\nThey")] == ["Talks were held."]
    assert [s.text for s in drafting.end()] == ["They"]
    assert drafting.end() == []


def test_huge_numbers_and_ranges_cost_nothing() -> None:
    (statement,) = read("Talks. [" + "9" * 500 + "] [1-99999999999] [2-12345678]")
    assert len(statement.numbers) <= 3
    assert read("Talks. [" + "9" * 5000 + "]")[0].text.startswith("Talks."), "Python refuses to read so long a number"


@pytest.mark.parametrize(
    "text",
    [
        "NOT FOUND",
        "not found.",
        "Not Found",
        "NOT_FOUND",
        "**NOT FOUND**",
        "“NOT FOUND”",
        "NOT FOUND: no sentence",
        "NOTFOUND",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(Statement(text, ()))


@pytest.mark.parametrize(
    "text",
    ["The plane was not found.", "Not founded in 1999, the club", "Nothing was found.", "He was not found guilty."],
)
def test_no_refusals(text: str) -> None:
    assert not is_refusal(Statement(text, ()))
