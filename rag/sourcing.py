"""Where an archive's articles come from: files, web addresses, and sources that are kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.text.urls import is_web

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.settings import Settings
    from rag.sources.manager import Sources
    from rag.types import RawArticle, Skipped


class KeepsSources:
    """The part of ``Archive`` that finds articles and keeps their sources."""

    settings: Settings
    stores: Stores

    @cached_property
    def sources(self) -> Sources:
        """Feeds, sitemaps, pages, folders, mailboxes and buckets that are read again and again (docs/sources.md)."""
        from rag import __version__
        from rag.sources.manager import FetchOptions, Sources

        settings = self.settings
        return Sources(
            self.stores,
            FetchOptions(
                agent=settings.fetch_agent or f"OnRecord/{__version__} (news archive)",
                allow=settings.fetch_allow,
                ports=settings.fetch_ports,
                delay=settings.fetch_delay,
                pages=settings.fetch_pages,
                megabytes=settings.fetch_megabytes,
            ),
        )

    def found(self, named: Sequence[str | Path], fields: Mapping[str, str] | None) -> Iterator[RawArticle | Skipped]:
        """The articles of files, folders, patterns and web addresses; see ``Archive.ingest``."""
        from rag.ingest.load import load

        addresses = [source for source in named if isinstance(source, str) and is_web(source)]
        paths = [source for source in named if not (isinstance(source, str) and is_web(source))]
        return itertools.chain(load(paths, fields) if paths else (), self.sources.fetch(addresses) if addresses else ())

    def close_sources(self) -> None:
        """Close the tables of the sources, where they were opened."""
        if "sources" in self.__dict__:
            self.sources.close()


__all__ = ["KeepsSources"]
