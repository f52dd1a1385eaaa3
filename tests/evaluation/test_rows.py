"""The rows of a run on disk: written as they are done, taken over after a stop, one run in a folder."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import many, timeless, write_rows
from langchain_core.messages import BaseMessage

from rag import Archive, Report, evaluate
from rag.errors import UsageError
from rag.evaluation import report as reports
from rag.evaluation.rows import read_rows
from rag.evaluation.run import output_dir
from rag.evaluation.values import Row
from rag.testing import FakeChat

from .storms import CASES, questions, says, stop_after, storm, with_settings

pytestmark = pytest.mark.usefixtures("no_charts")

# -- rows on disk ----------------------------------------------------------------------


def test_rows_are_on_disk_as_soon_as_they_are_done(ports: Archive, tmp_path: Path) -> None:
    seen: list[tuple[int, int, int, str | None]] = []

    def progress(done: int, total: int, last: Row | None) -> None:
        lines = (tmp_path / "run" / "rows.jsonl").read_bytes().splitlines(keepends=True)
        assert lines[-1].endswith(b"\n")
        assert Row.model_validate_json(lines[-1]) == last
        seen.append((done, total, len(lines), last.case.id if last else None))

    report = evaluate(ports, CASES, out=tmp_path / "run", progress=progress, workers=1)
    assert seen == [(n, 6, n, f"s{n - 1}") for n in range(1, 7)]
    rows = read_rows(tmp_path / "run")
    assert [r.case for r in rows] == CASES
    assert all(r.answer and r.answer.answered and r.error is None for r in rows)
    assert reports.read(tmp_path / "run") == report
    assert "<html" in (tmp_path / "run" / "report.html").read_text("utf-8")
    assert (report.cases, report.errors) == (6, 0)
    for name in ("f1", "exact_match", "contains", "citation_recall", "gold_recall", "quote_verbatim", "recall@5"):
        assert report.score(name) == 1.0, name


def test_small_rows_do_not_wait_for_others_either(ports: Archive, tmp_path: Path) -> None:
    sizes: list[int] = []

    def progress(*_: Any) -> None:
        sizes.append((tmp_path / "run" / "rows.jsonl").stat().st_size)

    evaluate(ports, CASES, out=tmp_path / "run", retrieval=True, depth=1, progress=progress)
    assert sizes[-1] < 8000
    assert sizes == sorted(set(sizes))
    assert 0 < sizes[0] < sizes[1]


def test_without_a_folder_nothing_is_written(ports: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert evaluate(ports, CASES[:2]).cases == 2
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 4])
def test_what_was_stopped_goes_on(ports: Archive, chat: FakeChat, tmp_path: Path, workers: int) -> None:
    whole = evaluate(ports, CASES, out=tmp_path / "whole", workers=1)
    before = len(questions(chat))
    with pytest.raises(KeyboardInterrupt):
        evaluate(ports, CASES, out=tmp_path / "run", workers=workers, progress=stop_after(3))
    kept = [r.case.id for r in read_rows(tmp_path / "run")]
    assert len(kept) == 3
    assert not (tmp_path / "run" / "report.json").exists()
    if workers == 1:
        assert len(questions(chat)) - before == 3

    before = len(questions(chat))
    told: list[tuple[int, int, str | None]] = []
    done = evaluate(
        ports,
        CASES,
        out=tmp_path / "run",
        workers=workers,
        progress=lambda n, of, r: told.append((n, of, r.case.id if r else None)),
    )
    asked = {re.search(r"storm000(\d)", q)[1] for q in questions(chat)[before:]}  # type: ignore[index]
    assert asked == {c.id[1:] for c in CASES} - {ident[1:] for ident in kept}
    assert len(questions(chat)) - before == 3, "each once"
    assert told[0] == (3, 6, None)
    assert [t[0] for t in told] == [3, 4, 5, 6]
    assert timeless(done) == timeless(whole)
    assert done.run.id == whole.run.id
    first = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["started"]
    assert done.run.started == datetime.fromisoformat(first), "a run began when it was first started"


def test_stopping_stops_slow_models_too_and_keeps_no_half_answer(
    ports: Archive, chat: FakeChat, tmp_path: Path
) -> None:
    slow = threading.Event()

    def reply(messages: list[BaseMessage]) -> str:
        if "storm0000" in str(messages[-1].text).rpartition("Question:")[2]:
            assert slow.wait(5)
            return says(messages)
        slow.set()
        return f"{says(messages)}\n{'word ' * 2000}"

    chat.replies, chat.delay = reply, 0.02
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        evaluate(ports, CASES, out=tmp_path / "run", workers=3, brief=False, progress=stop_after(1))
    assert time.monotonic() - started < 4
    assert [r.case.id for r in read_rows(tmp_path / "run")] == ["s0"]
    assert not [t for t in threading.enumerate() if t.name.startswith("onrecord-eval")]


def test_a_finished_run_asks_nothing(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    first = evaluate(ports, CASES[:3], out=tmp_path / "run")
    calls = len(chat.seen)
    told: list[Any] = []
    (tmp_path / "run" / "report.html").unlink()
    again = evaluate(ports, CASES[:3], out=tmp_path / "run", progress=lambda *x: told.append(x))
    assert again == first
    assert len(chat.seen) == calls
    assert told == [(3, 3, None)]
    assert (tmp_path / "run" / "report.html").exists(), "what was lost is written again"


def test_a_row_that_failed_is_asked_again(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    broken = ["storm0001", "storm0004"]

    def reply(messages: list[BaseMessage]) -> Any:
        asked = str(messages[-1].text).rpartition("Question:")[2]
        return RuntimeError("the line is cut") if any(b in asked for b in broken) else says(messages)

    chat.replies = reply
    report = evaluate(ports, CASES, out=tmp_path / "run", workers=1)
    assert report.errors == 2
    assert report.causes == {"error": 2}
    assert report.score("answered") == pytest.approx(4 / 6)
    failed = {r.case.id: r for r in read_rows(tmp_path / "run") if r.error}
    assert failed.keys() == {"s1", "s4"}
    assert str(failed["s1"].error).startswith("ModelFailed: The model fake-chat failed: the line is cut. Ask again")
    assert failed["s1"].answer is None
    assert failed["s1"].found, "what was found before is kept"

    broken.pop()
    before = len(questions(chat))
    told: list[int] = []
    report = evaluate(ports, CASES, out=tmp_path / "run", workers=1, progress=lambda n, *_: told.append(n))
    assert len(questions(chat)) - before == 2
    assert told == [4, 5, 6]
    assert report.errors == 1
    broken.pop()
    assert evaluate(ports, CASES, out=tmp_path / "run", workers=1).errors == 0
    lines = (tmp_path / "run" / "rows.jsonl").read_bytes().splitlines()
    assert len(lines) == 9
    rows = read_rows(tmp_path / "run")
    assert {r.case.id for r in rows} == {c.id for c in CASES}
    assert all(r.error is None for r in rows), "of several rows of a case the last counts"


@pytest.mark.parametrize("torn", ["half", "no newline", "rubbish", "a byte"])
def test_a_torn_last_line_is_cut_and_done_again(ports: Archive, chat: FakeChat, tmp_path: Path, torn: str) -> None:
    whole = evaluate(ports, CASES[:4], out=tmp_path / "run", workers=1)
    file = tmp_path / "run" / "rows.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    last = {
        "half": lines[-1][: len(lines[-1]) // 2],
        "no newline": lines[-1][:-1],
        "rubbish": b"\x00" * 40 + b"\n",
        "a byte": b"{",
    }[torn]
    file.write_bytes(b"".join(lines[:-1]) + last)
    assert [r.case.id for r in read_rows(tmp_path / "run")] == ["s0", "s1", "s2"]
    before = len(questions(chat))
    again = evaluate(ports, CASES[:4], out=tmp_path / "run", workers=1)
    assert len(questions(chat)) - before == 1
    assert timeless(again) == timeless(whole)
    found = [Row.model_validate_json(line) for line in file.read_bytes().splitlines()]
    assert [r.case.id for r in found] == ["s0", "s1", "s2", "s3"]


@pytest.mark.parametrize("damage", [b"{}\n", b"rubbish\n", b"\n", b"\xff\xfe\n", b'{"case": {}}\n'])
def test_a_damaged_line_in_the_middle_is_named_and_left_alone(
    ports: Archive, chat: FakeChat, tmp_path: Path, damage: bytes
) -> None:
    evaluate(ports, CASES[:3], out=tmp_path / "run", workers=1)
    file = tmp_path / "run" / "rows.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + damage + lines[1] + lines[2])
    content, calls = file.read_bytes(), len(chat.seen)
    for act in (lambda: evaluate(ports, CASES[:3], out=tmp_path / "run"), lambda: read_rows(tmp_path / "run")):
        with pytest.raises(UsageError, match=rf"rows\.jsonl .*at byte {len(lines[0])}\. Delete"):
            act()
    assert file.read_bytes() == content
    assert len(chat.seen) == calls


def test_rows_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="onrecord eval"):
        read_rows(tmp_path)


# -- one folder, one run ---------------------------------------------------------------


OTHERS: dict[str, tuple[str, Callable[[Archive, Path], Report]]] = {
    "other cases": ("cases_digest", lambda a, out: evaluate(a, [storm(7)], out=out)),
    "fewer cases": ("chosen", lambda a, out: evaluate(a, CASES[:2], out=out, limit=1)),
    "another order": ("cases_digest", lambda a, out: evaluate(a, CASES[1::-1], out=out)),
    "another setting": ("settings", lambda a, out: evaluate(with_settings(a, k=3), CASES[:2], out=out)),
    "more caution": ("settings", lambda a, out: evaluate(with_settings(a, caution=0.7), CASES[:2], out=out)),
    "another check": ("settings", lambda a, out: evaluate(with_settings(a, check="model"), CASES[:2], out=out)),
    "one arm": ("settings", lambda a, out: evaluate(with_settings(a, retriever="lexical"), CASES[:2], out=out)),
    "another depth": ("settings", lambda a, out: evaluate(a, CASES[:2], out=out, depth=20)),
    "no brief answers": ("settings", lambda a, out: evaluate(a, CASES[:2], out=out, brief=False)),
    "retrieval only": ("model", lambda a, out: evaluate(a, CASES[:2], out=out, retrieval=True)),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_folder_of_another_run_is_refused(ports: Archive, chat: FakeChat, tmp_path: Path, other: str) -> None:
    out = tmp_path / "run"
    evaluate(ports, CASES[:2], out=out)
    before = {f.name: f.read_bytes() for f in out.iterdir()}
    calls = len(chat.seen)
    named, act = OTHERS[other]
    with pytest.raises(UsageError, match=rf"another run \(it differs in: [^)]*\b{named}\b.*--out DIR"):
        act(ports, out)
    assert {f.name: f.read_bytes() for f in out.iterdir()} == before
    assert len(chat.seen) == calls


def test_a_changed_archive_is_another_run(ports: Archive, tmp_path: Path) -> None:
    evaluate(ports, CASES[:2], out=tmp_path / "run")
    ports.ingest(write_rows(tmp_path / "ports.jsonl", *many(1, first=30)))
    with pytest.raises(UsageError, match="it differs in: articles, passages, generation"):
        evaluate(ports, CASES[:2], out=tmp_path / "run")


def test_what_does_not_decide_answers_makes_no_other_run(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    first = evaluate(ports, CASES[:2], out=tmp_path / "run")
    calls = len(chat.seen)
    moved = [c.model_copy(update={"origin": "elsewhere.jsonl:9"}) for c in CASES[:2]]
    again = evaluate(ports, moved, out=tmp_path / "run", measure=["f1", "recall@3"], workers=2)
    assert len(chat.seen) == calls
    assert again.run == first.run
    assert [s.name for s in again.scores] == ["f1", "recall@3"]


def test_folders_that_can_not_be_used(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "rows.jsonl").write_text("")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "run.json").write_bytes(b'{"id": "\xff"}')
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "run.json").write_text('{"id": "x"}')
    (tmp_path / "folders" / "run.json").mkdir(parents=True)
    for name, says_so in (
        ("file", "can't be written to"),
        ("file/deeper", "can't be written to"),
        ("rows", "no run.json"),
        ("odd", "is not a run's"),
        ("strange", "is not a run's"),
        ("folders", "can't be written to"),
        ("long" * 100, "can't be written to"),
    ):
        with pytest.raises(UsageError, match=f"{says_so}.*--out DIR"):
            evaluate(ports, CASES[:1], out=tmp_path / name)
    assert chat.seen == []
    assert (tmp_path / "file").read_text() == "x"


def test_what_a_callback_raises_is_not_taken_for_the_folders_fault(ports: Archive, tmp_path: Path) -> None:
    def progress(*_: Any) -> None:
        raise PermissionError(13, "a fault of the callback's own")

    with pytest.raises(PermissionError, match="callback"):
        evaluate(ports, CASES[:2], out=tmp_path / "run", progress=progress)
    assert len(read_rows(tmp_path / "run")) == 1


def test_one_writes_at_a_time(ports: Archive, tmp_path: Path) -> None:
    out = tmp_path / "run"

    def progress(*_: Any) -> None:
        with pytest.raises(UsageError, match="Another process is writing"):
            evaluate(ports, CASES[:2], out=out)

    assert evaluate(ports, CASES[:2], out=out, progress=progress).cases == 2
    code = (
        "import sys; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(out / "write.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="Another process is writing"):
            evaluate(ports, CASES[:2], out=out)
        other.kill()
    assert evaluate(ports, CASES[:2], out=out).cases == 2


def test_the_runs_id_in_a_folders_name(ports: Archive, tmp_path: Path, user_environment: Path) -> None:
    report = evaluate(ports, CASES[:1], out=f"{tmp_path}/of-{{run}}/x")
    assert re.fullmatch("[0-9a-f]{16}", report.run.id)
    assert (tmp_path / f"of-{report.run.id}" / "x" / "report.json").exists()
    assert output_dir("~/{run}", report.run) == user_environment / report.run.id
