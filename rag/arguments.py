"""Arguments of the Python API that have to be texts or paths: what is none is told by the argument's name."""

from __future__ import annotations

import difflib
import functools
import inspect
import logging
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FunctionType, NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from rag.errors import ArchiveError, OnRecordError, UsageError

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.types import Query

log = logging.getLogger(__name__)
_LISTED = 20  # outlets named where one is none
_TOLD = 3  # of those that are none

C = TypeVar("C")


@runtime_checkable
class _Written(Protocol):
    """What text can be written to."""

    def write(self, text: str, /) -> Any:
        """Write some."""


_KINDS: Mapping[str, type] = {"str": str, "Path": Path, "None": NoneType, "TextIO": _Written}
"""Parts of an annotation, with the type of each."""


class _Wanted(NamedTuple):
    """What an argument has to be."""

    kinds: tuple[type, ...]
    what: str
    several: bool
    """Whether it takes up all positional arguments that are left, as ``*idents`` does."""


def checks_texts(made: type[C]) -> type[C]:
    """A class whose public methods refuse what is no text, where their annotations ask for one, by a ``UsageError``.

    SQLite, pathlib and re would each tell of it in words of their own, that don't name the argument.
    """
    for name in dir(made):
        if name.startswith("_") or not isinstance(method := inspect.getattr_static(made, name), FunctionType):
            continue
        taken = inspect.signature(method)
        wanted = {one.name: kinds for one in taken.parameters.values() if (kinds := _wanted(one)) is not None}
        if wanted:
            setattr(made, name, _checking(method, taken, wanted))
    return made


def _wanted(one: inspect.Parameter) -> _Wanted | None:
    """What an argument has to be, where its annotation says a text or a path."""
    parts = one.annotation.split(" | ") if isinstance(one.annotation, str) else []
    if "str" not in parts or not all(part in _KINDS for part in parts):
        return None
    what = "a path" if "Path" in parts else "a text"
    return _Wanted(tuple(_KINDS[part] for part in parts), what, one.kind is inspect.Parameter.VAR_POSITIONAL)


def _checking(
    method: Callable[..., Any], taken: inspect.Signature, wanted: Mapping[str, _Wanted]
) -> Callable[..., Any]:
    @functools.wraps(method)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            given = taken.bind(*args, **kwargs).arguments
        except TypeError:
            return method(*args, **kwargs)  # which says itself what is missing, or too much
        for name, value in given.items():
            if (one := wanted.get(name)) is None:
                continue
            for text in value if one.several else (value,):
                if not isinstance(text, one.kinds):
                    told = f"`{name}` is {_shown(text)}; it has to be {one.what}."
                    several = one.several and isinstance(text, list | tuple | set)
                    raise UsageError(
                        told + (f" Give several one by one: {method.__name__}(*{name})" if several else "")
                    )
        return method(*args, **kwargs)

    return checked


def _shown(given: Any) -> str:
    """A value as an error shows it."""
    told = repr(given)
    return told if len(told) <= 60 else f"{told[:60]}…"


def named_folder(path: str | Path | None) -> Path | None:
    """The path of an archive that a program names; None: it names none.

    Raises:
        UsageError: It is no path; or it is empty, which would be the folder that the program happens to run in.
    """
    if path is None:
        return None
    if not isinstance(path, str | Path):
        raise UsageError(f"`path` is {_shown(path)}; it has to be a path. Give the archive's folder.")
    if not str(path).strip():
        raise UsageError('`path` is empty. Give the archive\'s folder; "." is the one that the program runs in.')
    return Path(path)


