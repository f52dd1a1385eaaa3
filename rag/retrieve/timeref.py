"""What a question says of when, where that decides which articles are looked at: "last week", "as of 1 June", "latest".

A wrong filter loses answers and a missed one loses little, so whatever is in doubt is left alone: years in names ("the
2022 World Cup"), times to come, history, what happens every year, and durations.

An expression is a calendar span ("June 2023", "last week", "Monday") in a frame that says which side of it is meant
("in", "since", "as of"). The spans are ours; month names of other languages are dateparser's. It is not asked to find
expressions: ``dateparser.search`` takes "we" for Wednesday and "the sun" for Sunday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Kind = Literal["within", "as_of", "latest", "event"]
Side = Literal["before", "after", "during"]

GRACE = timedelta(days=2)
"""News of a day or a week is also in the papers of the next two days,"""
MONTHS_GRACE = timedelta(days=14)
"""news of a month, its figures above all, in those of the next two weeks,"""
QUARTERS_GRACE = timedelta(days=45)
"""and results of a quarter are told until the middle of the next."""
_SOON = timedelta(days=90)  # a day without a year that is so near ahead is one to come
_YEAR_LONG = timedelta(days=366)
_OLDEST = 1990  # articles of before are hardly in an archive: such a time is what the question is about
_MENTION = 15  # years back from which "in 1998" is a mention, not a filter


@dataclass(frozen=True)
class When:
    """A time in a question, and what it came to."""

    phrase: str
    """As written."""
    start: int
    end: int
    """Its place in the question, half-open."""
    after: datetime | None
    """Articles from then on; aware, UTC."""
    before: datetime | None
    """Articles before then."""
    kind: Kind
    event: str | None = None
    """For "before the summit": "the summit"; both bounds are None then."""
    side: Side | None = None


def find(question: str, today: datetime, language: str = "en") -> When | None:
    """The time in a question, if it decides which articles are looked at.

    Days, weeks (from Monday), months, quarters and seasons (of the north, from the first of March, June, September and
    December) are whole ones in UTC, bounds half-open; the last that has begun is meant where a year is missing. "Last
    week" is the calendar week before this one, "two weeks ago" the one before that; "on Monday" is the last Monday,
    today included, "last Monday" never today. "In the past three days" begins three days ago at midnight and has no
    end. Early, mid and late are thirds of a month. "After 3 May" begins on the 4th, "after May" with May itself.
    "Until" and "as of" take in what they name. A span that is over gets grace at its end: ``GRACE`` up to a week,
    ``MONTHS_GRACE`` up to a month, ``QUARTERS_GRACE`` up to a quarter; bounds of one side get none.

    Silent by rule:

    - "This week", "this month", "today" and "now" are of kind ``latest``: they are how people ask for news, and
      articles that answer are often dated otherwise.
    - Years, decades and whatever else is longer than a year ("in 2022", "last year", "in the past ten years") filter
      only where words or coverage are asked for, as in "what did Powell say in 2022?", and only ``_MENTION`` years
      back: else they say when something happened, which is reported later too.
    - What is said in a statement before the question ("A train derailed two weeks ago. What was on it?").
    - Days and months without a year filter only in questions about the past: "when does it end in June?", "what is the
      weather like in June?" and "who will speak in June?" are not.

    Args:
        question: In any words.
        today: The question's own day; aware.
        language: ISO 639-1, as detected. Beside English, de, es, fr, tr and zh know the commonest expressions. Short
            questions are often taken for English, so what can't be English is looked for in those too.

    Returns:
        The first of the kinds within and as_of, else an event, else ``latest``; None where there is nothing.
    """
    day = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for shape, meant in _shapes(language, question):
        for m in shape.finditer(question):
            try:
                found = meant(m, day)
            except (ValueError, OverflowError):  # 31 June, the year 0
                continue
            except _MentionedError:
                return None
            if found is not None and _makes_sense(found, day) and not _is_background(found, question):
                return found
    return None


def without(question: str, when: When) -> str:
    """The question without what it says of when, for looking for what it asks; unchanged for latest and event.

    Args:
        question: The one that ``when`` was found in.
        when: What was found.
    """
    if when.kind in ("latest", "event"):
        return question
    head, tail = question[: when.start].rstrip(" ,"), question[when.end :].lstrip(" ,")
    if not re.match(r"\w", tail):
        head = _HANGING.sub("", head)
    rest = re.sub(r"\s+([?!.,;:])", r"\1", " ".join(f"{head} {tail}".split())).strip(" ,")
    return rest if re.search(r"\w", rest) else question


# -- words ------------------------------------------------------------------------------

_MONTHS = {
    name: n
    for n, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {d: n for n, d in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())}
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # their first months
_QUARTERS = {w: n for n, words in enumerate(("1 first", "2 second", "3 third", "4 fourth"), 1) for w in words.split()}
_NUMBERS = {w: n for n, w in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)}
_NUMBERS |= {"a": 1, "couple": 2, "few": 3}
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}

_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b(?:\.(?= \d))?"
_YEAR = r"(?:19|20)\d\d\b"
_NTH = r"(?:st|nd|rd|th)?"
_DAY = (
    rf"(?:\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}{_NTH}(?: of)? {_MONTH}(?:,? {_YEAR})?|"
    rf"{_MONTH} \d{{1,2}}{_NTH}\b(?:,? {_YEAR})?)"
)
_PART = r"(?:(?:early|mid|late)[- ])?"
_MONTH_OF_YEAR = rf"{_PART}{_MONTH},? (?:of )?{_YEAR}"
_QUARTER = (  # matches have quarters too, but those of no year
    rf"(?:q[1-4](?:,? (?:of )?{_YEAR})?|the (?:first|second|third|fourth) quarter,? (?:of )?{_YEAR})"
)
_SEASON = rf"(?:{'|'.join(_SEASONS)})"
_WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)})"
_NUMBER = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:a )?(?:few|couple)(?: of)?)"
_UNIT = r"(?:day|week|month|year)"
_CALENDAR = (
    rf"(?:the day before yesterday|yesterday|last night|(?:last|the previous) (?:week|month)\b(?! of\b)|"
    rf"last {_WEEKDAY}\b|last {_SEASON}\b)"
)
_EVENTS = (
    r"summit|elections?|vote|referendum|strikes?|walkout|war|invasion|attacks?|bombing|earthquake|quake|talks|meeting|"
    r"conference|ceasefire|coup|trial|verdict|ruling|crash|collision|storm|hurricane|typhoon|floods?|wildfires?|fire|"
    r"eruption|explosion|blast|protests?|riots?|visit|trip|final|debate|budget|merger|takeover|launch|raid|"
    r"shooting|resignation|inauguration|coronation|hearing|hack|outage|shutdown|bailout|collapse|derailment|landslide|"
    r"evacuation|lockdown|mutiny|offensive|announcement"
)
# What comes after a month or year that stands alone: "in May?", not "in May's cabinet" or "in 2022 World Cup".
_ALONE = (
    r"(?=\s*(?:[?.!,;:)]|$)|\s+(?:about|on|regarding|concerning|over|to|for|from|by|with|at|and|but|after|when|as|who|"
    r"what|which|how|why|where|did|has|have|had|was|were)\b)"
)
_NO_NAME_NEXT = r"(?!\s+(?-i:[A-Z]))(?!['’]s)"
_HANGING = re.compile(r"\s+(?:in|from|of|during|on|over|for|since|at|by)$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?:[.!?]['\"”’)]*\s+(?=[A-Z“\"'‘])|[。！？])(?P<rest>.*)", re.DOTALL)
_FOR_REPORTS = re.compile(
    r"\b(?:say|said|saying|tell|told|announce|warn|warned|news (?:about|from|of|on)|articles?|headlines|coverage|"
    r"comments?|statements?|describe|promise|predict|react|respond)\b|\bwhat (?:\w+ )?happened (?:in|during)\b",
    re.IGNORECASE,
)
_HINT = re.compile(
    rf"\d|\b(?:{_MONTH}|{_WEEKDAY}|{_SEASON}|{_EVENTS}|yesterday|today|tonight|now|currently|latest|newest|"
    r"recent(?:ly)?|right now|moment|weekend|ago|last|past|previous|this (?:week|month)|quarter)\b",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\b(?:will|won['’]t|shall|going to|(?:expected|set|due|likely|ready|planning|plans|planned|scheduled) (?:to|for)|"
    r"upcoming|next|coming|begin(?:s|ning)?|start(?:s|ing)?)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(r"\b(?:is|are|do|does|can|could|should|must|would|(?:what|who|how|where)['’]s)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:did|was|were|had|has|have|happened)\b", re.IGNORECASE)
_ASKS_WHEN = re.compile(
    r"\b(?:when (?:did|was|were|does|is|will)|(?:what|which) (?:year|month|day|date))\b", re.IGNORECASE
)


def _makes_sense(found: When, today: datetime) -> bool:
    """Neither to come nor history, and not the other way round."""
    edge = found.after or found.before
    if found.kind in ("latest", "event"):
        return True
    if edge is None or edge.year < _OLDEST or (found.after and found.after > today):
        return False
    if found.after is None and found.before and found.before > today + timedelta(days=1):
        return False  # "until 31 December": a deadline
    return not (found.after and found.before and found.after >= found.before)


def _is_background(found: When, question: str) -> bool:
    """Whether it stands in a statement before the question: "A train derailed two weeks ago. What was on it?" """
    end = _SENTENCE_END.search(question, found.end)
    return found.kind != "latest" and end is not None and end[0][0] != "?" and bool(re.search(r"\w", end["rest"]))


def _about_the_past(question: str) -> bool:
    """Whether "in June" in a question can be the last June: not one to come, not every June, not what is asked for."""
    if _TO_COME.search(question) or _ASKS_WHEN.search(question):
        return False
    return bool(_PAST.search(question)) or not _PRESENT.search(question)


def _for_reports(question: str, since: datetime, today: datetime) -> bool:
    """Whether a span of years filters: words or coverage are asked for, of not too long ago."""
    return bool(_FOR_REPORTS.search(question)) and today.year - since.year <= _MENTION


# -- spans of the calendar --------------------------------------------------------------

_Span = tuple[datetime, datetime]  # half-open, midnights in UTC


def _span(text: str, today: datetime) -> _Span:
    """A day, week, month, quarter, season or year in English as a span.

    Raises:
        ValueError: There is no such day, or none that has come.
        OverflowError: It is outside of what dates can be.
    """
    words = re.findall(r"\d+|[a-z]+", text.casefold())
    year = next((int(w) for w in words if len(w) == 4 and w.isdigit()), None)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return _day(*(int(w) for w in words))
    if month := next((_MONTHS[w] for w in words if w in _MONTHS), None):
        number = next((int(w) for w in words if w.isdigit() and len(w) <= 2), None)
        return _dated(year, month, number, today) if number is not None else _month(words, year, month, today)
    if quarter := re.search(r"q([1-4])|(first|second|third|fourth) quarter", text.casefold()):
        return _months(year, 3 * _QUARTERS[quarter[1] or quarter[2]] - 2, 3, today)
    if season := next((_SEASONS[w] for w in words if w in _SEASONS), None):
        return _months(year, season, 3, today)
    if decade := re.search(r"(\d{3})0s", text):
        return _years(10 * int(decade[1]), 10)
    return _years(year, 1) if year else _by_today(text.casefold(), today)


def _by_today(text: str, today: datetime) -> _Span:
    """ "Yesterday", "last week", "on Monday" as a span.

    Raises:
        ValueError: It is none of them.
    """
    monday = today - timedelta(days=today.weekday())
    if "before yesterday" in text:
        return _day_before(today, 2)
    if "yesterday" in text or "last night" in text:
        return _day_before(today, 1)
    if weekday := re.search(_WEEKDAY, text):
        since = (today.weekday() - _WEEKDAYS[weekday[0]]) % 7
        return _day_before(today, since or (7 if "last" in text else 0))
    if "weekend" in text:
        return monday - timedelta(days=2), monday
    if "week" in text:
        return monday - timedelta(days=7), monday
    first = today.replace(day=1)
    if "month" in text:
        return _months_on(first, -1), first
    if "year" in text:
        return _years(today.year - 1, 1)
    raise ValueError(text)


def _day(year: int, month: int, day: int) -> _Span:
    start = datetime(year, month, day, tzinfo=UTC)
    return start, start + timedelta(days=1)


def _day_before(today: datetime, days: int) -> _Span:
    start = today - timedelta(days=days)
    return start, start + timedelta(days=1)


def _dated(year: int | None, month: int, number: int, today: datetime) -> _Span:
    start, end = _day(year or today.year, month, number)
    if year is None and start > today:
        if start - today < _SOON:
            raise ValueError("a day to come")
        return _day(today.year - 1, month, number)
    return start, end


def _month(words: list[str], year: int | None, month: int, today: datetime) -> _Span:
    first, last = _months(year, month, 1, today)
    third = timedelta(days=10)
    cuts = {
        "early": (first, first + third),
        "mid": (first + third, first + 2 * third),
        "late": (first + 2 * third, last),
    }
    return next((cuts[w] for w in words if w in cuts), (first, last))


def _months(year: int | None, month: int, count: int, today: datetime) -> _Span:
    """That many months from one on; the last that have begun where the year is missing."""
    first = datetime(year or today.year, month, 1, tzinfo=UTC)
    if year is None and first > today:
        first = first.replace(year=first.year - 1)
    return first, _months_on(first, count)


def _months_on(first: datetime, months: int) -> datetime:
    at = first.year * 12 + first.month - 1 + months
    return first.replace(year=at // 12, month=at % 12 + 1)


def _years(year: int, count: int) -> _Span:
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + count, 1, 1, tzinfo=UTC)


def _with_grace(span: _Span) -> _Span:
    """A span with the days after it in which it is still written about; none is needed after a year."""
    length = span[1] - span[0]
    for most, grace in ((7, GRACE), (31, MONTHS_GRACE), (92, QUARTERS_GRACE)):
        if length <= timedelta(days=most):
            return span[0], span[1] + grace
    return span


# -- frames: which side of a span is meant ----------------------------------------------


class _MentionedError(Exception):
    """A time that decides nothing, and neither do its parts."""


_Meaning = Callable[[re.Match[str], datetime], When | None]
_Shape = tuple[re.Pattern[str], _Meaning]


def _made(m: re.Match[str], kind: Kind, after: datetime | None = None, before: datetime | None = None) -> When:
    return When(m[0], m.start(), m.end(), after, before, kind)


def _one_sided(m: re.Match[str], side: str, span: _Span) -> When:
    """``since``, ``after``, ``before``, ``until`` or ``as_of`` a span."""
    start, end = span
    if side == "since":
        return _made(m, "within", after=start)
    if side == "after":
        return _made(m, "within", after=end if end - start <= timedelta(days=1) else start)
    return _made(m, "as_of" if side == "as_of" else "within", before=start if side == "before" else end)


def _as_of(m: re.Match[str], today: datetime) -> When:
    return _one_sided(m, "as_of", _span(m["span"], today))


_SIDES = {"following": "after", "prior to": "before", "till": "until", "up to": "until"}


def _bound(m: re.Match[str], today: datetime) -> When | None:
    side = m["side"].casefold()
    if not re.search(_YEAR, m["span"]) and not _about_the_past(m.string):
        return None
    return _one_sided(m, _SIDES.get(side, side), _span(m["span"], today))


def _between(m: re.Match[str], today: datetime) -> When | None:
    one, two = m["one"], m["two"]
    if re.fullmatch(rf"\d{{1,2}}{_NTH}", one, re.IGNORECASE):  # "between 18 and 20 June"
        if re.fullmatch(_YEAR, two):
            return None  # "from 10 to 2000 people"
        one = f"{one} {re.sub(r'[0-9]+', '', re.sub(_YEAR, '', two))}"
    if not re.search(_YEAR, one) and (year := re.search(_YEAR, two)):
        one = f"{one} {year[0]}"
    if not re.search(_YEAR, one) and not _about_the_past(m.string):
        raise _MentionedError
    start, end = _span(one, today)[0], _span(two, today)[1]
    if start >= end or (end - start > _YEAR_LONG and not _for_reports(m.string, start, today)):
        raise _MentionedError
    return _made(m, "within", start, end + (GRACE if end - start <= timedelta(days=7) else MONTHS_GRACE))


def _in(m: re.Match[str], today: datetime) -> When:
    return _made(m, "within", *_with_grace(_span(m["span"], today)))


def _on_day(m: re.Match[str], today: datetime) -> When | None:
    if not re.search(_YEAR, m["span"]) and not _about_the_past(m.string):
        return None
    if not m["on"] and re.match(r"may|march", m["span"]):
        return None  # "how may 10 people"
    return _in(m, today)


def _in_month(m: re.Match[str], today: datetime) -> When | None:
    return _in(m, today) if _about_the_past(m.string) else None


def _this_season(m: re.Match[str], today: datetime) -> When | None:
    start, end = _with_grace(_span(m["span"], today))
    if end <= today or _TO_COME.search(m.string):
        return None  # "this summer" in March is one to come
    return _made(m, "within", start)


def _last_season(m: re.Match[str], today: datetime) -> When:
    start, end = _span(m["span"], today)
    if end > today:
        start = start.replace(year=start.year - 1)
    return _made(m, "within", *_with_grace((start, _months_on(start, 3))))


def _year(m: re.Match[str], today: datetime) -> When | None:
    span = _span(m["span"], today)
    return _made(m, "within", *span) if _for_reports(m.string, span[0], today) else None


def _number(said: str) -> int:
    word = re.sub(r"^a (?=\w)| of$", "", said.casefold())
    return int(word) if word.isdigit() else _NUMBERS[word]


def _lately(m: re.Match[str], today: datetime) -> When | None:
    number, unit = _number(m["number"] or "one"), m["unit"].casefold()
    start = today - timedelta(days=number * _DAYS[unit])
    if unit in ("month", "year") and not _for_reports(m.string, start, today):
        return None
    return _made(m, "within", after=start)


def _ago(m: re.Match[str], today: datetime) -> When:
    number = _number(m["number"])
    if m["unit"].casefold() == "day":
        return _made(m, "within", *_with_grace(_day_before(today, number)))
    monday = today - timedelta(days=today.weekday() + 7 * number)
    return _made(m, "within", *_with_grace((monday, monday + timedelta(days=7))))


def _latest(m: re.Match[str], today: datetime) -> When | None:
    before = m.string[: m.start()].rstrip()
    if m[0][0].isupper() and before and before[-1] not in '.?!:;"“' and not m.string.isupper():
        return None  # a name: "Russia Today"
    return _made(m, "latest")


def _event(m: re.Match[str], today: datetime) -> When | None:
    if m["event"].casefold() == "the war":
        return None  # which one, and of which century?
    word = m["side"].casefold()
    side: Side = "during" if word == "during" else "before" if word in ("before", "ahead of", "prior to") else "after"
    return When(m[0], m.start(), m.end(), None, None, "event", m["event"], side)


def _shape(pattern: str, meant: _Meaning) -> _Shape:
    return re.compile(pattern, re.IGNORECASE), meant


_ENGLISH: tuple[_Shape, ...] = (
    _shape(
        rf"\bas (?:of|at) (?:the (?:morning|afternoon|evening|end) of )?"
        rf"(?P<span>{_DAY}|{_MONTH_OF_YEAR}|{_CALENDAR}|{_MONTH}{_ALONE})",
        _as_of,
    ),
    _shape(
        rf"\b(?:between|from) (?P<one>{_DAY}|{_PART}{_MONTH}(?:,? {_YEAR})?|{_YEAR}|\d{{1,2}}{_NTH}) "
        r"(?:and|to|until|till|through) "
        rf"(?P<two>{_DAY}|{_PART}{_MONTH}(?:,? {_YEAR})?|{_YEAR})",
        _between,
    ),
    _shape(
        r"(?<!day )\b(?P<side>since|after|following|before|prior to|until|till|up to) "
        rf"(?P<span>{_DAY}|{_MONTH_OF_YEAR}|{_CALENDAR}|{_WEEKDAY}{_ALONE}|{_MONTH}{_ALONE})",
        _bound,
    ),
    _shape(
        r"(?<!the )(?<!every )(?<!each )(?<!born )(?<!from )(?<!and )(?P<on>\b(?:on|of) )?"
        rf"(?:\b{_WEEKDAY},? (?:the )?)?(?P<span>\b{_DAY})"
        rf"(?! (?:{_EVENTS}|committee|hearings?|people)\b){_NO_NAME_NEXT}",
        _on_day,
    ),
    _shape(rf"\b(?:in|during|throughout|of|for|from) (?P<span>{_MONTH_OF_YEAR}){_NO_NAME_NEXT}", _in),
    _shape(rf"\b(?:in|during|throughout|last) (?P<span>{_PART}{_MONTH}){_ALONE}", _in_month),
    _shape(
        r"(?P<span>(?<!the )\b(?:the day before yesterday|yesterday|last night|"
        r"(?:over the|at the|last|this past) weekend|"
        r"(?:last|the previous) (?:week|month)\b(?! of\b)))\b(?:['’]s)?",
        _in,
    ),
    _shape(rf"\b(?P<span>(?:on|last|this past) {_WEEKDAY})\b(?! (?:{_MONTH}|\d|of\b)){_NO_NAME_NEXT}", _in_month),
    _shape(rf"\b(?P<number>a|{_NUMBER}) (?P<unit>day|week)s? ago\b", _ago),
    _shape(
        rf"\b(?<!for )(?<!of )(?:(?:in|over|during|within|from) the (?:last|past)(?: (?P<number>{_NUMBER}))?) "
        rf"(?P<unit>{_UNIT})s?\b(?! of\b)",
        _lately,
    ),
    _shape(
        r"(?<!for )(?<!of )(?<!for the )(?<!of the )\b(?:the )?(?:last|past) "
        rf"(?P<number>{_NUMBER}) (?P<unit>{_UNIT})s\b(?! of\b)",
        _lately,
    ),
    _shape(rf"\b(?:in|during|for) (?P<span>{_QUARTER}){_ALONE}", _in_month),
    _shape(rf"\bthis (?P<span>{_SEASON})\b(?! of\b)", _this_season),
    _shape(rf"\blast (?P<span>{_SEASON})\b(?! of\b)", _last_season),
    _shape(rf"\b(?:in|during) (?:the )?(?P<span>{_SEASON} (?:of )?{_YEAR}){_ALONE}", _in),
    _shape(rf"\b(?:in|during|throughout) (?:the )?(?P<span>{_YEAR}|(?:19|20)\d0s\b){_ALONE}", _year),
    _shape(r"(?<!the )\b(?P<span>last year|the previous year)\b(?:['’]s)?(?! of\b)", _year),
    _shape(
        r"(?<!hours )(?<!days )(?<!weeks )(?<!months )(?<!years )(?<!day )(?<!week )(?<!month )(?<!year )"
        r"\b(?P<side>before|prior to|after|during|since|following|ahead of) "
        rf"(?P<event>the (?:(?!(?:civil|world|cold|of|in|on|at|to|for|and|by|that|who)\b)[^\W\d][\w'’-]* ){{0,3}}"
        rf"(?:{_EVENTS})"
        r"(?: (?:in|at|of|between) (?:the )?(?-i:[A-Z])[\w'’-]*(?: (?:and )?(?-i:[A-Z])[\w'’-]*){0,3})?)"
        r"(?=\s*[?.!,]|\s*$| (?:about|regarding|concerning)\b)",
        _event,
    ),
    _shape(
        r"\b(?:latest|newest|most recent(?:ly)?|currently|right now|at the moment|today|tonight|this (?:week|month|"
        r"weekend)|recently)\b|\bnow(?=\s*[?.!]?\s*$)",
        _latest,
    ),
)

# -- other languages: the commonest ------------------------------------------------------

_FOREIGN_DATE = (
    rf"(?P<span>\d{{1,2}}[./]\d{{1,2}}[./]{_YEAR}|"
    rf"(?:\d{{1,2}}(?:er|\.)?\s+(?:de\s+)?)?[^\W\d_]{{3,10}}\.?\s+(?:del?\s+)?{_YEAR})"
)
_SIDES_IN = {
    "de": rf"\b(?:(?P<since>seit|ab)|(?P<before>vor)|(?P<until>bis)|im|am|vom)(?: dem| zum)? {_FOREIGN_DATE}",
    "es": rf"\b(?:(?P<since>desde)|(?P<before>antes del?)|(?P<until>hasta)|en|el|del?)(?: el)? {_FOREIGN_DATE}",
    "fr": rf"\b(?:(?P<since>depuis)|(?P<before>avant)|(?P<until>jusqu['’](?:en|au))|en|le|du)(?: le)? {_FOREIGN_DATE}",
    "tr": (
        rf"\b{_FOREIGN_DATE}(?:['’]\w+)?(?: tarihinden?)?"
        r"(?: (?:(?P<since>beri|bu yana|itibaren|sonra)|(?P<before>önce)|(?P<until>kadar)|(?P<as_of>itibar[ıi]yla))\b)?"
    ),
    "zh": (
        r"(?P<as_of>截至)?(?P<span>(?:19|20)\d\d年\d{1,2}月(?:\d{1,2}[日号])?)"
        r"(?:(?P<since>以来|之后|以后)|(?P<before>之前|以前)|(?P<until>为止))?"
    ),
}
_SPANS_IN = {
    "de": {
        "last week": r"\b(?:letzte|vergangene|vorige)[nr]? Woche\b",
        "last month": r"\b(?:letzten|vergangenen|vorigen) Monat\b",
        "last weekend": r"\b(?:am )?(?:letzte|vergangene)[ns] Wochenende\b",
    },
    "es": {
        "last week": r"\bla semana pasada\b",
        "last month": r"\bel mes pasado\b",
        "last weekend": r"\bel (?:pasado fin de semana|fin de semana pasado)\b",
    },
    "fr": {
        "last week": r"\bla semaine dernière\b",
        "last month": r"\ble mois dernier\b",
        "last weekend": r"\ble (?:week-end dernier|weekend dernier)\b",
    },
    "tr": {
        "last week": r"\bgeçen hafta\b(?! sonu)",
        "last month": r"\bgeçen ay\b",
        "last weekend": r"\b(?:geçen )?hafta sonu\b",
    },
    "zh": {
        "last weekend": r"上周末",
        "last week": r"上周(?!末)|上个?星期",
        "last month": r"上个月",
        "yesterday": r"昨天|昨日",
    },
}
_YESTERDAY_IN = {"de": r"\bgestern\b", "es": r"(?<!antes de )\bayer\b", "fr": r"(?<!avant-)\bhier\b", "tr": r"\bdün\b"}
_LATELY_IN = {
    "de": r"\bin den (?:letzten|vergangenen) (?P<number>\d{1,2}) (?:(?P<days>Tagen)|Wochen)\b",
    "es": r"\ben l[oa]s últim[oa]s (?P<number>\d{1,2}) (?:(?P<days>días)|semanas)\b",
    "fr": r"\b(?:au cours d|dans l|c)es (?P<number>\d{1,2}) derni(?:er|ère)s (?:(?P<days>jours)|semaines)\b",
    "tr": r"\bson (?P<number>\d{1,2}) (?:(?P<days>gün)|hafta)(?:de|da)?\b",
    "zh": r"(?:过去|最近|近)(?P<number>\d{1,2})(?:(?P<days>天)|周|个?星期)",
}
_LATEST_IN = {
    "de": r"\b(?:neueste[mnrs]?|derzeit|zurzeit|heute|diese Woche)\b",
    "es": r"\b(?:últim[oa]s? noticias?|actualmente|hoy|esta semana)\b",
    "fr": r"\b(?:dernières? nouvelles?|actuellement|aujourd['’]hui|cette semaine|en ce moment)\b",
    "tr": r"\b(?:en son|şu anda|bugün|bu hafta)\b",
    "zh": r"最新|目前|(?<![出表体呈发])现在|今天|本周|这周|最近",
}


def _foreign_date(language: str) -> _Meaning:
    """Months and days with their year, in a language's own words."""

    def meant(m: re.Match[str], today: datetime) -> When | None:
        span = _chinese_span(m["span"]) if language == "zh" else _foreign_span(m["span"], language)
        if span is None:
            return None
        side = next((name for name, said in m.groupdict().items() if said and name != "span"), None)
        return _one_sided(m, side, span) if side else _made(m, "within", *_with_grace(span))

    return meant


