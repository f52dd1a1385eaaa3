"""When a page was published and changed, as it tells itself; never from a footer, its body or a capture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rag.ingest.pages.linked import Linked, alike
from rag.ingest.pages.tree import Page, of_page, tokens
from rag.text.dates import parse_date

PUBLISHED = (
    "articlepublishedtime ogarticlepublishedtime articlepublished datepublished ogpublishedtime publishedtime "
    "parselypubdate cxenseparserecspublishtime cxenseparsepublishtime sailthrudate pubdate publishdate publisheddate "
    "publicationdate citationpublicationdate dcdateissued dctermsissued dctermsdateissued originalpublicationdate "
    "articlepublishdate articledateoriginal ptime dctermscreated dcdatecreated releasedate"
).split()
MODIFIED = (
    "articlemodifiedtime ogarticlemodifiedtime ogupdatedtime articleupdatedtime datemodified modifiedtime lastmod "
    "lastmodified dctermsmodified dcdatemodified revised"
).split()
LAST = "dcdate dctermsdate date".split()
"""Meta elements whose meaning is less sure, asked when nothing else tells."""

_CLOCK = re.compile(r"\d{1,2}[:h.]\d\d")
_OFFSET = re.compile(r"(?:[Zz]|[+-]\d\d:?(?:\d\d)?|\b[A-Z]{2,4})\s*$")
_DATING = re.compile(r"\b(?:date|dates|dateline|datetime|publish\w*|published|time|timestamp|pubdate|posted)\b|date$")


@dataclass(frozen=True)
class Stamp:
    """A time that a page tells.

    Attributes:
        when: Aware; a day alone is midnight UTC, a clock without an offset is taken for UTC.
        clock: Whether it has a time of day.
        offset: Whether its offset is told.
    """

    when: datetime
    clock: bool
    offset: bool

    @property
    def precision(self) -> int:
        """How much is told: 0 a day, 1 a clock, 2 a clock with its offset."""
        return self.clock + (self.clock and self.offset)


def stamp(text: str) -> Stamp | None:
    """A time as it is written; None where it can't be read for certain."""
    when = parse_date(text)
    if when is None:
        return None
    bare = text.strip().isascii() and text.strip().isdigit()
    clock = _CLOCK.search(text) is not None or "T" in text[10:11] or (bare and len(text.strip()) != 8)
    return Stamp(when, clock, bare or when.utcoffset() != timedelta(0) or _OFFSET.search(text.strip()) is not None)


def published(page: Page, linked: Linked) -> Stamp | None:
    """When the article was published, as exactly as the page tells."""
    told = [
        *_read(linked.texts("datePublished")),
        *_metas(page, PUBLISHED),
        *_microdata(page, "datePublished"),
        *_visible(page),
        *_read(linked.texts("dateCreated", pages=False)[:1]),
        *_metas(page, LAST),
    ]
    return _refined(told)


def modified(page: Page, linked: Linked) -> Stamp | None:
    """When the article was last changed."""
    told = [*_read(linked.texts("dateModified")), *_metas(page, MODIFIED), *_microdata(page, "dateModified")]
    return _refined(told)


def _refined(told: Sequence[Stamp]) -> Stamp | None:
    """The first, as another tells it that says the same more exactly: a clock to its day, an offset to its clock."""
    if not told:
        return None
    best = told[0]
    for other in told[1:]:
        if other.precision <= best.precision:
            continue
        same = _same_clock(best.when, other.when) if best.clock else other.when.date() == best.when.date()
        if same:
            best = other
    return best


def _same_clock(one: datetime, other: datetime) -> bool:
    bare = one.replace(tzinfo=None)
    offset = other.utcoffset() or timedelta(0)
    local = other.replace(tzinfo=None)
    return any(abs(bare - told) < timedelta(minutes=1) for told in (local, local - offset))


def _read(texts: Sequence[str]) -> Iterator[Stamp]:
    for text in texts:
        if found := stamp(text):
            yield found


def _metas(page: Page, wanted: Sequence[str]) -> Iterator[Stamp]:
    for name in wanted:
        yield from _read(page.metas.get(name, [])[:1])


def _microdata(page: Page, name: str) -> Iterator[Stamp]:
    for element in page.tree.iterfind(".//*[@itemprop]"):
        if name in (element.get("itemprop") or "").split() and of_page(element):
            text = element.get("content") or element.get("datetime") or element.text_content()
            if found := stamp(" ".join(text.split())):
                yield found
                return


def _visible(page: Page) -> Iterator[Stamp]:
    """The time beside the headline: in the smallest part of the page around it that has one, if that has no other.

    Of two, the earlier is the publication and the later the change; more are those of other articles.
    """
    heading = next((h for h in page.tree.iter("h1") if _is_title(h, page)), None)
    if heading is None:
        return
    part = heading.getparent()
    while part is not None and part.tag not in ("body", "html"):
        times: dict[datetime, Stamp] = {}
        for element in part.iter("time", "span", "div", "p"):
            if found := _shown(element):
                times[found.when] = found
            if len(times) > 2:
                return
        if times:
            yield times[min(times)]
            return
        part = part.getparent()


def _is_title(heading: Any, page: Page) -> bool:
    text = " ".join(heading.text_content().split())
    others = [title for title in page.titles if title != text]
    return bool(text) and (not others or any(alike(text, title) for title in others))


def _shown(element: Any) -> Stamp | None:
    """The time that an element shows, if it is one for times, and stands neither aside nor within prose."""
    for above in element.iterancestors("aside", "footer", "nav", "figure", "p"):
        if above.tag != "p" or len(above.text_content()) > 100:
            return None
    if element.tag == "time":
        if not of_page(element):
            return None
        for text in (element.get("datetime"), element.text_content()):
            if text and (found := stamp(" ".join(text.split()))):
                return found
        return None
    if len(element) > 3 or not _DATING.search(tokens(element)):
        return None
    text = " ".join(element.text_content().split())
    if not 8 <= len(text) <= 80:
        return None
    return stamp(text) or stamp(re.split(r"(?<=\D)[:|]\s+", text, maxsplit=1)[-1])
