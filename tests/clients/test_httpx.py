"""httpx alone, led by the service's OpenAPI document: each call made as its own example says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from clients.running import Running
from helpers import assert_cited

from rag.types import Answer, Hit


@pytest.fixture
def web(service: Running) -> Any:
    with httpx.Client(base_url=service.url, headers=service.headers, timeout=30) as made:
        yield made


def test_every_call_works_as_its_example_says(web: httpx.Client) -> None:
    document = web.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    called, mended = set(), 0
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            contents = call.get("requestBody", {}).get("content", {})
            content = contents.get("application/json")
            files = [("files", ("a.txt", b"The tram is late."))] if "multipart/form-data" in contents else None
            body = None
            if content:
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                body = content["example"] if "example" in content else schemas[name]["examples"][0]
                if path.startswith("/v1/"):
                    body = {**body, "model": "none"}
            ident = "none" if path.startswith("/v1/") else "https://example.com/ferry"
            needed = {"question": "boats", "about": "Port", "query": "boats"}
            params = {
                p["name"]: needed[p["name"]] for p in call.get("parameters", ()) if p["required"] and p["in"] == "query"
            }
            if method == "get" and "{id}" in path:
                web.post("/api/articles", json={"text": "The ferry sails.", "url": ident})
            for place, value in (("{id}", ident), ("{name}", ident), ("{number}", str(mended))):
                path = path.replace(place, value)
            answer = web.request(method.upper(), path, json=body, params=params, files=files)
            assert answer.status_code == 200, (method, path, answer.text)
            if (method, path) == ("post", "/api/mendings"):
                mended = answer.json()["number"]
            called.add((method, path.partition("/https")[0]))
    assert {("post", "/api/ask"), ("delete", "/api/articles"), ("post", "/v1/chat/completions")} <= called


def test_answers_are_the_archives(web: httpx.Client, service: Running) -> None:
    asked = web.post("/api/ask", json={"question": "How many boats did storm0002 damage?"})
    assert_cited(service.archive, Answer.model_validate_json(asked.content))
    found = web.get("/api/search", params={"question": "storm0003", "k": 2}).json()["hits"]
    assert [Hit.model_validate(h).rank for h in found] == [1, 2]
    assert web.get("/nothing").json()["error"]["type"] == "NotFound"
    assert web.put("/api/ask").json()["error"]["type"] == "MethodNotAllowed"
