"""Notes that an article has on itself: corrections, clarifications, "an earlier version said …".

A note is known by speaking of the article that it stands in ("this article", "an earlier version"), or by its label.
"""

from __future__ import annotations

import re

from rag.text.calendar_names import ENGLISH_DAYS, ENGLISH_MONTHS
from rag.text.lexicon import alternation, having
from rag.text.word_lists import Record


def _joined(name: str) -> str:
    return alternation(*(getattr(words, name) for words in having(Record).values()))


_OWN = rf"\b(?:this|the (?:above|following|story below))\s(?:\w+\s)?(?:{_joined('own_nouns')})\b"
_VERSION = re.compile(
    rf"\b(?:an?|the|our|its)\s(?:{_joined('former')})\s(?:{_joined('own_nouns')})\b"
    rf"(?!\sof\s(?!(?:\w+\s){{1,3}}(?:{_joined('own_nouns')})\b))|"
    rf"{_OWN}\s(?:had\s)?(?:{_joined('first_said')})",
    re.IGNORECASE,
)
_LABEL = re.compile(rf"\A[\W_]*(?:{_joined('note_labels')})\s?(?:\([^)]*\)|,[^:.]{{3,40}})?\s?[:—–-]\s?", re.IGNORECASE)
_COLUMN = re.compile(
    rf"\A\W*(?:{_joined('note_labels')})(?:\W+(?:and\W+)?(?:{_joined('note_labels')}))*\W*\Z", re.IGNORECASE
)
"""A headline that is nothing but a label: that of a column with the day's corrections."""
_CHANGED = re.compile(
    rf"{_OWN}[^.]{{0,30}}\b(?:was|is|has\sbeen|have\sbeen)\s(?:\w+\s)?(?:{_joined('amended')})\b", re.IGNORECASE
)
_WITHDRAWN = re.compile(
    rf"\A\W*(?:(?:{_joined('note_labels')})\W+)?(?:this|the above)\s(?:\w+\s)?(?:{_joined('own_nouns')})\s"
    rf"(?:was|is|has\sbeen)\s(?:\w+\s)?(?:{_joined('retracted')})\b",
    re.IGNORECASE,
)
_STANDING = re.compile(
    rf"[;—]|\s–\s|\b(?:{_joined('standing')})\b|,\s(?:and\s)?(?:it|he|she|they)\s(?:is|was|are|were)\b|,\snot\s",
    re.IGNORECASE,
)
_TITLE = re.compile(rf"\A\W*(?:{_joined('retracted')})\s?[:—–|-]\s?\S", re.IGNORECASE)
_WRONG = re.compile(rf"\b(?:{_joined('wrong')})\b", re.IGNORECASE)
WRONGLY = re.compile(r"\b(?:wrongly|incorrectly|erroneously|mistakenly|falsely|inaccurately)\b", re.IGNORECASE)
"""Beside the verb of reporting it takes the report back in the same sentence."""
REPORTED = r"(?:reported|said|stated|published|wrote|claimed|identified|named|gave|quoted)"
"""How an outlet has told something: part of a regular expression."""
_EARLIER = re.compile(
    rf"\b(?:an?|the|our)\s(?:\w+\s)?(?:{_joined('own_nouns')})s?\s(?:published\s|dated\s)?(?:on|of|in|from|about)\s"
    rf"(?=[^.;:]{{0,120}}?(?:\d|\b(?:{alternation(ENGLISH_DAYS, ENGLISH_MONTHS)})\b)[^.;:]{{0,120}}?\b{REPORTED}\b)"
    rf"[^.;:]{{0,160}}?\b{REPORTED}\b",
    re.IGNORECASE,
)
"""What an article of another day said: "an article of 11 May said"."""
_WE = re.compile(
    rf"\b(?:we|this (?:news)?paper|the (?:news)?paper) (?:\w+ ){{0,2}}?{REPORTED}\b"
    rf"|\b(?:the|our|that) (?:{_joined('own_nouns')}) also {REPORTED}\b",
    re.IGNORECASE,
)
"""The same in a correction's own voice: "we wrote that", "the article also gave"."""
_IN_OURS = re.compile(
    rf"\A\W*in\s(?:an?|the|our)\s(?:\w+\s){{0,2}}(?:{_joined('own_nouns')})\b[^.;:]{{0,160}}?"
    rf"\b(?:we|it|this (?:news)?paper|the (?:news)?paper)\s(?:\w+\s){{0,2}}?{REPORTED}\b",
    re.IGNORECASE,
)
"""The same where the article is named first: "In our report of 12 March on the vote to close the library, we said"."""
QUOTED = re.compile('["“„«]([^"“”„«»]*)["”“»]')
"""What stands between quotation marks."""
_LEAD = 60
"""Letters of a sentence within which "an earlier version" makes what follows what that version said."""


