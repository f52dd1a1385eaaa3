"""Lists as files that spreadsheets and Markdown show as they are."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]()#<>|~!+-])")


def csv_text(fields: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows with the names of columns on top; what a spreadsheet would take for a formula gets a space."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\n")
    made.writerow(fields)
    made.writerows([_inert(cell) for cell in row] for row in rows)
    return out.getvalue()


def markdown_text(text: str) -> str:
    """A text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;"))


def _inert(cell: str) -> str:
    return f" {cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell


__all__ = ["csv_text", "markdown_text"]
