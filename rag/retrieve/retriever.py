"""From a query to hits: asks the arms, fuses their rankings, and lets one story take one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from rag.retrieve import arms, fusion, prior
from rag.retrieve.tongues import CALIBRATED_MODEL, Fit, Tongues
from rag.text.local_clock import clock
from rag.types import FoundBy, Hit, Query

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rag.index.schema import PassageRow
    from rag.index.stores import Stores
    from rag.protocols import Arm
    from rag.retrieve.explain import Explained

    Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
    Alike = Callable[[str, Sequence[str]], npt.NDArray[np.float32]]

_DEPTH = 100  # passages that each arm gives at least
_LEANING, _ALONE = 2.0, 0.5
"""What a search with what was said before counts, beside 1.0 for the one without: of a question that leans on the
conversation, and of one that seems to stand alone (docs/benchmarks.md has the comparison)."""
_SPARE = 16  # passages looked at beyond twice as many as are asked for: twins take no places of their own


class Retriever:
    """Finds passages in an archive. Safe to use from several threads."""

    def __init__(self, stores: Stores) -> None:
        """Take the stores of an archive; nothing is opened yet."""
        self._stores = stores
        self._tongues = Tongues(stores)
        self._lexical = arms.LexicalArm(stores)
        self._own: dict[FoundBy, Arm] = {
            "dense": arms.DenseArm(stores, self._tongues),
            "lexical": self._lexical,
            "quotes": arms.QuotesArm(stores),
        }
        self._others: list[Arm] | None = None

    def search(self, query: Query) -> list[Hit]:
        """The best ``query.k`` passages for a question, by falling fused score.

        Args:
            query: With its filters; from the ``Planner``.

        Raises:
            ArchiveMissing: There is no archive.
            ArchiveMismatch: It was built with another embedding model.
            PluginError: An arm of another package can't be loaded.
        """
        from rag.index.catalog import StoreClosed

        self._stores.require()
        self._stores.require_fingerprint()
        while True:
            with suppress(StoreClosed):  # a rebuild has just put others in their place
                return self._search(query)

    def explain(self, query: Query, hits: Sequence[Hit]) -> list[Explained]:
        """Why hits stand where they do: what each arm says of them."""
        from rag.retrieve.explain import explain

        return explain(self._stores, query, hits, self._arms())

    def fit(self, query: Query) -> Fit:
        """What a confidence has to be fitted for to hold for a question: by its embedding model and its language."""
        if self._tongues.bridge(query) is not None:
            return "across"
        default = self._stores.embedder.name.startswith(CALIBRATED_MODEL)
        return "english" if default and self._tongues.of_question(query.standalone) == "en" else "any"

    def embed(self, query: Query) -> Embed:
        """What embeds texts to compare with a question: one in a language that the model doesn't know by a bridge."""
        bridge, embed = self._tongues.bridge(query), self._stores.embedding_cache
        return bridge.beside(query.looked_for, embed) if bridge else embed

    def alike(self, query: Query) -> Alike | None:
        """What tells how near sentences in another language are to a question; None where no bridge is needed."""
        bridge = self._tongues.bridge(query)
        return bridge.alike if bridge else None

    def has(self, query: Query, word: str) -> bool:
        """Whether a word, in any form, is anywhere in what a question searches."""
        return bool(self._lexical.search(query.model_copy(update={"sought": word}), 1))

    def _search(self, asked: Query) -> list[Hit]:
        query = prior.with_the_next_day(asked)
        depth = max(_DEPTH, 4 * query.k)
        of_its_time = prior.timely(query)
        in_talk, by_talk = _in_talk(query)
        candidates = fusion.Candidates()
        for name, arm in self._arms():
            if weight := arm.weight(query):
                across = self._tongues.across(query, name)
                candidates.add(name, arm.search(query, depth), weight, across)
                if of_its_time is not None and name != "other":  # of another package: it need not know filters
                    candidates.add(name, arm.search(of_its_time, depth), weight * prior.WITHIN, across)
                if in_talk is not None and name in ("dense", "lexical"):
                    candidates.add(name, arm.search(in_talk, depth), weight * by_talk, across)
        across = self._tongues.across(query, "lexical")
        arms.add_articles(candidates, query, self._stores, depth, self._lexical.weight(query), across)
        # Twins of a passage rank next to it, so a few more than are asked for are enough to fold them in.
        order = candidates.order()[: (2 * query.k + _SPARE) * (1 if of_its_time is None else 2)]
        passages = self._stores.catalog.passage_rows(order)  # ids that another process has just deleted drop out here
        passages = {i: p for i, p in passages.items() if candidates.found[i] != {"other"} or _allowed(p, query)}
        passages = {i: p for i, p in passages.items() if prior.any_known(asked, p)}
        order = prior.prefer_told(candidates, order, query, passages)
        order = arms.prefer_newer(candidates, order, query, passages)
        return fusion.hits(candidates, order, passages, query.k)

    def _arms(self) -> list[tuple[FoundBy, Arm]]:
        """The built-in arms, and with them those of other packages, unless one arm alone is set."""
        own = list(self._own.items())
        if self._stores.settings.retriever != "hybrid":
            return own
        if self._others is None:
            from rag import registry

            self._others = [make(self._stores) for make in registry.arms().values()]
        return own + [("other", arm) for arm in self._others]


def _in_talk(query: Query) -> tuple[Query | None, float]:
    """A question of a conversation with what was said before it, and what counts for that; None for the first one.

    What a follow-up leans on is seldom told rightly by rules: with the last question and its answer behind it, as it
    stands, it finds its passage more often than rewritten. Where it seems to stand alone that counts less.
    """
    if not query.before_it:
        return None, 0.0
    return query.model_copy(update={"sought": query.in_talk}), _LEANING if query.leans else _ALONE


def _allowed(passage: PassageRow, query: Query) -> bool:
    """Whether a query's filters let a passage through: an arm of another package need not know them."""
    if query.articles and passage.article_id not in query.articles:
        return False
    if query.sources and (passage.source or "") not in query.sources:
        return False
    if query.language and passage.language != query.language:
        return False
    if passage.published is None:
        return query.undated or not (query.after or query.before)
    when = clock(passage.published)
    return not (query.after and when < clock(query.after)) and not (query.before and when >= clock(query.before))


__all__ = ["CALIBRATED_MODEL", "Retriever"]