def _foreign_span(text: str, language: str) -> _Span | None:
    """ "18. Juni 2023" or "juin 2023" as a span; None where the word is no month."""
    import dateparser

    settings = {"DATE_ORDER": "DMY", "PREFER_DAY_OF_MONTH": "first", "REQUIRE_PARTS": ["month", "year"]}
    found = dateparser.parse(text, languages=[language], settings={**settings, "PARSERS": ["absolute-time"]})
    if found is None:
        return None
    if text[0].isdigit():
        return _day(found.year, found.month, found.day)
    first = datetime(found.year, found.month, 1, tzinfo=UTC)
    return first, _months_on(first, 1)


def _chinese_span(text: str) -> _Span:
    year, month, *day = (int(n) for n in re.findall(r"\d+", text))
    if day:
        return _day(year, month, day[0])
    first = datetime(year, month, 1, tzinfo=UTC)
    return first, _months_on(first, 1)


def _called(english: str) -> _Meaning:
    """Another language's name of what English calls so."""
    return lambda m, today: _made(m, "within", *_with_grace(_by_today(english, today)))


def _foreign_lately(m: re.Match[str], today: datetime) -> When:
    return _made(m, "within", after=today - timedelta(days=int(m["number"]) * (1 if m["days"] else 7)))


def _sure_in(language: str) -> tuple[_Shape, ...]:
    """Shapes of a language that no English sentence has."""
    return (
        _shape(_SIDES_IN[language], _foreign_date(language)),
        *(_shape(pattern, _called(english)) for english, pattern in _SPANS_IN[language].items()),
        _shape(_LATELY_IN[language], _foreign_lately),
    )


_SURE = {language: _sure_in(language) for language in _SIDES_IN}
_ALL = {
    language: (
        *shapes,
        *([_shape(_YESTERDAY_IN[language], _called("yesterday"))] if language in _YESTERDAY_IN else []),
        _shape(_LATEST_IN[language], _latest),
    )
    for language, shapes in _SURE.items()
}
_NOT_ENGLISH = tuple(shape for language in ("de", "es", "fr", "zh") for shape in _SURE[language])


def _shapes(language: str, question: str) -> Iterable[_Shape]:
    """What to look for in a question, first things first."""
    if language in _ALL:
        return _ALL[language]
    return (*_ENGLISH, *_NOT_ENGLISH) if _HINT.search(question) else _NOT_ENGLISH
