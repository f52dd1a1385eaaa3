"""Files whose names say something else than they hold: content decides, and what is neither is told in a plain line."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from form_samples import feed, mbox, nexis_rtf, odt, trec
from ingest.reading import reasons, write

from rag.ingest.load import load
from rag.types import RawArticle

WORDS = "The ferry to Kellmouth sails again from Monday. Repairs of the harbour wall had taken three weeks. " * 6
PAGE = f"<!DOCTYPE html><html><head><title>Ferry</title></head><body><article><h1>Ferry</h1><p>{WORDS}</p></article>"
ROW = '{"title": "Ferry", "text": "The ferry to Kellmouth sails again from Monday."}'
JARGON = re.compile(r"[A-Z]\w+(Error|Exception|File|Failed)\b|Bad[A-Z]|pdfium|zipfile|lxml", re.IGNORECASE)


def docx() -> bytes:
    document = pytest.importorskip("docx").Document()
    document.add_heading("Ferry", 1)
    document.add_paragraph(WORDS)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("a.txt", WORDS)
    return made.getvalue()


@pytest.mark.parametrize("ending", [".pdf", ".docx", ".txt", ".json", ".dat", ""])
def test_content_decides_over_the_name(tmp_path: Path, ending: str) -> None:
    contents = {
        "page": PAGE.encode(),
        "commented": b"<!-- saved -->\n" + PAGE.encode(),
        "word": docx(),
        "json": f"[{ROW}]".encode(),
        "lines": f"{ROW}\n{ROW.replace('Ferry', 'Boat')}\n".encode(),
        "rtf": nexis_rtf(),
        "odt": odt(),
        "feed": feed(),
        "trec": trec(),
        "mbox": mbox(),
        "zip": zipped(),
    }
    for name, content in contents.items():
        write(tmp_path / f"{name}{ending}", content)
    read = {Path(item.origin.split(":")[0]).name for item in load([tmp_path]) if isinstance(item, RawArticle)}
    read |= {Path(item.origin).parent.name for item in load([tmp_path]) if isinstance(item, RawArticle)}
    assert {f"{name}{ending}" for name in contents} <= read


def test_what_is_neither_is_told_in_a_plain_line(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 40
    for name, content, told in (
        ("a.docx", noise, "not a Word document, though its name ends in .docx; it holds nothing that is known here"),
        ("a.pdf", noise, "not a PDF, though its name ends in .pdf; it holds nothing that is known here"),
        ("b.pdf", WORDS.encode(), "not a PDF, though its name ends in .pdf; it holds plain text"),
        ("c.docx", b"\x89PNG\r\n\x1a\n" + noise, "it holds a picture"),
        ("d.docx", b"\xd0\xcf\x11\xe0" + noise, "an old Word, Excel or PowerPoint file"),
        ("e.pdf", b"%PDF-1.4 nonsense", "not a readable PDF"),
        ("f.docx", b"PK\x03\x04" + noise, "not a readable Word document"),
        ("g.odd", noise, "unknown format .odd"),
    ):
        (line,) = reasons(write(tmp_path / name, content))
        assert told in line and not JARGON.search(line), line


def test_prose_that_only_begins_like_something_else_stays_prose(tmp_path: Path) -> None:
    for name, text in (("a.txt", f"[Updated] {WORDS}"), ("b.txt", f"<p>{WORDS}"), ("c.md", f"{{draft}} {WORDS}")):
        (found,) = load([write(tmp_path / name, text)])
        assert isinstance(found, RawArticle) and "Kellmouth" in found.text
