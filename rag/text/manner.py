"""How an English sentence tells that something was said: plainly or not, in which words, and where.

A quote cut out of "Storm denied that she had met him" says the opposite of its sentence. So a quote carries the words
that tell it, and whether they tell it as said.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Manner

_WORDS = lexicon("en").section(Manner)
_TURNS = re.compile(rf"\b(?:{alternation(_WORDS.turns)})\b|n['’]t\b", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:^|(?<=\s))(?:in|at|outside|near|In|At|Outside|Near) (?:the )?"
    r"(?P<name>[A-Z][\w’'-]+(?:(?: (?:of|de|al))? [A-Z][\w’'-]+){0,3})"
)
_EDGE = " \t\n,;:.“”\"«»'’‘—–-"
_LONGEST = 80
"""Characters of the words that tell how it was said; more is cut in front."""


class Telling(NamedTuple):
    """How something was said."""

    how: str
    """The words that lead to what was said: "denied on Thursday that"; the verb alone where it comes after."""
    plainly: bool
    """Whether it is told as said: not denied, refused, doubted, supposed or asked."""
    place: str | None
    """Where it was said, as the sentence names it."""


def telling(sentence: str, quote: str, verb: str | None) -> Telling:
    """How the words of a quote are told by their sentence.

    Args:
        sentence: That the quote stands in, or begins in.
        quote: What was said.
        verb: The verb of saying, as written; None where there is none.
    """
    start = sentence.find(quote[:40]) if quote else -1
    if start < 0:
        return Telling(verb or "", True, None)
    before, after = sentence[:start], sentence[start + len(quote) :]
    told = before  # behind a quote, what leads to the verb: "“…”, the ministry would not say"
    if verb and verb not in before and verb in after:
        told = f"{before} … {after[: after.index(verb)]}"
    return Telling(_how(before, verb), not _turns(told), _place(before, after, verb))


def _turns(text: str) -> list[int]:
    """Where words stand that turn what is said: "May" is a month."""
    return [m.start() for m in _TURNS.finditer(text) if m[0] != "May"]


def _how(before: str, verb: str | None) -> str:
    """The words from the verb on, with what turns it, to the quote."""
    if not verb or not (found := list(re.finditer(rf"\b{re.escape(verb)}\b", before))):
        return verb or ""
    first = found[-1].start()
    if turned := _turns(before[:first]):
        first = before.rfind(" ", 0, turned[-1]) + 1
    words = " ".join(before[first:].split()).strip(_EDGE)
    return words if len(words) <= _LONGEST else f"… {words[-_LONGEST:].partition(' ')[2]}"


def _place(before: str, after: str, verb: str | None) -> str | None:
    """A place that is named at the sentence's beginning, or behind the verb of saying."""
    for part in (before, after):
        at = part.find(verb) if verb else -1
        for m in _PLACE.finditer(part):
            name = m["name"]
            words = {w.casefold() for w in name.split()}
            begins = part is before and m.start() == 0
            if (begins or 0 <= at < m.start()) and not words & (ENGLISH_CALENDAR | _WORDS.no_places):
                return name
    return None


__all__ = ["Telling", "telling"]
