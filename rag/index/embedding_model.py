"""The embedding model that settings name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ArchiveMismatch, ModelMissing

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from rag.protocols import Embedder
    from rag.settings import Settings


def make_embedder(settings: Settings, given: Embeddings | None = None) -> Embedder:
    """The embedding model that settings name: a built-in one, a plug-in's, or one of sentence-transformers.

    Nothing is loaded yet.

    Args:
        settings: What names it.
        given: A LangChain embedding model in its place.
    """
    if given is not None:
        from rag.index.embed import LangChainEmbedder

        return LangChainEmbedder(given)
    from rag.index.embed import BUILT_IN, BuiltInEmbedder, SentenceTransformerEmbedder

    named, cache = settings.embeddings, settings.cache.expanduser()
    if named in BUILT_IN:
        return BuiltInEmbedder(named, cache=cache)
    from rag import registry

    if make := registry.embedder(named) or registry.embedder(named.partition(":")[0]):
        return make(named, settings)
    return SentenceTransformerEmbedder(named, cache=cache)


def require_same(path: Path, built: str, current: str, settings: Settings | None, *, splitter: bool) -> None:
    """Check that an archive was built by what reads it; a mistyped name of a model is told as that.

    Args:
        path: The archive's folder.
        built: Embedding model and splitter that built it.
        current: Those of the settings.
        settings: What names the model; None where it was given as an object.
        splitter: Whether the splitter matters.

    Raises:
        ArchiveMismatch: Something else built it.
        ModelMissing: The settings name a model that isn't here.
    """
    (model, _, cut), (current_model, _, current_cut) = (both.partition(" | ") for both in (built, current))
    if model == current_model and (cut == current_cut or not splitter):
        return
    if settings is not None and model != current_model and not _is_here(settings.embeddings):
        from rag.index.embed import choices

        raise ModelMissing(
            f"There is no embedding model {settings.embeddings!r} on this machine. {choices()} "
            f"The archive in {path} was built with {model}."
        )
    raise ArchiveMismatch(
        f"The archive in {path} was built with {built}, and the settings say {current}. "
        f"Use what it was built with, or rebuild it: onrecord doctor --rebuild --archive {path}"
    )


def _is_here(named: str) -> bool:
    """Whether a name is a model of ours, a plug-in's, a folder, or one that was downloaded before."""
    from rag import registry
    from rag.index.embed import BUILT_IN

    if named in BUILT_IN or registry.embedder(named) or registry.embedder(named.partition(":")[0]):
        return True
    if Path(named).expanduser().is_dir():
        return True
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return False
    place = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    # Names without an owner are those of sentence-transformers themselves, or of the hub's first models.
    names = [named] if "/" in named else [f"sentence-transformers/{named}", named]
    try:
        return any(isinstance(try_to_load_from_cache(name, "config.json", cache_dir=place), str) for name in names)
    except ValueError:  # no name that the hub may have
        return False


__all__ = ["make_embedder", "require_same"]
