"""The real thing: real models, the sample corpus, the seed article where it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, assert_cited, onrecord

from rag import Archive, Delta
from rag.types import Event
from tests.conftest import SEED

pytestmark = pytest.mark.models

LOWEST = "are at the lowest point since the establishment of diplomatic relations"
QUESTION = "what did Qin Gang say about relations?"
ABSENT = [
    "Who won the 2022 World Cup?",
    "What did Sergei Lavrov say to Antony Blinken?",
    "What is the capital of Mongolia?",
]


@pytest.fixture(scope="module")
def copied(sample_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy for processes of their own."""
    import shutil

    folder = tmp_path_factory.mktemp("copied") / "archive"
    shutil.copytree(sample_archive.path, folder)
    return folder


def test_the_sample_is_sound(sample_archive: Archive) -> None:
    assert sample_archive.doctor() == []
    assert sample_archive.stats().articles >= 15


@pytest.mark.skipif(not SEED.exists(), reason="../shared/data is not there")
def test_the_seed_article_is_clean(sample_archive: Archive) -> None:
    seed = next(a for a in sample_archive.articles() if a.title == "Antony Blinken meets Xi Jinping in Beijing")
    for leftover in ("Related Posts", "Bir cevap yazın", "E-posta", "Gerekli alanlar"):
        assert leftover not in seed.text
        assert not any(leftover in h.passage.text for h in sample_archive.search(leftover, k=50))


@pytest.fixture(scope="module")
def told(sample_archive: Archive) -> Callable[[str], list[Event]]:
    """The events of the answer that a model gives, asked once."""
    return cache(lambda model: list(sample_archive.stream(QUESTION, chat_model=model)))


@pytest.mark.parametrize("model", ["local", "extractive"])
def test_qins_words_are_cited_from_the_sentence_that_holds_them(
    sample_archive: Archive, told: Callable[[str], list[Event]], model: str
) -> None:
    events = told(model)
    answer = events[-1].answer  # type: ignore[union-attr]
    assert answer.answered, answer.withheld
    assert "lowest point" in answer.text
    assert_cited(sample_archive, answer)
    cited = next(c for c in answer.citations if "lowest point" in answer.text[slice(*c.claim)])
    assert LOWEST in cited.quote
    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text
    for span in re.findall("“([^“”]*)”", answer.text):
        assert any(span.strip(" ,.") in c.quote for c in answer.citations)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Tell me what Qin Gang said about relations.", "lowest point"),
        ("Does Qin Gang think that relations are good?", "lowest point"),
        ("Can you tell me how much the Kellmouth tram will cost?", "£97 million"),
        ("I'd like to know when the Kellmouth tram opens", "2025"),
        ("Please summarize the talks between Blinken and Qin Gang", "hours"),
        ("Isn't the Kellmouth tram going to cost £97 million?", "£97 million"),
        ("Merkez Bankası haziran 2023’te politika faizini kaça çıkardı?", "15"),
        ("Acaba Merkez Bankası haziran 2023’te politika faizini kaça çıkardı?", "15"),
        ("Kaç puan arttı Merkez Bankası politika faizi haziran 2023’te?", "15"),
    ],
)
def test_it_does_not_matter_how_a_question_is_opened(sample_archive: Archive, question: str, says: str) -> None:
    answer = sample_archive.ask(question, chat_model="extractive")
    assert answer.answered, answer.withheld
    assert says in answer.text


@pytest.mark.parametrize("opening", ["Tell me", "Can you explain", "I'd like to know"])
def test_an_opening_answers_nothing(sample_archive: Archive, opening: str) -> None:
    assert not sample_archive.ask(f"{opening} {ABSENT[1]}", chat_model="extractive").answered


@pytest.mark.parametrize("question", ABSENT)
def test_what_is_not_in_the_archive_is_refused(sample_archive: Archive, question: str) -> None:
    answer = sample_archive.ask(question)
    assert not answer.answered, answer.text
    assert answer.citations == ()
    assert answer.reason in ("not_in_archive", "not_supported")
    assert answer.hits


def test_the_local_model_counts_tokens_and_is_named(
    sample_archive: Archive, told: Callable[[str], list[Event]]
) -> None:
    assert sample_archive.settings.model == "local", "it is the one that is asked by default"
    answer = told("local")[-1].answer  # type: ignore[union-attr]
    assert answer.model == "local"
    assert answer.usage.input_tokens > 300
    assert 0 < answer.usage.output_tokens < 300
    assert "MiniLM" in answer.fingerprint


def test_the_sample_questions_find_their_articles(sample_archive: Archive) -> None:
    """Retrieval on the questions that ship with the corpus: the right article among the first five."""
    lines = (ROOT / "corpus/questions.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines if line.strip()]
    cases = [c for c in cases if c["answerable"] and c["relevant"]]
    assert len(cases) >= 10
    missed = []
    for case in cases:
        best = {k for k, grade in case["relevant"].items() if grade == max(case["relevant"].values())}
        wanted = {a.id for a in sample_archive.articles() if a.key in best or Path(a.key).name in best}
        assert wanted, case["id"]
        twins = {k for i in wanted for k in sample_archive.get(i).also_published_by}
        wanted |= {sample_archive.get(k).id for k in twins}
        found = {h.passage.article_id for h in sample_archive.search(case["question"], k=5)}
        if not found & wanted:
            missed.append(case["id"])
    assert len(missed) <= len(cases) // 10, missed


def test_search_in_a_fresh_process(copied: Path) -> None:
    done = onrecord("search", QUESTION, "--archive", copied, "--json")
    assert done.returncode == 0, done.stderr
    hits: list[dict[str, Any]] = json.loads(done.stdout)["hits"]
    assert any(LOWEST in h["passage"]["text"] for h in hits[:3])
    assert hits[0]["found_by"] in ("hybrid", "dense", "lexical")


def test_ask_in_a_fresh_process_and_its_exit_codes(copied: Path) -> None:
    done = onrecord("ask", QUESTION, "--archive", copied, "--json", timeout=180)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert any(LOWEST in c["quote"] for c in answer["citations"])
    refused = onrecord("ask", ABSENT[0], "--archive", copied, timeout=180)
    assert refused.returncode == 3, refused.stdout
    assert "Nearest passages" in refused.stdout
    assert "Traceback" not in refused.stderr


def test_the_models_are_there_and_right() -> None:
    done = onrecord("models", "--verify", "--json", timeout=300)
    assert done.returncode == 0, done.stderr
    assert [row["state"] for row in json.loads(done.stdout)] == ["verified"] * 3


def test_the_real_embedding_model_is_not_another(copied: Path) -> None:
    from rag.errors import ArchiveMismatch
    from rag.testing import FakeEmbeddings

    with Archive.open(copied, embeddings=FakeEmbeddings()) as archive, pytest.raises(ArchiveMismatch, match="MiniLM"):
        archive.search("x")
