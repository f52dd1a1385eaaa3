"""A process that runs cases over an archive, for tests that kill it. Fakes for the models, everything else real.

python evaluator.py ARCHIVE CASES OUT WORKERS
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from langchain_core.messages import BaseMessage

from rag import Archive, evaluate, load_cases
from rag.evaluation import plots
from rag.testing import FakeChat, FakeEmbeddings


def reply(messages: list[BaseMessage]) -> str | BaseException:
    """Mostly right; some refusals and some failures, so that rows of all kinds are there."""
    asked = str(messages[-1].text).rpartition("Question:")
    found = re.search(r"storm(\d{4})", asked[2] if asked[1] else str(messages[-2].text))
    number = int(found[1]) if found else 0
    if not asked[1]:
        return f"{number + 10} boats"
    if number % 7 == 3:
        return "NOT FOUND"
    if number % 11 == 5:
        return RuntimeError("the line is cut")
    return f"A storm named storm{number:04} had damaged {number + 10} boats. [1]"


def main(folder: str, cases: str, out: str, workers: str) -> None:
    """Run them, without charts, which would take longest."""
    for drawing in ("by_tag", "depth", "latency", "reliability"):
        setattr(plots, drawing, lambda *_, **__: "")
    model = FakeChat(reply, delay=0.002)
    with Archive.open(Path(folder), chat_model=model, embeddings=FakeEmbeddings()) as archive:
        print("ready", flush=True)
        evaluate(archive, load_cases(cases), out=out, workers=int(workers))
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
