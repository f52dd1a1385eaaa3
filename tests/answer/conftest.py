"""An archive of articles on a bridge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from answer.bridge_texts import BRIDGE
from helpers import fill, many, row

from rag import Archive, registry


@pytest.fixture
def bridge(archive: Archive, tmp_path: Path) -> Archive:
    about = row("bridge", BRIDGE, title="Old Harbour Bridge to close", source="City Herald", published="2021-05-03")
    fill(archive, about, *many(4))
    return archive


# -- what other packages add -----------------------------------------------------------


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[registry.Kind, str, Any], None]]:
    added: list[tuple[registry.Kind, str]] = []

    def register(kind: registry.Kind, name: str, thing: Any) -> None:
        registry.register(kind, name, thing)
        added.append((kind, name))

    yield register
    for kind, name in added:
        registry.unregister(kind, name)
