"""What the program decides about the sample corpus is what the committed files say, to the letter.

After a change that is meant to change them: ``make baseline``.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, onrecord

from benchmarks import golden
from rag import Archive, Settings, load_cases
from rag.evaluation import baseline
from rag.evaluation import report as reports
from rag.evaluation.rows import read_rows

CORPUS, BASELINE = ROOT / "corpus", ROOT / "baseline"


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (BASELINE / name).read_text("utf-8").splitlines()]


def plain(rows: Iterable[dict[str, Any]]) -> list[Any]:
    """Rows as they come back from a file."""
    return [json.loads(json.dumps(row)) for row in rows]


def test_the_sample_questions_are_understood_as_before() -> None:
    now = plain(golden.readings(golden.sample_cases()))
    before = lines("readings.jsonl")
    assert [row["id"] for row in now] == [row["id"] for row in before]
    for row, was in zip(now, before, strict=True):
        assert row == was, row["id"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Archive]:
    """The sample corpus and nothing else, with the real embedding model."""
    folder = tmp_path_factory.mktemp("corpus") / "archive"
    with Archive.open(settings=Settings(archive=folder, cache=shared_cache, model="extractive")) as archive:
        archive.ingest(CORPUS)
        yield archive


@pytest.mark.models
def test_the_page_begins_with_the_same_questions(corpus: Archive) -> None:
    assert plain(golden.starter_questions(corpus)) == lines("starters.jsonl")


@pytest.mark.models
def test_the_extractive_answers_are_the_baselines(corpus: Archive, tmp_path: Path) -> None:
    """As ``make eval`` compares them: by every measure no worse than the baseline, beyond chance; and case by case."""
    questions, before = CORPUS / "questions.jsonl", BASELINE / "extractive.jsonl"
    command = ["eval", questions, "--archive", corpus.path, "--model", "extractive", "--out", tmp_path / "run"]
    done = onrecord(*command, "--no-worse-than", before, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    now = baseline.make(reports.read(tmp_path / "run"), read_rows(tmp_path / "run"))
    kept = {case.id: case for case in baseline.read(before)}
    other = [case.id for case in now if baseline.differences((kept[case.id],), (case,))]
    assert {case.id for case in now} == set(kept)
    # Vectors are of 16 bits on some processors, of 32 on others, which turns near-ties: 5 of 56 between two of them.
    assert len(other) <= 6, other


def test_make_eval_runs_the_command_that_is_tested() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "eval", "MODELS=extractive local"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for model in ("extractive", "local"):
        command = f"onrecord eval corpus/questions.jsonl --archive .sample --model {model}"
        assert command in done.stdout and f"--no-worse-than baseline/{model}.jsonl" in done.stdout


@pytest.mark.parametrize("model", ["extractive", "local"])
def test_a_baseline_is_of_the_sample_questions(model: str) -> None:
    cases = baseline.read(BASELINE / f"{model}.jsonl")
    assert [case.id for case in cases] == [case.id for case in load_cases(CORPUS / "questions.jsonl")]
