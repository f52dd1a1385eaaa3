"""The embedded language model: a LangChain chat model over llama.cpp, inside this process.

    chat = ChatLocal(model_path=weights.ensure(cache), cache_dir=cache)
    chat.invoke("Who met whom?").content
    for chunk in chat.stream(messages, cancel=event, on_progress=print): ...

`ChatLocal` is a description; the loaded model is an `_Engine`, made at first
use and shared by every `ChatLocal` of this process with the same settings. An
engine has `n_parallel` worker threads that take requests first come, first
served, and call into llama.cpp; the caller only ever waits on a Python queue.
That is why a caller can be interrupted, cancelled or abandoned at any moment
without llama.cpp noticing more than "stop":

    caller ── _Job ──▶ queue ──▶ worker ── handle_chat_completions ──▶ llama.cpp
       ◀── events ◀── callback (answers True once the job is cancelled) ◀──┘

llama.cpp aborts the whole process when a server is torn down under a running
request, so `_Engine.close` cancels, waits for its workers, and only then lets
the server go. It runs at exit too.

xllamacpp's server insists on listening somewhere. Here that is a Unix socket
in a private folder (on Windows: a port of 127.0.0.1), behind a random key. It
is needed for what has no function call: keeping the state of a prompt on disk
and counting tokens.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import hashlib
import http.client
import importlib.util
import json
import math
import os
import platform
import queue
import re
import secrets
import shutil
import socket
import tempfile
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import LangSmithParams
from langchain_core.language_models.chat_models import (
    BaseChatModel,
    agenerate_from_stream,
    generate_from_stream,
)
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr

from rag.errors import ModelFailed, ModelMissing, UsageError

POLL = 0.1
"""Seconds between two looks at a `cancel` event while nothing arrives."""

KEPT_STATES = 8
"""Prompt states kept on disk, the most recently used ones (about 28 KB a token)."""

OnProgress = Callable[[int, int], None]
"""Called with (prompt tokens read so far, cached ones included; prompt tokens in all)."""


class Cancel(Protocol):
    """Something like a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class Warmth(NamedTuple):
    """What `ChatLocal.warm` did."""

    tokens: int
    """Prompt tokens that need not be read again."""
    restored: bool
    """Taken from disk instead of read."""
    seconds: float


