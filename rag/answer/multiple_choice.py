"""Multiple choice: one of the given answers, by constrained decoding, never by reading prose."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.answer.evidence import Embed, Numbered
from rag.errors import ModelFailed, UsageError
from rag.text.tokens import query_terms, terms

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

MOST = 20
"""Choices; the local model tells the probabilities of that many tokens."""


def listed(choices: Sequence[str]) -> str:
    """Choices as the model reads them, a line each.

    Raises:
        UsageError: Fewer than two, or more than ``MOST``.
    """
    if not 2 <= len(choices) <= MOST:
        raise UsageError(f"There are {len(choices)} choices; give 2 to {MOST}.")
    return "\n".join(
        f"{letter}. {' '.join(c.split())}" for letter, c in zip(string.ascii_uppercase, choices, strict=False)
    )


def by_letter(chat: BaseChatModel, messages: list[BaseMessage], number: int) -> tuple[list[float], BaseMessage]:
    """The local model's probabilities of the first ``number`` letters, and its message.

    A grammar lets it say nothing but a letter. The probabilities are those of the first token before the grammar,
    taken relative to each other; a letter beyond the likeliest tokens gets the least of theirs.
    """
    from rag.answer.models.local import first_logprobs

    letters = string.ascii_uppercase[:number]
    grammar = "root ::= " + " | ".join(f'"{x}"' for x in letters)
    message = chat.invoke(messages, max_tokens=1, temperature=0.0, logprobs=True, top_logprobs=MOST, grammar=grammar)
    told = {token.strip(): value for token, value in reversed(first_logprobs(message).items())}
    if not told:
        raise ModelFailed("The model said nothing. Ask again.")
    least = min(told.values())
    return _shares([told.get(letter, least) for letter in letters]), message


def by_schema(chat: BaseChatModel, messages: list[BaseMessage], number: int) -> tuple[list[float], BaseMessage | None]:
    """Another model's choice, held to a schema by its provider: probability 1 for one letter.

    Raises:
        ModelFailed: The model can't be held to a schema, or answered outside it.
    """
    letters = list(string.ascii_uppercase[:number])
    schema = {
        "title": "Choice",
        "description": "The letter of the chosen answer",
        "type": "object",
        "properties": {"letter": {"type": "string", "enum": letters}},
        "required": ["letter"],
    }
    try:
        bound: Any = chat.with_structured_output(schema, include_raw=True)
    except NotImplementedError as e:
        raise ModelFailed(
            f"{type(chat).__name__} can't be held to a choice. Use local, extractive or one with structured output."
        ) from e
    reply = bound.invoke(messages)
    letter = (reply.get("parsed") or {}).get("letter")
    if letter not in letters:
        raise ModelFailed(f"The model answered outside the choices ({letter!r}). Ask again, or use another model.")
    return [float(x == letter) for x in letters], reply.get("raw")


def by_evidence(question: str, choices: Sequence[str], evidence: Sequence[Numbered], embed: Embed) -> list[float]:
    """Without a language model: how much the evidence speaks for each choice.

    Each choice takes its best sentence: the share of its words there (those of the question aside) and the
    likeness of question and choice together to it, times how near the sentence is to the question.
    """
    if not evidence:
        return [1.0 / len(choices)] * len(choices)
    vectors = embed([*(f"{question} {c}" for c in choices), *(e.text for e in evidence)])
    likeness = vectors[: len(choices)] @ vectors[len(choices) :].T
    top = max(0.0, *(e.score for e in evidence)) or 1.0
    nearness = np.array([max(0.0, e.score / top) for e in evidence])
    asked = set(query_terms(question))
    there = [set(terms(e.text)) for e in evidence]
    scores = []
    for choice, like in zip(choices, likeness, strict=True):
        own = [w for w in query_terms(choice) if w not in asked] or query_terms(choice)
        share = np.array([sum(w in t for w in own) / max(1, len(own)) for t in there])
        scores.append(float((nearness * (share + like)).max()))
    return _shares([6.0 * s for s in scores])


def _shares(values: Sequence[float]) -> list[float]:
    top = max(values)
    weights = [math.exp(v - top) for v in values]
    return [w / sum(weights) for w in weights]
