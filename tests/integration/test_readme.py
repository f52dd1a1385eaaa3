"""What the README shows works as it stands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.models
def test_the_python_blocks_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "lowest point since the establishment of diplomatic relations" in printed
    assert "Finished" in printed or "answer=" in printed
    assert "\nnot_told " in printed


def test_every_command_shown_exists() -> None:
    from typer.main import get_command

    from rag.cli import app

    shown = set(re.findall(r"^    (?:\$ )?onrecord (\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert shown == known, "the README shows every command, and only those there are"
