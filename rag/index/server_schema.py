"""The schema of a catalog on PostgreSQL: which one is there, and the steps that bring it up to this program's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.errors import ArchiveDamaged, ArchiveMismatch, UsageError
from rag.extras import require
from rag.index.server import ServerConnection, ServerConnections

TABLE = "onrecord_schema"
"""Where alembic writes down which steps were made."""
HEAD = "0002"
"""The last step that this program knows."""
KNOWN = ("0001", "0002")
"""All steps, in order."""
MOVED = "moved"
"""In place of a step: the catalog that was here was moved away, and nothing is left of it."""

_OLDEST = 130000
"""The oldest server's version, as it numbers them."""


def found(db: ServerConnection) -> str | None:
    """The step that the catalog is at; None: there is none.

    Raises:
        ArchiveDamaged: There are tables of its names that are none of ours.
    """
    there = db.plain("SELECT to_regclass($1) IS NOT NULL, to_regclass('version') IS NOT NULL", [TABLE]).fetchone()
    if there[0]:
        row = db.plain(f"SELECT version_num FROM {TABLE}").fetchone()
        if row:
            return str(row[0])
    if there[1]:
        raise ArchiveDamaged(
            "The database has tables of another program's. Name an empty one: createdb NAME, or a schema of its own, "
            "...?options=-csearch_path%3DNAME"
        )
    return None


def require_schema(db: ServerConnection, where: str, *, upgrade: bool) -> bool:
    """Check that the schema is this program's.

    Args:
        db: A connection.
        where: The database, for messages.
        upgrade: An older one is allowed, since it is about to be brought up to date.

    Returns:
        Whether there is anything to do.

    Raises:
        ArchiveMismatch: It is another program's.
    """
    at = found(db)
    if at == MOVED:
        raise ArchiveMismatch(
            f"The catalog that was on {where} was moved away (onrecord migrate). Unset ONRECORD_CATALOG and name the "
            "folder where it is, --archive PATH, or name another database."
        )
    if at is not None and at not in KNOWN:
        raise ArchiveMismatch(
            f"The catalog on {where} was written by a newer OnRecord (schema {at}, this one knows {HEAD}). "
            "Upgrade: pip install -U onrecord"
        )
    if at is not None and at != HEAD and not upgrade:
        raise ArchiveMismatch(
            f"The catalog on {where} has an older OnRecord's schema ({at}, this one needs {HEAD}). Any command that "
            "writes brings it up to date, such as: onrecord doctor --repair"
        )
    return at != HEAD


def upgrade(connections: ServerConnections, db: ServerConnection, then: Callable[[Any], None] | None = None) -> None:
    """Make the steps that are missing, in one transaction, while others that write wait.

    Args:
        connections: To the database.
        db: One of them.
        then: Fills a new catalog within the same transaction: called with psycopg's connection. Where a catalog was
            moved away from the database, it is taken as empty.

    Raises:
        ArchiveMismatch: A newer program wrote it.
        ExtraMissing: alembic is not installed.
    """
    left = then is not None and found(db) == MOVED
    if not left and not require_schema(db, connections.where, upgrade=True):
        return
    encoding, version = (
        db.plain("SHOW server_encoding").fetchone()[0],
        db.plain("SHOW server_version_num").fetchone()[0],
    )
    if encoding != "UTF8" or int(version) < _OLDEST:
        raise UsageError(
            f"The database {connections.where} is in {encoding}, on PostgreSQL {int(version) // 10000}. Name "
            f"one in UTF-8 on PostgreSQL {_OLDEST // 10000} or later: createdb -E UTF8 -T template0 NAME"
        )
    for module in ("alembic", "sqlalchemy"):
        require(module, extra="postgresql", what="A catalog on PostgreSQL")
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_engine("postgresql+psycopg://", creator=connections.bare, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connections.serialize(connection.exec_driver_sql)
            if left:
                connection.exec_driver_sql(f"DROP TABLE {TABLE}")
            config.attributes |= {"connection": connection, "table": TABLE}
            command.upgrade(config, "head")
            if then is not None:
                then(connection.connection.driver_connection)
    except DBAPIError as e:
        original: Any = e.orig
        raise connections.told(original) from e
    finally:
        engine.dispose()


__all__ = ["HEAD", "MOVED", "TABLE", "found", "require_schema", "upgrade"]
