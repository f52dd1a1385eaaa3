"""How likely an answer is: the fitted weights, and what may be relied on whatever they are."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.check import confidence
from rag.answer.check.confidence import RetrievalFeatures, p_answers, p_correct
from rag.answer.check.verify import Relevance

FITTED: dict[str, Any] = json.loads(resources.files("rag.answer.check").joinpath("confidence.json").read_text("utf-8"))
UNIT = st.floats(0, 1)


def test_what_was_fitted_is_whole_and_says_on_what() -> None:
    assert set(FITTED["evidence"]["weights"]) == {"ahead", "above", "covered", "likeness", "share", "missing"}
    assert set(FITTED["model"]["weights"]) == {"evidence", "doubt", "quoted"}
    assert set(FITTED["right"]["weights"]) == {"odds"}
    assert "CLAPNQ" in FITTED["data"]
    assert set(FITTED["model_right"]["weights"]) == {"odds"}
    for stage in ("evidence", "model", "right", "model_right"):
        assert FITTED[stage]["cross_validated"]["all"]["examples"] >= 30


def test_features_are_those_that_were_fitted() -> None:
    told = confidence.feature_values(RetrievalFeatures(0.1, 0.2, 0.3), Relevance((), 0.5, 0.6))
    assert set(told) == set(FITTED["evidence"]["weights"])


@given(UNIT, UNIT, UNIT, UNIT, st.floats(-1, 1), st.none() | UNIT)
def test_a_chance_is_one(
    ahead: float, above: float, covered: float, share: float, like: float, doubt: float | None
) -> None:
    p = p_answers(RetrievalFeatures(ahead, above, covered), Relevance((), share, like), doubt)
    assert 0 < p < 1 and 0 < p_correct(p, by_llm=doubt is not None) < 1


def test_nearer_evidence_is_likelier_and_a_doubting_model_makes_it_less_so() -> None:
    far, near = (
        p_answers(RetrievalFeatures(0.05, 0.2, c), Relevance((), s, x))
        for c, s, x in ((0.3, 0.3, 0.3), (0.9, 0.9, 0.8))
    )
    assert far < 0.5 < near
    assert p_answers(RetrievalFeatures(0.05, 0.2, 0.9), Relevance((), 0.9, 0.8), 0.9) < p_answers(
        RetrievalFeatures(0.05, 0.2, 0.9), Relevance((), 0.9, 0.8), 0.001
    )
    assert p_correct(0.2) < p_correct(0.9) and p_correct(0.2, by_llm=True) < p_correct(0.9, by_llm=True)


def test_nothing_found_promises_nothing() -> None:
    found = confidence.retrieval_features(
        "anything", [], embed=lambda _: pytest.fail("nothing to compare"), catalog=None
    )  # type: ignore[arg-type]
    assert found == RetrievalFeatures(0.0, 0.0, 0.0)
