"""docs/extending.md: each example is installed as a package would be, and run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers import ROOT, python

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs/extending.md").read_text("utf-8")
_FILE = re.compile(r"`([\w/]+\.(?:py|toml))`")
_PACKAGE = re.compile(r"here `(\w+)/`")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """A section of the page: the new file, the entry point, a program that uses it."""

    file: str
    code: str
    entry_points: str
    use: str


def examples() -> dict[str, Example]:
    """Of the page, by heading."""
    found = {}
    for section in PAGE.split("\n## ")[1:]:
        (code, points, use) = (block for _, block in _BLOCK.findall(section))
        name = _FILE.search(section)
        assert name
        folder = _PACKAGE.search(section)
        found[section.splitlines()[0]] = Example(f"{folder[1]}/{name[1]}" if folder else name[1], code, points, use)
    return found


EXAMPLES = examples()


def install(example: Example, folder: Path) -> None:
    """Put an example where Python finds it, with its entry point as pip writes it."""
    file = folder / example.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(example.code, "utf-8")
    info = folder / "example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    points = example.entry_points.replace('[project.entry-points."', "[").replace('"]', "]").replace('"', "")
    (info / "entry_points.txt").write_text(points)


def test_the_page_has_the_five_examples_it_names() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("heading", EXAMPLES)
def test_an_example_runs(heading: str, tmp_path: Path) -> None:
    example = EXAMPLES[heading]
    install(example, tmp_path / "site")
    work = tmp_path / "work"
    work.mkdir()
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{example.use}"
    done = python(code, cwd=work)
    assert done.returncode == 0, done.stderr


def test_the_page_names_every_kind_of_plug_in() -> None:
    from rag import registry

    assert set(re.findall(r"^\| `onrecord\.(\w+)`", PAGE, re.MULTILINE)) == set(registry._KINDS)
