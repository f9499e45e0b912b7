"""Rules that are added to a site's file: all that a person wrote there stays as it is, comments and all."""

from collections.abc import Mapping, Sequence

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from feedpub.errors import ConfigError

LINE = 100  # columns; a longer list has a line for each of its rules


def with_rules(text: str, lists: Mapping[str, Sequence[str]], single: Mapping[str, str], name: str) -> str:
    """A file's text with more rules; what they say is not looked at.

    Args:
        text: as the file is; "" where there is none.
        lists: what lists gain, by their names.
        single: values that replace others, by their names.
        name: the file's, for people.

    Raises:
        ConfigError: the file cannot be added to.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"{name}: {error}; mend the file first") from error
    for key, rules in lists.items():
        if not rules:
            continue
        known = document.get(key)
        array = tomlkit.array() if known is None else known
        if not isinstance(array, Array):
            raise ConfigError(f"{name}: {key} is no list; mend the file first")
        _extend(array, key, rules)
        if known is None:
            document[key] = array
    document.update({key: value for key, value in single.items() if value})
    return tomlkit.dumps(document)


def _extend(array: Array, key: str, rules: Sequence[str]) -> None:
    """Add rules to a list in the way it is written: in one line, or a line each."""
    new = [rule for rule in dict.fromkeys(rules) if rule not in array]
    lines = "\n" in array.as_string()
    length = len(key) + len(array.as_string()) + sum(len(rule) + 4 for rule in new)
    if not lines and length > LINE:
        array.multiline(multiline=True)
    for rule in new:
        if lines:
            array.add_line(rule)
        else:
            array.append(rule)
