"""What was set by hand of articles: laid over what is stored of them.

An article that is mended, or of which that is undone, becomes a new version as if its file had said so. What was
computed for its text is taken over: only where the title or the language changes is anything embedded or parsed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.ingest.amending import Stored, Values, amended
from rag.ingest.pipeline import extract_quotes, passage_input, split
from rag.ingest.prepared import Prepared
from rag.text.detect import detect_language

if TYPE_CHECKING:
    from rag.ingest.pipeline import Quotes

_AT_ONCE = 1024  # passages embedded together


def prepared(
    there: Sequence[tuple[Stored, Values]],
    *,
    embed: Callable[[list[str]], npt.NDArray[np.float32]],
    quotes: Quotes | None,
) -> list[Prepared]:
    """Articles that are stored as they are to be shown from now on.

    Args:
        there: Each with all that is set by hand of it.
        embed: Texts to float32 vectors of shape (len(texts), dim).
        quotes: Finds who says what.
    """
    made: list[dict[str, Any]] = []
    texts: list[str] = []
    for stored, values in there:
        draft, as_read = amended(stored.draft, values)
        language = draft.language or detect_language(draft.text)
        retitled = draft.title != (stored.shown["title"] or "")
        if language == stored.language:
            places, runs = stored.sentences, stored.runs
        else:
            language, places, runs = split(draft)
        known = {} if retitled else _by_place(stored)
        spans = [(places[a].start, places[b - 1].end) for a, b in runs]
        texts += [passage_input(draft.title, draft.text[a:b]) for a, b in spans if (a, b) not in known]
        made.append(
            {
                "draft": draft, "language": language, "sentences": places, "runs": runs, "known": known, "spans": spans,
                "as_read": as_read or None, "same": language == stored.language and not retitled,
                "quotes": stored.quotes,
            }
        )  # fmt: skip
    fresh = iter([row for at in range(0, len(texts), _AT_ONCE) for row in embed(texts[at : at + _AT_ONCE])])
    again = [m for m in made if not m["same"]]
    said = extract_quotes([(m["draft"].title, m["draft"].text, m["sentences"], m["language"]) for m in again], quotes)
    for m, found in zip(again, said, strict=True):
        m["quotes"] = found
    return [
        Prepared(
            m["draft"], m["language"], m["sentences"], m["runs"],
            _stacked([m["known"][span] if span in m["known"] else next(fresh) for span in m["spans"]]),
            m["quotes"], m["as_read"],
        )
        for m in made
    ]  # fmt: skip


def _by_place(stored: Stored) -> dict[tuple[int, int], npt.NDArray[np.float16]]:
    places = stored.sentences
    spans = [(places[a].start, places[b - 1].end) for a, b in stored.runs]
    return dict(zip(spans, stored.vectors, strict=True))


def _stacked(rows: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float16]:
    return np.stack(rows).astype(np.float16) if rows else np.zeros((0, 0), np.float16)


__all__ = ["prepared"]
