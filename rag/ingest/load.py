"""Sources to articles: finds the files, and gives each to the reader that its content says, else its ending."""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, cast

from rag import registry
from rag.errors import SourceError
from rag.ingest import apart, beginning
from rag.ingest.forms import form_named, is_archive, recognise
from rag.ingest.opened import NotRegular, open_regular
from rag.ingest.packed import BROKEN, LIMITS, Limits, first_line, unpacked
from rag.ingest.pages.saved import is_page, saved_beside
from rag.ingest.readers import CountsArticles, readers
from rag.protocols import Reader
from rag.text import counting
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


_PLAIN = frozenset({".txt", ".text", ".md", ".markdown", ".json", ".jsonl", ".ndjson", ".csv", ".tsv"})
"""Endings of files that are read by the standard library and the like, which small ones can't do harm to."""
_SMALL = 250_000
"""Bytes up to which they are small."""
_GLANCE = 10_000_000
"""Bytes up to which the directory of a ZIP is looked through only to see what it is."""
_REASONS = 1000
"""Parts of one file that are told with their reason; of the rest only the number is: there may be millions."""
_STREAMS = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What a stream raises that can't be read."""


Wanted = Literal["all", "inside", "nothing"]
"""Whether a file is read, only files in it are if it is an archive, or it is passed over with all it holds."""


class Watch:
    """Is told how far the reading of a file is."""

    def begins(self, place: Path) -> Wanted:
        """What is wanted of a file; asked for each, those in archives and the archives themselves included."""
        return "all"

    def bytes_read(self, count: int) -> None:
        """Told the bytes that were read of the file on disk."""


class _Run(NamedTuple):
    """What is the same for all files of a run."""

    fields: Mapping[str, str]
    limits: Limits
    watch: Watch | None = None
    """Given in the process that reads files apart."""
    by_ending: bool = False
    """Whether the ending says what the file is, whatever its content looks like."""

    @property
    def apart(self) -> bool:
        """Whether files that may do harm are read in a process of their own."""
        return self.limits.seconds > 0 and self.watch is None and apart.possible()


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
        limits: How much archives of files may hold, and reading a file may take.

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
        except _STREAMS:
            rows = 1
        if rows is None:
            return None
        total += rows
    return total


def _hides_many(path: Path, packed: bool) -> bool:
    """Whether a file may hold many articles, whose number only reading it tells."""
    with _open(path, packed) as stream:
        if stream.read(4) == b"PK\x03\x04" and path.stat().st_size > _GLANCE:
            return True
        stream.seek(0)
        form = recognise(path, stream)
        return form.many if form is not None else is_archive(stream)


def read(
    path: Path,
    stream: BinaryIO,
    fields: Mapping[str, str] | None = None,
    limits: Limits = LIMITS,
    *,
    by_ending: bool = False,
) -> Iterator[RawArticle | Skipped]:
    """Read the articles of a file that is not on disk, by its content, else by the ending of its name.

    Args:
        path: Its name, for endings, keys and origins; nothing is looked for there.
        stream: Its bytes, from the beginning.
        fields: As for ``load``.
        limits: As for ``load``.
        by_ending: The ending says what it is, whatever the content looks like: a page that was asked for as one.
    """
    run = _Run(dict(fields or {}), limits, by_ending=by_ending)
    found = _read_apart(path, run, readers(), stream.read()) if run.apart else _read_here(path, run, readers(), stream)
    return (one.item for one in found)


def read_alone(
    path: Path,
    fields: Mapping[str, str],
    limits: Limits,
    watch: Watch,
    content: BinaryIO | None,
    by_ending: bool = False,
) -> Iterator[Found]:
    """Read one file in this process, which was started for that.

    Args:
        path: The file.
        fields: As for ``load``.
        limits: As for ``load``.
        watch: Is told how far it is.
        content: Its bytes, where it is not on disk.
        by_ending: As for ``read``.

    Raises:
        MemoryError: There is not enough for it.
    """
    return _read_here(path, _Run(fields, limits, watch, by_ending), readers(), content)


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


def places(sources: Sequence[str | Path]) -> Iterator[Path | Skipped]:
    """The files that ``load`` reads, in its order, each once, and what can't be read.

    Raises:
        SourceError: As ``load``; raised by this call.
    """
    return _files(_check(sources))


def _files(paths: Sequence[Path]) -> Iterator[Path | Skipped]:
    """Files to read, each once, and what can't be."""
    seen: set[str] = set()
    for path in paths:
        for item in _walk(path, set()) if path.is_dir() else [path]:
            if isinstance(item, Path):
                real = os.path.realpath(item)
                if real in seen and item.is_file():  # what is none is told for each that leads to it
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
        if run.apart and not _harmless(item, run, by_ending):
            yield from _read_apart(item, run, by_ending)
        else:
            yield from _read_here(item, run, by_ending)


def _harmless(path: Path, run: _Run, by_ending: Mapping[str, Reader]) -> bool:
    """Whether a file needs no process of its own: it is small and plain, nothing reads it, or it can't be opened."""
    ending, packed = _ending(path)
    if packed or not (ending in _PLAIN or ending not in by_ending) or ending in _added_endings():
        return False
    try:
        with open_regular(path) as stream:
            if path.stat().st_size > _SMALL:
                return False
            if (told := beginning.told_ending(stream, ending)) in by_ending and told not in _PLAIN:
                return False
            return recognise(path, stream) is None and not is_archive(stream)
    except OSError:
        return True  # the reading says why


