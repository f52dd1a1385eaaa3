"""Running cases: which of them, what a run knows of its origin, errors, several at once."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import timeless
from langchain_core.messages import BaseMessage

from rag import Archive, EvalCase, evaluate, load_cases
from rag.errors import ArchiveDamaged, ArchiveMissing, ModelMissing, UsageError
from rag.evaluation import report as reports
from rag.evaluation.rows import read_rows
from rag.testing import FakeChat, FakeEmbeddings

from .storms import CASES, rows_of, says, storm, with_settings

pytestmark = pytest.mark.usefixtures("no_charts")

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
        assert r.timings_ms.keys() == {"search"}


def test_the_ranking_is_deeper_than_what_the_answer_is_given(ports: Archive) -> None:
    (r,) = rows_of(with_settings(ports, k=2), storm(3))
    assert r.answer is not None
    assert len(r.answer.hits) == 2
    assert len(r.found) == 9
    assert [f.passage for f in r.found[:2]] == [h.passage.id for h in r.answer.hits]
    assert {"search", "retrieve", "answer", "total", "write", "brief"} <= r.timings_ms.keys()


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
            pytest.raises(error, match=r"nowhere\.gguf|none, or"),
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
    assert "4,000 is the most" in str(rows["long"].error)
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
    told = r.error or " ".join([r.answer.text, *(w.text for w in r.answer.withheld)])  # type: ignore[union-attr]
    assert "?" in told, "shown or withheld, as the check has it"
    assert reports.read(tmp_path / "run") == report


# -- several at once -------------------------------------------------------------------


def test_four_at_once_make_the_same_report(ports: Archive, chat: FakeChat) -> None:
    guard, at_once, most, company = threading.Condition(), 0, 0, False

    def reply(messages: list[BaseMessage]) -> Any:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
            guard.notify_all()
            guard.wait_for(lambda: not company or most > 1, timeout=5)  # reading takes longer than this model does
            at_once -= 1
        asked = str(messages[-1].text).rpartition("Question:")[2]
        return ValueError("no") if "storm0003" in asked else "NOT FOUND" if "storm0005" in asked else says(messages)

    chat.replies = reply
    cases = [storm(i, tags=("even" if i % 2 == 0 else "odd",)) for i in range(8)]
    alone = evaluate(ports, cases, workers=1)
    assert most == 1
    company = True
    together = evaluate(ports, cases, workers=4)
    assert most > 1
    assert timeless(together) == timeless(alone)
    assert alone.errors == 1
    most = 0
    assert timeless(evaluate(ports, cases)) == timeless(alone)
    assert most > 1, "a model of a service is asked several at once by default"
