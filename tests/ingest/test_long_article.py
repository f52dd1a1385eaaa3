"""One very long article: its passages are embedded some at a time, and that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Archive
from rag.ingest import pipeline
from rag.testing import FakeEmbeddings


def test_progress_is_told_within_a_very_long_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_BATCH", 8)  # of 512
    file = tmp_path / "long.txt"
    words = " ".join(f"The ferry number {n} sailed from the harbour to the island on time." for n in range(600))
    file.write_text(f"A long list\n\n{words}")
    told: list[tuple[int, str]] = []
    with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
        report = archive.ingest(file, progress=lambda *step: told.append(step))
        assert archive.stats().passages == report.passages > 2 * pipeline._BATCH
    assert {seen for seen, _ in told} == {1} and told[-1] == (1, str(file))
    steps = [where for _, where in told[:-1]]
    assert len(steps) == -(-report.passages // pipeline._BATCH)
    assert steps[0] == f"{file} (8 of {report.passages:,} passages)"
    assert steps[-1] == f"{file} ({report.passages:,} of {report.passages:,} passages)"
