"""What native libraries do when a file is not as they left it: their errors and panics as ours, and seals of files.

A seal is a small file that names an index's files with their sizes and checksums. It is removed before an index is
changed and written when the change is complete. So an index with a seal is exactly what was written, and one without
is being written, or its writer was killed: nothing can be told of it until it is opened.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import ArchiveDamaged, ArchiveForked, DiskFull, OnRecordError


class StoreClosed(Exception):
    """The index was closed because a rebuilt one has replaced it: get the current one and ask again."""


_FULL = re.compile(r"disk is full|no space left|disk quota|os error 28|file too large", re.IGNORECASE)
ROOM = 64_000_000
"""Bytes that have to be free before a batch of articles is stored: more than all stores write for it."""
SEAL = "seal.json"
_SUMS = f"{SEAL}.sums"
_UNSEEN_NS = 2_000_000_000
_CATALOG = "catalog.sqlite"
_CHEAP = 64_000_000
"""Bytes of files whose checksums are compared whenever an index is opened; of larger ones ``doctor`` compares them."""
_LOCKS = (".tantivy-", "graph.lock", SEAL)
"""Beginnings of names of files that hold nothing."""


def is_full(e: BaseException) -> bool:
    """Whether an error of any library says that there is no room left on the disk."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(e, "errno", None) in full or bool(_FULL.search(str(e)))


def require_room(folder: Path) -> None:
    """Check that there is room for another batch.

    Raises:
        DiskFull: There is not.
    """
    if (free := shutil.disk_usage(folder).free) < ROOM:
        raise DiskFull(
            f"The disk is full: {free / 1e6:.0f} MB are free at {folder}, and {ROOM / 1e6:.0f} MB are kept free for "
            "what is being written. Free some space and run the same command again: it goes on where it stopped."
        )


@contextmanager
def guarded(store: str, folder: Path) -> Iterator[None]:
    """Raise what a native library raises as an error of ours, panics included.

    Args:
        store: "vectors" or "lexical".
        folder: Of the index.

    Raises:
        ArchiveDamaged: The index can't be read or written; a rebuild mends it.
        DiskFull: There is no room left.
    """
    try:
        yield
    except (OnRecordError, StoreClosed):
        raise
    except Exception as e:  # Chroma's errors share no base class, and tantivy's are ValueErrors
        raise _translated(store, folder, e) from e
    except BaseException as e:
        if type(e).__name__ != "PanicException":  # Rust's, which is no Exception
            raise
        raise _translated(store, folder, e) from e


def _translated(store: str, folder: Path, e: BaseException) -> OnRecordError:
    first = (str(e).strip().splitlines() or [type(e).__name__])[0]
    with suppress(OSError):
        if is_full(e) or shutil.disk_usage(folder.parent).free < 1_000_000:
            return DiskFull(
                f"The disk is full: the {_NAMES[store]} index in {folder} can't be written. Free some space and run "
                "the same command again: it goes on where it stopped."
            )
    return damaged(store, folder, first)


def forked() -> ArchiveForked:
    """The error for an archive in a child of the process that used it: the indexes' threads are not there."""
    return ArchiveForked(
        "The archive was used before this process was forked, and its libraries don't outlive that. Open it after the "
        'fork: gunicorn without --preload, multiprocessing with get_context("spawn") or "forkserver".'
    )


_NAMES = {"vectors": "vector", "lexical": "lexical"}


def damaged(store: str, folder: Path, why: str) -> ArchiveDamaged:
    """The error for an index that can't be read."""
    return ArchiveDamaged(
        f"The {_NAMES[store]} index in {folder} can't be read ({why[:200]}). Nothing is lost, it is rebuilt from the "
        f"catalog: onrecord doctor --repair --archive {_archive(folder)}",
        store=store,
    )


def _archive(folder: Path) -> Path:
    """The archive of an index's folder, which is in it, or in a folder of shards that is."""
    sharded = folder.parent.name.startswith("vectors-") and not (folder.parent / _CATALOG).exists()
    return folder.parent.parent if sharded else folder.parent


# -- seals -----------------------------------------------------------------------


