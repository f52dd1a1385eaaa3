"""The embedding model that settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.protocols import Embedder
    from rag.settings import Settings


def make_embedder(settings: Settings) -> Embedder:
    """The embedding model that settings name: a built-in one, a plug-in's, or one of sentence-transformers.

    Nothing is loaded yet.
    """
    from rag.index.embed import BUILT_IN, BuiltInEmbedder, SentenceTransformerEmbedder

    named, cache = settings.embeddings, settings.cache.expanduser()
    if named in BUILT_IN:
        return BuiltInEmbedder(named, cache=cache)
    from rag import registry

    if make := registry.embedder(named) or registry.embedder(named.partition(":")[0]):
        return make(named, settings)
    return SentenceTransformerEmbedder(named, cache=cache)


__all__ = ["make_embedder"]
