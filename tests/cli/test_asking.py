"""The commands that ask: answers, refusals, JSON, quotes, and of when a question asks."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli.commands import LINE, QUESTION, one_line_error
from helpers import row, write_rows
from said import forget_quotes, put_quotes

from rag import Archive
from rag.cli.printing import print_time
from rag.cli.terminal import rich_console
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Time

OTHER = "What colour is the moon?"
"""No article says anything of it."""


def test_ask_prints_the_answer_and_the_words_that_support_it(cli: Any, ports: Path) -> None:
    done = cli("ask", QUESTION, "--archive", ports)
    assert done.code == 0, done.err
    first, origin, *_ = done.out.splitlines()
    assert first == f"[1] {LINE}"
    assert "Storm at Port 2 · Outlet 2" in origin
    assert done.out.count(LINE) == 1
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
    done = cli("ask", OTHER, "--archive", ports)
    assert done.code == 3
    assert "clearly answers this question" in done.out
    assert "Nearest passages:" in done.out and "Storm at Port" in done.out
    data = json.loads(cli("ask", OTHER, "--archive", ports, "--json").out)
    assert chat.seen == []
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
        ["search", "storm", "--language", "de"],
        ["search", "storm", "--explain"],
        ["list"],
        ["quotes"],
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
    assert data["schema_version"] == 2
    assert data["answered"] is True
    assert data["text"] == f"{LINE} [1]"
    cited = data["citations"][0]
    article = json.loads(cli("show", cited["article_id"], "--archive", ports, "--json").out)
    assert article["text"][cited["start"] : cited["end"]] == cited["quote"] == LINE


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
    assert "reported: Qin Gang said that the ferry was full." in second
    assert "“" not in second
    (ident,) = {line.rpartition(" ")[2] for line in done.out.splitlines() if "onrecord show" in line}
    assert cli("show", ident, "--archive", voices).code == 0


def test_quotes_of_one_speaker_and_as_json(cli: Any, voices: Path) -> None:
    done = cli("quotes", "--speaker", "Qin", "--about", "the ferry", "--archive", voices, "--json")
    (found,) = json.loads(done.out)["quotes"]
    assert (found["speaker"], found["direct"]) == ("Qin Gang", False)
    assert BRIDGE[found["start"] : found["end"]] == found["quote"]
    assert len(json.loads(cli("quotes", "--limit", "1", "--archive", voices, "--json").out)["quotes"]) == 1
    assert "There are more; these are the first 1." in cli("quotes", "--limit", "1", "--archive", voices).err
    assert "There are more" not in cli("quotes", "--archive", voices).err
    nothing = cli("quotes", "--after", "2022-01-01", "--archive", voices, "--json")
    assert (json.loads(nothing.out), nothing.code) == ({"quotes": []}, 3)


def test_quotes_as_files_and_by_date(cli: Any, voices: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("quotes", "--archive", voices, "--csv").out)))
    assert [(r["day"], r["speaker"], r["how"], r["word_for_word"]) for r in rows] == [
        ("2021-05-03", "Maren Holt", "said", "yes"), ("2021-05-03", "Qin Gang", "said", "no"),
    ]  # fmt: skip
    told = cli("quotes", "--speaker", "Qin", "--archive", voices, "--markdown", "--order", "oldest").out
    assert told.startswith("# Quotes of Qin\n") and "as reported: “Qin Gang said that the ferry was full.”" in told
    assert "choose one" in one_line_error(cli("quotes", "--archive", voices, "--csv", "--json"), 2)
    assert "best, newest, oldest" in one_line_error(cli("quotes", "--archive", voices, "--order", "random"), 2)


def test_no_quote_is_told_by_the_exit_code(cli: Any, voices: Path) -> None:
    done = cli("quotes", "--speaker", "Nobody Atall", "--archive", voices)
    assert (done.code, done.out, done.err) == (3, "", "Nothing found.\n")


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
    told = r"Articles of 1 May to \d+ June 2021 first \(“in May 2021”\); --any-time leaves dates aside\.\n"
    assert re.fullmatch(told, done.err)
    assert "310 people" in done.out
    if command[0] == "search":  # the other month comes later, but it comes
        assert done.out.index("310 people") < done.out.index("420 people")
    else:
        assert "420 people" not in done.out
    free = cli(*command, question, "--archive", months, "--any-time")
    assert free.err == ""
    assert "420 people" in free.out or command[0] == "ask"


def test_last_week_counts_from_the_day_that_is_given(cli: Any, months: Path) -> None:
    question = "How many people did the ferry to Kellmouth carry last week?"
    for today, shown in (("2021-05-12", "310"), ("2021-07-14", "420")):
        done = cli("search", question, "--archive", months, "--today", today)
        assert re.findall(r"carried (\d+) people", done.out)[0] == shown
        assert "(“last week”)" in done.err
    assert "2023-06-18" in one_line_error(cli("search", "x", "--archive", months, "--today", "soon"), 2)


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (None, ""),
        (
            Time(phrase="last week", kind="within", after="2023-06-12T00:00Z", before="2023-06-19T00:00Z"),
            "Articles of 12 to 18 June 2023 first (“last week”); --any-time leaves dates aside.",
        ),
        (Time(phrase="latest", kind="latest"), "Newer articles first (“latest”); --any-time leaves dates aside."),
        (
            Time(
                phrase="before the summit", kind="event", before="2023-06-18T00:00Z", event="the summit", side="before",
                dated_by="Summit \x1b[31mopens",
            ),
            "Articles before 18 June 2023 first, the date of “Summit \ufffd[31mopens” (“before the summit”); "
            "--any-time leaves dates aside.",
        ),
    ],
)  # fmt: skip
def test_times_are_told_on_one_line(capsys: pytest.CaptureFixture[str], time: Time | None, told: str) -> None:
    print_time(rich_console(stderr=True), time)
    assert capsys.readouterr().err.rstrip("\n") == told
