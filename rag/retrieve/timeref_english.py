"""Times as English questions name them: expressions, and what each is taken for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from rag.retrieve.timeref_frames import (
    GRACE,
    MONTHS_GRACE,
    MentionedError,
    Shape,
    Side,
    When,
    latest,
    made,
    one_sided,
    with_grace,
)
from rag.retrieve.timeref_spans import MONTH, SEASON, WEEKDAY, YEAR, day_before, months_on, span
from rag.text import numbers

_YEAR_LONG = timedelta(days=366)
_MENTION = 15  # years back from which "in 1998" is a mention, not a filter

_SOME = {"a": 1, "couple": 2, "few": 3}
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}

_NTH = r"(?:st|nd|rd|th)?"
_DAY = (
    rf"(?:\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}{_NTH}(?: of)? {MONTH}(?:,? {YEAR})?|"
    rf"{MONTH} \d{{1,2}}{_NTH}\b(?:,? {YEAR})?)"
)
_TIME_OF = r"(?:(?:on|in|over|during|at) )?(?:the )?(?:weekend|week|days|day|night|morning|evening|afternoon) of "
_TO = r" ?(?:[-–—]|to|and|until|till|through) ?"
_DAYS_OF_MONTH = (
    rf"(?:\b(?P<first>\d{{1,2}}){_NTH}{_TO}(?P<last>\d{{1,2}}){_NTH}(?: of)? (?P<month>{MONTH})|"
    rf"\b(?P<month_before>{MONTH}) (?P<first_after>\d{{1,2}}){_NTH}{_TO}(?P<last_after>\d{{1,2}}){_NTH}\b)"
    rf"(?P<year>,? {YEAR})?"
)
_PART = r"(?:(?:early|mid|late)[- ])?"
_MONTH_OF_YEAR = rf"{_PART}{MONTH},? (?:of )?{YEAR}"
_QUARTER = (  # matches have quarters too, but those of no year
    rf"(?:q[1-4](?:,? (?:of )?{YEAR})?|the (?:first|second|third|fourth) quarter,? (?:of )?{YEAR})"
)
_NUMBER = r"(?:\d{1,3}|(?:a )?(?:few|couple)(?: of)?|[a-z]+(?:-[a-z]+)?)"  # of other words ``_number`` makes nothing
_UNIT = r"(?:day|week|month|year)"
_CALENDAR = (
    rf"(?:the day before yesterday|yesterday|last night|(?:last|the previous) (?:week|month)\b(?! of\b)|"
    rf"last {WEEKDAY}\b|last {SEASON}\b)"
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
_FOR_REPORTS = re.compile(
    r"\b(?:say|said|saying|tell|told|announce|warn|warned|news (?:about|from|of|on)|articles?|headlines|coverage|"
    r"comments?|statements?|describe|promise|predict|react|respond)\b|\bwhat (?:\w+ )?happened (?:in|during)\b",
    re.IGNORECASE,
)
HINT = re.compile(
    rf"\d|\b(?:{MONTH}|{WEEKDAY}|{SEASON}|{_EVENTS}|yesterday|today|tonight|now|currently|latest|newest|"
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


def about_now(question: str) -> bool:
    """Whether a question asks how things are: "is the bridge still closed?", "who is the mayor?"."""
    opening = re.split(r"[.!]\s", question)[-1]
    return bool(_PRESENT.search(opening)) and not _PAST.search(opening) and not _TO_COME.search(opening)


def _about_the_past(question: str) -> bool:
    """Whether "in June" in a question can be the last June: not one to come, not every June, not what is asked for."""
    if _TO_COME.search(question) or _ASKS_WHEN.search(question):
        return False
    return bool(_PAST.search(question)) or not _PRESENT.search(question)


def _for_reports(question: str, since: datetime, today: datetime) -> bool:
    """Whether a span of years filters: words or coverage are asked for, of not too long ago."""
    return bool(_FOR_REPORTS.search(question)) and today.year - since.year <= _MENTION


def _as_of(m: re.Match[str], today: datetime) -> When:
    return one_sided(m, "as_of", span(m["span"], today))


_SIDES = {"following": "after", "prior to": "before", "till": "until", "up to": "until"}


def _bound(m: re.Match[str], today: datetime) -> When | None:
    side = m["side"].casefold()
    if not re.search(YEAR, m["span"]) and not _about_the_past(m.string):
        return None
    return one_sided(m, _SIDES.get(side, side), span(m["span"], today))


def _between(m: re.Match[str], today: datetime) -> When | None:
    one, two = m["one"], m["two"]
    if re.fullmatch(rf"\d{{1,2}}{_NTH}", one, re.IGNORECASE):  # "between 18 and 20 June"
        if re.fullmatch(YEAR, two):
            return None  # "from 10 to 2000 people"
        one = f"{one} {re.sub(r'[0-9]+', '', re.sub(YEAR, '', two))}"
    if not re.search(YEAR, one) and (year := re.search(YEAR, two)):
        one = f"{one} {year[0]}"
    if not re.search(YEAR, one) and not _about_the_past(m.string):
        raise MentionedError
    start, end = span(one, today)[0], span(two, today)[1]
    if start >= end or (end - start > _YEAR_LONG and not _for_reports(m.string, start, today)):
        raise MentionedError
    return made(m, "within", start, end + (GRACE if end - start <= timedelta(days=7) else MONTHS_GRACE))


def _days(m: re.Match[str], today: datetime) -> When | None:
    month, year = m["month"] or m["month_before"], m["year"] or ""
    if not year and not _about_the_past(m.string):
        return None
    first, last = (span(f"{m[n] or m[f'{n}_after']} {month}{year}", today) for n in ("first", "last"))
    return made(m, "within", *with_grace((first[0], last[1])))


def _in(m: re.Match[str], today: datetime) -> When:
    return made(m, "within", *with_grace(span(m["span"], today)))


def _on_day(m: re.Match[str], today: datetime) -> When | None:
    if not re.search(YEAR, m["span"]) and not _about_the_past(m.string):
        return None
    if not m["on"] and re.match(r"may|march", m["span"]):
        return None  # "how may 10 people"
    return _in(m, today)


def _in_month(m: re.Match[str], today: datetime) -> When | None:
    return _in(m, today) if _about_the_past(m.string) else None


def _this_season(m: re.Match[str], today: datetime) -> When | None:
    start, end = with_grace(span(m["span"], today))
    if end <= today or _TO_COME.search(m.string):
        return None  # "this summer" in March is one to come
    return made(m, "within", start)


def _last_season(m: re.Match[str], today: datetime) -> When:
    start, end = span(m["span"], today)
    if end > today:
        start = start.replace(year=start.year - 1)
    return made(m, "within", *with_grace((start, months_on(start, 3))))


def _year(m: re.Match[str], today: datetime) -> When | None:
    asked = span(m["span"], today)
    return made(m, "within", *asked) if _for_reports(m.string, asked[0], today) else None


def _number(said: str) -> int | None:
    word = re.sub(r"^a (?=\w)| of$", "", said.casefold())
    found = numbers.find(word, "en")
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(word))
    return int(found[0].value) if whole else _SOME.get(word)


def _lately(m: re.Match[str], today: datetime) -> When | None:
    number, unit = _number(m["number"] or "one"), m["unit"].casefold()
    if number is None:
        return None
    start = today - timedelta(days=number * _DAYS[unit])
    if unit in ("month", "year") and not _for_reports(m.string, start, today):
        return None
    return made(m, "within", after=start)


def _ago(m: re.Match[str], today: datetime) -> When | None:
    number = _number(m["number"])
    if number is None:
        return None
    if m["unit"].casefold() == "day":
        return made(m, "within", *with_grace(day_before(today, number)))
    monday = today - timedelta(days=today.weekday() + 7 * number)
    return made(m, "within", *with_grace((monday, monday + timedelta(days=7))))


def _event(m: re.Match[str], today: datetime) -> When | None:
    if m["event"].casefold() == "the war":
        return None  # which one, and of which century?
    word = m["side"].casefold()
    side: Side = "during" if word == "during" else "before" if word in ("before", "ahead of", "prior to") else "after"
    return When(m[0], m.start(), m.end(), None, None, "event", m["event"], side)


ENGLISH: tuple[Shape, ...] = (
    Shape(
        rf"\bas (?:of|at) (?:the (?:morning|afternoon|evening|end) of )?"
        rf"(?P<span>{_DAY}|{_MONTH_OF_YEAR}|{_CALENDAR}|{MONTH}{_ALONE})",
        _as_of,
    ),
    Shape(
        rf"\b(?:between|from) (?P<one>{_DAY}|{_PART}{MONTH}(?:,? {YEAR})?|{YEAR}|\d{{1,2}}{_NTH}) "
        r"(?:and|to|until|till|through) "
        rf"(?P<two>{_DAY}|{_PART}{MONTH}(?:,? {YEAR})?|{YEAR})",
        _between,
    ),
    Shape(
        r"(?<!day )\b(?P<side>since|after|following|before|prior to|until|till|up to) "
        rf"(?P<span>{_DAY}|{_MONTH_OF_YEAR}|{_CALENDAR}|{WEEKDAY}{_ALONE}|{MONTH}{_ALONE})",
        _bound,
    ),
    Shape(
        rf"(?:\b{_TIME_OF}|\b(?:on|in|of|over|during) )?(?<!the )(?P<one>{_DAY})"
        rf"(?: (?:to|until|till|through) | ?[-–—] ?)(?P<two>{_DAY}){_NO_NAME_NEXT}",
        _between,
    ),
    Shape(rf"(?:\b{_TIME_OF}|\b(?:on|in|of|over|during) )?(?<!the ){_DAYS_OF_MONTH}{_NO_NAME_NEXT}", _days),
    Shape(
        rf"(?<!the )(?<!every )(?<!each )(?<!born )(?<!from )(?<!and )(?<!\d-)(?<!\d–)(?<!\d—)"
        rf"(?P<on>\b{_TIME_OF}|\b(?:on|of) )?"
        rf"(?:\b{WEEKDAY},? (?:the )?)?(?P<span>\b{_DAY})"
        rf"(?! (?:{_EVENTS}|committee|hearings?|people)\b){_NO_NAME_NEXT}",
        _on_day,
    ),
    Shape(rf"\b(?:in|during|throughout|of|for|from) (?P<span>{_MONTH_OF_YEAR}){_NO_NAME_NEXT}", _in),
    Shape(rf"\b(?:in|during|throughout|last) (?P<span>{_PART}{MONTH}){_ALONE}", _in_month),
    Shape(
        r"(?P<span>(?<!the )\b(?:the day before yesterday|yesterday|last night|"
        r"(?:over the|at the|last|this past) weekend|"
        r"(?:last|the previous) (?:week|month)\b(?! of\b)))\b(?:['’]s)?",
        _in,
    ),
    Shape(rf"\b(?P<span>(?:on|last|this past) {WEEKDAY})\b(?! (?:{MONTH}|\d|of\b)){_NO_NAME_NEXT}", _in_month),
    Shape(rf"\b(?P<number>a|{_NUMBER}) (?P<unit>day|week)s? ago\b", _ago),
    Shape(
        rf"\b(?<!for )(?<!of )(?:(?:in|over|during|within|from) the (?:last|past)(?: (?P<number>{_NUMBER}))?) "
        rf"(?P<unit>{_UNIT})s?\b(?! of\b)",
        _lately,
    ),
    Shape(
        r"(?<!for )(?<!of )(?<!for the )(?<!of the )\b(?:the )?(?:last|past) "
        rf"(?P<number>{_NUMBER}) (?P<unit>{_UNIT})s\b(?! of\b)",
        _lately,
    ),
    Shape(rf"\b(?:in|during|for) (?P<span>{_QUARTER}){_ALONE}", _in_month),
    Shape(rf"\bthis (?P<span>{SEASON})\b(?! of\b)", _this_season),
    Shape(rf"\blast (?P<span>{SEASON})\b(?! of\b)", _last_season),
    Shape(rf"\b(?:in|during) (?:the )?(?P<span>{SEASON} (?:of )?{YEAR}){_ALONE}", _in),
    Shape(rf"\b(?:in|during|throughout) (?:the )?(?P<span>{YEAR}|(?:19|20)\d0s\b){_ALONE}", _year),
    Shape(r"(?<!the )\b(?P<span>last year|the previous year)\b(?:['’]s)?(?! of\b)", _year),
    Shape(
        r"(?<!hours )(?<!days )(?<!weeks )(?<!months )(?<!years )(?<!day )(?<!week )(?<!month )(?<!year )"
        r"\b(?P<side>before|prior to|after|during|since|following|ahead of) "
        rf"(?P<event>the (?:(?!(?:civil|world|cold|of|in|on|at|to|for|and|by|that|who)\b)[^\W\d][\w'’-]* ){{0,3}}"
        rf"(?:{_EVENTS})"
        r"(?: (?:in|at|of|between) (?:the )?(?-i:[A-Z])[\w'’-]*(?: (?:and )?(?-i:[A-Z])[\w'’-]*){0,3})?)"
        r"(?=\s*[?.!,]|\s*$| (?:about|regarding|concerning)\b)",
        _event,
    ),
    Shape(
        r"\b(?:latest|newest|most recent(?:ly)?|currently|right now|at the moment|today|tonight|this (?:week|month|"
        r"weekend)|recently)\b|\bnow(?=\s*[?.!]?\s*$)",
        latest,
    ),
)
