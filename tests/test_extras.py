"""Libraries that are not installed are asked for in one line that says how to get them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rag.errors import ExtraMissing, ModelMissing
from rag.extras import install_command, require


def test_a_library_that_is_there_is_returned() -> None:
    assert require("json", extra="documents", what="Reading JSON").loads("[1]") == [1]
    assert require("os.path", extra="documents", what="Paths").join("a", "b")


def test_one_line_says_what_is_missing_and_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ExtraMissing) as e:
        require("docx", extra="documents", what="Reading Word files", package="python-docx")
    assert str(e.value) == (
        'Reading Word files needs python-docx, which is not installed. Run: pip install "onrecord[documents]"'
    )
    assert isinstance(e.value, ModelMissing)


def test_a_submodule_is_named_by_its_package() -> None:
    with pytest.raises(ExtraMissing, match=r"^Reading needs no_such_library, which is not installed\. Run: pip"):
        require("no_such_library.part", extra="documents", what="Reading")


def test_a_library_that_is_there_and_broken_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_library.py").write_text("import another_that_is_absent\n")
    (tmp_path / "half_library.py").write_text("raise ImportError('libx.so.1: no such file\\nand more')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ExtraMissing) as e:
        require("broken_library", extra="local", what="Embedding")
    assert "can't be loaded (No module named 'another_that_is_absent')" in str(e.value)
    with pytest.raises(ExtraMissing) as e:
        require("half_library", extra="local", what="Embedding")
    assert "can't be loaded (libx.so.1: no such file). Run:" in str(e.value)
    assert "\n" not in str(e.value)


def test_the_command_is_what_a_shell_takes() -> None:
    assert install_command("local") == 'pip install "onrecord[local]"'
