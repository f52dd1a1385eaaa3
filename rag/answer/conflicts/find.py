"""Sources that contradict each other: words of another article that can't be so where an answer's sentence is.

Only what can be read off two sentences is called a contradiction: another
figure for the same thing, another date for the same event, a denial, an
opposite. Two sentences that may well be of two things, or of two days, are
left alone, since a false alarm is worse than silence. English only, but for
amounts of money and percentages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache

from rag.answer.check import exact
from rag.answer.conflicts import apart, dates, denials, figures, quantities
from rag.answer.conflicts.values import MONTH, SAME_TIME, SHARED, Claim, Said, content
from rag.answer.evidence import Embed, Numbered
from rag.text import parser
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.tokens import terms
from rag.types import Citation, Conflict, Hit, Passage

_MOST = 6  # conflicts of an answer
_TRIED = 10  # pairs of sentences whose likeness is looked at
_LIKE, _LIKE_ASKED = 0.55, 0.4
"""Least cosine of two sentences of one thing; of two with few words in common, which tell what was asked for."""
_SHARE = 0.25
"""Least share of the shorter sentence's content words that the other has."""

_NAMED = r"[A-Z][\w’'.-]+(?: [A-Z][\w’'.-]+){0,3}"
_ATTRIBUTED = re.compile(
    rf",[”\"]? (?:the |an? )?(?:[a-z][\w’'-]* |of |[A-Z][\w’'.-]+ )*?({_NAMED}),? (?:said|says|told|added)\b|"
    rf"\baccording to (?:the |an? )?(?:[a-z][\w’'-]* )*({_NAMED})"
)
# Words that tell two of a kind apart.
_GROUPS = tuple(
    frozenset(group.split())
    for group in (
        "north south east west northern southern eastern western", "men women boys girls male female", "home away",
        "first second third fourth fifth", "imports exports import export", "morning afternoon evening night",
        "oldest youngest", "domestic foreign", "mother father", "yes no", "cut create lost gained", "began end last",
    )
)  # fmt: skip


def find(
    question: str,
    text: str,
    citations: Sequence[Citation],
    evidence: Sequence[Numbered],
    hits: Sequence[Hit],
    *,
    embed: Embed,
    twins: Sequence[Passage] = (),
) -> list[Conflict]:
    """Sentences of other articles that contradict an answer.

    Args:
        question: The standalone question.
        text: Of the answer.
        citations: Of the answer.
        evidence: Sentences that were looked at.
        hits: Retrieved passages, whose sentences are looked at too.
        twins: Passages of articles that stood aside for one with nearly the same words: the figure may be another.
        embed: Texts to unit vectors; at most eleven sentences for each of the answer, mostly none.

    Returns:
        At most six, in the order of the answer's sentences.
    """
    places = dict.fromkeys(c.claim for c in citations)
    claims = [Claim(text[a:b], (a, b), tuple(c for c in citations if c.claim == (a, b))) for a, b in places]
    said = _sentences(evidence, [*(h.passage for h in hits[:8]), *twins])
    found: list[Conflict] = []
    seen: set[frozenset[str]] = set()  # what is said against what, by whatever articles
    for claim in claims:
        for other, about in _against(question, claim, said, embed):
            pair = frozenset(" ".join(t.split()) for t in (other.text, claim.citations[0].quote))
            if pair not in seen and len(found) < _MOST:
                seen.add(pair)
                found.append(_conflict(claim, other, about))
    return found


def _sentences(evidence: Sequence[Numbered], passages: Sequence[Passage]) -> list[Said]:
    found = {(e.article_id, e.start): Said(e.text, e.article_id, e.start, e.end, e.passage) for e in evidence}
    for p in passages:
        for s in p.sentences:
            one = Said(p.text[s.start - p.start : s.end - p.start], p.article_id, s.start, s.end, p)
            found.setdefault((p.article_id, s.start), one)
    return list(found.values())


def _against(question: str, claim: Claim, said: Sequence[Said], embed: Embed) -> Iterator[tuple[Said, str]]:
    """Sentences that contradict a claim, at most one an article, with what about."""
    own = {c.article_id for c in claim.citations}
    cited = {(c.article_id, c.start) for c in claim.citations}
    asked = frozenset(terms(question))
    around = " ".join(s.near for s in said if (s.article_id, s.start) in cited)
    candidates = []
    for other in said:
        if other.article_id in own or len(other.text) > 600:
            continue
        # A model says shortly what the cited words say at length: what they are of counts too.
        mine, yours = content(f"{claim.text} {claim.quotes}"), content(other.text)
        shared, shorter = mine & yours, min(len(mine), len(yours))
        if len(shared) < SHARED - 1 or len(shared) < _SHARE * shorter:
            continue
        about = _about(question, claim, other, shared, shorter)
        if about and _one_thing(claim, other) and not apart.placed_apart(asked, around, other.near):
            candidates.append((len(shared), other, about))
    if not candidates:
        return
    candidates.sort(key=lambda c: -c[0])
    del candidates[_TRIED:]
    vectors = embed([claim.text, *(other.text for _, other, _ in candidates)])
    likeness = vectors[1:] @ vectors[0]
    articles: set[str] = set()
    many = quantities.counted(question) is not None
    for near, (common, other, about) in sorted(zip(likeness.tolist(), candidates, strict=True), key=lambda c: -c[0]):
        if near >= (_LIKE_ASKED if many and common < SHARED else _LIKE) and other.article_id not in articles:
            articles.add(other.article_id)
            yield other, about


