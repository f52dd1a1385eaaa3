"""The write lock beside syncs, which hold it for moments: others wait for those, and for nobody else."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from rag.errors import ArchiveLocked
from rag.index.lock import SYNC, sync_lock, write_lock


def held(folder: Path, what: str, seconds: float) -> threading.Thread:
    """Hold the lock in a thread for a while."""
    there = threading.Event()

    def hold() -> None:
        with write_lock(folder, what):
            there.set()
            time.sleep(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    there.wait(5)
    return thread


def test_a_sync_is_waited_for(tmp_path: Path) -> None:
    thread = held(tmp_path, SYNC, 0.5)
    with write_lock(tmp_path, "ingest"):
        assert not (thread.join(1) or thread.is_alive())


@pytest.mark.parametrize(("holder", "wants"), [("ingest", "delete"), (SYNC, SYNC), ("ingest", SYNC)])
def test_nobody_else_is(tmp_path: Path, holder: str, wants: str) -> None:
    thread = held(tmp_path, holder, 0.5)
    with pytest.raises(ArchiveLocked), write_lock(tmp_path, wants):
        pass
    thread.join()


def test_one_sync_runs_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(ArchiveLocked, match="Another sync")
    with sync_lock(tmp_path), refused, sync_lock(tmp_path):
        pass
    with sync_lock(tmp_path):
        pass
