"""The benchmark of quality: its sets fit the data, and it says what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT

from benchmarks.quality import __main__ as quality
from benchmarks.quality import check, runs
from benchmarks.quality.sets import SETS, Set
from rag.evaluation.values import Score
from tests.evaluation.evaluation_values import reported

DATA = ROOT.parent / "shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")


def test_without_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quality.main(["wice", "--data", str(tmp_path / "nothing")]) == 1
    assert "--data PATH" in capsys.readouterr().err


def test_a_set_that_is_not_there_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "WORK", tmp_path / "work")
    monkeypatch.setattr(runs, "WORK", tmp_path / "work")
    assert quality.main(["wice", "scifact", "--data", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "wice is left out" in err
    assert "scifact is left out" in err


def test_how_cases_with_a_rubric_came_out_is_a_table() -> None:
    def score(name: str, value: float, cases: int) -> Score:
        return Score(name=name, value=value, low=value / 2, high=value, cases=cases)

    scores = (score("right", 0.5, 4), score("wrong", 0.25, 4), score("rubric_gold", 1.0, 2))
    report = reported([]).model_copy(update={"scores": scores, "by_tag": {"hedged": (score("right", 1.0, 2),)}})
    *_, head, _, overall, hedged = quality._by_type("extractive", report)
    assert head.startswith("| | right | wrong | refused rightly |")
    assert (
        overall == "| all | 2 of 4: 0.50 (0.25–0.50) | 1 of 4: 0.25 (0.12–0.25) |  |  | 2 of 2: 1.00 (0.50–1.00) |  |"
    )
    assert hedged == "| hedged | 2 of 2: 1.00 (0.50–1.00) |  |  |  |  |  |"
    assert quality._by_type("extractive", reported([])) == []


def test_questions_that_are_not_there_leave_their_set_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "WORK", tmp_path / "work")
    monkeypatch.setattr(runs, "WORK", tmp_path / "work")
    monkeypatch.setattr(runs, "archive_of", lambda task, data: tmp_path)  # none is made
    (tmp_path / "wikinews").mkdir()
    (tmp_path / "wikinews/articles.jsonl").touch()
    assert quality.main(["newsroom", "--system", "extractive", "--data", str(tmp_path)]) == 1
    assert "newsroom is left out: There is no file" in capsys.readouterr().err


@needs_data
@pytest.mark.parametrize("task", SETS, ids=lambda s: s.name)
def test_the_local_model_is_asked_the_same_cases_every_time(task: Set) -> None:
    some = task.some(DATA)
    assert [c.id for c in some] == [c.id for c in task.some(DATA)]
    cases = task.cases(DATA)
    assert len(some) == (len(cases) if task.whole else task.local)
    ids = {c.id for c in cases}
    assert {c.id for c in some} <= ids
    if any(not c.answerable and not c.choices for c in cases) and not task.whole:
        assert sum(c.answerable for c in some) == task.local // 2


@needs_data
def test_claims_are_read_as_their_readme_says() -> None:
    wice, bench = check.wice(DATA), check.attributionbench(DATA)
    # One claim's chunks are labelled otherwise than the claim itself, of which 115 are supported.
    assert (len(wice), sum(c.supported for c in wice)) == (349, 114)
    assert (len(bench), sum(c.supported for c in bench)) == (1198, 599)
    assert all(c.references and all(c.references) for c in wice)


def test_the_check_is_scored_as_scikit_learn_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    class Embedder:
        def __init__(self, **_: object) -> None: ...

        def embed(self, texts: list[str]) -> np.ndarray:
            rows = np.array([[1.0, len(t)] for t in texts], np.float32)
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    monkeypatch.setattr(check, "BuiltInEmbedder", Embedder)
    monkeypatch.setattr(check, "_RESAMPLES", 10)  # intervals are not looked at here
    words = "The bridge will close for eleven weeks from June."
    cases = [
        check.Claimed(words, ((words,),), True),
        check.Claimed(words, (("Nothing of that sort was said.",),), False),
        check.Claimed(words, (("Nothing of that sort was said.",), (words,)), True),
        check.Claimed(words, (("The ferry is late.",),), True),
    ]
    found = {(f.system, f.measure): f.value for f in check.figures("made", cases)}
    assert found["check", "accuracy"] == 0.75
    assert found["check", "f1_supported"] == pytest.approx(0.8)
    assert found["always yes", "accuracy"] == 0.75
    assert found["always yes", "macro_f1"] == pytest.approx(3 / 7)
