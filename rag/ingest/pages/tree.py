"""A page as it was saved: decoded, parsed once, and bounded; and the address that a saved copy notes of itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from rag.extras import require
from rag.text.decode import decode, sniff
from rag.text.urls import is_web, original

LARGEST = 20_000_000
"""Characters that a page may have."""
MOST_ELEMENTS = 50_000
"""Elements that a page may have: real ones have a few thousand, and the extraction of more takes minutes."""
_MOST_HEADINGS = 20

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_ELEMENT = re.compile(r"<[a-z][a-z0-9]*[\s/>]", re.IGNORECASE)
_NOTED = (
    re.compile(r"<!--\s*saved from url=\(\d+\)(https?://[^\s>]+?)\s*-->", re.IGNORECASE),
    re.compile(r"<!--[^>]{0,80}?SingleFile\s+url:\s*(https?://\S+)", re.IGNORECASE),
    re.compile(r"__wm\.wombat\(\s*\"(https?://[^\"\s]+)\"", re.IGNORECASE),
)
"""Where a browser, SingleFile and the Wayback Machine note the address that a page was saved from."""
_NOTE = 20_000
"""Characters of a page's beginning in which such a note stands."""


class PageRefused(Exception):
    """A page that can't be read; the message says why."""


class Page:
    """One page.

    Attributes:
        note: How it was decoded, where that is worth telling.
        head: Its beginning as text, with the comments that the tree has no more.
    """

    def __init__(self, raw: bytes, address: str = "") -> None:
        """Decode and parse.

        Args:
            raw: The page.
            address: Where it is known to come from; else what it tells itself counts.

        Raises:
            PageRefused: It is no text, too large, or has no elements.
            ExtraMissing: lxml is not there.
        """
        text, self.note = decoded(raw)
        if text is None:
            raise PageRefused("not text")
        if not _ELEMENT.search(text):
            raise PageRefused("no article found in the page")
        if len(text) > LARGEST:
            raise PageRefused(f"a page of more than {LARGEST // 1_000_000} million characters")
        self.head = text[:_NOTE]
        self.tree = _parsed(text)
        self._address = address

    @cached_property
    def metas(self) -> Mapping[str, list[str]]:
        """What its meta elements tell: names in small letters without punctuation → values, in the page's order.

        Those within other things that the page describes (a video, a teaser) are not the page's.
        """
        found: dict[str, list[str]] = defaultdict(list)
        for element in self.tree.iter("meta"):
            value = " ".join((element.get("content") or "").split())
            if not value:
                continue
            for kind in ("property", "name", "itemprop"):
                if (name := element.get(kind)) and (kind != "itemprop" or of_page(element)):
                    found[plain(name)].append(value)
        return found

    def meta(self, *names: str) -> str | None:
        """The first value of the first of these names that has one."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    @cached_property
    def noted(self) -> str | None:
        """The address that a saved copy notes of itself."""
        for pattern in _NOTED:
            if found := pattern.search(self.head):
                return original(found[1])
        return None

    @cached_property
    def address(self) -> str | None:
        """The article's own address: what the page names, else where it comes from; never that of a capture."""
        came_from = original(self._address) if is_web(self._address) else self.noted
        named = [
            self._link("canonical"),
            self.meta("ogurl"),
            self.meta("twitterurl", "parselylink", "citationpublicurl"),
        ]
        usable = [url for url in (self._absolute(name, came_from) for name in named) if url]
        # A page that names its site's front page as its own address names none.
        if special := next((url for url in usable if urlsplit(url).path.strip("/") or urlsplit(url).query), None):
            return special
        return came_from or next(iter(usable), None)

    def _link(self, relation: str) -> str | None:
        for element in self.tree.iter("link"):
            if relation in (element.get("rel") or "").lower().split() and element.get("href"):
                return str(element.get("href"))
        return None

    def _absolute(self, url: str | None, base: str | None) -> str | None:
        if not url:
            return None
        try:
            whole = original(urljoin(base or "", original(url)))
            return whole if is_web(whole) and urlsplit(whole).hostname else None
        except ValueError:
            return None

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """All that it is called, in its elements: headings of the first rank, its title, what it gives to networks."""
        found = [*self.metas.get("ogtitle", ()), *self.headings, self.window_title, *self.metas.get("twittertitle", ())]
        return tuple(dict.fromkeys(title for title in found if title))

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Its headings of the first rank."""
        found = (told for h in self.tree.iter("h1") if (told := " ".join(h.text_content().split())))
        return tuple(islice(found, _MOST_HEADINGS))

    @cached_property
    def window_title(self) -> str:
        """The title that a browser shows on its window, often with the site's name."""
        return next((told for t in self.tree.iter("title") if (told := " ".join(t.text_content().split()))), "")

    @cached_property
    def language(self) -> str | None:
        """What language the page says it is in."""
        for element in (self.tree, *self.tree.iter("html", "body")):
            for name in ("lang", "{http://www.w3.org/XML/1998/namespace}lang", "xml:lang"):
                if value := element.get(name):
                    return str(value)
        return self.meta("contentlanguage", "language", "oglocale", "inlanguage")


def plain(name: str) -> str:
    """A name in small letters, without punctuation."""
    return "".join(c for c in name.lower() if c.isalnum())


def of_page(element: Any) -> bool:
    """Whether a property belongs to the page or its article, not to something else that is described in it."""
    for above in element.iterancestors():
        if above.get("itemscope") is not None or above.get("itemtype"):
            kind = (above.get("itemtype") or "").rpartition("/")[2].lower()
            return not kind or kind.endswith(("article", "posting", "page", "creativework", "report", "review"))
    return True


def tokens(element: Any) -> str:
    """An element's classes, id and test names, in small letters: what its makers call it."""
    values = (element.get(name) for name in ("class", "id", "data-testid", "data-component", "data-qa"))
    return " ".join(value for value in values if value).lower()


def _parsed(text: str) -> Any:
    require("lxml.html", extra="documents", what="Reading HTML")
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, ValueError, AssertionError) as error:
        raise PageRefused("no article found in the page") from error
    count = 0
    for count, _ in enumerate(tree.iter(), 1):
        if count > MOST_ELEMENTS:
            raise PageRefused(f"a page of more than {MOST_ELEMENTS:,} elements")
    return tree


def decoded(raw: bytes) -> tuple[str | None, str]:
    """Strict UTF-8, else what the page declares, else what it looks like; with a note of how."""
    if sniff(raw[:65_536]) is None:
        return None, ""
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(raw[:4096])
    if declared and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii", "replace").lower()
        name = {
            "iso-8859-1": "cp1252",
            "latin1": "cp1252",
            "iso-8859-9": "cp1254",
            "gb2312": "gb18030",
        }.get(name, name)
        try:
            return raw.decode(name), ""
        except (LookupError, ValueError):
            pass
    found = decode(raw)
    return (found.text, found.note) if found else (None, "")
