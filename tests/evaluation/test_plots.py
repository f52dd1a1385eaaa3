"""The plots of the report: one element each, that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from rag.evaluation import labels, plots
from rag.evaluation.values import (
    CalibrationBin,
    LatencySummary,
    Score,
)

TAGS = {
    t: Score(name="f1", value=v, low=v / 2, high=min(1, v + 0.2), cases=9) for t, v in (("who", 0.2), ("为何", 0.7))
}
PLOTS: dict[str, Callable[[], str]] = {
    "by_tag": lambda: plots.by_tag(TAGS, Score(name="f1", value=0.4, cases=18)),
    "latency": lambda: plots.latency(
        {"total": LatencySummary(p50=900, p95=4000, cases=3)}, {"total": [0.0, 900.0, 4000.0]}
    ),
    "reliability": lambda: plots.reliability([CalibrationBin(low=0.8, high=0.9, confidence=0.85, right=0.7, cases=11)]),
    "depth": lambda: plots.depth([(1, 0.5), (5, 0.7), (50, 0.9)], given=8),
}


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_a_plot_is_one_element_that_needs_nothing(name: str) -> None:
    svg = PLOTS[name]()
    assert svg == PLOTS[name]()
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("}svg") and root.get("width") == "100%" and root.get("role") == "img"
    assert root.get("aria-label") and root.get("viewBox")
    assert not re.search(r"#[0-9a-fA-F]{6}|font-family: '|<\?xml|<style|<metadata|xlink", svg)
    assert set(re.findall(r"url\((.*?)\)|href=\"(.*?)\"", svg)) <= {(f"#{i.get('id')}", "") for i in root.iter()} | {
        ("", f"#{i.get('id')}") for i in root.iter()
    }


def test_plots_say_their_data_in_words() -> None:
    assert "who 0.20 (95 % 0.10 to 0.40) over 9" in PLOTS["by_tag"]()
    assert "为何" in PLOTS["by_tag"]()
    assert "half within 900 ms, 95 % within 4 s" in PLOTS["latency"]()
    assert "confidence 0.85: 0.70 right, 11 cases" in PLOTS["reliability"]()
    assert "first 50: 0.90" in PLOTS["depth"]()


def test_nothing_to_plot() -> None:
    none = Score(name="f1", value=None)
    assert [plots.by_tag({"a": none}), plots.latency({}), plots.reliability([]), plots.depth([])] == [""] * 4


def test_plots_from_many_threads_are_the_same() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import matplotlib

    before = dict(matplotlib.rcParams)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: PLOTS["reliability"](), range(8)))) == 1
    assert dict(matplotlib.rcParams) == before


def test_many_tags_and_depths_are_cut() -> None:
    tags = {f"tag {n}": Score(name="f1", value=n / 99, cases=n) for n in range(1, 60)}
    svg = plots.by_tag(tags)
    assert "35 tags with fewer cases are not drawn" in svg and "tag 59" in svg and "tag 2<" not in svg
    assert plots.depth([(k, k / 200) for k in range(1, 101)])
    assert plots.depth([(3, 0.5)])


@pytest.mark.parametrize(
    ("millis", "said"),
    [(0.0, "0 ms"), (7.23, "7.2 ms"), (124.0, "124 ms"), (1234.0, "1.2 s"), (9990.0, "10 s"), (240_000.0, "4 min")],
)
def test_durations(millis: float, said: str) -> None:
    assert labels.duration(millis) == said
