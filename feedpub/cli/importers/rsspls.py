"""Import the feeds.toml of rsspls: a page and CSS selectors for each feed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from feedpub.cli.importers.documents import parse_toml_table, read_text
from feedpub.cli.importers.model import Imported, ImportedFeed, Unsupported, title_from_url
from feedpub.cli.importers.selectors import link_selector
from feedpub.config import TomlLines
from feedpub.core.errors import ImportFileError

_READ_FROM_ARTICLE = ("heading", "summary", "date", "media")
_KNOWN = {"url", "item", "link", "source", *_READ_FROM_ARTICLE}
_ANY_NAME = ("feed", "rss", "atom", "index")  # stems of files that are named for no feed
_INSTEAD = {
    "post_update_hook": "feedpub runs a command for alerts only: [alerts] command",
    "insecure_disable_certificate_verification": "certificates are always verified",
}
_BY_ITSELF = {
    "output": "feeds are written to `output` of feedpub's config",
    "file_urls": 'saved pages are a source of type = "folder"',
    "min_items": "a source that lists fewer articles than usual is named by `feedpub status`",
}
Table = Mapping[str, object]


def parse_rsspls(body: bytes, name: str) -> Imported:
    """Import a file. Raises ImportFileError if it is not a config of rsspls."""
    text = read_text(body, name)
    table = parse_toml_table(text, name)
    feeds = table.get("feed")
    if not isinstance(feeds, list) or not all(isinstance(feed, dict) for feed in feeds):
        raise ImportFileError(f"{name}:1: no config of rsspls: it has no [[feed]]")
    lines = TomlLines(text)
    shared = table.get("rsspls")
    proxy = _text(shared, "proxy") if isinstance(shared, dict) else ""
    drafts: list[ImportedFeed] = []
    losses = list(_of_all(table, lines, name))
    for index, feed in enumerate(feeds):
        location = f"{name}:{lines.line_of(('feed', index))}"
        config = feed.get("config")
        config = config if isinstance(config, dict) else {}
        losses += _losses(feed, config, location)
        if (url := _text(config, "url")) and _text(config, "source") != "json":
            drafts.append(replace(_draft(feed, config, url, location), proxy=proxy))
    return Imported(tuple(drafts), tuple(losses))


def _of_all(table: Table, lines: TomlLines, name: str) -> Iterator[Unsupported]:
    """Report the settings for all feeds that are not imported."""
    settings = table.get("rsspls")
    for key in settings if isinstance(settings, dict) else ():
        if key != "proxy":
            yield _loss(f"{name}:{lines.line_of(('rsspls', key))}", key)


def _loss(location: str, key: str) -> Unsupported:
    """Report a setting that is not imported."""
    if key in _BY_ITSELF:
        return Unsupported(location, key, _BY_ITSELF[key], is_important=False)
    return Unsupported(location, key, _INSTEAD.get(key, "unknown to feedpub"))


def _draft(feed: Table, config: Table, url: str, location: str) -> ImportedFeed:
    heading = _text(config, "heading")
    stem = _text(feed, "filename").rpartition("/")[2].rsplit(".", 1)[0]
    return ImportedFeed(
        location=location,
        type="page",
        url=url,
        title=_text(feed, "title") or title_from_url(url),
        name="" if stem in _ANY_NAME else stem,
        links=link_selector(_text(config, "item"), _text(config, "link") or heading),
        headers=(("User-Agent", agent),) if (agent := _text(feed, "user_agent")) else (),
    )


def _losses(feed: Table, config: Table, location: str) -> Iterator[Unsupported]:
    if not _text(config, "url"):
        yield Unsupported(location, "feed", "has no url; it is left out")
    if _text(config, "source") == "json":
        yield Unsupported(
            location, "source", "feedpub reads pages and feeds, no other JSON; the feed is left out"
        )
    if found := [key for key in _READ_FROM_ARTICLE if key in config]:
        yield Unsupported(
            location, ", ".join(found), "read from each article instead", is_important=False
        )
    unknown = [key for key in feed if key not in ("title", "filename", "user_agent", "config")]
    for key in unknown + [key for key in config if key not in _KNOWN]:
        yield _loss(location, key)


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""
