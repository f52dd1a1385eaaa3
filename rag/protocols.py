"""What the parts of OnRecord promise one another: the seams that others can fill, and the one place filters are spelt.

Fill a seam in a package of your own by an entry point, or in a program by ``rag.registry.register``; docs/extending.md
has an example of each. All of them may be called from several threads at once.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Literal,
    ParamSpec,
    Protocol,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    runtime_checkable,
)

from rag.text.mistakes import hint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from langchain_core.language_models import BaseChatModel

    from rag.answer.check.verify import Cited
    from rag.index.schema import IndexRow
    from rag.index.stores import Stores
    from rag.settings import Settings
    from rag.types import Answer, Event, Hit, Query, RawArticle, Skipped

P = ParamSpec("P")
R = TypeVar("R")

# -- what a question may come with ---------------------------------------------------


Day = date | str
"""A date or a datetime, or a text: "2023-02-01", "1 Feb 2023", "yesterday"; a month, a year or "last week" is its first
day. What is ambiguous, as "03/04/2023" is, is refused."""


ListOrder = Literal["newest", "oldest", "added", "title", "source", "longest"]
"""The order of a list of articles."""


class FilterArgs(TypedDict, total=False):
    """Which articles are searched; every key may be left out. Command line, API, HTTP, MCP and page all take these."""

    after: Day | None
    """Only articles from then on, each by the clock of its own outlet: a day is that outlet's day."""
    before: Day | None
    """Only articles before then."""
    today: Day | None
    """The day that "last week" counts from, in ``after`` and ``before`` and in a question; by default now."""
    sources: Sequence[str]
    """Only these outlets, in any case."""
    undated: bool
    """Whether a date filter lets articles without a date through; by default it does."""
    articles: Sequence[str]
    """Only these: ids, keys or aliases."""
    language: str | None
    """Only articles in this one, as in "en" (ISO 639)."""
    collection: str | None
    """Only articles of this collection: its name, or ``#ID``."""


class QuestionOptions(FilterArgs, total=False):
    """What a question is understood by."""

    history: Sequence[tuple[str, str]]
    """(question, text of the answer) so far, oldest first: "and before that?" is searched for with them."""
    times: bool
    """Whether what the question says of when ("in June 2023", "latest", "before the summit") decides which articles are
    searched (``Query.time``); by default it does. ``after`` or ``before`` given win over it."""


class SearchOptions(QuestionOptions, total=False):
    """How passages are searched for."""

    k: int | None
    """How many passages, 1 to 1000; by default the setting ``k``."""


class AskOptions(SearchOptions, total=False):
    """How a question is answered."""

    chat_model: str | None
    """Another model than the archive's, by name."""
    cancel: threading.Event | None
    """Set it to stop, also while the model still reads. Closing the iterator of events stops as well."""
    brief: bool
    """Have the model say its answer again in a few words (``Answer.brief``)."""
    temperature: float | None
    """Another than the setting; not for the extractive engine, which has none."""


def refuse_unknown(options: Mapping[str, Any], known: type) -> None:
    """Check the names of options, which Python itself doesn't where they are taken by ``**options``.

    Args:
        options: What was given.
        known: The TypedDict that has all there are, such as ``AskOptions``.

    Raises:
        TypeError: One of them is not there.
    """
    names: frozenset[str] = known.__optional_keys__  # type: ignore[attr-defined]
    for name in options:
        if name not in names:
            there = ", ".join(sorted(names))
            raise TypeError(f"unexpected keyword argument {name!r}; there are {there}.{hint(name, sorted(names))}")


def naming_mistakes(method: Callable[P, R]) -> Callable[P, R]:
    """A method whose error for an argument that it doesn't have says which there are, and which is likely meant."""
    kinds = inspect.signature(method).parameters.values()
    taken = [one.name for one in kinds if one.kind is inspect.Parameter.KEYWORD_ONLY]

    def refuse(given: Mapping[str, Any]) -> None:
        for name in given:
            if name not in taken:
                told = f"{method.__name__}() has no argument {name!r}; there are {', '.join(taken)}."
                raise TypeError(told + hint(name, taken))

    if inspect.iscoroutinefunction(method):

        async def later(*args: P.args, **kwargs: P.kwargs) -> Any:
            refuse(kwargs)
            return await method(*args, **kwargs)

        return cast("Callable[P, R]", functools.wraps(method)(later))

    @functools.wraps(method)
    def now(*args: P.args, **kwargs: P.kwargs) -> R:
        refuse(kwargs)
        return method(*args, **kwargs)

    return now


