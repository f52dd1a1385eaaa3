"""Signing in by OpenID Connect: the browser is sent to a provider, and comes back with a code for a signed statement.

The code flow with PKCE, as authlib makes it. What ties an answer to the browser that asked (state, nonce, verifier) is
in a signed cookie of ten minutes. Signature, issuer, audience, time and nonce of the statement are checked before
anything in it is believed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from rag.errors import UsageError
from rag.extras import require
from rag.service.asgi import is_loopback
from rag.service.roles import Role

if TYPE_CHECKING:
    from rag.settings import Settings

START, CALLBACK = "/login/oidc", "/login/oidc/callback"
"""Where a browser is sent on, and where the provider sends it back."""
PENDING = 600
"""Seconds that somebody may take at the provider."""

_WAIT = 10.0  # seconds for an answer of the provider
_KEPT = 300.0  # seconds that what it says of itself is used again
_LEEWAY = 60  # seconds that two clocks may differ
_LONGEST_NAME = 150
_SCOPES = "openid profile email"
# Signatures by the provider's public keys alone: never "none", and never by a secret that others may share.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


class SignInFailed(Exception):
    """Somebody could not be signed in; the message is for them. ``status`` is that of the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Take what to say."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Pending:
    """What a browser keeps while its user is at the provider."""

    state: str
    nonce: str
    verifier: str
    target: str

    @classmethod
    def new(cls, target: str) -> Pending:
        """A fresh one, to go to a path of the service afterwards."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), target)


@dataclass(frozen=True)
class Known:
    """Somebody whom the provider has signed in."""

    name: str
    role: Role


@dataclass
class OpenID:
    """A provider, and what its statements mean here."""

    issuer: str
    client: str
    secret: str | None = field(default=None, repr=False)
    name_claim: str = "email"
    role_claim: str = ""
    editors: Sequence[str] = ()
    admins: Sequence[str] = ()
    domains: Sequence[str] = ()
    hours: float = 12.0

    def __post_init__(self) -> None:
        """Check what can be checked without the provider.

        Raises:
            UsageError: The issuer is no https address, or settings don't go together.
            ExtraMissing: authlib is not installed.
        """
        require("authlib.oidc.core", extra="oidc", what="Signing in by OpenID Connect", package="authlib")
        require("httpx2", extra="oidc", what="Signing in by OpenID Connect")
        if not self.client:
            raise UsageError("The OpenID provider knows this service by an id. Set ONRECORD_OIDC_CLIENT.")
        if not _safe(self.issuer) or urlsplit(self.issuer).query or urlsplit(self.issuer).fragment:
            raise UsageError(
                f"ONRECORD_OIDC_ISSUER ({self.issuer}) is no https address. Write it as https://login.example.org; "
                "http is for a provider on this machine alone."
            )
        if (self.editors or self.admins) and not self.role_claim:
            raise UsageError("Editors and admins are told by a claim of the provider. Set ONRECORD_OIDC_ROLE_CLAIM.")
        self._told: tuple[float, dict[str, Any]] | None = None

    @classmethod
    def of(cls, settings: Settings) -> OpenID | None:
        """As the settings say; None where no issuer is set.

        Raises:
            UsageError: They don't go together.
            ExtraMissing: authlib is not installed.
        """
        if not settings.oidc_issuer:
            return None
        return cls(
            issuer=settings.oidc_issuer,
            client=settings.oidc_client,
            secret=settings.oidc_secret.get_secret_value() if settings.oidc_secret else None,
            name_claim=settings.oidc_name_claim,
            role_claim=settings.oidc_role_claim,
            editors=settings.oidc_editors,
            admins=settings.oidc_admins,
            domains=settings.oidc_domains,
            hours=settings.oidc_hours,
        )

    @property
    def host(self) -> str:
        """The provider's name, as people read it."""
        return urlsplit(self.issuer).netloc

    @property
    def credential(self) -> str:
        """What sessions depend on: they end when another provider, or other roles, are set."""
        return "\0".join(
            [self.issuer, self.client, self.name_claim, self.role_claim]
            + [",".join(of) for of in (self.editors, self.admins, self.domains)]
        )

    async def check(self) -> None:
        """Ask the provider for what it says of itself.

        Raises:
            SignInFailed: It doesn't answer, or says what can't be used.
        """
        async with self._http() as http:
            await self._metadata(http)

    async def address(self, pending: Pending, callback: str) -> str:
        """Where to send the browser.

        Raises:
            SignInFailed: The provider doesn't answer.
        """
        async with self._http() as http:
            metadata = await self._metadata(http)
        async with self._client(callback) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
            )
        return str(url)

    async def known(self, pending: Pending, answer: Mapping[str, str], callback: str) -> Known:
        """Whom the provider has signed in.

        Args:
            pending: What the browser kept.
            answer: The query that the provider sent it back with.
            callback: The address that it was sent back to.

        Raises:
            SignInFailed: The answer is not to what was asked, the provider refuses or doesn't answer, its
                statement does not hold, or this user may not come in.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise SignInFailed("The answer is not to this sign-in. Begin again.")
        if answer.get("iss", self.issuer) != self.issuer:
            raise SignInFailed("The answer is from another provider. Begin again.")
        if "code" not in answer:
            raise SignInFailed(f"{self.host} did not sign you in ({_word(answer.get('error', ''))}). Try again.", 401)
        async with self._client(callback) as client, self._http() as http:
            metadata = await self._metadata(http)
            token = await self._token(client, metadata, answer["code"], pending)
            keys = await self._json(http, metadata["jwks_uri"])
        claims = self._verified(token, keys, pending)
        return Known(self._name(claims), self._role(claims))

    # -- the provider ----------------------------------------------------------------

    def _http(self) -> Any:
        import httpx2

        return httpx2.AsyncClient(timeout=_WAIT)

    def _client(self, callback: str) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        how = "client_secret_basic" if self.secret else "none"
        return AsyncOAuth2Client(
            self.client,
            self.secret,
            token_endpoint_auth_method=how,
            scope=_SCOPES,
            redirect_uri=callback,
            code_challenge_method="S256",
            timeout=_WAIT,
        )

    async def _metadata(self, http: Any) -> dict[str, Any]:
        if self._told is not None and self._told[0] > time.monotonic():
            return self._told[1]
        found = await self._json(http, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise SignInFailed(
                f"{self.host} calls itself {_word(found.get('issuer'))}. Set ONRECORD_OIDC_ISSUER so.", 502
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not _safe(found[name]):
                raise SignInFailed(f"{self.host} names no {name} that can be used. Tell whoever runs it.", 502)
        self._told = (time.monotonic() + _KEPT, found)
        return found

    async def _json(self, http: Any, url: str) -> dict[str, Any]:
        import httpx2

        try:
            answer = await http.get(url)
            found = answer.raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as e:
            raise self._away(e) from e
        if not isinstance(found, dict):
            raise self._away(ValueError("no JSON object"))
        return found

    def _away(self, error: Exception) -> SignInFailed:
        why = " ".join(str(error).split())[:150] or type(error).__name__
        return SignInFailed(f"{self.host} can't sign you in now ({why}). Try again later.", 503)

    async def _token(self, client: Any, metadata: dict[str, Any], code: str, pending: Pending) -> dict[str, Any]:
        import httpx2
        from authlib.common.errors import AuthlibBaseError

        try:
            token = await client.fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=pending.verifier
            )
        except AuthlibBaseError as e:
            raise SignInFailed(f"{self.host} did not take the code ({_word(e.error)}). Begin again.", 401) from e
        except (httpx2.HTTPError, ValueError) as e:
            raise self._away(e) from e
        return dict(token)

    def _verified(self, token: dict[str, Any], keys: dict[str, Any], pending: Pending) -> Mapping[str, Any]:
        """The claims of the statement, checked."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            found = jwt.decode(
                str(token.get("id_token", "")), KeySet.import_key_set(cast(Any, keys)), algorithms=_ALGORITHMS
            )
            claims = CodeIDToken(
                found.claims,
                found.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client},
                },
                {"nonce": pending.nonce, "client_id": self.client, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=_LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as e:
            why = _word(getattr(e, "description", "") or getattr(e, "error", "") or e)
            raise SignInFailed(f"What {self.host} says of you does not hold ({why}). Begin again.", 401) from e
        return dict(claims)

    # -- what its statement means ----------------------------------------------------

    def _name(self, claims: Mapping[str, Any]) -> str:
        name = _claim(claims, self.name_claim)
        if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise SignInFailed(
                f"{self.host} does not say your {self.name_claim}. Whoever runs this can set ONRECORD_OIDC_NAME_CLAIM.",
                403,
            )
        by_mail = self.name_claim == "email"
        if (by_mail or self.domains) and claims.get("email_verified") is not True:
            # Where anybody may enter any address, anybody could be anybody.
            raise SignInFailed(
                f"{self.host} has not verified your address. Have it verified"
                + (", or have ONRECORD_OIDC_NAME_CLAIM set to sub." if by_mail and not self.domains else "."),
                403,
            )
        domain = str(claims.get("email", "")).rpartition("@")[2].lower()
        if self.domains and domain not in {d.lower().lstrip("@") for d in self.domains}:
            raise SignInFailed("Addresses of your domain may not come in. Ask whoever runs this service.", 403)
        return name.strip().lower() if by_mail else name.strip()

    def _role(self, claims: Mapping[str, Any]) -> Role:
        said = _claim(claims, self.role_claim) if self.role_claim else None
        values = {v for v in (said if isinstance(said, list) else [said]) if isinstance(v, str)}
        return "admin" if values & set(self.admins) else "editor" if values & set(self.editors) else "reader"


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path: "realm_access.roles"."""
    if name in claims:  # names with dots are common, as in "https://example.org/roles"
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _safe(url: str) -> bool:
    """Whether what is sent there can't be read on the way: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _word(said: object) -> str:
    """What somebody else's program says, fit to be shown."""
    return "".join(c if c.isprintable() else " " for c in str(said))[:100].strip(" .") or "no reason given"


__all__ = ["CALLBACK", "PENDING", "START", "Known", "OpenID", "Pending", "SignInFailed"]