def archive_folder(path: Path) -> Path:
    """The whole path of an archive's folder, which need not be there yet.

    Raises:
        UsageError: No folder can be there: the path names a file, leads in a circle, or is too long.
        ArchiveError: It is there, and may not be read.
    """
    shown = str(path).encode("utf-8", "replace").decode()
    try:
        str(path).encode()  # as the libraries under the indexes need it
        whole = path.expanduser().resolve()
        kind = _kind(whole)
    except (ValueError, RuntimeError) as e:  # of characters that no path has; of a circle, or somebody who has no home
        raise UsageError(f"{shown!r} is no path ({str(e).rstrip('.')}). {_OTHER}") from None
    except OSError as e:
        raise _refused(path, e) from None
    if kind == "file":
        raise UsageError(f"{whole} is a file, and an archive is a folder. {_OTHER}")
    catalog = whole / "catalog.sqlite"
    if kind == "folder" and not os.access(whole, os.R_OK | os.X_OK):
        raise ArchiveError(f"{whole} may not be read by the user who runs this. Allow it, or choose another folder.")
    if os.path.lexists(catalog) and not (catalog.is_file() and os.access(catalog, os.R_OK)):
        raise ArchiveError(f"{catalog} is no file that can be read, so {whole} is no archive. {_OTHER}")
    return whole


_OTHER = "Choose another folder: --archive PATH"


def _kind(path: Path) -> str:
    try:
        return "folder" if stat.S_ISDIR(path.stat().st_mode) else "file"
    except FileNotFoundError:
        return "nothing"


def _refused(path: Path, e: OSError) -> OnRecordError:
    told = f"{path} can't be an archive's folder ({e.strerror}). {_OTHER}"
    return ArchiveError(told) if isinstance(e, PermissionError) else UsageError(told)


def unknown_filters(stores: Stores, sources: str | Sequence[str] | None, language: str | None) -> list[str]:
    """What is to be told of filters that no article can pass: outlets and a language that the archive does not have.

    Finding nothing is no error then, since an outlet's articles may come or go; but it is told why. A collection, or
    an article, that is not there is an error.

    Args:
        stores: Of the archive.
        sources: Outlets, in any case; an empty text are articles without one.
        language: As in "en".

    Returns:
        A sentence or two for each kind; none where all are there, where there is no archive, or where a filter is of
        another type, which whoever searches tells.
    """
    outlets = [sources] if isinstance(sources, str) else list(sources or ())
    if not (outlets or language) or not stores.exists or not all(isinstance(o, str) for o in outlets):
        return []
    catalog = stores.catalog
    wrong = [name for name in dict.fromkeys(outlets) if name and catalog.resolve_outlet(name) is None]
    told = []
    if wrong:
        there = _there(catalog.coverage()["sources"], wrong[0])
        told.append(f"There is no such outlet in this archive: {_names(wrong)}.{there}")
    if isinstance(language, str) and not catalog.has_language(language.lower()):
        known = ", ".join(f"{name} ({n})" for name, n in catalog.coverage()["languages"].items() if name)
        told.append(f"There is no article in the language {_shown(language)} in this archive. There are: {known}.")
    return told


def tell_unknown(stores: Stores, sources: Any, language: Any) -> None:
    """Log ``unknown_filters`` as warnings, which Python shows on stderr where a program sets up nothing else."""
    for line in unknown_filters(stores, sources, language):
        log.warning(line)


def told_unknown(stores: Stores, query: Query) -> Query:
    """A query as it is, once ``unknown_filters`` of it are logged."""
    tell_unknown(stores, query.sources, query.language)
    return query


def _names(wrong: Sequence[str]) -> str:
    more = f" and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
    return ", ".join(map(_shown, wrong[:_TOLD])) + more


def _there(counts: Mapping[str, int], wrong: str) -> str:
    """Which outlets there are, and which of them is likely meant."""
    there = {name: n for name, n in counts.items() if name}
    if not there:
        return " None of its articles names an outlet."
    near = difflib.get_close_matches(wrong.casefold(), {name.casefold(): name for name in there}, 1, 0.6)
    meant = next((f" Did you mean {name!r}?" for name in there if near and name.casefold() == near[0]), "")
    listed = ", ".join(f"{name} ({n})" for name, n in list(there.items())[:_LISTED])
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    return f"{meant} There are: {listed}{more}."


__all__ = ["archive_folder", "checks_texts", "named_folder", "tell_unknown", "told_unknown", "unknown_filters"]
