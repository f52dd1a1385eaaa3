"""Measures of rows: by independent implementations, by properties, and by hand."""

from __future__ import annotations

import math
import random
import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import UsageError
from rag.evaluation import measures, overlap
from rag.evaluation.values import Claim, Context, EvalCase, Found, Result, Row, Turn
from rag.types import Answer, Choice, Citation, Hit, Passage, Query

RANKED = ("recall", "ndcg", "mrr", "map", "hit")


def hit(passage: str, article: str = "", *, url: str | None = None, twins: Sequence[str] = ()) -> Hit:
    return Hit(
        passage=Passage(
            id=passage,
            article_id=article or passage,
            start=0,
            end=9,
            text="Words ...",
            sentences=(),
            title="T",
            url=url,
        ),
        score=1.0,
        rank=1,
        found_by="hybrid",
        twins=tuple(twins),
    )


def answer(*said: str, cites: Sequence[str] = ("a",), hits: Sequence[Hit] = (), **more: Any) -> Answer:
    """An answer of these sentences, each citing all of ``cites``; a refusal without sentences."""
    written, citations = "", []
    for sentence in said:
        start = len(written) + bool(written)
        marks = "".join(f"[{n}]" for n, _ in enumerate(cites, 1))
        written += f"{' ' if written else ''}{sentence} {marks}"
        citations += [
            Citation(
                number=n,
                article_id=article,
                title="T",
                quote="Words",
                start=0,
                end=5,
                claim=(start, start + len(sentence)),
                support="supported",
            )
            for n, article in enumerate(cites, 1)
        ]
    query = Query(text="?", standalone="?")
    known: dict[str, Any] = {"question": "?", "query": query, "model": "m", "fingerprint": "f", "hits": tuple(hits)}
    if not said:
        return Answer(**known, text="The archive does not say.", answered=False, **{"reason": "not_in_archive", **more})
    return Answer(**known, text=written, citations=tuple(citations), answered=True, **more)


def chosen(n: int, hits: Sequence[Hit] = ()) -> Choice:
    return Choice(
        question="?",
        query=Query(text="?", standalone="?"),
        choices=("x", "y"),
        choice=n,
        probabilities=(0.5, 0.5),
        hits=tuple(hits),
        model="m",
        fingerprint="f",
    )


def row(case: dict[str, Any] | None = None, **more: Any) -> Row:
    return Row(case=EvalCase(id="1", question="?", **(case or {})), **more)


def ranked(found: Sequence[str], relevant: dict[str, int], **more: Any) -> Row:
    return row(found=tuple(Found(passage=f"p{f}", article=f) for f in found), relevant=relevant, **more)


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
        Found(passage="2", article="b", twins=("a", "x", "c")),
        Found(passage="3", article="a"),
        Found(passage="4", article="c"),
        Found(passage="5", article="d"),
    )
    for place, key in enumerate(("a", "b", "x", "c", "d"), 1):
        assert only(row(found=found, relevant={key: 1}), "mrr@9") == {"mrr@9": (pytest.approx(1 / place), 1.0)}


def test_passages_where_passages_are_judged() -> None:
    found = (Found(passage="1", article="a", twins=("b",)), Found(passage="2", article="a"))
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


# -- answers ---------------------------------------------------------------------------

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
    }


