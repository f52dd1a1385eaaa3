"""Live blogs as dated entries: each is told with its day and clock, so that what happened when can be cited."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from rag.ingest.pages.linked import Linked, Node, clean, is_live
from rag.ingest.pages.times import Stamp, stamp
from rag.ingest.pages.tree import Page
from rag.ingest.values import running_text

_FEWEST = 2
"""Entries that a live blog has at least."""
_MOST = 5_000
"""Times of a page that are looked at."""
_HIDDEN = frozenset("script style noscript iframe template svg button form select nav figcaption time".split())
_BLOCKS = frozenset("p div li h1 h2 h3 h4 h5 h6 blockquote section article header footer figure ul ol br".split())


def live_text(page: Page, linked: Linked) -> str | None:
    """The entries of a live blog in the page's order, or None where the page is none or tells no entries.

    They are read where the page shows them, else where its JSON-LD lists them.
    """
    node = next((node for node in linked.articles if is_live(node)), None)
    if node is None and not any(
        "liveblogposting" in (e.get("itemtype") or "").lower() for e in page.tree.iterfind(".//*[@itemtype]")
    ):
        return None
    listed = _listed(linked, node) if node else []
    shown = _shown(page)
    entries = max(listed, shown, key=lambda found: sum(map(len, found)))
    if len(entries) < _FEWEST:
        return None
    text = "\n\n".join(entries)
    body = node.get("articleBody") if node else None
    above = [clean(line) for line in running_text(body).splitlines()] if isinstance(body, str) else []
    return "\n\n".join([*(line for line in above if line and line not in text), text])


def _listed(linked: Linked, node: Node) -> list[str]:
    """The entries that JSON-LD lists."""
    found = []
    for update in linked.many(node.get("liveBlogUpdate")):
        if not isinstance(update, dict):
            continue
        body = update.get("articleBody") or update.get("text") or update.get("description") or ""
        body = running_text(body) if isinstance(body, str) else ""
        when = stamp(str(update.get("datePublished") or "")) or stamp(str(update.get("dateModified") or ""))
        heading = clean(str(update.get("headline") or update.get("name") or ""))
        if body.strip():
            found.append(_entry(when, heading, [told for line in body.split("\n") if (told := clean(line))]))
    return found


def _shown(page: Page) -> list[str]:
    """The entries that the page shows: parts alike beside each other, each with a time of its own."""
    stamps = ((time, stamp(time.get("datetime") or "")) for time in islice(page.tree.iter("time"), _MOST))
    times = [(time, when) for time, when in stamps if when]
    # Of each part of the page the one time in it, or "" where there are several.
    only: dict[Any, str] = {}
    for time, _ in times:
        told = time.get("datetime")
        for part in (time, *time.iterancestors()):
            if only.setdefault(part, told) != told:
                only[part] = ""
    holders: dict[Any, dict[Any, Stamp]] = {}
    for time, when in times:
        part = time
        while (above := part.getparent()) is not None and only[above] and above.tag not in ("body", "html"):
            part = above
        if above is not None and part is not time:
            holders.setdefault(above, {}).setdefault(part, when)
    best: list[str] = []
    for parts in holders.values():
        kinds = Counter((part.tag, part.get("class")) for part in parts)
        kind = kinds.most_common(1)[0][0]
        entries = []
        for part, when in parts.items():
            lines = _lines(part) if (part.tag, part.get("class")) == kind else []
            heading = next((" ".join(h.text_content().split()) for h in part.iter("h2", "h3", "h4", "h5")), "")
            lines = [line for line in lines if line != heading]
            if heading or lines:
                entries.append(_entry(when, heading, lines))
        if len(entries) >= _FEWEST and sum(map(len, entries)) > sum(map(len, best)):
            best = entries
    return best


def _entry(when: Stamp | None, heading: str, lines: list[str]) -> str:
    """An entry: its time and heading on one line, then its words."""
    told = (f"{when.when:%Y-%m-%d, %H:%M}" if when.clock else f"{when.when:%Y-%m-%d}") if when else ""
    if not heading and lines and told:
        return "\n\n".join([f"{told}: {lines[0]}", *lines[1:]])
    if heading and not heading.endswith((".", "!", "?", "…")):
        heading += "."
    top = f"{told}: {heading}" if told and heading else told or heading
    return "\n\n".join([top, *lines] if top else lines)


def _lines(element: Any) -> list[str]:
    """The words of an entry, a line for each of its blocks."""
    parts: list[str] = []
    stack: list[tuple[Any, bool]] = [(element, False)]
    while stack:
        node, done = stack.pop()
        if done or node.tag in _HIDDEN:
            parts.append("\n" if node.tag in _BLOCKS else "")
            parts.append((node.tail or "") if node is not element else "")
            continue
        parts.append("\n" if node.tag in _BLOCKS else "")
        parts.append(" ".join((node.text or "").split("\n")))
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node))
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return [line for line in lines if line]
