"""The client of the package mcp, over HTTP and over standard input and output."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from clients.running import Running
from helpers import ROOT, fill, many
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

import rag
from rag import Archive
from rag.testing import FakeEmbeddings

QUESTION = "How many boats did storm0002 damage?"
STDIO = """
import sys
from rag import Archive
from rag.service.mcp import run_stdio
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeEmbeddings
with Archive.open(sys.argv[1], chat_model="none", embeddings=FakeEmbeddings()) as archive:
    run_stdio(RequestScheduler(archive))
"""


@asynccontextmanager
async def over_http(service: Running) -> AsyncIterator[ClientSession]:
    async with (
        httpx.AsyncClient(headers=service.headers, timeout=30) as http,
        streamable_http_client(f"{service.url}/mcp", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        yield session


@asynccontextmanager
async def over_stdio(folder: Path) -> AsyncIterator[ClientSession]:
    started = StdioServerParameters(command=sys.executable, args=["-c", STDIO, str(folder)], cwd=ROOT)
    async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
        yield session


async def assert_works(session: ClientSession, service: Running | None) -> None:
    told = await session.initialize()
    assert (told.serverInfo.name, told.serverInfo.version) == ("onrecord", rag.__version__)
    tools = {t.name: t for t in (await session.list_tools()).tools}
    assert set(tools) == {
        "ask", "search", "quotes", "timeline", "find", "list_articles", "list_collections", "read_article",
    }  # fmt: skip

    async def call(name: str, **given: Any) -> dict[str, Any]:
        result = await session.call_tool(name, given)
        assert not result.isError, result.content
        found = result.structuredContent
        assert found is not None and json.loads(result.content[0].text) == found  # type: ignore[union-attr]
        jsonschema.validate(found, tools[name].outputSchema)  # type: ignore[arg-type]
        return found

    for tool in tools.values():
        assert tool.annotations is not None and tool.annotations.readOnlyHint and not tool.annotations.destructiveHint
        assert tool.description and tool.outputSchema
    answer = await call("ask", question=QUESTION)
    assert answer["answered"] and answer["citations"]
    cited = answer["citations"][0]
    article = await call("read_article", id=cited["article_id"])
    assert article["text"][cited["start"] : cited["end"]] == cited["quote"]
    hits = (await call("search", question="storm0003", k=2, sources=["Outlet 0"]))["hits"]
    assert {h["passage"]["source"] for h in hits} == {"Outlet 0"}
    assert (await call("timeline", about="Port"))["about"] == "Port"
    assert isinstance((await call("quotes", limit=3))["quotes"], list)
    (place,) = (await call("find", query="storm0003"))["found"]
    (listed,) = (await call("list_articles", search="Port 3"))["articles"]
    assert place["article"] == listed and (await call("list_collections")) == {"collections": []}
    (template,) = (await session.list_resource_templates()).resourceTemplates
    assert template.uriTemplate == "onrecord://article/{id}"
    read = await session.read_resource(f"onrecord://article/{cited['article_id']}")  # type: ignore[arg-type]
    assert json.loads(read.contents[0].text) == article  # type: ignore[union-attr]
    wrong = await session.call_tool("read_article", {"id": "nothing"})
    assert wrong.isError and "nothing" in wrong.content[0].text  # type: ignore[union-attr]
    if service is not None:  # the names are those of HTTP, which tells warnings in a header
        with httpx.Client(base_url=service.url, headers=service.headers) as web:
            same = web.get("/api/search", params={"question": "storm0003", "k": 2, "source": "Outlet 0"}).json()["hits"]
            assert [set(h) for h in same] == [set(h) for h in hits]
            assert web.get(f"/api/articles/{cited['article_id']}").json() == article
            asked = web.post("/api/ask", json={"question": QUESTION}).json()
            assert set(answer) - {"warnings"} <= set(asked) and asked["citations"] == answer["citations"]


@pytest.mark.asyncio
async def test_over_http(service: Running) -> None:
    async with over_http(service) as session:
        await assert_works(session, service)


@pytest.mark.asyncio
@pytest.mark.slow
async def test_over_stdio(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(5))
    async with over_stdio(tmp_path / "archive") as session:
        await assert_works(session, None)


@pytest.mark.asyncio
@pytest.mark.slow
async def test_the_command(tmp_path: Path) -> None:
    """``onrecord mcp`` itself; without weights it reads articles."""
    with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(2))
    args = ["-m", "rag.cli", "mcp", "--archive", str(tmp_path / "archive"), "--model", "none"]
    started = StdioServerParameters(command=sys.executable, args=args, cwd=ROOT)
    async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
        assert (await session.initialize()).serverInfo.version == rag.__version__
        article = await session.call_tool("read_article", {"id": "story-1"})
        assert article.structuredContent is not None and "storm0001" in article.structuredContent["text"]
    # A client that closes at once, or that isn't there, is no error.
    for sent in ("", '{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n'):
        ended = subprocess.run(
            [sys.executable, *args], cwd=ROOT, input=sent, capture_output=True, text=True, timeout=60
        )
        assert (ended.returncode, ended.stderr) == (0, "")
