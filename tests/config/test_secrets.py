"""Secrets can be stored outside of the config, are read on use, and are never shown."""

import os
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from feedpub.config import Config, RemoteSource, Secret, resolve_secret
from feedpub.core.errors import ConfigError
from tests.config.support import load_toml

TOML = """
[[feed]]
name = "members"
title = "Members"
[[feed.source]]
type = "feed"
url = "https://example.org/rss"
headers = { X-Token = "hunter2", Authorization = { env = "TOKEN" } }
cookies = { session = { file = "secrets/session" } }
auth = { username = "ann", password = "hunter2" }
proxy = "http://ann:hunter2@proxy.example.org:3128"
"""


def only_source(config: Config) -> RemoteSource:
    source = config.feed[0].source[0]
    assert isinstance(source, RemoteSource)
    return source


def test_secret_can_be_plain_text(tmp_path: Path) -> None:
    source = only_source(load_toml(tmp_path, TOML))
    assert resolve_secret(source.headers["X-Token"]) == "hunter2"
    assert source.auth is not None
    assert [resolve_secret(source.auth.username), resolve_secret(source.auth.password)] == [
        "ann",
        "hunter2",
    ]
    assert source.proxy is not None
    assert resolve_secret(source.proxy) == "http://ann:hunter2@proxy.example.org:3128"


def test_secret_is_read_from_the_environment_on_use(tmp_path: Path) -> None:
    secret = only_source(load_toml(tmp_path, TOML)).headers["Authorization"]
    assert resolve_secret(secret, {"TOKEN": "Bearer x"}) == "Bearer x"


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}, {"OTHER": "hunter2"}])
def test_missing_environment_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="environment variable TOKEN is not set, or empty"):
        resolve_secret(Secret(env="TOKEN"), environ)


@pytest.mark.parametrize("text", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_secret_is_read_from_a_file_relative_to_the_config(tmp_path: Path, text: str) -> None:
    """A final line break is ignored."""
    secret = only_source(load_toml(tmp_path, TOML)).cookies["session"]
    path = tmp_path / "config" / "secrets" / "session"
    path.parent.mkdir()
    path.write_bytes(text.encode())
    assert resolve_secret(secret) == "hunter2"


@pytest.mark.parametrize(
    ("body", "reason"),
    [(None, "cannot be read \\(No such file"), (b"\n", "empty"), (b"\xffhunter2", "not UTF-8")],
)
def test_unusable_secret_file_is_named_without_its_content(
    tmp_path: Path, body: bytes | None, reason: str
) -> None:
    path = tmp_path / "secret"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(ConfigError, match=f"^{path}: {reason}") as raised:
        resolve_secret(Secret(file=path))
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match=f"^{tmp_path / 'pipe'}: not a file"):
        resolve_secret(Secret(file=tmp_path / "pipe"))


def test_secret_is_read_from_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2\n")
    secret = only_source(
        load_toml(tmp_path, TOML.replace('file = "secrets/session"', 'credential = "token"'))
    ).cookies["session"]
    assert resolve_secret(secret, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "hunter2"


def test_missing_credential_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match="credential token: systemd did not provide it; write LoadCredential=token:FILE",
    ):
        resolve_secret(Secret(credential="token"), {})
    with pytest.raises(ConfigError, match=f"^{tmp_path / 'token'}: cannot be read"):
        resolve_secret(Secret(credential="token"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_printed_config_contains_no_secret(tmp_path: Path) -> None:
    config = load_toml(tmp_path, TOML)
    for shown in (
        repr(config),
        str(config),
        config.model_dump_json(),
        repr(only_source(config).auth),
    ):
        assert "hunter2" not in shown


def test_error_and_its_traceback_contain_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_toml(tmp_path, TOML + "oops = 1\n")
    assert "oops" in str(raised.value)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_secret_can_be_created_in_code() -> None:
    assert resolve_secret(SecretStr("hunter2")) == "hunter2"
