"""Ranges of Unicode that scripts are told by, for use inside a character class of a regular expression.

Chinese and Japanese are written without spaces, so several modules ask whether a character is theirs. ``CJK`` is the
answer for all but two that have a reason of their own: the index, whose stored terms depend on it, and the measures of
evaluation, which follow published scripts.
"""

from __future__ import annotations

HAN = "\u4e00-\u9fff"
"""Chinese characters of everyday use."""

_KANA = "\u3041-\u30ff"
_HAN_EXTENDED = "\u3400-\u4dbf"
_HAN_COMPATIBLE = "\uf900-\ufaff"
_HAN_RARE = "\U00020000-\U0003134f"

CJK = _KANA + _HAN_EXTENDED + HAN + _HAN_COMPATIBLE + _HAN_RARE
"""Japanese syllabaries with their marks, and all Chinese characters."""

CJK_INDEXED = _KANA + _HAN_EXTENDED + HAN + _HAN_COMPATIBLE
"""``CJK`` as the lexical index pairs it: without characters beyond U+FFFF. Taking those in would change the terms of
stored indexes, which costs every archive a rebuild (``rag.index.catalog.INDEX_FORMAT``)."""

CJK_LETTERS = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    + _HAN_EXTENDED
    + HAN
    + _HAN_COMPATIBLE
    + "\uff66-\uff9f"
    + _HAN_RARE
)
"""Letters alone, without marks such as "・", half-width ones too: what SQuAD's and MLQA's scores take one by one."""

BY_LANGUAGE: tuple[tuple[str, str], ...] = (
    ("ja", _KANA),
    ("ko", "\uac00-\ud7af\u1100-\u11ff"),
    ("zh", _HAN_EXTENDED + HAN),
    ("ru", "\u0400-\u052f"),
    ("ar", "\u0600-\u06ff\u0750-\u077f"),
    ("el", "\u0370-\u03ff"),
    ("he", "\u0590-\u05ff"),
    ("hi", "\u0900-\u097f"),
    ("bn", "\u0980-\u09ff"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("th", "\u0e00-\u0e7f"),
    ("ka", "\u10a0-\u10ff"),
    ("hy", "\u0530-\u058f"),
    ("am", "\u1200-\u137f"),
    ("km", "\u1780-\u17ff"),
    ("my", "\u1000-\u109f"),
)
"""Scripts other than Latin with the language that is most often written in each, ISO 639-1."""
