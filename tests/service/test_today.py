"""``today`` is what "last week" counts from, in every interface that takes days, and the same way in each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from helpers import command_line, fill, row
from said import put_quotes
from service.calls import client

from rag import Archive
from rag.errors import UsageError
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat

NEW, OLD = "new", "old"
WHEN = {"after": "last week", "today": "12 May 2021", "undated": False}
"""From 3 May 2021 on: one of the two articles."""


@pytest.fixture
def two(archive: Archive, chat: FakeChat) -> Archive:
    """One article of 20 April 2021, one of 5 May 2021."""
    first = "The harbour of Aldmere was closed on 19 April 2021. A storm had damaged 12 boats, Maren Holt said."
    second = "A bridge in Kellmouth was lost on 4 May 2021. The second storm sank 40 boats, Maren Holt said."
    fill(
        archive,
        row(OLD, first, title="Storm, first", published="2021-04-20"),
        row(NEW, second, title="Storm, second", published="2021-05-05"),
    )
    put_quotes(archive, OLD, ("had damaged 12 boats", "Maren Holt", {}))
    put_quotes(archive, NEW, ("sank 40 boats", "Maren Holt", {}))
    return archive


def found_in_python(archive: Archive, **when: Any) -> dict[str, list[str]]:
    """The articles that each way of asking finds, by their keys."""
    ids = {archive.get(key).id: key for key in (OLD, NEW)}
    of_events = {name: value for name, value in when.items() if name != "undated"}
    return {
        "search": sorted({ids[h.passage.article_id] for h in archive.search("storm boats", **when)}),
        "quotes": sorted(ids[q.article_id] for q in archive.quotes(speaker="Holt", **when)),
        "find": sorted(ids[h.article.id] for h in archive.find("storm", **when).found),
        "timeline": sorted(ids[e.article_id] for e in archive.timeline("storm", **of_events).entries),
        "list": sorted(ids[a.id] for a in archive.list_articles(**of_events)[0]),
    }


def test_python(two: Archive) -> None:
    assert set(map(tuple, found_in_python(two).values())) == {(NEW, OLD)}
    assert set(map(tuple, found_in_python(two, **WHEN).values())) == {(NEW,)}
    with pytest.raises(UsageError, match="`today` is 'soon'"):
        two.quotes(after="last week", today="soon")


def test_http(scheduler: RequestScheduler, two: Archive) -> None:
    with client(create_app(scheduler, Access())) as web:
        gets = {
            "search": ("/api/search", {"question": "storm boats"}, lambda told: [h["passage"] for h in told["hits"]]),
            "quotes": ("/api/quotes", {"speaker": "Holt"}, lambda told: told["quotes"]),
            "find": ("/api/find", {"query": "storm"}, lambda told: [h["article"] for h in told["found"]]),
            "timeline": ("/api/timeline", {"about": "storm"}, lambda told: told["entries"]),
            "list": ("/api/articles", {}, lambda told: told["articles"]),
        }
        new = two.get(NEW).id
        for name, (address, asked, rows) in gets.items():
            # The list leaves undated articles out wherever a day is given.
            sent = {k: v for k, v in WHEN.items() if k != "undated"} | ({} if name == "list" else {"undated": "false"})
            told = web.get(address, params={**asked, **sent})
            assert told.status_code == 200, told.text
            assert {r.get("article_id") or r["id"] for r in rows(told.json())} == {new}, name
            wrong = web.get(address, params={**asked, **sent, "today": "soon"})
            assert wrong.status_code == 422 and "`today` is 'soon', which is not a date" in wrong.text, name
        posted = web.post("/api/search", json={"question": "storm boats", **WHEN}).json()["hits"]
        assert {h["passage"]["article_id"] for h in posted} == {new}
        answer = web.post("/api/ask", json={"question": "How many boats?", "model": "none", **WHEN}).json()
        assert answer["query"]["after"] == "2021-05-03T00:00:00Z"
        messages = [{"role": "user", "content": "How many boats did the second storm sink?"}]
        chat = web.post("/v1/chat/completions", json={"model": "none", "messages": messages, **WHEN})
        assert chat.status_code == 200 and "first" not in chat.text and "2021" in chat.text


def test_tools(scheduler: RequestScheduler, two: Archive) -> None:
    new = two.get(NEW).id
    with client(create_app(scheduler, Access(), mcp=True)) as web:

        def call(name: str, **given: Any) -> Any:
            sent = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": given}}
            told = web.post("/mcp", json=sent, headers={"accept": "application/json, text/event-stream"})
            result = json.loads(re.search(r"^data: (.*)$", told.text, re.MULTILINE)[1])["result"]  # type: ignore[index]
            assert not result["isError"], result
            return result["structuredContent"]

        of_events = {name: value for name, value in WHEN.items() if name != "undated"}
        assert {h["passage"]["article_id"] for h in call("search", question="storm boats", **WHEN)["hits"]} == {new}
        assert {q["article_id"] for q in call("quotes", speaker="Holt", **WHEN)["quotes"]} == {new}
        assert {e["article_id"] for e in call("timeline", about="storm", **of_events)["entries"]} == {new}
        answer = call("ask", question="How many boats did the second storm sink?", **WHEN)
        assert {c["article_id"] for c in answer["citations"]} == {new}


def test_command_line(
    two: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chat: FakeChat
) -> None:
    cli = command_line(monkeypatch, capsys, chat)
    when = ["--after", "last week", "--today", "12 May 2021", "--json", "--archive", two.path]
    new = two.get(NEW).id
    passages = json.loads(cli("search", "storm boats", "--dated", *when).out)["hits"]
    assert {h["passage"]["article_id"] for h in passages} == {new}
    said = json.loads(cli("quotes", "--speaker", "Holt", "--dated", *when).out)["quotes"]
    assert {q["article_id"] for q in said} == {new}
    found = json.loads(cli("find", "storm", "--dated", *when).out)["found"]
    assert {h["article"]["id"] for h in found} == {new}
    assert {e["article_id"] for e in json.loads(cli("timeline", "storm", *when).out)["entries"]} == {new}
    assert {a["id"] for a in json.loads(cli("list", *when).out)["articles"]} == {new}
    assert "--today" in cli("list", "--today", "soon", "--archive", two.path).err
    assert "No article is named" in cli("mend", "--today", "2021-05-12", "--to-source", "x", "--archive", two.path).err
