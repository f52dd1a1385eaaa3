"""How likely it is that cited words support a sentence: the signs, and what they are worth together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rag.answer.check import regression, support
from rag.answer.check.verify import Cited, supports
from rag.index.embed import LangChainEmbedder
from rag.testing import FakeEmbeddings

BRIDGE = "The bridge over the Aske will close for eleven weeks from June."
REPAIR = "Engineers will replace two bearings and repaint the arch."
FERRY = "A ferry carries passengers for free until the bridge opens again."
embed = LangChainEmbedder(FakeEmbeddings(dim=256)).embed


def near(claim: str, *texts: str, around: str = "") -> support.SupportFeatures:
    return support.support_features(claim, texts, " ".join([around, *texts]), embed=embed)


def test_the_words_themselves_are_as_near_as_can_be() -> None:
    found = near(BRIDGE, BRIDGE)
    assert (found.window, found.pairs, found.order) == (1, 1, 1)
    assert (found.gap, found.figures, found.names) == (0, 0, 0)
    assert found.sentence == found.about == found.whole == pytest.approx(1, abs=1e-5)
    assert support.p_supported(found) > 0.9


def test_other_words_are_far() -> None:
    found = near("Tomatoes cost Maria 14 euros.", BRIDGE)
    assert (found.window, found.pairs) == (0, 0)
    assert found.figures == pytest.approx(math.log1p(1))
    assert found.names == pytest.approx(math.log1p(1))
    assert support.p_supported(found) < 0.1


def test_a_window_is_two_neighbours_and_no_more() -> None:
    claim = "Engineers replace bearings while a ferry carries passengers."
    assert near(claim, REPAIR, FERRY).window > near(claim, REPAIR, BRIDGE, FERRY).window


def test_words_that_changed_places_lose_their_neighbours_and_their_order() -> None:
    same, mixed = near(REPAIR, REPAIR), near("The arch and two bearings will repaint engineers.", REPAIR)
    assert mixed.window == 1
    assert mixed.order < same.order


def test_neighbours_may_have_words_between_them_but_not_many() -> None:
    assert near("Bridge closes.", "The bridge, they say, closes.").pairs == 1
    assert near("Bridge closes.", "The bridge, as far as anyone in the whole town could say, closes.").pairs == 0


def test_the_gap_is_the_longest_run_of_what_is_not_there() -> None:
    assert near("The bridge sings purple songs, and closes.", BRIDGE).gap == pytest.approx(math.log1p(3))


def test_names_may_stand_around_and_figures_too() -> None:
    claim = "Holt said the bridge closes in 2031."
    assert near(claim, BRIDGE).names > 0 < near(claim, BRIDGE).figures
    found = near(claim, BRIDGE, around="Maren Holt, 3 May 2031.")
    assert (found.names, found.figures) == (0, 0)


def test_one_more_figure_or_name_that_is_not_there_makes_it_less_likely() -> None:
    found = near(BRIDGE, BRIDGE)
    assert support.p_supported(replace(found, figures=math.log1p(1))) < support.p_supported(found)
    assert support.p_supported(replace(found, names=math.log1p(1))) < support.p_supported(found)


@pytest.mark.parametrize("sign", ["window", "pairs", "order", "sentence", "about", "whole"])
def test_nearer_is_likelier(sign: str) -> None:
    found = near(BRIDGE, BRIDGE)
    assert support.p_supported(replace(found, **{sign: 0.1})) < support.p_supported(found)


def test_what_a_model_says_counts() -> None:
    found = near("The bridge closes in June.", BRIDGE)
    low, high = support.p_supported(found, 0.01), support.p_supported(found, 0.99)
    assert 0 <= low < high <= 1


def test_the_question_to_a_model_holds_what_it_is_about() -> None:
    asked = support.question("It closes.", [BRIDGE], title="Aske Herald", asked="When?")
    assert all(part in asked for part in ("It closes.", BRIDGE, "Aske Herald", "Question: When?"))
    assert "Question" not in support.question("It closes.", [BRIDGE])


def test_of_long_evidence_a_model_reads_the_part_that_is_nearest() -> None:
    long = [f"{n} is nothing but a number in a row of numbers that says nothing." for n in range(60)]
    asked = support.question("The bridge closes from June.", [*long, BRIDGE, *long])
    assert BRIDGE in asked
    assert len(asked) < 2000


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ({"Yes": math.log(0.8), " no": math.log(0.2)}, 0.79, 0.81),
        ({"YES": math.log(0.9)}, 0.99, 1.0),
        ({"No": math.log(0.9), "Maybe": math.log(0.1)}, 0.0, 0.01),
        ({}, 0.5, 0.5),
    ],
)
def test_a_yes_is_read_off_the_first_token(told: dict[str, float], least: float, most: float) -> None:
    assert least <= support.p_yes(told) <= most


class Judge:
    """Says the same to everything and remembers what it was asked."""

    def __init__(self, p: float) -> None:
        self.p = p
        self.asked: list[str] = []

    def __call__(self, question: str) -> float:
        self.asked.append(question)
        return self.p


def test_a_judge_is_asked_where_nothing_exact_is_against_a_sentence() -> None:
    yes, no = Judge(0.999), Judge(0.001)
    claim = "From June the bridge will close for weeks."
    told = [supports(claim, Cited([BRIDGE], "", ""), embed=embed, llm_verdict=j).score for j in (yes, no)]
    assert told[0] > told[1]
    assert claim in yes.asked[0]
    supports(BRIDGE, Cited([BRIDGE], "", ""), embed=embed, llm_verdict=yes)
    supports("The bridge will close for nine weeks.", Cited([BRIDGE], "", ""), embed=embed, llm_verdict=yes)
    assert len(yes.asked) == 1


def test_few_texts_are_embedded_for_a_sentence() -> None:
    seen: list[str] = []

    def counting(texts: Sequence[str]) -> np.ndarray:
        seen.extend(texts)
        return embed(list(texts))

    supports("From June the bridge will close for weeks.", Cited([BRIDGE], "", ""), embed=counting)
    assert len(set(seen)) == 2


def test_the_weights_are_those_of_the_signs() -> None:
    assert (
        regression.fitted("support.json")["words"]["weights"].keys()
        == support.feature_values(near(BRIDGE, BRIDGE)).keys()
    )
