"""Load TOML files into a `Config`, or raise one ConfigError that lists every problem."""

import os
from collections.abc import Iterable, Mapping
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

_NO_REPLACEMENTS: Mapping[Path, str] = MappingProxyType({})


def find_config(option: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the config file.

    It is, in this order: the file that `-c` names, $FEEDPUB_CONFIG, feedpub.toml in the folder
    that systemd provides for the config of a service, and config/feedpub.toml.
    """
    path = DEFAULT_NAME
    if option:
        path = option
    elif named := environ.get("FEEDPUB_CONFIG"):
        path = Path(named)
    elif folder := _first_folder(environ, "CONFIGURATION_DIRECTORY"):
        path = Path(folder, DEFAULT_NAME.name)
    return Path(os.path.expanduser(path))  # noqa: PTH111 -- Path.expanduser raises if there is no home


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Load a config file and the files in feeds.d next to it; all paths become absolute.

    Args:
        path: the main file.
        environ: systemd sets STATE_DIRECTORY to the folder for a service's state. Relative paths
            of feeds and state are then relative to it.

    Raises:
        ConfigError: the config is invalid; the message lists all problems, one per line.
    """
    return parse_config(read_config_file(path), path, environ)


def parse_config(
    text: str,
    path: Path,
    environ: Mapping[str, str] = os.environ,
    replacements: Mapping[Path, str] = _NO_REPLACEMENTS,
) -> Config:
    """Load a config as `load_config` does, with the given text in the main file.

    Args:
        text: the text of the main file.
        path: the main file.
        environ: as for `load_config`.
        replacements: texts for files in feeds.d, by path.

    Raises:
        ConfigError: the config is invalid.
    """
    files, issues = _parse_files(text, path, replacements)
    merged = MergedConfig(files)
    _apply_environment(merged.document, environ)
    is_main_file_valid = not issues or issues[0][0] != 0
    issues += merged.find_unexpected_tables()
    if is_main_file_valid:
        conflicts = check_conflicts(merged.document, merged, path)
        issues += map(merged.make_issue, conflicts)
    try:
        config = Config.model_validate(merged.document, context={"folder": path.parent})
    except ValidationError as error:
        issues += map(merged.make_issue, collect_findings(error))
    else:
        if not issues:
            return config
    raise _make_error(issues)


def _make_error(issues: Iterable[ConfigIssue]) -> ConfigError:
    return ConfigError("\n".join(message for _, _, message in sorted(set(issues))))


def _parse_files(
    text: str, path: Path, replacements: Mapping[Path, str]
) -> tuple[list[ConfigFile], list[ConfigIssue]]:
    """Return the valid files of a config, and an issue for each invalid one.

    An invalid main file is represented by an empty one.
    """
    files: list[ConfigFile] = []
    issues: list[ConfigIssue] = []
    for number, file in enumerate(config_files(path)):
        try:
            if number == 0:
                content = text
            elif file in replacements:
                content = replacements[file]
            else:
                content = read_feed_file(file)
            files.append(ConfigFile(number, file, content, parse_toml(content, file)))
        except ConfigError as error:
            issues.append((number, 0, str(error)))
    if not files or files[0].number != 0:
        files.insert(0, ConfigFile(0, path, "", {}))
    return files, issues


def load_site(path: Path) -> tuple[SiteFile, TomlLines]:
    """Load the rules in a site's file, and find their lines.

    Raises:
        ConfigError: the file is invalid.
    """
    return parse_site(read_config_file(path), path)


def parse_site(text: str, path: Path) -> tuple[SiteFile, TomlLines]:
    """Load a site's rules as `load_site` does, with the given text in the file.

    Raises:
        ConfigError: the text is invalid.
    """
    file = ConfigFile(0, path, text, parse_toml(text, path))
    try:
        return SiteFile.model_validate(file.document), TomlLines(text)
    except ValidationError as error:
        raise _make_error(map(file.make_issue, collect_findings(error, SiteFile))) from None


def _apply_environment(document: dict[str, object], environ: Mapping[str, str]) -> None:
    """Move relative paths of feeds and state to the state folder that systemd provides."""
    settings = document.setdefault("feedpub", {})
    document.setdefault("rules", {})  # its default is a path relative to the config, too
    folder = _first_folder(environ, "STATE_DIRECTORY")
    if isinstance(settings, dict) and folder:
        settings["output"] = _move_into(folder, settings.get("output", "feeds"))
        settings["state"] = _move_into(folder, settings.get("state", "."))


def _first_folder(environ: Mapping[str, str], name: str) -> str:
    """Return the first of the folders that systemd provides for a service; "" if none."""
    return environ.get(name, "").partition(":")[0]


def _move_into(folder: str, setting: object) -> object:
    """Return a relative path as one inside a folder, regardless of any "..".

    A setting that is not a relative path is returned unchanged.
    """
    if not isinstance(setting, str) or not setting.strip():
        return setting
    if setting.startswith(("/", "~")) or "://" in setting:
        return setting
    return os.path.join(folder, os.path.normpath(f"/{setting}")[1:])  # noqa: PTH118 -- with ".."


def changed_feeds(before: Config, now: Config) -> dict[str, list[str]]:
    """Return the names of the feeds that are "added", "changed" and "removed"."""
    old, new = before.feed, now.feed
    common = [name for name in new.names if name in old.names]
    return {
        "added": [name for name in new.names if name not in old.names],
        "changed": [name for name in common if new.get(name) != old.get(name)],
        "removed": [name for name in old.names if name not in new.names],
    }
