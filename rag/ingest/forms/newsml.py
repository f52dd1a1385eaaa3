"""Files of news agencies in XML: NITF, NewsML-G2 and NewsML 1.2.

What an agency has withdrawn, cancelled, killed or holds back doesn't enter. An article's time is that of its first
publication as far as it is told, and never the time of transmission.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import every, first, line, line_at, local, words, xml_elements
from rag.ingest.values import one_line
from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped

HELD = re.compile(r"cancel|withheld|withdrawn|withhold|kill|embargo|delete|spiked|recalled|unpublish", re.IGNORECASE)
"""States under which nothing may be published; whatever prefix or spelling an agency has."""
_ASIDE = frozenset({"header", "footer", "aside", "nav", "media", "media-caption", "media-producer", "media-metadata"})


def byline(text: str | None) -> str | None:
    """A byline without the English word before the names."""
    return (re.sub(r"^by[\s:]+", "", text, flags=re.IGNORECASE).strip(" ,.") or None) if text else None


def held(state: str | None, embargo: object = None) -> str | None:
    """Why an item may not enter: its state, or an embargo that has not passed; None where it may."""
    if state and HELD.search(state):
        return f"{state.rpartition(':')[2].casefold()} by its publisher"
    until = parse_date(embargo)
    told = "further notice" if embargo is True else one_line(embargo)
    if until is None and told:  # a time that can't be read holds as well
        return f"under embargo until {told}"
    return f"under embargo until {until.isoformat()}" if until and until > datetime.now(UTC) else None


class Nitf(FormReader):
    """NITF, one document or several."""

    name = "nitf"
    what = "NITF file"
    endings = (".xml", ".nitf")
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its root."""
        return head.is_xml and head.root == "nitf"

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The document."""
        for item in xml_elements(source.stream, "nitf"):
            yield nitf_article(source, None, item)


def nitf_article(source: Source, number: int | None, item: Any) -> RawArticle | Skipped:
    """The article of one NITF document."""
    docdata, pubdata = first(item, "docdata"), first(item, "pubdata")
    managed = docdata.attrib if docdata is not None else {}
    state, other = managed.get("management-status"), managed.get("management-doc-idref")
    ident = _attribute(item, "doc-id", "id-string")
    told_of_other = held(managed.get("management-idref-status")) if other else None
    if why := held(state, _norm(item, "date.release") if state else None) or told_of_other:
        withdraws = [other] if told_of_other else [ident, other]
        return source.held(why, number, withdraws=withdraws, as_of=_norm(item, "date.issue"))
    published = (pubdata.get("date.publication") if pubdata is not None else None) or _norm(item, "date.release")
    return source.article(
        number,
        title=line_at(item, "hedline/hl1", "head/title"),
        text=nitf_text(item),
        outlet=(pubdata.get("name") if pubdata is not None else None) or line_at(item, "distributor"),
        author=byline(_nitf_author(item)),
        published=published or _norm(item, "date.issue"),
        url=pubdata.get("ex-ref") if pubdata is not None else None,
        language=item.get("{http://www.w3.org/XML/1998/namespace}lang"),
        mark=ident,
        aliases=[ident],
        metadata={
            "dateline": line_at(item, "dateline/location"),
            "page": pubdata.get("position.sequence") if pubdata is not None else None,
            "section": pubdata.get("position.section") if pubdata is not None else None,
        },
    )


def _nitf_author(item: Any) -> str | None:
    """The byline without the author's title; the normalised one of the New York Times corpus is not printed."""
    for holder in every(item, "byline"):
        if holder.get("class") == "normalized_byline":
            continue
        if people := every(holder, "person"):
            return ", ".join(filter(None, map(line, people)))
        return " ".join(words(holder, frozenset({"byttl"})).split())
    return None


def nitf_text(item: Any) -> str:
    """The body of a NITF document, every paragraph once."""
    content = first(item, "body.content")
    if content is None:
        return ""
    # The New York Times Annotated Corpus repeats the lead in a block of its own.
    full = content.xpath("./*[local-name()='block'][@class='full_text']")
    return words(full[0] if full else content, _ASIDE)


def _norm(item: Any, name: str) -> str | None:
    return _attribute(item, name, "norm")


def _attribute(item: Any, name: str, attribute: str) -> str | None:
    found = first(item, name)
    return (found.get(attribute) or None) if found is not None else None


