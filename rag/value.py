"""The base of all values that flow through OnRecord, and what a citation says of where its words stand today."""

from __future__ import annotations

import re
import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, PlainSerializer

Status = Literal["stands", "corrected", "retracted", "overtaken", "disputed", "denied"]
"""What has become of a sentence: it stands; the outlet corrected or withdrew it; later news overtook it; others dispute
or deny it."""

_FORMER = {
    "also_printed_by": "also_published_by",
    "twins": "duplicates",
    "millis": "timings_ms",
    "schema": "schema_version",
}
"""Names of fields in schema 1: what was written then is still read (``formerly``)."""


def formerly(name: str) -> AliasChoices:
    """What a field of this name is read from: its name, or the one that it had in schema 1."""
    return AliasChoices(name, *(former for former, new in _FORMER.items() if new == name))


UPLOADED = re.compile(r"(?:^|/)(?=uploads/[0-9a-f]{16}/[^/])")
"""In the key of an article that was uploaded: what stands before ``uploads/HASH/name``, HASH of its content."""


def shown_key(key: str) -> str:
    """An article's key as others are told it: of an upload without the folder of the archive.

    The release before put that folder in front, and an article keeps its key, of which its id is made.
    """
    found = UPLOADED.search(key) if "://" not in key else None
    return key[found.end() :] if found else key


Key = Annotated[str, PlainSerializer(shown_key, return_type=str)]
"""Which article it is; whatever is made of the value (JSON, exports) has it as ``shown_key`` tells it."""


class Value(BaseModel):
    """Base: frozen, and no unknown fields. A field has one name, in Python, in JSON and over every interface."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

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


__all__ = ["UPLOADED", "Key", "Status", "Superseding", "Value", "formerly", "shown_key"]
