"""The text of pages: tables and live blogs in words, corrections, leads, and what a saved copy brings along."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

pytest.importorskip("trafilatura")

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.ingest.clean import clean
from rag.ingest.load import load
from rag.ingest.pages.tables import in_words, sentences
from rag.ingest.readers.html import HtmlReader
from rag.types import RawArticle

LONG = (
    "The returning officer announced the votes that were cast in the mayoral election of Holm shortly after midnight."
)
MORE = "Turnout was 64.2 per cent, and nobody has asked for a recount, the officer said when the result was known."


def text(body: str, head: str = "") -> str:
    page = f"<html><head><title>Result</title>{head}</head><body><article><h1>Result</h1>{body}</article></body></html>"
    found = HtmlReader().article(Path("/p/a.html"), page.encode())
    assert isinstance(found, RawArticle), found
    cleaned = clean(found)
    assert isinstance(cleaned, RawArticle)
    return cleaned.text


def test_rows_of_a_table_are_sentences_with_their_headers() -> None:
    table = (
        "<table><caption>Votes by candidate</caption><thead><tr><th rowspan=2>Candidate</th><th colspan=2>Votes</th></tr>"
        "<tr><th>2020</th><th>2024</th></tr></thead><tr><td><a href='#'>Ylva Sand</a></td><td>8,001</td><td>9,114</td></tr>"
        "<tr><td>Bruno Katz</td><td></td><td>8,870</td></tr></table>"
    )
    found = text(f"<p>{LONG}</p>{table}<p>{MORE}</p>").split("\n\n")
    assert found == [
        LONG,
        "Votes by candidate",
        "Candidate: Ylva Sand; Votes 2020: 8,001; Votes 2024: 9,114.",
        "Candidate: Bruno Katz; Votes 2024: 8,870.",
        MORE,
    ]


def test_tables_that_lay_out_prose_stay_prose() -> None:
    found = text(f"<table><tr><td><p>{LONG}</p><p>{MORE}</p></td></tr></table>")
    assert found.split("\n\n") == [LONG, MORE]


def test_tables_without_a_header() -> None:
    assert in_words([["Team", "Points"], ["Holm", "12"], ["Emmer", "9"]]) == [
        "Team: Holm; Points: 12.",
        "Team: Emmer; Points: 9.",
    ]
    assert in_words([["Capital", "Holm"], ["Mayor", "Ylva Sand"]]) == ["Capital: Holm.", "Mayor: Ylva Sand."]
    assert in_words([[LONG * 4, MORE], [MORE, ""]]) == [LONG * 4, MORE]


@given(st.lists(st.lists(st.text("ab1 .:", max_size=5), min_size=1, max_size=4), max_size=5), st.integers(0, 2))
def test_no_cell_is_lost_in_a_sentence(rows: list[list[str]], headers: int) -> None:
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    told = sentences(rows, headers)
    whole = " ".join(told)
    assert all(cell.rstrip(":") in whole for row in rows[headers:] for cell in row)
    assert len(told) <= len(rows)


LIVE = {"@type": "LiveBlogPosting", "headline": "Result", "datePublished": "2024-06-03T06:00:00+02:00"}


def entry(when: str, heading: str, words: str) -> str:
    return f'<div class="post"><time datetime="{when}">then</time><h2>{heading}</h2><p>{words}</p></div>'


def test_a_live_blog_is_told_as_dated_entries() -> None:
    head = f'<script type="application/ld+json">{json.dumps(LIVE)}</script>'
    posts = entry("2024-06-04T21:00:00+02:00", "Water falls", LONG) + entry(
        "2024-06-03T09:12:00+02:00", "Dyke breaks", MORE
    )
    found = text(posts, head)
    assert found == f"2024-06-04, 21:00: Water falls.\n\n{LONG}\n\n2024-06-03, 09:12: Dyke breaks.\n\n{MORE}"
    assert "2024-06-03, 09:12" not in text(posts)  # a page with times is no live blog unless it says so


def test_a_live_blog_whose_entries_stand_in_its_data_alone() -> None:
    updates = [
        {
            "@type": "BlogPosting",
            "headline": "Dyke &amp; road",
            "datePublished": "2024-06-03T09:12:00+02:00",
            "articleBody": LONG,
        },
        {"@type": "BlogPosting", "datePublished": "2024-06-03T08:00:00+02:00", "articleBody": f"<p>{MORE}</p>"},
    ]
    head = f'<script type="application/ld+json">{json.dumps(LIVE | {"liveBlogUpdate": updates})}</script>'
    assert text("", head) == f"2024-06-03, 09:12: Dyke & road.\n\n{LONG}\n\n2024-06-03, 08:00: {MORE}"


def test_corrections_are_kept_where_they_stand() -> None:
    note = "Correction: an earlier version of this article gave the wrong number of votes for Ylva Sand."
    body = f"<p>{LONG}</p><p>{MORE}</p>"
    assert text(f'{body}<footer class="article-correction">{note}</footer>').split("\n\n")[-1] == note
    assert text(f'<aside class="correction">{note}</aside>{body}').split("\n\n")[0] == note
    assert text(f'<p class="correction">{note}</p>{body}').count(note) == 1
    head = f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "headline": "Result", "correction": note})}</script>'
    assert text(body, head).endswith(note)


def test_the_lead_is_kept_and_what_stands_for_embedded_things_is_not() -> None:
    lead = "Ylva Sand has won the mayoral election in Holm by a margin of 244 votes."
    head = f'<meta property="og:description" content="{lead}">'
    body = f"<p>{LONG}</p><p>{MORE}</p>"
    page = f"<html><head><title>Result</title>{head}</head><body><div class='teaser-sub'><span>{lead}</span></div>"
    found = HtmlReader().article(
        Path("/p/a.html"), f"{page}<article><h1>Result</h1>{body}</article></body></html>".encode()
    )
    assert isinstance(found, RawArticle)
    assert found.text.startswith(lead)
    assert lead not in text(body, head)  # declared, but not shown
    consent = (
        "External content is not shown, as your settings forbid it. Change them to see the content of other sites."
    )
    assert "External" not in text(f"<p>{LONG}</p>" + f"<p>{consent * 2}</p><p>{MORE}</p>" * 3)


PAGE = (
    f"<html><title>Result</title><body><article><h1>Result</h1><p>{LONG}</p><p>{MORE}</p>{{}}</article></body></html>"
)


@pytest.mark.parametrize(
    "note",
    [
        "<!-- saved from url=(0033)https://www.holm.example/result?id=1 -->",
        "<!--\n Page saved with SingleFile \n url: https://www.holm.example/result?id=1 \n saved date: Fri 2024\n-->",
        '<script>__wm.wombat("https://www.holm.example/result?id=1","20240112160530","https://web.archive.org/");</script>',
    ],
)
def test_saved_copies_tell_their_address_and_no_day(tmp_path: Path, note: str) -> None:
    (tmp_path / "copy.html").write_text(f"<!doctype html>\n{note}\n{PAGE.format('')}")
    (found,) = load([tmp_path])
    assert isinstance(found, RawArticle)
    assert (found.key, found.source, found.published) == ("https://www.holm.example/result?id=1", "holm.example", None)


@pytest.mark.parametrize("folder", ["Result 1_files", "Result 1-Dateien", "Result 1_archivos"])
def test_the_folder_of_a_complete_save_is_passed_over(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "frame.html").write_text(PAGE.format(""))
    (tmp_path / "Result 1.html").write_text(PAGE.format(f'<img src="./{folder.replace(" ", "%20")}/a.jpg">'))
    assert [item.origin for item in load([tmp_path])] == [str(tmp_path / "Result 1.html")]
    (tmp_path / "Result 1.html").write_text(PAGE.format(""))  # which names no such folder, so it is somebody's own
    assert len(list(load([tmp_path]))) == 2


@settings(max_examples=40, deadline=None)
@given(
    stamps=st.lists(
        st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2030, 1, 1)),
        max_size=4,
    ),
    places=st.lists(st.sampled_from(["meta", "linked", "time", "footer", "p", "modified"]), min_size=4, max_size=4),
)
def test_no_time_is_later_than_every_stamp_of_a_page(stamps: list[datetime], places: list[str]) -> None:
    head = body = ""
    told = []
    for moment, place in zip(stamps, places, strict=False):
        written = f"{moment:%Y-%m-%dT%H:%M:%S}+02:00"
        if place == "meta":
            head += f'<meta property="article:published_time" content="{written}">'
        elif place == "linked":
            data = {"@type": "NewsArticle", "headline": "Result", "datePublished": written}
            head += f'<script type="application/ld+json">{json.dumps(data)}</script>'
        elif place == "time":
            body += f'<time datetime="{written}">x</time>'
        elif place == "modified":
            head += f'<meta property="article:modified_time" content="{written}">'
        else:
            body += f"<{place}>© {moment.year}, {moment:%d %B %Y}.</{place}>"
        if place in ("meta", "linked", "time"):
            told.append(written)
    body = f"<article><h1>Result</h1>{body}<p>{LONG}</p><p>{MORE}</p></article>"
    page = f"<html><head><title>Result</title>{head}</head><body>{body}</body></html>"
    found = HtmlReader().article(Path("/p/a.html"), page.encode())
    assert isinstance(found, RawArticle)
    if found.published is not None:
        assert found.published.isoformat() in told
    assert found.published is not None or not any(place in ("meta", "linked") for place in places[: len(stamps)])
    assert found.author is None
    assert found.source is None