# ------------------------------------------------------------------ the chat model


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

    _handle: _Handle = PrivateAttr(default_factory=lambda: _Handle())

    # ---- life

    def load(self) -> None:
        """Load the model now instead of at first use (1.5–3 s; Python stands still meanwhile)."""
        self._engine()

    def close(self) -> None:
        """Let go of the model; the last one to do so unloads it. Using it again loads it again."""
        with _LOCK:
            engine = _ENGINES.get(self._key())
            if engine is None:
                return
            engine.users.discard(self._handle)
            if engine.users:
                return
            del _ENGINES[self._key()]
        engine.close()

    def __enter__(self) -> ChatLocal:
        self.load()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._key() in _ENGINES

    def _key(self) -> _Key:
        return _Key(
            path=self.model_path.expanduser().absolute(),
            n_ctx=self.n_ctx,
            n_threads=self.n_threads or _cores(),
            n_parallel=self.n_parallel,
            n_batch=self.n_batch,
            prompt_cache_mib=self.prompt_cache_mib,
            states=None
            if self.cache_dir is None
            else self.cache_dir.expanduser().absolute() / "prompts",
        )

    def _engine(self) -> _Engine:
        key = self._key()
        with _LOCK:
            engine = _ENGINES.get(key)
            if engine is None:
                engine = _ENGINES[key] = _Engine(key)
            engine.users.add(self._handle)
            return engine

    def _submit(self, work: _Work, wake: Callable[[], None] | None = None) -> _Job:
        while True:
            with contextlib.suppress(_Closed):  # closed between the two calls: load again
                return self._engine().submit(work, wake)

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
        reader = _Reader(call, self.model_path.name)
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
        reader = _Reader(call, self.model_path.name)
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
        reply = self._ask("/tokenize", {"content": _clean(text), "parse_special": False})
        return [int(token) for token in reply["tokens"]]

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Tokens of a whole prompt, the chat template's own included."""
        if tools:
            raise UsageError(_NO_TOOLS)
        return int(
            self._ask("/chat/completions/input_tokens", {"messages": to_openai(messages)})[
                "input_tokens"
            ]
        )

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        while True:
            with contextlib.suppress(_Closed):
                return self._engine().post(path, body)

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
        message = self._generate(
            list(messages),
            max_tokens=1,
            temperature=0.0,
            logprobs=True,
            top_logprobs=n,
            grammar=grammar,
            cancel=cancel,
        ).generations[0].message
        found: dict[str, float] = {}
        content = (message.response_metadata.get("logprobs") or {}).get("content") or []
        for candidate in content[0]["top_logprobs"] if content else []:
            token, value = candidate["token"], float(candidate["logprob"])
            if token in found:
                high, low = max(found[token], value), min(found[token], value)
                value = high + math.log1p(math.exp(low - high))
            found[token] = value
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

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
                    if isinstance(event, BaseException):
                        raise event
                    if isinstance(event, Warmth):
                        return event._replace(seconds=time.perf_counter() - asked)
                    if event is None:
                        raise ModelFailed("The model was closed while reading: call it again.")
        finally:
            job.cancelled.set()

    # ---- a call

    def _call(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, given: dict[str, Any]
    ) -> _Call:
        given = {name: value for name, value in given.items() if name not in _LANGCHAINS}
        if given.get("tools") or given.get("tool_choice"):
            raise UsageError(_NO_TOOLS)
        unknown = given.keys() - _KNOWN
        if unknown:
            raise UsageError(
                f"The local model does not know {', '.join(sorted(unknown))}: "
                f"it takes {', '.join(sorted(_KNOWN))}."
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
        return _Call(
            work=lambda engine, job: engine.chat(request, job),
            cancel=given.get("cancel"),
            on_progress=given.get("on_progress"),
        )


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


@dataclass(frozen=True)
class _Call:
    work: _Work
    cancel: Cancel | None
    on_progress: OnProgress | None


class _Reader:
    """Turns llama.cpp's events of one call into LangChain's chunks."""

    def __init__(self, call: _Call, model_name: str) -> None:
        self.done = False
        self._call = call
        self._model_name = model_name
        self._finish: str | None = None
        self._logprobs: list[dict[str, Any]] = []
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}

    def take(self, event: _Event) -> ChatGenerationChunk | None:
        """One event, or None when nothing came for a while."""
        if self._call.cancel is not None and self._call.cancel.is_set():
            return self._last("cancelled")
        if event is None:
            return None
        if event is _END:
            # Without a finish reason the engine was closed under the call.
            return self._last(self._finish or "cancelled")
        if isinstance(event, BaseException):
            raise event
        if not isinstance(event, dict):
            return None
        if "error" in event or "choices" not in event:
            raise _failure(event.get("error") or event)
        progress = event.get("prompt_progress")
        if progress and self._call.on_progress is not None:
            self._call.on_progress(progress["processed"], progress["total"])
        self._usage = event.get("usage") or self._usage
        self._timings = event.get("timings") or self._timings
        text = ""
        for choice in event["choices"]:
            text += choice["delta"].get("content") or ""
            self._finish = choice.get("finish_reason") or self._finish
            self._logprobs += (choice.get("logprobs") or {}).get("content") or []
        if not text:
            return None
        return ChatGenerationChunk(message=AIMessageChunk(content=text))

    def _last(self, finish: str) -> ChatGenerationChunk:
        self.done = True
        told: dict[str, Any] = {
            "finish_reason": finish,
            "model_name": self._model_name,
            "model_provider": "onrecord-local",
        }
        if self._timings:
            told["timings"] = self._timings
        if self._logprobs:
            told["logprobs"] = {"content": self._logprobs}
        usage = None
        if self._usage:
            read, written = self._usage["prompt_tokens"], self._usage["completion_tokens"]
            usage = UsageMetadata(
                input_tokens=read,
                output_tokens=written,
                total_tokens=read + written,
                input_token_details=InputTokenDetails(
                    cache_read=int(self._timings.get("cache_n", 0))
                ),
            )
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                response_metadata=told,
                usage_metadata=usage,
                chunk_position="last",
            ),
            generation_info={"finish_reason": finish},
        )


