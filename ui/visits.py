"""The browser tabs that are open; what is kept for one is let go of soon after it is closed, or when it is idle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.ui.session import TabSession

GRACE = 60.0
"""Seconds after which a tab that has closed its connection is forgotten; one that only lost it comes back before."""
IDLE = 1800.0
"""Seconds after which one is forgotten that never had a connection, such as a script's."""


@dataclass
class _Visit:
    """One browser tab."""

    session: TabSession | None = None
    connections: int = 0
    used: float = field(default_factory=time.monotonic)
    was_connected: bool = False


class Visits:
    """The sessions of browser tabs by Gradio's name for them. Safe to use from several threads."""

    def __init__(self, let_go: Callable[[str], None]) -> None:
        """Begin with none.

        Args:
            let_go: Called with a tab that is forgotten, to let go of what others keep for it.
        """
        self._let_go = let_go
        self._visits: dict[str, _Visit] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._visits)

    def session(self, tab: str, make: Callable[[], TabSession]) -> TabSession:
        """A tab's session, made where it is new."""
        self.sweep()
        with self._lock:
            visit = self._visits.setdefault(tab, _Visit())
            visit.used = time.monotonic()
            if visit.session is None:
                visit.session = make()
            return visit.session

    def connect(self, tab: str) -> None:
        """A tab has opened the connection that tells that it is there."""
        with self._lock:
            visit = self._visits.setdefault(tab, _Visit())
            visit.connections += 1
            visit.was_connected = True

    def disconnect(self, tab: str) -> None:
        """It has closed it: its question is stopped."""
        with self._lock:
            if (visit := self._visits.get(tab)) is not None:
                visit.connections -= 1
                visit.used = time.monotonic()
                if not visit.connections and visit.session is not None:
                    visit.session.stop()
        self.sweep()

    def sweep(self) -> None:
        """Forget the tabs whose time is up."""
        now = time.monotonic()
        with self._lock:
            gone = [
                tab
                for tab, v in self._visits.items()
                if not v.connections and v.used < now - (GRACE if v.was_connected else IDLE)
            ]
            for tab in gone:
                if (session := self._visits.pop(tab).session) is not None:
                    session.stop()
        for tab in gone:
            self._let_go(tab)


__all__ = ["Visits"]
