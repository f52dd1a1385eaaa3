"""JSON-LD: what a page tells of its article in schema.org's words.

Read by json and lxml: extruct 0.18 finds such scripts by their exact type, so that one with parameters
("application/ld+json; charset=utf-8") is lost, and brings rdflib.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from rag.ingest.pages.tree import Page
from rag.text.urls import canonical, is_web, original

Node = dict[str, Any]

_LONGEST = 4_000_000
"""Characters of a script that is read."""
_MOST = 20_000
"""Nodes of a page that are looked at."""
_OTHERS = frozenset(
    "itemListElement liveBlogUpdate mentions hasPart image video associatedMedia comment relatedLink review "
    "workFeatured citation recommendation significantLink about".split()
)
"""Under these stand other works than the page's own article."""
_WRAPPING = re.compile(
    r"\A\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|(?://|/\*)?\s*\]\]>(?:\s*\*/)?)\s*\Z"
)
_TRAILING = re.compile(r",(\s*[}\]])")
_TAG = re.compile(r"<[^<>]{1,200}>")


class Linked:
    """The nodes of a page, and which of them are its article."""

    def __init__(self, page: Page) -> None:
        """Read the scripts of a page; what is broken beyond mending is left out."""
        self.nodes: list[Node] = []
        self._known: dict[str, Node] = {}
        own: list[Node] = []
        for node, outer in _walk([value for script in _scripts(page) for value in script]):
            self.nodes.append(node)
            name = node.get("@id")
            if isinstance(name, str) and len(node) > len(self._known.get(name, ())):
                self._known[name] = node
            if not outer:
                own.append(node)
        self.articles = _chosen([node for node in own if is_article(node)], page)
        """The nodes that tell of the page's article, the surest first."""
        self.pages = [node for node in own if any(kind.endswith("page") for kind in types(node))]
        """The nodes that tell of the page."""

    def resolved(self, value: Any) -> Any:
        """A value, or where it only names a node, that node."""
        if isinstance(value, str) and value in self._known:
            return self._known[value]
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and not name_of(value):
            return self._known.get(value["@id"], value)
        return value

    def many(self, value: Any) -> list[Any]:
        """A value's parts, each resolved; of lists in lists too."""
        parts: list[Any] = []
        stack = [value]
        while stack and len(parts) < 100:
            part = stack.pop(0)
            if isinstance(part, list):
                stack[:0] = part[:100]
            elif isinstance(part, dict) and isinstance(part.get("@list"), list):
                stack[:0] = part["@list"][:100]
            elif part not in (None, ""):
                parts.append(self.resolved(part))
        return parts

    def texts(self, name: str, *, pages: bool = True) -> list[str]:
        """The values of a property that the article has, the surest first, then the page's."""
        found: list[str] = []
        for node in (*self.articles, *(self.pages if pages else ())):
            for part in self.many(node.get(name)):
                text = part if isinstance(part, str) else name_of(part)
                if isinstance(text, str) and (line := clean(text)):
                    found.append(line)
        return found

    def addresses(self) -> list[str]:
        """Where the article says it stands."""
        return [url for node in self.articles for url in addresses(node)]


def clean(text: str) -> str:
    """A value on one line, its character references and markup resolved."""
    for _ in range(2):  # some are escaped twice
        text = html.unescape(text)
    return " ".join(_TAG.sub("", text).split())


def types(node: Node) -> list[str]:
    """A node's types, in small letters without their vocabulary."""
    value = node.get("@type")
    found = value if isinstance(value, list) else [value]
    return [re.split(r"[/#:]", kind)[-1].lower() for kind in found if isinstance(kind, str)]


def is_article(node: Node) -> bool:
    """Whether a node is an article of some kind."""
    return any(
        (kind.endswith(("article", "posting", "report")) and kind != "jobposting") or kind == "review"
        for kind in types(node)
    )


def is_live(node: Node) -> bool:
    """Whether a node is a live blog."""
    return "liveblogposting" in types(node) or bool(node.get("liveBlogUpdate"))


