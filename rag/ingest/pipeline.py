"""Ingest: articles as they were read are cleaned, split, embedded and stored, a batch in one transaction."""

from __future__ import annotations

import errno
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import DiskFull
from rag.ingest.amending import Mended
from rag.ingest.clean import clean
from rag.ingest.prepared import Cleaned, Prepared, Split
from rag.ingest.uploads import known_as
from rag.ingest.values import unread_day
from rag.ingest.withdrawal import Withdrawal
from rag.text.counting import count
from rag.text.detect import detect_language
from rag.text.split import passages, sentences
from rag.text.tokens import count_words
from rag.types import IngestReport, QuoteSpan, RawArticle, Sentence, Skipped

if TYPE_CHECKING:
    from rag.index.catalog import Catalog

_FULL = re.compile(r"disk is full|no space left|disk quota|file too large", re.IGNORECASE)
_BATCH = 512  # passages that are embedded together and stored in one transaction: what a run that is stopped may lose
_FIRST = 64  # the same of a run's first batch, while models load; each holds twice as many as the one before
_SOON = 10.0  # seconds after which what has been read is stored, however little it is
_PIECE = 32  # articles that are searched for quotes between two looks at whether the run was stopped
_NOTED = 1000  # articles without a day, or an outlet, that a report names
_SYNC = 4096  # passages after which the indexes are brought up to the catalog


Progress = Callable[[int, str], None]
"""Called after each article with how many have been read, and where it came from."""

Waiting = tuple[RawArticle, str, list[Sentence], list[tuple[int, int]], Mapping[str, Any] | None]
"""An article as it is to be shown, its language, sentences and passages, and what its file says otherwise."""

Outcome = Callable[[str, str], None]
"""Called for each article with where it came from, and "added", "updated" or "unchanged"."""


Quotes = Callable[[Sequence[tuple[str, str, Sequence[Sentence]]]], list[list[QuoteSpan]] | None]
"""Finds the quotes of English articles, given as (title, text, sentences); None if the parser is not installed."""


def passage_input(title: str, text: str) -> str:
    """The text that is embedded for a passage: its article's title and its own words."""
    return f"{title}\n{text}" if title else text


def split(draft: RawArticle) -> Split:
    """Language, sentences and passages (half-open runs of sentences) of a cleaned article."""
    if isinstance(draft, Cleaned) and draft.language in (None, draft.parts[0]):  # it may have been set by hand since
        return draft.parts
    language = draft.language or detect_language(draft.text)
    places = sentences(draft.text, language)
    return language, places, passages(draft.text, places)


