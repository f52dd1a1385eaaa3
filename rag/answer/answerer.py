"""Wires the way of a question to its answer: evidence → generate → parse → check → compose → Answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag import registry
from rag.answer import multiple_choice, prompts
from rag.answer.attribution import Attribution
from rag.answer.check import confidence, entailment
from rag.answer.checker import Draft, SentenceChecker
from rag.answer.conflicts.search import conflicts_of
from rag.answer.evidence import Embed, Numbered, choose
from rag.answer.generate import Generation, Generator, build_messages, extractive, format_evidence, to_messages
from rag.answer.models import chat
from rag.settings import Settings
from rag.text.detect import detect_language
from rag.text.refusals import refusal
from rag.types import Answer, Choice, Conflict, Event, Finished, Hit, Progress, Query, Reason, Retrieved, Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.index.catalog import Catalog

_EMBEDDED = 20
"""Sentences compared with the question by meaning, where a language model reads the evidence."""
_EMBEDDED_EXTRACTIVE = 12
"""The same for the extractive engine, which tries five: embedding is most of what its answer costs."""


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
        query: Query,
        hits: Sequence[Hit],
        *,
        catalog: Catalog,
        embed: Embed,
        fingerprint: str,
        empty: bool = False,
        millis: dict[str, float] | None = None,
        cancel: threading.Event | None = None,
        brief: bool = False,
        temperature: float | None = None,
        fitted: bool = False,
    ) -> Iterator[Event]:
        """Answer from the hits; see ``Archive.stream``.

        Every ``Delta`` holds one whole sentence that has passed the checks; together they are the answer's text.

        Args:
            query: The question.
            hits: What was retrieved for it.
            catalog: For the words around a citation, and how rare words are.
            embed: Texts to unit vectors.
            fingerprint: Of the archive, recorded in the answer.
            empty: Whether the archive holds nothing at all.
            millis: Milliseconds per stage so far; the rest is added.
            cancel: Set by the caller to stop.
            brief: Have the model say its answer again in a few words; nothing without a model.
            temperature: Another than the model's own; None leaves it that.
            fitted: Whether the confidence fitted on data holds here: for the embedding model and the language it was
                fitted for. Else rules set by hand decide.

        Raises:
            ModelFailed: The model answered with an error.
            PluginError: A check of another package can't be loaded, or failed.
        """
        started = time.perf_counter()
        yield Retrieved(query=query, hits=tuple(hits))
        generation = Generation(temperature=temperature)
        run = _Run(query, hits, catalog, embed, dict(millis or {}), cancel or threading.Event(), generation)
        attribution = Attribution.of(query, hits, catalog)
        run.evidence = self._evidence(query, hits, catalog, embed, attribution)
        run.timings["choose"] = _ms_since(started)
        if run.evidence:
            yield from self._written(run, self._checker(run, attribution, fitted), fitted, brief)
        conflicts = self._conflicts(run) if run.draft.answered and not run.generation.cancelled else []
        run.timings["answer"] = _ms_since(started)
        run.timings["total"] = run.timings.get("retrieve", 0.0) + run.timings["answer"]
        yield Finished(answer=self._answer(run, conflicts, fingerprint, empty))

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
        choices: Sequence[str] = (),
    ) -> list[Numbered]:
        return choose(
            query.looked_for,
            hits,
            embed=embed,
            tokens=self._settings.evidence_tokens,
            catalog=catalog,
            closely=_EMBEDDED_EXTRACTIVE if self._generator is None else _EMBEDDED,
            attribution=attribution,
            choices=choices,
        )

    def _checker(self, run: _Run, attribution: Attribution, fitted: bool) -> SentenceChecker:
        question = run.query.looked_for
        features = None
        if fitted:
            features = confidence.retrieval_features(question, run.hits, embed=run.embed, catalog=run.catalog)
        ask_llm = self._generator is not None and self._settings.check == "model"
        return SentenceChecker(
            question,
            run.evidence,
            catalog=run.catalog,
            embed=run.embed,
            attribution=attribution,
            retrieval=features,
            caution=self._settings.caution,
            llm_verdict=self._generator.llm_verdict if self._generator and ask_llm else None,
            entails=entailment.chosen(self._settings.check),
            checks=registry.checks(),
        )

    def _written(self, run: _Run, checker: SentenceChecker, fitted: bool, brief: bool) -> Iterator[Event]:
        """The sentences that pass, from the model or from the articles themselves."""
        if self._generator is None:
            run.draft.extractive = True
            yield from checker.first_passing(extractive(run.query, run.evidence), run.draft, run.generation)
            return
        messages = build_messages(self._generator.prompt, run.query, run.evidence)
        asked = time.perf_counter()
        for piece in self._generator.statements(messages, run.generation, run.cancel):
            if isinstance(piece, Progress):
                if piece.stage == "writing":
                    run.timings["first_token"] = _ms_since(asked)
                yield piece
            elif (delta := checker.check(piece, run.draft, run.generation)) is not None:
                run.timings.setdefault("first_sentence", _ms_since(asked))
                yield delta
        run.timings["write"] = _ms_since(asked)
        if run.generation.cancelled:
            return
        if not run.draft.answered and fitted and run.generation.p_refusal is not None:
            # A small model overlooks what is there, or says it so that it does not pass: the articles' own words may
            # answer, if the model's doubt leaves them likely enough.
            yield from checker.first_passing(extractive(run.query, run.evidence), run.draft, run.generation)
        if brief and run.draft.answered:
            asked = time.perf_counter()
            run.draft.brief = self._generator.brief(messages, run.draft.text, run.generation, run.cancel)
            run.timings["brief"] = _ms_since(asked)

    def _conflicts(self, run: _Run) -> list[Conflict]:
        started = time.perf_counter()
        text = run.draft.text
        found = conflicts_of(
            run.query.looked_for,
            text.text,
            text.citations,
            run.evidence,
            run.hits,
            embed=run.embed,
            catalog=run.catalog,
        )
        run.timings["conflicts"] = _ms_since(started)
        return found

    def _answer(self, run: _Run, conflicts: Sequence[Conflict], fingerprint: str, empty: bool) -> Answer:
        draft, answered = run.draft, run.draft.answered
        reason = None if answered else _reason(run, empty)
        return Answer(
            question=run.query.text,
            query=run.query,
            text=refusal(reason, detect_language(run.query.text)) if reason else draft.text.text,
            citations=tuple(draft.text.citations),
            hits=tuple(run.hits),
            answered=answered,
            reason=reason,
            confidence=round(min(draft.confidences), 3) if answered else None,
            withheld=tuple(draft.rejected),
            conflicts=tuple(conflicts),
            model=self.name,
            prompt=self._generator.prompt.label if self._generator else None,
            fingerprint=fingerprint,
            usage=run.generation.usage,
            timings_ms=_rounded(run.timings),
            brief=draft.brief,
        )


def _reason(run: _Run, empty: bool) -> Reason:
    """Why there is no answer."""
    if run.generation.cancelled:
        return "cancelled"
    if empty:
        return "empty_archive"
    if not run.hits:
        return "no_evidence"
    return run.draft.reason


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _rounded(timings: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 1) for stage, value in timings.items()}
