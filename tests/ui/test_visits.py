"""Tabs that are closed or idle are forgotten, with what is kept for them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from rag.ui.visits import GRACE, IDLE, Visits


class Session:
    stopped = 0

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_closed_tab_is_forgotten_and_one_that_comes_back_is_not(clock: list[float]) -> None:
    gone: list[str] = []
    visits = Visits(gone.append)
    made: Any = [Session(), Session()]
    visits.connect("a")
    assert visits.session("a", lambda: made[0]) is made[0]
    assert visits.session("b", lambda: made[1]) is made[1]
    visits.disconnect("a")
    assert made[0].stopped == 1, "nobody waits for its answer"
    clock[0] += GRACE - 1
    visits.connect("a")
    clock[0] += IDLE - GRACE
    assert visits.session("a", Session) is made[0] and gone == []  # type: ignore[arg-type]
    clock[0] += 2
    visits.sweep()
    assert gone == ["b"] and made[1].stopped == 1, "it never had a connection, and is idle"
    visits.disconnect("a")
    clock[0] += GRACE + 1
    visits.sweep()
    assert gone == ["b", "a"] and len(visits) == 0


def test_two_connections_of_one_tab_are_counted(clock: list[float]) -> None:
    gone: list[str] = []
    visits = Visits(gone.append)
    visits.connect("a")
    visits.connect("a")
    visits.disconnect("a")
    clock[0] += 10 * IDLE
    visits.sweep()
    assert gone == [] and len(visits) == 1
    visits.disconnect("nobody")
    visits.disconnect("a")
    clock[0] += GRACE + 1
    visits.sweep()
    assert gone == ["a"]
