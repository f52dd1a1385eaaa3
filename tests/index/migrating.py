"""A process that moves a catalog, and is killed in the middle."""

from __future__ import annotations

import importlib
import os
import signal
from typing import Any

from rag import Archive
from rag.testing import FakeEmbeddings


def main(folder: str, to: str, where: str, then: str, nth: str) -> None:
    """Move the catalog of an archive, and end by SIGKILL at a certain call.

    Args:
        folder: The archive's.
        to: Where its catalog goes.
        where: The function that is not got beyond, as "module:Class.name".
        then: "before" or "after" its call.
        nth: Which one of its calls.
    """
    module, _, name = where.rpartition(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    true, calls = getattr(owner, last), 0

    def killing(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < int(nth):
            return true(*args, **more)
        if then == "after":
            true(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, last, killing)
    with Archive.open(folder, chat_model="none", embeddings=FakeEmbeddings()) as archive:
        archive.migrate_catalog(to)
