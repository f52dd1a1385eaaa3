"""Files as they are opened for reading: regular ones alone, and of each no more than it had when it was opened."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

_BUFFER = 262_144
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegular(OSError):
    """A pipe, a socket, a device or a folder stands where a file was looked for; the message says which."""


def open_regular(path: Path, tell: Callable[[int], None] | None = None) -> BinaryIO:
    """Open a file for reading, from its beginning.

    Nothing but a regular file is opened: a pipe would wait for a writer, and opening a device may have effects. Of a
    file that grows meanwhile, what it had at opening is read.

    Args:
        path: Where it is.
        tell: Called with the number of bytes, each time some are read of it.

    Raises:
        NotRegular: It is no regular file.
        OSError: It can't be opened.
    """
    _refuse(os.stat(path).st_mode)
    # Another thing may have taken its place meanwhile, and opening a pipe must not wait.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        state = os.fstat(opened)
        _refuse(state.st_mode)
        raw = _AsItWas(opened, state.st_size, tell)
    except BaseException:
        os.close(opened)
        raise
    return cast(BinaryIO, io.BufferedReader(raw, _BUFFER))


def _refuse(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for applies, name in _KINDS if applies(mode)), "something else")
        raise NotRegular(f"not a regular file: {kind}")


class _AsItWas(io.FileIO):
    """A file that ends where it ended when it was opened."""

    def __init__(self, opened: int, size: int, tell: Callable[[int], None] | None) -> None:
        super().__init__(opened, "rb", closefd=True)
        self._end = size
        self._told = tell

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, up to where the file ended."""
        room = memoryview(buffer).cast("B")
        count = super().readinto(room[: max(0, min(len(room), self._end - self.tell()))]) or 0
        if self._told is not None:
            self._told(count)
        return count

    def readall(self) -> bytes:
        """All that is left of it."""
        parts: list[bytes] = []
        piece = bytearray(1_000_000)
        while count := self.readinto(piece):
            parts.append(bytes(piece[:count]))
        return b"".join(parts)


__all__ = ["NotRegular", "open_regular"]
