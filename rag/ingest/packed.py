"""Archives of files (ZIP and TAR): what is in them, one file at a time, within limits. Nothing is written to disk."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, NamedTuple, cast

from rag.text.counting import count


class Limits(NamedTuple):
    """How much an archive may hold, and reading a file may take; what is above is left out and told."""

    member: int = 200_000_000
    """Bytes that one file in it may unpack to."""
    total: int = 4_000_000_000
    """Bytes that all of them may unpack to."""
    files: int = 200_000
    depth: int = 3
    """Archives within archives."""
    seconds: float = 0
    """After which a file is left that brings nothing more; 0: files are read in this process, without such bounds."""
    megabytes: int = 0
    """That reading a file may take, over what the reading process takes anyway; 0: any."""


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
    zipped = stream.read(4) == b"PK\x03\x04"
    files = _zipped(stream) if zipped else _tarred(stream)
    for number, (name, size, opened) in enumerate(files):
        if number >= limits.files:
            yield name, f"the archive holds more than {count(limits.files, 'file')}; the rest is left out"
            return
        if isinstance(opened, str):
            yield name, opened
            continue
        if size > limits.member:
            yield name, f"unpacks to more than {limits.member // 1_000_000} MB"
            continue
        try:
            with opened() as member:
                raw = member.read(limits.member + 1)  # what is declared may be a lie
        except BROKEN as error:
            if not zipped:
                raise
            yield name, f"can't be unpacked: {first_line(error)}"  # the others have places of their own
            continue
        total += len(raw)
        if len(raw) > limits.member or total > limits.total:
            yield name, f"the archive unpacks to more than {limits.total // 1_000_000} MB; the rest is left out"
            return
        yield name, io.BytesIO(raw)


BROKEN = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, NotImplementedError, RuntimeError, ValueError,
          OverflowError, zlib.error, lzma.LZMAError, struct.error)  # fmt: skip
"""What the libraries raise for a broken archive."""


def first_line(error: BaseException) -> str:
    """What an error says, on one line of at most 100 characters."""
    return " ".join(str(error).split())[:100] or type(error).__name__


_Entry = tuple[str, int, "Callable[[], BinaryIO] | str"]
"""A name, the size that is declared, and how it is opened, or why it is left out."""


def _zipped(stream: BinaryIO) -> Iterator[_Entry]:
    stream.seek(0)
    with zipfile.ZipFile(stream) as packed:
        for entry in packed.infolist():
            if entry.is_dir():
                continue
            if entry.flag_bits & 1:
                yield entry.filename, 0, "encrypted; save a copy without a password"
            else:
                yield entry.filename, entry.file_size, partial(_open_zipped, packed, entry)


def _open_zipped(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    return cast(BinaryIO, packed.open(entry))


def _tarred(stream: BinaryIO) -> Iterator[_Entry]:
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:") as packed:
        for entry in packed:
            if entry.isdir():
                continue
            if not entry.isfile():
                yield entry.name, 0, "not a regular file"
            else:
                yield entry.name, entry.size, partial(_open_tarred, packed, entry)


def _open_tarred(packed: tarfile.TarFile, entry: tarfile.TarInfo) -> BinaryIO:
    opened = packed.extractfile(entry)
    if opened is None:
        raise tarfile.ReadError(f"{entry.name} can't be read")
    return cast(BinaryIO, opened)
