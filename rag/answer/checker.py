"""The checks that every statement goes through before anybody sees it, one statement at a time.

1. Do the cited words support it, or others of the evidence (``check/verify.py``)?
2. Are they the words of whom the statement and the question mean (``attribution.py``)?
3. Do the checks of other packages (``rag.protocols.Check``) let it through?
4. Does it rest on one of the quotes that it is shown above? They are what the reader holds for the answer; what is true
   of the sentences beside them may answer something else.

What fails is rejected with the reason; what passes is added to the draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.answer import cited_context, parse
from rag.answer.attribution import Attribution
from rag.answer.check import plugins, verify
from rag.answer.evidence import Embed, Numbered
from rag.composing import AnswerText, cite, place
from rag.index.catalog import Catalog
from rag.protocols import Check
from rag.types import Citation, Delta, RejectedSentence

_NARROWED = 0.02
"""What a statement's score may lose when only one of the sentences it cites is kept."""


@dataclass
class Draft:
    """An answer in the making."""

    text: AnswerText = field(default_factory=AnswerText)
    rejected: list[RejectedSentence] = field(default_factory=list)
    refused: bool = False
    """Whether the model said that it found nothing; what it says after that is not looked at."""
    taken_down: bool = False
    """Whether something could not be shown since its article has been taken down."""
    summarized: bool = False
    """Whether the text is a model's."""
    attempted: set[str] = field(default_factory=set)
    """The statements so far, case-folded: each is checked once."""
    brief: str | None = None

    @property
    def answered(self) -> bool:
        """Whether there is a sentence to show."""
        return bool(self.text.citations)


