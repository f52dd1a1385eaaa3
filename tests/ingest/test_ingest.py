"""Taking articles in: once, again, changed, back again, in any order, and out."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import assert_sound, examples, files_with, many, row, write_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import Archive, Settings
from rag.errors import ArchiveClosed, ArchiveMismatch, ArchiveMissing, ArticleMissing, SourceError, UsageError
from rag.testing import FakeEmbeddings

A = "The council approved the tram on Monday. It will cost 40 million."
B = "The council approved the tram on Monday. It will cost 45 million."
C = "The council rejected the tram on Friday. It would have cost 45 million."


def found(archive: Archive, question: str) -> set[str]:
    return {hit.passage.text for hit in archive.search(question, k=50)}


def test_nothing_is_written_by_opening_or_failing_to_ask(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "none", embeddings=FakeEmbeddings()) as archive:
        for act in (
            lambda: archive.search("x"),
            lambda: archive.ask("x", chat_model="extractive"),
            lambda: archive.get("x"),
            lambda: archive.doctor(),
            lambda: archive.reindex(),
            lambda: archive.delete("x"),
            lambda: archive.stats(),
            lambda: archive.versions("x"),
            lambda: list(archive.articles()),
        ):
            with pytest.raises(ArchiveMissing, match="onrecord ingest"):
                act()
    assert not (tmp_path / "none").exists()


def test_a_source_that_is_not_there_leaves_no_archive_behind(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "none", embeddings=FakeEmbeddings()) as archive:
        with pytest.raises(SourceError):
            archive.ingest(tmp_path / "nowhere")
        with pytest.raises(UsageError):
            archive.ingest()
    assert not (tmp_path / "none").exists()


def test_ingesting_again_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", *many(30))
    first = archive.ingest(source)
    assert (first.added, first.updated, first.unchanged, first.skipped) == (30, 0, 0, ())
    assert first.passages == archive.stats().passages >= 30
    before = archive.stats(), archive.stores.catalog.passage_ids(), archive.stores.catalog.generation
    second = archive.ingest(source)
    assert (second.added, second.updated, second.unchanged, second.passages) == (0, 0, 30, 0)
    assert archive.stats().model_copy(update={"bytes": 0}) == before[0].model_copy(update={"bytes": 0})
    assert (archive.stores.catalog.passage_ids(), archive.stores.catalog.generation) == before[1:]
    assert_sound(archive)


def test_a_changed_article_replaces_its_passages_and_its_old_version_can_be_shown(
    archive: Archive, tmp_path: Path
) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("tram", A)))
    old = archive.get("tram")
    report = archive.ingest(write_rows(tmp_path / "a.jsonl", row("tram", B)))
    assert (report.added, report.updated) == (0, 1)
    new = archive.get("tram")
    assert found(archive, "tram cost million") == {B}
    assert archive.get(old.id).text == A
    assert not archive.get(old.id).current
    assert new.current
    assert archive.versions("tram") == [new.id, old.id]
    assert archive.sentences(old.id)
    assert (archive.stats().articles, archive.stats().older_versions) == (1, 1)
    assert_sound(archive)


def test_a_version_that_comes_back_is_current_again(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    for text in (A, B, A):
        archive.ingest(write_rows(source, row("tram", text)))
        assert archive.get("tram").text == text
        assert found(archive, "tram cost") == {text}
        assert_sound(archive)
    assert len(archive.versions("tram")) == 2
    report = archive.ingest(source)
    assert (report.added, report.updated, report.unchanged) == (0, 0, 1)


@pytest.mark.parametrize("texts", [(A, B), (A, B, A), (A, A, B), (A, B, C), (A, B, C, A, B), (B, A, A, B)])
def test_of_rows_with_one_key_the_last_is_current_also_the_second_time(
    archive: Archive, tmp_path: Path, texts: tuple[str, ...]
) -> None:
    source = write_rows(
        tmp_path / "a.jsonl", *(row("tram", t) for t in texts), row("other", "Something else happened.")
    )
    archive.ingest(source)
    for _ in range(2):
        assert archive.get("tram").text == texts[-1]
        assert len(archive.versions("tram")) == len(set(texts))
        assert found(archive, "council tram cost") >= {texts[-1]}
        assert not found(archive, "council tram cost") & (set(texts) - {texts[-1]})
        assert_sound(archive)
        state = archive.versions("tram"), archive.stores.catalog.passage_ids()
        archive.ingest(source)
        assert (archive.versions("tram"), archive.stores.catalog.passage_ids()) == state


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    runs=st.lists(
        st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from([A, B, C])), min_size=1, max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_any_order_of_any_versions_ends_with_the_last_read(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[tuple[str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    last: dict[str, str] = {}
    ever: dict[str, set[str]] = {}
    with Archive.open(folder / "archive", embeddings=FakeEmbeddings()) as archive:
        for rows in runs:
            archive.ingest(write_rows(folder / "a.jsonl", *(row(key, text) for key, text in rows)))
            for key, text in rows:
                last[key] = text
                ever.setdefault(key, set()).add(text)
        assert {a.key: a.text for a in archive.articles()} == last
        for key, texts in ever.items():
            assert {archive.get(v).text for v in archive.versions(key)} == texts
        assert_sound(archive)


def test_the_same_text_under_two_keys_is_two_articles_that_know_of_each_other(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(tmp_path / "a.jsonl", row("one", A, source="North"), row("two", A, source="South"), row("three", C))
    )
    assert archive.get("one").also_published_by == ("two",)
    assert archive.get("two").also_published_by == ("one",)
    assert archive.get("three").also_published_by == ()
    archive.delete("two")
    assert archive.get("one").also_published_by == ()


def test_near_identical_passages_take_one_place_and_name_both_outlets(archive: Archive, tmp_path: Path) -> None:
    wire = (
        "The minister resigned on Tuesday after the court published its report on the harbour contracts. "
        "He had denied for months that he knew of them."
    )
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("n", wire, title="Minister resigns", source="North Post"),
            row("s", wire.replace("on Tuesday ", ""), title="Minister goes", source="South Post"),
            row("x", "The minister opened a bridge in the harbour.", title="Bridge", source="East Post"),
        )
    )
    hits = archive.search("Why did the minister resign over the harbour contracts?")
    assert [h.rank for h in hits] == [1, 2]
    assert {hits[0].passage.source, *hits[0].passage.also_published_by} == {"North Post", "South Post"}
    assert hits[1].passage.source == "East Post"
    assert hits[1].passage.also_published_by == ()
    answer = archive.ask("Why did the minister resign over the harbour contracts?", chat_model="extractive")
    cited = answer.citations[0]
    assert {cited.source, *cited.also_published_by} == {"North Post", "South Post"}


def test_aliases_find_the_article_and_more_can_be_learnt(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("tram", A, id="doc-7")))
    assert archive.get("doc-7").key == "tram"
    report = archive.ingest(write_rows(tmp_path / "a.jsonl", row("tram", A, id="doc-8")))
    assert report.unchanged == 1
    assert archive.get("doc-8").id == archive.get("doc-7").id
    assert set(archive.get("tram").aliases) == {"doc-7", "doc-8"}


def test_an_alias_of_two_articles_is_refused_as_a_name_for_either(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("one", A, id="same"), row("two", C, id="same")))
    with pytest.raises(ArticleMissing, match="more than one"):
        archive.get("same")
    with pytest.raises(ArticleMissing, match="more than one"):
        archive.delete("same")
    assert archive.stats().articles == 2


def test_an_article_is_found_by_the_beginning_of_its_id(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("tram", A)))
    article = archive.get("tram")
    assert archive.get(article.id[:6]).id == article.id
    with pytest.raises(ArticleMissing):
        archive.get(article.id[:5])
    with pytest.raises(ArticleMissing):
        archive.get("%")
    with pytest.raises(ArticleMissing):
        archive.get("")


def test_a_takedown_leaves_the_words_in_no_file(archive: Archive, tmp_path: Path) -> None:
    secret = "The witness Zorblatt lives in Quixendale. Nobody but Vrandelkoff knew of the xylobrandite."
    changed = "The witness Zorblatt has moved to Plumbushire. Nobody but Vrandelkoff knew of the xylobrandite."
    names = ["Zorblatt", "Quixendale", "Vrandelkoff", "xylobrandite", "Plumbushire", "Gnomovitch", "Krystoffel"]
    archive.ingest(write_rows(tmp_path / "rest.jsonl", *many(40)))
    for text in (secret, changed):
        archive.ingest(
            write_rows(
                tmp_path / "a.jsonl",
                row("witness", text, title="Gnomovitch speaks", author="Krystoffel", id="alias-krystoffel"),
            )
        )
        assert archive.search("Zorblatt witness xylobrandite")[0].passage.text == text
    assert {word for _, word in files_with(archive.path, names)} >= {"Zorblatt", "Quixendale", "Plumbushire"}
    assert archive.delete("witness") == ["witness"]
    assert files_with(archive.path, names) == []
    assert not any("Zorblatt" in t for t in found(archive, "Zorblatt witness xylobrandite"))
    with pytest.raises(ArticleMissing):
        archive.get("witness")
    with pytest.raises(ArticleMissing):
        archive.get("alias-krystoffel")
    assert archive.versions("witness") == []
    assert archive.stats().articles == 40
    assert_sound(archive)
    archive.close()
    assert files_with(archive.path, names) == []


def test_a_takedown_while_another_reads(archive: Archive, tmp_path: Path) -> None:
    """A reader's open view of the catalog must not keep the words in the write-ahead log."""
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("w", "The witness Zorblatt lives in Quixendale."), *many(5)))
    with Archive.open(archive.path, embeddings=FakeEmbeddings()) as other:
        reading = other.articles()
        next(reading)
        assert other.search("Zorblatt")
        archive.delete("w")
        assert not any("Zorblatt" in t for t in found(other, "Zorblatt witness"))
        list(reading)
    assert files_with(archive.path, ["Zorblatt", "Quixendale"]) == []


