"""The questions that others have published, where they are."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from helpers import ROOT

from rag.evaluation.cases import load_cases
from rag.ingest.clean import clean
from rag.text.detect import detect_language
from rag.text.split import sentences
from rag.types import RawArticle

DATA = ROOT.parent / "shared/data"


def needs_data() -> None:
    if not DATA.exists():
        pytest.skip("../shared/data is not there")


@pytest.mark.parametrize(
    ("path", "format", "count", "problems"),
    [
        ("realtimeqa-2023/questions.jsonl", "realtimeqa", 1418, 0),
        ("realtimeqa-2023/questions_nota.jsonl", "realtimeqa", 1418, 0),
        ("realtimeqa-2023/questions.jsonl", "realtimeqa-generation", 1418, 0),
        ("realtimeqa-2023/questions.jsonl", "realtimeqa-closed", 1218, 1),  # nothing was retrieved for 200
        ("realtimeqa-2023/questions.jsonl", "realtimeqa-generation-closed", 1218, 1),
        ("clapnq/clapnq_dev_answerable.jsonl", "clapnq", 300, 0),
        ("clapnq/clapnq_dev_unanswerable.jsonl", "clapnq", 300, 0),
        ("clapnq/dev_pool_beir", "beir", 300, 1),  # the other 300 have no relevant passage
        ("xquad/xquad.en.json", "squad", 1190, 0),
        ("xquad/xquad.tr.json", "squad", 1190, 0),
        ("xquad/xquad.zh.json", "squad", 1190, 0),
        ("xquad/beir/en", "beir", 1185, 0),  # questions of the same words are one query
        ("xquad/beir/tr", "beir", 1184, 0),
        ("xquad/beir/zh", "beir", 1181, 0),
        ("scifact", "beir", 300, 0),
    ],
)
def test_the_open_data_loads_whole(path: str, format: str, count: int, problems: int) -> None:
    needs_data()
    seen = format in ("realtimeqa", "clapnq", "beir", "squad")
    cases = load_cases(DATA / path, format=None if seen else format)
    assert (cases.format, len(cases), len(cases.problems)) == (format, count, problems)
    assert all(c.answers for c in cases if c.answerable and format != "beir")
    assert all(c.within for c in cases) == format.endswith("-closed")
    assert all(c.relevant for c in cases if format == "beir")
    assert all(c.evidence for c in cases if format == "squad")


def test_what_the_open_data_says() -> None:
    needs_data()
    nota = load_cases(DATA / "realtimeqa-2023/questions_nota.jsonl")
    assert all("nota" in c.tags for c in nota) and sum(not c.answerable for c in nota) == 368
    silver = load_cases(DATA / "realtimeqa-2023/questions.jsonl")
    assert sum(bool(c.relevant) for c in silver) == 654
    assert Counter(t for c in silver for t in c.tags)["2023-06"] == 140
    answerable = load_cases(DATA / "clapnq/clapnq_dev_answerable.jsonl")
    assert all(c.answerable and c.relevant for c in answerable) and sum(bool(c.evidence) for c in answerable) == 299
    assert not any(c.answerable for c in load_cases(DATA / "clapnq/clapnq_dev_unanswerable.jsonl"))


@pytest.mark.parametrize("language", ["en", "tr", "zh"])
def test_evidence_of_squad_is_what_the_archive_stores(language: str) -> None:
    needs_data()
    stored: set[str] = set()
    for line in (DATA / f"xquad/beir/{language}/corpus.jsonl").read_text("utf-8").splitlines():
        draft = clean(RawArticle(key="k", text=json.loads(line)["text"]))
        assert isinstance(draft, RawArticle)
        stored |= {draft.text[s.start : s.end] for s in sentences(draft.text, detect_language(draft.text))}
    cases = load_cases(DATA / f"xquad/xquad.{language}.json")
    assert all(set(case.evidence) <= stored for case in cases)
