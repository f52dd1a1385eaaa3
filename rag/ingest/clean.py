"""Removes what a page left around an article: related links, comment forms, sign-ups, site names.

The rules know words of several languages and no particular site. They only
ever remove whole lines, and headings of a title; a line that is prose stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import islice

from rag.ingest.boilerplate import (
    is_links_heading,
    is_promo,
    is_tail_heading,
    is_tail_line,
)
from rag.text.lexicon import alternation, lexicon
from rag.text.normalize import tidy
from rag.text.urls import host
from rag.text.word_lists import Web
from rag.types import RawArticle, Skipped

_TAIL = 0.5
"""The part of a text, from its end, in which a heading may cut off everything that follows."""

_FORM = 0.7
"""The same for a line of a comment form, behind which comments may stand."""


def clean(draft: RawArticle) -> RawArticle | Skipped:
    """Remove scraped leftovers from an article and bring its characters in order.

    Args:
        draft: As a loader found it.

    Returns:
        The draft with its title and text cleaned; the words themselves are
        never changed. Skipped when no text is left.
    """
    text = tidy(draft.text)
    title = clean_title(tidy(draft.title).replace("\n", " "), draft.source, draft.url)
    lines = _without_promos(_without_tail(text.split("\n")))
    lines = _without_title(lines, {_same(draft.title), _same(title)})
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if not body:
        return Skipped(
            origin=draft.origin,
            reason="nothing but scraped leftovers" if text.strip() else "no text",
        )
    return draft.model_copy(update={"title": title, "text": body})


def _same(line: str) -> str:
    return " ".join(line.casefold().split())


def _without_title(lines: list[str], titles: set[str]) -> list[str]:
    """The lines without a first one that repeats the title, unless it is all there is."""
    first = next((i for i, line in enumerate(lines) if line), None)
    if first is None or _same(lines[first]) not in titles or not any(lines[first + 1 :]):
        return lines
    return lines[first + 1 :]


def _without_tail(lines: list[str]) -> list[str]:
    """The lines before a trailing block of leftovers."""
    total = sum(map(len, lines))
    seen = 0
    # Where the last lines stand behind which nothing is told any more: looked for once, since headings may be many.
    last_telling = cache(lambda: _place_from_end(lines, _tells, 2))
    last_prose = cache(lambda: _place_from_end(lines, lambda line: not _is_link(line)))
    for i, line in enumerate(lines):
        if line and seen > 0:
            share = (total - seen) / total
            if share <= _FORM and is_tail_line(line):
                return lines[:i]
            if share <= _TAIL and is_tail_heading(line) and last_telling() <= i:
                return lines[:i]
            if share <= _TAIL and is_links_heading(line) and last_prose() <= i:
                return lines[:i]
        seen += len(line)
    return lines


def _place_from_end(lines: list[str], wanted: Callable[[str], bool], nth: int = 1) -> int:
    """Where the nth last line stands of those that are wanted; -1: there are fewer."""
    places = (i for i in range(len(lines) - 1, -1, -1) if wanted(lines[i]))
    return next(islice(places, nth - 1, None), -1)


_ENDS = (".", "!", "?", "”", '"', "。", "！", "？", "»", "’", "'", ")")


def _tells(line: str) -> bool:
    """Whether a line tells something: a long one that ends like a sentence. Two of them, and the text goes on."""
    return len(line) > 200 and line.endswith(_ENDS)


def _is_link(line: str) -> bool:
    """Whether a line reads like a headline or a leftover rather than like a sentence."""
    return len(line) <= 160 and (not line.endswith((".", "。", "”", '"', "»", ":")) or is_promo(line))


def _without_promos(lines: list[str]) -> list[str]:
    """The lines without those that are leftovers by themselves, wherever they stand."""
    return [line for line in lines if not (line and (is_promo(line) or is_links_heading(line)))]


_WEB = lexicon("web").section(Web)
_OUTLET = re.compile(
    rf"(?:the\s)?(?:{alternation(_WEB.outlets)})(?:\s(?:[A-Z][\w&]+\s?){{1,2}})?"
    rf"|(?:[A-Z][\w.&’']+\s){{0,3}}(?:{alternation(_WEB.outlet_ends)})"
    rf"|[\w-]+(?:\.[\w-]+)*\.(?:{alternation(_WEB.domains)})"
    rf"|.{{1,10}}(?:{alternation(_WEB.outlet_ends_unspaced)})",
)
_PIPE = re.compile(r"^(.+?)\s*(?:\s[|｜]|[｜])\s*([^|｜]{1,50})$")
_DASH = re.compile(r"^(.+)(?:\s[-–—:»·•]\s|_)([^|_]{1,40})$")


def clean_title(title: str, source: str | None = None, url: str | None = None) -> str:
    """A title without the section and the site behind it.

    What follows " | " goes when it is short and begins like a name; what follows
    a dash only when it is the article's outlet or looks like one.
    """
    title = " ".join(title.split())
    for _ in range(3):
        match = _PIPE.match(title)
        if match and (_section(match[1], match[2]) or _site(match[2], source, url)):
            title = match[1].rstrip()
            continue
        match = _DASH.match(title)
        if match and _words(match[1]) >= 2 and _site(match[2], source, url):
            title = match[1].rstrip()
            continue
        break
    return title


def _words(text: str) -> int:
    return len(text.split()) if text.isascii() else max(len(text.split()), len(text) // 4)


def _section(before: str, after: str) -> bool:
    return (
        _words(before) >= 2
        and len(after.split()) <= 5
        and len(after) < len(before)
        and not after[0].isdigit()
        and not after[0].islower()
        and not after.endswith(("?", "!"))
    )


def _site(after: str, source: str | None, url: str | None) -> bool:
    name = _squeeze(after.removesuffix("...").removesuffix("…"))
    address = host(url) or ""
    own = {
        _squeeze(source or ""),
        _squeeze(address),
        _squeeze(address.split(".")[0]),
    } - {""}
    return bool(name) and (name in own or _OUTLET.fullmatch(after.strip()) is not None)


def _squeeze(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
