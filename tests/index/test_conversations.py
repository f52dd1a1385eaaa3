"""Conversations: kept per user, found again, rated, and reached by a takedown."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from answers import BRIDGE, answered, hit, refused
from helpers import files_with

from rag.errors import ArchiveDamaged, ArchiveMismatch, ConversationMissing, UsageError
from rag.evaluation.cases import load_cases
from rag.index.conversations import Conversations
from rag.types import Conversation, Query, RejectedSentence


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    conversations = Conversations(tmp_path / "archive" / "conversations.sqlite")
    yield conversations
    conversations.close()


# -- keeping ------------------------------------------------------------------------


def test_nothing_is_made_by_looking(kept: Conversations) -> None:
    assert kept.list("ann") == []
    assert list(kept.cases()) == []
    assert kept.forget({"bridge"}) == 0
    assert kept.delete_all("ann") == 0
    with pytest.raises(ConversationMissing, match=r"List those"):
        kept.get("0123", "ann")
    assert not kept.file.parent.exists()


def test_only_its_owner_may_read_the_file_and_those_beside_it(kept: Conversations) -> None:
    kept.create("ann")
    files = sorted(kept.file.parent.iterdir())
    assert [f.name for f in files] == [kept.file.name, f"{kept.file.name}-shm", f"{kept.file.name}-wal"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_turns_come_back_as_they_were(kept: Conversations) -> None:
    c = kept.create("ann")
    one = kept.append(c.id, "ann", "When did it reopen?", answered(BRIDGE, brief="May"))
    two = kept.append(c.id, "ann", "Who won?", refused())
    assert kept.turns(c.id, "ann") == [one, two]
    kept.close()
    assert Conversations(kept.file).turns(c.id, "ann") == [one, two]
    assert kept.get(c.id, "ann").turns == 2


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("When did\n it   reopen?", "When did it reopen?"),
        ("word " * 30, " ".join(["word"] * 16) + "…"),
        ("words " * 30, " ".join(["words"] * 13) + "…"),
        ("x" * 200, "x" * 79 + "…"),
        ("桥" * 200, "桥" * 79 + "…"),
    ],
)
def test_an_untitled_conversation_takes_its_first_question(kept: Conversations, question: str, title: str) -> None:
    c = kept.create("ann")
    kept.append(c.id, "ann", question, refused())
    kept.append(c.id, "ann", "Another?", refused())
    assert kept.get(c.id, "ann").title == title
    assert len(title) <= 80


def test_a_title_given_is_kept_and_can_be_changed(kept: Conversations) -> None:
    c = kept.create("ann", "  The   bridge ")
    kept.append(c.id, "ann", "When?", refused())
    assert kept.get(c.id, "ann").title == "The bridge"
    assert kept.rename(c.id, "ann", "Bridges").title == "Bridges"
    with pytest.raises(UsageError, match="few words"):
        kept.rename(c.id, "ann", " \n")


def test_what_cannot_be_stored_is_replaced(kept: Conversations) -> None:
    c = kept.create("a\ud800nn\x00")
    turn = kept.append(c.id, "a\ud800nn\x00", "why\ud800?\x00", refused())
    assert turn.question == "why??"
    assert kept.turns(c.id, "a?nn") == [turn]


def test_the_last_changed_comes_first(kept: Conversations) -> None:
    a, b, c = (kept.create("ann", t) for t in "abc")
    assert [x.title for x in kept.list("ann")] == ["c", "b", "a"]
    kept.append(a.id, "ann", "When?", refused())
    assert [x.title for x in kept.list("ann")] == ["a", "c", "b"]
    assert [x.title for x in kept.list("ann", limit=1, offset=1)] == ["c"]
    assert kept.list("ann", offset=3) == []
    with pytest.raises(UsageError):
        kept.list("ann", limit=-1)
    assert {b.id, c.id} < {x.id for x in kept.list("ann")}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", "ab"),
        ("BRIDGE may", "a"),
        ("bridge faiz", ""),
        ("türkiye", "b"),
        ("TURKIYE faizi", "b"),
        ("İSTANBUL", "b"),
        ("istanbul", "b"),
        ("100%", "b"),
        ("%", "b"),
        ("100_", ""),
        ("title", ""),  # of a hit: neither title, nor question, nor answer
        ("大桥", "a"),
    ],
)
def test_search(kept: Conversations, search: str, found: str) -> None:
    a, b = kept.create("ann"), kept.create("ann")
    kept.append(a.id, "ann", "When did the Bridge (大桥) reopen?", answered(BRIDGE))
    kept.append(b.id, "ann", "Türkiye'de faiz ne oldu?", answered(("İstanbul: faizi 100% arttı.", ("faiz",))))
    names = {a.id: "a", b.id: "b"}
    assert sorted(names[c.id] for c in kept.list("ann", search=search)) == list(found)
    assert kept.list("bob", search=search) == []


def test_truncating_removes_a_turn_and_all_later_ones(kept: Conversations) -> None:
    c, other = kept.create("ann"), kept.create("ann")
    turns = [kept.append(c.id, "ann", f"Question {n}?", refused()) for n in range(4)]
    elsewhere = kept.append(other.id, "ann", "Elsewhere?", refused())
    with pytest.raises(ConversationMissing):
        kept.truncate(c.id, "ann", elsewhere.id)
    kept.truncate(c.id, "ann", turns[1].id)
    assert kept.turns(c.id, "ann") == turns[:1]
    assert kept.turns(other.id, "ann") == [elsewhere]
    with pytest.raises(ConversationMissing, match="turn"):
        kept.truncate(c.id, "ann", turns[1].id)
    assert kept.append(c.id, "ann", "Again?", refused()).id > elsewhere.id  # an id is never given twice


def test_users_do_not_see_each_other(kept: Conversations) -> None:
    c = kept.create("ann", "Mine")
    turn = kept.append(c.id, "ann", "When?", answered(BRIDGE))
    bobs = kept.create("bob")
    for act in (
        lambda: kept.get(c.id, "bob"),
        lambda: kept.turns(c.id, "bob"),
        lambda: kept.append(c.id, "bob", "When?", refused()),
        lambda: kept.truncate(c.id, "bob", turn.id),
        lambda: kept.rename(c.id, "bob", "His"),
        lambda: kept.delete(c.id, "bob"),
        lambda: kept.rate(turn.id, "bob", True),
        lambda: kept.unrate(turn.id, "bob"),
    ):
        with pytest.raises(ConversationMissing):
            act()
    assert [x.id for x in kept.list("bob")] == [bobs.id]
    assert kept.delete_all("bob") == 1
    assert kept.turns(c.id, "ann") == [turn]


def test_what_is_deleted_is_in_no_file(kept: Conversations) -> None:
    keep = kept.create("ann")
    kept.append(keep.id, "ann", "Where is pelican?", refused())
    for n, undo in enumerate((kept.delete, lambda c, u: kept.truncate(c, u, kept.turns(c, u)[0].id))):
        c = kept.create("ann", f"flamingo{n}")
        kept.append(c.id, "ann", f"heron{n} ?", answered((f"The ibis{n} came. " * 400, ("x",))))
        kept.rename(c.id, "ann", "plain")
        undo(c.id, "ann")
    kept.create("bob", "cormorant")
    kept.delete_all("bob")
    words = ["flamingo", "heron", "ibis", "cormorant"]
    # A title is overwritten by a rename, whose old words stay in the log until something is deleted.
    assert files_with(kept.file.parent, words) == []
    assert {w for _, w in files_with(kept.file.parent, ["pelican"])} == {"pelican"}


# -- the file -----------------------------------------------------------------------


def test_a_newer_schema_is_refused(kept: Conversations) -> None:
    kept.create("ann")
    kept.close()
    with sqlite3.connect(kept.file) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(ArchiveMismatch, match=r"schema 99.*pip install -U"):
        kept.list("ann")


def test_a_form_of_answer_that_is_not_known_is_refused(kept: Conversations) -> None:
    c = kept.create("ann")
    kept.append(c.id, "ann", "When?", refused())
    kept.close()
    with sqlite3.connect(kept.file) as db:
        db.execute("UPDATE turn SET answer = json_set(answer, '$.mood', 'new')")
    with pytest.raises(ArchiveMismatch, match="Upgrade"):
        kept.turns(c.id, "ann")


def test_what_is_no_database_is_damaged_and_left_alone(kept: Conversations) -> None:
    kept.file.parent.mkdir()
    kept.file.write_bytes(b"not a database at all, but long enough " * 50)
    before = kept.file.read_bytes()
    for act in (lambda: kept.list("ann"), lambda: kept.create("ann")):
        with pytest.raises(ArchiveDamaged, match="backup"):
            act()
    assert kept.file.read_bytes() == before


def test_another_programs_database_is_left_alone(kept: Conversations) -> None:
    kept.file.parent.mkdir()
    with sqlite3.connect(kept.file) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(ArchiveDamaged, match="Move it away"):
        kept.create("ann")


def test_a_file_that_was_only_just_made_is_taken(kept: Conversations) -> None:
    kept.file.parent.mkdir()
    kept.file.touch(0o600)  # by a process that was stopped before it wrote the tables
    assert kept.list("ann") == []
    assert kept.create("ann", "Title").title == "Title"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Check"):
        Conversations(tmp_path / "file" / "conversations.sqlite").create("ann")


def test_several_threads_begin_at_once(kept: Conversations) -> None:
    failed: list[BaseException] = []

    def work(n: int) -> None:
        try:
            c = kept.create(f"user-{n % 3}")
            for i in range(5):
                kept.append(c.id, f"user-{n % 3}", f"Question {i}?", refused())
                kept.list(f"user-{n % 3}")
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert sum(c.turns for u in range(3) for c in kept.list(f"user-{u}")) == 60


def test_several_processes_begin_at_once(kept: Conversations) -> None:
    code = """
