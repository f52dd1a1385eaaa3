"""Buckets (s3://, gs://, az:// and others) as sources, by fsspec."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from rag.errors import SourceError
from rag.extras import require
from rag.ingest.load import read
from rag.ingest.packed import LIMITS, Limits
from rag.sources.values import Hints
from rag.types import RawArticle, Skipped

_NOT_BUCKETS = frozenset(
    "file local http https ftp sftp ssh smb webhdfs hdfs git github gitlab jupyter dask zip tar data cached "
    "simplecache filecache blockcache reference dir generic".split()
)
"""Kinds of fsspec that are no buckets: fetched by the guarded fetcher, or read as files."""
_LARGEST = 200_000_000
"""Bytes of an object that is read."""


def is_bucket(address: str) -> bool:
    """Whether an address is one of a bucket."""
    scheme, found, rest = address.partition("://")
    return bool(found and rest) and scheme.isalnum() and scheme.lower() not in _NOT_BUCKETS


def list_bucket(address: str) -> Iterator[Hints]:
    """The objects below an address.

    Raises:
        SourceError: The bucket can't be listed, so that nothing may be taken for removed.
        ExtraMissing: fsspec is not installed.
    """
    system, root, scheme = _open(address)
    try:
        found: dict[str, Any] = system.find(root, detail=True)
    except Exception as e:  # each kind of bucket has errors of its own
        raise SourceError(f"{address} can't be listed: {_line(e)}") from e
    for name, told in sorted(found.items()):
        parts = PurePosixPath(name).parts
        if any(part.startswith(".") for part in parts):
            continue
        marks = [
            told.get(field) for field in ("ETag", "etag", "md5Hash", "generation", "LastModified", "mtime", "created")
        ]
        when = next((v for v in marks if isinstance(v, datetime)), None)
        stamp = "-".join(str(v) for v in (told.get("size"), *marks) if v is not None)
        updated = when if when is None or when.tzinfo else when.replace(tzinfo=UTC)
        yield Hints(url=f"{scheme}://{name.lstrip('/')}", updated=updated, stamp=stamp)


def read_object(address: str, limits: Limits = LIMITS) -> list[RawArticle | Skipped]:
    """The articles of an object.

    Args:
        address: Of the object, as ``list_bucket`` gives it.
        limits: How much reading it may take.

    Raises:
        SourceError: It can't be read.
    """
    system, name, _ = _open(address)
    try:
        with system.open(name, "rb") as opened:
            raw: bytes = opened.read(_LARGEST + 1)
    except FileNotFoundError as e:
        raise SourceError(f"{address} is not there any more") from e
    except Exception as e:
        raise SourceError(f"{address} can't be read: {_line(e)}") from e
    if len(raw) > _LARGEST:
        return [Skipped(origin=address, reason=f"larger than {_LARGEST // 1_000_000} MB")]
    path = Path(PurePosixPath(name).name)
    local = path.resolve().as_posix()
    found: list[RawArticle | Skipped] = []
    for item in read(path, io.BytesIO(raw), None, limits):
        told: dict[str, object] = {"origin": address}
        if isinstance(item, RawArticle) and item.key.startswith(local):
            told["key"] = address + item.key.removeprefix(local)
        found.append(item.model_copy(update=told))
    return found


def _open(address: str) -> tuple[Any, str, str]:
    require("fsspec", extra="buckets", what="Reading buckets")
    import fsspec

    scheme = address.partition("://")[0].lower()
    try:
        system, root = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as e:
        raise SourceError(f"{scheme}:// can't be read: {_line(e)}") from e
    return system, root, scheme


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


__all__ = ["is_bucket", "list_bucket", "read_object"]
