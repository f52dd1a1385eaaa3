"""Reading files of one article each, good and bad: text, Markdown, HTML, PDF, Word."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from ingest.reading import drafts, reasons, write

from rag.ingest.load import count, load
from rag.ingest.readers.text import TextReader
from rag.types import RawArticle


def test_text_takes_its_title_from_a_short_first_line(tmp_path: Path) -> None:
    (draft,) = drafts(write(tmp_path / "talks.txt", "A short title\n\nThe text begins. It goes on.\n"))
    assert (draft.title, draft.key) == ("A short title", (tmp_path / "talks.txt").resolve().as_posix())
    (draft,) = drafts(write(tmp_path / "plain.txt", "The text begins here and it has no title.\n\nIt goes on.\n"))
    assert draft.title == "plain"


ABOVE = "Published: 4 March 2024\nOutlet: Harbour Post\nByline: Ines Vidal\n"
BODY = "The bridge was closed on Monday. It opens again in May.\n"


@pytest.mark.parametrize(
    ("above", "told"),
    [
        (ABOVE, ("Bridge shut", "Harbour Post", "Ines Vidal", "2024-03-04")),
        (f"Bridge closed\n\n{ABOVE}", ("Bridge closed", "Harbour Post", "Ines Vidal", "2024-03-04")),
        (f"Bridge closed\n{ABOVE}", ("Bridge closed", "Harbour Post", "Ines Vidal", "2024-03-04")),
        ("Title: Shut\nDate: 2024-03-04\n", ("Shut", None, None, "2024-03-04")),
        ("Publication date: 2024-03-04\r\n", ("Bridge shut", None, None, "2024-03-04")),
        ("URL: https://harbour.example/shut\n", ("Bridge shut", "harbour.example", None, None)),
        (
            "Headline: Shut\nOutlet: Post\nDate: 4 March 2024\nBy: Ines Vidal\n",
            ("Shut", "Post", "Ines Vidal", "2024-03-04"),
        ),
        ("Titel: Gesperrt\nQuelle: Bote\nDatum: 4. März 2024\n", ("Gesperrt", "Bote", None, "2024-03-04")),
        ("Title: Shut\nPublished: 31 February 2024\nSource: Post\n", ("Shut", "Post", None, None)),
    ],
)
def test_labelled_lines_above_a_text_tell_of_it(tmp_path: Path, above: str, told: tuple[str | None, ...]) -> None:
    (draft,) = drafts(write(tmp_path / "Bridge shut.txt", f"{above}\n{BODY}"))
    day = draft.published and draft.published.date().isoformat()
    assert (draft.title, draft.source, draft.author, day) == told
    assert draft.text.endswith(BODY)
    assert "2024" not in draft.text and "harbour.example" not in draft.text


def test_a_value_that_can_not_be_read_stays_beside_the_article(tmp_path: Path) -> None:
    (draft,) = drafts(write(tmp_path / "a.txt", f"Source: Post\nPublished: 03/04/2023\n\n{BODY}"))
    assert (draft.source, draft.published, draft.metadata) == ("Post", None, {"Published": "03/04/2023"})


@pytest.mark.parametrize(
    "above",
    [
        "Date: 4 March 2024\nVenue: the town hall\n",  # of what it announces
        "Date: 4 March 2024\n",
        "Minister: we will build it.\n",
        "Published: 4 March 2024\nThe text follows at once.\n",
        "One line.\nAnother line.\nPublished: 4 March 2024\n",
    ],
)
def test_other_lines_with_a_colon_are_text(tmp_path: Path, above: str) -> None:
    (draft,) = drafts(write(tmp_path / "a.txt", f"{above}\n{BODY}"))
    assert (draft.published, draft.source, draft.text) == (None, None, f"{above}\n{BODY}")


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
        ("pypdfium2", "a.pdf", "Reading PDF needs pypdfium2, which is not installed."),
        ("docx", "a.docx", "Reading Word documents needs python-docx, which is not installed."),
        ("trafilatura", "a.html", "Reading HTML needs trafilatura, which is not installed."),
    ],
)
def test_documents_without_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, said: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    write(tmp_path / name, b"PK\x03\x04" if module == "docx" else b"<p>%PDF-1.4 words")
    write(tmp_path / "b.txt", "The talks lasted seven hours.")
    assert reasons(tmp_path) == [f'{said} Run: pip install "onrecord[documents]"']
    read = [item.text for item in load([tmp_path]) if isinstance(item, RawArticle)]
    assert read == ["The talks lasted seven hours."]
