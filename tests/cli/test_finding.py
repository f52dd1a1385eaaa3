"""``onrecord find`` and ``onrecord collections``: what is printed, as files, and exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli.commands import one_line_error

from rag.finding import Findings
from rag.service.schemas import ArticleList, CollectionList, HitList, MendingList, QuoteList
from rag.timelines import Timeline
from rag.value import Value


def test_find_marks_counts_and_exports(cli: Any, ports: Path) -> None:
    where = ("--archive", ports)
    done = cli("find", "storm", "NOT", "storm0002", "--order", "oldest", "--limit", "2", *where)
    assert done.code == 0 and "Storm at Port" in done.out and "onrecord show" in done.out
    assert "5 articles, 2 shown" in done.err
    found = json.loads(cli("find", "storm0002", "--json", *where).out)
    assert (found["total"], found["found"][0]["article"]["key"]) == (1, "story-2")
    (head, line) = csv.reader(io.StringIO(cli("find", "storm0002", "--csv", *where).out))
    assert dict(zip(head, line, strict=True))["outlet"] == "Outlet 2"


def test_nothing_found_is_3_and_what_cannot_be_read_is_2(cli: Any, ports: Path) -> None:
    assert cli("find", "zebra", "--archive", ports).code == 3
    for args in (['"storm'], ["storm", "--order", "best"], ["storm", "--json", "--csv"]):
        done = cli("find", *args, "--archive", ports)
        assert done.code == 2
        one_line_error(done, 2)


def test_every_command_of_collections_has_help_with_an_example() -> None:
    from typer.main import get_command

    from rag.cli.collections import group

    found = get_command(group)
    assert sorted(found.commands) == ["add", "drop", "list", "make", "remove", "rename"]  # type: ignore[attr-defined]
    for name, command in found.commands.items():  # type: ignore[attr-defined]
        assert f"Example: onrecord collections {name}" in command.help
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_collections_are_made_filled_asked_and_dropped(cli: Any, ports: Path) -> None:
    where = ("--archive", ports)
    assert "No collections" in cli("collections", "list", *where).err
    assert cli("collections", "make", "the port story", *where).out == "made the port story\n"
    done = cli("collections", "add", "the port story", "story-1", "--find", "storm0002", *where)
    assert done.out == "added 2; the port story has 2 articles\n"
    assert len(json.loads(cli("search", "storm", "--json", "--collection", "the port story", *where).out)["hits"]) == 2
    assert json.loads(cli("collections", "list", "--json", *where).out)["collections"][0]["articles"] == 2
    assert cli("collections", "remove", "the port story", "story-1", *where).code == 0
    assert cli("collections", "rename", "the port story", "port", *where).out == "renamed to port\n"
    assert "1 article" in cli("collections", "list", *where).out
    assert cli("collections", "drop", "port", *where).out == "dropped port\n"


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["collections", "add", "port"], 2, "Nothing to add"),
        (["collections", "remove", "port"], 2, "Nothing to remove"),
        (
            ["collections", "add", "port", "story-1"],
            1,
            "No collection 'port'. There is none yet. List them, or make one: onrecord collections",
        ),
        (["ask", "storm?", "--collection", "port"], 1, "No collection 'port'"),
    ],
)
def test_mistakes_are_told(cli: Any, ports: Path, args: list[str], code: int, told: str) -> None:
    done = cli(*args, "--archive", ports)
    assert done.code == code
    one_line_error(done, code)
    assert told in done.err


def test_json_has_the_shape_that_http_has(cli: Any, ports: Path) -> None:
    """A list stands in an object, under its own name."""
    where = ("--json", "--archive", ports)
    cli("collections", "make", "port", "--archive", ports)
    shapes: list[tuple[tuple[str, ...], type[Value]]] = [
        (("search", "storm"), HitList),
        (("quotes",), QuoteList),
        (("find", "storm"), Findings),
        (("timeline", "storm"), Timeline),
        (("list",), ArticleList),
        (("collections", "list"), CollectionList),
        (("mend", "--log"), MendingList),
    ]
    for args, shape in shapes:
        shape.model_validate_json(cli(*args, *where).out)
