"""Redaction: an answer without what rests on deleted articles, so that a takedown reaches earlier answers too."""

from __future__ import annotations

from collections.abc import Collection

from rag.types import Answer

TAKEN_DOWN = "An article that this answer rested on has been taken down."
"""The text of an answer of which nothing is left."""


def redact(answer: Answer, article_ids: Collection[str]) -> Answer:
    """An answer without what rests on some articles.

    Sentences that cite one of them are removed with their marks; the other citations are renumbered in order, and their
    offsets corrected. Passages and conflicts of those articles are removed, and so is what may hold their words without
    naming an article: withheld sentences, and the answer in brief. Where nothing is left, the answer says so.

    Args:
        answer: The answer; it is not changed.
        article_ids: Ids of article versions.

    Returns:
        ``answer`` itself if nothing in it rests on those articles.
    """
    gone = frozenset(article_ids)
    if not any(
        (
            any(c.article_id in gone for c in answer.citations),
            any(c.article_id in gone for c in answer.conflicts),
            any(h.passage.article_id in gone or gone & {*h.duplicates} for h in answer.hits),
        )
    ):
        return answer
    kept = [h for h in answer.hits if h.passage.article_id not in gone]
    hits = [
        h.model_copy(update={"rank": rank, "duplicates": tuple(t for t in h.duplicates if t not in gone)})
        for rank, h in enumerate(kept, start=1)
    ]
    rest = answer.model_copy(update={"hits": tuple(hits), "withheld": (), "brief": None})
    if not answer.answered:
        return rest
    if any(c.article_id in gone for c in answer.citations):
        rest = _without_claims(rest, gone)
    else:
        others = tuple(c for c in answer.conflicts if c.article_id not in gone)
        rest = rest.model_copy(update={"conflicts": others})
    if rest.citations:
        return rest
    return rest.model_copy(
        update={
            "text": TAKEN_DOWN,
            "answered": False,
            "reason": "taken_down",
            "conflicts": (),
            "confidence": None,
        }
    )


def _without_claims(answer: Answer, gone: frozenset[str]) -> Answer:
    """The answer's text composed again from the claims that cite none of the articles."""
    cut = {c.claim for c in answer.citations if c.article_id in gone}
    spans = sorted({c.claim for c in answer.citations} - cut)
    citations, places, text = [], {}, ""
    numbers: dict[int, int] = {}
    for span in spans:
        lead = "" if not text else "\n" if answer.text[: span[0]].endswith("\n") else " "
        places[span] = (start := len(text) + len(lead), start + span[1] - span[0])
        text += lead + answer.text[slice(*span)]
        cited = [c for c in answer.citations if c.claim == span]
        for c in cited:
            numbers.setdefault(c.number, len(numbers) + 1)
            citations.append(c.model_copy(update={"number": numbers[c.number], "claim": places[span]}))
        text += " " + "".join(f"[{n}]" for n in dict.fromkeys(numbers[c.number] for c in cited))
    conflicts = [
        c.model_copy(update={"claim": places[c.claim]})
        for c in answer.conflicts
        if c.article_id not in gone and c.claim in places
    ]
    return answer.model_copy(update={"text": text, "citations": tuple(citations), "conflicts": tuple(conflicts)})
