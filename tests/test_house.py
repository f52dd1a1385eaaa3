"""How the house is built: small files, no import circles, imports one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import ROOT

LONGEST = 500  # lines of a Python file
FOLDERS = {"rag": ROOT / "rag", "rag.ui": ROOT / "ui"}
FLOORS = (
    "text", "ingest", "index", "sources", "cluster", "retrieve", "answer", "record", "archive", "evaluation", "service",
    "ui", "cli",
)  # fmt: skip
"""From the ground up, without what every floor may use. A floor imports what lies below it."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for package, folder in FOLDERS.items():
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            found[".".join([package, *parts]).removesuffix(".__init__")] = file
    return found


MODULES = modules()


def imports(name: str, file: Path) -> Iterator[str]:
    """Modules of ours that a module imports at run time, inside functions too."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in _running(tree):
        if isinstance(node, ast.Import):
            targets = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:  # relative
                above = name.split(".")[: -(node.level - (file.name == "__init__.py")) or None]
                base = ".".join([*above, base]).rstrip(".")
            targets = [f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else base for a in node.names]
        else:
            continue
        yield from (t for t in targets if t in MODULES and t != name)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _running(node)


GRAPH = {name: set(imports(name, file)) for name, file in MODULES.items()}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one module (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in graph[name]:
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in graph:
        if name not in order:
            visit(name)
    return found


@pytest.mark.parametrize("folder", ["rag", "ui", "benchmarks", "tests", "docs"])
def test_no_file_is_long(folder: str) -> None:
    lengths = {str(f.relative_to(ROOT)): len(f.read_bytes().splitlines()) for f in (ROOT / folder).rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_the_public_class_is_short() -> None:
    assert len((ROOT / "rag/archive.py").read_bytes().splitlines()) <= 450


def test_no_import_circle() -> None:
    assert circles(GRAPH) == []


def test_a_circle_would_be_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["b", "c"]]
    assert circles({"a": {"b"}, "b": set()}) == []


def floor(name: str) -> int | None:
    """Which floor a module is on; None: what every floor may use."""
    room = name.split(".")[1] if "." in name else ""
    return FLOORS.index(room) if room in FLOORS else None


def test_imports_go_down() -> None:
    up = {
        f"{name} -> {target}"
        for name, targets in GRAPH.items()
        for target in targets
        if (here := floor(name)) is not None and (there := floor(target)) is not None and there > here
    }
    assert up == set()
