"""The reading order of a printed page: lines with their places to paragraphs, columns one after the other.

Columns are found by cutting the page along the white between them (recursive XY-cut, Nagy and Seth 1984). What stands
at the edge of most pages alike is a running head; hyphens at the ends of lines are joined.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_EDGE = 3
"""Lines at the top and at the bottom of a page among which running heads are looked for."""
_HYPHENS = "-\u00ad\u2010"
_ENDS = (".", "!", "?", "”", '"', "»", ":", "…", "。", "！", "？", ")")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|\bcopyright\b).{0,80}\b(?:19|20)\d\d\b|\b(?:19|20)\d\d\b.{0,20}©", re.IGNORECASE)
_NUMBER = re.compile(r"\W*(?:\w{1,8}\W+)?\d{1,4}(?:\W+(?:\w{1,4}\W+)?\d{1,4})?\W*")
_DEEPEST = 40
"""Cuts within cuts; a page has a handful."""


@dataclass(frozen=True)
class Line:
    """A run of text on one line, with its place in points from the page's lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    """Of its letters, in points."""

    @property
    def middle(self) -> float:
        """Its height on the page."""
        return (self.top + self.bottom) / 2


def paragraphs(pages: Sequence[Sequence[Line]]) -> list[str]:
    """The paragraphs of a document, in reading order.

    Args:
        pages: The lines of each page, in any order.
    """
    pages = without_edges(pages)
    words = _words(line.text for page in pages for line in page)
    found: list[str] = []
    for page in pages:
        for block in _blocks(list(page), 0):
            for number, part in enumerate(_split(block)):
                text = _joined(part, words)
                # A paragraph goes on in the next column or on the next page where its sentence does.
                if number == 0 and found and text[:1].islower() and not found[-1].endswith(_ENDS):
                    found[-1] = _join(found[-1], text, words)
                elif text:
                    found.append(text)
    return found


def heading(page: Sequence[Line]) -> str | None:
    """The headline of a page: its largest lines, where they stand out and above the text."""
    if not page:
        return None
    usual = median(line.size for line in page for _ in line.text)
    largest = max(line.size for line in page)
    lines = sorted(
        (line for line in page if line.size > largest - 0.5), key=lambda line: (-round(line.middle), line.left)
    )
    text = " ".join(" ".join(line.text for line in lines).split())
    return text if largest >= 1.15 * usual and len(lines) <= 5 and 2 < len(text) <= 200 else None


