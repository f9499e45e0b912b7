"""What opens doors: where it may be kept, when it is looked up, and that it shows nowhere."""

import os
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from feedpub.config import Config, RemoteSource, Secret, resolve_secret
from feedpub.core.errors import ConfigError
from tests.config.support import loaded

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


def source_of(config: Config) -> RemoteSource:
    source = config.feed[0].source[0]
    assert isinstance(source, RemoteSource)
    return source


def test_plain_text(tmp_path: Path) -> None:
    """A secret may stand in the config itself."""
    source = source_of(loaded(tmp_path, TOML))
    assert resolve_secret(source.headers["X-Token"]) == "hunter2"
    assert source.auth is not None
    assert [resolve_secret(source.auth.username), resolve_secret(source.auth.password)] == [
        "ann",
        "hunter2",
    ]
    assert source.proxy is not None
    assert resolve_secret(source.proxy) == "http://ann:hunter2@proxy.example.org:3128"


def test_from_the_environment(tmp_path: Path) -> None:
    """It is looked up when it is used, not when the config is loaded."""
    secret = source_of(loaded(tmp_path, TOML)).headers["Authorization"]
    assert resolve_secret(secret, {"TOKEN": "Bearer x"}) == "Bearer x"


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}, {"OTHER": "hunter2"}])
def test_an_environment_without_it(environ: dict[str, str]) -> None:
    """The variable is named."""
    with pytest.raises(ConfigError, match="environment variable TOKEN is not set, or empty"):
        resolve_secret(Secret(env="TOKEN"), environ)


@pytest.mark.parametrize("text", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_from_a_file(tmp_path: Path, text: str) -> None:
    """Its path is relative to the config, and the line break that editors leave at its end does not count."""
    secret = source_of(loaded(tmp_path, TOML)).cookies["session"]
    path = tmp_path / "config" / "secrets" / "session"
    path.parent.mkdir()
    path.write_bytes(text.encode())
    assert resolve_secret(secret) == "hunter2"


@pytest.mark.parametrize(
    ("body", "said"),
    [(None, "cannot be read \\(No such file"), (b"\n", "empty"), (b"\xffhunter2", "not UTF-8")],
)
def test_a_file_without_it(tmp_path: Path, body: bytes | None, said: str) -> None:
    """The file is named, its content is not."""
    path = tmp_path / "secret"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(ConfigError, match=f"^{path}: {said}") as raised:
        resolve_secret(Secret(file=path))
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write into it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match=f"^{tmp_path / 'pipe'}: not a file"):
        resolve_secret(Secret(file=tmp_path / "pipe"))


def test_a_credential(tmp_path: Path) -> None:
    """What LoadCredential= of a systemd unit hands over, wherever systemd puts it."""
    (tmp_path / "token").write_text("hunter2\n")
    secret = source_of(
        loaded(tmp_path, TOML.replace('file = "secrets/session"', 'credential = "token"'))
    ).cookies["session"]
    assert resolve_secret(secret, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "hunter2"


def test_a_credential_without_systemd(tmp_path: Path) -> None:
    """The setting that would give it is named, or the file where it should be."""
    with pytest.raises(
        ConfigError,
        match="credential token: systemd did not provide it; write LoadCredential=token:FILE",
    ):
        resolve_secret(Secret(credential="token"), {})
    with pytest.raises(ConfigError, match=f"^{tmp_path / 'token'}: cannot be read"):
        resolve_secret(Secret(credential="token"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_nothing_shows(tmp_path: Path) -> None:
    """A config may be printed, logged and dumped."""
    config = loaded(tmp_path, TOML)
    for shown in (
        repr(config),
        str(config),
        config.model_dump_json(),
        repr(source_of(config).auth),
    ):
        assert "hunter2" not in shown


def test_a_refused_config_shows_nothing(tmp_path: Path) -> None:
    """Not even the traceback of the refusal."""
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, TOML + "oops = 1\n")
    assert "oops" in str(raised.value)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_a_secret_in_code() -> None:
    """What is built without a file is resolved alike."""
    assert resolve_secret(SecretStr("hunter2")) == "hunter2"
