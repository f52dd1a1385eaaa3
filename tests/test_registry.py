"""Plug-ins: found by entry points or registered, loaded when asked for, refused with their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import python

from rag import registry
from rag.errors import PluginError

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with entry points on the path, as pip would."""

    def put(package: str, code: str, **groups: dict[str, str]) -> Path:
        folder = tmp_path / package
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{package}.py").write_text(code, "utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [
            f"[onrecord.{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
            for group, points in groups.items()
        ]
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(folder)
        registry._entry_points.cache_clear()
        return folder

    yield put
    monkeypatch.undo()
    registry._entry_points.cache_clear()
    registry._loaded.clear()


CHECK = "class Shout:\n    def check(self, statement, cited, question):\n        return None\n"


def test_a_package_adds_by_an_entry_point_and_is_imported_when_asked_for(install: Install) -> None:
    import sys

    install("shouting", CHECK, checks={"shout": "shouting:Shout"})
    assert registry.names("checks") == ("shout",)
    assert "shouting" not in sys.modules
    (name, check), *more = registry.checks().items()
    assert (name, type(check).__name__, more) == ("shout", "Shout", [])
    assert registry.checks()["shout"] is check, "made once"
    assert registry.find("checks", "other") is None
    assert registry.readers() == {}


@pytest.mark.parametrize(
    ("code", "value", "told"),
    [
        ("raise OSError('no disk')", "bad1:Shout", "can't be loaded: OSError: no disk"),
        ("x = 1", "bad2:Shout", "can't be loaded: AttributeError"),
        ("class Shout: pass", "bad3:Shout", "has no 'check'"),
        ("class Shout:\n    def __init__(self): 1 / 0", "bad4:Shout", "can't be made: ZeroDivisionError"),
    ],
)
def test_a_broken_one_is_named(install: Install, code: str, value: str, told: str) -> None:
    install(value.partition(":")[0], code, checks={"shout": value})
    with pytest.raises(PluginError) as e:
        registry.checks()
    assert told in str(e.value)
    assert f"'shout' of onrecord.checks ({value}, of {value.partition(':')[0]} 1.0)" in str(e.value)


def test_what_has_to_be_called_is_refused_where_it_can_not(install: Install) -> None:
    install("still", "ARM = 1", arms={"still": "still:ARM"})
    with pytest.raises(PluginError, match="can't be called"):
        registry.arms()


def test_two_packages_of_one_name_are_both_named(install: Install) -> None:
    install("one", CHECK, checks={"shout": "one:Shout"})
    install("two", CHECK, checks={"shout": "two:Shout"})
    with pytest.raises(PluginError, match=r"Two packages .*'shout'.*(one:Shout.*two:Shout|two:Shout.*one:Shout)"):
        registry.names("checks")


def test_a_name_of_our_own_is_refused(install: Install) -> None:
    install("dense", "def make(stores): ...", arms={"dense": "dense:make"})
    with pytest.raises(PluginError, match="OnRecord's own"):
        registry.arms()


def test_a_program_registers_and_takes_back(install: Install) -> None:
    install("shouting2", CHECK, checks={"shout": "shouting2:Shout"})
    thing = type("Quiet", (), {"check": lambda *_: None})()
    registry.register("checks", "quiet", thing)
    try:
        assert registry.names("checks") == ("quiet", "shout")
        assert registry.checks()["quiet"] is thing
        for name in ("quiet", "shout"):
            with pytest.raises(PluginError, match="already"):
                registry.register("checks", name, thing)
        with pytest.raises(PluginError, match="has no 'rewrite'"):
            registry.register("rewriters", "quiet", thing)
        with pytest.raises(PluginError, match="OnRecord's own"):
            registry.register("chat_engines", "extractive", print)
        wrong: Any = "nonsense"
        with pytest.raises(PluginError, match="no kind of plug-in"):
            registry.register(wrong, "x", thing)
    finally:
        registry.unregister("checks", "quiet")
    registry.unregister("checks", "quiet")
    assert registry.names("checks") == ("shout",)


def test_importing_the_registry_reads_no_entry_points() -> None:
    code = "import sys\nfrom rag import registry\nprint('importlib.metadata' in sys.modules)"
    assert python(code).stdout.strip() == "False"
