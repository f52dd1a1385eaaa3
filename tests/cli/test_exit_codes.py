"""Exit codes: every command keeps to what ``onrecord --help`` says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from rag.cli import app


class Call(NamedTuple):
    """A command as somebody calls it who makes no mistake."""

    args: tuple[str, ...] = ()
    code: int = 0
    """Of an archive with six articles."""
    missing: int | None = 1
    """Where no archive is; None: the command makes one, runs on, or asks for none."""
    nothing: tuple[str, ...] | None = None
    """Options with which nothing is found, which is 3."""


NOWHEN = ("--after", "1990-01-01", "--before", "1990-02-01", "--dated")
CALLS: dict[str, Call] = {
    "ask": Call(("How many boats did storm0002 damage?",), nothing=NOWHEN),
    "search": Call(("storm0002",), nothing=NOWHEN),
    "find": Call(("storm0002",), nothing=NOWHEN),
    "quotes": Call(code=3, nothing=NOWHEN),
    "timeline": Call(("storm",), code=3, nothing=NOWHEN),
    "list": Call(nothing=NOWHEN[:4]),
    "show": Call(("story-1",)),
    "delete": Call(("story-1", "--yes")),
    "mend": Call(("story-1", "--title", "Another")),
    "ingest": Call(("{rows}",), missing=None),
    "stats": Call(),
    "doctor": Call(),
    "backup": Call(("{new}",)),
    "restore": Call(("{new}",), code=2, missing=None),
    "migrate": Call(("--to-vectors", "embedded"), code=2),
    "export": Call(("{new}",)),
    "mcp": Call(code=-1),
    "serve": Call(code=-1, missing=None),
    "ui": Call(code=-1, missing=None),
    "collections list": Call(),
    "collections make": Call(("a",)),
    "collections rename": Call(("a", "b"), code=1),
    "collections add": Call(("a", "story-1"), code=1),
    "collections remove": Call(("a", "story-1"), code=1),
    "collections drop": Call(("a",), code=1),
    "eval run": Call(("{cases}", "--out", "{new}")),
    "sources list": Call(),
    "sources add": Call(("{folder}",), missing=None),
    "sources sync": Call(code=2),
    "sources pause": Call(("a",), code=1),
    "sources resume": Call(("a",), code=1),
    "sources remove": Call(("a",), code=1),
    "sources log": Call(),
}
WITHOUT = ("check", "formats", "models", "config", "password", "eval compare")
WITHOUT += ("users add", "users list", "users remove", "users role")
"""Commands that take no archive."""


def commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name, one in (group or typer.main.get_command(app)).commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*before, name))
        else:
            yield " ".join((*before, name))


def test_the_table_has_every_command() -> None:
    assert {*CALLS, *WITHOUT} == set(commands())


def test_the_help_says_what_they_mean(cli: Any) -> None:
    told = " ".join(cli("--help").out.replace("│", " ").split())
    assert "Exit codes: 0 done. 1 an error, told in one line. 2 wrong usage" in told and "3 nothing found" in told


@pytest.mark.parametrize("command", [*CALLS, *WITHOUT])
def test_an_option_that_there_is_not_is_2(cli: Any, command: str) -> None:
    assert cli(*command.split(), "--no-such-option").code == 2


@pytest.fixture
def call(cli: Any, ports: Path, tmp_path: Path) -> Any:
    (tmp_path / "folder").mkdir()
    (tmp_path / "rows.jsonl").write_text(json.dumps({"title": "Tram", "text": "The tram was approved."}) + "\n")
    (tmp_path / "cases.jsonl").write_text(json.dumps({"id": "1", "question": "Was the tram approved?"}) + "\n")
    names = {"rows": tmp_path / "rows.jsonl", "cases": tmp_path / "cases.jsonl", "new": tmp_path / "new"}

    def run(command: str, archive: Path, *more: str) -> Any:
        args = [a.format(folder=tmp_path / "folder", **names) for a in CALLS[command].args]
        return cli(*command.split(), *args, *more, "--archive", archive)

    return run


@pytest.mark.parametrize("command", CALLS)
def test_a_file_for_an_archive_is_2(call: Any, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("words")
    done = call(command, tmp_path / "file")
    assert done.code == 2 and "Traceback" not in done.err, done.err
    told = "is no backup" if command == "restore" else "is a file, and an archive is a folder"
    assert told in done.err
    assert done.out == "" and len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize("command", [name for name, one in CALLS.items() if one.missing is not None])
def test_no_archive_is_1(call: Any, tmp_path: Path, command: str) -> None:
    done = call(command, tmp_path / "none")
    assert done.code == CALLS[command].missing and "onrecord ingest" in done.err, done.err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", [name for name, one in CALLS.items() if one.code >= 0])
def test_what_makes_sense(call: Any, ports: Path, command: str) -> None:
    done = call(command, ports)
    assert done.code == CALLS[command].code, (done.out, done.err)


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("command", [name for name, one in CALLS.items() if one.nothing is not None])
def test_nothing_found_is_3(call: Any, ports: Path, command: str, form: tuple[str, ...]) -> None:
    done = call(command, ports, *(CALLS[command].nothing or ()), *form)
    assert done.code == 3, (done.out, done.err)
    assert not form or json.loads(done.out) is not None
