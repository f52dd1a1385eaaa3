"""The archive as a LangChain runnable, which is a node of LangGraph too: what it takes, what it tells on its way."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, LLMResult
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableConfig

from rag.errors import UsageError
from rag.following import follow
from rag.langchain import document, told
from rag.protocols import AskOptions, SearchOptions, SupportsAsk, refuse_unknown
from rag.types import Answer, Delta, Event, Finished, Progress, Retrieved

if TYPE_CHECKING:
    from langchain_core.callbacks import AsyncCallbackManagerForChainRun, CallbackManagerForChainRun

_WANTED = "Give a question, {'question': …}, a list of messages, or a state {'messages': […]}."
_QUESTION = ("question", "input", "query")
"""What a question is called in a dictionary, best first."""
_NODE = "langgraph_node"
"""What LangGraph puts into the metadata of all that runs within a graph."""
Asked = str | BaseMessage | Sequence[BaseMessage] | Mapping[str, Any] | PromptValue
"""What the runnable takes."""


class ArchiveRunnable(Runnable[Any, Any]):
    """``Archive.ask`` as a runnable.

    Of a question, however it is given, it makes an ``Answer``; of a state with ``messages`` the update
    ``{"messages": [AIMessage]}``, whose text has the quotes below it, and whose ``additional_kwargs["citations"]``
    holds them as data. Its stream yields the events of ``Archive.stream``, and the ``Answer`` last.

    Callbacks see a retriever step, and where a model writes a chat model step. Its tokens are whole sentences that have
    passed the check: what fails it is not shown there either.
    """

    def __init__(self, archive: SupportsAsk, options: AskOptions | None = None) -> None:
        """Take what answers, such as an ``Archive``, and options as for ``Archive.stream``.

        Raises:
            TypeError: There is no such option.
        """
        self.archive = archive
        self.options: AskOptions = options or {}
        self.name = "onrecord"
        refuse_unknown(self.options, AskOptions)

    def invoke(self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Answer a question.

        Args:
            input: A text, ``{"question": …}``, messages, or a state with ``messages``. Beside the question a dictionary
                may have options of ``Archive.search`` that aren't bound: ``{"question": …, "after": "June 2023"}``.
                A graph's state may have any other keys; they are not read.
            config: Callbacks, tags and so on.
            kwargs: Options of ``Archive.stream`` for this question; ``bind`` gives them.

        Raises:
            UsageError: There is no question in the input.
            TypeError: There is no such option, or one that is bound is given beside the question too.
            OnRecordError: As ``Archive.stream`` does.
        """
        return self._call_with_config(self._answer, input, config, run_type="chain", **kwargs)

    async def ainvoke(self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """As ``invoke``; cancelling the task stops the answer."""
        return await self._acall_with_config(self._aanswer, input, config, run_type="chain", **kwargs)

    def stream(self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any | None) -> Iterator[Any]:
        """As ``invoke``, event by event: ``Retrieved``, ``Quoted``, ``Progress``, ``Delta``, then the ``Answer``.

        Of a state there is one piece, the update; its steps are seen by callbacks.
        """
        yield from self._transform_stream_with_config(iter([input]), self._steps, config, run_type="chain", **kwargs)

    async def astream(
        self,
        input: Asked,
        config: RunnableConfig | None = None,
        **kwargs: Any | None,
    ) -> AsyncIterator[Any]:
        """As ``stream``."""

        async def only() -> AsyncIterator[Any]:
            yield input

        async for piece in self._atransform_stream_with_config(
            only(), self._asteps, config, run_type="chain", **kwargs
        ):
            yield piece

    # -- within --------------------------------------------------------------------------

    def _answer(self, asked: Any, run_manager: CallbackManagerForChainRun, **kwargs: Any) -> Any:
        last: Any = None
        for last in self._steps(iter([asked]), run_manager, **kwargs):  # noqa: B007
            pass
        return last

    async def _aanswer(self, asked: Any, run_manager: AsyncCallbackManagerForChainRun, **kwargs: Any) -> Any:
        async def only() -> AsyncIterator[Any]:
            yield asked

        last: Any = None
        async for last in self._asteps(only(), run_manager, **kwargs):  # noqa: B007
            pass
        return last

    def _steps(self, inputs: Iterator[Any], run_manager: CallbackManagerForChainRun, **kwargs: Any) -> Iterator[Any]:
        for asked in inputs:
            question, options = self._understood(asked, kwargs, run_manager)
            steps = _Steps(question)
            child = run_manager.get_child()
            runs: dict[str, Any] = {}

            def tell(calls: Iterator[_Call], child: Any = child, runs: dict[str, Any] = runs) -> None:
                for what, method, args, named in calls:
                    if method.endswith("start"):
                        run = getattr(child, method)(*args, **named)
                        runs[what] = run[0] if isinstance(run, list) else run
                    else:
                        getattr(runs[what], method)(*args, **named)

            tell(steps.begin())
            try:
                for event in self.archive.stream(question, **options):
                    tell(steps.seen(event))
                    yield from _shown(asked, event, steps)
            except Exception as e:
                tell(steps.failed(e))
                raise

    async def _asteps(
        self, inputs: AsyncIterator[Any], run_manager: AsyncCallbackManagerForChainRun, **kwargs: Any
    ) -> AsyncIterator[Any]:
        async for asked in inputs:
            question, options = self._understood(asked, kwargs, run_manager)
            steps = _Steps(question)
            child = run_manager.get_child()
            runs: dict[str, Any] = {}

            async def tell(calls: Iterator[_Call], child: Any = child, runs: dict[str, Any] = runs) -> None:
                for what, method, args, named in calls:
                    if method.endswith("start"):
                        run = await getattr(child, method)(*args, **named)
                        runs[what] = run[0] if isinstance(run, list) else run
                    else:
                        await getattr(runs[what], method)(*args, **named)

            await tell(steps.begin())
            stop = options.get("cancel") or threading.Event()
            options = {**options, "cancel": stop}
            events = follow(lambda q=question, o=options: self.archive.stream(q, **o), stop)  # type: ignore[misc]
            try:
                async for event in events:
                    await tell(steps.seen(event))
                    for piece in _shown(asked, event, steps):
                        yield piece
            except Exception as e:
                await tell(steps.failed(e))
                raise
            finally:
                await events.aclose()

    def _understood(
        self, asked: Any, given: Mapping[str, Any], run: CallbackManagerForChainRun | AsyncCallbackManagerForChainRun
    ) -> tuple[str, AskOptions]:
        """The question in an input, and the options: those beside it, of the call, and its conversation."""
        question, history = _question(asked)
        beside = {} if _NODE in run.metadata else _beside(asked)
        refuse_unknown(beside, SearchOptions)  # who answers is not for whoever asks to say
        if twice := sorted(beside.keys() & {*self.options, *given}):  # nor how wide the fence is
            raise TypeError(f"`{twice[0]}` is bound, so that it can't be given beside the question as well.")
        options = {**({"history": history} if history else {}), **self.options, **given, **beside}
        refuse_unknown(options, AskOptions)
        return question, cast(AskOptions, options)


_Call = tuple[str, str, tuple[Any, ...], dict[str, Any]]
"""(which step, the callback manager's method, its arguments)"""


class _Steps:
    """What callbacks are told of an answer on its way: a retriever's step, then a chat model's where one writes."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.message_id: str | None = None
        """Of what the chat model wrote."""
        self._open: str | None = None
        self._model = "onrecord"

    def begin(self) -> Iterator[_Call]:
        """The search begins."""
        self._open = "retriever"
        yield "retriever", "on_retriever_start", ({"name": "onrecord"}, self.question), {"name": "onrecord_passages"}

    def seen(self, event: Event) -> Iterator[_Call]:
        """What an event means to callbacks."""
        if isinstance(event, Retrieved):
            if self._open == "retriever":
                self._open = None
                yield "retriever", "on_retriever_end", ([document(hit) for hit in event.hits],), {}
        elif isinstance(event, Progress):
            if self._open is None and self.message_id is None:
                from uuid import uuid4

                self._open, self.message_id = "model", f"run--{uuid4()}"
                asked = [[HumanMessage(self.question)]]
                yield (
                    "model",
                    "on_chat_model_start",
                    ({"name": "onrecord_summary"}, asked),
                    {
                        "name": "onrecord_summary",
                        "invocation_params": {"_type": "onrecord"},
                    },
                )
        elif isinstance(event, Delta):
            if self._open == "model":
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=event.text, id=self.message_id))
                yield "model", "on_llm_new_token", (event.text,), {"chunk": chunk}
        elif isinstance(event, Finished):
            if self._open == "retriever":  # an answer without a search, as of a timeline
                yield "retriever", "on_retriever_end", ([document(hit) for hit in event.answer.hits],), {}
            if self._open == "model":
                written = ChatGeneration(message=message(event.answer, self.message_id))
                yield "model", "on_llm_end", (LLMResult(generations=[[written]]),), {}
            self._open = None

    def failed(self, error: BaseException) -> Iterator[_Call]:
        """It ended in an error."""
        if self._open is not None:
            method = "on_retriever_error" if self._open == "retriever" else "on_llm_error"
            yield self._open, method, (error,), {}
            self._open = None


def _shown(asked: Any, event: Event, steps: _Steps) -> Iterator[Any]:
    """What the stream yields for an event."""
    if not isinstance(event, Finished):
        if not _is_state(asked):
            yield event
    elif _is_state(asked):
        yield {"messages": [message(event.answer, steps.message_id)]}
    else:
        yield event.answer


def message(answer: Answer, ident: str | None = None) -> AIMessage:
    """An answer as a message: its text with the quotes below, and as data in ``additional_kwargs``.

    All of it is JSON, so that a checkpoint keeps it without knowing our types.
    """
    usage = answer.usage
    counted = UsageMetadata(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
    )
    return AIMessage(
        content=told(answer),
        id=ident,
        name="onrecord",
        additional_kwargs={
            "answered": answer.answered,
            "reason": answer.reason,
            "confidence": answer.confidence,
            "text": answer.text,
            "citations": [c.model_dump(mode="json") for c in answer.quotes],
        },
        response_metadata={"model_name": answer.model, "fingerprint": answer.fingerprint},
        usage_metadata=counted if counted["total_tokens"] else None,
    )


def _is_state(asked: Any) -> bool:
    """Whether an input is a graph's state: it has messages, and is no prompt."""
    if isinstance(asked, Mapping):
        return "messages" in asked and not any(name in asked for name in _QUESTION)
    return not isinstance(asked, str | BaseMessage | PromptValue | Sequence) and hasattr(asked, "messages")


def _beside(asked: Any) -> dict[str, Any]:
    """What stands beside the question in a dictionary; nothing of a state, whose keys are its graph's own."""
    if not isinstance(asked, Mapping) or "messages" in asked:
        return {}
    name = next((one for one in _QUESTION if one in asked), None)
    return {str(key): value for key, value in asked.items() if key != name}


def _question(asked: Any) -> tuple[str, list[tuple[str, str]]]:
    """The question in an input, and the conversation before it.

    Raises:
        UsageError: There is none.
    """
    if isinstance(asked, str):
        return asked, []
    if isinstance(asked, PromptValue):
        return _last_asked(asked.to_messages())
    if isinstance(asked, BaseMessage):
        return _last_asked([asked])
    if isinstance(asked, Mapping):
        for name in _QUESTION:
            if name in asked:
                if isinstance(asked[name], Mapping):
                    _refuse(asked[name])
                return _question(asked[name])
        if "messages" in asked:
            return _last_asked(asked["messages"])
        raise UsageError(
            f"There is no question in a dictionary with {', '.join(map(repr, asked)) or 'nothing'}. {_WANTED}"
        )
    if isinstance(asked, Sequence) and not isinstance(asked, bytes | bytearray):
        return _last_asked(asked)
    if hasattr(asked, "messages"):
        return _last_asked(asked.messages)
    _refuse(asked)


def _refuse(asked: Any) -> NoReturn:
    raise UsageError(f"There is no question in an input of type {type(asked).__name__}. {_WANTED}")


def _last_asked(messages: Any) -> tuple[str, list[tuple[str, str]]]:
    """The last message, which asks, and (question, answer) of the turns before it."""
    from langchain_core.messages import convert_to_messages

    try:
        given = convert_to_messages(messages if isinstance(messages, Sequence) else [messages])
    except (ValueError, NotImplementedError, TypeError) as e:
        raise UsageError(f"The messages can't be read ({str(e).splitlines()[0][:100]}). {_WANTED}") from e
    said = [m for m in given if isinstance(m, HumanMessage | AIMessage) and _text(m).strip()]
    if not said or not isinstance(said[-1], HumanMessage):
        raise UsageError(f"The last of the messages has to be a person's, with a text. {_WANTED}")
    history: list[tuple[str, str]] = []
    for one in said[:-1]:
        if isinstance(one, HumanMessage):
            history.append((_text(one), ""))
        elif history:
            refused = one.additional_kwargs.get("answered") is False  # a refusal states nothing to take up
            history[-1] = (history[-1][0], "" if refused else str(one.additional_kwargs.get("text") or _text(one)))
    return _text(said[-1]), history


def _text(message: BaseMessage) -> str:
    return str(message.text)


__all__ = ["ArchiveRunnable", "Asked", "message"]
