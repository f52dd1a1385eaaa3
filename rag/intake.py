"""The values of an ingest: an article as it was read, what was not taken and why, and what came of it all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from rag.value import Key, Value


def sound(value: Any) -> Any:
    """A value without halves of surrogate pairs, which JSON may bring, and which can't be stored or shown.

    Those that stand for a byte of a file's name become that byte's number, so that two names stay two.
    """
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return "".join(_whole(c) if "\ud800" <= c <= "\udfff" else c for c in value)
        return value
    if isinstance(value, Mapping):
        return {sound(name): sound(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(sound, value)) if type(value) in (list, tuple) else value
    return value


def _whole(half: str) -> str:
    return f"\\x{ord(half) - 0xDC00:02x}" if "\udc80" <= half <= "\udcff" else "\ufffd"


class _Read(Value):
    """What a reader gives: whatever the file holds, its words are whole characters."""

    @model_validator(mode="before")
    @classmethod
    def _sound(cls, told: Any) -> Any:
        return sound(told)


class RawArticle(_Read):
    """An article as a loader found it: not cleaned, not split, not stored."""

    key: str
    """Which article it is: its canonical URL, else its path."""
    title: str = ""
    text: str
    url: str | None = None
    source: str | None = None
    """The outlet."""
    author: str | None = None
    published: datetime | None = None
    """Aware, with the offset it was written with; a date without a time is midnight UTC."""
    unread_date: str | None = None
    """What is written in the place of the day, where that can't be read for certain."""
    language: str | None = None
    """ISO 639-1, where the source states it."""
    aliases: tuple[str, ...] = ()
    """Ids the article has elsewhere."""
    supersedes: tuple[str, ...] = ()
    """Keys or ids of other articles that this one corrects: it becomes their newer version."""
    metadata: Mapping[str, Any] = Field(default_factory=dict)
    """What else is known; "modified" and "version" tell which of two versions of an article is the newer one."""
    origin: str = ""
    """Where it was read: a path, with ``:line`` inside a file of many."""


class Skipped(_Read):
    """Something an ingest did not take, and why."""

    origin: str
    reason: str
    passed: Mapping[str, int] = Field(default_factory=dict)
    """What is no article, or may not enter, by kind and count; empty where something could not be read."""
    withdraws: tuple[str, ...] = ()
    """Keys or ids of articles that this takes down: their publisher has cancelled or killed them."""
    as_of: datetime | None = None
    """When they were withdrawn, where that is told: a version that is newer than that stays."""


class FileResult(Value):
    """What became of the articles of one uploaded file."""

    file: str
    """Its name."""
    added: int = 0
    updated: int = 0
    unchanged: int = 0


class IngestReport(Value):
    """What an ingest did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    withdrawn: int = 0
    """Articles that were there and have been taken down, since their publisher withdrew them."""
    undated: int = 0
    """Articles read in this run without a day, their file's or set by hand, also those that are unchanged."""
    no_source: int = 0
    """The same for those that tell no outlet."""
    undated_keys: tuple[Key, ...] = ()
    """Keys of those that tell no day, the first thousand, so that somebody can set it (``Archive.mend``)."""
    no_source_keys: tuple[Key, ...] = ()
    """The same for those that tell no outlet."""
    unread_dates: int = 0
    """Those of the undated whose file tells a day that can't be read for certain, as ``03/04/2023`` can't."""
    unread_date: str = ""
    """The first of them: where it was read, and what is written there."""
    passages: int = 0
    """Passages embedded in this run."""
    words: int = 0
    seconds: float = 0.0
    files: tuple[FileResult, ...] = ()
    """What became of each file of an upload, in the order in which they came; empty for other ingests."""

    @property
    def read(self) -> int:
        """Articles that were read, whether they were there before or not."""
        return self.added + self.updated + self.unchanged

    @property
    def refused(self) -> tuple[Skipped, ...]:
        """What could not be read; what is no article is not among it."""
        return tuple(skipped for skipped in self.skipped if not skipped.passed)
