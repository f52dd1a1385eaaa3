"""The API's reference at /docs: one page made from the OpenAPI document, without scripts and without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any


def reference_page(document: Mapping[str, Any]) -> str:
    """The page.

    Args:
        document: An OpenAPI 3.1 document, as FastAPI makes it.
    """
    info = document["info"]
    calls = list(_calls(document))
    links = "".join(f'<li><a href="#{c["id"]}"><b>{c["method"]}</b> {escape(c["path"])}</a></li>' for c in calls)
    body = "".join(_call(c, document) for c in calls)
    values = "".join(
        f'<section id="value-{escape(name)}"><h3>{escape(name)}</h3>{_described(schema)}{_fields(schema)}</section>'
        for name, schema in sorted(document.get("components", {}).get("schemas", {}).items())
        if "properties" in schema
    )
    return _PAGE.format(
        title=escape(f"{info['title']} {info['version']}"),
        about=_paragraphs(info.get("description", "")),
        links=links,
        calls=body,
        values=values,
    )


def _calls(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield {"path": path, "method": method.upper(), "id": escape(f"{method}-{path.strip('/')}"), **call}


def _call(call: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    parts = [
        f'<section id="{call["id"]}"><h2><b>{call["method"]}</b> <code>{escape(call["path"])}</code></h2>',
        _paragraphs(call.get("description") or call.get("summary", "")),
    ]
    if asked := call.get("parameters"):
        rows = "".join(
            _row(p["name"], p["schema"], p.get("description"), p.get("required"), f"in the {p['in']}") for p in asked
        )
        parts.append(f"<table><caption>Parameters</caption>{rows}</table>")
    for kind, content in (call.get("requestBody") or {}).get("content", {}).items():
        schema = content.get("schema", {})
        parts.append(f"<p>Body: <code>{escape(kind)}</code>, {_type(schema)}</p>{_fields(schema)}")
        for example in _examples(content, schema, document):
            parts.append(f"<pre><code>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</code></pre>")
    rows = ""
    for status, answer in call.get("responses", {}).items():
        kinds = ", ".join(
            f"<code>{escape(kind)}</code> {_type(content.get('schema', {}))}"
            for kind, content in (answer.get("content") or {}).items()
        )
        rows += f"<tr><th>{escape(status)}</th><td>{escape(answer.get('description', ''))}</td><td>{kinds}</td></tr>"
    parts.append(f"<table><caption>Answers</caption>{rows}</table></section>")
    return "".join(parts)


def _examples(content: Mapping[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any]) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return list(document.get("components", {}).get("schemas", {}).get(name, {}).get("examples", []))


def _fields(schema: Mapping[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    rows = "".join(
        _row(name, field, field.get("description"), name in needed, _default(field))
        for name, field in schema.get("properties", {}).items()
    )
    return f"<table>{rows}</table>" if rows else ""


def _row(name: str, schema: Mapping[str, Any], about: str | None, needed: object, more: str) -> str:
    required = " <em>required</em>" if needed else ""
    told = ". ".join(t for t in (about, more) if t)
    return f"<tr><th><code>{escape(name)}</code>{required}</th><td>{_type(schema)}</td><td>{escape(told)}</td></tr>"


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    return "" if value in (None, [], "") else f"by default {json.dumps(value)}"


def _type(schema: Mapping[str, Any]) -> str:
    """What kind of value, with a link where it has a section of its own."""
    if ref := schema.get("$ref"):
        name = escape(str(ref).rpartition("/")[2])
        return f'<a href="#value-{name}">{name}</a>'
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(_type(choice) for choice in choices)
    if "enum" in schema:
        return ", ".join(escape(json.dumps(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        inner: Mapping[str, Any] = schema.get("items") or next(iter(schema.get("prefixItems", ())), {})
        return f"list of {_type(inner)}"
    return escape(str(schema.get("format") or schema.get("type") or "anything"))


def _described(schema: Mapping[str, Any]) -> str:
    return _paragraphs(schema.get("description", ""))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip())


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1b1b1a; --soft: #5c5b57; --line: #d5d2ca; --paper: #faf9f6; --sheet: #fff;
  --accent: #0b5a6f }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #ebe9e4; --soft: #a9a69e; --line: #44423d; --paper: #171716;
  --sheet: #21211f; --accent: #7cc4d8 }} }}
body {{ margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif }}
h1, h2, h3 {{ line-height: 1.25 }}
h2 b, nav b {{ color: var(--accent) }}
a {{ color: var(--accent) }}
nav ul {{ list-style: none; padding: 0; columns: 18rem }}
section {{ margin: 2rem 0; padding: .25rem 1.25rem 1.25rem; background: var(--sheet); border: 1px solid var(--line);
  border-radius: .5rem; overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .92rem }}
caption {{ text-align: left; color: var(--soft); padding: .25rem 0 }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line);
  font-weight: 400 }}
em {{ color: var(--soft) }}
code, pre {{ font: .9rem/1.45 ui-monospace, monospace }}
h2 code {{ font-size: 1.15rem }}
pre {{ padding: .75rem; border: 1px solid var(--line); border-radius: .3rem; overflow-x: auto }}
</style></head>
<body><h1>{title}</h1>{about}
<p>The same for machines: <a href="/openapi.json">/openapi.json</a></p>
<nav aria-label="Calls"><ul>{links}</ul></nav>
<main>{calls}<h2>Values</h2>{values}</main></body></html>
"""

__all__ = ["reference_page"]
