"""Web addresses that are ingested once: a page, or what a feed, sitemap, API or home page lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rag.errors import FetchCancelled, FetchError
from rag.sources.fetch import Fetcher
from rag.sources.listing import documents, find
from rag.sources.pages import articles_of, of_listing, teaser_for
from rag.sources.values import Hints
from rag.text.urls import canonical
from rag.types import RawArticle, Skipped


def fetch_articles(fetcher: Fetcher, addresses: Iterable[str]) -> Iterator[RawArticle | Skipped]:
    """The articles at some addresses, as they come.

    Args:
        fetcher: Fetches them; its budget bounds how many pages. Closed at the end.
        addresses: Pages, feeds, sitemaps, APIs or home pages.

    Raises:
        FetchError: An address that was named can't be fetched; what it lists only becomes a ``Skipped``.
    """
    with fetcher:
        for address in addresses:
            found = find(fetcher, address)
            if found.answer is not None:
                yield from articles_of(found.answer, None, fetcher.reading)
                continue
            seen: set[str] = set()
            for listed in documents(fetcher, found):
                for hints in listed.entries:
                    if (key := canonical(hints.url)) not in seen:
                        seen.add(key)
                        yield from _entry(fetcher, hints, found.address)


def _entry(fetcher: Fetcher, hints: Hints, listing: str) -> Iterator[RawArticle | Skipped]:
    if hints.whole:
        told = of_listing(hints, listing)
        yield told if told is not None else Skipped(origin=hints.url, reason="no words, or another site's article")
        return
    try:
        yield from articles_of(fetcher.get(hints.url), hints, fetcher.reading)
    except FetchCancelled:
        raise
    except FetchError as e:
        teaser = teaser_for(e, hints, listing)
        yield teaser if teaser is not None else Skipped(origin=hints.url, reason=str(e))


__all__ = ["fetch_articles"]
