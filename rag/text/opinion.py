"""Whether an article is an opinion piece, by what it says of itself: section, page type, address, title, byline."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rag.text.lexicon import alternation, having
from rag.text.word_lists import Record
from rag.types import Article

_LISTS = tuple(having(Record).values())
_LABEL = alternation(*(words.opinion_labels for words in _LISTS))
_SECTION = re.compile(rf"(?:{_LABEL})", re.IGNORECASE)
_TITLE = re.compile(rf"\A\W*(?:{_LABEL})\s?[:|–—-]\s|\s[|–—-]\s?(?:{_LABEL})\W*\Z", re.IGNORECASE)
_NOTE = re.compile(rf"\b(?:{alternation(*(words.opinion_notes for words in _LISTS))})", re.IGNORECASE)
_BYLINE = re.compile(
    r"\b(?:is|are)\s(?:an?|the)\s(?:[\w’'-]+\s){0,3}"
    rf"(?:{alternation(*(words.opinion_bylines for words in _LISTS))})\b",
    re.IGNORECASE,
)
_FIELDS = frozenset(
    "section sections type page_type article_type og:type genre category categories kind content_type".split()
)
_EDGE = 400
"""Letters at the beginning and at the end of an article in which it says whose view it is."""
_LAST_LINE = 200
"""Letters of a last line that tells what the writer is."""


def view(article: Article) -> str:
    """Whose view an opinion piece is: its author's name, "opinion" where it names none; empty of any other article."""
    if not (_by_field(article) or _by_address(article.url) or _TITLE.search(article.title) or _by_note(article)):
        return ""
    return article.author or "opinion"


def _by_field(article: Article) -> bool:
    """Section or page type: "Opinion", "OpinionNewsArticle"."""
    for name, value in article.metadata.items():
        if name.casefold() in _FIELDS:
            for part in value if isinstance(value, list | tuple) else re.split(r"[;,/|>]", str(value)):
                words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(part)).strip()  # "OpinionNewsArticle"
                words = re.sub(r"\s(?:News )?Article$", "", words)
                if _SECTION.fullmatch(words):
                    return True
    return False


def _by_address(url: str | None) -> bool:
    """A folder of the address, as in https://example.org/opinion/2024/…; not its last part, which is a title's."""
    folders = urlsplit(url or "").path.split("/")[1:-1]
    return any(_SECTION.fullmatch(re.sub(r"[-_]", " ", folder)) or _SECTION.fullmatch(folder) for folder in folders)


def _by_note(article: Article) -> bool:
    """A note of whose views these are, or a last line that tells what the writer is: "Carla Jessup is a columnist."."""
    text = article.text
    if _NOTE.search(text[:_EDGE]) or _NOTE.search(text[-_EDGE:]):
        return True
    last = text.strip().rsplit("\n", 1)[-1]
    writer = (article.author or "").split()
    return bool(len(last) <= _LAST_LINE and writer and writer[-1] in last and _BYLINE.search(last))


__all__ = ["view"]
