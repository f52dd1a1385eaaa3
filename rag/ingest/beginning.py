"""What a file is by its beginning, where it has none of the forms: a page, a PDF, a Word document, JSON, or no article.

A name's ending is believed only where the content doesn't tell: an HTML page may well be called report.pdf.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import BinaryIO

from rag.ingest.forms.base import HEAD, Head

_PDF = 1024
"""Bytes before which a PDF's mark stands."""
_PAGE = re.compile(r"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_JSON = re.compile(r"[\[{]\s*(?:\{\s*)?\"[^\"\n]{0,200}\"\s*:")
"""The beginning of an object, or of a list of objects."""
_ROWS = frozenset({".json", ".jsonl", ".ndjson"})
_NAMED = {".pdf": "PDF", ".docx": "Word document"}
"""What files with these endings have to be; the others may hold any text."""
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Word, Excel or PowerPoint file; save it as .docx or .xlsx in Word or LibreOffice"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"BM", "a picture"),
    (b"RIFF", "a picture, sound or film"),
    (b"OggS", "sound or film"),
    (b"ID3", "sound"),
    (b"fLaC", "sound"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"\x1f\x8b", "a gzip file; let its name end in .gz"),
    (b"BZh", "a bzip2 file; let its name end in .bz2"),
    (b"\xfd7zXZ", "an xz file; let its name end in .xz"),
    (b"PK", "a ZIP file that is broken, or is no archive of articles"),
)


def told_ending(stream: BinaryIO, ending: str) -> str:
    """The ending that a file's content says, else that of its name.

    Args:
        stream: The file, unpacked; it is put back to its beginning.
        ending: Of its name, as in ".pdf"; "" for none.
    """
    raw = stream.read(HEAD)
    stream.seek(0)
    head = Head(ending, raw, stream)
    if b"%PDF-" in raw[:_PDF] and (ending == ".pdf" or raw.lstrip().startswith(b"%PDF-")):
        return ".pdf"
    if "word/document.xml" in head.members:
        return ".docx"
    if not head.text:
        return ending
    if _PAGE.match(head.text):
        return ending if ending in (".html", ".htm", ".xhtml") else ".html"
    if ending not in _ROWS and _JSON.match(head.text):
        return _json_ending(head.text, whole=len(raw) < HEAD) or ending
    return ending


def _json_ending(text: str, *, whole: bool) -> str | None:
    """Whether a text that begins like JSON is some."""
    first, _, rest = text.partition("\n")
    for piece, found in ((first, ".jsonl" if rest.strip() else ".json"), (text, ".json")):
        try:
            json.loads(piece)
        except (ValueError, RecursionError):
            continue
        return found
    return None if whole else ".json"


def why_not(stream: BinaryIO, ending: str) -> str | None:
    """Why a file can't be read that is not what its name says, in one line; None where nothing speaks against it.

    Args:
        stream: The file; it is put back to its beginning.
        ending: Of its name; the content said no other.
    """
    raw = stream.read(HEAD)
    stream.seek(0)
    wanted = _NAMED.get(ending)
    if not raw.strip() or wanted is None or told_by_itself(raw, ending):
        return None
    if Head(ending, raw).text:
        return f"not a {wanted}, though its name ends in {ending}; it holds plain text: let its name end in .txt"
    return f"not a {wanted}, though its name ends in {ending}; it holds {_what(raw)}"


def told_by_itself(raw: bytes, ending: str) -> bool:
    """Whether a file begins as its name says, even if it is broken further on."""
    return b"%PDF-" in raw[:_PDF] if ending == ".pdf" else raw.startswith(b"PK\x03\x04")


def unknown(stream: BinaryIO, ending: str, known: Iterable[str]) -> str:
    """Why a file is passed by whose format is not known, in one line."""
    raw = stream.read(16)
    stream.seek(0)
    what = next((what for mark, what in _OTHERS if raw.startswith(mark)), None)
    told = f" ({what})" if what else ""
    return f"unknown format {ending or 'without ending'}{told}; known are {' '.join(sorted(known))}"


def _what(raw: bytes) -> str:
    return next((what for mark, what in _OTHERS if raw.startswith(mark)), "nothing that is known here")


__all__ = ["told_ending", "unknown", "why_not"]
