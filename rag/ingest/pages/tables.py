"""Tables as sentences: a row has its headers ("Candidate: Ann Lee; Votes: 9,114."), so that it can be cited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_WIDEST = 60
"""Columns that a table may have."""
_LONGEST_CELL = 300
"""Characters of a cell; longer ones are prose, laid out in a table."""
_ENDS = (".", "!", "?", "。", "！", "？", "…")

Row = Sequence[str]


def sentences(rows: Sequence[Row], headers: int = 0) -> list[str]:
    """The rows of a table as sentences.

    Args:
        rows: Its cells; each on one line.
        headers: How many of the first rows are headers. 0 where the table names none: of two columns the first then
            names the second.

    Returns:
        A sentence each; rows without words give none.
    """
    width = max((len(row) for row in rows), default=0)
    names = [_header([row[at] for row in rows[:headers] if at < len(row)]) for at in range(width)]
    told = []
    for row in rows[headers:]:
        if headers:
            cells = [
                f"{name}: {cell}" if name and name != cell else cell
                for name, cell in zip(names, row, strict=False)
                if cell
            ]
        else:
            cells = [cell for cell in row if cell]
            if width == 2 and len(cells) == 2:
                cells = [f"{cells[0].rstrip(':')}: {cells[1]}"]
        line = "; ".join(dict.fromkeys(cells))
        if line:
            told.append(line if line.endswith(_ENDS) else f"{line}.")
    return told


def in_words(rows: Sequence[Row]) -> list[str]:
    """The rows of a table that doesn't say which is its header: the first is, where its cells are unlike those below.

    A table that lays out prose comes as its cells, each once.
    """
    if not is_data(rows):
        return [cell for cell in dict.fromkeys(cell for row in rows for cell in row) if cell]
    first, below = rows[0], rows[1:]
    numbers = sum(any(c.isdigit() for c in cell) for row in below for cell in row)
    named = all(first) and len(set(first)) == len(first) and not any(c.isdigit() for cell in first for c in cell)
    return sentences(rows, headers=int(named and (numbers > 0 or len(first) > 2)))


def _header(cells: Row) -> str:
    """The name of a column: of several rows of headers, each that says something new."""
    return " ".join(dict.fromkeys(cell.rstrip(":") for cell in cells if cell))


def put_into_words(tree: Any) -> None:
    """Replace the tables of a page that hold data by paragraphs, in place; those that lay out prose become blocks."""
    for table in list(tree.iter("table")):
        parent = table.getparent()
        if parent is None or next(table.iterdescendants("table"), None) is not None:
            continue
        rows, headers = grid(table)
        if not is_data(rows) or (table.get("role") or "") in ("presentation", "none"):
            for part in [table, *table.iter("tbody", "tr", "td", "th")]:
                part.tag = "div"
            continue
        caption = table.find(".//caption")
        title = _words(caption) if caption is not None else ""
        block = table.makeelement("div")
        for line in [title, *(sentences(rows, headers) if headers else in_words(rows))]:
            if line:
                paragraph = block.makeelement("p")
                paragraph.text = line
                block.append(paragraph)
        block.tail = table.tail
        parent.replace(table, block)


def is_data(rows: Sequence[Row]) -> bool:
    """Whether cells are data: at least two rows of two, none of them as long as prose."""
    full = [row for row in rows if sum(bool(cell) for cell in row) >= 2]
    return (
        len(full) >= 2
        and len(full) * 2 >= len(rows)
        and all(len(cell) <= _LONGEST_CELL for row in rows for cell in row)
    )


def grid(table: Any) -> tuple[list[list[str]], int]:
    """The cells of an HTML table, those that span several repeated, and how many of its first rows are headers."""
    rows: list[list[str]] = []
    waiting: dict[int, tuple[int, str]] = {}
    headers, in_head = 0, True
    for element in table.iter("tr"):
        cells = [cell for cell in element if cell.tag in ("td", "th")]
        row: list[str] = []
        for cell in cells:
            _fill(row, waiting)
            text, down = _words(cell), _span(cell, "rowspan")
            for _ in range(_span(cell, "colspan")):
                if down > 1:
                    waiting[len(row)] = (down - 1, text)
                row.append(text)
        _fill(row, waiting)
        if not any(row):
            continue
        parent = element.getparent()
        is_header = (parent is not None and parent.tag == "thead") or (
            bool(cells) and all(c.tag == "th" for c in cells)
        )
        in_head = in_head and is_header
        headers += in_head
        rows.append(row[:_WIDEST])
    return rows, headers if headers < len(rows) else 0


def _fill(row: list[str], waiting: dict[int, tuple[int, str]]) -> None:
    """Add what cells above reach down."""
    while (at := len(row)) in waiting:
        left, text = waiting.pop(at)
        if left > 1:
            waiting[at] = (left - 1, text)
        row.append(text)


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value), _WIDEST)) if value.isascii() and value.isdigit() and len(value) < 4 else 1


def _words(element: Any) -> str:
    parts = [text for text in element.itertext() if text.strip()]
    return " ".join(" ".join(parts).split())