def run(
    found: Iterable[RawArticle | Skipped],
    *,
    catalog: Catalog,
    embed: Callable[[list[str]], npt.NDArray[np.float32]],
    settle: Callable[[], None],
    quotes: Quotes | None = None,
    progress: Progress | None = None,
    outcome: Outcome | None = None,
    batcher: Batcher | None = None,
) -> IngestReport:
    """Clean, split, embed and store articles; what is already there is left alone.

    Of several articles with one key the last one read is current, and the
    others are its older versions, also when the same sources are read again.
    Of a run that is stopped, what was stored stays, and can be found; a
    KeyboardInterrupt has a note of how much that is.

    Args:
        found: What ``rag.ingest.load.load`` yields.
        catalog: Where to store; the caller holds the write lock.
        embed: Texts to float32 vectors of shape (len(texts), dim).
        settle: Brings the derived indexes up to the catalog.
        quotes: Finds who says what; without it articles are stored as not yet searched for quotes.
        progress: Called after each article, and while very many passages are embedded: their number stands behind where
            they came from.
        outcome: Called for each article that was read.
        batcher: What embeds and stores in place of an ordinary one.

    Raises:
        DiskFull: The disk is full; what was stored before is kept.
    """
    started = time.perf_counter()
    batcher = batcher or Batcher(catalog, embed, settle, quotes)
    withdrawal = Withdrawal(catalog)
    mended = Mended(catalog)
    lacking = Lacking()
    skipped: list[Skipped] = []
    # older versions, until their key's current one is met
    returning: dict[str, tuple[RawArticle, Mapping[str, Any] | None]] = {}
    origin = ""
    seen = added = updated = unchanged = total_words = 0
    if progress:
        batcher.embedding = lambda done, total: progress(seen, f"{origin} ({done:,} of {count(total, 'passage')})")
    try:
        for item in found:
            seen, origin = seen + 1, item.origin
            draft = clean(item) if isinstance(item, RawArticle) and not isinstance(item, Cleaned) else item
            if isinstance(draft, RawArticle):
                batcher.before_asking(draft)
                draft = withdrawal.settled(known_as(draft, catalog))
            if isinstance(draft, Skipped):
                if draft.withdraws:
                    batcher.flush()
                    withdrawal.take_down(draft)
                skipped.append(draft)
            else:
                batcher.flush_if_pending(draft.key)
                draft, as_read = mended.applied(draft)
                lacking.note(draft)
                status = catalog.status(draft)
                if status == "current" and as_read is not None and not catalog.same_but_for_file(draft, as_read):
                    status = "changed"
                if outcome:
                    outcome(item.origin, {"new": "added", "changed": "updated"}.get(status, "unchanged"))
                if status == "older":
                    returning[draft.key] = draft, as_read
                    unchanged += 1
                else:
                    returning.pop(draft.key, None)
                    if status == "current":
                        catalog.add_aliases(draft.key, draft.aliases)
                        unchanged += 1
                    else:
                        added += status == "new"
                        updated += status == "changed"
                        total_words += count_words(draft.text)
                        batcher.add(draft, as_read)
            if progress:
                progress(seen, item.origin)
        for draft, as_read in returning.values():
            unchanged -= 1
            updated += 1
            batcher.add(draft, as_read)
        batcher.flush()
        settle()
    except BaseException as e:  # SQLite, Chroma and tantivy each have their own error for a full disk
        if getattr(e, "errno", None) == errno.ENOSPC or _FULL.search(str(e)):
            where = str(e).split(". ")[0] if isinstance(e, DiskFull) else "The disk is full"
            raise DiskFull(
                f"{where}. This run read {count(added + updated, 'article')}, and what was stored is safe. "
                "Free some space and run the same command again: it goes on where it stopped."
            ) from e
        with suppress(Exception):  # what stopped the run is told, not what came of it
            batcher.settle()
        if isinstance(e, KeyboardInterrupt):
            there = f", beside {unchanged:,} that were there already" if unchanged else ""
            e.add_note(
                f"Articles that are stored: {batcher.articles:,} of {seen:,} read{there}. "
                f"The same command goes on{' from there' if batcher.articles or unchanged else ''}."
            )
        raise
    return IngestReport(
        added=added,
        updated=updated,
        unchanged=unchanged,
        skipped=tuple(skipped),
        withdrawn=withdrawal.taken_down,
        undated=lacking.dates,
        no_source=lacking.outlets,
        undated_keys=tuple(lacking.undated),
        no_source_keys=tuple(lacking.without_outlet),
        unread_dates=lacking.unread_dates,
        unread_date=lacking.unread_date,
        passages=batcher.passages,
        words=total_words,
        seconds=round(time.perf_counter() - started, 3),
    )


class Lacking:
    """Counts the articles of a run that have no day or no outlet, and remembers the first of them."""

    def __init__(self) -> None:
        self.dates = self.outlets = self.unread_dates = 0
        self.unread_date = ""
        self.undated: dict[str, None] = {}
        self.without_outlet: dict[str, None] = {}

    def note(self, draft: RawArticle) -> None:
        """Take notice of an article, as it is shown."""
        if draft.published is None:
            self.dates += 1
            if len(self.undated) < _NOTED:
                self.undated[draft.key] = None
        if (unread := unread_day(draft)) is not None:
            self.unread_dates += 1
            self.unread_date = self.unread_date or unread
        if not draft.source:
            self.outlets += 1
            if len(self.without_outlet) < _NOTED:
                self.without_outlet[draft.key] = None


