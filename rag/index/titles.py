"""Titles of conversations, and how their words are compared."""

from __future__ import annotations

import unicodedata

_TITLE = 80
"""Most characters of a title that is made from a question."""


def title_of(question: str) -> str:
    """A question as a title: one line, shortened at a word where it has words."""
    line = " ".join(question.split())
    if len(line) <= _TITLE:
        return line
    head = line[: _TITLE - 1]
    if not line[_TITLE - 1].isspace() and len(whole := head.rpartition(" ")[0]) > _TITLE // 2:
        head = whole
    return head.rstrip(" ,;:–—-") + "…"


def fold(text: str | None) -> str:
    """For comparisons: without case and accents, and with the Turkish dotless i as i."""
    text = (text or "").replace("ı", "i").replace("İ", "i")
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


__all__ = ["fold", "title_of"]
