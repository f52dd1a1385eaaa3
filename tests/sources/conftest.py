"""A site to fetch from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sources.site import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    """A site without pages."""
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def no_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who said what is not looked for: the parser takes seconds to load, and nothing here is about quotes."""
    monkeypatch.setattr("rag.sources.sync.find_quotes", lambda articles: [[] for _ in articles])
