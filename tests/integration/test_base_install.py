"""The base install alone: every extra's packages are hidden from a process, as if they had not been installed."""

from __future__ import annotations

import json
import re
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from helpers import ROOT, python

pytestmark = pytest.mark.slow

_HIDE = """
import sys
HIDDEN = set({hidden!r})
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""

_USE = """
import json
from rag import Archive
from rag.testing import FakeChat, FakeEmbeddings
chat = FakeChat(["Qin Gang told Blinken that relations were at the lowest point [1]"])
with Archive.open(sys.argv[1], chat_model=chat, embeddings=FakeEmbeddings()) as archive:
    report = archive.ingest(sys.argv[2])
    hits = archive.search("what did Qin Gang say about relations?")
    answer = archive.ask("what did Qin Gang say about relations?")
    print(json.dumps([report.added, [s.reason for s in report.skipped], len(hits), answer.answered]))
"""


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _closure(names: set[str]) -> set[str]:
    """Distributions with everything that they need themselves, without their extras."""
    todo, seen = list(names), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            wanted = requires(name) or []
        except Exception:  # not installed on this platform
            continue
        todo += [_name(r) for r in wanted if "extra ==" not in r]
    return seen


def hidden() -> list[str]:
    """Top-level modules that only an extra brings."""
    own = requires("onrecord") or []
    base = _closure({_name(r) for r in own if "extra ==" not in r})
    extras = _closure({_name(r) for r in own if "extra ==" in r} - {"onrecord"})
    only = extras - base
    of = packages_distributions()
    return sorted(m for m, dists in of.items() if all(re.sub(r"[-_.]+", "-", d).lower() in only for d in dists))


def test_the_base_has_at_most_18_direct_dependencies() -> None:
    assert len([r for r in requires("onrecord") or [] if "extra ==" not in r]) <= 18


def test_ingest_search_and_a_question_without_an_extra(tmp_path: Path) -> None:
    names = hidden()
    assert {"torch", "gradio", "spacy", "trafilatura", "jinja2", "scipy"} <= set(names)
    assert not {"chromadb", "langchain_core", "tantivy"} & set(names)
    done = python(_HIDE.format(hidden=names) + _USE, tmp_path / "archive", ROOT / "corpus", timeout=300)
    assert done.returncode == 0, done.stderr
    added, reasons, hits, text = json.loads(done.stdout.splitlines()[-1])
    assert added >= 15 and hits and text
    assert all('pip install "onrecord[documents]"' in r for r in reasons if "html" in r.lower())


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["ui"], "page"),
        (["serve"], "serve"),
        (["eval", str(ROOT / "corpus/questions.jsonl")], "eval"),
        (["ingest", "--sample"], "local"),
    ],
)
def test_a_missing_extra_is_one_clear_line(tmp_path: Path, arguments: list[str], extra: str) -> None:
    code = _HIDE.format(hidden=hidden()) + (
        f"sys.argv = ['onrecord', *{arguments!r}, '--archive', {str(tmp_path / 'a')!r}]\n"
        "from rag.cli import main\nmain()"
    )
    done = python(code, timeout=120, env={"COLUMNS": "400"})
    assert done.returncode in (1, 2), done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("20")]  # the log
    assert f'pip install "onrecord[{extra}]"' in done.stderr and len(lines) <= 2, done.stderr
