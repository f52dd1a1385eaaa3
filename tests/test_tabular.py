"""Lists as files."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

import rag
from rag.tabular import csv_text


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0@", "\ufeff=", "\u200b+", "\x00=", "＝", "＠"]
)
def test_no_cell_is_run_as_a_formula(start: str) -> None:
    """Whatever white space or unseen sign stands before it; its words stay as they are."""
    (_, row) = csv.reader(io.StringIO(csv_text(["a", "b"], [[f"{start}1+1", "plain"]]), newline=""))
    assert row == ["'" + start.replace("\r", "\n") + "1+1", "plain"]


@pytest.mark.parametrize("cell", ["", "plain", "1 + 1", "2024-03-05", "a@b.example", "“-”", "'=", " two"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert next(csv.reader(io.StringIO(csv_text([], [[cell, "x"]]).lstrip("\n")))) == [cell, "x"]


def test_no_other_module_writes_csv() -> None:
    """A second writer would have a guard of its own, or none."""
    there = Path(rag.__file__).parent
    wrote = [p for p in there.rglob("*.py") if re.search(r"csv\.(?:writer|DictWriter)\(", p.read_text("utf-8"))]
    assert [p.relative_to(there).as_posix() for p in wrote] == ["tabular.py"]
