"""Which catalog an archive has, in its folder or on a server; and how indexes follow one that others write to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from rag.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from rag.index.catalog import Catalog
    from rag.index.server import ServerConnections
    from rag.settings import Settings

_PATIENCE = 600.0
"""Seconds for which indexes that are empty are waited for while another process builds them."""


class Following:
    """The part of ``Stores`` that knows where the catalog is."""

    path: Path
    settings: Settings

    def __init__(self) -> None:
        self._turn = threading.Lock()
        """Of the thread that brings the indexes up to what others have written."""
        self._busy: set[object] = set()
        """One for each thread that is writing, which does so itself, or following."""
        self._seen = False

    @property
    def server(self) -> str:
        """The address of the catalog's server; empty where the catalog is in the folder."""
        return self.settings.catalog.get_secret_value() if self.settings.catalog else ""

    def use_catalog_at(self, url: str) -> None:
        """Go on with another setting ``catalog``; "embedded" for the archive's folder."""
        from pydantic import SecretStr

        self.close()
        self._seen = False
        at = None if url == "embedded" else SecretStr(url)
        self.settings = self.settings.model_copy(update={"catalog": at})

    def require_folder(self, what: str) -> None:
        """Check that the catalog is in the folder.

        Args:
            what: What is for such archives only: "backup".

        Raises:
            UsageError: It is on a server.
        """
        if self.server:
            raise UsageError(
                f"`{what}` is for archives in a folder, and this one's catalog is on a server, whose own means "
                "copy it: pg_dump, pg_restore (docs/servers.md). Articles alone: onrecord export OUT.jsonl"
            )

    @property
    def catalog(self) -> Catalog:
        raise NotImplementedError

    def _make_catalog(self, file: Path, *, create: bool = False) -> Catalog:
        if not self.server:
            from rag.index.catalog import Catalog

            return Catalog(file, create=create)
        if file.exists():
            from rag.index.moving_catalog import finish

            if not finish(self.path):  # else a move to the server was killed when nothing but that was left to do
                raise UsageError(
                    f"{self.path} has a catalog of its own. Name another folder, for the indexes of the one on the "
                    "server: --archive PATH. Or unset ONRECORD_CATALOG to use it"
                )
        from rag.index.server_catalog import ServerCatalog

        return ServerCatalog(self.server, self.path, create=create)

    def _on_server(self) -> bool:
        """Whether there is a catalog on the server.

        Raises:
            ArchiveError: The server can't be reached, or lets nobody in.
        """
        if not self._seen:
            from rag.index.server import ServerConnections
            from rag.index.server_schema import found

            connections = ServerConnections(self.server)
            try:
                self._seen = found(connections.current()) is not None
            finally:
                connections.close()
        return self._seen

    def new_connections(self, *, serial: bool) -> ServerConnections | None:
        """For what is kept beside the catalog on the server; None where it has a file of its own.

        Args:
            serial: One transaction of them all writes at a time, those of the catalog among them.
        """
        if not self.server:
            return None
        from rag.index.server import ServerConnections

        if not self._on_server():
            with self.writing("a first use"):
                pass
        _ = self.catalog  # whose schema is this program's
        return ServerConnections(self.server, serial=serial)

    @contextmanager
    def _server_lock(self, what: str) -> Iterator[None]:
        """The lock by which one machine of all writes at a time; nothing is needed for a catalog in the folder."""
        from rag.index.lock import PATIENCE

        catalog: Any = self.catalog
        connections = getattr(catalog, "server", None)
        with connections.lock("write", what, patience=PATIENCE) if connections is not None else nullcontext():
            mark = object()
            self._busy.add(mark)
            try:
                yield
            finally:
                self._busy.discard(mark)

    def _follow(self) -> None:
        """Take into the indexes what others have written since they were last brought up to date.

        Where another thread or process of this machine is doing so, it is not waited for, unless the indexes are empty.
        """
        if not self.server or self._busy or not self.catalog.behind():
            return
        from rag.index.lock import folder_lock

        empty = not self.catalog.any_indexed()
        if not self._turn.acquire(timeout=_PATIENCE if empty else 0):
            return
        mark = object()
        self._busy.add(mark)
        try:
            with folder_lock(self.path, patience=_PATIENCE if empty else 0) as mine:
                if mine and self.catalog.behind():
                    self._catch_up()
        finally:
            self._busy.discard(mark)
            self._turn.release()

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Hold the lock of the archive's syncs, of which one runs at a time, on whichever machine.

        Raises:
            ArchiveLocked: Another one runs.
        """
        from rag.index.lock import SYNC, sync_lock

        connections: Any = getattr(self.catalog, "server", None)
        with sync_lock(self.path), connections.lock("sync", SYNC) if connections is not None else nullcontext():
            yield

    def _catch_up(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def writing(self, what: str) -> AbstractContextManager[None]:
        raise NotImplementedError


__all__ = ["Following"]
