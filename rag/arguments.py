"""Arguments of the Python API that have to be texts or paths: what is none is told by the argument's name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, NoneType
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from rag.errors import UsageError

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


__all__ = ["checks_texts"]
