"""Baselines: what a line holds, reading and writing them, and what is said where a run is not the same or is worse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.errors import SourceError, UsageError
from rag.evaluation import baseline
from rag.evaluation.baseline import BaselineCase, differences
from rag.evaluation.compare import verdict
from rag.evaluation.values import EvalCase, Result, Row
from rag.types import Answer, Citation, Query

from .evaluation_values import reported


def line(ident: str, **more: Any) -> BaselineCase:
    return BaselineCase(**{"id": ident, "right": True, "cause": None, "reason": None, "quotes": (), **more})


def cited(quote: str, start: int = 0) -> Citation:
    place = {"start": start, "end": start + len(quote), "claim": (0, 1)}
    return Citation.model_validate(
        {"number": 1, "article_id": "a", "title": "T", "quote": quote, "support": "verbatim", **place}
    )


def answered(ident: str, **more: Any) -> Row:
    known = {"question": "What?", "text": "", "answered": True, "model": "m", "fingerprint": "f"}
    known |= {"query": Query(text="What?", standalone="What?", k=8)}
    return Row(case=EvalCase(id=ident, question="What?"), answer=Answer.model_validate({**known, **more}))


# -- lines -----------------------------------------------------------------------------


def test_a_line_says_what_came_of_a_case() -> None:
    results = [
        Result(
            id="one", question="What?", right=False, cause="wrong answer",
            values={"f1": (0.333333, 1.0), "ndcg@10": (1.0, 1.0), "recall@10": (0.5, 1.0), "contains": (0.0, 0.0)},
        ),
        Result(id="two", question="What?", right=True, values={"refusal_recall": (1.0, 1.0)}),
        Result(id="three", question="What?", right=False, cause="error"),
    ]  # fmt: skip
    rows = [
        Row(case=EvalCase(id="three", question="What?"), error="E: x"),
        answered("two", answered=False, reason="not_in_archive"),
        answered("one", citations=(cited("B"), cited("A"), cited("B", 9))),
    ]
    one, two, three = baseline.make(reported(results), rows)
    assert one == line(
        "one", right=False, cause="wrong answer", quotes=("B", "A"), measures={"f1": 0.3333, "recall@10": 0.5}
    )
    assert two == line("two", reason="not_in_archive", measures={"refusal_recall": 1.0})
    assert three == line("three", right=False, cause="error")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cases = (line("b", quotes=("“Ş” 习",), measures={"f1": 0.5, "answered": 1.0}), line("a", right=None))
    baseline.write(tmp_path / "x.jsonl", cases)
    assert baseline.read(tmp_path / "x.jsonl") == cases
    written = (tmp_path / "x.jsonl").read_bytes().decode().splitlines(keepends=True)
    assert [json.loads(one)["id"] for one in written] == ["b", "a"], "in the order of the cases"
    assert "“Ş” 习" in written[0]
    for one in written:
        assert one == json.dumps(json.loads(one), ensure_ascii=False, sort_keys=True) + "\n"


@pytest.mark.parametrize("content", ["", "{}\n", "rubbish\n", '{"id": "a", "right": "perhaps"}\n', "[1]\n", "\xff"])
def test_what_is_no_baseline_is_told_with_its_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(content.encode("latin-1"))
    with pytest.raises(SourceError, match=r"x\.jsonl(:1 is not| is empty| can't be read)"):
        baseline.read(tmp_path / "x.jsonl")


def test_a_file_that_is_not_there_or_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="--write-baseline"):
        baseline.read(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="can't be written"):
        baseline.write(tmp_path / "none" / "x.jsonl", (line("a"),))


# -- the same? -------------------------------------------------------------------------


def test_the_same_is_the_same_whatever_the_measures_and_the_order() -> None:
    before = (line("a", quotes=("x",), measures={"f1": 0.5}), line("b"))
    assert differences(before, before) == ()
    assert differences(before, (line("b"), line("a", quotes=("x",), measures={"f1": 0.6}))) == ()


def test_differences_are_told_by_case() -> None:
    before = (
        line("a", quotes=("kept", "gone " * 40)),
        line("b"),
        line("c", quotes=("x", "y")),
        line("d"),
        line("e", right=None),
    )
    after = (
        line("a", quotes=("kept", "new"), right=False, cause="wrong answer"),
        line("b", right=False, cause="refused wrongly", reason="not_supported"),
        line("c", quotes=("y", "x")),
        line("e"),
        line("f"),
    )
    assert differences(before, after) == (
        "this run differs from the baseline in 6 of 6 cases",
        "a:",
        "  right: yes, now no",
        "  cause: none, now wrong answer",
        f"  - “{('gone ' * 40)[:90]}…”",
        "  + “new”",
        "b:",
        "  right: yes, now no",
        "  cause: none, now refused wrongly",
        "  reason: none, now not_supported",
        "c:",
        "  quotes: the same in another order",
        "e:",
        "  right: not known, now yes",
        "d: in the baseline, not in this run",
        "f: in this run, not in the baseline",
    )


# -- worse? ----------------------------------------------------------------------------


def results(*right: bool | None, f1: float = 1.0) -> list[Result]:
    return [Result(id=str(n), question="?", right=r, values={"f1": (f1, 1.0)}) for n, r in enumerate(right)]


def test_worse_than_a_baseline_beyond_chance() -> None:
    good = tuple(line(str(n), measures={"f1": 1.0}) for n in range(20))
    assert verdict(reported(results(*[True] * 20)), {}, good) == ()
    assert verdict(reported(results(*[True] * 19, False)), {}, good) == (), "one of twenty may be chance"
    (told,) = verdict(reported(results(*[True] * 10, *[False] * 10)), {}, good)
    assert told.startswith("right is worse than the base: 0.50 against 1.00")
    told = " ".join(verdict(reported(results(*[False] * 20, f1=0.2)), {}, good))
    assert "right is worse" in told and "f1 is worse" in told
    bad = tuple(line(str(n), right=False, measures={"f1": 0.0}) for n in range(20))
    assert verdict(reported(results(*[True] * 20)), {}, bad) == (), "better is not worse"


def test_only_cases_and_measures_that_both_have_are_compared() -> None:
    base = (line("0", measures={"f1": 1.0}), line("elsewhere", right=True), line("1", right=None))
    before, after = baseline.tables(base, results(True, False, True)) or (None, None)
    assert before is not None and after is not None
    assert before.names == after.names == ("right", "f1")
    assert before.cells.shape == (2, 2, 2)
    assert before.counted().tolist() == [[True, True], [False, False]]
    assert after.counted().tolist() == [[True, True], [True, True]]
    assert baseline.tables((line("x"),), results(True)) is None
    assert verdict(reported(results(True)), {}, (line("x"),)) == ("the base has no case in common with this run",)
