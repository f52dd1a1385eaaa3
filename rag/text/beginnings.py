"""How matches of a regular expression can begin: a look ahead by which a search passes over most places cheaply.

Python tries every alternative of a long expression at every word of a text. What the first few characters of any match
can be is worked out from the expression itself, never too narrowly, so that a search finds the same with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from importlib import import_module
from typing import Any

_ANY, _DIGIT, _SPACE = "\0", "\1", "\2"
"""Stand for characters that are not spelt out one by one."""
_WRITTEN = {_DIGIT: r"\d", _SPACE: r"\s"}
_RANGE = 40  # characters of a range that are spelt out


def look_ahead(pattern: str, length: int) -> str:
    """An assertion that holds wherever a pattern can match: what its first characters can be.

    Args:
        pattern: Of a regular expression that is used without flags.
        length: Characters that are looked at.
    """
    begins = _first(import_module("re._parser").parse(pattern), length)
    return "" if "" in begins else f"(?={_trie(begins)})"


def _first(items: Iterable[tuple[Any, Any]], length: int) -> set[str]:
    """First characters of what a run of parts matches, shorter where it may end before."""
    open_, full = {""}, set[str]()
    for kind, value in items:
        begun: set[str] = set()
        for more in _first_of(str(kind), value, length):
            for start in open_:
                made = (start + more)[:length]
                (full if len(made) == length else begun).add(made)
        open_ = begun
        if not open_:
            break
    return open_ | full


def _first_of(kind: str, value: Any, length: int) -> Set[str]:
    if kind == "LITERAL":
        return {chr(value)}
    if kind in ("AT", "ASSERT", "ASSERT_NOT"):
        return {""}
    if kind == "IN":
        return _one_of(value)
    if kind == "SUBPATTERN" and not value[1]:  # without flags of its own
        return _first(value[3], length)
    if kind == "BRANCH":
        return set().union(*(_first(one, length) for one in value[1]))
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, item = value
        once, run = _first(item, length), {""}
        found: set[str] = {""} if least == 0 else set()
        for n in range(1, min(int(most), length) + 1):
            run = {(start + more)[:length] for start in run for more in once}
            if n >= least:
                found |= run
        return found | (run if least > length else set())
    return {_ANY * n for n in range(length + 1)}  # whatever else there is


def _one_of(members: Iterable[tuple[Any, Any]]) -> set[str]:
    found: set[str] = set()
    for kind, value in members:
        told = (str(kind), str(value))
        if told[0] == "LITERAL":
            found.add(chr(value))
        elif told[0] == "RANGE" and value[1] - value[0] < _RANGE:
            found |= {chr(n) for n in range(value[0], value[1] + 1)}
        elif told == ("CATEGORY", "CATEGORY_DIGIT"):
            found.add(_DIGIT)
        elif told == ("CATEGORY", "CATEGORY_SPACE"):
            found.add(_SPACE)
        else:
            return {_ANY}
    return found


def _trie(texts: Set[str]) -> str:
    """A pattern of all texts, those that begin alike together; "" where one of them is empty."""
    if "" in texts:
        return ""
    by_first: dict[str, set[str]] = {}
    for text in texts:
        by_first.setdefault(text[0], set()).add(text[1:])
    alike: dict[str, list[str]] = {}
    for first, rest in by_first.items():
        alike.setdefault(_trie(rest), []).append(first)
    return "(?:" + "|".join(_any_of(sorted(firsts)) + rest for rest, firsts in sorted(alike.items())) + ")"


def _any_of(characters: list[str]) -> str:
    if _ANY in characters:
        return r"[\s\S]"
    return "[" + "".join(_WRITTEN.get(c) or re.escape(c) for c in characters) + "]"


__all__ = ["look_ahead"]
