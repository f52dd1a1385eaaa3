"""What the tabs share: how Gradio's events run, HTML components, and what an event carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import UsageError
from rag.protocols import FilterArgs
from rag.retrieve.days import day
from rag.text.timespan import day as shown_day

if TYPE_CHECKING:
    from rag.ui.session import TabSession

PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
IMMEDIATE: dict[str, Any] = {**PRIVATE, "queue": False, "trigger_mode": "multiple"}
"""For events that are answered at once."""
NEWEST: dict[str, Any] = {**IMMEDIATE, "trigger_mode": "always_last"}
"""For what is shown of fields as they are changed: one answer at a time and one for the newest state at the end.
Asked all at once, an older state's answer can come last, and stay. Not for functions that take an event's data: Gradio
repeats the first event at the end, with the fields of then but its own data."""
STREAMING: dict[str, Any] = {**PRIVATE, "concurrency_limit": None}
"""For events that stream their results: the scheduler decides who waits."""

Changes = dict[Any, Any]
"""New values by component, as Gradio takes them."""


def html(name: str, value: str = "") -> gr.HTML:
    """An HTML component whose buttons send events; ``name`` is its id."""
    return gr.HTML(value, elem_id=name, elem_classes=["onr"], js_on_load=on_load(), apply_default_css=False)


@cache
def on_load() -> str:
    """What each HTML component runs when it is there: a call of page.js, which ``shell.js`` knows by its text.

    Gradio looks there for the names of the events, in quotes.
    """
    known = page_file("page.js").partition("const known = [")[2].partition("]")[0]
    return f"onrecord(element, trigger, watch); // {' '.join(known.split())}"


def date_field(label: str, name: str, placeholder: str = "1 June 2023") -> gr.Textbox:
    """A field for a day, as people write it; page.js puts a button beside it that opens the browser's calendar."""
    return gr.Textbox(
        label=label, placeholder=placeholder, elem_id=name, elem_classes=["day-field"], max_lines=1, max_length=40,
        min_width=150,
    )  # fmt: skip


def collection_choices(session: TabSession, all_of_it: str = "whole archive") -> Any:
    """A field's update: the collections that a user sees, after what stands for no restriction."""
    return gr.update(choices=[(all_of_it, ""), *((c.name, c.name) for c in session.collections())])


@cache
def page_file(name: str) -> str:
    """The text of a file beside the page's modules."""
    return (resources.files("rag.ui") / name).read_text("utf-8")


def event_data(event: gr.EventData) -> dict[str, Any]:
    """What a button of an HTML component carries: its data-* attributes."""
    data = event._data
    return data if isinstance(data, dict) else {}


def read_filters(
    sources: Sequence[str] | None, after: str, before: str, language: str, collection: str = ""
) -> FilterArgs:
    """The filter fields as filters; fields that are empty are left out.

    Raises:
        UsageError: A date can't be read.
    """
    filters = FilterArgs()
    if sources:
        filters["sources"] = list(sources)
    first, end = read_date(after, "From"), read_date(before, "Before")
    if first and end and first >= end:
        raise UsageError(_reversed(first, end, "Before"))
    if first is not None:
        filters["after"] = first
    if end is not None:
        filters["before"] = end
    if language:
        filters["language"] = language
    if collection:
        filters["collection"] = collection
    return filters


def read_days(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    """What the fields From and To hold, None where one is empty.

    Raises:
        UsageError: A date can't be read, or the first is after the last.
    """
    begins, ends = read_date(first, "From"), read_date(last, "To")
    if begins and ends and begins > ends:
        raise UsageError(_reversed(begins, ends, "To"))
    return begins, ends


def _reversed(first: date, last: date, name: str) -> str:
    days = f"“From” ({shown_day(first)}) is not before “{name}” ({shown_day(last)})"
    return f"{days}, so that no day lies between them. Exchange them, or leave one out."


def read_date(text: str | None, name: str) -> date | None:
    """What a date field holds; None where it is empty.

    Args:
        text: As it was typed.
        name: Of the field.

    Raises:
        UsageError: It can't be read.
    """
    if not (text or "").strip():
        return None
    with in_labels({name: name}):
        read = day(name, text)
    return read.date() if read else None


@contextmanager
def in_labels(labels: Mapping[str, str]) -> Iterator[None]:
    """Errors within, which name arguments as in ``day``, as the page's fields are called.

    Args:
        labels: Of the fields, by the arguments that they are handed over as.

    Raises:
        UsageError: With the labels.
    """
    try:
        yield
    except UsageError as e:
        told = re.sub(r"`(\w+)`", lambda m: f"“{labels[m[1]]}”" if m[1] in labels else m[0], str(e))
        raise UsageError(told) from e
