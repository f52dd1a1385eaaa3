"""Access control: everybody on this machine, whoever has the token, or users with their passwords.

One ASGI middleware runs before every route, the page's own included. Programs
send ``Authorization: Bearer TOKEN`` or HTTP Basic; people sign in at /login and
get a signed cookie. Only ``/healthz`` is open to all, and ``/metrics`` where a setting says so.

A page on another site can make a browser send requests here. So a request that
changes something must come from the service's own address (``Origin``), and
the address must be one of the service's names (``Host``), or somebody could
point another name at this machine.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import anyio

from rag.errors import UsageError
from rag.service.asgi import client_address, is_loopback, redirect, send_error
from rag.service.openid import PENDING, OpenID
from rag.service.passwords import Passwords, read_roles, read_users
from rag.service.proxy import Network, parse_networks, relative
from rag.service.roles import ROLES, Role
from rag.service.sessions import Sessions, Signed, secret_key, session_key
from rag.service.sign_in import PATHS, SignIn
from rag.service.tries import Guesses

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from rag.service.openid import Known
    from rag.settings import Settings

_OPEN_PATH = "/healthz"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_ALL_ADDRESSES = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on
_LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
_HASHED_AT_ONCE = 2
_PROXY, _OPENID = "proxy:", "oidc:"
"""What names begin with that others vouch for: no name of the password file has a colon."""
_MOST_PROXIED = 10_000  # users whose role is remembered


class Access:
    """Decides which user a request is from, if any. Safe to use from several threads."""

    def __init__(
        self,
        *,
        token: str | None = None,
        users: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        hosts: Sequence[str] = (),
        session_key: bytes | None = None,
        roles: Mapping[str, Role] | None = None,
        user_header: str = "",
        role_header: str = "",
        proxies: Sequence[str] = (),
        metrics: str = "admin",
        openid: OpenID | None = None,
    ) -> None:
        """Take the credentials; with neither token nor users the service is open, to this machine only.

        Args:
            token: A secret for programs, and for people at /login.
            users: bcrypt hashes of passwords, by user name.
            host: The address listened on.
            hosts: Other names under which the service is reached, such as those of a proxy before it.
            session_key: What session cookies are signed with; by default a new key, and sessions end with the process.
            roles: Of users; one that is not named may do everything.
            user_header: The header in which a trusted proxy names whom it has signed in; empty: none does.
            role_header: The same for that user's role; without it, such users are readers.
            proxies: Addresses and networks of proxies that may do so.
            metrics: Who may read /metrics: "admin", "user", or "open": anybody, without signing in.
            openid: The provider that people can sign in by; None: there is none.

        Raises:
            UsageError: Other machines could reach the service without a credential, the token is empty or too short,
                or a password is not a hash.
        """
        self._passwords = Passwords(users or {})
        self.openid = openid
        self._token = token
        self.roles = dict(roles or {})
        self.user_header, self.role_header = user_header, role_header
        self.proxies = _networks(user_header, proxies)
        self.metrics = metrics
        self._open_paths = {_OPEN_PATH, *(["/metrics"] if metrics == "open" else [])}
        self._proxied: dict[str, Role] = {}
        self._lock = threading.Lock()
        self.on_sign_in: Callable[[str], None] = lambda _: None
        """Called with the user who has entered a right password or token."""
        if token is not None and not token.strip():  # a variable that came to nothing must not open the service
            raise UsageError(
                "The token is empty. Take one of 8 characters or more, or leave --token and ONRECORD_TOKEN out."
            )
        if self._token is not None and len(self._token) < 8:
            raise UsageError("The token has fewer than 8 characters. Take a longer one.")
        if token and not (token.isascii() and token.isprintable() and token == token.strip()):
            raise UsageError("The token can't be sent in a header as it is. Use letters and digits.")
        if self.open and not is_loopback(host):
            raise UsageError(
                f"Listening on {host} lets other machines in, and nothing is asked of them. Set ONRECORD_TOKEN, or "
                "give --user NAME --password-file FILE, or listen on 127.0.0.1."
            )
        # Behind a credential any name will do, as long as it is not known which names there are.
        self._hosts = {n.lower() for n in (host, *hosts, *_LOCAL_NAMES)}
        self._any_host = host in _ALL_ADDRESSES and not hosts and not self.open
        self._use_key(session_key or secrets.token_bytes(32))
        self.guesses = Guesses()
        self._limiter: anyio.CapacityLimiter | None = None

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """Access as the settings say.

        Raises:
            UsageError: They don't go together, or the password file can't be read.
        """
        if settings.user is not None and not settings.password_file:
            raise UsageError(
                f"A user ({settings.user or 'an empty name'}) needs a password. Give --password-file FILE."
            )
        made = cls(
            token=settings.token.get_secret_value() if settings.token is not None else None,
            users=read_users(settings.password_file, settings.user) if settings.password_file else None,
            roles=read_roles(settings.password_file) if settings.password_file else None,
            user_header=settings.user_header,
            role_header=settings.role_header,
            proxies=settings.trusted_proxies,
            host=settings.host,
            hosts=settings.allow_hosts,
            metrics=settings.metrics,
            openid=OpenID.of(settings),
        )
        if not made.open:
            shared = settings.session_secret
            made._use_key(
                secret_key(shared.get_secret_value())
                if shared is not None
                else session_key(settings.cache, f"{settings.archive.expanduser().absolute()}")
            )
        return made

    def _use_key(self, key: bytes) -> None:
        self._sessions = Sessions(key)
        self.pending = Signed(key, "onrecord openid", PENDING)
        # Cookies are shared by all ports of a host: another service on this machine must not overwrite ours.
        self.cookie = f"onrecord-{hashlib.sha256(key).hexdigest()[:8]}"

    @property
    def users(self) -> Mapping[str, str]:
        """bcrypt hashes of passwords, by user name."""
        return self._passwords.hashes

    @property
    def open(self) -> bool:
        """Whether no credential is needed."""
        return self._token is None and not self.users and not self.user_header and self.openid is None

    def is_open(self, path: str) -> bool:
        """Whether a path asks nobody who they are."""
        return path in self._open_paths

    @property
    def by_token(self) -> bool:
        """Whether there is a token."""
        return self._token is not None

    @property
    def limiter(self) -> anyio.CapacityLimiter:
        """Bounds how many passwords are hashed at once; use it within the event loop."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_HASHED_AT_ONCE)
        return self._limiter

    # -- who it is -------------------------------------------------------------------

    def user(self, request: Any) -> str:
        """The user whom the middleware found: a name, "token" for the token, "local" where the service is open.

        Args:
            request: A request or connection of Starlette, FastAPI or Gradio.

        Raises:
            UsageError: Nobody. That does not happen behind the middleware.
        """
        state = getattr(request, "scope", {}).get("state") or {}
        user = state.get("user") or self.identify(request.headers)
        if user is None:
            raise UsageError("The request names no user. Sign in again.")
        return str(user)

    def identify(self, headers: Mapping[str, str]) -> str | None:
        """The user that a request's headers prove, or None. HTTP Basic takes as long as bcrypt does."""
        if self.open:
            return "local"
        kind, _, value = (headers.get("authorization") or "").partition(" ")
        if kind.lower() == "bearer":
            return self.authenticate("", value.strip())
        if kind.lower() == "basic":
            return self.authenticate(*basic_credentials(headers))
        return self.signed_in(headers)

    def signed_in(self, headers: Mapping[str, str]) -> str | None:
        """The user of the session cookie, or None."""
        from starlette.requests import cookie_parser  # unlike Python's, it reads on after a malformed cookie

        value = cookie_parser(headers.get("cookie") or "").get(self.cookie, "")
        user = self._sessions.read(value, self._credential)
        return self._by_openid(user) if user is not None and user.startswith(_OPENID) else user

    def authenticate(self, name: str, secret: str) -> str | None:
        """The user whose secret it is: with a name the user's password, else the token; None if it is wrong."""
        if not name:
            return "token" if self._token is not None and _same(secret, self._token) else None
        return name if self.users and self._passwords.verify(name, secret) else None

    def session(self, user: str) -> str:
        """A cookie's value that keeps a user signed in.

        Raises:
            UsageError: There is no such user.
        """
        if (credential := self._credential(user)) is None:
            raise UsageError(f"There is no user {user!r}. Sign in again.")
        self.on_sign_in(user)
        return self._sessions.create(user, credential)

    def openid_session(self, known: Known) -> tuple[str, int]:
        """A cookie's value for somebody whom the provider has signed in, and the seconds that it holds.

        Raises:
            UsageError: No provider is set.
        """
        if self.openid is None:
            raise UsageError("No OpenID provider is set. Set ONRECORD_OIDC_ISSUER.")
        seconds = round(self.openid.hours * 3600)
        # Role and end stand in the cookie, which is signed: they hold in every process, and after a restart.
        user = f"{_OPENID}{known.role}:{round(time.time()) + seconds}:{known.name}"
        self.on_sign_in(f"{_OPENID}{known.name}")
        return self._sessions.create(user, self.openid.credential), seconds

    def _by_openid(self, said: str) -> str | None:
        """The user of such a cookie, as they are known here: "oidc:ada@example.org"; None where it has ended."""
        role, until, name = said.removeprefix(_OPENID).split(":", 2)
        return self._proxy_role(f"{_OPENID}{name}", [role]) if float(until) > time.time() else None

    def _credential(self, user: str) -> str | None:
        """What a session of the user depends on: it ends when this changes."""
        if user.startswith(_OPENID):
            return self.openid.credential if self.openid is not None else None
        return self.users.get(user) or (self._token if user == "token" else None)

    # -- roles -----------------------------------------------------------------------

    def role(self, user: str) -> Role:
        """What a user may do: as the password file or the proxy says; the token, and a file without roles: all."""
        if (proxied := self._proxied.get(user)) is not None:
            return proxied
        # Whoever is forgotten here is named again by their next request.
        return "reader" if user.startswith((_PROXY, _OPENID)) else self.roles.get(user, "admin")

    def from_proxy(self, user: str, roles: Sequence[str]) -> str:
        """Take a user as a trusted proxy names them; returns the name by which they are known here.

        Args:
            user: The proxy's name for them.
            roles: What stood in the role header; what is no role counts for nothing.
        """
        return self._proxy_role(f"{_PROXY}{user}"[:200], roles)  # nobody of the password file, and not the token

    def _proxy_role(self, name: str, roles: Sequence[str]) -> str:
        """Remember the highest of a user's roles; returns the name."""
        named = [r for r in ROLES for said in roles for x in said.split(",") if x.strip().lower() == r]
        with self._lock:
            if len(self._proxied) >= _MOST_PROXIED:
                self._proxied.clear()
            self._proxied[name] = named[-1] if named else "reader"
        return name

    # -- where a request comes from --------------------------------------------------

    def host_allowed(self, headers: Mapping[str, str]) -> bool:
        """Whether the request was sent to one of the service's names."""
        return self._any_host or _hostname(headers.get("host") or "") in self._hosts

    def cross_site(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether a request that changes something was made by another site's page."""
        if method in _SAFE_METHODS:
            return False
        origin = headers.get("origin")
        if origin is None:
            return (headers.get("sec-fetch-site") or "none") not in ("none", "same-origin")
        there = urlsplit(origin).netloc.lower()
        here = (headers.get("host") or "").lower()
        if there and _without_default_port(there) == _without_default_port(here):
            return False
        # A proxy may have written its own Host; the names it is known by were given.
        return _hostname(there) not in self._hosts - _LOCAL_NAMES


class Guard:
    """The middleware: passes on requests of users whom ``Access`` knows, and has the others sign in."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Take the application to protect."""
        self.app = app
        self.access = access
        self.sign_in = SignIn(access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check where the request was sent, where it comes from and who sends it."""
        if scope["type"] not in ("http", "websocket") or self.access.is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        from starlette.datastructures import Headers

        headers, access = Headers(scope=scope), self.access
        method = scope.get("method", "GET") if scope["type"] == "http" else "POST"  # a WebSocket changes things
        if not access.host_allowed(headers):
            message = "The service does not go by this name. Give it with --allow-host NAME."
            await send_error(scope, send, 421, "Misdirected", message)
        elif access.cross_site(method, headers):
            message = "Another site's page sent this. Ask from the service's own address."
            await send_error(scope, send, 403, "CrossSite", message)
        elif scope["type"] == "http" and scope["path"] in PATHS:
            await self.sign_in(scope, receive, send, headers)
        elif (user := await self._admit(scope, send, headers)) is not None:
            scope.setdefault("state", {})["user"] = user
            await self.app(scope, receive, send)

    async def _admit(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> str | None:
        """The user; where there is none, the request is answered here."""
        access = self.access
        if (proxied := scope.get("state", {}).get("proxy_user")) is not None:
            return str(proxied)
        if access.open or "authorization" not in headers:
            user = access.identify(headers)
            if user is None:
                await self._ask_to_sign_in(scope, send, headers)
            return user
        address = client_address(scope)
        hashed = bool(access.users) and headers["authorization"].lower().startswith("basic ")
        account = basic_credentials(headers)[0] if hashed else ""
        async with access.limiter if hashed else nullcontext():
            # Asked here, so that tries that come at once are counted one after the other.
            if wait := access.guesses.wait(address, account):
                seconds = math.ceil(wait)
                message = f"Too many wrong answers from your address or for this name. Try again in {seconds} s."
                await send_error(scope, send, 429, "TooManyTries", message, {"retry-after": str(seconds)})
                return None
            # bcrypt takes a quarter of a second by design; the event loop goes on meanwhile.
            user = await anyio.to_thread.run_sync(access.identify, headers) if hashed else access.identify(headers)
            if user is None:
                access.guesses.record(address, account)
            elif account:
                access.guesses.let_in(address, account)
        if user is None:
            await self._refuse(scope, send, "That is not a right token or password. Check it.")
        return user

    async def _ask_to_sign_in(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> None:
        """A browser is sent to the form, a program gets an error."""
        if scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            target = quote(scope["path"] + query, safe="/")
            login = relative(scope["path"], f"/login?next={target}")
            await redirect(send, login, {"cache-control": "no-store"})
        else:
            await self._refuse(scope, send, "Send the token, or sign in at /login.")

    @staticmethod
    async def _refuse(scope: Scope, send: Send, message: str) -> None:
        await send_error(scope, send, 401, "Unauthorized", message, {"www-authenticate": 'Bearer realm="onrecord"'})


def _networks(header: str, proxies: Sequence[str]) -> tuple[Network, ...]:
    """Proxies that may name users.

    Raises:
        UsageError: A header is named, but no proxy; or one can't be read.
    """
    if header and not proxies:
        raise UsageError(f"Anybody could send {header}. Name the proxy that sends it with ONRECORD_TRUSTED_PROXIES.")
    return parse_networks(proxies)


def basic_credentials(headers: Mapping[str, str]) -> tuple[str, str]:
    """Name and password of HTTP Basic; both empty where they can't be read."""
    value = (headers.get("authorization") or "").partition(" ")[2]
    try:
        name, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password


def _same(a: str, b: str) -> bool:
    """Compare two secrets in a time that tells neither length nor content."""
    digests = [hashlib.sha256(x.encode("utf-8", "surrogateescape")).digest() for x in (a, b)]
    return hmac.compare_digest(*digests)


def _hostname(host: str) -> str:
    """Without the port, in lower case."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _without_default_port(netloc: str) -> str:
    for port in (":80", ":443"):
        netloc = netloc.removesuffix(port)
    return netloc


__all__ = ["Access", "Guard", "is_loopback"]
