"""Running cases: rows as they are done, going on after a stop, and what a row says of its case."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import many, row, timeless, write_rows
from langchain_core.messages import BaseMessage

from rag import Answer, Archive, Citation, EvalCase, Report, evaluate, load_cases
from rag.errors import ArchiveDamaged, ArchiveMissing, ModelMissing, UsageError
from rag.evaluation import case_runner
from rag.evaluation import report as reports
from rag.evaluation.overlap import letters_and_digits, same_sentence
from rag.evaluation.rows import read_rows
from rag.evaluation.run import output_dir
from rag.evaluation.values import Row
from rag.testing import FakeChat, FakeEmbeddings

pytestmark = pytest.mark.usefixtures("no_charts")

FIRST = "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday."
SECOND = "Engineers found cracks in two of the nine piers during an inspection in March."
THIRD = "“We would rather close it now than be sorry later,” said Maren Holt, the authority’s director."
BRIDGE = f"{FIRST} {SECOND} {THIRD}"


def storm(i: int, **more: Any) -> EvalCase:
    """A case that ``says`` answers rightly."""
    known: dict[str, Any] = {
        "id": f"s{i}",
        "question": f"How many boats had storm{i:04} damaged?",
        "answers": (f"{i + 10} boats",),
        "evidence": (f"A storm named storm{i:04} had damaged {i + 10} boats.",),
        "relevant": {f"story-{i}": 1},
    }
    return EvalCase(**{**known, **more})


def says(messages: list[BaseMessage]) -> str:
    """What a good model says: the sentence asked for; asked again, the number alone."""
    asked = str(messages[-1].text).rpartition("Question:")
    if not asked[1]:
        return str(re.search(r"\d+ boats", str(messages[-2].text))[0])  # type: ignore[index]
    found = re.search(r"storm(\d{4})", asked[2])
    return f"A storm named {found[0]} had damaged {int(found[1]) + 10} boats. [1]" if found else "NOT FOUND"


def questions(chat: FakeChat) -> list[str]:
    """What the model was asked so far, the brief forms aside."""
    texts = [str(m[-1].text) for m in chat.seen]
    return [t.rpartition("Question: ")[2] for t in texts if "Question: " in t]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of eight storms and a bridge, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    bridge = row("bridge", BRIDGE, title="Old Harbour Bridge to close", source="City Herald", published="2021-05-03")
    with Archive.open(folder / "archive", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(folder / "ports.jsonl", *many(8), bridge))
    return folder / "archive"


@pytest.fixture
def ports(built: Path, archive: Archive, chat: FakeChat) -> Archive:
    """A copy of it, with a model that knows what is in it."""
    chat.replies = says
    shutil.copytree(built, archive.path)
    return archive


CASES = [storm(i) for i in range(6)]


def rows_of(archive: Archive, *cases: EvalCase, **options: Any) -> list[Row]:
    """The rows of a run that leaves nothing on disk, in the order of the cases."""
    found: dict[str, Row] = {}

    def note(_done: int, _total: int, done: Row | None) -> None:
        assert done is not None
        found[done.case.id] = done

    evaluate(archive, cases, progress=note, **options)
    return [found[c.id] for c in cases]


def stop_after(n: int) -> Callable[[int, int, Row | None], None]:
    """Ctrl-C when the nth row is there."""

    def progress(done: int, _total: int, _row: Row | None) -> None:
        if done == n:
            raise KeyboardInterrupt

    return progress


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


def with_settings(archive: Archive, **changed: Any) -> Archive:
    return Archive.open(
        settings=archive.settings.model_copy(update=changed),
        chat_model=archive._given_chat,
        embeddings=FakeEmbeddings(),
    )


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


# -- which cases -----------------------------------------------------------------------


def test_the_first_so_many_and_a_sample(ports: Archive) -> None:
    def ids(**options: Any) -> list[str]:
        report = evaluate(ports, CASES, retrieval=True, **options)
        assert (report.run.chosen, report.run.of) == (report.cases, 6)
        return [r.id for r in report.results]

    assert ids(limit=2) == ["s0", "s1"]
    assert ids(limit=99) == [c.id for c in CASES]
    drawn = ids(sample=3)
    assert len(drawn) == 3
    assert drawn == sorted(drawn)
    assert ids(sample=3) == drawn == ids(sample=3, seed=0)
    assert len({tuple(ids(sample=3, seed=s)) for s in range(6)}) > 2
    assert ids(sample=3, limit=2) == drawn[:2]
    assert evaluate(ports, CASES, retrieval=True, sample=3, seed=4).run.seed == 4
    assert evaluate(ports, CASES, retrieval=True, limit=3, seed=4).run.seed is None


@pytest.mark.parametrize("name", ["limit", "sample", "depth", "workers"])
@pytest.mark.parametrize("number", [0, -1])
def test_less_than_one_makes_no_sense(ports: Archive, chat: FakeChat, name: str, number: int) -> None:
    options: dict[str, Any] = {name: number}
    with pytest.raises(UsageError, match=f"{name} is {number}; 1 is the least"):
        evaluate(ports, CASES, **options)
    assert chat.seen == []


def test_arguments_that_make_no_sense(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    for cases, options, told in (
        ([], {}, "no cases"),
        ([*CASES, storm(1)], {}, "'s1'"),
        (CASES, {"measure": ["speed"]}, "speed"),
        (CASES, {"depth": 1001}, "1000 is the most"),
    ):
        with pytest.raises(UsageError, match=told):
            evaluate(ports, cases, out=tmp_path / "run", **options)
    assert chat.seen == []
    assert not (tmp_path / "run").exists()


# -- what was run ----------------------------------------------------------------------


def test_a_run_knows_its_origin(ports: Archive, tmp_path: Path) -> None:
    report = evaluate(ports, CASES[:2], brief=True)
    run = report.run
    assert run.cases == "given in the program"
    assert (run.model, run.archive, run.articles) == ("fake-chat", str(ports.path), 9)
    assert run.fingerprint == ports.fingerprint
    assert [p.partition("@")[0] for p in run.prompts] == ["answer", "brief"]
    assert run.settings["k"] == ports.settings.k
    assert run.settings["brief"] is True
    assert run.machine.endswith("cores")
    assert abs((datetime.now(UTC) - run.started).total_seconds()) < 60
    assert evaluate(ports, CASES[:2]).run.id == run.id
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(c.model_dump_json() + "\n" for c in CASES), "utf-8")
    read = evaluate(ports, load_cases(file), limit=2).run
    assert read.cases == str(file)
    assert read.id == run.id, "the same cases from elsewhere are the same run"
    alone = evaluate(ports, CASES[:2], retrieval=True).run
    assert (alone.model, alone.prompts, alone.settings["brief"]) == (None, (), False)


def test_only_the_prompts_in_use_are_named(ports: Archive) -> None:
    quiz = EvalCase(id="q", question="What will close?", choices=("The bridge", "The pier"), choice=0)

    def prompts(*cases: EvalCase, **options: Any) -> list[str]:
        return [p.partition("@")[0] for p in evaluate(ports, cases, **options).run.prompts]

    assert prompts(quiz) == ["choose"]
    assert prompts(quiz, storm(1)) == ["answer", "brief", "choose"]
    assert prompts(storm(1), brief=False) == ["answer"]
    extractive = with_settings(ports, model="extractive")
    extractive._given_chat = None
    assert evaluate(extractive, [quiz, storm(1)]).run.prompts == ()


def test_retrieval_alone_asks_no_model(ports: Archive, chat: FakeChat) -> None:
    rows = rows_of(ports, *CASES[:2], retrieval=True, depth=4)
    assert chat.seen == []
    for r in rows:
        assert r.answer is None and r.choice is None and r.error is None
        assert len(r.found) == 4
        assert r.found[0].article == f"story-{r.case.id[1:]}"
        assert r.found[0].title == f"Storm at Port {r.case.id[1:]}"
        assert [f.score for f in r.found] == sorted((f.score for f in r.found), reverse=True)
        assert r.millis.keys() == {"search"}


def test_the_ranking_is_deeper_than_what_the_answer_is_given(ports: Archive) -> None:
    (r,) = rows_of(with_settings(ports, k=2), storm(3))
    assert r.answer is not None
    assert len(r.answer.hits) == 2
    assert len(r.found) == 9
    assert [f.passage for f in r.found[:2]] == [h.passage.id for h in r.answer.hits]
    assert {"search", "retrieve", "answer", "total", "write", "brief"} <= r.millis.keys()


# -- relevant documents ----------------------------------------------------------------


@pytest.fixture
def named(archive: Archive, tmp_path: Path) -> dict[str, str]:
    """One article by all its names, and files of which two are called alike."""
    url = "https://example.org/news/2021/tunnel"
    for folder, text in (("north", "The ferry sank off the coast."), ("south", "The tram stopped in the snow.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "story.txt").write_text(f"# {folder}\n\n{text}\n", "utf-8")
    (tmp_path / "north" / "lighthouse.txt").write_text("The lighthouse was painted white and red.\n", "utf-8")
    archive.ingest(
        write_rows(tmp_path / "a.jsonl", {"id": "wire-77", "title": "Tunnel", "text": "A tunnel opens.", "url": url}),
        tmp_path / "north",
        tmp_path / "south",
    )
    article = archive.get("wire-77")
    return {
        "id": article.id,
        "beginning of the id": article.id[:8],
        "key": article.key,
        "url": url,
        "alias": "wire-77",
        "url as it may be spelt": "HTTP://example.org/news/2021/tunnel/?utm_source=feed#top",
        "last part of the url": "tunnel",
    }


@pytest.mark.parametrize(
    "name", ["id", "beginning of the id", "key", "url", "url as it may be spelt", "alias", "last part of the url"]
)
def test_relevant_articles_by_any_of_their_names(archive: Archive, named: dict[str, str], name: str) -> None:
    case = EvalCase(id="1", question="Which tunnel opens?", relevant={named[name]: 3})
    (r,) = rows_of(archive, case, retrieval=True)
    assert (r.level, r.relevant, r.absent) == ("article", {named["key"]: 3}, ())
    assert r.found[0].article == named["key"]
    (r,) = rows_of(archive, EvalCase(id="1", question="tunnel", within=(named[name],)), retrieval=True)
    assert [f.article for f in r.found] == [named["key"]]


def test_relevant_files_by_name_and_names_that_two_have(archive: Archive, named: dict[str, str]) -> None:
    case = EvalCase(id="1", question="lighthouse", relevant={"lighthouse.txt": 1, "story.txt": 2, "nowhere.txt": 1})
    (r,) = rows_of(archive, case, retrieval=True)
    assert r.level == "article"
    assert r.absent == ("story.txt", "nowhere.txt"), "a name that two files have names neither"
    assert r.relevant == {archive.get("lighthouse.txt").key: 1, "story.txt": 2, "nowhere.txt": 1}
    report = evaluate(archive, [case], retrieval=True, measure=["recall@5"])
    assert report.score("recall@5") == pytest.approx(1 / 3), "what the archive does not hold is not found"
    assert any("2 relevant documents are not in the archive" in note for note in report.notes)


def test_an_article_named_twice_is_one_with_the_better_grade(archive: Archive, named: dict[str, str]) -> None:
    case = EvalCase(id="1", question="tunnel", relevant={named["id"]: 1, named["url"]: 3, named["alias"]: 2})
    (r,) = rows_of(archive, case, retrieval=True)
    assert r.relevant == {named["key"]: 3}


def test_relevant_passages(ports: Archive, tmp_path: Path) -> None:
    long = " ".join(f"The dam{i:03} of valley {i} holds {i + 3} million litres of water this year." for i in range(80))
    ports.ingest(write_rows(tmp_path / "dams.jsonl", row("dams", long)))
    right = ports.search("dam070 valley", k=1)[0].passage.id
    wrong = ports.search("dam002 valley", k=1)[0].passage.id
    assert right != wrong
    question = "How much does dam070 hold?"
    of_passages, mixed, absent = rows_of(
        ports,
        EvalCase(id="1", question=question, relevant={right: 2, "no:7": 1}),
        EvalCase(id="2", question=question, relevant={right: 2, "story-3": 1}),
        EvalCase(id="3", question=question, relevant={"no:7": 1}),
        retrieval=True,
    )
    assert (of_passages.level, of_passages.relevant, of_passages.absent) == (
        "passage",
        {right: 2, "no:7": 1},
        ("no:7",),
    )
    assert of_passages.found[0].passage == right
    assert (mixed.level, mixed.relevant) == ("article", {"dams": 2, "story-3": 1})
    assert (absent.level, absent.relevant, absent.absent) == ("article", {"no:7": 1}, ("no:7",))
    found, missed = (
        evaluate(ports, [EvalCase(id="1", question=question, relevant={p: 1})], retrieval=True, measure=["hit@1"])
        for p in (right, wrong)
    )
    assert (found.score("hit@1"), missed.score("hit@1")) == (1.0, 0.0), "another passage of the article won't do"


def test_a_twin_that_stood_aside_counts_as_found(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("first", BRIDGE, source="City Herald"),
            row("second", BRIDGE, source="Coast Radio"),
            *many(4),
        )
    )
    question = "Why will the Old Harbour Bridge close?"
    cases = [EvalCase(id=key, question=question, relevant={key: 1}) for key in ("first", "second")]
    for r in rows_of(archive, *cases, retrieval=True):
        top = r.found[0]
        assert {top.article, *top.twins} == {"first", "second"}
        assert {"first", "second"} & {f.article for f in r.found[1:]} == set()
    report = evaluate(archive, cases, retrieval=True, measure=["hit@1", "hit@2"])
    assert (report.score("hit@1"), report.score("hit@2")) == (0.5, 1.0), "the twin comes right after"


# -- filters ---------------------------------------------------------------------------


def test_what_was_published_later_is_not_known_yet(archive: Archive, chat: FakeChat, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("a", "The strike at the port began in May.", published="2023-05-31"),
            row("b", "Late at night a strike shut the container port.", published="2023-06-01T23:30:00Z"),
            row("c", "Talks that may end the port strike opened.", published="2023-06-02"),
            row("d", "A port strike is dear, a study found."),
        )
    )
    cases = [EvalCase(id=str(day), question="port strike", as_of=day) for day in (date(2023, 6, 1), date.max, None)]
    for r, there in zip(rows_of(archive, *cases), ({"a", "b", "d"}, set("abcd"), set("abcd")), strict=True):
        assert r.error is None
        assert r.answer is not None
        assert {f.article for f in r.found} == there
        assert {archive.get(h.passage.article_id).key for h in r.answer.hits} == there
    assert rows_of(archive, cases[0])[0].answer.query.before == datetime(2023, 6, 2, tzinfo=UTC)  # type: ignore[union-attr]


def test_only_the_articles_within(ports: Archive, chat: FakeChat) -> None:
    inside, partly, nowhere, free = rows_of(
        ports,
        storm(2, id="inside", within=("story-1", ports.get("story-2").id)),
        storm(2, id="partly", within=("story-4", "gone-1", "gone-2")),
        storm(2, id="nowhere", within=("gone-1", "gone-2")),
        storm(2, id="free"),
        workers=1,
    )
    assert {f.article for f in inside.found} == {"story-1", "story-2"}
    assert inside.answer is not None and inside.answer.answered
    assert {f.article for f in partly.found} == {"story-4"}
    assert partly.answer is not None and not partly.answer.answered
    assert nowhere.error is not None and nowhere.error.startswith("ArticleMissing: ")
    assert nowhere.found == () and nowhere.answer is None
    assert nowhere.relevant == {"story-2": 1}, "what was known before is kept"
    assert len(free.found) == 9
    assert len(questions(chat)) == 3


# -- multiple choice -------------------------------------------------------------------


def test_rows_of_multiple_choice(ports: Archive, chat: FakeChat) -> None:
    extractive = with_settings(ports, model="extractive")
    extractive._given_chat = None
    choices = ("Cracks in two piers", "Rust on the railings", "A wrecked ferry", "Old shells")
    right, wrong, within = rows_of(
        extractive,
        EvalCase(id="1", question="What did engineers find in the piers?", choices=choices, choice=0),
        EvalCase(id="2", question="What did engineers find in the piers?", choices=choices, choice=2),
        EvalCase(id="3", question="What did engineers find?", choices=choices, choice=0, within=("story-1",)),
    )
    assert right.choice is not None
    assert (right.choice.choice, right.choice.choices) == (0, choices)
    assert sum(right.choice.probabilities) == pytest.approx(1)
    assert right.answer is None and right.claims == () and right.error is None
    assert {"search", "retrieve", "choose", "total"} <= right.millis.keys()
    assert wrong.choice is not None and wrong.choice.choice == 0
    assert within.choice is not None
    assert {extractive.get(h.passage.article_id).key for h in within.choice.hits} == {"story-1"}
    assert chat.seen == []
    report = evaluate(extractive, [right.case, wrong.case])
    assert report.score("choice_accuracy") == 0.5
    assert report.score("answered") is None


def test_a_model_that_can_not_be_held_to_a_choice_is_an_error_of_the_row(ports: Archive) -> None:
    quiz, alone, plain_case = rows_of(
        ports,
        EvalCase(id="1", question="What will close?", choices=("The bridge", "The pier"), choice=0),
        EvalCase(id="2", question="What will close?", choices=("The bridge",), choice=0),
        storm(1),
    )
    assert quiz.error is not None and quiz.error.startswith("ModelFailed: ")
    assert alone.error is not None and alone.error.startswith("UsageError: There are 1 choices")
    assert plain_case.error is None


# -- brief answers ---------------------------------------------------------------------


def brief_calls(chat: FakeChat) -> int:
    return len(chat.seen) - len(questions(chat))


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        (("12 boats",), 1),
        (("one two three four five six seven eight",), 1),
        (("one two three four five six seven eight nine",), 0),
        (("one two three four five six seven eight nine", "12"), 1),
        ((), 0),
    ],
)
def test_a_brief_answer_is_asked_for_where_accepted_ones_are_short(
    ports: Archive, chat: FakeChat, answers: Sequence[str], asked: int
) -> None:
    (r,) = rows_of(ports, storm(2, answers=answers))
    assert brief_calls(chat) == asked
    assert r.answer is not None
    assert r.answer.brief == ("12 boats" if asked else None)
    (r,) = rows_of(ports, storm(2, answers=answers), brief=False)
    assert brief_calls(chat) == asked, "nor where it is not wanted"
    assert r.answer is not None and r.answer.brief is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("12 boats", "12 boats"),
        ("12 boats.", "12 boats"),
        ("12 boats [1]\nBecause of the storm.", "12 boats"),
        ("storm named storm0002", "storm named storm0002"),
        ("13 boats", None),
        ("It damaged 12 boats", None),
        ("oats", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_brief_answer_is_kept_only_where_the_answer_or_its_source_has_the_words(
    ports: Archive, chat: FakeChat, said: str, kept: str | None
) -> None:
    chat.replies = lambda messages: says(messages) if "Question:" in str(messages[-1].text) else said
    (r,) = rows_of(ports, storm(2))
    assert brief_calls(chat) == 1
    assert r.answer is not None and r.answer.answered
    assert r.answer.brief == kept


def test_words_of_the_quote_alone_will_do(ports: Archive, chat: FakeChat) -> None:
    chat.replies = lambda messages: (
        "Engineers found cracks in two of the nine bridge piers. [1]"
        if "Question:" in str(messages[-1].text)
        else "during an inspection in March"
    )
    case = EvalCase(id="1", question="When were cracks found in the piers of the bridge?", answers=("March",))
    (r,) = rows_of(ports, case)
    assert r.answer is not None and r.answer.answered, r.answer
    assert "March" not in r.answer.text
    assert r.answer.brief == "during an inspection in March"


def test_a_refusal_is_not_made_brief(ports: Archive, chat: FakeChat) -> None:
    chat.replies = ["NOT FOUND"]
    (r,) = rows_of(ports, storm(2))
    assert r.answer is not None and not r.answer.answered
    assert len(chat.seen) == 1


# -- errors ----------------------------------------------------------------------------


def test_what_would_befall_every_case_is_raised(
    ports: Archive, chat: FakeChat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Archive.open(tmp_path / "none", chat_model=chat, embeddings=FakeEmbeddings()) as empty,
        pytest.raises(ArchiveMissing, match="onrecord ingest"),
    ):
        evaluate(empty, CASES, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    for name, error in (("local:/nowhere.gguf", ModelMissing), ("nonsense", UsageError)):
        with (
            Archive.open(ports.path, chat_model=name, embeddings=FakeEmbeddings()) as other,
            pytest.raises(error, match=r"nowhere\.gguf|extractive"),
        ):
            evaluate(other, CASES, out=tmp_path / name.partition(":")[0])
        assert not (tmp_path / name.partition(":")[0] / "report.json").exists()


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_in_the_middle_that_befalls_all_keeps_the_rows_done(
    ports: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    true_search = Archive.search

    def search(self: Archive, question: str, **options: Any) -> Any:
        if "storm0003" in question:
            raise ArchiveDamaged("The lexical index can't be read. Run: onrecord doctor --repair")
        return true_search(self, question, **options)

    monkeypatch.setattr(Archive, "search", search)
    with pytest.raises(ArchiveDamaged, match="doctor"):
        evaluate(ports, CASES, out=tmp_path / "run", workers=workers)
    kept = {r.case.id for r in read_rows(tmp_path / "run")}
    assert "s3" not in kept
    if workers == 1:
        assert kept == {"s0", "s1", "s2"}
    assert all(r.error is None for r in read_rows(tmp_path / "run"))
    monkeypatch.undo()
    assert evaluate(ports, CASES, out=tmp_path / "run").errors == 0


@pytest.mark.parametrize(
    "error", [RuntimeError("no such luck"), MemoryError(), sqlite3.OperationalError("locked"), RecursionError("deep")]
)
def test_any_other_error_is_the_rows_own(ports: Archive, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    true_search = Archive.search

    def search(self: Archive, question: str, **options: Any) -> Any:
        if "storm0001" in question:
            raise error
        return true_search(self, question, **options)

    monkeypatch.setattr(Archive, "search", search)
    good, bad, last = rows_of(ports, *CASES[:3], workers=1)
    assert (good.error, last.error) == (None, None)
    assert bad.error == f"{type(error).__name__}: {error}"


def test_hostile_questions_are_rows(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    cases = [
        EvalCase(id="empty", question=""),
        EvalCase(id="blank", question=" \n\t "),
        EvalCase(id="long", question="How? " * 1000),
        EvalCase(id="query", question='AND OR NOT title:( "x" ]^~* \\ --'),
        EvalCase(id="controls", question="How many \x00\x1b boats had storm0002 damaged?\x9b"),
        EvalCase(
            id="surrogates", question="How many \ud800 boats had storm0003 \udfff damaged?", answers=("\ud83d 13",)
        ),
        EvalCase(id="id \ud800", question="How many boats had storm0004 damaged?", within=("story-4", "\udc00")),
        EvalCase(id="relevant", question="storm", relevant={"\ud800": 1, "": 1, "a" * 10_000: 1, "'; DROP": 1}),
        storm(5),
    ]
    report = evaluate(ports, cases, out=tmp_path / "run", workers=1)
    rows = {r.case.id: r for r in read_rows(tmp_path / "run")}
    errors = {ident: r.error.partition(":")[0] for ident, r in rows.items() if r.error}
    assert errors == {"empty": "UsageError", "blank": "UsageError", "long": "UsageError"}
    assert report.errors == 3
    assert "4000 is the most" in str(rows["long"].error)
    assert rows["surrogates"].case.question == "How many ? boats had storm0003 ? damaged?"
    for ident in ("controls", "surrogates", "id ?", "s5"):
        answer = rows[ident].answer
        assert answer is not None and answer.answered, ident
    assert len(rows["relevant"].absent) == 4
    calls = len(chat.seen)
    assert timeless(evaluate(ports, cases, out=tmp_path / "run", workers=1)) == timeless(report)
    assert len(chat.seen) == calls, "the failed ones never came to the model"


@pytest.mark.parametrize(
    "reply", [RuntimeError("half a pair: \ud83d"), "A storm \ud83d sank [1]"], ids=["raised", "said"]
)
def test_half_a_surrogate_pair_from_a_model_is_stored_as_a_question_mark(
    ports: Archive, chat: FakeChat, tmp_path: Path, reply: Any
) -> None:
    chat.replies = [reply]
    report = evaluate(ports, [storm(1)], out=tmp_path / "run")
    (r,) = read_rows(tmp_path / "run")
    assert "?" in (r.error or r.answer.withheld[0].text)  # type: ignore[union-attr]
    assert reports.read(tmp_path / "run") == report


# -- several at once -------------------------------------------------------------------


def test_four_at_once_make_the_same_report(ports: Archive, chat: FakeChat) -> None:
    guard, at_once, most = threading.Lock(), 0, 0

    def reply(messages: list[BaseMessage]) -> Any:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.03)
        with guard:
            at_once -= 1
        asked = str(messages[-1].text).rpartition("Question:")[2]
        return ValueError("no") if "storm0003" in asked else "NOT FOUND" if "storm0005" in asked else says(messages)

    chat.replies = reply
    cases = [storm(i, tags=("even" if i % 2 == 0 else "odd",)) for i in range(8)]
    alone = evaluate(ports, cases, workers=1)
    assert most == 1
    together = evaluate(ports, cases, workers=4)
    assert most > 1
    assert timeless(together) == timeless(alone)
    assert alone.errors == 1
    most = 0
    assert timeless(evaluate(ports, cases)) == timeless(alone)
    assert most > 1, "a model of a service is asked several at once by default"


# -- what the check says of an answer ----------------------------------------------------


def answering(archive: Archive, monkeypatch: pytest.MonkeyPatch, *claims: tuple[str, Sequence[str]]) -> Answer:
    """Have the archive answer with these sentences, each citing these quotes of the bridge article."""
    article = archive.get("bridge")
    text, citations, numbers = "", [], {}
    for claim, quotes in claims:
        start = len(text) + bool(text)
        text += f"{' ' if text else ''}{claim} "
        for quote in quotes:
            number = numbers.setdefault(quote, len(numbers) + 1)
            at = article.text.index(quote)
            text += f"[{number}]"
            citations.append(
                Citation(
                    number=number,
                    article_id=article.id,
                    title=article.title,
                    source=article.source,
                    published=article.published,
                    quote=quote,
                    start=at,
                    end=at + len(quote),
                    claim=(start, start + len(claim)),
                    support="supported",
                )
            )
    asked = archive.ask("Why will the Old Harbour Bridge close?")
    made = asked.model_copy(
        update={"text": text, "citations": tuple(citations), "answered": True, "reason": None, "confidence": 0.9}
    )
    monkeypatch.setattr(archive, "ask", lambda *_, **__: made)
    return made


BOTH = (
    "The bridge will close to cars for eleven weeks from 7 June: engineers found cracks in two of the nine piers "
    "during an inspection."
)
WRONG = "Engineers found cracks in three of the nine piers during an inspection in March."


def test_the_check_is_asked_again_of_every_sentence_and_citation(
    ports: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(
        ports, monkeypatch, (SECOND, [SECOND, THIRD]), (WRONG, [SECOND]), (BOTH, [FIRST, SECOND]), (THIRD, [THIRD])
    )
    case = EvalCase(
        id="1",
        question="Why will the Old Harbour Bridge close?",
        evidence=(
            "engineers found cracks\nin two of the nine piers  during an inspection in March",
            '"We would rather close it now than be sorry later," said Maren Holt, the authority\'s director',
            "Nobody has this sentence in any article at all.",
        ),
    )
    (r,) = rows_of(ports, case)
    assert r.error is None
    assert [c.text for c in r.claims] == [SECOND, WRONG, BOTH, THIRD]
    assert [c.supported for c in r.claims] == [True, False, True, True]
    assert [c.needed for c in r.claims] == [(True, False), (False,), (True, True), (True,)]
    assert [c.gold for c in r.claims] == [(True, True), (True,), (False, True), (True,)]
    assert r.gold_cited == (True, True, False)
    assert len(r.contexts) == 6
    assert all(c.verbatim for c in r.contexts)
    assert (r.contexts[0].before, r.contexts[0].after) == (f"{FIRST} ", f" {THIRD}")
    assert (r.contexts[3].before, r.contexts[3].after) == ("", f" {SECOND} {THIRD}")

    report = evaluate(ports, [case])
    assert report.score("citation_recall") == pytest.approx(3 / 4)
    assert report.score("citation_precision") == pytest.approx(4 / 6)
    assert report.score("gold_precision") == pytest.approx(5 / 6)
    assert report.score("gold_recall") == pytest.approx(2 / 3)
    assert report.score("quote_verbatim") == 1.0


def test_citations_that_each_say_it_alone_are_both_needed(ports: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(ports, monkeypatch, (SECOND, [SECOND, f"{SECOND} {THIRD}", FIRST]))
    (r,) = rows_of(ports, EvalCase(id="1", question="What was found?"))
    assert [c.needed for c in r.claims] == [(True, True, False)]


def test_a_quote_in_another_place_is_not_verbatim(ports: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    made = answering(ports, monkeypatch, (SECOND, [SECOND]))
    moved = made.citations[0].model_copy(update={"start": made.citations[0].start + 1})
    monkeypatch.setattr(ports, "ask", lambda *_, **__: made.model_copy(update={"citations": (moved,)}))
    (r,) = rows_of(ports, EvalCase(id="1", question="Why?"))
    assert [c.verbatim for c in r.contexts] == [False]
    assert evaluate(ports, [r.case]).score("quote_verbatim") == 0.0


def test_what_stands_around_a_citation_is_cut(ports: Archive, chat: FakeChat, tmp_path: Path) -> None:
    text = f"{'Before it rained. ' * 60}{SECOND} {'After it snowed. ' * 60}".strip()
    ports.ingest(write_rows(tmp_path / "long.jsonl", row("long", text)))
    ports.delete("bridge")
    chat.replies = [f"{SECOND} [1]"]
    (r,) = rows_of(ports, EvalCase(id="1", question="What did engineers find in the piers during an inspection?"))
    (context,) = r.contexts
    assert len(context.before) == len(context.after) == case_runner.AROUND
    assert f"{context.before}{SECOND}{context.after}" in text


def test_an_answer_whose_article_changes_meanwhile_is_judged_by_what_it_cites(
    ports: Archive, chat: FakeChat, tmp_path: Path
) -> None:
    def reply(messages: list[BaseMessage]) -> str:
        ports.ingest(write_rows(tmp_path / "b.jsonl", row("bridge", "The bridge will stay open after all.")))
        return f"{SECOND} [1]"

    chat.replies = reply
    case = EvalCase(
        id="1",
        question="What did engineers find in the piers of the bridge?",
        evidence=(SECOND,),
        relevant={"bridge": 1},
    )
    (r,) = rows_of(ports, case)
    assert r.error is None
    assert r.answer is not None and r.answer.answered
    assert r.answer.citations[0].article_id != ports.get("bridge").id
    assert [c.supported for c in r.claims] == [True]
    assert r.gold_cited == (True,)
    assert r.contexts[0].verbatim
    assert r.contexts[0].before == f"{FIRST} "


def test_an_answer_whose_article_is_taken_down_meanwhile_is_an_error(
    ports: Archive, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.replies = [f"{SECOND} [1]"]
    true_ask = ports.ask

    def ask(*args: Any, **options: Any) -> Answer:
        answer = true_ask(*args, **options)
        assert answer.answered
        ports.delete("bridge")
        return answer

    monkeypatch.setattr(ports, "ask", ask)
    case = EvalCase(id="1", question="What did engineers find in the piers of the bridge?")
    (r,) = rows_of(ports, case)
    assert r.error is not None and r.error.startswith("ArticleMissing")
    assert r.answer is None
    assert r.found


def test_a_refusal_claims_nothing(ports: Archive) -> None:
    (r,) = rows_of(ports, EvalCase(id="1", question="Who won the cup?", answerable=False, evidence=(SECOND,)))
    assert r.answer is not None and not r.answer.answered
    assert (r.claims, r.contexts, r.gold_cited) == ((), (), (False,))
    assert evaluate(ports, [r.case]).score("refusal_recall") == 1.0


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("“It rained,” he said.", '"It rained" - he said', True),
        ("İt’s  Straße", "i̇ts strasse", True),
        ("He met the minister in Oslo", "On Monday he met the minister in Oslo for talks.", True),
        ("in Oslo", "On Monday he met the minister in Oslo.", False),
        ("", "On Monday he met the minister in Oslo.", False),
        ("习近平会见布林肯。", "习近平会见布林肯", True),
        ("He met the minister", "He met the ministers", False),
    ],
)
def test_when_two_sentences_are_the_same(one: str, other: str, alike: bool) -> None:
    assert same_sentence(letters_and_digits(one), letters_and_digits(other)) is alike
    assert same_sentence(letters_and_digits(other), letters_and_digits(one)) is alike
