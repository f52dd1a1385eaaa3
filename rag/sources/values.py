"""The values of sources: what is kept of each, what a listing tells of an article, and what a run reports."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from rag.types import Value

Kind = Literal["page", "feed", "sitemap", "wordpress", "ghost", "folder", "maildir", "bucket"]


class Hints(Value):
    """What a listing tells of one article. The page's own values come first; these fill what it lacks."""

    url: str
    """Where its page is."""
    title: str | None = None
    author: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    outlet: str | None = None
    guid: str | None = None
    content: str = ""
    """Its words as the listing has them, as text: a teaser, or all of them."""
    whole: bool = False
    """Whether these are all its words, so that no page has to be fetched."""
    stamp: str = ""
    """Changes when the listing says that the article has changed."""

    @property
    def newest(self) -> datetime | None:
        """When it was last touched, as far as is told."""
        return self.updated or self.published

    def without_words(self) -> Hints:
        """What is told of the article, without any of its words."""
        return self.model_copy(update={"content": "", "whole": False})

    def filled(self, other: Hints) -> Hints:
        """These, with what another listing tells of the same page where these tell nothing."""
        fields = ("title", "author", "published", "language", "outlet", "guid")
        lacking = {name: getattr(other, name) for name in fields if not getattr(self, name)}
        return self.model_copy(update=lacking) if lacking else self


class Source(Value):
    """A source that is kept."""

    id: int
    name: str
    address: str
    kind: Kind
    paused: bool = False
    remove: bool = False
    """Whether what the source withdraws is taken down here too."""
    since: datetime | None = None
    """Articles that are dated before are passed over."""
    auth: str | None = None
    """Where its credentials are kept: "env:NAME" or "keyring:NAME"."""
    added: datetime
    last: SourceReport | None = None
    """Of its last run."""
    articles: int = 0
    """How many articles of the archive come from it."""
    waiting: int = 0
    """How many of its entries are still to be read, or to be tried again."""


class SourceReport(Value):
    """What came of one source in one run."""

    source: str
    began: datetime
    seconds: float = 0.0
    read: bool = False
    """Whether the source itself could be read."""
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    """Of the entries that were looked at again."""
    gone: int = 0
    """Entries that the source has withdrawn since."""
    removed: int = 0
    """Of those, the articles that were taken down here."""
    failed: int = 0
    skipped: int = 0
    """Entries that hold no article."""
    waiting: int = 0
    """Entries left for the next run."""
    pages: int = 0
    """Answers with a body that were fetched."""
    bytes: int = 0
    errors: tuple[str, ...] = ()
    """Why, in words; the first 50."""


class SyncReport(Value):
    """What a sync did, source by source."""

    sources: tuple[SourceReport, ...] = ()
    stopped: bool = False
    """Whether it was stopped before it was done."""
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every source was read."""
        return not self.stopped and all(source.read for source in self.sources)


Source.model_rebuild()

__all__ = ["Hints", "Kind", "Source", "SourceReport", "SyncReport"]
