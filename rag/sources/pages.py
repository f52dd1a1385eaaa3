"""From a fetched page to its article: the page's own values first, the listing's where the page has none.

What is stored under an address comes from there: a page may name another address of its own site as the one to keep,
never one of another site, and a feed's words stand for a page only where both are of one site.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rag.errors import FetchError
from rag.ingest.load import read
from rag.ingest.packed import LIMITS, Limits
from rag.sources.fetch import Fetched
from rag.sources.instants import has_clock
from rag.sources.roots import root
from rag.sources.values import Hints
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

_PAGES = frozenset(("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"))
_ROOTS = frozenset(("html", "head", "body"))
_LISTS = frozenset(("rss", "rdf", "feed", "channel", "urlset", "sitemapindex"))
"""What a document of markup is called by its first element: a page, or a list of pages."""
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-ndjson": ".jsonl",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/xml": ".xml",
    "text/xml": ".xml",
}
_NOT_READ = ("image/", "audio/", "video/", "font/", "text/css", "text/javascript", "application/javascript")
_PAID = re.compile(r'"isAccessibleForFree"\s*:\s*"?false\b', re.IGNORECASE)
_ADVERTISED = re.compile(r'"@type"\s*:\s*\[?\s*"AdvertiserContentArticle"')
"""How schema.org marks what has to be paid for, and what has been paid for by others."""
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=", re.IGNORECASE)
_NOT_FOR_ALL = (401, 402, 403, 451)
_NEAR = timedelta(hours=36)
"""How far the instant that a feed tells may be from the day that the page tells, and be of the same publication."""


def is_page(found: Fetched) -> bool:
    """Whether an answer is a web page, by its content, else by what the server says."""
    name = root(found.body)
    if name in _ROOTS:
        return True
    if name in _LISTS or found.body[:16].lstrip().lower().startswith((b"%pdf", b"pk\x03\x04", b"<?xml", b"{", b"[")):
        return False
    return found.type in _PAGES


def articles_of(found: Fetched, hints: Hints | None = None, limits: Limits = LIMITS) -> list[RawArticle | Skipped]:
    """The articles in an answer: one of a page, any number of other files.

    Args:
        found: What was fetched.
        hints: What a listing told of it.
        limits: How much reading it may take.
    """
    if found.type.startswith(_NOT_READ):
        return [Skipped(origin=found.url, reason=f"no article but {found.type}")]
    if not found.body.strip():
        return [Skipped(origin=found.url, reason="empty")]
    if is_page(found):
        return [_page(found, hints, limits)]
    name = _name(found.url)
    ending = _ENDINGS.get(found.type)
    path = Path(name if ending is None or name.lower().endswith(ending) else name + ending)
    local = path.resolve().as_posix()
    taken = [_own(item, found.url, local) for item in read(path, io.BytesIO(found.body), None, limits)]
    return [_filled(item, hints) if isinstance(item, RawArticle) and len(taken) == 1 else item for item in taken]


def _page(found: Fetched, hints: Hints | None, limits: Limits) -> RawArticle | Skipped:
    body, text = found.body, found.body.decode("utf-8", "replace")
    if _ADVERTISED.search(text):
        return Skipped(origin=found.url, reason="an advertisement, as the page itself says")
    if found.charset not in ("", "utf-8", "utf8") and not _META_CHARSET.search(body[:4096]):
        # The page doesn't say how it is encoded; the server does.
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            with suppress(LookupError, UnicodeDecodeError):  # the server is wrong, too: the bytes tell
                body = body.decode(found.charset).encode()
    path = Path(_name(found.url) + ".html")
    parts = list(
        read(path, io.BytesIO(body), None, limits, by_ending=True)
    )  # whole, so that the next has the same child
    read_page = parts[0] if parts else None
    if read_page is None or isinstance(read_page, Skipped):
        reason = read_page.reason if read_page is not None else "no article found in the page"
        return Skipped(origin=found.url, reason=reason)
    article = _own(read_page, found.url, path.resolve().as_posix())
    if not isinstance(article, RawArticle):
        return article
    if article.title == path.name.split(".")[0]:
        article = article.model_copy(update={"title": ""})  # the reader's last resort; a listing may know better
    if _PAID.search(text):
        article = article.model_copy(update={"metadata": {**article.metadata, "teaser": True}})
    article = _filled(article, hints)
    asked = canonical(found.asked)
    aliases = dict.fromkeys((*article.aliases, *([asked] if asked != article.key else [])))
    return article.model_copy(update={"aliases": tuple(aliases)})


def _own(item: RawArticle | Skipped, url: str, local: str) -> RawArticle | Skipped:
    """An article under an address of the site that it came from, whatever the file says."""
    if isinstance(item, Skipped):
        return item.model_copy(update={"origin": url})
    address = item.url if item.url and _same_page(item.url, url) else url
    if item.key == local or canonical(item.url or "") == item.key:
        key = canonical(address)
    else:  # one of many in a file
        rest = item.key.removeprefix(local)
        key = (
            f"{canonical(url)}#{rest.lstrip(':#') if rest != item.key else sha256(item.key.encode()).hexdigest()[:16]}"
        )
    source = item.source if item.source and item.source != host(item.url) else host(address)
    return item.model_copy(update={"key": key, "url": address, "source": source, "origin": url})


def _same_page(claimed: str, url: str) -> bool:
    """Whether an address that a page gives itself may be its own: of the same site, and not that of its front page."""
    front = urlsplit(claimed).path in ("", "/") and not urlsplit(claimed).query
    return same_site(claimed, url) and (not front or urlsplit(url).path in ("", "/"))


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one host, its editions for phones among them."""
    return _site(one) is not None and _site(one) == _site(other)


