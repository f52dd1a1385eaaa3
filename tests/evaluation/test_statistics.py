"""Figures of a run: means, intervals, spreads, and the words that go with them."""

from __future__ import annotations

import random
import warnings
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.evaluation import statistics
from rag.evaluation.values import CalibrationBin, EvalCase, Found, Result, Row, Run
from rag.types import Answer, Query, Usage

RUN = Run(
    id="r",
    cases="questions.jsonl",
    cases_digest="d",
    chosen=4,
    of=4,
    archive="archive",
    articles=2,
    passages=9,
    generation=1,
    fingerprint="f",
    model="m",
    version="0",
    code="c",
    started=datetime(2024, 1, 1, tzinfo=UTC),
)


def results(*values: dict[str, tuple[float, float]], **more: Any) -> list[Result]:
    return [Result(id=str(i), question="?", values=v, **more) for i, v in enumerate(values)]


def of(name: str, *points: float) -> list[Result]:
    return results(*({name: (p, 1.0)} for p in points))


def row(case: dict[str, Any] | None = None, *, said: dict[str, Any] | None = None, **more: Any) -> Row:
    known: dict[str, Any] = {
        "question": "?",
        "query": Query(text="?", standalone="?"),
        "model": "m",
        "fingerprint": "f",
    }
    answer = Answer(**known, **{"text": "Yes.", "answered": True, **said}) if said is not None else None
    return Row(case=EvalCase(**{"id": "1", "question": "?", **(case or {})}), answer=answer, **more)


# -- scores ----------------------------------------------------------------------------


def test_a_score_is_points_over_of_how_many() -> None:
    (score,) = statistics.summarise(
        results({"quote_verbatim": (1, 1)}, {"quote_verbatim": (1, 3)}, {}), ["quote_verbatim"]
    )
    assert score.value == pytest.approx(2 / 4)
    assert (score.cases, score.left_out) == (2, 1)
    assert score.low == pytest.approx(1 / 3) and score.high == 1.0


def test_balanced_accuracy_is_the_mean_of_its_parts() -> None:
    cases = [*of("answered", 1, 1, 1, 0), *of("refusal_recall", 1, 0)]
    answered, balanced, recall = statistics.summarise(cases, ["answered", "balanced_accuracy", "refusal_recall"])
    assert (answered.value, recall.value, balanced.value) == (0.75, 0.5, 0.625)
    assert (answered.cases, recall.cases, balanced.cases, balanced.left_out) == (4, 2, 6, 0)
    assert balanced.low is not None and balanced.high is not None and balanced.low < 0.625 < balanced.high
    assert statistics.summarise(cases, ["balanced_accuracy"], seed=0)[0] == balanced
    (missing,) = statistics.summarise(of("answered", 1, 0), ["balanced_accuracy"])
    assert missing.value is None and missing.low is None


def test_no_cases() -> None:
    assert [(s.name, s.value, s.cases) for s in statistics.summarise([], ["f1"])] == [("f1", None, 0)]
    (score,) = statistics.summarise(results({}, {}), ["f1"])
    assert (score.value, score.low, score.high, score.cases, score.left_out) == (None, None, None, 0, 2)
    assert statistics.summarise(results({}, {}), []) == ()
    with pytest.raises(UsageError):
        statistics.summarise([], ["nothing"])