def without_edges(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without running heads, page numbers and lines of copyright at their edges."""
    edges = [_edges(page) for page in pages]
    seen = Counter(pattern for edge in edges for pattern in {_place(line) for line in edge})
    kept = []
    for page, edge in zip(pages, edges, strict=True):
        gone = {
            line
            for line in edge
            if _COPYRIGHT.search(line.text)
            or (len(pages) > 1 and _NUMBER.fullmatch(line.text) and not line.text.strip()[-1:].isalpha())
            or (seen[_place(line)] >= 2 and seen[_place(line)] * 2 >= len(pages))
        }
        kept.append([line for line in page if line not in gone])
    return kept


def _edges(page: Sequence[Line]) -> list[Line]:
    """The lines on the first and last few heights of a page."""
    heights = sorted({round(line.middle) for line in page})
    outer = {*heights[:_EDGE], *heights[-_EDGE:]} if len(heights) > 2 * _EDGE else {*heights[:1], *heights[-1:]}
    return [line for line in page if round(line.middle) in outer]


def _place(line: Line) -> tuple[str, int]:
    """What a running head has in common on all pages: its words, whatever its numbers, and its height."""
    return re.sub(r"\d+", "#", " ".join(line.text.casefold().split())), round(line.middle / 4)


def _blocks(lines: list[Line], depth: int) -> list[list[Line]]:
    """The blocks of a region in reading order: cut between columns, else where a gap goes through."""
    if len(lines) < 2 or depth > _DEEPEST:
        return [lines] if lines else []
    unit = median(line.top - line.bottom for line in lines) or 1.0
    at = _gutter(lines, unit)
    if at is not None:
        left = [line for line in lines if line.right <= at]
        right = [line for line in lines if line.right > at]
        return _blocks(left, depth + 1) + _blocks(right, depth + 1)
    at = _gap(lines, unit)
    if at is not None:
        above = [line for line in lines if line.middle > at]
        below = [line for line in lines if line.middle <= at]
        return _blocks(above, depth + 1) + _blocks(below, depth + 1)
    return [lines]


def _gutter(lines: Sequence[Line], unit: float) -> float | None:
    """Where white goes down between two columns: of several lines of prose each, not between the columns of a table."""
    best: tuple[float, float] | None = None
    reach = float("-inf")
    for line in sorted(lines, key=lambda line: line.left):
        if line.left - reach >= 0.7 * unit and reach > float("-inf"):
            middle = (line.left + reach) / 2
            if _is_prose([one for one in lines if one.right <= middle]) and _is_prose(
                [one for one in lines if one.right > middle]
            ):
                width = line.left - reach
                if best is None or width > best[0]:
                    best = (width, middle)
        reach = max(reach, line.right)
    return best[1] if best else None


def _is_prose(lines: Sequence[Line]) -> bool:
    return len(lines) >= 2 and sum(len(line.text) for line in lines) / len(lines) >= 15


def _gap(lines: Sequence[Line], unit: float) -> float | None:
    """The widest white that goes across: beneath a headline, between paragraphs."""
    best: tuple[float, float] | None = None
    floor = float("inf")
    for line in sorted(lines, key=lambda line: -line.top):
        space = floor - line.top
        if floor < float("inf") and space > 0 and (best is None or space > best[0]):
            best = (space, floor - space / 2)
        floor = min(floor, line.bottom)
    if best is None:
        return None
    # Between lines of the same text there is less white than they are high; columns may begin below any line.
    spanning = best[0] > 0.9 * unit or any(
        _gutter([line for line in lines if line.middle <= at], unit) is not None for at in [best[1]]
    )
    return best[1] if spanning else None


def _split(block: Sequence[Line]) -> list[list[str]]:
    """The paragraphs of a block: a line that begins further in, or follows one that ends early, begins one."""
    rows = _rows(block)
    if not rows:
        return []
    left = min(row[1] for row in rows)
    right = max(row[2] for row in rows)
    wide = max(right - left, 1.0)
    parts: list[list[str]] = [[rows[0][0]]]
    for before, row in pairwise(rows):
        further_in = row[1] - left > 0.6 * row[3]
        indented = further_in and (before[1] - left < 3 or before[0].endswith(_ENDS))
        early = right - before[2] > 0.15 * wide and before[0].endswith(_ENDS)
        larger = abs(row[3] - before[3]) > 1.0
        if indented or early or larger:
            parts.append([])
        parts[-1].append(row[0])
    return parts


def _rows(block: Sequence[Line]) -> list[tuple[str, float, float, float]]:
    """The lines of a block from top to bottom, runs at one height together: text, left, right, size."""
    rows: list[list[Line]] = []
    for line in sorted(block, key=lambda line: -line.middle):
        if rows and abs(rows[-1][0].middle - line.middle) < 0.4 * max(line.top - line.bottom, 1.0):
            rows[-1].append(line)
        else:
            rows.append([line])
    found = []
    for row in rows:
        row.sort(key=lambda line: line.left)
        text = " ".join(" ".join(line.text for line in row).split())
        found.append((text, row[0].left, max(line.right for line in row), max(line.size for line in row)))
    return found


def _joined(rows: Sequence[str], words: frozenset[str]) -> str:
    text = ""
    for row in rows:
        text = _join(text, row, words) if text else row
    return text


def _join(before: str, after: str, words: frozenset[str]) -> str:
    """Two lines as one; a hyphen between them goes, unless the document writes the word with it elsewhere."""
    if not before or before[-1] not in _HYPHENS or not after[:1].islower() or not before[-2:-1].isalpha():
        return f"{before} {after}"
    first, second = re.findall(r"[^\W\d_]+$", before[:-1])[-1:], re.findall(r"^[^\W\d_]+", after)[:1]
    if first and second and before[-1] != "\u00ad":
        whole, hyphened = first[0] + second[0], f"{first[0]}-{second[0]}"
        if hyphened.casefold() in words and whole.casefold() not in words:
            return before + after
    return before[:-1] + after


def _words(lines: Iterable[str]) -> frozenset[str]:
    """All words of a document, those with a hyphen whole."""
    return frozenset(word for line in lines for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*(?!-?$)", line.casefold()))


__all__ = ["Line", "heading", "paragraphs", "without_edges"]
