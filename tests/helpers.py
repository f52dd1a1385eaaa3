"""Small things that several test files need."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings

ROOT = Path(__file__).parent.parent


def examples(n: int) -> int:
    """How many examples a property is tried on: all of them with --all, some of them in the inner loop."""
    full = settings.get_current_profile_name() == "full"
    return n if full else min(n, max(8, n // 8))


def row(key: str, text: str, title: str | None = None, **more: Any) -> dict[str, Any]:
    """An article as a row of a JSON Lines file."""
    return {"key": key, "title": f"About {key}" if title is None else title, "text": text, **more}


def write_rows(path: Path, *rows: Mapping[str, Any]) -> Path:
    """A JSON Lines file of articles."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


def many(n: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Short articles, each with a word of its own: ``stormNNNN``."""
    return [
        row(
            f"story-{i}",
            f"The harbour of Port {i} was closed on Monday. A storm named storm{i:04} had damaged {i + 10} boats.",
            title=f"Storm at Port {i}",
            source=f"Outlet {i % 3}",
        )
        for i in range(first, first + n)
    ]


_TEMPLATES: dict[str, Path] = {}


def fill(archive: Any, *rows: Mapping[str, Any]) -> None:
    """Take articles into an archive that is empty: once, and from then on by a copy of what came of it.

    For archives with ``FakeEmbeddings``. Ingesting costs twenty times as much as the copy.
    """
    from rag import Archive
    from rag.testing import FakeEmbeddings

    assert not archive.path.exists(), "not empty"
    key = json.dumps(rows, sort_keys=True, default=str)
    if key not in _TEMPLATES:
        folder = Path(tempfile.mkdtemp(prefix="onrecord-template-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        with Archive.open(folder / "archive", embeddings=FakeEmbeddings()) as template:
            template.ingest(write_rows(folder / "a.jsonl", *rows))
        _TEMPLATES[key] = folder / "archive"
    shutil.copytree(_TEMPLATES[key], archive.path)


def onrecord(
    *args: str | Path, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    from forked import Forked

    process = Forked(_command, *args, env=env)
    out, err = process.communicate(timeout=timeout)
    assert process.returncode is not None
    return subprocess.CompletedProcess(["onrecord", *map(str, args)], process.returncode, out, err)


def _command(*args: str) -> None:
    from rag.cli import main

    sys.argv = ["onrecord", *args]
    main()


def python(
    code: str, *args: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def files_with(folder: Path, words: Sequence[str]) -> list[tuple[str, str]]:
    """(file, word) for every file below ``folder`` whose bytes hold one of the words, in any usual encoding."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes().lower()
            for word in words:
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    if word.lower().encode(encoding) in content:
                        found.append((str(file.relative_to(folder)), word))
                        break
    return found


def timeless(report: Any) -> dict[str, Any]:
    """A report without what is not the same in two runs: when it was, how long it took, what had been committed."""
    told: dict[str, Any] = report.model_dump(mode="json")
    for name in ("started", "commit"):
        del told["run"][name]
    del told["latency"]
    told["tokens"].pop("per_second", None)
    return told


def assert_sound(archive: Any) -> None:
    """All three stores agree, and every passage and sentence is where it says."""
    assert archive.doctor() == []
    for article in archive.articles():
        for place in archive.sentences(article.id):
            assert 0 <= place.start < place.end <= len(article.text)


def assert_cited(archive: Any, answer: Any) -> None:
    """What holds for every answer there ever is."""
    assert {c.number for c in answer.citations} == set(range(1, len({c.number for c in answer.citations}) + 1))
    for c in answer.citations:
        assert archive.get(c.article_id).text[c.start : c.end] == c.quote
        assert c.quote.strip()
        assert c.words is None or c.start <= c.words[0] < c.words[1] <= c.end
        if c.claim == (0, 0):  # a quote that no sentence of the summary cites
            assert answer.summarized
            continue
        claim = answer.text[slice(*c.claim)]
        assert claim.strip()
        assert f"[{c.number}]" in answer.text[c.claim[1] :]


@dataclass
class Done:
    """What came of a command within this process."""

    code: int
    out: str
    err: str


def command_line(monkeypatch: Any, capsys: Any, chat: Any) -> Callable[..., Done]:
    """The command line within this process, with fakes for both models: ``chat`` is the local one."""
    from rag import Archive
    from rag.cli import main
    from rag.testing import FakeEmbeddings

    true_open = Archive.open.__func__  # type: ignore[attr-defined]

    def opened(cls: type[Archive], path: Any = None, **rest: Any) -> Archive:
        archive: Archive = true_open(cls, path, **{"embeddings": FakeEmbeddings(), **rest})
        if archive.settings.model == "local":
            archive._given_chat = chat
        return archive

    monkeypatch.setattr(Archive, "open", classmethod(opened))

    def run(*args: str | Path) -> Done:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["onrecord", *map(str, args)])
        code = 0
        try:
            main()
        except SystemExit as e:
            code = int(e.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run