def is_note(text: str) -> bool:
    """Whether a sentence is a note on the article that it stands in."""
    return bool(_LABEL.match(text) or _VERSION.search(text) or _CHANGED.search(text) or _WITHDRAWN.match(text))


def is_note_in(text: str) -> bool:
    """Whether a text may hold a note on itself, in whatever sentence."""
    return bool(
        _VERSION.search(text)
        or _CHANGED.search(text)
        or any(_LABEL.match(line) or _WITHDRAWN.match(line) for line in text.splitlines() if line.strip())
    )


def without_label(text: str) -> str:
    """A note's words behind its label: "Correction, 5 April: …"."""
    return text[m.end() :] if (m := _LABEL.match(text)) else text


def without_quotes(text: str) -> str:
    """A text without what stands between quotation marks: a headline, or what somebody says."""
    return QUOTED.sub("", text)


def labelled(text: str) -> bool:
    """Whether a sentence or a title begins as a note does: "Correction: …"."""
    return bool(_LABEL.match(text))


def labels(title: str) -> bool:
    """Whether a title says that its article is a correction: "Correction: …", "Corrections and clarifications"."""
    return labelled(title) or bool(_COLUMN.match(title))


def tells_earlier(text: str, title: str = "") -> bool:
    """Whether a sentence of a correction begins with what an article of another day said wrongly.

    Args:
        text: The sentence.
        title: Of its article, which may say that it is a correction.
    """
    bare = without_quotes(without_label(text))
    told = _IN_OURS.match(bare) or _EARLIER.search(bare) or _WE.search(bare)
    if told is None or told.start() > _LEAD:
        return False
    return labelled(text) or labels(title) or bool(WRONGLY.search(told[0]))


def tells_former(text: str, title: str = "") -> bool:
    """Whether a sentence tells only what was said before it was put right, so that it is no evidence of it.

    Args:
        text: The sentence.
        title: Of its article, which may say that it is a correction.
    """
    bare = without_label(text)
    told = _VERSION.search(bare)
    former = bool(told and told.start() <= _LEAD) or tells_earlier(text, title)
    return former and not _STANDING.search(bare)


def withdraws(text: str) -> bool:
    """Whether a sentence says that its own article is withdrawn: "This article has been retracted."."""
    return bool(_WITHDRAWN.match(text))


def withdrawn_title(title: str) -> bool:
    """Whether a title says that its article is withdrawn: "Retracted: Vaccine caused fever"."""
    return bool(_TITLE.match(title))


def says_wrong(text: str) -> bool:
    """Whether a sentence calls something said before wrong, or takes it back."""
    return bool(_WRONG.search(text))


__all__ = [
    "QUOTED",
    "REPORTED",
    "WRONGLY",
    "is_note",
    "is_note_in",
    "labelled",
    "labels",
    "says_wrong",
    "tells_earlier",
    "tells_former",
    "withdrawn_title",
    "withdraws",
    "without_label",
    "without_quotes",
]
