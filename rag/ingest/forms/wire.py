"""Wire text: IPTC 7901 and ANPA 1312, in which control characters part header, text and trailer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

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


class WireText(FormReader):
    """IPTC 7901 and ANPA 1312."""

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
