"""Every benchmark that can be started says how, and none of them is installed with the package."""

from __future__ import annotations

import tomllib
from importlib import import_module

import pytest
from helpers import ROOT

ENTRY_POINTS = [
    "benchmarks.__main__",
    "benchmarks.beside",
    "benchmarks.embedders",
    "benchmarks.fit.across",
    "benchmarks.fit.claims",
    "benchmarks.fit.confidence",
    "benchmarks.fit.course",
    "benchmarks.fit.export",
    "benchmarks.fit.near_misses",
    "benchmarks.fit.news",
    "benchmarks.fit.probe",
    "benchmarks.fit.reader",
    "benchmarks.fit.bridge",
    "benchmarks.fit.spread",
    "benchmarks.fit.support",
    "benchmarks.fit.verifier",
    "benchmarks.forms",
    "benchmarks.golden",
    "benchmarks.large_files",
    "benchmarks.mutations",
    "benchmarks.large",
    "benchmarks.times",
    "benchmarks.page",
    "benchmarks.finding",
    "benchmarks.pages",
    "benchmarks.pdfs",
    "benchmarks.quality.__main__",
    "benchmarks.quality.attack_fields",
    "benchmarks.quality.attacks",
    "benchmarks.quality.disagree",
    "benchmarks.quality.followups",
    "benchmarks.quality.links",
    "benchmarks.quality.poisoned",
    "benchmarks.quality.quotes",
    "benchmarks.quality.whose_words",
    "benchmarks.service",
    "benchmarks.sources",
    "benchmarks.stress.__main__",
    "benchmarks.stress.fuzz",
    "benchmarks.stress.soak",
    "benchmarks.stress.special",
    "benchmarks.timelines",
    "benchmarks.vectors",
    "benchmarks.versus",
]


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(name)
    with pytest.raises(SystemExit) as left:
        module.main(["--help"])
    assert left.value.code == 0
    command = name.removesuffix(".__main__")
    assert f"usage: python -m {command} " in capsys.readouterr().out


def test_they_are_all_here() -> None:
    started = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (ROOT / "benchmarks").rglob("*.py")
        if '__name__ == "__main__"' in file.read_text("utf-8")
    }
    assert started - {"benchmarks.child", "benchmarks.peers", "benchmarks.plain", "benchmarks.stress.served"} <= set(
        ENTRY_POINTS
    )


def test_they_are_not_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert not [name for name in project["tool"]["setuptools"]["packages"] if "benchmark" in name]
