"""The opposite of what a sentence says, or a denial of it."""

from __future__ import annotations

import re

from rag.answer.check import exact
from rag.answer.conflicts.dates import dates_of
from rag.answer.conflicts.values import SAME_TIME, SHARED, Claim, Said
from rag.text.tokens import terms

_WHOLE = 0.75
"""Share of the shorter sentence's content words that the other has: there is no figure to go by."""


def denial(claim: Claim, other: Said, shared: frozenset[str], shorter: int, apart: int | None) -> str | None:
    """The opposite, or a denial, of the same thing at the same time."""
    if len(shared) < max(SHARED, _WHOLE * shorter) or (apart is not None and apart > SAME_TIME):
        return None
    if dates_of(claim.text) and dates_of(other.text) and not set(dates_of(claim.text)) & set(dates_of(other.text)):
        return None
    one, two = exact.antonym(claim.text, other.text), exact.antonym(other.text, claim.text)
    negations = exact.negated(claim.text), exact.negated(other.text)
    if one and two and negations == (False, False):
        return f"{one} against {two}"
    if negations[0] == negations[1] or one:
        return None
    plain, denying = (claim.text, other.text) if negations[1] else (other.text, claim.text)
    denied = exact.negated_words(denying) & set(terms(plain))
    verb = next((w for w in re.findall(r"[^\W\d_]+", plain) if set(terms(w)) & denied), None)
    if verb is None or verb[:1].isupper():
        return None
    return f"{verb} against not {verb}" if negations[1] else f"not {verb} against {verb}"
