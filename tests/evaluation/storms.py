"""Cases about storms and a bridge, and a model that answers them rightly."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from langchain_core.messages import BaseMessage

from rag import Archive, EvalCase, evaluate
from rag.evaluation.values import Row
from rag.testing import FakeChat, FakeEmbeddings

FIRST = "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said on Monday."
SECOND = "Engineers found cracks in two of the nine piers during an inspection in March."
THIRD = "“We would rather close it now than be sorry later,” said Maren Holt, the authority’s director."
BRIDGE = f"{FIRST} {SECOND} {THIRD}"


def storm(i: int, **more: Any) -> EvalCase:
    """A case that ``says`` answers rightly."""
    known: dict[str, Any] = {
        "id": f"s{i}",
        "question": f"How many boats had storm{i:04} damaged?",
        "answers": (f"{i + 10} boats",),
        "evidence": (f"A storm named storm{i:04} had damaged {i + 10} boats.",),
        "relevant": {f"story-{i}": 1},
    }
    return EvalCase(**{**known, **more})


def says(messages: list[BaseMessage]) -> str:
    """What a good model says: the sentence asked for; asked again, the number alone."""
    asked = str(messages[-1].text).rpartition("Question:")
    if not asked[1]:
        return str(re.search(r"\d+ boats", str(messages[-2].text))[0])  # type: ignore[index]
    found = re.search(r"storm(\d{4})", asked[2])
    return f"A storm named {found[0]} had damaged {int(found[1]) + 10} boats. [1]" if found else "NOT FOUND"


def questions(chat: FakeChat) -> list[str]:
    """What the model was asked so far, the brief forms aside."""
    texts = [str(m[-1].text) for m in chat.seen]
    return [t.rpartition("Question: ")[2] for t in texts if "Question: " in t]


CASES = [storm(i) for i in range(6)]


def rows_of(archive: Archive, *cases: EvalCase, **options: Any) -> list[Row]:
    """The rows of a run that leaves nothing on disk, in the order of the cases."""
    found: dict[str, Row] = {}

    def note(_done: int, _total: int, done: Row | None) -> None:
        assert done is not None
        found[done.case.id] = done

    evaluate(archive, cases, progress=note, **options)
    return [found[c.id] for c in cases]


def stop_after(n: int) -> Callable[[int, int, Row | None], None]:
    """Ctrl-C when the nth row is there."""

    def progress(done: int, _total: int, _row: Row | None) -> None:
        if done == n:
            raise KeyboardInterrupt

    return progress


def with_settings(archive: Archive, **changed: Any) -> Archive:
    """The same archive, opened with other settings."""
    return Archive.open(
        settings=archive.settings.model_copy(update=changed),
        chat_model=archive._given_chat,
        embeddings=FakeEmbeddings(),
    )
