"""Settings: flag over environment over file over default; what makes no sense says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Archive, Settings
from rag.errors import UsageError
from rag.settings import load_settings, settings_file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "my.toml"
    monkeypatch.setenv("ONRECORD_CONFIG", str(path))
    return path


def test_flag_over_environment_over_file_over_default(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().k == 12
    file.write_text("k = 11\nmodel = 'extractive'\n")
    assert load_settings().k == 11
    monkeypatch.setenv("ONRECORD_K", "13")
    assert load_settings().k == 13
    assert load_settings(k=14).k == 14
    assert load_settings(k=None).k == 13
    assert load_settings().model == "extractive"


def test_every_field_can_be_set_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "archive": "/a/b",
        "model": "openai:x",
        "embeddings": "some/model",
        "cache": "/c",
        "k": "3",
        "evidence_tokens": "500",
        "max_tokens": "99",
        "temperature": "0.5",
        "context": "2048",
        "threads": "3",
    }
    assert set(values) <= set(Settings.model_fields)
    for name, value in values.items():
        monkeypatch.setenv(f"ONRECORD_{name.upper()}", value)
    settings = load_settings()
    assert {name: str(getattr(settings, name)) for name in values} == values
    for name in Settings.model_fields:
        assert Settings.model_fields[name].description, name


def test_the_defaults_are_in_the_users_folders(user_environment: Path) -> None:
    settings = load_settings()
    assert user_environment in settings.archive.parents
    assert user_environment in settings.cache.parents
    assert user_environment in settings_file().parents
    assert not list(user_environment.rglob("*")), "looking creates nothing"


def test_the_file_in_the_users_folder_is_read() -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("k = 4\n")
    assert load_settings().k == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", "0"),
        ("k", "many"),
        ("k", "101"),
        ("temperature", "-1"),
        ("temperature", "nan"),
        ("threads", "-3"),
        ("context", "5"),
        ("max_tokens", "1e99"),
        ("evidence_tokens", ""),
    ],
)
def test_a_bad_value_names_the_setting_and_the_places(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ONRECORD_{name.upper()}", value)
    with pytest.raises(UsageError) as caught:
        load_settings()
    message = str(caught.value)
    assert repr(name) in message
    assert "onrecord config" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("k", "many", "Setting 'k' is 'many', and has to be a whole number from 1 to 100."),
        ("k", "", "Setting 'k' is empty, and has to be a whole number from 1 to 100."),
        ("temperature", "3", "Setting 'temperature' is '3', and has to be a number from 0 to 2."),
        ("timeout", "0", "Setting 'timeout' is '0', and has to be a number above 0 and at most 86,400."),
        ("unpack_mb", "0", "Setting 'unpack_mb' is '0', and has to be a whole number from 1 on."),
        ("retriever", "best", "Setting 'retriever' is 'best', and has to be hybrid or dense or lexical."),
        ("check", "slow", "Setting 'check' is 'slow', and has to be fast, model or nli:NAME."),
        ("audit", "perhaps", "Setting 'audit' is 'perhaps', and has to be true or false."),
        ("role_header", "a b", "Setting 'role_header' is 'a b', and has to be letters, digits and hyphens."),
        ("allow_hosts", "news.example", "is 'news.example', and has to be a list of texts, as in"),
        ("fetch_ports", '["http"]', "is 'http', and has to be a list of whole numbers, as in [80, 443]."),
        ("fetch_agent", "x" * 201, "…, and has to be a text of at most 200 characters."),
    ],
)
def test_a_bad_value_is_told_in_plain_words(name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which setting, its value, what is allowed, and where it was set; never in the words of a library."""
    monkeypatch.setenv(f"ONRECORD_{name.upper()}", value)
    with pytest.raises(UsageError) as caught:
        load_settings()
    assert told in str(caught.value)
    assert f"It is set by the variable ONRECORD_{name.upper()}." in str(caught.value)
    assert "nput" not in str(caught.value)


def test_what_is_wrong_in_the_file_names_it(file: Path) -> None:
    file.write_text("archive = 5\n")
    with pytest.raises(UsageError, match=r"'archive' is 5, and has to be a path\. It is set in .*my\.toml"):
        load_settings()
    file.write_text("retriver = 'dense'\n")
    with pytest.raises(UsageError, match=r"none of this name in .*my\.toml\. Did you mean 'retriever'\?"):
        load_settings()


def test_a_secret_that_is_wrong_is_not_told(file: Path) -> None:
    file.write_text("token = 271828\n")
    with pytest.raises(UsageError, match="Setting 'token' has to be a text") as caught:
        load_settings()
    assert "271828" not in str(caught.value)


def test_what_is_not_set_tells_what_holds_then() -> None:
    from rag.missetting import NOT_SET, shown

    settings = load_settings()
    told = {name: shown(name, getattr(settings, name)) for name in Settings.model_fields}
    assert {name for name, text in told.items() if text.startswith("(not set: ")} == set(NOT_SET)
    assert told["vectors"] == "(not set: the archive's folder)"
    assert (told["fetch_ports"], told["audit"], told["k"]) == ("80, 443", "true", "12")
    assert shown("token", load_settings(token="secret").token) == "**********"


def test_every_setting_tells_what_it_may_be() -> None:
    from rag.missetting import allowed

    for name, field in Settings.model_fields.items():
        told = allowed(field)
        assert told[0].islower() or told.startswith(("hybrid", "none", "admin")), name
        assert not any(getattr(part, "pattern", None) for part in field.metadata) or told != "a text", name


def test_unknown_fields_are_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        load_settings(nonsense=1)
    file.write_text("top_k = 5\n")
    with pytest.raises(UsageError, match="top_k"):
        load_settings()


@pytest.mark.parametrize("content", [b"k = ", b"\xff\xfe\x00", b"[k]\nx = 1"])
def test_a_broken_file_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"my\.toml"):
        load_settings()


def test_settings_are_frozen() -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        load_settings().k = 5


def test_an_archive_takes_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_ARCHIVE", str(tmp_path / "env"))
    assert Archive.open().path == (tmp_path / "env").resolve()
    assert Archive.open(tmp_path / "flag").path == (tmp_path / "flag").resolve()
    monkeypatch.setenv("ONRECORD_ARCHIVE", "~/news")
    assert Archive.open().path == Path.home() / "news"
