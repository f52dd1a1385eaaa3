"""Mending over HTTP: what is set, its log and undoing it, and who may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from service.calls import failure
from service.test_roles import ARTICLE, as_user, guarded

from rag import Archive, Settings
from rag.service.access import Access
from rag.service.audit import AuditLog
from rag.service.scheduler import RequestScheduler

from .test_roles import access  # noqa: F401 - a fixture


def test_editors_mend_and_undo(scheduler: RequestScheduler, filled: Archive, access: Access) -> None:  # noqa: F811
    url = ARTICLE["url"]
    body = {"articles": [url], "values": {"published": "3 June 2023", "outlet": "Kellmouth Post"}}
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
        assert web.get("/api/mendings", headers=as_user("eve")).json() == []
        done = web.post("/api/mendings", json=body, headers=as_user("eve")).json()
        assert (done["number"], done["by"]) == (1, "eve")
        article = web.get(f"/api/articles/{url}", headers=as_user("rea")).json()
        assert (article["source"], article["by_hand"]) == ("Kellmouth Post", {"published": None, "outlet": None})
        found = web.get("/api/find", params={"query": "ferry outlet:kellmouth"}, headers=as_user("rea")).json()
        assert found["total"] == 1
        assert web.delete("/api/mendings/1", headers=as_user("ada")).json()["undone_by"] == "ada"
        assert web.get(f"/api/articles/{url}", headers=as_user("rea")).json()["source"] is None
        (logged,) = web.get("/api/mendings", params={"article": url}, headers=as_user("ada")).json()
        assert logged["undone_by"] == "ada"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"articles": ["nowhere"], "values": {"outlet": "x"}}, 404, "no article"),
        ({"values": {"outlet": "x"}}, 422, "No article is named"),
        ({"articles": ["x"], "values": {}}, 422, "Nothing to change"),
        ({"articles": ["x"], "values": {"publisher": "x"}}, 422, "publisher"),
        ({"articles": ["x"]}, 422, "values"),
        ({"lacking": ["day"], "values": {"outlet": "x"}}, 422, "`lacking`"),
        ({"articles": ["story"], "where": {"collection": "hers"}, "values": {"outlet": "x"}}, 404, "collection"),
    ],
)
def test_what_makes_no_sense_is_told(
    scheduler: RequestScheduler, filled: Archive, access: Access, body: dict[str, object], status: int, told: str  # noqa: F811
) -> None:
    filled.collections.make("hers", owner="eve")
    with guarded(scheduler, access) as web:
        message = failure(web.post("/api/mendings", json=body, headers=as_user("ed")), status)
        assert told.lower() in message.lower() and "\n" not in message
        failure(web.delete("/api/mendings/99", headers=as_user("ed")), 422)


def test_it_is_told_in_the_audit_log(filled: Archive, access: Access, tmp_path: Path) -> None:  # noqa: F811
    log = tmp_path / "audit.jsonl"
    with RequestScheduler(filled, access=access, audit=AuditLog(log)) as scheduler, guarded(scheduler, access) as web:
        web.post("/api/articles", json=ARTICLE, headers=as_user("ed"))
        web.post("/api/mendings", json={"lacking": "published".split(), "values": {"published": "2023-06-03"}},
                 headers=as_user("ed"))  # fmt: skip
        web.delete("/api/mendings/1", headers=as_user("ed"))
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(t["what"], t.get("number")) for t in told if "mend" in t["what"]] == [
        ("mended", 1),
        ("undid a mending", 1),
    ]
    assert isinstance(Settings().audit, bool)
