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
