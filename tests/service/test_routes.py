"""The routes for searching, quotes and articles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers import assert_sound, many, row, write_rows
from said import forget_quotes, put_quotes
from service.calls import QUESTION, failure
from starlette.testclient import TestClient

from rag import Archive


def test_searching_both_ways(web: TestClient, filled: Archive) -> None:
    hits = filled.search("storm0003", k=2, sources=["Outlet 0", "Outlet 1"])
    expected = {"hits": [h.model_dump(mode="json") for h in hits]}
    given = {"question": "storm0003", "k": 2}
    assert web.post("/api/search", json={**given, "sources": ["Outlet 0", "Outlet 1"]}).json() == expected
    for one in ({"source": ["Outlet 0", "Outlet 1"]}, {"sources": ["Outlet 0", "Outlet 1"]},
                {"source": "Outlet 0", "sources": "outlet 1"}):  # fmt: skip
        assert web.get("/api/search", params={**given, **one}).json() == expected
    failure(web.get("/api/search"), 422, "UsageError")
    failure(web.get("/api/search", params={**given, "language": "english"}), 422, "UsageError")
    failure(web.get("/api/search", params={**given, "k": 1000}), 422, "UsageError")


LISTS = [
    ("search", {"question": "storm"}),
    ("quotes", {}),
    ("find", {"query": "storm"}),
    ("timeline", {"about": "storm"}),
    ("articles", {}),
]


@pytest.mark.parametrize(("call", "needed"), LISTS)
def test_outlets_are_sources_or_source(web: TestClient, filled: Archive, call: str, needed: Any) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {}))
    put_quotes(filled, "story-2", ("had damaged 12 boats", "Odd Berg", {}))

    def told(**outlets: Any) -> Any:
        found = web.get(f"/api/{call}", params={**needed, **outlets})
        assert found.status_code == 200, found.text
        return {k: v for k, v in found.json().items() if k != "took_ms"} if call == "find" else found.json()

    assert told(sources="Outlet 1") == told(source="Outlet 1") == told(sources=["Outlet 1", "Nowhere"])
    if call != "timeline":  # of which there is none here
        assert told(sources="Outlet 1") != told() != told(sources=["Outlet 1", "Outlet 0"])


@pytest.mark.parametrize(("call", "needed"), [*LISTS, ("ask", {"question": QUESTION})])
def test_filters_that_nothing_passes_are_told(web: TestClient, filled: Archive, call: str, needed: Any) -> None:
    def told(**filters: Any) -> str | None:
        if call == "ask":
            found = web.post("/api/ask", json={**needed, **filters})
        else:
            found = web.get(f"/api/{call}", params={**needed, **filters})
        assert found.status_code == 200, found.text
        warned = found.headers.get("x-onrecord-warning")
        if call == "search":
            assert web.post("/api/search", json={**needed, **filters}).headers.get("x-onrecord-warning") == warned
        return warned

    assert told(sources=["outlet 1"], language="EN") is None and told() is None
    outlets = "There are: Outlet 0 (2), Outlet 1 (2), Outlet 2 (1)."
    wrong = "There is no such outlet in this archive: 'Outlett 1'. Did you mean 'Outlet 1'? "
    assert told(sources=["Outlett 1"]) == told(sources=["Outlet 0", "Outlett 1"]) == wrong + outlets
    assert str(told(sources=["Дом\r\nx"])).startswith(
        r"There is no such outlet in this archive: '\u0414\u043e\u043c\r\nx'"
    )
    assert told(language="sv") == "There is no article in the language 'sv' in this archive. There are: en (5)."


@pytest.mark.parametrize(("call", "needed"), LISTS)
@pytest.mark.parametrize(
    ("unknown", "says"),
    [
        ("outlet", "There is no parameter `outlet` here. Did you mean `sources`? There are "),
        ("from", "Did you mean `after`?"),
        ("langauge", "Did you mean `language`?"),
        ("bogus", "There is no parameter `bogus` here. There are "),
    ],
)
def test_an_unknown_parameter_is_refused(
    web: TestClient, filled: Archive, call: str, needed: Any, unknown: str, says: str
) -> None:
    message = failure(web.get(f"/api/{call}", params={**needed, unknown: "3"}), 422, "UsageError")
    assert says in message and "after, before, today" in message


def test_it_is_refused_of_every_call_of_the_api_and_of_no_other(web: TestClient, filled: Archive) -> None:
    document = web.get("/openapi.json").json()
    assert "/api/mendings" in document["paths"]
    for path, methods in document["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, call in methods.items():
            place = path.replace("{id}", "story-1").replace("{number}", "1")
            answer = web.request(method.upper(), place, params={"bogus": "3"})
            if "requestBody" not in call:  # else the body may be what is told first
                assert "`bogus`" in failure(answer, 422, "UsageError"), (method, path)
            assert answer.status_code == 422, (method, path)
            assert "parameter" in call["responses"]["422"]["description"]
    assert "takes none" in failure(web.get("/api/stats?after=2023"), 422, "UsageError")
    told = failure(web.get("/api/articles/https://example.com/ferry?page=1"), 422, "UsageError")
    assert told.endswith("written %3F.")
    assert filled.get("story-1")
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json", "/v1/models"):
        assert web.get(f"{path}?bogus=3").status_code == 200
    asked = {"question": QUESTION, "model": "none"}
    assert "`after`" in failure(web.post("/api/ask?after=2023", json=asked), 422, "UsageError")


def test_the_question_says_of_when_and_need_not(web: TestClient, archive: Archive, tmp_path: Path) -> None:
    rows = [row(f"k{day}", f"The ferry carried {day} people.", published=day) for day in ("2021-05-05", "2021-06-05")]
    archive.ingest(write_rows(tmp_path / "m.jsonl", *rows))

    def days(found: Any) -> list[str]:
        return [hit["passage"]["published"][:10] for hit in found.json()["hits"]]

    given: dict[str, Any] = {"question": "How many people did the ferry carry last week?", "today": "2021-05-12"}
    every = ["2021-05-05", "2021-06-05"]
    assert days(web.post("/api/search", json=given)) == days(web.get("/api/search", params=given)) == every
    free = {**given, "times": False}
    assert (
        sorted(days(web.post("/api/search", json=free))) == sorted(days(web.get("/api/search", params=free))) == every
    )
    query = web.post("/api/ask", json={**given, "model": "extractive"}).json()["query"]
    assert query["time"]["phrase"] == "last week" and query["time"]["after"] == "2021-05-03T00:00:00Z"
    assert web.post("/api/ask", json={**free, "model": "extractive"}).json()["query"]["time"] is None


def test_quotes_by_speaker_subject_and_filters(web: TestClient, filled: Archive) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {"role": "harbour master"}))
    put_quotes(filled, "story-2", ("was closed on Monday", "Odd Berg", {"direct": False}))
    found = web.get("/api/quotes", params={"speaker": "harbour master", "about": "boats"}).json()["quotes"]
    assert found == [q.model_dump(mode="json") for q in filled.quotes(speaker="harbour master", about="boats")]
    assert [q["speaker"] for q in found] == ["Maren Holt"]
    article = web.get(f"/api/articles/{found[0]['article_id']}").json()
    assert article["text"][found[0]["start"] : found[0]["end"]] == found[0]["quote"]
    assert {q["speaker"] for q in web.get("/api/quotes").json()["quotes"]} == {"Maren Holt", "Odd Berg"}
    of_one = web.get("/api/quotes", params={"source": ["Outlet 2"]}).json()["quotes"]
    assert [q["speaker"] for q in of_one] == ["Odd Berg"]
    by_day = web.get("/api/quotes", params={"order": "oldest"}).json()["quotes"]
    assert by_day == [q.model_dump(mode="json") for q in filled.quotes(order="oldest")]
    assert len(web.get("/api/quotes", params={"limit": 1}).json()["quotes"]) == 1
    for wrong in ({"limit": 0}, {"language": "english"}, {"after": "soon"}, {"speaker": "x" * 201}):
        failure(web.get("/api/quotes", params=wrong), 422, "UsageError")


def test_quotes_of_no_archive_and_of_one_not_looked_through(web: TestClient, archive: Archive, tmp_path: Path) -> None:
    failure(web.get("/api/quotes"), 409, "ArchiveMissing")
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
    forget_quotes(archive)
    assert "--repair" in failure(web.get("/api/quotes"), 409, "ArchiveMismatch")


def test_articles_come_and_go(web: TestClient, archive: Archive) -> None:
    assert web.get("/api/articles").json() == {"articles": [], "total": 0}
    failure(web.post("/api/ask", json={"question": QUESTION}), 409, "ArchiveMissing")
    one = {
        "title": "Ferry",
        "text": "The ferry to Kellmouth sails again.",
        "url": "https://example.com/f",
        "source": "P",
    }
    two = {"title": "Tram", "text": "The tram was approved on Friday.", "published": "2023-06-18", "language": "en"}
    report = web.post("/api/articles", json=one).json()
    assert (report["added"], report["skipped"]) == (1, [])
    assert web.post("/api/articles", json=[one, two]).json()["added"] == 1
    assert web.post("/api/articles", json=[two]).json()["unchanged"] == 1, "known by its words"
    assert web.post("/api/articles", json={**one, "text": "The ferry is sold."}).json()["updated"] == 1
    listed = web.get("/api/articles").json()
    assert listed["total"] == 2 and {i["title"] for i in listed["articles"]} == {"Ferry", "Tram"}
    assert web.get("/api/articles", params={"search": "tram"}).json()["total"] == 1
    assert web.get("/api/articles", params={"limit": 1, "offset": 1}).json()["total"] == 2
    tram = next(i for i in listed["articles"] if i["title"] == "Tram")
    article = web.get(f"/api/articles/{tram['id']}").json()
    assert article["text"] == two["text"] and article["published"] == "2023-06-18T00:00:00Z"
    assert web.get("/api/articles/https://example.com/f").json()["text"] == "The ferry is sold."
    assert web.delete(f"/api/articles/{tram['id']}").json() == {"deleted": [tram["key"]]}
    failure(web.get(f"/api/articles/{tram['id']}"), 404, "ArticleMissing")
    failure(web.delete(f"/api/articles/{tram['id']}"), 404, "ArticleMissing")
    assert not (archive.path / "uploads").exists()
    assert_sound(archive)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'[{"title": "x"}]', b'{"text": ""}', b'{"text": "x", "key": "y"}', b"\xff"]
)
def test_articles_that_are_none(web: TestClient, filled: Archive, body: bytes) -> None:
    before = filled.generation
    failure(web.post("/api/articles", content=body), 422, "UsageError")
    assert filled.generation == before


def test_files_are_taken_in_and_not_kept(web: TestClient, archive: Archive) -> None:
    rows = write_rows(archive.path.parent / "rows.jsonl", *many(3)).read_bytes()
    files = [
        ("files", ("../../etc/ferry.txt", b"Ferry\n\nThe ferry to Kellmouth sails again from Monday.")),
        ("files", ("rows.jsonl", rows)),
        ("files", ("photo.png", b"\x89PNG")),
        ("files", (".hidden", b"x")),
        ("files", ("x" * 300 + ".txt", b"Something else happened in Kellmouth on Friday.")),
    ]
    report = web.post("/api/articles", files=files).json()
    assert report["added"] == 5
    assert {s["origin"] for s in report["skipped"]} == {"photo.png", "hidden"}
    assert web.post("/api/articles", files=files).json()["unchanged"] == 5
    assert web.get("/api/articles", params={"search": "ferry"}).json()["total"] == 1
    assert not (archive.path / "uploads").exists()
    assert not (archive.path.parent / "etc").exists()
    failure(web.post("/api/articles", files=[("other", ("a.txt", b"x"))]), 422, "UsageError")
    failure(web.post("/api/articles", data={"files": "x"}, files=[("other", ("a.txt", b"x"))]), 422, "UsageError")
    assert_sound(archive)


def test_another_writer_is_named(web: TestClient, filled: Archive) -> None:
    with filled.stores.writing("ingest"):
        for answer in (
            web.post("/api/articles", json={"text": "A tram."}),
            web.delete("/api/articles/story-1"),
        ):
            assert "is writing" in failure(answer, 409, "ArchiveLocked")
            assert int(answer.headers["retry-after"]) > 0
        assert web.post("/api/ask", json={"question": QUESTION}).status_code == 200, "reading goes on"
    assert web.post("/api/articles", json={"text": "A tram."}).json()["added"] == 1
