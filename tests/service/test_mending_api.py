"""Mending over HTTP: what is set, its log and undoing it, and who may."""

from __future__ import annotations

import json
import re

import pytest
from helpers import ROOT
from service.calls import failure
from service.test_roles import ARTICLE, access, as_user, guarded  # noqa: F401 - one is a fixture
from starlette.testclient import TestClient

from rag import Archive
from rag.service.access import Access
from rag.service.audit import AuditLog
from rag.service.scheduler import RequestScheduler


def test_editors_mend_and_undo(scheduler: RequestScheduler, filled: Archive, access: Access) -> None:  # noqa: F811
    url = ARTICLE["url"]
    body = {"articles": [url], "values": {"published": "3 June 2023", "source": "Kellmouth Post"}}
    with guarded(scheduler, access) as web:
        assert web.post("/api/articles", json=ARTICLE, headers=as_user("ed")).json()["undated"] == 1
        for call in (
            web.post("/api/mendings", json=body, headers=as_user("rea")),
            web.get("/api/mendings", headers=as_user("rea")),
            web.delete("/api/mendings/1", headers=as_user("rea")),
        ):
            assert "editor" in failure(call, 403, "NotAllowed")
        tried = web.post("/api/mendings", json={**body, "dry_run": True}, headers=as_user("eve")).json()
        assert (tried["number"], tried["articles"], len(tried["changes"])) == (0, 1, 2)
        assert web.get("/api/mendings", headers=as_user("eve")).json() == {"mendings": []}
        done = web.post("/api/mendings", json=body, headers=as_user("eve")).json()
        assert (done["number"], done["by"]) == (1, "eve")
        article = web.get(f"/api/articles/{url}", headers=as_user("rea")).json()
        assert (article["source"], article["by_hand"]) == (
            "Kellmouth Post",
            {"published": None, "source": "example.com"},
        )
        found = web.get("/api/find", params={"query": "ferry outlet:kellmouth"}, headers=as_user("rea")).json()
        assert found["total"] == 1
        assert web.delete("/api/mendings/1", headers=as_user("ada")).json()["undone_by"] == "ada"
        assert web.get(f"/api/articles/{url}", headers=as_user("rea")).json()["source"] == "example.com"
        (logged,) = web.get("/api/mendings", params={"article": url}, headers=as_user("ada")).json()["mendings"]
        assert logged["undone_by"] == "ada"


def test_what_the_guide_sends_works(web: TestClient, filled: Archive) -> None:
    guide = (ROOT / "docs/service.md").read_text("utf-8")
    (block,) = [b for b in re.findall(r"```sh\n(.*?)```", guide, re.DOTALL) if "/api/mendings" in b]
    sent = re.findall(r"http://127\.0\.0\.1:8000(\S+) .*?-d '(.*?)'", block, re.DOTALL)
    assert [path for path, _ in sent] == ["/api/articles", "/api/mendings", "/api/mendings"]
    told = [web.post(path, json=json.loads(body)).raise_for_status().json() for path, body in sent]
    assert (told[1]["number"], told[2]["number"]) == (1, 0)
    assert filled.get("https://example.com/ferry/2").source == "Harbour Post"
    article = {"text": "A gale was seen.", "url": "https://example.com/gale", "section": "Weather"}
    web.post("/api/articles", json=article).raise_for_status()
    assert filled.get("https://example.com/gale").metadata["section"] == "Weather"


@pytest.mark.parametrize(
    ("body", "status", "kind", "told"),
    [
        ({"articles": ["nowhere"], "values": {"source": "x"}}, 404, "ArticleMissing", "no article"),
        ({"values": {"source": "x"}}, 422, "UsageError", "No article is named"),
        ({"articles": ["x"], "values": {}}, 422, "UsageError", "Nothing to change"),
        ({"articles": ["x"], "values": {"publisher": "x"}}, 422, "UsageError", "publisher"),
        ({"articles": ["x"]}, 422, "UsageError", "values"),
        ({"lacking": ["day"], "values": {"source": "x"}}, 422, "UsageError", "`lacking`"),
        ({"where": {"collection": "hers"}, "values": {"source": "x"}}, 404, "CollectionMissing", "collection"),
    ],
)
def test_what_makes_no_sense_is_told(
    scheduler: RequestScheduler,
    filled: Archive,
    access: Access,  # noqa: F811
    body: dict[str, object],
    status: int,
    kind: str,
    told: str,
) -> None:
    filled.collections.make("hers", owner="eve")
    with guarded(scheduler, access) as web:
        message = failure(web.post("/api/mendings", json=body, headers=as_user("ed")), status, kind)
        assert told.lower() in message.lower() and "\n" not in message
        failure(web.delete("/api/mendings/99", headers=as_user("ed")), 404, "MendingMissing")


def test_it_is_told_in_the_audit_log(
    scheduler: RequestScheduler,
    filled: Archive,
    access: Access,  # noqa: F811
) -> None:
    log = AuditLog(filled.path / "audit.jsonl")
    with guarded(scheduler, access, audit=log) as web:
        web.post("/api/articles", json=ARTICLE, headers=as_user("ed"))
        body = {"articles": [ARTICLE["url"]], "lacking": ["published"], "values": {"published": "2023-06-03"}}
        web.post("/api/mendings", json=body, headers=as_user("ed"))
        web.delete("/api/mendings/1", headers=as_user("ed"))
    told = [json.loads(line) for line in (filled.path / "audit.jsonl").read_text().splitlines()]
    assert [(t["what"], t["number"]) for t in told if "mend" in t["what"]] == [("mended", 1), ("undid a mending", 1)]
