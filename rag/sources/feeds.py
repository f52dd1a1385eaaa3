"""Feeds: RSS and Atom by feedparser, JSON Feed by its own few rules.

feedparser reads all of 2,106 valid and broken feeds without an error and finds the most entries (docs/benchmarks.md);
its times are not used, only the text that they were read from.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from rag.extras import require
from rag.ingest.forms.markup import fragment_words
from rag.ingest.values import language_code, one_line
from rag.sources.instants import read_instant
from rag.sources.roots import root
from rag.sources.values import Hints
from rag.text.urls import is_web

_MOST = 5000
"""Entries of a feed that are read."""
_LONGEST = 400_000
"""Characters of an entry's words that are kept."""
_PLAYED = ("audio/", "video/")


@dataclass
class Listed:
    """What one document lists."""

    entries: list[Hints] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)
    """(address, stamp) of further documents: of a sitemap index, or the next page."""
    title: str | None = None
    passed: Counter[str] = field(default_factory=Counter)
    """What was passed over, by kind."""


def is_feed(raw: bytes) -> bool:
    """Whether a document is RSS, RDF, Atom or a JSON Feed."""
    if raw[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return is_json_feed(raw)
    return root(raw) in ("rss", "rdf", "feed", "channel")


def is_json_feed(raw: bytes) -> bool:
    """Whether a document is a JSON Feed."""
    return re.search(rb'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org', raw[:65_536]) is not None


def read_feed(raw: bytes, url: str, *, media_type: str = "", charset: str = "") -> Listed:
    """The entries of a feed.

    Args:
        raw: The document.
        url: Where it came from; relative addresses are read from there.
        media_type: As the server told it.
        charset: The same; empty where it told none.

    Returns:
        Its entries that lead to a page, or bring words of their own; episodes of podcasts are passed over.
    """
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_feed(raw, url)
    require("feedparser", extra="sources", what="Reading feeds")
    import feedparser

    told = f"{media_type or 'application/xml'}{f'; charset={charset}' if charset else ''}"
    parsed: Any = feedparser.parse(raw, response_headers={"content-type": told, "content-location": url})
    feed = parsed.feed
    listed = Listed(title=one_line(_plain(feed.get("title"))))
    language = language_code(feed.get("language"))
    outlet = listed.title
    for entry in parsed.entries[:_MOST]:
        if _is_episode(entry):
            listed.passed["episode of a podcast"] += 1
            continue
        content, whole = _words(entry)
        link = _link(entry, url)
        if link is None:
            listed.passed["entry without an address"] += 1
            continue
        hints = Hints(
            url=link,
            title=one_line(_plain(entry.get("title"))),
            author=_authors(entry),
            published=published(entry, link),
            updated=read_instant(entry.get("updated"), link),
            language=language_code((entry.get("title_detail") or {}).get("language")) or language,
            outlet=one_line(_plain((entry.get("source") or {}).get("title"))) or outlet,
            guid=one_line(entry.get("id")),
            content=content,
        )
        listed.entries.append(_stamped(hints, entry.get("updated"), whole))
    return listed


def published(entry: Mapping[str, Any], url: str) -> datetime | None:
    """When an entry of feedparser's appeared, read from the text that the feed has.

    Args:
        entry: As feedparser gives it.
        url: Where it leads; its country decides between zones of one name.
    """
    written = next((entry[name] for name in ("published", "created", "updated") if entry.get(name)), None)
    return read_instant(written, url)


def _stamped(hints: Hints, updated: object, whole: bool) -> Hints:
    """With what changes when the entry does: when it was updated, else its words."""
    told = str(updated) if updated else ""
    words = f"{hints.title}\0{hints.content}\0{whole}\0{told}"
    return hints.model_copy(update={"stamp": sha256(words.encode("utf-8", "replace")).hexdigest()[:16]})


def _is_episode(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is something to listen to: a podcast's, by the elements that only podcasts have."""
    played = any(str(e.get("type", "")).startswith(_PLAYED) for e in entry.get("enclosures") or ())
    return played and any(name.startswith("itunes_") for name in entry)


def _link(entry: Mapping[str, Any], base: str) -> str | None:
    links = entry.get("links") or ()
    of_page = [e.get("href") for e in links if e.get("rel", "alternate") == "alternate"]
    guid = str(entry.get("id") or "")
    for told in (entry.get("feedburner_origlink"), *of_page, entry.get("link"), guid):
        if isinstance(told, str) and told.strip() and (told != guid or is_web(told)):
            try:
                address = urljoin(base, told.strip()).partition("#")[0]
            except ValueError:
                continue
            if is_web(address):
                return address
    return None


def _authors(entry: Mapping[str, Any]) -> str | None:
    names = [one_line(author.get("name")) for author in entry.get("authors") or () if isinstance(author, Mapping)]
    return one_line([name for name in names if name]) or one_line(entry.get("author"))


def _words(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """The words of an entry, and whether they are its content rather than its summary."""
    for parts, whole in ((entry.get("content") or (), True), ([{"value": entry.get("summary") or ""}], False)):
        for part in parts:
            value = part.get("value")
            if isinstance(value, str) and (text := fragment_words(value[:_LONGEST])):
                return text, whole
    return "", False


def _plain(value: object) -> object:
    """A title without markup; feeds escape it once or twice."""
    if isinstance(value, str) and re.search(r"[<&]", value):
        return fragment_words(value[:2000])
    return value


def _json_feed(raw: bytes, url: str) -> Listed:
    listed = Listed()
    try:
        feed = json.loads(raw.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return listed
    if not isinstance(feed, dict):
        return listed
    listed.title = one_line(feed.get("title"))
    if is_web(following := str(feed.get("next_url") or "")):
        listed.more.append((following, ""))
    everyone = feed.get("authors") or feed.get("author")
    items = feed.get("items")
    for item in (items if isinstance(items, list) else [])[:_MOST]:
        if not isinstance(item, dict):
            continue
        link = urljoin(url, str(item.get("url") or item.get("external_url") or item.get("id") or ""))
        if not is_web(link):
            listed.passed["entry without an address"] += 1
            continue
        html, plain = item.get("content_html"), item.get("content_text")
        words = fragment_words(html[:_LONGEST]) if isinstance(html, str) else str(plain or "")[:_LONGEST]
        hints = Hints(
            url=link,
            title=one_line(item.get("title")),
            author=one_line(item.get("authors") or item.get("author") or everyone),
            published=read_instant(item.get("date_published"), link),
            updated=read_instant(item.get("date_modified"), link),
            language=language_code(item.get("language") or feed.get("language")),
            outlet=listed.title,
            guid=one_line(item.get("id")),
            content=words or str(item.get("summary") or "")[:_LONGEST],
        )
        listed.entries.append(_stamped(hints, item.get("date_modified"), bool(words)))
    return listed


__all__ = ["Listed", "is_feed", "is_json_feed", "published", "read_feed"]
