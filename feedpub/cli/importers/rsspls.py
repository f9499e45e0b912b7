"""Import the feeds.toml of rsspls: a page and CSS selectors for each feed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from feedpub.cli.importers.documents import parse_toml_table, read_text
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    KeyValues,
    Unsupported,
    title_from_url,
)
from feedpub.cli.importers.selectors import leads_to_own_page, link_selector
from feedpub.config import TomlLines
from feedpub.core.errors import ImportFileError

_READ_FROM_ARTICLE = ("heading", "summary", "date", "media")
_KNOWN = {"url", "item", "link", "source", *_READ_FROM_ARTICLE}
_KNOWN_OF_FEED = {"title", "filename", "user_agent", "config"}
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
    shared = _table(table, "rsspls")
    drafts: list[ImportedFeed] = []
    losses: list[Unsupported] = []
    for key in shared:
        location = f"{name}:{lines.line_of(('rsspls', key))}"
        if key != "proxy":
            losses.append(_loss(location, key))
    for index, feed in enumerate(feeds):
        location = f"{name}:{lines.line_of(('feed', index))}"
        config = _table(feed, "config")
        losses += _losses(feed, config, location)
        url = _text(config, "url")
        if url and _text(config, "source") != "json":
            draft = _draft(feed, config, url, location)
            drafts.append(replace(draft, proxy=_text(shared, "proxy")))
    return Imported(tuple(drafts), tuple(losses))


def _loss(location: str, key: str) -> Unsupported:
    """Report a setting that is not imported."""
    if key in _BY_ITSELF:
        return Unsupported(location, key, _BY_ITSELF[key], is_important=False)
    return Unsupported(location, key, _INSTEAD.get(key, "unknown to feedpub"))


def _draft(feed: Table, config: Table, url: str, location: str) -> ImportedFeed:
    link = _text(config, "link") or _text(config, "heading")
    stem = _text(feed, "filename").rpartition("/")[2].rsplit(".", 1)[0]
    agent = _text(feed, "user_agent")
    links = link_selector(_text(config, "item"), link)
    on_page = leads_to_own_page(links)
    return ImportedFeed(
        location=location,
        type="items" if on_page else "page",
        url=url,
        title=_text(feed, "title") or title_from_url(url),
        name="" if stem in _ANY_NAME else stem,
        links="" if on_page else links,
        selectors=_item_selectors(config) if on_page else (),
        headers=(("User-Agent", agent),) if agent else (),
    )


def _item_selectors(config: Table) -> KeyValues:
    """Return the selectors of items whose links lead to places on the page itself."""
    date = _text(config, "date") or _text(_table(config, "date"), "selector")
    found = {
        "item": _text(config, "item"),
        "title": _text(config, "heading"),
        "link": _text(config, "link"),
        "date": date,
        "content": _text(config, "summary"),
        "image": _text(config, "media"),
    }
    return tuple((key, value) for key, value in found.items() if value)


def _losses(feed: Table, config: Table, location: str) -> Iterator[Unsupported]:
    if not _text(config, "url"):
        yield Unsupported(location, "feed", "has no url; it is left out")
    if _text(config, "source") == "json":
        yield Unsupported(
            location,
            "source",
            'write it as a source of type = "json", whose expressions are JMESPath; the feed is '
            "left out",
        )
    link = _text(config, "link") or _text(config, "heading")
    read = () if leads_to_own_page(link) else _READ_FROM_ARTICLE
    if found := [key for key in read if key in config]:
        yield Unsupported(
            location, ", ".join(found), "read from each article instead", is_important=False
        )
    for table, known in ((feed, _KNOWN_OF_FEED), (config, _KNOWN)):
        for key in table:
            if key not in known:
                yield _loss(location, key)


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""


def _table(table: Table, key: str) -> Table:
    value = table.get(key)
    return value if isinstance(value, dict) else {}
