"""Through which arm a search finds: one alone, both, and how much each counts where a model is blind."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers import examples, many, row, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieve.searching import ARMS, STORM, WORDS, Named, through

from rag import Archive
from rag.errors import UsageError
from rag.index.lexical import LexicalIndex
from rag.index.nearest import Nearest
from rag.index.schema import PassageRow
from rag.retrieve import fusion, twins
from rag.retrieve.tongues import Tongues
from rag.testing import FakeEmbeddings
from rag.text.detect import detect_language

# -- one arm alone ---------------------------------------------------------------------


def test_the_setting_says_which_arm_finds(folder: Path) -> None:
    found = {}
    for name in ARMS:
        with through(folder, name) as archive:
            hits = archive.search(STORM, k=20)
            found[name] = {h.found_by for h in hits}
            assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
            assert hits[0].score == pytest.approx({"dense": 1, "lexical": 2, "hybrid": 3}[name] / 11)
    assert found["dense"] == {"dense"}
    assert found["lexical"] == {"lexical"}
    assert "hybrid" in found["hybrid"]


def test_what_one_arm_alone_can_and_can_not_find(folder: Path) -> None:
    with through(folder, "lexical") as archive:
        assert archive.search("zzz qqq") == []
    with through(folder, "dense") as archive:
        assert len(archive.search("zzz qqq")) == archive.settings.k, "there is always something nearest"


def test_the_lexical_arm_alone_needs_no_vectors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Nearest, "search", lambda *a, **b: asked.append("vectors") or [])
    with through(folder, "lexical") as archive:
        assert archive.search(STORM)
    assert asked == []
    monkeypatch.setattr(LexicalIndex, "search", lambda *a, **b: asked.append("words") or [])
    with through(folder, "dense") as archive:
        archive.search(STORM)
    assert asked == ["vectors"]


def test_there_are_three_ways_to_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.settings import load_settings

    monkeypatch.setenv("ONRECORD_RETRIEVER", "lexical")
    assert load_settings().retriever == "lexical"
    assert load_settings(retriever="dense").retriever == "dense"
    monkeypatch.setenv("ONRECORD_RETRIEVER", "psychic")
    with pytest.raises(UsageError, match="'retriever'"):
        load_settings()


# -- twins -----------------------------------------------------------------------------


def test_a_hit_names_the_articles_that_stood_aside(archive: Archive, tmp_path: Path) -> None:
    wire = "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("one", wire, source="City Herald"),
            row("two", f"{wire} More follows.", source="Coast Radio"),
            row("three", wire, source="City Herald"),
            row("other", "The Old Harbour Bridge has a museum of its own since last year.", source="North"),
            *many(3),
        )
    )
    hits = archive.search("When will the Old Harbour Bridge close?", k=5)
    first = hits[0]
    ids = {archive.get(k).id for k in ("one", "two", "three")}
    assert {first.passage.article_id, *first.duplicates} == ids
    assert len(first.duplicates) == 2
    assert first.passage.article_id not in first.duplicates
    assert not ids & {h.passage.article_id for h in hits[1:]}
    assert all(h.duplicates == () for h in hits[1:])
    assert len(hits) == 5, "whoever stands aside leaves room"
    assert [h.rank for h in hits] == [1, 2, 3, 4, 5]
    alone = archive.search("When will the Old Harbour Bridge close?", articles=["two"])
    assert [h.duplicates for h in alone] == [()]


# -- languages -------------------------------------------------------------------------

TURKISH = (
    "Merkez Bankası politika faizini yüzde 15’e çıkardı ve kararı perşembe günü duyurdu.",
    "Belediye yeni tramvay hattı için ihale açtı; inşaat sonbaharda başlayacak.",
    "Le Monde gazetesi Paris’teki toplantıyı yazdı, bakan bu konuda konuşmadı.",
)


def turkish(place: Path, *more: dict[str, Any]) -> Path:
    rows = [row(f"tr{n}", text, title=f"Haber {n}") for n, text in enumerate(TURKISH)]
    with Archive.open(place / "x", embeddings=Named()) as archive:
        archive.ingest(write_rows(place / "a.jsonl", *rows, *more))
    return place / "x"


@pytest.mark.parametrize("question", ["Pourquoi la réforme est-elle dans une impasse ?", "Paris de la Rue belediye?"])
def test_a_few_words_are_not_taken_for_a_language_that_the_archive_has_not(tmp_path: Path, question: str) -> None:
    assert detect_language(question) == "fr"
    with through(turkish(tmp_path), "hybrid", Named()) as archive:
        assert Tongues(archive.stores).of_archive(question) == "tr"
        assert Tongues(archive.stores).of_archive("What did the bank decide?") == "tr"
        assert Tongues(archive.stores).of_archive("Banka ne zaman karar verdi ve neden?") == "tr"
        assert Tongues(archive.stores).of_archive("") == "tr"


def test_a_language_that_the_archive_has_is_believed(tmp_path: Path) -> None:
    french = row("fr", "Le gouvernement a annoncé hier que la réforme des retraites est dans une impasse.", title="Le")
    english = row("en", "The minister said that the talks with the bank were over and that it was late.", title="The")
    with through(turkish(tmp_path, french, english), "hybrid", Named()) as archive:
        language, french_question = (
            Tongues(archive.stores).of_archive,
            "Pourquoi la réforme est-elle dans une impasse ?",
        )
        assert language(french_question) == "fr"
        assert language("What did the minister say?") == "en"
        assert language("¿Qué dijo el ministro sobre la reforma?") == "tr", "the commonest, where it has none"
        archive.delete("fr")
        assert language(french_question) == "tr", "it has changed since"
        archive.delete("tr0", "tr1", "tr2")
        assert language(french_question) == "en"
        archive.delete("en")
        assert language(french_question) == "fr", "an empty archive knows nothing better"


@pytest.fixture(scope="module")
def two_arms(news: Path) -> Iterator[tuple[Archive, Archive]]:
    with through(news, "hybrid", Named()) as hybrid, through(news, "lexical", Named()) as lexical:
        yield hybrid, lexical


@settings(max_examples=examples(80), deadline=None)
@given(
    asked=st.lists(st.sampled_from([*WORDS, "ne", "hangi", "the", "what", "de", "la"]), min_size=1, max_size=8),
    k=st.integers(1, 30),
)
def test_a_model_that_knows_english_only_reorders_nothing_elsewhere(
    two_arms: tuple[Archive, Archive], asked: list[str], k: int
) -> None:
    hybrid, lexical = two_arms
    question = " ".join(asked)
    found = [h.passage.id for h in hybrid.search(question, k=k)]
    words = [h.passage.id for h in lexical.search(question, k=k)]
    top = min(10, len(words))
    assert found[:top] == words[:top]
    assert len(found) >= len(words), "it may add to what words have found"


def test_elsewhere_it_fills_up_what_words_have_found(two_arms: tuple[Archive, Archive]) -> None:
    hybrid, lexical = two_arms
    assert lexical.search("yok böyle kelime") == []
    filled = hybrid.search("yok böyle kelime", k=8)
    assert len(filled) == 8
    assert {h.found_by for h in filled} == {"dense"}


def test_other_models_and_english_have_both_arms_alike(news: Path, tmp_path: Path) -> None:
    rows = [row(f"n{n}", f"{' '.join(random.Random(n).choices(WORDS, k=12))} karar oldu.", title="") for n in range(60)]
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    with through(tmp_path / "x", "hybrid") as hybrid, through(tmp_path / "x", "lexical") as lexical:
        moved = [
            [h.passage.id for h in hybrid.search(w, k=10)] != [h.passage.id for h in lexical.search(w, k=10)]
            for w in WORDS[:10]
        ]
        assert any(moved), "a model of another name is not blind"
        assert hybrid.search("banka faiz")[0].score > 2 / 11
    english = many(6)
    with Archive.open(tmp_path / "y", embeddings=Named()) as archive:
        archive.ingest(write_rows(tmp_path / "b.jsonl", *english))
        assert archive.search(STORM)[0].score == pytest.approx(3 / 11), "nor is this one in English"
    with through(news, "hybrid", Named()) as archive:
        assert archive.search("banka faiz")[0].score < 2.02 / 11


def test_the_weight_of_a_blind_arm_is_less_than_a_place_among_the_first() -> None:
    from rag.retrieve.fusion import _RRF
    from rag.retrieve.tongues import BLIND

    for rank in range(1, 17):
        assert 1 / (_RRF + rank) > 1 / (_RRF + rank + 1) + BLIND / (_RRF + 1), rank


def _row(n: int, text: str, article: str) -> PassageRow:
    return PassageRow(f"{article}:{n}", article, 0, len(text), text, "[]", article, article, None, None, "en")


def _each_with_each(passages: Sequence[PassageRow], k: int) -> list[tuple[str, tuple[str, ...]]]:
    """One story once, as it is meant: every passage compared with all that were kept."""
    kept: list[tuple[PassageRow, list[str]]] = []
    for passage in passages:
        for first, others in kept:
            if first.article_id != passage.article_id and twins.same_story(first.text, passage.text):
                others += [passage.article_id] if passage.article_id not in others else []
                break
        else:
            if len(kept) < k:
                kept.append((passage, []))
    return [(passage.id, tuple(others)) for passage, others in kept]


@given(
    texts=st.lists(st.lists(st.sampled_from("the port was shut on monday by 港 口".split()), max_size=9), max_size=14),
    k=st.integers(1, 6),
    articles=st.integers(1, 5),
)
def test_twins_are_those_that_comparing_all_with_all_finds(texts: list[list[str]], k: int, articles: int) -> None:
    passages = [_row(n, " ".join(words), f"a{n % articles}") for n, words in enumerate(texts)]
    found = fusion._one_story_once(passages, k)
    assert [(p.id, others) for p, _, others in found] == _each_with_each(passages, k)


@given(
    st.lists(
        st.one_of(
            st.text(
                alphabet=st.sampled_from("abZ0_ .,'-\u2019\u201c\u2014\u00a0\u2026éİß東ッー\x01\x1c\n\t\ud800"),
                max_size=30,
            ),
            st.lists(st.sampled_from(["a", "b", "A,", "é", "ab", "港"]), max_size=6).map(" ".join),
        ),
        max_size=12,
    )
)
def test_texts_compared_at_once_are_twins_as_two_by_two(texts: list[str]) -> None:
    each = {n: [m for m in range(n) if twins.same_story(texts[m], texts[n])] for n in range(len(texts))}
    assert twins.earlier_twins(texts) == {n: earlier for n, earlier in each.items() if earlier}


@pytest.mark.parametrize(
    ("one", "other", "twins_they_are"),
    [
        ("Port shut", "port – shut!", True),
        ("Port", "port.", True),
        ("Port", "port port", False),
        ("the port shut", "port the shut", False),
        ("the port shut", "shut port the", False),
        ("the ports hut", "the port shut", False),
        ("the port shut", "the trop shut", False),
        ("the port\nshut", "the port shut", True),
        ("Güter, im Hafen", "güter im hafen", True),
        ("...", "", False),
    ],
)
def test_twins_have_the_same_words_in_the_same_order(one: str, other: str, twins_they_are: bool) -> None:
    assert twins.same_story(one, other) == twins_they_are
    assert twins.earlier_twins((one, "Of something else entirely.", other)) == ({2: [0]} if twins_they_are else {})


@given(st.text(alphabet=st.sampled_from("abZ0_ .,'-\u2019\u201c\u2014\u00a0\u2026éİß東ッー\x1c\n\t"), max_size=60))
def test_words_are_the_same_however_they_are_found(text: str) -> None:
    assert twins._words(text) == twins._WORDS.findall(text.casefold())
