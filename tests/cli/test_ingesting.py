"""``onrecord ingest`` and ``formats``: what would be read, what was, and what the exit code says of it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import form_samples as samples
import pytest
from ingest.reading import write

from rag.ingest.forms import FORMS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export of two articles, a feed without a day, an export with a draft, and a file that can't be read."""
    write(tmp_path / "in/export.txt", samples.nexis_text())
    write(tmp_path / "in/feed.rss", samples.feed().replace(b"pubDate", b"other"))
    draft = samples.wordpress().replace(b"<wp:status>publish", b"<wp:status>draft")
    write(tmp_path / "in/draft.xml", draft)
    write(tmp_path / "in/page.bin", b"\x00\x01")
    return tmp_path / "in"


def test_a_dry_run_tells_what_each_file_is_taken_for_and_writes_nothing(cli: Any, folder: Path, tmp_path: Path) -> None:
    done = cli("ingest", "--dry-run", folder, "--archive", tmp_path / "x", "--json")
    told = json.loads(done.out)
    files = {Path(file.pop("file")).name: file for file in told["files"]}
    assert not (tmp_path / "x").exists()
    assert (files["export.txt"]["form"], files["export.txt"]["articles"], files["export.txt"]["undated"]) == (
        "nexis-text", 2, 0)  # fmt: skip
    assert (files["feed.rss"]["form"], files["feed.rss"]["undated"], files["feed.rss"]["beginnings"]) == ("feed", 1, 1)
    assert files["draft.xml"]["passed"] == {"post with the status draft": 1}
    assert (files["draft.xml"]["articles"], files["draft.xml"]["refused"]) == (0, 0)
    assert files["page.bin"]["form"] is None
    assert files["page.bin"]["reasons"][0].startswith("unknown format .bin")
    assert [example["title"] for example in told["examples"]] == ["Bridge closed 1", "Bridge closed", "Bridge closed 2"]
    assert told["examples"][0]["published"] == "2024-03-05T00:00:00Z"
    assert done.code == 5


def test_a_dry_run_shows_the_same_as_a_table(cli: Any, folder: Path, tmp_path: Path) -> None:
    done = cli("ingest", "--dry-run", folder, "--archive", tmp_path / "x")
    for words in ("Nexis export", "passed over", "Bridge closed 1", "The Kellmouth Post · 2024-03-05", "3 articles"):
        assert words in done.out
    assert "page.bin: unknown format .bin" in done.err
    assert "T00:00" not in done.out and "00:00:00" not in done.out, "of a day there is no time"


def test_a_dry_run_tells_the_time_and_its_offset_where_there_is_one(cli: Any, tmp_path: Path) -> None:
    write(tmp_path / "in/a.md", "---\ntitle: Bridge\ndate: 2024-03-05T08:30:00+09:00\n---\nIt is closed.\n")
    assert "2024-03-05 08:30+09:00" in cli("ingest", "--dry-run", tmp_path / "in", "--archive", tmp_path / "x").out


def test_many_files_of_a_format_share_a_line(cli: Any, tmp_path: Path) -> None:
    for n in range(60):
        write(tmp_path / f"in/{n}.txt", f"Bridge {n}\n\nIt is closed.\n")
    done = cli("ingest", "--dry-run", tmp_path / "in", "--archive", tmp_path / "x")
    assert "60 files" in done.out
    assert "60 undated" in done.out
    assert "17.txt" not in done.out.partition("Bridge")[0]


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize(("names", "code"), [
    (["export.txt"], 0),
    (["export.txt", "draft.xml"], 0),
    (["export.txt", "page.bin"], 5),
    (["draft.xml"], 1),
    (["page.bin"], 1),
])  # fmt: skip
def test_the_exit_code_says_whether_all_was_read(
    cli: Any, folder: Path, tmp_path: Path, names: list[str], code: int, dry: bool
) -> None:
    more = ["--dry-run"] if dry else []
    done = cli("ingest", *(folder / name for name in names), "--archive", tmp_path / "x", *more)
    assert done.code == code, done.err
    assert ("No article was read. What is read: onrecord formats" in done.err) == (code == 1)
    again = cli("ingest", *(folder / name for name in names), "--archive", tmp_path / "x", *more)
    assert again.code == code  # what is there already has been read


