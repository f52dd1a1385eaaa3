"""The command line; the only package that prints.

What was asked for goes to stdout, everything else to stderr. Exit codes: 0
done, 1 a clear error, 2 wrong usage, 3 nothing found, refused to answer, or a
claim checked is not supported, 4 an evaluation is below its limits or unlike its baseline, 5 an
ingest could not read everything.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
from contextlib import suppress

from rag.cli import articles, asking, checking, collections, finding, ingesting, mending, timelines, upkeep  # noqa: F401 - each adds its commands
from rag.cli.app import app
from rag.cli.evaluation import group
from rag.cli.serving import Served
from rag.cli.sources import Stopped
from rag.cli.sources import group as sources
from rag.cli.terminal import Exit, rich_console, told
from rag.cli.users import group as users
from rag.errors import OnRecordError, UsageError
from rag.text.normalize import printable

app.add_typer(group)
app.add_typer(sources)
app.add_typer(users)
_INTERRUPTED = 130  # what a shell calls Ctrl-C


def main() -> None:
    """Run the command line; errors become one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that can't show “ gets ?
    # Thousands of objects are made while modules are loaded, and nearly all of them stay: looking through them again
    # and again for what can be let go took an eighth of a short command's time.
    gc.set_threshold(50_000, 20, 20)
    try:
        _tell_of_variables()
        app(standalone_mode=True)
    except UsageError as e:
        _fail(e, Exit.USAGE)
    except OnRecordError as e:
        _fail(e, Exit.ERROR)
    except BrokenPipeError:  # `onrecord search … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Exit.DONE) from None
    except Served:
        _leave(Exit.DONE)
    except Stopped as e:
        _leave(int(e.code or 0))
    except SystemExit as e:
        if e.code == _INTERRUPTED:
            # The archive is closed; threads left inside llama.cpp can trip up Python's own way out.
            print("stopped", file=sys.stderr)
            _leave(_INTERRUPTED)
        raise
    except OSError as e:
        _fail(e, Exit.ERROR)
    except sqlite3.Error as e:
        _fail(OnRecordError(f"The archive's catalog says: {e}. Try again, or run: onrecord doctor"), Exit.ERROR)


def _tell_of_variables() -> None:
    """Say which variables ``ONRECORD_…`` set nothing; a wrong name would else be as if it weren't there."""
    if any(name.upper().startswith("ONRECORD_") for name in os.environ):
        from rag.settings import unknown_variables

        for line in unknown_variables():
            rich_console(stderr=True).print(printable(f"onrecord: {line}"), style="yellow")


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        # What serves a client over them closes them, and a client that has gone takes nothing more.
        with suppress(ValueError, OSError):
            stream.flush()
    os._exit(code)


def _fail(e: Exception, code: Exit) -> None:
    line = printable(told(e))
    rich_console(stderr=True).print(f"onrecord: {line}", style="red")
    raise SystemExit(int(code)) from e


__all__ = ["Exit", "app", "main"]
