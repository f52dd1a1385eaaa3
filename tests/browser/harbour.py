"""A small archive for the page, and what is looked at in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers import row, write_rows

from rag import Archive
from rag.testing import FakeEmbeddings

HOLT = "We would rather close it now than be sorry later,"
MARKED = """() => [...document.querySelectorAll('.reading mark')].map((m) => m.textContent).join('')"""
IN_VIEW = """() => {
  const box = document.querySelector('#cited').getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight && box.width > 0;
}"""
SHIFTS = """() => { window.shifts = 0; new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value;
}).observe({type: 'layout-shift', buffered: false}); }"""


def harbour(tmp_path: Path, *more: dict[str, Any], chat: Any = "extractive") -> Archive:
    """A small archive with fakes for both models."""
    archive = Archive.open(tmp_path / "archive", chat_model=chat, embeddings=FakeEmbeddings())
    rows = [
        row(
            "bridge",
            "The harbour bridge was closed on Monday because engineers found cracks in two piers.\n\n"
            "“We would rather close it now than be sorry later,” said Maren Holt, the port authority's director.\n\n"
            + "\n\n".join(f"Paragraph {n} says nothing much about the matter at hand." for n in range(40))
            + "\n\nThe repairs of the harbour bridge will cost 12 million crowns, the authority said.",
            title="Harbour bridge closed",
            source="City Herald",
            published="2021-05-03",
            url="https://city-herald.example/bridge",
        ),
        row(
            "ferry",
            "Three more ferries will run from June while the bridge is closed.",
            source="Coast Radio",
            published="2021-05-05",
        ),
        *more,
    ]
    archive.ingest(write_rows(tmp_path / "rows.jsonl", *rows))
    return archive
