"""Sources to articles: finds the files, and gives each to the reader that its content says, else its ending."""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from rag import registry
from rag.errors import SourceError
from rag.ingest.forms import is_archive, recognise
from rag.ingest.packed import LIMITS, Limits, unpacked
from rag.ingest.pages.saved import is_page, saved_beside
from rag.ingest.readers import CountsArticles, readers
from rag.protocols import Reader
from rag.types import RawArticle, Skipped

_NOT_ARTICLES = re.compile(
    r"(?:readme|licen[cs]e|notice|changelog|contributing|authors)(?:\..*)?|manifest\.json|questions\.jsonl"
    r"|.*\.py[cio]?|__pycache__|node_modules|thumbs\.db|desktop\.ini",
    re.IGNORECASE,
)
_UNPACKED: Mapping[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda stream: cast(BinaryIO, gzip.GzipFile(fileobj=stream)),
    ".xz": lambda stream: cast(BinaryIO, lzma.LZMAFile(stream)),  # noqa: SIM115 - closed with the file beneath
    ".bz2": lambda stream: cast(BinaryIO, bz2.BZ2File(stream)),
}
"""Endings of packed files, which stand behind the ending of the format."""
_URL = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)


class _Run(NamedTuple):
    """What is the same for all files of a run."""

    fields: Mapping[str, str]
    limits: Limits


class Found(NamedTuple):
    """One thing that a file holds, and what the file is taken for."""

    file: Path
    """The file; inside an archive of files, the archive's path and the file's in it."""
    reader: Reader | None
    """What reads it; None where nothing does."""
    item: RawArticle | Skipped


def load(
    sources: Sequence[str | Path], fields: Mapping[str, str] | None = None, limits: Limits = LIMITS
) -> Iterator[RawArticle | Skipped]:
    """Read articles, one file and one row at a time.

    Args:
        sources: Files, folders (read with all they hold, in order of name) and
            glob patterns. In a folder, hidden files, code, READMEs, manifest.json
            and questions.jsonl are ignored.
        fields: Our field name → its name in JSON and CSV files, for those the
            built-in synonyms miss, as in ``{"text": "body_html"}``, or
            ``{"text": "fields.body"}`` for one inside another.
        limits: How much archives of files may hold.

    Returns:
        Lazily, a RawArticle for each article and a Skipped with the reason for
        everything that is none. A file that is named twice is read once.

    Raises:
        SourceError: A source is not there, a pattern matches nothing, or it is
            a URL. Raised by this call, before anything is read.
    """
    return (found.item for found in find(sources, fields, limits))


def find(
    sources: Sequence[str | Path], fields: Mapping[str, str] | None = None, limits: Limits = LIMITS
) -> Iterator[Found]:
    """As ``load``, with what each file is taken for."""
    return _load(_check(sources), _Run(dict(fields or {}), limits))


def count(sources: Sequence[str | Path]) -> int | None:
    """Estimate, cheaply, how many articles there are.

    Returns:
        Files, plus the rows of JSON Lines and CSV files (extrapolated from the
        first 16 MB of long ones); None when a file hides how many it holds: JSON,
        an export, a mailbox, an archive of files.

    Raises:
        SourceError: As ``load`` does.
    """
    total, by_ending = 0, readers()
    for item in _files(_check(sources)):
        if isinstance(item, Skipped):
            continue
        ending, packed = _ending(item)
        reader = by_ending.get(ending)
        try:
            if ending not in _added_endings() and _hides_many(item, packed):
                return None
            rows = reader.count(item, packed=packed) if isinstance(reader, CountsArticles) else 1
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            rows = 1
        if rows is None:
            return None
        total += rows
    return total


def _hides_many(path: Path, packed: bool) -> bool:
    """Whether a file may hold many articles, whose number only reading it tells."""
    with _open(path, packed) as stream:
        form = recognise(path, stream)
        return form.many if form is not None else is_archive(stream)