def search_options(options: AskOptions) -> SearchOptions:
    """Those of the options that decide what is searched."""
    names: frozenset[str] = SearchOptions.__optional_keys__
    return cast(SearchOptions, {name: value for name, value in options.items() if name in names})


# -- what answers --------------------------------------------------------------------


@runtime_checkable
class SupportsAsk(Protocol):
    """What answers questions: an ``Archive``, or anything that a conversation or a chain is to stand on."""

    def stream(self, question: str, **options: Unpack[AskOptions]) -> Iterator[Event]:
        """Answer event by event, ``Finished`` last."""

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """Answer a question."""


@runtime_checkable
class SupportsSearch(Protocol):
    """What finds passages: an ``Archive``, or anything that a LangChain retriever is to stand on."""

    def search(self, question: str, **options: Unpack[SearchOptions]) -> list[Hit]:
        """The passages most likely to answer a question, best first."""


# -- what others can add ---------------------------------------------------------------


class Reader(Protocol):
    """Reads the files of a format. Group ``onrecord.readers``: an object, or a class that takes no arguments."""

    endings: Sequence[str]
    """File name endings it reads, lower case with the dot: ".rst". A gzipped file (``.rst.gz``) is unpacked first."""
    max_bytes: int | None
    """Largest file it takes, unpacked; larger ones are skipped unread. None: no limit, for reading row by row."""

    def read(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
        """Read the articles of one file.

        Args:
            path: Where it is, for ``key`` and ``origin``; not to be opened.
            stream: Its bytes, unpacked, from the beginning; closed by the caller.
            fields: Our field name → its name in the file, as given to ``Archive.ingest``; for formats with fields.

        Returns:
            A RawArticle for each article, whose ``key`` is its canonical URL, else ``path.resolve().as_posix()`` (with
            ``:row`` in a file of many), and a Skipped with the reason for everything that is none. Texts need not be
            cleaned. Nothing that a file may hold makes it raise.

        Raises:
            OSError, EOFError: The stream can't be read; reported as a Skipped by the caller.
        """


class Embedder(Protocol):
    """An embedding model. Group ``onrecord.embedders``: an ``EmbedderFactory``, named by the setting ``embeddings``.

    The fixed bounds on cosines (of what is said already, of two sentences of one thing) are for vectors of which
    unrelated texts have a cosine of about 0, and related ones of about .5. A model whose vectors lie in a narrow cone
    is read right when it takes off their mean before it returns them, as ``MultilingualE5.finish`` does.

    It may have an attribute ``languages``, a frozenset of ISO 639-1 codes: those it knows. In others the words of a
    question count alone; where it knows several, a passage in another language than the question's is found by its
    vector first. Without it, or where it is None, the model is taken to know every language, and all arms count alike.
    An attribute ``bridge`` embeds questions in languages that the model doesn't know (``rag.index.bridge.Bridge``).
    """

    name: str
    """Recorded in the archive: vectors of another name don't compare. Has to change when the vectors do."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed passages for storage.

        Args:
            texts: About 120 words each, with the article's title first; may be empty.

        Returns:
            float32, shape (len(texts), dim), rows of length 1, in the order given; the same text gives the same row.

        Raises:
            ModelError: The model is missing or failed.
        """

    def query(self, text: str) -> npt.NDArray[np.float32]:
        """Embed a question: float32, shape (dim,), length 1.

        Raises:
            ModelError: The model is missing or failed.
        """


EmbedderFactory = Callable[[str, "Settings"], Embedder]
"""(the setting ``embeddings``, settings) → an embedder; the setting is "NAME" or "NAME:REST". Loads no weights."""


class Arm(Protocol):
    """One way to find passages. Group ``onrecord.arms``: an ``ArmFactory``. All arms are fused by rank."""

    def weight(self, query: Query) -> float:
        """What it counts for a question; 0: it is not asked.

        A passage scores the sum of weight / (10 + rank) over the arms; the built-in ones have 1.0.
        """

    def search(self, query: Query, depth: int) -> Sequence[str]:
        """Find passages.

        Args:
            query: The question with its filters; ``query.looked_for`` is what to search for. What the filters (after,
                before, sources, undated, articles, language) exclude is dropped afterwards, but has taken a place.
            depth: How many passages at most are of use.

        Returns:
            Ids of passages, best first, each once; ids that the catalog doesn't know are passed over.

        Raises:
            OnRecordError: It can't search; the question fails with it. An arm that can do without returns ().
        """


ArmFactory = Callable[["Stores"], Arm]
"""The stores of an archive → an arm over them; called once for each archive that is opened, at its first search."""


class Check(Protocol):
    """One more reason to reject a statement. Group ``onrecord.checks``: an object, or a class that takes no arguments.

    Checks can only reject: they are asked of statements that the built-in check has let through.
    """

    def check(self, statement: str, cited: Cited, question: str) -> str | None:
        """Look for what is against showing a statement.

        Args:
            statement: A sentence of the answer, without its citation marks.
            cited: The words that it cites, what stands around them, the article's title, outlet and dates.
            question: What was asked; empty where there was no question.

        Returns:
            Why it must not be shown, as in "the cited words don't give 12"; None where nothing is against it.

        Raises:
            OnRecordError: It can't tell; the question fails with it.
        """


class Rewriter(Protocol):
    """Rewrites questions before the search. Group ``onrecord.rewriters``: an object, or a class without arguments.

    Rewriters run in the order of their names, after the built-in one has taken up the conversation.
    """

    def rewrite(self, question: str, history: Sequence[tuple[str, str]]) -> str:
        """Rewrite a question.

        Args:
            question: Standing alone already: what it took up from the conversation is spelt out.
            history: (question, text of the answer) so far, oldest first.

        Returns:
            What is searched and answered instead (``Query.standalone``): a question that stands alone, of at most 4000
            characters. The question itself, or an empty text, where there is nothing to rewrite.
        """


ChatEngine = Callable[[str, "Settings"], "BaseChatModel"]
"""(the whole name, settings) → a LangChain chat model, for ``--model NAME`` or ``NAME:REST``; group
``onrecord.chat_engines``. Loads no weights; raises ``ModelMissing`` where the model can't be used. Users are told
that article text leaves the machine."""


# -- what stores promise -----------------------------------------------------------------


class VectorStore(Protocol):
    """An index of passages' vectors, searched by their cosine: Chroma in the archive's folder, or a server.

    It holds ids, vectors and what filters need, and no text. What ``add`` and ``remove`` change is seen by the next
    ``search``, ``ids`` and ``vectors`` of the same object, and by other processes after ``refresh`` with another
    generation. Where nothing was ever added, searching finds nothing and removing does nothing.
    ``rag.testing.contracts.VectorStoreContract`` has it all as tests.
    """

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add passages; those that are there already are replaced."""

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages by id; unknown ids are ignored."""

    def search(
        self,
        vector: npt.NDArray[np.float32],
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """The ``n`` nearest passages to ``vector`` (shape (dim,), length 1) that pass the filters of a query.

        Args:
            vector: The question's.
            n: How many at most.
            filters: Dates, outlets and language that a passage has to match.
            only: Ids of passages to choose from, unknown ones among them ignored; None: all.

        Returns:
            (passage id, cosine similarity), nearest first.

        Raises:
            StoreClosed: The store was closed, or a rebuilt one has replaced it: get the current one and ask again.
            ArchiveDamaged: It can't answer; a rebuild mends it.
            ArchiveError: Its server can't be reached, or refuses.
        """

    def ids(self) -> set[str]:
        """Ids of all passages in the store."""

    def vectors(self, ids: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """What is stored of passages: vectors of shape (dim,), up to their length; unknown ids are left out."""

    def count(self) -> int:
        """How many passages there are."""

    def check(self, expected: int | None = None) -> None:
        """Open the store and count.

        Args:
            expected: How many passages it should hold; None: any number.

        Raises:
            ArchiveDamaged: It can't be read, or holds another number.
        """

    def refresh(self, generation: int) -> None:
        """Look again at what other processes have written, if the catalog's generation is another than last time."""

    def mark_current(self, generation: int) -> None:
        """Record that this process itself has brought the store to ``generation``."""

    def close(self) -> None:
        """Let go of it. A search afterwards raises ``StoreClosed``."""


__all__ = [
    "Arm",
    "ArmFactory",
    "AskOptions",
    "ChatEngine",
    "Check",
    "Day",
    "Embedder",
    "EmbedderFactory",
    "FilterArgs",
    "QuestionOptions",
    "Reader",
    "Rewriter",
    "SearchOptions",
    "SupportsAsk",
    "SupportsSearch",
    "VectorStore",
    "naming_mistakes",
    "refuse_unknown",
    "search_options",
]
