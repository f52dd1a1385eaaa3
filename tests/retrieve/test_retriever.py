"""Searching an archive: filters by date and source, arguments and questions that make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers import many, row, write_rows

from rag import Archive
from rag.errors import UsageError


def test_filters_by_date_and_source(archive: Archive, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("may", "The strike at the port began.", source="North", published="2023-05-31"),
            row("june", "The strike at the port went on.", source="South", published="2023-06-01"),
            row("july", "The strike at the port ended.", source="North", published="2023-07-01T08:00:00+02:00"),
            row("old", "The strike at the port was long ago.", source="North", published="1926-05-03"),
            row("never", "The strike at the port is undated.", source="South"),
            row("nobody", "The strike at the port has no outlet."),
        )
    )

    def keys(**filters: Any) -> set[str]:
        return {archive.get(h.passage.article_id).key for h in archive.search("port strike", k=20, **filters)}

    everything = {"may", "june", "july", "old", "never", "nobody"}
    june, july = datetime(2023, 6, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC)
    assert keys() == everything
    assert keys(after=june) == {"june", "july", "never", "nobody"}
    assert keys(before=june) == {"may", "old", "never", "nobody"}
    assert keys(after=june, undated=False) == {"june", "july"}
    assert keys(after=june, before=july, undated=False) == {"june"}
    assert keys(before=july, undated=False) == {"may", "june", "old"}
    assert keys(after=datetime(2023, 6, 1), undated=False) == {"june", "july"}, "a naive datetime is UTC"
    assert keys(sources=["North"]) == {"may", "july", "old"}
    assert keys(sources=["North", "South"]) == everything - {"nobody"}
    assert keys(sources=["North"], after=june, undated=False) == {"july"}
    assert keys(sources=["Nowhere"]) == set()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": -1}, "k is -1"),
        ({"k": 10**6}, "1 to 1000"),
    ],
)
def test_bad_arguments_of_a_search(archive: Archive, tmp_path: Path, options: dict[str, Any], says: str) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
    with pytest.raises(UsageError, match=says):
        archive.search("storm", **options)


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "x" * 4001, "?", "“”", "\ud800", "🙂", '"(', "\\", "%_"])
def test_bad_questions(archive: Archive, tmp_path: Path, question: str) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
    with pytest.raises(UsageError):
        archive.search(question)
    with pytest.raises(UsageError):
        archive.ask(question)


@pytest.mark.parametrize("question", ["的", "7?", "AND OR NOT", "a" * 4000, "NULL;--"])
def test_odd_questions_are_answered_or_refused(archive: Archive, tmp_path: Path, question: str) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
    archive.search(question)
    answer = archive.ask(question)
    assert answer.answered is False
    assert answer.model_dump_json()
