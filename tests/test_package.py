"""What the package shows to the world, and what importing it costs."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
from pathlib import Path

import pytest
from helpers import ROOT, onrecord, python

import rag
from rag import errors

PUBLIC = [
    "AddressRefused",
    "Answer",
    "Archive",
    "ArchiveClosed",
    "ArchiveDamaged",
    "ArchiveError",
    "ArchiveForked",
    "ArchiveLocked",
    "ArchiveMismatch",
    "ArchiveMissing",
    "ArchiveReadOnly",
    "ArchiveUnreachable",
    "Article",
    "ArticleMissing",
    "ArticleSummary",
    "AsyncArchive",
    "AsyncChat",
    "Chat",
    "Choice",
    "Citation",
    "Claim",
    "ClusterError",
    "Collection",
    "CollectionMissing",
    "Collections",
    "Conflict",
    "Conversation",
    "ConversationMissing",
    "Delta",
    "DiskFull",
    "EvalCase",
    "Event",
    "ExtraMissing",
    "FetchCancelled",
    "FetchError",
    "Findings",
    "Finished",
    "Hit",
    "IngestReport",
    "Judgement",
    "LexiconError",
    "MendingMissing",
    "ModelCorrupt",
    "ModelError",
    "ModelFailed",
    "ModelMissing",
    "NewArticle",
    "NotAllowed",
    "OnRecordError",
    "Passage",
    "PluginError",
    "Problem",
    "Progress",
    "PromptError",
    "Query",
    "Quote",
    "Quoted",
    "Report",
    "Retrieved",
    "ServiceBusy",
    "Settings",
    "Skipped",
    "SourceError",
    "Stats",
    "Timeline",
    "TimelineEntry",
    "UsageError",
    "__version__",
    "check_claims",
    "evaluate",
    "load_cases",
]
HEAVY = [
    "torch",
    "chromadb",
    "gradio",
    "langchain",
    "langchain_core",
    "pydantic",
    "sentence_transformers",
    "numpy",
    "onnxruntime",
]


def test_a_name_becomes_public_on_purpose() -> None:
    assert rag.__all__ == PUBLIC
    assert dir(rag) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(rag, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        rag.nonsense  # noqa: B018


def test_no_submodule_hides_a_public_name() -> None:
    modules = {f.stem for f in Path(rag.__file__).parent.iterdir() if f.suffix == ".py" or f.is_dir()}
    assert not modules & set(PUBLIC)


def test_what_is_public_is_documented() -> None:
    for name in PUBLIC:
        thing = getattr(rag, name)
        if not inspect.isclass(thing):
            continue
        assert inspect.getdoc(thing), name
        for method, function in vars(thing).items():
            if callable(function) and not method.startswith("_"):
                assert inspect.getdoc(function), f"{name}.{method}"


def test_every_error_is_in_the_tree_and_descends_from_one() -> None:
    names = {n for n, v in vars(errors).items() if inspect.isclass(v) and issubclass(v, Exception)}
    drawn = set(re.findall(r"[─ ] ([A-Z]\w+)|^ +(OnRecordError)", errors.__doc__ or "", re.MULTILINE))
    assert names == {a or b for a, b in drawn}
    for name in names:
        assert issubclass(getattr(errors, name), errors.OnRecordError)


def test_the_version_is_the_projects() -> None:
    assert f'version = "{rag.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def loaded_by(code: str) -> set[str]:
    done = python(f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)")
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_importing_loads_nothing_heavy() -> None:
    modules = loaded_by("import rag")
    assert "rag" in modules
    assert not modules & set(HEAVY)


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_by(
        "import sys\nsys.argv = ['onrecord', '--help']\nfrom rag.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert "rag.cli" in modules
    assert not modules & (set(HEAVY) - {"pydantic", "numpy"})


def test_opening_loads_no_model_and_no_index(tmp_path: Path) -> None:
    modules = loaded_by(f"from rag import Archive\nArchive.open({str(tmp_path / 'x')!r})")
    assert not modules & {
        "torch",
        "chromadb",
        "sentence_transformers",
        "onnxruntime",
        "langchain",
        "tantivy",
        "xllamacpp",
    }


def test_the_command_says_its_version() -> None:
    done = onrecord("--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"onrecord {rag.__version__}")


def test_every_module_can_be_imported_alone_and_says_what_it_is() -> None:
    folder = Path(rag.__file__).parent
    for file in folder.rglob("*.py"):
        parts = file.relative_to(folder).with_suffix("").parts
        if "prompts" in parts or "corpus" in parts or parts[-1] == "__main__":
            continue
        name = ".".join(["rag", *(p for p in parts if p != "__init__")])
        module = importlib.import_module(name)
        assert inspect.getdoc(module), name
    assert "rag.archive" in sys.modules


def test_no_network_in_tests() -> None:
    import socket

    from pytest_socket import SocketConnectBlockedError

    with pytest.raises(SocketConnectBlockedError), socket.socket() as s:
        s.connect(("192.0.2.1", 80))


def test_the_users_home_is_not_the_users(user_environment: Path) -> None:
    assert Path.home() == user_environment
    assert {name for name in os.environ if name.startswith("ONRECORD_")} == {"ONRECORD_READ_SECONDS"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reason", "status", "workers"),
    [
        ("../shared/data is not there", 0, []),
        ("well, root ignores permissions", 1, []),
        ("well, root ignores permissions", 1, ["-n", "1"]),
    ],
)
def test_a_skip_that_is_not_expected_fails_the_run(
    tmp_path: Path, reason: str, status: int, workers: list[str]
) -> None:
    import shutil

    for name in ("conftest.py", "expected_skips.txt", "vector_servers.py", "postgres.py", "helpers.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / name)
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n\ndef test_one():\n    pass\n\ndef test_two():\n    pytest.skip({reason!r})\n\n"
        "@pytest.mark.models\ndef test_three():\n    assert False\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  models: x\n  slow: y\n")
    done = python("import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))", "-q", *workers, tmp_path, cwd=tmp_path)
    assert done.returncode == status, done.stdout
    assert f"test_it.py::test_two: {reason}" in done.stdout
    assert ("The run FAILED" in done.stdout) == bool(status)
    assert "1 passed, 1 skipped" in done.stdout
    assert ("1 deselected" in done.stdout) != bool(workers), "a controller collects nothing itself"
