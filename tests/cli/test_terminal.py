"""The terminal: nothing in an article commands it; pipes, colours and interrupts."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, many, onrecord, python, row, write_rows
from said import put_quotes

from rag import Archive
from rag.cli.terminal import progress_bar
from rag.testing import FakeChat, FakeEmbeddings

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
        ["timeline", "tram"],
        ["timeline", "tram", "--csv"],
        ["timeline", "tram", "--markdown"],
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


def test_without_a_terminal_progress_is_lines_of_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.cli.terminal._SOON", 0.05)
    monkeypatch.setattr("rag.cli.terminal._MINUTE", 0.1)
    told = ""
    with progress_bar("articles", lambda: pytest.fail("nothing is counted for a log")) as step:
        assert step is not None
        for wanted, seen in (
            (" 0 articles so far\n", 1),
            (" 1 article so far\n", 1200),
            (" 1,200 articles so far\n", 0),
        ):
            ends = time.monotonic() + 20
            while wanted not in told and time.monotonic() < ends:
                time.sleep(0.01)
                told += capsys.readouterr().err
            assert wanted in told
            step(seen, "a.txt")


def test_what_is_done_at_once_tells_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("articles", lambda: 1) as step:
        assert step is not None
        step(1, "a.txt")
    assert capsys.readouterr().err == ""
