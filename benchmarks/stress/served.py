"""``onrecord`` with a stand-in for the embedding model, named "stand-in": what grows or fails then is no model's."""

from __future__ import annotations

from typing import Any

from rag import registry
from rag.index.embed import LangChainEmbedder
from rag.settings import Settings
from rag.testing import FakeEmbeddings

NAME = "stand-in"


def stand_in(named: str, settings: Settings) -> Any:
    """The model of that name."""
    return LangChainEmbedder(FakeEmbeddings(dim=64))


def known() -> None:
    """Have archives of this process find it."""
    if NAME not in registry.registered("embedders"):
        registry.register("embedders", NAME, stand_in)


if __name__ == "__main__":
    from rag.cli import main

    known()
    main()
