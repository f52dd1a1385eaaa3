"""What is taken out of the lexical index leaves no word in its files, without the rest being written anew."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tantivy
from helpers import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import ArchiveDamaged
from rag.index import expunge
from rag.index.lexical import LexicalIndex
from rag.index.schema import IndexRow

PARTS = ("", "articles", "fulltext")


def row(number: int) -> IndexRow:
    """A passage, the only one of its article, with a word that no other has."""
    ident = sha256(f"{number}".encode()).hexdigest()[:20]
    text = f"The storm of the harbour told number{number}x." + " It blew." * (number % 7)
    vector = np.ones(4, np.float32) / 2
    return IndexRow(number, f"{ident}:0", ident, "", text, None, None, "en", vector, article_text=text)


def filled(folder: Path, sizes: Sequence[int]) -> tuple[LexicalIndex, list[IndexRow]]:
    """An index that was written in steps of so many articles."""
    lexical, rows = LexicalIndex(folder), [row(n) for n in range(sum(sizes))]
    at = 0
    for size in sizes:
        lexical.add(rows[at : at + size])
        at += size
    return lexical, rows


def words(folder: Path, part: str) -> set[str]:
    """All words of a part of an index that begin as those of one article alone do, deleted or not."""
    index = tantivy.Index.open(str(folder / part))
    field = "words" if part == "fulltext" else "body"
    return {term for term, _ in index.searcher().terms_with_prefix(field, "number", limit=100_000)}


def test_no_word_is_left_and_nothing_else_has_changed(tmp_path: Path) -> None:
    lexical, rows = filled(tmp_path / "lexical-1", [600, 3, 350])
    gone = {5, 77, 601, 800}
    lexical.remove([rows[n].id for n in sorted(gone)])
    assert len(words(tmp_path / "lexical-1", "")) == len(rows)  # they are still there: else this shows nothing
    calls: list[int] = []

    def left(articles: Sequence[str]) -> list[IndexRow]:
        calls.append(len(articles))
        return [r for r in rows if r.article_id in articles]

    lexical.purge(left)
    assert sum(calls) <= 3 * 2  # none but the two that are left of the small segment, in each part
    fresh, _ = filled(tmp_path / "lexical-2", [])
    fresh.add([r for r in rows if r.number not in gone])
    for part in PARTS:
        assert words(tmp_path / "lexical-1", part) == words(tmp_path / "lexical-2", part)
        assert not any(s.deleted for s in expunge.segments(tmp_path / "lexical-1" / part))
    for question in ("storm blew", "number77x", "number78x harbour"):
        for one in ("search", "articles"):
            found, wanted = (dict(getattr(index, one)(question, 2000)) for index in (lexical, fresh))
            assert found == pytest.approx(wanted)
    lexical.check(len(rows) - len(gone), len(rows) - len(gone))


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.sampled_from([1, 2, 40, 201, 330]), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_whatever_segments_there_are(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int) -> None:
    folder = tmp_path_factory.mktemp("expunge") / "lexical-1"
    lexical, rows = filled(folder, sizes)
    draw = np.random.default_rng(seed)
    gone = {n for n in range(len(rows)) if draw.random() < draw.choice([0.02, 0.5, 0.99])}
    lexical.remove([rows[n].id for n in sorted(gone)])
    lexical.purge(lambda articles: [r for r in rows if r.article_id in articles and r.number not in gone])
    stay = {f"number{r.number}x" for r in rows if r.number not in gone}
    for part in PARTS:
        assert words(folder, part) == stay
    assert lexical.ids() == {r.id for r in rows if r.number not in gone}
    files = {f.name.partition(".")[0] for f in folder.iterdir() if f.is_file() and len(f.name) > 32}
    assert len(files) == len(expunge.segments(folder))  # nothing of an older one lies about


def test_one_that_is_stopped_is_as_before_and_the_next_one_tidies_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexical, rows = filled(tmp_path / "lexical-1", [300])
    lexical.remove([rows[3].id])

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(expunge, "_replace", stopped)
        patch.setattr("shutil.rmtree", lambda *_, **__: None)  # as if the process had been killed
        with pytest.raises(KeyboardInterrupt):
            lexical.purge(lambda _: rows)
    assert len(LexicalIndex(tmp_path / "lexical-1").ids()) == 299
    assert list((tmp_path / "lexical-1").glob("expunge-*"))
    lexical.purge(lambda _: rows)
    assert not list((tmp_path / "lexical-1").glob("expunge-*"))
    assert "number3x" not in words(tmp_path / "lexical-1", "")


def test_one_that_reads_meanwhile_reads_on(tmp_path: Path) -> None:
    lexical, rows = filled(tmp_path / "lexical-1", [300])
    other = LexicalIndex(tmp_path / "lexical-1")
    assert len(other.search("storm", 400)) == 300
    lexical.remove([rows[3].id])
    lexical.purge(lambda _: rows)
    lexical.mark_current(1)
    assert other.search("harbour", 400)
    other.refresh(1)
    assert len(other.search("storm", 400)) == 299


def test_others_search_and_refresh_while_it_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lexical, rows = filled(tmp_path / "lexical-1", [300, 2])
    lexical.remove([rows[3].id, rows[301].id])
    found: list[int] = []

    def search() -> None:
        lexical.refresh(5)
        lexical.refresh(6)  # opened anew, from what is being written
        found.append(len(lexical.search("storm", 400)))

    def meanwhile() -> None:
        other = threading.Thread(target=search, daemon=True)
        other.start()
        other.join(20)
        assert not other.is_alive()

    def left(articles: Sequence[str]) -> list[IndexRow]:
        meanwhile()
        return [r for r in rows if r.article_id in articles]

    replace = expunge._replace
    monkeypatch.setattr(expunge, "_replace", lambda *told: (meanwhile(), replace(*told), meanwhile()))
    lexical.purge(left)
    assert len(found) == 3 * (1 + 2)
    assert set(found) == {300}


def test_where_tantivy_does_otherwise_the_index_is_told_to_be_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexical, rows = filled(tmp_path / "lexical-1", [300])
    lexical.remove([rows[3].id])
    monkeypatch.setattr(expunge, "_EIGHTHS", ("01", "23", "4567", "89", "abcdef"))  # fewer than are merged
    with pytest.raises(ArchiveDamaged, match="doctor --repair"):
        lexical.purge(lambda _: rows)
