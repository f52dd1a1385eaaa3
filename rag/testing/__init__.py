"""Stand-ins for models, for tests of what is built on OnRecord.

Install them through the arguments a real model goes through:

    from rag import Archive
    from rag.testing import FakeChat, FakeEmbeddings

    chat = FakeChat(["The bridge is closed for repairs. [1]"])
    archive = Archive.open(tmp_path, chat_model=chat, embeddings=FakeEmbeddings())
    archive.ingest("articles/")
    archive.ask("Why is the bridge closed?")
    chat.seen[-1]            # the messages that were sent

Nothing here loads weights or opens a connection, and the same input always
gives the same output, in every process.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr

from rag.text.tokens import terms

Reply = str | BaseException
"""What a model says, or what it raises."""

Replies = Sequence[Reply] | Callable[[list[BaseMessage]], Reply]
"""What to say call by call, or how to find out."""


class FakeChat(BaseChatModel):
    """A chat model that says what it is told to say, word by word.

    ``replies`` is a list, of which each call takes the next (after the last
    one the first again), or a function from the messages to a reply. A reply
    that is an exception is raised. May be changed between calls, and called
    from several threads.
    """

    replies: Replies = Field(default_factory=lambda: ["NOT FOUND"])
    """What to say; by default, that nothing was found."""
    delay: float = 0.0
    """Seconds before each word."""
    model_name: str = "fake-chat"
    """Recorded in an answer as its model."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    _seen: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _calls: int = PrivateAttr(default=0)
    _guard: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, replies: Replies | None = None, **rest: Any) -> None:
        """Take the replies as the first argument, too."""
        super().__init__(**(rest if replies is None else {"replies": replies, **rest}))

    @property
    def seen(self) -> list[list[BaseMessage]]:
        """The messages of each call so far, oldest first."""
        with self._guard:
            return list(self._seen)

    @property
    def _llm_type(self) -> str:
        return "fake-chat"

    def _reply(self, messages: list[BaseMessage]) -> str:
        with self._guard:
            self._seen.append(list(messages))
            at, self._calls = self._calls, self._calls + 1
        reply = self.replies(messages) if callable(self.replies) else self.replies[at % len(self.replies)]
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = self._reply(messages)
        pieces = _pieces(text)
        time.sleep(self.delay * len(pieces))
        message = AIMessage(content=text, usage_metadata=_usage(messages, len(pieces)))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        pieces = _pieces(self._reply(messages))
        for piece in pieces:
            time.sleep(self.delay)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        usage = _usage(messages, len(pieces))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))


class FakeEmbeddings(Embeddings):
    """Bags of hashed words: texts that share words are near each other, and nothing is learnt.

    Words are folded and stemmed as the lexical index does it.
    """

    def __init__(self, dim: int = 64, model_name: str | None = None) -> None:
        """Make a model.

        Args:
            dim: Numbers in a vector.
            model_name: What an archive records of it; an archive built with one name refuses another.
        """
        self.dim = dim
        self.model_name = model_name or f"hashed-words-{dim}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector of length 1 for each text."""
        return [self._vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """As for a document."""
        return self._vector(text)

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dim
        for word in terms(text):
            place = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=4).digest(), "big")
            vector[place % self.dim] += 1.0
        length = sum(x * x for x in vector) ** 0.5
        if not length:
            vector[0] = length = 1.0
        return [x / length for x in vector]


def _pieces(text: str) -> list[str]:
    """Words with the space before them; joined they are the text."""
    return re.findall(r"\s*\S+|\s+", text)


def _usage(messages: list[BaseMessage], written: int) -> UsageMetadata:
    """Words counted as tokens."""
    read = sum(len(_pieces(str(m.text))) for m in messages)
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
