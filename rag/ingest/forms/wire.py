"""Wire text: IPTC 7901 and ANPA 1312, in which control characters part header, text and trailer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from rag.ingest.forms.base import FormReader, Head, Source, blocks_of
from rag.text.calendar_names import MONTHS, fold
from rag.types import RawArticle, Skipped

_MESSAGE = re.compile("\x01(?P<head>[^\x02]*)\x02(?P<text>[^\x03]*)\x03(?P<tail>[^\x04\x01]*)", re.DOTALL)
_FILED = re.compile(r"(\d{2})(\d{2})(\d{2})\s+(GMT|UTC|Z)\s+([^\W\d_]{3,})\s+(\d{2})\b")
"""Day, hour and minute, zone, month and year: "131137 GMT Nov 13"."""
_SOURCE = re.compile(r"\s([A-Za-z][\w&.-]*)\s+(\d{2,5})\s*$")
"""The agency and its number at the end of the header's first line: "dpa 061"."""
_DATELINE = re.compile(r"\(([A-Za-z][\w &.-]{1,20})\)\s+-\s")
_NOTE = re.compile(r"^(?:#|\* \* \*)")


_ANPA = re.compile(rb"[\s\x00]*\x16\x16\x01[A-Za-z]\d{4}\x1f")
_ANPA_SLUG = re.compile(r"(?:[AB]M|PM|BC|AP)-\S")
"""The cycle and the slug above a headline: "AM-US--Bridge Closed", "BC-Bridge,0016"."""
_ANPA_FILED = re.compile(r"(?P<agency>[A-Za-z]+)-[A-Za-z]*-(\d\d)-(\d\d)-(\d\d) (\d\d)(\d\d)(GMT|UTC|E[SD]T)")
"""At the end: agency, bureau, month, day, year, time and zone: "AP-NY-03-05-24 0930EST"."""


class Anpa1312(FormReader):
    """ANPA 1312: header lines are marked by "^" and "<", paragraphs by a tab or spaces."""

    name = "anpa-1312"
    what = "wire file (ANPA 1312)"
    endings = (".txt", ".anpa")

    def recognises(self, head: Head) -> bool:
        """By its control characters and the number of the message."""
        return _ANPA.match(head.raw) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each message between the control characters."""
        messages = list(_MESSAGE.finditer(source.raw.decode("latin-1")))
        for number, message in enumerate(messages, 1):
            yield _anpa_article(source, number if len(messages) > 1 else None, message)
        if not messages:
            yield source.skipped("a wire message that is cut off before its end")


def _anpa_article(source: Source, number: int | None, message: re.Match[str]) -> RawArticle | Skipped:
    heading: list[str] = []
    parts: list[str] = []
    for line in message["text"].replace("\r", "").split("\n"):
        if line.startswith("^"):
            heading.append(line.strip("^< \t"))
        elif line.startswith(("\t", "   ")) or not parts:
            parts.append(line.strip("^< \t"))
        else:
            parts[-1] += f" {line.strip('^< ')}"
    told = [line for line in heading if line and not _ANPA_SLUG.match(line) and not line.startswith(("Eds", "EDITOR"))]
    by = next((line for line in told[1:] if re.match(r"by\s", line, re.IGNORECASE)), None)
    filed = _ANPA_FILED.search(message["tail"]) or _ANPA_FILED.search(message["text"])
    text = "\n\n".join(" ".join(part.split()) for part in parts if part and not _ANPA_FILED.match(part))
    dateline = _DATELINE.search(text[:200]) or re.search(r"\(([A-Z][\w &.-]{1,20})\)", text[:120])
    return source.article(
        number,
        title=told[0] if told else None,
        text=text,
        outlet=dateline[1] if dateline else filed["agency"].upper() if filed else None,
        author=re.sub(r"^by\s+", "", by, flags=re.IGNORECASE) if by else None,
        published=_anpa_time(filed),
        mark=" ".join(message["head"].split("\n")[0].replace("\x1f", " ").split()),
    )


def _anpa_time(filed: re.Match[str] | None) -> datetime | None:
    if filed is None:
        return None
    _, month, day, year, hour, minute, zone = filed.groups()
    full = int(year) + (2000 if int(year) < 70 else 1900)
    offset = timedelta(hours={"EST": -5, "EDT": -4}.get(zone.upper(), 0))
    try:
        return datetime(full, int(month), int(day), int(hour), int(minute), tzinfo=timezone(offset))
    except ValueError:
        return None


class WireText(FormReader):
    """IPTC 7901."""

    name = "wire"
    what = "wire file (IPTC 7901)"
    endings = (".txt",)

    def recognises(self, head: Head) -> bool:
        """By its control characters."""
        return re.match(rb"[\s\x00\x16]*\x01[^\x02]{3,400}\x02", head.raw) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each message between the control characters."""
        raw = source.raw
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
        messages = list(_MESSAGE.finditer(text))
        for number, message in enumerate(messages, 1):
            yield _article(source, number if len(messages) > 1 else None, message)
        if not messages:
            yield source.skipped("a wire message that is cut off before its end")


def _article(source: Source, number: int | None, message: re.Match[str]) -> RawArticle | Skipped:
    heading, *groups = blocks_of(message["text"]) or [[]]
    headlines = [line.strip(" =") for line in heading if line.strip(" =")]
    marked = [line for line in heading if line.rstrip().endswith("=")]
    by = next((line for line in headlines if re.match(r"by\s", line, re.IGNORECASE)), None)
    rest = [line for line in headlines if line != by]
    # Above the headline stand signals in capitals, as in "1ST LEAD".
    title = " ".join(line for line in rest if not line.isupper()) or " ".join(rest)
    text: list[str] = []
    for group in groups:
        if _NOTE.match(group[0]):
            break  # the notebook and the desk's contacts
        text.append(" ".join(" ".join(group).split()))
    first_line = message["head"].strip().split("\n")[0]
    agency = _SOURCE.search(first_line.rstrip()) or (_DATELINE.search(text[0]) if text else None)
    return source.article(
        number,
        title=title if marked or headlines else None,
        text="\n\n".join(text),
        outlet=agency[1] if agency else None,
        author=re.sub(r"^by\s+", "", by, flags=re.IGNORECASE) if by else None,
        published=_filed(message["tail"]),
        mark=" ".join(first_line.split()) or None,
    )


def _filed(tail: str) -> datetime | None:
    if not (m := _FILED.search(tail)) or (month := MONTHS.get(fold(m[5]))) is None:
        return None
    year = int(m[6])
    try:
        return datetime(2000 + year if year < 70 else 1900 + year, month, int(m[1]), int(m[2]), int(m[3]), tzinfo=UTC)
    except ValueError:
        return None
