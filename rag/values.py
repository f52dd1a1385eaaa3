"""The base of the values that flow through OnRecord: frozen, strict about names, with those of the release before."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

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


__all__ = ["Value"]
