"""One source in one run: its listing is brought up to date, then its entries that are due are read, one by one.

What is found is handed on as outcomes with their articles; nothing is stored here. The listing is written down as it is
read, its entries as waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from rag.errors import FetchCancelled, FetchError, OnRecordError, SourceError
from rag.sources import buckets, folders
from rag.sources.credentials import Credentials, credentials
from rag.sources.fetch import Fetched, Fetcher
from rag.sources.listing import DOCUMENTS, read_listing
from rag.sources.pages import articles_of, of_listing, teaser_for, told_once
from rag.sources.store import Document, Entry, Outcome, SourceStore
from rag.sources.values import Hints, Source
from rag.text.counting import count
from rag.types import RawArticle

_DEPTH = 3


@dataclass
class Read:
    """An outcome with the articles to store for it."""

    outcome: Outcome
    articles: list[RawArticle] = field(default_factory=list)
    bytes: int = 0
    fetched: bool = False
    """Whether an answer with a body came."""


class Crawl:
    """Reads one source for one run."""

    def __init__(self, source: Source, store: SourceStore, fetcher: Fetcher, *, look_at_all: bool = False) -> None:
        """Nothing is fetched yet.

        Args:
            source: What to read.
            store: Where its entries are kept.
            fetcher: What fetches.
            look_at_all: Look again at everything that was read before.
        """
        self.source, self._store, self._fetcher = source, store, fetcher
        self._look_at_all = look_at_all
        self._credentials: Credentials | None = None
        self._handled: set[int] = set()
        self.problems: list[str] = []
        """Why the source itself could not be read; empty when it was."""

    def run(self) -> Iterator[Read]:
        """Read the source; what came of each entry, as it comes.

        Raises:
            FetchCancelled: Stopped.
        """
        lists: dict[str, Callable[[], Iterator[Read]]] = {
            "folder": self._folder, "maildir": self._folder, "bucket": self._folder, "page": self._page,
        }  # fmt: skip
        try:
            if self.source.kind not in ("folder", "maildir", "bucket"):
                self._credentials = credentials(self.source.auth, self.source.address)
            yield from lists.get(self.source.kind, self._listing)()
        except FetchCancelled:
            raise
        except OnRecordError as e:
            self.problems.append(str(e))
        due = self._store.due(self.source, all_read=self._look_at_all)
        for ident in (ident for ident in due if ident not in self._handled):
            if self._fetcher.cancel.is_set():
                raise FetchCancelled("stopped")
            if self._fetcher.budget.spent:
                return
            yield self._entry(self._store.entry(ident))

    # -- listings ------------------------------------------------------------------------

    def _page(self) -> Iterator[Read]:
        """A page that is a source by itself is looked at in every run."""
        self._store.listed(self.source, [Hints(url=self.source.address)])
        (ident,) = self._store.ids(self.source)
        self._handled.add(ident)
        yield (read := self._entry(self._store.entry(ident)))
        if read.outcome.result == "failed":
            self.problems.append(read.outcome.why)

    def _listing(self) -> Iterator[Read]:
        """Bring the listing up to date: the document that was given, what was left over, and what these name."""
        waiting = [(self.source.address, "", 0), *self._store.rest(self.source)]
        known: set[str] = set()
        read = 0
        while waiting and read < DOCUMENTS and not self._fetcher.budget.spent:
            address, stamp, depth = waiting.pop(0)
            if address in known:
                continue
            known.add(address)
            old = self._store.document(self.source, address)
            if depth and stamp and stamp == old.stamp and old.hash:
                continue  # the index says that it is as it was
            read += 1
            try:
                answer = self._fetcher.get(address, etag=old.etag, modified=old.modified, credentials=self._credentials)
            except FetchCancelled:
                raise
            except FetchError as e:
                if not depth:
                    raise
                self.problems.append(f"{address}: {e}")
                continue
            waiting = self._document(answer, old, stamp, depth, waiting, known)
        yield from ()

    def _document(
        self,
        answer: Fetched,
        old: Document,
        stamp: str,
        depth: int,
        waiting: list[tuple[str, str, int]],
        known: set[str],
    ) -> list[tuple[str, str, int]]:
        """Take a document of the listing in; what is to be read after it."""
        digest = sha256(answer.body).hexdigest()[:32] if answer.status != 304 else old.hash
        if answer.status == 304 or digest == old.hash:
            entries: list[Hints] = []
            more = old.more
        else:
            listed = read_listing(self.source.kind, answer, self._fetcher.limits.size)
            unique = {hints.url: hints for hints in reversed(listed.entries)}
            entries, more = list(unique.values()), listed.more
        pages = self.source.kind in ("wordpress", "ghost", "feed")
        following = [(a, s, depth + (0 if pages else 1)) for a, s in more if a not in known]
        if not pages and depth + 1 > _DEPTH:
            following = []
        document = Document(old.address, stamp, answer.etag, answer.modified, digest, more)
        if pages and not self._any_news(entries):
            following = []  # newest first: what comes after is older still
        waiting = [*following, *waiting] if pages else [*waiting, *following]
        self._store.listed(self.source, entries, document=document, rest=waiting)
        return waiting

    def _any_news(self, entries: list[Hints]) -> bool:
        return any(not self._store.knows(self.source, hints) for hints in entries)

    def _folder(self) -> Iterator[Read]:
        """Bring the list of files up to date; those that are gone are told."""
        lists = {"folder": folders.list_folder, "maildir": folders.list_maildir, "bucket": buckets.list_bucket}
        entries = list(lists[self.source.kind](self.source.address))
        gone = self._store.vanished(self.source, [hints.url for hints in entries])
        if gone and not entries:
            raise SourceError(
                f"{self.source.address} is empty, and had {count(len(gone), 'file')} before. "
                "Nothing was taken down: a disk may not be mounted. To forget them: onrecord sources remove"
            )
        self._store.listed(self.source, entries)
        self._handled.update(gone)
        for ident in gone:
            entry = self._store.entry(ident)
            yield Read(Outcome(entry, "gone", keys=entry.keys, why="it is not there any more"))

    # -- entries -------------------------------------------------------------------------

    def _entry(self, entry: Entry) -> Read:
        """Read one entry; whatever goes wrong with it is its outcome."""
        if entry.keys and len(self._store.taken_down(entry.keys)) == len(entry.keys):
            return Read(Outcome(entry, "removed", why="taken down here"))
        try:
            if self.source.kind in ("folder", "maildir", "bucket"):
                return self._file(entry)
            if entry.hints is not None and entry.hints.whole:
                return self._told(entry, entry.hints)
            return self._fetched(entry)
        except FetchCancelled:
            raise
        except FetchError as e:
            return self._refused(entry, e)
        except OnRecordError as e:
            return Read(Outcome(entry, "failed", why=str(e), again=True))
        except Exception as e:  # a page that a parser fails at must not keep the others from being read
            return Read(Outcome(entry, "failed", why=f"it can't be read: {type(e).__name__}: {e}"))

    def _file(self, entry: Entry) -> Read:
        if self.source.kind == "bucket":
            found = buckets.read_object(entry.key, self._fetcher.reading)
        else:
            found = folders.read_file(Path(entry.address), entry.key, self._fetcher.reading)
        articles, skipped = told_once(found)
        why = "; ".join(skip.reason for skip in skipped[:3])
        result = Outcome(entry, "read" if articles else "none", why=why, look_again=False)
        return self._kept(result, articles)

    def _told(self, entry: Entry, hints: Hints) -> Read:
        """An entry of an API that brings all of its words."""
        article = of_listing(hints, self.source.address)
        if article is None:
            return Read(Outcome(entry, "none", why="no words, or an article of another site"))
        return self._kept(Outcome(entry, "read", look_again=False), [article])

    def _fetched(self, entry: Entry) -> Read:
        answer = self._fetcher.get(
            entry.address, etag=entry.etag, modified=entry.modified, credentials=self._credentials
        )
        outcome = Outcome(entry, "same", etag=answer.etag, modified=answer.modified)
        if answer.status == 304:
            return Read(outcome)
        outcome.hash = sha256(answer.body).hexdigest()[:32]
        size = len(answer.body)
        if outcome.hash == entry.hash:
            return Read(outcome, bytes=size, fetched=True)
        articles, skipped = told_once(articles_of(answer, self._store.told(entry), self._fetcher.reading))
        outcome.why = "; ".join(skip.reason for skip in skipped[:3])
        if not articles and entry.hints is not None:
            if (teaser := of_listing(entry.hints, self.source.address)) is not None:
                articles = [teaser]
        outcome.result = "read" if articles else "none"
        read = self._kept(outcome, articles)
        read.bytes, read.fetched = size, True
        return read

    def _refused(self, entry: Entry, error: FetchError) -> Read:
        """What can't be had: withdrawn, not public, or not now."""
        if error.status == 410 or (error.status == 404 and entry.state in ("read", "none")):
            withdrawn = entry.keys if error.status == 410 else ()
            return Read(Outcome(entry, "gone", keys=withdrawn, why=str(error)))
        if not entry.keys and (teaser := teaser_for(error, entry.hints, self.source.address)) is not None:
            return self._kept(Outcome(entry, "read", why=f"only the listing's teaser: {error}"), [teaser])
        return Read(Outcome(entry, "failed", why=str(error), again=error.again, wait=error.wait))

    def _kept(self, outcome: Outcome, articles: list[RawArticle]) -> Read:
        """Without the articles that a person has taken down."""
        gone = self._store.taken_down([article.key for article in articles])
        kept = [article for article in articles if article.key not in gone]
        outcome.keys = [article.key for article in kept]
        return Read(outcome, kept)


__all__ = ["Crawl", "Read"]
