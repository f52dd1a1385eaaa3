"""What stands around names in English: offices and other roles, and what a sentence begins with in front of a name."""

from __future__ import annotations

import re

from rag.text.calendar_names import ENGLISH_DAYS, ENGLISH_MONTHS
from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Grammar, Names

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Names)
_STARTS = {*ENGLISH_DAYS, *ENGLISH_MONTHS} | {word.capitalize() for word in _GRAMMAR.sentence_openers}
_ROLES = alternation(_GRAMMAR.forms_of_address, _GRAMMAR.titles, _WORDS.roles, _WORDS.bare_roles)
ROLE = re.compile(rf"(?:{alternation(_WORDS.role_prefixes)})?(?:{_ROLES})s?", re.IGNORECASE)
"""A word for what somebody is."""


def is_role(word: str) -> bool:
    """Whether a word is what somebody is: "minister", "co-author"."""
    return bool(ROLE.fullmatch(word.strip(".,").removesuffix("'s").removesuffix("’s")))


def is_address(word: str) -> bool:
    """Whether a word before a name says nothing of its bearer's office: "Ms", "Dr"."""
    return word.strip(".,").lower() in _GRAMMAR.forms_of_address


def is_start(word: str) -> bool:
    """Whether a capitalised word is one that a sentence begins with rather than a name's: "On", "Monday"."""
    return word.rstrip(".") in _STARTS


def bare(words: list[str]) -> list[str]:
    """A name without what stands before it: ["Prime", "Minister", "Hubert", "Minnis"] as ["Hubert", "Minnis"]."""
    last = max((n for n, w in enumerate(words[:-1]) if is_role(w)), default=-1)
    return words[last + 1 :]


def without_starts(words: list[str]) -> list[str]:
    """A run of capitalised words without what a sentence begins with: ["On", "Taiwan"] as ["Taiwan"]."""
    return words[next((n for n, w in enumerate(words) if not is_start(w)), len(words)) :]


def own_name(before: str, words: list[str]) -> list[str]:
    """A name without the end of a title that runs into it: "Secretary of" + "State Antony Blinken" as "Antony Blinken".

    Args:
        before: What stands before the name.
        words: The name.
    """
    return words[1:] if len(words) > 2 and re.search(r"\b(?:of|for|to)\s+$", before) else words
