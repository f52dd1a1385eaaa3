"""Reads full-text queries: words, "phrases", AND, OR, NOT, prefix*, NEAR/5 and field:word, as reporters know them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from rag.errors import UsageError
from rag.text.counting import count
from rag.text.mistakes import hint
from rag.text.tokens import places

FIELDS = ("title", "author", "outlet", "section", "language", "date", "after", "before")
"""What may stand before a colon."""
_CALLED = {"source": "outlet"}  # an article's field, beside the word that people have for it
_WORDED, _VALUED = FIELDS[:4], FIELDS[4:]
_LONGEST = 1000  # characters
_DEEPEST = 40  # brackets within brackets


@dataclass(frozen=True)
class Word:
    """A word in any of its forms ("tariff" finds "tariffs"), or all words that begin so."""

    word: str
    prefix: bool = False
    field: str = ""
    """Where it has to stand; empty: in title or text."""


@dataclass(frozen=True)
class Phrase:
    """Words exactly as they are written, one after the other."""

    words: tuple[str, ...]
    within: int = 0
    """How many other words may stand between them; more than 0: their order doesn't count where there are two."""
    prefix: bool = False
    """Whether the last one may go on."""
    field: str = ""


@dataclass(frozen=True)
class Language:
    """Articles in a language, as in "en"."""

    code: str


@dataclass(frozen=True)
class Dated:
    """Articles published within a time, by the clock of their own outlet."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class All:
    """All of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """At least one of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class No:
    """What the part does not match."""

    part: Node


Node = Word | Phrase | Language | Dated | All | Either | No

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) |
      (?P<near>NEAR(?:/(?P<distance>\d{1,3}))?(?![^\s()"])) |
      (?P<op>(?:AND|OR|NOT)(?![^\s()"“”])) |
      (?P<minus>-(?=[^\s\-)])) |
      (?P<field>[A-Za-z]+):(?=\S) |
      ["“”„](?P<phrase>[^"“”]*)["“”](?:~(?P<slop>\d{1,3}))? |
      (?P<quote>["“”„]) |
      (?P<word>[^\s()"“”]+)
    )""",
    re.VERBOSE,
)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    number: int = 0


def parse(query: str) -> Node | None:
    """Read a query; None where it has no word.

    Words that stand side by side all have to be there. A word finds its inflections; what stands in quotation marks is
    found as it is written.

    Raises:
        UsageError: It can't be read; the message says where.
    """
    if len(query) > _LONGEST:
        raise UsageError(f"The search has {count(len(query), 'character')}; {_LONGEST:,} is the most.")
    reader = _Reader(_tokens(query))
    if not reader.tokens:
        return None
    node = reader.either(0)
    if reader.tokens:
        raise UsageError("There is a closing bracket without an opening one. Take it away, or put both.")
    return node


def positives(node: Node | None) -> list[Word | Phrase]:
    """The words and phrases of a query that an article is found by: those to mark in title and text."""
    if isinstance(node, (Word, Phrase)):
        return [node]
    if isinstance(node, (All, Either)):
        return [leaf for part in node.parts for leaf in positives(part)]
    return []


