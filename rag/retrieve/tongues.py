"""A question's language, those of the articles, and how much each arm counts where the two are not the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from rag.types import FoundBy, Query

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rag.index.bridge import Bridge
    from rag.index.stores import Stores

CALIBRATED_MODEL = "all-MiniLM"
"""The embedding model that confidence was fitted for, and that knows English only."""
ACROSS: dict[FoundBy, float] = {"dense": 3.0, "lexical": 0.3}
"""How much more or less an arm counts for a passage in another language than the question's. Words say little across
languages. A passage in the question's language has places in three rankings, by vectors, words and whole articles; one
in another has its vector alone, which gets the weight of all three. ``benchmarks/fit/across.py`` has measured it."""
BLIND = 0.01
"""Weight of the dense arm in a language its model doesn't know: less than a place in the lexical ranking's first 20."""
_ENOUGH = 20
"""Letters of a question in which its language is seldom mistaken."""

Fit = Literal["english", "across", "any"]
"""What a confidence is fitted for: "english", the default embedding model, asked in English; "across", the same model,
asked in another language by a bridge; "any", any model and language, without cosines."""
Factor = Callable[[str], float]
"""A passage's id → what its share of an arm's ranking is multiplied by."""


class Tongues:
    """What languages an archive's questions and passages are in. Safe to use from several threads."""

    def __init__(self, stores: Stores) -> None:
        """Take the stores of an archive; nothing is opened yet."""
        self._stores = stores
        self._there: tuple[int, tuple[str, ...]] | None = None

    def of_archive(self, question: str) -> str:
        """The question's language, as far as the archive has articles in it: a few words are easily mistaken."""
        return _among(question, self._languages())

    def of_question(self, question: str) -> str:
        """The question's language, even where the archive has no article in it, if its words leave little doubt.

        Of XQuAD's questions 98 % of the English ones are told so in a Turkish archive, 97 % of the Turkish ones and all
        of the Chinese ones in an English archive, and 99.7 % of the English ones in their own.
        """
        return _of_question(question, self._languages())

    def read(self, language: str) -> bool:
        """Whether the embedding model knows a language; one that doesn't say which it knows is taken to know all."""
        known = self._known()
        return known is None or language in known

    def reads(self, query: Query) -> bool:
        """Whether a question's vector says anything of passages: the embedding model's own, or a bridge's."""
        there = self._languages()
        return self._bridge(query, there) is not None or self.read(_among(query.standalone, there))

    def bridge(self, query: Query) -> Bridge | None:
        """What embeds a question in a language that the embedding model doesn't know; None where nothing is needed.

        None as well where nothing does it: another embedding model, the weights aren't installed, or no article is in
        a language that the embedding model knows.
        """
        return self._bridge(query, self._languages())

    def _bridge(self, query: Query, there: tuple[str, ...]) -> Bridge | None:
        bridge: Bridge | None = getattr(self._stores.embedder, "bridge", None)
        known = self._known()
        if bridge is None or known is None or not known.intersection(there):
            return None
        asked = _of_question(query.standalone, there)
        return bridge if asked not in known and asked in bridge.languages and bridge.installed else None

    def vector(self, query: Query) -> npt.NDArray[np.float32]:
        """A question's vector among those of the passages: float32, shape (dim,), length 1."""
        return (self.bridge(query) or self._stores.embedder).query(query.looked_for)

    def across(self, query: Query, arm: FoundBy) -> Factor | None:
        """How an arm's share of a passage changes with the passage's language; None: it doesn't.

        Only an embedding model that says that it knows several languages puts their texts into one space, or one with a
        bridge to it.

        Args:
            query: The question.
            arm: What has found the passages.
        """
        known = self._known()
        if known is None or arm not in ACROSS:
            return None
        there = self._languages()
        asked = _of_question(query.standalone, there)
        bridged = self._bridge(query, there) is not None
        if not bridged and (len(known) < 2 or asked not in known or not any(language != asked for language in there)):
            return None
        factor = ACROSS[arm]
        unread = BLIND if bridged and arm == "dense" else 1.0
        found: dict[str, str | None] = {}

        def of(passage_id: str) -> float:
            article = passage_id.partition(":")[0]
            if article not in found:
                found.update(self._stores.catalog.languages_of([article]))
            language = found.get(article)
            if language is None or language == asked:
                return unread
            return factor if language in known else unread

        return of

    def _known(self) -> frozenset[str] | None:
        embedder = self._stores.embedder
        known: Iterable[str] | None = getattr(embedder, "languages", None)
        if known is None:
            return frozenset({"en"}) if embedder.name.startswith(CALIBRATED_MODEL) else None
        return frozenset(known)

    def _languages(self) -> tuple[str, ...]:
        """Those of the archive's articles, the most common one first."""
        generation = self._stores.catalog.generation
        if self._there is None or self._there[0] != generation:
            self._there = generation, tuple(self._stores.catalog.coverage()["languages"])
        return self._there[1]


def _among(question: str, there: tuple[str, ...]) -> str:
    """A question's language among those of an archive's articles, the most common one first; any where it has none."""
    from rag.text.detect import detect_question

    detected = detect_question(question)
    return detected if detected in there or not there else there[0]


def _of_question(question: str, there: tuple[str, ...]) -> str:
    """A question's language, also where no article is in it, if its words leave little doubt."""
    from rag.text.detect import certain_language, detect_question

    detected = detect_question(question)
    if detected in there or not there:
        return detected
    # English is also what is told of words that nothing is known of.
    sure = certain_language(question) == "en" if detected == "en" else len(question) >= _ENOUGH or _spelt(question)
    return detected if sure else there[0]


def _spelt(text: str) -> bool:
    """Whether a text is in another script than Latin, at least a third of it."""
    letters = [c for c in text if c.isalpha()]
    return 3 * sum(c > "\u024f" for c in letters) > len(letters)


__all__ = ["ACROSS", "BLIND", "CALIBRATED_MODEL", "Factor", "Fit", "Tongues"]