@pytest.mark.parametrize("points", [[0.3], [0.1] * 7, [0.0, 0.0], [1.0] * 300, [1 / 3] * 50])
def test_an_interval_without_spread(points: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (score,) = statistics.summarise([*of("f1", *points), *results({})], ["f1"])
    assert score.value == pytest.approx(points[0])
    assert score.low == score.high == score.value


def test_a_rare_measure_among_many_cases_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = statistics.summarise([*of("answered", *[1, 0] * 40), *of("refusal_recall", 1)])
    balanced = next(s for s in scores if s.name == "balanced_accuracy")
    assert balanced.value == 0.75 and balanced.low is not None and 0.68 < balanced.low < 0.74


def test_the_interval_is_the_one_known_for_a_mean() -> None:
    points = np.random.default_rng(0).random(400)
    (score,) = statistics.summarise(of("f1", *points), ["f1"])
    half = 1.96 * points.std() / 20
    assert score.value == pytest.approx(points.mean(), abs=1e-9)
    assert score.low == pytest.approx(points.mean() - half, abs=0.003)
    assert score.high == pytest.approx(points.mean() + half, abs=0.003)


def test_the_interval_is_scipys() -> None:
    from scipy.stats import bootstrap

    points = np.random.default_rng(1).random(60)
    direct = bootstrap((points,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2))
    (score,) = statistics.summarise(of("f1", *points), ["f1"], resamples=20_000)
    assert (score.low, score.high) == pytest.approx(tuple(direct.confidence_interval), abs=0.003)


def test_intervals_cover_the_truth() -> None:
    generator = np.random.default_rng(3)
    covered = 0
    for trial in range(200):
        (score,) = statistics.summarise(of("f1", *(generator.random(60) < 0.7)), ["f1"], resamples=300, seed=trial)
        assert score.low is not None and score.high is not None
        covered += score.low <= 0.7 <= score.high
    assert 180 <= covered <= 198


def test_the_same_seed_draws_the_same() -> None:
    cases = of("f1", *np.random.default_rng(4).random(30))
    assert statistics.summarise(cases, ["f1"]) == statistics.summarise(cases, ["f1", "contains"])[:1]
    assert statistics.summarise(cases, ["f1"]) != statistics.summarise(cases, ["f1"], seed=1)


def test_draws_are_whole_cases() -> None:
    cells = np.eye(5)[:, None, :]
    drawn = statistics.resample(cells, resamples=500)
    assert drawn.shape == (500, 1, 5)
    assert (drawn.sum(axis=-1) == 5).all() and (drawn == drawn.round()).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones((1, 5)), abs=0.15)


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_intervals_lie_between_0_and_1(pairs: list[tuple[int, int]]) -> None:
    cases = results(*({"f1": (float(min(p)), float(max(p)))} if max(p) else {} for p in pairs))
    (score,) = statistics.summarise(cases, ["f1"], resamples=50)
    assert score.cases + score.left_out == len(pairs)
    if score.value is not None:
        assert score.low is not None and score.high is not None
        assert 0 <= score.low <= score.high <= 1


