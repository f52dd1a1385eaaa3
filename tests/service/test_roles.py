"""What users may do: by the API, by a proxy's word, and by the command line that makes their file."""

from __future__ import annotations

import base64
import io
import json
import stat
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from helpers import Done, files_with
from service.calls import HOME, QUESTION, failure
from starlette.testclient import TestClient

from rag import Archive, Settings
from rag.errors import UsageError
from rag.service.access import Access
from rag.service.audit import AuditLog
from rag.service.http import create_app
from rag.service.passwords import hash_password, read_roles, read_users
from rag.service.scheduler import RequestScheduler

PASSWORD = "a long secret"
HASH = hash_password(PASSWORD, cost=4)
ROLES: Any = {"ada": "admin", "ed": "editor", "eve": "editor", "rea": "reader"}
ARTICLE = {
    "title": "Ferry",
    "text": "The ferry to Kellmouth sails again on Zweckday.",
    "url": "https://example.com/zweck",
}


def as_user(name: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}


def guarded(scheduler: RequestScheduler, access: Access, peer: str = "127.0.0.1", **options: Any) -> TestClient:
    app = create_app(scheduler, access, **options)
    return TestClient(app, base_url=HOME, follow_redirects=False, client=(peer, 1))


@pytest.fixture
def access() -> Access:
    return Access(users=dict.fromkeys([*ROLES, "old"], HASH), roles=ROLES, token="the-right-token")


def test_what_each_role_may(scheduler: RequestScheduler, filled: Archive, access: Access) -> None:
    with guarded(scheduler, access) as web:
        for name in ("rea", "ed", "ada"):
            assert web.post("/api/ask", json={"question": QUESTION}, headers=as_user(name)).status_code == 200
        message = failure(web.post("/api/articles", json=ARTICLE, headers=as_user("rea")), 403, "NotAllowed")
        assert "editor" in message and "You are a reader." in message
        files = [("files", ("a.txt", io.BytesIO(b"A tram was approved.")))]
        failure(web.post("/api/articles", files=files, headers=as_user("rea")), 403, "NotAllowed")
        assert web.post("/api/articles", json=ARTICLE, headers=as_user("ed")).json()["added"] == 1
        mine = f"/api/articles/{ARTICLE['url']}"
        for name in ("rea", "eve"):
            failure(web.delete(mine, headers=as_user(name)), 403, "NotAllowed")
            failure(web.delete("/api/articles/story-1", headers=as_user(name)), 403, "NotAllowed")
        message = failure(web.delete("/api/articles/story-1", headers=as_user("ed")), 403, "NotAllowed")
        assert "You are an editor." in message
        for name, path in (("rea", ""), ("ed", ""), ("ada", str(filled.path)), ("old", str(filled.path))):
            assert web.get("/api/stats", headers=as_user(name)).json()["archive"]["path"] == path, name
        failure(web.delete("/api/articles/nothing", headers=as_user("ed")), 404, "ArticleMissing")
        # Another's update of it makes it nobody else's.
        changed = {**ARTICLE, "text": "The ferry is sold."}
        assert web.post("/api/articles", json=changed, headers=as_user("eve")).json()["updated"] == 1
        failure(web.delete(mine, headers=as_user("eve")), 403, "NotAllowed")
        assert web.delete(mine, headers=as_user("ed")).json() == {"deleted": [ARTICLE["url"]]}
        for headers in (as_user("ada"), as_user("old"), {"authorization": "Bearer the-right-token"}):
            assert web.post("/api/articles", json=ARTICLE, headers=headers).json()["added"] == 1
            assert web.delete(mine, headers=headers).status_code == 200
        assert filled.get("story-1")


def test_who_brought_what_outlives_the_process(filled: Archive, access: Access) -> None:
    mine = f"/api/articles/{ARTICLE['url']}"
    for calls in ("upload", "delete"):
        scheduler = RequestScheduler(filled)
        with guarded(scheduler, access) as web:
            if calls == "upload":
                assert web.post("/api/articles", json=ARTICLE, headers=as_user("ed")).json()["added"] == 1
            else:
                assert web.delete(mine, headers=as_user("ed")).status_code == 200
        scheduler.close(0)
    assert files_with(filled.path, ["zweck"]) == []


