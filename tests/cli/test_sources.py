"""``onrecord sources`` and ``onrecord ingest https://…``: what is printed, exit codes, and that nothing secret is."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli.commands import one_line_error
from sources.newsroom import Newsroom
from sources.site import Answer, Site, serving

from rag.sources.values import SourceReport, SyncReport


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site that the settings of the environment allow."""
    monkeypatch.setattr("rag.sources.sync.find_quotes", lambda articles: [[] for _ in articles])
    monkeypatch.setattr("rag.ingest.backfill.find_quotes", lambda articles: [[] for _ in articles])
    with serving() as made:
        monkeypatch.setenv("ONRECORD_FETCH_ALLOW", '["127.0.0.1"]')
        monkeypatch.setenv("ONRECORD_FETCH_PORTS", f"[{made.port}]")
        monkeypatch.setenv("ONRECORD_FETCH_DELAY", "0")
        yield made


def test_every_command_has_help_with_an_example_and_every_option_says_what_it_does() -> None:
    from typer.main import get_command

    from rag.cli.sources import group

    found = get_command(group)
    assert sorted(found.commands) == ["add", "list", "log", "pause", "remove", "resume", "sync"]  # type: ignore[attr-defined]
    for name, command in found.commands.items():  # type: ignore[attr-defined]
        assert f"Example: onrecord sources {name}" in command.help
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_sources_are_added_listed_synced_logged_and_removed(cli: Any, site: Site, tmp_path: Path) -> None:
    Newsroom(site, 3)
    where = ("--archive", tmp_path / "a")
    done = cli("sources", "sync", *where)
    assert done.code in (1, 2) and "onrecord" in done.err
    done = cli("sources", "add", f"{site.url}/", "--name", "post", *where)
    assert (done.code, done.out.splitlines()[0]) == (0, f"added post: feed {site.url}/feed.xml")
    assert "never read" in cli("sources", "list", *where).out
    done = cli("sources", "sync", *where)
    assert (done.code, done.out.startswith("post: 3 new")) == (0, True), done
    (listed,) = json.loads(cli("sources", "list", "--json", *where).out)["sources"]
    assert (listed["articles"], listed["last"]["new"], listed["kind"]) == (3, 3, "feed")
    assert "3 new" in cli("sources", "log", *where).out
    assert cli("sources", "pause", "post", *where).code == 0
    assert "paused" in cli("sources", "list", *where).out
    assert cli("sources", "resume", "post", *where).code == 0
    assert cli("sources", "remove", "post", "--articles", "--yes", *where).out == "removed post and 3 articles\n"
    assert "No sources" in cli("sources", "list", *where).out


def test_the_exit_code_says_whether_every_source_was_read(cli: Any, site: Site, tmp_path: Path) -> None:
    Newsroom(site, 2)
    where = ("--archive", tmp_path / "a")
    cli("sources", "add", f"{site.url}/feed.xml", "--name", "good", *where)
    cli("sources", "add", f"{site.url}/sitemap.xml", "--name", "bad", *where)
    site.pages["/sitemap.xml"] = Answer("", 404)
    done = cli("sources", "sync", "--json", *where)
    assert done.code == 1
    assert {s["source"]: s["read"] for s in json.loads(done.out)["sources"]} == {"good": True, "bad": False}
    assert cli("sources", "sync", "good", *where).code == 0


def test_credentials_are_named_never_shown(
    cli: Any, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Newsroom(site, 1)
    where = ("--archive", tmp_path / "a")
    monkeypatch.setenv("DESK", "ada:open sesame")
    outputs = [
        cli("sources", "add", f"{site.url}/feed.xml", "--auth", "env:DESK", *where),
        cli("sources", "list", "--json", *where),
        cli("sources", "sync", "--json", *where),
        cli("sources", "log", "--json", *where),
    ]
    assert all(done.code == 0 for done in outputs), outputs
    assert not any("sesame" in done.out + done.err for done in outputs)
    assert site.requests[-1][1]["authorization"].startswith("Basic ")
    assert not any(b"sesame" in file.read_bytes() for file in (tmp_path / "a").rglob("*") if file.is_file())
    err = one_line_error(cli("sources", "add", f"{site.url}/sitemap.xml", "--auth", "ada:open sesame", *where), 2)
    assert "never the value" in err and "sesame" not in err
    monkeypatch.delenv("DESK")
    done = cli("sources", "sync", *where)
    assert done.code == 1 and "set the environment variable DESK" in done.err


def test_an_address_is_ingested(cli: Any, site: Site, tmp_path: Path) -> None:
    room = Newsroom(site, 2)
    done = cli("ingest", room.url(1), "--archive", tmp_path / "a")
    assert (done.code, done.out.startswith("1 added")) == (0, True), done
    err = one_line_error(cli("ingest", f"http://10.1.2.3:{site.port}/", "--archive", tmp_path / "a"), 1)
    assert "fetch_allow" in err


@pytest.mark.parametrize("every", ["15", "0m", "often"])
def test_an_interval_that_makes_no_sense_is_refused(cli: Any, tmp_path: Path, every: str) -> None:
    assert "15m" in one_line_error(cli("sources", "sync", "--every", every, "--archive", tmp_path / "a"), 2)


sources = import_module("rag.cli.sources")  # rag.cli.sources by name is its group of commands


class Told:
    """What a console was told, in place of stderr."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
        from rich.console import Console

        self._out = io.StringIO()
        made = Console(file=self._out, force_terminal=terminal, width=200, color_system=None)
        monkeypatch.setattr(sources, "rich_console", lambda stderr=False: made)

    @property
    def lines(self) -> list[str]:
        return self._out.getvalue().splitlines()


def test_a_terminal_shows_each_source_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch, terminal=True)
    with sources._shown() as show:
        assert show is not None
        for new in (1, 7):
            show(report("post", new=new))
            show(report("wire", new=2))
            time.sleep(0.15)
    assert any("post: 7 new" in line for line in told.lines) and any("wire: 2 new" in line for line in told.lines)


def test_where_there_is_no_terminal_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch, terminal=False)
    with sources._shown() as show:
        assert show is None
    assert told.lines == []


def test_a_loop_writes_a_line_an_hour_and_one_for_what_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch, terminal=False)
    clock = [0.0]
    monkeypatch.setattr(sources, "time", SimpleNamespace(monotonic=lambda: clock[0], strftime=time.strftime))
    tally = sources._Tally()

    def run(*reports: SourceReport) -> None:
        sources._print(SyncReport(sources=reports), False, loop=True, tally=tally)
        clock[0] += 900.0

    for _ in range(5):  # at 0, 15, 30, 45 and 60 minutes
        run(report("post", new=2, changed=1))
    (line,) = told.lines
    assert "10 new" in line and "5 changed" in line and "5 runs" in line
    run(report("post", read=False, errors=("there is no host post.example",)))
    assert len(told.lines) == 2 and "post.example" in told.lines[1]
    for _ in range(3):
        run(report("post", new=1))
    assert len(told.lines) == 3 and "3 new" in told.lines[2], "counted from the last line on"


def test_a_loop_for_machines_writes_a_json_object_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for new in (3, 0):
        sources._print(SyncReport(sources=(report("post", new=new),)), True, loop=True, tally=sources._Tally())
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["sources"][0]["new"] for row in rows] == [3, 0]


def report(name: str, *, read: bool = True, errors: tuple[str, ...] = (), **counts: int) -> SourceReport:
    """What came of a source."""
    began = datetime(2026, 3, 1, tzinfo=UTC)
    return SourceReport(source=name, began=began, seconds=1.0, read=read, errors=errors, **counts)
