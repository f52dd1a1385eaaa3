"""The command line: help, exit codes, streams, and that nothing in an article commands the terminal."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, Done, command_line, fill, many, onrecord, python, row, write_rows
from said import forget_quotes, put_quotes

from rag import Archive
from rag.cli import app
from rag.cli.printing import print_time
from rag.cli.terminal import rich_console
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Time

COMMANDS = [
    "ask", "config", "delete", "doctor", "eval", "ingest", "models", "password", "quotes", "search", "serve", "show",
    "stats", "ui",
]  # fmt: skip
LINE = "A storm named storm0002 had damaged 12 boats."
QUESTION = "How many boats had storm0002 damaged?"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chat: FakeChat) -> Any:
    """The command line within this process, with fakes for the models."""
    return command_line(monkeypatch, capsys, chat)


@pytest.fixture
def ports(cli: Any, chat: FakeChat, tmp_path: Path) -> Path:
    """An archive of six storms."""
    chat.replies = [f"{LINE} [1]"]
    with Archive.open(tmp_path / "ports", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(6))
    return tmp_path / "ports"


def one_line_error(done: Any, code: int) -> str:
    err = done.err if isinstance(done, Done) else done.stderr
    out = done.out if isinstance(done, Done) else done.stdout
    assert (done.code if isinstance(done, Done) else done.returncode) == code, err
    assert out == ""
    assert "Traceback" not in err
    lines = err.strip().splitlines()
    if code == 1:
        assert len(lines) == 1, err
        assert lines[0].startswith("onrecord: ")
    return err


# -- help ------------------------------------------------------------------------------


def test_the_commands_are_these() -> None:
    import typer

    group = typer.main.get_command(app)
    assert sorted(group.commands) == COMMANDS  # type: ignore[attr-defined]


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
    if command not in ("models", "config", "eval", "password"):
        assert "--archive" in done.out


def test_help_lists_every_command(cli: Any) -> None:
    done = cli("--help")
    assert done.code == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", done.out)


@pytest.mark.parametrize("args", [[], ["nonsense"], ["ask"], ["search", "x", "--nonsense"], ["ask", "x", "-k", "many"]])
def test_wrong_usage_is_2(cli: Any, args: list[str]) -> None:
    done = cli(*args)
    assert done.code == 2 if args else done.code in (0, 2)
    assert "Traceback" not in done.err


# -- what the commands do --------------------------------------------------------------


def test_ingest_says_what_it_did(cli: Any, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", *many(3), {"title": "no text"})
    first = cli("ingest", source, "--archive", tmp_path / "x")
    assert first.code == 0
    assert "3 added, 0 updated, 0 unchanged, 1 skipped" in first.out
    assert "a.jsonl" in first.err
    again = cli("ingest", source, "--archive", tmp_path / "x", "--json")
    report = json.loads(again.out)
    assert (report["added"], report["unchanged"], len(report["skipped"])) == (0, 3, 1)
    assert again.err == ""


def test_ask_prints_the_answer_and_the_words_that_support_it(cli: Any, ports: Path) -> None:
    done = cli("ask", QUESTION, "--archive", ports)
    assert done.code == 0, done.err
    first, *rest = done.out.split("\n\n", 1)
    assert first == f"{LINE} [1]"
    assert f"[1] {LINE}" in rest[0]
    assert "Storm at Port 2 · Outlet 2" in rest[0]
    assert "\x1b" not in done.out + done.err


def test_ask_prints_who_disagrees(cli: Any, chat: FakeChat, tmp_path: Path) -> None:
    rows = [
        row(
            f"bridge-{cost}",
            f"The Harbour Bridge in Kellmouth will cost £{cost} million, the council said.",
            published=when,
        )
        for cost, when in ((84, "2023-03-01"), (97, "2023-11-01"))
    ]
    cli("ingest", write_rows(tmp_path / "a.jsonl", *rows), "--archive", tmp_path / "x")
    done = cli(
        "ask",
        "How much will the Harbour Bridge in Kellmouth cost?",
        "--archive",
        tmp_path / "x",
        "--model",
        "extractive",
    )
    assert done.code == 0, done.err
    assert "Sources disagree: £" in done.out
    assert re.search(r"About bridge-\d+ · \d+ \w+ 2023 \((newer|older)\)", done.out)


def test_a_refusal_is_3_with_the_nearest_passages(cli: Any, ports: Path, chat: FakeChat) -> None:
    chat.replies = ["NOT FOUND"]
    done = cli("ask", QUESTION, "--archive", ports)
    assert done.code == 3
    assert "does not answer this question" in done.out
    assert LINE in done.out
    data = json.loads(cli("ask", QUESTION, "--archive", ports, "--json").out)
    assert (data["answered"], data["reason"], data["citations"]) == (False, "not_in_archive", [])


def test_what_is_withheld_goes_to_stderr(cli: Any, ports: Path, chat: FakeChat) -> None:
    chat.replies = [f"A storm named storm0002 had damaged 99 boats. [1]\n{LINE} [1]"]
    done = cli("ask", QUESTION, "--archive", ports)
    assert done.code == 0
    assert "99 boats" not in done.out
    assert "99 boats" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ["ask", QUESTION],
        ["ask", "Who won?", "--model", "extractive"],
        ["search", "storm"],
        ["search", "storm", "--source", "Nowhere"],
        ["show", "story-2"],
        ["stats"],
        ["doctor"],
        ["doctor", "--repair"],
        ["doctor", "--rebuild"],
    ],
)
def test_json_is_all_there_is_on_stdout(cli: Any, ports: Path, args: list[str]) -> None:
    done = cli(*args, "--archive", ports, "--json")
    assert done.code in (0, 3), done.err
    json.loads(done.out)
    assert done.out.lstrip()[0] in "[{"


def test_json_of_the_commands_without_an_archive(cli: Any) -> None:
    assert "k" in json.loads(cli("config", "--json").out)
    rows = json.loads(cli("models", "--json").out)
    assert {r["role"] for r in rows} == {"embedding", "language"}


def test_the_json_of_ask_has_the_documented_names(cli: Any, ports: Path) -> None:
    data = json.loads(cli("ask", QUESTION, "--archive", ports, "--json").out)
    assert data["schema"] == 1
    assert data["answered"] is True
    assert data["text"] == f"{LINE} [1]"
    cited = data["citations"][0]
    article = json.loads(cli("show", cited["article_id"], "--archive", ports, "--json").out)
    assert article["text"][cited["start"] : cited["end"]] == cited["quote"] == LINE


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
        return {h["passage"]["title"] for h in json.loads(done.out)}

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
    passage = json.loads(cli("search", "tram", "--archive", folder, "--json").out)[0]["passage"]["id"]
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


def test_doctor_says_what_is_wrong_and_mends_it(cli: Any, ports: Path) -> None:
    assert cli("doctor", "--archive", ports).code == 0
    shutil.rmtree(next(ports.glob("lexical-*")))
    done = cli("doctor", "--archive", ports)
    assert done.code == 1
    assert "lexical: 6 passages are missing" in done.out
    assert "--repair" in done.err
    assert [p["store"] for p in json.loads(cli("doctor", "--archive", ports, "--json").out)] == ["lexical"]
    assert cli("doctor", "--repair", "--archive", ports).code == 0
    assert cli("doctor", "--archive", ports).out == "All three stores agree.\n"


def test_stats_and_config(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = cli("stats", "--archive", ports)
    assert "6 (0 older versions kept)" in done.out
    monkeypatch.setenv("ONRECORD_K", "17")
    done = cli("config")
    assert re.search(r"^k +17$", done.out, re.MULTILINE)
    assert "ONRECORD_K" in done.out
    assert "settings file" in done.out


def test_models_says_where_they_are_and_downloads_nothing(cli: Any, user_environment: Path) -> None:
    done = cli("models")
    assert done.code == 0, done.err
    assert "embedding" in done.out
    assert "language" in done.out
    assert sum(f.stat().st_size for f in user_environment.rglob("*") if f.is_file()) < 1_000_000


def test_the_environment_names_the_archive(cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_ARCHIVE", str(ports))
    assert LINE in cli("search", QUESTION).out


# -- who said what -----------------------------------------------------------------------

BRIDGE = "“We would rather close it now,” said Maren Holt. Qin Gang said that the ferry was full."


@pytest.fixture
def voices(cli: Any, tmp_path: Path) -> Path:
    """An archive in which two people speak, one of them word for word."""
    folder = tmp_path / "voices"
    article = row("bridge", BRIDGE, title="Bridge closed", source="City Herald", published="2021-05-03")
    cli("ingest", write_rows(tmp_path / "b.jsonl", article), "--archive", folder)
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        put_quotes(
            archive,
            "bridge",
            ("We would rather close it now,", "Maren Holt", {"role": "port director", "verb": "said"}),
            ("that the ferry was full", "Qin Gang", {"direct": False, "verb": "said"}),
        )
    return folder


def test_quotes_say_whose_they_are_and_whether_they_are_word_for_word(cli: Any, voices: Path) -> None:
    done = cli("quotes", "--archive", voices)
    assert (done.code, done.err) == (0, "")
    first, second = done.out.strip().split("\n\n")
    assert first.splitlines()[0] == "Maren Holt, port director  said"
    assert "“We would rather close it now,”" in first
    assert "Bridge closed · City Herald · 3 May 2021" in first
    assert "reported: that the ferry was full" in second
    assert "“" not in second
    (ident,) = {line.rpartition(" ")[2] for line in done.out.splitlines() if "onrecord show" in line}
    assert cli("show", ident, "--archive", voices).code == 0


def test_quotes_of_one_speaker_and_as_json(cli: Any, voices: Path) -> None:
    done = cli("quotes", "--speaker", "Qin", "--about", "the ferry", "--archive", voices, "--json")
    (found,) = json.loads(done.out)
    assert (found["speaker"], found["direct"]) == ("Qin Gang", False)
    assert BRIDGE[found["start"] : found["end"]] == found["quote"]
    assert len(json.loads(cli("quotes", "--limit", "1", "--archive", voices, "--json").out)) == 1
    assert json.loads(cli("quotes", "--after", "2022-01-01", "--archive", voices, "--json").out) == []


def test_no_quote_is_no_error(cli: Any, voices: Path) -> None:
    done = cli("quotes", "--speaker", "Nobody Atall", "--archive", voices)
    assert (done.code, done.out, done.err) == (0, "", "Nothing found.\n")


def test_articles_that_nobody_has_looked_through_are_an_error(cli: Any, voices: Path) -> None:
    with Archive.open(voices, embeddings=FakeEmbeddings()) as archive:
        forget_quotes(archive)
    assert "onrecord doctor --repair" in one_line_error(cli("quotes", "--archive", voices), 1)


# -- of when a question asks ---------------------------------------------------------------


@pytest.fixture
def months(cli: Any, tmp_path: Path) -> Path:
    """The same news in May and in July 2021."""
    folder = tmp_path / "months"
    rows = [
        row(f"ferry-{day}", f"The ferry to Kellmouth carried {n} people.", published=day)
        for n, day in ((310, "2021-05-05"), (420, "2021-07-05"))
    ]
    cli("ingest", write_rows(tmp_path / "m.jsonl", *rows), "--archive", folder)
    return folder


@pytest.mark.parametrize("command", [["search"], ["ask", "--model", "extractive"]])
def test_what_a_question_says_of_when_is_told_and_can_be_ignored(cli: Any, months: Path, command: list[str]) -> None:
    question = "How many people did the ferry to Kellmouth carry in May 2021?"
    done = cli(*command, question, "--archive", months)
    assert done.code == 0
    told = r"Taken as articles of 1 May to \d+ June 2021 \(“in May 2021”\); --any-time looks at all dates\.\n"
    assert re.fullmatch(told, done.err)
    assert "310 people" in done.out
    assert "420 people" not in done.out
    free = cli(*command, question, "--archive", months, "--any-time")
    assert free.err == ""
    assert "420 people" in free.out or command[0] == "ask"


def test_last_week_counts_from_the_day_that_is_given(cli: Any, months: Path) -> None:
    question = "How many people did the ferry to Kellmouth carry last week?"
    for today, shown in (("2021-05-12", "310"), ("2021-07-14", "420")):
        done = cli("search", question, "--archive", months, "--today", today)
        assert re.findall(r"carried (\d+) people", done.out) == [shown]
        assert "(“last week”)" in done.err
    assert "2023-06-18" in one_line_error(cli("search", "x", "--archive", months, "--today", "soon"), 2)


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (None, ""),
        (
            Time(phrase="last week", kind="within", after="2023-06-12T00:00Z", before="2023-06-19T00:00Z"),
            "Taken as articles of 12 to 18 June 2023 (“last week”); --any-time looks at all dates.",
        ),
        (Time(phrase="latest", kind="latest"), "Newer articles first (“latest”); --any-time leaves dates aside."),
        (
            Time(
                phrase="before the summit", kind="event", before="2023-06-18T00:00Z", event="the summit", side="before",
                dated_by="Summit \x1b[31mopens",
            ),
            "Articles before 18 June 2023, the date of “Summit \ufffd[31mopens” (“before the summit”); "
            "--any-time looks at all dates.",
        ),
    ],
)  # fmt: skip
def test_times_are_told_on_one_line(capsys: pytest.CaptureFixture[str], time: Time | None, told: str) -> None:
    print_time(rich_console(stderr=True), time)
    assert capsys.readouterr().err.rstrip("\n") == told


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
        (["ingest", "{file}", "--archive", "{file}"], 2, "--archive"),
        (["search", "x", "--archive", "{file}"], 1, "No archive"),
        (["search", "x", "--archive", "{ports}", "--after", "the day after"], 2, "2023-06-18"),
        (["search", "x", "--archive", "{ports}", "--before", ""], 2, "2023-06-18"),
        (["search", "x", "--archive", "{ports}", "--after", "2023-02-30"], 2, "2023-06-18"),
        (["search", "x", "--archive", "{ports}", "--after", "2023-06-02", "--before", "2023-06-01"], 2, "before"),
        (["search", "x", "--archive", "{ports}", "-k", "0"], 2, "k is 0"),
        (["search", "", "--archive", "{ports}"], 2, "empty"),
        (["quotes", "--archive", "{none}"], 1, "onrecord ingest"),
        (["quotes", "--archive", "{ports}", "--limit", "0"], 2, "limit is 0"),
        (["ask", "x", "--archive", "{ports}", "--model", "nonsense"], 2, "extractive"),
        (["ask", "x", "--archive", "{ports}", "--model", "openai:gpt-5"], 1, "onrecord[openai]"),
        (["ask", "x", "--archive", "{ports}", "--model", "local:/nowhere.gguf"], 1, "/nowhere.gguf"),
    ],
)
def test_errors_are_one_line_and_say_what_to_do(
    cli: Any, ports: Path, tmp_path: Path, args: list[str], code: int, says: str
) -> None:
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
    assert "it broke" in one_line_error(cli("ask", QUESTION, "--archive", ports), 1)


def test_text_that_leaves_the_machine_is_announced(
    cli: Any, ports: Path, monkeypatch: pytest.MonkeyPatch, chat: FakeChat
) -> None:
    from rag.answer import answerer

    monkeypatch.setattr(answerer.chat, "chat_model", lambda name, settings: chat)
    done = cli("ask", QUESTION, "--archive", ports, "--model", "openai:gpt-5")
    assert done.code == 0
    assert "sent to openai:gpt-5" in done.err
    assert "sent to" not in cli("ask", QUESTION, "--archive", ports).err


# -- the terminal ----------------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\x1b[31mred\x1b[0m\x9b31m\x08\x7f"


def test_nothing_in_an_article_commands_the_terminal(cli: Any, tmp_path: Path, chat: FakeChat) -> None:
    source = write_rows(
        tmp_path / "a.jsonl",
        row(
            f"k{EVIL}",
            f"The tram{EVIL} will cost 40 million. [bold]It[/bold] {EVIL} runs.",
            title=f"Tram {EVIL} [red]agreed[/red]",
            source=f"North{EVIL}",
            author=f"A{EVIL}",
            url=f"https://example.org/{EVIL}",
            id=f"id{EVIL}",
        ),
        row(
            "twin",
            f"The tram{EVIL} will cost 40 million. [bold]It[/bold] {EVIL} runs.",
            title="Other",
            source=f"South{EVIL}",
        ),
        {"title": f"bad{EVIL}"},
    )
    folder = tmp_path / "x"
    chat.replies = [f"The tram will cost 40 million. {EVIL}[1]\n{EVIL} wrong 99"]
    cli("ingest", source, "--archive", folder)
    with Archive.open(folder, embeddings=FakeEmbeddings()) as archive:
        put_quotes(archive, "twin", ("will cost", f"S{EVIL}", {"role": f"R{EVIL}", "verb": f"V{EVIL}"}))
    everything = []
    for args in (
        ["ingest", source],
        ["search", "tram"],
        ["ask", "What will the tram cost?"],
        ["ask", "What will the tram cost?", "--model", "extractive"],
        ["show", "twin"],
        ["stats"],
        ["doctor"],
        ["search", "tram", "--json"],
        ["quotes"],
        ["quotes", "--json"],
        ["show", f"nobody{EVIL}"],
        ["delete", "twin", "--yes"],
    ):
        done = cli(*args, "--archive", folder)
        everything.append(done.out + done.err)
    text = "".join(everything)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), re.findall(
        ".{20}[\x00-\x08\x0b-\x1f\x7f-\x9f].{20}", text
    )[:5]
    assert "[red]agreed[/red]" in text, "square brackets are no markup"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that a process of its own can open: it needs no embedding for what is asked here."""
    folder = tmp_path_factory.mktemp("built")
    with Archive.open(folder / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(folder / "a.jsonl", *many(3), row("long", "One boat sank. " * 10_000)))
    return folder / "x"


