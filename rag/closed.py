"""What stands in an archive's place once it is closed: whatever is asked of it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.errors import ArchiveClosed


class Closed:
    """The stores of an archive that is closed."""

    def __init__(self, path: Path, *, kept: bool) -> None:
        """Take the archive's folder, and whether it is still there: that of an archive in memory is gone."""
        again = f"Open it again: Archive.open({str(path)!r})" if kept else "It was in memory: make another."
        self._message = f"This archive has been closed, and can't be used any more. {again}"

    def close(self) -> None:
        """Nothing is left to close."""

    def __getattr__(self, name: str) -> Any:
        raise ArchiveClosed(self._message)


__all__ = ["Closed"]
