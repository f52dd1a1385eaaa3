"""From what a model wrote to statements with the numbers they cite."""

from __future__ import annotations

import re
from dataclasses import dataclass

# In round brackets a number is a citation only where it ends the sentence: "(18)" may be an age.
_MARKS = re.compile(r"[\[【]\s*(?:sentences?\s*)?\d+(?:\s*(?:,|，|、|and|-|–)\s*\d+)*\s*[\]】]")
_CLOSED = re.compile(rf"(?:{_MARKS.pattern}\s*)+[.。!?！？]?(?=\s+[^\s\[【.。!?！？]|\n)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_REFUSAL = re.compile(
    r"^\W*(?:NOT[\s_]*FOUND|NO ANSWER FOUND)\b|"
    r"\b(?:not|n't) (?:mention|provid|stat|specifi|contain|giv|includ|answer)\w* .*\b(?:articles?|sentences?|text)\b|"
    r"\b(?:articles?|sentences?|text) (?:do|does|did) not (?:mention|provide|state|specify|contain|say|answer)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Statement:
    """A statement of a draft."""

    text: str
    """Without citation marks."""
    numbers: tuple[int, ...]
    """The sentences it cites, as far as it says; in order, each once."""


class StatementParser:
    """Cuts a model's output into statements while it comes in.

    A statement ends at the end of a line, or after a citation mark that something follows.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._buffer = ""

    def feed(self, text: str) -> list[Statement]:
        """Take more output; returns the statements that are complete."""
        self._buffer += text
        found: list[Statement] = []
        while True:
            line, newline, rest = self._buffer.partition("\n")
            closed = _CLOSED.search(line + newline)
            if closed and closed.end() < len(line):
                piece, self._buffer = self._buffer[: closed.end()], self._buffer[closed.end() :]
            elif newline:
                piece, self._buffer = line, rest
            else:
                return found
            found += _statement(piece)

    def end(self) -> list[Statement]:
        """No more output: the last statement, if one is left."""
        piece, self._buffer = self._buffer, ""
        return _statement(piece)


def is_refusal(statement: Statement) -> bool:
    """Whether the model says that it found nothing."""
    return bool(_REFUSAL.search(statement.text)) and not statement.numbers


def unmarked(text: str) -> str:
    """The first line of a text that says anything, without citation marks."""
    return next((found[0].text for line in text.splitlines() if (found := _statement(line))), "")


def _statement(piece: str) -> list[Statement]:
    numbers: list[int] = []
    for mark in _MARKS.findall(piece):
        for low, high in re.findall(r"(?<!\d)(\d{1,4})(?!\d)(?:\s*[-–]\s*(\d{1,4})(?!\d))?", mark):
            last = int(high) if high and int(low) <= int(high) < int(low) + 10 else int(low)
            numbers += range(int(low), last + 1)
    text = _BULLET.sub("", _MARKS.sub("", piece))
    text = " ".join(re.sub(r"\s+([.,;:!?。，])", r"\1", text).split())
    text = re.sub(r"([.。!?！？])[.。]$", r"\1", text)
    if not re.search(r"\w", text):
        return []
    return [Statement(text, tuple(dict.fromkeys(numbers)))]
