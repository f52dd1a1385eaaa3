"""Reading files of many articles, good and bad: JSON Lines, JSON, CSV, TSV."""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest.reading import drafts, reasons, write

from rag.ingest.load import count, load
from rag.ingest.readers import rows
from rag.types import RawArticle, Skipped

DATA = Path(__file__).parents[3] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")


def test_jsonl_with_broken_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        '{"title": "A", "text": "One.", "url": "http://www.X.com/a/", "doc_id": 7, "authors": ["P", "Q"],'
        ' "publish_date": "2022/11/19", "kind": "news", "big": "' + "x" * 600 + '"}\n'
        '{"title": "broken"\n\n[1]\n{"title": "no text", "text": ""}\n{"title": "none"}\n'
        '{"headline": "B", "body": "Two.", "id": "b"}\n{"content": ["Para.", "Graph."]}',
    )
    found = list(load([path]))
    first, broken, listed, empty, none, second, third = found
    assert isinstance(first, RawArticle)
    assert first.key == "https://www.x.com/a"
    assert (first.title, first.source, first.author, first.aliases) == ("A", "x.com", "P, Q", ("7",))
    assert first.published is not None
    assert first.published.isoformat() == "2022-11-19T00:00:00+00:00"
    assert first.metadata == {"kind": "news"}
    assert first.origin == f"{path}:1"
    assert isinstance(broken, Skipped)
    assert broken.origin == f"{path}:2"
    assert (
        broken.reason.startswith("broken JSON at character ")
        and 'A line has to hold one article, as in {"title"' in broken.reason
    )
    assert isinstance(listed, Skipped)
    assert (listed.origin, listed.reason) == (
        f"{path}:4",
        broken.reason.replace(broken.reason.split(". A line")[0], "not a JSON object"),
    )
    assert isinstance(empty, Skipped)
    assert empty.reason == "no text"
    assert isinstance(none, Skipped)
    assert none.reason == "no text; the fields are: title"
    assert isinstance(second, RawArticle)
    assert (second.title, second.text, second.key) == ("B", "Two.", f"{path.resolve().as_posix()}#b")
    assert isinstance(third, RawArticle)
    assert third.text == "Para.\n\nGraph."
    assert third.key.startswith(f"{path.resolve().as_posix()}#")


def test_fields_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"blurb": "No.", "words": "Yes.", "text": "Maybe.", "slug": "s"}\n')
    (draft,) = drafts(path, text="words", title="blurb", id="slug")
    assert (draft.title, draft.text, draft.aliases) == ("No.", "Yes.", ("s",))
    assert reasons(path, text="wrods") == ["no field 'wrods'; the fields are: blurb, words, text, slug"]


def test_markup_in_a_field_is_taken_off(tmp_path: Path) -> None:
    row = {"content": "<p>The <b>talks</b> &amp; more.</p><p>They<br>ended.</p><script>x()</script>"}
    (draft,) = drafts(write(tmp_path / "a.jsonl", json.dumps(row)))
    assert draft.text.split() == ["The", "talks", "&", "more.", "They", "ended."]
    assert "more.\n\n" in draft.text


