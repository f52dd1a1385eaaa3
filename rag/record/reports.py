"""Corrections and retractions that are articles of their own: "The Star reported …. The report was wrong."

The sentence that tells what was reported names the outlet or speaks as it, and it, or one of the next, calls it wrong.
What it tells is looked for among the same outlet's older articles. Of an article that is labelled as a correction a
sentence may say both at once: "The bridge cost 5.1 million euros, not 4.2 million."
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rag.answer.check.exact import names
from rag.answer.conflicts import figures
from rag.index.links import Link, Span
from rag.record import within
from rag.record.between import Side
from rag.text import notes, numbers
from rag.text.lexicon import alternation, lexicon
from rag.text.tokens import query_terms, terms
from rag.text.told_days import named_days
from rag.text.word_lists import Record
from rag.types import Article, Sentence

_WORDS = lexicon("en").section(Record)
_SAID = rf"(?:\W+\w+){{0,4}}?\W+{notes.REPORTED}\b"
_OURS = re.compile(
    rf"\b(?:we|this (?:news)?paper|the (?:news)?paper){_SAID}|\b(?:an?|the|our) (?:\w+ )?"
    rf"(?:{alternation(_WORDS.own_nouns)})s? (?:(?:published |dated )?(?:on|of|in|from|about)\b[^.]*?{_SAID}|"
    rf"also {notes.REPORTED}\b)",
    re.IGNORECASE,
)
_MARKS = re.compile('["“”„«»]')
_BACK = re.compile(
    r"\A\W*(?:(?:the|this|that|our|its) (?:\w+ )?(?:report|story|article|claim|statement|account|figure|information)s?|"
    r"that|this|it|we)\b",
    re.IGNORECASE,
)
"""How a sentence begins that speaks of what was reported."""
_POINTS = re.compile(
    r"\A\W*(?:the|its|his|her|their) (?:(?:correct|right|actual|true|real) \w+|figure|number) (?:is|was|should)\b",
    re.IGNORECASE,
)
"""How one begins that puts right what was said by pointing at it."""
_WHOLE = re.compile(
    rf"\b(?:{alternation(_WORDS.retracted)}|retracts?|withdrew|(?:taken|took) (?:\w+ ){{0,3}}down)\b", re.IGNORECASE
)
_NEXT = 2
"""Sentences behind the one that tells what was reported, in which it is called wrong."""
_LEAST = 3
"""Content words that it has in common with the older sentence, and"""
_SHARE = 0.6
"""the share of the shorter one's."""


class Mistake(NamedTuple):
    """What an article says that its outlet reported wrongly."""

    wrong: str
    """The words that tell what was reported."""
    by: Span
    """Where the words stand that say that it was wrong, or how it is."""
    report: str
    """The words that say in which report it stood: these, or those before them that "we also said" goes on from."""


def told(article: Article, sentences: Sequence[Sentence]) -> list[Mistake]:
    """What an article says that its outlet reported wrongly, each with the words that say so.

    Args:
        article: Any.
        sentences: Of its text.
    """
    if not (notes.says_wrong(article.text) or notes.labels(article.title) or notes.is_note_in(article.text)):
        return []
    texts = [article.text[s.start : s.end] for s in sentences]
    found: list[Mistake] = []
    by_title, by_text = notes.labels(article.title), notes.labelled(article.text)
    for text, s in zip(texts, sentences, strict=True):
        beside_label = by_text and "\n" not in article.text[: s.end]
        if (by_title or beside_label) and within.contrasts(text):
            found.append(Mistake(text, (article.id, s.start, s.end), text))
    report, ended = "", 0
    for n, text in enumerate(texts):
        earlier = notes.tells_earlier(text, article.title)
        if not _reports(text, article.source) or (notes.is_note(text) and not earlier):
            continue
        if not report or "\n" in article.text[ended : sentences[n].start] or _names_report(text, article.published):
            report = text
        ended = sentences[n].end
        halves = _halves(text) if earlier else None
        if halves is not None:
            found.append(Mistake(halves[0], (article.id, sentences[n].start, sentences[n].end), report))
            continue
        behind = range(n + 1, min(len(texts), n + 1 + _NEXT))
        right = next((m for m in behind if earlier and _puts_right(text, texts[m])), None)
        if right is not None:  # it says how it is, and stands alone: what was wrong need not be told again
            found.append(Mistake(text, (article.id, sentences[right].start, sentences[right].end), report))
            continue
        first = n if notes.WRONGLY.search(text) else next((m for m in behind if _takes_back(texts[m])), None)
        if first is not None:
            # What goes on taking it back belongs to it: "The two witnesses have withdrawn what they said."
            last = max((m for m in behind if notes.says_wrong(texts[m])), default=first)
            found.append(Mistake(text, (article.id, sentences[n].start, sentences[max(first, last)].end), report))
    return found


def _reports(text: str, source: str | None) -> bool:
    """Whether a sentence tells what its own outlet reported; a headline, or what somebody says, is not its own."""
    text = notes.without_quotes(text)
    if _MARKS.search(text):
        return False
    name = re.escape((source or "").removeprefix("The "))
    return bool(_OURS.search(text) or (name and re.search(rf"\b{name}{_SAID}", text, re.IGNORECASE)))


def _names_report(text: str, published: datetime | None) -> bool:
    """Whether a sentence says of its own which report it means: by a day, or by a headline."""
    return bool(notes.QUOTED.search(text) or named_days(text, published, "en"))


