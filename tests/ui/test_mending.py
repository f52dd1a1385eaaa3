"""The form of the tab Archive that sets by hand what is said of articles."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers import many, row, write_rows
from rag.ui.session import TabSession
from rag.ui.starters import StarterQuestions
from rag.ui.tabs.common import read_days, read_filters
from rag.ui.tabs.mending import MendingForm

from rag import Archive
from rag.errors import UsageError
from rag.mending import FIELDS
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeEmbeddings

NOTHING = ("", "", "", "", "", "", "")


@pytest.fixture
def form() -> Any:
    import gradio as gr

    with gr.Blocks():
        yield MendingForm(SimpleNamespace())  # type: ignore[arg-type]


@pytest.fixture
def session(tmp_path: Path) -> Any:
    with Archive.open(tmp_path / "a", chat_model="none", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
        yield TabSession(RequestScheduler(archive), "ann", StarterQuestions(archive))


def test_after_an_upload_what_lacks_is_told_and_can_be_set(form: Any, session: TabSession, tmp_path: Path) -> None:
    archive = session.archive
    new = [row("new-1", "A ferry sailed."), row("new-2", "A tram ran.", source="Post", published="2023-06-01")]
    told = form.lacking(session, archive.ingest(write_rows(tmp_path / "b.jsonl", *new)))
    assert "1 has no date" in told[form.told] and "1 has no outlet" in told[form.told]
    chosen = told[form.which]["value"]
    assert chosen == "upload:published" and told[form.box]["open"]
    values = ("", "", "", "3 June 2023", "", "", "")
    tried, changed = form.mend(session, chosen, told[form.chosen], values, dry=True)
    assert "1 article would change" in tried and not changed and archive.mending_log() == []
    done, changed = form.mend(session, chosen, told[form.chosen], values, dry=False)
    assert "1 article changed" in done and changed and 'data-event="undomending"' in done
    assert str(archive.get("new-1").published).startswith("2023-06-03")
    assert archive.get("story-0").published is None or archive.mending_log()[0].articles == 1
    assert "by <span" in form.shown(session)[form.log] and "ann" in form.shown(session)[form.log]
    undone, changed = form.undo(session, SimpleNamespace(_data={"number": "1"}))
    assert changed and "Undone: 1 article" in undone and archive.get("new-1").published is None


def test_an_upload_that_lacks_nothing_leaves_nothing_to_set(form: Any, session: TabSession, tmp_path: Path) -> None:
    """What an earlier upload lacked was the choice: without its articles it must not come to mean all articles."""
    whole = row("new-3", "A tram ran.", source="Post", published="2023-06-01")
    told = form.lacking(session, session.archive.ingest(write_rows(tmp_path / "c.jsonl", whole)))
    assert told[form.chosen] == {} and told[form.which]["value"] is None
    shown, changed = form.mend(session, "upload:published", {}, ("", "", "", "2023-06-03", "", "", ""), dry=False)
    assert "No article is named" in shown and not changed and session.archive.mending_log() == []


def test_an_opened_article_is_the_one_that_is_set(form: Any, session: TabSession) -> None:
    ident = session.archive.get("story-1").id
    opened = form.opened(session, ident)
    assert opened[form.which]["value"] == "key:story-1"
    form.mend(session, "key:story-1", {}, ("<b>Bold</b>", *NOTHING[1:]), dry=False)
    assert session.archive.get("story-1").title == "<b>Bold</b>"
    assert "<b>" not in form.shown(session)[form.log].replace("<body", "")


def test_the_ticked_articles_of_a_list_are_set(form: Any, session: TabSession) -> None:
    archive = session.archive
    idents = [archive.get(key).id for key in ("story-0", "story-2")]
    archive.delete("story-1")
    told = form.ticked(session, [*idents, "gone"])
    assert told[form.which]["value"] == "ticked:" and "2 articles" in told[form.which]["choices"][0][0]
    assert told[form.box]["open"] and archive.get("story-0").title in told[form.told]
    values = ("", "Harbour Post", *NOTHING[2:])
    done, changed = form.mend(session, "ticked:", told[form.chosen], values, dry=False)
    assert changed and "2 articles changed" in done
    assert {archive.get(i).source for i in ("story-0", "story-2")} == {"Harbour Post"}
    assert form.mend(session, "ticked:", {}, values, dry=False)[1] is False, "none ticked is not all"


@pytest.mark.parametrize(
    ("which", "values", "told"),
    [
        (None, NOTHING, "Nothing to change"),
        (None, ("x", *NOTHING[1:]), "No article is named"),
        ("key:gone", ("x", *NOTHING[1:]), "o article"),
        ("lacking:source", ("", "x", *NOTHING[2:]), "No article is like that"),
    ],
)
def test_mistakes_are_told(form: Any, session: TabSession, which: str | None, values: Any, told: str) -> None:
    shown, changed = form.mend(session, which, {}, values, dry=False)
    assert told in shown and 'role="alert"' in shown and not changed
    assert form.undo(session, SimpleNamespace(_data={"number": "7"}))[1] is False


def test_errors_name_the_fields_of_the_page(form: Any, session: TabSession) -> None:
    def told(which: str | None, **given: str) -> str:
        values = tuple(given.get(field, "") for field in FIELDS)
        return str(form.mend(session, which, {}, values, dry=False)[0])

    assert "“Date” is" in told("lacking:published", published="the day before")
    assert "“Language” is" in told("lacking:published", language="klingon")
    assert "Fill in" in told("lacking:published") and "`" not in told("lacking:published")


@pytest.mark.parametrize("read", [read_days, lambda first, last: read_filters([], first, last, "")])
def test_days_that_leave_nothing_between_them_are_told_by_the_fields(read: Any) -> None:
    with pytest.raises(UsageError, match=r"“From” \(3 June 2023\) is not before “(To|Before)” \(1 June 2023\)"):
        read("3 June 2023", "2023-06-01")
    with pytest.raises(UsageError, match=r"“(To|Before)” is 'soon'"):
        read("", "soon")
