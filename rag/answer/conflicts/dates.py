"""Another date for the same event."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from rag.answer.conflicts.values import MONTH, SHARED, Claim, Said

_WHEN = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s(?P<m1>{MONTH})|(?P<m2>{MONTH})(?:\s(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s?%))?|"
    r"(?P<s>[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter))?,?\s?(?P<y>(?:18|19|20)\d\d)?\b"
)
_TO_COME = re.compile(r"\b(?:will|would|is to|are to|plann?ed|due|expected|scheduled|set to)\b")


class _Date(NamedTuple):
    year: str
    month: str
    day: str
    season: str
    shown: str
    ahead: bool
    """Whether it is one to come."""


def differing(claim: Claim, other: Said, asked: bool, shared: frozenset[str], shorter: int) -> str | None:
    """Another date for the same event: one that is still to come in both, or one that both tell in the same words."""
    ours = dates_of(claim.text, claim.published)
    theirs = dates_of(other.text, other.passage.published)
    if len(ours) != 1 or len(theirs) != 1:
        return None
    mine, yours = ours[0], theirs[0]
    pairs = [(mine.year, yours.year), (mine.month, yours.month), (mine.day, yours.day), (mine.season, yours.season)]
    if not any(a and b and a != b for a, b in pairs):
        return None
    if (asked and mine.ahead and yours.ahead) or len(shared) >= max(SHARED, 0.75 * shorter):
        return f"{mine.shown} against {yours.shown}"
    return None


@lru_cache(maxsize=1024)
def dates_of(text: str, published: datetime | None = None) -> list[_Date]:
    """The dates of a sentence, but for the day on which its article came out."""
    own = (f"{published:%B}", str(published.day)) if published else None
    found = []
    for m in _WHEN.finditer(text):
        if m["y"] or m["d1"] or m["m2"]:
            if m["m2"] in ("May", "March") and not (m["d2"] or m["y"]):
                continue  # a verb, at a sentence's beginning
            month = m["m1"] or m["m2"] or ""
            day = m["d1"] or m["d2"] or ""
            if (month, day) == own:
                continue
            ahead = bool(_TO_COME.search(text[: m.start()]))
            found.append(_Date(m["y"] or "", month, day, (m["s"] or "").casefold(), m.group().strip(" ,"), ahead))
    return found