def test_an_ingest_counts_what_lacks_a_day_and_what_is_passed_over(cli: Any, folder: Path, tmp_path: Path) -> None:
    done = cli("ingest", folder, "--archive", tmp_path / "x")
    assert "3 added, 0 updated, 0 unchanged, 1 skipped" in done.out
    assert "1 without a date, of 3 articles" in done.out
    assert "passed over: 1 post with the status draft" in done.out
    (line,) = [line for line in done.err.splitlines() if line.startswith("without a date: ")]
    named, _, tip = line.removeprefix("without a date: ").partition(". To set one: onrecord ")
    assert tip.endswith(" --published DATE"), "no day that somebody may copy"
    assert cli(*shlex.split(tip.replace("DATE", "2023-06-04")), "--archive", tmp_path / "x").code == 0
    assert "2023-06-04" in cli("show", named, "--archive", tmp_path / "x").out
    (tmp_path / "ferry.txt").write_text("Published: 4 March 2024\n\nThe ferry sails again.\n", "utf-8")
    done = cli("ingest", tmp_path / "ferry.txt", "--archive", tmp_path / "x")
    assert "without a date" not in done.err and "ferry.txt. To set one: onrecord mend " in done.err
    assert done.err.strip().endswith(" --to-source NAME")


_UNREAD = {
    "rows.csv": "title,date,text\nBridge,03/04/2023,The bridge is closed.\nFerry,2023-06-04,The ferry sails again.\n"
    "Fog,not a date,The fog stays.\nRain,,It rains.\n",
    "rows.jsonl": '{"title": "Bridge", "published": ["not a date"], "text": "The bridge is closed."}\n'
    '{"title": "Fog", "published": {"$date": "03/04/2023"}, "text": "The fog stays."}\n',
    "post.md": "---\ntitle: Bridge\ndate: 03/04/2023\n---\nIt is closed.\n",
    "note.txt": "Published: 03/04/2023\n\nThe bridge is closed.\n",
    "feed.rss": samples.feed().decode().replace("<pubDate>", "<pubDate>not "),
}
_FIRST = {"rows.csv": (2, "03/04/2023"), "rows.jsonl": (2, "not a date"), "feed.rss": (1, "not ")}


@pytest.mark.parametrize("name", _UNREAD)
def test_a_date_that_cant_be_read_is_told(cli: Any, tmp_path: Path, name: str) -> None:
    write(tmp_path / name, _UNREAD[name])
    many, value = _FIRST.get(name, (1, "03/04/2023"))
    given = ("ingest", tmp_path / name, "--archive", tmp_path / "x")
    for more in ["--dry-run"], []:
        done = cli(*given, *more)
        (line,) = [line for line in done.err.splitlines() if "can't be read for certain" in line]
        assert line.startswith(f"{many} date") and f"{name}" in line and f": '{value}" in line and done.code == 0
    file = json.loads(cli(*given, "--dry-run", "--json").out)["files"][0]
    report = json.loads(cli(*given, "--json").out)
    assert file["unread_dates"] == report["unread_dates"] == many
    assert file["unread_date"] == report["unread_date"] and report["unchanged"] >= many, "told each time"
    assert cli("list", "--json", "--archive", tmp_path / "x").out.count('"published": null') == report["undated"]


def test_a_date_that_was_set_by_hand_is_not_told_as_unread(cli: Any, tmp_path: Path) -> None:
    write(tmp_path / "post.md", _UNREAD["post.md"])
    given = ("ingest", tmp_path / "post.md", "--archive", tmp_path / "x")
    assert "can't be read" in cli(*given).err
    assert cli("mend", tmp_path / "post.md", "--published", "2023-04-03", "--archive", tmp_path / "x").code == 0
    assert "can't be read" not in cli(*given).err


def test_formats_lists_every_form_and_every_reader(cli: Any) -> None:
    listed = json.loads(cli("formats", "--json").out)
    assert {form.name for form in FORMS} | {"text", "pdf", "csv"} <= {one["name"] for one in listed}
    assert all(one["what"] and one["endings"] for one in listed)
    assert "Nexis export (Word)" in cli("formats").out


def test_a_dry_run_shows_a_short_article_once(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The ferry sails again.\n\nRepairs had\ttaken   three weeks.\n")
    done = cli("ingest", "--dry-run", tmp_path / "a.txt", "--archive", tmp_path / "archive")
    assert done.code == 0 and done.out.count("three weeks.") == 1, done.out