def test_many_cases_take_little_memory() -> None:
    import tracemalloc

    generator = random.Random(5)
    cells = np.array([[[generator.random() for _ in range(10)]] * 2 for _ in range(5000)])
    statistics.resample(cells[:10], resamples=2)
    tracemalloc.start()
    statistics.resample(cells, resamples=500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


def test_by_tag() -> None:
    cases = [
        Result(id="1", question="?", tags=("zoo", "news", "news"), values={"f1": (1.0, 1.0)}),
        Result(id="2", question="?", tags=("news",), values={"f1": (0.0, 1.0)}),
        Result(id="3", question="?", values={"f1": (0.0, 1.0)}),
    ]
    tags = statistics.by_tag(cases, iter(["f1"]))
    assert list(tags) == ["news", "zoo"]
    assert [(tag, s.value, s.cases) for tag, (s,) in tags.items()] == [("news", 0.5, 2), ("zoo", 1.0, 1)]


def test_causes_are_counted_in_their_order() -> None:
    cases = [Result(id="1", question="?", cause=c) for c in ("wrong answer", "error", "wrong answer", None)]
    assert list(statistics.causes(cases).items()) == [("error", 1), ("wrong answer", 2)]


# -- confidence, depth, time, tokens ---------------------------------------------------


def test_reliability() -> None:
    rights = [(0.0, True), (0.05, False), (0.3, True), (0.95, True), (1.0, False), (0.5, None)]
    rows = [row(said={"confidence": c}) for c, _ in rights]
    cases = [Result(id="1", question="?", right=r) for _, r in rights]
    for said in ({"confidence": None}, {"confidence": 0.7, "answered": False, "reason": "no_evidence"}, None):
        rows.append(row(said=said))
        cases.append(Result(id="1", question="?", right=True))
    assert statistics.reliability(cases, rows) == (
        CalibrationBin(low=0.0, high=0.1, confidence=0.025, right=0.5, cases=2),
        CalibrationBin(low=0.3, high=0.4, confidence=0.3, right=1.0, cases=1),
        CalibrationBin(low=0.9, high=1.0, confidence=0.975, right=0.5, cases=2),
    )
    assert len(statistics.reliability(cases, rows, bins=1)) == 1
    with pytest.raises(ValueError):
        statistics.reliability(cases, rows[1:])


def test_depth() -> None:
    found = tuple(Found(passage=str(i), article=str(i)) for i in range(9))
    rows = [row(found=found, relevant={"0": 1, "4": 1}), row(found=found, relevant={"20": 1}), row(found=found)]
    assert statistics.depth(rows, (1, 5, 50)) == ((1, 0.25), (5, 0.5), (50, 0.5))
    assert len(statistics.depth(rows)) == 10
    assert statistics.depth(rows[2:]) == ()


def test_latency() -> None:
    rows = [row(timings_ms={"search": float(i)}) for i in range(1, 102)] + [row(timings_ms={"total": 5.0}), row()]
    spreads = statistics.latency(rows)
    assert list(spreads) == ["search", "total"]
    assert (spreads["search"].p50, spreads["search"].p95, spreads["search"].cases) == (51.0, 96.0, 101)
    assert (spreads["total"].p50, spreads["total"].p95, spreads["total"].cases) == (5.0, 5.0, 1)


def test_tokens() -> None:
    usage = Usage(input_tokens=100, output_tokens=30, cached_tokens=80)
    rows = [
        row(said={"usage": usage}, timings_ms={"write": 1500.0, "first_token": 500.0}),
        row(said={"usage": usage}),
        row(said={}),
        row(error="no"),
    ]
    assert statistics.tokens(rows) == {"input": 200, "cached": 160, "output": 60, "per_second": pytest.approx(30)}
    with_brief = row(said={"usage": usage}, timings_ms={"write": 1500.0, "first_token": 500.0, "brief": 500.0})
    assert statistics.tokens([with_brief])["per_second"] == pytest.approx(20)
    assert statistics.tokens(rows[2:]) == {}
    assert "per_second" not in statistics.tokens(rows[1:])


# -- the report ------------------------------------------------------------------------


def test_report() -> None:
    found = (Found(passage="1", article="a"),)
    rows = [
        row(
            {"id": "1", "answers": ["yes"], "tags": ["news"]}, said={"confidence": 0.9}, found=found, relevant={"a": 1}
        ),
        row({"id": "2", "answers": ["no"]}, said={}, found=found, relevant={"b": 1}, absent=("b",)),
        row({"id": "3", "answerable": False}, error="ModelFailed: no"),
        row({"id": "4", "answerable": False}, said={"answered": False, "reason": "no_evidence"}),
    ]
    report = statistics.report(RUN, rows, resamples=50)
    assert (report.cases, report.errors, len(report.results)) == (4, 1, 4)
    assert [s.name for s in report.scores] == list(statistics.measures.DEFAULT)
    assert (report.score("recall@5"), report.score("f1"), report.score("answered")) == (0.5, 0.5, 1.0)
    assert (report.score("refusal_recall"), report.score("balanced_accuracy")) == (0.5, 0.75)
    assert report.causes == {"error": 1, "not retrieved": 1}
    assert list(report.by_tag) == ["news"]
    assert [b.cases for b in report.reliability] == [1]
    assert report.depth[0] == (1, 0.5)
    assert report.notes == (
        "2 cases without a relevant document are left out of the measures of retrieval.",
        "1 relevant document is not in the archive; it counts as not found.",
        "1 case ended in an error and counts as 0.",
    )
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_report_of_nothing() -> None:
    report = statistics.report(RUN, [])
    assert (report.cases, report.notes, report.results, report.depth) == (0, (), (), ())
    assert all(s.value is None for s in report.scores)


def test_report_of_retrieval_alone() -> None:
    rows = [row({"answers": ["yes"]}, found=(Found(passage="1", article="a"),), relevant={"a": 1})]
    report = statistics.report(RUN.model_copy(update={"model": None}), rows)
    assert {s.name for s in report.scores if s.value is not None} == {
        n for n in statistics.measures.DEFAULT if "@" in n
    }
    assert (report.causes, report.notes) == ({}, ())
