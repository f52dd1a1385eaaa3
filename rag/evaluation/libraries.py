"""The libraries that only an evaluation needs; the extra ``eval`` brings them."""

from __future__ import annotations

from collections.abc import Mapping

from rag.extras import require

EXTRA = "eval"
PACKAGES: Mapping[str, str] = {
    "ir_measures": "ir-measures",
    "scipy": "scipy",
    "rapidfuzz": "rapidfuzz",
    "matplotlib": "matplotlib",
    "jinja2": "Jinja2",
}
"""Module → the package it is installed by."""


def require_libraries() -> None:
    """See that all of them are there, before any case is asked rather than when the report is written.

    Raises:
        ExtraMissing: One is not installed; the message ends with the command that installs it.
    """
    for module, package in PACKAGES.items():
        require(module, extra=EXTRA, what="An evaluation", package=package)
