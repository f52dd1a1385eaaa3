"""What was set by hand of articles, laid over what is read of them.

An article keeps beside the values that are shown what its file says in their places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.types import QuoteSpan, RawArticle, Sentence

if TYPE_CHECKING:
    from rag.index.catalog import Catalog

MENDED = ("title", "source", "author", "published", "language", "url")
"""Fields that can be set by hand: columns of ``version``. Beside them there is the section, in the metadata."""


def called(field: str) -> str:
    """A field as it is called now: catalogs of the release before have ``outlet`` for ``source``."""
    return "source" if field == "outlet" else field


def read_as_read(column: str | None) -> dict[str, Any]:
    """The column ``as_read``: what an article's file says in the places of what was set by hand."""
    return {called(field): value for field, value in json.loads(column or "{}").items()}


Values = Mapping[str, str | None]
"""Values by field; a day is ISO 8601 with its offset, None is none."""


@dataclass(frozen=True)
class Stored:
    """A current version, as a mending needs it: nothing has to be read, split or embedded again."""

    id: str
    draft: RawArticle
    """The article as its file has it."""
    shown: dict[str, str | None]
    """The fields as they are shown."""
    language: str
    sentences: list[Sentence]
    runs: list[tuple[int, int]]
    vectors: list[npt.NDArray[np.float16]]
    quotes: list[QuoteSpan] | None
    """None: it has not been searched for quotes."""


def amended(draft: RawArticle, values: Values) -> tuple[RawArticle, dict[str, Any]]:
    """An article with the values that were set by hand, and what its file says in their places."""
    as_read: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    for field, value in values.items():
        if field == "section":
            as_read[field] = draft.metadata.get("section")
            metadata = {k: v for k, v in draft.metadata.items() if k != "section"}
            changed["metadata"] = metadata | ({"section": value} if value else {})
        else:
            own = getattr(draft, field)
            as_read[field] = own.isoformat() if isinstance(own, datetime) else own
            changed[field] = (datetime.fromisoformat(value) if value else None) if field == "published" else value
    return draft.model_copy(update=changed), as_read


class Mended:
    """Lays what was set by hand over the articles of a run."""

    def __init__(self, catalog: Catalog) -> None:
        """Take the catalog; nobody mends anything while the run has its lock."""
        self._catalog = catalog
        self._any = catalog.any_mended()

    def applied(self, draft: RawArticle) -> tuple[RawArticle, Mapping[str, Any] | None]:
        """An article as it is to be shown, and what its file says in the places of what was set by hand; else None."""
        values = self._catalog.in_force(draft.key) if self._any else {}
        return amended(draft, values) if values else (draft, None)


__all__ = ["MENDED", "Mended", "Stored", "Values", "amended", "called", "read_as_read"]
