"""Settings: one frozen object; flags win over the environment, that over the file, that over the defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from rag import missetting
from rag.errors import UsageError


def settings_file() -> Path:
    """Where the settings file is looked for: ``ONRECORD_CONFIG``, else the user's configuration folder."""
    named = os.environ.get("ONRECORD_CONFIG")
    return Path(named).expanduser() if named else user_config_path("onrecord", appauthor=False) / "onrecord.toml"


class Settings(BaseSettings):
    """Everything that can be set; each field is also ``ONRECORD_<FIELD>`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="ONRECORD_", frozen=True, extra="forbid")

    archive: Path = Field(
        default_factory=lambda: user_data_path("onrecord", appauthor=False) / "archive",
        description="The archive's folder",
    )
    catalog: SecretStr | None = Field(
        default=None,
        description="Where articles and conversations are kept, in place of the archive's folder, which then holds "
        "indexes only: postgresql://user@host/database",
    )
    model: str = Field(
        default="local",
        description="Who sums the quotes up: local, local:/path/to.gguf, provider:name such as openai:gpt-5, or none: "
        "quotes alone, as without the local model's weights",
    )
    embeddings: str = Field(
        default="all-MiniLM-L6-v2",
        description="The embedding model: the built-in one (English), multilingual, a folder, or a name that "
        "sentence-transformers knows",
    )
    vectors: SecretStr = Field(
        default=SecretStr(""),
        description="Where passages' vectors are: empty: in the archive's folder; chroma+http://host:port, "
        "postgresql://user@host/database, qdrant+http://host:port or qdrant+file:PATH",
    )
    vector_shards: Literal["none", "month"] = Field(
        default="none", description="Whether vectors are kept in one collection, or one for each month of publication"
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("onrecord", appauthor=False),
        description="Where joined weights and prepared models are kept; can be deleted at any time",
    )
    k: int = Field(default=12, ge=1, le=100, description="Passages to retrieve and read")
    retriever: Literal["hybrid", "dense", "lexical"] = Field(
        default="hybrid", description="What finds passages: vectors and words together, or one of them alone"
    )
    evidence_tokens: int = Field(
        default=320, ge=50, le=100_000, description="About how many tokens of evidence a model reads: the waiting time"
    )
    max_tokens: int = Field(default=220, ge=16, le=8192, description="The longest answer, in tokens")
    check: str = Field(
        default="fast",
        pattern=r"^(fast|model|nli:.+)$",
        description="What the support check asks: fast (words and vectors only), model (the language model too), "
        "or nli:NAME (a cross-encoder trained on entailment, by its folder or name)",
    )
    caution: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="How likely a sentence has to be an answer to be shown; higher refuses more",
    )
    temperature: float = Field(default=0.0, ge=0, le=2, description="0 gives the same answer every time")
    context: int = Field(default=4096, ge=1024, le=131_072, description="Context window of the local model, in tokens")
    threads: int = Field(default=0, ge=0, le=1024, description="Threads of the local model; 0: one per core")

    # The service.
    unpack_mb: int = Field(default=200, ge=1, description="The largest file inside an archive of files, in megabytes")
    unpack_total_mb: int = Field(default=4000, ge=1, description="What an archive of files may unpack to, in megabytes")
    unpack_files: int = Field(default=200_000, ge=1, description="Files that are read of an archive of files")
    unpack_depth: int = Field(default=3, ge=0, le=10, description="Archives within archives that are opened")
    read_seconds: float = Field(
        default=60, ge=0, le=86_400, description="Seconds after which a file is left that brings nothing more; 0: any"
    )
    read_mb: int = Field(
        default=1000, ge=0, le=1_000_000, description="Memory that reading a file may take, in megabytes; 0: any"
    )
    host: str = Field(default="127.0.0.1", description="The address that `serve` and `ui` listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="The port of `serve`; 0: any that is free")
    token: SecretStr | None = Field(default=None, description="What programs have to send, and people to enter")
    session_secret: SecretStr | None = Field(
        default=None, description="What session cookies are signed with, the same for all replicas of one service"
    )
    user: str | None = Field(default=None, description="The only user of password_file who may sign in")
    password_file: Path | None = Field(
        default=None,
        description="Users with their bcrypt hashes: lines of NAME:HASH, as `onrecord password NAME` prints them",
    )
    allow_hosts: tuple[str, ...] = Field(default=(), description="Other names of the service, such as a proxy's")
    user_header: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9-]*$",
        max_length=100,
        description="The header in which a trusted proxy names whom it has signed in, as in Remote-User",
    )
    role_header: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9-]*$",
        max_length=100,
        description="The header with that user's role: reader, editor or admin; without it, reader",
    )
    oidc_issuer: str = Field(
        default="",
        max_length=500,
        description="The OpenID provider that people sign in by, as in https://login.example.org",
    )
    oidc_client: str = Field(default="", max_length=500, description="The id by which the provider knows this service")
    oidc_secret: SecretStr | None = Field(
        default=None, description="The secret to it, from the environment alone; without one, PKCE has to do"
    )
    oidc_name_claim: str = Field(
        default="email",
        min_length=1,
        max_length=200,
        description="The claim with a user's name: email, sub, preferred_username",
    )
    oidc_role_claim: str = Field(
        default="", max_length=200, description="The claim with roles or groups, as in groups or realm_access.roles"
    )
    oidc_editors: tuple[str, ...] = Field(
        default=(), description="Values of that claim that make editors; others are readers"
    )
    oidc_admins: tuple[str, ...] = Field(default=(), description="Values of that claim that make admins")
    oidc_domains: tuple[str, ...] = Field(
        default=(), description="Domains of the addresses that may come in; empty: all"
    )
    oidc_hours: float = Field(default=12, gt=0, le=720, description="Hours after which the provider is asked again")
    path_prefix: str = Field(
        default="", max_length=200, description="The path under which a proxy shows the service, as in /news"
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses and networks of proxies whose X-Forwarded headers are believed, as in 10.0.0.7",
    )
    audit: bool = Field(default=True, description="Whether the service writes down who asked, changed and deleted what")
    audit_file: Path | None = Field(default=None, description="Where; by default audit.jsonl in the archive's folder")
    audit_questions: bool = Field(default=False, description="Whether questions are written down there too")
    waiting: int = Field(default=64, ge=0, le=10_000, description="Questions that may wait for their turn")
    patience: float = Field(default=120, gt=0, le=86_400, description="Seconds a question may wait for its turn")
    timeout: float = Field(default=300, gt=0, le=86_400, description="Seconds for a question, waiting included")
    max_upload: int = Field(default=100, ge=1, le=10_000, description="The largest upload, in megabytes")
    metrics: Literal["admin", "user", "open"] = Field(
        default="admin",
        description="Who may read /metrics: admins and the token, every user, or anybody without signing in",
    )
    traces: bool = Field(
        default=False,
        description="Whether questions are traced by OpenTelemetry, to where OTEL_EXPORTER_OTLP_ENDPOINT says",
    )
    traces_words: bool = Field(default=False, description="Whether traces hold the words of questions and answers")
    # Web addresses, and sources that keep coming (docs/sources.md).
    fetch_agent: str = Field(
        default="",
        max_length=200,
        description="The User-Agent, best with an address to write to; empty: OnRecord and its version",
    )
    fetch_allow: tuple[str, ...] = Field(
        default=(),
        description="Internal hosts and ranges that may be fetched from, as in intranet.example or 10.0.0.0/8",
    )
    fetch_ports: tuple[int, ...] = Field(default=(80, 443), description="Ports that may be fetched from")
    fetch_delay: float = Field(
        default=1.0, ge=0, le=3600, description="Seconds between two requests to one host, at least"
    )
    fetch_pages: int = Field(default=1000, ge=1, le=10_000_000, description="Answers that one sync or ingest may fetch")
    fetch_megabytes: int = Field(default=500, ge=1, le=1_000_000, description="What these answers may have together")
    sync_every: float = Field(
        default=0, ge=0, le=10_080, description="Minutes between the syncs that the service runs by itself; 0: none"
    )
    grace: float = Field(
        default=10, ge=0, le=3600, description="Seconds to finish answers in when the service is stopped"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, file."""
        return init_settings, env_settings, _File(settings_cls, settings_file())


