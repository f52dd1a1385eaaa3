"""Whether timelines are right: stories of the Wikinews archive, each event of them checked by hand in its articles.

    python -m benchmarks.timelines --archive A-WIKINEWS-ARCHIVE

A case is a story with its events: the day, some words of each sentence that tells it, and whether a timeline without
it lacks something. An entry is right if it has words of an event and that event's day; words with another day are a
wrong day; words of no event, a stranger: something that is no event, or is another story's. Without ``--archive`` an
archive is made.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.process import ROOT
from rag import Archive
from rag.timelines import Timeline, TimelineEntry

DATA = ROOT.parent / "shared/data/wikinews"
CASES = Path(__file__).with_name("timelines.jsonl")
MEASURES = ("entries", "right", "wrong day", "duplicates", "strangers", "missed")

Span = tuple[date, date]


@dataclass(frozen=True)
class Event:
    """An event of a story, as its articles tell it."""

    days: Span
    told: tuple[tuple[str, Span], ...]
    """Words of a sentence that tells it, with the days that this sentence names."""
    must: bool
    """Whether a timeline without it lacks something."""


@dataclass
class Judged:
    """A timeline against its story's events."""

    right: list[str] = field(default_factory=list)
    wrong_day: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    entries: int = 0

    def counts(self) -> tuple[int, ...]:
        """In the order of ``MEASURES``; a duplicate has the right day and counts as right too."""
        lists = (self.right, self.wrong_day, self.duplicates, self.strangers, self.missed)
        return (self.entries, *(len(found) for found in lists))


def cases(path: Path = CASES) -> Iterator[tuple[str, bool, list[Event]]]:
    """The stories: what is asked for, whether the code was mended by it, and its events."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield row["about"], row.get("unseen", False), [_event(event) for event in row["events"]]


def judge(timeline: Timeline, events: Sequence[Event]) -> Judged:
    """Compare a timeline with its story's events."""
    judged, seen = Judged(entries=len(timeline.entries)), set[int]()
    for entry in timeline.entries:
        telling = [n for n, event in enumerate(events) if any(words in _plain(entry) for words, _ in event.told)]
        right = [n for n in telling if _on_its_day(entry, events[n])]
        if not telling:
            judged.strangers.append(_shown(entry))
        elif not right:
            judged.wrong_day.append(_shown(entry))
        else:
            judged.right.append(_shown(entry))
            if seen.issuperset(right):
                judged.duplicates.append(_shown(entry))
            seen.add(next((n for n in right if n not in seen), right[0]))
    judged.missed += [
        f"{event.days[0]} {event.told[0][0]}" for n, event in enumerate(events) if event.must and n not in seen
    ]
    return judged


def table(judged: Sequence[tuple[str, Judged]]) -> Iterator[str]:
    """The figures as lines of Markdown."""
    yield f"| story | {' | '.join(MEASURES)} |"
    yield "|---" * (len(MEASURES) + 1) + "|"
    for about, found in judged:
        yield f"| {about} | {' | '.join(map(str, found.counts()))} |"
    sums = [sum(column) for column in zip(*(found.counts() for _, found in judged), strict=True)]
    yield f"| **all** | {' | '.join(map(str, sums))} |"


def _event(row: dict[str, object]) -> Event:
    first = date.fromisoformat(str(row["first"]))
    days = first, date.fromisoformat(str(row.get("last") or row["first"]))
    told = [(str(words), days) for words in _list(row["told"])]
    for words, since, until in _list(row.get("coarse", [])):
        told.append((words, (date.fromisoformat(since), date.fromisoformat(until))))
    return Event(days, tuple(told), bool(row["must"]))


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def _on_its_day(entry: TimelineEntry, event: Event) -> bool:
    return any(words in _plain(entry) and (entry.first, entry.last) == days for words, days in event.told)


def _plain(entry: TimelineEntry) -> str:
    return " ".join(entry.quote.split())


def _shown(entry: TimelineEntry) -> str:
    return f"{entry.first}{f'..{entry.last}' if entry.last != entry.first else ''} [{entry.named}] {_plain(entry)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print tables; with ``--each`` what is not as it should be."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m benchmarks.timelines", description=__doc__, formatter_class=form)
    parser.add_argument("--archive", type=Path, help="an archive of the Wikinews articles")
    parser.add_argument("--each", action="store_true", help="print each mistake")
    args = parser.parse_args(argv)
    if args.archive is None and not DATA.exists():
        print(f"No articles in {DATA}.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, Archive.open(args.archive or folder) as archive:
        if args.archive is None:
            archive.ingest(DATA)
        found = [(about, unseen, judge(archive.timeline(about), events)) for about, unseen, events in cases()]
    for unseen in sorted({unseen for _, unseen, _ in found}):
        print("Stories that the code has not been mended by:" if unseen else "Stories that the code was mended by:")
        print()
        print("\n".join(table([(about, judged) for about, its, judged in found if its == unseen])))
        print()
    if args.each:
        for about, _, judged in found:
            for name in ("wrong_day", "duplicates", "strangers", "missed"):
                for line in getattr(judged, name):
                    print(f"{about}: {name.replace('_', ' ')}: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
