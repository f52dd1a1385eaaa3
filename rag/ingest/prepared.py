"""What ingest hands to the catalog: an article that is cleaned, split, embedded and searched for quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import PrivateAttr

from rag.types import QuoteSpan, RawArticle, Sentence

Split = tuple[str, list[Sentence], list[tuple[int, int]]]
"""Language, sentences and passages (half-open runs of sentences) of an article."""


class Cleaned(RawArticle):
    """An article that was cleaned and split already, elsewhere; under another key it still is."""

    _split: Split | None = PrivateAttr(None)

    @classmethod
    def of(cls, draft: RawArticle, split: Split) -> Cleaned:
        """A cleaned article with what it was split into."""
        made = cls.model_construct(**dict(draft))
        made._split = split
        return made

    @property
    def parts(self) -> Split:
        """What it was split into."""
        assert self._split is not None
        return self._split


@dataclass(frozen=True)
class Prepared:
    """A cleaned, split and embedded article, ready to be stored."""

    draft: RawArticle
    language: str
    sentences: Sequence[Sentence]
    runs: Sequence[tuple[int, int]]
    """Passages, as half-open runs of sentences."""
    vectors: npt.NDArray[np.float16]
    """Shape (len(runs), dim), rows of length 1."""
    quotes: Sequence[QuoteSpan] | None = None
    """Who said what in it; None: it has not been searched for quotes."""
    as_read: Mapping[str, Any] | None = None
    """Of the draft's fields that are set by hand, what the article's file says; None: none is."""
