"""The check of sentences that stand already: built in, and of other packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import fill, row

from rag import Archive, registry
from rag.answer.check.verify import Cited
from rag.errors import PluginError
from rag.testing import FakeEmbeddings

STRIKE = "Tram drivers in Oldtown began a strike over pay on 5 June 2023."
CLOSING = "The Harbour Cinema in Oldtown closed its doors for the last time on 2 May 2023."
WHICH = "Which came first, the strike of the tram drivers or the closing of the Harbour Cinema?"


class NoOrder:
    """A check of another package."""

    refused = "reported first"
    error: Exception | None = None

    def check(self, statement: str, cited: Cited, question: str) -> str | None:
        if self.error:
            raise self.error
        return f"no {self.refused}, {len(cited.texts)} cited" if self.refused in statement else None


@pytest.fixture
def check() -> Iterator[NoOrder]:
    made = NoOrder()
    registry.register("checks", "no-order", made)
    yield made
    registry.unregister("checks", "no-order")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        fill(
            archive,
            row("strike", f"{STRIKE} Buses ran instead.", title="Tram drivers on strike", published="2023-06-05"),
            row("cinema", f"{CLOSING} It was built in 1931.", title="Harbour Cinema closed", published="2023-05-02"),
        )
        yield archive


def test_which_was_reported_first_is_told_where_no_check_objects(town: Archive) -> None:
    assert "was reported first, on 2 May 2023" in town.ask(WHICH).text


def test_a_check_of_another_package_may_object_to_which_was_first(town: Archive, check: NoOrder) -> None:
    answer = town.ask(WHICH)
    assert answer.answered and "reported first" not in answer.text


def test_a_sentence_is_checked_again_by_other_packages_too(town: Archive, check: NoOrder) -> None:
    citations = town.ask("When did the tram drivers begin a strike?").citations
    assert town.supports(STRIKE, citations).ok
    check.refused = "strike"
    verdict = town.supports(STRIKE, citations)
    assert (verdict.ok, verdict.why, verdict.score) == (False, "no strike, 1 cited", 0.0)
    check.error = ZeroDivisionError("division by zero")
    with pytest.raises(PluginError, match="no-order"):
        town.supports(STRIKE, citations)
    false = town.supports("Tram drivers began a strike on 7 July 1999.", citations)
    assert not false.ok, "no other check is asked of what the built-in one rejects"