def _failure(error: Any) -> ModelFailed | UsageError:
    """The exception for an error of llama.cpp."""
    if not isinstance(error, dict):
        error = {"message": str(error)}
    message = str(error.get("message", "no reason given"))
    if error.get("type") == "exceed_context_size_error":
        return ModelFailed(
            f"The prompt has {error.get('n_prompt_tokens', 'too many')} tokens and the model's "
            f"context holds {error.get('n_ctx', 'fewer')}: send fewer passages, or raise n_ctx."
        )
    if "grammar" in message:
        return UsageError(f"llama.cpp can't use this grammar ({message}): check its GBNF.")
    return ModelFailed(f"The local model failed ({message}): try again, or check the request.")


# ------------------------------------------------------------------ messages

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
    return [{"role": _role(m), "content": _clean(_text(m))} for m in messages]


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


def _clean(text: str) -> str:
    """Text that survives JSON and UTF-8, without control markers."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return _CONTROL.sub(lambda m: m.group() + " ", text)


# ------------------------------------------------------------------ the engine


class _Closed(Exception):
    """The engine was closed; get another."""


class _Handle:
    """One user of an engine; lives as long as its ChatLocal."""


class _End:
    """The last event of every job."""


_END = _End()
_Event = dict[str, Any] | BaseException | Warmth | _End | None
_Work = Callable[["_Engine", "_Job"], None]


class _Job:
    """One request: its work, its events, and whether anybody still wants it."""

    def __init__(self, work: _Work, wake: Callable[[], None] | None) -> None:
        self.work = work
        self.events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self.cancelled = threading.Event()
        self._wake = wake

    def put(self, event: _Event) -> None:
        self.events.put(event)
        if self._wake is not None:
            self._wake()


class _Key(NamedTuple):
    """What makes two engines different."""

    path: Path
    n_ctx: int
    n_threads: int
    n_parallel: int
    n_batch: int
    prompt_cache_mib: int
    states: Path | None


class _Engine:
    """A loaded model and the threads that feed it."""

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.users: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._secret = secrets.token_urlsafe(32)
        self._folder: Path | None = Path(tempfile.mkdtemp(prefix="onrecord-"))  # mode 0700
        try:
            self._server = self._start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._address = str(self._server.listening_address)
        self._warmed: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._open: set[_Job] = set()
        self._threads = [
            threading.Thread(target=self._run, name=f"llama-{i}", daemon=True)
            for i in range(key.n_parallel)
        ]
        for thread in self._threads:
            thread.start()

    def _start(self) -> Any:
        x = _xllamacpp()
        if not self.key.path.is_file():
            raise ModelMissing(f"There is no model file {self.key.path}: check the path.")
        params = x.CommonParams()
        params.model.path = str(self.key.path)
        params.model_alias = {self.key.path.name}
        params.n_parallel = self.key.n_parallel
        params.n_ctx = self.key.n_ctx * self.key.n_parallel
        params.n_batch = params.n_ubatch = self.key.n_batch
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.key.n_threads
        params.cache_ram_mib = self.key.prompt_cache_mib
        params.warmup = False
        params.verbosity = -1  # not a line on stdout or stderr
        params.ui = params.endpoint_slots = False
        params.endpoint_props = params.endpoint_metrics = False
        params.cors_origins = "localhost"
        params.api_keys = [self._secret]
        params.port = 0
        params.n_threads_http = 2
        sock = f"{self._folder}/llama.sock"
        if os.name == "posix" and len(os.fsencode(sock)) < 100:  # the system's limit is 104–108
            params.hostnames = [sock]
        if self.key.states is not None and _made(self.key.states):
            params.slot_save_path = f"{self.key.states}{os.sep}"
        try:
            return x.Server(params)
        except (RuntimeError, ValueError) as e:
            raise ModelFailed(
                f"llama.cpp can't load {self.key.path} ({e}): the file may be damaged or of a newer "
                "kind, or memory short; check it, or lower n_ctx."
            ) from e

    # ---- jobs

    def submit(self, work: _Work, wake: Callable[[], None] | None = None) -> _Job:
        """Queue work; its events end with `_END`."""
        job = _Job(work, wake)
        with self._lock:
            if self._closed:
                raise _Closed
            self._open.add(job)
            self._jobs.put(job)
        return job

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if not job.cancelled.is_set():
                    job.work(self, job)
            except BaseException as e:
                job.put(e)
            finally:
                with self._lock:
                    self._open.discard(job)
                job.put(_END)
            del job

    def chat(self, request: dict[str, Any], job: _Job) -> None:
        """Run one chat completion, its chunks to the job's events."""

        def callback(chunk: dict[str, Any]) -> bool:
            job.put(chunk)
            return job.cancelled.is_set()

        try:
            self._server.handle_chat_completions(request, callback)
        except RuntimeError as e:  # a C++ exception: a request the template or parser refuses
            raise ModelFailed(
                f"The local model refused the request ({e}): check its messages."
            ) from e

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask llama.cpp's server what has no function call."""
        if self._closed:
            raise _Closed
        connection = _connect(self._address)
        try:
            connection.request(
                "POST",
                path,
                json.dumps(body),
                {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"},
            )
            reply = connection.getresponse()
            data = json.loads(reply.read())
        except (OSError, ValueError, http.client.HTTPException) as e:
            raise ModelFailed(f"The local model does not answer ({e}): try again.") from e
        finally:
            connection.close()
        if reply.status != 200 or not isinstance(data, dict):
            raise _failure(data.get("error") if isinstance(data, dict) else data)
        return data

    # ---- prompt states

    def warm(self, prompt: list[dict[str, str]], job: _Job) -> None:
        """Get a prompt's beginning into slot 0, from disk or by reading it."""
        name = self._state_name(prompt)
        if name in self._warmed:
            job.put(Warmth(0, False, 0.0))
            return
        tokens = self._restore(name)
        if tokens:
            self._warmed.add(name)
            job.put(Warmth(tokens, True, 0.0))
            return
        failure: list[Any] = []
        usage: dict[str, Any] = {}

        def callback(chunk: dict[str, Any]) -> bool:
            if "error" in chunk or "choices" not in chunk:
                failure.append(chunk.get("error") or chunk)
            usage.update(chunk.get("usage") or {})
            return job.cancelled.is_set()

        self._server.handle_chat_completions(
            {
                "messages": prompt,
                "max_tokens": 1,
                "temperature": 0.0,
                "add_generation_prompt": False,
                "continue_final_message": False,
                "cache_prompt": True,
                "id_slot": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
                "return_progress": True,
            },
            callback,
        )
        if failure:
            raise _failure(failure[0])
        if usage:
            self._warmed.add(name)
            self._save(name)
        job.put(Warmth(int(usage.get("prompt_tokens", 0)), False, 0.0))

    def _state_name(self, prompt: list[dict[str, str]]) -> str:
        """Changes with everything that the state depends on."""
        stat = self.key.path.stat()
        about = [
            str(self.key.path),
            stat.st_size,
            stat.st_mtime_ns,
            metadata.version("xllamacpp"),
            platform.machine(),
            prompt,
        ]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]

    def _restore(self, name: str) -> int:
        """Tokens restored, 0 if there is no such state, or not a sound one."""
        if self.key.states is None:
            return 0
        file = self.key.states / f"{name}.state"
        try:
            noted = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            if hashlib.sha256(file.read_bytes()).hexdigest() != noted["sha256"]:
                return 0
            done = self.post("/slots/0?action=restore", {"filename": file.name})
            os.utime(file)
            return int(done["n_restored"])
        except (OSError, ValueError, KeyError, ModelFailed):
            return 0

    def _save(self, name: str) -> None:
        """Keep slot 0's state. Failing to costs time in the next process, not function."""
        if self.key.states is None:
            return
        file = self.key.states / f"{name}.state"
        temporary = file.with_name(f"{name}.{os.getpid()}.part")
        try:
            self.post("/slots/0?action=save", {"filename": temporary.name})
            noted = {"sha256": hashlib.sha256(temporary.read_bytes()).hexdigest()}
            os.replace(temporary, file)
            note = temporary.with_suffix(".note")
            note.write_text(json.dumps(noted), encoding="utf-8")
            os.replace(note, file.with_suffix(".json"))
            kept = sorted(self.key.states.glob("*.state"), key=lambda f: -f.stat().st_mtime)
            for old in kept[KEPT_STATES:]:
                old.with_suffix(".json").unlink(missing_ok=True)
                old.unlink(missing_ok=True)
        except (OSError, ModelFailed):
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    # ---- the end

    def close(self, timeout: float = 30.0) -> None:
        """Stop what runs, wait for the workers, unload the model.

        Args:
            timeout: Seconds to wait for the batch being computed. A server whose worker
                still runs then is left alone: tearing it down would abort the process.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for job in self._open:
                job.cancelled.set()
            for _ in self._threads:
                self._jobs.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            self.forget()
        self._server = None  # the last reference: its destructor stops and joins its own thread
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def forget(self) -> None:
        """Never run the server's destructor, not even at exit."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._server))
        self._folder = None


