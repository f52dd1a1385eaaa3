"""Where uploads lie until they are read: one folder for each running service, swept when its service is gone.

The folders lie together in the user's cache. Each has the number of its process in its name, and a lock beside it that
the process holds: what nobody holds belongs to a service that was killed, and is removed when the next one starts.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock

    from rag.types import IngestReport

_LOCK = ".lock"


class Spool:
    """The folders of services, one of which is this process's own. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        """Take the folder that they lie in; nothing is made before it is needed."""
        self.root = root
        self._mutex = threading.Lock()
        self._own: tuple[int, Path, FileLock] | None = None

    def folder(self) -> Path:
        """This process's own folder, for nobody else to look into.

        Raises:
            OSError: There is no place for it, neither in the cache nor among temporary files.
        """
        with self._mutex:
            if self._own is None or self._own[0] != os.getpid():  # a forked process has one of its own
                self._own = (os.getpid(), *self._made())
            folder = self._own[1]
            folder.mkdir(mode=0o700, exist_ok=True)
            return folder

    def _made(self) -> tuple[Path, FileLock]:
        from filelock import FileLock

        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not os.access(self.root, os.W_OK):
                raise PermissionError
        except OSError:
            who = os.getuid() if hasattr(os, "getuid") else "user"
            self.root = Path(tempfile.gettempdir()) / f"onrecord-uploads-{who}"
            self.root.mkdir(exist_ok=True, mode=0o700)
        while True:
            name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            lock = FileLock(self.root / (name + _LOCK))
            lock.acquire(timeout=0)
            if not Path(lock.lock_file).exists():  # swept in the moment before it was held
                lock.release()
                continue
            folder = self.root / name
            folder.mkdir(mode=0o700)
            return folder, lock

    def sweep(self) -> int:
        """Remove what services that are gone have left; the number of their folders."""
        from filelock import FileLock, Timeout

        swept = 0
        try:
            names = {entry.name.removesuffix(_LOCK) for entry in os.scandir(self.root)}
        except OSError:
            return 0
        for name in names:
            lock = FileLock(self.root / (name + _LOCK))
            try:
                lock.acquire(timeout=0)
            except (Timeout, OSError):
                continue
            try:
                if (self.root / name).is_dir():
                    shutil.rmtree(self.root / name, ignore_errors=True)
                    swept += 1
                with suppress(OSError):
                    os.unlink(self.root / (name + _LOCK))
            finally:
                lock.release()
        return swept

    def forget(self, files: Iterable[str | Path]) -> None:
        """Remove files of this process's folder that have been read, and folders that are empty then."""
        if self._own is None:
            return
        own = self._own[1]
        for file in files:
            path = Path(file)
            if not path.is_relative_to(own):
                continue
            with suppress(OSError):
                path.unlink()
                for above in path.parents:
                    if above == own:
                        break
                    above.rmdir()

    def close(self) -> None:
        """Remove this process's folder."""
        with self._mutex:
            if self._own is None or self._own[0] != os.getpid():
                return
            _, folder, lock = self._own
            self._own = None
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                os.unlink(lock.lock_file)
            lock.release()


def client_origin(origin: str, folder: Path) -> str:
    """An origin as the client knows it: ``folder/HASH/name.csv:3`` is ``name.csv:3``."""
    return origin.removeprefix(f"{folder}{os.sep}").partition(os.sep)[2] or origin


def client_report(report: IngestReport, folder: Path) -> IngestReport:
    """A report as the client reads it, who does not know our folders: they are taken off the names it is told."""
    skipped = (s.model_copy(update={"origin": client_origin(s.origin, folder)}) for s in report.skipped)
    unread = client_origin(report.unread_date, folder)
    return report.model_copy(update={"skipped": tuple(skipped), "unread_date": unread})


__all__ = ["Spool", "client_origin", "client_report"]
