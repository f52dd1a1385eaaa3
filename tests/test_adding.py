"""Articles in memory, an archive in memory, and what is said once an archive is closed."""

from __future__ import annotations

import gc
import json
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_sound, many
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from rag import Archive, ArchiveClosed, UsageError
from rag.testing import FakeEmbeddings
from rag.types import RawArticle

STORM = {"title": "Storm at Port 2", "text": "A storm named storm0002 had damaged 12 boats. The harbour was closed."}


def test_dictionaries_become_articles(archive: Archive) -> None:
    seen: list[tuple[int, str]] = []
    full = {
        **STORM,
        "url": "http://News.example/storm/?utm_source=x",
        "source": "Harbour Post",
        "author": "Ada",
        "published": "18 June 2023",
        "language": "en-GB",
        "aliases": ["post-77"],
        "metadata": {"section": "Ports"},
    }
    report = archive.add(
        [full, {"text": "The tram will cost 45 million."}], progress=lambda n, at: seen.append((n, at))
    )
    assert (report.added, report.skipped, report.undated, report.no_source) == (2, (), 1, 1)
    assert seen == [(1, "item 1"), (2, "item 2")]
    article = archive.get("post-77")
    assert (article.key, article.language, article.source) == ("https://news.example/storm", "en", "Harbour Post")
    assert article.published == datetime(2023, 6, 18, tzinfo=UTC)
    assert article.metadata["section"] == "Ports"
    assert_sound(archive)
    assert archive.search("storm0002", after="2023-06-18", before=date(2023, 6, 19), undated=False)
    again = archive.add(full)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 1)
    assert archive.add({**full, "text": "A storm named storm0002 had damaged 13 boats."}).updated == 1


def test_an_article_without_an_address_is_told_by_outlet_day_and_title(archive: Archive) -> None:
    archive.add([{**STORM, "source": "Post", "published": date(2023, 6, 18)}])
    assert archive.get("Post · 2023-06-18 · Storm at Port 2").title == STORM["title"]
    assert archive.add([{**STORM, "source": "Post", "published": date(2023, 6, 19)}]).added == 1
    two = [{**STORM, "text": "One."}, {**STORM, "text": "Another."}]
    with pytest.raises(UsageError, match=r"Item 2 has the outlet, day and title of item 1.*`key`"):
        archive.add(two)
    assert archive.add({**one, "key": f"k{n}"} for n, one in enumerate(two)).added == 2


