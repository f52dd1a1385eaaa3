"""Answers as values and as JSON."""

from __future__ import annotations

import json

import pytest
from answer.bridge_texts import QUESTION, TRUE, told

from rag import Answer, Archive
from rag.testing import FakeChat

# -- the schema ------------------------------------------------------------------------


def test_the_json_of_an_answer_round_trips_and_has_the_documented_names(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]\nNobody knows why it will cost 90 million. [#]")
    answer = bridge.ask(QUESTION)
    text = answer.model_dump_json()
    assert Answer.model_validate_json(text) == answer
    assert Answer.model_validate_json(text).model_dump_json() == text
    data = json.loads(text)
    assert data.keys() == {
        "schema",
        "sides",
        "question",
        "query",
        "text",
        "citations",
        "hits",
        "answered",
        "reason",
        "confidence",
        "withheld",
        "model",
        "prompt",
        "fingerprint",
        "usage",
        "millis",
        "brief",
        "unanswered",
        "unheard",
        "summarized",
        "timeline",
    } | ({"conflicts"} & data.keys())
    assert data["schema"] == 1
    assert data["answered"] is True
    assert data["citations"][0].keys() >= {
        "number",
        "article_id",
        "title",
        "source",
        "published",
        "url",
        "quote",
        "start",
        "end",
        "claim",
        "support",
        "also_printed_by",
    }
    assert data["query"].keys() >= {"text", "standalone", "k", "after", "before", "sources"}
    assert data["hits"][0].keys() >= {"passage", "score", "rank", "found_by"}
    assert data["withheld"][0].keys() == {"text", "why"}
    assert data["usage"].keys() >= {"input_tokens", "output_tokens"}


def test_values_are_frozen_and_take_no_unknown_fields(bridge: Archive) -> None:
    from pydantic import ValidationError

    answer = bridge.ask(QUESTION)
    with pytest.raises(ValidationError):
        answer.text = "other"
    with pytest.raises(ValidationError):
        Answer.model_validate({**answer.model_dump(), "extra": 1})
