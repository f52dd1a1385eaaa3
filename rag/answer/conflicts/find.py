"""Sources that contradict each other: words of another article that can't be so where an answer's sentence is.

Only what can be read off two sentences is called a contradiction: another
figure for the same thing, another date for the same event, a denial, an
opposite. Two sentences that may well be of two things, or of two days, are
left alone, since a false alarm is worse than silence. English only, but for
amounts of money and percentages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import NamedTuple

from rag.answer.check import exact
from rag.answer.evidence import Embed, Numbered
from rag.text import numbers
from rag.text.tokens import query_terms, terms
from rag.types import Citation, Conflict, Hit, Passage

_MOST = 6  # conflicts of an answer
_TRIED = 10  # pairs of sentences whose likeness is looked at
_LIKE = 0.55
"""Least cosine of two sentences of one thing."""
_SHARED = 3
"""Least number of content words that two sentences of one thing have in common; one less where both count the dead."""
_SHARE = 0.25
"""Least share of the shorter sentence's content words that the other has."""
_WHOLE = 0.75
"""That share for a denial or an opposite: there is no figure to go by."""
_ALL_BUT_ONE = 8  # words of sentences that differ in a figure only
_SAME_TIME = 3  # days between articles that speak of one state of things
_LASTING = 45  # days after which a figure may have changed, unless it was one of a plan