def test_a_line_of_50_mb_is_skipped_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as out:
        out.write('{"text": "One."}\n{"text": "')
        for _ in range(50):
            out.write("word " * 200_000)
        out.write('"}\n{"text": "Two."}\n')
    tracemalloc.start()
    found = list(load([path]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(item) for item in found] == [RawArticle, Skipped, RawArticle]
    assert "20 million characters" in found[1].reason  # type: ignore[union-attr]
    assert found[1].origin == f"{path}:2"
    assert peak < 70_000_000


def test_rows_do_not_pile_up(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wt", compresslevel=1) as out:
        for number in range(1500):
            out.write(json.dumps({"id": number, "text": "word " * 2000}) + "\n")
    found: Iterator[RawArticle | Skipped] = load([path])
    tracemalloc.start()
    assert sum(1 for _ in found) == 1500
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
    assert count([path]) == 1500


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1254"])
def test_rows_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Bakan, ilişkiler için çok iyi dedi ve ığışöçü yazdı."
    path = write(tmp_path / "a.jsonl", ((json.dumps({"text": text}, ensure_ascii=False) + "\n") * 2).encode(encoding))
    assert [d.text for d in drafts(path)] == [text, text]
    path = write(tmp_path / "a.csv", f"title;text\r\nBir;{text}\r\n".encode(encoding))
    assert [(d.title, d.text) for d in drafts(path)] == [("Bir", text)]


def test_csv_and_tsv(tmp_path: Path) -> None:
    table = 'Title,Text,URL,Date\nA,"One, two\nand ""three"".",https://x.y/a,19 Jun 2023\n,,,\nB,,https://x.y/b,\nC,Three.\n'
    found = list(load([write(tmp_path / "a.csv", table)]))
    first, second, third = found
    assert isinstance(first, RawArticle)
    assert (first.title, first.text) == ("A", 'One, two\nand "three".')
    assert first.published is not None
    assert first.published.date().isoformat() == "2023-06-19"
    assert isinstance(second, Skipped)
    assert (second.reason, second.origin) == ("no text", f"{tmp_path / 'a.csv'}:5")
    assert isinstance(third, RawArticle)
    (draft,) = drafts(write(tmp_path / "a.tsv", "title\ttext\nA, B\tOne; two.\n"))
    assert (draft.title, draft.text) == ("A, B", "One; two.")
    (draft,) = drafts(write(tmp_path / "b.csv.gz", gzip.compress(b"text\n" + b"word " * 100_000)))
    assert len(draft.text) == 500_000


def test_csv_with_a_quote_that_never_closes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'title,text\nA,One.\nB,"Two.\nC,Three.\n')
    first, second = load([path])
    assert isinstance(first, RawArticle)
    assert isinstance(second, Skipped)
    assert second.origin == f"{path}:3"
    assert "broken row" in second.reason


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [{"id": number, "text": f"Text {number}. ]}}" * 50} for number in range(50)]
    path = write(tmp_path / "a.json", json.dumps(items, indent=1))
    assert [d.aliases for d in drafts(path)] == [(str(number),) for number in range(50)]
    assert len(drafts(write(tmp_path / "b.json", json.dumps({"articles": items})))) == 50
    assert len(drafts(write(tmp_path / "c.json", json.dumps(items[0])))) == 1
    assert len(drafts(write(tmp_path / "d.json", "\n".join(map(json.dumps, items))))) == 50
    assert "broken JSON" in reasons(write(tmp_path / "e.json", '{"text": '))[0]
    found = list(load([write(tmp_path / "f.json", '[{"text": "One."}, 5, {"text": "Two."}, {"te')]))
    assert [type(item) for item in found] == [RawArticle, Skipped, RawArticle, Skipped]
    assert "the rest of the file is left out" in found[-1].reason  # type: ignore[union-attr]
    assert reasons(write(tmp_path / "g.json", "[" * 100_000))[0].startswith("broken JSON")
    monkeypatch.setattr(rows, "LONGEST_ROW", 1000)
    assert "million characters" in reasons(write(tmp_path / "h.json", '{"text": "' + "x" * 2_000_000 + '"}'))[0]


@needs_data
def test_the_open_archives_go_in_as_they_are() -> None:
    found = list(itertools.islice(load([DATA / "realtimeqa-2023/articles.jsonl.gz"]), 400))
    assert all(isinstance(item, RawArticle) or item.reason.startswith("no text") for item in found)
    assert sum(isinstance(item, RawArticle) and item.published is not None for item in found) > 390
    assert all(item.aliases and item.source for item in found if isinstance(item, RawArticle))
    found = list(load([DATA / "wikinews/articles.jsonl"]))
    assert len(found) == 295
    assert all(isinstance(item, RawArticle) and item.published and item.title for item in found)
