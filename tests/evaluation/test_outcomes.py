"""Which rows count as right or wrong, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.evaluation import measures
from rag.evaluation.values import EvalCase, Found, Row, Turn
from rag.types import Hit, Passage

from .measured_rows import answer, chosen, ranked, row


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
        duplicates=tuple(twins),
    )


A, B = Found(passage="pa", article="key-a"), Found(passage="pb", article="key-b", duplicates=("key-c",))
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
