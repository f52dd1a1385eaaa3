"""Tools for language models, with their package and without."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any

import pytest
from mcp.server.fastmcp.exceptions import ToolError
from said import put_quotes
from service.calls import client
from starlette.testclient import TestClient

from rag import Archive, errors
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.mcp import make_server
from rag.service.scheduler import RequestScheduler


def test_a_model_finds_who_said_what(scheduler: RequestScheduler, filled: Archive) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {}))
    kinds = {"accept": "application/json, text/event-stream"}

    def call(web: TestClient, method: str, **given: Any) -> Any:
        sent = {"jsonrpc": "2.0", "id": 1, "method": method, "params": given}
        told = web.post("/mcp", json=sent, headers=kinds)
        return json.loads(re.search(r"^data: (.*)$", told.text, re.MULTILINE)[1])["result"]  # type: ignore[index]

    with client(create_app(scheduler, Access(), mcp=True)) as web:
        tools = {t["name"]: t for t in call(web, "tools/list")["tools"]}
        assert {"ask", "search", "quotes", "timeline", "read_article"} <= set(tools) and tools["quotes"]["description"]
        told = call(web, "tools/call", name="quotes", arguments={"speaker": "Holt"})
        assert call(web, "tools/call", name="quotes", arguments={"limit": 0})["isError"]
    (found,) = told["structuredContent"]["quotes"]
    assert (found["speaker"], found["quote"], found["direct"]) == ("Maren Holt", "had damaged 11 boats", True)


def test_errors_of_tools_are_sentences(scheduler: RequestScheduler, filled: Archive) -> None:
    def call(web: TestClient, name: str, **arguments: Any) -> str:
        sent = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        told = web.post("/mcp", json=sent, headers={"accept": "application/json, text/event-stream"})
        result = json.loads(re.search(r"^data: (.*)$", told.text, re.MULTILINE)[1])["result"]  # type: ignore[index]
        return result["content"][0]["text"] if result["isError"] else ""

    with client(create_app(scheduler, Access(), mcp=True)) as web:
        assert call(web, "read_article") == "`id` is missing. The arguments are id."
        told = call(web, "read_article", id="nothing")
        assert "nothing" in told and not told.startswith("Error executing")
        told = call(web, "search", k=0, after="soon", source="Harbour Post")
        for one in (
            "`question` is missing.",
            "`k` has to be at least 1.",
            "`after` is 'soon', which",
            "`source` is no",
        ):
            assert one in told
        assert "pydantic" not in told and "sources" in told
        assert "`source` is no field" in call(web, "search", question="boats", source="Harbour Post")
        told = call(web, "search", query="boats")
        assert "`question` is missing. `query` is no field that there is here. Did you mean `question`?" in told
        assert "The arguments are question, k," in told
        assert "There are ask, search" in call(web, "seek")
        assert call(web, "search", question="boats", after="18 June 2023", before="yesterday") == ""


@pytest.mark.parametrize("name", ["ask", "search", "quotes", "timeline", "find", "list_articles"])
def test_filters_that_nothing_passes_are_told(scheduler: RequestScheduler, filled: Archive, name: str) -> None:
    needed = {"quotes": {}, "list_articles": {}, "timeline": {"about": "Port"}, "find": {"query": "storm"}}
    given = needed.get(name, {"question": "storm0002"})

    def warnings(web: TestClient, **filters: Any) -> list[str]:
        arguments = {**given, **filters}
        sent = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        told = web.post("/mcp", json=sent, headers={"accept": "application/json, text/event-stream"})
        results = [
            json.loads(line)["result"] for line in re.findall(r"^data: (.*\"result\".*)$", told.text, re.MULTILINE)
        ]
        return list(results[-1]["structuredContent"]["warnings"])

    with client(create_app(scheduler, Access(), mcp=True)) as web:
        assert warnings(web, sources=["outlet 1"]) == []
        (told,) = warnings(web, sources=["Outlett 1"])
        assert "'Outlett 1'. Did you mean 'Outlet 1'? There are: Outlet 0 (2), " in told


def test_tools_are_kept_to_a_collection_that_the_user_sees(scheduler: RequestScheduler, filled: Archive) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {}))
    put_quotes(filled, "story-2", ("had damaged 12 boats", "Odd Berg", {}))
    filled.collections.make("ports")
    filled.collections.add("ports", "story-1")
    filled.collections.make("secret", owner="somebody else")
    own = filled.get("story-1").id
    server: Any = make_server(scheduler, lambda _: "ann")

    def call(name: str, **arguments: Any) -> Any:
        return asyncio.run(server.call_tool(name, arguments))[1]

    within = {"collection": "Ports"}
    assert [c["name"] for c in call("list_collections")["collections"]] == ["ports"]
    assert [h["passage"]["article_id"] for h in call("search", question="storm", **within)["hits"]] == [own]
    assert [q["article_id"] for q in call("quotes", **within)["quotes"]] == [own]
    assert [f["article"]["id"] for f in call("find", query="storm", **within)["found"]] == [own]
    assert [a["id"] for a in call("list_articles", **within)["articles"]] == [own]
    assert call("timeline", about="storm", **within)["articles"] == 1
    for tool in ("search", "ask"):
        for name in ("secret", "nothing"):
            with pytest.raises(ToolError) as told:
                call(tool, question="storm", collection=name)
            assert str(told.value) == f"No collection {name!r}. There are: ports. The tool list_collections lists them."


def test_what_a_question_says_of_when_need_not_count(scheduler: RequestScheduler, archive: Archive) -> None:
    days = ("2021-05-05", "2021-06-05")
    archive.add([{"text": f"The ferry carried {day} people.", "published": day} for day in days])
    server: Any = make_server(scheduler, lambda _: "ann")
    asked: list[bool] = []

    def search(question: str, **options: Any) -> list[Any]:
        asked.append(options["times"])
        return archive.search(question, times=options["times"], k=options["k"])

    given = {"question": "How many people did the ferry carry in May 2021?", "k": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler, "search", search)
        found = asyncio.run(server.call_tool("search", given))[1]["hits"]
        asyncio.run(server.call_tool("search", {**given, "times": False}))
    assert found[0]["passage"]["published"].startswith("2021-05-05") and asked == [True, False]


def test_without_the_package_the_tools_say_what_to_install(
    scheduler: RequestScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in list(sys.modules) if n == "mcp" or n.startswith("mcp.") or n == "rag.service.mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(errors.ModelMissing, match=r"pip install .onrecord\[mcp\]"):
        create_app(scheduler, Access(), mcp=True)