# -- a proxy's word -------------------------------------------------------------------------


def test_a_trusted_proxy_names_users(scheduler: RequestScheduler, filled: Archive) -> None:
    def proxied(peer: str = "10.0.0.7") -> TestClient:
        access = Access(user_header="Remote-User", role_header="Remote-Groups", proxies=["10.0.0.0/28"], token="t" * 9)
        return guarded(scheduler, access, peer)

    named = {"remote-user": "ada"}
    with proxied() as web:
        assert web.get("/api/stats", headers=named).status_code == 200
        failure(web.post("/api/articles", json=ARTICLE, headers=named), 403, "NotAllowed")
        groups = {**named, "remote-groups": "staff, editor"}
        assert web.post("/api/articles", json=ARTICLE, headers=groups).json()["added"] == 1
        assert web.delete(f"/api/articles/{ARTICLE['url']}", headers=groups).status_code == 200
        failure(web.post("/api/articles", json=ARTICLE, headers={**named, "remote-groups": "x"}), 403, "NotAllowed")
        failure(web.get("/api/stats"), 401, "Unauthorized")
        twice = [("remote-user", "ada"), ("remote-user", "root")]
        failure(web.get("/api/stats", headers=twice), 401, "Unauthorized")
        # Nobody becomes the token's user, or one of the file's, by being called so.
        failure(web.delete("/api/articles/story-1", headers={"remote-user": "token"}), 403, "NotAllowed")
    with proxied("10.0.0.77") as web:
        failure(web.get("/api/stats", headers=named), 401, "Unauthorized")
        assert web.get("/api/stats", headers={**named, "authorization": f"Bearer {'t' * 9}"}).status_code == 200


def test_a_header_without_a_proxy_is_refused() -> None:
    with pytest.raises(UsageError, match="TRUSTED_PROXIES"):
        Access(user_header="Remote-User")
    with pytest.raises(UsageError, match="no address or network"):
        Access(user_header="Remote-User", proxies=["proxy.example"])
    assert Access.of(Settings(user_header="Remote-User", trusted_proxies=("127.0.0.1",))).open is False


# -- the log --------------------------------------------------------------------------------


def told(log: AuditLog) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.file.read_text().splitlines()]


@pytest.mark.parametrize("questions", [False, True])
def test_the_log_tells_who_did_what(
    scheduler: RequestScheduler, filled: Archive, access: Access, questions: bool
) -> None:
    log = AuditLog(filled.path / "audit.jsonl", questions=questions)
    with guarded(scheduler, access, audit=log) as web:
        web.post("/login", data={"name": "ada", "secret": PASSWORD})
        web.post("/login", data={"name": "ada", "secret": "wrong"})
        web.cookies.clear()
        web.post("/api/ask", json={"question": QUESTION}, headers=as_user("rea"))
        web.post(
            "/v1/chat/completions", json={"messages": [{"role": "user", "content": QUESTION}]}, headers=as_user("rea")
        )
        web.get("/api/search", params={"question": QUESTION}, headers=as_user("rea"))
        web.get("/api/quotes", params={"speaker": "Holt"}, headers=as_user("rea"))
        web.get("/api/timeline", params={"about": "Port"}, headers=as_user("rea"))
        web.post("/api/articles", json=ARTICLE, headers=as_user("ed"))
        ident = web.get(f"/api/articles/{ARTICLE['url']}", headers=as_user("ed")).json()["id"]
        web.delete(f"/api/articles/{ARTICLE['url']}", headers=as_user("ed"))
        failure(web.delete("/api/articles/story-1", headers=as_user("ed")), 403, "NotAllowed")
    lines = told(log)
    assert [(x["who"], x["what"]) for x in lines] == [
        ("ada", "signed in"), ("rea", "asked"), ("rea", "asked"), ("rea", "searched"), ("rea", "looked for quotes"),
        ("rea", "made a timeline"), ("ed", "uploaded"), ("ed", "deleted"),
    ]  # fmt: skip
    assert all(x["when"] for x in lines)
    assert (lines[6]["added"], lines[7]["articles"]) == (1, [ident])
    assert [x.get("question") for x in lines[1:3]] == ([QUESTION] * 2 if questions else [None] * 2)
    assert stat.S_IMODE(log.file.stat().st_mode) == 0o600
    assert files_with(filled.path, ["zweck", "kellmouth"]) == []


