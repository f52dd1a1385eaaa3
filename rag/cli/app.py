"""The command ``onrecord``, to which the modules beside this one add their commands."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="onrecord",
    help="Questions to an archive of news articles, answered with the exact words that support every sentence.",
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
