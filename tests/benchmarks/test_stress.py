"""A small share of the stress test, with fixed seeds."""

from __future__ import annotations

import pytest

from benchmarks.stress import __main__ as stress
from benchmarks.stress import soak

pytestmark = pytest.mark.slow


SHARES = [("kills", 40, 10), ("power", 60, 3), ("damage", 100, 6), ("disk", 40, 2)]


@pytest.mark.parametrize(("part", "seed", "rounds"), SHARES)
def test_nothing_is_lost(part: str, seed: int, rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert stress.main([part, "--seed", str(seed), "--rounds", str(rounds)]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert f"{part}: all" in told and told.split()[-2:] == [str(rounds), "0"]


def test_a_service_under_some_clients_has_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """The seed is one by which two clients do everything that there is to do."""
    options = ["--clients", "2", "--each", "5", "--articles", "40", "--seed", "176", "--stand-in", "--patience", "300"]
    status = soak.main(options)
    told = capsys.readouterr().out
    assert status == 0 and "\n0 errors\n" in told, told
    for what, done in {"ask": 1, "delete": 2, "list": 2, "page": 1, "search": 1, "upload": 2}.items():
        assert f"\n| {what} | {done} |" in told, told


def test_what_does_not_hold_is_counted_and_its_seed_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(seed: int, *_: object) -> str:
        if seed == 8:
            raise OSError("gone")
        return "well"

    monkeypatch.setitem(stress.PARTS, "power", broken)
    assert stress.main(["power", "--seed", "7", "--rounds", "3"]) == 1
    told = capsys.readouterr().out
    assert "power --seed 8: OSError: gone" in told
    assert told.split()[-2:] == ["3", "1"]
