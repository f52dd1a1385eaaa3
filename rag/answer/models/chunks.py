"""llama.cpp's events of one call as LangChain's chunks, with logprobs, token counts and why the answer ended."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from rag.answer.models.engine import END, EngineEvent, Work, failure

OnProgress = Callable[[int, int], None]
"""Called with (prompt tokens read so far, cached ones included; prompt tokens in all)."""


class Cancel(Protocol):
    """Something like a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


@dataclass(frozen=True)
class Call:
    """One call of the model: what is to be computed, and what the caller gave with it."""

    work: Work
    cancel: Cancel | None
    on_progress: OnProgress | None


class ChunkReader:
    """Turns llama.cpp's events of one call into LangChain's chunks."""

    def __init__(self, call: Call, model_name: str) -> None:
        self.done = False
        self._call = call
        self._model_name = model_name
        self._finish: str | None = None
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}

    def take(self, event: EngineEvent) -> ChatGenerationChunk | None:
        """One event, or None when nothing came for a while."""
        if self._call.cancel is not None and self._call.cancel.is_set():
            return self._last("cancelled")
        if event is None:
            return None
        if event is END:
            # Without a finish reason the engine was closed under the call.
            return self._last(self._finish or "cancelled")
        if isinstance(event, BaseException):
            raise event
        if not isinstance(event, dict):
            return None
        if "error" in event or "choices" not in event:
            raise failure(event.get("error") or event)
        progress = event.get("prompt_progress")
        if progress and self._call.on_progress is not None:
            self._call.on_progress(progress["processed"], progress["total"])
        self._usage = event.get("usage") or self._usage
        self._timings = event.get("timings") or self._timings
        text = ""
        logprobs: list[dict[str, Any]] = []
        for choice in event["choices"]:
            text += choice["delta"].get("content") or ""
            self._finish = choice.get("finish_reason") or self._finish
            logprobs += (choice.get("logprobs") or {}).get("content") or []
        if not text:
            return None
        # Sent with the tokens they belong to: the first one's decide before the answer is whole.
        metadata = {"logprobs": {"content": logprobs}} if logprobs else {}
        return ChatGenerationChunk(message=AIMessageChunk(content=text, response_metadata=metadata))

    def _last(self, finish: str) -> ChatGenerationChunk:
        self.done = True
        metadata: dict[str, Any] = {
            "finish_reason": finish,
            "model_name": self._model_name,
            "model_provider": "onrecord-local",
        }
        if self._timings:
            metadata["timings"] = self._timings
        usage = None
        if self._usage:
            read, written = self._usage["prompt_tokens"], self._usage["completion_tokens"]
            usage = UsageMetadata(
                input_tokens=read,
                output_tokens=written,
                total_tokens=read + written,
                input_token_details=InputTokenDetails(cache_read=int(self._timings.get("cache_n", 0))),
            )
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                response_metadata=metadata,
                usage_metadata=usage,
                chunk_position="last",
            ),
            generation_info={"finish_reason": finish},
        )


def first_logprobs(message: BaseMessage) -> dict[str, float]:
    """The first token's candidates of a message that was asked for with ``top_logprobs``.

    Returns:
        Token text → natural logarithm of its probability, most likely first. Tokens
        of the same text are added up.
    """
    found: dict[str, float] = {}
    content = (message.response_metadata.get("logprobs") or {}).get("content") or []
    for candidate in content[0]["top_logprobs"] if content else []:
        token, value = candidate["token"], float(candidate["logprob"])
        if token in found:
            high, low = max(found[token], value), min(found[token], value)
            value = high + math.log1p(math.exp(low - high))
        found[token] = value
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


__all__ = ["Call", "Cancel", "ChunkReader", "OnProgress", "first_logprobs"]
