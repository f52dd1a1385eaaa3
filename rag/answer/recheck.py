"""The check of a sentence that stands already, by its citations alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag import registry
from rag.answer.check import entailment, plugins, verify
from rag.answer.cited_context import cited
from rag.answer.evidence import Embed
from rag.index.catalog import Catalog
from rag.types import Citation


def supports(
    claim: str, citations: Sequence[Citation], *, catalog: Catalog, embed: Embed, model: str, asked: str
) -> verify.Verdict:
    """Whether citations support a sentence; see ``Archive.supports``.

    Args:
        claim: The sentence, without citation marks.
        citations: What it cites.
        catalog: For the words around a citation.
        embed: Texts to unit vectors.
        model: The setting ``check``.
        asked: The question; empty where there was none.

    Raises:
        ArticleMissing: A cited article has been taken down.
        PluginError: A check of another package can't be loaded, or failed.
    """
    words = cited(catalog, citations)
    verdict = verify.supports(claim, words, embed=embed, asked=asked, entails=entailment.chosen(model))
    if verdict.ok and (why := plugins.objection(registry.checks(), claim, words, asked)):
        return replace(verdict, ok=False, why=why, score=0.0)
    return verdict


__all__ = ["supports"]
