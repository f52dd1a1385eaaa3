"""LangChain's messages as llama.cpp takes them: role and text, in which nothing can pose as another message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, ChatMessage

from rag.errors import UsageError

_ROLES = {"system": "system", "human": "user", "user": "user", "ai": "assistant"} | {
    "assistant": "assistant",
    "AIMessageChunk": "assistant",
    "HumanMessageChunk": "user",
    "SystemMessageChunk": "system",
}

# What chat templates delimit messages with. llama.cpp reads these as control
# tokens wherever they stand, so an article holding one could end the user's
# message and speak as the system.
_CONTROL = re.compile(
    r"<(?=\|[\w▁ -]{1,40}\|>)"
    r"|<(?=/?s>)"
    r"|<(?=(?:start|end)_of_turn>)"
    r"|\[(?=/?INST\])"
    r"|<(?=</?SYS>>)"
    r"|<(?=｜)"
)


def to_openai(messages: Sequence[BaseMessage]) -> list[dict[str, str]]:
    """Messages as llama.cpp takes them: role and text.

    Markers that a chat template would read as control tokens are broken by a
    space after their first character, so that text can't pose as a message.

    Raises:
        UsageError: No messages, or something else than text in one.
    """
    if not messages:
        raise UsageError("There is no message to answer: give at least one.")
    return [{"role": _role(m), "content": clean(_text(m))} for m in messages]


def _role(message: BaseMessage) -> str:
    kind = message.role if isinstance(message, ChatMessage) else message.type
    if kind not in _ROLES or (isinstance(message, AIMessage) and message.tool_calls):
        raise UsageError(
            f"The local model can't take a {type(message).__name__} ({kind}): "
            "use system, human and AI messages without tool calls."
        )
    return _ROLES[kind]


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    parts = []
    for block in message.content:
        if isinstance(block, str):
            parts.append(block)
        elif block.get("type") == "text":
            parts.append(str(block.get("text", "")))
        else:
            raise UsageError(
                f"The local model reads text only, not {block.get('type', 'this')!r}: "
                "leave it out, or use a model that takes it."
            )
    return "".join(parts)


def clean(text: str) -> str:
    """Text that survives JSON and UTF-8, without control markers."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return _CONTROL.sub(lambda m: m.group() + " ", text)


__all__ = ["clean", "to_openai"]
