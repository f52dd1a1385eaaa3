"""``onrecord ask`` without a question: a conversation, line by line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from rag.cli.terminal import rich_console, told
from rag.errors import OnRecordError
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.chat import Chat

_PROMPT = "? "


def converse(chat: Chat, answer: Callable[[str, bool], bool]) -> bool:
    """Ask what comes on stdin, a question a line, until it ends (Ctrl-D on a terminal).

    What goes wrong with one question is told, and the next is asked.

    Args:
        chat: The conversation.
        answer: Asks one question and prints what comes of it; given the question and whether it is a follow-up. Says
            whether it was answered.

    Returns:
        Whether all were answered.
    """
    err = rich_console(stderr=True)
    all_answered = True
    for asked, question in enumerate(_questions()):
        try:
            all_answered &= answer(question, asked > 0)
        except KeyboardInterrupt:
            err.print("\nstopped; ask on, or end with Ctrl-D", style="dim")
        except OnRecordError as e:
            all_answered = False
            err.print(printable(f"onrecord: {told(e)}"), style="red")
        if sys.stdin.isatty():
            print()
    return all_answered


def _questions() -> Iterator[str]:
    """Lines with something on them; on a terminal with a prompt, editing and a history by the arrow keys."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            if line.strip():
                yield line.strip()
        return
    with suppress(ImportError):  # Windows has none; its console edits lines itself
        import readline  # noqa: F401 - input() uses it from now on
    rich_console(stderr=True).print("Ask; questions may lean on the ones before. Ctrl-D ends.", style="dim")
    while True:
        try:
            line = input(_PROMPT)
        except EOFError:
            print()
            return
        except KeyboardInterrupt:  # as in a shell: the line is dropped
            print()
            continue
        if line.strip():
            yield line.strip()


__all__ = ["converse"]
