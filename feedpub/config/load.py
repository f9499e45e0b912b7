"""From TOML files to a `Config`, or to one ConfigError that lists every problem with its line."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from feedpub.config.checks import check_conflicts
from feedpub.config.errors import collect_findings
from feedpub.config.files import (
    DEFAULT_NAME,
    ConfigFile,
    ConfigIssue,
    MergedConfig,
    config_files,
    parse_toml,
    read_config_file,
    read_feed_file,
)
from feedpub.config.models import Config
from feedpub.config.site_rules import SiteFile
from feedpub.config.toml_lines import TomlLines
from feedpub.core.errors import ConfigError

_AS_THEY_ARE: Mapping[Path, str] = MappingProxyType({})


def find_config(option: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The config file to use.

    The one that `-c` names, else $FEEDPUB_CONFIG, else feedpub.toml in the folder that systemd
    gives a service for its config, else config/feedpub.toml.
    """
    given = _given(environ, "CONFIGURATION_DIRECTORY")
    named = (
        option
        or environ.get("FEEDPUB_CONFIG")
        or (Path(given, DEFAULT_NAME.name) if given else DEFAULT_NAME)
    )
    return Path(os.path.expanduser(named))  # noqa: PTH111 -- pathlib's raises where there is no such home


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The config in a file and in feeds.d beside it, its paths absolute.

    Raises ConfigError: one line a problem, all problems of all files at once.

    `environ` is asked for STATE_DIRECTORY, the folder that systemd gives a service for its state:
    relative paths of feeds and state start there.
    """
    return parse_config(read_config_file(path), path, environ)


def parse_config(
    text: str,
    path: Path,
    environ: Mapping[str, str] = os.environ,
    instead: Mapping[Path, str] = _AS_THEY_ARE,
) -> Config:
    """The config in a text that stands, or is to stand, in a file, with the feeds of the files in feeds.d beside it.

    Args:
        text: of the main file.
        path: the main file.
        environ: as for `load`.
        instead: texts that are to stand in files of feeds, by path.

    Raises:
        ConfigError: as `load` does.
    """
    parts, unread = _parts(text, path, instead)
    whole = MergedConfig(parts)
    _complete(whole.document, environ)
    between = check_conflicts(whole.document, whole, path) if not unread or unread[0][0] else ()
    problems = [*unread, *whole.find_unexpected_tables(), *map(whole.make_issue, between)]
    try:
        config = Config.model_validate(whole.document, context={"folder": path.parent})
    except ValidationError as error:
        problems += map(whole.make_issue, collect_findings(error))
    else:
        if not problems:
            return config
    raise ConfigError("\n".join(said for _, _, said in sorted(set(problems)))) from None


def _parts(
    text: str, path: Path, instead: Mapping[Path, str]
) -> tuple[list[ConfigFile], list[ConfigIssue]]:
    """The files of a config, as far as they can be read.

    The main one, which says nothing then, in any case.
    """
    parts: list[ConfigFile] = []
    unread: list[ConfigIssue] = []
    for number, file in enumerate(config_files(path)):
        try:
            told = (
                text if number == 0 else instead[file] if file in instead else read_feed_file(file)
            )
            parts.append(ConfigFile(number, file, told, parse_toml(told, file)))
        except ConfigError as error:
            unread.append((number, 0, str(error)))
    return (
        parts if parts and parts[0].number == 0 else [ConfigFile(0, path, "", {}), *parts]
    ), unread


def load_site(path: Path) -> tuple[SiteFile, TomlLines]:
    """The rules in a site's file, and on which lines they stand.

    Raises ConfigError, as `load` does.
    """
    return parse_site(read_config_file(path), path)


def parse_site(text: str, path: Path) -> tuple[SiteFile, TomlLines]:
    """The rules in a text that stands, or is to stand, in a site's file.

    Raises ConfigError as `load_site` does.
    """
    part = ConfigFile(0, path, text, parse_toml(text, path))
    try:
        return SiteFile.model_validate(part.document), TomlLines(text)
    except ValidationError as error:
        problems = {part.make_issue(finding) for finding in collect_findings(error, SiteFile)}
        raise ConfigError("\n".join(said for _, _, said in sorted(problems))) from None


def _complete(document: dict[str, object], environ: Mapping[str, str]) -> None:
    """Fill in what the place of running decides.

    Under systemd, feeds and state lie in the service's state folder.
    """
    settings = document.setdefault("feedpub", {})
    document.setdefault("rules", {})  # whose default is a path beside the config, too
    state = _given(environ, "STATE_DIRECTORY")
    if isinstance(settings, dict) and state:
        settings["output"] = _within(state, settings.get("output", "feeds"))
        settings["state"] = _within(state, settings.get("state", "."))


def _given(environ: Mapping[str, str], name: str) -> str:
    """A folder that systemd gives a service.

    The first, where it gives several; "" where it gives none.
    """
    return environ.get(name, "").partition(":")[0]


def _within(folder: str, written: object) -> object:
    """A relative path in a folder, which no number of ..

    Leads out of; whatever else is written stays as it is.
    """
    if (
        not isinstance(written, str)
        or not written.strip()
        or written.startswith(("/", "~"))
        or "://" in written
    ):
        return written
    return os.path.join(folder, os.path.normpath(f"/{written}")[1:])  # noqa: PTH118 -- pathlib keeps the ..


def changed_feeds(before: Config, now: Config) -> dict[str, list[str]]:
    """The names of the feeds that are "added", "changed" and "removed"."""
    old, new = before.feed, now.feed
    return {
        "added": [name for name in new.names if name not in old.names],
        "changed": [
            name for name in new.names if name in old.names and new.get(name) != old.get(name)
        ],
        "removed": [name for name in old.names if name not in new.names],
    }