def read(path: Path, stream: BinaryIO, fields: Mapping[str, str] | None = None) -> Iterator[RawArticle | Skipped]:
    """Read the articles of a file that is not on disk, by its content, else by the ending of its name.

    Args:
        path: Its name, for endings, keys and origins; nothing is looked for there.
        stream: Its bytes, from the beginning.
        fields: As for ``load``.
    """
    ending, packed = _ending(path)
    opened = _unpacking(path, stream) if packed else stream
    try:
        for found in _read_stream(path, opened, ending, _Run(dict(fields or {}), LIMITS), readers(), 0):
            yield found.item
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        yield Skipped(origin=str(path), reason=f"the file can't be read: {error}")


def _check(sources: Sequence[str | Path]) -> list[Path]:
    """The paths that were named, each of which is there."""
    paths: list[Path] = []
    for source in [sources] if isinstance(sources, (str, Path)) else sources:
        name = os.path.expanduser(str(source))
        scheme = _URL.match(name)
        if scheme and len(scheme[1]) > 1 and not os.path.lexists(name):
            raise SourceError(f"{source} is not fetched: only http and https addresses are, by onrecord ingest.")
        if os.path.lexists(name):
            paths.append(Path(name))
        elif glob.has_magic(name):
            matches = sorted(glob.glob(name, recursive=True))
            if not matches:
                raise SourceError(f"No file matches {source}. Check the pattern, and quote it in the shell.")
            paths.extend(map(Path, matches))
        else:
            raise SourceError(f"There is no file or folder {source}. Check the path.")
    return paths


def files(folder: Path) -> Iterator[Path | Skipped]:
    """The files of a folder that ``load`` would read, and folders below it that can't be."""
    return _files([folder])


def _files(paths: Sequence[Path]) -> Iterator[Path | Skipped]:
    """Files to read, each once, and what can't be."""
    seen: set[str] = set()
    for path in paths:
        for item in _walk(path, set()) if path.is_dir() else [path]:
            if isinstance(item, Path):
                real = os.path.realpath(item)
                if real in seen:
                    continue
                seen.add(real)
            yield item


def _walk(folder: Path, above: set[str]) -> Iterator[Path | Skipped]:
    """All files below a folder, sorted; a link that leads back up is not followed."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(origin=str(folder), reason=_os_reason(error, "folder"))
        return
    if any(entry.name == "catalog.sqlite" for entry in entries):
        return  # an archive: `onrecord ingest .` may well find one
    pages = [entry.name for entry in entries if is_page(entry.name)]
    for entry in entries:
        if entry.name.startswith(".") or _NOT_ARTICLES.fullmatch(entry.name):
            continue
        path = folder / entry.name
        if path.is_dir() and saved_beside(path, pages):
            continue
        if path.is_dir():
            yield from _walk(path, above | {real})
        else:
            yield path


def _os_reason(error: OSError, what: str) -> str:
    if isinstance(error, PermissionError):
        return f"no permission to read the {what}"
    return f"the {what} can't be read: {error.strerror or error}"


def _load(paths: Sequence[Path], run: _Run) -> Iterator[Found]:
    by_ending = readers()
    for item in _files(paths):
        if isinstance(item, Skipped):
            yield Found(Path(item.origin), None, item)
            continue
        try:
            yield from _read(item, run, by_ending)
        except OSError as error:
            broken = isinstance(error, gzip.BadGzipFile) or (error.errno is None and _ending(item)[1])
            yield _unread(item, f"broken {_packing(item)} file" if broken else _os_reason(error, "file"))
        except (EOFError, zlib.error, lzma.LZMAError):
            yield _unread(item, f"broken {_packing(item)} file: it ends too early")


def _packing(path: Path) -> str:
    return {".xz": "xz", ".bz2": "bzip2"}.get(path.suffix.lower(), "gzip")


def _unread(path: Path, reason: str) -> Found:
    return Found(path, None, Skipped(origin=str(path), reason=reason))


def _ending(path: Path) -> tuple[str, bool]:
    """The ending that says the format, and whether the file is packed (gzip, xz, bzip2)."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    packed = bool(suffixes) and suffixes[-1] in _UNPACKED
    if packed:
        suffixes.pop()
    return (suffixes[-1] if suffixes else ""), packed


