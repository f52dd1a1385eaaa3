"""The questions on news that the reader learns from, and the loss it learns by."""

from __future__ import annotations

import gzip
import json
from itertools import combinations

import pytest
from helpers import ROOT

torch = pytest.importorskip("torch")

from benchmarks.fit import news  # noqa: E402
from benchmarks.fit.reader_data import Item  # noqa: E402

DATA = ROOT.parent / "shared/data"
PARTS = ("reader", "held out", "confidence")


def test_no_article_is_asked_of_in_two_parts() -> None:
    articles = {part: {row["article"] for row in news.asked(part)} for part in PARTS}
    assert all(articles.values())
    for one, other in combinations(PARTS, 2):
        assert not articles[one] & articles[other]


def test_what_answers_nothing_has_no_sentence_and_every_other_question_has_one() -> None:
    for part in PARTS:
        for row in news.asked(part):
            if row["kind"] not in ("unanswerable", "followup"):
                assert row["gold"], row["question"]
            if row["kind"] == "unanswerable":
                assert not row["gold"] and not row["words"], row["question"]


@pytest.mark.skipif(not (DATA / "realtimeqa-2023").exists(), reason="../shared/data is not there")
def test_the_words_that_answer_stand_in_the_first_sentence_that_does() -> None:
    with gzip.open(DATA / "realtimeqa-2023" / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = {row["doc_id"]: row.get("text") or "" for row in map(json.loads, lines)}
    for part in PARTS:
        for row in news.asked(part):
            text = texts[row["article"]]
            assert all(0 <= start < end <= len(text) for start, end in row["gold"])
            if row["gold"]:
                start, end = row["gold"][0]
                assert row["words"] in text[start:end]


def _heads(sentence: list[list[float]], none: list[float]) -> dict[str, torch.Tensor]:
    scores = torch.tensor(sentence)
    return {"sentence": scores, "none": torch.tensor(none), "span": torch.zeros(*scores.shape, 2)}


def _item(gold: list[int]) -> Item:
    return Item([0, 5, 2, 7, 8, 2, 9, 10, 2], "qa", marks=[2, 5], gold=gold)


def test_the_loss_falls_where_the_sentence_that_answers_is_ahead_of_those_of_every_passage() -> None:
    """Two passages of two sentences each; the second sentence of the first passage answers."""
    group = [news.Group([_item([1]), _item([])])]
    flat, ahead = [0.0] * 9, [0.0] * 5 + [4.0] * 3 + [0.0]
    right = news.loss(_heads([ahead, flat], [0.0, 2.0]), group)
    undecided = news.loss(_heads([flat, flat], [0.0, 2.0]), group)
    wrong = news.loss(_heads([flat, ahead], [0.0, 2.0]), group)
    assert right < undecided < wrong


def test_where_nothing_answers_the_loss_falls_as_none_gains() -> None:
    group = [news.Group([_item([]), _item([])])]
    flat = [0.0] * 9
    assert news.loss(_heads([flat, flat], [3.0, 3.0]), group) < news.loss(_heads([flat, flat], [0.0, 0.0]), group)


def test_a_batch_holds_whole_questions_and_no_more_pieces_than_it_may() -> None:
    groups = [news.Group([Item([0] * size, "qa")] * 3) for size in range(20, 250, 5)]
    made = news.batches(groups, seed=3)
    assert sorted(id(g) for batch in made for g in batch) == sorted(map(id, groups))
    for batch in made:
        items = [i for g in batch for i in g.items]
        assert len(batch) == 1 or len(items) * max(len(i.ids) for i in items) <= news.PIECES