_ONES = "one two three four five six seven eight nine ten eleven twelve".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELT = "|".join([*(f"{t}-{o}" for t in _TENS for o in _ONES[:9]), *_TENS, *reversed(_ONES)])
_FIGURE = re.compile(
    r"(?P<money>US\$|[$€£¥])?\s?(?<![\w.,–-])"
    rf"(?P<n>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?!,?\d)|{_SPELT})(?P<half>\sand\sa\shalf)?"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|bn|mn|m|tn|k)\b)?"
    r"(?P<percent>\s?%|\sper\s?cent\b)?(?![\d–]|-\d|\s?[ap]\.?m\b|[:./]\d|-year|-day)",
    re.IGNORECASE,
)
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SCALES |= {"bn": 1e9, "mn": 1e6, "m": 1e6, "tn": 1e12, "k": 1e3}
_HEDGED = re.compile(
    r"\b(?:about|around|roughly|some|nearly|almost|approximately|more than|over|less than|fewer than|under|up to|"
    r"at least|at most|close to|just)\s*$",
    re.IGNORECASE,
)
# By so much, not so much: "rose by 5 million", "six months later".
_BY = re.compile(
    r"\b(?:ris\w+|rose|gr[eo]w\w*|increas\w+|f[ae]ll\w*|dropp?\w*|cut|reduc\w+|rais\w+|up|down|climb\w*)\b[^,;:]*\bby\s*$|"
    r"\b(?:extra|another|further|additional|next|last|past|every|each|per|within|in)\s*$",
    re.IGNORECASE,
)
_THAN = re.compile(
    r"^\W*(?:\w+\W+){0,2}?(?:more|less|fewer|higher|lower|later|earlier|longer|shorter|ago|away|before|after|old|apart|"
    r"each|every|per|of (?:the|its|their|them|which))\b",
    re.IGNORECASE,
)
_TOLL = re.compile(r"\btoll\b[^.;]*\b(?:to|at|reached|is|was)\s*$")  # "rose to 17 on Tuesday after divers …"
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_WHEN = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s(?P<m1>{_MONTH})|(?P<m2>{_MONTH})(?:\s(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s?%))?|"
    r"(?P<s>[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter))?,?\s?(?P<y>(?:18|19|20)\d\d)?\b"
)
_OF_A_TIME = re.compile(
    rf"\b(?:in|during|for|of|since)\s(?:the\s)?(?:early\s|late\s|mid-)?(?:{_MONTH}|(?:18|19|20)\d\d|last|this|first|second|"
    r"third|fourth)\b|\b(?:last|this|previous)\s(?:week|month|quarter|year)\b|\b(?:fiscal|quarter)\b",
)
_AHEAD = re.compile(
    r"\b(?:will|would|is to|are to|plan(?:s|ned)?|due|expect(?:s|ed)?|scheduled|approved?|propos\w+|set to|"
    r"project(?:s|ed)?)\b"
)
_TO_COME = re.compile(r"\b(?:will|would|is to|are to|plann?ed|due|expected|scheduled|set to)\b")
_BUDGING = re.compile(
    r"\b(?:shares?|stocks?|index|rates?|prices?|inflation|unemployment|poll(?:s|ed)?|ratings?|temperatures?|points?|traded?|"
    r"closed|odds|rank\w*|leads?|led|lost|won|beat|scor\w+)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
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
# Whom a number of people is of, what a sum of money is: the same where both say so.
_ROLES = {
    "dead": "kill dead die death fatal toll body bodies perish victim",
    "hurt": "injur injuri wound hurt hospit",
    "missing": "miss unaccount",
    "homeless": "displac evacu fled flee homeless shelter",
    "held": "arrest detain held jail charg imprison",
    "saved": "rescu surviv saved",
    "sick": "infect case sick ill",
    "cost": "cost price bill budget worth valu",
    "part": "pay paid contribut fund grant loan borrow levi compens fine tax profit loss revenu sale debt salari wage "
    "rais rise increas cut fell drop gain save invest spend donat insur aid",
}
_PEOPLE = frozenset("dead hurt missing homeless held saved sick".split())
_PERSONS = (
    "people person civilian soldier passenger worker child children man men woman women resident migrant victim dead"
)
_STANDING = 10  # words between a figure and what says its role


class _Figure(NamedTuple):
    value: float
    unit: frozenset[str]
    """A currency, "%", or stems of the words it counts."""
    role: str
    hedged: bool
    shown: str
    """"£84 million"; without what it counts."""
    counted: str
    """What it counts, as written, or empty."""


class _Date(NamedTuple):
    year: str
    month: str
    day: str
    season: str
    shown: str
    ahead: bool
    """Whether it is one to come."""


@dataclass(frozen=True)
class _Said:
    """A sentence of an article."""

    text: str
    article_id: str
    start: int
    end: int
    passage: Passage

    @property
    def near(self) -> str:
        """It, and what stands around it."""
        return f"{self.text} {self.passage.title} {self.passage.text}"


@dataclass(frozen=True)
class _Claim:
    """A sentence of an answer with the words it rests on."""

    text: str
    place: tuple[int, int]
    citations: tuple[Citation, ...]

    @property
    def quotes(self) -> str:
        return " ".join(c.quote for c in self.citations)

    @property
    def published(self) -> datetime | None:
        return next((c.published for c in self.citations if c.published), None)


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
    claims = [_Claim(text[a:b], (a, b), tuple(c for c in citations if c.claim == (a, b))) for a, b in places]
    said = _sentences(evidence, [*(h.passage for h in hits[:8]), *twins])
    found: list[Conflict] = []
    seen: set[frozenset[tuple[str, int]]] = set()
    for claim in claims:
        for other, about in _against(question, claim, said, embed):
            pair = frozenset(
                [(other.article_id, other.start), (claim.citations[0].article_id, claim.citations[0].start)]
            )
            if pair not in seen and len(found) < _MOST:
                seen.add(pair)
                found.append(_conflict(claim, other, about))
    return found


def _sentences(evidence: Sequence[Numbered], passages: Sequence[Passage]) -> list[_Said]:
    found = {(e.article_id, e.start): _Said(e.text, e.article_id, e.start, e.end, e.passage) for e in evidence}
    for p in passages:
        for s in p.sentences:
            one = _Said(p.text[s.start - p.start : s.end - p.start], p.article_id, s.start, s.end, p)
            found.setdefault((p.article_id, s.start), one)
    return list(found.values())


def _against(question: str, claim: _Claim, said: Sequence[_Said], embed: Embed) -> Iterator[tuple[_Said, str]]:
    """Sentences that contradict a claim, at most one an article, with what about."""
    own = {c.article_id for c in claim.citations}
    candidates = []
    for other in said:
        if other.article_id in own or len(other.text) > 600:
            continue
        # A model says shortly what the cited words say at length: what they are of counts too.
        mine, yours = _content(f"{claim.text} {claim.quotes}"), _content(other.text)
        shared, shorter = mine & yours, min(len(mine), len(yours))
        if len(shared) < _SHARED - 1 or len(shared) < _SHARE * shorter:
            continue
        about = _about(question, claim, other, shared, shorter)
        if about and _one_thing(claim, other):
            candidates.append((len(shared), other, about))
    if not candidates:
        return
    candidates.sort(key=lambda c: -c[0])
    del candidates[_TRIED:]
    vectors = embed([claim.text, *(other.text for _, other, _ in candidates)])
    likeness = vectors[1:] @ vectors[0]
    articles: set[str] = set()
    for near, (_, other, about) in sorted(zip(likeness.tolist(), candidates, strict=True), key=lambda c: -c[0]):
        if near >= _LIKE and other.article_id not in articles:
            articles.add(other.article_id)
            yield other, about


@lru_cache(maxsize=1024)
def _content(text: str) -> frozenset[str]:
    """Stems that say what a sentence is about: no figures, no dates, no words of saying."""
    return frozenset(w for w in query_terms(text) if len(w) > 1 and not w[0].isdigit() and w not in _saying())


@cache
def _saying() -> frozenset[str]:
    said = "told tell call accord report announc announced reported according added official"
    counts = "million billion thousand hundred percent new year month day week"
    return frozenset(terms(" ".join([said, counts, *exact.CALENDAR, *_ONES, *_TENS])))


def _one_thing(claim: _Claim, other: _Said) -> bool:
    """Whether both may be of the same thing: no name or word parts them."""
    label = " ".join(f"{c.title} {c.source or ''}" for c in claim.citations)
    theirs = other.near
    ours = f"{claim.text} {claim.quotes} {label}"
    mine, yours = _strange(claim.text, theirs), _strange(other.text, ours)
    if not set(exact.names(claim.text)) & set(exact.names(other.text)):  # then the titles say what they are of
        mine += _strange(claim.citations[0].title, theirs)
        yours += _strange(other.passage.title, ours)
    return not ((mine and yours) or _marked(claim.text) ^ _marked(other.text) or _parted(claim.text, other.text))


def _strange(text: str, there: str) -> list[str]:
    who = _says(text)  # who says so is not what it is of
    named = [n for n in exact.names(text) if n.casefold() not in exact.CALENDAR and n not in who]
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
    return frozenset(m.casefold() for m in (*named, *after) if not re.match(r"\d|" + _MONTH, m, re.IGNORECASE))


def _about(question: str, claim: _Claim, other: _Said, shared: frozenset[str], shorter: int) -> str | None:
    """What two sentences of one thing disagree on, if anything."""
    apart = _days(claim.published, other.passage.published)
    asked = bool(re.search(r"\bwhen\b|\bwhat (?:date|day|month|year)\b", question, re.IGNORECASE))
    dates = _dates(claim, other, asked, shared, shorter)
    figures = _figures(claim, other, shared, apart)
    if not figures and (apart is None or apart <= _SAME_TIME):
        figures = _but_one(claim.text, other.text)
    return ((dates or figures) if asked else (figures or dates)) or _denial(claim, other, shared, shorter, apart)


def _days(one: datetime | None, other: datetime | None) -> int | None:
    return abs((one.date() - other.date()).days) if one and other else None


# -- figures ---------------------------------------------------------------------------


def _figures(claim: _Claim, other: _Said, shared: frozenset[str], apart: int | None) -> str | None:
    """Another figure for the same thing, where each sentence has just one of it."""
    ours, theirs = _read(claim.text), _read(other.text)
    known, said = numbers.values(f"{claim.text} {claim.quotes}"), numbers.values(other.text)
    for mine in ours:
        for yours in theirs:
            if not _alike(mine, yours):
                continue
            if sum(_alike(mine, f) for f in ours) != 1 or sum(_alike(yours, f) for f in theirs) != 1:
                continue  # which of them is the one meant?
            if len(shared) < _SHARED and mine.role not in _PEOPLE and not (mine.role and _around(claim, other)):
                continue
            if mine.value in said or yours.value in known or _agree(mine, yours):
                continue
            if not _of_one_time(claim.text, other.text, mine, apart):
                continue
            counted = f" {yours.counted}" if yours.counted and "%" not in yours.unit else ""
            return f"{mine.shown} against {yours.shown}{counted}"
    return None


def _around(claim: _Claim, other: _Said) -> bool:
    """Whether what a short sentence leaves to those around it is what the other is of: "the rebuilding" of a bridge."""
    return len(_content(claim.text) & _content(other.near)) >= _SHARED


def _but_one(one: str, other: str) -> str | None:
    """A figure that is all that tells two sentences apart, whatever it counts."""
    mine, yours = one.split(), other.split()
    if len(mine) != len(yours) or len(mine) < _ALL_BUT_ONE:
        return None
    apart = [(a.strip(".,;:()"), b.strip(".,;:()")) for a, b in zip(mine, yours, strict=True) if a != b]
    if len(apart) == 1 and all(re.fullmatch(r"[$€£¥]?\d[\d,]*(?:\.\d+)?%?", w) for w in apart[0]):
        return (
            f"{apart[0][0]} against {apart[0][1]}"
            if numbers.values(apart[0][0]) != numbers.values(apart[0][1])
            else None
        )
    return None


@lru_cache(maxsize=1024)
def _read(text: str) -> list[_Figure]:
    return [f for m in _FIGURE.finditer(text) if (f := _figure(text, m)) is not None]


def _figure(text: str, m: re.Match[str]) -> _Figure | None:
    before, after = text[: m.start()], text[m.end() :]
    written = m["n"].casefold()
    digits = written[0].isdigit()
    value = float(written.replace(",", "")) if digits else sum(_spelt(w) for w in written.split("-"))
    value = (value + 0.5 * bool(m["half"])) * _SCALES.get((m["scale"] or "").casefold(), 1.0)
    money, percent = m["money"], m["percent"]
    if not (money or percent or m["scale"]) and numbers.is_year(value) and "," not in written:
        return None
    if re.search(r"[a-z,;”’\")] [A-Z][\w’']+\s$", before) and not money and not percent:
        return None  # a name's: "Flight 370", "June 19"
    if re.match(rf"(?:st|nd|rd|th)?\s(?:of\s)?(?:{_MONTH})\b", after):
        return None
    if _BY.search(_HEDGED.sub("", before)) or (_THAN.match(after) and not _TOLL.search(before)):
        return None
    counted = "" if money or percent else _counted(after)
    unit = {money.replace("US", "")} if money else {"%"} if percent else set(terms(counted))
    people = not (money or percent) and (not unit or bool(unit & _persons()))
    kinds = [role for role in _ROLES if (role in _PEOPLE) == people] if people or money or percent else list(_ROLES)
    clause = re.split(r"[,;:.—–](?:\s|$)", after, maxsplit=1)[0]
    role = _role(terms(before)[-_STANDING:], terms(clause)[:_STANDING], kinds)
    if people and role:
        unit = {"people"}
    if not unit:
        return None
    return _Figure(
        round(value, 6), frozenset(unit), role, bool(_HEDGED.search(before)), _shown(value, money, percent), counted
    )


def _spelt(word: str) -> int:
    return _ONES.index(word) + 1 if word in _ONES else 10 * (_TENS.index(word) + 2)


def _counted(after: str) -> str:
    """What a figure counts: the noun behind it, past an adjective or two."""
    m = re.match(
        r"[\s-](?!(?:after|before|when|while|since|as|on|at|from)\b)((?:[a-z][\w’'-]*\s){0,2}?[a-z][\w’'-]*s|people|men|women|children|dead)\b",
        after,
    )
    if not m:
        return ""
    last = m[1].split()[-1]
    return "" if terms(last)[:1] and terms(last)[0] in terms("was is as has this its less across") else last


def _role(before: list[str], after: list[str], kinds: Collection[str]) -> str:
    """What is said of a figure, by the nearest word that says it."""
    near = [(n, w) for n, w in enumerate(reversed(before))] + [(n + 0.5, w) for n, w in enumerate(after)]
    for _, word in sorted(near):
        for role in kinds:
            if word in _stems()[role]:
                return role
    return ""


@cache
def _persons() -> frozenset[str]:
    return frozenset(terms(_PERSONS))


@cache
def _stems() -> dict[str, frozenset[str]]:
    return {role: frozenset([*listed.split(), *terms(listed)]) for role, listed in _ROLES.items()}


def _alike(one: _Figure, other: _Figure) -> bool:
    """Whether two figures are of one kind: what they count, and in which role."""
    if not one.unit & other.unit:
        return False
    if one.unit & {"$", "€", "£", "¥"}:
        return one.role == other.role or {one.role, other.role} == {"", "cost"}  # a sum alone is mostly what it costs
    return one.role == other.role


def _agree(one: _Figure, other: _Figure) -> bool:
    """Whether one is the other rounded, or may be where it is only said to be about so much."""
    large = max(one.value, other.value)
    if (one.hedged or other.hedged) and abs(one.value - other.value) <= 0.15 * large:
        return True
    return abs(one.value - other.value) <= 0.5 * max(_grain(one.value), _grain(other.value)) - 1e-9


def _grain(value: float) -> float:
    """The size of the last digit that a figure gives: 100 for 4,800, 0.1 for 44.6; none for one or two digits."""
    digits = f"{value:f}".rstrip("0").rstrip(".")
    if "." in digits:
        return 10.0 ** -len(digits.partition(".")[2])
    zeros = len(digits) - len(digits.rstrip("0"))
    return 10.0**zeros if len(digits) > 2 or not zeros else 1.0


def _of_one_time(ours: str, theirs: str, figure: _Figure, apart: int | None) -> bool:
    """Whether both figures may be of one time: what changes from day to day, or is given month by month, is not."""
    day_by_day = "%" in figure.unit or bool(_BUDGING.search(ours) or _BUDGING.search(theirs))
    planned = not day_by_day and bool(_AHEAD.search(ours) and _AHEAD.search(theirs))
    if not planned and (_OF_A_TIME.search(ours) or _OF_A_TIME.search(theirs)):
        periods = [set(re.findall(rf"{_MONTH}|(?:18|19|20)\d\d", t)) for t in (ours, theirs)]
        if periods[0] != periods[1] or (apart is not None and apart > _SAME_TIME and not periods[0]):
            return False
    days = [set(_WEEKDAY.findall(t)) for t in (ours, theirs)]
    plans = bool(_AHEAD.search(ours) or _AHEAD.search(theirs))
    if all(days) and not days[0] & days[1] and not plans and figure.role not in ("dead", "hurt", "missing"):
        return False
    if apart is None:
        return True
    if day_by_day:
        return apart <= _SAME_TIME
    return apart <= _LASTING or plans


def _shown(value: float, money: str | None, percent: str | None) -> str:
    for size, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"), (1.0, "")):
        if value >= size or not name:
            break
    return f"{money or ''}{value / size:,.10g}{name}{'%' if percent else ''}"


# -- dates -----------------------------------------------------------------------------


def _dates(claim: _Claim, other: _Said, asked: bool, shared: frozenset[str], shorter: int) -> str | None:
    """Another date for the same event: one that is still to come in both, or one that both tell in the same words."""
    ours = _when(claim.text, claim.published)
    theirs = _when(other.text, other.passage.published)
    if len(ours) != 1 or len(theirs) != 1:
        return None
    mine, yours = ours[0], theirs[0]
    pairs = [(mine.year, yours.year), (mine.month, yours.month), (mine.day, yours.day), (mine.season, yours.season)]
    if not any(a and b and a != b for a, b in pairs):
        return None
    if (asked and mine.ahead and yours.ahead) or len(shared) >= max(_SHARED, 0.75 * shorter):
        return f"{mine.shown} against {yours.shown}"
    return None


@lru_cache(maxsize=1024)
def _when(text: str, published: datetime | None = None) -> list[_Date]:
    """The dates of a sentence, but for the day on which its article came out."""
    own = (f"{published:%B}", str(published.day)) if published else None
    found = []
    for m in _WHEN.finditer(text):
        if m["y"] or m["d1"] or m["m2"]:
            if m["m2"] in ("May", "March") and not (m["d2"] or m["y"]):
                continue  # a verb, at a sentence's beginning
            month = m["m1"] or m["m2"] or ""
            day = m["d1"] or m["d2"] or ""
            if (month, day) == own:
                continue
            ahead = bool(_TO_COME.search(text[: m.start()]))
            found.append(_Date(m["y"] or "", month, day, (m["s"] or "").casefold(), m.group().strip(" ,"), ahead))
    return found


# -- denials and opposites ---------------------------------------------------------------


def _denial(claim: _Claim, other: _Said, shared: frozenset[str], shorter: int, apart: int | None) -> str | None:
    """The opposite, or a denial, of the same thing at the same time."""
    if len(shared) < max(_SHARED, _WHOLE * shorter) or (apart is not None and apart > _SAME_TIME):
        return None
    if _when(claim.text) and _when(other.text) and not set(_when(claim.text)) & set(_when(other.text)):
        return None
    one, two = exact.antonym(claim.text, other.text), exact.antonym(other.text, claim.text)
    negations = exact.negated(claim.text), exact.negated(other.text)
    if one and two and negations == (False, False):
        return f"{one} against {two}"
    if negations[0] == negations[1] or one:
        return None
    plain, denying = (claim.text, other.text) if negations[1] else (other.text, claim.text)
    denied = exact.negated_words(denying) & set(terms(plain))
    verb = next((w for w in re.findall(r"[^\W\d_]+", plain) if set(terms(w)) & denied), None)
    if verb is None or verb[:1].isupper():
        return None
    return f"{verb} against not {verb}" if negations[1] else f"not {verb} against {verb}"


def _conflict(claim: _Claim, other: _Said, about: str) -> Conflict:
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
