"""Which lists of words a lexicon may have: one class a section, named after the part of the program that reads it.

A ``frozenset[str]`` is looked up in, a ``tuple[str, ...]`` keeps its order and mostly becomes a part of a regular
expression. What the words are for is told in the language's file, beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Detection:
    """What a language is known by (``rag/text/detect.py``)."""

    stop_words: tuple[str, ...]
    letters: tuple[str, ...]


SECTIONS: Mapping[str, type[Any]] = {
    "detection": Detection,
}
"""The sections of a lexicon's file."""
