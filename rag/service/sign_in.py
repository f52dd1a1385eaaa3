"""Signing in and out: the form at /login, and the session cookie that it sets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import anyio

from rag.service.asgi import client_address, page_policy, read_body, redirect, send_error, send_response
from rag.service.proxy import relative
from rag.service.sessions import SESSION
from rag.templating import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from rag.service.access import Access

PATHS = ("/login", "/logout")

_LONGEST_FORM = 10_000
_NOT_STORED = {"cache-control": "no-store"}
_PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    **_NOT_STORED,
}


class SignIn:
    """Answers /login and /logout."""

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

    def _cookie(self, scope: Scope, value: str, seconds: int) -> str:
        only_https = "; Secure" if scope.get("scheme") == "https" else ""
        path = f"{scope.get('onrecord.prefix', '')}/"
        return f"{self.access.cookie}={value}; Path={path}; HttpOnly; SameSite=Strict{only_https}; Max-Age={seconds}"

    async def _send_form(self, send: Send, status: int, target: str, wrong: str = "", wait: float = 0.0) -> None:
        page = sign_in_page(target, names=bool(self.access.users), token=self.access.by_token, wrong=wrong)
        headers = {**_PAGE_HEADERS, "content-security-policy": page_policy(page, forms=True)}
        if wait:
            headers["retry-after"] = str(math.ceil(wait))
        await send_response(send, status, page.encode(), headers)


def sign_in_page(target: str, *, names: bool, token: bool, wrong: str = "") -> str:
    """The form at /login.

    Args:
        target: Where to go afterwards, a path.
        names: Whether there are users with names.
        token: Whether there is a token; with both, the name may be left empty.
        wrong: What was wrong with the last try.
    """
    template = environment("rag.service").get_template("sign_in.html.j2")
    action = f"./login?next={quote(target, safe='/')}"
    return template.render(action=action, names=names, token=token, wrong=wrong)


def _local_path(target: str) -> str:
    """A path of this service, whatever was given: nobody is redirected to another site."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and target.isascii()
    return target if ours else "/"


__all__ = ["PATHS", "SignIn", "sign_in_page"]
