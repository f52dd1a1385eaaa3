"""Markup fed through fields to the views that test_render.py does not feed; and nothing passes by the templates."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from helpers import ROOT
from lxml import html as lxml_html
from rag.ui import lists, sources
from turns import NASTY, assert_harmless

from rag.service.api_docs import reference_page
from rag.service.sign_in import sign_in_page
from rag.sources.values import Source, SourceReport
from rag.types import Conversation

_NOW = datetime(2023, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_any_field_is_text(nasty: str) -> None:
    report = SourceReport(source=nasty, began=_NOW, failed=1, errors=(nasty,))
    source = Source(id=1, name=nasty, address=nasty, kind="feed", auth=f"env:{nasty}", added=_NOW, last=report)
    kept = Conversation(id=nasty, user=nasty, title=nasty, created=_NOW, updated=_NOW, turns=1)
    for view in (
        sources.source_list([source], [("2023-06-01", nasty, 3)], date(2023, 6, 1)),
        sources.syncing([report]),
        sources.failed(nasty),
        lists.conversations([kept], nasty, nasty),
        lists.failed(nasty),
        lists.articles([], 0, 0, nasty),
    ):
        assert_harmless(view)


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_the_service_s_own_pages_is_text(nasty: str) -> None:
    call = {
        "summary": nasty,
        "parameters": [{"name": nasty, "in": "query", "schema": {"type": nasty}}],
        "responses": {},
    }
    document = {"info": {"title": nasty, "version": nasty, "description": nasty}, "paths": {f"/{nasty}": {"get": call}}}
    for page in (sign_in_page(f"/{nasty}", names=True, token=True, wrong=nasty), reference_page(document)):
        for element in lxml_html.fromstring(page).iter():
            assert element.tag not in ("script", "img", "svg", "iframe", "object"), page
            assert not [name for name in element.attrib if name.startswith("on")], "no element runs anything"


def test_no_template_lets_markup_through() -> None:
    templates = [*ROOT.glob("ui/templates/*.j2"), *ROOT.glob("rag/**/templates/*.j2")]
    assert len(templates) > 8
    for file in templates:
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", file.read_text("utf-8")), file.name
