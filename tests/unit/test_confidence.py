"""How likely an answer is: the fitted weights, and what may be relied on whatever they are."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer import confidence
from rag.answer.confidence import Prospects, chance, right
from rag.answer.verify import Bearing

FITTED: dict[str, Any] = json.loads(resources.files("rag.answer").joinpath("confidence.json").read_text("utf-8"))
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
    told = confidence.features(Prospects(0.1, 0.2, 0.3), Bearing((), 0.5, 0.6))
    assert set(told) == set(FITTED["evidence"]["weights"])


@given(UNIT, UNIT, UNIT, UNIT, st.floats(-1, 1), st.none() | UNIT)
def test_a_chance_is_one(
    ahead: float, above: float, covered: float, share: float, like: float, doubt: float | None
) -> None:
    p = chance(Prospects(ahead, above, covered), Bearing((), share, like), doubt)
    assert 0 < p < 1 and 0 < right(p, heard=doubt is not None) < 1


def test_nearer_evidence_is_likelier_and_a_doubting_model_makes_it_less_so() -> None:
    far, near = (chance(Prospects(0.05, 0.2, c), Bearing((), s, x)) for c, s, x in ((0.3, 0.3, 0.3), (0.9, 0.9, 0.8)))
    assert far < 0.5 < near
    assert chance(Prospects(0.05, 0.2, 0.9), Bearing((), 0.9, 0.8), 0.9) < chance(
        Prospects(0.05, 0.2, 0.9), Bearing((), 0.9, 0.8), 0.001
    )
    assert right(0.2) < right(0.9) and right(0.2, heard=True) < right(0.9, heard=True)


def test_nothing_found_promises_nothing() -> None:
    found = confidence.prospects("anything", [], embed=lambda _: pytest.fail("nothing to compare"), catalog=None)  # type: ignore[arg-type]
    assert found == Prospects(0.0, 0.0, 0.0)
