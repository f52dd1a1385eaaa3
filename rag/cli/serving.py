"""``onrecord serve`` and ``ui``: the service, with or without its page; ``mcp``: its tools; ``password``: a hash."""

from __future__ import annotations

import sys
import threading
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption
from rag.cli.terminal import rich_console
from rag.errors import UsageError
from rag.extras import require
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.service.access import Access
    from rag.service.http import MountPage
    from rag.service.openid import OpenID
    from rag.service.scheduler import RequestScheduler
    from rag.settings import Settings

UI_PORT = 7860

ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Who answers, as for ask [default: local]", show_default=False),
]
HostOption = Annotated[
    str | None, typer.Option("--host", help="The address to listen on [default: 127.0.0.1]", show_default=False)
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", help="What has to be sent or entered; better set as ONRECORD_TOKEN", show_default=False),
]
UserOption = Annotated[str | None, typer.Option("--user", help="The only user of --password-file who may sign in")]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option("--password-file", help="Lines of NAME:HASH, each made by `onrecord password NAME`"),
]
AllowHostOption = Annotated[
    list[str] | None, typer.Option("--allow-host", help="Another name of the service, such as a proxy's; repeatable")
]
McpOption = Annotated[bool, typer.Option("--mcp", help="Offer ask, search and more as MCP tools at /mcp")]


class Served(SystemExit):
    """The service has ended as it should; threads that are still inside a model must not keep the process alive."""


@app.command()
def serve(
    archive: ArchiveOption = None,
    model: ModelOption = None,
    host: HostOption = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port; 0: any that is free [default: 8000]", show_default=False)
    ] = None,
    token: TokenOption = None,
    user: UserOption = None,
    password_file: PasswordFileOption = None,
    allow_host: AllowHostOption = None,
    mcp: McpOption = False,
    no_page: Annotated[bool, typer.Option("--no-page", help="The API alone, without the page for people")] = False,
) -> None:
    """Answer over HTTP: the API for programs (docs/service.md), and the page for people.

    Example: onrecord serve --archive news --port 8000
    """
    settings = _settings(archive, model, host, port, token, user, password_file, allow_host)
    _serve(settings, settings.port, page=not no_page, mcp=mcp, extra="serve")


@app.command()
def ui(
    archive: ArchiveOption = None,
    model: ModelOption = None,
    host: HostOption = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port; 0: any that is free [default: 7860]", show_default=False)
    ] = None,
    token: TokenOption = None,
    user: UserOption = None,
    password_file: PasswordFileOption = None,
    allow_host: AllowHostOption = None,
    mcp: McpOption = False,
) -> None:
    """Open the page: ask, see the evidence, click a citation. The same as serve, at another port.

    Example: onrecord ui --archive news
    """
    settings = _settings(archive, model, host, port, token, user, password_file, allow_host)
    chosen = settings.port if "port" in settings.model_fields_set else UI_PORT
    _serve(settings, chosen, page=True, mcp=mcp, extra="page")


@app.command("mcp")
def tools(archive: ArchiveOption = None, model: ModelOption = None) -> None:
    """Offer the archive's tools to one program over standard input and output (Model Context Protocol).

    A program that knows MCP servers starts this command by itself. With `serve --mcp` many can use the tools over HTTP.

    Example: onrecord mcp --archive news
    """
    settings = _settings(archive, model, None, None, None, None, None, None)
    require("mcp", extra="mcp", what="The command mcp")
    from rag.archive import Archive
    from rag.service.mcp import run_stdio
    from rag.service.scheduler import RequestScheduler

    with Archive.open(settings=settings) as opened:
        opened.stores.require()  # nobody sees the tools' errors until something is asked
        scheduler = RequestScheduler(opened, queue_size=settings.waiting, queue_timeout=settings.patience)
        run_stdio(scheduler)
        scheduler.close(0)
    raise Served(0)


@app.command()
def password(
    name: Annotated[
        str, typer.Argument(help="The user's name; without it, the hash alone is printed", show_default=False)
    ] = "",
) -> None:
    """Hash a password, and print the line for the password file of serve and ui.

    Asks on the terminal without showing what is typed, or reads a line of standard input.

    Example: onrecord password ada >> users.txt
    """
    from rag.service.passwords import check_name, hash_password

    if name:
        check_name(name)
    hashed = hash_password(new_password())
    print(f"{name}:{hashed}" if name else hashed)


