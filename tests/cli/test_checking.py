"""``onrecord check``: a verdict a line, in order; exit codes; bad lines lose nothing else."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rag.testing import FakeEmbeddings

SAID = "The council did not approve the budget for schools."
RIGHT = {"claim": SAID, "cited": SAID}
WRONG = {"claim": "The council approved the budget for schools.", "cited": SAID}


@pytest.fixture(autouse=True)
def _without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from rag.index import embedding_model

    fake = SimpleNamespace(embed=lambda texts: np.array(FakeEmbeddings().embed_documents(list(texts))))
    monkeypatch.setattr(embedding_model, "make_embedder", lambda settings: fake)


def file(folder: Path, *rows: Any) -> Path:
    path = folder / "claims.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), "utf-8")
    return path


def test_all_supported_is_0(cli: Any, tmp_path: Path) -> None:
    done = cli("check", file(tmp_path, RIGHT, RIGHT))
    assert done.code == 0, done.err
    assert done.out.splitlines() == [f"{n:>4}  supported     1.00  {SAID}" for n in (1, 2)] + ["2 claims, 2 supported"]


def test_one_that_is_not_is_3_with_the_reason(cli: Any, tmp_path: Path) -> None:
    done = cli("check", file(tmp_path, RIGHT, WRONG))
    assert done.code == 3
    assert "the cited words deny it" in done.out or "opposite" in done.out
    assert done.out.splitlines()[-1] == "2 claims, 1 supported"


def test_json_has_a_line_each_in_order(cli: Any, tmp_path: Path) -> None:
    done = cli("check", file(tmp_path, WRONG, "{", RIGHT, "", {"claim": "x"}), "--json")
    assert done.code == 1
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [f["line"] for f in found] == [1, 2, 3, 5]
    assert found[0]["verdict"] in ("contradicted", "not_told") and found[0]["why"]
    assert found[2] == {"line": 3, "verdict": "supported", "p": 1.0, "why": ""}
    assert "error" in found[1] and "`cited` is missing" in found[3]["error"]
    assert done.err.splitlines() == [f"onrecord: line {f['line']}: {f['error']}" for f in (found[1], found[3])]


def test_stdin(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(RIGHT).encode() + b"\n\xff\n")))
    done = cli("check", "-")
    assert done.code == 1
    assert "supported" in done.out and "line 2: no JSON" in done.err


def test_unknown_fields_are_named_once(cli: Any, tmp_path: Path) -> None:
    done = cli("check", file(tmp_path, {**RIGHT, "titel": 1}, {**RIGHT, "titel": 1}))
    assert done.code == 0
    assert done.err.strip() == "line 1: ignored what no claim has: titel"


def test_an_empty_file_and_a_missing_one(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "blank.jsonl").write_text("\n \n")
    for empty in (file(tmp_path), tmp_path / "blank.jsonl"):
        for form in ([], ["--json"]):
            done = cli("check", empty, *form)
            assert (done.code, done.out) == (1, "")
            assert "There is no claim: the file is empty" in done.err
    done = cli("check", tmp_path / "nowhere.jsonl")
    assert done.code == 1
    assert "There is no file" in done.err and "nowhere.jsonl" in done.err and "Traceback" not in done.err


def test_control_characters_do_not_reach_the_terminal(cli: Any, tmp_path: Path) -> None:
    done = cli("check", file(tmp_path, {"claim": "\x1b[31mRain.", "cited": "\x1b[31mRain."}))
    assert "\x1b" not in done.out + done.err
