"""Newspaper pages as PDF, to measure readers of PDF on: columns, hyphens at line ends, running heads, copyright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _MARGIN, _GUTTER = 595, 842, 40, 14
_EM = 0.6
"""Width of every letter of Courier, in its size."""


@dataclass(frozen=True)
class Style:
    """How an article is set.

    Attributes:
        columns: How many.
        across: Whether the file holds the lines of all columns row by row, as some programs write them.
        hyphens: Whether words are divided at the ends of lines.
        edges: Whether each page has a running head, a number and a line of copyright.
    """

    columns: int = 1
    across: bool = False
    hyphens: bool = True
    edges: bool = True


def pdf(title: str, paragraphs: Sequence[str], style: Style) -> bytes:
    """An article as PDF, in Courier and the characters of Windows-1252."""
    size, leading = 8.0, 10.0
    width = (_WIDTH - 2 * _MARGIN - (style.columns - 1) * _GUTTER) / style.columns
    letters = int(width / (size * _EM))
    rows = [row for text in paragraphs for row in _set(text, letters, style.hyphens)]
    pages: list[bytes] = []
    while rows or not pages:
        top = _HEIGHT - 90 if not pages else _HEIGHT - 70
        head = _broken(title, int((_WIDTH - 2 * _MARGIN) / (18 * _EM))) if not pages else []
        parts = [_text(line, _MARGIN, _HEIGHT - 70 - 20 * at, 18) for at, line in enumerate(head)]
        top -= 20 * len(head)
        per_column = int((top - 60) / leading)
        placed: list[tuple[int, int, str]] = []
        for column in range(style.columns):
            placed += [(column, at, row) for at, row in enumerate(rows[:per_column])]
            rows = rows[per_column:]
        if style.across:
            placed.sort(key=lambda entry: (entry[1], entry[0]))
        body = [
            _text(row, _MARGIN + c * (width + _GUTTER), top - at * leading, size)
            for c, at, row in placed
            if row.strip()
        ]
        if style.edges:
            number = len(pages) + 1
            parts.insert(0, _text(f"Holm Herald   Friday 12 January 2024   {number}", _MARGIN, _HEIGHT - 40, 8))
            body.append(_text("(c) 2024 Holm Herald. All rights reserved.", _MARGIN, 30, 6))
        pages.append(b"\n".join([*parts, *body]))
    return _file(pages)


def _set(text: str, letters: int, hyphens: bool) -> list[str]:
    """A paragraph's lines, its first one indented."""
    return ["  " + line if at == 0 else line for at, line in enumerate(_broken(text, letters - 2, hyphens))]


def _broken(text: str, letters: int, hyphens: bool = False) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        while word:
            space = letters - len(line) - bool(line)
            if len(word) <= space:
                line, word = f"{line} {word}".strip(), ""
            elif hyphens and space >= 4 and len(word) >= space + 2 and word[: space + 1].isalpha() and word.isascii():
                lines.append(f"{line} {word[: space - 1]}-".strip())
                line, word = "", word[space - 1 :]
            elif line:
                lines.append(line)
                line = ""
            else:
                lines.append(word[:letters])
                word = word[letters:]
    return [*lines, line] if line else lines


def _text(words: str, x: float, y: float, size: float) -> bytes:
    indent = len(words) - len(words.lstrip())
    raw = words.strip().encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        raw = raw.replace(special, b"\\" + special)
    return b"BT /F1 %.1f Tf %.1f %.1f Td (%s) Tj ET" % (size, x + indent * size * _EM, y, raw)


def _file(pages: Sequence[bytes]) -> bytes:
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for at, stream in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (_WIDTH, _HEIGHT, 5 + 2 * at)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


__all__ = ["Style", "pdf"]
