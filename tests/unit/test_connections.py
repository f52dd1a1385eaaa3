"""A store keeps connections for threads that live, not for all that ever were."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.index.catalog import Catalog
from rag.index.conversations import Conversations


@pytest.mark.parametrize("kind", ["catalog", "conversations"])
def test_threads_that_end_take_their_connections_along(tmp_path: Path, kind: str) -> None:
    store: Any
    use: Callable[[], object]
    if kind == "catalog":
        store = Catalog(tmp_path / "catalog.sqlite", create=True)
        use = store.counts
    else:
        store = Conversations(tmp_path / "conversations.sqlite")
        store.create("ada")
        use = lambda: store.list("ada")  # noqa: E731
    use()
    for _ in range(30):
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
    gc.collect()  # a connection and its cache of statements refer to each other
    assert len(store._connections) == 1
    store.close()
