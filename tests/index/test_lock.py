"""The write lock beside syncs, which hold it for moments: others wait for those, and for nobody else."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

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


@pytest.mark.parametrize("says", [SYNC, ""])
def test_who_has_taken_the_lock_and_not_yet_said_for_what_is_no_stranger(tmp_path: Path, says: str) -> None:
    """A sync takes the lock again and again; what comes between that and its word is not refused."""
    lock, there = FileLock(tmp_path / "write.lock"), threading.Event()

    def hold() -> None:
        with lock:
            there.set()
            time.sleep(0.2)
            if says:
                (tmp_path / "write.holder").write_text(json.dumps({"what": says}))
                time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    there.wait(5)
    with write_lock(tmp_path, "ingest"):
        assert json.loads((tmp_path / "write.holder").read_text())["what"] == "ingest"
    thread.join()


def test_one_sync_runs_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(ArchiveLocked, match="Another sync")
    with sync_lock(tmp_path), refused, sync_lock(tmp_path):
        pass
    with sync_lock(tmp_path):
        pass