def test_deleting_several_is_all_or_nothing(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(4)))
    with pytest.raises(ArticleMissing):
        archive.delete("story-0", "story-1", "nobody")
    assert archive.stats().articles == 4
    assert archive.delete("story-0", "story-1", "story-0") == ["story-0", "story-1"]
    assert {a.key for a in archive.articles()} == {"story-2", "story-3"}
    assert_sound(archive)


def test_an_article_that_was_deleted_can_be_taken_in_again(archive: Archive, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", row("tram", A), *many(3))
    archive.ingest(source)
    archive.delete("tram")
    assert archive.ingest(source).added == 1
    assert A in found(archive, "council tram cost")
    assert_sound(archive)


def test_another_embedding_model_is_refused_and_a_rebuild_mends_it(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("tram", A), *many(5)))
    archive.ingest(write_rows(tmp_path / "b.jsonl", row("tram", B)))
    with Archive.open(archive.path, embeddings=FakeEmbeddings(dim=32)) as other:
        for act in (
            lambda: other.search("tram"),
            lambda: other.ask("tram", chat_model="extractive"),
            lambda: other.ingest(tmp_path / "a.jsonl"),
        ):
            with pytest.raises(ArchiveMismatch, match="onrecord doctor --rebuild"):
                act()
        assert [p.store for p in other.doctor()] == ["catalog"]
        assert other.get("tram").text == B, "reading needs no model"
        other.reindex(embed_again=True)
        assert other.doctor() == []
        assert other.search("council tram cost")[0].passage.text == B
        assert other.ask("What will the tram cost?", chat_model="extractive").answered
        assert other.ingest(tmp_path / "b.jsonl").unchanged == 1
        assert len(other.versions("tram")) == 2
    with pytest.raises(ArchiveMismatch):
        archive.search("tram")


