"""``onrecord password``: a line for the password file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag.cli import app, serving
from rag.errors import UsageError
from rag.service.passwords import Passwords, read_users

SECRET = "correct horse"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.service import passwords

    monkeypatch.setattr(passwords.hash_password, "__defaults__", (4,))


def test_the_line_it_prints_lets_the_user_in(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["password", "ada"], input=f"{SECRET}\r\n")
    assert done.exit_code == 0 and done.stdout.startswith("ada:$2b$") and SECRET not in done.output
    file = tmp_path / "users.txt"
    file.write_text(done.stdout)
    assert Passwords(read_users(file)).verify("ada", SECRET)
    alone = CliRunner().invoke(app, ["password"], input=SECRET)
    file.write_text(alone.stdout)
    assert Passwords(read_users(file, "ada")).verify("ada", SECRET)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("ada", "", "is empty"),
        ("ada", "short", "fewer than 8"),
        ("ada", "x" * 73, "72 bytes"),
        ("a:b", SECRET, "colons"),
        (" ada", SECRET, "spaces"),
        ("#ada", SECRET, "#"),
    ],
)
def test_what_makes_no_line_is_refused(name: str, given: str, told: str) -> None:
    done = CliRunner().invoke(app, ["password", name], input=given)
    assert isinstance(done.exception, UsageError) and told in str(done.exception)
    assert done.stdout == ""


def test_a_terminal_is_asked_twice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    typed: list[Any] = [SECRET, SECRET, SECRET, "another word"]
    monkeypatch.setattr(serving.sys, "stdin", Terminal())
    monkeypatch.setattr(serving, "getpass", lambda _: typed.pop(0))
    serving.password("ada")
    assert capsys.readouterr().out.startswith("ada:$2b$04$")
    with pytest.raises(UsageError, match="differ"):
        serving.password("ada")
