"""Texts in one form: for storing, for comparing and for showing."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

from rag.text.scripts import CJK

_C1 = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_GONE = dict.fromkeys([0x7F, 0xAD, 0x200B, 0x2060, 0xFEFF, *range(0x20)])
_CHARACTERS: dict[int, str | None] = {
    **_GONE,
    **{code: ("" if text == "\ufffd" else text) for code, text in _C1.items()},
    **dict.fromkeys([0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F], " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    0x0A: "\n",
    0x0B: "\n",
    0x0C: "\n",
    0x2028: "\n",
    0x2029: "\n\n",
}
_UNSPACED = re.compile(f"[{CJK}]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def tidy(text: str) -> str:
    """Line ends, spaces, control characters and lone surrogates brought in order; Unicode NFC."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CHARACTERS)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", _marks().sub(r"\1", text))
    return "\n".join(line.strip() for line in text.split("\n"))


@cache
def _marks() -> re.Pattern[str]:
    """More marks on one letter than any language has: bringing them in order takes a time that grows with their square.

    Thirty is what Unicode's stream-safe format allows (UAX 15).
    """
    marks = "".join(chr(code) for code in range(0x300, sys.maxunicode + 1) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")


def normalise(text: str) -> str:
    """A text for comparing words: one kind of quote, dash and space, folded case."""
    text = re.sub(r"[‘’‚‛`´]", "'", text)
    text = re.sub(r"[“”„‟«»「」]", '"', text)
    text = re.sub(r"[‐-―−]", "-", text)
    return " ".join(text.split()).casefold()


def contains(text: str, quote: str) -> bool:
    """Whether a text holds the quoted words, whole; a comma or full stop that the quote's end took in doesn't count."""
    wanted = normalise(quote).strip(" .,;:!?。，…")
    if not wanted:
        return False
    spaced = not _UNSPACED.search(wanted)
    return bool(re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)" if spaced else re.escape(wanted), normalise(text)))


def strip_accents(text: str) -> str:
    """A text without marks on its letters: "Gdańsk" as "Gdansk"; letters that are no others with a mark ("ł") stay."""
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def printable(text: str, *, carriage_returns: bool = False) -> str:
    """Text that can't command what shows it: control characters become U+FFFD, but for tabs and newlines.

    Args:
        text: Any.
        carriage_returns: Whether those stay too; a terminal would write over the line.
    """
    shown = _CONTROL.sub("\ufffd", text)
    return shown if carriage_returns else shown.replace("\r", "\ufffd")