def test_a_rebuild_that_fails_half_way_leaves_the_archive_whole(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(6)))

    class Breaks(FakeEmbeddings):
        calls = 0

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            Breaks.calls += 1
            if Breaks.calls == 4:
                raise OSError("gone")
            return super().embed_documents(texts)

    from rag.errors import ModelFailed

    other = Archive.open(archive.path, embeddings=Breaks(dim=16))
    with pytest.raises(ModelFailed):
        other.reindex(embed_again=True)
    with pytest.raises(ArchiveMismatch, match="rebuild"):
        archive.search("storm")
    with pytest.raises(ArchiveMismatch, match="rebuild"):
        other.search("storm")
    other.reindex(embed_again=True)
    assert len(other.search("harbour storm boats", k=20)) == 6
    assert_sound(other)
    other.close()
    archive.reindex(embed_again=True)  # and back to the first model
    assert len(archive.search("harbour storm boats", k=20)) == 6


def test_a_model_that_fails_during_ingest_leaves_nothing_halved(archive: Archive, tmp_path: Path) -> None:
    from rag.errors import ModelFailed

    source = write_rows(tmp_path / "a.jsonl", *many(10))

    class Wrong(FakeEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return super().embed_documents(texts)[:-1]

    model = Wrong()
    model.__class__.__name__ = "FakeEmbeddings"  # the same fingerprint
    with Archive.open(archive.path, embeddings=model) as other, pytest.raises(ModelFailed, match="for 10 texts"):
        other.ingest(source)
    assert archive.ingest(source).added == 10
    assert_sound(archive)


def test_nan_vectors_are_refused(archive: Archive, tmp_path: Path) -> None:
    from rag.errors import ModelFailed

    class Nan(FakeEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[float("nan")] * self.dim for _ in texts]

    source = write_rows(tmp_path / "a.jsonl", *many(3))
    Nan.__name__ = "FakeEmbeddings"  # the same fingerprint
    with Archive.open(archive.path, embeddings=Nan()) as other, pytest.raises(ModelFailed):
        other.ingest(source)
    assert archive.ingest(source).added == 3, "nothing of it was stored"
    assert_sound(archive)


def test_all_sorts_of_files_at_once_and_what_is_skipped_says_why(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text("Ferries return to the bay\n\nThe ferries came back on Monday.", "utf-8")
    (folder / "empty.txt").write_text("")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "rows.jsonl").write_text(
        '{"key": "a", "title": "T", "text": "One boat sank."}\n{broken\n{"title": "no text"}\n'
    )
    report = archive.ingest(folder)
    assert report.added == 2
    assert len(report.skipped) == 4
    assert all(s.reason and s.origin for s in report.skipped)
    assert len({s.origin for s in report.skipped}) == 4
    assert_sound(archive)


def test_progress_is_told_after_each_article(archive: Archive, tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)), progress=lambda n, origin: told.append((n, origin)))
    assert [n for n, _ in told] == [1, 2, 3]
    assert all("a.jsonl" in origin for _, origin in told)