def test_documents_and_raw_articles(archive: Archive) -> None:
    documents = [
        Document(
            "A storm named storm0001 had damaged 11 boats.", metadata={"source": "https://news.example/1", "page": 3}
        ),
        Document(
            "A storm named storm0002 had damaged 12 boats.", metadata={"source": "/tmp/two.txt", "date": "2023-06-18"}
        ),
        Document(
            "A storm named storm0003 had damaged 13 boats.", id="three", metadata={"source": "Post", "title": "Three"}
        ),
    ]
    report = archive.add([*documents, RawArticle(key="raw", text="A storm named storm0004 had damaged 14 boats.")])
    assert report.added == 4
    assert archive.get("https://news.example/1").metadata["page"] == 3
    two = archive.get("/tmp/two.txt")
    assert (two.source, f"{two.published:%Y-%m-%d}") == (None, "2023-06-18")
    assert (archive.get("three").source, archive.get("three").title) == ("Post", "Three")
    back = archive.as_retriever(k=1).invoke("storm0003 boats")
    with Archive.in_memory(embeddings=FakeEmbeddings()) as copy:
        assert copy.add(back).added == 1
        assert next(copy.articles()).source == "Post"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([STORM, {"title": "x"}], "Item 2: `text` is empty or missing"),
        ([{"text": " "}], "Item 1: `text`"),
        ([{"text": "y", "titel": "x"}], r"'titel'.*Did you mean `title`\?"),
        ([{**STORM, "outlet": "x"}], r"Item 1: there is no field 'outlet'.*Did you mean `source`\?"),
        ([STORM, {**STORM, "date": "x"}], r"Item 2: there is no field 'date'.*Did you mean `published`\?"),
        ([{**STORM, "outlet": "x", "published": "2023"}], r"Did you mean `source`\?"),
        ([{**STORM, "section": {"name": "x"}}], "Item 1: `section` is dict"),
        ([{**STORM, "section": "x" * 501}], "Item 1: `section` is str"),
        ([{**STORM, "text": 5}], "Item 1: `text` is int 5"),
        ([{**STORM, "published": "03/04/2023"}], "Item 1: `published` is '03/04/2023', which may be"),
        ([{**STORM, "published": "someday"}], "Item 1: `published` is 'someday', which is not a date"),
        ([{**STORM, "published": [2023]}], "Item 1: `published`"),
        ([{**STORM, "url": "news/1"}], "Item 1: `url` is 'news/1'"),
        ([{**STORM, "language": "english"}], "Item 1: `language` is 'english'"),
        ([{**STORM, "aliases": [1]}], "Item 1: `aliases`"),
        ([{**STORM, "metadata": "x"}], "Item 1: `metadata`"),
        (["a text"], "Item 1 is str 'a text'"),
        ("a text", "Files: ingest"),
        (None, "Files: ingest"),
        ([], "the list is empty"),
    ],
)
def test_an_error_names_the_item_and_the_field_and_nothing_is_added(archive: Archive, given: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        archive.add(given)
    assert "\n" not in str(caught.value)
    assert not archive.exists


def test_a_section_and_fields_that_are_not_ours_are_metadata(archive: Archive) -> None:
    archive.add(
        [{**STORM, "key": "a", "section": "Ports", "page": 3, "desk": "coast", "metadata": {"edition": "late"}}]
    )
    assert archive.get("a").metadata == {"edition": "late", "page": 3, "desk": "coast", "section": "Ports"}
    assert archive.find("section:Ports").total == 1
    both = {**STORM, "key": "b", "source": "Post", "outlet": "also called so", "section": None}
    assert archive.add(both).added == 1
    assert (archive.get("b").source, archive.get("b").metadata) == ("Post", {"outlet": "also called so"})
    archive.add(Document("A gale.", id="c", metadata={"section": ["Ports", "Weather"]}))
    assert archive.get("c").metadata["section"] == ["Ports", "Weather"]


_WORD = st.text("abcdefgh ÄÖßéñ“’—", min_size=1, max_size=12).map(str.strip).filter(bool)
_ROWS = st.fixed_dictionaries(
    {"text": _WORD.map(lambda word: f"The harbour of {word} was closed. A storm had damaged 12 boats.")},
    optional={
        "title": _WORD,
        "source": _WORD,
        "author": _WORD,
        "section": st.one_of(_WORD, st.lists(_WORD, min_size=1, max_size=3)),
        "language": st.sampled_from(["en", "de", "fr"]),
        "published": st.datetimes(
            datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5.5))])
        ),
        "url": st.integers(1, 99).map(lambda n: f"https://news.example/{n}?page={n}"),
        "aliases": st.lists(st.integers(1, 10**6).map(lambda n: f"post-{n}"), max_size=2, unique=True),
        "metadata": st.dictionaries(
            st.sampled_from(
                ["authors", "outlet", "date", "id", "titel", "link", "page", "og:type", "category", "teaser"]
            ),
            st.one_of(_WORD, st.integers(), st.booleans(), st.lists(_WORD, min_size=1, max_size=2)),
        ),
    },
)


@settings(
    max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(rows=st.lists(_ROWS, min_size=1, max_size=4))
def test_what_is_exported_is_taken_back_whole(rows: list[dict[str, Any]]) -> None:
    keyed: list[dict[str, Any]] = [{**row, "key": f"k{n}", "aliases": [f"{a}-{n}" for a in row.get("aliases", ())]}
                                   for n, row in enumerate(rows)]  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        Archive.in_memory(embeddings=FakeEmbeddings()) as first,
        Archive.in_memory(embeddings=FakeEmbeddings()) as second,
    ):
        first.add(keyed)
        first.export(Path(folder) / "all.jsonl")
        lines = (Path(folder) / "all.jsonl").read_text("utf-8").splitlines()
        second.add(map(json.loads, lines))
        told, back = ([one.model_dump(exclude={"id"}) for one in a.articles()] for a in (first, second))
        assert told == back


def test_what_the_pipeline_passes_over_is_in_the_report(archive: Archive) -> None:
    report = archive.add([STORM, {"title": "Blank", "text": "\u200b"}])
    assert report.added == 1
    assert [s.origin for s in report.skipped] == ["item 2"]


def test_an_archive_in_memory_is_gone_when_it_is_closed() -> None:
    with Archive.in_memory(embeddings=FakeEmbeddings(), chat_model="none") as archive:
        assert archive.add(STORM).added == 1
        assert archive.ask("How many boats did storm0002 damage?", chat_model="extractive").hits
        folder = archive.path.parent
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(ArchiveClosed, match="in memory"):
        archive.search("storm")
    forgotten = Archive.in_memory(embeddings=FakeEmbeddings())
    forgotten.add(STORM)
    folder = forgotten.path.parent
    del forgotten
    gc.collect()
    assert not folder.exists()


