"""What is wrong with a catalog on a PostgreSQL server is told in one line that says what to do, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import command_line, many, onrecord
from postgres import PASSWORD, PostgresServer, database, found, machine, postgres, rows, url

from rag import Archive
from rag.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveLocked,
    ArchiveMismatch,
    ArchiveMissing,
    ArchiveReadOnly,
    DiskFull,
    UsageError,
)
from rag.index import server_schema
from rag.testing import FakeEmbeddings

pytestmark = pytest.mark.slow
__all__ = ["machine", "postgres", "url"]


def one_line(e: pytest.ExceptionInfo[BaseException]) -> str:
    told = str(e.value)
    assert "\n" not in told and PASSWORD not in told and "HINT" not in told
    return told


@pytest.mark.parametrize(
    ("address", "kind", "told"),
    [
        ("mysql://ann@host/db", UsageError, r"postgresql://user@host/database"),
        ("postgresql://ann:p@ss@/w@host:port/db?", ArchiveError, r"ONRECORD_CATALOG|%40"),
        ("postgresql://ann@127.0.0.1:1/db", ArchiveError, r"127.0.0.1:1/db can't be reached .*Check that it runs"),
        ("{wrong}", ArchiveError, r"lets this user not in .*Check name and password"),
        ("{none}", ArchiveError, r"no such database .*createdb"),
        ("{empty}", ArchiveMissing, r"onrecord ingest"),
    ],
)
def test_settings_that_lead_nowhere(
    machine: Callable[..., Archive], postgres: PostgresServer, address: str, kind: type[Exception], told: str
) -> None:
    known = {
        "{wrong}": postgres.url(password="guessed"),
        "{none}": postgres.url("nowhere"),
        "{empty}": postgres.new_database(),
    }
    with pytest.raises(kind, match=told) as e:
        machine(at=known.get(address, address)).search("storm")
    assert "guessed" not in one_line(e)


def test_schemas_of_other_programs(
    machine: Callable[..., Archive], postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_rows(*statements: str) -> str:
        at = postgres.new_database()
        for statement in statements:
            postgres.execute(statement, database(at))
        return at

    foreign = with_rows("CREATE TABLE version (song TEXT)")
    for call in (lambda a: a.search("storm"), lambda a: a.ingest(rows(tmp_path, *many(1)))):
        with pytest.raises(ArchiveDamaged, match="another program's"):
            call(machine(at=foreign))
    machine().ingest(rows(tmp_path, *many(1)))
    newer = machine("c", at=postgres.new_database())
    newer.ingest(rows(tmp_path, *many(1)))
    at = newer.settings.catalog.get_secret_value()  # type: ignore[union-attr]
    newer.close()
    postgres.execute("UPDATE onrecord_schema SET version_num = '9999'", database(at))
    for call in (lambda a: a.search("storm"), lambda a: a.ingest(rows(tmp_path, *many(1)))):
        with pytest.raises(ArchiveMismatch, match=r"newer OnRecord \(schema 9999.*pip install -U") as e:
            call(machine("c", at=at))
        one_line(e)
    monkeypatch.setattr(server_schema, "KNOWN", ("9999", "0001"))
    with pytest.raises(ArchiveMismatch, match=r"older OnRecord's schema .*doctor --repair"):
        machine("c", at=at).search("storm")


def test_doctor_says_what_to_do(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: Any, chat: Any,
) -> None:  # fmt: skip
    """By the command line, whatever is wrong with the catalog: one line on stderr, exit code 1, no password."""
    run = command_line(monkeypatch, capsys, chat)
    monkeypatch.setenv("ONRECORD_ARCHIVE", str(tmp_path / "a"))
    machine().ingest(rows(tmp_path, *many(3)))
    machine().close()
    newer, older = postgres.new_database(), postgres.new_database()
    for at, step in ((newer, "9999"), (older, "0001")):
        machine("b", at=at).ingest(rows(tmp_path, *many(1)))
        machine("b", at=at).close()
        postgres.execute(f"UPDATE onrecord_schema SET version_num = '{step}'", database(at))
    half = postgres.new_database()
    machine("c", at=half).ingest(rows(tmp_path, *many(1)))
    machine("c", at=half).close()
    postgres.execute("DROP TABLE passage CASCADE", database(half))
    for at, told in (
        ("mysql://ann@host/db", "Give one: postgresql://user@host/database"),
        (f"postgresql://ann:{PASSWORD}@127.0.0.1:1/db", "Check that it runs"),
        (postgres.url(password="guessed"), "Check name and password in ONRECORD_CATALOG"),
        (postgres.url("nowhere"), "createdb NAME"),
        (postgres.new_database(), "Run: onrecord ingest PATH"),
        (newer, "Upgrade: pip install -U onrecord"),
        (older, "doctor --repair"),
        (half, "pg_restore"),
    ):
        monkeypatch.setenv("ONRECORD_CATALOG", at)
        done = run("doctor")
        assert done.code == (2 if at.startswith("mysql") else 1) and told in done.err, (at, done)
        assert done.err.count("\n") == 1 and not done.out, done
        assert PASSWORD not in done.err and "guessed" not in done.err
    monkeypatch.setenv("ONRECORD_CATALOG", url)
    postgres.execute(f"ALTER DATABASE {database(url)} SET default_transaction_read_only = on")
    assert run("doctor").out == "All three stores agree.\n", "looking is allowed"
    for command in (
        ("doctor", "--repair"),
        ("ingest", rows(tmp_path, *many(1))),
        ("migrate", "--to-catalog", "embedded"),
    ):
        done = run(*command)
        assert done.code == 1 and "is read-only" in done.err and "default_transaction_read_only" in done.err, done
        assert done.err.count("onrecord: ") == 1


def test_a_database_that_cannot_hold_all_letters(
    machine: Callable[..., Archive], postgres: PostgresServer, tmp_path: Path
) -> None:
    name = f"latin_{os.getpid()}"
    postgres.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(UsageError, match=r"is in LATIN1.*createdb -E UTF8") as e:
        machine(at=postgres.url(name)).ingest(rows(tmp_path, *many(1)))
    one_line(e)


def test_every_step_of_the_schema_is_known() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(server_schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    steps = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(steps)) == server_schema.KNOWN
    assert server_schema.KNOWN[-1] == server_schema.HEAD


def test_a_server_that_takes_no_changes(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    machine().ingest(rows(tmp_path, *many(3)))
    machine().close()
    postgres.execute(f"ALTER DATABASE {database(url)} SET default_transaction_read_only = on")
    reader = machine("b")
    assert found(reader, "storm0001") == ["story-1"]
    for call in (
        lambda a: a.ingest(rows(tmp_path, *many(1))),
        lambda a: a.delete("story-1"),
        lambda a: a.collections.make("c"),
        lambda a: a.conversations.create("ann"),
    ):
        with pytest.raises(ArchiveReadOnly, match=r"is read-only.*To write, name the primary") as e:
            call(reader)
        one_line(e)


def test_a_user_needs_few_rights_and_a_schema_of_its_own_will_do(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    name = database(url)
    at = f"{url}?options=-csearch_path%3Dnews"
    postgres.execute("CREATE SCHEMA news", name)
    machine(at=at).ingest(rows(tmp_path, *many(3)))
    assert postgres.execute("SELECT count(*) FROM news.version", name) == [(3,)]
    role = f"reporter_{name}"
    for statement in (
        f"CREATE ROLE {role} LOGIN PASSWORD 'small'",
        f"GRANT USAGE ON SCHEMA news TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA news TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA news TO {role}",
    ):
        postgres.execute(statement, name)
    small = machine("b", at=at.replace(f"tester:{PASSWORD}", f"{role}:small"))
    small.ingest(rows(tmp_path, *many(1, first=7)))
    small.delete("story-1")
    assert found(small, "storm0007") == ["story-7"] and small.doctor() == []
    with machine(at=at).stores.writing("ingest"), pytest.raises(ArchiveLocked, match=f"onrecord ingest {os.getpid()}@"):
        small.ingest(rows(tmp_path, *many(1)))
    postgres.execute(f"REVOKE INSERT ON news.version FROM {role}", name)
    with pytest.raises(ArchiveError, match=r"lacks a right .*Ask its owner"):
        small.ingest(rows(tmp_path, *many(1, first=9)))


def test_a_server_that_is_full(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    """The server's own error; its disk is made to look full by a trigger that raises the same."""
    archive = machine()
    archive.ingest(rows(tmp_path, *many(3)))
    postgres.execute(
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$""",
        database(url),
    )
    postgres.execute("CREATE TRIGGER full_disk BEFORE INSERT ON passage EXECUTE FUNCTION full_disk()", database(url))
    with pytest.raises(DiskFull, match=r"server of 127.* has no room left .*goes on where it stopped") as e:
        archive.ingest(rows(tmp_path, *many(5)))
    one_line(e)
    assert archive.stats().articles == 3 and archive.doctor() == []
    postgres.execute("DROP TRIGGER full_disk ON passage", database(url))
    assert archive.ingest(rows(tmp_path, *many(5))).added == 2


def test_folders_are_not_mixed_up(machine: Callable[..., Archive], tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings()) as plain:
        plain.ingest(rows(tmp_path, *many(1)))
    with pytest.raises(UsageError, match="has a catalog of its own"):
        machine("a").ingest(rows(tmp_path, *many(1)))
    machine("b").ingest(rows(tmp_path, *many(1)))
    with Archive.open(tmp_path / "b", embeddings=FakeEmbeddings()) as bare:
        with pytest.raises(ArchiveMissing, match="ONRECORD_CATALOG"):
            bare.search("storm")
        with pytest.raises(ArchiveMissing, match="ONRECORD_CATALOG"):
            bare.ingest(rows(tmp_path, *many(1)))


def test_what_is_for_folders_says_so(machine: Callable[..., Archive], tmp_path: Path) -> None:
    archive = machine()
    archive.ingest(rows(tmp_path, *many(2)))
    for call in (lambda: archive.backup(tmp_path / "out"), lambda: archive.salvage(tmp_path / "out")):
        with pytest.raises(UsageError, match="pg_dump"):
            call()
    assert archive.export(tmp_path / "out.jsonl") == 2
    archive.reindex()
    assert archive.doctor() == []


def test_the_service_says_when_to_try_again(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    """So that a proxy, or a client, asks another replica or a little later."""
    from service.calls import client, failure

    from rag.service.access import Access
    from rag.service.http import create_app
    from rag.service.scheduler import RequestScheduler

    archive = machine()
    archive.ingest(rows(tmp_path, *many(3)))
    with client(create_app(RequestScheduler(archive), Access())) as web:
        assert web.get("/readyz").status_code == 200
        assert web.post("/api/search", json={"question": "storm"}).status_code == 200
        postgres.stop("immediate")
        try:
            answer = web.post("/api/search", json={"question": "storm"})
            assert "can't be reached" in failure(answer, 503, "ArchiveUnreachable")
            assert answer.headers["retry-after"] == "5"
            assert "can't be reached" in web.get("/readyz").json()["why"]
        finally:
            postgres.start()
        assert web.post("/api/search", json={"question": "storm"}).status_code == 200
        assert web.get("/readyz").status_code == 200


def test_the_command_line_shows_no_password(url: str, tmp_path: Path) -> None:
    env = {"ONRECORD_CATALOG": url, "ONRECORD_ARCHIVE": str(tmp_path / "x")}
    shown = onrecord("config", env=env)
    assert shown.returncode == 0 and PASSWORD not in shown.stdout + shown.stderr
    wrong = onrecord("doctor", env=env | {"ONRECORD_CATALOG": "postgresql://ann:hidden@127.0.0.1:1/db"})
    assert wrong.returncode == 1 and "can't be reached" in wrong.stderr and "hidden" not in wrong.stderr
