"""What was run: everything that decides a run's rows, and the id made of it."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.archive import Archive
from rag.evaluation import cases as casebook
from rag.evaluation.values import EvalCase, Run
from rag.machine import processor

RUN_SETTINGS = ("k", "retriever", "evidence_tokens", "max_tokens", "check", "caution", "temperature", "context")
"""The settings that decide answers; the embedding model is in the archive's fingerprint."""


def describe(
    archive: Archive,
    cases: Sequence[EvalCase],
    chosen: Sequence[EvalCase],
    *,
    retrieval: bool,
    depth: int,
    brief: bool,
    seed: int | None,
) -> Run:
    """What is about to be run; two runs with one id give the same rows."""
    from rag import __version__
    from rag.answer import prompts
    from rag.answer.models.chat import WITHOUT_MODEL

    stats = archive.stats()
    settings = archive.settings
    told: dict[str, str | int | float | bool] = {name: getattr(settings, name) for name in RUN_SETTINGS}
    told |= {"depth": depth, "brief": brief and not retrieval}
    model = None if retrieval else archive.model
    used = [] if model in (None, *WITHOUT_MODEL) else _prompts(chosen, brief)
    decides: dict[str, Any] = {
        "cases_digest": casebook.digest(chosen),
        "articles": stats.articles,
        "passages": stats.passages,
        "generation": archive.generation,
        "fingerprint": stats.fingerprint,
        "model": model,
        "prompts": tuple(prompts.load(name).label for name in used),
        "settings": told,
        "version": __version__,
        "code": code_digest(),
    }
    ident = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]
    return Run(
        id=ident,
        cases=str(getattr(cases, "path", None) or "given in the program"),
        chosen=len(chosen),
        of=len(cases),
        seed=seed,
        archive=str(archive.settings.archive),
        commit=_commit(),
        machine=f"{processor()}, {os.cpu_count()} cores",
        started=datetime.now(UTC),
        **decides,
    )


def _prompts(chosen: Sequence[EvalCase], brief: bool) -> list[str]:
    asked = any(not c.choices for c in chosen)
    return (
        (["answer"] if asked else [])
        + (["brief"] if asked and brief else [])
        + (["choose"] if any(c.choices for c in chosen) else [])
    )


_COUNTING = (
    "baseline", "case_view", "cases", "citation_view", "compare", "labels", "libraries", "measures", "plots",
    "provenance", "report", "report_view", "rows", "rubric", "run", "statistics",
)  # fmt: skip
NOT_DECIDING = frozenset(
    {"cli/", "service/", "ui/", "corpus/", "testing/", "testing.py", "langchain.py", "py.typed"}
    | {"evaluation/formats/", "evaluation/templates/"}
    | {f"evaluation/{name}.py" for name in _COUNTING}
)
"""What decides no row of a run, folders with a slash: it reads cases, serves, shows, or counts what others decided."""


@functools.cache
def code_digest() -> str:
    """Hash of the program's files that decide what is found and answered, prompts and fitted weights among them."""
    return digest_files(deciding_files(Path(__file__).parent.parent))


def deciding_files(package: Path) -> dict[str, Path]:
    """The files that decide answers, by their path inside the package: all that are not known not to.

    Args:
        package: The folder of ``rag``. In a checkout the prompts lie beside it, in an installation inside it.
    """
    found = _files(package)
    if not (package / "prompts").is_dir():
        found |= {f"prompts/{name}": path for name, path in _files(package.parent / "prompts").items()}
    return {name: path for name, path in found.items() if not decides_nothing(name)}


def decides_nothing(name: str) -> bool:
    """Whether a file, by its path inside the package, is known not to decide answers."""
    parts = name.split("/")
    folders = ("/".join(parts[:n]) + "/" for n in range(1, len(parts)))
    return name in NOT_DECIDING or any(folder in NOT_DECIDING for folder in folders)


def digest_files(files: Mapping[str, Path]) -> str:
    """Hash of the files' names and contents: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _files(folder: Path) -> dict[str, Path]:
    """All files below a folder but Python's own compiled ones, by their path inside it."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def _commit() -> str | None:
    root = Path(__file__).parent.parent.parent
    if not (root / ".git").exists():
        return None
    try:
        asked = [
            subprocess.run(  # noqa: S603
                ["git", "-C", str(root), *words],  # noqa: S607
                capture_output=True, text=True, timeout=10, check=True,
            ).stdout.strip()
            for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return asked[0] + ("+" if asked[1] else "")
