"""One case asked of an archive: what was found, what was answered, and what the check says of the finished answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, TypeVar

from rag.archive import Archive
from rag.composing import by_sentence
from rag.errors import ArchiveError, ArticleMissing, ModelCorrupt, ModelMissing, PromptError
from rag.evaluation.overlap import letters_and_digits, same_sentence, shares_most
from rag.evaluation.values import Claim, Context, EvalCase, Found, Gold, Row
from rag.protocols import QuestionOptions
from rag.types import Answer, Citation, Hit, Value

AROUND = 320
"""Characters of the article kept on either side of a citation."""
_BRIEF = 8
"""Words: where no accepted answer is that short, a brief form of the answer gains nothing."""
_FATAL = (ArchiveError, ModelMissing, ModelCorrupt, PromptError)
"""Errors that every case would meet, so that going on makes no sense."""

V = TypeVar("V", bound=Value)


class CaseRunner:
    """Asks an archive one case after another; each becomes a row.

    ``stop`` can be set from another thread: what is under way is cancelled, and gives no row.
    """

    def __init__(self, archive: Archive, *, retrieval: bool, depth: int, brief: bool) -> None:
        """Prepare.

        Args:
            archive: Asked with its own model and settings.
            retrieval: Only search.
            depth: Passages ranked for the retrieval measures.
            brief: Ask for a brief form of the answer where the accepted ones are short.
        """
        self._archive = archive
        self._retrieval, self._depth = retrieval, depth
        from rag.answer.models.chat import WITHOUT_MODEL, is_remote

        model = archive.model
        self.remote = not retrieval and is_remote(model)
        self._brief = brief and model not in WITHOUT_MODEL
        self._keys: dict[str, str] = {}
        self.stop = threading.Event()

    def ask(self, case: EvalCase) -> Row | None:
        """The row, or None when stopped."""
        row: dict[str, Any] = {"case": case, "timings_ms": {}}
        try:
            row |= self._relevant(case)
            options = self._options(case)
            started = time.perf_counter()
            hits = self._archive.search(case.question, k=self._depth, **options)
            row["timings_ms"]["search"] = round((time.perf_counter() - started) * 1000, 1)
            row["found"] = tuple(self._found(h) for h in hits)
            if not self._retrieval and case.choices:
                row["choice"] = self._archive.choose(case.question, case.choices, **options)
                row["timings_ms"] |= row["choice"].timings_ms
            elif not self._retrieval:
                brief = self._brief and any(len(a.split()) <= _BRIEF for a in case.answers)
                answer = self._archive.ask(case.question, cancel=self.stop, brief=brief, **options)
                row["timings_ms"] |= answer.timings_ms
                row |= self._checked(case, answer) | {"answer": answer}
        except _FATAL:
            raise
        except Exception as e:  # the other cases are still worth asking
            row["error"] = f"{type(e).__name__}: {e}"
        return None if self.stop.is_set() else storable(Row(**row))

    def _options(self, case: EvalCase) -> QuestionOptions:
        """What the question is understood by, and which articles it is asked of."""
        # Without a day, nobody knows what "this week" was.
        options = QuestionOptions(times=case.today is not None)
        if case.today is not None:
            options["today"] = case.today
        if case.history:
            options["history"] = [(turn.question, turn.answer) for turn in case.history]
        if case.as_of and case.as_of < date.max:
            options["before"] = datetime.combine(case.as_of + timedelta(days=1), clock(0), UTC)
        if case.within:
            there = [i for ident in case.within if (i := self._id(ident))]
            if not there:
                raise ArticleMissing("None of the articles that the case is to be asked of is in the archive.")
            options["articles"] = there
        return options

    def _id(self, ident: str) -> str | None:
        try:
            return self._archive.get(ident).id
        except ArticleMissing:
            return None

    def _key(self, article_id: str) -> str:
        if article_id not in self._keys:
            self._keys[article_id] = self._archive.get(article_id).key
        return self._keys[article_id]

    def _found(self, hit: Hit) -> Found:
        p = hit.passage
        return Found(
            passage=p.id,
            article=self._key(p.article_id),
            title=p.title,
            score=round(hit.score, 6),
            duplicates=tuple(dict.fromkeys(self._key(t) for t in hit.duplicates)),
        )

    def _relevant(self, case: EvalCase) -> dict[str, Any]:
        """The relevant documents as a ranking names them.

        Where all are passages, passages are ranked; where only some are, each counts as its article.
        """
        articles: dict[str, int] = {}
        passages: dict[str, int] = {}
        absent: list[str] = []
        for ident, grade in case.relevant.items():
            try:
                key = self._archive.get(ident).key
                articles[key] = max(grade, articles.get(key, 0))
            except ArticleMissing:
                try:
                    passages[ident] = grade
                    key = self._key(self._archive.passage(ident).article_id)
                    articles[key] = max(grade, articles.get(key, 0))
                except ArticleMissing:
                    del passages[ident]
                    absent.append(ident)
        if passages and len(passages) + len(absent) == len(case.relevant):
            return {"level": "passage", "relevant": passages | {a: case.relevant[a] for a in absent}, "absent": absent}
        return {"relevant": articles | {a: case.relevant[a] for a in absent}, "absent": absent}

    def _checked(self, case: EvalCase, answer: Answer) -> dict[str, Any]:
        """What the check says of the finished answer, looking only at what the answer shows."""
        golds = [letters_and_digits(e) for e in case.evidence]
        quotes = [letters_and_digits(c.quote) for c in answer.citations]
        return {
            "claims": tuple(
                self._claim(answer.text[slice(*span)], answer.question, cited, golds)
                for span, cited in by_sentence(answer.citations).items()
            ),
            "contexts": tuple(self._context(c) for c in answer.citations),
            "gold_cited": tuple(any(same_sentence(q, g) for q in quotes) for g in golds),
            "gold_quoted": tuple(self._is_quoted(g, answer) for g in (case.rubric.gold if case.rubric else ())),
        }

    def _is_quoted(self, gold: Gold, answer: Answer) -> bool:
        wanted, ident = letters_and_digits(gold.quote), self._id(gold.article)
        return any(c.article_id == ident and shares_most(letters_and_digits(c.quote), wanted) for c in answer.citations)

    def _claim(self, text: str, asked: str, cited: list[Citation], golds: list[str]) -> Claim:
        def holds(some: list[Citation]) -> bool:
            return bool(some) and self._archive.supports(text, some, asked=asked).ok

        supported = holds(cited)
        return Claim(
            text=text,
            supported=supported,
            needed=tuple(supported and (holds([c]) or not holds([o for o in cited if o is not c])) for c in cited),
            gold=tuple(any(same_sentence(letters_and_digits(c.quote), g) for g in golds) for c in cited),
        )

    def _context(self, c: Citation) -> Context:
        text = self._archive.get(c.article_id).text
        return Context(
            before=text[max(0, c.start - AROUND) : c.start],
            after=text[c.end : c.end + AROUND],
            verbatim=text[c.start : c.end] == c.quote,
        )


def storable(value: V) -> V:
    """The same without lone surrogates: a model or a program may give them, but UTF-8 can't hold them."""
    given = value.model_dump()
    clean = _encodable(given)
    return value if clean == given else type(value).model_validate(clean)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(k): _encodable(v) for k, v in value.items()}
    return tuple(_encodable(v) for v in value) if isinstance(value, (list, tuple)) else value
