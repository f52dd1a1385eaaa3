"""One set of names: who can call an operation in Python, over HTTP or MCP, or at the command line, can in the others.

Nothing here names an operation's parameters: they are read off the signatures, the OpenAPI document, the tools' schemas
and the commands. What an interface has beside the others, or lacks, stands below with its reason.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
import typer.main
from starlette.testclient import TestClient

import rag
from rag import Archive
from rag.aio import AsyncArchive
from rag.cli import app as commands
from rag.collecting import Collections
from rag.protocols import AskOptions, FilterArgs, SearchOptions
from rag.retrieve.quote_search import QuoteOptions
from rag.service.mcp import make_server
from rag.service.scheduler import RequestScheduler
from rag.value import Value


class Operation(NamedTuple):
    """The same thing to do, as each interface calls it."""

    python: str
    http: tuple[str, str]
    mcp: str
    cli: str


OPERATIONS = [
    Operation("ask", ("post", "/api/ask"), "ask", "ask"),
    Operation("search", ("post", "/api/search"), "search", "search"),
    Operation("search", ("get", "/api/search"), "search", "search"),
    Operation("quotes", ("get", "/api/quotes"), "quotes", "quotes"),
    Operation("find", ("get", "/api/find"), "find", "find"),
    Operation("timeline", ("get", "/api/timeline"), "timeline", "timeline"),
    Operation("list_articles", ("get", "/api/articles"), "list_articles", "list"),
]
MORE = {
    "http": {
        "source": "the same as sources, for addresses written by hand",
        "stream": "how the answer is sent",
        "model": "the name alone of what chat_model is in Python",
    },
    "mcp": {},
    "cli": {
        "archive": "which one is opened",
        **dict.fromkeys(("json", "csv", "markdown", "explain"), "how it is printed"),
        "model": "as over HTTP",
    },
}
"""What an interface has that Python doesn't."""
_PROGRAM = {
    "articles": "ids that a program has at hand; people and models name a collection",
    "cancel": "closing the connection, or Ctrl-C",
    "chat_model": "`model`, where it can be chosen",
    "brief": "for evaluations",
    "person": "a key that Python alone tells",
}
LESS = {
    "http": {**_PROGRAM, "history": "a body has a place for it, an address has none"},
    "mcp": {**_PROGRAM, "history": "each call stands alone", "temperature": "the service's"},
    "cli": {**_PROGRAM, "history": "a conversation is typed", "temperature": "a setting"},
}
"""What Python has that an interface doesn't."""
FORMER = {"millis", "twins", "also_printed_by", "outlet", "outlets", "no_outlet", "sort", "items"}
"""Other words for took_ms and timings_ms, duplicates, also_published_by, source, sources, order, a list's own name."""
_OPTIONS: dict[str, type] = {one.__name__: one for one in (AskOptions, SearchOptions, FilterArgs, QuoteOptions)}


def python_names(of: type, name: str) -> set[str]:
    """The parameters of a method, those behind ``**options`` among them."""
    found: set[str] = set()
    for one in list(inspect.signature(getattr(of, name)).parameters.values())[1:]:
        if one.kind is inspect.Parameter.VAR_KEYWORD:
            found |= _OPTIONS[str(one.annotation).removeprefix("Unpack[").removesuffix("]")].__optional_keys__  # type: ignore[attr-defined]
        else:
            found.add(one.name)
    return found


def resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema, or the one that it refers to."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def http_names(document: Mapping[str, Any], method: str, path: str) -> set[str]:
    """The query parameters of a call, and the fields of its body."""
    call = document["paths"][path][method]
    found = {one["name"] for one in call.get("parameters", ())}
    if "requestBody" in call:
        body = call["requestBody"]["content"]["application/json"]["schema"]
        found |= set(resolved(body, document)["properties"])
    return found


def cli_names(command: str) -> set[str]:
    """The arguments and options of a command: a flag that can be repeated is one of several."""
    found = set()
    for one in typer.main.get_command(commands).commands[command].params:  # type: ignore[attr-defined]
        long = next((o.removeprefix("--") for o in one.opts if o.startswith("--")), one.name or "")
        name = "k" if "-k" in one.opts else long.replace("-", "_")
        found.add(f"{name}s" if one.multiple and one.param_type_name == "option" else name)
    return found - {"help"}


def tools_of(scheduler: RequestScheduler) -> dict[str, Any]:
    return {tool.name: tool for tool in asyncio.run(make_server(scheduler, lambda _: "ann").list_tools())}


@pytest.fixture
def document(web: TestClient) -> Mapping[str, Any]:
    found: Mapping[str, Any] = web.get("/openapi.json").json()
    return found


