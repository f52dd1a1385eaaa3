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
