"""Commands run in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli.commands import LINE
from helpers import command_line, fill, many

from rag import Archive
from rag.testing import FakeChat, FakeEmbeddings


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chat: FakeChat) -> Any:
    """The command line within this process, with fakes for the models."""
    return command_line(monkeypatch, capsys, chat)


@pytest.fixture
def ports(cli: Any, chat: FakeChat, tmp_path: Path) -> Path:
    """An archive of six storms."""
    chat.replies = [f"{LINE} [1]"]
    with Archive.open(tmp_path / "ports", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(6))
    return tmp_path / "ports"
