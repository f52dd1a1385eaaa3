"""Files of questions, and what was read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(path: Path, *rows: Any) -> Path:
    """A file of JSON Lines; what is a string or bytes is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, bytes) else (r if isinstance(r, str) else json.dumps(r)).encode() for r in rows]
    path.write_bytes(b"\n".join(lines))
    return path


# -- SQuAD ----------------------------------------------------------------------------

CONTEXT = "\ufeffRed won on  Monday. Blue came second, Mr. Low said.  Red had won before, in 2019."


def qa(number: int, question: str, *answers: str, **more: Any) -> dict[str, Any]:
    placed = [{"text": answer, "answer_start": CONTEXT.rindex(answer)} for answer in answers]
    return {"id": f"q{number}", "question": question, "answers": placed, **more}


def squad(*questions: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "v2.0",
        "data": [{"title": "Races", "paragraphs": [{"context": CONTEXT, "qas": questions} | more]}],
    }
