"""Sentences and passages of a text, by exact offsets.

Sentences are found by sentencex (Wikimedia, MIT), followed by a thin repair
pass (``sentencex_fixes`` says which of its mistakes are mended and why). Offsets
are code points, half-open, into the text as it was handed in.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from rag.text.scripts import CJK
from rag.text.tokens import count_words
from rag.types import Sentence

__all__ = ["SPLITTER", "passages", "sentences"]

SPLITTER = "sentencex/1 60-110"
"""Recorded in an archive: how texts become sentences and passages."""

LONGEST = 600
"""Code points a sentence may have; longer ones are cut."""

_LONG = 240
"""Code points from which a sentence with quotation marks or brackets is looked at again."""

_CHUNK = 20_000
"""Code points handed to sentencex at once: it is quadratic in open quotation marks."""

_NEWLINE = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MARKS = re.compile(r"[\"“”„«»「」『』()\[\]（）]")
_APOSTROPHE = re.compile(r"(?<=\w)['’‘](?=\w)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CJK = re.compile(f"[{CJK}]")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def sentences(text: str, language: str) -> list[Sentence]:
    """Split a text into sentences.

    Args:
        text: Any text; it need not be clean.
        language: ISO 639-1; an unknown one is split like English.

    Returns:
        Sentences in order, trimmed of whitespace, not overlapping, none across
        a paragraph break, at most ``LONGEST`` code points each. Every character
        that is not whitespace lies in exactly one of them.
    """
    from rag.text.sentencex_fixes import repair  # its expressions take a while to compile, and asking needs none

    found: list[Sentence] = []
    for start, end in _paragraphs(text):
        for a, b in _chunks(text, start, end):
            for span in repair(text, _segment(text, a, b, language), language):
                for s, e in _apart(text, span, language):
                    found.extend(Sentence(start=x, end=y) for x, y in _cut(text, s, e))
    return found


def passages(
    text: str,
    sentences: Sequence[Sentence],
    *,
    target_words: int = 60,
    max_words: int = 110,
) -> list[tuple[int, int]]:
    """Group sentences into passages.

    A passage ends at the end of a paragraph once it has ``target_words``, and
    before a sentence that would carry it past ``max_words``; a single longer
    sentence stands alone.

    Args:
        text: The text the sentences are offsets into.
        sentences: As ``sentences()`` gives them.
        target_words: Words after which a paragraph's end closes a passage.
        max_words: Words a passage of more than one sentence never exceeds.

    Returns:
        Half-open runs of sentence indices that cover all sentences in order.
    """
    ends = [end for _, end in _paragraphs(text)]
    runs: list[tuple[int, int]] = []
    first, size = 0, 0
    for i, sentence in enumerate(sentences):
        length = count_words(text[sentence.start : sentence.end])
        if i > first and size + length > max_words:
            runs.append((first, i))
            first, size = i, 0
        size += length
        # The paragraph ends here when its end lies before the next sentence.
        following = sentences[i + 1].start if i + 1 < len(sentences) else len(text) + 1
        at = bisect_left(ends, sentence.end)
        if size >= target_words and at < len(ends) and ends[at] <= following:
            runs.append((first, i + 1))
            first, size = i + 1, 0
    if first < len(sentences):
        runs.append((first, len(sentences)))
    return runs


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Spans of paragraphs, trimmed of whitespace, none of them empty.

    A blank line ends a paragraph; so does a line's end, except in text wrapped
    at a fixed width, where a line ends because the next word had no room.
    """
    lines: list[tuple[int, int]] = []
    start = 0
    for match in _NEWLINE.finditer(text):
        lines.append((start, match.start()))
        start = match.end()
    lines.append((start, len(text)))

    block: list[tuple[int, int]] = []
    for a, b in lines:
        trimmed = _trim(text, a, b)
        if trimmed is not None:
            block.append(trimmed)
        elif block:
            yield from _unwrap(text, block)
            block = []
    if block:
        yield from _unwrap(text, block)


def _unwrap(text: str, block: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Paragraphs of a block of lines: those that were only wrapped are joined."""
    width = max(end - start for start, end in block)
    start, end = block[0]
    line = start
    for a, b in block[1:]:
        length = end - line
        space = text.find(" ", a, b)
        word = 1 if _CJK.match(text, a) else (b if space < 0 else space) - a
        wrapped = 40 <= width <= 120 and length + 1 + word > width
        # A line that goes on in lower case was broken by something else.
        if not wrapped and not (length >= 40 and text[a].islower() and text[end - 1] not in ".!?…:;"):
            yield start, end
            start = a
        line, end = a, b
    yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without the whitespace around it; None when nothing is left."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    if left == len(piece):
        return None
    return start + left, start + len(piece.rstrip())


def _chunks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _CHUNK:
        stop = text.rfind(" ", start + _CHUNK // 2, start + _CHUNK)
        stop = start + _CHUNK if stop < 0 else stop
        yield start, stop
        start = stop
    yield start, end


def _segment(text: str, start: int, end: int, language: str, *, unmarked: bool = False) -> list[tuple[int, int]]:
    """Spans as sentencex finds them, trimmed, covering all that is not whitespace.

    Apostrophes inside words are hidden from it, because it takes them for
    quotation marks and then splits nothing; with ``unmarked``, quotation marks and brackets too.
    """
    piece = _APOSTROPHE.sub("a", text[start:end])
    if unmarked:
        piece = _MARKS.sub(" ", piece)
    spans: list[tuple[int, int]] = []
    at = 0
    import sentencex

    for found in sentencex.segment(language, _SURROGATE.sub("\ufffd", piece)):
        span = _trim(text, start + at, min(start + at + len(found), end))
        at += len(found)
        if span is not None:
            spans.append(span)
    rest = _trim(text, start + at, end) if start + at < end else None
    if rest is not None:
        spans.append(rest)
    return spans


def _apart(text: str, span: tuple[int, int], language: str) -> list[tuple[int, int]]:
    """A long sentence taken apart inside its quotation marks and brackets, which sentencex does not do."""
    start, end = span
    if end - start <= _LONG or _MARKS.search(text, start, end) is None:
        return [span]
    from rag.text.sentencex_fixes import repair

    return repair(text, _segment(text, start, end, language, unmarked=True), language)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of at most ``LONGEST`` code points, cut after a comma, else at a space, else anywhere."""
    while end - start > LONGEST:
        stop = _stop(text, start)
        span = _trim(text, start, stop)
        if span is not None:
            yield span
        start = stop
    span = _trim(text, start, end)
    if span is not None:
        yield span


def _stop(text: str, start: int) -> int:
    limit = start + LONGEST
    for i in range(limit, start + LONGEST // 2, -1):
        if _CLAUSE.match(text, i - 1):
            return i
    for i in range(limit, start + LONGEST // 2, -1):
        if text[i - 1].isspace():
            return i
    i = limit
    while i > limit - 40 and _inside(text, i):
        i -= 1
    return limit if i == limit - 40 else i


_CLAUSE = re.compile(r"[,;:](?=\s)|[，、；：]")


def _inside(text: str, i: int) -> bool:
    """Whether a cut at ``i`` would tear one visible character apart."""
    here = text[i] if i < len(text) else ""
    return bool(here) and (unicodedata.combining(here) != 0 or here in _JOINERS or text[i - 1] == "\u200d")
