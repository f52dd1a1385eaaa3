"""The wheel: what is in it, and that it works from another folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers import ROOT, python

pytestmark = pytest.mark.slow

PARTS = ["rag", "prompts", "corpus", "ui", "pyproject.toml", "README.md", "LICENSE"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the working tree."""
    source = tmp_path_factory.mktemp("source")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(source / "dist"), str(source)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            str(target),
            str(wheel),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return target


def test_only_rag_is_put_into_site_packages(installed: Path) -> None:
    names = {p.name for p in installed.iterdir()} - {"bin", "__pycache__"}
    assert {n for n in names if not n.endswith(".dist-info")} == {"rag"}
    assert len(names) == 2


def test_everything_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, inside in (("rag", "rag"), ("prompts", "rag/prompts"), ("corpus", "rag/corpus"), ("ui", "rag/ui")):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and not file.name.endswith(".pyc"):
                assert f"{inside}/{file.relative_to(ROOT / folder)}" in names
    assert not [n for n in names if "test" in Path(n).name]
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_it_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith("METADATA")]
        metadata = archive.read(name).decode()
    assert "Name: onrecord\n" in metadata
    assert "License-Expression: Apache-2.0" in metadata
    for extra in ("local", "documents", "openai", "anthropic", "ollama", "mcp", "dev"):
        assert f"Provides-Extra: {extra}\n" in metadata


ASK = """
import json, sys
import rag
from rag import Archive
from rag.cli import app
from importlib import resources
from rag.testing import FakeEmbeddings
with Archive.open(sys.argv[1], chat_model="extractive", embeddings=FakeEmbeddings(dim=256)) as archive:
    report = archive.ingest(str(resources.files("rag.corpus")))
    answer = archive.ask("what did Qin Gang say about relations?")
    same = all(archive.get(c.article_id).text[c.start : c.end] == c.quote for c in answer.citations)
from rag.answer.prompts import load
print(json.dumps([rag.__file__, report.added, len(report.skipped), answer.answered, same, load("answer").label]))
"""


def test_it_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    done = python(ASK, tmp_path / "archive", env={"PYTHONPATH": str(installed)}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file, added, skipped, answered, same, prompt = json.loads(done.stdout)
    assert Path(file).is_relative_to(installed), "not the working tree's"
    assert added >= 15
    assert skipped == 0
    assert answered and same
    assert prompt.startswith("answer@")


PAGE = """
import json, sys
import rag.ui
from fastapi.testclient import TestClient
from rag import Archive
from rag.service.access import Access
from rag.service.scheduler import RequestScheduler
from rag.service.http import create_app
from rag.ui.app import mount
from rag.testing import FakeEmbeddings
with Archive.open(sys.argv[1], chat_model="extractive", embeddings=FakeEmbeddings()) as archive:
    app = create_app(RequestScheduler(archive), Access(), mount_page=mount)
    with TestClient(app, base_url="http://127.0.0.1") as web:
        page = web.get("/").text
print(json.dumps([rag.ui.__file__, "OnRecord" in page, ".masthead" in page]))
"""


def test_its_page_is_there(installed: Path, tmp_path: Path) -> None:
    done = python(PAGE, tmp_path / "archive", env={"PYTHONPATH": str(installed)}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file, title, style = json.loads(done.stdout.splitlines()[-1])
    assert Path(file).is_relative_to(installed), "not the working tree's"
    assert title and style


@pytest.mark.models
def test_its_command_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        import os

        return subprocess.run(
            [sys.executable, str(installed / "bin/onrecord"), *args, "--archive", str(tmp_path / "archive")],
            env={**os.environ, "PYTHONPATH": str(installed)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    done = run("ingest", "--sample")
    assert done.returncode == 0, done.stderr
    done = run("ask", "what did Qin Gang say about relations?", "--model", "extractive")
    assert done.returncode == 0, done.stderr
    assert "lowest point" in done.stdout
