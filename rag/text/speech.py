"""Whether an English sentence tells that somebody says something: the verbs of saying."""

from __future__ import annotations

import re

from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Speech

_WORDS = lexicon("en").section(Speech)
DIRECT_ONLY = _WORDS.direct_verbs
"""Verbs that may only introduce direct speech: "called it “…”", but not "called the police"."""
REPORTING_VERBS = _WORDS.say_verbs | DIRECT_ONLY
"""All verbs that somebody's words go with."""
_REPORTS = re.compile(rf"\b(?:{alternation(REPORTING_VERBS)}|according to)\b", re.IGNORECASE)
_PLAINLY = re.compile(
    rf"[“\"«]|\b(?:{alternation((v for v in REPORTING_VERBS if v.endswith('ed')), _WORDS.plain_verbs)}|according to)\b",
    re.IGNORECASE,
)


def may_report(text: str) -> bool:
    """Whether a sentence has a verb of saying, which may be a noun as well ("state", "report")."""
    return _REPORTS.search(text) is not None


def speaks(text: str) -> bool:
    """Whether somebody may be speaking in a sentence: it has quotation marks or a verb that plainly reports."""
    return _PLAINLY.search(text) is not None
