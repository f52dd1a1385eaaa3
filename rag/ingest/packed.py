"""Archives of files (ZIP and TAR): what is in them, one file at a time, within limits. Nothing is written to disk."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple


class Limits(NamedTuple):
    """How much an archive may hold; what is above is left out and told."""

    member: int = 200_000_000
    """Bytes that one file in it may unpack to."""
    total: int = 4_000_000_000
    """Bytes that all of them may unpack to."""
    files: int = 200_000
    depth: int = 3
    """Archives within archives."""


LIMITS = Limits()


def is_packed(raw: bytes, members: tuple[str, ...]) -> bool:
    """Whether a file that begins so is an archive of files: a ZIP that is no office document or page, or a TAR."""
    documents = ("[Content_Types].xml", "mimetype", "META-INF/container.xml")
    if raw.startswith(b"PK\x03\x04"):
        return bool(members) and not any(name in documents for name in members)
    return raw[257:262] == b"ustar"


def unpacked(stream: BinaryIO, limits: Limits = LIMITS) -> Iterator[tuple[str, BinaryIO | str]]:
    """The files of an archive by name: the bytes of each, or why it is left out.

    Args:
        stream: The archive, from its beginning.
        limits: How much it may hold.

    Raises:
        zipfile.BadZipFile, tarfile.TarError, OSError, EOFError: The archive is broken from here on.
    """
    total = 0
    files = _zipped(stream) if stream.read(4) == b"PK\x03\x04" else _tarred(stream)
    for number, (name, size, opened) in enumerate(files):
        if number >= limits.files:
            yield name, f"the archive holds more than {limits.files} files; the rest is left out"
            return
        if size > limits.member:
            yield name, f"unpacks to more than {limits.member // 1_000_000} MB"
            continue
        raw = opened.read(limits.member + 1)  # what is declared may be a lie
        total += len(raw)
        if len(raw) > limits.member or total > limits.total:
            yield name, f"the archive unpacks to more than {limits.total // 1_000_000} MB; the rest is left out"
            return
        yield name, io.BytesIO(raw)


def _zipped(stream: BinaryIO) -> Iterator[tuple[str, int, BinaryIO]]:
    stream.seek(0)
    with zipfile.ZipFile(stream) as packed:
        for entry in packed.infolist():
            if not entry.is_dir() and not entry.flag_bits & 1:
                with packed.open(entry) as opened:
                    yield entry.filename, entry.file_size, opened  # type: ignore[misc]


def _tarred(stream: BinaryIO) -> Iterator[tuple[str, int, BinaryIO]]:
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:") as packed:
        for entry in packed:
            if entry.isfile() and (opened := packed.extractfile(entry)) is not None:
                yield entry.name, entry.size, opened  # type: ignore[misc]
