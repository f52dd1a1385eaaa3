"""Arguments that are no texts: an error that names the argument, whatever the method."""

from __future__ import annotations

import inspect
import io
import os
from pathlib import Path
from typing import Any

import pytest
from helpers import fill, many

from rag import Archive
from rag.arguments import checks_texts
from rag.errors import ArchiveError, OnRecordError, UsageError


@pytest.mark.parametrize(("method", "args", "kwargs", "told"), [
    ("mend", [["https://x.example/a"]], {"title": "x"}, r"`idents` is \['https://x.example/a'\].*mend\(\*idents\)"),
    ("mend", ["x"], {"title": 5}, "`title` is 5; it has to be a text"),
    ("delete", [["zz"]], {}, r"`idents` is \['zz'\]; it has to be a text. Give several one by one: delete\(\*idents\)"),
    ("delete", [None], {}, "`idents` is None; it has to be a text.$"),
    ("get", [None], {}, "`ident` is None"),
    ("get", [Path("a.txt")], {}, "`ident` is PosixPath"),
    ("passage", [5], {}, "`ident` is 5"),
    ("sentences", [5], {}, "`article_id` is 5"),
    ("versions", [["zz"]], {}, "`key` is"),
    ("find", [None], {}, "`query` is None"),
    ("timeline", [None], {}, "`about` is None"),
    ("quotes", [], {"speaker": 5}, "`speaker` is 5"),
    ("quotes", [], {"about": ["a"]}, "`about` is"),
    ("search", [None], {}, "`question` is None"),
    ("ask", [5], {}, "`question` is 5"),
    ("stream", [5], {}, "`question` is 5"),
    ("ingest", [["a.txt"]], {}, r"`sources` is \['a.txt'\]; it has to be a path. Give several one by one"),
    ("backup", [None], {}, "`out` is None; it has to be a path"),
    ("export", [None], {}, "`out` is None"),
    ("salvage", [5], {}, "`out` is 5"),
    ("migrate", [None], {}, "`to_vectors` is None"),
    ("mending_log", [5], {}, "`ident` is 5"),
    ("list_articles", [None], {}, "`search` is None"),
])  # fmt: skip
def test_what_is_no_text_is_told_by_its_name(
    archive: Archive, method: str, args: list[Any], kwargs: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        getattr(archive, method)(*args, **kwargs)


def test_sources_and_collections_do_so_too(archive: Archive) -> None:
    with pytest.raises(UsageError, match="`address` is None"):
        archive.sources.add(None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="`name` is 5"):
        archive.collections.make(5)  # type: ignore[arg-type]


def test_texts_paths_and_what_can_be_written_to_are_let_through(archive: Archive, tmp_path: Path) -> None:
    archive.add([{"title": "Fog", "text": "Fog lay over the harbour.", "key": "fog"}])
    assert archive.get(ident="fog").title == "Fog" and archive.mending_log(None) == []
    assert archive.export(io.StringIO()) == archive.export(tmp_path / "a.jsonl") == 1
    assert archive.export(str(tmp_path / "b.jsonl")) == 1
    assert archive.delete("fog", "fog") == ["fog"]


def test_what_is_missing_or_too_much_is_told_as_python_does(archive: Archive) -> None:
    with pytest.raises(TypeError, match=r"get\(\) missing 1 required positional argument: 'ident'"):
        archive.get()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'idnt'"):
        archive.get(idnt="x")  # type: ignore[call-arg]
    assert list(inspect.signature(Archive.get).parameters) == ["self", "ident"]


def test_only_public_methods_that_ask_for_texts_are_checked() -> None:
    class Some:
        def one(self, name: str, many: str | list[str] = "") -> str:
            return name

        def _two(self, name: str) -> str:
            return name

        @staticmethod
        def three(name: str) -> str:
            return name

    two = Some._two
    some = checks_texts(Some)()
    assert Some._two is two and some.three(5) == 5  # type: ignore[arg-type]
    assert some.one("a", 5) == "a"  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="`name` is 5"):
        some.one(5)  # type: ignore[arg-type]


LOOKING = [
    ("search", ["storm"]),
    ("ask", ["What did the storm damage?"]),
    ("choose", ["What was closed?", ["the harbour", "the school"]]),
    ("quotes", []),
    ("find", ["storm"]),
    ("timeline", ["storm"]),
    ("list_articles", []),
]


@pytest.mark.parametrize(("method", "args"), LOOKING)
def test_filters_that_nothing_passes_are_told(
    archive: Archive, caplog: pytest.LogCaptureFixture, method: str, args: list[Any]
) -> None:
    fill(archive, *many(5))
    options = {"chat_model": "extractive"} if method in ("ask", "choose") else {}
    getattr(archive, method)(*args, **options, sources=["the OUTLET 1"], language="EN")
    assert caplog.messages == []
    getattr(archive, method)(*args, **options, sources=["Outlet 1", "Outlett 2\n"], language="sv")
    there = "Outlet 0 (2), Outlet 1 (2), Outlet 2 (1)."
    assert caplog.messages == [
        f"There is no such outlet in this archive: 'Outlett 2\\n'. Did you mean 'Outlet 2'? There are: {there}",
        "There is no article in the language 'sv' in this archive. There are: en (5).",
    ]


def unfit(tmp_path: Path) -> dict[str, tuple[Any, str]]:
    """Paths that no archive can be at, each with what is told of it."""
    (tmp_path / "file").write_text("words")
    (tmp_path / "odd" / "catalog.sqlite").mkdir(parents=True)
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "catalog.sqlite").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    return {
        "file": (tmp_path / "file", "is a file, and an archive is a folder"),
        "pipe": (tmp_path / "pipe", "is a file, and an archive is a folder"),
        "below a file": (tmp_path / "file" / "archive", r"can't be an archive's folder \(Not a directory\)"),
        "odd": (tmp_path / "odd", "is no file that can be read"),
        "gone": (tmp_path / "gone", "is no file that can be read"),
        "loop": (tmp_path / "loop", "is no path|can't be an archive's folder"),
        "long": (tmp_path / ("x" * 300), r"can't be an archive's folder \(File name too long\)"),
        "nul": ("a\0b", "is no path"),
        "half a character": ("\udcff/x", "is no path"),
        "nobody's home": ("~nobody-of-this-name/x", "is no path"),
        "empty": ("", "`path` is empty"),
        "blank": ("  ", "`path` is empty"),
        "number": (5, "`path` is 5; it has to be a path"),
        "bytes": (b"x", "`path` is b'x'; it has to be a path"),
    }


@pytest.mark.parametrize("name", [
    "file", "pipe", "below a file", "odd", "gone", "loop", "long", "nul", "half a character", "nobody's home", "empty",
    "blank", "number", "bytes",
])  # fmt: skip
def test_a_path_that_no_archive_can_be_at(tmp_path: Path, name: str) -> None:
    path, told = unfit(tmp_path)[name]
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OnRecordError, match=told) as e:
        Archive.open(path)
    assert "\n" not in str(e.value) and sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    with pytest.raises(ArchiveError, match="may not be read by the user"):
        Archive.open(tmp_path)
