"""Measures of rows: by independent implementations, by properties, and by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.evaluation import measures
from rag.evaluation.values import Claim, Context, Found, Result, Row

from .measured_rows import answer, chosen, ranked, row

RANKED = ("recall", "ndcg", "mrr", "map", "hit")


def only(one: Row, *names: str) -> dict[str, tuple[float, float]]:
    return dict(measures.results([one], names or measures.DEFAULT)[0].values)


def score(results: Sequence[Result], name: str) -> float:
    pairs = [r.values[name] for r in results if name in r.values]
    return sum(p for p, _ in pairs) / sum(of for _, of in pairs)


# -- names -----------------------------------------------------------------------------


def test_default_names_are_known() -> None:
    assert measures.parse(measures.DEFAULT) == measures.DEFAULT
    assert measures.parse(["f1", "ndcg@3", "f1"]) == ("f1", "ndcg@3")


@pytest.mark.parametrize("name", ["", "recall", "recall@0", "recall@-1", "recall@5.5", "f1@5", "Recall@5", "ndcg@10 "])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"recall@k.*balanced_accuracy"):
        measures.parse([name])


# -- retrieval -------------------------------------------------------------------------


def by_definition(name: str, ranking: list[str], relevant: dict[str, int]) -> float:
    kind, k = name.split("@")
    top = ranking[: int(k)]
    ranks = [i for i, doc in enumerate(top, 1) if doc in relevant]
    if kind == "recall":
        return len(ranks) / len(relevant)
    if kind == "hit":
        return float(bool(ranks))
    if kind == "mrr":
        return 1 / ranks[0] if ranks else 0.0
    if kind == "map":
        return sum(n / rank for n, rank in enumerate(ranks, 1)) / len(relevant)
    best = sorted(relevant.values(), reverse=True)[: int(k)]
    gained = sum(relevant[doc] / math.log2(i + 1) for i, doc in enumerate(top, 1) if doc in relevant)
    return gained / sum(g / math.log2(i + 1) for i, g in enumerate(best, 1))


def random_rankings(n: int, seed: int) -> list[Row]:
    dice = random.Random(seed)
    names = [f"https://example.org/ä b/{i}" for i in range(40)]
    return [
        ranked(
            dice.sample(names, dice.choice([0, 1, 5, 20, 40])),
            {name: dice.choice([1, 1, 2, 3]) for name in dice.sample(names, dice.randint(1, 6))},
        )
        for _ in range(n)
    ]


def test_retrieval_by_definition() -> None:
    rows = random_rankings(120, seed=1)
    names = [f"{kind}@{k}" for kind in RANKED for k in (1, 3, 5, 10, 17, 100)]
    for one, result in zip(rows, measures.results(rows, names), strict=True):
        for name in names:
            expected = by_definition(name, [f.article for f in one.found], dict(one.relevant))
            assert result.values[name] == (pytest.approx(expected, abs=1e-6), 1.0)


def test_retrieval_by_pytrec_eval() -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    rows = random_rankings(120, seed=2)
    evaluator = pytrec_eval.RelevanceEvaluator(
        {str(i): dict(one.relevant) for i, one in enumerate(rows)},
        {"recall.4,10", "ndcg_cut.4,10", "map_cut.4,10", "success.4,10", "recip_rank"},
    )
    direct = evaluator.evaluate(
        {str(i): {f.article: 1.0 / n for n, f in enumerate(one.found, 1)} for i, one in enumerate(rows)}
    )
    names = [f"{kind}@{k}" for kind in RANKED for k in (4, 10)]
    for i, result in enumerate(measures.results(rows, names)):
        theirs = direct.get(str(i), {})
        for k in (4, 10):
            first = theirs.get("recip_rank", 0.0)
            assert result.values[f"mrr@{k}"][0] == pytest.approx(first if first * k >= 1 - 1e-9 else 0.0, abs=1e-6)
            for kind, name in (("recall", "recall"), ("ndcg", "ndcg_cut"), ("map", "map_cut"), ("hit", "success")):
                assert result.values[f"{kind}@{k}"][0] == pytest.approx(theirs.get(f"{name}_{k}", 0.0), abs=1e-6)


def test_articles_come_once_and_twins_next_to_them() -> None:
    found = (
        Found(passage="1", article="a"),
        Found(passage="2", article="b", duplicates=("a", "x", "c")),
        Found(passage="3", article="a"),
        Found(passage="4", article="c"),
        Found(passage="5", article="d"),
    )
    for place, key in enumerate(("a", "b", "x", "c", "d"), 1):
        assert only(row(found=found, relevant={key: 1}), "mrr@9") == {"mrr@9": (pytest.approx(1 / place), 1.0)}


def test_passages_where_passages_are_judged() -> None:
    found = (Found(passage="1", article="a", duplicates=("b",)), Found(passage="2", article="a"))
    assert only(row(found=found, relevant={"2": 1}, level="passage"), "mrr@9") == {"mrr@9": (0.5, 1.0)}


def test_cases_without_a_relevant_document_are_left_out() -> None:
    assert only(ranked("ab", {}), "recall@5") == {}
    assert only(ranked("ab", {"a": 0}), "recall@5") == {}
    assert measures.results([], ["recall@5"]) == ()


def test_an_error_finds_nothing() -> None:
    assert only(ranked("ab", {"a": 1}, error="ModelFailed: no"), "recall@5") == {"recall@5": (0.0, 1.0)}
    assert only(row({"relevant": {"a": 1}}, error="ModelFailed: no"), "recall@5") == {"recall@5": (0.0, 1.0)}


def test_names_that_c_cannot_hold() -> None:
    assert only(ranked(["a\0b", "a\0c"], {"a\0c": 1}), "mrr@5") == {"mrr@5": (0.5, 1.0)}


rankings = st.lists(st.sampled_from("abcdefgh"), max_size=8, unique=True)
judgements = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 3), min_size=1)


@settings(max_examples=examples(50), deadline=None)
@given(rankings, judgements, st.integers(1, 12))
def test_retrieval_lies_between_0_and_1(ranking: list[str], relevant: dict[str, int], k: int) -> None:
    values = only(ranked(ranking, relevant), *(f"{kind}@{k}" for kind in RANKED))
    assert len(values) == len(RANKED)
    assert all(0 <= points <= 1 + 1e-9 and of == 1 for points, of in values.values())
    assert values[f"hit@{k}"][0] == math.ceil(values[f"recall@{k}"][0])


@settings(max_examples=examples(50), deadline=None)
@given(rankings, judgements, st.integers(1, 12))
def test_finding_more_never_lowers_recall(ranking: list[str], relevant: dict[str, int], k: int) -> None:
    more = [*ranking, *(d for d in relevant if d not in ranking)]
    names = [f"recall@{k}", f"hit@{k}", f"map@{k}", f"mrr@{k}"]
    before, after = only(ranked(ranking, relevant), *names), only(ranked(more, relevant), *names)
    assert all(after[name][0] >= before[name][0] - 1e-9 for name in names)
    assert only(ranked(more, relevant), "recall@20") == {"recall@20": (1.0, 1.0)}


def test_marks_are_no_words_of_the_answer() -> None:
    one = row({"answers": ["12"]}, answer=answer("Talks were held.", "They failed.", cites=[str(n) for n in range(12)]))
    assert only(one, "contains", "f1") == {"contains": (0.0, 1.0), "f1": (0.0, 1.0)}
    one = row({"answers": ["talks were held. They failed"]}, answer=answer("Talks were held.", "They failed."))
    assert only(one, "exact_match", "contains") == {"exact_match": (1.0, 1.0), "contains": (1.0, 1.0)}


def test_the_brief_answer_is_what_is_compared() -> None:
    one = row({"answers": ["41 hours"]}, answer=answer("It lasted for 41 hours in all.", brief="41 Hours."))
    assert only(one, "exact_match", "f1", "rouge_l", "contains") == dict.fromkeys(
        ("exact_match", "f1", "rouge_l", "contains"), (1.0, 1.0)
    )
    one = row({"answers": ["41 hours"]}, answer=answer("It lasted for 41 hours in all.", brief="long"))
    assert only(one, "exact_match", "rouge_l", "contains") == {
        "exact_match": (0.0, 1.0),
        "rouge_l": (0.0, 1.0),
        "contains": (1.0, 1.0),
    }


@pytest.mark.parametrize("came", [{"answer": answer()}, {"error": "ModelFailed: no"}])
def test_refusals_and_errors_score_0(came: dict[str, Any]) -> None:
    for wanted in ("the archive does not say", "the"):
        values = only(row({"answers": [wanted]}, **came), "exact_match", "f1", "contains", "rouge_l")
        assert set(values.values()) == {(0.0, 1.0)} and len(values) == 4


def test_answers_where_they_do_not_apply() -> None:
    names = ("exact_match", "f1", "contains", "rouge_l")
    assert only(row({}, answer=answer("Yes.")), *names) == {}
    assert only(row({"answers": ["yes"], "answerable": False}, answer=answer("Yes.")), *names) == {}
    assert only(row({"answers": ["x"], "choices": ["x", "y"], "choice": 0}, choice=chosen(0)), *names) == {}
    assert only(row({"answers": ["yes"]}), *names) == {}


def test_an_error_in_a_run_of_retrieval_only_has_no_measures_of_answers() -> None:
    rows = [ranked("a", {"a": 1}), row({"relevant": {"a": 1}, "answers": ["x"]}, error="ArchiveDamaged: no")]
    first, second = measures.results(rows)
    assert all("@" in name for name in [*first.values, *second.values])
    assert (first.right, first.cause) == (None, None)
    assert (second.right, second.cause) == (False, "error")


def test_choices() -> None:
    case = {"choices": ["x", "y"], "choice": 1, "answers": ["y"]}
    assert only(row(case, choice=chosen(1))) == {"choice_accuracy": (1.0, 1.0)}
    assert only(row(case, choice=chosen(0))) == {"choice_accuracy": (0.0, 1.0)}
    assert only(row(case, error="ModelFailed: no")) == {"choice_accuracy": (0.0, 1.0)}
    assert only(row({"choices": ["x", "y"]}, choice=chosen(0))) == {}
    assert only(row({"choices": ["x", "y"]}, error="ModelFailed: no")) == {}


# -- citations -------------------------------------------------------------------------

CLAIMS = (
    Claim(text="One.", supported=True, needed=(True, False), gold=(True, False)),
    Claim(text="Two.", supported=False, needed=(True,), gold=(False,)),
    Claim(text="Three.", supported=True, needed=(True,), gold=(False,)),
)


def test_citations() -> None:
    one = row(
        {"evidence": ["Words", "Other words"]},
        answer=answer("One."),
        claims=CLAIMS,
        gold_cited=(True, False),
        contexts=(Context(before="", after="", verbatim=True), Context(before="", after="", verbatim=False)),
    )
    assert only(one) == {
        "citation_recall": (pytest.approx(2 / 3), 1.0),
        "citation_precision": (0.5, 1.0),
        "gold_precision": (0.25, 1.0),
        "gold_recall": (0.5, 1.0),
        "gold_hit": (1.0, 1.0),
        "quote_verbatim": (1.0, 2.0),
        "answered": (1.0, 1.0),
        "right": (1.0, 1.0),
        "wrong": (0.0, 1.0),
        "refused_wrongly": (0.0, 1.0),
    }


def test_a_refusal_cites_nothing() -> None:
    gold = {"gold_precision": (0.0, 1.0), "gold_recall": (0.0, 1.0), "gold_hit": (0.0, 1.0)}
    assert only(row({"evidence": ["Words"]}, answer=answer(), gold_cited=(False,))) == {
        **gold,
        "answered": (0.0, 1.0),
        "refusal_precision": (0.0, 1.0),
        "right": (0.0, 1.0),
        "wrong": (0.0, 1.0),
        "refused_wrongly": (1.0, 1.0),
    }
    assert only(row({"evidence": ["Words"]}, error="ModelFailed: no")) == {
        "citation_recall": (0.0, 1.0),
        "citation_precision": (0.0, 1.0),
        **gold,
        "answered": (0.0, 1.0),
        "right": (0.0, 1.0),
        "wrong": (0.0, 1.0),
        "refused_wrongly": (0.0, 1.0),
    }
    assert "gold_hit" not in only(row({"evidence": ["Words"], "answerable": False}, answer=answer("One.")))


def test_an_answer_without_citations() -> None:
    one = row({}, answer=answer("One."), claims=(Claim(text="One.", supported=False, needed=()),))
    assert only(one, "citation_recall", "citation_precision", "quote_verbatim") == {
        "citation_recall": (0.0, 1.0),
        "citation_precision": (0.0, 1.0),
    }


# -- refusing --------------------------------------------------------------------------


def test_refusing_is_scikit_learns() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    dice = random.Random(5)
    truth = [dice.random() < 0.4 for _ in range(300)]
    refused = [dice.random() < (0.7 if t else 0.2) for t in truth]
    rows = [
        row({"answerable": not t}, answer=answer() if r else answer("One."))
        for t, r in zip(truth, refused, strict=True)
    ]
    results = measures.results(rows, ["refusal_precision", "balanced_accuracy"])
    assert score(results, "refusal_precision") == pytest.approx(sk.precision_score(truth, refused), abs=1e-6)
    assert score(results, "refusal_recall") == pytest.approx(sk.recall_score(truth, refused), abs=1e-6)
    assert score(results, "answered") == pytest.approx(sk.recall_score(truth, refused, pos_label=False), abs=1e-6)
    balanced = sum(score(results, part) for part in measures.parts("balanced_accuracy")) / 2
    assert balanced == pytest.approx(sk.balanced_accuracy_score(truth, refused), abs=1e-6)


def test_an_error_is_neither_answered_nor_refused() -> None:
    names = ("answered", "refusal_precision", "refusal_recall")
    assert only(row({}, error="ModelFailed: no"), *names) == {"answered": (0.0, 1.0)}
    assert only(row({"answerable": False}, error="ModelFailed: no"), *names) == {"refusal_recall": (0.0, 1.0)}
