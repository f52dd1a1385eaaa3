"""What leftovers of a web page are known by, in several languages; the words are the lexicon's."""

from __future__ import annotations

import re
from functools import cache

from rag.text.lexicon import alternation, having, lexicon
from rag.text.word_lists import Boilerplate, Web

_SPEECH = re.compile(r"[“”\"«»]|\b(?:said|says|told|according to|added)\b", re.IGNORECASE)


def is_tail_heading(line: str) -> bool:
    """Whether a line on its own is the heading of leftovers that only stand behind an article."""
    return len(line) <= 60 and _bare(line) in _tail_headings()


def is_links_heading(line: str) -> bool:
    """Whether a line on its own is the heading of links that may stand anywhere."""
    return len(line) <= 60 and _bare(line) in _link_headings()


def is_tail_line(line: str) -> bool:
    """Whether a line is part of a comment form, which only stands behind an article."""
    return len(line) <= 400 and _form().match(line.replace("i\u0307", "i")) is not None


def is_promo(line: str) -> bool:
    """Whether a line on its own is an advertisement, a sign-up, a share bar or a cookie note."""
    return len(line) <= 300 and _promo().fullmatch(line) is not None and _SPEECH.search(line) is None


@cache
def _tail_headings() -> frozenset[str]:
    return frozenset(heading.replace("ı", "i") for words in _words() for heading in words.tail_headings)


@cache
def _link_headings() -> frozenset[str]:
    return frozenset(heading.replace("ı", "i") for words in _words() for heading in words.link_headings)


@cache
def _form() -> re.Pattern[str]:
    return re.compile(f"(?:{alternation(*(words.form_lines for words in _words()))})", re.IGNORECASE)


@cache
def _promo() -> re.Pattern[str]:
    web = lexicon("web").section(Web)
    network = f"(?:{alternation(web.networks)})"
    target = alternation(web.networks, web.share_targets)
    lines = [line.replace("{network}", network) for words in _words() for line in words.promo_lines]
    share = alternation(*(words.share_verbs for words in _words()))
    small = alternation(*(words.share_words for words in _words()))
    button = f"(?:{target}|print|copy link|share|tweet)"
    lines += (
        rf"(?:{share})(?: (?:{small}))* (?:{target})(?:[ ,|/]+(?:{target}|and|print|copy link))*",
        rf"{button}(?:[ ,|/·•]+{button})+",
    )
    return re.compile(f"(?:{'|'.join(lines)})", re.IGNORECASE)


def _words() -> list[Boilerplate]:
    return list(having(Boilerplate).values())


def _bare(line: str) -> str:
    """The line without case (Turkish too) and without the marks around it."""
    low = line.casefold().replace("’", "'").replace("i\u0307", "i").replace("ı", "i")
    return " ".join(low.strip(" \t:»>›→…-–—|*#•[](){}▼▸").split())