def test_two_archives_on_one_folder_in_one_process_see_each_other(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(5)))
    with Archive.open(archive.path, embeddings=FakeEmbeddings()) as other:
        assert len(other.search("harbour storm boats", k=50)) == 5
        archive.ingest(write_rows(tmp_path / "b.jsonl", *many(5, first=5)))
        assert len(other.search("harbour storm boats", k=50)) == 10
        archive.delete("story-7")
        assert not any("storm0007" in t for t in found(other, "storm0007"))
        other.ingest(write_rows(tmp_path / "c.jsonl", row("tram", A)))
        assert A in found(archive, "council tram cost")
        assert_sound(other)
    assert A in found(archive, "council tram cost"), "closing one leaves the other's index open"
    assert_sound(archive)


def test_a_closed_archive_says_so_and_can_be_opened_again(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
    archive.close()
    archive.close()
    with pytest.raises(ArchiveClosed, match=r"Archive\.open"):
        archive.search("harbour storm boats")
    with Archive.open(archive.path, embeddings=FakeEmbeddings()) as again:
        assert len(again.search("harbour storm boats", k=50)) == 3


def test_stats(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("a", "The ferries came back on Monday.", source="North", published="2023-05-31"),
            row("b", "The ferries left again on Friday.", source="North", published="2023-06-02"),
            row("c", "The ferries were sold in the end."),
        )
    )
    stats = archive.stats()
    assert (stats.articles, stats.passages, stats.pending, stats.tombstones, stats.undated) == (3, 3, 0, 0, 1)
    assert dict(stats.sources) == {"North": 2, "": 1}
    assert dict(stats.languages) == {"en": 3}
    assert stats.first is not None
    assert stats.last is not None
    assert (f"{stats.first:%Y-%m-%d}", f"{stats.last:%Y-%m-%d}") == ("2023-05-31", "2023-06-02")
    assert stats.bytes > 10_000


def test_a_path_to_a_file_is_no_archive(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(UsageError, match=r"is a file.*--archive"):
        Archive.open(file, embeddings=FakeEmbeddings())


def test_settings_given_are_used_and_names_go_on_top(tmp_path: Path) -> None:
    settings = Settings(archive=tmp_path / "one", model="extractive", k=3)
    archive = Archive.open(tmp_path / "two", settings=settings, embeddings=FakeEmbeddings())
    assert archive.path == (tmp_path / "two").resolve()
    assert (archive.settings.model, archive.settings.k) == ("extractive", 3)
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(9)))
    assert len(archive.search("harbour storm")) == 3


def test_a_very_long_article_costs_no_more_than_its_length(archive: Archive, tmp_path: Path) -> None:
    """20,000 sentences in one article: reading their places once a passage would take seconds a search."""
    import time

    archive.ingest(write_rows(tmp_path / "a.jsonl", row("long", "One boat sank. " * 20_000)))
    archive.search("boat")
    started = time.perf_counter()
    assert len(archive.search("boat", k=20)) == 20
    assert time.perf_counter() - started < 1.5
