"""Wires the way of a question to its answer: read → quote → (generate → parse → check →) compose → Answer.

The quotes are the answer. They are chosen by the reader, and shown before any model has written a word; a model's
sentences come after them as a summary, as far as the quotes support them. What a model writes never costs the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from rag import registry, shown
from rag.answer import marking, multiple_choice, prompts, quoting, reader
from rag.answer.attribution import Attribution
from rag.answer.check import confidence, entailment
from rag.answer.checker import Draft, SentenceChecker
from rag.answer.conflicts.search import conflicts_of
from rag.answer.evidence import Alike, Embed, Numbered, choose, numbered, states
from rag.answer.generate import Generation, Generator, build_messages, format_evidence, to_messages
from rag.answer.models import chat
from rag.answer.reader import Reading
from rag.answer.sides import settle as sides_of
from rag.answer.standing import Standing, replaced, settle
from rag.answer.unheard import unheard
from rag.composing import articles_of, cite, place, without_words_of
from rag.observing import stage, staged
from rag.retrieve import decompose, prior
from rag.settings import Settings
from rag.text.refusals import language_of, refusal
from rag.types import (
    Answer,
    Choice,
    Citation,
    Conflict,
    Event,
    Finished,
    Hit,
    Progress,
    Query,
    Quoted,
    Reason,
    Retrieved,
    Side,
    Usage,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.index.catalog import Catalog
    from rag.retrieve.retriever import Retriever

_EMBEDDED = 20
"""Sentences compared with the question by meaning, where a model chooses among given answers."""


@dataclass(frozen=True)
class Understood:
    """A way to understand a question, with what was found for it."""

    query: Query
    hits: Sequence[Hit]
    fit: confidence.Fit = "any"
    """Which fit of the confidence holds, by the embedding model and the question's language."""
    embed: Embed | None = None
    """Texts to unit vectors, where the question's is made otherwise than other texts'; None: as is."""
    alike: Alike | None = None
    """How near sentences in another language are to it, where it is asked by a bridge."""
    more: Callable[[], Sequence[Hit]] = tuple
    """Finds more passages than ``hits``, where sources disagree."""
    known: Callable[[str], bool] = bool
    """Whether a word is anywhere in what was searched."""

    @classmethod
    def by(cls, retriever: Retriever, query: Query, hits: Sequence[Hit]) -> Understood:
        """A way to understand a question, with what a retriever has found."""

        def twice_as_many() -> Sequence[Hit]:
            return retriever.search(query.model_copy(update={"k": 2 * query.k}))

        return cls(
            query,
            hits,
            retriever.fit(query),
            retriever.embed(query),
            retriever.alike(query),
            twice_as_many,
            partial(retriever.has, query),
        )


@dataclass
class _Run:
    """One question on its way to an answer."""

    query: Query
    hits: Sequence[Hit]
    catalog: Catalog
    embed: Embed
    timings: dict[str, float]
    """Milliseconds per stage."""
    cancel: threading.Event
    generation: Generation
    chosen: quoting.Chosen = field(default_factory=lambda: quoting.Chosen((), 0.0))
    evidence: Sequence[Numbered] = ()
    draft: Draft = field(default_factory=Draft)


