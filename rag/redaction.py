"""Redaction: an answer without what rests on deleted articles, so that a takedown reaches earlier answers too."""

from __future__ import annotations

from collections.abc import Collection

from rag import shown
from rag.composing import articles_of, recomposed, without_words_of
from rag.text.refusals import language_of, refusal
from rag.types import Answer, Side


def redact(answer: Answer, article_ids: Collection[str]) -> Answer:
    """An answer without what rests on some articles.

    Their quotes are removed, and the sentences that cite them, with their marks; the other quotes stay and are
    renumbered in order, and offsets are corrected. Where a summary loses all its sentences, the quotes that are left
    become the text. Passages and conflicts of those articles are removed, and so is what may hold their words without
    naming an article: withheld sentences, and the answer in brief. Where nothing is left, the answer says so in the
    question's language.

    Args:
        answer: The answer; it is not changed.
        article_ids: Ids of article versions.

    Returns:
        ``answer`` itself if nothing in it rests on those articles.
    """
    gone = frozenset(article_ids)
    if not any(
        (
            any(articles_of(c) & gone for c in answer.citations),
            any(c.article_id in gone for c in answer.conflicts),
            any(articles_of(c) & gone for s in answer.sides for c in s.citations),
            any(h.passage.article_id in gone or gone & {*h.duplicates} for h in answer.hits),
        )
    ):
        return answer
    kept = [h for h in answer.hits if h.passage.article_id not in gone]
    hits = [
        h.model_copy(update={"rank": rank, "duplicates": tuple(t for t in h.duplicates if t not in gone)})
        for rank, h in enumerate(kept, start=1)
    ]
    rest = answer.model_copy(update={"hits": tuple(hits), "withheld": (), "brief": None, "sides": _sides(answer, gone)})
    if not answer.answered:
        return rest
    if any(articles_of(c) & gone for c in answer.citations):
        rest = _without_claims(rest, gone)
    else:
        others = tuple(c for c in answer.conflicts if c.article_id not in gone)
        rest = rest.model_copy(update={"conflicts": others})
    if rest.citations:
        return rest
    return rest.model_copy(
        update={
            "text": refusal("taken_down", language_of(answer.question)),
            "answered": False,
            "reason": "taken_down",
            "conflicts": (),
            "sides": (),
            "confidence": None,
            "summarized": False,
        }
    )


def _sides(answer: Answer, gone: frozenset[str]) -> tuple[Side, ...]:
    """The sides by what is left of their sources; none where it is of one side alone."""
    left = []
    for side in answer.sides:
        cited = tuple(without_words_of(c, gone) for c in side.citations if c.article_id not in gone)
        if cited:
            says = " ".join(shown.cut(cited[0])[1].split())
            sources = min(side.sources, len(cited))
            newest = max((c.published for c in cited if c.published), default=None)
            left.append(Side(says=says, sources=sources, newest=newest, citations=cited))
    return tuple(left) if len(left) > 1 else ()


def _without_claims(answer: Answer, gone: frozenset[str]) -> Answer:
    """The answer composed again from the quotes of other articles, and the sentences that cite nothing else."""
    kept = [without_words_of(c, gone) for c in answer.citations]
    text, places = recomposed(answer.text, kept, lambda c: c.article_id not in gone)
    conflicts = [
        c.model_copy(update={"claim": places[c.claim]})
        for c in answer.conflicts
        if c.article_id not in gone and c.claim in places
    ]
    return answer.model_copy(
        update={
            "text": text.text,
            "citations": text.cited,
            "conflicts": tuple(conflicts),
            "summarized": answer.summarized and bool(places),
        }
    )
