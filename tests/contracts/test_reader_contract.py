"""Every reader keeps the contract, added ones too."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from rag.ingest.readers import readers
from rag.protocols import Reader
from rag.testing.contracts import ReaderContract

WORDS = "The Harbour Bridge will close in June. Engineers found cracks in two of its nine piers."


def _pdf() -> bytes:
    """One page, as small as a PDF can be."""
    text = f"BT /F1 12 Tf 40 700 Td ({WORDS[:38]}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (table, len(out))


def _docx() -> bytes:
    import docx

    made, out = docx.Document(), io.BytesIO()
    made.add_heading("Bridge closed")
    made.add_paragraph(WORDS)
    made.save(out)
    return out.getvalue()


HTML = (
    f"<html><head><title>Bridge</title></head><body><article><h1>Bridge</h1><p>{WORDS * 4}</p></article></body></html>"
)
ROW = {"title": "Bridge", "text": WORDS}
WHOLE: dict[str, Any] = {
    ".txt": lambda: f"Bridge closed\n\n{WORDS}".encode(),
    ".md": lambda: f"# Bridge closed\n\n{WORDS}\n".encode(),
    ".html": HTML.encode,
    ".pdf": _pdf,
    ".docx": _docx,
    ".jsonl": lambda: f"{json.dumps(ROW)}\n{json.dumps({**ROW, 'title': 'Again'})}\n".encode(),
    ".json": lambda: json.dumps([ROW]).encode(),
    ".csv": lambda: f'title,text\nBridge,"{WORDS}"\n'.encode(),
    ".tsv": lambda: f"title\ttext\nBridge\t{WORDS}\n".encode(),
}
READERS = {r.endings[0]: r for r in readers().values()}


class TestReaders(ReaderContract):
    @pytest.fixture(params=READERS)
    def ending(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def reader(self, ending: str) -> Reader:
        return READERS[ending]

    @pytest.fixture
    def whole(self, ending: str) -> bytes:
        content: bytes = WHOLE[ending]()
        return content


def test_there_is_a_file_for_every_reader() -> None:
    assert set(READERS) == set(WHOLE)
