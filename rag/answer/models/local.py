"""The embedded language model: a LangChain chat model over llama.cpp, inside this process.

    chat = ChatLocal(model_path=weights.ensure(cache), cache_dir=cache)
    chat.invoke("Who met whom?").content
    for chunk in chat.stream(messages, cancel=event, on_progress=print): ...

`ChatLocal` is a description; the loaded model is an `Engine`, made at first
use and shared by every `ChatLocal` of this process with the same settings. An
engine has `n_parallel` worker threads that take requests first come, first
served, and call into llama.cpp; the caller only ever waits on a Python queue.
That is why a caller can be interrupted, cancelled or abandoned at any moment
without llama.cpp noticing more than "stop":

    caller ── Job ──▶ queue ──▶ worker ── handle_chat_completions ──▶ llama.cpp
       ◀── events ◀── callback (answers True once the job is cancelled) ◀──┘

llama.cpp aborts the whole process when a server is torn down under a running
request, so `Engine.close` cancels, waits for its workers, and only then lets
the server go. It runs at exit too. A forked child can't use its parent's
model, and should end the way multiprocessing ends it (`os._exit`): llama.cpp
would wait for threads that the child does not have.

xllamacpp's server insists on listening somewhere. Here that is a Unix socket
in a private folder (on Windows: a port of 127.0.0.1), behind a random key. It
is needed for what has no function call: keeping the state of a prompt on disk
and counting tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel, agenerate_from_stream, generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr

from rag.answer.models.chunks import Call, Cancel, ChunkReader, OnProgress, first_logprobs
from rag.answer.models.engine import (
    ENGINES,
    LOCK,
    Engine,
    EngineClosed,
    Handle,
    Job,
    Key,
    Warmth,
    Work,
    close_all,
    cores,
)
from rag.answer.models.messages import clean, to_openai
from rag.errors import ModelFailed, UsageError

POLL = 0.1
"""Seconds between two looks at a `cancel` event while nothing arrives."""


class ChatLocal(BaseChatModel):
    """A GGUF model run by llama.cpp in this process.

    Text in, text out: no tools, no images. The model is loaded at first use (or
    by `load`) and stays loaded, shared by every `ChatLocal` with the same file
    and the same settings of the engine, until `close` or the process's end.
    Safe to use from several threads: with one slot, calls wait their turn.

    Each call takes, besides LangChain's ``stop``: ``temperature``,
    ``max_tokens``, ``seed``, ``grammar`` (GBNF), ``logprobs`` (bool),
    ``top_logprobs`` (int), ``cancel`` (an event; when set, the answer ends where
    it is, with ``finish_reason`` "cancelled") and ``on_progress``. All but
    LangChain's own may be fixed with ``bind``.

    A conversation that ends with an AIMessage is continued from its last word.

    Raises (from every call that needs the model):
        ModelMissing: The file or the package ``xllamacpp`` is not there.
        ModelFailed: It can't be loaded, or the prompt is longer than the context.
        UsageError: An unknown argument, a malformed grammar, images or tools.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model_path: Path
    """A GGUF file."""
    n_ctx: int = Field(default=4096, ge=128)
    """Tokens of prompt and answer together, per slot."""
    n_threads: int | None = Field(default=None, ge=1)
    """None: the physical cores this process may use."""
    n_parallel: int = Field(default=1, ge=1)
    """Requests computed at once. They share the cores: more are not faster on few cores."""
    n_batch: int = Field(default=64, ge=8)
    """Prompt tokens read between two looks at `cancel`."""
    prompt_cache_mib: int = Field(default=256, ge=0)
    """MiB of memory for the states of earlier prompts (0: only each slot's last one)."""
    cache_dir: Path | None = None
    """Where `warm` keeps states across processes. None: it keeps none."""
    temperature: float = Field(default=0.0, ge=0.0)
    max_tokens: int | None = Field(default=512, ge=1)
    """Longest answer, in tokens. None: until the context is full."""
    seed: int = Field(default=0, ge=0)
    stop: list[str] | None = None
    """Strings that end an answer, besides those of a call."""

    _handle: Handle = PrivateAttr(default_factory=lambda: Handle())

    # ---- life

    def load(self) -> None:
        """Load the model now instead of at first use (1.5–3 s; Python stands still meanwhile)."""
        self._engine()

    def close(self) -> None:
        """Let go of the model; the last one to do so unloads it. Using it again loads it again."""
        with LOCK:
            engine = ENGINES.get(self._key())
            if engine is None:
                return
            engine.users.discard(self._handle)
            if engine.users:
                return
            del ENGINES[self._key()]
        engine.close()

    def __enter__(self) -> ChatLocal:
        self.load()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._key() in ENGINES

    def _key(self) -> Key:
        return Key(
            path=self.model_path.expanduser().absolute(),
            n_ctx=self.n_ctx,
            n_threads=self.n_threads or cores(),
            n_parallel=self.n_parallel,
            n_batch=self.n_batch,
            prompt_cache_mib=self.prompt_cache_mib,
            states=None if self.cache_dir is None else self.cache_dir.expanduser().absolute() / "prompts",
        )

    def _engine(self) -> Engine:
        key = self._key()
        with LOCK:
            engine = ENGINES.get(key)
            if engine is None:
                engine = ENGINES[key] = Engine(key)
            engine.users.add(self._handle)
            return engine

    def _submit(self, work: Work, wake: Callable[[], None] | None = None) -> Job:
        while True:
            try:
                return self._engine().submit(work, wake)
            except EngineClosed:  # between the two calls: load again
                continue

    # ---- what LangChain asks for

    @property
    def _llm_type(self) -> str:
        return "onrecord-local"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {
            "model_name": self.model_path.name,
            "n_ctx": self.n_ctx,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
            "stop": self.stop,
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        given = super()._get_ls_params(stop=stop, **kwargs)
        given["ls_provider"] = "onrecord-local"
        given["ls_model_name"] = str(kwargs.get("model") or self.model_path.name)
        return given

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, None, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._call(messages, stop, kwargs)
        job = self._submit(call.work)
        reader = ChunkReader(call, self.model_path.name)
        try:
            while not reader.done:
                try:
                    event = job.events.get(timeout=POLL)
                except queue.Empty:
                    event = None
                chunk = reader.take(event)
                if chunk is not None:
                    if run_manager is not None and chunk.text:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        finally:
            job.cancelled.set()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, None, **kwargs))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = self._call(messages, stop, kwargs)
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone
                loop.call_soon_threadsafe(arrived.set)

        if not self.loaded:
            await asyncio.to_thread(self.load)
        job = self._submit(call.work, wake)
        reader = ChunkReader(call, self.model_path.name)
        try:
            while not reader.done:
                try:
                    event = job.events.get_nowait()
                except queue.Empty:
                    event = None
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(arrived.wait(), POLL)
                    arrived.clear()
                chunk = reader.take(event)
                if chunk is not None:
                    if run_manager is not None and chunk.text:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        finally:
            job.cancelled.set()

    def get_token_ids(self, text: str) -> list[int]:
        """The model's tokens of a text, special tokens not interpreted."""
        reply = self._ask("/tokenize", {"content": clean(text), "parse_special": False})
        return [int(token) for token in reply["tokens"]]

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Tokens of a whole prompt, the chat template's own included."""
        if tools:
            raise UsageError(_NO_TOOLS)
        return int(self._ask("/chat/completions/input_tokens", {"messages": to_openai(messages)})["input_tokens"])

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        while True:
            try:
                return self._engine().post(path, body)
            except EngineClosed:
                continue

    # ---- more than LangChain asks for

    def first_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        *,
        grammar: str | None = None,
        n: int = 20,
        cancel: Cancel | None = None,
    ) -> dict[str, float]:
        """What the model would say first, and how surely.

        Args:
            messages: The prompt.
            grammar: GBNF for the token generated. The figures are from before it, so a
                token the grammar forbids is in the answer too.
            n: How many candidates, the most likely first.
            cancel: Stops it.

        Returns:
            Token text → natural logarithm of its probability, most likely first. Tokens
            of the same text are added up. Empty when cancelled.
        """
        message = (
            self._generate(
                list(messages),
                max_tokens=1,
                temperature=0.0,
                logprobs=True,
                top_logprobs=n,
                grammar=grammar,
                cancel=cancel,
            )
            .generations[0]
            .message
        )
        return first_logprobs(message)

    def warm(self, messages: Sequence[BaseMessage]) -> Warmth:
        """Have the beginning of later prompts read already, from disk if an earlier process did.

        Worth calling once, with the part that every prompt begins with: instructions and
        worked examples. It may end inside a message: later prompts are compared token by
        token. With a `cache_dir` the state is kept there (about 28 KB a token for the
        default model), checked by hash, and made anew when the model, the prompt or
        llama.cpp changed. It holds these messages only, nothing asked later.
        """
        asked = time.perf_counter()
        if not messages:
            raise UsageError("Nothing to warm the model with: give the prompt's fixed messages.")
        prompt = to_openai(messages)
        job = self._submit(lambda engine, job: engine.warm(prompt, job))
        try:
            while True:
                with contextlib.suppress(queue.Empty):
                    event = job.events.get(timeout=POLL)
                    if isinstance(event, EngineClosed):
                        raise ModelFailed("The model was closed while reading: call it again.")
                    if isinstance(event, BaseException):
                        raise event
                    if isinstance(event, Warmth):
                        return event._replace(seconds=time.perf_counter() - asked)
                    if event is None:
                        raise ModelFailed("The model was closed while reading: call it again.")
        finally:
            job.cancelled.set()

    # ---- a call

    def _call(self, messages: Sequence[BaseMessage], stop: list[str] | None, given: dict[str, Any]) -> Call:
        given = {name: value for name, value in given.items() if name not in _LANGCHAINS}
        if given.get("tools") or given.get("tool_choice"):
            raise UsageError(_NO_TOOLS)
        unknown = given.keys() - _KNOWN
        if unknown:
            raise UsageError(
                f"The local model does not know {', '.join(sorted(unknown))}: it takes {', '.join(sorted(_KNOWN))}."
            )
        request: dict[str, Any] = {
            "messages": to_openai(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "cache_prompt": True,
            "temperature": _or(given.get("temperature"), self.temperature),
            "max_tokens": _or(given.get("max_tokens"), _or(self.max_tokens, -1)),
            "seed": _or(given.get("seed"), self.seed),
            "stop": [*(self.stop or []), *(stop or [])],
        }
        if given.get("grammar"):
            request["grammar"] = given["grammar"]
        if given.get("logprobs") or given.get("top_logprobs"):
            request["logprobs"] = True
            request["top_logprobs"] = _or(given.get("top_logprobs"), 1)
        return Call(
            work=lambda engine, job: engine.chat(request, job),
            cancel=given.get("cancel"),
            on_progress=given.get("on_progress"),
        )


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


_KNOWN = {
    "temperature",
    "max_tokens",
    "seed",
    "grammar",
    "logprobs",
    "top_logprobs",
    "cancel",
    "on_progress",
}
_LANGCHAINS = {"stream", "stream_usage"}  # arguments for LangChain's part, not the model's
_NO_TOOLS = "The local model calls no tools: use a model of a service, such as openai:…, for those."


__all__ = ["Cancel", "ChatLocal", "OnProgress", "Warmth", "close_all", "first_logprobs", "to_openai"]
