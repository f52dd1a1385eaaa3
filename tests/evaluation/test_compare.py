"""Two runs side by side: differences, whether chance explains them, flips and verdicts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.evaluation.compare import compare, verdict
from rag.evaluation.values import Comparison, Report, Result

from .evaluation_values import reported

Values = Mapping[str, tuple[float, float]]


def cases(values: Sequence[Values]) -> list[Result]:
    return [Result(id=str(i), question="?", values=v) for i, v in enumerate(values)]


def f1(points: Sequence[float]) -> Report:
    return reported(cases([{"f1": (float(p), 1.0)} for p in points]))


def comparison(a: Sequence[float], b: Sequence[float], **more: Any) -> Comparison:
    return compare(f1(a), f1(b), **more)


# -- differences -----------------------------------------------------------------------


def test_a_difference() -> None:
    (found,) = comparison([0.5, 0.5, 0.0], [1.0, 0.5, 0.5]).differences
    assert (found.name, found.cases) == ("f1", 3)
    assert (found.a, found.b, found.difference) == pytest.approx((1 / 3, 2 / 3, 1 / 3))
    assert found.low == pytest.approx(0.0) and found.high == pytest.approx(0.5)


def test_the_interval_is_that_of_the_differences() -> None:
    generator = np.random.default_rng(0)
    a = generator.random(300)
    b = a + generator.normal(0.05, 0.1, 300)
    (found,) = comparison(a, b).differences
    half = 1.96 * (b - a).std() / np.sqrt(300)
    assert found.low == pytest.approx((b - a).mean() - half, abs=0.002)
    assert found.high == pytest.approx((b - a).mean() + half, abs=0.002)
    assert found.better and not found.worse


@pytest.mark.parametrize("n", [2, 5, 10])
def test_few_cases_have_scipys_exact_p(n: int) -> None:
    from scipy.stats import permutation_test

    generator = np.random.default_rng(n)
    for _ in range(5):
        a, b = generator.integers(0, 4, n) / 3, generator.integers(0, 4, n) / 3
        theirs = permutation_test(
            (a, b), lambda x, y, axis: np.mean(y - x, axis=axis), permutation_type="samples", vectorized=True
        )
        (found,) = comparison(a, b).differences
        # Theirs doubles the smaller tail: the same, as swaps of all cases are symmetrical.
        assert found.p == pytest.approx(theirs.pvalue, abs=1e-6)


def test_many_cases_have_scipys_p() -> None:
    from scipy.stats import permutation_test

    generator = np.random.default_rng(1)
    a = generator.random(80)
    b = a + generator.normal(0.03, 0.1, 80)
    theirs = permutation_test(
        (a, b),
        lambda x, y, axis: np.mean(y - x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(2),
    )
    (found,) = comparison(a, b, resamples=20_000).differences
    assert 0.01 < found.p < 0.5
    assert found.p == pytest.approx(theirs.pvalue, abs=0.015)


def test_p_of_a_ratio_by_trying_all_swaps() -> None:
    generator = np.random.default_rng(3)
    pairs = [(float(generator.integers(0, n + 1)), float(n)) for n in generator.integers(1, 6, 16)]
    a, b = pairs[:8], pairs[8:]
    (found,) = compare(
        reported(cases([{"quote_verbatim": p} for p in a]), "quote_verbatim"),
        reported(cases([{"quote_verbatim": p} for p in b]), "quote_verbatim"),
    ).differences

    def difference(x: list[tuple[float, float]], y: list[tuple[float, float]]) -> float:
        return sum(p for p, _ in y) / sum(n for _, n in y) - sum(p for p, _ in x) / sum(n for _, n in x)

    every = [
        difference(
            [y if mask >> i & 1 else x for i, (x, y) in enumerate(zip(a, b, strict=True))],
            [x if mask >> i & 1 else y for i, (x, y) in enumerate(zip(a, b, strict=True))],
        )
        for mask in range(256)
    ]
    assert found.difference == pytest.approx(difference(a, b))
    assert found.p == pytest.approx(sum(abs(d) >= abs(every[0]) - 1e-9 for d in every) / 256)


def test_a_composite_measure() -> None:
    def values(answered: Sequence[float], refused: Sequence[float]) -> list[Result]:
        return cases([{"answered": (x, 1.0)} for x in answered] + [{"refusal_recall": (x, 1.0)} for x in refused])

    (found,) = compare(
        reported(values([1, 1, 1, 1], [0, 1]), "balanced_accuracy"),
        reported(values([1, 1, 1, 0], [1, 1]), "balanced_accuracy"),
    ).differences
    assert (found.a, found.b, found.cases) == (0.75, 0.875, 6)
    assert found.low <= 0.125 <= found.high
    # Two cases differ, by -0.125 and 0.25 of the measure: no swap brings the difference nearer to 0 than 0.125.
    assert found.p == 1.0


def test_a_measure_that_one_run_lacks_is_not_compared() -> None:
    a = reported(cases([{"f1": (1.0, 1.0), "answered": (1.0, 1.0)}] * 3), "answered", "f1", "contains")
    b = reported(cases([{"f1": (0.0, 1.0)}] * 3), "f1", "contains")
    assert [d.name for d in compare(a, b).differences] == ["f1"]


def test_a_case_may_have_a_value_in_one_run_only() -> None:
    a = reported(cases([{"citation_recall": (1.0, 1.0)}, {}, {}]), "citation_recall")
    b = reported(cases([{}, {"citation_recall": (0.5, 1.0)}, {}]), "citation_recall")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = compare(a, b).differences
    assert (found.a, found.b, found.cases) == (1.0, 0.5, 2)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 0.5, 1]), st.sampled_from([0, 0.5, 1])), min_size=1, max_size=15))
def test_turning_round_turns_the_sign(pairs: list[tuple[float, float]]) -> None:
    a, b = [p for p, _ in pairs], [p for _, p in pairs]
    (there,), (back,) = (comparison(x, y, resamples=200).differences for x, y in ((a, b), (b, a)))
    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p == back.p and 0 < there.p <= 1
    assert -1 <= there.low <= there.high <= 1


def test_the_same_run_is_no_different() -> None:
    (found,) = comparison([0.1, 0.7, 1.0], [0.1, 0.7, 1.0]).differences
    assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    assert not found.worse and not found.better


def test_the_order_of_summing_makes_no_difference() -> None:
    points = [1 / 3, 0.7, 0.1] * 999
    (found,) = comparison(points, sorted(points)).differences
    assert found.difference == 0.0 and not found.worse
    one = reported(cases([{"f1": (0.7, 1.0), "contains": (0.1, 1.0)}] * 1999), "f1", "contains")
    part = cases([{"f1": (0.7, 1.0), "contains": (0.1, 1.0)}] * 1500 + [{}] * 499)
    for difference in compare(one, reported(part, "f1", "contains")).differences:
        assert (difference.difference, difference.low, difference.high, difference.p) == (0.0, 0.0, 0.0, 1.0)
    assert verdict(one, {"f1": 0.7, "contains": 0.1}) == ()


def test_chance_is_seldom_called_a_difference() -> None:
    generator = np.random.default_rng(6)
    called = sum(
        comparison(generator.random(40), generator.random(40), resamples=300, seed=i).differences[0].p <= 0.05
        for i in range(150)
    )
    assert called <= 15


# -- cases -----------------------------------------------------------------------------


def right(*told: bool | None) -> list[Result]:
    return [
        Result(
            id=str(i),
            question=f"Question {i}?",
            right=r,
            cause="wrong answer" if r is False else None,
            values={"f1": (float(bool(r)), 1.0)},
        )
        for i, r in enumerate(told)
    ]


def test_flips() -> None:
    found = compare(
        reported(right(True, True, False, False, None, False)), reported(right(True, False, True, False, True, None))
    )
    assert [(f.id, f.question, f.cause) for f in found.gained] == [("2", "Question 2?", "wrong answer")]
    assert [(f.id, f.question, f.cause) for f in found.lost] == [("1", "Question 1?", "wrong answer")]


def test_only_what_both_have_is_compared() -> None:
    a, b = right(True, True, True), right(False, True, False, False)
    b[0] = b[0].model_copy(update={"question": "Another?"})
    found = compare(reported(a), reported(b))
    assert (found.only_a, found.only_b) == (1, 2)
    assert (found.differences[0].cases, found.differences[0].difference) == (2, -0.5)
    assert [f.id for f in found.lost] == ["2"]
    assert compare(reported(a[:1]), reported(b[1:])).differences == ()


def test_notes() -> None:
    a = reported(right(True))
    assert compare(a, a).notes == ()
    b = reported(
        right(True, True),
        archive="other",
        articles=3,
        model=None,
        prompts=("answer@2", "brief@1"),
        settings={"k": 8, "chunk": 2},
    )
    assert compare(a, b).notes == (
        "The archive is not the same: archive with 2 articles and 9 passages, then other with 3 and 9.",
        "Other model: small, then none.",
        "Other prompts: answer@1, then answer@2, brief@1.",
        "Other number of cases: 1, then 2.",
        "Other setting chunk: not set, then 2.",
        "Other setting k: 5, then 8.",
    )


# -- verdicts --------------------------------------------------------------------------


def test_limits() -> None:
    report = f1([0.5, 0.54])
    assert verdict(report, {}) == ()
    assert verdict(report, {"f1": 0.52}) == ()
    assert verdict(report, {"f1": 0.6}) == ("f1 is 0.52, below 0.60",)
    assert verdict(f1([0.5999]), {"f1": 0.6}) == ("f1 is 0.5999, below 0.6000",)
    assert verdict(report, {"contains": 0.5}) == ("contains was not measured, and has to be 0.50 or more",)


@pytest.mark.parametrize("limits", [{"nothing": 0.5}, {"f1": 60}, {"f1": -0.1}, {"f1": float("nan")}])
def test_limits_that_make_no_sense(limits: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        verdict(f1([0.5]), limits)


def test_worse_than_the_base() -> None:
    generator = np.random.default_rng(7)
    a = (generator.random(200) < 0.7).astype(float)
    b = np.where(generator.random(200) < 0.15, 0.0, a)
    (sentence,) = verdict(f1(b), {}, f1(a))
    assert sentence.startswith(f"f1 is worse than the base: {b.mean():.2f} against {a.mean():.2f}, difference -0.")
    assert verdict(f1(a), {}, f1(b)) == ()
    assert verdict(f1(a), {}, f1(a)) == ()
    assert len(verdict(f1(b), {"f1": 0.99}, f1(a))) == 2


def test_a_base_of_other_cases_is_no_base() -> None:
    assert verdict(reported(right(True)), {}, f1([1.0])) == ("the base has no case in common with this run",)


def test_of_some_measures_less_is_better() -> None:
    most, least = [1.0] * 30, [0.0] * 30
    for name, better in (("right", True), ("wrong", False), ("refused_wrongly", False), ("withheld_right", False)):
        none, all_of_them = (reported(cases([{name: (p, 1.0)} for p in points]), name) for points in (least, most))
        (more,) = compare(none, all_of_them, resamples=50).differences
        (fewer,) = compare(all_of_them, none, resamples=50).differences
        assert (more.better, more.worse) == (better, not better)
        assert (fewer.better, fewer.worse) == (not better, better)