import sys
from pathlib import Path
from rag.index.conversations import Conversations
kept = Conversations(Path(sys.argv[1]))
for n in range(20):
    kept.create("ann", f"{sys.argv[2]}-{n}")
"""
    runs = [subprocess.Popen([sys.executable, "-c", code, str(kept.file), str(n)]) for n in range(3)]
    assert [r.wait(60) for r in runs] == [0, 0, 0]
    assert len(kept.list("ann", limit=100)) == 60


# -- feedback -----------------------------------------------------------------------


def test_a_rating_is_kept_replaced_and_taken_back(kept: Conversations) -> None:
    c = kept.create("ann")
    turn = kept.append(c.id, "ann", "When?", answered(BRIDGE))
    given = kept.rate(turn.id, "ann", True)
    assert kept.turns(c.id, "ann")[0].feedback == given
    given = kept.rate(turn.id, "ann", False, "  wrong\nmonth ")
    assert (given.good, given.why) == (False, "wrong month")
    assert kept.turns(c.id, "ann")[0].feedback == given
    kept.unrate(turn.id, "ann")
    assert kept.turns(c.id, "ann") == [turn]


def test_rated_answers_are_cases(kept: Conversations, tmp_path: Path) -> None:
    c = kept.create("ann")
    good = kept.append(
        c.id, "ann", "When did it reopen?", answered(BRIDGE, ("It is long.", ("bridge", "span")), sep="\n")
    )
    short = kept.append(c.id, "ann", "And the tunnel?", answered(("The tunnel opened in 1990.", ("t",)), brief="1990"))
    right = kept.append(c.id, "ann", "Who won?", refused())
    bad = kept.append(c.id, "ann", "Why?", answered(("Nobody knows.", ("bridge",))))
    kept.append(c.id, "ann", "Not rated?", refused())
    hers = kept.create("eve")
    of_eve = kept.append(hers.id, "eve", "Hers?", refused())
    for turn in (good, short, right):
        kept.rate(turn.id, "ann", True)
    kept.rate(bad.id, "ann", False, "not what I asked")
    kept.rate(of_eve.id, "eve", True)

    rows = list(kept.cases("ann"))
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    cases = load_cases(file)
    assert cases.problems == ()
    assert [x.question for x in cases] == ["When did it reopen?", "And the tunnel?", "Who won?", "Why?"]
    one, two, three, four = cases
    assert one.answers == ("The bridge reopened in May. It is long.",)
    assert one.evidence == (
        "Said by bridge: The bridge reopened in May.",
        "Said by bridge: It is long.",
        "Said by span: It is long.",
    )
    assert one.relevant == {"bridge": 1, "span": 1}
    assert (one.answerable, one.tags, one.history) == (True, ("good",), ())
    assert two.answers == ("1990",)
    assert [(t.question, t.answer) for t in two.history] == [(one.question, one.answers[0])]
    assert (three.answerable, three.answers, three.evidence) == (False, (), ())
    assert (four.tags, four.answers, four.evidence, four.relevant) == (("bad",), (), (), {})
    assert rows[3]["why"] == "not what I asked" and "answerable" not in rows[3]
    assert [t.answer for t in four.history][2] == ""
    assert len(list(kept.cases())) == 5
    assert not any("ann" in json.dumps(r) for r in kept.cases())


# -- takedown -----------------------------------------------------------------------


def test_a_takedown_reaches_conversations_and_every_file(kept: Conversations) -> None:
    ann, bob, eve = kept.create("ann"), kept.create("bob"), kept.create("eve")
    leaning = answered(("The mayor was glad.", ("mayor",)), question="Who was glad?")
    leaning = leaning.model_copy(update={"query": Query(text="Who was glad?", standalone="Who was glad of okapi?")})
    secret = answered(
        ("An okapi fled. " * 300, ("zoo",)),
        BRIDGE,
        brief="okapi",
        withheld=(RejectedSentence(text="okapi flew", why="no okapi flies"),),
        hits=(hit("zoo", "The okapi was seen. " * 300), hit("bridge", "Open.", 2)),
    )
    turn = kept.append(ann.id, "ann", "What fled?", secret)
    follow = kept.append(ann.id, "ann", "Who was glad?", leaning)
    kept.rate(turn.id, "ann", True, "the okapi, yes")
    kept.rate(follow.id, "ann", True, "fine")
    alone = kept.append(bob.id, "bob", "What fled?", answered(("An okapi fled.", ("zoo",))))
    kept.rate(alone.id, "bob", True)
    other = kept.append(eve.id, "eve", "When?", answered(BRIDGE))
    reader = Conversations(kept.file)  # another process would hold it open like this
    assert reader.turns(eve.id, "eve") == [other]
    assert files_with(kept.file.parent, ["okapi"])

    assert kept.forget({"zoo", "unknown"}) == 3
    assert files_with(kept.file.parent, ["okapi"]) == []
    first, second = kept.turns(ann.id, "ann")
    assert (first.answer.text, first.feedback) == ("The bridge reopened in May. [1]", None)
    assert second.answer.query.standalone == "Who was glad?"
    assert second.answer.text == leaning.text and second.feedback is not None
    assert reader.turns(bob.id, "bob")[0].answer.reason == "taken_down"
    assert reader.turns(eve.id, "eve") == [other]
    assert [c["question"] for c in kept.cases()] == ["Who was glad?"]
    assert kept.forget({"zoo"}) == 0
    reader.close()


def test_an_emptied_answer_rated_afterwards_is_no_case(kept: Conversations) -> None:
    c = kept.create("ann")
    turn = kept.append(c.id, "ann", "When?", answered(BRIDGE))
    kept.forget({"bridge"})
    kept.rate(turn.id, "ann", True)
    assert list(kept.cases()) == []


def test_a_takedown_that_was_stopped_is_finished_by_the_next_to_open(kept: Conversations, monkeypatch: Any) -> None:
    c = kept.create("ann")
    kept.append(c.id, "ann", "What fled?", answered(("An okapi fled.", ("zoo",))))
    monkeypatch.setattr("rag.index.conversations._purge", lambda db: None)
    assert kept.forget({"zoo"}) == 1
    assert files_with(kept.file.parent, ["okapi"])  # in the log
    monkeypatch.undo()
    later = Conversations(kept.file)
    assert [x.id for x in later.list("ann")] == [c.id]
    assert files_with(kept.file.parent, ["okapi"]) == []
    later.close()


def test_a_conversation_is_a_value(kept: Conversations) -> None:
    c = kept.create("ann", "Title")
    assert isinstance(c, Conversation)
    assert c.created == c.updated and c.created.tzinfo is not None
    assert (c.user, c.turns) == ("ann", 0)
