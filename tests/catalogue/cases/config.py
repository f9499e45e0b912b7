"""Invalid configs: nothing is built, and the published files stay."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.catalogue.case import Case
from tests.catalogue.stage import HEAD, Stage
from tests.support.newsroom import feed

_REFUSED: dict[str, Any] = {"in_output": True, "spares_others": False}
_BESIDE = 'name = "beside"'


def _edit(change: Callable[[str], str], stage: Stage) -> None:
    text = stage.home.config.read_text("utf-8")
    changed = change(text)
    assert changed != text
    stage.home.config.write_text(changed, "utf-8")


def refused_config(name: str, change: Callable[[str], str], reason: str) -> Case:
    """Return a case whose changed config is refused, with the file and the line named."""
    return Case(name, partial(_edit, change), rf"feedpub\.toml.*({reason})", **_REFUSED)


def _more(line: str) -> Callable[[str], str]:
    """Return a change that adds a line to the first feed."""
    return lambda text: text.replace(
        'title = "The world feed"\n', f'title = "The world feed"\n{line}\n'
    )


def _binary(stage: Stage) -> None:
    stage.home.config.write_bytes(bytes(range(256)))


def _delete_config(stage: Stage) -> None:
    stage.home.config.unlink()


def _secret(line: str, stage: Stage) -> None:
    """Make the feed's source require a secret that is not available."""
    _edit(
        lambda text: text.replace('/news"\n', f'/news"\nheaders = {{ X-Token = {line} }}\n', 1),
        stage,
    )


def _pipe(stage: Stage) -> None:
    import os  # noqa: PLC0415

    os.mkfifo(stage.home.config.parent / "pipe")
    _secret('{ file = "pipe" }', stage)


def _in_feeds(text: str) -> str:
    return text.replace(HEAD, HEAD + 'output = "."\nstate = "."\n')


CASES = (
    refused_config("unknown-key", _more('colour = "red"'), 'unknown key "colour"|colour'),
    refused_config("bad-cron", _more('cron = "61 * * * *"'), "cron"),
    refused_config(
        "duplicate-output", lambda text: text + feed("world", "folder articles"), "world"
    ),
    refused_config(
        "path-traversal", lambda text: text.replace('name = "world"', 'name = "../world"'), "name"
    ),
    refused_config("interval-zero", _more('every = "0s"'), "every"),
    # --- further cases ---
    refused_config("not-toml", lambda text: text + "[[feed\n", "line|TOML|expected"),
    refused_config("wrong-type", _more('limit = "many"'), "limit"),
    refused_config("limit-minus-one", _more("limit = -1"), "limit"),
    refused_config("bad-pattern", _more('exclude = { title = ["re:("] }'), "exclude"),
    refused_config("bad-selector", _more('rules = { content = "a[[" }'), "content"),
    refused_config(
        "unknown-zone", _more('cron = "0 6 * * *"\ntimezone = "Europe/Atlantis"'), "timezone"
    ),
    refused_config(
        "archive-name",
        lambda text: text + feed("world-archive-1", "folder articles"),
        "world-archive-1",
    ),
    refused_config("reserved-name", lambda text: text + feed("index", "folder articles"), "index"),
    refused_config("ftp-source", lambda text: text.replace("http://127", "ftp://127", 1), "url"),
    refused_config(
        "no-source", lambda text: text + '[[feed]]\nname = "none"\ntitle = "None"\n', "source"
    ),
    refused_config(
        "nul-in-title", lambda text: text.replace("The world feed", "The\\u0000world"), "title"
    ),
    refused_config(
        "depth-20k-config",
        lambda text: f"{text}\nx = {'[' * 20_000}{']' * 20_000}\n",
        "deep|nest|x",
    ),
    refused_config("number-1e5000", _more(f"limit = {'9' * 5000}"), "limit|number|digits"),
    refused_config("two-outputs-in-one-place", _in_feeds, "output|state"),
    Case("binary-config", _binary, r"feedpub\.toml", **_REFUSED),
    Case("config-gone", _delete_config, r"feedpub\.toml.*no such file", **_REFUSED),
    Case(
        "secret-not-set",
        partial(_secret, '{ env = "NOBODY_SETS_THIS" }'),
        "NOBODY_SETS_THIS is not set",
    ),
    Case("secret-file-gone", partial(_secret, '{ file = "nowhere" }'), "nowhere: cannot be read"),
    Case("secret-is-a-pipe", _pipe, "pipe: not a file"),
)
