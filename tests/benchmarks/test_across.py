"""The benchmark of searching across languages: what it makes of two rankings."""

from __future__ import annotations

import numpy as np

from benchmarks.fit.across import Ranked, figures, place
from benchmarks.quality.sets import SETS
from rag.index.embed import DEFAULT, MULTILINGUAL


def found(*, foreign: bool) -> Ranked:
    """Paragraph 0 is first by vectors and not found by words; 1 to 19 have the question's words."""
    others = np.arange(1, 20)
    return Ranked(np.array([0, *others]), others, np.array([foreign, *[False] * 19]), 0)


def test_a_vector_alone_outweighs_words_only_across_languages() -> None:
    assert place(found(foreign=True), dense=3, lexical=0.3) == 0
    assert place(found(foreign=True), dense=1, lexical=1) > 5
    assert place(found(foreign=False), dense=3, lexical=0.3) > 5
    assert figures([found(foreign=True)] * 3, 3, 0.3) == (1.0, 1.0)


def test_what_no_arm_finds_is_last() -> None:
    nothing = Ranked(np.array([1]), np.array([], np.int64), np.array([True, True]), 0)
    assert place(nothing, dense=3, lexical=0.3) == 2


def test_sets_in_several_languages_have_archives_of_their_own() -> None:
    by_archive: dict[str, set[str]] = {}
    for task in SETS:
        by_archive.setdefault(task.archive, set()).add(task.embeddings)
    assert all(len(models) == 1 for models in by_archive.values())
    assert {m for models in by_archive.values() for m in models} == {DEFAULT, MULTILINGUAL}
