"""What the config would say of a feed, or of a selector, that is not in it yet: for those who write configs."""

from collections.abc import Mapping

from pydantic import ValidationError

from feedpub.config.messages import Finding, findings
from feedpub.config.models import Config
from feedpub.config.values import check_selector


def problems(feed: Mapping[str, object]) -> tuple[Finding, ...]:
    """Everything that is wrong with a `[[feed]]` table, each with its path in it; nothing where it can be used."""
    try:
        Config.model_validate({"feed": [feed]})
    except ValidationError as error:
        return tuple(Finding(path[2:], text) for path, text in findings(error))
    return ()


def selector_problem(selector: str) -> str | None:
    """What is wrong with a CSS selector; None where it can be used."""
    try:
        check_selector(selector)
    except ValueError as error:
        return str(error)
    return None
