"""Answers as values and as JSON."""

from __future__ import annotations

import json

import pytest
from answer.bridge_texts import QUESTION, TRUE, told

from rag import Answer, Archive
from rag.evaluation.values import Row
from rag.testing import FakeChat

OLD_PLACE = {"passage": "a:0", "article": "a", "twins": ["b"]}

# -- the schema ------------------------------------------------------------------------


def test_the_json_of_an_answer_round_trips_and_has_the_documented_names(bridge: Archive, chat: FakeChat) -> None:
    chat.replies = told("cracks", f"{TRUE} [#]\nNobody knows why it will cost 90 million. [#]")
    answer = bridge.ask(QUESTION)
    text = answer.model_dump_json()
    assert Answer.model_validate_json(text) == answer
    assert Answer.model_validate_json(text).model_dump_json() == text
    data = json.loads(text)
    assert data.keys() == {
        "schema_version",
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
        "timings_ms",
        "brief",
        "unanswered",
        "unheard",
        "summarized",
        "timeline",
    } | ({"conflicts"} & data.keys())
    assert data["schema_version"] == 2
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
        "also_published_by",
    }
    assert data["query"].keys() >= {"text", "standalone", "k", "after", "before", "sources"}
    assert data["hits"][0].keys() >= {"passage", "score", "rank", "found_by"}
    assert data["withheld"][0].keys() == {"text", "why"}
    assert data["usage"].keys() >= {"input_tokens", "output_tokens"}


def test_json_of_the_schema_before_is_still_read(bridge: Archive) -> None:
    """Conversations and rows of an evaluation that were stored then."""
    answer = bridge.ask(QUESTION)
    data = json.loads(answer.model_dump_json())
    data["schema"] = data.pop("schema_version") - 1
    data["millis"] = data.pop("timings_ms")
    for hit in data["hits"]:
        hit["twins"] = [*hit.pop("duplicates"), "x"]
    for citation in data["citations"]:
        citation["also_printed_by"] = citation.pop("also_published_by")
    assert {"schema_version": 1}.items() <= (read := Answer.model_validate(data)).model_dump().items()
    assert (read.timings_ms, read.citations) == (answer.timings_ms, answer.citations)
    assert read.hits[0].duplicates == (*answer.hits[0].duplicates, "x")
    row = Row.model_validate({"case": {"id": "1", "question": "?"}, "millis": {"a": 1.0}, "found": [OLD_PLACE]})
    assert (row.timings_ms, row.found[0].duplicates) == ({"a": 1.0}, ("b",))


def test_values_are_frozen_and_take_no_unknown_fields(bridge: Archive) -> None:
    from pydantic import ValidationError

    answer = bridge.ask(QUESTION)
    with pytest.raises(ValidationError):
        answer.text = "other"
    with pytest.raises(ValidationError):
        Answer.model_validate({**answer.model_dump(), "extra": 1})
