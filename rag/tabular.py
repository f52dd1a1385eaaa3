"""Lists as files that spreadsheets and Markdown show as they are."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"[\s\x00-\x1f\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that is run as a formula; East Asian editions know the wide signs too."""
_SPECIAL = re.compile(r"([\\`*_\[\]()#<>|~!+-])")


def csv_text(fields: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows with the names of columns on top; what a spreadsheet would run gets an apostrophe before it."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\n")
    made.writerow(fields)
    made.writerows([_inert(cell) for cell in row] for row in rows)
    return out.getvalue()


def markdown_text(text: str) -> str:
    """A text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;"))


def _inert(cell: str) -> str:
    """The cell as no program runs it that opens the file: some pass over white space and unseen signs before it."""
    inert = f"'{cell}" if _FORMULA.match(cell) else cell
    return inert.replace("\r\n", "\n").replace("\r", "\n")  # which csv leaves unquoted, where lines end in another


__all__ = ["csv_text", "markdown_text"]
