"""How words are found, in questions as in articles, and counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text import tokens
from rag.text.tokens import count_words, query_terms, terms


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("relations", "relation"),
        ("The talks", "the talk"),
        ("MEETING", "meetings"),
        ("China's", "China"),
        ("China’s", "China"),
        ("Cafés", "cafe"),
        ("Erdoğan", "erdogan"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("Iğdır", "ığdır"),
        ("U.S.", "US"),
        ("U.S.A.", "USA"),
        ("Cafe\u0301", "Café"),
        ("ｆｕｌｌ", "full"),
        ("Straße", "strasse"),
        ("Diaoyutai-gardens", "Diaoyutai gardens"),
    ],
)
def test_forms_of_one_word_are_one_term(text: str, same: str) -> None:
    assert terms(text) == terms(same) != []


@pytest.mark.parametrize(("one", "other"), [("two", "ten"), ("Qin", "Xi"), ("7.5", "75"), ("2022", "2023")])
def test_different_words_are_different_terms(one: str, other: str) -> None:
    assert terms(one) != terms(other)


def test_chinese_becomes_overlapping_pairs() -> None:
    assert terms("秦刚会见布林肯") == ["秦刚", "刚会", "会见", "见布", "布林", "林肯"]
    assert terms("中") == ["中"]
    assert terms("Blinken访华2023年") == ["blinken", "访华", "2023", "年"]
    assert set(terms("布林肯")) <= set(terms("国务卿布林肯访华"))


def test_turkish_apostrophes_leave_the_name() -> None:
    assert terms("İstanbul’da")[0] == terms("İstanbul")[0]
    assert terms("Ankara'nın")[0] == terms("Ankara")[0]


def test_a_question_loses_its_stop_words_unless_nothing_else_is_left() -> None:
    assert query_terms("What did Qin Gang say about relations?") == terms("Qin Gang relation")
    assert query_terms("Who was it?") == terms("Who was it")
    assert query_terms("tram tram TRAM trams") == terms("tram")
    assert query_terms("?!") == []


def test_the_order_of_a_text_is_kept() -> None:
    assert terms("one boat, two boats") == [*terms("one"), *terms("boat"), *terms("two"), *terms("boat")]


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200))
def test_words_are_never_empty_and_the_same_each_time(text: str) -> None:
    found = terms(text)
    assert all(found)
    assert found == terms(text)
    assert not any(any(c.isspace() for c in word) for word in found)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("one two", 2), ("U.S.-China ties, 3.5%", 4), ("布林肯抵达北京", 4), ("ankara'da", 1), ("👍 ok", 1)],
)
def test_words_are_counted(text: str, count: int) -> None:
    assert count_words(text) == count


WORDY = st.text(st.sampled_from("abSs'’.- _éÉıİ1中e\u0301"), max_size=60)


@given(WORDY | st.text(max_size=60))
def test_the_quick_way_finds_the_words_of_the_slow_one(text: str) -> None:
    quick = list(tokens.places(text))
    slow = list(tokens.places(text + " 中"))
    assert quick == [place for place in slow if place[0] < len(text)]


@given(WORDY)
def test_words_that_begin_with_a_letter_are_among_all_and_none_is_lost(text: str) -> None:
    every = list(tokens.places(text))
    some = list(tokens.places(text, {"s"}))
    assert set(some) <= set(every)
    assert [place for place in every if place[2].startswith("s")] == [p for p in some if p[2].startswith("s")]