def test_the_log_waits_for_the_archive(archive: Archive, scheduler: RequestScheduler, access: Access) -> None:
    log = AuditLog(archive.path / "audit.jsonl")
    with guarded(scheduler, access, audit=log) as web:
        web.post("/login", data={"name": "ada", "secret": PASSWORD})
        assert not archive.path.exists()
        web.cookies.clear()
        assert web.post("/api/articles", json=ARTICLE, headers=as_user("ed")).json()["added"] == 1
    assert [x["what"] for x in told(log)] == ["signed in", "uploaded"]


def test_the_log_is_where_the_settings_say(tmp_path: Path) -> None:
    log = AuditLog.of(Settings(archive=tmp_path))
    assert log is not None and log.file == tmp_path / "audit.jsonl"
    other = AuditLog.of(Settings(archive=tmp_path, audit_file=tmp_path / "x/log"))
    assert other is not None and other.file == tmp_path / "x/log"
    assert AuditLog.of(Settings(archive=tmp_path, audit=False)) is None


# -- the file of users ----------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.service.passwords.hash_password", partial(hash_password, cost=4))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 3))


def test_users_come_and_go(tmp_path: Path, typed: None, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from helpers import command_line

    from rag.testing import FakeChat

    run = command_line(monkeypatch, capsys, FakeChat())
    file = tmp_path / "users.txt"
    file.write_text(f"# staff\nold:{HASH}\n")

    def users(*args: str) -> Done:
        return run("users", *args, "--password-file", file)

    assert users("add", "ada", "--role", "admin").code == 0
    assert users("add", "rea").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_roles(file) == {"ada": "admin", "rea": "reader"}
    assert set(read_users(file)) == {"old", "ada", "rea"} and file.read_text().startswith("# staff\n")
    assert users("list").out.split() == ["old", "admin", "ada", "admin", "rea", "reader"]
    assert users("role", "rea", "editor").code == 0 and read_roles(file)["rea"] == "editor"
    assert users("role", "old", "reader").code == 0 and read_roles(file)["old"] == "reader"
    access = Access(users=read_users(file), roles=read_roles(file))
    assert access.authenticate("rea", PASSWORD) == "rea" and access.role("rea") == "editor"
    assert users("remove", "ada").code == 0 and set(read_users(file)) == {"old", "rea"}
    for wrong, message in (
        (("add", "rea"), "already"),
        (("add", "a:b"), "can't stand"),
        (("add", "bo", "--role", "boss"), "no role 'boss'"),
        (("role", "nobody", "admin"), "no user 'nobody'"),
        (("role", "rea", "boss"), "no role 'boss'"),
        (("remove", "nobody"), "no user 'nobody'"),
    ):
        done = users(*wrong)
        assert done.code == 2 and message in " ".join(done.err.split()), wrong
    assert run("users", "list").code == 2, "no file is named"
    assert set(read_users(file)) == {"old", "rea"}


def test_a_role_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    file.write_text(f"ada:{HASH}:boss\n")
    with pytest.raises(UsageError, match=r"Line 1 of .*no role 'boss'"):
        Access.of(Settings(password_file=file))
    file.write_text(f"ada:{HASH}:Editor\nbo:{HASH}\n")
    access = Access.of(Settings(password_file=file))
    assert (access.role("ada"), access.role("bo"), access.role("token")) == ("editor", "admin", "admin")