def _halves(text: str) -> tuple[str, str] | None:
    """A sentence that tells what was said and, behind a semicolon or a dash, how it is: the two, if it does."""
    wrong, mark, right = next((text.partition(m) for m in ("; ", " — ", " – ") if m in text), (text, "", ""))
    if not mark or notes.says_wrong(text):
        return None
    return (
        (wrong, right) if _differ(numbers.values(wrong), numbers.values(right)) or _puts_right(wrong, right) else None
    )


def _takes_back(text: str) -> bool:
    return bool(_BACK.match(text) and notes.says_wrong(text))


def _puts_right(wrong: str, text: str) -> bool:
    """Whether a sentence has another figure, or name, for what was said wrongly."""
    if _takes_back(text):
        return False
    wrong = notes.without_quotes(wrong)
    named, there = set(names(wrong)), set(names(text))
    shared = _content(wrong, None) & _content(text, None) - {t for n in named | there for t in terms(n)}
    mine, yours = figures.read(wrong), figures.read(text)
    differ = _differ(numbers.values(wrong), numbers.values(text))
    if differ and not _content(text, None):
        return True  # "There were 14.": it says nothing but the figure
    if differ and any(u in set(terms(wrong)) for f in yours for u in f.unit):
        return True  # "the number of flats as 60", "16 flats"
    counts = {u for f in mine for u in f.unit} & {
        u for f in yours for u in f.unit if f.value not in numbers.values(wrong)
    }
    if len(shared) >= within.SHARED or _POINTS.match(text):  # of a figure without a unit, its sentence says enough
        counts |= {"some"} if differ else set()
    # "The correct figure is £720,000." speaks of what was said by pointing at it.
    return bool(counts or (there - named and named - there)) and bool(shared or (counts and _BACK.match(text)))


def _differ(mine: Collection[float], yours: Collection[float]) -> bool:
    """Whether each of two sentences has a figure that the other lacks."""
    return bool(set(mine) - set(yours)) and bool(set(yours) - set(mine))


def links(
    said: Mistake, words: str, source: str | None, older: Sequence[Side], lengths: dict[str, int]
) -> Iterator[Link]:
    """The older sentences that an outlet takes back.

    Args:
        said: What was reported, and where the words stand that take it back.
        words: These words.
        source: The outlet.
        older: Sentences of its older articles.
        lengths: Of the texts of these articles, by id.
    """
    wrong, by, report = said
    if words == wrong and within.contrasts(words):
        for other in older:
            if _of_outlet(other, source) and within.has_wrong(words, other.text):
                yield Link(other.place, by, "corrected", 0.94)
        return
    mine = _content(wrong, source)
    called = set(names(wrong)) - set(names(source or ""))
    right = not notes.says_wrong(words) and words != wrong
    words = words.removeprefix(wrong) if right else words
    outside = notes.without_quotes(wrong)
    former = numbers.values(outside) - numbers.values(words)
    for other in older:
        if not _of_outlet(other, source):
            continue
        yours = _content(other.text, source)
        shared = mine & yours
        if right and (
            _headed(report, other.passage.title)
            or (len(shared) >= within.SHARED and _of_its_day(notes.without_quotes(report), other.passage.published))
        ):
            # Which article is meant is said: its sentence need name nobody.
            wrongly = former & numbers.values(other.text) or _wrong_name(outside, words, other.text)
            if wrongly and _content(outside, source) & yours:
                yield Link(other.place, by, "corrected", 0.95)
            continue
        if (
            len(shared) < _LEAST
            or len(shared) < _SHARE * min(len(mine), len(yours))
            or not called & set(names(other.text))
        ):
            continue
        strange = numbers.values(words) - numbers.values(wrong) - {float(n) for n in range(1, 32)}
        corrected = bool(strange) and bool(numbers.values(wrong) & numbers.values(other.text))
        if right and not former & numbers.values(other.text) and not _wrong_name(wrong, words, other.text):
            continue
        corrected = corrected or right
        if not corrected and _WHOLE.search(words):
            yield Link((other.place[0], 0, lengths[other.place[0]]), by, "retracted", 0.95)
        else:
            yield Link(other.place, by, "corrected" if corrected else "retracted", 0.94)


def _of_outlet(side: Side, source: str | None) -> bool:
    """Whether a sentence may be of an outlet: where it isn't known whose it is, it may be anybody's."""
    return not (source and side.passage.source) or source.casefold() == side.passage.source.casefold()


def _headed(wrong: str, title: str) -> bool:
    """Whether a sentence has an article's headline between marks, or its beginning."""
    headline = _letters(title)
    told = (_letters(m[1]) for m in notes.QUOTED.finditer(wrong))
    return any(len(t.split()) >= _LEAST and headline.startswith(t) for t in told)


def _of_its_day(wrong: str, published: datetime | None) -> bool:
    """Whether a sentence says that what was wrong stood in a report of the day of an article."""
    if published is None:
        return False
    days = (n.days for n in named_days(wrong, published + timedelta(days=1), "en"))
    return any(d.first == d.last == published.date() for d in days)


def _letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _wrong_name(wrong: str, words: str, text: str) -> bool:
    """Whether a sentence has a name that what puts it right has another for."""
    mine, right = set(names(wrong)), set(names(words))
    return bool(right - mine) and bool((mine - right) & set(names(text)))


def _content(text: str, source: str | None) -> frozenset[str]:
    outlet = set(terms(source or ""))
    return frozenset(w for w in query_terms(text) if w not in outlet and w not in _REPORT and not w[0].isdigit())


_REPORT = frozenset(terms("report reported article story paper newspaper published said wrongly learned learn"))

__all__ = ["links", "told"]
