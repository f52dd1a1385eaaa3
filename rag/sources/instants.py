"""Instants as feeds and sitemaps write them, with zones by name.

Feed libraries know a handful of zones by name and read the others as Greenwich, silently, which moves an article by up
to 13 hours. Here a name that stands for one offset is read as that; one that stands for several is decided by the
country of the site that uses it; an unknown one leaves the day without its time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from rag.text.dates import parse_date

_OFFSETS = {
    "ACDT": "+1030", "ACST": "+0930", "ADT": "-0300", "AEDT": "+1100", "AEST": "+1000", "AKDT": "-0800",
    "AKST": "-0900", "ART": "-0300", "AWST": "+0800", "BRST": "-0200", "BRT": "-0300", "CAT": "+0200",
    "CEST": "+0200", "CET": "+0100", "CLST": "-0300", "CLT": "-0400", "COT": "-0500", "EAT": "+0300",
    "EDT": "-0400", "EEST": "+0300", "EET": "+0200", "GMT": "+0000", "HKT": "+0800", "HST": "-1000",
    "ICT": "+0700", "IDT": "+0300", "IRST": "+0330", "JST": "+0900", "KST": "+0900", "MDT": "-0600",
    "MEST": "+0200", "MESZ": "+0200", "MEZ": "+0100", "MSK": "+0300", "MYT": "+0800", "NDT": "-0230",
    "NPT": "+0545", "NST": "-0330", "NZDT": "+1300", "NZST": "+1200", "PDT": "-0700", "PET": "-0500",
    "PHT": "+0800", "PKT": "+0500", "SAST": "+0200", "SGT": "+0800", "TRT": "+0300", "UT": "+0000",
    "UTC": "+0000", "UYT": "-0300", "WAT": "+0100", "WEST": "+0100", "WET": "+0000", "WIB": "+0700",
    "WIT": "+0900", "WITA": "+0800",
}  # fmt: skip
_SEVERAL = {
    "AST": ({"sa": "+0300", "qa": "+0300", "kw": "+0300", "bh": "+0300", "iq": "+0300"}, "-0400"),
    "BST": ({"bd": "+0600"}, "+0100"),
    "CDT": ({"cu": "-0400", "cn": "+0900"}, "-0500"),
    "CST": ({"cn": "+0800", "tw": "+0800", "hk": "+0800", "cu": "-0500"}, "-0600"),
    "ECT": ({"fr": "+0100"}, "-0500"),
    "EST": ({"au": "+1000"}, "-0500"),
    "GST": ({"gs": "-0200"}, "+0400"),
    "IST": ({"il": "+0200", "ie": "+0100"}, "+0530"),
    "MST": ({"my": "+0800", "mm": "+0630"}, "-0700"),
    "PST": ({"ph": "+0800", "pk": "+0500"}, "-0800"),
    "SST": ({"sg": "+0800"}, "-1100"),
}  # fmt: skip
"""Names of several zones: the offset by country, and that of most sites."""
_NAMED = re.compile(r"(?<=[\d\s])\(?([A-Z]{2,5})\)?$")
_CLOCK = re.compile(r"\d{1,2}:\d\d")
_NUMERIC = re.compile(r"[+-]\d\d:?\d\d(?:\s*\([A-Za-z ]+\))?$")


def read_instant(written: object, url: str = "") -> datetime | None:
    """An instant as a feed writes it.

    Args:
        written: Its text; anything else is left to ``parse_date``.
        url: An address of the site, whose country decides between zones of one name.

    Returns:
        Aware; None where it can't be read for certain.
    """
    if not isinstance(written, str):
        return parse_date(written)
    text = " ".join(written.split())
    if _NUMERIC.search(text):
        return parse_date(re.sub(r"\s*\([A-Za-z ]+\)$", "", text))
    named = _NAMED.search(text)
    if named is None or not _CLOCK.search(text) or named[1] in ("AM", "PM"):
        return parse_date(text)
    offset = _offset(named[1], url)
    found = parse_date(f"{text[: named.start()].strip()} {offset or '+0000'}")
    if found is None or offset is not None:
        return found
    return parse_date(f"{found:%Y-%m-%d}")  # the day at least; whose noon it was is not known


def _offset(name: str, url: str) -> str | None:
    if name in _OFFSETS:
        return _OFFSETS[name]
    by_country, usual = _SEVERAL.get(name, ({}, None))
    try:
        country = (urlsplit(url).hostname or "").rpartition(".")[2]
    except ValueError:
        country = ""
    return by_country.get(country, usual)


def has_clock(when: datetime) -> bool:
    """Whether an instant tells more than its day: midnight in Greenwich is how a day alone is kept."""
    return when.utcoffset() != timedelta(0) or (when.hour, when.minute, when.second) != (0, 0, 0)


__all__ = ["has_clock", "read_instant"]
