"""``onrecord eval`` of newsroom questions: how they came out by type, and a pattern that is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli.commands import QUESTION

from rag.testing import FakeChat

pytestmark = pytest.mark.usefixtures("no_charts")


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


def asked(ident: str, kind: str = "single", **more: Any) -> dict[str, Any]:
    """A question to which the model's one line is the answer, unless ``more`` says otherwise."""
    known = {"id": ident, "question": QUESTION, "answerable": True, "type": kind}
    return {**known, "gold": [], "gold_mode": "any", "must": ["12 boats"], **more}


def test_newsroom_questions_come_out_by_type(cli: Any, ports: Path, tmp_path: Path) -> None:
    file = written(
        tmp_path / "dev.jsonl",
        asked("s1"),
        asked("s2", must=["99"]),
        asked("s3", "unanswerable", answerable=False, must=[], gold_mode="none"),
    )
    done = cli("eval", file, "--archive", ports, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert re.search(r"^right +Right +0\.333 .* 3$", done.out, re.MULTILINE)
    assert re.search(r"^all +1 of 3 +2 of 3 +0 of 1 +0 of 2 +0 of 2$", done.out, re.MULTILINE)
    assert re.search(r"^single +1 of 2 +1 of 2 +0 of 2 +0 of 2$", done.out, re.MULTILINE)
    assert re.search(r"^unanswerable +0 of 1 +1 of 1 +0 of 1 *$", done.out, re.MULTILINE)


def test_a_pattern_that_is_none_is_told_before_anything_is_asked(
    cli: Any, ports: Path, chat: FakeChat, tmp_path: Path
) -> None:
    file = written(tmp_path / "dev.jsonl", asked("s1"), asked("s2", must=["(99"]))
    done = cli("eval", file, "--archive", ports, "--out", tmp_path / "run")
    assert (done.code, done.out, chat.seen) == (1, "", [])
    (line,) = done.err.splitlines()
    assert line.startswith(f"onrecord: {file}, line 2, question s2: '(99' in must is no regular expression (")
