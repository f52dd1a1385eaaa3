"""The client of Gradio, against the page's endpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
from clients.running import Running
from gradio_client import Client
from gradio_client.exceptions import AppError, AuthenticationError

from rag.types import Hit

QUESTION = "How many boats did storm0002 damage?"


@pytest.fixture
def client(service: Running, tmp_path: Path) -> Client:
    return Client(
        service.url, headers=service.headers, verbose=False, analytics_enabled=False, download_files=str(tmp_path)
    )


def test_it_asks_and_searches(client: Client, service: Running) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]  # type: ignore[index]
    assert set(named) == {"/ask", "/search"}
    answer = client.predict(QUESTION, api_name="/ask")
    assert answer["answered"] and "12 boats" in answer["text"]
    for cited in answer["citations"]:
        assert service.archive.get(cited["article_id"]).text[cited["start"] : cited["end"]] == cited["quote"]
    hits = client.predict("storm0003", 2, api_name="/search")["hits"]
    assert [Hit.model_validate(h).rank for h in hits] == [1, 2]
    with pytest.raises(AppError, match="empty"):
        client.predict("", 2, api_name="/search")


def test_it_needs_the_token(service: Running) -> None:
    with pytest.raises(AuthenticationError, match="login"):
        Client(service.url, verbose=False, analytics_enabled=False)