class Answerer:
    """Answers with one model, which is loaded when first needed."""

    def __init__(self, model: str | BaseChatModel, settings: Settings) -> None:
        """Take a model's name, or any LangChain chat model.

        Raises:
            ModelMissing: The model is not installed (for a name).
        """
        self._settings = settings
        self._generator: Generator | None = None
        if isinstance(model, str):
            self.name = model
            local = model.partition(":")[0] == "local"
            if (made := chat.chat_model(model, settings)) is not None:
                self._generator = Generator(model, made, own=True, local=local)
        else:
            self.name = chat.name_of(model)
            self._generator = Generator(self.name, model, own=False, local=False)

    def prepare(self) -> None:
        """Let a local model load, and read the fixed part of the prompt, while evidence is looked for."""
        if self._generator is not None:
            self._generator.prepare()

    def close(self) -> None:
        """Unload the model, if it is our own."""
        if self._generator is not None:
            self._generator.close()

    def stream(
        self,
        asked: Understood,
        *,
        catalog: Catalog,
        embed: Embed,
        fingerprint: str,
        empty: bool = False,
        millis: dict[str, float] | None = None,
        cancel: threading.Event | None = None,
        brief: bool = False,
        temperature: float | None = None,
    ) -> Iterator[Event]:
        """Answer from the hits; see ``Archive.stream``.

        ``Quoted`` comes as soon as the evidence is read, or never. Every ``Delta`` holds one whole sentence: of the
        summary, which has passed the checks, else a quote; together they are the answer's text.

        Args:
            asked: The question, with what was retrieved for it.
            catalog: For the words around a citation.
            embed: Texts to unit vectors.
            fingerprint: Of the archive, recorded in the answer.
            empty: Whether the archive holds nothing at all.
            millis: Milliseconds per stage so far; the rest is added.
            cancel: Set by the caller to stop. What was quoted by then stays the answer.
            brief: Have the model say its answer again in a few words; nothing without a model.
            temperature: Another than the model's own; None leaves it that.

        Raises:
            ModelFailed: The model answered with an error.
            ModelCorrupt: The reader's files are missing or damaged.
            PluginError: A check of another package can't be loaded, or failed.
        """
        started = time.perf_counter()
        yield Retrieved(query=asked.query, hits=tuple(asked.hits))
        generation = Generation(temperature=temperature)
        done, stopped = dict(millis or {}), cancel or threading.Event()
        run = _Run(asked.query, asked.hits, catalog, asked.embed or embed, done, stopped, generation)
        with stage("read"):
            attribution = self._read(run, asked)
        if run.cancel.is_set():  # stopped before anything was shown
            run.generation.cancelled, run.chosen = True, quoting.Chosen((), 0.0)
        with stage("read"):
            standing = self._standing(run, attribution)
        quotes = run.draft.text.quote(standing.quotes)
        run.timings["read"] = _ms_since(started)
        if quotes:
            run.timings["first_quote"] = run.timings.get("retrieve", 0.0) + _ms_since(started)
            yield Quoted(quotes=quotes)
            if self._generator is not None:
                yield from self._summary(run, attribution, self._generator, brief)
                _drop_deleted(run)
            if not run.draft.answered:  # nothing was written that they support, or it was stopped
                yield from run.draft.text.add_quotes()
        sides = sides_of.told(run.chosen.sides, run.draft.text.quotes) if run.draft.answered else ()
        conflicts = self._conflicts(run, sides) if run.draft.answered and not run.generation.cancelled else []
        run.timings["answer"] = _ms_since(started)
        run.timings["total"] = run.timings.get("retrieve", 0.0) + run.timings["answer"]
        unknown = () if run.generation.cancelled else unheard(asked.query, asked.hits, asked.known)
        yield Finished(answer=self._answer(run, sides, conflicts, unknown, fingerprint, empty))

    def choose(
        self,
        query: Query,
        hits: Sequence[Hit],
        choices: Sequence[str],
        *,
        catalog: Catalog,
        embed: Embed,
        fingerprint: str,
        millis: dict[str, float],
    ) -> Choice:
        """Choose among given answers; see ``Archive.choose``.

        Raises:
            UsageError: There are too few choices, or too many.
            ModelFailed: The model answered with an error, or can't be held to a choice.
        """
        started = time.perf_counter()
        listed = multiple_choice.listed(choices)
        evidence = self._evidence(query, hits, catalog, embed, Attribution.of(query, hits, catalog), choices)
        millis["choose"] = _ms_since(started)
        prompt, usage = None, Usage()
        if self._generator is None:
            weights = multiple_choice.by_evidence(query.standalone, choices, evidence, embed)
        else:
            prompt = prompts.load("choose")
            shown = format_evidence(evidence) or "(nothing)"
            messages = to_messages(prompt.render(evidence=shown, question=query.standalone, choices=listed))
            weights, usage = self._generator.choose(messages, len(choices))
        millis["total"] = millis.get("retrieve", 0.0) + _ms_since(started)
        return Choice(
            question=query.text,
            query=query,
            choices=tuple(choices),
            choice=max(range(len(choices)), key=lambda n: weights[n]),
            probabilities=tuple(round(w, 6) for w in weights),
            hits=tuple(hits),
            model=self.name,
            prompt=prompt.label if prompt else None,
            fingerprint=fingerprint,
            usage=usage,
            timings_ms=_rounded(millis),
        )

    # -- the stages ----------------------------------------------------------------

    def _evidence(
        self,
        query: Query,
        hits: Sequence[Hit],
        catalog: Catalog,
        embed: Embed,
        attribution: Attribution,
        choices: Sequence[str],
    ) -> list[Numbered]:
        return choose(
            query.looked_for,
            hits,
            embed=embed,
            tokens=self._settings.evidence_tokens,
            catalog=catalog,
            closely=_EMBEDDED,
            attribution=attribution,
            choices=choices,
        )

    def _read(self, run: _Run, asked: Understood) -> Attribution:
        """Choose what is quoted, for ``run``."""
        question, hits = asked.query.looked_for, asked.hits
        attribution = Attribution.of(asked.query, hits, run.catalog)
        embed = asked.embed or run.embed
        may_be = partial(states, attribution=attribution)
        readings = marking.marked(question, reader.read_best(asked.query.read_as, hits, may_be))
        there = set(run.catalog.exists({h.passage.article_id for h in hits}))
        checks = registry.checks()

        if readings and readings[0].odds > 0 and readings[0].place[0] not in there:
            run.draft.taken_down = True

        def objection(reading: Reading) -> str:
            if reading.place[0] not in there:
                return "its article has been taken down"
            if not prior.known(asked.query, reading.text, reading.hit.passage):
                return "it is newer than what is asked for"
            return attribution.wrong_speaker([reading.place], [reading.text]) or quoting.objection(
                checks, reading, question
            )

        def further() -> list[Reading]:
            known = {h.passage.id for h in hits}
            more = [h for h in asked.more() if h.passage.id not in known]
            there.update(run.catalog.exists({h.passage.article_id for h in more}))
            return marking.marked(question, reader.read(question, more, may_be))

        newest_first = prior.newest_first(asked.query)

        def answering(part: str, its: Sequence[Reading], asks: int = 1) -> quoting.Chosen:
            retrieval = None
            if asked.fit != "any":
                retrieval = confidence.retrieval_features(part, hits, embed=embed, catalog=run.catalog)
            return quoting.choose(
                part,
                its,
                embed=embed,
                retrieval=retrieval,
                alike=asked.alike,
                fit=asked.fit,
                caution=self._settings.caution,
                allowed=objection,
                preferred=lambda reading: attribution.asked_for(*reading.place),
                timely=lambda reading: prior.fits(asked.query, reading.text, reading.hit.passage),
                newest_first=newest_first,
                toll=marking.toll(part),
                asks=asks,
            )

        parts = decompose.asked_together(question)
        chosen = quoting.joined(
            answering(question, readings, len(parts)),
            [answering(part, marking.marked(part, reader.read(part, hits, may_be))) for part in parts],
        )
        run.chosen = sides_of.settle(
            question,
            chosen,
            readings,
            allowed=objection,
            further=further,
            replaced=partial(replaced, query=asked.query, catalog=run.catalog),
            catalog=run.catalog,
            newest_first=newest_first,
        )
        return attribution

    def _standing(self, run: _Run, attribution: Attribution) -> Standing:
        """The quotes as they stand; ``run`` goes on with what is evidence still."""
        started = time.perf_counter()
        cited = [_cite(reading, attribution) for reading in run.chosen.readings]
        standing = settle(cited, run.chosen.nearest, run.query, run.catalog)
        if standing.replaced:
            readings = [r for r in (*standing.added, *run.chosen.readings) if r.place not in standing.replaced]
            nearest = tuple(r for r in run.chosen.nearest if r.place not in standing.replaced)
            run.chosen = replace(run.chosen, readings=tuple(readings), nearest=nearest)
        articles = {r.place[0] for r in (*run.chosen.readings, *run.chosen.nearest)} | {
            c.article_id for c in standing.quotes
        }
        run.draft.text.views = {i: view for i, view in run.catalog.views(articles).items() if view}
        run.timings["standing"] = _ms_since(started)
        return standing

    def _summary(self, run: _Run, attribution: Attribution, generator: Generator, brief: bool) -> Iterator[Event]:
        """What a model tells of the quotes, as far as they support it."""
        run.evidence = numbered(run.chosen.readings, run.chosen.nearest, attribution, self._settings.evidence_tokens)
        ask_llm = self._settings.check == "model"
        checker = SentenceChecker(
            run.query.looked_for,
            run.evidence,
            catalog=run.catalog,
            embed=run.embed,
            attribution=attribution,
            llm_verdict=generator.llm_verdict if ask_llm else None,
            entails=entailment.chosen(self._settings.check),
            checks=registry.checks(),
        )
        messages = build_messages(generator.prompt, run.query, run.evidence)
        asked = time.perf_counter()
        for piece in staged("generate", generator.statements(messages, run.generation, run.cancel)):
            if isinstance(piece, Progress):
                if piece.stage == "writing":
                    run.timings["first_token"] = _ms_since(asked)
                yield piece
                continue
            with stage("check"):
                delta = checker.check(piece, run.draft)
            if delta is not None:
                run.timings.setdefault("first_sentence", _ms_since(asked))
                yield delta
        run.timings["write"] = _ms_since(asked)
        run.draft.summarized = run.draft.answered
        if brief and run.draft.answered and not run.generation.cancelled:
            asked = time.perf_counter()
            said = generator.brief(messages, run.draft.text, run.generation, run.cancel)
            run.draft.brief = said or shown.cut(run.draft.text.quotes[0])[1] or None
            run.timings["brief"] = _ms_since(asked)

    def _conflicts(self, run: _Run, sides: Sequence[Side]) -> list[Conflict]:
        started = time.perf_counter()
        text = run.draft.text
        found = conflicts_of(
            run.query.looked_for,
            text.text,
            [c for c in text.citations if c.status == "stands"],  # what changed the others is told beside them
            run.evidence or numbered(run.chosen.readings, run.chosen.nearest, None, self._settings.evidence_tokens),
            run.hits,
            embed=run.embed,
            catalog=run.catalog,
        )
        run.timings["conflicts"] = _ms_since(started)
        told = sides_of.conflicts(sides, text.citations)
        known = {c.article_id for s in sides for c in s.citations}
        gone = replaced(map(place, found), run.query, run.catalog)
        return [*told, *(c for c in found if c.article_id not in known and place(c) not in gone)]

    def _answer(
        self,
        run: _Run,
        sides: tuple[Side, ...],
        conflicts: Sequence[Conflict],
        unknown: tuple[str, ...],
        fingerprint: str,
        empty: bool,
    ) -> Answer:
        draft, answered = run.draft, run.draft.answered
        reason = None if answered else _reason(run, empty)
        return Answer(
            question=run.query.text,
            query=run.query,
            text=refusal(reason, language_of(run.query.text)) if reason else draft.text.text,
            citations=draft.text.cited if answered else (),
            hits=tuple(run.hits),
            answered=answered,
            reason=reason,
            confidence=round(run.chosen.p, 3) if answered else None,
            withheld=tuple(draft.rejected),
            conflicts=tuple(conflicts),
            sides=sides,
            unheard=unknown,
            model=self.name,
            prompt=self._generator.prompt.label if self._generator else None,
            fingerprint=fingerprint,
            usage=run.generation.usage,
            timings_ms=_rounded(run.timings),
            brief=draft.brief,
            summarized=draft.summarized,
        )


def _reason(run: _Run, empty: bool) -> Reason:
    """Why there is no answer."""
    if run.generation.cancelled:
        return "cancelled"
    if empty:
        return "empty_archive"
    if not run.hits:
        return "no_evidence"
    return "taken_down" if run.draft.taken_down else "not_in_archive"


def _drop_deleted(run: _Run) -> None:
    """Leave out quotes whose article was taken down while the model wrote; numbered anew if no text has the numbers."""
    text = run.draft.text
    told = {i for q in text.quotes for i in articles_of(q)}
    gone = told - run.catalog.exists(told).keys()
    kept = [without_words_of(q, gone) for q in text.quotes if q.article_id not in gone]
    if gone:
        run.draft.taken_down = True
        text.quotes = tuple(kept)
        if not run.draft.answered:
            text.quotes = ()
            text.quote(kept)


def _cite(reading: Reading, attribution: Attribution) -> Citation:
    _, start, end = reading.place
    passage, who = reading.hit.passage, attribution.speaker(*reading.place)
    return cite(passage, reading.text, start, end, words=reading.words, speaker=who)


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _rounded(timings: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 1) for stage, value in timings.items()}
