"""A takedown reaches conversations, also when it is completed by another process after a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import files_with, many, row, write_rows

from rag import Archive
from rag.index import readonly, sqlite, stores
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


def _elsewhere(patched: pytest.MonkeyPatch) -> None:
    """Take every archive for one that can't be written to."""
    for module in (readonly, sqlite, stores):
        patched.setattr(module, "is_read_only", lambda file: file.exists() and file.name == "catalog.sqlite")


def test_conversations_kept_beside_a_read_only_archive_forget_while_it_is_open(
    archive: Archive, chat: FakeChat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home := tmp_path / "home"))
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("witness", SECRET, title="Witness"), *many(3)))
    with Archive.open(archive.path, embeddings=FakeEmbeddings(), chat_model=chat) as reader:
        with monkeypatch.context() as patched:
            _elsewhere(patched)
            talk = reader.conversations.create("ann").id
            chat.replies = [f"{SECRET} [1]", f"{OTHER} [1]"]
            for question in ("Where does the witness Zorblatt live?", "How many boats had storm0001 damaged?"):
                reader.conversations.append(talk, "ann", question, reader.ask(question))
            cited, found = reader.conversations.turns(talk, "ann")
            assert "Quixendale" in cited.answer.model_dump_json()
            assert all(c.article_id != cited.answer.citations[0].article_id for c in found.answer.citations)
            assert "Quixendale" in found.answer.model_dump_json(), "among the passages that were found"
        archive.delete("witness")  # by its owner
        with monkeypatch.context() as patched:
            _elsewhere(patched)
            assert "Quixendale" not in says(reader, talk)
            assert "storm0001" in says(reader, talk)
    assert list(home.rglob("conversations.sqlite")) and files_with(home, ["Quixendale"]) == []
