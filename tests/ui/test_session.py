"""What a browser tab goes through, without a browser."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import form_samples
import pytest
from helpers import fill, many, row, write_rows
from rag.ui import lists, quotes
from rag.ui.session import PageUpdate, TabSession
from rag.ui.starters import StarterQuestions
from said import forget_quotes, put_quotes

from rag import Archive
from rag.errors import NotAllowed, OnRecordError
from rag.protocols import FilterArgs
from rag.service.access import Access
from rag.service.passwords import hash_password
from rag.service.roles import Desk
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import IngestReport

ROWS = [
    row(
        "bridge",
        "The harbour bridge was closed on Monday because engineers found cracks in two piers.",
        source="City Herald",
    ),
    row("ferry", "Three more ferries will run from June while the bridge is closed.", source="Coast Radio"),
]
QUESTION = "Why was the harbour bridge closed?"
REPLY = "The harbour bridge was closed because engineers found cracks in two piers. [1]"


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat([REPLY])


@pytest.fixture
def session(tmp_path: Path, chat: FakeChat) -> Iterator[TabSession]:
    with Archive.open(tmp_path / "archive", chat_model=chat, embeddings=FakeEmbeddings()) as archive:
        fill(archive, *ROWS)
        scheduler = RequestScheduler(archive)
        yield TabSession(scheduler, "ada", StarterQuestions(archive))
        scheduler.close(0)


def failing(*_: object, **__: object) -> Iterator[None]:
    """An answer that never comes."""
    raise OnRecordError("Too many questions are waiting.")
    yield


def views(session: TabSession, question: str = QUESTION, **filters: Any) -> list[PageUpdate]:
    return list(session.ask(question, FilterArgs(**filters)))


def test_evidence_comes_before_the_answer(session: TabSession) -> None:
    seen = views(session)
    first_evidence = next(n for n, v in enumerate(seen) if v.side)
    first_answer = next(n for n, v in enumerate(seen) if v.live and 'class="quoted"' in v.live)
    assert seen[0].busy is True
    assert "Looking for evidence" in str(seen[0].live)
    assert 0 < first_evidence < first_answer
    assert seen[-1].busy is False
    assert seen[-1].listed


def test_a_conversation_is_kept_and_leans_on_itself(session: TabSession, chat: FakeChat) -> None:
    views(session)
    views(session, "and how many ferries will run?")
    turns = session.turns()
    assert [t.question for t in turns] == [QUESTION, "and how many ferries will run?"]
    other = TabSession(session.scheduler, "bob", session.starters)
    assert other.archive.conversations.list("bob") == []
    with pytest.raises(OnRecordError):
        other.open_conversation(session.conversation)


def test_all_of_a_long_conversation_can_be_seen(session: TabSession) -> None:
    store = session.archive.conversations
    session.conversation = store.create("ada").id
    answer = session.archive.ask(QUESTION)
    for n in range(1, 71):
        store.append(session.conversation, "ada", f"Question {n}?", answer)

    def told(past: str | None) -> tuple[list[int], str]:
        note = re.search(r'<p class="earlier">(.*?)<button', str(past), re.DOTALL)
        return [int(n) for n in re.findall(r'aria-label="Question (\d+)"', str(past))], note[1].strip() if note else ""

    opened = session.open_conversation(session.conversation)
    assert told(opened.past) == ([*range(41, 70)], "The first 40 questions are not shown.")
    assert told(opened.live)[0] == [70]
    assert told(session.show_earlier(False)) == ([*range(11, 70)], "The first 10 questions are not shown.")
    during = [*views(session, "Question 71?")]
    assert told(during[0].past) == ([*range(11, 71)], "The first 10 questions are not shown.")
    assert told(session.show_earlier(True)) == ([*range(1, 71)], "")
    assert told(session.redrawn().past) == ([*range(1, 71)], ""), "it stays so"
    assert len(told(session.open_conversation(session.conversation).past)[0]) == 29, "until it is opened again"


def test_the_temperature_reaches_the_model(session: TabSession, chat: FakeChat) -> None:
    for options in ({"temperature": 0.7}, {}):
        list(session.ask(QUESTION, FilterArgs(), **options))
    assert [o.get("temperature") for o in chat.seen_options] == [0.7, None]


def test_an_edited_question_takes_the_place_of_what_followed(session: TabSession) -> None:
    views(session)
    views(session, "How many ferries will run from June?")
    session.editing = session.turns()[0].id
    seen = views(session, "Why was the bridge closed on Monday?")
    assert str(seen[0].past) == ""
    assert [t.question for t in session.turns()] == ["Why was the bridge closed on Monday?"]
    assert session.editing is None


def test_a_question_that_comes_before_an_edited_one_ends_replaces_nothing(session: TabSession) -> None:
    views(session)
    session.editing = session.turns()[0].id
    begun = session.ask("Why was the bridge closed on Monday?", FilterArgs())
    next(begun)
    views(session, "How many ferries will run from June?")
    begun.close()
    assert [t.question for t in session.turns()] == [QUESTION, "How many ferries will run from June?"]


def test_an_edit_that_fails_is_still_an_edit(session: TabSession, monkeypatch: pytest.MonkeyPatch) -> None:
    views(session)
    session.editing = session.turns()[0].id
    with monkeypatch.context() as patch:
        patch.setattr(session.scheduler, "stream", failing)
        views(session, "Why was the bridge closed on Monday?")
    assert len(session.turns()) == 1
    views(session, "Why was the bridge closed on Monday?")
    assert [t.question for t in session.turns()] == ["Why was the bridge closed on Monday?"]


def test_an_article_that_is_read_is_not_pushed_aside(session: TabSession) -> None:
    found = session.ask(QUESTION, FilterArgs())
    next(v for v in found if v.side)
    session.open_article(session.archive.get("bridge").id, 0, 5, "1")
    assert all(v.side is None for v in found)
    assert "hit" in session.side()


def test_a_failing_model_is_told_and_the_question_can_be_asked_again(session: TabSession, chat: FakeChat) -> None:
    chat.replies = [RuntimeError("out of <b>paper</b>")]
    last = views(session)[-1]
    assert "out of &lt;b&gt;paper" in str(last.live)
    assert 'data-event="redo"' in str(last.live)
    assert last.busy is False
    assert session.turns() == []
    chat.replies = [REPLY]
    assert 'class="quoted"' in str(views(session)[-1].live)


def test_stopping(session: TabSession, chat: FakeChat) -> None:
    chat.delay = 0.2
    started = time.monotonic()
    for view in session.ask(QUESTION, FilterArgs()):
        if view.side:
            session.stop()
    assert time.monotonic() - started < 3
    assert "Stopped" in str(view.live), "nothing was shown yet"
    assert view.busy is False


def test_walking_away_stops_the_work(session: TabSession, chat: FakeChat) -> None:
    chat.delay = 5.0
    found = session.ask(QUESTION, FilterArgs())
    next(v for v in found if v.side)
    assert session.scheduler.running == 1
    found.close()
    until = time.monotonic() + 2
    while session.scheduler.running and time.monotonic() < until:
        time.sleep(0.02)
    assert session.scheduler.running == 0


def test_filters_are_handed_on(session: TabSession) -> None:
    views(session, sources=["Coast Radio"], after=date(2020, 1, 2), before=date(2040, 2, 1), language="en")
    (turn,) = session.turns()
    query = turn.answer.query
    assert query.sources == ("Coast Radio",) and query.language == "en"
    assert query.after is not None and query.after.isoformat() == "2020-01-02T00:00:00+00:00"
    assert query.before is not None and query.before.isoformat() == "2040-02-01T00:00:00+00:00"
    assert {h.passage.source for h in turn.answer.hits} == {"Coast Radio"}


def results(work: Iterator[Any]) -> tuple[list[str], IngestReport]:
    *_, (names, report) = work
    assert isinstance(report, IngestReport)
    return names, report


def test_a_file_uploaded_again_is_the_same_article(session: TabSession, tmp_path: Path) -> None:
    for n, (text, expected) in enumerate([("One.", "added"), ("One.", "unchanged"), ("Two.", "added")]):
        folder = tmp_path / f"upload-{n}"
        folder.mkdir()
        (folder / "note.txt").write_text(f"Note of the day\n\n{text} It was a long day at the harbour.", "utf-8")
        names, report = results(session.ingest_files([folder / "note.txt"]))
        assert names == ["note.txt"]
        assert getattr(report, expected) == 1


def test_an_article_taken_down_while_its_answer_is_written_is_in_no_conversation(
    session: TabSession, chat: FakeChat
) -> None:
    chat.delay = 0.05
    for view in session.ask(QUESTION, FilterArgs()):
        if view.side and session.archive.list_articles()[1] == 2:
            session.archive.delete("bridge")
    assert "cracks" not in str(view.live)
    (turn,) = session.turns()
    assert all(h.passage.article_id != "bridge" and "cracks" not in h.passage.text for h in turn.answer.hits)
    assert "cracks" not in turn.answer.model_dump_json()


def test_files_of_one_name_are_two_articles_and_bad_ones_are_named(session: TabSession, tmp_path: Path) -> None:
    files = []
    for n in range(2):
        (tmp_path / str(n)).mkdir()
        files.append(tmp_path / str(n) / "same.txt")
        files[-1].write_text(f"Story number {n}\n\nSomething happened in place {n}.", "utf-8")
    bad = tmp_path / "bad.bin"
    bad.write_bytes(b"\x00\x01")
    names, report = results(session.ingest_files([*files, bad]))
    assert report.added == 2
    assert [s.origin for s in report.skipped] == ["bad.bin"]
    assert names == ["same.txt", "same.txt", "bad.bin"]


def test_an_upload_is_told_as_a_table_before_anything_is_written(session: TabSession, tmp_path: Path) -> None:
    from rag.ui.tabs.archive import ingest_events

    (tmp_path / "letters.mbox").write_bytes(form_samples.mbox())
    before = session.archive.list_articles()[1]
    events = ingest_events(session.ingest_files([tmp_path / "letters.mbox"]))
    shown, ended = next(events)
    assert (ended, session.archive.list_articles()[1]) == (False, before)
    for cell in ("letters.mbox", "mailbox (mbox)", "<td>2</td>"):
        assert cell in shown
    *_, (shown, ended) = events
    assert ended and "2 added" in shown and "mailbox (mbox)" in shown


def test_an_empty_archive_leads_on(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "none", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        new = TabSession(RequestScheduler(archive), "ada", StarterQuestions(archive))
        assert 'data-event="sample"' in new.thread()
        last = views(new)[-1]
        assert "onrecord ingest" not in str(last.live), "whoever sees the page has no terminal"
        assert 'data-tab="Archive"' in str(last.live) and 'data-event="sample"' in str(last.live)
        assert last.busy is False
        assert not archive.exists
        _, report = results(new.ingest_sample())
        assert report.added >= 15
        assert 'data-event="sample"' not in new.thread()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive of the sample corpus, to be copied."""
    folder = tmp_path_factory.mktemp("sample") / "a"
    with Archive.open(folder, chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(Path(__file__).parents[2] / "corpus")
    return folder


def test_the_questions_to_begin_with_are_answered_by_the_archive(sample: Path, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "none", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        beginning = StarterQuestions(archive)
        assert beginning.questions() == []
        archive.ingest(write_rows(tmp_path / "one.jsonl", *ROWS))
        assert beginning.questions(), "what was empty is looked at again"
    shutil.copytree(sample, tmp_path / "a")
    with Archive.open(tmp_path / "a", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        beginning = StarterQuestions(archive)
        found = beginning.questions()
        assert 2 <= len(found) <= 4
        assert all(archive.ask(q).answered for q in found)
        archive.ingest(write_rows(tmp_path / "more.jsonl", *many(2)))
        assert beginning.questions() == beginning.questions()


def test_the_greeting_comes_late_and_pushes_nothing_aside(sample: Path, tmp_path: Path) -> None:
    shutil.copytree(sample, tmp_path / "a")
    with Archive.open(tmp_path / "a", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        new = TabSession(RequestScheduler(archive), "ada", StarterQuestions(archive))
        assert 'data-event="example"' not in new.thread(), "nothing is tried before the page stands"
        assert 'data-event="example"' in str(new.greeting())
        assert 'data-event="example"' in new.thread()
        list(new.ask("What did Qin Gang say about relations?", FilterArgs()))
        assert new.greeting() is None


def test_quotes_are_found_by_whom_and_about_what(session: TabSession) -> None:
    put_quotes(session.archive, "bridge", ("engineers found cracks", "Maren Holt", {"role": "port director"}))
    put_quotes(session.archive, "ferry", ("Three more ferries will run", "Odd Berg", {"direct": False}))
    assert "2 quotes, newest first" in session.quotes(quotes.Asked("", ""))
    found = session.quotes(quotes.Asked("Holt", "cracks"))
    assert "“engineers found cracks”" in found
    assert "Odd Berg" not in found
    assert session.quotes(quotes.Asked("Nobody", "")) == quotes.nothing(asked=True)


def test_quotes_that_nobody_has_looked_for_say_what_to_do(session: TabSession) -> None:
    forget_quotes(session.archive)
    assert "onrecord doctor --repair" in session.quotes(quotes.Asked("", ""))


def test_there_are_no_quotes_before_there_is_an_archive(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "none", chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
        new = TabSession(RequestScheduler(archive), "ada", StarterQuestions(archive))
        assert new.quotes(quotes.Asked("", "")) == quotes.nothing(asked=False)
        assert not archive.exists


def test_a_question_is_asked_of_its_time_or_of_all(session: TabSession) -> None:
    question = "Why was the harbour bridge closed in May 2021?"
    assert "2021 first · “in May 2021”" in str(views(session, question)[-1].live)
    last = list(session.ask(question, FilterArgs(), times=False))[-1]
    assert 'class="when"' not in str(last.live)
    assert [bool(t.answer.query.time) for t in session.turns()] == [True, False]
    assert [t.answer.query.times for t in session.turns()] == [True, False]


def test_what_a_role_may_not_do_is_refused_and_not_shown(session: TabSession, tmp_path: Path) -> None:
    access = Access(users=dict.fromkeys(("ada", "ed"), hash_password("long enough", cost=4)), roles={"ada": "reader"})
    session.scheduler.desk = desk = Desk(session.scheduler, access)
    file = tmp_path / "tram.txt"
    file.write_text("The tram was approved on Friday.")
    with pytest.raises(NotAllowed, match="You are a reader"):
        list(session.ingest_files([file]))
    with pytest.raises(NotAllowed, match="You are a reader"):
        list(session.ingest_sample())
    with pytest.raises(NotAllowed, match="You are a reader"):
        desk.delete("ada", ["ferry"])
    found, total = session.archive.list_articles()
    assert total == 2
    kept = {a.id for a in found if not desk.may("ada", "delete", a.key)}
    assert lists.articles(found, total, 0, "").count('data-event="takedown"') == 2
    assert 'data-event="takedown"' not in lists.articles(found, total, 0, "", kept)


def test_a_refusal_tells_how_large_the_archive_was_at_the_time(session: TabSession, tmp_path: Path) -> None:
    last = views(session, "Who won the world cup in Qatar?")[-1]
    assert "Articles in the archive: 2" in str(last.live)
    session.archive.ingest(write_rows(tmp_path / "more.jsonl", *many(3)))
    assert "Articles in the archive: 2" in str(session.redrawn().live)
    assert "Nearest passages" in session.side() and "Evidence" not in session.side()


def test_a_conversation_is_listed_while_its_first_question_is_being_answered(session: TabSession) -> None:
    from rag.ui.tabs.ask import AskTab

    updates = session.ask(QUESTION, FilterArgs())
    first = next(updates)
    assert first.listed
    listed = AskTab.conversation_list(session, "")
    assert QUESTION in listed and "Being answered" in listed
    assert session.archive.conversations.list("ada") == [], "nothing is kept of what may fail"
    assert list(updates)[-1].listed
    listed = AskTab.conversation_list(session, "")
    assert "Being answered" not in listed and listed.count(f">{QUESTION}<") == 1 and "1 question" in listed
    more = session.ask("How many ferries will run?", FilterArgs())
    assert not next(more).listed
    more.close()


@pytest.mark.parametrize("end", ["fails", "is left", "gives way"])
def test_a_question_that_comes_to_nothing_is_listed_no_longer(
    session: TabSession, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    from rag.ui.tabs.ask import AskTab

    if end == "fails":
        monkeypatch.setattr(session.scheduler, "stream", failing)
    updates = session.ask(QUESTION, FilterArgs())
    next(updates)
    if end == "fails":
        assert list(updates)[-1].listed
    elif end == "is left":
        updates.close()
    else:
        session.open_conversation(None)
    assert QUESTION not in AskTab.conversation_list(session, "")
