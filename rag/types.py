"""The values that flow through OnRecord.

All are frozen pydantic models; their JSON (``model_dump_json()``) is the documented schema of the command line and the
service (``docs/schema.md``). Offsets are counted in code points, half-open, and always refer to ``Article.text``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from rag.intake import IngestReport as IngestReport
from rag.intake import RawArticle as RawArticle
from rag.intake import Skipped as Skipped
from rag.value import Key as Key
from rag.value import Status as Status
from rag.value import Superseding as Superseding
from rag.value import Value as Value
from rag.value import formerly

SCHEMA = 2
"""Version of the JSON schema of ``Answer``; grows when a field changes meaning or goes."""

FoundBy = Literal["dense", "lexical", "hybrid", "quotes", "other"]
"""Which arm found a passage; "hybrid": several; "other": one that another package added."""
Support = Literal["verbatim", "supported"]
Reason = Literal["empty_archive", "no_evidence", "not_in_archive", "not_supported", "cancelled", "taken_down"]


class Sentence(Value):
    """A sentence's place in ``Article.text``."""

    start: int
    end: int


class Article(Value):
    """One version of one article."""

    key: Key
    id: str
    """Hash of everything shown: changes when the article does."""
    aliases: tuple[str, ...] = ()
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    author: str | None = None
    published: datetime | None = None
    language: str
    metadata: Mapping[str, Any] = Field(default_factory=dict)
    current: bool = True
    """False when a newer version of the same key has replaced this one."""
    by_hand: Mapping[str, str | None] = Field(default_factory=dict)
    """Fields that somebody has set by hand, each with what the article's file says in its place (None: nothing)."""
    also_published_by: tuple[Key, ...] = Field((), validation_alias=formerly("also_published_by"))
    """Keys of other articles with the same words."""


class Passage(Value):
    """A run of whole sentences; ``article.text[p.start:p.end] == p.text``."""

    id: str
    article_id: str
    start: int
    end: int
    text: str
    sentences: tuple[Sentence, ...]
    title: str
    source: str | None = None
    published: datetime | None = None
    url: str | None = None
    language: str = "en"
    also_published_by: tuple[str, ...] = Field((), validation_alias=formerly("also_published_by"))
    """Other outlets whose near-identical passage stood aside for this one."""


class QuoteSpan(Value):
    """Somebody's words in an article, as they are found at ingest; offsets are in its text."""

    start: int
    end: int
    """Of a direct quote what stands between its marks, of an indirect one the clause that tells it."""
    direct: bool
    speaker: str
    """The fullest name the article gives; a description, as in "a spokesman", where it gives none."""
    role: str | None = None
    """What the article calls them, as in "Chinese foreign minister"."""
    verb: str | None = None
    """As written: "told", "according to"."""
    mention: tuple[int, int]
    """(start, end) of who speaks beside these words, as in "Qin" or "he"."""


class Quote(Value):
    """Somebody's words, with their article; ``article.text[q.start:q.end] == q.quote``."""

    speaker: str
    role: str | None = None
    verb: str | None = None
    direct: bool
    quote: str
    article_id: str
    start: int
    end: int
    sentence: str
    """The sentence they stand in, or begin in."""
    title: str
    source: str | None = None
    published: datetime | None = None
    url: str | None = None
    also_published_by: tuple[str, ...] = Field((), validation_alias=formerly("also_published_by"))
    """Other outlets, or titles, with the same words of the same speaker."""
    how: str = ""
    """How it was said, in the article's words: "denied on Thursday that"; the verb alone where it comes after."""
    plainly: bool = True
    """Whether it is told as said; not where denied, refused, doubted, supposed or asked: the words alone mislead."""
    place: str | None = None
    """Where it was said, as the sentence names it."""
    person: str = ""
    """Who speaks, by the name that the archive's articles give most often; what people put together counts."""


class Time(Value):
    """What a question says of when: it speaks for articles of that time; only ``as_of`` leaves newer ones out."""

    phrase: str
    """As written: "last week"."""
    kind: Literal["within", "as_of", "latest", "event"]
    """``latest`` prefers newer articles and leaves none out; ``event`` stands by an article's date."""
    day: datetime | None = None
    """The question's own day, which it counts from."""
    after: datetime | None = None
    before: datetime | None = None
    event: str | None = None
    """The event it stands by, as written: "the summit" of "before the summit"."""
    side: Literal["before", "after", "during"] | None = None
    """Of the event."""
    dated_by: str | None = None
    """Title of the article whose date the event has been given."""


