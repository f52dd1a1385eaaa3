"""Lists, explained scores, conversations, completion, and variables that set nothing."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.commands import LINE, QUESTION
from helpers import Done, row, write_rows

from rag.cli import conversing
from rag.testing import FakeChat


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# -- list --------------------------------------------------------------------------------


def test_list_filters_and_sorts(cli: Any, tmp_path: Path) -> None:
    source = write_rows(
        tmp_path / "a.jsonl",
        row("a", "The strike at the port began.", title="Began", source="North", published="2023-05-31"),
        row("b", "The strike at the port ended at last.", title="Ended", source="South", published="2023-06-05"),
        row("c", "The strike is undated.", title="Zero\x1b[2J", author="Ada"),
    )
    cli("ingest", source, "--archive", tmp_path / "x")

    def titles(*args: str) -> list[str]:
        done = cli("list", "--archive", tmp_path / "x", "--json", *args)
        assert done.code == 0, done.err
        return [a["title"][:5] for a in json.loads(done.out)["articles"]]

    assert titles()[:2] == ["Ended", "Began"] and len(titles()) == 3
    assert titles("--order", "oldest")[:2] == ["Began", "Ended"]
    assert titles("--order", "longest")[0] == "Ended"
    assert titles("--after", "June 2023") == ["Ended"]
    assert titles("--before", "1 June 2023") == ["Began"]
    assert titles("--source", "the north") == ["Began"]
    assert titles("end") == ["Ended"]
    assert titles("--limit", "1", "--offset", "1", "--order", "title") == ["Ended"]
    done = cli("list", "--archive", tmp_path / "x")
    lines = done.out.splitlines()
    assert re.fullmatch(r"2023-06-05  [0-9a-f]{12}  Ended · South", lines[0])
    assert lines[2].startswith("no date     ") and "\x1b" not in done.out
    assert done.err == "1 to 3 of 3 articles\n"
    assert cli("show", lines[0].split()[1], "--archive", tmp_path / "x").code == 0, "the id is enough to show it"
    none = cli("list", "nothing", "--archive", tmp_path / "x")
    assert (none.code, none.out, none.err) == (3, "", "none of 0 articles\n")


# -- explained scores -----------------------------------------------------------------------


def test_explained_scores_add_up(cli: Any, ports: Path) -> None:
    plain = json.loads(cli("search", QUESTION, "--archive", ports, "--json").out)["hits"]
    found = json.loads(cli("search", QUESTION, "--archive", ports, "--json", "--explain").out)["hits"]
    assert [{k: v for k, v in hit.items() if k != "explained"} for hit in found] == plain
    for hit in found:
        told = hit["explained"]
        assert sum(one["added"] for one in told["arms"]) + told["beside"] == pytest.approx(hit["score"])
        assert told["beside"] >= -1e-9
    best = {one["arm"]: one for one in found[0]["explained"]["arms"]}
    assert best["lexical"]["rank"] == 1 and best["lexical"]["score"] > 0
    assert -1 <= best["dense"]["score"] <= 1
    shown = cli("search", QUESTION, "--archive", ports, "--explain").out
    assert re.search(r"\+0\.\d{4} lexical: rank 1 \(BM25 \d", shown)
    assert re.search(r"dense: rank \d+ \(cosine ", shown)


# -- conversations -----------------------------------------------------------------------------


def talk(cli: Any, monkeypatch: pytest.MonkeyPatch, lines: str, *args: str | Path) -> Done:
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    done: Done = cli("ask", *args)
    return done


def test_questions_from_a_pipe_are_a_conversation(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = f"{QUESTION}\n\nAnd storm0004?\n"
    done = talk(cli, monkeypatch, lines, "--archive", ports, "--model", "none", "--json")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [a["question"] for a in answers] == [QUESTION, "And storm0004?"]
    assert "storm0004" in answers[1]["query"]["standalone"] != "And storm0004?", "the follow-up is understood"
    assert done.code == (0 if all(a["answered"] for a in answers) else 3)
    assert talk(cli, monkeypatch, "", "--archive", ports).code == 0


def test_questions_of_a_pipe_stand_above_their_answers(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow = "And storm0004?"
    done = talk(cli, monkeypatch, f"{QUESTION}\n{follow}\n", "--archive", ports, "--model", "none")
    first, second = done.out.split(f"\n\n? {follow}\n")
    assert first.startswith(f"? {QUESTION}\n[1] ")
    assert "storm0004" in second
    (told,) = done.err.splitlines()  # and nothing is sent anywhere
    assert re.fullmatch(r"Searched for: .*storm0004.*", told)


def test_an_error_ends_one_question_only(
    cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch, chat: FakeChat
) -> None:
    chat.replies = [RuntimeError("it broke"), f"{LINE} [1]"]
    done = talk(cli, monkeypatch, f"{QUESTION}\n{'x' * 5000}\n{QUESTION}\n", "--archive", ports)
    assert done.code == 3
    assert "it broke" in done.err and "5,000 characters" in done.err
    assert done.out.count(LINE) >= 2
    assert "Traceback" not in done.err


def test_with_json_a_question_that_fails_has_its_line(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = f"{'x' * 5000}\n{QUESTION}\n"
    done = talk(cli, monkeypatch, lines, "--archive", ports, "--model", "none", "--json")
    failed, answered = (json.loads(line) for line in done.out.splitlines())
    assert failed["question"] == "x" * 5000 and set(failed) == {"question", "error"}
    assert failed["error"]["type"] == "UsageError" and "5,000 characters" in failed["error"]["message"]
    assert answered["question"] == QUESTION
    assert done.code == 3 and "5,000 characters" in done.err


def test_a_terminal_gets_a_prompt_and_ctrl_c_stops_an_answer(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    said: Any = iter(["one", KeyboardInterrupt(), "  ", "two", EOFError()])

    def typed(prompt: str) -> str:
        assert prompt == "? "
        line = next(said)
        if isinstance(line, BaseException):
            raise line
        return str(line)

    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr(sys, "stdin", Terminal())
    asked: list[tuple[str, bool]] = []

    def answer(question: str, again: bool) -> bool:
        asked.append((question, again))
        if question == "one":
            raise KeyboardInterrupt
        return True

    assert conversing.converse(None, answer)  # type: ignore[arg-type]
    assert asked == [("one", False), ("two", True)]
    err = capsys.readouterr().err
    assert "Ctrl-D ends" in err and "stopped" in err


# -- variables, completion -----------------------------------------------------------------------


def test_a_variable_that_sets_nothing_is_told(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_ARCHIV", "x")
    monkeypatch.setenv("ONRECORD_NONSENSE_THINGS", "x")
    monkeypatch.setenv("ONRECORD_CONFIG", "/nowhere.toml")
    monkeypatch.setenv("ONRECORD_K", "5")
    done = cli("stats", "--archive", ports)
    assert done.code == 0
    assert "ONRECORD_ARCHIV sets nothing. Did you mean ONRECORD_ARCHIVE?" in done.err
    assert "ONRECORD_NONSENSE_THINGS sets nothing. Those that do: onrecord config" in done.err
    assert len(done.err.splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "number", "expected"), [("onrecord tim", 1, "timeline"), ("onrecord list --or", 2, "--order")]
)
def test_bash_completes(words: str, number: int, expected: str) -> None:
    env = {**os.environ, "_ONRECORD_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    code = "import sys; sys.argv = ['onrecord']; from rag.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert expected in done.stdout.split(), done.stderr
