"""The lexicon: a file is read as its classes say, and refused with a reason where it isn't as they say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import ROOT

from rag.errors import LexiconError
from rag.text import lexicon as module
from rag.text.detect import detect_language
from rag.text.lexicon import alternation, having, languages, lexicon, parse
from rag.text.word_lists import SECTIONS, Detection

GOOD = "[detection]\nstop_words = '''xa xe'''\nletters = ''"


def test_every_language_is_read() -> None:
    assert {"en", "de", "es", "fr", "tr", "zh"} <= set(languages())
    for language in languages():
        assert lexicon(language).language == language
        assert lexicon(language) is lexicon(language)


def test_lists_are_split_at_spaces_or_at_semicolons() -> None:
    assert parse(GOOD, "xx").section(Detection) == Detection(("xa", "xe"), ())
    spaced = parse("[detection]\nstop_words = '''of the;\nin  a; '''\nletters = ['a b', 'c']", "xx")
    assert spaced.section(Detection) == Detection(("of the", "in a"), ("a b", "c"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[speling]\nx = ''", "has speling, which the program does not know"),
        ("[detection\nx = ''", "has lists outside of sections"),
        (f"{GOOD}\n{GOOD}", "a section twice"),
        (f"{GOOD}\nmore = ''", r"Section \[detection\] of the lexicon of 'xx' has more"),
        ("[detection]\nletters = ''", "lacks stop_words. Add it"),
        ("[detection]\nletters = 5\nstop_words = ''", "letters in .* is no list of words"),
        ("[detection]\nletters = [5]\nstop_words = ''", "is no list of words"),
        ("[detection]\nletters = ''stop", "is no TOML"),
    ],
)
def test_a_malformed_file_is_refused(text: str, says: str) -> None:
    with pytest.raises(LexiconError, match=says):
        parse(text, "xx").section(Detection)


def test_sections_are_read_as_toml_reads_them() -> None:
    for file in (f for f in (ROOT / "rag/lexicon").glob("*.toml") if f.stem != "calendar"):
        for name, lists in tomllib.loads(file.read_text("utf-8")).items():
            section = lexicon(file.stem).section(SECTIONS[name])
            assert set(section._asdict()) == set(lists)
            assert all(type(found) in (tuple, frozenset) for found in section)


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(LexiconError, match=r"There is no lexicon of 'xx'\. There are: .*en.*onrecord\.languages"):
        lexicon("xx")
    with pytest.raises(LexiconError, match="There is no lexicon"):
        lexicon("../en")
    with pytest.raises(LexiconError, match=r"The lexicon of 'xx' has no section \[detection\]"):
        parse("", "xx").section(Detection)


def test_an_installed_package_brings_a_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "words.toml"
    file.write_text(GOOD, "utf-8")
    monkeypatch.setitem(sys.modules, "rag.registry", SimpleNamespace(languages=lambda: {"xx": file, "en": file}))
    _forget()
    try:
        assert "xx" in languages()
        assert having(Detection)["xx"].stop_words == ("xa", "xe")
        assert "the" in having(Detection)["en"].stop_words, "ours come first"
    finally:
        monkeypatch.undo()
        _forget()
    assert "xx" not in languages()


def _forget() -> None:
    for function in (module.lexicon, module.languages, module.having, module._brought):
        function.cache_clear()


def test_alternatives_are_tried_longest_first() -> None:
    assert alternation(("call", "call for", "ask")) == "call for|call|ask"
    assert alternation(frozenset(("b", "a")), ("cc", "a")) == "cc|a|b"
    assert re.match(alternation(("call", "call for")), "call for it")[0] == "call for"  # type: ignore[index]


def test_each_section_is_used_by_a_language() -> None:
    for kind in SECTIONS.values():
        assert having(kind) or lexicon("web").has(kind), kind


def test_languages_are_told_apart() -> None:
    assert detect_language("Wer hat die Wahl gewonnen und was ist passiert?") == "de"
    assert detect_language("¿Quién ganó las elecciones?") == "es"


def test_importing_the_package_reads_no_words() -> None:
    code = "import sys, rag; sys.exit('rag.text.lexicon' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