class _File(TomlConfigSettingsSource):
    """The settings file, which others may read and which is copied about: it takes no secret of another's service."""

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        if "oidc_secret" in found:
            raise UsageError(f"oidc_secret doesn't belong into {settings_file()}. Set ONRECORD_OIDC_SECRET instead.")
        return found


def unknown_variables() -> list[str]:
    """What there is to say of variables ``ONRECORD_…`` in the environment that set nothing, a sentence each."""
    import difflib

    known = {f"ONRECORD_{name.upper()}" for name in Settings.model_fields} | {"ONRECORD_CONFIG"}
    told = []
    # Windows, and people, write them in either case.
    for name in sorted(n for n in os.environ if n.upper().startswith("ONRECORD_") and n.upper() not in known):
        near = difflib.get_close_matches(name.upper(), known, 1, 0.8)
        meant = f" Did you mean {near[0]}?" if near else " Those that do: onrecord config"
        told.append(f"The variable {name} sets nothing.{meant}")
    return told


def load_settings(**flags: Any) -> Settings:
    """Settings with ``flags`` on top; those that are None are left to the other sources.

    Raises:
        UsageError: A value is out of range, a field is unknown, or the file is not TOML.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as e:
        mistake = e.errors()[0]
        raise UsageError(missetting.told(mistake, Settings.model_fields, flags, settings_file(), "ONRECORD_")) from e
    except SettingsError as e:  # a variable that is no JSON, where a list is wanted
        name = next((n for n in Settings.model_fields if f'"{n}"' in str(e)), "")
        if not name:
            raise UsageError("A variable ONRECORD_… can't be read. Look at `onrecord config`.") from e
        raise UsageError(missetting.told_of_text(name, Settings.model_fields, "ONRECORD_")) from e
    except ValueError as e:  # tomllib's error is one
        raise UsageError(f"{settings_file()} is not valid TOML ({e}). Mend or delete it.") from e
