"""Logistic regressions, fitted beforehand: reading their weights, and applying them to features."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

SURE = 12.0
"""Bound of a log-odds."""


@cache
def fitted(name: str) -> dict[str, Any]:
    """What a JSON file beside this one holds: regressions by name, what they were fitted on, how well they did."""
    found: dict[str, Any] = json.loads(resources.files("rag.answer.check").joinpath(name).read_text("utf-8"))
    return found


def log_odds(values: Mapping[str, float], of: Mapping[str, Any]) -> float:
    """Log-odds of a regression (``bias`` and ``weights`` by feature) for some features."""
    weights: dict[str, float] = of["weights"]
    return float(of["bias"]) + sum(weight * values[name] for name, weight in weights.items())


def probability(odds: float) -> float:
    """Probability of a log-odds, which is clipped to ``SURE``."""
    return 1 / (1 + math.exp(-max(-SURE, min(SURE, odds))))


def logit(p: float, least: float) -> float:
    """Log-odds of a probability, which is clipped to between ``least`` and 1 - ``least``."""
    p = min(1 - least, max(least, p))
    return math.log(p / (1 - p))
