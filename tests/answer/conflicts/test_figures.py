"""Figures as they are written, and what is none."""

from __future__ import annotations

import pytest

from rag.answer.conflicts import figures


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("It cost £84m to build.", 84e6, "£"),
        ("It cost £84 million to build.", 84e6, "£"),
        ("It lasted seven and a half hours.", 7.5, "hour"),
        ("It lasted 7.5 hours.", 7.5, "hour"),
        ("It lasted twenty-five minutes.", 25, "minut"),
        ("It lasted fourteen hours.", 14, "hour"),
        ("It has half a million doses.", 500_000, "dose"),
        ("Some 1,234,567 houses burnt.", 1234567, "hous"),
        ("It rose to 44.6 per cent.", 44.6, "%"),
        ("The death toll has risen to 31, rescuers said.", 31, "people"),
    ],
)
def test_figures_as_they_are_written(text: str, value: float, unit: str) -> None:
    (figure,) = figures.read(text)
    assert (figure.value, set(figure.unit)) == (value, {unit})


@pytest.mark.parametrize(
    "text",
    [
        "It began at 4.40 pm.",
        "They won 2-1.",
        "It was in 2023.",
        "The search for Flight 370 went on.",
        "On June 19 it rained.",
        "It rained on 19 June.",
        "The 32-year-old man left.",
        "Prices rose by 14 dollars.",
        "It came six months later than planned.",
        "The B7 is closed.",
        "Version 1.2.3 is out.",
    ],
)
def test_what_is_no_figure(text: str) -> None:
    assert figures.read(text) == []