def name_of(value: Any) -> str | None:
    """A thing's name."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    name = value.get("name")
    if isinstance(name, list):
        name = next((part for part in name if isinstance(part, (str, dict))), None)
    if isinstance(name, dict):
        name = name.get("@value") or name.get("name")
    return name if isinstance(name, str) and name.strip() else None


def addresses(node: Node) -> list[str]:
    """The addresses by which a node names its page."""
    found = []
    for name in ("url", "mainEntityOfPage", "@id"):
        value = node.get(name)
        value = value.get("@id") or value.get("url") if isinstance(value, dict) else value
        if isinstance(value, str) and is_web(value):
            found.append(original(value))
    return found


def _scripts(page: Page) -> Iterator[list[Any]]:
    for script in page.tree.iter("script"):
        kind = (script.get("type") or "").partition(";")[0].strip().lower()
        if kind != "application/ld+json":
            continue
        text = script.text_content()
        if len(text) <= _LONGEST and text.strip():
            yield _values(text)


def _values(text: str) -> list[Any]:
    """The values of a script: several may follow each other, and small slips are mended."""
    text = _WRAPPING.sub("", text).strip().rstrip(";")
    for mend in (lambda t: t, lambda t: _TRAILING.sub(r"\1", t), html.unescape):
        try:
            return [json.loads(mend(text), strict=False)]
        except RecursionError:
            return []
        except ValueError:
            continue
    found: list[Any] = []
    decoder = json.JSONDecoder(strict=False)
    try:
        while text and len(found) < 100:
            value, end = decoder.raw_decode(text)
            found.append(value)
            text = text[end:].lstrip(" \t\r\n,;")
    except (ValueError, RecursionError):
        pass
    return found


def _walk(values: list[Any]) -> Iterator[tuple[Node, bool]]:
    """Every node, and whether it stands under something else's name; without recursion, at most _MOST of them."""
    stack: list[tuple[Any, bool]] = [(value, False) for value in reversed(values)]
    seen = 0
    while stack and seen < _MOST:
        value, outer = stack.pop()
        if isinstance(value, list):
            stack.extend((part, outer) for part in reversed(value))
        elif isinstance(value, dict):
            seen += 1
            yield value, outer
            below = [(part, outer or key in _OTHERS) for key, part in value.items() if isinstance(part, (list, dict))]
            stack.extend(reversed(below))


def _chosen(found: list[Node], page: Page) -> list[Node]:
    """Of the articles that a page tells of, its own: the one at its address or under its title, and what agrees.

    A page may describe others that it recommends; where nothing says which is its own, none is.
    """
    here = canonical(page.address) if page.address else None
    scored = [(_fits(node, here, page.titles), -at, node) for at, node in enumerate(found)]
    scored = sorted((entry for entry in scored if entry[0] > 0), key=lambda entry: entry[:2], reverse=True)
    if not scored:
        return []
    best = scored[0][2]
    if scored[0][0] == 1 and len({clean(str(node.get("headline") or "")) for node in found}) > 1:
        return []
    headline = clean(str(best.get("headline") or ""))
    return [
        node
        for score, _, node in scored
        if node is best or score >= 4 or clean(str(node.get("headline") or "")) == headline
    ]


def _fits(node: Node, here: str | None, titles: tuple[str, ...]) -> int:
    """How surely a node is the page's article; 0 where it is another."""
    headline = clean(str(node.get("headline") or node.get("name") or ""))
    told = {canonical(url.partition("#")[0]) for url in addresses(node)}
    score = 4 if here in told else 0
    if headline and any(alike(headline, title) for title in titles):
        score += 2
    if not score and (not told or not headline or here is None):
        score = 1
    return score and score + (1 if node.get("datePublished") and score > 1 else 0)


def alike(one: str, other: str) -> bool:
    """Whether two titles have most of the shorter one's words in common."""
    first, second = (set(re.findall(r"\w+", text.casefold())) for text in (one, other))
    return len(first & second) * 2 > min(len(first), len(second)) > 0
