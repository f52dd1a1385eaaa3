"""The ask street: evidence → prompt → model → draft → citations → check → answer."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rag.answer import cited_context, multiple_choice, parse, prompts
from rag.answer.attribution import Attribution
from rag.answer.check import confidence, entailment, support, verify
from rag.answer.conflicts.find import find as find_conflicts
from rag.answer.evidence import Embed, Numbered, choose
from rag.answer.models import chat
from rag.answer.refusal_texts import refusal
from rag.errors import ModelFailed, OnRecordError
from rag.retrieve import speaker
from rag.settings import Settings
from rag.text.detect import detect_language
from rag.text.normalize import contains
from rag.types import (
    Answer,
    Choice,
    Citation,
    Conflict,
    Delta,
    Event,
    Finished,
    Hit,
    Passage,
    Progress,
    Query,
    Reason,
    RejectedSentence,
    Retrieved,
    Usage,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from rag.index.catalog import Catalog

_REFUSES = 0.5
"""Probability of the model's refusal above which its answer is not taken, where nothing fitted decides."""
_BY_HAND = 1.25
"""The score set by hand is no probability: a half is its bound where the setting ``caution`` is as it comes (0.4)."""
_MANY = 20
"""Sentences compared with the question by meaning, where a language model reads on."""
_FEW = 12
"""The same for the extractive engine, which tries five: embedding is most of what its answer costs."""
_TRIES = 5  # sentences, when the articles' own are shown
_WAIT = 0.1  # seconds between looks at whether the caller has cancelled
_LANGUAGES = {
    "ar": "Arabic", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip


@dataclass
class _Draft:
    """An answer in the making."""

    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    withheld: list[RejectedSentence] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    """Of each sentence shown: how likely it is right."""
    refused: bool = False
    quoted: bool = False
    """Whether it is made of the articles' own sentences, not of a model's."""
    claims: set[str] = field(default_factory=set)
    brief: str | None = None


@dataclass
class _Heard:
    """How a model was asked, and what it said besides its text."""

    temperature: float | None = None
    usage: Usage = field(default_factory=Usage)
    p_refusal: float | None = None
    cancelled: bool = False


class Answerer:
    """Answers with one model, which is loaded when first needed."""

    def __init__(self, model: str | BaseChatModel, settings: Settings) -> None:
        """Take a model's name, or any LangChain chat model.

        Raises:
            ModelMissing: The model is not installed (for a name).
        """
        self._settings = settings
        self._lock = threading.Lock()
        self._warming: threading.Thread | None = None
        if isinstance(model, str):
            self.name = model
            self._chat = chat.chat_model(model, settings)
        else:
            self.name = chat.name_of(model)
            self._chat = model
        self._own = isinstance(model, str) and self._chat is not None
        self._local = self.name.partition(":")[0] == "local" and self._own
        self._prompt = prompts.load("answer") if self._chat is not None else None

    def _judge(self, prompt: str) -> float:
        """The model's probability of yes to a question of the support check."""
        assert self._chat is not None
        messages = _messages([("system", support.INSTRUCTION), ("user", prompt)])
        if self._local:
            return support.p_yes(self._chat.first_token_logprobs(messages))  # type: ignore[attr-defined]
        try:
            said = str(self._chat.invoke(messages).text)
        except Exception as e:  # providers raise their own
            raise _failed(self.name, e) from e
        return 1.0 if said.strip().casefold().startswith("yes") else 0.0

    def prepare(self) -> None:
        """Let a local model load, and read the fixed part of the prompt, while evidence is looked for."""
        if not self._local or self._prompt is None:
            return
        with self._lock:
            if self._warming is None:
                self._warming = threading.Thread(target=self._warm, name="onrecord-warm", daemon=True)
                self._warming.start()

    def _warm(self) -> None:
        assert self._prompt is not None
        with suppress(OnRecordError):  # the question itself meets it again, and tells
            self._chat.warm(_messages(self._prompt.fixed()))  # type: ignore[union-attr]

    def close(self) -> None:
        """Let go of the model, if it is our own."""
        if self._own and (close := getattr(self._chat, "close", None)):
            close()
        if self._warming is not None:
            self._warming.join(timeout=30)

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

        Every ``Delta`` holds one whole sentence that has passed the check, and
        the deltas together are the answer's text.

        Args:
            query: The question.
            hits: What was retrieved for it.
            catalog: For the words around a citation, and how rare words are.
            embed: Texts to unit vectors.
            fingerprint: Of the archive, recorded in the answer.
            empty: Whether the archive holds nothing at all.
            millis: Stages timed so far; the rest is added.
            cancel: Set by the caller to stop.
            brief: Have the model say its answer again in a few words; nothing without a model.
            temperature: Another than the model's own.
            fitted: Whether the confidence fitted on data holds here: for the embedding model and the language it was
                fitted for. Else rules set by hand decide.
        """
        millis = dict(millis or {})
        started = time.perf_counter()
        cancel = cancel or threading.Event()
        yield Retrieved(query=query, hits=tuple(hits))
        draft, heard = _Draft(), _Heard()
        voices = _voices(query, hits, catalog)
        evidence = self._evidence(query, hits, catalog, embed, voices)
        millis["choose"] = (time.perf_counter() - started) * 1000
        if evidence:
            asked = query.looked_for
            found = confidence.retrieval_features(asked, hits, embed=embed, catalog=catalog) if fitted else None
            judge = self._judge if self._settings.check == "model" and self._chat is not None else None
            entails = entailment.chosen(self._settings.check)
            check = _Check(asked, evidence, catalog, embed, voices, found, self._settings.caution, judge, entails)
            if self._chat is None:
                yield from self._quote(query, evidence, check, draft, heard)
            else:
                yield from self._write(query, evidence, check, draft, heard, millis, cancel)
                if not draft.citations and not heard.cancelled and found and heard.p_refusal is not None:
                    # A small model overlooks what is there, or says it so that it does not stand: the words themselves
                    # may answer, if its doubt leaves them likely enough.
                    yield from self._quote(query, evidence, check, draft, heard)
                if brief and draft.citations and not heard.cancelled:
                    self._shorten(query, evidence, draft, heard, millis, cancel)
        answered = bool(draft.citations)
        against: list[Conflict] = []
        if answered and not heard.cancelled:
            looked = time.perf_counter()
            twins = _twins(hits, draft.citations, catalog)
            against = find_conflicts(
                query.looked_for, draft.text, draft.citations, evidence, hits, embed=embed, twins=twins
            )
            there = catalog.exists({c.article_id for c in against})
            against = [c for c in against if c.article_id in there]
            millis["conflicts"] = (time.perf_counter() - looked) * 1000
        reason: Reason | None = None
        if not answered:
            if heard.cancelled:
                reason = "cancelled"
            elif empty:
                reason = "empty_archive"
            elif not hits:
                reason = "no_evidence"
            elif draft.withheld and not draft.refused:
                reason = "not_supported"
            else:
                reason = "not_in_archive"
            draft.text = refusal(reason, detect_language(query.text))
        millis["answer"] = (time.perf_counter() - started) * 1000
        millis["total"] = millis.get("retrieve", 0.0) + millis["answer"]
        yield Finished(
            answer=Answer(
                question=query.text,
                query=query,
                text=draft.text,
                citations=tuple(draft.citations),
                hits=tuple(hits),
                answered=answered,
                reason=reason,
                confidence=round(min(draft.sure), 3) if answered else None,
                withheld=tuple(draft.withheld),
                conflicts=tuple(against),
                model=self.name,
                prompt=self._prompt.label if self._prompt else None,
                fingerprint=fingerprint,
                usage=heard.usage,
                millis={stage: round(value, 1) for stage, value in millis.items()},
                brief=draft.brief,
            )
        )

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
        """Choose among given answers; see ``Archive.choose``."""
        started = time.perf_counter()
        shown = multiple_choice.listed(choices)
        evidence = self._evidence(query, hits, catalog, embed, _voices(query, hits, catalog), choices)
        millis["choose"] = (time.perf_counter() - started) * 1000
        heard, prompt = _Heard(), None
        if self._chat is None:
            weights = multiple_choice.by_evidence(query.standalone, choices, evidence, embed)
        else:
            prompt = prompts.load("choose")
            messages = _messages(
                prompt.render(evidence=_shown(evidence) or "(nothing)", question=query.standalone, choices=shown)
            )
            way = multiple_choice.by_letter if self._local else multiple_choice.by_schema
            try:
                weights, message = way(self._chat, messages, len(choices))
            except OnRecordError:
                raise
            except Exception as e:  # providers raise their own
                raise _failed(self.name, e) from e
            if message is not None:
                _listen(message, heard)
        millis["total"] = millis.get("retrieve", 0.0) + (time.perf_counter() - started) * 1000
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
            usage=heard.usage,
            millis={stage: round(value, 1) for stage, value in millis.items()},
        )

    def _evidence(
        self,
        query: Query,
        hits: Sequence[Hit],
        catalog: Catalog,
        embed: Embed,
        voices: Attribution,
        choices: Sequence[str] = (),
    ) -> list[Numbered]:
        return choose(
            query.looked_for,
            hits,
            embed=embed,
            tokens=self._settings.evidence_tokens,
            catalog=catalog,
            closely=_FEW if self._chat is None else _MANY,
            voices=voices,
            choices=choices,
        )

    # -- writing -------------------------------------------------------------------

    def _quote(
        self, query: Query, evidence: Sequence[Numbered], check: _Check, draft: _Draft, heard: _Heard
    ) -> Iterator[Event]:
        """The sentence nearest to the question, word for word, that is likely enough to answer it.

        Where the latest is asked for, the newest of the nearest few.
        """
        tries = _Draft(quoted=True)
        nearest = sorted(evidence, key=lambda e: -e.score)[:_TRIES]
        if query.time and query.time.kind == "latest":
            nearest.sort(key=lambda e: -(e.passage.published.timestamp() if e.passage.published else 0.0))
        for e in nearest:
            shown = check.take(parse.Statement(" ".join(e.text.split()), (e.number,)), tries, heard)
            if shown is not None:
                draft.text, draft.citations, draft.sure = tries.text, tries.citations, tries.sure
                yield shown
                return
        if self._chat is None:  # else they are our own tries, which nobody has claimed
            draft.withheld += tries.withheld

    def _write(
        self,
        query: Query,
        evidence: Sequence[Numbered],
        check: _Check,
        draft: _Draft,
        heard: _Heard,
        millis: dict[str, float],
        cancel: threading.Event,
    ) -> Iterator[Event]:
        asked = time.perf_counter()
        drafting = parse.StatementParser()
        messages = self._asking(query, evidence)
        for piece in self._hear(messages, heard, cancel):
            if isinstance(piece, Progress):
                yield piece
                continue
            if "first_token" not in millis:
                millis["first_token"] = (time.perf_counter() - asked) * 1000
                yield Progress(stage="writing")
            for statement in drafting.feed(piece):
                if (shown := check.take(statement, draft, heard)) is not None:
                    millis.setdefault("first_sentence", (time.perf_counter() - asked) * 1000)
                    yield shown
        if not heard.cancelled:
            for statement in drafting.end():
                if (shown := check.take(statement, draft, heard)) is not None:
                    millis.setdefault("first_sentence", (time.perf_counter() - asked) * 1000)
                    yield shown
        millis["write"] = (time.perf_counter() - asked) * 1000

    def _asking(self, query: Query, evidence: Sequence[Numbered]) -> list[BaseMessage]:
        assert self._prompt is not None
        language = detect_language(query.text)
        # Small models answer in the language of the examples unless told.
        hint = f"\nAnswer in {_LANGUAGES.get(language, 'the language of the question')}." if language != "en" else ""
        return _messages(self._prompt.render(evidence=_shown(evidence), question=query.standalone, hint=hint))

    def _shorten(
        self,
        query: Query,
        evidence: Sequence[Numbered],
        draft: _Draft,
        heard: _Heard,
        millis: dict[str, float],
        cancel: threading.Event,
    ) -> None:
        """Have the answer said again in a few words: the conversation goes on, so that little has to be read."""
        from langchain_core.messages import AIMessage

        asked = time.perf_counter()
        said = " ".join(draft.text[a:b] for a, b in dict.fromkeys(c.claim for c in draft.citations))
        messages = [
            *self._asking(query, evidence),
            AIMessage(content=said),
            *_messages(prompts.load("brief").render()),
        ]
        whole = "".join(p for p in self._hear(messages, heard, cancel) if isinstance(p, str))
        short = parse.unmarked(whole).strip(".")
        # Nothing that the answer doesn't say: a small model goes on talking at times.
        if short and any(contains(text, short) for text in (said, *(c.quote for c in draft.citations))):
            draft.brief = short
        millis["brief"] = (time.perf_counter() - asked) * 1000

    def _hear(self, messages: list[BaseMessage], heard: _Heard, cancel: threading.Event) -> Iterator[str | Progress]:
        """The model's output as it comes, with signs of life; the model runs in a thread of its own.

        So the caller is never stuck in a model that is silent: it may cancel or walk away at any moment.
        """
        pieces: queue.SimpleQueue[str | Progress | BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()

        def work() -> None:
            try:
                options: dict[str, Any] = {}
                if self._local:
                    if self._warming is not None:
                        self._warming.join()
                    options = {
                        "cancel": stop,
                        "on_progress": lambda done, total: pieces.put(
                            Progress(stage="reading", done=done, total=total)
                        ),
                        "logprobs": True,
                        "top_logprobs": 8,
                    }
                if heard.temperature is not None:
                    options["temperature"] = heard.temperature
                assert self._chat is not None
                for chunk in self._chat.stream(messages, **options):
                    if stop.is_set():
                        return
                    _listen(chunk, heard)
                    if text := chunk.text:
                        pieces.put(
                            str(text).encode("utf-8", "replace").decode()
                        )  # half a surrogate pair can't be stored
                pieces.put(None)
            except BaseException as e:  # handed over to the caller's thread
                pieces.put(e)

        if self._local:
            yield Progress(stage="loading")
        thread = threading.Thread(target=work, name="onrecord-model", daemon=True)
        thread.start()
        try:
            while True:
                if cancel.is_set():
                    heard.cancelled = True
                    return
                try:
                    piece = pieces.get(timeout=_WAIT)
                except queue.Empty:
                    continue
                if piece is None:
                    return
                if isinstance(piece, OnRecordError):
                    raise piece
                if isinstance(piece, BaseException):
                    raise _failed(self.name, piece) from piece
                yield piece
        finally:
            stop.set()


class _Check:
    """Takes statements one by one: finds their evidence, checks them, and writes what passes."""

    def __init__(
        self,
        question: str,
        evidence: Sequence[Numbered],
        catalog: Catalog,
        embed: Embed,
        voices: Attribution,
        found: confidence.RetrievalFeatures | None,
        caution: float,
        judge: Callable[[str], float] | None,
        entails: Callable[[str, str], float] | None,
    ) -> None:
        self._question = question
        self._voices = voices
        self._found = found
        self._caution = caution
        self._judge = judge
        self._entails = entails
        self._evidence = {e.number: e for e in evidence}
        self._catalog = catalog
        self._embed = embed
        self._around: dict[int, str] = {}
        self._rarity = _rarity(evidence)

    def take(self, statement: parse.Statement, draft: _Draft, heard: _Heard) -> Delta | None:
        """Check a statement; what passes is written to the draft and returned."""
        if parse.is_refusal(statement):
            draft.refused = True
            return None
        claim = statement.text
        if draft.refused or claim.casefold() in draft.claims:
            return None
        draft.claims.add(claim.casefold())
        self._drop_deleted()
        cited = [self._evidence[n] for n in statement.numbers if n in self._evidence]
        verdict, cited = self._supported(claim, cited)
        if not verdict.ok:
            draft.withheld.append(RejectedSentence(text=claim, why=verdict.why))
            return None
        places = [(e.article_id, e.start, e.end) for e in cited]
        if whose := self._voices.others(claim, places):
            draft.withheld.append(RejectedSentence(text=claim, why=f"the cited words are those of {whose}"))
            return None
        if why := self._voices.instead(places, [e.text for e in cited]):
            draft.withheld.append(RejectedSentence(text=claim, why=why))
            return None
        bears = verify.relevance(
            self._question,
            self._cited(cited, introduced=True),
            embed=self._embed,
            rarity=self._rarity,
            dated=all(e.passage.published for e in cited),
        )
        sure = self._sure(bears, heard, draft)
        if bears.missing:
            draft.withheld.append(RejectedSentence(text=claim, why=f"the article says nothing of {bears.missing[0]}"))
            return None
        if sure < self._caution * (1.0 if self._found else _BY_HAND):
            draft.withheld.append(RejectedSentence(text=claim, why=f"it may not answer the question ({sure:.0%} sure)"))
            return None
        draft.sure.append(confidence.p_correct(sure, heard=heard.p_refusal is not None) if self._found else sure)
        return self._write(claim, verdict, cited, draft)

    def _sure(self, bears: verify.Relevance, heard: _Heard, draft: _Draft) -> float:
        """How likely it is that what bears so on the question answers it."""
        if self._found is not None:
            return confidence.p_answers(self._found, bears, heard.p_refusal, quoted=draft.quoted)
        doubt = heard.p_refusal or 0.0
        return 0.0 if doubt > _REFUSES else bears.score * (1 - doubt)

    def _support(self, claim: str, cited: Sequence[Numbered]) -> verify.Verdict:
        cited_words = self._cited(cited)
        return verify.supports(
            claim, cited_words, embed=self._embed, asked=self._question, ask=self._judge, entails=self._entails
        )

    def _drop_deleted(self) -> None:
        """An article taken down while the model writes is not cited any more."""
        there = self._catalog.exists({e.article_id for e in self._evidence.values()})
        self._evidence = {n: e for n, e in self._evidence.items() if e.article_id in there}

    def _supported(self, claim: str, cited: list[Numbered]) -> tuple[verify.Verdict, list[Numbered]]:
        """The verdict over the sentences cited; where it is no, another that does support the claim is cited."""
        first = self._support(claim, cited) if cited else None
        if first and first.ok:
            if len(cited) > 1:  # cite no more than what is needed
                for one in cited:
                    alone = self._support(claim, [one])
                    if alone.ok and alone.score >= first.score - 0.02:
                        return alone, [one]
            return first, cited
        best: tuple[verify.Verdict, list[Numbered]] | None = None
        for other in self._evidence.values():
            if other in cited:
                continue
            verdict = self._support(claim, [other])
            if verdict.ok and (best is None or verdict.score > best[0].score):
                best = verdict, [other]
        if best:
            return best
        return first or verify.Verdict(
            False, "it cites nothing, and no sentence found supports it", "supported", 0.0
        ), cited

    def _cited(self, cited: Sequence[Numbered], *, introduced: bool = False) -> verify.Cited:
        """What a sentence cites; ``introduced``: with whom "he" or a surname means in it."""
        around = " ".join(self._near(e) for e in cited)  # kept, since several statements are tried on it
        return verify.Cited(
            [f"{e.text} {e.who}." if introduced and e.who else e.text for e in cited],
            around,
            " ".join(f"{e.passage.title} {e.passage.source or ''}" for e in cited),
            [e.passage.published for e in cited if e.passage.published],
        )

    def _near(self, e: Numbered) -> str:
        if e.number not in self._around:
            around = cited_context.around(self._catalog, e.article_id, e.start)
            self._around[e.number] = f"{around} {e.who}." if e.who else around
        return self._around[e.number]

    def _write(self, claim: str, verdict: verify.Verdict, cited: Sequence[Numbered], draft: _Draft) -> Delta:
        lead = "" if not draft.text else "\n" if "\n" in draft.text else " "
        start = len(draft.text) + len(lead)
        marks: list[str] = []
        fresh: list[Citation] = []
        for e in cited:
            number = next(
                (c.number for c in draft.citations if (c.article_id, c.start, c.end) == (e.article_id, e.start, e.end)),
                max((c.number for c in (*draft.citations, *fresh)), default=0) + 1,
            )
            marks.append(f"[{number}]")
            fresh.append(
                Citation(
                    number=number,
                    article_id=e.article_id,
                    title=e.passage.title,
                    source=e.passage.source,
                    published=e.passage.published,
                    url=e.passage.url,
                    quote=e.text,
                    start=e.start,
                    end=e.end,
                    claim=(start, start + len(claim)),
                    support=verdict.support,
                    also_printed_by=e.passage.also_printed_by,
                )
            )
        delta = f"{lead}{claim} {''.join(marks)}"
        draft.text += delta
        draft.citations += fresh
        return Delta(text=delta, citations=tuple(fresh))


def _voices(query: Query, hits: Sequence[Hit], catalog: Catalog) -> Attribution:
    """Who says what in the articles of the hits, and which of them the question asks for."""
    said = catalog.said(list(dict.fromkeys(h.passage.article_id for h in hits)))
    asked = (
        speaker.match(query.speaker, [(q.speaker, q.role, 1) for qs in said.values() for q in qs])
        if query.speaker
        else ()
    )
    return Attribution(said, asked)


def _twins(hits: Sequence[Hit], citations: Sequence[Citation], catalog: Catalog) -> list[Passage]:
    """Passages of articles that stood aside for a cited one, of a few."""
    cited = {c.article_id for c in citations}
    aside = dict.fromkeys(t for h in hits if h.passage.article_id in cited for t in h.twins)
    return list(catalog.passages(catalog.passages_of([t for t in aside if t not in cited][:4])[:20]).values())


def _failed(name: str, e: BaseException) -> ModelFailed:
    first = str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__
    return ModelFailed(
        f"The model {name} failed: {first.rstrip('.')}. Ask again, or choose another: --model extractive"
    )


def _rarity(evidence: Sequence[Numbered]) -> Callable[[str], float]:
    """Words that most of the evidence has say little about what is asked."""
    from collections import Counter

    from rag.text.tokens import terms

    counts = Counter(w for e in evidence for w in set(terms(e.text)))
    return lambda term: math.log(1 + len(evidence) / (counts[term] + 0.5))


def _shown(evidence: Sequence[Numbered]) -> str:
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


def _messages(rendered: Sequence[tuple[str, str]]) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[role](content=text) for role, text in rendered]


def _listen(chunk: Any, heard: _Heard) -> None:
    """Take token counts and the first token's alternatives from a chunk."""
    if used := chunk.usage_metadata:
        before = heard.usage
        heard.usage = Usage(
            input_tokens=before.input_tokens + used["input_tokens"],
            output_tokens=before.output_tokens + used["output_tokens"],
            cached_tokens=before.cached_tokens + ((used.get("input_token_details") or {}).get("cache_read") or 0),
        )
    if heard.p_refusal is None:
        content = (chunk.response_metadata.get("logprobs") or {}).get("content") or []
        if content:
            first = content[0].get("top_logprobs") or []
            heard.p_refusal = sum(math.exp(t["logprob"]) for t in first if t["token"].strip().upper() in ("NOT", "NO"))
