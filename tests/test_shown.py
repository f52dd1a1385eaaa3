"""What is shown of an answer: a summary that tells something, and quotes with the words that answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import shown
from rag.composing import AnswerText
from rag.shown import pieces, summary, summary_text
from rag.types import Citation


def quote(article: str, words: str, *answering: int) -> Citation:
    return Citation(
        number=0, article_id=article, title="News", quote=words, start=10, end=10 + len(words), claim=(0, 0),
        support="verbatim", words=(answering[0], answering[1]) if answering else None,
    )  # fmt: skip


def test_the_quotes_themselves_are_no_summary() -> None:
    text = AnswerText()
    text.quote([quote("a", "It\n rained."), quote("b", "It poured.")])
    text.add_quotes()
    assert summary(text.text, text.cited) == []
    assert summary_text(text.text, text.cited) == ""
    assert summary("Nothing in the archive clearly answers this question.", ()) == []


def test_a_summary_is_told_with_its_marks() -> None:
    text = AnswerText()
    rain, pour = text.quote([quote("a", "It rained."), quote("b", "It poured.")])
    text.add("It was wet.", [rain, pour])
    text.add("It rained.", [rain])
    assert summary_text(text.text, text.cited) == text.text == "It was wet. [1][2] It rained. [1]"


def test_of_two_parts_the_one_that_is_told_is_the_summary() -> None:
    text = AnswerText()
    rain, pour = text.quote([quote("a", "It rained."), quote("b", "It poured.")])
    text.add("It rained.", [rain], separator="\n")
    text.add("There was a downpour.", [pour], separator="\n")
    assert summary_text(text.text, text.cited) == "There was a downpour. [2]"


SENTENCES = st.lists(st.tuples(st.sampled_from(["It rained.", "Dry.", "Wet."]), st.sampled_from(" \n")), max_size=8)


@given(SENTENCES)
def test_a_summary_only_grows(sentences: list[tuple[str, str]]) -> None:
    text, before = AnswerText(), ""
    (rain,) = text.quote([quote("a", "It rained.")])
    for sentence, separator in sentences:
        text.add(sentence, [rain], separator=separator)
        now = summary_text(text.text, text.citations)
        assert now.startswith(before)
        before = now


@pytest.mark.parametrize(
    ("answering", "shown"),
    [
        ((14, 20), ("The ", "bridge", " is shut.")),
        ((13, 21), ("The ", "bridge", " is shut.")),
        ((10, 29), ("", "The bridge is shut.", "")),
        ((), ("The bridge is shut.", "", "")),
        ((13, 14), ("The bridge is shut.", "", "")),
        ((90, 95), ("The bridge is shut.", "", "")),
        ((0, 13), ("", "The", " bridge is shut.")),
        ((20, 12), ("The bridge is shut.", "", "")),
    ],
)
def test_the_words_that_answer_are_told_apart(answering: tuple[int, ...], shown: tuple[str, str, str]) -> None:
    assert pieces(quote("a", "The bridge\nis shut.", *answering)) == shown


@given(st.text(st.sampled_from("ab \n\t\u2003"), max_size=12), st.integers(8, 24), st.integers(8, 24))
def test_the_pieces_are_the_quote_on_one_line(words: str, start: int, end: int) -> None:
    found = quote("a", words, start, end)
    assert "".join(pieces(found)) == " ".join(words.split())
    assert found.words is not None
    marked = words[max(0, start - 10) : max(0, end - 10)]
    assert pieces(found)[1] == " ".join(marked.split())


@pytest.mark.parametrize(
    ("named", "when", "told"),
    [
        ("on Sunday", "18 June 2023", "on Sunday, 18 June 2023"),
        ("in February", "February 2023", "in February 2023"),
        ("of December", "December 2022", "of December 2022"),
        ("30 May", "30 May 2023", "30 May 2023"),
        ("on 30 May", "30 May 2023", "on 30 May 2023"),
        ("yesterday", "3 June 2023", "yesterday, 3 June 2023"),
        ("gestern", "3 June 2023", "gestern, 3 June 2023"),
    ],
)
def test_a_day_is_told_once(named: str, when: str, told: str) -> None:
    assert shown._day(named, when) == told
