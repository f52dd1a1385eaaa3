"""Which quotes are shown, and when nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import le, lt

import numpy as np
import pytest
from answer.test_reader import BRIDGE, hit_of

from rag.answer import quoting
from rag.answer.check import confidence
from rag.answer.reader import Reading

PLAIN = {
    "caution": 0.0,
    "allowed": lambda r: "",
    "preferred": lambda r: False,
    "embed": None,
    "retrieval": None,
    "fit": "any",
}


def readings(*odds: float) -> list[Reading]:
    found = []
    for n, value in enumerate(odds):
        hit = hit_of(BRIDGE[n % 3] + str(n), rank=n + 1)
        found.append(Reading(hit, 0, value, 1 / (1 + np.exp(-value)), None))
    return found


def chosen(found: Sequence[Reading], **more: object) -> quoting.Chosen:
    given = PLAIN
    return quoting.choose("Where were cracks found?", found, **(given | more))  # type: ignore[arg-type]


def test_the_likeliest_come_first_and_no_more_than_the_most() -> None:
    found = readings(1.0, 6.0, 5.9, 5.8, 5.7)
    assert chosen(found).readings[0] is found[1]
    several = quoting.choose("What cracks were found?", readings(*[6.0] * 5), **PLAIN | {"fit": "across"})  # type: ignore[arg-type]
    assert len(several.readings) == quoting.MOST


def test_what_is_much_less_likely_stays_away() -> None:
    found = readings(8.0, -8.0)
    assert chosen(found).readings == (found[0],)


def test_two_things_asked_for_are_looked_for_further_down() -> None:
    found = readings(4.0, -0.5, -12.0)
    assert len(chosen(found).readings) == 1
    given = PLAIN
    two = quoting.choose("What two cracks were found?", found, **given)  # type: ignore[arg-type]
    assert two.readings == (found[0], found[1])


def in_language(found: Sequence[Reading], *languages: str) -> list[Reading]:
    passages = [r.hit.passage.model_copy(update={"language": of}) for r, of in zip(found, languages, strict=True)]
    hits = [r.hit.model_copy(update={"passage": p}) for r, p in zip(found, passages, strict=True)]
    return [replace(r, hit=hit) for r, hit in zip(found, hits, strict=True)]


def test_further_ones_are_shown_across_languages_too() -> None:
    found = in_language(readings(4.0, 0.5, -0.5, -1.5), *["de"] * 4)
    assert len(chosen(found, fit="across").readings) > len(chosen(found).readings)


def test_a_sentence_in_the_questions_own_language_is_as_sure_as_anywhere() -> None:
    """Beside articles in another one: the question isn't asked across languages of it."""
    own, other = readings(4.0, 1.0)
    mixed = chosen(in_language([own, other], "en", "de"), fit="across")
    assert mixed.p == chosen([own, other]).p
    assert chosen(in_language([own, other], "de", "de"), fit="across").p != mixed.p


def test_a_question_in_parts_is_shown_more_than_what_is_nearest_to_the_best() -> None:
    found = readings(4.0, -0.5, -12.0)
    assert chosen(found).readings == (found[0],)
    assert chosen(found, asks=2).readings == (found[0], found[1])


def test_what_answers_each_part_comes_first_once_and_as_sure_as_the_surest() -> None:
    a, b, c, d, e = readings(5.0, 4.0, 3.0, 2.0, 1.0)
    whole = quoting.Chosen((a, b, c), 0.6, (a, b, c))
    first, second, none = quoting.Chosen((b, d), 0.5), quoting.Chosen((a, e), 0.8), quoting.Chosen((), 0.1, (e,))
    joined = quoting.joined(whole, [first, second, none])
    assert joined.readings == (b, a, c, d)
    assert joined.p == 0.8
    assert joined.nearest == whole.nearest
    refused = quoting.Chosen((), 0.2, (a,))
    assert quoting.joined(refused, [none]) == refused
    assert quoting.joined(refused, [none, first]).readings == (b, d)


def test_nothing_is_shown_below_the_bound_and_the_nearest_are_still_told() -> None:
    found = readings(-9.0)
    refused = chosen(found, caution=1.0)
    assert refused.readings == ()
    assert refused.nearest == (found[0],)
    assert 0 <= refused.p < 1


def test_what_is_not_allowed_is_never_shown() -> None:
    found = readings(6.0, 5.9)
    assert chosen(found, allowed=lambda r: "no" if r is found[0] else "").readings == (found[1],)
    assert chosen(found, allowed=lambda r: "no").readings == ()


def test_the_same_words_of_two_outlets_stand_once() -> None:
    one, other = hit_of(BRIDGE[1], rank=1), hit_of(BRIDGE[1], rank=2)
    found = [Reading(one, 0, 5.0, 0.9, None), Reading(other, 0, 5.0, 0.9, None)]
    assert len(chosen(found).readings) == 1


def test_whose_words_are_asked_for_come_before_others() -> None:
    found = [replace(r, hit=r.hit.model_copy(update={"rank": 1})) for r in readings(5.0, 4.5)]
    assert chosen(found, preferred=lambda r: r is found[1]).readings[0].text == found[1].text


