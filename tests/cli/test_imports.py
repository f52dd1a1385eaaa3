"""The command line stands on the library alone: it needs no page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from helpers import python

import rag.cli

FILES = sorted(f for f in Path(rag.cli.__file__).parent.glob("*.py") if f.name != "serving.py")
"""All but the one that starts the page."""


def imported(file: Path) -> set[str]:
    """The modules a file names in its imports, those inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_no_command_imports_the_page(file: Path) -> None:
    assert not {name for name in imported(file) if name == "rag.ui" or name.startswith("rag.ui.")}


def test_printing_a_time_does_not_load_the_page() -> None:
    done = python(
        "import sys\nfrom rag.cli.printing import print_time\nfrom rag.cli.terminal import rich_console\n"
        "from rag.types import Time\n"
        "print_time(rich_console(stderr=True), Time(phrase='latest', kind='latest'))\n"
        "print(sorted(name for name in sys.modules if name.split('.')[:2] == ['rag', 'ui']))"
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