def _site(url: str) -> str | None:
    name = host(url)
    return re.sub(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.)", "", name) if name else None


def _filled(article: RawArticle, hints: Hints | None) -> RawArticle:
    """An article with what its page lacks, from the listing that led to it."""
    if hints is None:
        return article
    unnamed = article.source is None or article.source == host(article.url)
    outlet = hints.outlet if unnamed and same_site(hints.url, article.url or "") else None
    told: dict[str, object] = {
        "title": article.title or hints.title or "",
        "author": article.author or hints.author,
        "language": article.language or hints.language,
        "published": article.published or hints.published,
        "source": outlet or article.source,
        "aliases": tuple(dict.fromkeys((*article.aliases, *_guid(hints)))),
    }
    mine, theirs = article.published, hints.published
    if mine is not None and theirs is not None and not has_clock(mine) and has_clock(theirs):
        if abs(mine - theirs) <= _NEAR:
            told["published"] = theirs  # the page tells the day, the feed the time
    return article.model_copy(update=told)


def of_listing(hints: Hints, listing: str) -> RawArticle | None:
    """An article of a listing's own words; None where it has none, or the article is another site's.

    Args:
        hints: What the listing tells.
        listing: The listing's address.
    """
    if not hints.content.strip() or not same_site(hints.url, listing):
        return None
    return RawArticle(
        key=canonical(hints.url),
        title=hints.title or "",
        text=hints.content,
        url=hints.url,
        source=hints.outlet or host(hints.url),
        author=hints.author,
        published=hints.published,
        language=hints.language,
        aliases=_guid(hints),
        metadata={} if hints.whole else {"teaser": True},
        origin=hints.url,
    )


def teaser_for(error: FetchError, hints: Hints | None, listing: str) -> RawArticle | None:
    """A listing's own words for a page that is there, and not for everybody; None where they can't stand for it.

    Args:
        error: Why the page can't be had.
        hints: What the listing tells.
        listing: The listing's address.
    """
    if hints is None or error.status not in _NOT_FOR_ALL:
        return None
    found = of_listing(hints, listing)
    return found.model_copy(update={"metadata": {"teaser": True}}) if found is not None else None


def _guid(hints: Hints) -> tuple[str, ...]:
    """The id that a listing gives an article, unless it is another site's address."""
    guid = hints.guid
    return () if not guid or (is_web(guid) and not same_site(guid, hints.url)) else (guid,)


def _name(url: str) -> str:
    """A file's name for an address."""
    parts = urlsplit(url)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or "page"
    return re.sub(r"[^\w.-]+", "-", last)[:100].strip(".") or "page"


def told_once(items: Iterable[RawArticle | Skipped]) -> tuple[list[RawArticle], list[Skipped]]:
    """Articles, each key once (the last counts), and what is none."""
    articles: dict[str, RawArticle] = {}
    skipped: list[Skipped] = []
    for item in items:
        if isinstance(item, RawArticle):
            articles[item.key] = item
        else:
            skipped.append(item)
    return list(articles.values()), skipped


__all__ = ["articles_of", "is_page", "of_listing", "same_site", "teaser_for", "told_once"]
