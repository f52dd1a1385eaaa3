"""Exports of sites in XML: WordPress, Blogger, and feeds that were saved as files.

A post's own day is taken, never that of the export. Drafts, pages, attachments, menus and settings are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import every, first, fragment_words, line, line_at, local, words, xml_elements
from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped

_CAPTION = re.compile(r"\[caption\b[^\]]*\].*?\[/caption\]", re.DOTALL)
_PAIRED = re.compile(r"\[(\w[\w-]*)(?:\s[^\]]*)?\](.*?)\[/\1\]", re.DOTALL)
_ALONE = re.compile(r"^\s*\[\w[\w-]*(?:\s[^\]]*)?/?\]\s*$", re.MULTILINE)
"""WordPress's short codes: around words, which stay, and on a line of their own."""
_TAGS = re.compile(r"</?(?:p|div|h[1-6]|ul|ol|blockquote|figure|table)\b", re.IGNORECASE)


class WordPressExport(FormReader):
    """WordPress exports (WXR)."""

    name = "wordpress-wxr"
    what = "WordPress export"
    endings = (".xml",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its namespace."""
        return head.is_xml and "http://wordpress.org/export/" in head.text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each published post, of whatever type but page, attachment and menu item."""
        outlet = language = None
        names: dict[str, str] = {}
        number = 0
        for element in xml_elements(source.stream, "item", also=("title", "language", "author"), lenient=True):
            name, above = local(element), element.getparent()
            if above is None or local(above) != "channel":
                continue
            if name == "title":
                outlet = outlet or line(element)
            elif name == "language":
                language = line(element)
            elif name == "author":
                names[line_at(element, "author_login") or ""] = line_at(element, "author_display_name") or ""
            else:
                number += 1
                if (post := _post(source, number, element, outlet, language, names)) is not None:
                    yield post
        yield from _cut(source, b"</rss>")


def _cut(source: Source, *closings: bytes) -> Iterator[Skipped]:
    """What is told of a file that doesn't end as it has to; the lenient parser is silent about it."""
    try:
        size = source.stream.seek(0, 2)
        source.stream.seek(max(0, size - 1000))
        end = source.stream.read()
    except (OSError, ValueError):  # a gzipped stream can't be read from its end
        source.stream.seek(0)
        end = b""
        while chunk := source.stream.read(1_000_000):
            end = (end + chunk)[-1000:]
    if not any(closing in end for closing in closings):
        yield source.skipped("the file is cut off at its end")


def _post(
    source: Source, number: int, item: Any, outlet: str | None, language: str | None, names: dict[str, str]
) -> RawArticle | Skipped | None:
    kind, status = line_at(item, "post_type") or "post", line_at(item, "status") or "publish"
    if kind in ("attachment", "nav_menu_item", "page", "revision"):
        source.pass_over(kind.replace("_", " "))
        return None
    if status != "publish":
        source.pass_over(f"{kind} with the status {status}")
        return None
    content = next((e for e in every(item, "encoded") if "content" in e.tag), None)
    login = line_at(item, "creator")
    ident = line_at(item, "post_id")
    return source.article(
        number,
        title=_unescaped(line_at(item, "title")),
        text=_wordpress_words(content.text or "") if content is not None else "",
        outlet=outlet,
        author=names.get(login or "") or login,
        published=_wordpress_time(item),
        url=_own_address(line_at(item, "link")),
        language=language,
        mark=ident,
        aliases=[line_at(item, "guid")],
        metadata={"categories": [t for c in every(item, "category") if (t := line(c))]},
    )


def _own_address(link: str | None) -> str | None:
    """A post's address; a draft's preview ("?p=175") may be another post's, too."""
    return link if link and not re.search(r"[?&](?:p|attachment_id|page_id)=\d+", link) else None


def _wordpress_time(item: Any) -> Any:
    """When a post appeared: in Greenwich, with the offset; else the clock of the site; else nothing."""
    for name, zone in (("post_date_gmt", "+00:00"), ("post_date", "")):
        told = line_at(item, name)
        if told and not told.startswith("0000") and (found := parse_date(told + zone)) is not None:
            return found
    sent = parse_date(line_at(item, "pubDate"))
    return sent if sent is not None and sent.year > 1970 else None


def _wordpress_words(content: str) -> str:
    """Words of a post: without short codes, its blank lines as paragraphs."""
    content = _ALONE.sub("", _CAPTION.sub("", content))
    for _ in range(3):
        content = _PAIRED.sub(r"\2", content)
    parts = re.split(r"\n\s*\n", content.replace("\r\n", "\n"))
    return fragment_words("".join(part if _TAGS.match(part.strip()) else f"<p>{part}</p>" for part in parts))


def _unescaped(text: str | None) -> str | None:
    from html import unescape

    return unescape(text) if text else None


class Feed(FormReader):
    """RSS, RDF and Atom as files, Blogger's export among them."""

    name = "feed"
    what = "feed (RSS or Atom)"
    endings = (".xml", ".rss", ".atom", ".rdf")
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its root."""
        return head.is_xml and re.search(
            r"<rss\b|<feed\b[^>]*http://(?:www\.w3\.org/2005/Atom|purl\.org/atom)|<rdf:RDF\b[^>]*purl\.org/rss/",
            head.text[:6000],
        ) is not None  # fmt: skip

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each item or entry."""
        outlet = language = None
        number = 0
        for element in xml_elements(source.stream, "item", "entry", also=("title", "language"), lenient=True):
            name, above = local(element), element.getparent()
            place = local(above) if above is not None else ""
            if name == "title" and place in ("channel", "feed"):
                outlet = outlet or line(element)
                root = element.getroottree().getroot()
                language = language or root.get("{http://www.w3.org/XML/1998/namespace}lang")
            elif name == "language" and place == "channel":
                language = line(element)
            elif name in ("item", "entry"):
                number += 1
                if (found := _feed_item(source, number, element, outlet, language)) is not None:
                    yield found
        yield from _cut(source, b"</rss>", b"</feed>", b"</rdf:RDF>")


def _feed_item(
    source: Source, number: int, item: Any, outlet: str | None, language: str | None
) -> RawArticle | Skipped | None:
    kinds = [c.get("term") or "" for c in item if local(c) == "category" and "#kind" in (c.get("scheme") or "")]
    kind = kinds[0].rpartition("#")[2] if kinds else "post"
    if kind != "post":  # Blogger's settings, templates, comments and pages
        source.pass_over(f"{kind} of Blogger")
        return None
    # Blogger's export uses a prefix that it doesn't declare, which then is part of the name.
    if any(local(e).rpartition(":")[2] == "draft" and line(e) == "yes" for e in item.iter()):
        source.pass_over("draft")
        return None
    text, whole = _feed_text(item)
    if not text:
        source.pass_over("item without text")
        return None
    authors = [line_at(a, "name") or line(a) for a in item if local(a) in ("author", "creator")]
    guid = next((line(e) for e in item if local(e) in ("guid", "id")), None)
    return source.article(
        number,
        title=_unescaped(next((line(e) for e in item if local(e) == "title"), None)),
        text=text,
        outlet=outlet,
        author=[a for a in authors if a],
        published=next(
            (line(e) for n in ("pubDate", "published", "date", "issued") for e in item if local(e) == n), None
        ),
        url=_feed_link(item) or (guid if guid and guid.startswith("http") else None),
        language=language,
        mark=guid,
        aliases=[guid],
        metadata={"teaser": None if whole else True},
    )


def _feed_text(item: Any) -> tuple[str, bool]:
    """The words of an item, and whether they are its content rather than its summary."""
    for name in ("encoded", "content", "description", "summary"):
        for element in item:
            # RSS has no element "content"; only Atom has.
            if local(element) == name and (name != "content" or "Atom" in element.tag or "atom" in element.tag):
                text = words(element) if len(element) else fragment_words(element.text or "")
                if text:
                    return text, name in ("encoded", "content")
    return "", False


def _feed_link(item: Any) -> str | None:
    for element in item:
        if local(element) == "link":
            if element.get("href") and element.get("rel", "alternate") == "alternate":
                return str(element.get("href"))
            if (told := line(element)) and told.startswith("http"):
                return told
    return None


class MediaWikiDump(FormReader):
    """Dumps of MediaWiki: the newest revision of each page in the main namespace."""

    name = "mediawiki"
    what = "MediaWiki dump"
    endings = (".xml",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its root."""
        return "<mediawiki xmlns" in head.text[:500]

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each page; talk pages and redirects are passed over. When it was changed is not when it appeared."""
        from rag.extras import require

        require("mwparserfromhell", extra="forms", what="Reading MediaWiki dumps")
        import mwparserfromhell

        outlet, language, number = None, None, 0
        for element in xml_elements(source.stream, "page", also=("sitename",)):
            if local(element) == "sitename":
                outlet = line(element)
                language = element.getroottree().getroot().get("{http://www.w3.org/XML/1998/namespace}lang")
                continue
            number += 1
            if (line_at(element, "ns") or "0") != "0" or first(element, "redirect") is not None:
                source.pass_over(
                    "page outside the main namespace" if first(element, "redirect") is None else "redirect"
                )
                continue
            revisions = every(element, "revision")
            newest = first(revisions[-1], "text") if revisions else None
            yield source.article(
                number,
                title=line_at(element, "title"),
                text=str(mwparserfromhell.parse(newest.text or "").strip_code()) if newest is not None else "",
                outlet=outlet,
                language=language,
                mark=line_at(element, "id"),
                metadata={"modified": line_at(revisions[-1], "timestamp") if revisions else None},
            )
