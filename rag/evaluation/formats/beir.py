"""A folder in BEIR's form: queries, and judgements (qrels) of which documents are relevant to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rag.errors import SourceError
from rag.evaluation.formats import convert
from rag.evaluation.formats.files import read_rows, read_text
from rag.evaluation.formats.general import general_cases
from rag.types import Skipped


def beir_cases(folder: Path) -> Iterator[convert.CaseOrSkipped]:
    """The queries that have a relevant document; ``relevant`` names its documents by the ids of its corpus.

    Raises:
        SourceError: The folder is not in BEIR's form.
    """
    queries = next((p for n in ("queries.jsonl", "queries.jsonl.gz") if os.path.isfile(p := folder / n)), None)
    judged = find_qrels(folder)
    if queries is None or judged is None:
        raise SourceError(
            f"{folder} is not a folder in BEIR's form: queries.jsonl, and qrels.tsv or qrels/test.tsv. Name a file."
        )
    relevant, problems = read_qrels(judged, judged.relative_to(folder).as_posix())
    yield from problems
    named: set[str] = set()
    without = 0
    for item in general_cases(read_rows(queries, "jsonl")[1], {"question": "text"}, table=False):
        if isinstance(item, Skipped):
            yield item
            continue
        named.add(item.id)
        if item.id in relevant:
            yield item.model_copy(update={"relevant": relevant[item.id]})
        else:
            without += 1
    if without:
        yield Skipped(origin=queries.name, reason=f"left out: {without} queries without a relevant document")
    if unknown := len(relevant.keys() - named):
        yield Skipped(origin=judged.name, reason=f"left out: judgements of {unknown} queries that are not there")


def find_qrels(folder: Path) -> Path | None:
    """The file of judgements in a folder: the test set's, if there are several."""
    named = [folder / "qrels.tsv", folder / "qrels/test.tsv", folder / "qrels/dev.tsv"]
    return next((p for p in [*named, *sorted((folder / "qrels").glob("*.tsv"))] if os.path.isfile(p)), None)


def read_qrels(path: Path, name: str) -> tuple[dict[str, dict[str, int]], list[Skipped]]:
    """Query → document → grade, of the grades above 0; and the lines that are no judgements."""
    found: dict[str, dict[str, int]] = {}
    problems: list[Skipped] = []
    for number, written in enumerate(read_text(path).split("\n"), start=1):
        cells = [convert.line(c, "") for c in (written.split("\t") if "\t" in written else written.split())]
        try:
            if len(cells) not in (3, 4) or not (cells[0] and cells[-2]):  # 4: TREC's, with its unused second column
                raise convert.NotACase("")
            if (grade := convert.grade(cells[-1])) > 0:
                found.setdefault(cells[0], {})[cells[-2]] = grade
        except convert.NotACase:
            if number > 1 and any(cells):  # the first line may name the columns
                reason = "not a query, a document and a grade, separated by tabs"
                problems.append(Skipped(origin=f"{name}:{number}", reason=reason))
    return found, problems
