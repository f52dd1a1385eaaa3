"""Who says what: values compared, copies counted once, and who leads where sources differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.quoting import Chosen
from rag.answer.reader import Reading
from rag.answer.sides import group, settle
from rag.answer.sides.values import differ, same, tells, value
from rag.answer.sides.voices import Voice, gather
from rag.types import Hit, Passage, Sentence

_DAY = datetime(2023, 3, 1, tzinfo=UTC)
# Sentences that have few triples in common, so that none is a copy of another.
_FRAMES = (
    "Engineers counted {} piers under the old bridge.",
    "It rests on {} piers, said the harbour master.",
    "A survey of last spring found {} of them.",
    "The railway crosses the water over {} arches.",
    "Divers looked at all {} feet of the viaduct.",
    "In the archive a drawing shows {} supports.",
)
_OUTLETS = st.sampled_from(["A", "B", "C", None])
_MADE = st.lists(st.tuples(st.sampled_from(["seven", "nine", "twelve"]), _OUTLETS), min_size=2, max_size=5)


class Aside:
    """A catalog that holds the passages of articles that stood aside."""

    def __init__(self, *passages: Passage) -> None:
        self._passages = {p.id: p for p in passages}

    def passages_of(self, articles: Sequence[str]) -> list[str]:
        return [i for i, p in self._passages.items() if p.article_id in articles]

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        return {i: self._passages[i] for i in ids}

    def vectors(self, ids: Sequence[str]) -> dict[str, object]:
        return {}


def passage(name: str, text: str, source: str | None = None, published: datetime | None = None) -> Passage:
    place = Sentence(start=0, end=len(text))
    return Passage(
        id=f"p{name}", article_id=name, start=0, end=len(text), text=text, sentences=(place,), title="", source=source,
        published=published,
    )  # fmt: skip


def read(where: Passage, words: str, odds: float = 2.0, duplicates: tuple[str, ...] = ()) -> Reading:
    hit = Hit(passage=where, score=1.0, rank=1, found_by="dense", duplicates=duplicates)
    at = where.text.index(words)
    return Reading(hit, 0, odds, 1.0, (at, at + len(words)))


def voice(n: int, says: str, rank: int = 0, source: str | None = None, published: datetime | None = None) -> Voice:
    where = passage(f"a{n}", _FRAMES[n % len(_FRAMES)].format(says), source, published)
    reading = read(where, says)
    assert reading.words is not None
    return Voice(reading, reading.words, rank)


def weighed(voices: Sequence[Voice], shown: str, newest_first: bool = False) -> list[tuple[set[str], int]]:
    sides = group.weigh("How many piers?", voices, [shown], lambda one, other: 0.0, newest_first=newest_first)
    return [({v.article_id for v in side.voices}, side.sources) for side in sides]


@pytest.mark.parametrize(
    ("one", "other", "is_same", "differs"),
    [
        ("3.5 million", "3,500,000", True, False),
        ("Miami", "Miami, Florida", True, False),
        ("the Beatles", "Beatles", True, False),
        ("23 episodes", "24", False, True),
        ("2 July 1829", "3 July 1829", False, True),
        ("four", "4 seasons", True, False),
        ("Elvis Presley", "Frank Sinatra", False, True),
        ("Qin Gang", "Minister Qin", False, False),
        ("Vienna", "12", False, False),
    ],
)
def test_words_are_compared_by_what_they_come_to(one: str, other: str, is_same: bool, differs: bool) -> None:
    a, b = value(one), value(other)
    assert (same(a, b), same(b, a), differ(a, b), differ(b, a)) == (is_same, is_same, differs, differs)


def test_a_text_tells_a_value_where_it_has_all_of_it() -> None:
    assert tells("They counted four of them.", value("4"))
    assert not tells("They counted forty of them.", value("4"))
    assert not tells("Elvis sang.", value("Elvis Presley"))


def test_a_copy_that_differs_where_the_answer_stands_is_another_voice() -> None:
    told = "The mill was last worked for trade in 1921 and its sails were removed."
    first = passage("a", told)
    other = passage("b", told.replace("1921", "1955"))
    found = gather([read(first, "1921", duplicates=("b", "c"))], Aside(other, passage("c", told)))  # type: ignore[arg-type]
    assert [(v.article_id, v.said, v.beside) for v in found] == [("a", "1921", None), ("b", "1955", "a")]
    assert [v.reading.text[v.words[0] : v.words[1]] for v in found] == ["1921", "1955"]


def test_the_many_lead_a_lone_source_that_ranks_best() -> None:
    voices = [voice(0, "nine"), *(voice(n, "seven", n) for n in range(1, 5))]
    assert weighed(voices, "a0") == [({"a1", "a2", "a3", "a4"}, 4), ({"a0"}, 1)]


def test_one_against_one_of_another_thing_is_no_disagreement() -> None:
    assert weighed([voice(0, "nine"), voice(1, "seven", 1)], "a0") == []


def test_of_as_many_sources_the_newer_lead() -> None:
    told = "The mill was last worked for trade in 1921 and its sails were removed."
    first = passage("a0", told, published=_DAY)
    other = passage("b0", told.replace("1921", "1955"), published=_DAY + timedelta(1))
    voices = gather([read(first, "1921", duplicates=("b0",))], Aside(other))  # type: ignore[arg-type]
    assert weighed(voices, "a0") == [({"b0"}, 1), ({"a0"}, 1)]


def test_what_has_changed_since_leads_where_the_present_is_asked_for() -> None:
    old = [voice(n, "nine", n, published=_DAY) for n in range(4)]
    new = voice(4, "seven", 4, published=_DAY + timedelta(90))
    assert weighed([*old, new], "a0")[0][0] == {"a0", "a1", "a2", "a3"}
    assert weighed([*old, new], "a0", newest_first=True)[0][0] == {"a4"}


def test_a_text_that_names_both_answers_takes_no_side() -> None:
    both = voice(5, "seven or nine", 5)
    voices = [voice(0, "nine"), *(voice(n, "seven", n) for n in range(1, 5)), both]
    assert weighed(voices, "a0") == [({"a1", "a2", "a3", "a4"}, 4), ({"a0"}, 1)]


@given(_MADE, st.randoms())
def test_sides_do_not_depend_on_the_order_of_sources(made: list[tuple[str, str | None]], chance: object) -> None:
    voices = [voice(n, says, n, source) for n, (says, source) in enumerate(made)]
    again = list(voices)
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert weighed(voices, "a0") == weighed(again, "a0")


@given(st.integers(1, 6), st.integers(1, 5))
def test_copies_of_a_story_count_once(copies: int, others: int) -> None:
    first = voice(0, "seven")
    same_words = [
        Voice(read(passage(f"c{n}", first.passage.text, f"Outlet {n}"), "seven"), first.words, n) for n in range(copies)
    ]
    rest = [voice(n, "seven", n) for n in range(1, others + 1)]
    assert group.independent([first, *same_words, *rest]) == 1 + others


@given(_MADE, _OUTLETS)
def test_one_more_source_never_turns_the_answer_away(made: list[tuple[str, str | None]], outlet: str | None) -> None:
    voices = [voice(n, says, n, source) for n, (says, source) in enumerate(made)]
    before = group.weigh("How many piers?", voices, ["a0"], lambda one, other: 0.0)
    leading = before[0].voices[0].said if before else made[0][0]
    more = voice(5, leading, 9, outlet)
    after = group.weigh("How many piers?", [*voices, more], ["a0"], lambda one, other: 0.0)
    assert (after[0].voices[0].said if after else made[0][0]) == leading


def test_the_leading_side_is_quoted_alone_and_every_side_is_shown() -> None:
    readings = [voice(0, "nine").reading, *(voice(n, "seven", n).reading for n in range(1, 5))]
    chosen = Chosen((readings[0], readings[1]), 0.9, tuple(readings))
    found = settle.settle(
        "How many piers?", chosen, readings, allowed=lambda r: "", further=tuple, replaced=lambda r: (),
        catalog=Aside(), newest_first=False  # type: ignore[arg-type]
    )  # fmt: skip
    assert [r.place[0] for r in found.readings][:1] == ["a1"]
    assert all("seven" in r.text for r in (*found.readings, *found.nearest))
    sides = settle.told(found.sides, ())
    assert [(s.says, s.sources, len(s.citations)) for s in sides] == [("seven", 4, 4), ("nine", 1, 1)]
    text = {r.place[0]: r.hit.passage.text for r in readings}
    assert all(text[c.article_id][c.start : c.end] == c.quote for s in sides for c in s.citations)
    lead = sides[0].citations[0].model_copy(update={"claim": (0, 9)})
    (conflict,) = settle.conflicts(sides, [lead])
    assert (conflict.claim, conflict.article_id) == ((0, 9), "a0")
    assert conflict.about == "seven (4 sources) against nine (1 source)"


def test_what_was_taken_back_takes_no_side() -> None:
    readings = [voice(0, "nine").reading, *(voice(n, "seven", n).reading for n in range(1, 4))]
    chosen = Chosen((readings[0],), 0.9, tuple(readings))
    found = settle.settle(
        "How many piers?", chosen, readings, allowed=lambda r: "", further=tuple,
        replaced=lambda r: {readings[0].place}, catalog=Aside(), newest_first=False,  # type: ignore[arg-type]
    )  # fmt: skip
    assert found is chosen


@pytest.mark.parametrize(
    ("agreeing", "asks"),
    [
        (1, False),  # two that differ are mostly of two things
        (2, True),  # more of them would make a disagreement of it
        (3, True),
    ],
)
def test_more_is_read_only_where_it_may_decide(agreeing: int, asks: bool) -> None:
    readings = [voice(0, "nine").reading, *(voice(n, "seven", n).reading for n in range(1, 1 + agreeing))]
    rest = [voice(n, "seven", n).reading for n in range(1 + agreeing, 6)]
    chosen = Chosen((readings[0],), 0.9, tuple(readings))
    asked: list[int] = []
    found = settle.settle(
        "How many piers?", chosen, readings, allowed=lambda r: "", further=lambda: asked.append(1) or rest,  # type: ignore[arg-type, func-returns-value]
        replaced=lambda r: (), catalog=Aside(), newest_first=False,
    )  # fmt: skip
    assert bool(asked) == asks
    assert len(found.sides) == (2 if asks else 0), "with what is read further there are four"


def test_nobody_says_otherwise_and_nothing_changes() -> None:
    readings = [voice(n, "seven", n).reading for n in range(3)]
    chosen = Chosen(tuple(readings[:1]), 0.9, tuple(readings))
    asked: list[int] = []
    found = settle.settle(
        "How many piers?", chosen, readings, allowed=lambda r: "", further=lambda: asked.append(1) or [],  # type: ignore[arg-type, func-returns-value]
        replaced=lambda r: (), catalog=Aside(), newest_first=False,
    )  # fmt: skip
    assert found is chosen
    assert not asked  # nothing more is read
