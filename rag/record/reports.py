"""Corrections and retractions that are articles of their own: "The Star reported …. The report was wrong."

The sentence that tells what was reported names the outlet or speaks as it, and it, or one of the next, calls it wrong.
What it tells is looked for among the same outlet's older articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answer.check.exact import names
from rag.index.links import Link, Span
from rag.record.between import Side
from rag.text import notes, numbers
from rag.text.lexicon import alternation, lexicon
from rag.text.speech import may_report
from rag.text.tokens import query_terms, terms
from rag.text.word_lists import Record
from rag.types import Article, Sentence

_WORDS = lexicon("en").section(Record)
_OURS = re.compile(
    r"\b(?:we|our|this (?:news)?paper|the (?:news)?paper)\b|"
    rf"\b(?:an?|the|our) (?:\w+ )?(?:{alternation(_WORDS.own_nouns)})s?\b"
    r"(?: \w+){0,3} (?:on|of|in|published|from|dated)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    rf"\b(?:{alternation(_WORDS.retracted)}|retracts?|withdrew|(?:taken|took) (?:\w+ ){{0,3}}down)\b", re.IGNORECASE
)
_NEXT = 2
"""Sentences behind the one that tells what was reported, in which it is called wrong."""
_LEAST = 3
"""Content words that it has in common with the older sentence, and"""
_SHARE = 0.6
"""the share of the shorter one's."""


def told(article: Article, sentences: Sequence[Sentence]) -> list[tuple[str, Span]]:
    """What an article says that its outlet reported wrongly, each with the words that say so.

    Args:
        article: Any.
        sentences: Of its text.
    """
    if not notes.says_wrong(article.text):
        return []
    texts = [article.text[s.start : s.end] for s in sentences]
    found = []
    for n, text in enumerate(texts):
        if not _reports(text, article.source) or notes.is_note(text):
            continue
        wrong = [m for m in range(n, min(len(texts), n + 1 + _NEXT)) if notes.says_wrong(texts[m])]
        if wrong:
            found.append((text, (article.id, sentences[n].start, sentences[wrong[-1]].end)))
    return found


def _reports(text: str, source: str | None) -> bool:
    own = bool(source and source.casefold().removeprefix("the ") in text.casefold())
    return may_report(text) and (own or bool(_OURS.search(text)))


def links(
    wrong: str, by: Span, words: str, source: str | None, older: Sequence[Side], lengths: dict[str, int]
) -> Iterator[Link]:
    """The older sentences that an outlet takes back.

    Args:
        wrong: The sentence that tells what was reported.
        by: Where the words stand that take it back.
        words: These words.
        source: The outlet.
        older: Sentences of its older articles.
        lengths: Of the texts of these articles, by id.
    """
    mine = _content(wrong, source)
    called = set(names(wrong)) - set(names(source or ""))
    for other in older:
        if source and other.passage.source and source.casefold() != other.passage.source.casefold():
            continue
        yours = _content(other.text, source)
        shared = mine & yours
        if (
            len(shared) < _LEAST
            or len(shared) < _SHARE * min(len(mine), len(yours))
            or not called & set(names(other.text))
        ):
            continue
        figures = numbers.values(words) - numbers.values(wrong) - {float(n) for n in range(1, 32)}
        corrected = bool(figures) and bool(numbers.values(wrong) & numbers.values(other.text))
        if not corrected and _WHOLE.search(words):
            yield Link((other.place[0], 0, lengths[other.place[0]]), by, "retracted", 0.95)
        else:
            yield Link(other.place, by, "corrected" if corrected else "retracted", 0.94)


def _content(text: str, source: str | None) -> frozenset[str]:
    outlet = set(terms(source or ""))
    return frozenset(w for w in query_terms(text) if w not in outlet and w not in _REPORT and not w[0].isdigit())


_REPORT = frozenset(terms("report reported article story paper newspaper published said wrongly learned learn"))

__all__ = ["links", "told"]
