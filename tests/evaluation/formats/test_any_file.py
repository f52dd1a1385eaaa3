"""Whatever a file of questions holds, it is read or its rows are problems."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from pathlib import Path
from typing import Any

from helpers import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag.errors import OnRecordError
from rag.evaluation.cases import FORMATS, Cases, digest, load_cases
from rag.evaluation.formats.general import FIELD_NAMES
from tests.evaluation.case_files import qa, squad, write

PLACE = re.compile(r"[^:]+:\d+(\.\d+)*")


ANY = settings(
    max_examples=examples(150),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
GOOD = {"question": "Who?", "choices": ["a", "b"], "choice": 1}
FIELDS = (
    *FIELD_NAMES, "as_of", "question_sentence", "question_date", "question_id", "input", "output", "passages",
    "paragraphs", "data",
)  # fmt: skip
ROWS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6) | VALUES


def held(path: Path, **options: Any) -> Cases | None:
    """The cases, with every problem of a row in its place; or None after an error raised on purpose."""
    cases = None
    with contextlib.suppress(OnRecordError):
        cases = load_cases(path, **options)
    if cases is None:
        return None
    assert all(PLACE.fullmatch(problem.origin) and problem.reason for problem in cases.problems)
    assert all(PLACE.fullmatch(case.origin) for case in cases)
    digest(cases)
    return cases


@ANY
@given(rows=st.lists(ROWS, max_size=6), format=st.sampled_from([None, *(f for f in FORMATS if "closed" not in f)]))
def test_any_json_lines(tmp_path: Path, rows: list[Any], format: str | None) -> None:
    lines = [json.dumps(row) for row in rows]
    held(write(tmp_path / "q.jsonl", *lines), format=format)
    held(write(tmp_path / "q.json", json.dumps(rows)), format=format)
    cases = held(write(tmp_path / "q.jsonl", *(GOOD | {"id": f"good-{n}"} for n in range(2)), *lines))
    assert cases is not None
    places = [item.origin for item in (*cases, *cases.problems)]
    assert sorted(places) == [f"q.jsonl:{n}" for n in range(1, len(rows) + 3)]


@ANY
@given(value=VALUES, field=st.sampled_from([*FIELD_NAMES]))
def test_any_value_in_any_field(tmp_path: Path, value: Any, field: str) -> None:
    cases = held(write(tmp_path / "q.jsonl", GOOD | {"id": "good"}, GOOD | {field: value}))
    assert cases is not None and len(cases) + len(cases.problems) == 2
    assert all(problem.origin == "q.jsonl:2" for problem in cases.problems)


@ANY
@given(value=VALUES, name=st.sampled_from(["id", "question", "answers", "is_impossible"]), at=VALUES)
def test_any_value_in_squad(tmp_path: Path, value: Any, name: str, at: Any) -> None:
    odd = {"id": "b", "question": "Who?", "answers": [{"text": at, "answer_start": at}]} | {name: value}
    cases = held(write(tmp_path / "s.json", squad(qa(1, "Who?", "Red"), odd, doc_id=at)))
    assert cases is None or len(cases) + len(cases.problems) == 2


@ANY
@given(raw=st.binary(max_size=200), format=st.sampled_from([None, "jsonl", "json", "csv", "tsv"]))
@example(raw=b"\xff\xfe\x00\xd8\x00", format=None)
@example(raw=b"\x00{}", format=None)
@example(raw=b'question\r"a\r\nb', format=None)
@example(raw=b"\x1f\x8b", format=None)
def test_any_bytes(tmp_path: Path, raw: bytes, format: str | None) -> None:
    held(write(tmp_path / "q", raw), format=format)
    cases = held(write(tmp_path / "q", json.dumps(GOOD), raw), format="jsonl")
    assert cases is None or len(cases) >= 1
    held(write(tmp_path / "q", "question,answer", raw), format=format)
    (tmp_path / "q").write_bytes(gzip.compress(raw)[: len(raw) + 9])
    held(tmp_path / "q", format=format)


@ANY
@given(qrels=st.text(st.characters(codec="utf-8") | st.sampled_from("\t\n 1"), max_size=60))
def test_any_judgements(tmp_path: Path, qrels: str) -> None:
    path = write(tmp_path / "queries.jsonl", {"_id": "q", "text": "Who?"}).parent
    write(path / "qrels.tsv", qrels, "q\td\t1")
    with contextlib.suppress(OnRecordError):
        assert [c.relevant["d"] for c in load_cases(path)] == [1]