def new_password() -> str:
    """A password from the terminal, typed twice, or from standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    entered = getpass("Password: ")
    if getpass("Again: ") != entered:
        raise UsageError("The two passwords differ. Start again.")
    return entered


def _settings(
    archive: Path | None,
    model: str | None,
    host: str | None,
    port: int | None,
    token: str | None,
    user: str | None,
    password_file: Path | None,
    allow_host: list[str] | None,
) -> Settings:
    from rag.settings import load_settings

    given: dict[str, Any] = {
        "archive": archive,
        "model": model,
        "host": host,
        "port": port,
        "token": token,
        "user": user,
        "password_file": password_file,
        "allow_hosts": tuple(allow_host) if allow_host else None,
    }
    return load_settings(**given)


_LIBRARIES = {
    "bcrypt": "bcrypt",
    "fastapi": "fastapi",
    "itsdangerous": "itsdangerous",
    "jinja2": "Jinja2",
    "prometheus_client": "prometheus-client",
    "python_multipart": "python-multipart",
    "uvicorn": "uvicorn",
}
"""What the service imports, each with the name it is installed by."""


def _serve(settings: Settings, port: int, *, page: bool, mcp: bool, extra: Literal["serve", "page"]) -> None:
    for module, package in _LIBRARIES.items():
        require(module, extra=extra, what="The page" if extra == "page" else "The service", package=package)
    from rag.service.access import Access

    access = Access.of(settings)  # before anything slow is loaded
    if page:
        require("gradio", extra="page", what="The page")
    from rag.answer.models.chat import is_remote
    from rag.archive import Archive
    from rag.machine import use_few_heaps
    from rag.service import request_log, server
    from rag.service.audit import AuditLog
    from rag.service.http import create_app
    from rag.service.scheduler import RequestScheduler
    from rag.service.syncing import syncing

    use_few_heaps()  # before there are threads
    err = rich_console(stderr=True)
    with server.bind(settings.host, port) as listening, Archive.open(settings=settings) as archive:
        scheduler = RequestScheduler(archive, queue_size=settings.waiting, queue_timeout=settings.patience)
        web = create_app(
            scheduler,
            access,
            mount_page=_page() if page else None,
            mcp=mcp,
            timeout=settings.timeout,
            max_upload=settings.max_upload * 1_000_000,
            audit=AuditLog.of(settings),
            path_prefix=settings.path_prefix,
            trusted_proxies=settings.trusted_proxies,
        )
        # Who opens the page from a terminal reads along; a service's log wants every line.
        request_log.to_stderr(failures=page and sys.stderr.isatty())
        who = _who(access)

        def started() -> None:
            print(f"OnRecord is at {server.address(listening)} ({who}; Ctrl-C stops it)", flush=True)
            if access.openid is not None:
                threading.Thread(target=_look_at, args=(access.openid, err), name="onrecord-oidc", daemon=True).start()
            if is_remote(settings.model):
                err.print(f"Passages of the archive are sent to {settings.model}.", style="yellow")
            # Loaded while nobody has asked yet.
            threading.Thread(target=_prepare, args=(scheduler,), name="onrecord-prepare", daemon=True).start()

        with syncing(scheduler, settings.sync_every * 60):
            server.run(web, scheduler, listening, shutdown_grace=settings.grace, started=started)
    raise Served(0)


def _who(access: Access) -> str:
    """How people get in, in words."""
    if access.open:
        return "open to this machine"
    if access.users:
        return "with a password"
    return "with the token" if access.by_token or access.openid is None else f"by {access.openid.host}"


def _look_at(openid: OpenID, err: Any) -> None:
    """Tell once where the provider doesn't answer; each sign-in asks it anew."""
    import asyncio

    from rag.service.openid import SignInFailed

    try:
        asyncio.run(openid.check())
    except SignInFailed as e:
        err.print(f"Nobody can sign in by OpenID Connect yet: {e}", style="yellow", markup=False)


def _page() -> MountPage:
    from rag.ui.app import mount

    mounted: MountPage = mount
    return mounted


def _prepare(scheduler: RequestScheduler) -> None:
    if (why := scheduler.readiness_problem()) is not None and not scheduler.closing:
        rich_console(stderr=True).print(f"onrecord: {printable(why)}", style="yellow")


__all__ = ["Served", "new_password", "password", "serve", "tools", "ui"]
