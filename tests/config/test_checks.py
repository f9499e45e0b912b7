"""Settings that are allowed but probably unintended cause warnings."""

from pathlib import Path

import pytest

from feedpub.config import find_warnings, load_config

SETTINGS = '[feedpub]\nbase_url = "https://example.net/"\ncontact = "ann@example.net"\n'
FEED = '[[feed]]\nname = "world"\ntitle = "World"\n[[feed.source]]\n'
PAGE = FEED + 'type = "page"\nurl = "https://example.net/"\n'


def get_warnings(folder: Path, toml: str, mode: int = 0o600) -> list[str]:
    path = folder / "feedpub.toml"
    path.write_text(toml)
    path.chmod(mode)
    prefix = f"{path}: "
    found = find_warnings(load_config(path, {}), path)
    assert all(warning.startswith(prefix) for warning in found)
    return [warning.removeprefix(prefix) for warning in found]


def test_good_config_has_no_warnings(tmp_path: Path) -> None:
    assert get_warnings(tmp_path, SETTINGS + PAGE) == []


@pytest.mark.parametrize(
    ("toml", "warning"),
    [
        (
            '[feedpub]\ncontact = "ann@example.net"\n' + PAGE,
            (
                'base_url is still the example "https://feeds.example.org/"; '
                "write the URL that the feeds are served at"
            ),
        ),
        (
            '[feedpub]\nbase_url = "https://example.net/"\n' + PAGE,
            'contact is empty; write an address at which the owners of sites can reach you, as in "https://example.org/about"',
        ),
        (SETTINGS, "it has no feeds; write the first one under [[feed]]"),
        *(
            (
                f'{SETTINGS}allow_private = ["{network}"]\n{PAGE}',
                (
                    f'allow_private contains "{network}", which is every address; '
                    "write only the networks that feedpub must read"
                ),
            )
            for network in ("0.0.0.0/0", "::/0")
        ),
        (
            SETTINGS + FEED + 'type = "folder"\npath = "/nowhere"',
            'feed "world": there is no folder /nowhere',
        ),
    ],
)
def test_probable_mistake_has_a_warning(tmp_path: Path, toml: str, warning: str) -> None:
    assert get_warnings(tmp_path, toml) == [warning]


OPEN = (
    'feed "world" has a secret in this file, which others can read; run chmod 600, '
    'or write { env = "NAME" } or { file = "path" } instead'
)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
@pytest.mark.parametrize(
    "secret",
    [
        'headers = { Authorization = "hunter2" }',
        'headers = { X-Api-Key = "hunter2" }',
        'cookies = { session = "hunter2" }',
        'auth = { username = "ann", password = "hunter2" }',
        'proxy = "http://ann:hunter2@proxy.example.net:3128"',
    ],
)
def test_readable_secret_has_one_warning_per_feed(tmp_path: Path, secret: str, mode: int) -> None:
    assert get_warnings(tmp_path, SETTINGS + PAGE + secret, mode) == [OPEN]


@pytest.mark.parametrize(
    ("settings", "owner"),
    [
        ('[http]\nadmin_token = "hunter2"\n', "[http]"),
        ('[s3]\nkey = "AKIA"\nsecret = "hunter2"\n', "[s3]"),
        ('[alerts]\nwebhook = "https://example.net/hunter2"\n', "[alerts]"),
        (
            (
                '[alerts.email]\nto = ["a@example.net"]\nsender = "b@example.net"\n'
                'username = "a"\npassword = "hunter2"\n'
            ),
            "[alerts]",
        ),
    ],
)
def test_readable_secret_of_a_shared_table_has_a_warning(
    tmp_path: Path, settings: str, owner: str
) -> None:
    (warning,) = get_warnings(tmp_path, SETTINGS + settings + PAGE, 0o644)
    assert warning == OPEN.replace('feed "world"', owner)
    assert get_warnings(tmp_path, SETTINGS + settings + PAGE, 0o600) == []


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ('cookies = { session = "hunter2" }', 0o600),
        ('cookies = { session = { env = "SESSION" } }', 0o644),
        ('headers = { Accept-Language = "de" }', 0o644),
        ('auth = { username = "ann", password = { env = "PASSWORD" } }', 0o644),
        ('proxy = "http://proxy.example.net:3128"', 0o644),
        ('proxy = { env = "PROXY" }', 0o644),
        ('proxy = { file = "/nowhere" }', 0o644),
    ],
)
def test_protected_secret_has_no_warning(tmp_path: Path, settings: str, mode: int) -> None:
    assert get_warnings(tmp_path, SETTINGS + PAGE + settings, mode) == []


@pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o640, 1)])
def test_readable_file_of_a_secret_has_a_warning(tmp_path: Path, mode: int, count: int) -> None:
    secret = tmp_path / "session"
    secret.write_text("hunter2")
    secret.chmod(mode)
    warning = f'feed "world": others can read the secret in {secret}; run chmod 600'
    found = get_warnings(
        tmp_path, SETTINGS + PAGE + 'cookies = { session = { file = "session" } }', 0o644
    )
    assert found == [warning] * count
