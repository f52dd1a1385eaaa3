"""The service that all clients talk to."""

from __future__ import annotations

from dataclasses import dataclass

from rag import Archive
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat

TOKEN = "the-right-token"


@dataclass(frozen=True)
class Running:
    """A service that runs."""

    url: str
    token: str
    archive: Archive
    chat: FakeChat
    scheduler: RequestScheduler

    @property
    def headers(self) -> dict[str, str]:
        """What a program sends with each request."""
        return {"authorization": f"Bearer {self.token}"}