def test_a_closed_archive_says_so(tmp_path: Path, archive: Archive) -> None:
    archive.add(many(2))
    retriever, talk = archive.as_retriever(), archive.chat(chat_model="extractive")
    archive.close()
    archive.close()  # twice does no harm
    calls: dict[str, Any] = {
        "search": lambda: archive.search("storm"),
        "ask": lambda: archive.ask("storm"),
        "stream": lambda: archive.stream("storm"),
        "choose": lambda: archive.choose("storm", ["a", "b"]),
        "quotes": lambda: archive.quotes(),
        "timeline": lambda: archive.timeline("storm"),
        "get": lambda: archive.get("story-1"),
        "list_articles": lambda: archive.list_articles(),
        "articles": lambda: list(archive.articles()),
        "stats": lambda: archive.stats(),
        "doctor": lambda: archive.doctor(),
        "exists": lambda: archive.exists,
        "prepare": lambda: archive.prepare(),
        "add": lambda: archive.add(STORM),
        "ingest": lambda: archive.ingest(tmp_path),
        "delete": lambda: archive.delete("story-1"),
        "reindex": lambda: archive.reindex(),
        "sources": lambda: archive.sources.all(),
        "with": lambda: archive.__enter__(),
        "retriever": lambda: retriever.invoke("storm"),
        "chat": lambda: talk.ask("storm"),
    }
    for name, call in calls.items():
        with pytest.raises(ArchiveClosed, match=r"Archive\.open"):
            print(name, call())
    with Archive.open(archive.path, embeddings=FakeEmbeddings()) as again:
        assert again.get("story-1").title


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"k": 0}, "k is 0; it is a whole number from 1 to 1000"),
        ({"k": "five"}, "k is 'five'"),
        ({"k": True}, "k is True"),
        ({"after": "03/04/2023"}, "`after` is '03/04/2023', which may be 2023-03-04 or 2023-04-03"),
        ({"before": "someday"}, "`before` is 'someday'"),
        ({"today": 5}, "`today` is 5"),
        ({"after": "June 2023", "before": "1 May 2023"}, "`after` .* is not before `before`"),
        ({"language": 5}, "`language` is 5"),
        ({"sources": 5}, "`sources` is 5"),
        ({"articles": [5]}, r"`articles` is \[5\]"),
        ({"history": ["q"]}, "`history` is"),
        ({"history": [("q", None)]}, "`history` is"),
        ({"temperature": 3}, "temperature is 3"),
        ({"cancel": True}, "`cancel` is True"),
        ({"chat_model": 5}, "`chat_model`"),
    ],
)
def test_an_error_names_the_argument(archive: Archive, options: Any, says: str) -> None:
    archive.add(STORM)
    with pytest.raises(UsageError, match=says):
        archive.ask("storm", **options)


def test_days_are_taken_as_people_write_them(archive: Archive) -> None:
    archive.add([{"text": f"The storm of month {n}.", "published": f"2023-{n:02}-15"} for n in range(1, 10)])

    def months(**options: Any) -> list[int]:
        found, _ = archive.list_articles(**options)
        return sorted(a.published.month for a in found if a.published)

    assert months(after="June 2023") == [6, 7, 8, 9]
    assert months(after="1 Feb 2023", before="2023-04-01") == [2, 3]
    assert months(before="2023-03") == [1, 2]
    hits = archive.search("storm", after="last month", today="10 August 2023")
    assert {h.passage.published.month for h in hits if h.passage.published} == {7, 8, 9}
    assert [a.published.month for a in archive.list_articles(order="oldest", limit=2, offset=1)[0] if a.published] == [
        2,
        3,
    ]
    assert archive.list_articles(order="longest")[1] == 9
    with pytest.raises(UsageError, match="`order` is 'size'; it is one of newest, oldest"):
        archive.list_articles(order="size")  # type: ignore[arg-type]
    assert archive.search("storm", sources="Nowhere") == [], "a text is one outlet, not its letters"


def test_a_question_that_is_no_text_is_told() -> None:
    with Archive.in_memory(embeddings=FakeEmbeddings()) as archive:
        archive.add(STORM)
        with pytest.raises(UsageError, match=r"`question` is .*; it has to be a text"):
            archive.ask({"question": "storm"})  # type: ignore[arg-type]
