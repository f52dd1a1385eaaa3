"""Talking with the model: what it is sent, its output as it comes, and what it reports beside its text.

Query, [Numbered] --build_messages--> messages --Generator.statements--> Statement, Progress
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rag.answer import multiple_choice, parse, prompts
from rag.answer.check import support
from rag.answer.evidence import Numbered
from rag.answer.models import chat
from rag.composing import AnswerText
from rag.errors import ModelFailed, OnRecordError
from rag.text.detect import detect_question
from rag.text.normalize import contains
from rag.types import Progress, Query, Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

_POLL = 0.1
"""Seconds between two looks at whether the caller has cancelled."""
_LANGUAGES = {
    "ar": "Arabic", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip


@dataclass
class Generation:
    """How a model was asked, and what it reported beside its text."""

    temperature: float | None = None
    """Another than the model's own."""
    usage: Usage = field(default_factory=Usage)
    cancelled: bool = False


class Generator:
    """A chat model that answers from evidence. Safe to use from several threads as far as the model is."""

    def __init__(self, name: str, model: BaseChatModel, *, own: bool, local: bool) -> None:
        """Take a model; nothing is loaded before it is needed.

        Args:
            name: What messages call it.
            model: The model.
            own: Whether it was made for this program, and so is to be closed with it.
            local: Whether it is the embedded one, which can be warmed up and reports probabilities of tokens.
        """
        self.local = local
        self.prompt = prompts.load("answer")
        self._name = name
        self._model = model
        self._own = own
        self._lock = threading.Lock()
        self._warming: threading.Thread | None = None

    # -- loading and closing -------------------------------------------------------

    def prepare(self) -> None:
        """Let the embedded model load, and read the part of the prompt that never changes, in a thread of its own."""
        if not self.local:
            return
        with self._lock:
            if self._warming is None:
                self._warming = threading.Thread(target=self._warm, name="onrecord-warm", daemon=True)
                self._warming.start()

    def _warm(self) -> None:
        with suppress(OnRecordError):  # the question itself meets the same error, and reports it
            self._model.warm(to_messages(self.prompt.fixed()))  # type: ignore[attr-defined]

    def close(self) -> None:
        """Unload the model, if it is our own."""
        if self._own and (close := getattr(self._model, "close", None)):
            close()
        if self._warming is not None:
            self._warming.join(timeout=30)

    # -- asking --------------------------------------------------------------------

    def statements(
        self, messages: list[BaseMessage], generation: Generation, cancel: threading.Event
    ) -> Iterator[parse.Statement | Progress]:
        """The statements of an answer, each as soon as it is whole; ``Progress`` of "writing" at the first token."""
        parser = parse.StatementParser()
        writing = False
        for piece in self.generate(messages, generation, cancel):
            if isinstance(piece, Progress):
                yield piece
                continue
            if not writing:
                writing = True
                yield Progress(stage="writing")
            yield from parser.feed(piece)
        if not generation.cancelled:
            yield from parser.end()

    def brief(
        self, messages: list[BaseMessage], text: AnswerText, generation: Generation, cancel: threading.Event
    ) -> str | None:
        """The answer again in a few words: the conversation goes on, so that little has to be read.

        Args:
            messages: What the model was sent for the answer.
            text: The answer.
            generation: Is updated.
            cancel: Set by the caller to stop.

        Returns:
            Words of the answer or of what it cites; None where the model says anything else, as a small one does when
            it goes on talking.
        """
        from langchain_core.messages import AIMessage

        answer = " ".join(text.sentences)
        again = [*messages, AIMessage(content=answer), *to_messages(prompts.load("brief").render())]
        said = "".join(p for p in self.generate(again, generation, cancel) if isinstance(p, str))
        short = parse.unmarked(said).strip(".")
        known = (answer, *(c.quote for c in text.citations))
        return short if short and any(contains(t, short) for t in known) else None

    def llm_verdict(self, prompt: str) -> float:
        """The model's probability of "yes" to a question of the support check.

        Raises:
            ModelFailed: The model answered with an error.
        """
        messages = to_messages([("system", support.INSTRUCTION), ("user", prompt)])
        if self.local:
            return support.p_yes(self._model.first_token_logprobs(messages))  # type: ignore[attr-defined]
        try:
            reply = str(self._model.invoke(messages).text)
        except Exception as e:  # providers raise their own
            raise _model_failed(self._name, e) from e
        return 1.0 if reply.strip().casefold().startswith("yes") else 0.0

    def choose(self, messages: list[BaseMessage], choices: int) -> tuple[list[float], Usage]:
        """The probabilities of the lettered choices in a prompt, and the tokens it took.

        Raises:
            ModelFailed: The model answered with an error, or can't be held to a choice.
        """
        method = multiple_choice.by_letter if self.local else multiple_choice.by_schema
        try:
            probabilities, message = method(self._model, messages, choices)
        except OnRecordError:
            raise
        except Exception as e:  # providers raise their own
            raise _model_failed(self._name, e) from e
        generation = Generation()
        if message is not None:
            _record_usage(message, generation)
        return probabilities, generation.usage

    def generate(
        self, messages: list[BaseMessage], generation: Generation, cancel: threading.Event
    ) -> Iterator[str | Progress]:
        """The model's output as it comes, with signs of life before it.

        The model runs in a thread of its own, so the caller is never blocked by a model that says nothing: it may
        cancel, or close the iterator, at any moment.

        Raises:
            ModelFailed: The model answered with an error.
        """
        pieces: queue.SimpleQueue[str | Progress | BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()

        def work() -> None:
            try:
                model = chat.with_temperature(self._model, generation.temperature)
                for chunk in model.stream(messages, **self._call_options(pieces, stop)):
                    if stop.is_set():
                        return
                    _record_usage(chunk, generation)
                    if text := chunk.text:
                        # Half of a surrogate pair can't be stored.
                        pieces.put(str(text).encode("utf-8", "replace").decode())
                pieces.put(None)
            except BaseException as e:  # raised in the caller's thread
                pieces.put(e)

        if self.local:
            yield Progress(stage="loading")
        threading.Thread(target=work, name="onrecord-model", daemon=True).start()
        try:
            while True:
                if cancel.is_set():
                    generation.cancelled = True
                    return
                try:
                    piece = pieces.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if piece is None:
                    return
                if isinstance(piece, OnRecordError):
                    raise piece
                if isinstance(piece, BaseException):
                    raise _model_failed(self._name, piece) from piece
                yield piece
        finally:
            stop.set()

    def _call_options(self, pieces: queue.SimpleQueue[Any], stop: threading.Event) -> dict[str, Any]:
        """Options of a call that only the embedded model knows; waits until it is warm."""
        if not self.local:
            return {}
        if self._warming is not None:
            self._warming.join()
        return {
            "cancel": stop,
            "on_progress": lambda done, total: pieces.put(Progress(stage="reading", done=done, total=total)),
        }


def build_messages(prompt: prompts.Prompt, query: Query, evidence: Sequence[Numbered]) -> list[BaseMessage]:
    """What the model is sent to answer a question."""
    language = detect_question(query.text)
    # Small models answer in the language of the prompt's examples unless they are told another.
    hint = f"\nAnswer in {_LANGUAGES.get(language, 'the language of the question')}." if language != "en" else ""
    return to_messages(prompt.render(evidence=format_evidence(evidence), question=query.standalone, hint=hint))


def format_evidence(evidence: Sequence[Numbered]) -> str:
    """Evidence as the model reads it: numbered sentences under their article's title, outlet and date."""
    lines: list[str] = []
    last = ""
    for e in evidence:
        if e.article_id != last:
            last = e.article_id
            p = e.passage
            when = f"{p.published.day} {p.published:%B %Y}" if p.published else None
            facts = ", ".join(x for x in (p.source, when) if x)
            lines.append(f'From "{" ".join(p.title.split())}"' + (f" ({facts})" if facts else ""))
        lines.append(f"[{e.number}] {' '.join(e.text.split())}" + (f" ({e.who})" if e.who else ""))
    return "\n".join(lines)


def to_messages(rendered: Sequence[tuple[str, str]]) -> list[BaseMessage]:
    """A prompt's (role, text) pairs as LangChain's messages."""
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[role](content=text) for role, text in rendered]


def _record_usage(message: Any, generation: Generation) -> None:
    """Take token counts from a message or a piece of one."""
    if used := message.usage_metadata:
        before = generation.usage
        generation.usage = Usage(
            input_tokens=before.input_tokens + used["input_tokens"],
            output_tokens=before.output_tokens + used["output_tokens"],
            cached_tokens=before.cached_tokens + ((used.get("input_token_details") or {}).get("cache_read") or 0),
        )


def _model_failed(name: str, error: BaseException) -> ModelFailed:
    """A provider's error in one line."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelFailed(f"The model {name} failed: {first.rstrip('.')}. Ask again, or choose another: --model none")


__all__ = ["Generation", "Generator", "build_messages", "format_evidence", "to_messages"]
