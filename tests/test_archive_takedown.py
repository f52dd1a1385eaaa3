"""A takedown reaches conversations, also when it is completed by another process after a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import files_with, many, row, write_rows

from rag import Archive
from rag.testing import FakeChat, FakeEmbeddings

SECRET = "The witness Zorblatt lives in Quixendale."
OTHER = "A storm named storm0001 had damaged 11 boats."


@pytest.fixture
def told(archive: Archive, chat: FakeChat, tmp_path: Path) -> tuple[Archive, str]:
    """An archive with a conversation that cites an article, and its id."""
    for text in (SECRET, f"{SECRET} She has moved."):
        archive.ingest(write_rows(tmp_path / "a.jsonl", row("witness", text, title="Witness"), *many(3)))
    talk = archive.conversations.create("ann")
    chat.replies = [f"{SECRET} [1]"]
    answer = archive.ask("Where does the witness Zorblatt live?")
    assert answer.citations
    archive.conversations.append(talk.id, "ann", answer.question, answer)
    return archive, talk.id


def says(archive: Archive, talk: str) -> str:
    return " ".join(t.answer.model_dump_json() for t in archive.conversations.turns(talk, "ann"))


def test_conversations_forget_what_is_taken_down(told: tuple[Archive, str]) -> None:
    archive, talk = told
    assert "Quixendale" in says(archive, talk)
    archive.delete("witness")
    assert "Quixendale" not in says(archive, talk)
    assert archive.stores.catalog.pending_erasure() == []
    archive.close()
    assert files_with(archive.path, ["Quixendale"]) == []


def test_other_articles_are_not_forgotten(told: tuple[Archive, str]) -> None:
    archive, talk = told
    archive.delete("story-1")
    assert "Quixendale" in says(archive, talk)


@pytest.mark.parametrize("how", ["ingest", "repair"])
def test_what_a_killed_process_left_is_completed_by_the_next_writer(
    told: tuple[Archive, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    archive, talk = told
    ids = set(archive.versions("witness"))
    assert len(ids) == 2

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(archive.conversations), "forget", killed)
        with pytest.raises(KeyboardInterrupt):
            archive.delete("witness")
    assert set(archive.stores.catalog.pending_erasure()) == ids, "all versions"
    archive.close()
    with Archive.open(archive.path, embeddings=FakeEmbeddings()) as other:
        if how == "ingest":
            other.ingest(write_rows(tmp_path / "b.jsonl", *many(1)))
        else:
            other.reindex()
        assert "Quixendale" not in says(other, talk)
        assert other.stores.catalog.pending_erasure() == []


def test_an_archive_without_conversations_gets_none_by_a_takedown(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
    archive.delete("story-1")
    assert archive.stores.catalog.pending_erasure() == []
    assert not (archive.path / "conversations.sqlite").exists()
