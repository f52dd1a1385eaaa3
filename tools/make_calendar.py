"""Writes the names of months and days into ``rag/lexicon/calendar.toml``, from Babel: python -m tools.make_calendar"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.dates import get_day_names, get_month_names

FILE = Path(__file__).parent.parent / "rag/lexicon/calendar.toml"
_LOCALES = {
    "en": ("en", "en_GB"), "de": ("de", "de_AT"), "es": ("es", "es_MX", "es_PE"), "fr": ("fr", "fr_CA"), "it": ("it",),
    "pt": ("pt", "pt_PT"), "nl": ("nl",), "sv": ("sv",), "da": ("da",), "no": ("nb",), "fi": ("fi",), "pl": ("pl",),
    "cs": ("cs",), "hu": ("hu",), "ro": ("ro",), "tr": ("tr",), "id": ("id",), "vi": ("vi",), "ru": ("ru",),
    "uk": ("uk",), "el": ("el",), "zh": ("zh",), "ja": ("ja",),
}  # fmt: skip
"""Languages with the locales whose names are taken: what Austria calls a month is German too."""


def calendar() -> str:
    """The file's text: for each language its months and days (from Monday), each with all its names."""
    lines = ["# Made from Babel (CLDR) by tools/make_calendar.py; not to be edited."]
    for language, locales in _LOCALES.items():
        lines += ["", f"[{language}]"]
        lines += ["months = [", *_table(get_month_names, range(1, 13), locales), "]"]
        lines += ["days = [", *_table(get_day_names, range(7), locales), "]"]
    return "\n".join(lines) + "\n"


def _table(names: Callable[..., object], numbers: range, locales: tuple[str, ...]) -> Iterator[str]:
    for number in numbers:
        found: dict[str, None] = {}
        for width in ("wide", "abbreviated"):
            for locale in locales:
                for context in ("format", "stand-alone"):
                    found[names(width, context, locale)[number]] = None  # type: ignore[index]
        yield f"  {json.dumps(list(found), ensure_ascii=False)},"


if __name__ == "__main__":
    FILE.write_text(calendar(), "utf-8")
