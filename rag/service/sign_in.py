"""Signing in and out: the form at /login, and the session cookie that it sets."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import anyio

from rag.service.asgi import client_address, page_policy, read_body, redirect, send_error, send_response
from rag.service.openid import CALLBACK, PENDING, START, Pending, SignInFailed
from rag.service.proxy import relative
from rag.service.sessions import SESSION
from rag.templating import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from rag.service.access import Access

PATHS = ("/login", "/logout", START, CALLBACK)

_LONGEST_FORM = 10_000
_NOT_STORED = {"cache-control": "no-store"}
_PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    **_NOT_STORED,
}


class SignIn:
    """Answers /login and /logout, and goes to an OpenID provider and back."""

    def __init__(self, access: Access) -> None:
        """Take who knows tokens, users and sessions."""
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        """Answer a request to one of ``PATHS``."""
        method = scope["method"]
        if scope["path"] == "/logout":
            if method != "POST":
                await send_error(scope, send, 405, "MethodNotAllowed", "Send a POST to sign out.", {"allow": "POST"})
            else:
                await redirect(send, "./login", {"set-cookie": self._cookie(scope, "", 0)})
            return
        if scope["path"] in (START, CALLBACK):
            await self._by_openid(scope, send, headers)
            return
        target = _local_path(parse_qs(scope["query_string"].decode("latin-1")).get("next", ["/"])[0])
        if self.access.open or (method == "GET" and self.access.signed_in(headers) is not None):
            await redirect(send, relative(scope["path"], target))
        elif method in ("GET", "HEAD"):
            await self._send_form(send, 200, target)
        elif method != "POST":
            await send_error(scope, send, 405, "MethodNotAllowed", "Send a GET or a POST.", {"allow": "GET, POST"})
        else:
            await self._sign_in(scope, receive, send, target)

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send, target: str) -> None:
        """Check what was entered, and begin a session or show the form again."""
        access, address = self.access, client_address(scope)
        body = await read_body(receive, _LONGEST_FORM)
        form = parse_qs((body or b"").decode("utf-8", "replace"), keep_blank_values=True)
        name, secret = form.get("name", [""])[0].strip(), form.get("secret", [""])[0]
        async with access.limiter:
            # Asked here, so that tries that come at once are counted one after the other.
            if wait := access.guesses.wait(address, name):
                message = f"Too many wrong answers. Try again in {math.ceil(wait)} s."
                await self._send_form(send, 429, target, message, wait)
                return
            user = await anyio.to_thread.run_sync(access.authenticate, name, secret)
            if user is None:
                access.guesses.record(address, name)
            elif name:
                access.guesses.let_in(address, name)
        if user is None:
            await self._send_form(send, 401, target, "That is not right. Try again.")
            return
        cookie = self._cookie(scope, access.session(user), SESSION)
        await redirect(send, relative(scope["path"], target), {"set-cookie": cookie, **_NOT_STORED})

    async def _by_openid(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> None:
        """Send the browser to the provider, or take it back from there."""
        query = {n: v[-1] for n, v in parse_qs(scope["query_string"].decode("latin-1")).items()}
        target = _local_path(query.get("next", "/"))
        if self.access.openid is None:
            await redirect(send, relative(scope["path"], "/login"))
        elif scope["method"] != "GET":
            await send_error(scope, send, 405, "MethodNotAllowed", "Send a GET.", {"allow": "GET"})
        else:
            try:
                if scope["path"] == START:
                    pending = Pending.new(target)
                    address = await self.access.openid.address(pending, _callback(scope, headers))
                    cookie = self._pending_cookie(scope, self.access.pending.write(list(astuple(pending))), PENDING)
                    await redirect(send, address, {"set-cookie": cookie, **_NOT_STORED})
                else:
                    await self._back(scope, send, headers, query)
            except SignInFailed as e:
                await self._send_form(send, e.status, target, str(e), below=scope["path"])

    async def _back(self, scope: Scope, send: Send, headers: Mapping[str, str], query: Mapping[str, str]) -> None:
        """Begin a session for whom the provider has signed in.

        Raises:
            SignInFailed: It has not.
        """
        from starlette.requests import cookie_parser

        openid = self.access.openid
        kept = self.access.pending.read(
            cookie_parser(headers.get("cookie") or "").get(f"{self.access.cookie}-oidc", "")
        )
        if openid is None or kept is None:
            raise SignInFailed("This sign-in has taken too long, or began in another browser. Begin again.")
        pending = Pending(*kept)
        known = await openid.known(pending, query, _callback(scope, headers))
        value, seconds = self.access.openid_session(known)
        # A page, not a redirect: the browser comes from another site, and would hold the new cookie back.
        page = (
            environment("rag.service")
            .get_template("signed_in.html.j2")
            .render(target=relative(scope["path"], pending.target))
        )
        cookies = [self._cookie(scope, value, seconds), self._pending_cookie(scope, "", 0)]
        policy = {"content-security-policy": page_policy(page)}
        await send_response(send, 200, page.encode(), {**_PAGE_HEADERS, **policy}, cookies)

    def _pending_cookie(self, scope: Scope, value: str, seconds: int) -> str:
        """A cookie that the browser sends when it comes back from the provider, which is another site."""
        plain = self._cookie(scope, value, seconds, suffix="-oidc")
        return plain.replace("SameSite=Strict", "SameSite=Lax")

    def _cookie(self, scope: Scope, value: str, seconds: int, suffix: str = "") -> str:
        only_https = "; Secure" if scope.get("scheme") == "https" else ""
        path = f"{scope.get('onrecord.prefix', '')}/"
        name = f"{self.access.cookie}{suffix}"
        return f"{name}={value}; Path={path}; HttpOnly; SameSite=Strict{only_https}; Max-Age={seconds}"

    async def _send_form(
        self, send: Send, status: int, target: str, wrong: str = "", wait: float = 0.0, below: str = "/login"
    ) -> None:
        access = self.access
        page = sign_in_page(
            target,
            names=bool(access.users),
            token=access.by_token,
            openid=access.openid.host if access.openid is not None else "",
            wrong=wrong,
            below=below,
        )
        headers = {**_PAGE_HEADERS, "content-security-policy": page_policy(page, forms=True)}
        if wait:
            headers["retry-after"] = str(math.ceil(wait))
        await send_response(send, status, page.encode(), headers)


def sign_in_page(
    target: str, *, names: bool, token: bool, openid: str = "", wrong: str = "", below: str = "/login"
) -> str:
    """The form at /login.

    Args:
        target: Where to go afterwards, a path.
        names: Whether there are users with names.
        token: Whether there is a token; with both, the name may be left empty.
        openid: The OpenID provider's name; empty where there is none.
        wrong: What was wrong with the last try.
        below: The path that the page is shown at.
    """
    template = environment("rag.service").get_template("sign_in.html.j2")
    after = f"?next={quote(target, safe='/')}"
    provider = {"host": openid, "href": relative(below, START) + after} if openid else None
    action = relative(below, "/login") + after
    return template.render(action=action, names=names, token=token, openid=provider, wrong=wrong)


def _callback(scope: Scope, headers: Mapping[str, str]) -> str:
    """Where the provider sends the browser back to: the address that it knows the service by."""
    return f"{scope['scheme']}://{headers.get('host', '')}{scope.get('onrecord.prefix', '')}{CALLBACK}"


def _local_path(target: str) -> str:
    """A path of this service, whatever was given: nobody is redirected to another site."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and target.isascii()
    return target if ours else "/"


__all__ = ["PATHS", "SignIn", "sign_in_page"]
