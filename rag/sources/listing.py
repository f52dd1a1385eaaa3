"""What an address is, and what it lists: found out by fetching it, from its content, not from its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from rag.errors import AddressRefused, FetchCancelled, FetchError, SourceError
from rag.sources import sites
from rag.sources.bodies import gunzipped
from rag.sources.credentials import Credentials
from rag.sources.feeds import Listed, is_feed, read_feed
from rag.sources.fetch import Fetched, Fetcher
from rag.sources.guard import shown
from rag.sources.pages import is_page
from rag.sources.sitemaps import is_sitemap, read_sitemap
from rag.sources.sites import Offered
from rag.sources.values import Hints, Kind

DOCUMENTS = 100
"""Documents of a listing that one run reads: parts of a sitemap index, pages of an API."""
_DEPTH = 3
"""Indexes within indexes."""


@dataclass
class Found:
    """What an address is."""

    kind: Kind
    address: str
    """What to fetch again: the feed's address where a home page was given."""
    answer: Fetched | None = None
    """The page, where it is one."""
    listed: Listed = field(default_factory=Listed)


def kind_of(answer: Fetched, size: int) -> Kind | None:
    """The kind of listing that a document is; None for pages and other files.

    Args:
        answer: The document.
        size: Bytes that it may unpack to.
    """
    raw = gunzipped(answer.body, size)
    if is_page(answer):
        return None
    if is_sitemap(raw) or _is_list_of_addresses(answer):
        return "sitemap"
    if is_feed(raw):
        return "feed"
    api = sites.api_kind(raw) if raw.lstrip()[:1] in (b"[", b"{") else None
    return "wordpress" if api == "wordpress" else "ghost" if api == "ghost" else None


def _is_list_of_addresses(answer: Fetched) -> bool:
    lines = answer.body[:4000].split()
    return answer.type == "text/plain" and bool(lines) and all(word.startswith(b"http") for word in lines[:-1] or lines)


def read_listing(kind: Kind, answer: Fetched, size: int) -> Listed:
    """What a document of a known kind lists.

    Raises:
        FetchError: It is another document than it was: a page, or nothing that lists anything.
    """
    raw = gunzipped(answer.body, size)
    if kind == "feed" and is_feed(raw):
        return read_feed(raw, answer.url, media_type=answer.type, charset=answer.charset)
    if kind == "sitemap" and is_sitemap(raw):
        return read_sitemap(raw, answer.url)
    if kind == "sitemap" and _is_list_of_addresses(answer):
        return Listed(entries=[Hints(url=w) for w in raw.decode("utf-8", "replace").split()[:50_000]])
    if kind == "wordpress" and sites.api_kind(raw) == "wordpress":
        return sites.read_wordpress(raw, answer.url)
    if kind == "ghost" and sites.api_kind(raw) == "ghost":
        return sites.read_ghost(raw, answer.url)
    raise FetchError(f"{shown(answer.url)} is no {kind} any more")


def find(fetcher: Fetcher, address: str, *, kind: Kind | None = None, credentials: Credentials | None = None) -> Found:
    """Find out what an address is.

    A home page stands for its feed, else its API, else the sitemap that robots.txt names; what is neither is a page.

    Args:
        fetcher: Fetches it.
        address: A page, feed, sitemap, API, or home page.
        kind: What it has to be, where the person has said so.
        credentials: For its host.

    Raises:
        FetchError: It can't be fetched.
        SourceError: It is not what it was said to be.
    """
    try:
        answer = fetcher.get(address, credentials=credentials)
    except (AddressRefused, FetchCancelled):
        raise
    except FetchError as e:
        raise FetchError(f"{shown(address)} can't be fetched: {e}.", status=e.status, again=e.again) from e
    size = fetcher.limits.size
    seen = kind_of(answer, size)
    if seen is not None and kind in (None, seen):
        return Found(seen, address, listed=read_listing(seen, answer, size))
    if kind == "page":
        return Found("page", address, answer)
    offers = sites.offered(answer.body, answer.url, answer.links) if is_page(answer) else Offered()
    if kind is None and (not is_page(answer) or (offers.article and not _at_root(answer.url))):
        return Found("page", address, answer)
    for offered_kind, offered in _ways(fetcher, answer.url, offers, kind):
        try:
            inner = fetcher.get(offered, credentials=credentials)
            if kind_of(inner, size) == offered_kind:
                return Found(offered_kind, offered, listed=read_listing(offered_kind, inner, size))
        except FetchCancelled:
            raise
        except FetchError:
            continue  # what a page names need not be there; the next way may be
    if kind is not None:
        raise SourceError(f"{shown(address)} is no {kind}, and names none. Leave --kind out to see what it is.")
    return Found("page", address, answer)


def _at_root(url: str) -> bool:
    return urlsplit(url).path in ("", "/")


def _ways(fetcher: Fetcher, url: str, offers: Offered, kind: Kind | None) -> Iterator[tuple[Kind, str]]:
    """Where a home page's articles are listed, best first."""
    if kind in (None, "feed"):
        yield from (("feed", feed) for feed in offers.feeds[:3])
    if offers.wordpress and kind in (None, "wordpress"):
        yield "wordpress", offers.wordpress
    if kind == "wordpress":
        yield "wordpress", sites.wordpress_posts(urljoin(url, "/wp-json/"))
    if offers.ghost and kind in (None, "ghost"):
        yield "ghost", offers.ghost
    if kind == "sitemap" or (kind is None and offers.front):
        named = fetcher.robots(url).sitemaps
        # A news sitemap lists the last two days, with times and titles; the others list everything.
        yield from (("sitemap", place) for place in sorted(named, key=lambda name: "news" not in name.lower())[:5])
        yield "sitemap", urljoin(url, "/sitemap.xml")


def documents(fetcher: Fetcher, found: Found, credentials: Credentials | None = None) -> Iterator[Listed]:
    """All documents of a listing, the first of which has been read: parts of an index, further pages.

    Raises:
        FetchError: A part can't be fetched.
    """
    yield found.listed
    waiting = [(address, 1) for address, _ in found.listed.more]
    read = {found.address}
    while waiting and len(read) < DOCUMENTS:
        address, depth = waiting.pop(0)
        if address in read or (depth > _DEPTH and found.kind == "sitemap"):
            continue
        read.add(address)
        answer = fetcher.get(address, credentials=credentials)
        listed = read_listing(found.kind, answer, fetcher.limits.size)
        yield listed
        waiting += [(more, depth + 1) for more, _ in listed.more]


__all__ = ["DOCUMENTS", "Found", "documents", "find", "kind_of", "read_listing"]
