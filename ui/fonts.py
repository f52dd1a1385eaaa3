"""Fonts of this computer for a text: which file has its letters, and which letters none has."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_BASE = ("NotoSans-Regular", "DejaVuSans", "LiberationSans-Regular", "Arial", "arial", "segoeui", "Roboto-Regular")
"""Fonts for most of a text, in the order in which they are taken."""
_MOST = 60
"""Files that are looked into for one letter."""


@dataclass(frozen=True)
class Fonts:
    """What a text is set in."""

    base: Path | None
    """None: this computer has none of the usual ones."""
    bold: Path | None
    italic: Path | None
    more: tuple[Path, ...]
    """For what ``base`` lacks."""
    missing: frozenset[str]
    """Letters that no font has."""


def fonts_for(text: str) -> Fonts:
    """The fonts that a text needs."""
    files = _files()
    base = next((files[name] for name in _BASE if name in files), None)
    wanted = {c for c in text if not c.isspace() and c.isprintable()}
    if base is None:
        return Fonts(None, None, None, (), frozenset(c for c in wanted if not _latin(c)))
    missing = {c for c in wanted if ord(c) not in _letters(base)}
    more: list[Path] = []
    nowhere: set[str] = set()
    while missing:
        letter = min(missing)
        found = next((f for f in _candidates(letter) if ord(letter) in _letters(f)), None)
        if found is None:
            nowhere.add(letter)
            missing.remove(letter)
            continue
        more.append(found)
        missing = {c for c in missing if ord(c) not in _letters(found)}
    return Fonts(base, _cut(base, "Bold"), _cut(base, "Italic", "Oblique"), tuple(more), frozenset(nowhere))


def _cut(base: Path, *names: str) -> Path | None:
    """The bold or italic file beside a font's."""
    stem = base.stem.removesuffix("-Regular")
    found = (_files().get(f"{stem}-{name}") for name in names)
    return next((f for f in found if f), None)


def scripts(letters: Iterable[str]) -> list[str]:
    """What letters belong to, as in "Thai": for people who look for a font."""
    names = {unicodedata.name(c, "OTHER").split()[0] for c in letters}
    return sorted("Chinese, Japanese or Korean" if n in ("CJK", "HANGUL") else n.capitalize() for n in names)


def _latin(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _candidates(letter: str) -> list[Path]:
    """Files that may have a letter, those named after its script first."""
    script = unicodedata.name(letter, "OTHER").split()[0].casefold()
    script = "cjk" if script in ("hangul", "hiragana", "katakana", "fullwidth", "ideographic") else script

    def order(item: tuple[str, Path]) -> tuple[bool, bool, bool, int, str]:
        name = item[0].casefold()
        return script not in name, not name.startswith(("noto", "dejavu")), "serif" in name, len(name), name

    files = [(n, f) for n, f in _files().items() if not any(w in n for w in ("Bold", "Italic", "Oblique", "Emoji"))]
    return [f for _, f in sorted(files, key=order)[:_MOST]]


@cache
def _files() -> dict[str, Path]:
    """Font files by name, those of the person before those of the system."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if file.suffix.lower() in (".ttf", ".otf", ".ttc"):
                found.setdefault(file.stem, file)
    return found


def _folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
        yield Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
    elif sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    else:
        yield from (
            home / ".local/share/fonts",
            home / ".fonts",
            Path("/usr/local/share/fonts"),
            Path("/usr/share/fonts"),
        )
    if (spec := find_spec("matplotlib")) is not None and spec.origin:  # of the extra "eval": it brings one along
        yield Path(spec.origin).parent / "mpl-data/fonts/ttf"


@cache
def _letters(file: Path) -> frozenset[int]:
    """The code points that a font has; none of a file that can't be read."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(file, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, ValueError, KeyError):
        return frozenset()


__all__ = ["Fonts", "fonts_for", "scripts"]