def names_of(one: Operation, document: Mapping[str, Any], scheduler: RequestScheduler) -> dict[str, set[str]]:
    return {
        "http": http_names(document, *one.http),
        "mcp": set(tools_of(scheduler)[one.mcp].inputSchema["properties"]),
        "cli": cli_names(one.cli),
    }


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: " ".join(one.http))
def test_an_operation_takes_the_same_names_everywhere(
    one: Operation, document: Mapping[str, Any], scheduler: RequestScheduler
) -> None:
    own = python_names(Archive, one.python)
    assert python_names(AsyncArchive, one.python) == own
    for interface, names in names_of(one, document, scheduler).items():
        assert names - own <= MORE[interface].keys(), f"{interface} has what Python has not"
        assert own - names <= LESS[interface].keys(), f"{interface} lacks what Python has"


def test_every_exception_is_one(document: Mapping[str, Any], scheduler: RequestScheduler) -> None:
    """What is excused above is there to be excused."""
    every = [(python_names(Archive, one.python), names_of(one, document, scheduler)) for one in OPERATIONS]
    for interface in MORE:
        assert set(MORE[interface]) <= set().union(*(names[interface] - own for own, names in every))
        assert set(LESS[interface]) <= set().union(*(own - names[interface] for own, names in every))


def test_what_is_set_by_hand_has_the_names_of_an_article(document: Mapping[str, Any]) -> None:
    values = set(resolved({"$ref": "Values"}, document)["properties"])
    assert values < python_names(Archive, "mend") and values - {"section"} < set(rag.Article.model_fields)
    own = cli_names("mend")
    assert all(name in own or f"to_{name}" in own for name in values)


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: " ".join(one.http))
def test_a_tool_returns_the_fields_of_http(
    one: Operation, document: Mapping[str, Any], scheduler: RequestScheduler
) -> None:
    """A tool has ``warnings`` for HTTP's header, and of an answer the parts that a model needs."""
    schema = tools_of(scheduler)[one.mcp].outputSchema
    call = document["paths"][one.http[1]][one.http[0]]
    told = resolved(call["responses"]["200"]["content"]["application/json"]["schema"], document)["properties"]
    own = set(schema["properties"])
    assert own - set(told) == {"warnings"} and (one.mcp == "ask" or set(told) <= own)
    there = document["components"]["schemas"]
    for name, inner in schema.get("$defs", {}).items():
        assert set(inner.get("properties", ())) == set(there[name].get("properties", ())), name


def test_tools_that_list_return_what_http_does(document: Mapping[str, Any], scheduler: RequestScheduler) -> None:
    tools = tools_of(scheduler)
    for tool, path in (("list_collections", "/api/collections"), ("read_article", "/api/articles/{id}")):
        call = document["paths"][path]["get"]
        told = resolved(call["responses"]["200"]["content"]["application/json"]["schema"], document)
        assert set(told["properties"]) == set(tools[tool].outputSchema["properties"])
    for tool in tools.values():
        assert tool.annotations.readOnlyHint and not tool.annotations.destructiveHint and tool.outputSchema


def test_nothing_comes_as_a_bare_list(document: Mapping[str, Any]) -> None:
    bare = [
        (method, path)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
        for content in call["responses"]["200"].get("content", {}).values()
        if content.get("schema", {}).get("type") == "array"
    ]
    assert bare == []


def values() -> Iterator[type[Value]]:
    """All kinds of values that the package has, once what returns them is imported."""
    waiting = [Value]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += [k for k in kind.__subclasses__() if k.__module__.startswith("rag.")]


def test_a_field_has_one_name_in_python_and_in_json() -> None:
    for kind in values():
        for name, field in kind.model_fields.items():
            assert field.alias in (None, name) and field.serialization_alias in (None, name), (kind, name)


def test_there_is_one_word_for_one_thing(document: Mapping[str, Any], scheduler: RequestScheduler) -> None:
    public = [found for name in rag.__all__ if inspect.isclass(found := getattr(rag, name))]
    used = {name for kind in public if issubclass(kind, Value) for name in kind.model_fields}
    for schema in document["components"]["schemas"].values():
        used |= set(schema.get("properties", ()))
    for one in OPERATIONS:
        used |= set().union(*names_of(one, document, scheduler).values()) | python_names(Archive, one.python)
    for tool in tools_of(scheduler).values():
        used |= set(tool.outputSchema["properties"])
    used |= python_names(Archive, "mend")
    for name in ("add", "remove"):
        used |= python_names(Collections, name)
    assert used & FORMER == set()
