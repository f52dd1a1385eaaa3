"""A small share of the stress test, with fixed seeds."""

from __future__ import annotations

import pytest

from benchmarks.stress import __main__ as stress

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("part", "seed", "rounds"), [("kills", 40, 10), ("power", 60, 3), ("damage", 100, 6)])
def test_nothing_is_lost(part: str, seed: int, rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert stress.main([part, "--seed", str(seed), "--rounds", str(rounds)]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert f"{part}: all" in told and told.split()[-2:] == [str(rounds), "0"]


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
