"""Words that tell that something is called off, put off or at another time; they cost no parse."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Record

_WORDS = lexicon("en").section(Record)


def forms(*verbs: Iterable[str], also: Iterable[str] = ()) -> tuple[str, ...]:
    """The forms of verbs that tell what has come about, and others that are given, as regular expressions."""
    single = [verb for some in verbs for verb in some if " " not in verb]
    made = (
        rf"{verb[:-1]}(?:ed|es|ing)" if verb.endswith("e") else rf"{verb}{verb[-1]}?(?:ed|e?s|ing)" for verb in single
    )
    return (*made, *also)


def whole(some: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds one of some forms as whole words."""
    return re.compile(rf"\b(?:{alternation(some)})\b", re.IGNORECASE)


OFF = forms(_WORDS.calling_off_verbs, also=_WORDS.irregular_off)
"""Forms of the verbs that call off, or put off, as regular expressions."""
_OFF, _MOVED = whole(OFF), whole(_WORDS.moved)


def called_off(text: str) -> bool:
    """Whether a sentence tells by itself that something is off or at another time."""
    return says_off(text) or bool(_MOVED.search(text))


def says_off(text: str) -> bool:
    """Whether a sentence has a verb of calling or putting off."""
    return bool(_OFF.search(text))


__all__ = ["OFF", "called_off", "forms", "says_off", "whole"]
