"""Optional libraries: each is imported by the part that needs it, and its absence gives one line with the remedy.

The base package runs without them; the extras of pyproject.toml bring them: ``pip install "onrecord[documents]"``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from rag.errors import ExtraMissing


def install_command(extra: str) -> str:
    """What installs an extra, as it is typed in a shell."""
    return f'pip install "onrecord[{extra}]"'


def require(module: str, *, extra: str, what: str, package: str | None = None) -> ModuleType:
    """Import a library that an extra brings.

    Where types matter, call it and import the ordinary way afterwards; a module is loaded once.

    Args:
        module: What is imported, as in "trafilatura" or "lxml.html".
        extra: The extra of this package that brings it.
        what: What it is needed for, as the beginning of a sentence: "Reading HTML".
        package: The name it is installed by, where that is not the module's.

    Raises:
        ExtraMissing: It is not installed, or can't be loaded; one line that ends with the command that installs it.
    """
    name = package or module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as e:
        absent = isinstance(e, ModuleNotFoundError) and (e.name or "").partition(".")[0] == module.partition(".")[0]
        why = "which is not installed" if absent else f"which can't be loaded ({_first_line(e)})"
        raise ExtraMissing(f"{what} needs {name}, {why}. Run: {install_command(extra)}") from e


def _first_line(error: ImportError) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