def _tokens(query: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    query = query.rstrip()
    while at < len(query):
        m = _TOKEN.match(query, at)
        assert m is not None and m.end() > at  # the last alternative takes whatever is no space, bracket or quote
        at = m.end()
        kind = str(m.lastgroup) if m.lastgroup not in ("distance", "slop") else ("near" if m["near"] else "phrase")
        if kind == "quote":
            raise UsageError("A quotation mark is not closed. Close it, or take it away.")
        number = max(1, int(m["distance"] or 5)) if kind == "near" else int(m["slop"] or 0) if kind == "phrase" else 0
        found.append(_Token(kind, m[kind], number))
    return found


class _Reader:
    """Recursive descent over the tokens: OR binds weakest, then AND (or nothing), then NOT, then NEAR."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens

    def _peek(self, *kinds: str, text: str = "") -> bool:
        return bool(self.tokens) and self.tokens[0].kind in kinds and (not text or self.tokens[0].text == text)

    def either(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise UsageError(f"The search has more than {_DEEPEST} brackets within brackets. Make it simpler.")
        parts = [self._all(depth)]
        while self._peek("op", text="OR"):
            self.tokens.pop(0)
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, depth: int) -> Node:
        parts = [self._not(depth)]
        while self.tokens and not self._peek("close") and not self._peek("op", text="OR"):
            if self._peek("op", text="AND"):
                self.tokens.pop(0)
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _not(self, depth: int) -> Node:
        negated = False
        while self._peek("minus") or self._peek("op", text="NOT"):
            self.tokens.pop(0)
            negated = not negated
        node = self._near(depth)
        return No(node) if negated else node

    def _near(self, depth: int) -> Node:
        node = self._atom(depth)
        while self._peek("near"):
            token = self.tokens.pop(0)
            other = self._atom(depth)
            if not (isinstance(node, Word) and isinstance(other, Word)) or node.prefix or other.prefix:
                raise UsageError(
                    'NEAR stands between two whole words. For more of them write "port authority strike"~5.'
                )
            node = Phrase((node.word, other.word), token.number, field=node.field)
        return node

    def _atom(self, depth: int, field: str = "") -> Node:
        if not self.tokens:
            raise UsageError(
                "The search ends where a word is expected. Write one after AND, OR, NOT, NEAR or a bracket."
            )
        token = self.tokens.pop(0)
        if token.kind == "open":
            node = self.either(depth + 1)
            if not self._peek("close"):
                raise UsageError("A bracket is not closed. Close it, or take it away.")
            self.tokens.pop(0)
            return _within(node, field) if field else node
        if token.kind == "field":
            if (name := _CALLED.get(token.text.lower(), token.text.lower())) in FIELDS:
                return self._atom(depth, name)
            if self._peek("word") and self.tokens[0].text.startswith("//"):  # an address: words like any others
                rest = self.tokens.pop(0)
                return _worded(f"{token.text} {rest.text}", field)
            raise UsageError(
                f"There is no field {token.text!r}; there are {', '.join(FIELDS)}.{hint(token.text, FIELDS)} "
                'To search for the words themselves, put them in quotation marks, as in "note: this".'
            )
        if token.kind == "phrase":
            return _phrase(token, field)
        if token.kind == "word":
            return (
                _valued(token.text, field)
                if field in ("language", "date", "after", "before")
                else _worded(token.text, field)
            )
        if token.kind == "close":
            raise UsageError("A closing bracket stands where a word is expected. Write one before it.")
        raise UsageError(
            f"{token.text} stands where a word is expected. Write one before and after it, or write it small."
        )


def _worded(text: str, field: str) -> Node:
    """What was typed without quotation marks: mostly one word; "U.S.-China" is several, one after the other."""
    prefix = text.endswith("*")
    words = tuple(word for _, _, word in places(text))
    if not words:
        _no_words(text)
    if len(words) == 1:
        return Word(words[0], prefix, field)
    return Phrase(words, prefix=prefix, field=field)


def _phrase(token: _Token, field: str) -> Node:
    prefix = token.text.rstrip().endswith("*")
    words = tuple(word for _, _, word in places(token.text))
    if field in _VALUED:
        return _valued(token.text.strip(), field)
    if not words:
        _no_words(token.text)
    return Phrase(words, token.number, prefix, field)


def _no_words(text: str) -> NoReturn:
    raise UsageError(f"There is no word in {text.strip()!r} to search for. Write one, or take it away.")


def _valued(text: str, field: str) -> Node:
    if field == "language":
        if not re.fullmatch(r"[A-Za-z]{2,3}", text):
            raise UsageError(f"language:{text} is no language. Write it in two or three letters, as in language:en.")
        return Language(text.lower())
    first, end = _span(text, field)
    if field == "after":
        return Dated(after=first)
    return Dated(before=first) if field == "before" else Dated(first, end)


def _span(text: str, field: str) -> tuple[datetime, datetime]:
    """The beginning and the end of a day, a month or a year."""
    m = _DAY.fullmatch(text)
    try:
        if m is None:
            raise ValueError
        year, month, day = int(m[1]), int(m[2] or 1), int(m[3] or 1)
        first = datetime(year, month, day)
        if m[3]:
            return first, datetime.fromordinal(first.toordinal() + 1)
        if m[2]:
            return first, datetime(year + month // 12, month % 12 + 1, 1)
        return first, datetime(year + 1, 1, 1)
    except (ValueError, OverflowError):
        raise UsageError(f"{field}:{text} is no date. Write a year, month or day, as in {field}:2023-06-01.") from None


def _within(node: Node, field: str) -> Node:
    """A bracket after a field: its words have to stand in the field."""
    if field not in _WORDED:
        raise UsageError(f"{field}: takes one value, no bracket. Write {field}:… OR {field}:…")
    if isinstance(node, (Word, Phrase)):
        return replace(node, field=field)
    if isinstance(node, All):
        return All(tuple(_within(p, field) for p in node.parts))
    if isinstance(node, Either):
        return Either(tuple(_within(p, field) for p in node.parts))
    if isinstance(node, No):
        return No(_within(node.part, field))
    return node


__all__ = ["FIELDS", "All", "Dated", "Either", "Language", "No", "Node", "Phrase", "Word", "parse", "positives"]
