"""How likely an answer is: the fitted weights, and what may be relied on whatever they are."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.check import confidence
from rag.answer.check.confidence import Fit, RetrievalFeatures, Signs, p_answers, rank_score
from rag.answer.reader import Reading
from rag.types import Hit, Passage, Sentence

FITTED: dict[str, Any] = json.loads(resources.files("rag.answer.check").joinpath("confidence.json").read_text("utf-8"))
UNIT = st.floats(0, 1)
COSINES = {"likeness", "ahead", "above"}
FITS: tuple[Fit, ...] = ("english", "across", "any")
FAR = Signs(-8.0, 0.1, -4.0, 0.1, 0.2, 0.0, 1.0, 0.1, 0.0, 0.1)
NEAR = Signs(8.0, 0.9, 4.0, 1.0, 1.0, 0.8, 0.0, 0.8, 0.2, 0.4)


def reading(text: str, article: str, *, odds: float, rank: int = 1) -> Reading:
    place = Sentence(start=0, end=len(text))
    passage = Passage(
        id=f"{article}:0",
        article_id=article,
        start=0,
        end=len(text),
        text=text,
        sentences=(place,),
        title="Bridge to close",
    )
    return Reading(Hit(passage=passage, score=1.0, rank=rank, found_by="hybrid"), 0, odds, 0.5, None)


def test_what_was_fitted_is_whole_and_says_on_what() -> None:
    all_of_them = {f.name for f in fields(Signs)}
    for name in ("sentence", "answers"):
        assert set(FITTED[name]["weights"]) == all_of_them
        assert set(FITTED[f"{name}_without_cosines"]["weights"]) == all_of_them - COSINES
        assert set(FITTED[f"{name}_across"]["weights"]) == all_of_them
    assert "CLAPNQ" in FITTED["data"]
    for name in ("answers", "answers_without_cosines", "answers_across"):
        assert FITTED[name]["cross_validated"]["all"]["questions"] >= 30


@given(
    st.builds(
        Signs,
        odds=st.floats(-12, 12),
        lead=st.floats(-6, 6),
        **dict.fromkeys(("share", "rank", "covered", "here", "missing", "likeness", "ahead", "above"), UNIT),
    )
)
def test_a_chance_is_one(found: Signs) -> None:
    for fit in FITS:
        assert 0 < p_answers(found, fit=fit) < 1


@pytest.mark.parametrize("fit", FITS)
def test_what_more_speaks_for_is_likelier(fit: Fit) -> None:
    assert p_answers(FAR, fit=fit) < 0.4 < p_answers(NEAR, fit=fit)
    assert rank_score(FAR, fit=fit) < rank_score(NEAR, fit=fit)


def test_the_signs_of_a_sentence() -> None:
    one = reading("The Harbour Bridge closes in June.", "a", odds=2.0)
    two = reading("Kellmouth has a fair.", "b", odds=-3.0, rank=2)
    asked = "When does the Harbour Bridge close?"
    (found,) = confidence.signs(asked, [one], [one, two], None, [0.7])
    assert (found.odds, found.lead, found.rank, found.missing) == (2.0, 5.0, 1.0, 0.0)
    assert (found.covered, found.here) == (1.0, 1.0)
    assert (found.likeness, found.ahead, found.above) == (0.0, 0.0, 0.0), "cosines that weren't fitted don't count"
    (other,) = confidence.signs(asked, [two], [one, two], RetrievalFeatures(0.1, 0.2), [0.7])
    assert (other.lead, other.rank, other.missing) == (-5.0, 0.5, 1.0)
    assert other.here < other.covered < 1, "the headline counts for the passage, not for the sentence"
    assert (other.likeness, other.ahead, other.above) == (0.7, 0.1, 0.2)
    (alone,) = confidence.signs(asked, [reading("A fair.", "a", odds=99.0)], [], None, [0.0])
    assert (alone.odds, alone.lead) == (12.0, 6.0), "within bounds"


def test_nothing_found_promises_nothing() -> None:
    found = confidence.retrieval_features(
        "anything",
        [],
        embed=lambda _: pytest.fail("nothing to compare"),
        catalog=None,  # type: ignore[arg-type]
    )
    assert found == RetrievalFeatures(0.0, 0.0)
