"""Finding files and reading every format, good and bad."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.ingest.load import count, load
from rag.ingest.readers import rows
from rag.ingest.readers.text import TextReader
from rag.types import RawArticle, Skipped

DATA = Path(__file__).parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")


def drafts(*sources: str | Path, **fields: str) -> list[RawArticle]:
    found = list(load(sources, fields))
    assert all(isinstance(item, RawArticle) for item in found), found
    return [item for item in found if isinstance(item, RawArticle)]


def reasons(*sources: str | Path, **fields: str) -> list[str]:
    return [item.reason for item in load(sources, fields) if isinstance(item, Skipped)]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# Sources


def test_a_folder_is_read_in_order_without_what_is_no_article(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/b.html.txt"):
        write(tmp_path / name, "Some words here.")
    for name in (
        ".hidden.txt",
        ".git/x.txt",
        "README.md",
        "manifest.json",
        "questions.jsonl",
        "__init__.py",
        "LICENSE",
    ):
        write(tmp_path / name, "Some words here.")
    write(tmp_path / "c.xyz", "Some words here.")
    found = list(load([tmp_path]))
    assert [Path(item.origin).relative_to(tmp_path).as_posix() for item in found] == [
        "a/b.html.txt",
        "a/z.md",
        "b.txt",
        "c.xyz",
    ]
    assert isinstance(found[-1], Skipped)
    assert "unknown format .xyz" in found[-1].reason


def test_globs_and_files_named_twice(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.txt", "One."), write(tmp_path / "x/b.txt", "Two.")
    assert [d.origin for d in drafts(str(tmp_path / "**/*.txt"), a, tmp_path)] == [str(a), str(b)]
    odd = write(tmp_path / "what[1]?.txt", "Three.")
    assert len(drafts(odd)) == 1


def test_what_is_not_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    for source in (tmp_path / "no.txt", str(tmp_path / "*.pdf"), tmp_path / "no/folder"):
        with pytest.raises(SourceError, match="Check the"):
            load([tmp_path, source])
        with pytest.raises(SourceError):
            count([source])
    for url in ("https://example.com/a.html", "http://x", "HTTPS://X/y", Path("https://example.com/a")):
        with pytest.raises(SourceError, match="not fetched"):
            load([url])


def test_loading_is_lazy(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    later = write(tmp_path / "b.txt", "Two.")
    found = load([tmp_path])
    next(found)
    later.unlink()
    assert isinstance(next(found, None), Skipped | None)


def test_a_file_or_folder_without_permission_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.txt", "One.")
    write(tmp_path / "locked/b.txt", "Two.")
    write(tmp_path / "secret.txt", "Three.")
    scandir, path_open = os.scandir, Path.open

    def scan(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    def open_(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == "secret.txt":
            raise PermissionError(13, "Permission denied")
        return path_open(path, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(Path, "open", open_)
    found = list(load([tmp_path]))
    assert [type(item) for item in found] == [RawArticle, Skipped, Skipped]
    assert reasons(tmp_path) == ["no permission to read the folder", "no permission to read the file"]


def test_links_that_lead_in_circles_and_pipes(tmp_path: Path) -> None:
    write(tmp_path / "a/a.txt", "One.")
    (tmp_path / "a/loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a/broken.txt").symlink_to(tmp_path / "gone.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    found = list(load([tmp_path]))
    assert len([item for item in found if isinstance(item, RawArticle)]) == 1
    assert sorted(reasons(tmp_path)) == ["not a regular file", "the file can't be read: No such file or directory"]


def test_count(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    write(tmp_path / "b.jsonl", '{"text": "x"}\n' * 5)
    write(tmp_path / "c.csv", 'title,text\na,"two\nlines"\nb,one\n')
    write(tmp_path / "d.jsonl.gz", gzip.compress(b'{"text": "x"}\n{"text": "y"}'))
    assert count([tmp_path]) == 1 + 5 + 2 + 2
    write(tmp_path / "e.json", "[]")
    assert count([tmp_path]) is None


# One article a file


def test_text_takes_its_title_from_a_short_first_line(tmp_path: Path) -> None:
    (draft,) = drafts(write(tmp_path / "talks.txt", "A short title\n\nThe text begins. It goes on.\n"))
    assert (draft.title, draft.key) == ("A short title", (tmp_path / "talks.txt").resolve().as_posix())
    (draft,) = drafts(write(tmp_path / "plain.txt", "The text begins here and it has no title.\n\nIt goes on.\n"))
    assert draft.title == "plain"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1254", "iso8859_9"]
)
def test_turkish_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    text = "İstanbul'da Dışişleri Bakanı ile görüşme\n\nBakan, ilişkiler için 'çok iyi' dedi ve ığışöçü ĞÜŞİÖÇ yazdı.\n"
    (draft,) = drafts(write(tmp_path / "a.txt", text.encode(encoding)))
    assert draft.text == text
    assert draft.metadata == {}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (
            "cp1252",
            "Le ministre a été reçu à l’Élysée, où il a déclaré : « Ça ira. » C'est une première dans ce pays.",
        ),
        ("cp1252", "Der Außenminister flog über München nach Köln – für Gespräche über die Zukunft der Länder."),
        ("latin-1", "El señor Muñoz llegó mañana por la mañana a España, según dijo el ministro en la reunión."),
        (
            "cp1250",
            "Minister spraw zagranicznych powiedział, że rozmowy były trudne i że będą się toczyć dalej w Łodzi.",
        ),
        ("cp1251", "Министр иностранных дел прибыл в Пекин в воскресенье и провёл переговоры."),
        ("gb18030", "布林肯星期日抵达北京，与中国外交部长秦刚会谈，谈了七个半小时。这是五年来美国国务卿首次访华。"),
        (
            "shift_jis",
            "ブリンケン国務長官は日曜日に北京に到着し、中国の外相と七時間以上会談した。これは五年ぶりの訪中である。",
        ),
    ],
)
def test_other_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    (draft,) = drafts(write(tmp_path / "a.txt", text.encode(encoding)))
    assert draft.text == text


def test_mixed_encodings_are_read_line_by_line_and_said_so(tmp_path: Path) -> None:
    first, second = "Türkiye’de seçim için çalışma başladı.", "Bakan, ilişkiler için çok iyi dedi ve ığış yazdı."
    (draft,) = drafts(write(tmp_path / "a.txt", first.encode() + b"\n\n" + second.encode("cp1254") + b"\n"))
    assert draft.text == f"{first}\n\n{second}\n"
    assert "mixed encodings" in draft.metadata["decoding"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        b"\x7fELF\x02\x01\x01" + bytes(500),
        b"PK\x03\x04" + bytes(range(1, 256)) * 20,
        b"some text\x00\x00\x01\x02" * 50,
        bytes(range(1, 32)) * 50,
        os.urandom(4096),
        "�".encode() * 100,
    ],
)
def test_binary_is_not_text(tmp_path: Path, raw: bytes) -> None:
    for name in ("a.txt", "a.md", "a.jsonl", "a.csv"):
        assert reasons(write(tmp_path / name, raw)) == ["not text"]
    assert len(reasons(write(tmp_path / "a.html", raw))) == 1


@pytest.mark.parametrize("ending", ["txt", "md", "html", "pdf", "docx", "jsonl", "json", "csv", "txt.gz", "jsonl.gz"])
def test_empty(tmp_path: Path, ending: str) -> None:
    for content in (b"", b" \n\n"):
        raw = gzip.compress(content) if ending.endswith("gz") else content
        assert reasons(write(tmp_path / f"a.{ending}", raw)) == ["empty"]


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextReader, "max_bytes", 1000)
    assert reasons(write(tmp_path / "a.txt", "word " * 1000)) == ["larger than 0 MB"]
    assert reasons(write(tmp_path / "a.txt.gz", gzip.compress(b"word " * 1000))) == ["larger than 0 MB"]


def test_broken_gzip(tmp_path: Path) -> None:
    packed = gzip.compress(os.urandom(5000).hex().encode())
    assert reasons(write(tmp_path / "a.txt.gz", b"no gzip")) == ["broken gzip file"]
    assert reasons(write(tmp_path / "b.txt.gz", packed[:-50])) == ["broken gzip file: it ends too early"]
    assert count([tmp_path]) == 2


def test_markdown(tmp_path: Path) -> None:
    body = """---