def _one_thing(claim: Claim, other: Said) -> bool:
    """Whether both may be of the same thing: no name or word parts them."""
    label = " ".join(f"{c.title} {c.source or ''}" for c in claim.citations)
    theirs = other.near
    ours = f"{claim.text} {claim.quotes} {label}"
    mine, yours = _strange(claim.text, theirs), _strange(other.text, ours)
    if not set(exact.names(claim.text)) & set(exact.names(other.text)):  # then the titles say what they are of
        mine += _strange(claim.citations[0].title, theirs)
        yours += _strange(other.passage.title, ours)
    if (mine and yours) or _marked(claim.text) ^ _marked(other.text) or _parted(claim.text, other.text):
        return False
    return other.passage.language != "en" or not apart.of_two(claim.text, other.text)


def _strange(text: str, there: str) -> list[str]:
    who = _says(text)  # who says so is not what it is of
    named = [n for n in exact.names(text) if n.casefold() not in ENGLISH_CALENDAR and n not in who]
    first = re.match(r"\W*(\w+)", text)
    if named and first and named[0] == first[1] and " " not in named[0] and set(terms(named[0])) <= set(terms(there)):
        del named[0]  # "Trams" is capitalised because it comes first
    return exact.missing_names(named, there)


@lru_cache(maxsize=1024)
def _says(text: str) -> frozenset[str]:
    """Names of those to whom a sentence gives what it says: "…, Dr Ann Lee said", "according to lawmaker Ann Lee"."""
    return frozenset(name for m in _ATTRIBUTED.finditer(text) for name in exact.names(next(filter(None, m.groups()))))


def _parted(one: str, other: str) -> bool:
    """Whether words tell two of a kind apart: "in the north" and "in the south"."""
    mine, yours = ({w.casefold() for w in re.findall(r"[A-Za-z]+", t)} for t in (one, other))
    return any(mine & group - yours and yours & group - mine for group in _GROUPS)


def _marked(text: str) -> frozenset[str]:
    """What tells things of one kind apart: "B7", "HV-7", "Flight 370"."""
    named = re.findall(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w+\b|\b[A-Z]+-\d+\b", text)
    after = re.findall(r"(?<=[a-z,;] )([A-Z][a-z]+ \d{1,4})\b(?! (?:million|billion))", text)
    return frozenset(m.casefold() for m in (*named, *after) if not re.match(r"\d|" + MONTH, m, re.IGNORECASE))


def _about(question: str, claim: Claim, other: Said, shared: frozenset[str], shorter: int) -> str | None:
    """What two sentences of one thing disagree on, if anything."""
    apart = _days(claim.published, other.passage.published)
    asked = bool(re.search(r"\bwhen\b|\bwhat (?:date|day|month|year)\b", question, re.IGNORECASE))
    days = dates.differing(claim, other, asked, shared, shorter)
    parsed = parser.available() and other.passage.language == "en"
    if parsed:
        amounts = quantities.differing(claim, other, shared, apart, quantities.counted(question))
    else:
        amounts = figures.differing(claim, other, shared, apart)
    if not amounts and (apart is None or apart <= SAME_TIME):
        amounts = figures.all_but_one(claim.text, other.text)
        if amounts and parsed and quantities.of_two_days(claim, other):
            amounts = None
    return ((days or amounts) if asked else (amounts or days)) or denials.denial(claim, other, shared, shorter, apart)


def _days(one: datetime | None, other: datetime | None) -> int | None:
    return abs((one.date() - other.date()).days) if one and other else None


def _conflict(claim: Claim, other: Said, about: str) -> Conflict:
    p = other.passage
    return Conflict(
        claim=claim.place,
        about=about,
        article_id=other.article_id,
        title=p.title,
        source=p.source,
        published=p.published,
        url=p.url,
        quote=other.text,
        start=other.start,
        end=other.end,
        newer=_newer(p.published, claim.published),
    )


def _newer(theirs: datetime | None, ours: datetime | None) -> bool | None:
    days: list[date] = [d.date() for d in (theirs, ours) if d]
    return days[0] > days[1] if len(days) == 2 and days[0] != days[1] else None
