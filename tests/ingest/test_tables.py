"""Rows, records and packed files: nested fields, Swissdox, Parquet, BibTeX, wire text, how many articles there are."""

from __future__ import annotations

import bz2
import json
import lzma
from pathlib import Path

import form_samples as samples
import pytest
from ingest.reading import drafts, reasons, write

from rag.ingest.load import count
from rag.ingest.readers.rows import value_at

WORDS, TITLE = samples.WORDS, samples.TITLE


def test_fields_are_named_by_their_path(tmp_path: Path) -> None:
    row = {"fields": {"bodyText": WORDS, "head.line": TITLE, "when": ["2024-03-05", "2024-03-09"]},
           "by": [{"name": "Ann Lee"}, {"name": "Ben Ray"}, {"role": "desk"}]}  # fmt: skip
    path = write(tmp_path / "a.jsonl", json.dumps(row) + "\n")
    named = {"text": "fields.bodyText", "title": "fields.head.line", "author": "by.name", "published": "fields.when"}
    (article,) = drafts(path, **named)
    assert (article.text, article.title, article.author) == (WORDS, TITLE, "Ann Lee, Ben Ray")
    assert article.published is not None
    assert article.published.date().isoformat() == "2024-03-05"
    assert drafts(path, text="fields.bodyText", author="by.1.name")[0].author == "Ben Ray"
    (why,) = reasons(path, text="fields.nothing")
    assert why == "no field 'fields.nothing'; the fields are: fields, by"


def test_named_fields_reach_into_envelopes_and_cells(tmp_path: Path) -> None:
    answer = {"response": {"results": [{"webTitle": TITLE, "fields": {"bodyText": WORDS}}] * 2}}
    found = drafts(write(tmp_path / "a.json", json.dumps(answer)), text="fields.bodyText", title="webTitle")
    assert [(a.title, a.text) for a in found] == [(TITLE, WORDS)] * 2
    cell = json.dumps({"body": WORDS}).replace('"', '""')
    (article,) = drafts(write(tmp_path / "a.csv", f'title,data\n{TITLE},"{cell}"\n'), text="data.body")
    assert article.text == WORDS


@pytest.mark.parametrize(("row", "path", "value"), [
    ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
    ({"a": [{"b": 1}, {}, {"b": 2}]}, "a.b", [1, 2]),
    ({"a": [{"b": 1}]}, "a.3.b", None),
    ({"a": "{broken"}, "a.b", None),
    ({"a": 1}, "a.b", None),
    ([], "a", None),
])  # fmt: skip
def test_a_value_at_a_path(row: object, path: str, value: object) -> None:
    assert value_at(row, path) == value


def test_swissdox_tells_author_and_leaves_captions_out(tmp_path: Path) -> None:
    (article,) = drafts(write(tmp_path / "a.tsv", samples.swissdox()))
    assert (article.author, article.text, article.language) == ("Ann Lee", WORDS, "en")
    assert article.published is not None and article.published.isoformat() == "2024-03-05T00:00:00+00:00"
    later = samples.swissdox().replace(b"00:00:00+01", b"18:05:10+01")
    (article,) = drafts(write(tmp_path / "b.tsv", later))
    assert article.published is not None and article.published.isoformat() == "2024-03-05T18:05:10+01:00"
    short = samples.swissdox().replace(b"\tc7\t", b"\t")
    assert reasons(write(tmp_path / "c.tsv", short)) == ["a row with another number of columns than the first"]


@pytest.mark.parametrize(("ending", "pack"), [(".tsv.xz", lzma.compress), (".tsv.bz2", bz2.compress)])
def test_packed_tables_are_unpacked(ending: str, pack: object, tmp_path: Path) -> None:
    whole = pack(samples.swissdox() * 1)  # type: ignore[operator]
    assert drafts(write(tmp_path / f"a{ending}", whole))[0].text == WORDS
    name = ending.rpartition(".")[2].replace("bz2", "bzip2")
    assert reasons(write(tmp_path / f"b{ending}", whole[:-20]))[0].startswith(f"broken {name} file")
    assert reasons(write(tmp_path / f"c{ending}", b"no such thing"))[0].startswith(f"broken {name} file")


def test_wire_text_of_anpa_has_headline_byline_and_clock(tmp_path: Path) -> None:
    (article,) = drafts(write(tmp_path / "a.txt", samples.anpa()))
    assert (article.title, article.author, article.source) == (TITLE, "ANN LEE", "Coast")
    assert article.published is not None and article.published.isoformat() == "2024-03-05T09:30:00-05:00"
    assert article.text == f"KELLMOUTH (Coast) _ {WORDS}"
    assert reasons(write(tmp_path / "b.txt", samples.anpa()[:-30])) == ["a wire message that is cut off before its end"]


def test_a_year_and_a_month_are_no_day(tmp_path: Path) -> None:
    monthly = samples.bibtex().replace(b"date = {2024-03-05}", b"year = {2024}, month = mar")
    (article,) = drafts(write(tmp_path / "a.bib", monthly))
    assert (article.published, article.metadata["year"], article.author) == (None, "2024", "Lee, Ann; Ray, Ben")
    assert (article.title, article.metadata["abstract"]) == (TITLE, True)
    bare = samples.bibtex() + b"@misc{x, title={Y}}\n"
    assert reasons(write(tmp_path / "b.bib", bare)) == [
        "passed over, being no articles: 1 record without an abstract"
    ]  # fmt: skip


def test_squarespaces_export_is_read_as_wordpress_is(tmp_path: Path) -> None:
    made = samples.wordpress().replace(b"<channel>", b"<channel><generator>Squarespace</generator>")
    assert [a.title for a in drafts(write(tmp_path / "Squarespace-Export.xml", made))] == [TITLE]


def test_how_many_articles_an_export_holds_is_not_guessed(tmp_path: Path) -> None:
    one = write(tmp_path / "one.odt", samples.odt())
    assert count([one]) == 1
    for name, made in (("a.txt", samples.nexis_text()), ("a.mbox", samples.mbox()), ("a.rss", samples.feed())):
        assert count([one, write(tmp_path / name, made)]) is None
    zipped = write(tmp_path / "a.zip", samples._zip({"a.txt": "One.", "b.txt": "Two."}))
    assert count([zipped]) is None