def test_a_refusal_cites_nothing() -> None:
    gold = {"gold_precision": (0.0, 1.0), "gold_recall": (0.0, 1.0), "gold_hit": (0.0, 1.0)}
    assert only(row({"evidence": ["Words"]}, answer=answer(), gold_cited=(False,))) == {
        **gold,
        "answered": (0.0, 1.0),
        "refusal_precision": (0.0, 1.0),
    }
    assert only(row({"evidence": ["Words"]}, error="ModelFailed: no")) == {
        "citation_recall": (0.0, 1.0),
        "citation_precision": (0.0, 1.0),
        **gold,
        "answered": (0.0, 1.0),
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


# -- right or wrong --------------------------------------------------------------------

A, B = Found(passage="pa", article="key-a"), Found(passage="pb", article="key-b", twins=("key-c",))
HITS = (hit("pa", "id-a"), hit("pb", "id-b", twins=("id-c",)))
CHOICE = {"choices": ["x", "y"], "choice": 1}
PARIS = {"answers": ["Paris"]}
OUTCOMES: list[tuple[str, Row, bool | None, str | None]] = [
    ("an error", row(PARIS, error="ModelFailed: no"), False, "error"),
    ("an error where there is nothing to find", row({"answerable": False}, error="x"), False, "error"),
    ("answered without need", row({"answerable": False}, answer=answer("Yes.")), False, "should have refused"),
    ("refused rightly", row({"answerable": False}, answer=answer()), True, None),
    ("retrieval only", ranked("a", {"a": 1}), None, None),
    ("the right choice", row(CHOICE, choice=chosen(1)), True, None),
    ("a wrong choice", row(CHOICE, choice=chosen(0)), False, "wrong answer"),
    (
        "a wrong choice, blindly",
        row(CHOICE, choice=chosen(0, HITS[:1]), found=(A, B), relevant={"key-b": 1}),
        False,
        "not retrieved",
    ),
    (
        "a wrong choice, knowingly",
        row(CHOICE, choice=chosen(0, HITS), found=(A, B), relevant={"key-b": 1}),
        False,
        "wrong answer",
    ),
    ("an unknown choice", row({"choices": ["x", "y"]}, choice=chosen(0)), None, None),
    (
        "refused, blindly",
        row(PARIS, answer=answer(hits=HITS[:1]), found=(A, B), relevant={"key-b": 1}),
        False,
        "not retrieved",
    ),
    ("refused, nothing there", row(PARIS, answer=answer(), relevant={"key-b": 1}), False, "not retrieved"),
    (
        "withheld",
        row(PARIS, answer=answer(hits=HITS, reason="not_supported"), found=(A, B), relevant={"key-b": 1}),
        False,
        "unsupported",
    ),
    ("withheld, nothing judged", row(PARIS, answer=answer(reason="not_supported")), False, "unsupported"),
    (
        "refused, knowingly",
        row(PARIS, answer=answer(hits=HITS), found=(A, B), relevant={"key-b": 1}),
        False,
        "refused wrongly",
    ),
    (
        "refused, before a twin",
        row(PARIS, answer=answer(hits=HITS), found=(A, B), relevant={"key-c": 1}),
        False,
        "refused wrongly",
    ),
    ("refused, nothing known", row({}, answer=answer()), False, "refused wrongly"),
    ("contains", row(PARIS, answer=answer("It was in Paris, and it went on for days and days.")), True, None),
    ("near enough", row({"answers": ["Qin Gang Antony"]}, answer=answer("Qin met Antony.")), True, None),
    ("contains, not found", row(PARIS, answer=answer("In Paris."), relevant={"key-a": 1}), True, None),
    (
        "wrong, blindly",
        row(PARIS, answer=answer("London.", hits=HITS[:1], cites=["id-a"]), found=(A, B), relevant={"key-b": 1}),
        False,
        "not retrieved",
    ),
    (
        "wrong, by another article",
        row(PARIS, answer=answer("London.", hits=HITS, cites=["id-a"]), found=(A, B), relevant={"key-b": 1}),
        False,
        "retrieved but not used",
    ),
    (
        "wrong, by the right article",
        row(PARIS, answer=answer("London.", hits=HITS, cites=["id-b"]), found=(A, B), relevant={"key-b": 1}),
        False,
        "wrong answer",
    ),
    (
        "wrong, by the twin",
        row(PARIS, answer=answer("London.", hits=HITS, cites=["id-b"]), found=(A, B), relevant={"key-c": 1}),
        False,
        "wrong answer",
    ),
    ("wrong, nothing judged", row(PARIS, answer=answer("London.")), False, "wrong answer"),
    (
        "quotes the evidence",
        row({"evidence": ["Words"]}, answer=answer("Yes."), gold_cited=(True,)),
        True,
        None,
    ),
    (
        "quotes something else",
        row({"evidence": ["Words"]}, answer=answer("Yes."), gold_cited=(False,)),
        False,
        "wrong answer",
    ),
    ("nothing known", row({}, answer=answer("Yes.")), None, None),
    (
        "passages: the right one was there",
        row(PARIS, answer=answer("London.", hits=HITS, cites=["id-a"]), level="passage", relevant={"pb": 1}),
        False,
        "retrieved but not used",
    ),
    (
        "passages: it was not",
        row(PARIS, answer=answer("London.", hits=HITS, cites=["id-a"]), level="passage", relevant={"pz": 1}),
        False,
        "not retrieved",
    ),
    (
        "by URL, where the ranking does not have the passage",
        row(
            PARIS,
            answer=answer("London.", hits=[hit("pz", "id-z", url="https://z")], cites=["id-z"]),
            relevant={"https://z": 1},
        ),
        False,
        "wrong answer",
    ),
    (
        "another passage of an article that the ranking has",
        row(
            PARIS,
            answer=answer("London.", hits=[*HITS, hit("pb2", "id-b")], cites=["id-b"]),
            found=(A, B),
            relevant={"key-b": 1},
        ),
        False,
        "wrong answer",
    ),
]


@pytest.mark.parametrize(("one", "right", "cause"), [o[1:] for o in OUTCOMES], ids=[o[0] for o in OUTCOMES])
def test_outcomes(one: Row, right: bool | None, cause: str | None) -> None:
    found = measures.results([one], ["f1"])[0]
    assert (found.right, found.cause) == (right, cause)


def test_a_passage_is_used_where_it_is_cited() -> None:
    near = hit("pa", "id-a")
    far = near.model_copy(update={"passage": near.passage.model_copy(update={"id": "pb", "start": 50, "end": 90})})
    one = row(PARIS, answer=answer("London.", hits=[near, far], cites=["id-a"]), level="passage", relevant={"pb": 1})
    assert measures.results([one], ["f1"])[0].cause == "retrieved but not used"
    one = one.model_copy(update={"relevant": {"pa": 1}})
    assert measures.results([one], ["f1"])[0].cause == "wrong answer"


def test_results_keep_order_and_name_their_cases() -> None:
    case = EvalCase(id="7", question="Who?", answers=("Paris",), tags=("x",), history=(Turn(question="?"),))
    found = measures.results(
        [Row(case=case, answer=answer("Paris."), relevant={"a": 1})], ["f1", "recall@5", "contains"]
    )
    assert [(r.id, r.question, r.tags) for r in found] == [("7", "Who?", ("x",))]
    assert list(found[0].values) == ["f1", "recall@5", "contains"]