class Query(Value):
    """A question as the retriever takes it."""

    text: str
    standalone: str
    """The question with the conversation taken in; equal to text without one."""
    k: int = 8
    after: datetime | None = None
    before: datetime | None = None
    sources: tuple[str, ...] = ()
    language: str | None = None
    """Only articles in this language (ISO 639-1); None: all."""
    undated: bool = True
    """Whether a date filter lets articles without a date through."""
    articles: tuple[str, ...] = ()
    """Only these articles, by id; empty: all. Of a collection, those it has now, which an answer doesn't keep."""
    collection: str | None = None
    """Only articles of this collection."""
    speaker: str | None = None
    """Whose own words are asked for, as in "what did Qin Gang say about relations?"."""
    about: str | None = None
    """What they are to be about; None: anything."""
    time: Time | None = None
    """What the question says of when, where that speaks for some articles."""
    times: bool = True
    """Whether what the question says of when was to count."""
    sought: str = ""
    """What is looked for, where it is not ``standalone``: the question without its opening and what it says of when."""
    before_it: str = ""
    """Of a conversation, the last question and the beginning of its answer: looked for together with ``text`` too."""

    @property
    def rewritten(self) -> str:
        """The question rewritten to stand alone: ``standalone``."""
        return self.standalone

    @property
    def search_text(self) -> str:
        """The question as search and check take it: ``sought``, else ``standalone``."""
        return self.sought or self.standalone

    @property
    def looked_for(self) -> str:
        """The same as ``search_text``."""
        return self.search_text

    @property
    def in_talk(self) -> str:
        """The question as it was asked, with what was said before behind it; empty where nothing was."""
        return f"{self.text} {self.before_it}" if self.before_it else ""

    @property
    def leans(self) -> bool:
        """Whether it was rewritten, since it leans on what was said before it."""
        return bool(self.before_it) and self.standalone != self.text

    @property
    def read_as(self) -> tuple[str, ...]:
        """What is read for: ``looked_for``, and where it leans on what was said before also ``in_talk``."""
        return (self.looked_for, self.in_talk) if self.leans else (self.looked_for,)

    @property
    def use_time(self) -> bool:
        """Whether what the question says of when was to count: ``times``."""
        return self.times


class Hit(Value):
    """A retrieved passage; rank 1 is the best."""

    passage: Passage
    score: float
    rank: int
    found_by: FoundBy
    duplicates: tuple[str, ...] = Field((), validation_alias=formerly("duplicates"))
    """Ids of other articles whose near-identical passage stood aside for this one."""


class Citation(Value):
    """The exact words that support one sentence of an answer.

    ``article.text[c.start:c.end] == c.quote`` holds for every citation.
    """

    number: int
    article_id: str
    title: str
    source: str | None = None
    published: datetime | None = None
    url: str | None = None
    quote: str
    start: int
    end: int
    claim: tuple[int, int]
    """(start, end) in ``Answer.text`` of the sentence it supports; (0, 0) of a quote that no sentence of it cites."""
    support: Support
    also_published_by: tuple[str, ...] = Field((), validation_alias=formerly("also_published_by"))
    words: tuple[int, int] | None = None
    """(start, end) in the article of the words that answer, within ``start`` and ``end``; None where not told apart."""
    speaker: str | None = None
    """Whose words it is or holds, with their role, where the article says so."""
    days: tuple[tuple[str, str], ...] = ()
    """Days that it names from its article's day on, with their dates: ``("yesterday", "3 June 2023")``."""
    status: Status = "stands"
    """What has become of it since, as far as the archive knows."""
    superseded_by: Superseding | None = None
    """The words that replaced it, or speak against it; None where it stands, or where they have been taken down."""
    opinion: str = ""
    """Whose view it is, where its article calls itself an opinion piece: a name, or ``opinion``; else empty."""
    by_hand: Mapping[str, str | None] = Field(default_factory=dict)
    """Of title, outlet, published and url those set by hand, each with what the file says in its place."""


class Conflict(Value):
    """Words of another article that disagree with a sentence of an answer.

    ``article.text[c.start:c.end] == c.quote`` holds, as for a citation.
    """

    claim: tuple[int, int]
    """(start, end) in ``Answer.text`` of the sentence they disagree with."""
    about: str
    """What the two disagree on, as in "7,5 against 5 hours"."""
    article_id: str
    title: str
    source: str | None = None
    published: datetime | None = None
    url: str | None = None
    quote: str
    start: int
    end: int
    newer: bool | None = None
    """Whether this article is the newer of the two; None where a date is missing or they are of one day."""


class Side(Value):
    """Sources that give one answer, where others give another."""

    says: str
    """The answer in the best of their words."""
    sources: int
    """How many of them are independent: one outlet, and copies of one story, count once."""
    newest: datetime | None = None
    citations: tuple[Citation, ...]
    """One an article, best first; ``number`` is that of the answer's quote, or 0."""


class RejectedSentence(Value):
    """A sentence the model wrote that failed the check."""

    text: str
    why: str


class Usage(Value):
    """Tokens, as the model counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Of the input, how many were read from the prompt cache."""