class SentenceChecker:
    """Checks the statements of one answer against its evidence."""

    def __init__(
        self,
        question: str,
        evidence: Sequence[Numbered],
        *,
        catalog: Catalog,
        embed: Embed,
        attribution: Attribution,
        llm_verdict: Callable[[str], float] | None = None,
        entails: Callable[[str, str], float] | None = None,
        checks: Mapping[str, Check] | None = None,
    ) -> None:
        """Prepare the checks of one answer.

        Args:
            question: What was searched for.
            evidence: The sentences that statements may cite.
            catalog: For the words around a citation, and whether its article is still there.
            embed: Texts to unit vectors.
            attribution: Who says what in the evidence's articles.
            llm_verdict: A language model's probability of "yes" to a question, where the setting ``check`` asks it.
            entails: A model trained on entailment, where the setting ``check`` names one.
            checks: Checks of other packages by name, in the order they are asked in; each can only reject.
        """
        self._question = question
        self._evidence = {e.number: e for e in evidence}
        self._catalog = catalog
        self._embed = embed
        self._attribution = attribution
        self._llm_verdict = llm_verdict
        self._entails = entails
        self._checks = dict(checks or {})
        self._deleted: set[int] = set()
        self._context: dict[int, str] = {}

    def check(self, statement: parse.Statement, draft: Draft) -> Delta | None:
        """Check a statement.

        Args:
            statement: As the model wrote it, or an article's own sentence.
            draft: Is updated: what passes is added to its text, what fails to what was rejected.

        Returns:
            What was added to the text; None where nothing was.

        Raises:
            PluginError: A check of another package failed.
        """
        if parse.is_refusal(statement):
            draft.refused = True
            return None
        claim = statement.text
        if draft.refused or claim.casefold() in draft.attempted:
            return None
        draft.attempted.add(claim.casefold())
        self._drop_deleted()
        verdict, cited = self._find_support(
            claim, [self._evidence[n] for n in statement.numbers if n in self._evidence]
        )
        if not verdict.ok and not self._deleted.isdisjoint(statement.numbers):
            draft.taken_down = True
        if why := self._objection(claim, verdict, cited) or _beside(cited, draft.text.quotes):
            draft.rejected.append(RejectedSentence(text=claim, why=why))
            return None
        return draft.text.add(claim, [cite(e.passage, e.text, e.start, e.end, verdict.support) for e in cited])

    def _objection(self, claim: str, verdict: verify.Verdict, cited: Sequence[Numbered]) -> str:
        """The first thing against showing a claim; empty where there is none."""
        if not verdict.ok:
            return verdict.why
        return self._speaker_objection(claim, cited) or plugins.objection(
            self._checks, claim, self._cited(cited), self._question
        )

    def _drop_deleted(self) -> None:
        """What is taken down while the model writes is not cited any more."""
        there = self._catalog.exists({e.article_id for e in self._evidence.values()})
        self._deleted |= {n for n, e in self._evidence.items() if e.article_id not in there}
        self._evidence = {n: e for n, e in self._evidence.items() if n not in self._deleted}

    # -- is it supported, and by what -----------------------------------------------

    def _find_support(self, claim: str, cited: list[Numbered]) -> tuple[verify.Verdict, list[Numbered]]:
        """The verdict over the sentences cited; where it is no, over another one that does support the claim."""
        first = self._verdict(claim, cited) if cited else None
        if first and first.ok:
            return self._narrowed(claim, cited, first)
        best: tuple[verify.Verdict, list[Numbered]] | None = None
        for other in self._evidence.values():
            if other in cited:
                continue
            verdict = self._verdict(claim, [other])
            if verdict.ok and (best is None or verdict.score > best[0].score):
                best = verdict, [other]
        if best:
            return best
        nothing = verify.Verdict(False, "it cites nothing, and no sentence found supports it", "supported", 0.0)
        return first or nothing, cited

    def _narrowed(
        self, claim: str, cited: list[Numbered], together: verify.Verdict
    ) -> tuple[verify.Verdict, list[Numbered]]:
        """The one sentence that supports the claim as well as all those cited do; else all of them."""
        if len(cited) > 1:
            for one in cited:
                alone = self._verdict(claim, [one])
                if alone.ok and alone.score >= together.score - _NARROWED:
                    return alone, [one]
        return together, cited

    def _verdict(self, claim: str, cited: Sequence[Numbered]) -> verify.Verdict:
        return verify.supports(
            claim,
            self._cited(cited),
            embed=self._embed,
            asked=self._question,
            llm_verdict=self._llm_verdict,
            entails=self._entails,
        )

    # -- what else may be against it --------------------------------------------------

    def _speaker_objection(self, claim: str, cited: Sequence[Numbered]) -> str:
        """Why the cited words are not those of whom the claim, or the question, means; empty where they may be."""
        places = [(e.article_id, e.start, e.end) for e in cited]
        if whose := self._attribution.misattributed(claim, places):
            return f"the cited words are those of {whose}"
        return self._attribution.wrong_speaker(places, [e.text for e in cited])

    # -- the cited words ------------------------------------------------------------

    def _cited(self, cited: Sequence[Numbered]) -> verify.Cited:
        """What a claim cites, as the checks take it."""
        return verify.Cited(
            [e.text for e in cited],
            " ".join(self._around(e) for e in cited),
            " ".join(f"{e.passage.title} {e.passage.source or ''}" for e in cited),
            [e.passage.published for e in cited if e.passage.published],
        )

    def _around(self, e: Numbered) -> str:
        """What stands around a sentence; kept, since several claims are tried on it."""
        if e.number not in self._context:
            around = cited_context.around(self._catalog, e.article_id, e.start)
            self._context[e.number] = f"{around} {e.who}." if e.who else around
        return self._context[e.number]


def _beside(cited: Sequence[Numbered], quotes: Sequence[Citation]) -> str:
    """Why a claim is not of the quotes it would stand above; empty where it is, or where there are none."""
    places = {place(q) for q in quotes}
    words = {" ".join(q.quote.split()) for q in quotes}
    if not quotes or any((e.article_id, e.start, e.end) in places or " ".join(e.text.split()) in words for e in cited):
        return ""
    return "it rests on words that are not among the quotes"


__all__ = ["Draft", "SentenceChecker"]
