"""Times as questions in German, Spanish, French, Turkish and Chinese name them: the commonest expressions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rag.retrieve.timeref_frames import Meaning, Shape, When, latest, made, one_sided, shape, with_grace
from rag.retrieve.timeref_spans import YEAR, Span, by_today, months_on, one_day
from rag.text.calendar_names import MONTHS_IN, fold

_FOREIGN_DATE = (
    rf"(?P<span>\d{{1,2}}[./]\d{{1,2}}[./]{YEAR}|"
    rf"(?:\d{{1,2}}(?:er|\.)?\s+(?:de\s+)?)?[^\W\d_]{{3,10}}\.?\s+(?:del?\s+)?{YEAR})"
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


def _foreign_date(language: str) -> Meaning:
    """Months and days with their year, in a language's own words."""

    def meant(m: re.Match[str], today: datetime) -> When | None:
        span = _chinese_span(m["span"]) if language == "zh" else _foreign_span(m["span"], language)
        if span is None:
            return None
        side = next((name for name, said in m.groupdict().items() if said and name != "span"), None)
        return one_sided(m, side, span) if side else made(m, "within", *with_grace(span))

    return meant


def _foreign_span(text: str, language: str) -> Span | None:
    """ "18. Juni 2023" or "juin 2023" as a span; None where the word is no month."""
    *before, year = re.findall(r"[^\W_]+", re.sub(r"(?<=\d)er\b|\bdel?\b", " ", text, flags=re.IGNORECASE))
    name = before.pop()
    month = int(name) if name.isdigit() else MONTHS_IN[language].get(fold(name))
    if month is None:
        return None
    if before:
        return one_day(int(year), month, int(before[0]))
    first = datetime(int(year), month, 1, tzinfo=UTC)
    return first, months_on(first, 1)


def _chinese_span(text: str) -> Span:
    year, month, *day = (int(n) for n in re.findall(r"\d+", text))
    if day:
        return one_day(year, month, day[0])
    first = datetime(year, month, 1, tzinfo=UTC)
    return first, months_on(first, 1)


def _called(english: str) -> Meaning:
    """Another language's name of what English calls so."""
    return lambda m, today: made(m, "within", *with_grace(by_today(english, today)))


def _foreign_lately(m: re.Match[str], today: datetime) -> When:
    return made(m, "within", after=today - timedelta(days=int(m["number"]) * (1 if m["days"] else 7)))


def _sure_in(language: str) -> tuple[Shape, ...]:
    """Shapes of a language that no English sentence has."""
    return (
        shape(_SIDES_IN[language], _foreign_date(language)),
        *(shape(pattern, _called(english)) for english, pattern in _SPANS_IN[language].items()),
        shape(_LATELY_IN[language], _foreign_lately),
    )


SURE = {language: _sure_in(language) for language in _SIDES_IN}
ALL = {
    language: (
        *shapes,
        *([shape(_YESTERDAY_IN[language], _called("yesterday"))] if language in _YESTERDAY_IN else []),
        shape(_LATEST_IN[language], latest),
    )
    for language, shapes in SURE.items()
}
