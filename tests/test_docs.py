"""The pages that a program writes are up to date, and every module says what it does."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, python
from test_house import MODULES

from rag import Archive
from rag.testing import FakeEmbeddings


def test_the_table_of_modules_is_what_the_docstrings_say() -> None:
    done = python(
        "import runpy, sys; sys.argv = ['x', '--check']; runpy.run_path('docs/module_table.py', run_name='__main__')",
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_does(name: str) -> None:
    docstring = ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8")))
    assert docstring or name.endswith("__main__")


def test_the_reference_is_what_the_docstrings_say() -> None:
    done = python(
        "import runpy, sys; sys.argv = ['x', '--check']; runpy.run_path('docs/api_pages.py', run_name='__main__')",
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_programs_of_the_page_for_engineers_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them, one after the other, with a stand-in for the embedding model alone."""
    true_open = Archive.open.__func__  # type: ignore[attr-defined]

    def opened(cls: type[Archive], path: Any = None, **rest: Any) -> Archive:
        made: Archive = true_open(cls, path, **{**rest, "embeddings": FakeEmbeddings()})
        return made

    monkeypatch.setattr(Archive, "open", classmethod(opened))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/programs.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 5
    scope: dict[str, Any] = {"__name__": "programs"}
    for block in blocks:
        exec(compile(block, "docs/programs.md", "exec"), scope)
    out = capsys.readouterr().out
    assert "2 ()" in out, "both articles were added"
    assert "`published` is '03/04/2023', which may be 2023-03-04 or 2023-04-03" in out
    assert "\nRetrieved\n" in out and "\nAnswer\n" in out
    assert scope["documents"][0].id
    assert scope["state"]["messages"][-1].name == "onrecord"