def _read_apart(
    path: Path, run: _Run, by_ending: Mapping[str, Reader], content: bytes | None = None
) -> Iterator[Found]:
    """The articles of a file as another process reads them."""
    added = registry.registered("readers")
    try:
        for kind, told in apart.read(path, run.fields, run.limits, added, content, run.by_ending):
            if kind == "ended":
                yield _unread(Path(told["place"]), told["reason"])
                continue
            reader = form_named(told["form"]) if told["form"] else by_ending.get(told["ending"] or "")
            value = RawArticle if told["article"] else Skipped
            yield Found(Path(told["file"]), reader, value.model_validate(told["item"]))
    except apart.CannotStart:
        yield from _read_here(path, run, by_ending, None if content is None else io.BytesIO(content))


def _read_here(
    path: Path, run: _Run, by_ending: Mapping[str, Reader], content: BinaryIO | None = None
) -> Iterator[Found]:
    """The articles of a file as this process reads them; whatever goes wrong is told."""
    ending, packed = _ending(path)
    try:
        with _open(path, packed, run.watch, content) as stream:
            yield from _read_stream(path, stream, ending, run, by_ending, 0)
    except _STREAMS as error:
        yield _unread(path, _stream_reason(path, error))
    except MemoryError:
        if run.watch is not None:
            raise
        yield _unread(path, "reading needed more memory than there is")


def _stream_reason(path: Path, error: BaseException) -> str:
    """Why a stream can't be read."""
    if isinstance(error, NotRegular):
        return str(error)
    if not isinstance(error, OSError):
        return f"broken {_packing(path)} file: it ends too early"
    broken = isinstance(error, gzip.BadGzipFile) or (error.errno is None and _ending(path)[1])
    return f"broken {_packing(path)} file" if broken else _os_reason(error, "file")


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


def _read_stream(
    path: Path, stream: BinaryIO, ending: str, run: _Run, by_ending: Mapping[str, Reader], depth: int
) -> Iterator[Found]:
    """The articles of a file, or of the files in an archive."""
    wanted = run.watch.begins(path) if run.watch is not None else "all"
    if wanted == "nothing" or (wanted == "inside" and not is_archive(stream)):
        return
    # A reader that another package added for this ending is asked first: somebody wanted it to.
    added = _added_endings()
    reader = by_ending.get(ending) if run.by_ending or ending in added else None
    # Whoever names the fields of a file of rows knows better than its form.
    if reader is None and not (run.fields and isinstance(by_ending.get(ending), CountsArticles)):
        reader = recognise(path, stream)
    if reader is None and is_archive(stream):
        yield from _read_packed(path, stream, run, by_ending, depth)
    elif wanted != "all":
        return
    elif (reader := reader or by_ending.get(beginning.told_ending(stream, ending))) is not None:
        if reader is by_ending.get(ending) and ending not in added and (why := beginning.why_not(stream, ending)):
            yield _unread(path, why)
            return
        try:
            for item in _read_with(reader, path, stream, run.fields):
                yield Found(path, reader, item)
        except (*_STREAMS, MemoryError):
            raise
        except RecursionError:
            yield _unread(path, "its parts lie too deeply in one another to be read")._replace(reader=reader)
        except Exception as error:  # of another package, or met by nobody so far: the other files are read all the same
            yield Found(
                path, reader, _unread(path, f"the reader failed: {type(error).__name__}: {first_line(error)}").item
            )
    else:
        yield _unread(path, _ADVICE.get(ending) or beginning.unknown(stream, ending, by_ending))


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
            try:
                opened = _unpacking(inner, content) if packed else content
                yield from _read_stream(inner, opened, ending, run, by_ending, depth + 1)
            except _STREAMS as error:
                yield _unread(inner, _stream_reason(inner, error))
    except BROKEN as error:
        yield _unread(path, f"broken archive: {first_line(error)}")


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
    item, reasons = None, 0
    for item in reader.read(path, stream, fields):
        reasons += isinstance(item, Skipped)
        if reasons <= _REASONS or isinstance(item, RawArticle):
            yield item
    if item is None:
        yield Skipped(origin=str(path), reason="no article in it")
    if reasons > _REASONS:
        more = counting.count(
            reasons - _REASONS, "more row or part that is no article", "more rows or parts that are no articles"
        )
        yield Skipped(origin=str(path), reason=more)


@contextmanager
def _open(path: Path, packed: bool, watch: Watch | None = None, content: BinaryIO | None = None) -> Iterator[BinaryIO]:
    told = watch.bytes_read if watch is not None else None
    with nullcontext(content) if content is not None else open_regular(path, told) as plain:
        yield _unpacking(path, plain) if packed else plain


def _unpacking(path: Path, stream: BinaryIO) -> BinaryIO:
    """What a packed file holds, by the ending of its name."""
    return _UNPACKED[path.suffix.lower()](stream)
