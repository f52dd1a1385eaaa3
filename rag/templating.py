"""Jinja2 environments for the HTML of this package: escaped by default, strict about names, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from rag.text.normalize import printable

if TYPE_CHECKING:
    from jinja2 import Environment


def esc(value: object) -> Markup:
    """Text made safe for an element or a quoted attribute; control characters become U+FFFD."""
    return Markup(escape(printable(str(value), carriage_returns=True), quote=True))  # noqa: S704 - escaped here


def attrs(data: Mapping[str, object] | None = None, /, **values: object) -> Markup:
    """HTML attributes, escaped; None and False are left out, ``True`` stands alone, ``data_x`` becomes ``data-x``.

    Args:
        data: Written after the others, each as ``data-`` and its name.
        values: The attributes; a name that Python keeps to itself ends with an underscore.
    """
    found = []
    for name, value in {**values, **{f"data_{name}": value for name, value in (data or {}).items()}}.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        found.append(name if value is True else f'{name}="{esc(value)}"')
    return Markup(" ".join(found))  # noqa: S704 - escaped above


@cache
def environment(package: str) -> Environment:
    """The templates in a package's folder ``templates``; add globals and filters to the one object it returns.

    Every value is escaped by ``esc`` unless it is ``Markup``, and an undefined
    name is an error. A template is compiled when it is first used.

    Args:
        package: Such as "rag.service".
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files(package) / "templates"
    made = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["attrs"] = attrs
    return made


def _finalize(value: Any) -> Any:
    return value if hasattr(value, "__html__") else esc(value)


__all__ = ["attrs", "environment", "esc"]
