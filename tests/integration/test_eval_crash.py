"""An evaluation killed at any moment goes on where it was, and ends as if nobody had killed it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import evaluator
import pytest
from forked import Forked
from helpers import ROOT, many, timeless, write_rows

from rag import Archive
from rag.evaluation import report as reports
from rag.evaluation.rows import read_rows
from rag.evaluation.values import Row
from rag.testing import FakeEmbeddings

pytestmark = pytest.mark.slow

CASES = 24
FAILED = 2
"""Cases whose model fails; see ``evaluator.reply``."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    with Archive.open(folder / "x", embeddings=FakeEmbeddings()) as opened:
        opened.ingest(write_rows(folder / "a.jsonl", *many(CASES - 4)))
    return folder / "x"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases of many kinds; the last four ask for what is not there."""
    file = tmp_path_factory.mktemp("cases") / "cases.jsonl"
    rows: list[dict[str, Any]] = [
        {
            "id": f"s{i}",
            "question": f"How many boats had storm{i:04} damaged?",
            "answers": [f"{i + 10} boats"] if i < CASES - 4 else [],
            "relevant": [f"story-{i}"],
            "evidence": [f"A storm named storm{i:04} had damaged {i + 10} boats."] if i % 2 else [],
            "answerable": i < CASES - 4,
            "tags": ["even" if i % 2 == 0 else "odd"],
        }
        for i in range(CASES)
    ]
    file.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return file


def start(*command: str | Path, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def finished(process: Forked | subprocess.Popen[str], seconds: float) -> bool:
    """Whether it ended by itself within the time; else it is killed."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
        return process.returncode == 0
    assert process.returncode == 0, (out, err)
    return True


def rows_kept(out: Path) -> set[str]:
    """Cases done so far; every line but the last is whole."""
    file = out / "rows.jsonl"
    lines = file.read_bytes().split(b"\n") if file.exists() else [b""]
    return {r.case.id for r in map(Row.model_validate_json, lines[:-1]) if r.error is None}


@pytest.fixture(scope="module")
def whole(archive: Path, cases: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """The report of a run that nobody killed, and how long it took once it had begun."""
    out = tmp_path_factory.mktemp("whole") / "run"
    process = Forked(evaluator.main, archive, cases, out, 2)
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    started = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    report = reports.read(out)
    assert report.cases == CASES
    assert report.errors == FAILED
    assert report.causes
    return timeless(report), time.monotonic() - started


@pytest.mark.parametrize("workers", [1, 3])
def test_killed_again_and_again(
    archive: Path, cases: Path, whole: tuple[dict[str, Any], float], tmp_path: Path, workers: int
) -> None:
    chance = random.Random(workers)
    out = tmp_path / "run"
    kept: set[str] = set()
    killed = 0
    report, took = whole
    while True:
        process = Forked(evaluator.main, archive, cases, out, workers)
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        # The fourth try at the latest is left alone: it has to come to its end.
        if finished(process, took * chance.uniform(0.15, 0.6) if killed < 3 else 60):
            break
        killed += 1
        now = rows_kept(out)
        assert kept <= now, "nothing that was done is lost"
        kept = now
    assert killed, "it was killed at least once"
    assert timeless(reports.read(out)) == report
    assert "</html>" in (out / "report.html").read_text("utf-8")
    assert len(read_rows(out)) == CASES
    lines = [json.loads(line)["case"]["id"] for line in (out / "rows.jsonl").read_text("utf-8").splitlines()]
    failed = {r.case.id for r in read_rows(out) if r.error}
    assert len(failed) == FAILED
    assert all(lines.count(ident) == 1 for ident in {*lines} - failed), "what was done is never asked again"
    assert [f.name for f in out.iterdir() if "tmp" in f.suffix] == []


def test_killed_in_the_middle_of_a_row(
    archive: Path, cases: Path, whole: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = Forked(evaluator.main, archive, cases, out, 1)
    while len(rows_kept(out)) < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    finished(process, 0)
    lines = (out / "rows.jsonl").read_bytes().splitlines(keepends=True)
    half_a_letter = "…".encode()[:2]
    (out / "rows.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][: len(lines[4]) // 2] + half_a_letter)
    assert finished(Forked(evaluator.main, archive, cases, out, 1), 60)
    assert timeless(reports.read(out)) == whole[0]


# -- the real thing --------------------------------------------------------------------


@pytest.mark.models
def test_the_command_line_with_real_models_killed_in_the_middle(
    sample_archive: Archive, tmp_path: Path, shared_cache: Path
) -> None:
    lines = (ROOT / "corpus" / "questions.jsonl").read_text("utf-8").splitlines(keepends=True)
    questions = tmp_path / "questions.jsonl"  # every fourth; all of them are asked by test_golden
    questions.write_text("".join(lines[::4]), "utf-8")
    command = ["-m", "rag.cli", "eval", questions, "--archive", sample_archive.path, "--model", "extractive", "--out"]
    env = {**os.environ, "ONRECORD_CACHE": str(shared_cache)}
    assert finished(start(*command, tmp_path / "whole", env=env), 300)

    out = tmp_path / "run"
    process = start(*command, out, env=env)
    while len(rows_kept(out)) < 4:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    assert not finished(process, 0)
    kept = rows_kept(out)
    assert not (out / "report.json").exists()
    process = start(*command, out, env=env)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    first = next(line for line in err.splitlines() if " cases" in line)
    done, of = map(int, first.removesuffix(" cases").split(" of "))
    assert done in (len(kept), len(kept) + 1), "it says from where it goes on"
    assert of == len(lines[::4])
    assert timeless(reports.read(out)) == timeless(reports.read(tmp_path / "whole"))
    assert "</html>" in (out / "report.html").read_text("utf-8")
