"""How a refusal reads, in the question's language."""

from __future__ import annotations

from rag.text.lexicon import having
from rag.text.word_lists import Refusals
from rag.types import Reason


def refusal(reason: Reason, language: str) -> str:
    """The text of a refusal; in English where the language's lexicon has none.

    Args:
        reason: Why there is no answer.
        language: ISO 639-1.
    """
    texts = having(Refusals)
    written: tuple[str, ...] = getattr(texts.get(language, texts["en"]), reason)
    return written[0]
