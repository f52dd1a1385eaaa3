"""``onrecord users``: who may use the service, and what each may do there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.serving import new_password
from rag.errors import UsageError

group = typer.Typer(
    name="users",
    help="Who may use the service: readers ask, editors bring articles, admins do all.",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="The user's name", show_default=False)]
FileOption = Annotated[
    Path | None,
    typer.Option("--password-file", help="The file [default: ONRECORD_PASSWORD_FILE]", show_default=False),
]


@group.command()
def add(
    name: NameArgument,
    role: Annotated[str, typer.Option("--role", help="reader, editor or admin")] = "reader",
    password_file: FileOption = None,
) -> None:
    """Add a user; asks for the password on the terminal, or reads a line of standard input.

    Example: onrecord users add ada --role editor --password-file users.txt
    """
    from rag.service.passwords import change_user, check_name, hash_password, read_users
    from rag.service.roles import role_named, with_article

    file, given = _file(password_file), role_named(role)
    check_name(name)
    if file.expanduser().exists() and name in read_users(file):
        raise UsageError(f"There is a user {name!r} already. Change their role with: onrecord users role {name} ROLE")
    change_user(file, name, hashed=hash_password(new_password()), role=given)
    print(f"{name} is {with_article(given)} from the next start of the service on.")


@group.command("list")
def list_users(password_file: FileOption = None) -> None:
    """List users and roles.

    Example: onrecord users list --password-file users.txt
    """
    from rag.service.passwords import read_roles, read_users

    file = _file(password_file)
    roles = read_roles(file)
    for name in read_users(file):
        print(f"{name}\t{roles.get(name, 'admin')}")


@group.command()
def remove(name: NameArgument, password_file: FileOption = None) -> None:
    """Take a user out of the file; their articles and conversations stay.

    Example: onrecord users remove ada --password-file users.txt
    """
    from rag.service.passwords import remove_user

    remove_user(_file(password_file), name)
    print(f"{name} is no user any more from the next start of the service on.")


@group.command()
def role(
    name: NameArgument,
    role: Annotated[str, typer.Argument(help="reader, editor or admin", show_default=False)],
    password_file: FileOption = None,
) -> None:
    """Give a user another role.

    Example: onrecord users role ada admin --password-file users.txt
    """
    from rag.service.passwords import change_user
    from rag.service.roles import role_named, with_article

    given = role_named(role)
    change_user(_file(password_file), name, role=given)
    print(f"{name} is {with_article(given)} from the next start of the service on.")


def _file(given: Path | None) -> Path:
    from rag.settings import load_settings

    file = given or load_settings().password_file
    if file is None:
        raise UsageError("Name the file of users with --password-file FILE, or set ONRECORD_PASSWORD_FILE.")
    return file


__all__ = ["group"]
