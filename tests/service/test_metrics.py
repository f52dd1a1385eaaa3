"""What the service tells Prometheus, and whom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from service.calls import QUESTION, client, failure
from service.guarded import HASHES, basic, bearer
from starlette.testclient import TestClient

from rag import Archive, Settings
from rag.errors import UsageError
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat

ADA, BO = list(HASHES)[:2]
USERS = {"ada": HASHES[ADA], "bo": HASHES[BO]}


def numbers(web: TestClient, **headers: Any) -> dict[tuple[str, ...], float]:
    """Every sample of /metrics by its name and labels."""
    answer = web.get("/metrics", **headers)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_questions_stages_and_the_archive(web: TestClient, filled: Archive) -> None:
    before = numbers(web)
    assert before["onrecord_questions_total", "answered"] == 0
    assert web.post("/api/ask", json={"question": QUESTION}).json()["answered"]
    refused = web.post("/api/ask", json={"question": "Who wrote the anthem of Chile?", "model": "none"}).json()
    failure(web.get("/api/search"), 422, "UsageError")
    after = numbers(web)
    assert after["onrecord_questions_total", "answered"] == 1
    assert after["onrecord_questions_total", "refused"] == 1
    assert after["onrecord_refusals_total", refused["reason"]] == 1
    for stage in ("plan", "retrieve", "read"):
        assert after["onrecord_stage_seconds_count", stage] == 2, stage
        assert after["onrecord_stage_seconds_sum", stage] > 0
    for stage in ("generate", "check"):
        assert after["onrecord_stage_seconds_count", stage] == 1, stage
    assert after["onrecord_question_seconds_count",] == 2
    assert after["onrecord_model_tokens_total", "written"] > 0
    assert after["onrecord_archive", "articles"] == 5
    assert all(after["onrecord_archive_bytes", kind] > 0 for kind in ("catalog", "vectors", "lexical"))
    assert after["onrecord_queue", "local", "waiting"] == 0
    assert after["onrecord_http_requests_total", "POST", "2xx"] == 2
    assert after["onrecord_http_requests_total", "GET", "4xx"] == 1


def test_labels_are_from_short_lists(web: TestClient, filled: Archive) -> None:
    web.request("BREW", "/api/teapot/storm0002")
    web.post("/api/ask", json={"question": QUESTION})
    text = web.get("/metrics").text
    assert 'method="other",status="4xx"' in text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {
        *("outcome", "reason", "stage", "le", "kind", "method", "status", "pool", "state", "what", "store"),
        *("implementation", "major", "minor", "patchlevel", "version"),
    }
    assert "storm" not in text.casefold()


def test_a_question_that_fails_and_one_turned_away(web: TestClient, filled: Archive, chat: FakeChat) -> None:
    chat.replies = [RuntimeError("no")]
    assert web.post("/api/ask", json={"question": QUESTION}).status_code >= 500
    after = numbers(web)
    assert after["onrecord_questions_total", "failed"] == 1 and after["onrecord_busy_total",] == 0


@pytest.mark.parametrize(
    ("setting", "reader", "admin", "nobody"),
    [("admin", 403, 200, 401), ("user", 200, 200, 401), ("open", 200, 200, 200)],
)
def test_who_may_read_them(
    scheduler: RequestScheduler, filled: Archive, setting: str, reader: int, admin: int, nobody: int
) -> None:
    access = Access(token="a long token", users=USERS, roles={"ada": "reader", "bo": "admin"}, metrics=setting)
    with client(create_app(scheduler, access)) as web:
        assert web.get("/metrics", headers=basic("ada", ADA)).status_code == reader
        assert web.get("/metrics", headers=basic("bo", BO)).status_code == admin
        assert web.get("/metrics", headers=bearer("a long token")).status_code == admin
        assert web.get("/metrics").status_code == nobody
        assert web.get("/api/stats").status_code == 401, "nothing else is opened"


def test_a_queue_that_is_full_is_counted(filled: Archive) -> None:
    turned: list[int] = []
    scheduler = RequestScheduler(filled, workers=1, queue_size=1)
    scheduler.on_busy = lambda: turned.append(1)
    scheduler.close(0)
    with pytest.raises(Exception, match="shutting down"):
        next(iter(scheduler.stream(QUESTION, user="a")))
    assert turned == [1]


def test_a_shared_secret_signs_for_all_replicas(tmp_path: Path) -> None:
    def replica(number: int, secret: str | None) -> Access:
        there = tmp_path / str(number)
        return Access.of(Settings(archive=there, cache=there, token="a long token", session_secret=secret))

    one, two = replica(1, "s" * 32), replica(2, "s" * 32)
    cookie = {"cookie": f"{one.cookie}={one.session('token')}"}
    assert two.identify(cookie) == "token"
    assert replica(3, "t" * 32).identify(cookie) is None
    assert replica(4, None).identify(cookie) is None
    with pytest.raises(UsageError, match="fewer than 32"):
        replica(5, "short")
