"""Claims without an archive: what a line may hold, and that each is judged by itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Claim, Judgement, check_claims
from rag.claims import LONGEST_CITED, LONGEST_CLAIM, BadLine, read_claims
from rag.errors import UsageError
from rag.testing import FakeEmbeddings

CITED = "The council did not approve the budget for schools."
CLAIMS = [
    {"claim": CITED, "cited": CITED},
    {"claim": "The council approved the budget for schools.", "cited": [CITED]},
    {"claim": "It rained in Kellmouth on 3 May 2021.", "cited": CITED, "date": "2021-05-04"},
]


def embed(texts: Any) -> Any:
    return np.array(FakeEmbeddings().embed_documents(list(texts)))


def test_claims_are_judged_in_order() -> None:
    found = check_claims(CLAIMS, embed=embed)
    assert [type(f) for f in found] == [Judgement] * 3
    assert [f.ok for f in found] == [True, False, False]
    assert check_claims(CLAIMS[::-1], embed=embed) == found[::-1]
    assert check_claims([Claim(**c) for c in CLAIMS], embed=embed) == found  # type: ignore[arg-type]
    assert check_claims([], embed=embed) == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"claim": "It rained."}, "the field `cited` is missing"),
        ({"cited": "It rained."}, "the field `claim` is missing"),
        ({"claim": " ", "cited": "It rained."}, "the field `claim` is empty"),
        ({"claim": "It rained.", "cited": []}, "the field `cited` is empty"),
        ({"claim": "It rained.", "cited": ["", " "]}, "the field `cited` is empty"),
        ({"claim": 7, "cited": "It rained."}, "the field `claim` has to be a text"),
        ({"claim": "It rained.", "cited": 7}, "the field `cited` has to be a text, or a list of texts"),
        ({"claim": "It rained.", "cited": ["x", 7]}, "the field `cited` has to be a text, or a list of texts"),
        ({"claim": "It rained.", "cited": "x", "title": 7}, "the field `title` has to be a text"),
        ({"claim": "x" * (LONGEST_CLAIM + 1), "cited": "x"}, "has 4,001 letters"),
        ({"claim": "x", "cited": "x" * (LONGEST_CITED + 1)}, "has 200,001 letters"),
        ({"claim": "x", "cited": "x", "date": "03/04/2023"}, "the field `date` is no date"),
    ],
)
def test_what_is_no_claim_is_said(given: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match="Claim 1: ") as raised:
        check_claims([given], embed=embed)
    assert why in str(raised.value)
    (line,) = read_claims([json.dumps(given)])
    assert isinstance(line[1], BadLine) and why in line[1].why


@pytest.mark.parametrize("given", ["It rained.", None, 7, [CLAIMS[0]]])
def test_what_is_no_mapping_is_said(given: Any) -> None:
    with pytest.raises(UsageError, match=r"Claim 2 is .*; it has to be a Claim, or a mapping with claim and cited"):
        check_claims([CLAIMS[0], given], embed=embed)


def test_an_unknown_field_is_refused_in_a_mapping_and_named_in_a_line() -> None:
    with pytest.raises(UsageError, match="`titel` is no field that there is here; there are claim, cited"):
        check_claims([{**CLAIMS[0], "titel": "x"}], embed=embed)
    (line,) = read_claims([json.dumps({**CLAIMS[0], "titel": "x"})])
    assert isinstance(line[1], Claim) and line[2] == {"titel"}


def test_bad_lines_lose_no_others() -> None:
    good = json.dumps(CLAIMS[0])
    lines = ["", good, "{", "[]", "nan", "\ufeff" + good, "[" * 100_000, good]
    found = [(n, isinstance(c, Claim)) for n, c, _ in read_claims(lines)]
    assert found == [(2, True), (3, False), (4, False), (5, False), (6, True), (7, False), (8, True)]


@given(st.lists(st.text(max_size=40)))
def test_any_line_is_read(lines: list[str]) -> None:
    assert len(list(read_claims(lines))) == sum(bool(line.strip()) for line in lines)


def test_the_words_are_sentences() -> None:
    words = Claim(claim="x", cited=("It rained. It snowed.", "It thawed."), date="2021-05-04", title="Weather").words
    assert words.texts == ["It rained.", "It snowed.", "It thawed."]
    assert (words.label, [d.day for d in words.dates]) == ("Weather", [4])
