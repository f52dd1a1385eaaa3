"""Mending what is said of articles: kept apart from the files' own, followed by everything at once, undone, logged."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_cited, assert_sound, command_line, examples, files_with, fill, many, row, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Archive, AsyncArchive
from rag.errors import ArticleMissing, UsageError
from rag.index import schema, tables
from rag.testing import FakeChat, FakeEmbeddings
from rag.upkeep import restore

QUESTION = "How many boats did storm0002 damage?"


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are embedded."""
    texts: list[str] = []
    truly = FakeEmbeddings.embed_documents

    def embed_documents(self: FakeEmbeddings, some: list[str]) -> list[list[float]]:
        texts.extend(some)
        return truly(self, some)

    monkeypatch.setattr(FakeEmbeddings, "embed_documents", embed_documents)
    return texts


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Six storms of three outlets, undated."""
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings(), chat_model="none") as made:
        fill(made, *many(6))
        yield made


def again(archive: Archive, tmp_path: Path, **more: Any) -> Any:
    """Ingest the file of story-2 again, changed."""
    changed = {**many(3)[2], **more}
    return archive.ingest(write_rows(tmp_path / "again.jsonl", changed))


def test_everything_follows_at_once_and_nothing_is_embedded_anew(archive: Archive, embedded: list[str]) -> None:
    embedded.clear()
    made = archive.mend(
        "story-2", published="3 June 2023", source="Harbour Post", author="Ann Lee", section="Weather",
        url="https://example.com/2", by="ann",
    )  # fmt: skip
    assert (made.number, made.articles, made.by, len(made.changes)) == (1, 1, "ann", 5)
    assert embedded == []
    article = archive.get("https://example.com/2")
    assert (article.source, article.author, article.published) == (
        "Harbour Post",
        "Ann Lee",
        datetime(2023, 6, 3, tzinfo=UTC),
    )
    assert article.by_hand == {"source": "Outlet 2", "author": None, "published": None, "url": None, "section": None}
    for term in ("outlet:harbour", "author:lee", "section:weather", "date:2023-06", "after:2023-06-02"):
        assert [f.article.key for f in archive.find(f"storm {term}").found] == ["story-2"], term
    assert archive.find('storm outlet:"Outlet 2"').total == 1, "story-5 alone"
    dated = archive.search("storm boats", after="2023-06-01", before="2023-07-01", undated=False)
    assert {h.passage.article_id for h in dated} == {article.id}
    assert archive.list_articles(sources=["Harbour Post"])[1] == 1
    assert archive.months() == [("2023-06", "Harbour Post", 1)]
    assert [q.published for q in archive.quotes() if q.article_id == article.id] in ([], [article.published])
    events = archive.timeline("storm0002 boats damaged").entries
    assert all(e.published == article.published for e in events if e.article_id == article.id)
    answer = archive.ask(QUESTION)
    assert answer.citations and answer.citations[0].source == "Harbour Post"
    assert answer.citations[0].by_hand == {"source": "Outlet 2", "published": None, "url": None}
    assert_cited(archive, answer)
    assert_sound(archive)


def test_a_new_title_is_embedded_with_its_words(archive: Archive, embedded: list[str]) -> None:
    embedded.clear()
    archive.mend("story-2", title="Ferries  in\nport")
    assert [text.partition("\n")[0] for text in embedded] == ["Ferries in port"]
    assert archive.get("story-2").title == "Ferries in port"
    assert archive.find("title:ferries").total == 1
    assert archive.find('title:"Port 2"').total == 0
    archive.undo_mending(1)
    assert archive.get("story-2").title == "Storm at Port 2"
    assert archive.find("title:ferries").total == 0
    assert_sound(archive)


def test_another_language_is_split_and_filtered_by(archive: Archive) -> None:
    archive.mend("story-2", language="DE")
    assert archive.get("story-2").language == "de"
    assert {h.passage.language for h in archive.search("storm", language="de")} == {"de"}
    assert archive.get("story-2").by_hand == {"language": None}, "its file tells none"
    archive.undo_mending(1)
    assert archive.get("story-2").language == "en"
    assert again(archive, archive.path.parent).unchanged == 1, "the very version that was there before"


def test_ingesting_again_keeps_what_was_set_and_undoing_brings_the_files_own(archive: Archive, tmp_path: Path) -> None:
    archive.mend("story-2", source="Harbour Post", published="2023-06-03", section="Weather")
    version = archive.get("story-2").id
    assert again(archive, tmp_path).unchanged == 1
    assert archive.get("story-2").id == version
    report = again(archive, tmp_path, source="Another", text="The harbour is open again.", section="Ports")
    assert (report.updated, report.undated, report.no_source) == (1, 0, 0)
    article = archive.get("story-2")
    assert (article.text, article.source, article.metadata["section"]) == (
        "The harbour is open again.",
        "Harbour Post",
        "Weather",
    )
    assert article.by_hand == {"source": "Another", "published": None, "section": "Ports"}
    assert again(archive, tmp_path, source="Third", text="The harbour is open again.", section="News").unchanged == 1
    assert archive.get("story-2").by_hand["source"] == "Third"
    undone = archive.undo_mending(1, by="bob")
    assert (undone.undone_by, undone.undone_at is not None) == ("bob", True)
    article = archive.get("story-2")
    assert (article.source, article.published, article.metadata["section"], article.by_hand) == (
        "Third",
        None,
        "News",
        {},
    )
    assert archive.find("outlet:harbour").total == 0
    assert_sound(archive)


def test_citations_of_older_answers_still_open(archive: Archive) -> None:
    answer = archive.ask(QUESTION)
    archive.mend("story-2", title="Renamed", published="2023-06-03")
    assert_cited(archive, answer)
    assert archive.get(answer.citations[0].article_id).title == "Storm at Port 2"
    assert archive.articles_exist([answer.citations[0].article_id]) == {answer.citations[0].article_id: False}


def test_many_at_once_by_filters(archive: Archive) -> None:
    tried = archive.mend(where={"sources": ["outlet 1"]}, published="2023-06-03", dry_run=True)
    assert (tried.number, tried.articles, archive.mending_log()) == (0, 2, [])
    assert archive.mend(where={"sources": ["outlet 1"]}, published="2023-06-03").articles == 2
    assert archive.mend(lacking="published", published="2023-06-04").articles == 4
    assert archive.mend("story-1", "story-2", "story-3", source="Outlet 1").articles == 2, "one has it"
    archive.collections.make("c")
    archive.collections.add("c", "story-0", "story-1")
    assert archive.mend(where={"collection": "c", "after": "2023-06-04"}, author="Ann").articles == 1
    assert archive.get("story-0").author == "Ann"
    assert [m.number for m in archive.mending_log("story-1")] == [1]
    assert [m.number for m in archive.mending_log(limit=2, offset=1)] == [3, 2]


def test_emptied_values(archive: Archive) -> None:
    archive.mend("story-2", source="", published="2023-06-03")
    assert archive.get("story-2").source is None
    archive.mend("story-2", published="")
    assert archive.get("story-2").published is None
    assert archive.list_articles(sources=[""])[1] == 1
    archive.undo_mending(2)
    assert archive.get("story-2").published == datetime(2023, 6, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Nothing to change"),
        ({"published": "soon"}, "`published` is 'soon', which is not a date"),
        ({"published": "June 2023"}, "no single day"),
        ({"published": "03/04/2023"}, "may be 2023-03-04 or 2023-04-03"),
        ({"published": 20230603}, "has to be a day"),
        ({"title": " \n"}, "`title` is empty"),
        ({"title": "x" * 2001}, "2,001 characters"),
        ({"source": "  "}, "`source` has nothing but blanks. To say that there is none, give an empty text: ''"),
        ({"published": "  "}, "`published` has nothing but blanks"),
        ({"language": "xx"}, "no language"),
        ({"language": ""}, "no language"),
        ({"url": "ftp://x"}, "no address"),
        ({"source": 3}, "has to be a text"),
        ({"source": "Outlet 2"}, "says so already"),
        ({"source": "x", "lacking": "day"}, "`lacking` is 'day'"),
        ({"source": "x", "where": {"sources": ["nobody"]}}, "No article is like that"),
        ({"source": "x", "where": {"after": "2024", "before": "2023"}}, "is not before"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_line(archive: Archive, values: dict[str, Any], told: str) -> None:
    before = archive.generation
    with pytest.raises(UsageError, match=told) as e:
        archive.mend("story-2", **values)
    assert "\n" not in str(e.value)
    assert (archive.mending_log(), archive.generation) == ([], before)


def test_unknown_articles_and_mendings(archive: Archive) -> None:
    with pytest.raises(ArticleMissing):
        archive.mend("story-1", "nowhere", source="x")
    assert archive.mending_log() == []
    with pytest.raises(UsageError, match="No article is named"):
        archive.mend(source="x")
    with pytest.raises(UsageError, match="There is no mending 7"):
        archive.undo_mending(7)
    archive.mend("story-1", source="x")
    archive.undo_mending(1)
    with pytest.raises(UsageError, match="undone already"):
        archive.undo_mending(1)


def test_a_takedown_leaves_no_word(archive: Archive, tmp_path: Path) -> None:
    archive.mend("story-1", "story-2", source="Zebrafinch Gazette")
    archive.mend("story-2", title="Quokkas at sea", author="Xanthippe Ymir", section="Wombatology")
    archive.mend("story-2", title="Numbats at sea")
    archive.undo_mending(3)
    archive.delete("story-2")
    assert [(m.number, m.articles) for m in archive.mending_log()] == [(1, 1)]
    archive.close()
    assert files_with(tmp_path / "a", ["quokkas", "xanthippe", "wombatology", "numbats"]) == []
    with Archive.open(tmp_path / "a", embeddings=FakeEmbeddings(), chat_model="none") as opened:
        again(opened, tmp_path)
        assert opened.get("story-2").source == "Outlet 2", "what comes back is as its file has it"


def test_an_argument_that_there_is_not_says_which_is_meant(archive: Archive) -> None:
    wrong: Any = {"outlet": "Harbour Post"}
    with pytest.raises(TypeError, match=r"mend\(\) has no argument 'outlet'; there are where.*Did you mean `source`\?"):
        archive.mend("story-2", **wrong)
    with pytest.raises(TypeError, match=r"no argument 'date'.*Did you mean `published`\?"):
        asyncio.run(AsyncArchive(archive).mend("story-2", date="2023"))  # type: ignore[call-arg]
    assert archive.mending_log() == []


def test_backup_export_and_salvage_carry_it(archive: Archive, tmp_path: Path) -> None:
    archive.mend("story-2", source="Harbour Post", section="Weather")
    archive.backup(tmp_path / "b")
    restore(tmp_path / "b", archive.settings.model_copy(update={"archive": tmp_path / "r"}))
    with Archive.open(tmp_path / "r", embeddings=FakeEmbeddings(), chat_model="none") as restored:
        assert again(restored, tmp_path).unchanged == 1
        restored.undo_mending(1)
        assert restored.get("story-2").source == "Outlet 2"
    archive.export(tmp_path / "e.jsonl")
    assert archive.salvage(tmp_path / "s.jsonl").damaged == 0
    for name in ("e", "s"):
        with Archive.open(tmp_path / name, embeddings=FakeEmbeddings(), chat_model="none") as other:
            other.ingest(tmp_path / f"{name}.jsonl")
            article = other.get("story-2")
            assert (article.source, article.metadata["section"], article.aliases) == ("Harbour Post", "Weather", ())


def test_what_a_catalog_of_the_release_before_calls_outlet_is_the_source(archive: Archive, tmp_path: Path) -> None:
    archive.mend("story-2", source="Harbour Post")
    with archive.stores.writing("test"), archive.stores.catalog._transaction() as db:
        db.execute("UPDATE amendment SET field = 'outlet'")
        db.execute("UPDATE version SET as_read = replace(as_read, '\"source\"', '\"outlet\"')")
    assert archive.get("story-2").by_hand == {"source": "Outlet 2"}
    assert [c.field for c in archive.mending_log()[0].changes] == ["source"]
    assert again(archive, tmp_path).unchanged == 1
    archive.mend("story-2", author="Ann Lee")
    archive.undo_mending(1)
    assert (archive.get("story-2").source, archive.get("story-2").author) == ("Outlet 2", "Ann Lee")


def test_an_archive_of_the_fourth_schema_is_migrated(archive: Archive, tmp_path: Path) -> None:
    archive.stores.catalog.compact()
    archive.stores.close()
    (tmp_path / "old").mkdir()
    old = sqlite3.connect(tmp_path / "old/catalog.sqlite")
    for script in (tables.SCHEMA, *(tables.MIGRATIONS[n] for n in (1, 2, 3))):
        old.executescript(script)
    old.execute("ATTACH ? AS new", (str(archive.path / "catalog.sqlite"),))
    for table in ("version", "alias", "passage", "quote"):
        columns = ", ".join(r[1] for r in old.execute(f"PRAGMA main.table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    old.execute("UPDATE passage SET indexed = 0")
    old.execute("INSERT INTO meta SELECT name, value FROM new.meta WHERE name = 'fingerprint'")
    old.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", "4"), ("generation", "0"), ("index_format", "4")])
    old.commit()
    old.close()
    with Archive.open(tmp_path / "old", embeddings=FakeEmbeddings(), chat_model="none") as opened:
        assert opened.stores.catalog.meta("schema") == str(schema.SCHEMA_VERSION)
        assert opened.mending_log() == []
        assert opened.mend("story-2", source="Harbour Post").number == 1
        assert again(opened, tmp_path).unchanged == 1
        assert_sound(opened)


@pytest.mark.asyncio
async def test_the_same_for_asyncio(archive: Archive) -> None:
    twin = AsyncArchive(archive)
    assert (await twin.mend("story-1", source="x", by="ann")).number == 1
    assert [m.by for m in await twin.mending_log()] == ["ann"]
    assert (await twin.undo_mending(1)).undone_at is not None


def test_by_command(archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    run = command_line(monkeypatch, capsys, FakeChat([]))
    where = ("--archive", archive.path)
    done = run("mend", "story-2", "--published", "2023-06-03", "--to-source", "Harbour Post", *where)
    assert (done.code, done.out) == (0, "mended 1 article; to take it back: onrecord mend --undo 1\n")
    tried = run("mend", "--source", "outlet 1", "--section", "Weather", "--dry-run", *where)
    assert tried.code == 0 and tried.out.count("Weather") == 2 and "2 articles would change" in tried.err
    assert "Date set by hand (the file has none)" in run("show", "story-2", *where).out
    logged = run("mend", "--log", *where).out
    assert "source: Outlet 2 → Harbour Post" in logged and "published: none → 2023-06-03" in logged
    assert run("mend", "--undo", "1", *where).out == "undone 1: 1 article\n"
    assert "undone" in run("mend", "--log", "story-2", *where).out
    assert run("mend", "--lacking", "published", "--published", "2023-06-05", *where).out.startswith(
        "mended 6 articles"
    )
    for args, code, told in (
        (("story-2", "--published", "soon"), 2, "not a date"),
        (("nowhere", "--to-source", "x"), 1, "No article"),
        (("story-2",), 2, "Nothing to change"),
        (("--undo", "99"), 2, "no mending 99"),
        (("--log", "--undo", "1"), 2, "one of"),
    ):
        failed = run("mend", *args, *where)
        assert failed.code == code and told in failed.err and failed.err.count("\n") == 1, failed


# -- any sequence --------------------------------------------------------------------------

_OUTLETS = st.sampled_from(["Post", "Gazette", ""])
_DAYS = st.sampled_from(["2023-06-03", "2023-06-04", ""])
_TITLES = st.sampled_from(["Storm", "Calm"])
_LANGS = st.sampled_from(["en", "de"])
_SECTIONS = st.sampled_from(["News", "Sport", ""])
_FILES = st.fixed_dictionaries(
    {"title": _TITLES, "source": _OUTLETS, "published": _DAYS, "language": _LANGS, "section": _SECTIONS,
     "text": st.sampled_from(["The harbour was closed. Boats sank.", "The harbour is open."])}
)  # fmt: skip
_VALUES = st.fixed_dictionaries(
    {}, optional={"title": _TITLES, "source": _OUTLETS, "published": _DAYS, "language": _LANGS, "section": _SECTIONS}
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ingest"), st.integers(0, 1), _FILES),
        st.tuples(st.just("mend"), st.sets(st.integers(0, 1), min_size=1), _VALUES),
        st.tuples(st.just("undo"), st.integers(1, 4), st.none()),
        st.tuples(st.just("delete"), st.integers(0, 1), st.none()),
    ),
    min_size=3,
    max_size=9,
)
_BLANK = {"title": "Storm", "source": "Post", "published": "", "language": "en", "section": "", "text": "Boats sank."}


class Model:
    """What should be: the files as they were read last, and the mendings in order."""

    def __init__(self) -> None:
        self.files: dict[int, dict[str, str]] = {}
        self.mendings: list[dict[int, dict[str, str]]] = []
        self.undone: set[int] = set()

    def in_force(self, n: int) -> dict[str, str]:
        values: dict[str, str] = {}
        for number, mending in enumerate(self.mendings, 1):
            if number not in self.undone:
                values.update(mending.get(n, {}))
        return values

    def shown(self, n: int) -> dict[str, str]:
        return {
            **self.own(n),
            **self.in_force(n),
        }

    def own(self, n: int) -> dict[str, str]:
        return dict(self.files[n])

    def read(self, n: int, file: dict[str, str]) -> None:
        old = self.files.get(n)
        if old is not None and not self.in_force(n) and {**old, "section": ""} == {**file, "section": ""}:
            return  # a section alone is no new version, where nothing is mended
        self.files[n] = file

    def mend(self, those: set[int], values: dict[str, str]) -> bool:
        changed = {n: new for n in those if (new := {f: v for f, v in values.items() if self.shown(n)[f] != v})}
        if changed:
            self.mendings.append(changed)
        return bool(changed)

    def undo(self, number: int) -> bool:
        if number > len(self.mendings) or number in self.undone or not self.mendings[number - 1]:
            return False
        self.undone.add(number)
        return True

    def delete(self, n: int) -> None:
        del self.files[n]
        for mending in self.mendings:
            mending.pop(n, None)


@settings(max_examples=examples(80), deadline=None)
@given(steps=_STEPS)
def test_any_sequence_leads_to_what_a_simple_model_predicts(
    steps: list[tuple[str, Any, Any]], tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("mend")
    model = Model()
    with Archive.open(folder / "a", embeddings=FakeEmbeddings(), chat_model="none") as archive:

        def ingest(n: int, file: dict[str, str]) -> None:
            archive.ingest(write_rows(folder / "f.jsonl", row(f"k-{n}", **{k: v for k, v in file.items() if v})))
            model.read(n, file)

        for n in (0, 1):
            ingest(n, _BLANK)
        for what, which, given_ in steps:
            if what == "ingest":
                ingest(which, given_)
            elif what == "mend":
                those = {n for n in which if n in model.files}
                if those and model.mend(those, given_):
                    assert archive.mend(*(f"k-{n}" for n in sorted(those)), **given_).number == len(model.mendings)
                elif those:
                    with pytest.raises(UsageError):
                        archive.mend(*(f"k-{n}" for n in those), **given_)
            elif what == "undo":
                if model.undo(which):
                    archive.undo_mending(which)
                else:
                    with pytest.raises(UsageError):
                        archive.undo_mending(which)
            elif which in model.files:
                archive.delete(f"k-{which}")
                model.delete(which)
            there = {a.key: a for a in archive.articles()}
            assert set(there) == {f"k-{n}" for n in model.files}
            for n in model.files:
                article = there[f"k-{n}"]
                assert {
                    "title": article.title, "source": article.source or "", "language": article.language,
                    "published": f"{article.published:%Y-%m-%d}" if article.published else "",
                    "section": article.metadata.get("section", ""), "text": article.text,
                } == model.shown(n)  # fmt: skip
                assert set(article.by_hand) == {f for f, v in model.in_force(n).items() if v != model.files[n][f]}
        assert [m.number for m in archive.mending_log()] == [
            n for n in range(len(model.mendings), 0, -1) if model.mendings[n - 1]
        ]
        for outlet in ("post", "gazette"):
            found = {f.article.key for f in archive.find(f"outlet:{outlet}").found}
            assert found == {f"k-{n}" for n in model.files if model.shown(n)["source"].lower() == outlet}
        for section in ("news", "sport"):
            found = {f.article.key for f in archive.find(f"section:{section}").found}
            assert found == {f"k-{n}" for n in model.files if model.shown(n)["section"].lower() == section}
        assert_sound(archive)
