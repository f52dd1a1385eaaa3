"""Settings for people: what one that is not set comes to, and what is wrong with one, where, and what it may be."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from rag.text.counting import count

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

NOT_SET: Mapping[str, str] = {
    "catalog": "the archive's folder",
    "vectors": "the archive's folder",
    "token": "no token is asked for",
    "session_secret": "a key in the cache, made when it is first needed",
    "user": "all users of password_file",
    "password_file": "no user signs in by a password",
    "allow_hosts": "no other name",
    "user_header": "no proxy names users",
    "role_header": "users that a proxy names are readers",
    "oidc_issuer": "nobody signs in by OpenID",
    "oidc_client": "nobody signs in by OpenID",
    "oidc_secret": "PKCE alone",
    "oidc_role_claim": "who signs in by OpenID is a reader",
    "oidc_editors": "no value makes editors",
    "oidc_admins": "no value makes admins",
    "oidc_domains": "addresses of all domains",
    "path_prefix": "what a proxy says, else none",
    "trusted_proxies": "no proxy is believed",
    "audit_file": "audit.jsonl in the archive's folder",
    "fetch_agent": "OnRecord and its version",
    "fetch_allow": "no internal host",
}
"""What holds where a setting has no value."""
_FORMS = {
    r"^(fast|model|nli:.+)$": "fast, model or nli:NAME",
    r"^[A-Za-z0-9-]*$": "letters, digits and hyphens",
}
"""What the patterns ask for."""
_SHOWN = 60
"""Letters of a value that are shown."""


def told(
    mistake: Mapping[str, Any], fields: Mapping[str, FieldInfo], flags: Collection[str], file: Path, prefix: str
) -> str:
    """One mistake of a setting.

    Args:
        mistake: As pydantic's ``errors()`` lists it.
        fields: All settings.
        flags: Those that were given by a program or on the command line.
        file: The settings file.
        prefix: Of the settings' variables.
    """
    name = str(mistake["loc"][0]) if mistake["loc"] else ""
    field = fields.get(name)
    if field is None:
        near = difflib.get_close_matches(name, fields, 1, 0.6)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        return f"Setting {name!r}: there is none of this name{_place(name, flags, file, prefix)}.{meant} {_ALL}"
    given = mistake.get("input")
    is_ = "" if _secret(field) else "is empty, and " if given == "" else f"is {_short(given)}, and "
    where = _place(name, flags, file, prefix)
    return f"Setting {name!r} {is_}has to be {allowed(field)}. It is set{where}. {_ALL}"


def told_of_text(name: str, fields: Mapping[str, FieldInfo], prefix: str) -> str:
    """A variable that holds no list, where its setting is one."""
    variable = f"{prefix}{name.upper()}"
    given = next((value for key, value in os.environ.items() if key.upper() == variable), "")
    return (
        f"Setting {name!r} is {_short(given)}, and has to be {allowed(fields[name])}. "
        f"It is set by the variable {variable}. {_ALL}"
    )


def shown(name: str, value: Any) -> str:
    """A setting's value as `onrecord config` prints it: as it is written in a variable, secrets as asterisks."""
    if value is None or str(value) == "" or value == ():
        return f"(not set: {NOT_SET[name]})"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


_ALL = "All settings: onrecord config."


def allowed(field: FieldInfo) -> str:
    """What a setting may be."""
    kinds = [kind for kind in _kinds(field.annotation) if kind is not type(None)]
    if get_origin(kinds[0]) is Literal:
        return " or ".join(map(str, get_args(kinds[0])))
    if get_origin(kinds[0]) is tuple:
        whole = get_args(kinds[0])[0] is int
        return "a list of whole numbers, as in [80, 443]" if whole else 'a list of texts, as in ["one", "two"]'
    rules = {
        rule: getattr(part, rule)
        for part in field.metadata
        for rule in ("ge", "gt", "le", "max_length", "min_length", "pattern")
        if getattr(part, rule, None) is not None
    }
    if kinds[0] is bool:
        return "true or false"
    if kinds[0] in (int, float):
        return f"a {'whole number' if kinds[0] is int else 'number'}{_bounds(rules)}"
    if kinds[0] is Path:
        return "a path"
    if pattern := _FORMS.get(str(rules.get("pattern"))):
        return pattern
    return f"a text of at most {count(int(rules['max_length']), 'character')}" if "max_length" in rules else "a text"


def _bounds(rules: Mapping[str, float]) -> str:
    least = f"above {rules['gt']:,}" if "gt" in rules else f"from {rules['ge']:,}" if "ge" in rules else ""
    most = f"{rules['le']:,}" if "le" in rules else ""
    if most and least:
        return f" {least} {'and at most' if 'gt' in rules else 'to'} {most}"
    return f" {least}{' on' if 'ge' in rules else ''}" if least else ""


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _secret(field: FieldInfo) -> bool:
    from pydantic import SecretStr

    return SecretStr in _kinds(field.annotation)


def _short(given: Any) -> str:
    shown = repr(given)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _place(name: str, flags: Collection[str], file: Path, prefix: str) -> str:
    """Where a setting was set."""
    if name in flags:
        return " by an option or an argument"
    variable = f"{prefix}{name.upper()}"
    return f" by the variable {variable}" if variable in map(str.upper, os.environ) else f" in {file}"


__all__ = ["NOT_SET", "allowed", "shown", "told", "told_of_text"]
