"""Archives behind the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import fill, many
from service.calls import REPLY, client
from starlette.testclient import TestClient

from rag import Archive
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat


@pytest.fixture
def filled(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    chat.replies = [REPLY]
    fill(archive, *many(5))
    return archive


@pytest.fixture
def scheduler(archive: Archive) -> Iterator[RequestScheduler]:
    made = RequestScheduler(archive, workers=1, queue_size=2)
    yield made
    made.close(shutdown_grace=0)


@pytest.fixture
def web(scheduler: RequestScheduler) -> Iterator[TestClient]:
    with client(create_app(scheduler, Access(), max_upload=2_000_000)) as opened:
        yield opened
