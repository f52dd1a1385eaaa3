"""Questions in one language to articles in another: which language it is, and what each arm counts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import row, write_rows

from rag import Archive, registry
from rag.retrieve.query import build_query
from rag.retrieve.tongues import ACROSS, BLIND, Tongues

EN = "When will the old bridge be closed for the repairs, and who has said so?"
TR = "Eski köprü onarım için ne zaman kapatılacak ve bunu kim söyledi?"
ZH = "老桥什么时候关闭维修？"


class Stub:
    """Stores with so many articles of each language, each named by its language, and a model of some languages."""

    def __init__(
        self, there: Sequence[str], known: frozenset[str] | None, name: str = "some/model", bridge: Any = None
    ) -> None:
        self.there, self.generation, self.name, self.bridge = there, 1, name, bridge
        if known is not None:
            self.languages = known
        self.catalog = self.embedder = self

    def coverage(self) -> dict[str, Any]:
        return {"languages": dict.fromkeys(self.there, 1)}

    def languages_of(self, ids: Sequence[str]) -> dict[str, str]:
        return {i: i for i in ids if i in self.there}


def tongues(there: Sequence[str], known: str | None = "en tr zh", **more: Any) -> Tongues:
    return Tongues(Stub(there, None if known is None else frozenset(known.split()), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("question", "language"), [(EN, "en"), (TR, "tr"), (ZH, "zh")])
@pytest.mark.parametrize("there", ["en", "tr", "zh", "de"])
def test_a_question_is_known_by_its_words_where_the_articles_are_in_another_language(
    question: str, language: str, there: str
) -> None:
    assert tongues([there]).of_question(question) == language
    assert tongues([there]).of_archive(question) == there


@pytest.mark.parametrize("question", ["Merkel?", "Scholz 2021", "COVID-19", "Köln", ""])
def test_a_few_words_are_taken_to_be_in_the_articles_language(question: str) -> None:
    assert tongues(["tr"]).of_question(question) == "tr"
    assert tongues(["zh", "tr"]).of_question(question) in ("zh", "tr")


def test_arms_count_otherwise_for_passages_in_another_language_only() -> None:
    found = tongues(["en", "tr"])
    for arm in ("dense", "lexical"):
        factor = found.across(build_query(EN, k=8), arm)
        assert factor is not None
        assert factor("tr:0") == ACROSS[arm]
        assert factor("en:3") == 1.0
        assert factor("gone:0") == 1.0
    assert found.across(build_query(EN, k=8), "quotes") is None


@pytest.mark.parametrize(
    "one",
    [
        tongues(["en"]),
        tongues(["en", "tr"], None),
        tongues(["en", "tr"], "en"),
        tongues(["en", "tr"], None, name="all-MiniLM-L6-v2"),
        tongues(["en", "tr"], "tr zh"),
        tongues([]),
    ],
    ids=["one language", "it doesn't say", "it knows one", "the default model", "not the question's", "empty"],
)
def test_elsewhere_all_arms_count_alike(one: Tongues) -> None:
    assert one.across(build_query(EN, k=8), "dense") is None
    assert one.across(build_query(EN, k=8), "lexical") is None


def test_a_language_that_the_model_does_not_know_is_found_by_words() -> None:
    factor = tongues(["en", "yo"]).across(build_query(EN, k=8), "dense")
    assert factor is not None and factor("yo:1") == 1.0


@pytest.mark.parametrize(("known", "read"), [("en tr zh", True), ("en", False), (None, True)])
def test_a_model_reads_what_it_says_it_knows(known: str | None, read: bool) -> None:
    assert tongues(["tr"], known).read("tr") is read
    assert tongues(["tr"], None, name="all-MiniLM-L6-v2").read("tr") is False


class FromTurkish:
    """A bridge that knows Turkish words by their English ones, where it is installed."""

    languages = frozenset({"en", "tr", "zh"})

    def __init__(self, installed: bool = True) -> None:
        self.installed = installed
        self.asked: list[str] = []

    def query(self, text: str) -> Any:
        self.asked.append(text)
        return Translates().query(text)

    def beside(self, question: str, embed: Any) -> Any:
        return lambda texts: np.stack([self.query(t) if t == question else embed([t])[0] for t in texts])

    def alike(self, question: str, texts: Sequence[str]) -> Any:
        return np.stack([self.query(t) for t in texts]) @ self.query(question)


def test_a_bridge_carries_a_question_in_a_language_that_the_model_does_not_know() -> None:
    one = FromTurkish()
    found = tongues(["en", "tr"], "en", bridge=one)
    turkish = build_query(TR, k=8)
    assert found.bridge(turkish) is one  # type: ignore[comparison-overlap]
    assert found.reads(turkish)
    dense, lexical = found.across(turkish, "dense"), found.across(turkish, "lexical")
    assert dense is not None and lexical is not None
    assert (dense("en:1"), lexical("en:1")) == (ACROSS["dense"], ACROSS["lexical"])
    assert (dense("tr:1"), lexical("tr:1")) == (BLIND, 1.0), "its vectors say nothing of Turkish passages"


@pytest.mark.parametrize(
    ("one", "question"),
    [
        (tongues(["en"], "en", bridge=FromTurkish()), EN),
        (tongues(["en"], "en", bridge=FromTurkish(installed=False)), TR),
        (tongues(["tr"], "en", bridge=FromTurkish()), TR),
        (tongues([], "en", bridge=FromTurkish()), TR),
        (tongues(["en"], "en tr", bridge=FromTurkish()), TR),
        (tongues(["en"], None, bridge=FromTurkish()), TR),
        (tongues(["en"], "en"), TR),
    ],
    ids=["in English", "not installed", "no such article", "empty", "the model knows it", "it knows all", "none"],
)
def test_elsewhere_there_is_no_bridge(one: Tongues, question: str) -> None:
    assert one.bridge(build_query(question, k=8)) is None


# -- through the archive ------------------------------------------------------------------


class Translates:
    """Embeds "bridge" and "köprü" alike."""

    name = "translates"
    languages = frozenset({"en", "tr"})
    _WORDS = (("bridge", "köprü"), ("storm", "fırtına"), ("school", "okul"), ("river", "nehir"))

    def embed(self, texts: Sequence[str]) -> Any:
        rows = [[sum(t.casefold().count(w) for w in words) for words in self._WORDS] + [0.5] for t in texts]
        found = np.array(rows, np.float32).reshape(len(rows), 5)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    def query(self, text: str) -> Any:
        return self.embed([text])[0]


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Archive]:
    """English articles with words of any question, and one Turkish article that answers."""
    registry.register("embedders", "translates", lambda name, settings: Translates())
    chance = random.Random(5)
    asked = "closed people said year when there what old".split()
    others = [f"thing{n}" for n in range(200)]
    texts = [" ".join(w for pair in zip(asked, chance.sample(others, 8), strict=True) for w in pair) for _ in range(30)]
    rows = [row(f"en{n}", f"The {text} is what they have of it.", title="") for n, text in enumerate(texts)]
    answer = "Eski köprü onarım için haziran ayında kapatılacak ve bu köprü bir yıl sonra açılacak, dedi belediye."
    try:
        with Archive.open(tmp_path / "x", embeddings="translates", chat_model="extractive") as archive:
            archive.ingest(write_rows(tmp_path / "a.jsonl", *rows, row("tr", answer, title="")))
            assert archive.stats().languages == {"en": 30, "tr": 1}
            yield archive
    finally:
        registry.unregister("embedders", "translates")


def test_an_article_in_another_language_is_found_among_many_with_the_questions_words(
    mixed: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "When will the old bridge be closed, and what have people said of the year?"
    assert mixed.search(question, k=3)[0].passage.language == "tr"
    monkeypatch.setattr("rag.retrieve.tongues.ACROSS", {})
    assert "tr" not in {h.passage.language for h in mixed.search(question, k=3)}


class InEnglish(Translates):
    """Knows English words alone, and has a bridge from Turkish ones."""

    name = "in-english"
    languages = frozenset({"en"})
    _WORDS = (("bridge",), ("storm",), ("school",), ("river",))

    def __init__(self, installed: bool) -> None:
        self.bridge = FromTurkish(installed)


@pytest.mark.parametrize("installed", [True, False])
def test_an_english_article_is_found_by_a_question_in_turkish(tmp_path: Path, installed: bool) -> None:
    embedder = InEnglish(installed)
    registry.register("embedders", "in-english", lambda name, settings: embedder)
    rows = [
        row(f"s{n}", f"The school number {n} has new windows and doors, said the town.", title="") for n in range(20)
    ]
    rows.append(row("b", "The bridge will be shut in June for repairs, the council said.", title=""))
    try:
        with Archive.open(tmp_path / "x", embeddings="in-english", chat_model="extractive") as archive:
            archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
            found = archive.search(TR, k=3)
            assert ("b" in {h.passage.article_id for h in found[:1]} or "bridge" in found[0].passage.text) is installed
            assert bool(embedder.bridge.asked) is installed
            (query,) = [archive.retrieve(TR).query]
            assert archive.retriever.fit(query) == ("across" if installed else "any")
            alike = archive.retriever.alike(query)
            assert (alike is not None and float(alike(TR, ["bridge"])[0]) > 0.5) is installed
            vectors = archive.retriever.embed(query)([query.looked_for, "bridge"])
            assert (float(vectors[0] @ vectors[1]) > 0.5) is installed
    finally:
        registry.unregister("embedders", "in-english")
