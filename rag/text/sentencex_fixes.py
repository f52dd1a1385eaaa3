"""Mends the mistakes sentencex 1.0 makes on news, seen by reading what it does.

- An opening quotation mark after a full stop is left at the end of the sentence
  before (``then 13. “ | When we got there``): the mark moves to its quotation.
- A number that counts list items or ranks stands alone (``14. | California``),
  and in languages that write ordinals with a full stop it ends a sentence
  (``18. | yüzyılın``, ``am 3. | Juli``): joined.
- A few abbreviations are missing (``Doç. | Dr.``, ``5 p.m. | Monday``, ``vb. | şeyler``): joined.
- A sentence in brackets is not parted from the next (``(It was late.) | Then``): split.
- A question or an exclamation is cut from who said it (``“Why?” | Jones asked.``): joined.

It takes all that stands in quotation marks or brackets for one sentence. That is welcome
for a short quotation, which stays together with its speaker; ``split.py`` takes
long ones apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.text.calendar_names import ENGLISH_DAYS, ENGLISH_MONTHS

Span = tuple[int, int]

_DANGLING = re.compile(r"(?<=\s)[\"“„«‘(\[「『]+$")
_CLOSERS = re.compile(r"[”)\]」』]+|[\"“’»«]+(?=[\s,;.]|$)")
_LIST_NUMBER = re.compile(r"(?:\(?\d{1,3}[.)]|[•●▪*–-])")
_NUMBER = re.compile(r"(?:^|\s|\()(?:\d{1,2}|[IVXL]{1,6})\.$")
_DIGITS = re.compile(r"\d\.$")
_ORDINALS = frozenset(
    {
        "tr",
        "de",
        "da",
        "no",
        "nb",
        "nn",
        "fi",
        "cs",
        "sk",
        "hu",
        "pl",
        "sl",
        "hr",
        "et",
        "lv",
        "az",
    }
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"‘«/–-])(?:Mr|Ms|Mrs|Mx|Dr|Prof|Messrs|Reps|Sens|Gen|Sgt|Capt|Col|Maj|Rev|Hon|St|Mt|Ft|Doç|Yrd|Av|Sn|Alb|Tğm|Ütğm|Yzb|Bnb|Hz|Bkz|bkz|Öğr|Gör|Arş|Uzm|Müh|Mah|Cad|Sok|Ör|örn|Bşk|Gn|Org"
    r"|Atty|Msgr|Insp|Supt|Cmdr|Lt|Gov|Sen|Rep|Dem|Dist|approx|Mme|Mlle|Mgr|Sra|Srta|Dña|Dipl|Ing|bzw|ca|evtl|ggf|Nr"
    r"|M\.Ö|M\.S|A\.Ş|p\.Ö)\.$"
)
_SAYS_ANYTHING = re.compile(r"[^\W_]")
_LETTER = re.compile(r"(?:^|[^\W\d_]\.|[^\w.])[^\W\d_]\.$")
_FRENCH = re.compile(r"(?:^|\s)MM?\.$")
_BEFORE_NUMBER = re.compile(
    r"(?:^|[\W_])(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|No|Nos|Nr|n°|art|Art|p|pp|s)\.$"
)
_HOUR = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_AFTER_HOUR = re.compile(
    rf"{'|'.join(ENGLISH_DAYS)}|(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec|{'|'.join(ENGLISH_MONTHS)})\b"
    r"|[ECMP][SD]?T\b|GMT|UTC|BST|CET|Eastern|Pacific"
    r"|Central|Mountain|Local"
)
_SHORT_WORD = re.compile(r"(?:^|[\s(“\"‘.])[^\W\d_]{1,5}\.$")
_NAME_IN_LOWER = re.compile(r"(?:al|el|ul|ibn|bin|de|van|von)[- ]|[a-z][A-Z]")
_BRACKETED = re.compile(r"(?:[.!?…][”\"’]?\s+)?\([^()]{10,}[.!?][”\"’]?\)(?=\s+[“\"‘]?(\w))")
_SAYS = (
    r"(?:said|says|asked|asks|told|adds|added|wrote|writes|tweeted|replied|exclaimed|shouted|yelled|screamed|cried"
    r"|joked|continued|recalled|wondered|quipped|declared|dedi|diye|sordu)"
)
_QUOTED = re.compile(r"[.!?…][”\"’»]$")
_ASKED = re.compile(r"[!?][”\"’]$")
_ELLIPSIS = ("...", "…")
_ATTRIBUTION = re.compile(rf"(?:[^\W\d_][\w.’'-]*\s){{0,4}}{_SAYS}\b|{_SAYS}\s")
_HAN_END = re.compile(r"[。！？][”」』]$")
_HAN_SAYS = re.compile(r"[^，。！？；：“”]{1,12}(?:说|表示|称|问|问道|说道|写道|指出|補充說|說|表示)[。，]")


def repair(text: str, spans: Sequence[Span], language: str) -> list[Span]:
    """Join spans that are one sentence, and move marks to the side they belong to.

    Args:
        text: The text the spans are offsets into.
        spans: Trimmed, in order, within one paragraph, covering all of it but whitespace.
        language: ISO 639-1.

    Returns:
        Spans with the same properties.
    """
    mended: list[Span] = []
    for span in spans:
        start, end = span
        if not mended:
            mended.append(span)
            continue
        before, last = mended[-1]
        tail = text[max(before, last - 40) : last]
        if (dangling := _DANGLING.search(tail)) and dangling.start() > 0:
            # The opening mark goes to what it opens.
            start -= start - last + len(dangling[0])
            last = _trimmed(text, before, last - len(dangling[0]))
            if last <= before:
                mended[-1] = (before, end)
                continue
            mended[-1] = (before, last)
            tail = text[max(before, last - 40) : last]
        elif (closing := _CLOSERS.match(text, start, end)) and not (closing[0] == "«" and language == "fr"):
            mended[-1] = (before, closing.end())
            start = _skip_space(text, closing.end(), end)
            if start >= end:
                continue
            before, last = mended[-1]
            tail = text[max(before, last - 40) : last]
        if start == last and (_LETTER.search(tail) or text[start] in ";:,"):
            mended[-1] = (before, end)  # D-N.|Y.
        elif not _SAYS_ANYTHING.search(text, start, end) or _belongs(
            tail, last - before, text[start : min(end, start + 80)], language
        ):
            mended[-1] = (before, end)
        else:
            mended.append((start, end))
    return [part for span in mended for part in _brackets_off(text, span)]


def _brackets_off(text: str, span: Span) -> list[Span]:
    """A span parted behind whole sentences in brackets."""
    start, end = span
    parts: list[Span] = []
    if text.find(".)", start, end) >= 0 or text.find("!)", start, end) >= 0 or text.find("?)", start, end) >= 0:
        for match in _BRACKETED.finditer(text, start, end):
            if match[1].isupper() and (match.start() == start or match[0][0] != "("):
                parts.append((start, match.end()))
                start = _skip_space(text, match.end(), end)
    return [*parts, (start, end)]


def _belongs(tail: str, length: int, following: str, language: str) -> bool:
    """Whether what follows is still the sentence that seemed to end with ``tail``."""
    if length <= 5 and (_LIST_NUMBER.fullmatch(tail) or not _SAYS_ANYTHING.search(tail)):
        return True
    if tail[-1].isalnum():
        return True
    lower = following[:1].islower()
    if tail.endswith("."):
        if language in _ORDINALS and (_NUMBER.search(tail) or (lower and _DIGITS.search(tail))):
            return True
        if _ABBREVIATION.search(tail) or (following[:1].isdigit() and _BEFORE_NUMBER.search(tail)):
            return True
        if language == "fr" and _FRENCH.search(tail):
            return True
        if _HOUR.search(tail) and _AFTER_HOUR.match(following):
            return True
        if not lower or _NAME_IN_LOWER.match(following):
            return False
        return bool(tail.endswith(_ELLIPSIS) or _SHORT_WORD.search(tail) or _NUMBER.search(tail))
    if _QUOTED.search(tail):
        return lower or (_ASKED.search(tail) is not None and _ATTRIBUTION.match(following) is not None)
    if _HAN_END.search(tail):
        return _HAN_SAYS.match(following) is not None
    return lower and tail.endswith((*_ELLIPSIS, "!"))


def _trimmed(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _skip_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start
