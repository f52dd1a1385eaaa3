"""Claims judged without weights, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from rag.answer.check.judge import Judgement, judge
from rag.answer.check.objections import Cited
from rag.testing import FakeEmbeddings


def embed(texts: Any) -> Any:
    """Vectors of words in common."""
    return np.array(FakeEmbeddings().embed_documents(list(texts)))


def judged(claim: str, *said: str, **more: Any) -> Judgement:
    """What the judge makes of a claim and the sentences it cites."""
    return judge(claim, Cited(list(said), " ".join(said), ""), embed=embed, **more)
