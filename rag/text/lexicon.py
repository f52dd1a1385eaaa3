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

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import LexiconError
from rag.text.word_lists import SECTIONS

S = TypeVar("S")

_FOLDER = "rag.lexicon"
_HEADER = re.compile(r"^\[(\w+)\][ \t]*$", re.MULTILINE)


class Lexicon:
    """What the program knows of a language's words. Sections are read when they are asked for."""

    def __init__(self, language: str, written: Mapping[str, str]) -> None:
        """Take the TOML of each section; ``parse`` and ``lexicon`` do."""
        self.language = language
        """ISO 639-1."""
        self._written = written
        self._read: dict[str, Any] = {}

    def section(self, kind: type[S]) -> S:
        """The lists of one part of the program.

        Args:
            kind: A class of ``rag/text/word_lists.py``.

        Raises:
            LexiconError: The language has no such section, or one with lists that are unknown or missing.
        """
        name = _NAMES[kind]
        if name not in self._written:
            raise LexiconError(f"The lexicon of {self.language!r} has no section [{name}]. Add it to the file.")
        if name not in self._read:
            self._read[name] = _section(self.language, name, self._written[name])
        found: S = self._read[name]
        return found

    def has(self, kind: type[Any]) -> bool:
        """Whether the language has a section."""
        return _NAMES[kind] in self._written


_NAMES: Mapping[type[Any], str] = {kind: name for name, kind in SECTIONS.items()}


@cache
def lexicon(language: str) -> Lexicon:
    """The words of a language: one that comes with the program, or of an installed package.

    Args:
        language: ISO 639-1.

    Raises:
        LexiconError: Nobody brings the language, or its file is malformed.
    """
    file = _ours().get(language)
    if file is None and (file := _brought().get(language)) is None:
        raise LexiconError(
            f"There is no lexicon of {language!r}. There are: {', '.join(languages())}. "
            "A package can bring one by the entry point group onrecord.languages."
        )
    return parse(file.read_text("utf-8"), language)


@cache
def languages() -> tuple[str, ...]:
    """All languages that have a lexicon, in alphabetical order."""
    return tuple(sorted({name for name in _ours() if len(name) == 2} | _brought().keys()))


@cache
def having(kind: type[S]) -> Mapping[str, S]:
    """One section of every language that has it, by language."""
    return {name: found.section(kind) for name in languages() if (found := lexicon(name)).has(kind)}


def parse(text: str, language: str) -> Lexicon:
    """A lexicon from the text of its file.

    Only the sections' headers are read here: all lists of twenty languages would take 20 ms, and hardly any are needed
    at once.

    Raises:
        LexiconError: It has sections that the program does not know, or none.
    """
    before, *parts = _HEADER.split(text)
    written = dict(zip(parts[::2], parts[1::2], strict=True))
    if len(parts) != 2 * len(written) or any(line and line[0] != "#" for line in before.splitlines()):
        raise LexiconError(
            f"The lexicon of {language!r} has lists outside of sections, or a section twice. Mend the file."
        )
    _same(f"The lexicon of {language!r}", set(written), set(SECTIONS), partly=True)
    return Lexicon(language, written)


def alternation(*lists: Iterable[str]) -> str:
    """Lists of words as a part of a regular expression, "longest|shorter", the longest first.

    Where two begin alike ("call", "call for"), the longer one has to be tried before the shorter. Entries are not
    escaped: they may be regular expressions themselves.
    """
    entries = dict.fromkeys(entry for one in lists for entry in (sorted(one) if isinstance(one, frozenset) else one))
    return "|".join(sorted(entries, key=len, reverse=True))


def _section(language: str, name: str, text: str) -> Any:
    kind: Any = SECTIONS[name]
    where = f"Section [{name}] of the lexicon of {language!r}"
    try:
        lists = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise LexiconError(f"{where} is no TOML: {e}. Mend the file.") from e
    types = kind.__annotations__
    _same(where, set(lists), set(types))
    made = {key: _entries(f"{key} in {where}", value) for key, value in lists.items()}
    return kind(**{key: frozenset(e) if types[key] == frozenset[str] else tuple(e) for key, e in made.items()})


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


@cache
def _ours() -> dict[str, Traversable]:
    """The program's own files by name: languages, and ``web``."""
    return {f.name.removesuffix(".toml"): f for f in resources.files(_FOLDER).iterdir() if f.name.endswith(".toml")}


@cache
def _brought() -> dict[str, Traversable]:
    """Files of languages that installed packages bring, by language."""
    try:
        registry = import_module("rag.registry")
    except ModuleNotFoundError:
        return {}
    return {name: Path(f) if isinstance(f, str) else f for name, f in registry.languages().items()}
