"""Where an archive's vectors are: in its folder, or on a server that the setting ``vectors`` names.

The catalog records the place (``vectors_at``) and how the index is sharded (``vector_shards``) beside the index's name,
all three in the transaction that makes an index the live one. A setting that says otherwise is refused: the vectors of
an archive move by ``onrecord migrate`` alone.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.errors import ArchiveMismatch, UsageError
from rag.index.served import Owner, ServedVectors, VectorServer, plain

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.protocols import VectorStore
    from rag.settings import Settings

AT, SHARDS, ID = "vectors_at", "vector_shards", "archive_id"
"""Names of what the catalog records: the place ("" for the folder), how the index is sharded, the archive's id."""
_STEP = 4000  # passages in memory at once
_FORMS = "chroma+http://host:port, postgresql://user@host/database, qdrant+http://host:port or qdrant+file:PATH"


class Place(Protocol):
    """Where the indexes of one archive are kept, each under a name: "vectors-2", or "vectors-2/202305" for a shard."""

    address: str
    """As the catalog records it; "" for the archive's folder."""

    def open(self, name: str, *, expected: bool) -> VectorStore:
        """An index; ``expected``: the catalog says that it holds something."""

    def names(self) -> list[str]:
        """Of all indexes and shards that are there."""

    def drop(self, name: str) -> None:
        """Remove an index with its shards; nothing where there is none."""

    def check(self) -> None:
        """Look whether it can be used.

        Raises:
            ArchiveError: It can't.
        """

    def close(self) -> None:
        """Let go of connections."""


class Folder:
    """The archive's folder, with an index of Chroma's in a folder each."""

    address = ""

    def __init__(self, path: Path) -> None:
        """Take the archive's folder."""
        self._path = path

    def open(self, name: str, *, expected: bool) -> VectorStore:
        """As ``Place.open``; that it is there is looked at by ``rag.index.healing``."""
        from rag.index.vectors import VectorIndex

        return VectorIndex(self._path / name)

    def names(self) -> list[str]:
        """As ``Place.names``."""
        files = (*self._path.glob("vectors-*/chroma.sqlite3"), *self._path.glob("vectors-*/*/chroma.sqlite3"))
        found = {f.parent.relative_to(self._path).as_posix() for f in files}
        known = {each.partition("/")[0] for each in found}
        begun = {f.name for f in self._path.glob("vectors-*") if f.is_dir()}  # killed then: there is a folder alone
        return sorted(found | (begun - known))

    def drop(self, name: str) -> None:
        """As ``Place.drop``."""
        shutil.rmtree(self._path / name, ignore_errors=True)

    def check(self) -> None:
        """As ``Place.check``: that the folder is there is looked at elsewhere."""

    def close(self) -> None:
        """As ``Place.close``."""


class OnServer:
    """A server, with the archive's id in the names of its collections."""

    def __init__(self, server: VectorServer, owner: Owner) -> None:
        """Take the server, and whose collections they are."""
        self.address, self._server, self._owner = server.address, server, owner

    def open(self, name: str, *, expected: bool) -> VectorStore:
        """As ``Place.open``."""
        return ServedVectors(self._server, self._owner, name, expected=expected)

    def names(self) -> list[str]:
        """As ``Place.names``."""
        found = (self._owner.index(name) for name in self._server.names(self._owner.prefix()))
        return sorted(name for name in found if name)

    def drop(self, name: str) -> None:
        """As ``Place.drop``; collections that a copy of this archive, or nobody of ours, has written stay."""
        from rag.index.served import NoCollection

        for each in self.names():
            if each.partition("/")[0] != name:
                continue
            collection = self._owner.collection(each)
            try:
                label = self._server.label(collection)
            except NoCollection:
                continue
            if label.get("onrecord") == "vectors" and label.get("home") == self._owner.home:
                self._server.drop(collection)

    def home_of(self, name: str) -> str | None:
        """Where the archive is that wrote an index; None: nobody did."""
        from rag.index.served import NoCollection

        for each in self.names():
            if each.partition("/")[0] == name:
                try:
                    return str(self._server.label(self._owner.collection(each)).get("home") or "")
                except NoCollection:
                    continue
        return None

    @property
    def home(self) -> str:
        """Where this archive is."""
        return self._owner.home

    def check(self) -> None:
        """As ``Place.check``."""
        self._server.check()

    def close(self) -> None:
        """As ``Place.close``."""
        self._server.close()


def server_of(url: str) -> VectorServer | None:
    """The server that a setting ``vectors`` names; None: the archive's folder. Nothing is connected yet.

    Raises:
        UsageError: It is no such address.
        ExtraMissing: A library for it is not installed.
    """
    if url in ("", "embedded"):
        return None
    scheme = url.partition(":")[0].lower()
    try:
        plain(url)
        if re.match(r"(chroma|qdrant)\+https?://", url, re.IGNORECASE):
            from urllib.parse import urlsplit

            if not urlsplit(url).hostname or urlsplit(url).port == 0:
                raise ValueError("it names no host")
    except ValueError as e:
        raise UsageError(f"Setting 'vectors' is no address ({e}). Leave it empty, or give one of {_FORMS}.") from None
    if scheme in ("chroma+http", "chroma+https") and "://" in url:
        from rag.index.chroma_server import ChromaServer

        return ChromaServer(url)
    if scheme in ("postgresql", "postgres") and "://" in url:
        from rag.index.pgvectors import PgVectors

        return PgVectors(url)
    if scheme == "qdrant+file" or (scheme in ("qdrant+http", "qdrant+https") and "://" in url):
        from rag.index.qdrant import Qdrant

        return Qdrant(url)
    raise UsageError(f"Setting 'vectors' names no place that there is. Leave it empty, or give one of {_FORMS}.")


