"""What decides a run's rows: every file of the program, but for a short list of those that don't."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import ROOT

import rag
from rag.evaluation.provenance import NOT_DECIDING, code_digest, decides_nothing, deciding_files, digest_files

pytestmark = pytest.mark.usefixtures("no_charts")

PACKAGE = Path(rag.__file__).parent


def program_files() -> set[str]:
    """Every file of the program as it is installed, by its path inside the package; the page and corpus left out."""
    folders = {"": PACKAGE, "prompts/": ROOT / "prompts"}
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}"
        for prefix, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the program; its files may be changed."""
    for name, folder in (("rag", PACKAGE), ("prompts", ROOT / "prompts")):
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "rag"


def test_every_file_decides_answers_or_is_known_not_to() -> None:
    deciding = set(deciding_files(PACKAGE))
    assert deciding == {name for name in program_files() if not decides_nothing(name)}
    for name in (
        "archive.py", "types.py", "weights.py", "settings.py", "machine.py", "ingest/people.py", "ingest/quotes.py",
        "text/detect.py", "text/split.py", "retrieve/query.py", "index/embed.py", "answer/check/support.json",
        "answer/check/confidence.json", "answer/models/judge/judge.onnx", "answer/models/judge/pieces.npz",
        "prompts/answer.md", "evaluation/case_runner.py", "evaluation/overlap.py",
    ):  # fmt: skip
        assert name in deciding, name


def test_what_is_said_not_to_decide_is_there() -> None:
    elsewhere = {"ui/", "corpus/", "testing/", "testing.py"}  # beside the package in a checkout; or one of two
    for name in NOT_DECIDING - elsewhere:
        assert (PACKAGE / name).exists(), f"{name} is gone: take it off the list"


def test_a_change_of_any_deciding_file_is_another_program_and_of_no_other(copied: Path) -> None:
    before = digest_files(deciding_files(copied))
    assert before == code_digest(), "where the program lies makes no difference"
    for path in copied.parent.rglob("*"):  # fitted weights are read some hundred times from here on
        if path.is_file() and path.stat().st_size > 100_000:
            path.write_bytes(path.read_bytes()[:1000])
    files = deciding_files(copied)
    before = digest_files(files)
    for name in program_files():
        path = copied.parent / name if name.startswith("prompts/") else copied / name
        content = path.read_bytes()
        path.write_bytes(content + b" ")
        assert (digest_files(files) == before) is decides_nothing(name), name
        path.write_bytes(content)
    assert digest_files(deciding_files(copied)) == before


@pytest.mark.parametrize("name", ["new.py", "lexicon/en.toml", "text/new/words.json", "answer/check/new.json"])
def test_a_new_file_decides_until_somebody_says_that_it_does_not(copied: Path, name: str) -> None:
    before = digest_files(deciding_files(copied))
    (copied / name).parent.mkdir(parents=True, exist_ok=True)
    (copied / name).write_text("x")
    assert digest_files(deciding_files(copied)) != before


@pytest.mark.parametrize("name", ["service/new.py", "cli/new/a.py", "evaluation/templates/x.css", "ui/app.py"])
def test_what_serves_or_shows_decides_nothing(copied: Path, name: str) -> None:
    before = digest_files(deciding_files(copied))
    (copied / name).parent.mkdir(parents=True, exist_ok=True)
    (copied / name).write_text("x")
    (copied / "answer" / "__pycache__").mkdir()
    (copied / "answer" / "__pycache__" / "a.pyc").write_text("x")
    assert digest_files(deciding_files(copied)) == before


def test_a_moved_or_renamed_file_is_another_program(copied: Path) -> None:
    before = digest_files(deciding_files(copied))
    (copied / "answer" / "check" / "support.json").rename(copied / "answer" / "support.json")
    assert digest_files(deciding_files(copied)) != before


def test_an_installed_program_has_the_same_digest_as_a_checkout(copied: Path) -> None:
    shutil.move(copied.parent / "prompts", copied / "prompts")
    assert digest_files(deciding_files(copied)) == code_digest()
