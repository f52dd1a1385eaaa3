"""Names of months and days in the languages of ``rag/lexicon/calendar.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from rag.text.normalize import strip_accents

_FILE = Path(__file__).parent.parent / "lexicon/calendar.toml"
_NAMES: Mapping[str, Mapping[str, list[list[str]]]] = tomllib.loads(_FILE.read_text("utf-8"))


def fold(name: str) -> str:
    """A name for looking up: small letters without marks ("aout"), the Turkish i's as one, no full stop at the end."""
    return strip_accents(name.lower().replace("ı", "i")).rstrip(".")


def _numbers(kind: str, language: str | None, first: int) -> dict[str, int]:
    """Folded names with their numbers, of one language or of all."""
    languages = _NAMES if language is None else [language]
    return {fold(name): n for code in languages for n, names in enumerate(_NAMES[code][kind], first) for name in names}


MONTHS = _numbers("months", None, 1)
"""Names of months in all languages, long and short, folded, with 1 to 12. No name is of two months."""
MONTHS_IN = {language: _numbers("months", language, 1) for language in _NAMES}
"""The same for each language, ISO 639-1."""
DAYS_IN = {
    code: {name: n for name, n in _numbers("days", code, 0).items() if len(name) > 3 or code in ("zh", "ja")}
    for code in _NAMES
}
"""Names of days for each language, folded, with 0 (Monday) to 6; without the short ones, which are words as well."""
DAYS = frozenset(_numbers("days", None, 0))
"""Names of days in all languages, long and short, folded; some are of different days."""


def names_in(language: str, kind: str) -> list[str]:
    """The names of a language's ``months`` or ``days`` as they are written, the longest first."""
    least = 1 if language in ("zh", "ja") else 3 if kind == "months" else 4
    names = {name for names in _NAMES[language][kind] for name in names if len(name.rstrip(".")) >= least}
    return sorted(names, key=lambda name: (-len(name), name))


ENGLISH_MONTHS = tuple(names[0] for names in _NAMES["en"]["months"])
"""January to December."""
ENGLISH_DAYS = tuple(names[0] for names in _NAMES["en"]["days"])
"""Monday to Sunday."""
ENGLISH_CALENDAR = frozenset(name.lower() for name in (*ENGLISH_DAYS, *ENGLISH_MONTHS))
"""Both in small letters: names for what an article says, but not what a question is about."""


_WORD = re.compile(r"\w+")
_NUMERALS = re.compile(r"[\d年月日号]+|\d+(?:st|nd|rd|th|e|er|º|ª)")


def is_bare_date(text: str) -> bool:
    """Whether a text is a date and nothing else, as the line above an article is: "Monday, July 8, 2019"."""
    words = _WORD.findall(text)
    named = [fold(word) in MONTHS or fold(word) in DAYS or "月" in word for word in words]
    return any(named) and all(name or _NUMERALS.fullmatch(word) for name, word in zip(named, words, strict=True))
