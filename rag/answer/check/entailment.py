"""A model trained on entailment as the judge of the support check, by setting.

This module and ``rag/index/embed.py`` are the only ones that talk to sentence-transformers.

Such a model reads the cited words and the sentence together, where embeddings are made of each alone (for consistency
of summaries: Laban et al., SummaC, TACL 2022; Honovich et al., TRUE, NAACL 2022). None comes with the program.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import numpy as np

from rag.errors import ModelFailed, ModelMissing
from rag.machine import limit_openmp_spin

PREFIX = "nli:"
"""What the setting ``check`` begins with, before the model's name or folder."""


class Entailment:
    """A cross-encoder for natural language inference, or one trained to say whether a text supports a sentence."""

    def __init__(self, model: str) -> None:
        """Take a folder, or a name on a model hub; nothing is loaded before the first sentence."""
        self._name = model
        self._lock = threading.Lock()
        self._model: Any = None
        self._label = 0

    def __call__(self, text: str, claim: str) -> float:
        """Probability that a text says everything that a sentence says, 0 to 1.

        Args:
            text: The premise.
            claim: The hypothesis.

        Raises:
            ModelMissing: It can't be loaded, or its labels don't tell which one means support.
            ModelFailed: It raised, or gave numbers that are not finite.
        """
        with self._lock:
            if self._model is None:
                self._model = self._loaded()
            try:
                found = self._model.predict([(text, claim)], activation_fn=lambda x: x, show_progress_bar=False)
            except (RuntimeError, ValueError, IndexError) as e:
                raise ModelFailed(f"The model {self._name!r} failed: {e}") from e
        scores = np.asarray(found, np.float64).reshape(-1)
        if not np.isfinite(scores).all():
            raise ModelFailed(f"The model {self._name!r} gave numbers that are not finite. Try another model.")
        if len(scores) == 1:
            scores = np.array([scores[0], 0.0])  # one number: log-odds
        odds = np.exp(scores - scores.max())
        return float(odds[self._label] / odds.sum())

    def _loaded(self) -> Any:
        try:
            with limit_openmp_spin():  # torch comes with it
                from sentence_transformers import CrossEncoder

            model = CrossEncoder(self._name, device="cpu")
        except (ImportError, OSError, ValueError) as e:
            first = (str(e).strip() or type(e).__name__).splitlines()[0]
            raise ModelMissing(
                f"The model {self._name!r} of the setting `check` can't be loaded ({first}). "
                "Give a folder that holds a cross-encoder, or a name your machine can download."
            ) from e
        config = model[0].model.config
        labels = {int(n): str(label).casefold() for n, label in config.id2label.items()}
        meant = [n for n, label in labels.items() if label in ("entailment", "entailed", "supported", "consistent")]
        if len(labels) > 1 and not meant:
            found = ", ".join(labels.values())
            raise ModelMissing(
                f"The model {self._name!r} of the setting `check` has no label for entailment ({found}). "
                "Give one that was trained on natural language inference."
            )
        self._label = meant[0] if len(labels) > 1 else 0
        return model


def chosen(check: str) -> Entailment | None:
    """The judge that the setting ``check`` names, if it names one; the same for the whole process."""
    return _of(check.removeprefix(PREFIX)) if check.startswith(PREFIX) else None


@cache
def _of(model: str) -> Entailment:
    return Entailment(model)


__all__ = ["PREFIX", "Entailment", "chosen"]
