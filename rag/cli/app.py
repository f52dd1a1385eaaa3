"""The command ``onrecord``, to which the modules beside this one add their commands."""

from __future__ import annotations

from typing import Annotated

import typer

_EXIT_CODES = (
    "Exit codes: 0 done. 1 an error, told in one line. 2 wrong usage: no such option, or a value that makes no sense. "
    "3 nothing found, no answer, or a claim that is not supported. 4 an evaluation below its limits or its baseline. "
    "5 part of what was to be read could not be; the rest is done. 130 stopped by Ctrl-C."
)
app = typer.Typer(
    name="onrecord",
    help="Questions to an archive of news articles, answered with the exact words that support every sentence.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version and exit")] = False) -> None:
    if version:
        from rag import __version__

        print(f"onrecord {__version__}")
        raise typer.Exit