class Answer(Value):
    """An answer, or a refusal with its reason."""

    schema_version: int = Field(SCHEMA, validation_alias=formerly("schema_version"))
    question: str
    query: Query
    text: str
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    answered: bool
    reason: Reason | None = None
    confidence: float | None = None
    """0 to 1: how likely it is right; calibrated for the default embedding model in English (docs/answers.md)."""
    withheld: tuple[RejectedSentence, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """What other articles say to the contrary."""
    sides: tuple[Side, ...] = ()
    """Where sources give different answers: the sides, that of ``text`` first; the others are ``conflicts`` too."""
    unheard: tuple[str, ...] = ()
    """Names of the question that are in nothing that was searched."""
    unanswered: tuple[str, ...] = ()
    """Of a question that asks for two things, those that the archive does not answer."""
    model: str
    prompt: str | None = None
    """Name and version, as in "answer@3"; None where no prompt was used."""
    fingerprint: str
    """What built the archive."""
    usage: Usage = Usage()
    timings_ms: Mapping[str, float] = Field(default_factory=dict, validation_alias=formerly("timings_ms"))
    """Milliseconds per stage."""
    brief: str | None = None
    """The answer in a few words, where asked for: the model's, not checked, else those marked in the quote."""
    summarized: bool = False
    """Whether ``text`` is a model's, told by the quotes; else it is the quotes themselves, or a refusal."""
    timeline: str | None = None
    """What the quotes are a timeline of, in the order of the events' days, which ``Citation.days`` tells; else None."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of ``text`` that cite something, in order, without their citation marks; none of a refusal."""
        return tuple(self.text[start:end] for start, end in sorted({c.claim for c in self.citations}) if end)

    @property
    def plain_text(self) -> str:
        """The text without citation marks: the sentences with a space between them; a refusal as it is."""
        return " ".join(self.sentences) or self.text

    @property
    def quotes(self) -> list[Citation]:
        """The words of the archive that answer, best first: its citations by number, each once."""
        return [c for _, c in sorted({c.number: c for c in self.citations}.items())]

    @property
    def numbered(self) -> list[Citation]:
        """The same as ``quotes``."""
        return self.quotes


class Choice(Value):
    """Which of several given answers the archive speaks for."""

    question: str
    query: Query
    choices: tuple[str, ...]
    choice: int  # of ``choices``, from 0
    probabilities: tuple[float, ...]
    """One for each of ``choices``, summing to 1: the model's, or of the extractive engine's weights."""
    hits: tuple[Hit, ...] = ()
    model: str
    prompt: str | None = None
    fingerprint: str
    usage: Usage = Usage()
    timings_ms: Mapping[str, float] = Field(default_factory=dict, validation_alias=formerly("timings_ms"))


class Waiting(Value):
    """Event of the service: others are answered first; at position 1 it is next."""

    position: int


class Retrieved(Value):
    """Event: the evidence is there."""

    query: Query
    hits: tuple[Hit, ...]


class Progress(Value):
    """Event: a sign of life before the first sentence."""

    stage: Literal["loading", "reading", "writing"]
    done: int = 0
    total: int = 0
    """Tokens of the prompt, while reading; else 0."""


class Quoted(Value):
    """Event: the words of the archive that answer, before any model has written; they stay, whatever it writes."""

    quotes: tuple[Citation, ...]
    """Best first, numbered from 1. What a summary cites beside them gets the next numbers."""


class Delta(Value):
    """Event: a whole sentence of the text: of a summary that has passed the check, else a quote."""

    text: str
    citations: tuple[Citation, ...] = ()
    """What it cites; claims are placed in the whole answer so far."""


class Finished(Value):
    """Event: the whole answer; always the last."""

    answer: Answer


Event = Retrieved | Quoted | Progress | Delta | Finished


class ArticleSummary(Value):
    """An article as a list shows it: everything but its text."""

    id: str
    key: Key
    title: str
    source: str | None = None
    author: str | None = None
    published: datetime | None = None
    url: str | None = None
    language: str
    characters: int
    """Length of its text."""
    added: datetime
    """When this version was ingested."""


class Feedback(Value):
    """What a user thought of an answer."""

    good: bool
    why: str = ""
    given: datetime


class Turn(Value):
    """A question of a conversation and its answer."""

    id: int
    conversation: str
    question: str
    answer: Answer
    asked: datetime
    feedback: Feedback | None = None


class Conversation(Value):
    """A conversation as a list shows it."""

    id: str
    user: str
    title: str
    created: datetime
    updated: datetime
    turns: int


class Problem(Value):
    """Something ``onrecord doctor`` found."""

    store: Literal["catalog", "vectors", "lexical"]
    what: str


class Stats(Value):
    """Numbers about an archive."""

    path: str
    fingerprint: str
    bytes: int
    articles: int
    older_versions: int
    passages: int
    pending: int
    tombstones: int
    first: datetime | None
    """The earliest and the latest date of publication."""
    last: datetime | None
    undated: int
    sources: Mapping[str, int]
    languages: Mapping[str, int]
