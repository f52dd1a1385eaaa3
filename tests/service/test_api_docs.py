"""The reference of the HTTP API."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

from rag.service.api_docs import reference_page


def test_the_reference_needs_no_network(web: TestClient) -> None:
    page = web.get("/docs").text
    document = web.get("/openapi.json").json()
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://(?!example\.com)", page)
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
    for name in ("Answer", "Citation", "ErrorResponse", "Question"):
        assert f'id="value-{name}"' in page
    for link in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{link}"' in page, link


def test_the_document_has_examples_and_errors(web: TestClient) -> None:
    document = web.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            assert call.get("summary") and call.get("description"), path
            if path.startswith("/api/"):
                assert "422" in call["responses"] and "401" in call["responses"], (path, method)
                assert call["security"]
            for answer in call["responses"].values():
                assert answer["description"]
    schemas = document["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    for name in ("Question", "Search"):
        assert schemas[name]["examples"]


def test_the_reference_shows_everything_as_text() -> None:
    evil = "<script>alert(1)</script>"
    document = {
        "info": {"title": evil, "version": evil, "description": evil},
        "paths": {f"/{evil}": {"get": {"summary": evil, "responses": {"200": {"description": evil}}}}},
        "components": {"schemas": {evil: {"properties": {evil: {"type": evil}}, "description": evil}}},
    }
    assert "<script>" not in reference_page(document)