def _read(path: Path, run: _Run, by_ending: Mapping[str, Reader]) -> Iterator[Found]:
    ending, packed = _ending(path)
    if not stat.S_ISREG(path.stat().st_mode):
        yield _unread(path, "not a regular file")
        return
    with _open(path, packed) as stream:
        yield from _read_stream(path, stream, ending, run, by_ending, 0)


def _read_stream(
    path: Path, stream: BinaryIO, ending: str, run: _Run, by_ending: Mapping[str, Reader], depth: int
) -> Iterator[Found]:
    """The articles of a file, or of the files in an archive."""
    # A reader that another package added for this ending is asked first: somebody wanted it to.
    reader = by_ending.get(ending) if ending in _added_endings() else None
    # Whoever names the fields of a file of rows knows better than its form.
    if reader is None and not (run.fields and isinstance(by_ending.get(ending), CountsArticles)):
        reader = recognise(path, stream)
    if reader is None and is_archive(stream):
        yield from _read_packed(path, stream, run, by_ending, depth)
    elif (reader := reader or by_ending.get(ending)) is not None:
        for item in _read_with(reader, path, stream, run.fields):
            yield Found(path, reader, item)
    else:
        known = " ".join(sorted(by_ending))
        yield _unread(path, _ADVICE.get(ending) or f"unknown format {ending or 'without ending'}; known are {known}")


_ADVICE = {".doc": "an old Word document; open it in Word or LibreOffice and save it as .docx"}


def _read_packed(
    path: Path, stream: BinaryIO, run: _Run, by_ending: Mapping[str, Reader], depth: int
) -> Iterator[Found]:
    """The articles of the files in an archive; their place is the archive's path and theirs in it."""
    if depth >= run.limits.depth:
        yield _unread(path, f"an archive within {run.limits.depth} archives is not opened")
        return
    try:
        for name, content in unpacked(stream, run.limits):
            parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
            if not parts or any(part.startswith((".", "__MACOSX")) or _NOT_ARTICLES.fullmatch(part) for part in parts):
                continue
            inner = path.joinpath(*parts)
            if isinstance(content, str):
                yield _unread(inner, content)
                continue
            ending, packed = _ending(inner)
            opened = _unpacking(inner, content) if packed else content
            yield from _read_stream(inner, opened, ending, run, by_ending, depth + 1)
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, ValueError, zlib.error) as error:
        yield _unread(path, f"broken archive: {str(error).splitlines()[0][:100] if str(error) else ''}")


def _added_endings() -> frozenset[str]:
    """Endings that readers of other packages read."""
    return frozenset(ending for reader in registry.readers().values() for ending in reader.endings)


def _read_with(
    reader: Reader, path: Path, stream: BinaryIO, fields: Mapping[str, str]
) -> Iterator[RawArticle | Skipped]:
    if (largest := reader.max_bytes) is not None:
        raw = stream.read(largest + 1)
        if len(raw) > largest:
            yield Skipped(origin=str(path), reason=f"larger than {largest // 1_000_000} MB")
            return
        if not raw.strip():
            yield Skipped(origin=str(path), reason="empty")
            return
        stream = io.BytesIO(raw)
    item = None
    for item in reader.read(path, stream, fields):
        yield item
    if item is None:
        yield Skipped(origin=str(path), reason="no article in it")


@contextmanager
def _open(path: Path, packed: bool) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        yield _unpacking(path, plain) if packed else plain


def _unpacking(path: Path, stream: BinaryIO) -> BinaryIO:
    """What a packed file holds, by the ending of its name."""
    return _UNPACKED[path.suffix.lower()](stream)
