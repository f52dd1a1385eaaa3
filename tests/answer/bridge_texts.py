"""Articles on a bridge, and what was shown of an answer."""

from __future__ import annotations

import re
from typing import Any

from langchain_core.messages import BaseMessage

from rag import Answer, Delta
from rag.types import Event

BRIDGE = (
    "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday. "
    "Engineers found cracks in two of the nine piers during an inspection in March. "
    "“We would rather close it now than be sorry later,” said Maren Holt, the authority’s director."
)
WHY = "Why will the Old Harbour Bridge close?"
QUESTION = "Why will the Old Harbour Bridge close, and what did engineers find?"
"""Each of the article's sentences is quoted for it."""
TRUE = "Engineers found cracks in two of the nine piers during an inspection in March."


def number_of(messages: list[BaseMessage], words: str) -> int:
    """Under which number the model was shown the sentence with these words."""
    shown = str(messages[-1].text)
    line = next(line for line in shown.splitlines() if words in line)
    return int(re.match(r"\[(\d+)\]", line)[1])  # type: ignore[index]


def told(words: str, reply: str) -> Any:
    """A model that writes ``reply`` with ``#`` replaced by the number of the sentence with ``words``."""
    return lambda messages: reply.replace("#", str(number_of(messages, words)))


def marked(claim: str, answer: Answer) -> str:
    """A claim with the mark of the first thing that an answer cites."""
    return f"{claim} [{answer.citations[0].number}]"


def told_of(answer: Answer) -> list[str]:
    """The quotes that the sentences of an answer cite, in the text's order."""
    return [c.quote for c in answer.citations if c.claim != (0, 0)]


def texts(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Delta))
