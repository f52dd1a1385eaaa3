"""What a page tells of its article: title, outlet, authors, times, address, language. What it doesn't tell is None.

Sources, the surest first: JSON-LD, Open Graph and other meta elements, microdata, what is shown beside the headline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.ingest.pages.linked import Linked, alike, clean, name_of
from rag.ingest.pages.names import names
from rag.ingest.pages.outlet import outlet
from rag.ingest.pages.times import Stamp, modified, published
from rag.ingest.pages.tree import Page, of_page, tokens
from rag.text.urls import host, is_web

_AUTHOR_METAS = (
    "author", "articleauthor", "articleauthorname", "parselyauthor", "sailthruauthor", "cxenseparseauthor", "byl",
    "dccreator", "dctermscreator", "citationauthor", "ogarticleauthor", "ogauthor", "byline",
)  # fmt: skip
_BYLINE = re.compile(r"(?:^|[\s_-])(?:by-?line|author|authors|autor|autoren|auteur|autore|writer)(?:$|[\s_-])")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+|\d+")
_SITE = re.compile(r"(.+?)(?:\s[|–—·•»-]\s|\s?[|｜：]\s?|\s::\s)([^|｜]{2,60})$")


@dataclass(frozen=True)
class Facts:
    """What a page tells of its article."""

    title: str | None
    outlet: str | None
    authors: tuple[str, ...]
    published: Stamp | None
    modified: Stamp | None
    section: str | None


def facts(page: Page, linked: Linked) -> Facts:
    """Read what a page tells of its article."""
    name = outlet(page, linked)
    return Facts(
        title=_title(page, linked, name),
        outlet=name,
        authors=tuple(_authors(page, linked, name)),
        published=published(page, linked),
        modified=modified(page, linked),
        section=next(iter(linked.texts("articleSection", pages=False)), None) or page.meta("articlesection"),
    )


def _title(page: Page, linked: Linked, name: str | None) -> str | None:
    """The headline that the page declares, gives to networks, or shows, without the site's name.

    A window's title is written for search engines. A declared headline that only says it again gives way where what is
    given to networks and what stands on top are one, and another.
    """

    def told(*titles: str) -> list[str]:
        return [without_site(title, name, page) for title in titles if title.strip()]

    declared = told(*linked.texts("headline", pages=False))
    shared = told(*map(clean, page.metas.get("ogtitle", ())))
    window = told(page.window_title)
    others = (*window, *declared, *shared)
    shown = [title for title in told(*page.headings) if not others or any(alike(title, other) for other in others)]
    first = [_letters(titles[0]) if titles else "" for titles in (declared, window, shared, shown)]
    if first[0] == first[1] and first[2] == first[3] != "":
        declared = []
    rest = told(*page.metas.get("title", ()), *page.metas.get("twittertitle", ()))
    return next(iter([*declared, *shared, *told(*_itemprops(page, "headline")), *shown, *window, *rest]), None)


def without_site(title: str, name: str | None, page: Page) -> str:
    """A title without the site's name behind it, where that is the outlet's, or the address's."""
    known = {
        _letters(text) for text in (name or "", host(page.address) or "", *page.metas.get("ogsitename", ())) if text
    }
    for _ in range(3):
        found = _SITE.match(title)
        if not found or len(found[1]) < 4 or not any(_called(found[2], one) for one in known):
            break
        title = found[1].rstrip()
    return title


def _called(text: str, name: str) -> bool:
    letters = _letters(text)
    return len(letters) > 1 and (
        letters == name or (len(letters) > 3 and (letters in name or (name in letters and len(name) > 3)))
    )


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _itemprops(page: Page, name: str) -> list[str]:
    """The values of a microdata property of the article."""
    found = []
    for element in page.tree.iterfind(".//*[@itemprop]"):
        if name in (element.get("itemprop") or "").split() and of_page(element):
            text = element.get("content") or element.text_content()
            if line := " ".join(text.split()):
                found.append(line)
    return found


def _authors(page: Page, linked: Linked, outlet_name: str | None) -> list[str]:
    """The authors that the surest source names; the outlet only where it is declared, or nothing names anybody."""
    own = {_letters(text) for text in (outlet_name or "", host(page.address) or "") if text}
    fallback: list[str] = []
    for sure, lines in _bylines(page, linked):
        found = names(line for line in lines if not _SLUG.fullmatch(line))
        if found and (sure or any(_letters(name) not in own for name in found)):
            return found
        fallback = fallback or found
    return fallback


def _bylines(page: Page, linked: Linked) -> Iterator[tuple[bool, list[str]]]:
    """The bylines of each source, the surest first, and whether the source is sure."""
    for node in (*linked.articles, *linked.pages):
        for prop in ("author", "creator"):
            lines = [name_of(part) for part in linked.many(node.get(prop))]
            yield True, [clean(line) for line in lines if line and not is_web(line)]
    for name in _AUTHOR_METAS:
        yield False, list(page.metas.get(name, ()))
    # Of the pairs that WordPress gives to networks the first is the author, unless there is none.
    if "twitterlabel1" in page.metas and "twitterdata2" in page.metas:
        yield False, [line for line in page.metas.get("twitterdata1", ()) if not any(c.isdigit() for c in line)]
    yield False, _properties(page)
    links = (e for e in page.tree.iterfind(".//a[@rel]") if "author" in e.get("rel").split())
    yield False, [" ".join(e.text_content().split()) for e in links]
    yield False, _shown(page)


def _properties(page: Page) -> list[str]:
    """Microdata authors: the name within, where there is one."""
    found = []
    for element in page.tree.iterfind(".//*[@itemprop]"):
        if "author" not in (element.get("itemprop") or "").split():
            continue
        outer = element.getparent()
        if outer is not None and not of_page(element):
            continue
        inner = element.find(".//*[@itemprop='name']")
        source = inner if inner is not None else element
        found.append(" ".join((source.get("content") or source.text_content()).split()))
    return [line for line in found if len(line) <= 200]


def _shown(page: Page) -> list[str]:
    """The line that names the author on the page: the first element made for that, of a few words."""
    for element in page.tree.iter("span", "a", "p", "div", "address", "li", "strong"):
        if not _BYLINE.search(tokens(element)) or any(
            a.tag in ("aside", "footer", "nav") for a in element.iterancestors()
        ):
            continue
        line = _words(element)
        if 3 < len(line) <= 120 and len(line.split()) <= 12:
            return [line]
    return []


def _words(element: Any) -> str:
    """An element's text, parts apart."""
    return " ".join(" ".join(element.itertext()).split())