# ------------------------------------------------------------------ engines of this process

_LOCK = threading.RLock()
_ENGINES: dict[_Key, _Engine] = {}


def close_all() -> None:
    """Unload every model of this process. Runs by itself at exit."""
    with _LOCK:
        engines = list(_ENGINES.values())
        _ENGINES.clear()
    for engine in engines:
        engine.close()


def _after_fork() -> None:
    """A forked child has none of the threads: it must not touch the parent's engines."""
    global _LOCK
    _LOCK = threading.RLock()
    for engine in _ENGINES.values():
        engine.forget()
    _ENGINES.clear()


atexit.register(close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# ------------------------------------------------------------------ small things


def _xllamacpp() -> Any:
    """The package, with OpenMP's threads told to spin only briefly while they wait.

    By default they spin for milliseconds at every barrier, of which a token has over a
    thousand. On cores shared with anything else (the embedder, a browser) each then waits
    for one that is not running: one busy process on two cores brought 32 tokens/s down to
    0.4. With this it is 15, and on an idle machine nothing is lost. OpenMP reads the
    variable once, when its library is loaded, so it has no effect if something loaded
    that before (torch does), nor on a choice of the user's.
    """
    ours = not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}
    if ours:
        os.environ["GOMP_SPINCOUNT"] = "1000"
    try:
        try:
            import xllamacpp
        except ImportError as e:
            if "libgomp" not in str(e) or not _load_torchs_openmp():
                raise
            import xllamacpp
    except ImportError as e:
        if "libgomp" in str(e):
            raise ModelMissing(
                "The local model needs the system library libgomp: install it "
                "(Debian and Ubuntu: apt install libgomp1; Fedora: dnf install libgomp)."
            ) from e
        raise ModelMissing(
            "The package that runs local models, xllamacpp, is not installed "
            f'({e}): pip install "onrecord[local]"'
        ) from e
    finally:
        if ours:
            os.environ.pop("GOMP_SPINCOUNT", None)
    return xllamacpp


