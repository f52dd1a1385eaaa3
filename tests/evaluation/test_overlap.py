"""Nearness of an answer to the one expected: by SQuAD's script, by rouge-score, by hand."""

from __future__ import annotations

import random
import re
import string
from collections import Counter

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.evaluation import overlap

WORDS = [
    "the",
    "a",
    "An",
    "Paris",
    "paris,",
    "London",
    "U.S.",
    "41",
    "4,100",
    "talks",
    "talks.",
    "it's",
    "the-end",
    "&",
]


def phrases(n: int, seed: int) -> list[tuple[str, list[str]]]:
    dice = random.Random(seed)

    def phrase() -> str:
        return " ".join(dice.choices(WORDS, k=dice.randint(0, 7)))

    return [(phrase(), [phrase() for _ in range(dice.randint(1, 3))]) for _ in range(n)]


def squad_words(said: str) -> list[str]:
    said = "".join(c for c in said.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", said).split()


def squad(said: str, wanted: str) -> tuple[float, float]:
    ours, theirs = squad_words(said), squad_words(wanted)
    exact = float(" ".join(ours) == " ".join(theirs))
    if not ours or not theirs:
        return exact, float(ours == theirs)
    same = sum((Counter(ours) & Counter(theirs)).values())
    if not same:
        return exact, 0.0
    precision, recall = same / len(ours), same / len(theirs)
    return exact, 2 * precision * recall / (precision + recall)


def test_exact_match_and_f1_are_squads() -> None:
    for said, accepted in phrases(400, seed=3):
        pairs = [squad(said, wanted) for wanted in accepted]
        assert overlap.exact_match(said, accepted) == max(exact for exact, _ in pairs)
        assert overlap.f1(said, accepted) == pytest.approx(max(f for _, f in pairs), abs=1e-6)


def test_rouge_l_is_rouge_scores() -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"], use_stemmer=False)
    for said, accepted in [*phrases(400, seed=4), ("snake_case and B", ["snake case and b"])]:
        expected = max(scorer.score(wanted, said)["rougeL"].fmeasure for wanted in accepted)
        assert overlap.rouge_l(said, accepted) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("said", "wanted", "exact", "f1", "contains"),
    [
        ("The “lowest point” — ever…", "lowest point ever", 1, 1, 1),
        ("秦刚说：“关系处于最低点”。", "关系处于最低点", 0, 14 / 17, 1),
        ("3月14日", "3 月 14 日", 1, 1, 1),
        ("東京で会談", "東京", 0, 4 / 7, 1),
        ("Atatu\u0308rk’ün evi", "Atatürk'ün evi", 1, 1, 1),
        ("¿Qué? ¡Sí!", "qué sí", 1, 1, 1),
        ("the party", "art", 0, 0, 0),
        ("It lasted 41 hours.", "1", 0, 0, 0),
        ("the", "a", 1, 1, 1),
        ("something", "the", 0, 0, 0),
        ("a b b", "b b b", 0, 0.8, 0),
    ],
)
def test_nearness_by_hand(said: str, wanted: str, exact: float, f1: float, contains: float) -> None:
    assert overlap.exact_match(said, [wanted]) == exact
    assert overlap.f1(said, [wanted]) == pytest.approx(f1)
    assert overlap.contains(said, [wanted]) == contains


def test_rouge_counts_chinese_characters() -> None:
    assert overlap.rouge_l("秦刚访问北京", ["秦刚 在 北京"]) == pytest.approx(2 * 4 / (6 + 5))


prose = st.one_of(
    st.text(max_size=20), st.lists(st.sampled_from([*WORDS, "秦刚", "。", "“"]), max_size=8).map(" ".join)
)


@settings(max_examples=examples(200), deadline=None)
@given(prose, st.lists(prose, min_size=1, max_size=3))
def test_nearness_keeps_its_bounds(said: str, accepted: list[str]) -> None:
    for measure in (overlap.exact_match, overlap.f1, overlap.contains, overlap.rouge_l):
        assert 0 <= measure(said, accepted) <= 1
        assert measure(said, [*accepted, "more"]) >= measure(said, accepted)
    assert overlap.exact_match(said, [*accepted, said]) == 1
    if overlap.exact_match(said, accepted):
        assert overlap.f1(said, accepted) == 1
        assert overlap.contains(said, accepted)
    if overlap.tokens(accepted[0]) and overlap.contains(said, accepted[:1]):
        assert overlap.f1(said, accepted) > 0
