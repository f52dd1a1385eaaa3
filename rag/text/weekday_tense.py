"""Whether a weekday or month in English is past or to come: "when she lands on Sunday" is not the Sunday before.

The verbs of its clause tell, by their forms: English has one ending for the past, and a closed class of verbs without
it. What they leave open ("the fair opens on Friday") is not told. Nothing is parsed: this is asked of every quote that
is shown, and the parser takes seconds to load. By the parser's trees 408 of 443 weekdays of Wikinews come out the same;
where the two differ this one mostly tells nothing.
"""

from __future__ import annotations

import re
from typing import Literal

Tense = Literal["past", "ahead"]
_SENTENCE = re.compile(r"[.!?]\s+(?=[A-Z“\"'‘(])|\n")
_CLAUSE = re.compile(r"[,;:—–()“”\"]|\s-\s")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_IRREGULAR = frozenset(
    """arose ate awoke beat became began bent bet bit bled blew bound bought broke brought built burnt burst came cast
    caught chose clung crept dealt did died dived drank drew drove dug fell felt fled flew flung forbade forgave forgot
    fought found froze gave got grew had heard held hid hung kept knew laid lay led left lent lit lost made meant met
    mistook mowed overcame overthrew paid partook pled ran rang rode rose said sang sank sat saw sent shook shone shot
    showed shrank slept slid sold sought spent spoke sprang stole stood stove stuck struck swam swept swore swung taught
    thought threw told took tore understood undertook underwent was went were withdrew withheld woke won wore wove
    wrote""".split()
)
"""Past forms without -ed that are no other word's; "put", "set", "cut" leave it open."""
_NO_VERBS = frozenset(
    "hundred indeed need speed seed feed breed exceed proceed succeed united embed shed bed red".split()
)
_OPEN = frozenset("would could should may might must can".split())
_AHEAD = re.compile(
    r"\b(?:will|won['’]t|['’]ll|shall|"
    r"(?:is|are|am|['’]s|['’]re) (?:to|due|set|scheduled|expected|going|planning|planned)|"
    r"(?:plan|hope|want|expect|intend|aim)s? to|"
    r"(?<!was )(?<!were )(?<!been )(?<!had )(?:planned|scheduled|due|billed|slated) (?:for|on))\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\s*(?:when|once|if|as soon as|before|after|until|while)\b", re.IGNORECASE)
_INFINITIVE = re.compile(r"\bto (?!(?:the|a|an|his|her|their|its|this|that)\b)[a-z]{2,}", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:until|till)\s", re.IGNORECASE)
_IS = re.compile(r"\b(?:is|are|isn['’]t|aren['’]t|remains?|stays?)\b", re.IGNORECASE)
_SINCE = re.compile(r"\b(?:since|as of)\s*$", re.IGNORECASE)


def weekday_tense(text: str, start: int, end: int) -> Tense | None:
    """Whether a weekday, or a month, is past or to come.

    Args:
        text: English, one sentence or some.
        start, end: The place of its words in the text.

    Returns:
        None where the words leave it open.
    """
    before, after = _SENTENCE.split(text[:start])[-1], _SENTENCE.split(text[end:], maxsplit=1)[0]
    left, right = _CLAUSE.split(before)[-1], _CLAUSE.split(after, maxsplit=1)[0]
    if _SINCE.search(left) or text[start:end].casefold().startswith("since "):
        return "past"
    if _AHEAD.search(left) or (_UNTIL.search(f"{left[-7:]}{text[start:end]}") and _IS.search(left)):
        return "ahead"  # "is closed until Friday" was not closed on it
    if coming := _AHEAD.search(right):  # "said on Tuesday that it will", "on Tuesday he said that it will"
        return "past" if _past(left) or _past(right[: coming.start()]) else "ahead"
    words = {w.casefold() for w in _WORD.findall(left + right)}
    if words & _OPEN or _INFINITIVE.search(left):
        return None
    if _past(left) or _past(right):
        return "past"
    rest = f"{before} {after}"
    if _AHEAD.search(rest):
        return "ahead" if _WHEN.match(left) and not _past(rest) else None
    return "past" if _past(rest) else None


def _past(text: str) -> bool:
    """Whether a verb in the past is among some words."""
    for word in _WORD.findall(text):
        if word in _IRREGULAR or (word.endswith("ed") and len(word) > 3 and word not in _NO_VERBS):
            return True
    return False


__all__ = ["Tense", "weekday_tense"]