title: "Talks: a beginning"
source: The Daily Note
author: [Ada Lovelace, Alan Turing]
published: 2023-06-19
url: HTTP://Example.com/talks/?utm_source=x#top
language: en-GB
id: talks-1
aliases: [t1, t2]
section: World
---

# Another heading

The *talks* in [Beijing](https://x.y) were **candid**. ![picture](a.png)
They went on.

- one
- two

> He said `yes`.

| a | b |
|---|---|
| 1 | 2 |

<p>Raw <b>words</b></p>
"""
    (draft,) = drafts(write(tmp_path / "a.md", body))
    assert draft.title == "Talks: a beginning"
    assert draft.text == (
        "Another heading\n\nThe talks in Beijing were candid.  They went on.\n\none\n\ntwo\n\nHe said yes.\n\n"
        "a | b\n\n1 | 2\n\nRaw words"
    )
    assert draft.key == "https://example.com/talks"
    assert (draft.source, draft.author, draft.language) == ("The Daily Note", "Ada Lovelace, Alan Turing", "en")
    assert draft.published is not None
    assert draft.published.isoformat() == "2023-06-19T00:00:00+00:00"
    assert draft.aliases == ("talks-1", "t1", "t2")
    assert draft.metadata == {"section": "World"}


def test_markdown_without_front_matter_and_with_a_broken_one(tmp_path: Path) -> None:
    (draft,) = drafts(write(tmp_path / "a.md", "# The heading\n\nText.\n"))
    assert (draft.title, draft.text) == ("The heading", "The heading\n\nText.")
    (draft,) = drafts(write(tmp_path / "b.md", "---\ntitle: Talks: a beginning\nurl: https://a.b/c\n---\nText.\n"))
    assert (draft.title, draft.url, draft.source) == ("Talks: a beginning", "https://a.b/c", "a.b")
    (draft,) = drafts(write(tmp_path / "c.md", "Only text.\n"))
    assert draft.title == "c"
    assert reasons(write(tmp_path / "d.md", "---\ntitle: x\n---\n\n")) == ["no text"]


PAGE = """<!doctype html><html lang="en"><head><meta charset="{charset}"><title>Talks in Beijing - The Note</title>
<meta property="og:site_name" content="The Note"><meta name="author" content="Ada Lovelace">
<link rel="canonical" href="https://www.note.example/talks/?utm_source=x">
<meta property="article:published_time" content="2023-06-19T08:00:00Z"></head><body><nav><a href="/">Home</a></nav>
<article><h1>Talks in Beijing</h1><p>The minister’s talks in Beijing lasted for more than seven hours on Sunday.</p>
<p>Both sides called them candid, and said that they would go on in Washington later in the year.</p>{end}"""


def test_html(tmp_path: Path) -> None:
    page = PAGE.format(charset="utf-8", end="</article></body></html>")
    (draft,) = drafts(write(tmp_path / "a.html", page))
    assert "minister’s talks in Beijing lasted" in draft.text
    assert "candid" in draft.text
    assert "Home" not in draft.text
    assert draft.title.startswith("Talks in Beijing")
    assert draft.key == "https://www.note.example/talks"
    assert (draft.source, draft.author, draft.language) == ("The Note", "Ada Lovelace", "en")
    assert draft.published is not None
    assert draft.published.date().isoformat() == "2023-06-19"


def test_html_that_never_closes_and_other_charsets(tmp_path: Path) -> None:
    (draft,) = drafts(write(tmp_path / "a.html", PAGE.format(charset="utf-8", end="")))
    assert "candid" in draft.text
    (draft,) = drafts(write(tmp_path / "b.htm", PAGE.format(charset="windows-1252", end="").encode("cp1252")))
    assert "minister’s" in draft.text


@pytest.mark.parametrize("page", ["<html></html>", "<div>" * 30_000, "<p>" * 1000, "<" * 1000, "<html><body><nav>Home"])
def test_html_without_an_article(tmp_path: Path, page: str) -> None:
    assert reasons(write(tmp_path / "a.html", page)) == ["no article found in the page"]


def test_pdf(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    path = tmp_path / "a.pdf"
    write(path, _pdf("The talks in Beijing lasted seven hours."))
    (draft,) = drafts(path)
    assert "The talks in Beijing lasted seven hours." in draft.text
    blank = pypdf.PdfWriter()
    blank.add_blank_page(200, 200)
    blank.write(tmp_path / "blank.pdf")
    assert "only images" in reasons(tmp_path / "blank.pdf")[0]
    locked = pypdf.PdfWriter(path)
    locked.encrypt("secret", algorithm="RC4-128")
    locked.write(tmp_path / "locked.pdf")
    assert "encrypted" in reasons(tmp_path / "locked.pdf")[0]
    assert "not a readable PDF" in reasons(write(tmp_path / "broken.pdf", b"%PDF-1.4 nonsense"))[0]


def _pdf(words: str) -> bytes:
    stream = f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def test_docx(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("Talks in Beijing", 0)
    document.add_paragraph("The talks lasted seven hours.")
    document.add_table(1, 2).rows[0].cells[0].text = "cell"
    document.save(tmp_path / "a.docx")
    (draft,) = drafts(tmp_path / "a.docx")
    assert draft.title == "Talks in Beijing"
    assert "The talks lasted seven hours." in draft.text
    assert "cell" in draft.text
    assert "not a readable Word document" in reasons(write(tmp_path / "b.docx", b"PK\x03\x04 nonsense"))[0]


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("pypdf", "a.pdf", "Reading PDF needs pypdf, which is not installed."),
        ("docx", "a.docx", "Reading Word documents needs python-docx, which is not installed."),
        ("trafilatura", "a.html", "Reading HTML needs trafilatura, which is not installed."),
    ],
)
def test_documents_without_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, said: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    write(tmp_path / name, b"<p>%PDF-1.4 words")
    write(tmp_path / "b.txt", "The talks lasted seven hours.")
    assert reasons(tmp_path) == [f'{said} Run: pip install "onrecord[documents]"']
    read = [item.text for item in load([tmp_path]) if isinstance(item, RawArticle)]
    assert read == ["The talks lasted seven hours."]


# Many articles a file


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
    assert broken.reason.startswith("broken JSON")
    assert isinstance(listed, Skipped)
    assert (listed.origin, listed.reason) == (f"{path}:4", "not a JSON object")
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


def test_an_archive_among_the_sources_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "archive" / "vectors-1").mkdir(parents=True)
    (tmp_path / "archive" / "catalog.sqlite").write_bytes(b"SQLite format 3\0")
    (tmp_path / "a.txt").write_text("The bridge reopened on Monday, the council said.")
    assert [item.origin for item in load([tmp_path])] == [str(tmp_path / "a.txt")]