class NewsMlG2(FormReader):
    """NewsML-G2, an item alone or a message of many."""

    name = "newsml-g2"
    what = "NewsML-G2 file"
    endings = (".xml",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its namespace and its elements."""
        return head.is_xml and "http://iptc.org/std/nar/" in head.text and re.search(
            r"<(?:\w+:)?(?:newsMessage|newsItem|packageItem|knowledgeItem)\b", head.text) is not None  # fmt: skip

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each item of text; pictures, packages and the like are passed over."""
        kinds = ("newsItem", "packageItem", "conceptItem", "knowledgeItem")
        for number, item in enumerate(xml_elements(source.stream, *kinds), 1):
            kind = (_attribute(item, "itemMeta/itemClass", "qcode") or "").rpartition(":")[2] or "text"
            if local(item) != "newsItem":
                source.pass_over(f"{local(item)} (points to other items)")
            elif kind not in ("text", "composite"):
                source.pass_over(f"item of the class {kind}")
            else:
                yield _g2_article(source, number, item)


def _g2_article(source: Source, number: int, item: Any) -> RawArticle | Skipped:
    state = _attribute(item, "itemMeta/pubStatus", "qcode") or _attribute(item, "itemMeta/pubStatus", "uri")
    guid = item.get("guid")
    if why := held(state, line_at(item, "itemMeta/embargoed")):
        return source.held(why, number, withdraws=[guid], as_of=line_at(item, "itemMeta/versionCreated"))
    content = first(item, "contentSet")
    text = ""
    if content is not None:
        inner = first(content, "body.content") if first(content, "nitf") is not None else first(content, "html/body")
        inner = first(content, "inlineXML", "inlineData") if inner is None else inner
        text = words(inner, _ASIDE) if inner is not None else ""
    return source.article(
        number,
        title=line_at(item, "contentMeta/headline", "itemMeta/title"),
        text=text,
        outlet=_g2_outlet(item),
        author=byline(line_at(item, "contentMeta/by")) or _g2_creator(item),
        published=line_at(item, "itemMeta/firstCreated") or line_at(item, "itemMeta/versionCreated"),
        language=_attribute(item, "contentMeta/language", "tag")
        or item.get("{http://www.w3.org/XML/1998/namespace}lang"),
        mark=guid,
        key=guid,
        aliases=[guid],
        supersedes=_g2_corrected(item),
        metadata={
            "modified": line_at(item, "itemMeta/versionCreated"),
            "version": item.get("version"),
            "dateline": line_at(item, "contentMeta/dateline"),
        },
    )


def _g2_corrected(item: Any) -> list[str]:
    """Items that this one replaces: those it names as such, and of a correction what it evolved from."""
    signals = {(e.get("qcode") or e.get("uri") or "").rpartition(":")[2].casefold() for e in every(item, "signal")}
    told = {"previousversion", "replaces"} | ({"evolvedfrom"} if "correction" in signals else set())
    links = [e for e in every(item, "link") if (e.get("rel") or "").rpartition(":")[2].casefold() in told]
    return [ident for link in links if (ident := link.get("residref") or link.get("href"))]


def _g2_outlet(item: Any) -> str | None:
    """The agency: its credit, else the provider's name or identifier."""
    if credit := line_at(item, "contentMeta/creditline", "itemMeta/provider/name"):
        return credit
    code = _attribute(item, "itemMeta/provider", "literal") or _attribute(item, "itemMeta/provider", "qcode")
    return code.rpartition(":")[2] if code else None


def _g2_creator(item: Any) -> str | None:
    """A creator's name; names of accounts are none."""
    name = line_at(item, "contentMeta/creator/name")
    return name if name and " " in name else None


class NewsMl1(FormReader):
    """NewsML 1: items whose text stands in components."""

    name = "newsml-1"
    what = "NewsML 1 file"
    endings = (".xml",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its root."""
        return head.is_xml and re.search(r"<NewsML\b", head.text) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each item with text."""
        for number, item in enumerate(xml_elements(source.stream, "NewsItem"), 1):
            yield _newsml1_article(source, number, item)


def _newsml1_article(source: Source, number: int, item: Any) -> RawArticle | Skipped:
    ident = line_at(item, "PublicIdentifier")
    key = ident.rpartition(":")[0] if ident else None
    state = _attribute(item, "NewsManagement/Status", "FormalName")
    if (_attribute(item, "NewsManagement/Instruction", "FormalName") or "").casefold() == "delete":
        state = "deleted"
    if why := held(state):
        when = line_at(item, "NewsManagement/ThisRevisionCreated")
        return source.held(why, number, withdraws=[key, ident], as_of=when)
    parts: list[str] = []
    for content in every(item, "ContentItem"):
        kind = _attribute(content, "MediaType", "FormalName") or "Text"
        data = first(content, "DataContent")
        if kind.casefold() == "text" and data is not None:
            inner = first(data, "body.content", "body")
            parts.append(words(data if inner is None else inner, _ASIDE))
    return source.article(
        number,
        title=line_at(item, "NewsLines/HeadLine"),
        text="\n\n".join(dict.fromkeys(filter(None, parts))),
        outlet=_attribute(item, "AdministrativeMetadata/Provider/Party", "FormalName") or line_at(item, "ProviderId"),
        author=byline(line_at(item, "NewsLines/ByLine")),
        published=line_at(item, "NewsManagement/FirstCreated") or line_at(item, "NewsManagement/ThisRevisionCreated"),
        language=_attribute(item, "DescriptiveMetadata/Language", "FormalName"),
        key=key,
        mark=ident,
        aliases=[ident],
        metadata={
            "modified": line_at(item, "NewsManagement/ThisRevisionCreated"),
            "dateline": line_at(item, "NewsLines/DateLine"),
        },
    )


__all__ = ["HELD", "NewsMl1", "NewsMlG2", "Nitf", "byline", "held", "nitf_text"]
