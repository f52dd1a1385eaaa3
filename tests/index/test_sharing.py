"""Links to conversations: made, followed, taken back; and the archive's size at the time of a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import BRIDGE, answered, refused

from rag.errors import ConversationMissing
from rag.index.conversations import Conversations


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    conversations = Conversations(tmp_path / "conversations.sqlite")
    yield conversations
    conversations.close()


def test_a_link_leads_to_its_conversation_until_it_is_taken_back(kept: Conversations) -> None:
    with pytest.raises(ConversationMissing, match="taken back"):
        kept.shared_by("x")
    one = kept.create("ann", "Bridges")
    assert kept.link_of(one.id, "ann") is None
    token = kept.share(one.id, "ann")
    assert len(token) >= 43
    assert kept.share(one.id, "ann") == token == kept.link_of(one.id, "ann")
    assert kept.link_of(one.id, "bob") is None
    assert kept.shared_by(token) == (one.id, "ann")
    kept.unshare(one.id, "ann")
    with pytest.raises(ConversationMissing):
        kept.shared_by(token)
    assert kept.share(one.id, "ann") != token


def test_only_its_owner_shares_a_conversation_and_it_ends_with_it(kept: Conversations) -> None:
    one = kept.create("ann")
    token = kept.share(one.id, "ann")
    for act in (kept.share, kept.unshare):
        with pytest.raises(ConversationMissing):
            act(one.id, "bob")
    kept.delete(one.id, "ann")
    with pytest.raises(ConversationMissing):
        kept.shared_by(token)


def test_the_size_of_the_archive_is_kept_with_a_turn_and_goes_with_it(kept: Conversations) -> None:
    one = kept.create("ann")
    assert kept.coverages(one.id) == {}
    turns = [kept.append(one.id, "ann", "q", a) for a in (answered(BRIDGE), refused())]
    kept.note_coverage(turns[1].id, "Articles: 3.")
    kept.note_coverage(999, "nothing to note it of")
    assert kept.coverages(one.id) == {turns[1].id: "Articles: 3."}
    kept.truncate(one.id, "ann", turns[1].id)
    assert kept.coverages(one.id) == {}
