"""An answer and what it cites, in pieces that a page can put together. Nothing here knows HTML."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from rag import shown
from rag.composing import by_sentence
from rag.evaluation import labels
from rag.evaluation.values import Claim, Context, Row
from rag.types import Answer, Citation

Kind = Literal["good", "bad", "open"]
"""How a verdict or remark is coloured."""

_AROUND = 240
"""Characters shown on either side of cited words."""
_WORD = 24
"""A run of letters longer than that is no word, as in languages without spaces."""
_ENDS = tuple('.!?…。！？؟”’")')
_GAP = re.compile(r"[^\S\n]*\n\s*")
_MARK = re.compile(r"\[(\d{1,6})\]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True)
class Piece:
    """A part of an answer: words, or the number of a citation after them."""

    text: str
    number: int | None = None
    doubted: bool = False
    """Whether the check, asked again, doesn't find the sentence supported."""


@dataclass(frozen=True)
class Source:
    """The words an answer cites under one number."""

    number: int
    citation: Citation
    pieces: tuple[str, str, str]
    """The quote as (before, the words that answer, after)."""
    day: str
    url: str | None
    language: str | None
    before: str
    after: str
    remarks: tuple[tuple[str, Kind], ...]


def pieces(row: Row) -> Iterator[Piece]:
    """Only marks outside the cited sentences are numbers of citations: an article may well have [1] in it."""
    answer = row.answer
    assert answer is not None
    numbers = {c.number for c in answer.citations}
    end = 0
    for span, claim in _claims(answer, row.claims):
        if not end <= span[0] <= span[1] <= len(answer.text):
            continue
        yield from _marks(answer.text[end : span[0]], numbers)
        yield Piece(answer.text[slice(*span)], doubted=claim is not None and not claim.supported)
        end = span[1]
    yield from _marks(answer.text[end:], numbers)


def _marks(text: str, numbers: set[int]) -> Iterator[Piece]:
    end = 0
    for m in _MARK.finditer(text):
        if (number := int(m[1])) in numbers:
            if m.start() > end:
                yield Piece(text[end : m.start()])
            yield Piece(m[0], number=number)
            end = m.end()
    if end < len(text):
        yield Piece(text[end:])


def _claims(answer: Answer, claims: Sequence[Claim]) -> list[tuple[tuple[int, int], Claim | None]]:
    spans = by_sentence(answer.citations)
    return [(span, claims[i] if i < len(claims) else None) for i, span in enumerate(spans)]


def sources(row: Row) -> Iterator[Source]:
    answer = row.answer
    assert answer is not None
    languages = {h.passage.article_id: h.passage.language for h in answer.hits}
    of_number: dict[int, list[tuple[Citation, Context | None]]] = defaultdict(list)
    for i, c in enumerate(answer.citations):
        of_number[c.number].append((c, row.contexts[i] if i < len(row.contexts) else None))
    remarks = _remarks(answer, row.claims)
    for number, cited in sorted(of_number.items()):
        citation, context = cited[0]
        moved = context is not None and not context.verbatim
        yield Source(
            number=number,
            citation=citation,
            pieces=shown.cut(citation),
            day=labels.day(citation.published),
            url=link(citation.url),
            language=language(languages.get(citation.article_id)),
            before=_before(citation, context.before) if context else "",
            after=_after(context.after) if context else "",
            remarks=(
                *((("the article doesn’t have these words in this place", "bad"),) if moved else ()),
                *dict.fromkeys(remark for c, _ in cited for remark in remarks[id(c)]),
            ),
        )


def _before(citation: Citation, text: str) -> str:
    """What stands before cited words, from a word's beginning."""
    cut = citation.start > len(text) or len(text) > _AROUND
    text = _GAP.sub("\n", text[-_AROUND:]).lstrip()
    return "…" + (text.partition(" ")[2] if " " in text[:_WORD] else text) if cut and text else text


def _after(text: str) -> str:
    """What stands after them, to a word's end."""
    cut = len(text) > _AROUND or not text.rstrip().endswith(_ENDS)
    text = _GAP.sub("\n", text[:_AROUND]).rstrip()
    if not cut or not text:
        return text
    text = to_word(text)
    return text + (" …" if text.endswith(_ENDS) else "…")


def to_word(text: str) -> str:
    """Without a word that was cut, where words have spaces between them."""
    return text.rpartition(" ")[0] if " " in text[-_WORD:] else text


def _remarks(answer: Answer, claims: Sequence[Claim]) -> Mapping[int, list[tuple[str, Kind]]]:
    """What the check says of each citation, by the citation's identity."""
    said: dict[int, list[tuple[str, Kind]]] = defaultdict(list)
    for span, claim in _claims(answer, claims):
        for i, c in enumerate(c for c in answer.citations if c.claim == span):
            if claim is None or claim.supported:
                said[id(c)].append(
                    ("check: word for word", "good") if c.support == "verbatim" else ("check: supported", "good")
                )
            else:
                said[id(c)].append(("check, asked again: not supported", "bad"))
            if claim is not None and claim.supported and i < len(claim.needed) and not claim.needed[i]:
                said[id(c)].append(("not needed", "open"))
            if claim is not None and i < len(claim.gold) and claim.gold[i]:
                said[id(c)].append(("expected evidence", "good"))
    return said


def link(url: str | None) -> str | None:
    """A URL that may be followed: only http and https, and nothing odd in it."""
    if not url or labels.readable(url) != url or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def language(name: str | None) -> str | None:
    """What may stand in a ``lang`` attribute."""
    return name if name and _LANGUAGE.fullmatch(name) else None
