"""What the reader makes of passages: places and words that stand in the article, for whatever text."""

from __future__ import annotations

import hypothesis.strategies as st
from helpers import examples
from hypothesis import given, settings

from rag.answer import reader
from rag.answer.evidence import states
from rag.types import Hit, Passage, Sentence

BRIDGE = (
    "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday.",
    "Engineers found cracks in two of the nine piers during an inspection in March.",
    "Cyclists may still cross on the eastern side.",
)


def hit_of(*sentences: str, rank: int = 1, title: str = "Old Harbour Bridge to close", at: int = 0) -> Hit:
    places, text = [], ""
    for sentence in sentences:
        text += " " if text else ""
        places.append(Sentence(start=at + len(text), end=at + len(text) + len(sentence)))
        text += sentence
    passage = Passage(
        id=f"a{rank}:0",
        article_id=f"a{rank}",
        start=at,
        end=at + len(text),
        text=text,
        sentences=tuple(places),
        title=title,
    )
    return Hit(passage=passage, score=1 / rank, rank=rank, found_by="hybrid")


def test_the_sentence_that_answers_comes_first_with_its_words() -> None:
    hit = hit_of(*BRIDGE, at=40)
    first = reader.read("Where were cracks found?", [hit], states)[0]
    assert first.text == BRIDGE[1]
    assert first.words is not None
    start, end = first.words
    assert "piers" in hit.passage.text[start - 40 : end - 40]


def test_a_question_is_read_alike_however_carelessly_it_is_typed() -> None:
    hit = hit_of(*BRIDGE)
    with_care, *others = (
        [(r.n, r.odds, r.words) for r in reader.read(question, [hit], states)]
        for question in (
            "Where were cracks found?",
            "where were cracks found?",
            " where were cracks found",
            "Where were cracks found ",
        )
    )
    assert others == [with_care] * 3
    assert reader.as_written("¿dónde?") == "¿dónde?" and reader.as_written("桥何时关闭？") == "桥何时关闭？"


def test_what_may_not_be_evidence_is_read_and_never_returned() -> None:
    found = reader.read("Where were cracks found?", [hit_of(*BRIDGE)], lambda passage, n: n != 1)
    assert sorted(r.n for r in found) == [0, 2]


def test_a_long_passage_is_read_in_pieces() -> None:
    many = [f"In year {n} the ferry carried {n * 7} thousand people across the bay and back again." for n in range(60)]
    found = reader.read("How many people did the ferry carry in year 41?", [hit_of(*many)], states)
    assert sorted(r.n for r in found) == list(range(60))


def test_a_question_of_ten_thousand_words_is_read() -> None:
    found = reader.read("why " * 10_000, [hit_of(*BRIDGE)], states)
    assert len(found) == 3


def test_nothing_found_is_nothing_read() -> None:
    assert reader.read("Why?", [], states) == []


def test_a_question_put_in_two_ways_takes_of_each_sentence_the_likelier_reading() -> None:
    ways = ("Where were cracks found?", "When will it open again?")
    hits = [hit_of(*BRIDGE)]
    one, two = ({r.place: r.odds for r in reader.read(way, hits, states)} for way in ways)
    both = reader.read_best(ways, hits, states)
    assert {r.place: r.odds for r in both} == {place: max(one[place], two[place]) for place in one}
    assert [r.odds for r in both] == sorted((r.odds for r in both), reverse=True)
    assert reader.read_best(ways[:1], hits, states) == reader.read(ways[0], hits, states)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=6), st.integers(0, 50))
def test_words_lie_within_their_sentence(question: str, sentences: list[str], at: int) -> None:
    hit = hit_of(*sentences, at=at)
    found = reader.read(question, [hit], lambda *_: True)
    assert sorted(r.n for r in found) == list(range(len(sentences)))
    for reading in found:
        place = hit.passage.sentences[reading.n]
        assert 0 <= reading.share <= 1
        if reading.words is not None:
            start, end = reading.words
            assert place.start <= start < end <= place.end


@given(st.sampled_from(["£84 million", "12%", "$1.5bn", "seven and a half", "Maren Holt"]), st.integers(0, 3))
@settings(deadline=None, max_examples=examples(20))
def test_no_word_or_amount_is_cut_in_two(amount: str, rank: int) -> None:
    said = f"The council said on Monday that the bridge will cost {amount}, and that it stays green."
    for question in ("How much will the bridge cost?", "What did the council say?", "Who pays?"):
        for reading in reader.read(question, [hit_of(said, rank=rank + 1)], states):
            if reading.words is None:
                continue
            start, end = reading.words
            for at in (start, end):
                if 0 < at < len(said):
                    assert not (said[at - 1].isalnum() and said[at].isalnum())
            assert not (said[start].isdigit() and start and said[start - 1] in "£$")
