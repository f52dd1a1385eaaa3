"""The command line: help, what the commands do, exit codes, errors of one line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli.commands import LINE, QUESTION, one_line_error
from helpers import many, row, write_rows

from rag.cli import app
from rag.testing import FakeChat

COMMANDS = [
    "ask", "backup", "check", "config", "delete", "doctor", "eval", "export", "find", "formats", "ingest", "list",
    "mcp", "mend", "migrate", "models", "password", "quotes", "restore", "search", "serve", "show", "stats", "timeline",
    "ui",
]  # fmt: skip


# -- help ------------------------------------------------------------------------------


def test_the_commands_are_these() -> None:
    import typer

    group = typer.main.get_command(app)
    assert sorted(group.commands) == sorted([*COMMANDS, "collections", "sources", "users"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_every_option_says_what_it_does(command: str, cli: Any) -> None:
    import typer

    group = typer.main.get_command(app)
    found = group.commands[command]  # type: ignore[attr-defined]
    assert re.search(rf"Example: onrecord {command}\b", found.help or "")
    for parameter in found.params:
        assert getattr(parameter, "help", None), f"{command} {parameter.name}"
    done = cli(command, "--help")
    assert done.code == 0
    assert "Example: onrecord" in done.out
    assert cli(command, "-h").out == done.out
    if command not in ("check", "formats", "models", "config", "eval", "password"):
        assert "--archive" in done.out


def test_help_lists_every_command(cli: Any) -> None:
    done = cli("--help")
    assert done.code == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", done.out)


@pytest.mark.parametrize(
    "args", [[], ["nonsense"], ["search"], ["search", "x", "--nonsense"], ["ask", "x", "-k", "many"]]
)
def test_wrong_usage_is_2(cli: Any, args: list[str]) -> None:
    done = cli(*args)
    assert done.code == 2 if args else done.code in (0, 2)
    assert "Traceback" not in done.err


# -- what the commands do --------------------------------------------------------------


def test_ingest_says_what_it_did(cli: Any, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", *many(3), {"title": "no text"})
    first = cli("ingest", source, "--archive", tmp_path / "x")
    assert first.code == 5
    assert "3 added, 0 updated, 0 unchanged, 1 skipped" in first.out
    assert "a.jsonl" in first.err
    again = cli("ingest", source, "--archive", tmp_path / "x", "--json")
    report = json.loads(again.out)
    assert (report["added"], report["unchanged"], len(report["skipped"])) == (0, 3, 1)
    assert again.err == ""


def test_search_takes_filters(cli: Any, tmp_path: Path) -> None:
    source = write_rows(
        tmp_path / "a.jsonl",
        row("a", "The strike at the port began.", source="North", published="2023-05-31"),
        row("b", "The strike at the port ended.", source="South", published="2023-06-05"),
        row("c", "The strike at the port is undated.", source="South"),
    )
    cli("ingest", source, "--archive", tmp_path / "x")

    def titles(*args: str) -> set[str]:
        done = cli("search", "port strike", "--archive", tmp_path / "x", "--json", *args)
        return {h["passage"]["title"] for h in json.loads(done.out)["hits"]}

    assert titles() == {"About a", "About b", "About c"}
    assert titles("--after", "2023-06-01") == {"About b", "About c"}
    assert titles("--after", "2023-06-01", "--dated") == {"About b"}
    assert titles("--before", "1 June 2023", "--dated") == {"About a"}
    assert titles("--source", "North") == {"About a"}
    assert titles("--source", "North", "--source", "South") == {"About a", "About b", "About c"}
    assert len(titles("-k", "1")) == 1


def test_show_of_a_passage_and_of_an_older_version(cli: Any, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    cli("ingest", write_rows(tmp_path / "a.jsonl", row("k", "The tram will cost 40 million.")), "--archive", folder)
    old = json.loads(cli("show", "k", "--archive", folder, "--json").out)["id"]
    cli("ingest", write_rows(tmp_path / "a.jsonl", row("k", "The tram will cost 45 million.")), "--archive", folder)
    new = json.loads(cli("show", "k", "--archive", folder, "--json").out)["id"]
    shown = cli("show", old, "--archive", folder)
    assert "40 million" in shown.out
    assert f"onrecord show {new}" in shown.out
    passage = json.loads(cli("search", "tram", "--archive", folder, "--json").out)["hits"][0]["passage"]["id"]
    assert "45 million" in cli("show", passage, "--archive", folder).out
    assert json.loads(cli("show", passage, "--archive", folder, "--json").out)["id"] == passage


def test_an_article_whose_key_looks_like_a_passage_is_shown(cli: Any, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", row("rows.csv:12", "The tram will cost 40 million."))
    cli("ingest", source, "--archive", tmp_path / "x")
    assert "40 million" in cli("show", "rows.csv:12", "--archive", tmp_path / "x").out


def test_delete_asks_first(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = cli("delete", "story-2", "--archive", ports)
    assert done.code == 2
    assert "--yes" in done.err
    assert cli("show", "story-2", "--archive", ports).code == 0
    done = cli("delete", "story-2", "--archive", ports, "--yes")
    assert (done.code, done.out) == (0, "deleted story-2\n")
    assert cli("show", "story-2", "--archive", ports).code == 1


def test_an_export_goes_to_stdout_and_what_is_said_of_it_to_stderr(
    cli: Any, ports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("export", "-", "--archive", ports)
    assert (done.code, done.err) == (0, "6 articles written\n")
    cli("export", "out.jsonl", "--archive", ports)
    assert done.out == (tmp_path / "out.jsonl").read_text("utf-8")
    assert cli("export", "-", "--salvage", "--archive", ports).code == 2
    assert not (tmp_path / "-").exists()
    ingest = cli("ingest", "-", "--archive", ports)
    assert ingest.code == 2 and "are read from files, not from standard input. Write them to one" in ingest.err


def test_who_names_a_new_outlet_to_mend_an_article_is_told_how(cli: Any, ports: Path) -> None:
    done = cli("mend", "story-1", "--source", "Anchor", "--archive", ports)
    assert done.code == 2
    assert "There is no such outlet" in done.err and "--to-source sets their outlet" in done.err


def test_doctor_says_what_is_wrong_and_mends_it(cli: Any, ports: Path) -> None:
    assert cli("doctor", "--archive", ports).code == 0
    next(ports.glob("lexical-*")).rename(ports.parent / "gone")
    done = cli("doctor", "--archive", ports)
    assert done.code == 1
    assert done.out.startswith("lexical: ") and "meta.json is gone" in done.out
    assert "--repair" in done.err
    assert [p["store"] for p in json.loads(cli("doctor", "--archive", ports, "--json").out)] == ["lexical"]
    assert cli("doctor", "--repair", "--archive", ports).code == 0
    assert cli("doctor", "--archive", ports).out == "All three stores agree.\n"


def test_stats_and_config(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = cli("stats", "--archive", ports)
    assert "6 (0 older versions kept)" in done.out
    monkeypatch.setenv("ONRECORD_K", "17")
    done = cli("config")
    assert "(not set: the archive's folder)" in done.out
    assert not re.search(r"^\w+ *$", done.out, re.MULTILINE), "no value is left blank"
    assert re.search(r"^k +17$", done.out, re.MULTILINE)
    assert "ONRECORD_K" in done.out
    assert "settings file" in done.out


def test_models_says_where_they_are_and_downloads_nothing(cli: Any, user_environment: Path) -> None:
    done = cli("models")
    assert done.code == 0, done.err
    assert "embedding" in done.out
    assert "language" in done.out
    assert sum(f.stat().st_size for f in user_environment.rglob("*") if f.is_file()) < 1_000_000


# -- errors ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["search", "x", "--archive", "{none}"], 1, "onrecord ingest"),
        (["ask", "x", "--archive", "{none}"], 1, "onrecord ingest"),
        (["stats", "--archive", "{none}"], 1, "onrecord ingest"),
        (["doctor", "--archive", "{none}"], 1, "onrecord ingest"),
        (["doctor", "--repair", "--archive", "{none}"], 1, "onrecord ingest"),
        (["doctor", "--rebuild", "--archive", "{none}"], 1, "onrecord ingest"),
        (["delete", "x", "--yes", "--archive", "{none}"], 1, "onrecord ingest"),
        (["show", "x", "--archive", "{none}"], 1, "onrecord ingest"),
        (["show", "nobody", "--archive", "{ports}"], 1, "nobody"),
        (["show", "nobody:3", "--archive", "{ports}"], 1, "nobody"),
        (["delete", "nobody", "--yes", "--archive", "{ports}"], 1, "nobody"),
        (["ingest", "/nowhere/at/all", "--archive", "{none}"], 1, "/nowhere/at/all"),
        (["ingest", "*.nothing", "--archive", "{none}"], 1, "*.nothing"),
        (["ingest", "https://example.org/a", "--archive", "{none}"], 1, "https://example.org/a"),
        (["ingest", "--archive", "{none}"], 2, "--sample"),
        (["ingest", "{file}", "--field", "text", "--archive", "{none}"], 2, "text=body"),
        (
            ["ingest", "{file}", "--field", "nope=title", "--archive", "{none}"],
            2,
            "no field 'nope'; there are key, title",
        ),
        (["ingest", "{file}", "--field", "headline=title", "--archive", "{none}"], 2, "Did you mean `title`?"),
        (["ingest", "{file}", "--dry-run", "--field", "txt=title", "--archive", "{none}"], 2, "Did you mean `text`?"),
        (["find", "foo:bar", "--archive", "{ports}"], 2, "no field 'foo'; there are title, author"),
        (["find", "publisher:post", "--archive", "{ports}"], 2, "Did you mean `outlet`?"),
        (["ingest", "{file}", "--archive", "{file}"], 2, "--archive"),
        (["search", "x", "--archive", "{file}"], 2, "is a file"),
        (["search", "x", "--archive", "{ports}", "--after", "the day after"], 2, "2023-06-18"),
        (["search", "x", "--archive", "{ports}", "--before", ""], 2, "2023-06-18"),
        (["search", "x", "--archive", "{ports}", "--after", "2023-02-30"], 2, "2023-06-18"),
        (["search", "x", "--archive", "{ports}", "--after", "2023-06-02", "--before", "2023-06-01"], 2, "before"),
        (["search", "x", "--archive", "{ports}", "-k", "0"], 2, "k is 0"),
        (["search", "", "--archive", "{ports}"], 2, "empty"),
        (["search", "x", "--archive", "{ports}", "--source", "Outlet 9"], 2, "Did you mean 'Outlet"),
        (["ask", "x", "--archive", "{ports}", "--source", "Nowhere"], 2, "There are: Outlet 0 (2), Outlet 1 (2)"),
        (["quotes", "--archive", "{ports}", "--source", "Nowhere"], 2, "There are: Outlet 0 (2)"),
        (["timeline", "x", "--archive", "{ports}", "--source", "Nowhere"], 2, "There are: Outlet 0 (2)"),
        (["search", "x", "--archive", "{ports}", "--after", "03/04/2023"], 2, "2023-03-04 or 2023-04-03"),
        (["list", "--archive", "{none}"], 1, "onrecord ingest"),
        (["list", "--archive", "{ports}", "--source", "Nowhere"], 2, "There are: Outlet 0 (2)"),
        (["list", "--archive", "{ports}", "--order", "size"], 2, "newest, oldest"),
        (["list", "--archive", "{ports}", "--limit", "1001"], 2, "limit is 1001"),
        (["ask", "--archive", "{none}"], 1, "onrecord ingest"),
        (["quotes", "--archive", "{none}"], 1, "onrecord ingest"),
        (["quotes", "--archive", "{ports}", "--limit", "0"], 2, "limit is 0"),
        (["timeline", "", "--archive", "{ports}"], 2, "A timeline is about a name, or a story in a few words; nothing"),
        (["timeline", "?!", "--archive", "{ports}"], 2, "'?!' has no words"),
        (["timeline", "x", "--archive", "{none}"], 1, "onrecord ingest"),
        (["sources", "list", "--archive", "{none}"], 1, "onrecord ingest"),
        (["sources", "sync", "--archive", "{none}"], 1, "onrecord ingest"),
        (["sources", "pause", "x", "--archive", "{none}"], 1, "onrecord ingest"),
        (["sources", "log", "--archive", "{none}"], 1, "onrecord ingest"),
        (["collections", "list", "--archive", "{none}"], 1, "onrecord ingest"),
        (["collections", "rename", "x", "y", "--archive", "{none}"], 1, "onrecord ingest"),
        (["mend", "--log", "--archive", "{none}"], 1, "onrecord ingest"),
        (["mcp", "--archive", "{none}"], 1, "onrecord ingest"),
        (["timeline", "x", "--archive", "{ports}", "--limit", "0"], 2, "limit is 0"),
        (["timeline", "x", "--archive", "{ports}", "--csv", "--json"], 2, "choose one"),
        (["ask", "x", "--archive", "{ports}", "--model", "nonsense"], 2, "none, or"),
        (["ask", "x", "--archive", "{ports}", "--model", "openai:gpt-5"], 1, "onrecord[openai]"),
        (["ask", "x", "--archive", "{ports}", "--model", "local:/nowhere.gguf"], 1, "/nowhere.gguf"),
    ],
)
def test_errors_are_one_line_and_say_what_to_do(
    cli: Any, ports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], code: int, says: str
) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)  # as where it is not installed
    file = tmp_path / "file.jsonl"
    file.write_text('{"title": "T", "text": "x"}\n')
    places = {"{none}": tmp_path / "none", "{ports}": ports, "{file}": file}
    done = cli(*(places.get(a, a) for a in args))
    err = " ".join(one_line_error(done, code).split())
    assert says in err
    assert not (tmp_path / "none").exists()


def test_a_corrupted_archive_is_one_line(cli: Any, ports: Path) -> None:
    file = ports / "catalog.sqlite"
    for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (ports / name).unlink(missing_ok=True)
    file.write_bytes(b"no longer a database " * 1000)
    for args in (
        ["search", "storm"],
        ["ask", "storm"],
        ["stats"],
        ["doctor"],
        ["doctor", "--repair"],
        ["show", "story-1"],
    ):
        assert "backup" in one_line_error(cli(*args, "--archive", ports), 1)


def test_a_catalog_with_torn_pages_is_one_line(cli: Any, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    cli("ingest", write_rows(tmp_path / "a.jsonl", *many(60)), "--archive", folder)
    file = folder / "catalog.sqlite"
    content = bytearray(file.read_bytes())
    for at in range(8192, len(content) - 4096, 4096):
        content[at : at + 200] = b"\xff" * 200
    file.write_bytes(content)
    for args in (["search", "storm"], ["stats"], ["show", "story-1"]):
        one_line_error(cli(*args, "--archive", folder), 1)


def test_settings_that_make_no_sense_are_2(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_K", "lots")
    for args in (["config"], ["stats"], ["ask", "x"], ["models"]):
        err = one_line_error(cli(*args), 2)
        assert "'k'" in err


def test_a_models_failure_is_one_line(cli: Any, ports: Path, chat: FakeChat) -> None:
    chat.replies = [RuntimeError("it broke\nin two")]
    done = cli("ask", QUESTION, "--archive", ports)
    assert LINE in done.out, "the quotes are there by then"
    assert "it broke" in one_line_error(replace(done, out=""), 1)


def test_text_that_leaves_the_machine_is_announced(
    cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch, chat: FakeChat
) -> None:
    from rag.answer import answerer

    monkeypatch.setattr(answerer.chat, "chat_model", lambda name, settings: chat)
    done = cli("ask", QUESTION, "--archive", ports, "--model", "openai:gpt-5")
    assert done.code == 0
    assert "sent to openai:gpt-5" in done.err
    assert "sent to" not in cli("ask", QUESTION, "--archive", ports).err


def test_a_timeline_of_nothing_ends_as_a_refusal_does(cli: Any, ports: Path) -> None:
    for form in ((), ("--json",), ("--csv",), ("--markdown",)):
        assert cli("timeline", "Zzzyx", "--archive", ports, *form).code == 3