def test_the_newest_come_first_where_the_latest_is_asked_for() -> None:
    found = readings(5.0, 4.9)
    dated = []
    for day, reading in zip((1, 2), found, strict=True):
        passage = reading.hit.passage.model_copy(update={"published": datetime(2024, 5, day, tzinfo=UTC)})
        dated.append(replace(reading, hit=reading.hit.model_copy(update={"passage": passage})))
    assert chosen(dated, newest_first=True).readings == (dated[1], dated[0])


@pytest.mark.parametrize("fit", ["english", "across", "any"])
def test_surer_reading_is_a_likelier_answer(fit: confidence.Fit) -> None:
    low, high = (
        confidence.signs("Where were cracks found?", [r], [r], confidence.RetrievalFeatures(0.1, 0.2), [0.5])[0]
        for r in (replace(readings(0.0)[0], odds=odds) for odds in (-6.0, 6.0))
    )
    less = le if fit == "across" else lt  # abroad its lead and the likeness of what is meant say it all
    assert less(confidence.p_answers(low, fit=fit), confidence.p_answers(high, fit=fit))
    assert less(confidence.rank_score(low, fit=fit), confidence.rank_score(high, fit=fit))


def test_a_sentence_without_the_kind_of_words_asked_for_gives_way_and_makes_an_answer_less_likely() -> None:
    without = Reading(hit_of("Lind ran the race in Oslo in under two hours.", rank=1), 0, 3.0, 0.9, None)
    gives = Reading(hit_of("The organisers gave Lind £300,000.", rank=2), 0, 0.5, 0.6, None)
    question = "How much was Lind paid for the race?"
    assert quoting.choose(question, [without, gives], **PLAIN).readings[0] is gives  # type: ignore[arg-type]
    alone = quoting.choose(question, [without], **PLAIN).p  # type: ignore[arg-type]
    assert alone < 0.5 < quoting.choose("Where did Lind run?", [without], **PLAIN).p  # type: ignore[arg-type]


QUAKE = "How many people died in the Peru earthquake?"


def of(text: str, title: str, day: int, odds: float) -> Reading:
    hit = hit_of(text)
    passage = hit.passage.model_copy(update={"title": title, "published": datetime(2025, 2, day, tzinfo=UTC)})
    return Reading(hit.model_copy(update={"passage": passage}), 0, odds, 0.5, None)


def dead(reading: Reading) -> bool:
    return "killed" in reading.text or "toll" in reading.text


def test_of_a_toll_the_newest_figure_of_the_event_comes_first() -> None:
    first = of("The quake killed 31 people near Chota in Peru.", "Quake near Chota", 3, 5.0)
    later = of("The toll of the quake near Chota in Peru has risen to 38.", "Chota counts its dead", 5, 3.5)
    other = of("The quake near Chota in Peru destroyed 410 houses.", "Chota rebuilds", 6, 3.4)
    given = PLAIN | {"toll": dead}
    assert quoting.choose(QUAKE, [first, later, other], **given).readings == (later, first)  # type: ignore[arg-type]
    assert quoting.choose(QUAKE, [first, later, other], **PLAIN).readings[0] is first  # type: ignore[arg-type]


def test_the_toll_of_another_event_does_not() -> None:
    asked = of("The quake killed 31 people near Chota in Peru.", "Quake near Chota", 3, 5.0)
    other = of("The quake killed nine people near Iquique in Chile.", "Quake near Iquique", 20, 3.5)
    assert quoting.choose(QUAKE, [asked, other], **PLAIN | {"toll": dead}).readings == (asked,)  # type: ignore[arg-type]


def test_a_sentence_that_tells_the_toll_where_the_names_are_is_surer() -> None:
    asked = [of("The quake killed 31 people near Chota in Peru.", "Quake near Chota", 3, 0.0)]
    with_toll = quoting.choose(QUAKE, asked, **PLAIN | {"toll": dead}).p  # type: ignore[arg-type]
    assert with_toll > quoting.choose(QUAKE, asked, **PLAIN).p  # type: ignore[arg-type]
    elsewhere = "How many people died in the Chile earthquake?"
    without = quoting.choose(elsewhere, asked, **PLAIN).p  # type: ignore[arg-type]
    assert quoting.choose(elsewhere, asked, **PLAIN | {"toll": dead}).p == without  # type: ignore[arg-type]


def test_across_languages_the_sentence_that_means_the_same_comes_first() -> None:
    found = readings(*[1.0] * 20)
    meant = found[17].text

    def alike(_: str, texts: Sequence[str]) -> np.ndarray:
        return np.array([0.9 if text.endswith(meant) else 0.5 for text in texts], np.float32)

    given = PLAIN | {"fit": "across", "retrieval": confidence.RetrievalFeatures(0.0, 0.0)}
    across = quoting.choose("Çatlaklar nerede bulundu?", found, **given | {"alike": alike})  # type: ignore[arg-type]
    assert across.readings[0].text == meant, "it is looked at though seventeen are as likely and come before it"
