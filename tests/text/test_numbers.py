"""Numbers in digits and in words are one number."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.numbers import all_values, amounts, find, values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It killed 150 people.", 150),
        ("It killed one hundred and fifty people.", 150),
        ("One hundred fifty people came.", 150),
        ("He paid 200,000 for it.", 200_000),
        ("He paid two hundred thousand for it.", 200_000),
        ("It cost $3.5 million.", 3_500_000),
        ("It cost three and a half million dollars.", 3_500_000),
        ("It cost 3 and a half million.", 3_500_000),
        ("It cost a million and a half.", 1_500_000),
        ("It has 500,000 members.", 500_000),
        ("It has half a million members.", 500_000),
        ("It has a quarter of a million members.", 250_000),
        ("It has three-and-a-half million members.", 3_500_000),
        ("It has 100 rooms.", 100),
        ("It has a hundred rooms.", 100),
        ("It has a hundred and fifty rooms.", 150),
        ("It is worth two trillion.", 2e12),
        ("It lasted one and a half hours.", 1.5),
        ("It took twenty-five years.", 25),
        ("So I would say nine years?", 9),
        ("It took seventy two hours.", 72),
        ("One hundred and five thousand came.", 105_000),
        ("It weighs 1.2m tonnes", 1_200_000),
        ("Die Kosten: 8,5", 8.5),
        ("1.2 milyon kişi", 1_200_000),
        ("Bei dem Unglück starben hundertfünfzig Menschen.", 150),
        ("En el accidente del lunes murieron ciento cincuenta personas, según la policía.", 150),
        ("Dans cet accident, cent cinquante personnes sont mortes.", 150),
        ("Der Bau hat zweihunderttausend Euro gekostet.", 200_000),
    ],
)
def test_a_number_is_read_in_any_form(text: str, value: float) -> None:
    assert values(text) == {value}
    assert value in all_values(text)


@pytest.mark.parametrize(
    "text",
    [
        "One of them left.",
        "No one came.",
        "Wait a second.",
        "She was the first.",
        "He came second in the twenty-first race.",
        "Hundreds of people and thousands of others came.",
        "Tens of thousands came, a fraction of a million.",
        "A third trailer featured Lana Del Rey singing “Once Upon a Dream”.",
        "Several hundred came, many million others didn't.",
        "The two sides met.",
        "It was once and for all.",
    ],
)
def test_what_is_no_figure(text: str) -> None:
    assert values(text) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("At one point three people left.", {3}),
        ("Between one hundred and two hundred came.", {100, 200}),
        ("Between twenty and thirty came.", {20, 30}),
        ("He sold thirty second ads.", {30}),
        ("Seven of the eight won.", {7, 8}),
        ("The six-year-old has three.", {3, 6}),
        ("The COVID-19 rules of 2020", {2020}),
    ],
)
def test_numbers_beside_each_other_stay_apart(text: str, found: set[float]) -> None:
    assert values(text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("two exits", 2),
        ("half a dozen men", 6),
        ("a dozen men", 12),
        ("two dozen men", 24),
        ("the 2018–19 season", 2019),
        ("zero deaths", 0),
        ("one man", 1),
    ],
)
def test_more_is_looked_up_than_asked_for(text: str, value: float) -> None:
    assert value in all_values(text)
    assert value not in values(text)


def test_places_hold_the_whole_number() -> None:
    text = "Some half a million men, 3.5 million women and a hundred and fifty others."
    assert [text[n.start : n.end] for n in find(text)] == ["half a million", "3.5 million", "a hundred and fifty"]


def test_amounts_know_what_they_are_of() -> None:
    assert amounts("$5m, 8 per cent, 3-hour, yüzde 7 and 9") == {
        5e6: {"$"}, 8: {"%"}, 3: {"hour"}, 7: {"%"}, 9: {""},
    }  # fmt: skip


@given(st.text(max_size=80))
def test_any_text_has_numbers_in_order(text: str) -> None:
    found = find(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= n.start < n.end <= len(text) for n in found)
