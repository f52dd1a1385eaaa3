"""Writes the table of modules in docs/architecture.md from the modules' docstrings.

python docs/module_table.py            writes it
python docs/module_table.py --check    says whether it is up to date; exit code 1 where it isn't
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- modules: made by docs/module_table.py -->\n", "<!-- end of modules -->\n"
FOLDERS = ("rag", "ui")


def table() -> str:
    """The table, a package a section of it."""
    lines = ["| module | what it does |", "|---|---|"]
    for file in _files():
        name = file.relative_to(ROOT).as_posix()
        package = file.name == "__init__.py"
        shown = f"**`{name.removesuffix('__init__.py')}`**" if package else f"`{name}`"
        lines.append(f"| {shown} | {_summary(file)} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """A page with the table as it is now.

    Raises:
        ValueError: The page has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} needs the lines {BEGIN.strip()!r} and {END.strip()!r}.")
    return f"{before}{begin}{table()}{end}{after}"


def _files() -> Iterator[Path]:
    for folder in FOLDERS:
        found = [f for f in (ROOT / folder).rglob("*.py") if f.name != "__main__.py"]
        yield from sorted(found, key=lambda f: (f.parent.as_posix(), f.name != "__init__.py", f.name))


def _summary(file: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    first = " ".join(docstring.partition("\n\n")[0].split())
    return first.rstrip(".").replace("|", "\\|")


def main() -> int:
    """Write, or check."""
    old = PAGE.read_text("utf-8")
    new = page(old)
    if "--check" in sys.argv[1:]:
        print("up to date" if new == old else f"{PAGE.name} is out of date. Run: python docs/module_table.py")
        return int(new != old)
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
