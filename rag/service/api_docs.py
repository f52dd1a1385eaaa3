"""The API's reference at /docs: one page made from the OpenAPI document, without scripts and without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from rag.templating import environment

if TYPE_CHECKING:
    from jinja2 import Template


def reference_page(document: Mapping[str, Any]) -> str:
    """The page as HTML.

    Args:
        document: An OpenAPI 3.1 document, as FastAPI makes it.
    """
    info = document["info"]
    schemas = document.get("components", {}).get("schemas", {})
    return _template().render(
        title=f"{info['title']} {info['version']}",
        about=info.get("description", ""),
        calls=list(_calls(document)),
        values=[(name, schema) for name, schema in sorted(schemas.items()) if "properties" in schema],
    )


@cache
def _template() -> Template:
    templates = environment("rag.service")
    templates.filters["as_json"] = _as_json
    templates.filters["in_code"] = _in_code
    templates.filters["default_value"] = _default_value
    return templates.get_template("api_docs.html.j2")


def _calls(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield {
                "path": path,
                "method": method.upper(),
                "id": f"{method}-{path.strip('/')}",
                "about": call.get("description") or call.get("summary", ""),
                "parameters": call.get("parameters", ()),
                "bodies": list(_bodies(call, document)),
                "responses": call.get("responses", {}),
            }


def _bodies(call: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, content in (call.get("requestBody") or {}).get("content", {}).items():
        schema = content.get("schema", {})
        yield {"kind": kind, "schema": schema, "examples": _examples(content, schema, document)}


def _examples(content: Mapping[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return list(document.get("components", {}).get("schemas", {}).get(name, {}).get("examples", []))


def _as_json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=indent is None)


def _in_code(text: str) -> list[tuple[str, bool]]:
    """A text as pieces, each with whether it is code: what stands between backticks."""
    return [(piece, n % 2 == 1) for n, piece in enumerate(re.split("`+", " ".join(text.split()))) if piece]


def _default_value(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    return "" if value in (None, [], "") else f"by default {json.dumps(value)}"


__all__ = ["reference_page"]
