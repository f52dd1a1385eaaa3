"""A small share of the spoilt and special files, with fixed seeds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.stress import fuzz, special
from rag.ingest import apart

_FORMS = ("tsv", "jsonl", "json", "markdown", "html", "letter", "zip of files", "rtf")


def test_the_same_seed_makes_the_same_files() -> None:
    made = fuzz.samples()
    for form in _FORMS:
        assert fuzz.one(form, made[form], 3, 20) == fuzz.one(form, made[form], 3, 20)
    assert len({fuzz.one("tsv", made["tsv"], n, 20)[1] for n in range(20)}) > 10


def test_what_is_wrong_with_a_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The ferry sails again.")
    assert fuzz.judged(path, fuzz.LIMITS)[:2] == (1, set())
    monkeypatch.setattr(fuzz, "find", lambda *_: iter(()))
    assert fuzz.judged(path)[1] == {"no reason"}
    monkeypatch.setattr(fuzz, "find", lambda *_: 1 // 0)
    assert fuzz.judged(path)[1] == {"crash"}


@pytest.mark.slow
def test_spoilt_files_are_read_or_told() -> None:
    made = fuzz.samples()
    try:
        chosen = {form: made[form] for form in _FORMS}
        tallies = dict(fuzz.run(chosen, files=3, seed=20, until=time.monotonic() + 30))
    finally:
        apart.close()
    assert sum(t.files for t in tallies.values()) == 3 * len(_FORMS)
    wrong = [told for tally in tallies.values() for told in tally.told]
    assert not wrong


@pytest.mark.slow
def test_special_files_are_told() -> None:
    wrong = special.run(16, 20)
    told = wrong.pop("told")
    assert not any(wrong.values()), wrong
    assert len(told) >= 10
