"""Rated answers as cases of an evaluation: an answer that its user found good is expected again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.types import Turn


def to_case(turn: Turn, history: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A rated turn as a row that ``load_cases`` reads from JSON Lines.

    Args:
        turn: A turn with feedback.
        history: The questions and answers before it, as rows of "question" and "answer".
    """
    answer, feedback = turn.answer, turn.feedback
    assert feedback is not None
    query = answer.query
    filtered = query.after or query.before or query.sources or query.language
    case: dict[str, Any] = {
        "id": f"{turn.conversation}-{turn.id}",
        "question": turn.question,
        "history": list(history),
        "within": list(query.articles),
        "tags": ["good" if feedback.good else "bad", *(["filtered"] if filtered else [])],
        "why": feedback.why,
    }
    if feedback.good and answer.answered:
        case |= {
            "answers": [answer.brief or answer.plain_text],
            "evidence": list(dict.fromkeys(c.quote for c in answer.citations)),
            "relevant": {c.article_id: 1 for c in answer.citations},
            "answerable": True,
        }
    elif feedback.good:
        case["answerable"] = False
    return case
