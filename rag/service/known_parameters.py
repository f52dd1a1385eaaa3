"""What stands behind the question mark of an address of the API: a name that its route doesn't take is refused."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from rag.errors import UsageError
from rag.text.mistakes import hint

_BELOW = "/api/"
"""Programs of others add parameters of their own to /v1, the page and the probes."""


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a request of the API with a query parameter that its route doesn't have: a filter is never passed over.

    Raises:
        UsageError: The message names it, the one that is likely meant, and those there are.
    """
    route = request.scope.get("route")
    path = str(getattr(route, "path", ""))
    if not path.startswith(_BELOW) or not request.query_params:
        return
    known = tuple(dict.fromkeys(_taken(getattr(route, "dependant", None))))
    for name in request.query_params:
        if name not in known:
            raise UsageError(
                f"There is no parameter `{_shown(name)}` here.{hint(name, known)} {_there_are(path, known)}"
            )


def _taken(dependant: Any) -> list[str]:
    """The query parameters of a route, and of what it depends on."""
    if dependant is None:
        return []
    own = [field.alias for field in dependant.query_params]
    return own + [name for inner in dependant.dependencies for name in _taken(inner)]


def _shown(name: str) -> str:
    told = "".join(one for one in name if one.isprintable() and one != "`")
    return told if len(told) <= 40 else told[:40] + "…"


def _there_are(path: str, known: tuple[str, ...]) -> str:
    if known:
        return f"There are {', '.join(known)}."
    escaped = " A question mark that belongs to an article's address is written %3F." if ":path}" in path else ""
    return f"This address takes none.{escaped}"


__all__ = ["refuse_unknown_parameters"]
