"""The pages that a program writes are up to date, and every module says what it does."""

from __future__ import annotations

import ast

import pytest
from helpers import ROOT, python
from test_house import MODULES


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
