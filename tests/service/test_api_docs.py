"""The reference of the HTTP API."""

from __future__ import annotations

import re

from helpers import ROOT
from starlette.testclient import TestClient

from rag.service.api_docs import reference_page
from rag.service.sign_in import sign_in_page


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


def test_the_reference_has_no_raw_markup_and_the_colours_of_the_page(web: TestClient) -> None:
    page = web.get("/docs").text
    words = re.sub(r"<pre>.*?</pre>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert "`" not in words and "**" not in words and "<code>stream</code>" in page
    sign_in = sign_in_page("/", names=True, token=True)
    style = (ROOT / "ui" / "page.css").read_text("utf-8")
    for name in ("paper", "sheet", "ink", "accent"):
        light, dark = re.findall(rf"--{name}: (#\w+)", style)[:2]
        for other in (page, sign_in):
            assert re.findall(rf"--{name}: (#\w+)", other) == [light, dark], name


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
