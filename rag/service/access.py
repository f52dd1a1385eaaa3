"""Who may come in: everybody on this machine, whoever has the token, or the users with their passwords.

One ASGI middleware stands before every route, the page's own included. Programs
send ``Authorization: Bearer TOKEN`` or HTTP Basic; people sign in at /login and
get a signed cookie. ``/healthz`` alone is free.

A page on another site can make a browser send requests here. So a request that
changes something has to come from this very address (``Origin``), and the
address has to be one of ours (``Host``), or another name could be pointed at
this machine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import ipaddress
import json
import math
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from rag.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from rag.settings import Settings

SESSION = 30 * 24 * 3600
"""Seconds that a sign-in holds."""
TRIES, WINDOW = 10, 60.0
"""Wrong answers an address may give in so many seconds."""

_FREE = "/healthz"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_LONGEST_FORM = 10_000
_ANY = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on


class Access:
    """Says who a request is from, if anybody may know. Safe to use from several threads."""

    def __init__(
        self,
        *,
        token: str | None = None,
        users: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        hosts: Sequence[str] = (),
    ) -> None:
        """Take what opens the door; with neither token nor users it is open, to this machine only.

        Args:
            token: A secret for programs, and for people at /login.
            users: Name to password.
            host: The address listened on.
            hosts: Other names under which the service is reached, such as those of a proxy before it.

        Raises:
            UsageError: Other machines could reach it and nothing is asked of them, or a secret is too short.
        """
        self.users = dict(users or {})
        self._token = token or None
        for what, secret in (("token", self._token), *((f"password of {n}", p) for n, p in self.users.items())):
            if secret is not None and len(secret) < 8:
                raise UsageError(f"The {what} has fewer than 8 characters. Take a longer one.")
        if token and not (token.isascii() and token.isprintable() and token == token.strip()):
            raise UsageError("The token can't be sent in a header as it is. Use letters and digits.")
        if self.open and not is_loopback(host):
            raise UsageError(
                f"Listening on {host} lets other machines in, and nothing is asked of them. Set ONRECORD_TOKEN, or "
                "give --user NAME --password-file FILE, or listen on 127.0.0.1."
            )
        # Behind a secret any name will do, as long as it is not known which names there are.
        self._hosts = {n.lower() for n in (host, *hosts, "localhost", "127.0.0.1", "::1")}
        self._any_host = host in _ANY and not hosts and not self.open
        # A new secret ends the sessions that an old one began; a restart does not.
        secrets = json.dumps([self._token, sorted(self.users.items())]).encode()
        self._key = hashlib.pbkdf2_hmac("sha256", secrets, b"onrecord session", 200_000)
        # Cookies don't know ports: another service on this machine must not overwrite ours.
        self.cookie = f"onrecord-{hashlib.sha256(self._key).hexdigest()[:8]}"
        self._wrong: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """As the settings say.

        Raises:
            UsageError: They don't go together, or the password file can't be read.
        """
        if settings.user and not settings.password_file:
            raise UsageError(f"A user ({settings.user}) needs a password. Give --password-file FILE.")
        return cls(
            token=settings.token.get_secret_value() if settings.token else None,
            users=read_users(settings.password_file, settings.user) if settings.password_file else None,
            host=settings.host,
            hosts=settings.allow_hosts,
        )

    @property
    def open(self) -> bool:
        """Whether nothing is asked."""
        return self._token is None and not self.users

    @property
    def by_token(self) -> bool:
        """Whether there is a token."""
        return self._token is not None

    def user(self, request: Any) -> str:
        """Whose request it is: a user's name, "token" for the token, "local" where nothing is asked.

        Args:
            request: Anything with ``headers``: a request of Starlette, FastAPI or Gradio, or a connection.

        Raises:
            UsageError: Nobody's. That doesn't happen behind the middleware.
        """
        who = self.identify(request.headers)
        if who is None:
            raise UsageError("The request names no user. Sign in again.")
        return who

    def identify(self, headers: Mapping[str, str]) -> str | None:
        """The user whom the headers speak for, or None."""
        if self.open:
            return "local"
        kind, _, value = (headers.get("authorization") or "").partition(" ")
        if kind.lower() == "bearer":
            return self.secret_of("", value.strip())
        if kind.lower() == "basic":
            try:
                name, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
            except ValueError:
                return None
            return self.secret_of(name, password)
        from starlette.requests import cookie_parser  # unlike Python's, it reads on behind a strange one

        return self._session(cookie_parser(headers.get("cookie") or "").get(self.cookie, ""))

    def secret_of(self, name: str, secret: str) -> str | None:
        """Whose secret it is: with a name the user's password, else the token."""
        if not name:
            return "token" if self._token is not None and _same(secret, self._token) else None
        # Compared with something in any case, so that time does not tell which names there are.
        right = _same(secret, self.users.get(name, self._key.hex()))
        return name if right and name in self.users else None

    # -- sessions --------------------------------------------------------------------

    def session(self, user: str) -> str:
        """A cookie's value that says, signed, who has signed in and until when."""
        said = base64.urlsafe_b64encode(json.dumps([user, int(time.time()) + SESSION]).encode()).decode().rstrip("=")
        return f"{said}.{self._sign(said)}"

    def _session(self, value: str) -> str | None:
        said, _, signature = value.partition(".")
        if not _same(signature, self._sign(said)):
            return None
        user, until = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        return str(user) if time.time() < until else None

    def _sign(self, said: str) -> str:
        return hmac.new(self._key, said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    # -- wrong answers ---------------------------------------------------------------

    def waits(self, address: str) -> float:
        """Seconds until an address may try again; 0: now."""
        with self._lock:
            return self._wait(address, time.monotonic())

    def failed(self, address: str) -> None:
        """Note a wrong answer."""
        with self._lock:
            now = time.monotonic()
            if len(self._wrong) >= 10_000:
                self._wrong = {a: t for a, t in self._wrong.items() if t[-1] > now - WINDOW}
            self._wrong.setdefault(address, []).append(now)

    def _wait(self, address: str, now: float) -> float:
        recent = [t for t in self._wrong.get(address, ()) if t > now - WINDOW]
        if not recent:
            self._wrong.pop(address, None)
            return 0.0
        self._wrong[address] = recent
        return recent[-TRIES] + WINDOW - now if len(recent) >= TRIES else 0.0

    # -- where a request comes from --------------------------------------------------

    def misdirected(self, headers: Mapping[str, str]) -> bool:
        """Whether the request was sent to a name that is not ours."""
        return not self._any_host and (_hostname(headers.get("host") or "") not in self._hosts)

    def cross_site(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether a request that changes something was made by another site's page."""
        if method in _SAFE:
            return False
        origin = headers.get("origin")
        if origin is None:
            return (headers.get("sec-fetch-site") or "none") not in ("none", "same-origin")
        there = urlsplit(origin).netloc.lower()
        here = (headers.get("host") or "").lower()
        if there and _without_default(there) == _without_default(here):
            return False
        # A proxy may have written its own Host; the names it is known by were given.
        return _hostname(there) not in self._hosts - {"localhost", "127.0.0.1", "::1"}


class Guard:
    """The middleware: lets in whom ``Access`` knows, and has the others sign in."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] == _FREE:
            await self.app(scope, receive, send)
            return
        from starlette.datastructures import Headers

        headers, access = Headers(scope=scope), self.access
        method = scope.get("method", "GET") if scope["type"] == "http" else "POST"  # a socket changes things
        if access.misdirected(headers):
            await send_error(
                scope,
                send,
                421,
                "Misdirected",
                "The service does not go by this name. Give it with --allow-host NAME.",
            )
        elif access.cross_site(method, headers):
            await send_error(
                scope,
                send,
                403,
                "CrossSite",
                "Another site's page sent this. Ask from the service's own address.",
            )
        elif scope["type"] == "http" and scope["path"] in ("/login", "/logout"):
            await self._sign(scope, receive, send, headers)
        elif (who := await self._admit(scope, send, headers)) is not None:
            scope.setdefault("state", {})["user"] = who
            await self.app(scope, receive, send)

    async def _admit(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> str | None:
        """Who it is; for anybody else the answer is given here."""
        access, address = self.access, _address(scope)
        tries = not access.open and "authorization" in headers
        if tries and (wait := access.waits(address)):
            await self._later(scope, send, wait)
            return None
        who = access.identify(headers)
        if who is not None:
            return who
        if tries:
            access.failed(address)
        elif scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            target = quote(scope["path"] + query, safe="/")
            await _reply(send, 303, b"", {"location": f"/login?next={target}", "cache-control": "no-store"})
            return None
        message = (
            "That is not a right token or password. Check it." if tries else "Send the token, or sign in at /login."
        )
        await send_error(scope, send, 401, "Unauthorized", message, {"www-authenticate": 'Bearer realm="onrecord"'})
        return None

    async def _later(self, scope: Scope, send: Send, wait: float) -> None:
        seconds = math.ceil(wait)
        message = f"Too many wrong answers from your address. Try again in {seconds} s."
        await send_error(scope, send, 429, "TooManyTries", message, {"retry-after": str(seconds)})

    # -- signing in --------------------------------------------------------------------

    async def _sign(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        access, secure = self.access, "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{access.cookie}={{}}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age={{}}"
        query = parse_qs(scope["query_string"].decode("latin-1"))
        target = _within(query.get("next", ["/"])[0])
        if scope["path"] == "/logout":
            if scope["method"] != "POST":
                await send_error(scope, send, 405, "MethodNotAllowed", "Send a POST to sign out.", {"allow": "POST"})
            else:
                await _reply(send, 303, b"", {"location": "/login", "set-cookie": cookie.format("", 0)})
        elif access.open or (scope["method"] == "GET" and access.identify(headers) is not None):
            await _reply(send, 303, b"", {"location": target})
        elif scope["method"] in ("GET", "HEAD"):
            await self._form(send, 200, target)
        elif scope["method"] != "POST":
            await send_error(scope, send, 405, "MethodNotAllowed", "Send a GET or a POST.", {"allow": "GET, POST"})
        elif wait := access.waits(_address(scope)):
            await self._form(send, 429, target, f"Too many wrong answers. Try again in {math.ceil(wait)} s.", wait)
        else:
            given = await _body(receive, _LONGEST_FORM)
            form = parse_qs((given or b"").decode("utf-8", "replace"), keep_blank_values=True)
            who = access.secret_of(form.get("name", [""])[0].strip(), form.get("secret", [""])[0])
            if who is None:
                access.failed(_address(scope))
                await self._form(send, 401, target, "That is not right. Try again.")
            else:
                session = cookie.format(access.session(who), SESSION)
                await _reply(send, 303, b"", {"location": target, "set-cookie": session, "cache-control": "no-store"})

    async def _form(self, send: Send, status: int, target: str, wrong: str = "", wait: float = 0.0) -> None:
        page = sign_in_page(target, names=bool(self.access.users), token=self.access.by_token, wrong=wrong)
        headers = {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'",
        }
        if wait:
            headers["retry-after"] = str(math.ceil(wait))
        await _reply(send, status, page.encode(), headers)


def sign_in_page(target: str, *, names: bool, token: bool, wrong: str = "") -> str:
    """The form at /login.

    Args:
        target: Where to go afterwards, a path.
        names: Whether there are users with names.
        token: Whether there is a token; with both, the name may be left empty.
        wrong: What was wrong with the last try.
    """
    hint = ' <span class="hint">(leave empty for the token)</span>' if token else ""
    required = "" if token else " required"
    name = (
        f'<label for="name">Name{hint}</label><input id="name" name="name" autocomplete="username" autofocus{required}>'
        if names
        else ""
    )
    secret = "Password or token" if names and token else "Password" if names else "Token"
    told = f'<p class="wrong" role="alert">{html.escape(wrong)}</p>' if wrong else ""
    return _PAGE.format(
        action=html.escape(f"/login?next={quote(target, safe='/')}"),
        name=name,
        secret=secret,
        focus="" if names else " autofocus",
        told=told,
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · OnRecord</title>
<style>
:root {{ color-scheme: light dark; --ink: #1b1b1a; --soft: #5c5b57; --line: #b9b7b0; --paper: #faf9f6; --sheet: #fff;
  --accent: #0b5a6f; --on: #fff; --wrong: #a3261b; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #ebe9e4; --soft: #a9a69e; --line: #55534d; --paper: #171716;
  --sheet: #21211f; --accent: #7cc4d8; --on: #10211f; --wrong: #ff9d92; }} }}
* {{ box-sizing: border-box }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }}
form {{ width: min(22rem, 100%); background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1.75rem }}
h1 {{ margin: 0 0 1rem; font: 600 1.5rem/1.2 Georgia, serif }}
label {{ display: block; margin: .75rem 0 .25rem; font-size: .9rem }}
.hint {{ color: var(--soft) }}
input {{ width: 100%; padding: .55rem .65rem; font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--line); border-radius: .3rem }}
button {{ margin-top: 1.25rem; width: 100%; padding: .6rem; font: inherit; font-weight: 600; cursor: pointer;
  border: 0; border-radius: .3rem; background: var(--accent); color: var(--on) }}
:focus-visible {{ outline: 3px solid var(--accent); outline-offset: 2px }}
.wrong {{ margin: .75rem 0 0; color: var(--wrong) }}
</style></head>
<body><form method="post" action="{action}"><h1>OnRecord</h1>
{name}<label for="secret">{secret}</label>
<input id="secret" name="secret" type="password" autocomplete="current-password" required{focus}>
{told}<button>Sign in</button></form></body></html>
"""


def read_users(file: Path, user: str | None = None) -> dict[str, str]:
    """Users with their passwords: the first line is the named user's, or every line is NAME:PASSWORD.

    Raises:
        UsageError: The file can't be read, or a line is not of that form.
    """
    try:
        lines = file.expanduser().read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"The password file {file} can't be read ({e}). Check the path.") from e
    if user is not None:
        if not lines or not lines[0].strip():
            raise UsageError(f"The password file {file} is empty. Write the password of {user} on its first line.")
        return {user: lines[0].strip()}
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not colon or not name.strip() or not password.strip():
            raise UsageError(f"Line {number} of {file} is not NAME:PASSWORD. Mend it, or name one user with --user.")
        users[name.strip()] = password.strip()
    if not users:
        raise UsageError(f"The password file {file} names nobody. Write NAME:PASSWORD on a line.")
    return users


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


# -- small things ------------------------------------------------------------------------


async def send_error(
    scope: Scope, send: Send, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with a typed error, or close a socket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": message[:100]})
        return
    body = {"error": {"type": kind, "message": message, "request_id": scope.get("state", {}).get("request_id", "")}}
    await _reply(send, status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})


async def _reply(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    raw = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive, most: int) -> bytes | None:
    """The request's body; None when it is longer."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += bytes(message.get("body", b""))
        if len(body) > most:
            return None
        if not message.get("more_body"):
            return body


def _same(a: str, b: str) -> bool:
    """Compared in a time that tells neither length nor content."""
    digests = [hashlib.sha256(x.encode("utf-8", "surrogateescape")).digest() for x in (a, b)]
    return hmac.compare_digest(*digests)


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _hostname(host: str) -> str:
    """Without the port, in lower case."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _without_default(netloc: str) -> str:
    for port in (":80", ":443"):
        netloc = netloc.removesuffix(port)
    return netloc


def _within(target: str) -> str:
    """A path of this service, whatever was given."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and target.isascii()
    return target if ours else "/"


__all__ = ["Access", "Guard", "is_loopback", "read_users", "sign_in_page"]
