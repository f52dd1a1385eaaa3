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


@dataclass(frozen=True)
class Rewrite:
    """Follow-up questions (``rag/retrieve/rewrite.py``, ``mentions.py``, ``coreference.py``)."""

    plain: frozenset[str]
    titles: frozenset[str]
    offices: frozenset[str]
    things: frozenset[str]
    name_particles: tuple[str, ...]
    adjective_endings: tuple[str, ...]
    places: tuple[str, ...]
    pronouns_person: tuple[str, ...]
    pronouns_many: tuple[str, ...]
    pronouns_thing: tuple[str, ...]
    owners_person: tuple[str, ...]
    owners_many: tuple[str, ...]
    owners_thing: tuple[str, ...]
    after_object: tuple[str, ...]
    question_words: tuple[str, ...]
    auxiliaries: tuple[str, ...]
    forms_of_be: frozenset[str]
    leads: tuple[str, ...]
    bare_ends: tuple[str, ...]
    bare_prepositions: tuple[str, ...]
    time_prepositions: tuple[str, ...]
    prepositions: tuple[str, ...]
    speech_verbs: tuple[str, ...]
    person_verbs: tuple[str, ...]
    motion_verbs: tuple[str, ...]
    particles: frozenset[str]
    known_things: tuple[str, ...]
    general: tuple[str, ...]


SECTIONS: Mapping[str, type[Any]] = {
    "detection": Detection,
    "rewrite": Rewrite,
}
"""The sections of a lexicon's file."""
