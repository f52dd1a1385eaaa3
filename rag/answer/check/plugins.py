"""The checks of other packages (``rag.protocols.Check``): each can only reject what the built-in check lets through."""

from __future__ import annotations

from collections.abc import Mapping

from rag.answer.check.verify import Cited
from rag.errors import OnRecordError, PluginError
from rag.protocols import Check


def objection(checks: Mapping[str, Check], claim: str, cited: Cited, question: str) -> str:
    """The first reason of another package's check not to show a sentence.

    Args:
        checks: By name, in the order they are asked in.
        claim: The sentence, without citation marks.
        cited: What it cites.
        question: What was asked; empty where there was no question.

    Returns:
        Empty where no check has a reason.

    Raises:
        PluginError: A check failed.
    """
    for name, check in checks.items():
        try:
            why = check.check(claim, cited, question)
        except OnRecordError:
            raise
        except Exception as e:  # another package's code may raise anything
            raise PluginError(
                f"The check {name!r} failed: {type(e).__name__}: {e}. Fix or uninstall the package it is of."
            ) from e
        if why:
            return why
    return ""


__all__ = ["objection"]
