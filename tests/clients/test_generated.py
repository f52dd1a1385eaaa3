"""A client made from the service's OpenAPI document by ``openapi-python-client``, over httpx, against the service."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from clients.running import TOKEN, Running

pytestmark = pytest.mark.slow

NAME = "onrecord_client"
Load = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def document(service: Running) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/openapi.json", headers=service.headers).raise_for_status().json()
    return found


@pytest.fixture(scope="module")
def load(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """The generated package, module by module."""
    folder = tmp_path_factory.mktemp("generated")
    told, config = folder / "openapi.json", folder / "config.json"
    told.write_text(json.dumps(document), "utf-8")
    config.write_text(json.dumps({"post_hooks": []}), "utf-8")  # they would tidy up its code
    command: list[str | Path] = [sys.executable, "-m", "openapi_python_client", "generate", "--path", told]
    command += ["--config", config, "--meta", "none", "--output-path", folder / NAME, "--fail-on-warning"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
    assert done.returncode == 0 and "WARNING" not in done.stdout, f"something was not understood: {done.stdout}"
    sys.path.insert(0, str(folder))
    try:
        yield lambda name: importlib.import_module(f"{NAME}.{name}")
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in list(sys.modules) if n.partition(".")[0] == NAME]:
            del sys.modules[name]


@pytest.fixture
def client(load: Load, service: Running) -> Iterator[Any]:
    with load("client").AuthenticatedClient(
        service.url, token=TOKEN, raise_on_unexpected_status=True, timeout=httpx.Timeout(30)
    ) as made:
        yield made


def test_no_call_is_left_out(load: Load, document: dict[str, Any]) -> None:
    """Every call is a function of its module, which can be imported and says what it returns."""
    calls = [call["operationId"] for methods in document["paths"].values() for call in methods.values()]
    assert len(calls) == len(set(calls)) and {"add", "add_files", "ask", "find", "mend", "timeline"} <= set(calls)
    for name in calls:
        returned = str(load(f"api.default.{name}").sync.__annotations__["return"])
        assert "models." in returned and "Any" not in returned, (name, returned)


def test_it_takes_in_asks_searches_reads_and_deletes(load: Load, client: Any, service: Running) -> None:
    def call(name: str, *path: str, **values: Any) -> Any:
        return load(f"api.default.{name}").sync(*path, client=client, **values)

    models, types = load("models"), load("types")
    url = "https://example.com/generated?page=1"
    article = models.NewArticle(text="The lighthouse of Kellmouth shone 41 nights.", title="Lighthouse", url=url)
    assert call("add", body=article).added == 1
    assert call("add", body=[article]).unchanged == 1
    heron = types.File(payload=BytesIO(b"A heron slept."), file_name="heron.txt")
    assert call("add_files", body=models.AddFilesBody(files=[heron])).added == 1

    answer = call("ask", body=models.Question(question="How many boats did storm0002 damage?"))
    assert answer.answered and answer.query.standalone
    cited = answer.citations[0]
    assert service.archive.get(cited.article_id).text[cited.start : cited.end] == cited.quote

    assert [h.rank for h in call("search", body=models.Search(question="storm0003", k=2)).hits] == [1, 2]
    assert [h.rank for h in call("search_by_address", question="storm0003", k=2).hits] == [1, 2]
    found = call("find", query="lighthouse")
    assert found.total == 1 and found.found[0].article.url == url
    assert [q.speaker for q in call("quotes", speaker="Holt").quotes] == ["Maren Holt"]
    assert call("timeline", about="Kellmouth").about == "Kellmouth"
    assert call("articles", search="Lighthouse").articles[0].url == url
    assert call("article", url).text == article.text

    mended = call("mend", body=models.Mend(articles=[url], values=models.Values(section="Coast")))
    assert [c.after for c in mended.changes] == ["Coast"]
    assert call("undo", mended.number).number == mended.number
    assert call("delete", url).deleted == [url]
    gone = call("article", url)
    assert isinstance(gone, models.ErrorResponse) and gone.error.type_ == "ArticleMissing"
    assert call("stats").archive.articles == service.archive.stats().articles
