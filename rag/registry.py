"""What other packages add to OnRecord: readers, embedders, arms, checks, rewriters, chat engines, languages.

A package adds to a kind by an entry point of the group ``onrecord.<kind>``, a program by ``register``. What each has to
be is in ``rag.protocols``; docs/extending.md has an example of each. Nothing is imported before its kind is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, get_args

from rag.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from rag.protocols import ArmFactory, ChatEngine, Check, EmbedderFactory, Reader, Rewriter

Kind = Literal["readers", "embedders", "arms", "checks", "rewriters", "chat_engines", "languages"]
"""What can be added; the entry points' group is ``onrecord.`` and this."""

_KINDS: tuple[Kind, ...] = get_args(Kind)
_METHODS: Mapping[Kind, Sequence[str]] = {
    "readers": ("endings", "max_bytes", "read"),
    "checks": ("check",),
    "rewriters": ("rewrite",),
}
"""What objects of a kind have to have. Where a class is given, it is called for an object."""
_FACTORIES: frozenset[Kind] = frozenset({"embedders", "arms", "chat_engines"})
"""Kinds whose plug-ins are called with arguments."""
_OWN: Mapping[Kind, frozenset[str]] = {
    "embedders": frozenset({"all-MiniLM-L6-v2", "multilingual"}),
    "arms": frozenset({"dense", "lexical", "quotes", "articles", "recency"}),
    "chat_engines": frozenset({"local", "none", "extractive"}),
}
"""Names that are OnRecord's own."""

_lock = threading.RLock()
_registered: dict[Kind, dict[str, Any]] = {kind: {} for kind in _KINDS}
_loaded: dict[tuple[Kind, str], Any] = {}


def register(kind: Kind, name: str, thing: Any) -> None:
    """Add something from within a program.

    Args:
        kind: What it is.
        name: What it is called.
        thing: What an entry point would name; see ``rag.protocols``.

    Raises:
        PluginError: The name is taken, or the thing is not what the kind wants.
    """
    made = _made(kind, name, thing, "registered by this program")
    with _lock:
        if name in _registered[kind] or name in _entry_points()[kind]:
            raise PluginError(f"There is a plug-in {name!r} of onrecord.{kind} already. Choose another name.")
        _refuse_own_name(kind, name, "registered by this program")
        _registered[kind][name] = made


def unregister(kind: Kind, name: str) -> None:
    """Take back what ``register`` added; nothing where it did not."""
    with _lock:
        _registered[kind].pop(name, None)


def registered(kind: Kind) -> dict[str, Any]:
    """What this program has added to a kind by ``register``, by name."""
    with _lock:
        return dict(_registered[kind])


def names(kind: Kind) -> tuple[str, ...]:
    """The names of a kind's plug-ins, in order; imports none of them.

    Raises:
        PluginError: Two packages have the same name in it, or one has a name that is OnRecord's own.
    """
    with _lock:
        return tuple(sorted({*_registered[kind], *_entry_points()[kind]}))


def find(kind: Kind, name: str) -> Any | None:
    """A plug-in by name, loaded; None where there is none.

    Raises:
        PluginError: It can't be loaded, or is not what the kind wants.
    """
    with _lock:
        if name in _registered[kind]:
            return _registered[kind][name]
        if (point := _entry_points()[kind].get(name)) is None:
            return None
        if (kind, name) not in _loaded:
            _loaded[kind, name] = _load(kind, point)
        return _loaded[kind, name]


def every(kind: Kind) -> dict[str, Any]:
    """All plug-ins of a kind by name, in the order of their names, loaded.

    Raises:
        PluginError: One of them can't be loaded, or is not what the kind wants.
    """
    return {name: find(kind, name) for name in names(kind)}


def readers() -> dict[str, Reader]:
    """Readers by name."""
    return every("readers")


def embedder(name: str) -> EmbedderFactory | None:
    """What makes the embedder of that name."""
    return find("embedders", name)


def arms() -> dict[str, ArmFactory]:
    """What makes further arms, by name."""
    return every("arms")


def checks() -> dict[str, Check]:
    """Further checks by name."""
    return every("checks")


def rewriters() -> dict[str, Rewriter]:
    """Query rewriters by name, in the order they run in."""
    return every("rewriters")


def chat_engine(name: str) -> ChatEngine | None:
    """What makes the chat models of that name."""
    return find("chat_engines", name)


def languages() -> dict[str, Any]:
    """Languages by code: each the path of a language's TOML file, as text, a ``Path`` or a package's resource.

    An entry point may name a package alone: its file is the one called like the language, as in ``is.toml``.
    """
    return every("languages")


@cache
def _entry_points() -> Mapping[Kind, Mapping[str, EntryPoint]]:
    """Of all installed packages; read once in a process."""
    from importlib.metadata import entry_points

    installed = entry_points()
    found: dict[Kind, dict[str, EntryPoint]] = {}
    for kind in _KINDS:
        found[kind] = {}
        for point in installed.select(group=f"onrecord.{kind}"):
            there = found[kind].setdefault(point.name, point)
            if there.value != point.value:
                raise PluginError(
                    f"Two packages have a plug-in {point.name!r} of onrecord.{kind}: {_origin(there)} and "
                    f"{_origin(point)}. Uninstall one of them."
                )
            _refuse_own_name(kind, point.name, _origin(point))
    return found


def _refuse_own_name(kind: Kind, name: str, origin: str) -> None:
    if name in _OWN.get(kind, ()):
        raise PluginError(f"{name!r} of onrecord.{kind} ({origin}) is a name of OnRecord's own. Choose another name.")


def _load(kind: Kind, point: EntryPoint) -> Any:
    try:
        thing = point.load()
    except Exception as e:  # another package's code may raise anything
        raise PluginError(
            f"The plug-in {point.name!r} of onrecord.{kind} ({_origin(point)}) can't be loaded: "
            f"{type(e).__name__}: {e}. Fix or uninstall that package."
        ) from e
    return _made(kind, point.name, thing, _origin(point))


def _made(kind: Kind, name: str, thing: Any, origin: str) -> Any:
    """A plug-in as its kind is used: a class is called where objects are wanted, and what is missing is told."""
    if kind not in _KINDS:
        raise PluginError(f"There is no kind of plug-in {kind!r}; there are {', '.join(_KINDS)}.")
    who = f"The plug-in {name!r} of onrecord.{kind} ({origin})"
    if kind in _FACTORIES:
        if not callable(thing):
            raise PluginError(f"{who} can't be called; rag.protocols says what it has to be.")
        return thing
    if kind == "languages" and isinstance(thing, ModuleType):
        from importlib.resources import files

        return files(thing) / f"{name}.toml"
    methods = _METHODS.get(kind, ())
    if isinstance(thing, type) and methods:
        make: Callable[[], Any] = thing
        try:
            thing = make()
        except Exception as e:
            raise PluginError(f"{who} can't be made: {type(e).__name__}: {e}. Fix or uninstall that package.") from e
    if missing := [method for method in methods if not hasattr(thing, method)]:
        raise PluginError(f"{who} has no {missing[0]!r}; rag.protocols says what it has to be.")
    return thing


def _origin(point: EntryPoint) -> str:
    package = point.dist
    return f"{point.value}, of {package.name} {package.version}" if package else point.value


__all__ = [
    "Kind",
    "arms",
    "chat_engine",
    "checks",
    "embedder",
    "every",
    "find",
    "languages",
    "names",
    "readers",
    "register",
    "rewriters",
    "unregister",
]
