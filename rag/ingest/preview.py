"""What an ingest would take in: what each file is taken for, and what is read of it. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import Field

from rag import registry
from rag.ingest.clean import clean
from rag.ingest.forms import FORMS
from rag.ingest.forms.base import FormReader
from rag.ingest.load import Found
from rag.ingest.readers import BUILT_IN
from rag.ingest.values import unread_day
from rag.protocols import Reader
from rag.text.counting import count
from rag.types import RawArticle, Skipped, Value

EXAMPLES = 5
"""Articles that are shown."""
_REASONS = 20
"""Reasons that are kept of one file."""
_EDGE = 80
"""Characters shown of an article's beginning and of its end."""


class Format(Value):
    """A format that is read."""

    name: str
    """As in "nexis-text"."""
    what: str
    """In a few words."""
    endings: tuple[str, ...]
    """That such files usually have."""
    by: str
    """What such files are known by: "content", or "ending" where their content doesn't tell."""
    package: bool = False
    """Whether another package added it."""


class FilePreview(Value):
    """What one file is taken for, and what is read of it."""

    file: str
    form: str | None
    """Name of the format; None where nothing reads the file."""
    what: str
    articles: int = 0
    undated: int = 0
    no_source: int = 0
    unread_dates: int = 0
    """Those of the undated for which the file tells a day that can't be read for certain."""
    unread_date: str = ""
    """The first of them: where it was read, and what is written there."""
    beginnings: int = 0
    """Articles of which the file holds a beginning or an abstract alone."""
    passed: Mapping[str, int] = Field(default_factory=dict)
    """What is passed over, by kind and count."""
    refused: int = 0
    """What could not be read."""
    reasons: tuple[str, ...] = ()
    """Why, each once, 20 at most; "no. 3: …" is of the third article, row or line of the file."""


class Example(Value):
    """An article as it would be taken in."""

    origin: str
    title: str
    source: str | None
    author: str | None
    published: datetime | None
    begins: str
    ends: str
    characters: int


class Preview(Value):
    """What an ingest would take in."""

    files: tuple[FilePreview, ...] = ()
    examples: tuple[Example, ...] = ()
    """Five at most, of as many formats and files as there are."""

    @property
    def articles(self) -> int:
        """Articles in all files; one that stands in two of them counts twice."""
        return sum(file.articles for file in self.files)

    @property
    def unread_dates(self) -> int:
        """Articles in all files whose day can't be read for certain."""
        return sum(file.unread_dates for file in self.files)

    @property
    def refused(self) -> int:
        """What could not be read in all files."""
        return sum(file.refused for file in self.files)


def preview(found: Iterable[Found], progress: Callable[[int, str], None] | None = None) -> Preview:
    """Read everything as an ingest does, and count it.

    Args:
        found: What ``rag.ingest.load.find`` yields.
        progress: Called after each article with how many have been read, and where it came from.
    """
    tallies: dict[Path, _Tally] = {}
    forms: set[str | None] = set()
    first: list[RawArticle] = []  # of each format
    others: list[RawArticle] = []  # of each further file, and then any
    more: list[RawArticle] = []
    for seen, (path, reader, item) in enumerate(found, 1):
        if (tally := tallies.get(path)) is None:
            tally = tallies[path] = _Tally()
        tally.reader = tally.reader or reader
        taken = clean(item) if isinstance(item, RawArticle) else item
        if isinstance(taken, RawArticle):
            form = name_of(reader) if reader is not None else None
            kept = more if tally.articles else others if form in forms else first
            if len(kept) < EXAMPLES:
                kept.append(taken)
            forms.add(form)
        tally.add(taken)
        if progress:
            progress(seen, item.origin)
    return Preview(
        files=tuple(tally.value(path) for path, tally in tallies.items()),
        examples=tuple(map(_example, [*first, *others, *more][:EXAMPLES])),
    )


