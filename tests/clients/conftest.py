"""One running service for all clients: a real server on 127.0.0.1 with stand-in models, its page and its tools."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients.running import TOKEN, Running
from helpers import fill, many
from rag.ui.app import mount
from said import put_quotes
from service.calls import REPLY

from rag import Archive
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.server import Server, bind
from rag.testing import FakeChat, FakeEmbeddings


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    chat = FakeChat([REPLY])
    folder: Path = tmp_path_factory.mktemp("clients")
    with Archive.open(folder / "archive", chat_model=chat, embeddings=FakeEmbeddings()) as archive:
        fill(archive, *many(5))
        put_quotes(archive, "story-1", ("had damaged 11 boats", "Maren Holt", {"role": "harbour master"}))
        scheduler = RequestScheduler(archive, workers=1)
        with bind("127.0.0.1", 0) as listening:
            up = threading.Event()
            app = create_app(scheduler, Access(token=TOKEN), mount_page=mount, mcp=True)
            server = Server(app, scheduler, 2, up.set)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()
            assert up.wait(20)
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            try:
                yield Running(url, TOKEN, archive, chat, scheduler)
            finally:
                server.stop()
                thread.join(30)
                assert not thread.is_alive()
