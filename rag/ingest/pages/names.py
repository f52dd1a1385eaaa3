"""Bylines to names: "By Ann Lee and Bo Rask, dpa" names three. Job titles, addresses and numbers are no names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from rag.text.lexicon import alternation, having, lexicon
from rag.text.urls import is_web
from rag.text.word_lists import Names, Web

_WEB = lexicon("web").section(Web)
_JOIN = re.compile(rf"\s+(?:{alternation(_WEB.byline_joins)})\s+")
_LEAD = re.compile(rf"(?:{alternation(_WEB.byline_leads)})(?:\s*[:：]\s*|\s+)", re.IGNORECASE)
_CUT = re.compile(r"\s*[;|•·、，]\s*|\s+[-–—&+]\s+|\s*,\s+(?!(?:jr|sr|ii|iii|iv|md|phd|esq)\b\.?)", re.IGNORECASE)
_COMMA = re.compile(r"(?<=[^\W\d_]),(?=[^\W\d_])")
_ASIDE = re.compile(r"\s*[(（\[][^()（）\[\]]{1,40}[)）\]]")
_LONGEST = 80
"""Characters that a name may have."""
_MOST = 50
"""Names that an article may have."""


@cache
def _role() -> re.Pattern[str]:
    """A job: a part that begins or ends with one is no name."""
    roles = alternation(*(names.roles for names in having(Names).values()))
    return re.compile(rf"(?:{roles})\b.*|.*\s(?:{roles})", re.IGNORECASE)


def names(lines: Iterable[str]) -> list[str]:
    """The names in some bylines, each once, in their order.

    Args:
        lines: Of one author or several each.
    """
    found: dict[str, str] = {}
    for line in lines:
        for name in _split(line):
            found.setdefault(name.casefold(), name)
    return list(found.values())[:_MOST]


def _split(line: str) -> list[str]:
    line = _ASIDE.sub("", " ".join(line[: _MOST * _LONGEST].split()))
    if is_web(line) or "@" in line:
        return []
    line = _LEAD.sub("", line, count=1) if _LEAD.match(line) and _LEAD.match(line).end() < len(line) else line  # type: ignore[union-attr]
    parts = [part for piece in _CUT.split(line) for part in _COMMA.split(piece)]
    names: list[str] = []
    for part in parts:
        names.extend(_joined(part))
    kept = [name for name in map(_trimmed, names) if _is_name(name)]
    # What somebody is stands behind his name; a byline of nothing else names an office.
    return kept[:1] + [name for name in kept[1:] if not _role().fullmatch(name)]


def _joined(part: str) -> list[str]:
    """The names on the two sides of an "and"; one word beside it may belong to a surname ("Ortega y Gasset")."""
    sides = _JOIN.split(part)
    return sides if all(len(side.split()) > 1 or not side.isascii() for side in sides) else [part]


def _trimmed(name: str) -> str:
    return name.strip(' \t,.;:|/-–—•*"“”«»')


def _is_name(name: str) -> bool:
    return 1 < len(name) <= _LONGEST and any(c.isalpha() for c in name) and "/" not in name[:1] and "//" not in name
