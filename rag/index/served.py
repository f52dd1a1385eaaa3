"""A vector store on a server: what all servers have in common, over the few calls in which they differ.

A server holds one collection for each index of an archive, and for each month of it where the index is sharded. Its
name has the archive's id in it, and it carries a label: whose it is, of which format and dimension. Nothing is changed
in a collection that has no label, or another archive's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from rag.errors import ArchiveDamaged, ArchiveError, ArchiveMismatch, ArchiveUnreachable
from rag.index.schema import IndexRow, StoreClosed
from rag.text.counting import count
from rag.types import Query

FORMAT = 1
"""What a collection holds; counted up when it changes."""
_BATCH = 1000  # rows in one call
PATIENCE = 60.0
"""Seconds that a server may take for a call."""
KNOCKS = 5.0
"""Seconds after which a server that doesn't take a connection counts as gone."""


class NoCollection(Exception):
    """The collection is not there."""


class VectorServer(Protocol):
    """The calls that stores on a server are made of. Those that name a collection raise ``NoCollection`` without it.

    All raise ``ArchiveError``, with a line for people, where the server can't be reached, refuses or is too old.
    """

    address: str
    """Where it is, without user and password."""

    def label(self, name: str) -> Mapping[str, Any]:
        """What ``create`` was given; empty where a collection of that name is not one of ours."""

    def create(self, name: str, dim: int, label: Mapping[str, Any]) -> None:
        """Make a collection."""

    def drop(self, name: str) -> None:
        """Remove a collection with all that it holds; nothing where there is none."""

    def names(self, prefix: str) -> list[str]:
        """Collections whose name begins so."""

    def put(self, name: str, rows: Sequence[IndexRow]) -> None:
        """Add or replace passages; seen by the next call."""

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """Remove passages; unknown ids are ignored, and the next call sees none of them."""

    def search(
        self, name: str, vector: npt.NDArray[np.float32], n: int, filters: Query | None, only: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """As ``VectorStore.search``; ``only`` is never empty."""

    def ids(self, name: str) -> set[str]:
        """Ids of all passages."""

    def vectors(self, name: str, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Vectors of passages, up to their length."""

    def count(self, name: str) -> int:
        """How many passages there are."""

    def check(self) -> None:
        """Look whether the server is there, lets us in and is of a version that this program knows."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True)
class Owner:
    """Whose collections they are."""

    archive: str
    """The archive's id, which stands in its catalog."""
    home: str
    """Where the catalog is. A copy of an archive has the same id, and must not change the collections of the first."""
    repair: str
    """What rebuilds the index, as it is typed in a shell."""

    def prefix(self) -> str:
        """What the names of its collections begin with."""
        return f"onrecord_{self.archive}_"

    def collection(self, name: str) -> str:
        """The collection of an index: "vectors-2", or a shard of one, "vectors-2/202305"."""
        return self.prefix() + name.replace("-", "_").replace("/", "_m")

    def index(self, collection: str) -> str | None:
        """The other way round; None: it is none of ours."""
        parts = re.fullmatch(r"vectors_(\d+)(?:_m(\w+))?", collection.removeprefix(self.prefix()))
        if parts is None or not collection.startswith(self.prefix()):
            return None
        return f"vectors-{parts[1]}" + (f"/{parts[2]}" if parts[2] else "")


class ServedVectors:
    """A ``VectorStore`` on a server. Nothing is asked of the server before the first call."""

    def __init__(self, server: VectorServer, owner: Owner, name: str, *, expected: bool = False) -> None:
        """Use the index ``name``; its collection is made at the first write.

        Args:
            server: Where.
            owner: Whose.
            name: "vectors-2", or "vectors-2/202305" for a shard.
            expected: It must be there, since the catalog says that it holds something.
        """
        self._server, self._owner, self._expected = server, owner, expected
        self._name = owner.collection(name)
        self._label: Mapping[str, Any] | None = None
        self._open = True

    # -- changes ---------------------------------------------------------------------

    def add(self, rows: Sequence[IndexRow]) -> None:
        """As ``VectorStore.add``.

        Raises:
            ArchiveMismatch: The collection is another archive's, or this archive was copied or moved.
            ArchiveDamaged: The collection is gone, or its vectors have another length; a rebuild mends it.
        """
        if not rows:
            return
        dim = len(rows[0].vector)
        label = self._known()
        if label is None:
            label = {"onrecord": "vectors", "format": FORMAT, "dim": dim}
            label |= {"archive": self._owner.archive, "home": self._owner.home}
            self._server.create(self._name, dim, label)
            self._label = label
        self._require_home(label)
        if (odd := {len(r.vector) for r in rows} - {label["dim"]}) != set():
            raise self._damaged(f"it holds vectors of {label['dim']} numbers, and one of {odd.pop()} was to be added")
        self._expected = True
        for at in range(0, len(rows), _BATCH):
            self._asked(self._server.put, rows[at : at + _BATCH])

    def remove(self, ids: Sequence[str]) -> None:
        """As ``VectorStore.remove``."""
        if (label := self._known()) is None:
            return
        self._require_home(label)
        for at in range(0, len(ids), _BATCH):
            self._asked(self._server.remove, list(ids[at : at + _BATCH]))

    # -- questions ----------------------------------------------------------------------

    def search(
        self,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """As ``VectorStore.search``.

        Raises:
            ArchiveMismatch: The collection is not this archive's, or its vectors are not as long as the question's.
        """
        if only is not None and not only:
            return []
        if not self._open:
            raise StoreClosed
        if (label := self._known()) is None:
            return []
        if len(vector) != label["dim"]:
            raise ArchiveMismatch(
                f"The vectors in {self._name} at {self._server.address} have {label['dim']} numbers, and the embedding "
                f"model of the settings makes {len(vector)}. Use the model that the archive was built with, or run: "
                f"{self._owner.repair.replace('--repair', '--rebuild')}"
            )
        try:
            return self._server.search(self._name, vector, n, filters, only)
        except NoCollection:  # a rebuild has put another in its place; else the next search says that it is gone
            self._label = None
            raise StoreClosed from None

    def ids(self) -> set[str]:
        """As ``VectorStore.ids``."""
        if self._known() is None:
            return set()
        found: set[str] = self._asked(self._server.ids)
        return found

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """As ``VectorStore.vectors``."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        for at in range(0, len(ids) if self._known() is not None else 0, _BATCH):
            found |= self._asked(self._server.vectors, list(ids[at : at + _BATCH]))
        return found

    def check(self, expected: int | None = None) -> None:
        """As ``VectorStore.check``."""
        self._server.check()
        found = self.count()
        if expected is not None and found != expected:
            raise self._damaged(f"it holds {found:,} of {count(expected, 'passage')}")

    def count(self) -> int:
        """How many passages there are."""
        return 0 if self._known() is None else int(self._asked(self._server.count))

    # -- other processes ------------------------------------------------------------------

    def refresh(self, generation: int) -> None:
        """Nothing: every call asks the server."""

    def mark_current(self, generation: int) -> None:
        """Nothing: every call asks the server."""

    def close(self) -> None:
        """As ``VectorStore.close``; the server's connections belong to others too."""
        self._open = False

    # -- within -------------------------------------------------------------------------------

    def _known(self) -> Mapping[str, Any] | None:
        """The collection's label, looked at once; None: there is no collection yet."""
        if self._label is not None:
            return self._label
        try:
            label = self._server.label(self._name)
        except NoCollection:
            if self._expected:
                raise self._damaged("it is gone") from None
            return None
        require_ours(self._server, self._name, label, self._owner)
        self._expected = True
        self._label = label
        return label

    def _asked(self, call: Any, *args: Any) -> Any:
        try:
            return call(self._name, *args)
        except NoCollection:
            self._label = None
            raise self._damaged("it is gone") from None

    def _require_home(self, label: Mapping[str, Any]) -> None:
        if label.get("home") != self._owner.home:
            raise ArchiveMismatch(
                f"The vectors in {self._name} at {self._server.address} were written by the archive in "
                f"{label.get('home')}, and this one is in {self._owner.home}: it was copied or moved. Give it vectors "
                f"of its own: {self._owner.repair}"
            )

    def _damaged(self, why: str) -> ArchiveDamaged:
        return ArchiveDamaged(
            f"The vector index {self._name} at {self._server.address} can't be used ({why}). Nothing is lost, it is "
            f"rebuilt from the catalog: {self._owner.repair}",
            store="vectors",
        )


def require_ours(server: VectorServer, name: str, label: Mapping[str, Any], owner: Owner) -> None:
    """Check that a collection is the archive's, and as this program writes them.

    Raises:
        ArchiveMismatch: It is not.
    """
    if label.get("onrecord") != "vectors" or label.get("archive") != owner.archive:
        raise ArchiveMismatch(
            f"{name} at {server.address} is no collection of this archive's, and is left as it is. Remove or rename "
            "it there, or name another place for the vectors."
        )
    if int(label.get("format") or 0) > FORMAT:
        raise ArchiveMismatch(
            f"{name} at {server.address} was written by a newer OnRecord (format {label['format']}, this one knows "
            f"{FORMAT}). Upgrade: pip install -U onrecord"
        )


# -- what people are told ---------------------------------------------------------------


def plain(url: str) -> str:
    """An address without user, password and options, to be recorded and shown."""
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{where}{parts.path}".rstrip("/") if where else f"{parts.scheme}:{parts.path}"


def unreachable(address: str, why: object) -> ArchiveError:
    """The error for a server that doesn't answer."""
    return ArchiveUnreachable(
        f"The vectors are at {address}, which can't be reached ({first_line(why)}). Nothing is lost. Start the server "
        "or mend the setting 'vectors' (ONRECORD_VECTORS), then run this again."
    )


def refused(address: str, why: object) -> ArchiveError:
    """The error for a server that doesn't let us in."""
    return ArchiveError(
        f"The vectors are at {address}, which refuses user or password ({first_line(why)}). Mend them in the setting "
        "'vectors' (ONRECORD_VECTORS)."
    )


def failed(address: str, why: object) -> ArchiveError:
    """The error for a server that answers with an error."""
    return ArchiveError(
        f"The vectors are at {address}, which says: {first_line(why)}. Nothing is lost. Look at its log."
    )


def too_old(address: str, found: str, wanted: str) -> ArchiveMismatch:
    """The error for a server of another version."""
    return ArchiveMismatch(
        f"The server at {address} is {found}, and {wanted} is needed. Install that, or name another."
    )


def first_line(why: object) -> str:
    """What an error says, shortened."""
    return (str(why).strip().splitlines() or [type(why).__name__])[0][:200].rstrip(".")


__all__ = [
    "FORMAT", "KNOCKS", "PATIENCE", "NoCollection", "Owner", "ServedVectors", "VectorServer", "failed", "first_line",
    "plain", "refused", "require_ours", "too_old", "unreachable",
]  # fmt: skip