def _load_torchs_openmp() -> bool:
    """Load the OpenMP library that torch brings along, where the system has none."""
    spec = importlib.util.find_spec("torch")  # does not import it
    for folder in (spec.submodule_search_locations or []) if spec else []:
        with contextlib.suppress(OSError):
            ctypes.CDLL(str(Path(folder) / "lib" / "libgomp.so.1"), mode=ctypes.RTLD_GLOBAL)
            return True
    return False


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _cores() -> int:
    """Physical cores that this process may use."""
    try:
        allowed = os.sched_getaffinity(0)
    except AttributeError:  # not on macOS and Windows
        return max(1, (os.cpu_count() or 2) // (1 if platform.machine() == "arm64" else 2))
    cores = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii"))
        except OSError:
            cores.add(str(cpu))
    count = len(cores)
    with contextlib.suppress(OSError, ValueError):  # a container's share of the processor
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        count = min(count, math.ceil(int(quota) / int(period)))
    return max(1, count)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


def _connect(address: str) -> http.client.HTTPConnection:
    scheme, _, where = address.partition("://")
    return _UnixConnection(where) if scheme == "unix" else http.client.HTTPConnection(where)


__all__ = ["Cancel", "ChatLocal", "HumanMessage", "SystemMessage", "Warmth", "close_all"]