def seal(folder: Path, generation: int | None = None) -> None:
    """Record an index's files, which are complete. Where the disk is full there is no seal, which is allowed.

    Args:
        folder: Of the index.
        generation: Of the catalog that they are known to hold all of; None: nobody has compared them.
    """
    _let_read(folder)
    known, at = _summed(folder)
    now = time.time_ns()
    told: dict[str, list[int]] = {}
    for name in _files(folder):
        state = (folder / name).stat()
        facts = [state.st_size, state.st_mtime_ns, state.st_ino]
        before = known.get(name) or [0]
        # A file that was changed while it was last summed up, or just before, may have been changed again unseen.
        same = before[1:] == facts and state.st_mtime_ns < at - _UNSEEN_NS
        told[name] = [before[0] if same else _checksum(folder / name), *facts]
    files = {name: [size, checksum] for name, (checksum, size, *_) in told.items()}
    _put(folder / SEAL, {"generation": generation, "files": files})
    _put(folder / _SUMS, {"at": now, "files": told})


def _put(file: Path, content: object) -> None:
    half = file.with_name(f"{SEAL}.{os.getpid()}")
    try:
        half.write_text(json.dumps(content), "utf-8")
        os.replace(half, file)
    except OSError:
        half.unlink(missing_ok=True)


def _summed(folder: Path) -> tuple[dict[str, list[int]], int]:
    """What the files of an index were when it was last sealed: checksum, bytes, time and inode; and when that was.

    A large index has files of gigabytes, of which most stay as they are when an article is added.
    """
    try:
        told = json.loads((folder / _SUMS).read_bytes())
        return {name: [int(n) for n in facts] for name, facts in told["files"].items()}, int(told["at"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, 0


def _let_read(folder: Path) -> None:
    """Let those read an index who may read the catalog; tantivy keeps some of its files for their owner alone."""
    with suppress(OSError):
        wanted = (_archive(folder) / _CATALOG).stat().st_mode & 0o666
        for name in _files(folder):
            if (folder / name).stat().st_mode & 0o666 != wanted:
                (folder / name).chmod(wanted)


def unseal(folder: Path) -> None:
    """Before an index is changed."""
    (folder / SEAL).unlink(missing_ok=True)


def sealed_at(folder: Path) -> int | None:
    """The generation of the catalog that an index was sealed with; None where it has no seal, or one without."""
    told = _sealed(folder)
    at = told.get("generation") if isinstance(told, dict) else None
    return at if isinstance(at, int) else None


def check_seal(store: str, folder: Path, *, thorough: bool = False) -> None:
    """Compare an index's files with its seal, if it has one.

    Args:
        store: "vectors" or "lexical".
        folder: Of the index.
        thorough: Compare checksums however large the files are.

    Raises:
        ArchiveDamaged: A file is gone, or is not what was written.
    """
    before = _sealed(folder)
    if before is None:
        return
    if not isinstance(before, dict):
        raise damaged(store, folder, "its seal is damaged")
    try:
        files = before.get("files", before)  # older programs' seals have nothing but files
        why = _difference(folder, files, thorough)
    except (OSError, TypeError, ValueError, AttributeError) as e:
        why = str(e) or type(e).__name__
    # A writer may have begun, or ended, while the files were looked at.
    if why and _sealed(folder) == before:
        raise damaged(store, folder, why)


def _sealed(folder: Path) -> object:
    try:
        return json.loads((folder / SEAL).read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        return "damaged"


def _difference(folder: Path, told: dict[str, list[int]], thorough: bool) -> str:
    there = _files(folder)
    for name, (size, _) in told.items():
        if name not in there:
            return f"{name} is gone"
        if there[name] != size:
            return f"{name} has {there[name]} bytes, and {size} were written"
    if thorough or sum(size for size, _ in told.values()) <= _CHEAP:
        for name, (_, checksum) in told.items():
            if _checksum(folder / name) != checksum:
                return f"{name} is not what was written"
    return ""


def _files(folder: Path) -> dict[str, int]:
    return {
        str(f.relative_to(folder)): f.stat().st_size
        for f in sorted(folder.rglob("*"))
        if f.is_file() and not f.name.startswith(_LOCKS)
    }


def _checksum(file: Path) -> int:
    found = 0
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            found = zlib.crc32(block, found)
    return found


__all__ = [
    "ROOM", "SEAL", "StoreClosed", "check_seal", "damaged", "forked", "guarded", "is_full", "require_room",
    "seal", "sealed_at", "unseal",
]  # fmt: skip
