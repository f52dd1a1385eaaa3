"""``GET /api/find`` and ``/api/collections``: full-text search over HTTP."""

from __future__ import annotations

from starlette.testclient import TestClient

from rag import Archive
from rag.finding import Findings


def test_the_findings_are_the_archives(web: TestClient, filled: Archive) -> None:
    found = Findings.model_validate_json(web.get("/api/find", params={"query": "storm", "limit": 2}).content)
    own = filled.find("storm", limit=2)
    assert found.model_copy(update={"took_ms": 0}) == own.model_copy(update={"took_ms": 0})
    assert found.total > 2 and len(found.found) == 2
    more = web.get("/api/find", params={"query": "storm", "offset": 2, "order": "oldest", "source": "Outlet 2"}).json()
    assert {hit["article"]["source"] for hit in more["found"]} <= {"Outlet 2"}


def test_what_cannot_be_read_is_told(web: TestClient) -> None:
    for params, told in (({"query": '"storm'}, "quotation mark"), ({"query": "storm", "order": "best"}, "order")):
        answer = web.get("/api/find", params=params)
        assert answer.status_code == 422 and told in str(answer.json())


def test_collections_are_listed_and_asked_within(web: TestClient, filled: Archive) -> None:
    filled.collections.make("ports", note="for Sunday")
    filled.collections.add("ports", "story-1")
    filled.collections.make("secret", owner="somebody else")
    assert [(c["name"], c["articles"], c["note"]) for c in web.get("/api/collections").json()["collections"]] == [
        ("ports", 1, "for Sunday")
    ]
    assert web.get("/api/find", params={"query": "storm", "collection": "Ports"}).json()["total"] == 1
    (hit,) = web.post("/api/search", json={"question": "storm", "collection": "ports"}).json()["hits"]
    assert hit["passage"]["article_id"] == filled.get("story-1").id
    for name in ("secret", "nothing"):
        answer = web.get("/api/find", params={"query": "storm", "collection": name})
        told = (
            f"No collection {name!r}. There are: ports. Leave `collection` out, or take one that GET /api/collections"
        )
        assert answer.status_code == 404 and told in answer.json()["error"]["message"]
        listed = web.get("/api/articles", params={"collection": name})
        assert (listed.status_code, listed.json()["error"]["type"]) == (404, "CollectionMissing")
    assert [a["key"] for a in web.get("/api/articles", params={"collection": "ports"}).json()["articles"]] == [
        "story-1"
    ]
    oldest = web.get("/api/articles", params={"order": "source", "source": "outlet 1"}).json()["articles"]
    assert {a["source"] for a in oldest} == {"Outlet 1"}, "in any case"
