"""A store keeps connections for threads that live, and lets nobody close one that is at work."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ArchiveError
from rag.index.catalog import Catalog
from rag.index.conversations import Conversations


def opened(kind: str, folder: Path) -> tuple[Any, Callable[[], object]]:
    """A store, and a way to use it."""
    if kind == "catalog":
        catalog = Catalog(folder / "catalog.sqlite", create=True)
        return catalog, catalog.counts
    kept = Conversations(folder / "conversations.sqlite")
    kept.create("ada")
    return kept, lambda: kept.list("ada")


@pytest.mark.parametrize("kind", ["catalog", "conversations"])
def test_threads_that_end_take_their_connections_along(tmp_path: Path, kind: str) -> None:
    store, use = opened(kind, tmp_path)
    use()
    for _ in range(30):
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
    gc.collect()  # a connection and its cache of statements refer to each other
    assert len(store._connections) == 1
    store.close()
    assert len(store._connections) == 0


@pytest.mark.parametrize("kind", ["catalog", "conversations"])
def test_what_was_closed_meanwhile_is_said_and_can_be_used_again(tmp_path: Path, kind: str) -> None:
    store, use = opened(kind, tmp_path)
    rows = store._db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9) SELECT i FROM n")
    assert next(rows)["i"] == 1
    store.close()
    with pytest.raises(ArchiveError, match=r"closed while it was in use.*Archive\.open"):
        next(rows)
    use()
    store.close()


CLOSE_WHILE_OTHERS_READ = """
import sys, threading, time
from pathlib import Path
from rag.errors import ArchiveError
from rag.index.catalog import Catalog

catalog = Catalog(Path(sys.argv[1]), create=True)
numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)"
slow = f"{numbers} SELECT sum(length(replace(hex(zeroblob(4000)), '0', i))) FROM n"
end = time.monotonic() + 3

def read():
    while time.monotonic() < end:
        try:
            assert catalog._db.execute(slow).fetchone()[0] > 0
        except ArchiveError:
            pass

def guarded():
    try:
        read()
    except BaseException as e:
        odd.append(e)

odd = []
threads = [threading.Thread(target=guarded) for _ in range(4)]
for thread in threads:
    thread.start()
while time.monotonic() < end:
    time.sleep(0.005)
    catalog.close()
for thread in threads:
    thread.join()
sys.exit(repr(odd) if odd else 0)
"""


def test_closing_while_others_read_takes_nothing_down(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSE_WHILE_OTHERS_READ, str(tmp_path / "catalog.sqlite")],
        capture_output=True, text=True, check=False, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


READ_THROUGH = """
import sys, threading
from pathlib import Path
import psutil
from rag.index.catalog import Catalog

catalog = Catalog(Path(sys.argv[1]), create=True)
db = catalog._connections.current()
db.execute("CREATE TABLE much (words TEXT)")
db.executemany("INSERT INTO much VALUES (?)", [("x" * 1000,)] * 16000)
before = psutil.Process().memory_info().rss
everyone = threading.Barrier(20)

def read():
    catalog._connections.current().execute("SELECT sum(length(words)) FROM much").fetchone()
    everyone.wait(60)
    everyone.wait(60)

threads = [threading.Thread(target=read, daemon=True) for _ in range(19)]
for thread in threads:
    thread.start()
everyone.wait(60)
print((psutil.Process().memory_info().rss - before) // 10**6)
everyone.wait(60)
"""


def test_many_threads_together_keep_no_more_of_the_file_than_a_few(tmp_path: Path) -> None:
    command = [sys.executable, "-c", READ_THROUGH, str(tmp_path / "catalog.sqlite")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert int(ran.stdout) < 100, ran.stderr  # MB; each may keep 8 of them, which were 160