def setting(settings: Settings) -> str:
    """The setting ``vectors`` as text."""
    return settings.vectors.get_secret_value().strip()


def place_for(url: str, path: Path, settings: Settings, catalog: Catalog) -> Place:
    """A place by its address, whatever the catalog records; the archive gets an id if it has none yet.

    Args:
        url: As the setting ``vectors``.
        path: The archive's folder.
        settings: Their ``archive`` is where it is known to be: a restored one is still somewhere else.
        catalog: Its.

    Raises:
        UsageError: It is no such address.
        ExtraMissing: A library for it is not installed.
    """
    server = server_of(url)
    if server is None:
        return Folder(path)
    home = str(settings.archive.expanduser().resolve())
    repair = f"onrecord doctor --repair --archive {home}"
    return OnServer(server, Owner(catalog.meta(ID) or "unclaimed", home, repair))


def claim(settings: Settings, catalog: Catalog) -> None:
    """Within a writer's turn: give a new archive the place that the settings name, and an id."""
    if setting(settings) in ("", "embedded") and settings.vector_shards == "none" and not catalog.meta(AT):
        return
    require_id(catalog)
    for name, value in recorded(settings, server_address(setting(settings))).items():
        if catalog.meta(name) != value and not catalog.any_indexed():
            catalog.set_meta(name, value)


def require_id(catalog: Catalog) -> None:
    """Give an archive an id if it has none."""
    if catalog.meta(ID) is None:
        catalog.set_meta(ID, uuid.uuid4().hex[:16])


def renew(catalog: Catalog, settings: Settings) -> None:
    """Make an archive that was copied one of its own: with another id, and in the place that the settings name."""
    catalog.set_meta(ID, uuid.uuid4().hex[:16])
    for name, value in recorded(settings, server_address(setting(settings))).items():
        catalog.set_meta(name, value)


def server_address(url: str) -> str:
    """What the catalog records of a place: its address without user and password; "" for the folder."""
    server = server_of(url)
    return server.address if server else ""


def recorded(settings: Settings, address: str) -> dict[str, str]:
    """What the catalog records of an index that is built now."""
    return {AT: address, SHARDS: settings.vector_shards}


def require_same(catalog: Catalog, address: str, path: Path) -> None:
    """Check that the settings name the place where the vectors are.

    Raises:
        ArchiveMismatch: They name another.
    """
    at = catalog.meta(AT) or ""
    if at == address or not catalog.any_indexed():
        return
    there = at or "in its folder"
    to = f"ONRECORD_VECTORS={at}" if at else "unset ONRECORD_VECTORS"
    moved = address or "embedded"
    raise ArchiveMismatch(
        f"The vectors of the archive in {path} are {'at ' if at else ''}{there}, and the setting says "
        f"{address or 'in its folder'}. Set what was ({to}), and to move them run: "
        f"onrecord migrate --to-vectors {moved} --archive {path}"
    )


def open_index(place: Place, name: str, how: str | None, *, expected: bool) -> VectorStore:
    """An index in a place, sharded or not.

    Args:
        place: Where.
        name: "vectors-2".
        how: "month", or else one collection.
        expected: The catalog says that it holds something.
    """
    if how != "month":
        return place.open(name, expected=expected)
    from rag.index.shards import Shards

    def names() -> Sequence[str]:
        return [each for each in place.names() if each.startswith(f"{name}/")]

    opener: Callable[[str, bool], VectorStore] = lambda shard, there: place.open(shard, expected=there)  # noqa: E731
    return Shards(name, names, opener, expected=expected)


def write_index(
    place: Place, name: str, catalog: Catalog, how: str, progress: Callable[[int, str], None] | None = None
) -> None:
    """Write an index of all passages of the catalog; what an interrupted run left under its name is dropped."""
    place.drop(name)
    index = open_index(place, name, how, expected=False)
    try:
        after = done = 0
        while rows := catalog.rows(after=after, limit=_STEP):
            index.add(rows)
            after = rows[-1].number
            done += len(rows)
            if progress:
                progress(done, name)
    finally:
        index.close()


def written_elsewhere(place: Place, name: str) -> bool:
    """Whether an index was written by an archive in another folder, of which this one is a copy."""
    return isinstance(place, OnServer) and place.home_of(name) not in (None, place.home)


def next_name(name: str) -> str:
    """The name of the index that replaces one."""
    return f"vectors-{int(name.rpartition('-')[2]) + 1}"


def leftovers(place: Place, live: str) -> list[str]:
    """Indexes of an archive that an interrupted rebuild or migration left behind."""
    return sorted({each.partition("/")[0] for each in place.names()} - {live})


__all__ = [
    "AT", "ID", "SHARDS", "Folder", "OnServer", "Place", "claim", "leftovers", "next_name", "open_index", "place_for",
    "recorded", "renew", "require_id", "require_same", "server_address", "server_of", "setting", "write_index",
    "written_elsewhere",
]  # fmt: skip
