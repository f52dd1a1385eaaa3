"""Fills in the page's templates. Each file in ``templates/`` holds macros, one for each piece of HTML."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rag.ui import text

from rag import shown
from rag.templating import environment
from rag.text import timespan
from rag.text.counting import count

if TYPE_CHECKING:
    from jinja2 import Environment


def fill(template: str, macro: str, *args: object, **values: object) -> str:
    """A piece of the page as HTML; everything that is not markup of the template is escaped.

    Args:
        template: The file's name without its endings, such as "lists".
        macro: The macro in it.
        args, values: What the macro takes.
    """
    module = _environment().get_template(f"{template}.html.j2").module
    return str(getattr(module, macro)(*args, **values))


@cache
def _environment() -> Environment:
    made = environment("rag.ui")
    helpers = (
        text.byline,
        text.citation_text,
        text.is_web,
        text.readable_address,
        timespan.day,
        shown.by_hand,
    )
    made.globals.update({f.__name__: f for f in helpers})
    made.globals["number"] = count  # in templates, a count is often a value of that name
    made.filters["one_line"] = text.one_line
    return made


__all__ = ["fill"]
