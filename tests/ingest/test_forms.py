"""What forms refuse, pass over and leave out."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import form_samples as samples
import pytest
from reading import drafts, reasons, write

from rag import Archive
from rag.ingest.packed import Limits, unpacked
from rag.settings import load_settings
from rag.text.urls import original


@pytest.mark.parametrize("state", ["stat:canceled", "stat:withheld"])
def test_what_an_agency_holds_back_does_not_enter(state: str, tmp_path: Path) -> None:
    path = write(tmp_path / "item.xml", samples.newsml_g2(state))
    assert reasons(path) == [f"{state.partition(':')[2]} by its publisher"]
    path = write(tmp_path / "older.xml", samples.newsml_1("Canceled"))
    assert reasons(path) == ["canceled by its publisher"]


def test_a_beginning_is_told_to_be_one(tmp_path: Path) -> None:
    (article,) = drafts(write(tmp_path / "answer.json", samples.json_news()))
    assert article.metadata["teaser"] is True
    assert article.text.endswith("piers.")


def test_an_export_with_a_wrong_ending_is_not_one_article(tmp_path: Path) -> None:
    found = drafts(write(tmp_path / "export.md", samples.nexis_text()))
    assert [article.title for article in found] == ["Bridge closed 1", "Bridge closed 2"]
    assert {article.source for article in found} == {"The Kellmouth Post"}


def test_an_article_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    export = samples.nexis_text().decode().replace(samples.DAY, "some day", 1)
    path = write(tmp_path / "export.txt", export)
    assert reasons(path) == ["article 1 has no line with a day behind its outlet, so it can't be told"]


def test_a_document_that_is_cut_off_is_told(tmp_path: Path) -> None:
    assert reasons(write(tmp_path / "cut.sgm", samples.reuters()[:-20]))[-1].endswith("the last document is cut off")


def test_what_a_letter_quotes_is_not_its_senders(tmp_path: Path) -> None:
    letter = samples.letter() + b"\nBen Ray wrote:\n> The bridge is safe.\n"
    (article,) = drafts(write(tmp_path / "letter.eml", letter))
    assert article.text == samples.WORDS
    assert (article.author, article.source) == ("Ann Lee", "The Kellmouth Post")
    assert article.published is not None
    assert article.published.isoformat() == "2024-03-05T09:30:00+01:00"


def test_the_files_of_an_archive_are_read_and_none_leaves_it(tmp_path: Path) -> None:
    files = {"a/feed.rss": samples.feed().decode(), "../../up.txt": "Bridge closed\n\nIt is.\n"}
    found = drafts(write(tmp_path / "all.zip", samples._zip(files)))
    assert [article.origin for article in found] == [f"{tmp_path}/all.zip/a/feed.rss:1", f"{tmp_path}/all.zip/up.txt"]


def test_an_archive_is_opened_within_limits() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("long.txt", "a" * 5000)
        packed.writestr("short.txt", "a" * 10)
    out.seek(0)
    found = dict(unpacked(out, Limits(member=1000)))
    assert "unpacks to more than" in str(found["long.txt"])
    assert not isinstance(found["short.txt"], str)


def test_the_limits_of_archives_are_settings(tmp_path: Path) -> None:
    inner = samples._zip({"a.txt": "Bridge closed\n\nIt is.\n", "b.txt": "Ferry sails\n\nIt does.\n"})
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as packed:
        packed.writestr("inner.zip", inner)
        packed.writestr("c.txt", "Tram\n\nIt runs.\n")
    for named, articles, why in (
        ({}, 3, None),
        ({"unpack_depth": 1}, 1, "an archive within 1 archives is not opened"),
        ({"unpack_depth": 0}, 0, "an archive within 0 archives is not opened"),
        ({"unpack_files": 1}, 1, "the archive holds more than 1 file; the rest is left out"),
    ):
        with Archive.open(tmp_path / "x", settings=load_settings(**named)) as archive:
            told = archive.preview(tmp_path / "outer.zip")
        assert told.articles == articles
        assert why is None or why in {reason for file in told.files for reason in file.reasons}


def test_a_captures_address_is_that_of_its_page() -> None:
    page = "https://kellmouth.example/bridge"
    assert original(f"https://web.archive.org/web/20220721143833/{page}") == page
    assert original("https://web.archive.org/web/20220721143833/https:/kellmouth.example/bridge") == page
    assert original(page) == page


def test_hugos_front_matter_and_drafts(tmp_path: Path) -> None:
    head = '+++\ntitle = "Bridge closed"\ndate = 2024-03-05T09:30:00+01:00\n{}+++\n\nIt is closed.\n'
    (article,) = drafts(write(tmp_path / "post.md", head.format("")))
    assert article.published is not None
    assert (article.title, article.published.isoformat()) == ("Bridge closed", "2024-03-05T09:30:00+01:00")
    assert reasons(write(tmp_path / "draft.md", head.format("draft = true\n"))) == ["a draft"]


def test_the_day_of_a_post_may_stand_in_its_name(tmp_path: Path) -> None:
    (article,) = drafts(write(tmp_path / "2024-03-05-bridge-closed.md", "---\ntitle: Bridge closed\n---\n\nIt is.\n"))
    assert article.published is not None
    assert article.published.isoformat() == "2024-03-05T00:00:00+00:00"
