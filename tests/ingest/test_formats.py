"""The real files of ../shared/data/formats give their true articles, as formats.toml tells them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from rag.ingest.clean import clean
from rag.ingest.load import load
from rag.types import RawArticle, Skipped

DATA = ROOT.parent / "shared/data/formats"
TABLE: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("formats.toml").read_text("utf-8"))["file"]


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
@pytest.mark.parametrize("row", TABLE, ids=[row["path"] for row in TABLE])
def test_a_file_gives_its_true_articles(row: dict[str, Any]) -> None:
    found = [clean(item) if isinstance(item, RawArticle) else item for item in load([DATA / row["path"]])]
    articles = [item for item in found if isinstance(item, RawArticle)]
    reasons = [item.reason for item in found if isinstance(item, Skipped)]
    assert len(articles) == row["articles"]
    for told in row.get("reasons", []):
        assert any(told in reason for reason in reasons), reasons
    assert bool(reasons) == bool(row.get("reasons"))
    for true in row.get("article", []):
        article = articles[true["at"] - 1]
        assert article.title == true["title"]
        assert (article.source or "") == true["outlet"]
        assert (article.published.isoformat() if article.published else "") == true["published"]
        assert article.text.startswith(true["begins"])
        assert article.text.endswith(true["ends"])
