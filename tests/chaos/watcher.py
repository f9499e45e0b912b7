"""Read the published feeds every second, as a reader would, and compare them with earlier ones."""

import json
import re
import time
import xml.etree.ElementTree as ET
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.chaos.meanwhile import repeating
from tests.chaos.papers import Paper

_TITLE = re.compile(r"Matter (\d+) of the harbour in version (\d+)")
_Signature = tuple[int, int, int]


class FeedWatcher:
    """A watcher of one folder of feeds.

    Attributes:
        checks: how many times a feed was read.
        faults: rules that were broken.
        lateness: seconds between an article's publication by its paper and by feedpub, with
            the moment of the latter.
    """

    def __init__(self, folder: Path, papers: list[Paper]) -> None:
        self._folder = folder
        self._papers = papers
        self._files: dict[Path, _Signature] = {}
        self._archived: dict[str, dict[str, list[dict[str, Any]]]] = {
            paper.name: {} for paper in papers
        }
        self._ids: dict[tuple[str, str], str] = {}  # feed and link → id
        self._versions: dict[tuple[str, int], int] = {}
        self.checks = 0
        self.faults: list[str] = []
        self.lateness: list[tuple[float, float]] = []

    def read_feeds(self) -> None:
        """Read all feeds and archives."""
        for paper in self._papers:
            if (self._folder / f"{paper.name}.json").exists():
                self._read_paper(paper)
        for path in (
            *self._folder.glob("*.rss"),
            *self._folder.glob("*.atom"),
            *self._folder.glob("*.opml"),
        ):
            self._parse(path)

    def seen_ids(self, paper: Paper) -> dict[str, str]:
        """Return link → id of all articles ever seen of a paper."""
        return {link: id_ for (feed, link), id_ in self._ids.items() if feed == paper.name}

    def published_ids(self, paper: Paper) -> dict[str, set[str]]:
        """Return link → ids of the articles in the feed and its archives now."""
        found: dict[str, set[str]] = {}
        for item in self._items(paper):
            found.setdefault(item["url"], set()).add(item["id"])
        return found

    def _items(self, paper: Paper) -> list[dict[str, Any]]:
        """Return the feed's items before its archives' items.

        An entry that moves to an archive meanwhile is then seen in both.
        """
        live = self._read(self._folder / f"{paper.name}.json")
        archived = self._archived[paper.name]
        for path in self._folder.glob(f"{paper.name}-archive-*.json"):
            if path.name not in archived:  # an archive never changes
                archived[path.name] = self._read(path)
        return [*live, *(item for items in archived.values() for item in items)]

    def _read(self, path: Path) -> list[dict[str, Any]]:
        try:
            return list(json.loads(path.read_bytes())["items"])
        except (ValueError, KeyError) as error:
            self._report_fault(f"{path.name} is torn: {error}")
            return []

    def _read_paper(self, paper: Paper) -> None:
        self.checks += 1
        items, now = self._items(paper), time.monotonic()
        links = [item["url"] for item in items]
        for item in items:
            self._record_item(paper, item, now)
        if lost := self.seen_ids(paper).keys() - set(links):
            self._report_fault(f"{paper.name}: {len(lost)} entries are gone: {sorted(lost)[:3]}")
        live = self._read(self._folder / f"{paper.name}.json")
        if len({item["id"] for item in live}) != len(live) or len(
            {item["url"] for item in live}
        ) != len(live):
            self._report_fault(f"{paper.name}: an article is listed twice")
        for item in live:
            self._check_version(paper, item)

    def _record_item(self, paper: Paper, item: dict[str, Any], now: float) -> None:
        key = (paper.name, item["url"])
        if key not in self._ids:
            article = paper.articles[int(item["url"].rpartition("/")[2])]
            self.lateness.append((now - article.monotonic_time, now))
            if item["id"] in set(self.seen_ids(paper).values()):
                self._report_fault(f"{paper.name}: {item['id']} is the id of two articles")
        if self._ids.setdefault(key, item["id"]) != item["id"]:
            self._report_fault(
                f"{paper.name}: {item['url']} had the id {self._ids[key]}, and now {item['id']}"
            )

    def _check_version(self, paper: Paper, item: dict[str, Any]) -> None:
        """Check that an article never returns to an older version."""
        if not (found := _TITLE.search(item["title"])):
            self._report_fault(f"{paper.name}: what is {item['title']!r}?")
            return
        number, version = int(found[1]), int(found[2])
        before = self._versions.get((paper.name, number), 0)
        if version < before:
            self._report_fault(
                f"{paper.name}: article {number} went back from version {before} to {version}"
            )
        self._versions[paper.name, number] = version

    def _parse(self, path: Path) -> None:
        about = path.stat()
        signature = about.st_ino, about.st_mtime_ns, about.st_size
        if self._files.get(path) == signature:
            return
        self._files[path] = signature
        try:
            ET.fromstring(path.read_bytes())
        except ET.ParseError as error:
            self._report_fault(f"{path.name} is torn: {error}")

    def _report_fault(self, text: str) -> None:
        if text not in self.faults:
            self.faults.append(text)


def watching(watcher: FeedWatcher) -> AbstractContextManager[None]:
    """Read the feeds every second while the block runs.

    An error of the watcher itself is raised at the end.
    """
    return repeating(watcher.read_feeds, 1.0)
