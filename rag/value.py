"""The base of all values that flow through OnRecord, and what a citation says of where its words stand today."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["stands", "corrected", "retracted", "overtaken", "disputed", "denied"]
"""What has become of a sentence: it stands; the outlet corrected or withdrew it; later news overtook it; others dispute
or deny it."""

_FORMER = {"also_printed_by": "also_published_by", "twins": "duplicates", "millis": "timings_ms"}
"""Python names of the release before, which schema 1 keeps in JSON."""


class Value(BaseModel):
    """Base: frozen, and no unknown fields. JSON has the names of schema 1: the aliases, where a field has one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A field by the name it had in the release before; gone with the next."""
            new = _FORMER.get(name)
            if new is None or new not in type(self).model_fields:
                return super().__getattr__(name)
            owner = type(self).__name__
            warnings.warn(f"{owner}.{name} is now {owner}.{new}.", DeprecationWarning, stacklevel=2)
            return getattr(self, new)


class Superseding(Value):
    """The words because of which a quote does not stand as it is; ``article.text[s.start:s.end] == s.quote``."""

    article_id: str
    start: int
    end: int
    quote: str
    title: str
    source: str | None = None
    published: datetime | None = None
    url: str | None = None
    confidence: float
    """How sure the link between the two is, 0 to 1; those below a bound are not kept."""


__all__ = ["Status", "Superseding", "Value"]