class Batcher:
    """Collects articles until there are enough passages to embed together, then stores them in one transaction."""

    def __init__(
        self,
        catalog: Catalog,
        embed: Callable[[list[str]], npt.NDArray[np.float32]],
        settle: Callable[[], None],
        quotes: Quotes | None,
    ) -> None:
        self._catalog, self._embed, self._settle, self._quotes = catalog, embed, settle, quotes
        self._waiting: list[Waiting] = []
        self._keys: set[str] = set()
        self._texts: list[str] = []
        self._most = _FIRST
        self._since = 0.0
        self._unsettled = 0
        self.embedding: Callable[[int, int], None] | None = None
        """Told, while very many passages are embedded, how many are, and of how many."""
        self.articles = self.passages = 0
        """How many have been stored."""

    def flush_if_pending(self, *idents: str) -> None:
        """Store the batch if an article of one of these keys or ids is in it, so that the catalog can tell of it."""
        if not self._keys.isdisjoint(idents):
            self.flush()

    def before_asking(self, draft: RawArticle) -> None:
        """Store what the catalog has to know before it is asked what it has of an article."""
        self.flush_if_pending(draft.key, *draft.supersedes)

    def add(self, draft: RawArticle, as_read: Mapping[str, Any] | None = None) -> None:
        """Split an article and put it into the batch, which is stored when it is full.

        Args:
            draft: As it is to be shown.
            as_read: What its file says in the places of what was set by hand.
        """
        language, places, runs = split(draft)
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append((draft, language, places, runs, as_read))
        self._keys.update((draft.key, *draft.aliases))
        self._texts += [passage_input(draft.title, draft.text[places[a].start : places[b - 1].end]) for a, b in runs]
        if len(self._texts) >= min(self._most, _BATCH) or time.monotonic() - self._since > _SOON:
            self._most = min(2 * self._most, _BATCH)
            self.full()

    def full(self) -> None:
        """Called when there are enough passages, or some have waited long enough."""
        self.flush()

    def flush(self) -> None:
        """Embed and store the batch."""
        articles = [(d.title, d.text, places, language) for d, language, places, *_ in self._waiting]
        self._store(self._waiting, *embed_and_quote(self._texts, articles, self._in_pieces, self._quotes))
        self._waiting, self._texts = [], []
        self._keys = set()

    def _in_pieces(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """The vectors of passages: of one very long article some at a time, so that it is seen, and can be stopped."""
        if len(texts) <= 2 * _BATCH:
            return self._embed(texts)
        pieces = []
        for at in range(0, len(texts), _BATCH):
            pieces.append(self._embed(texts[at : at + _BATCH]))
            if self.embedding:
                self.embedding(min(at + _BATCH, len(texts)), len(texts))
        return np.concatenate(pieces)

    def _store(
        self,
        waiting: Sequence[Waiting],
        vectors: npt.NDArray[np.float16],
        said: Sequence[Sequence[QuoteSpan] | None],
    ) -> None:
        """Store articles in one transaction, and bring the indexes up to them now and then."""
        batch, at = [], 0
        for (draft, language, places, runs, as_read), theirs in zip(waiting, said, strict=True):
            batch.append(Prepared(draft, language, places, runs, vectors[at : at + len(runs)], theirs, as_read))
            at += len(runs)
        self._catalog.store(batch)
        self.articles += len(batch)
        self.passages += at
        self._unsettled += at
        if self._unsettled >= _SYNC:
            self.settle()

    def settle(self) -> None:
        """Bring the indexes up to what has been stored; what was begun once is not begun again."""
        if self._unsettled:
            self._unsettled = 0
            self._settle()


def embed_and_quote(
    texts: list[str],
    articles: Sequence[tuple[str, str, Sequence[Sentence], str]],
    embed: Callable[[list[str]], npt.NDArray[np.float32]],
    quotes: Quotes | None,
) -> tuple[npt.NDArray[np.float16], list[Sequence[QuoteSpan] | None]]:
    """The vectors of a batch's passages, of shape (len(texts), dim), and the quotes of its articles.

    Args:
        texts: What is embedded.
        articles: (title, text, sentences, language) of each.
        embed: As for ``run``.
        quotes: As for ``run``.
    """
    # Finding quotes keeps one core busy, and embedding doesn't use all of them all the time.
    beside = ThreadPoolExecutor(1, "quotes")
    stopped = threading.Event()
    try:
        reading = beside.submit(extract_quotes, articles, quotes, stopped)
        vectors = embed(texts).astype(np.float16) if texts else np.zeros((0, 0), np.float16)
        return vectors, reading.result()
    finally:
        stopped.set()
        beside.shutdown(wait=False)  # a run that is interrupted doesn't wait for what it throws away


def extract_quotes(
    articles: Sequence[tuple[str, str, Sequence[Sentence], str]],
    quotes: Quotes | None,
    stopped: threading.Event | None = None,
) -> list[Sequence[QuoteSpan] | None]:
    """Quotes of each (title, text, sentences, language); None where the parser is not installed.

    Quotes are found in English only: articles in other languages have none, and count as searched. When it is stopped,
    the rest count as not searched.
    """
    english = [n for n, article in enumerate(articles) if article[3] == "en"]
    told: list[Sequence[QuoteSpan] | None] = [None if article[3] == "en" else () for article in articles]
    if quotes is None:
        return told
    for at in range(0, len(english), _PIECE):
        some = english[at : at + _PIECE]
        found = None if stopped is not None and stopped.is_set() else quotes([articles[n][:3] for n in some])
        if found is None:
            break
        for n, theirs in zip(some, found, strict=True):
            told[n] = theirs
    return told


def reembed(
    catalog: Catalog,
    *,
    embed: Callable[[list[str]], npt.NDArray[np.float32]],
    quotes: Quotes | None = None,
    progress: Progress | None = None,
) -> None:
    """Split and embed every current article of a catalog again; the caller rebuilds the indexes."""
    for seen, article in enumerate(catalog.articles(), 1):
        draft = RawArticle(key=article.key, title=article.title, text=article.text, language=article.language)
        language, places, runs = split(draft)
        texts = [passage_input(draft.title, draft.text[places[a].start : places[b - 1].end]) for a, b in runs]
        (said,) = extract_quotes([(draft.title, draft.text, places, language)], quotes)
        vectors = embed(texts).astype(np.float16)
        catalog.restore_passages(article, Prepared(draft, language, places, runs, vectors, said))
        if progress:
            progress(seen, article.key)
