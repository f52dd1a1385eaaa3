"""RTF to text, by striprtf."""

from __future__ import annotations

from rag.extras import require


def rtf_text(raw: bytes) -> str:
    """The text of an RTF document; a line for each paragraph.

    Raises:
        ExtraMissing: striprtf is not installed.
    """
    require("striprtf.striprtf", extra="forms", what="Reading RTF")
    from striprtf.striprtf import rtf_to_text

    text: str = rtf_to_text(raw.decode("latin-1"), errors="replace")
    return text
