"""Where an archive's articles come from: files, web addresses, and sources that are kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import SourceError, UsageError
from rag.text.mistakes import hint
from rag.text.urls import is_web

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.ingest.packed import Limits
    from rag.ingest.preview import Preview
    from rag.settings import Settings
    from rag.sources.manager import Sources
    from rag.types import RawArticle, Skipped


def web_addresses(named: Iterable[str | Path]) -> list[str]:
    """Those of some sources that are addresses to fetch, not files."""
    return [source for source in named if isinstance(source, str) and is_web(source)]


def check_fields(ours: Iterable[str]) -> None:
    """Check names of our fields, for which a file's are given: what is no field of ours would be taken from nowhere.

    Raises:
        UsageError: One is none; the message lists those there are.
    """
    from rag.ingest.readers.rows import SYNONYMS

    for name in ours:
        if name not in SYNONYMS:
            raise UsageError(
                f"An article has no field {name!r}; there are {', '.join(SYNONYMS)}.{hint(name, SYNONYMS)}"
            )


def _linked(stores: Stores) -> None:
    """What articles that a sync has stored change in others; its caller holds the write lock."""
    from rag.record.linker import link

    link(stores)


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
                reading=self._limits,
            ),
            afterwards=_linked,
        )

    def found(
        self,
        named: Sequence[str | Path],
        fields: Mapping[str, str] | None,
        spool: Path | None = None,
        reader: Callable[..., Iterator[RawArticle | Skipped]] | None = None,
    ) -> Iterator[RawArticle | Skipped]:
        """The articles of files, folders, patterns and web addresses; see ``Archive.ingest``."""
        from rag.ingest.load import load

        check_fields(fields or ())
        addresses = web_addresses(named)
        paths = [source for source in named if source not in addresses]
        files = (reader or load)(paths, fields, self._limits) if paths else iter(())
        if spool is not None:
            from rag.ingest.uploads import named_by_content

            files = named_by_content(files, spool)
        if not addresses:
            return files
        fetched = self.sources.fetch(addresses)
        # One is fetched before anything is written, so that a wrong address leaves no empty archive behind.
        first = list(itertools.islice(fetched, 1))
        return itertools.chain(first, files, fetched)

    @property
    def _limits(self) -> Limits:
        """How much archives of files may hold, and reading a file may take, by the settings."""
        from rag.ingest.packed import Limits

        known = self.settings
        return Limits(known.unpack_mb * 1_000_000, known.unpack_total_mb * 1_000_000, known.unpack_files,
                      known.unpack_depth, known.read_seconds, known.read_mb)  # fmt: skip

    def preview(
        self,
        *sources: str | Path,
        fields: Mapping[str, str] | None = None,
        progress: Callable[[int, str], None] | None = None,
    ) -> Preview:
        """What ``ingest`` would take in; nothing is written, and no archive has to be there.

        Args:
            sources: As for ``ingest``.
            fields: As for ``ingest``.
            progress: As for ``ingest``.

        Returns:
            What each file is taken for, how many articles it holds, what they lack, what is passed over and what can't
            be read, and five articles as examples.

        Raises:
            SourceError: A source is not there at all, or is an address.
            UsageError: One of ``fields`` is none of ours.
        """
        from rag.ingest.load import find
        from rag.ingest.preview import preview

        check_fields(fields or ())
        if web := web_addresses(sources):
            raise SourceError(f"{web[0]} is an address; a dry run reads files. Leave out --dry-run, or save the page.")
        return preview(find(sources, fields, self._limits), progress)

    def close_sources(self) -> None:
        """Close the tables of the sources, where they were opened."""
        if "sources" in self.__dict__:
            self.sources.close()


__all__ = ["KeepsSources", "web_addresses"]
