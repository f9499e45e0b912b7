"""Record everything that was published or committed, and compare the folders with it."""

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from feedpub.core.article_keys import url_key
from feedpub.store.files import FILE_NAME
from tests.crashes.paper import Paper
from tests.support.feedcheck import CHECKS, opml

STATE_FILES = {
    FILE_NAME,
    f"{FILE_NAME}-wal",
    f"{FILE_NAME}-shm",
    ".world.lock",
    ".saved.lock",
    "service.lock",
}
BASE = "https://feeds.example.net/"
_Signature = tuple[int, int, int]


class ConsistencyChecker:
    """Checks the folders of one home after each event.

    Attributes:
        ids: feed → name of an article → the first id published for it.
    """

    def __init__(self, home: Path, paper: Paper) -> None:
        self._output = home / "feeds"
        self._state = home / ".feedpub"
        self._scratch = home / "scratch"
        self._paper = paper
        self._whole: dict[str, _Signature] = {}
        self._archives: dict[str, tuple[_Signature, bytes]] = {}
        self._updates: dict[str, datetime] = {}
        self._items: dict[str, list[dict[str, Any]]] = {}
        self.ids: dict[str, dict[str, str]] = {"world": {}, "saved": {}}

    def check_after_crash(self) -> None:
        """Check that every file is complete, archives are unchanged, and ids are stable."""
        self._check_files()
        self._check_state()

    def check_after_clean_run(self) -> None:
        """Check also that no entry is lost, all articles are published, and no file remains."""
        self.check_after_crash()
        for feed in self.ids:
            self._check_no_entry_is_lost(feed)
        left = [str(path) for path in self._output.rglob(".*")]
        assert not left, f"files left in the output folder: {left}"
        others = {path.name for path in self._state.iterdir()} - STATE_FILES
        assert not others, f"files left in the state folder: {others}"

    # --- files ---

    def _check_files(self) -> None:
        names = {
            path.relative_to(self._output).as_posix(): path
            for path in self._output.rglob("[!.]*.*")
        }
        for name, path in names.items():
            about = path.stat()
            signature = about.st_ino, about.st_mtime_ns, about.st_size
            if self._whole.get(name) != signature:
                self._check_file(name, path.read_bytes(), signature)
                self._whole[name] = signature
        missing = self._whole.keys() - names.keys()
        assert not missing, f"files are missing: {missing}"

    def _check_file(self, name: str, body: bytes, signature: _Signature) -> None:
        suffix = name.rpartition(".")[2]
        now = datetime.now(UTC) + timedelta(seconds=5)
        if suffix in CHECKS:
            complaints = CHECKS[suffix](body, now=now, address=BASE + name)
            assert not complaints, f"{name}: {complaints}"
        elif suffix == "opml":
            assert not opml.check(body, now=now), name
        elif suffix == "html":
            assert body.startswith(b"<!DOCTYPE html>"), f"{name} begins with {body[:50]!r}"
            assert body.endswith(b"</html>\n"), f"{name} ends with {body[-50:]!r}"
        if "-archive-" in name:
            assert name not in self._archives, f"{name} was written again"
            self._archives[name] = (signature, body)
        if suffix == "json" and not name.startswith("health"):
            self._record_document(name, json.loads(body)["items"])

    def _record_document(self, document: str, items: list[dict[str, Any]]) -> None:
        self._items[document] = items
        feed = "world" if document.startswith("world") else "saved"
        for item in items:
            self._record_id(feed, self._name(feed, item["url"]), item["id"])
            if "-archive-" not in document:
                moment = datetime.fromisoformat(item["date_modified"])
                before = self._updates.setdefault(item["id"], moment)
                assert moment >= before, (
                    f"{item['id']} has the update time {moment}; it was {before} before"
                )
                self._updates[item["id"]] = moment

    def _name(self, feed: str, address: str) -> str:
        return url_key(address) if feed == "world" else address.rpartition("/")[2]

    def _record_id(self, feed: str, name: str, id_: str) -> None:
        known = self.ids[feed].setdefault(name, id_)
        assert known == id_, f"{feed}: the id of {name} changed from {known} to {id_}"
        assert Counter(self.ids[feed].values())[id_] == 1, (
            f"{feed}: {id_} is the id of two articles"
        )

    def _check_no_entry_is_lost(self, feed: str) -> None:
        documents = [items for name, items in self._items.items() if name.startswith(feed)]
        published = {item["id"] for items in documents for item in items}
        lost = set(self.ids[feed].values()) - published
        assert not lost, f"{feed}: entries are missing: {lost}"
        titles = {
            self._name(feed, item["url"]): item["title"] for item in self._items[f"{feed}.json"]
        }
        wanted = self._paper.current_titles(feed)
        found = {name: titles.get(name) for name in wanted} if feed == "world" else wanted
        assert found == wanted, f"{feed}: {found} is published, expected {wanted}"
        unpublished = wanted.keys() - self.ids[feed].keys()
        assert not unpublished, f"{feed}: never published: {unpublished}"
        for items in documents:
            for item in items if feed == "saved" else ():
                assert (self._output / item["url"].removeprefix(BASE)).is_file(), (
                    f"{item['url']} has no file"
                )

    # --- state ---

    def _check_state(self) -> None:
        """Check a copy of the state; committed ids count as published.

        The copy keeps the files unchanged for the next start.
        """
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        for path in self._state.glob(f"{FILE_NAME}*"):
            shutil.copy(path, self._scratch)
        if not (self._scratch / FILE_NAME).exists():
            return
        with closing(sqlite3.connect(self._scratch / FILE_NAME)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone():
                for feed, id_, url, slug in connection.execute(
                    "SELECT feed, id, url, slug FROM entries"
                ):
                    self._record_id(feed, url_key(url) if feed == "world" else f"{slug}.html", id_)
