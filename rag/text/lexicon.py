"""The words of a language, as data: ``rag/lexicon/<language>.toml``, read once into a frozen ``Lexicon``.

Grammar is code, words are data. A file has a section for each part of the program that knows the language::

    [detection]
    stop_words = '''der die und in den'''

    [speaker]
    nobodys = '''article report; the news'''

A list is one string. Its entries stand apart by white space, or by semicolons where one of them has a space itself; an
array does as well, where entries have both. Entries are parts of regular expressions ("comments?") where a section says
so. Strings in ''' are read much faster than arrays.

A language need not have every section. A section that is there has all of its lists and no others: the classes in
``rag/text/word_lists.py`` say which.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from rag.errors import LexiconError
from rag.text.word_lists import SECTIONS

S = TypeVar("S")

_FOLDER = "rag.lexicon"


@dataclass(frozen=True)
class Lexicon:
    """What the program knows of a language's words."""

    language: str
    """ISO 639-1."""
    sections: Mapping[str, Any]
    """A value of the section's class by the section's name."""

    def section(self, kind: type[S]) -> S:
        """The lists of one part of the program.

        Args:
            kind: A class of ``rag/text/word_lists.py``.

        Raises:
            LexiconError: The language has no such section.
        """
        name = _NAMES[kind]
        if name not in self.sections:
            raise LexiconError(f"The lexicon of {self.language!r} has no section [{name}]. Add it to the file.")
        found: S = self.sections[name]
        return found

    def has(self, kind: type[Any]) -> bool:
        """Whether the language has a section."""
        return _NAMES[kind] in self.sections


_NAMES: Mapping[type[Any], str] = {kind: name for name, kind in SECTIONS.items()}


@cache
def lexicon(language: str) -> Lexicon:
    """The words of a language: one that comes with the program, or of an installed package.

    Args:
        language: ISO 639-1.

    Raises:
        LexiconError: Nobody brings the language, or its file is malformed.
    """
    file = resources.files(_FOLDER) / f"{language}.toml"
    if not (language.isalpha() and file.is_file()):
        if language not in (brought := _brought()):
            raise LexiconError(
                f"There is no lexicon of {language!r}. There are: {', '.join(languages())}. "
                "A package can bring one by the entry point group onrecord.languages."
            )
        file = brought[language]
    return parse(file.read_text("utf-8"), language)


@cache
def languages() -> tuple[str, ...]:
    """All languages that have a lexicon, in alphabetical order."""
    ours = {f.name.removesuffix(".toml") for f in resources.files(_FOLDER).iterdir() if f.name.endswith(".toml")}
    return tuple(sorted({name for name in ours if len(name) == 2} | _brought().keys()))


@cache
def having(kind: type[S]) -> Mapping[str, S]:
    """One section of every language that has it, by language."""
    return {name: found.section(kind) for name in languages() if (found := lexicon(name)).has(kind)}


def parse(text: str, language: str) -> Lexicon:
    """Read a lexicon from the text of its file.

    Raises:
        LexiconError: It is no TOML, has sections or lists that the program does not know, or lacks a list.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise LexiconError(f"The lexicon of {language!r} is no TOML: {e}. Mend the file.") from e
    _same(f"The lexicon of {language!r}", set(written), set(SECTIONS), partly=True)
    return Lexicon(language, {name: _section(language, name, lists) for name, lists in written.items()})


def alternation(*lists: Iterable[str]) -> str:
    """Lists of words as a part of a regular expression, "longest|shorter", the longest first.

    Where two begin alike ("call", "call for"), the longer one has to be tried before the shorter. Entries are not
    escaped: they may be regular expressions themselves.
    """
    entries = dict.fromkeys(entry for one in lists for entry in (sorted(one) if isinstance(one, frozenset) else one))
    return "|".join(sorted(entries, key=len, reverse=True))


def _section(language: str, name: str, lists: Any) -> Any:
    kind: Any = SECTIONS[name]
    where = f"Section [{name}] of the lexicon of {language!r}"
    if not isinstance(lists, dict):
        raise LexiconError(f"{where} is no section. Write [{name}] on a line of its own.")
    _same(where, set(lists), {f.name for f in fields(kind)})
    types = _types(kind)
    return kind(**{key: types[key](_entries(f"{key} in {where}", value)) for key, value in lists.items()})


@cache
def _types(kind: Any) -> dict[str, Any]:
    """The class of each list of a section, which is made of its entries: a tuple or a frozen set."""
    return {name: frozenset if hint == frozenset[str] else tuple for name, hint in get_type_hints(kind).items()}


def _entries(where: str, value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (" ".join(e.split()) for e in value.split(";") if e.strip()) if ";" in value else value.split()
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return value
    raise LexiconError(f"{where} is no list of words. Write one string, or an array of strings.")


def _same(where: str, found: set[str], known: set[str], *, partly: bool = False) -> None:
    if strange := sorted(found - known):
        raise LexiconError(f"{where} has {', '.join(strange)}, which the program does not know. Remove or rename it.")
    if not partly and (missing := sorted(known - found)):
        raise LexiconError(f"{where} lacks {', '.join(missing)}. Add it; an empty list is '''''' .")


def _brought() -> dict[str, Traversable]:
    """Files of languages that installed packages bring, by language."""
    try:
        registry = import_module("rag.registry")
    except ModuleNotFoundError:
        return {}
    return {name: Path(f) if isinstance(f, str) else f for name, f in registry.languages().items()}
