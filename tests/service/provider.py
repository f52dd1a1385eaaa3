"""A small OpenID provider on 127.0.0.1: it signs everybody in at once, and can be made to lie."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from rag.service.server import bind

CLIENT, SECRET = "onrecord", "the secret of the service"


@dataclass
class Provider:
    """Whom it signs in, and what it says that is not so."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"email": "Ada@Example.org", "email_verified": True})
    lies: dict[str, Any] = field(default_factory=dict)
    """Claims in place of the right ones; None: left out."""
    key: ECKey | OctKey | None = None
    """Signs in place of the key that it publishes."""
    refuse: str = ""
    keys: KeySet = field(default_factory=lambda: KeySet([ECKey.generate_key("P-256", {"kid": "1", "alg": "ES256"})]))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.metadata),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.jwks),
            ]
        )

    async def metadata(self, _: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return JSONResponse({"issuer": self.issuer, **{n: f"{self.issuer}/{path}" for n, path in names.items()}})

    async def jwks(self, _: Request) -> Response:
        return JSONResponse(self.keys.as_dict(private=False))

    async def authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        back = {"state": query["state"]}
        if self.refuse:
            back["error"] = self.refuse
        else:
            assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
            assert "openid" in query["scope"].split() and query["client_id"] == CLIENT
            back["code"] = f"code{len(self.asked)}"
            self.asked[back["code"]] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}")

    async def token(self, request: Request) -> Response:
        form = dict(await request.form())
        asked = self.asked.pop(str(form.get("code")), None)  # a code holds once
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest())
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != basic:
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            asked is None
            or challenge.decode().rstrip("=") != asked["code_challenge"]
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "sub": "u1", "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims = {n: v for n, v in {**right, **self.claims, **self.lies}.items() if v is not None}
        key = self.key or self.keys.keys[0]
        header = {"alg": "HS256" if isinstance(key, OctKey) else "ES256", "kid": "1"}
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": jwt.encode(header, claims, key)})


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """The provider, while it runs; it is down afterwards."""
    with bind("127.0.0.1", 0) as listening:
        provider.issuer = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(provider.app(), log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()
