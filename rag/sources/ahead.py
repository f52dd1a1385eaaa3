"""What a sync computes before it takes the write lock, so that others wait for a batch to be stored, and for no model.

Cleaning, splitting, embedding and finding quotes take most of an article's time, and need the catalog only to see
whether the article is there already. Under the lock what is known is looked up; what isn't, since the catalog has
changed in between, is computed then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.ingest.amending import Mended
from rag.ingest.clean import clean
from rag.ingest.pipeline import embed_and_quote, passage_input, split
from rag.ingest.prepared import Cleaned
from rag.ingest.uploads import known_as
from rag.types import QuoteSpan, RawArticle, Sentence, Skipped

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.ingest.pipeline import Quotes

Embed = Callable[[list[str]], npt.NDArray[np.float32]]


class Ahead:
    """The vectors and the quotes of a batch of articles."""

    def __init__(self, embed: Embed, quotes: Quotes) -> None:
        """Nothing is computed yet.

        Args:
            embed: Texts to vectors of shape (len(texts), dim).
            quotes: Finds who says what; None: the parser is not installed.
        """
        self._embed, self._quotes = embed, quotes
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        self._said: dict[tuple[str, str], list[QuoteSpan]] = {}

    def prepare(self, articles: Iterable[RawArticle], catalog: Catalog) -> list[Cleaned | Skipped]:
        """Compute what the articles need that are not there yet; the write lock is not held.

        Args:
            articles: As they were read.
            catalog: What is there.

        Returns:
            What ``rag.ingest.pipeline.run`` takes, an article each.
        """
        mended = Mended(catalog)
        ready: list[Cleaned | Skipped] = []
        wanted: dict[str, None] = {}
        searched: dict[tuple[str, str], tuple[str, str, Sequence[Sentence], str]] = {}
        for article in articles:
            draft = clean(article)
            if isinstance(draft, Skipped):
                ready.append(draft)
                continue
            cleaned = Cleaned.of(draft, split(draft))
            ready.append(cleaned)
            shown, _ = mended.applied(known_as(cleaned, catalog))
            if catalog.status(shown) == "current":
                continue
            language, places, runs = split(shown)
            texts = (shown.text[places[a].start : places[b - 1].end] for a, b in runs)
            wanted |= dict.fromkeys(passage_input(shown.title, text) for text in texts)
            searched[shown.title, shown.text] = (shown.title, shown.text, places, language)
        vectors, said = embed_and_quote(list(wanted), list(searched.values()), self._embed, self._quotes)
        self._vectors |= zip(wanted, vectors.astype(np.float32), strict=True)
        self._said |= {key: list(found) for key, found in zip(searched, said, strict=True) if found is not None}
        return ready

    def embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """The vectors of texts, of shape (len(texts), dim); those that are not known are computed."""
        if missing := [text for text in dict.fromkeys(texts) if text not in self._vectors]:
            self._vectors |= zip(missing, self._embed(missing), strict=True)
        return np.stack([self._vectors[text] for text in texts]) if texts else np.zeros((0, 0), np.float32)

    def quotes(self, articles: Sequence[tuple[str, str, Sequence[Sentence]]]) -> list[list[QuoteSpan]] | None:
        """The quotes of each (title, text, sentences); None: the parser is not installed."""
        if missing := [article for article in articles if article[:2] not in self._said]:
            found = self._quotes(missing)
            if found is None:
                return None
            self._said |= {(title, text): one for (title, text, _), one in zip(missing, found, strict=True)}
        return [self._said[title, text] for title, text, _ in articles]


__all__ = ["Ahead"]