class _Tally:
    """The counts of one file."""

    def __init__(self) -> None:
        self.reader: Reader | None = None
        self.articles = self.undated = self.no_source = self.beginnings = self.refused = self.unread_dates = 0
        self.unread_date = ""
        self.passed: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}

    def add(self, item: RawArticle | Skipped) -> None:
        if isinstance(item, RawArticle):
            self.articles += 1
            self.undated += item.published is None
            self.no_source += not item.source
            if (unread := unread_day(item)) is not None:
                self.unread_dates += 1
                self.unread_date = self.unread_date or unread
            self.beginnings += bool(item.metadata.get("teaser") or item.metadata.get("abstract"))
        elif item.passed:
            self.passed.update(item.passed)
        else:
            self.refused += 1
            if len(self.reasons) < _REASONS:
                self.reasons.setdefault(item.reason, item.origin)

    def value(self, path: Path) -> FilePreview:
        return FilePreview(
            file=str(path),
            form=name_of(self.reader) if self.reader is not None else None,
            what=what_of(self.reader) if self.reader is not None else "not read",
            articles=self.articles,
            undated=self.undated,
            no_source=self.no_source,
            unread_dates=self.unread_dates,
            unread_date=self.unread_date,
            beginnings=self.beginnings,
            passed=dict(self.passed),
            refused=self.refused,
            reasons=tuple(_placed(reason, origin, path) for reason, origin in self.reasons.items()),
        )


def _placed(reason: str, origin: str, path: Path) -> str:
    """A reason, with the number in its file of the first article that it was met with."""
    number = origin.removeprefix(f"{path}:")
    return f"no. {number}: {reason}" if number.isdigit() else reason


def _example(article: RawArticle) -> Example:
    line = " ".join(article.text.split())
    return Example(
        origin=article.origin,
        title=article.title,
        source=article.source,
        author=article.author,
        published=article.published,
        begins=line[:_EDGE],
        ends=line[-_EDGE:],
        characters=len(article.text),
    )


# -- how it is told ------------------------------------------------------------------


def grouped(files: Sequence[FilePreview], most: int) -> list[tuple[str, list[FilePreview]]]:
    """Files as lines of a table: each by its name, or together by format, commonest first, where there are many.

    Args:
        files: As ``Preview.files``.
        most: How many may stand by themselves.
    """
    if len(files) <= most:
        return [(Path(file.file).name, [file]) for file in files]
    together: dict[str, list[FilePreview]] = {}
    for file in files:
        together.setdefault(file.what, []).append(file)
    groups = sorted(together.values(), key=len, reverse=True)
    return [(count(len(g), "file") if len(g) > 1 else Path(g[0].file).name, g) for g in groups]


def told_of(files: Sequence[FilePreview]) -> str:
    """What the articles of these files lack, what is passed over, and how much can't be read, in one line."""
    passed = sum((Counter(file.passed) for file in files), Counter[str]())
    told = counted(
        {
            "undated": sum(file.undated for file in files),
            "with a date that can't be read": sum(file.unread_dates for file in files),
            "without an outlet": sum(file.no_source for file in files),
            "beginnings alone": sum(file.beginnings for file in files),
            "not read": sum(file.refused for file in files),
        }
    )
    return "; ".join(filter(None, (told, f"passed over: {counted(passed)}" if passed else "")))


def counted(counts: Mapping[str, int]) -> str:
    """Counts with what they count: "3 draft, 1 page"."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


# -- what is read --------------------------------------------------------------------


def name_of(reader: Reader) -> str:
    """What a reader's format is called."""
    if isinstance(reader, FormReader):
        return reader.name
    known = [*BUILT_IN.items(), *registry.readers().items()]
    return next((name for name, one in known if one is reader), type(reader).__name__)


def what_of(reader: Reader) -> str:
    """What a reader reads, in a few words: its attribute ``what``, else the beginning of its docstring."""
    if isinstance(what := getattr(reader, "what", None), str):
        return what
    line = (type(reader).__doc__ or "").strip().split("\n")[0]
    return line.partition(": ")[0].partition("; ")[0].rstrip(".") or type(reader).__name__


def formats() -> list[Format]:
    """All formats that are read, of the registry: those known by content first, then those known by their ending.

    Raises:
        PluginError: A reader of another package can't be loaded.
    """
    added = registry.readers()
    by_ending = {**BUILT_IN, **added}
    return [
        *(Format(name=f.name, what=f.what, endings=tuple(f.endings), by="content") for f in FORMS),
        *(
            Format(name=name, what=what_of(r), endings=tuple(r.endings), by="ending", package=name in added)
            for name, r in by_ending.items()
        ),
    ]


__all__ = [
    "Example",
    "FilePreview",
    "Format",
    "Preview",
    "counted",
    "formats",
    "grouped",
    "name_of",
    "preview",
    "told_of",
    "what_of",
]
