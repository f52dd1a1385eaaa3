"""One is told as one, everywhere: every count that a text for people has goes through ``count``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.text.counting import count

ROOT = Path(__file__).parents[2]
_COUNTED = re.compile(
    r" (?:(?!has|of|is)[a-z]+ )?(?:articles|passages|quotes|files|questions|events|rows|outlets|answers|sentences|"
    r"conversations|cases|collections|claims|vectors|characters|letters|entries|lines|words|versions|sources|addresses|users|pages)\b"
)
_CONSTANT = re.compile(r"_?[A-Z][A-Z_]+")


@pytest.mark.parametrize(
    ("n", "told"), [(0, "0 articles"), (1, "1 article"), (2, "2 articles"), (1200, "1,200 articles")]
)
def test_a_count_is_told_with_its_noun(n: int, told: str) -> None:
    assert count(n, "article") == told


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    assert [count(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_no_text_counts_by_itself() -> None:
    """An f-string with a number before a plural says "1 articles" sooner or later."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for folder in ("rag", "ui")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in _plurals(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


def _plurals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        for value, after in zip(node.values, node.values[1:], strict=False) if isinstance(node, ast.JoinedStr) else ():
            if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                told = ast.unparse(value.value)
                if _COUNTED.match(str(after.value)) and not _fixed(value.value):
                    yield value.lineno, f"{told}{after.value}"


def _fixed(value: ast.expr) -> bool:
    """Whether it is a bound of the program's own, which is never one, or a text that is put together."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Attribute) and value.func.attr == "join"
    names = [n.id for n in ast.walk(value) if isinstance(n, ast.Name)]
    return bool(names) and all(_CONSTANT.fullmatch(n) for n in names)
