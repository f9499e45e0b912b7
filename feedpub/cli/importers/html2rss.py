"""Import feed configs of html2rss (YAML): one feed, or several under `feeds`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from feedpub.cli.importers.documents import YamlNode, parse_yaml_tree, read_text
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    KeyValues,
    Unsupported,
    combine_imports,
    parse_interval,
    title_from_url,
)
from feedpub.cli.importers.selectors import leads_to_own_page, link_selector, value_selector
from feedpub.core.errors import ImportFileError

_PARAMETER = re.compile(r"%[<{](\w+)[>}]s?")
_STRATEGIES = ("", "faraday", "auto", "default")  # those that read a page as it is sent
_LINK_KEYS = ("url", "link")
_ITEM_FIELDS = {"title": "title", "link": "url", "date": "published_at", "content": "description"}
_CHANNEL_KEYS = frozenset((
    "url", "title", "description", "language", "image", "ttl", "headers", "json", "strategy",
    "time_zone",
))  # fmt: skip
_TABLES = frozenset(("channel", "selectors", "headers", "strategy", "parameters", "feeds"))
_BROWSERS = frozenset(("browserless", "botasaurus"))
_AUTOMATIC = {
    "request": "feedpub has limits of its own: README, Security",
    "auto_source": "found by the page's structure, in feedpub's way",
    "enhance": "title, link and picture are read from each article",
}
_NO_SCRIPTS = (
    "feedpub runs no JavaScript; if `feedpub build` finds no articles in the page as it is sent, "
    "give a feed or a sitemap of the site"
)


def parse_html2rss(body: bytes, name: str) -> Imported:
    """Import a file. Raises ImportFileError if it is not a config of html2rss."""
    tree = parse_yaml_tree(read_text(body, name), name)
    if tree["feeds"]:
        return combine_imports(
            _Config(name, feed, tree, key).imported() for key, feed in tree["feeds"].items()
        )
    if not tree["channel"]:
        raise ImportFileError(f"{name}:1: no config of html2rss: it has neither channel nor feeds")
    return _Config(name, tree, tree, "").imported()


@dataclass(frozen=True, slots=True)
class _Config:
    """One feed of a file; `losses` collects what is not imported.

    Attributes:
        shared: the settings at the top of the file, for all feeds.
        key: the feed's name in a file of several; "" in a file of one.
    """

    file: str
    feed: YamlNode
    shared: YamlNode
    key: str
    losses: list[Unsupported] = field(default_factory=list)

    def imported(self) -> Imported:
        feeds = tuple(self._feeds())
        return Imported(feeds, tuple(self.losses))

    def _feeds(self) -> Iterator[ImportedFeed]:
        channel = self.feed["channel"]
        url = self._filled(channel["url"])
        if channel["json"].text == "true":
            self._lose(
                channel["json"],
                "json",
                'html2rss selects in JSON by CSS; write it as a source of type = "json", whose '
                "expressions are JMESPath; the feed is left out",
            )
            return
        if not url:
            self._lose(channel, "channel", "has no url; the feed is left out")
            return
        links = self._links()
        selectors = self._item_selectors() if leads_to_own_page(links) else ()
        self._settings(channel)
        title = self._filled(channel["title"])
        if not title:
            self._lose(
                channel,
                "title",
                f'the file gives none; called "{title_from_url(url)}"',
                matters=False,
            )
        yield ImportedFeed(
            location=f"{self.file}:{channel['url'].line}",
            type="items" if selectors else "page",
            url=url,
            title=title or title_from_url(url),
            name=self.key,
            description=self._filled(channel["description"]),
            language=channel["language"].text,
            icon=channel["image"].text,
            every=_every(channel["ttl"]),
            links="" if selectors else links,
            selectors=selectors,
            headers=self._headers(),
        )

    def _lose(self, at: YamlNode, what: str, instead: str, *, matters: bool = True) -> None:
        self.losses.append(Unsupported(f"{self.file}:{at.line}", what, instead, matters))

    def _filled(self, value: YamlNode) -> str:
        """Return a text with the defaults of its parameters."""
        parameters = self.feed["parameters"]

        def default(found: re.Match[str]) -> str:
            given = parameters[found[1]]["default"]
            if not given:
                self._lose(
                    value,
                    f"parameter {found[1]}",
                    "has no default; write its value into the address",
                )
            return given.text or found[0]

        filled = _PARAMETER.sub(default, value.text)
        if value.text and filled != value.text and value.text.startswith("http"):
            self._lose(
                value,
                "parameters",
                f"a feed has one address: this one takes the defaults, {filled}; "
                "copy the feed for others",
            )
        return filled

    def _links(self) -> str:
        """Return the selector of the links."""
        selectors = self.feed["selectors"]
        items = selectors["items"]["selector"]
        link = YamlNode(None, items.line)
        for key in _LINK_KEYS:
            link = link or selectors[key]
        self._selectors(selectors)
        if not self._leads_to_pages(link, items):
            return ""
        return link_selector(items.text, link["selector"].text)

    def _item_selectors(self) -> KeyValues:
        """Return the selectors of items whose links lead to places on the page itself."""
        selectors = self.feed["selectors"]
        found = [("item", value_selector(selectors["items"]["selector"].text))]
        for key, name in _ITEM_FIELDS.items():
            table = selectors[name]
            attribute = table["attribute"].text or ("href" if key == "link" else "")
            if table and (table["selector"].text or attribute):
                found.append((key, value_selector(table["selector"].text, attribute)))
        return tuple(found)

    def _leads_to_pages(self, link: YamlNode, items: YamlNode) -> bool:
        """Return False if links are not the `href` of an element in the item."""
        steps = [step["name"].text for step in link["post_process"].elements()]
        if not set(steps) <= {"parse_uri"}:
            self._lose(
                link["post_process"],
                f"url: {', '.join(steps)}",
                "links are taken as the page has them",
            )
        extractor = link["extractor"].text or "href"
        is_href = extractor in ("href", "text") and not link["static"]
        attribute = "href" if is_href else link["attribute"].text or extractor
        if attribute != "href":
            self._lose(
                link,
                f"url: {attribute}",
                "only href is followed; the links are found by the page's structure",
            )
            return False
        return bool(items)

    def _selectors(self, selectors: YamlNode) -> None:
        """Report the other selectors of items; feedpub reads most of that from each article."""
        read = []
        on_page = leads_to_own_page(selectors["url"]["selector"].text)
        for key, value in selectors.items():
            if key == "items":
                self._items(value)
            elif key == "enclosure":
                self._lose(
                    value,
                    "enclosure",
                    "a page's items have none; the article's own picture is published",
                )
            elif key not in _LINK_KEYS and not (on_page and key in _ITEM_FIELDS.values()):
                read.append(key)
            if key == "title":
                self._title(value)
        if read:
            self._lose(selectors, ", ".join(read), "read from each article instead", matters=False)

    def _title(self, title: YamlNode) -> None:
        steps = [step["name"].text for step in title["post_process"].elements()]
        changing = [step for step in steps if step not in ("sanitize_html", "html_to_markdown")]
        if changing:
            hint = "the title is the article's own"
            self._lose(title["post_process"], f"title: {', '.join(changing)}", hint)

    def _items(self, items: YamlNode) -> None:
        for key, value in items.items():
            if key == "pagination":
                self._lose(
                    value,
                    "pagination",
                    "only the first page is fetched; new articles appear there first",
                )
            elif key == "order":
                self._lose(value, "order", "entries are sorted by date", matters=False)
            elif key not in ("selector", "enhance"):
                self._lose(value, f"items: {key}", "unknown to feedpub")

    def _settings(self, channel: YamlNode) -> None:
        """Report settings of the channel and the file that are not imported."""
        for key, value in channel.items():
            if key not in _CHANNEL_KEYS:
                self._lose(value, f"channel: {key}", "unknown to feedpub")
            if key == "time_zone" and value.text not in ("", "UTC"):
                hint = "dates are read from each article, with their zones"
                self._lose(value, "time_zone", hint, matters=False)
        strategy = self.feed["strategy"] or channel["strategy"] or self.shared["strategy"]
        if strategy and strategy.text not in _STRATEGIES:
            self._lose(strategy, f"strategy: {strategy.text}", _NO_SCRIPTS)
        self._beside(self.feed)
        if self.key:
            self._beside(self.shared)

    def _beside(self, table: YamlNode) -> None:
        for key, value in table.items():
            if key == "request" and not _BROWSERS.isdisjoint(value.keys):
                self._lose(value, "request", _NO_SCRIPTS)
            elif key == "stylesheets":
                self._lose(value, "stylesheets", "each feed has an HTML page instead")
            elif key in _AUTOMATIC:
                if value.keys or key != "auto_source":
                    self._lose(value, key, _AUTOMATIC[key], matters=False)
            elif key not in _TABLES:
                self._lose(value, key, "unknown to feedpub")

    def _headers(self) -> tuple[tuple[str, str], ...]:
        merged: dict[str, str] = {}
        for table in (self.shared, self.feed, self.feed["channel"]):
            for key, value in table["headers"].items():
                if value.text:
                    merged[key] = value.text
        return tuple(merged.items())


def _every(ttl: YamlNode) -> str:
    """Return minutes as `every` takes them; an invalid text is refused later."""
    minutes = ttl.text
    return parse_interval(int(minutes) * 60) if re.fullmatch("[0-9]{1,6}", minutes) else minutes
