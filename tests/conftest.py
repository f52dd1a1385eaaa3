"""What all tests share: nothing of the user's is touched, no network is used, no skip goes unnoticed.

pytest          everything without real weights, with few examples for properties
pytest --all    the tests marked `models` or `slow` too, and all examples
-n 2            in two processes (`make fast` and `make test` take as many as there are cores)
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from platformdirs import user_cache_path
from pytest_socket import socket_allow_hosts

HERE = Path(__file__).parent
ROOT = HERE.parent
SEED = ROOT.parent / "shared/data/seed/blinken-xi-beijing.txt"
EXPECTED_SKIPS = HERE / "expected_skips.txt"

# Asked before any test changes the environment. Weights are joined there once, 1.1 GB.
SHARED_CACHE = Path(os.environ.get("ONRECORD_CACHE") or user_cache_path("onrecord", appauthor=False))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the tests marked `models` or `slow` too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        _keep_together(items)
        return
    left_out = [item for item in items if item.get_closest_marker("models") or item.get_closest_marker("slow")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _keep_together(items: list[pytest.Item]) -> None:
    """With ``--dist loadgroup`` one process runs all tests with models: each process would load them for itself."""
    for item in items:
        if item.get_closest_marker("models"):
            item.add_marker(pytest.mark.xdist_group("models"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files of which no test would be run are not imported: what they import takes seconds."""
    if config.getoption("--all") or not re.fullmatch(r"test_\w+\.py", collection_path.name):
        return None
    return True if _ALL_LEFT_OUT.search(collection_path.read_text("utf-8")) else None


_ALL_LEFT_OUT = re.compile(r"^pytestmark = pytest\.mark\.(?:models|slow)$", re.MULTILINE)

# -- fast --------------------------------------------------------------------------------

_ROOM = 4_000_000_000
"""Bytes that a memory disk needs to have free: all archives of a run together are less."""


def _work_in_memory() -> None:
    """Put temporary folders on a memory disk, where the system has one: most of the waiting is for disks."""
    memory = Path("/dev/shm")
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or "TMPDIR" in os.environ:
        return
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(memory)


hypothesis.settings.register_profile("fast", max_examples=12, deadline=None)
hypothesis.settings.register_profile("full", max_examples=100, deadline=None)

# -- no network -----------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    # asyncio, chromadb and llama.cpp talk to themselves by these two ways.
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


# -- no unexpected skip ---------------------------------------------------------------


def expected_skips() -> list[re.Pattern[str]]:
    lines = EXPECTED_SKIPS.read_text("utf-8").splitlines()
    return [re.compile(line) for line in lines if line.strip() and not line.startswith("#")]


class SkipGuard:
    """Prints every skip with its reason, and fails the run for one whose reason is not expected."""

    def __init__(self) -> None:
        self.skips: list[tuple[str, str]] = []

    def unexpected(self) -> list[tuple[str, str]]:
        rules = expected_skips()
        return [(where, why) for where, why in self.skips if not any(rule.match(why) for rule in rules)]

    def _note(self, report: Any) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            why = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
            skip = (report.nodeid, why.removeprefix("Skipped: "))
            if skip not in self.skips:  # every process tells of a file that is skipped as a whole
                self.skips.append(skip)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unexpected() and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.skips:
            return
        terminalreporter.section("skipped")
        for where, why in self.skips:
            terminalreporter.line(f"{where}: {why}")
        if odd := self.unexpected():
            terminalreporter.section("unexpected skips", red=True)
            for where, why in odd:
                terminalreporter.line(f"{where}: {why}", red=True)
            terminalreporter.line(f"The run FAILED: no line of {EXPECTED_SKIPS.name} matches these reasons.", red=True)


def pytest_configure(config: pytest.Config) -> None:
    _work_in_memory()
    hypothesis.settings.load_profile("full" if config.getoption("--all") else "fast")
    config.pluginmanager.register(SkipGuard(), "skip-guard")


# -- nothing of the user's ------------------------------------------------------------


def _isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name in [n for n in os.environ if n.startswith("ONRECORD_")]:
        patch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS"):
        patch.delenv(name, raising=False)
    patch.setenv("ONRECORD_READ_SECONDS", "0")  # tests put readers of their own in place; a process apart has none
    patch.setenv("HOME", str(home))
    patch.setenv("USERPROFILE", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        patch.setenv(name, str(home / name))


@pytest.fixture(scope="session", autouse=True)
def _session_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Before the fixtures that live as long as the session, too."""
    with pytest.MonkeyPatch.context() as patch:
        _isolate(patch, tmp_path_factory.mktemp("session-home"))
        yield


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Places for homes; ``mktemp`` would read through all that are there, for each test."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(n) for n in itertools.count())


@pytest.fixture(autouse=True)
def user_environment(request: pytest.FixtureRequest, _homes: Iterator[Path]) -> Iterator[Path]:
    """An empty home for each test; only the cache of models is the user's own, where a test needs models."""
    with pytest.MonkeyPatch.context() as patch:
        home = next(_homes)
        home.mkdir()
        _isolate(patch, home)
        if request.node.get_closest_marker("models"):
            patch.setenv("ONRECORD_CACHE", str(SHARED_CACHE))
        yield home


@pytest.fixture(scope="session")
def shared_cache() -> Path:
    """Where joined weights are; only for tests marked `models`."""
    return SHARED_CACHE


# -- archives -------------------------------------------------------------------------


@pytest.fixture
def chat() -> Any:
    """The model behind ``archive``: set its ``replies``."""
    from rag.testing import FakeChat

    return FakeChat()


@pytest.fixture
def archive(tmp_path: Path, chat: Any) -> Iterator[Any]:
    """An empty archive with fakes for both models."""
    from rag import Archive
    from rag.testing import FakeEmbeddings

    with Archive.open(tmp_path / "archive", chat_model=chat, embeddings=FakeEmbeddings()) as opened:
        yield opened


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without charts: drawing them takes longer than asking all questions of a small run."""
    from rag.evaluation import plots

    for drawing in ("by_tag", "depth", "latency", "reliability"):
        monkeypatch.setattr(plots, drawing, lambda *_, **__: "")


@pytest.fixture(scope="session")
def sample_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The sample corpus, and the seed article where it is there, with the real models. Don't write to it."""
    from rag import Archive, Settings

    folder = tmp_path_factory.mktemp("sample") / "archive"
    settings = Settings(archive=folder, cache=SHARED_CACHE)
    with Archive.open(settings=settings) as opened:
        report = opened.ingest(ROOT / "corpus", *([SEED] if SEED.exists() else []))
        assert report.added >= 15, report
        yield opened


# For `from helpers import ...`, wherever pytest is started.
sys.path[:0] = [str(HERE), str(HERE / "integration")]

from vector_servers import chroma_server, pgvector_server, url_of  # noqa: E402, F401 - one server of each for all
