"""What keeps an archive in order: repair, backup and restore, export, salvage."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rag.index.moving import Moved
    from rag.index.moving_catalog import CatalogMoved
    from rag.index.salvage import Salvaged
    from rag.index.stores import Stores
    from rag.settings import Settings


class Upkeep:
    """The part of ``Archive`` that mends and copies."""

    path: Path
    settings: Settings
    stores: Stores

    def reindex(self, *, embed_again: bool = False, progress: Callable[[int, str], None] | None = None) -> None:
        """Rebuild both indexes from the catalog, and do what an interrupted run left to do.

        Args:
            embed_again: Split and embed every article again, with the embedding model of the settings (the way to
                change the model of an archive). Else nothing is embedded.
            progress: As for ``ingest``.
        """
        self.stores.require()
        from rag.ingest import pipeline
        from rag.ingest.backfill import backfill_quotes, find_quotes
        from rag.record.linker import link
        from rag.text.split import SPLITTER

        with self.stores.writing("repair", complete=False):
            catalog = self.stores.catalog
            if embed_again:
                # Until it is done the archive fits no settings, so vectors of two models are never searched together.
                catalog.set_meta("fingerprint", f"an unfinished rebuild | {SPLITTER}")
                pipeline.reembed(catalog, embed=self.stores.embed, quotes=find_quotes, progress=progress)
                catalog.set_meta("fingerprint", self.stores.current_fingerprint)
            self.stores.rebuild("vectors", "lexical")
            backfill_quotes(catalog)
            catalog.forget_all_links()
            link(self.stores)
            self.stores.forget_erased()
            catalog.compact()

    def healed(self) -> list[dict[str, str]]:
        """Indexes that were rebuilt since they could not be opened or written: ``when``, ``store`` and ``why``."""
        from rag.index.healing import healed

        self.stores.require()
        return healed(self.stores.catalog)

    def backup(self, out: str | Path) -> dict[str, Any]:
        """Copy the archive to a new folder, as it is at one moment; others may read and write meanwhile.

        Args:
            out: A folder that is not there yet.

        Returns:
            When it was made, how many articles it holds, the hashes of its files.

        Raises:
            UsageError: ``out`` is there already, or lies in the archive's folder.
            ArchiveDamaged: The archive can't be read.
            DiskFull: There is no room.
        """
        from rag.index.backup import backup

        self.stores.require_folder("backup")
        self.stores.require()
        return backup(self.path, Path(out).expanduser().resolve())

    def migrate(
        self, to_vectors: str, *, leave_old: bool = False, progress: Callable[[int, str], None] | None = None
    ) -> Moved:
        """Move the vectors to a server, to another one, or back; the old ones stay until the new ones are compared.

        From then on the setting ``vectors`` has to be ``to_vectors``, as it is for this object.

        Args:
            to_vectors: As the setting; "embedded" for the archive's folder.
            leave_old: Leave alone what is in the old place, whose server may be gone for good.
            progress: Called with the number of passages written so far, and the name of the index.

        Raises:
            UsageError: It is no such address, or they are there already.
            ArchiveDamaged: What came to the new place is not what the catalog has; nothing has been changed.
            ArchiveError: A server can't be reached, or refuses.
        """
        from rag.index.moving import move_vectors

        self.stores.require()
        with self.stores.writing("migrate", complete=not leave_old):
            moved = move_vectors(self.stores, to_vectors, leave_old=leave_old, progress=progress)
        self.settings = self.stores.settings
        return moved

    def migrate_catalog(self, to: str, *, progress: Callable[[int, str], None] | None = None) -> CatalogMoved:
        """Move the catalog, conversations with it, to a PostgreSQL server, or from there to the archive's folder.

        The old one stays until the new one is compared, row for row; then it is removed (a copy of it is made by
        ``backup``, or pg_dump). The indexes stay as they are. While it is copied, others may read and not write. From
        then on the setting ``catalog`` has to be ``to``, as it is for this object.

        Args:
            to: "postgresql://user@host/database", a database without tables of ours; "embedded" for the folder.
            progress: Called with the number of rows copied so far, and the name of the table.

        Raises:
            UsageError: It is no such address, the catalog is there already, or another one is.
            ArchiveDamaged: What came to the new place is not what is in the old one; nothing has been changed.
            ArchiveLocked: Others write to one of the two places.
            ArchiveError: The server can't be reached, or refuses.
            DiskFull: There is no room.
        """
        from rag.index.moving_catalog import move_catalog
        from rag.sources.store import SourceStore

        if (sources := self.__dict__.pop("sources", None)) is not None:  # they are beside the catalog
            sources.close()
        moved = move_catalog(self.stores, to, lambda file: SourceStore(file).close(), progress)
        self.stores.use_catalog_at(to)
        self.settings = self.stores.settings
        return moved

    def export(self, out: str | Path | TextIO) -> int:
        """Write all current articles as JSON Lines, which can be ingested again; returns how many.

        Args:
            out: A file that is not there yet, or what text can be written to.

        Raises:
            UsageError: ``out`` is there already.
            ArchiveDamaged: The catalog can't be read; ``salvage`` writes what can be.
        """
        from rag.index.salvage import create, export_row

        self.stores.require()
        count = 0
        with create(Path(out).expanduser()) if isinstance(out, str | Path) else nullcontext(out) as lines:
            for article in self.stores.catalog.articles():
                lines.write(export_row(article))
                count += 1
        return count

    def salvage(self, out: str | Path) -> Salvaged:
        """Write the current articles of a damaged catalog that can still be read, as ``export`` does.

        Raises:
            ArchiveMissing: There is no catalog.
            UsageError: ``out`` is there already.
        """
        from rag.index.salvage import salvage

        self.stores.require_folder("export --salvage")
        return salvage(self.path / "catalog.sqlite", Path(out).expanduser())


def restore(source: str | Path, settings: Settings) -> int:
    """Make an archive of a backup, in the folder that the settings name; returns how many articles it has.

    The indexes are built anew from the vectors in the backup; nothing is embedded.

    Args:
        source: A folder that ``backup`` made.
        settings: Their ``archive`` is a folder that is not there yet.

    Raises:
        UsageError: It is no backup, or the archive's folder is there already.
        ArchiveDamaged: The backup is damaged.
    """
    from rag.index.backup import unpack
    from rag.index.stores import Stores
    from rag.index.vector_places import renew

    Stores(settings.archive, settings).require_folder("restore")
    target = settings.archive.expanduser().resolve()
    half = unpack(Path(source).expanduser().resolve(), target)
    stores = Stores(half, settings)
    try:
        with stores.writing("restore", complete=False):
            renew(stores.catalog, settings)  # what is backed up goes on where it was
            stores.rebuild("vectors", "lexical")
            stores.forget_erased()
            count = stores.catalog.counts()["articles"]
        stores.close()
        os.replace(half, target)
    finally:
        stores.close()
        shutil.rmtree(half, ignore_errors=True)
    return count


__all__ = ["Upkeep", "restore"]