def test_a_closed_pipe_is_silent(built: Path) -> None:
    command = f"{sys.executable} -m rag.cli show long --archive {built} | head -c 10"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m rag.cli stats --archive {built} | true"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""


def test_no_escape_codes_in_a_pipe_and_none_with_no_color(built: Path) -> None:
    for env in ({}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}):
        for args in (["show", "story-1"], ["--help"], ["show", "nobody"]):
            done = onrecord(*args, *([] if "--help" in args else ["--archive", built]), env=env)
            assert not re.search("\x1b\\[[0-9;]*3[0-9]", done.stdout + done.stderr), (env, args)
            if not env:
                assert "\x1b" not in done.stdout + done.stderr


def test_a_terminal_that_shows_ascii_only(built: Path, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", row("k", "习近平 met “Erdoğan”. 🙂", title="“Ş”")))
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    show = "from rag.cli import main; main()"
    done = python(show, "show", "k", "--archive", tmp_path / "x", env=ascii_only)
    assert done.returncode == 0
    assert "Erdo?an" in done.stdout
    assert done.stderr == ""


def test_the_installed_command_is_this_one() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"onrecord": "rag.cli:main"}


def test_interrupting_is_130_and_says_so_on_one_line(
    cli: Any, ports: Path, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    left = []
    monkeypatch.setattr("rag.cli._leave", left.append)
    monkeypatch.setattr(Archive, "retrieve", interrupted)
    done = cli("search", "x", "--archive", ports)
    assert done.code == 130
    assert left == [130]
    assert done.err == "stopped\n"
    assert "Traceback" not in done.err
