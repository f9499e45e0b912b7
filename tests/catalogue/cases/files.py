"""Disks that are full, read-only or faulty, and unexpected files in the folders."""

import errno
import os
import shutil
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_news, keeps_the_old
from tests.catalogue.command import Ended, may_mount
from tests.catalogue.press import NEW, OLD, text_story
from tests.catalogue.stage import FOLDER, Stage
from tests.support.home import PNG
from tests.support.newsroom import title

DATABASE = "feedpub.sqlite"
_STRUCK: dict[str, Any] = {"spares_others": False}  # both feeds use the same disk
# A failing state cannot record the reason, so the command prints it.
_SAID: dict[str, Any] = {"spares_others": False, "in_output": True}
_OTHER_USER = 12345
_RENEWED = "rebuilt from the published feeds"


def _do_nothing(_: Stage) -> None:
    """Do nothing; the run itself is the bad input."""


def _mount_script() -> str:
    return "" if may_mount() else "not permitted to mount"


def _state(stage: Stage) -> Path:
    return stage.home.root / ".feedpub"


def _on_full_disk(which: str, stage: Stage) -> Ended:
    """Build with a folder on a full disk, then copy its content back."""
    folder, kept = stage.home.root / which, stage.home.root / "kept"
    script = (
        f"cp -a '{folder}' '{kept}' && mount -t tmpfs -o size=2m none '{folder}' && "
        f"cp -a '{kept}/.' '{folder}' && rm -r '{kept}' && "
        f"{{ cat /dev/zero > '{folder}/.ballast' 2>/dev/null; \"$@\"; status=$?; "
        f"rm '{folder}/.ballast'; cp -a '{folder}' '{kept}'; exit $status; }}"
    )
    ended = stage.build(within=script)
    shutil.rmtree(folder)
    kept.rename(folder)
    return ended


def _read_only(which: str, stage: Stage) -> Ended:
    folder = stage.home.root / which
    return stage.build(
        within=f"mount --bind '{folder}' '{folder}' && "
        f"mount -o remount,ro,bind '{folder}' && exec \"$@\""
    )


def _other_owner(stage: Stage) -> Ended:
    """Build with an output folder whose files belong to another user."""
    files = [stage.home.feeds, *stage.home.feeds.rglob("*")]
    if os.getuid() != 0:  # the closest possible without root
        stage.home.feeds.chmod(0o555)
        return stage.build()
    for file in files:
        os.chown(file, _OTHER_USER, _OTHER_USER)
    return stage.build(within='exec "$@"')


def _corrupt(content: bytes, stage: Stage) -> None:
    """Overwrite the first bytes of the database."""
    file = _state(stage) / DATABASE
    _checkpoint(file)
    file.write_bytes(content + file.read_bytes()[len(content) :])


def _truncate_story(stage: Stage) -> None:
    file = _state(stage) / DATABASE
    _checkpoint(file)
    os.truncate(file, file.stat().st_size // 2)


def _checkpoint(file: Path) -> None:
    """Move all committed data into the database file."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _ids_survive(stage: Stage) -> None:
    """Publish the new story, keep every id, and keep the damaged file."""
    has_news(stage)
    assert list(_state(stage).glob(f"{DATABASE}.damaged-*")), "the damaged file is missing"


def _newer(stage: Stage) -> None:
    connection = sqlite3.connect(_state(stage) / DATABASE)
    connection.execute("PRAGMA user_version = 999")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()


def _change(script: str, stage: Stage) -> None:
    """Change the tables."""
    connection = sqlite3.connect(_state(stage) / DATABASE)
    connection.executescript(script)
    connection.close()


def _many_feeds(stage: Stage) -> Ended:
    """Import an OPML file of fifty thousand feeds, 250 of each name."""
    file = stage.home.root / "many.opml"
    lines = (
        f'<outline text="News {n % 200}" xmlUrl="https://n{n}.example.org/feed"/>'
        for n in range(50_000)
    )
    file.write_text("\n".join(["<opml><body>", *lines, "</body></opml>"]), "utf-8")
    return stage.run("import", str(file), "--dry-run", seconds=120.0)


def _open_to_all(stage: Stage) -> None:
    """Let every user write to the state folder and read its files."""
    _state(stage).chmod(0o777)
    (_state(stage) / DATABASE).chmod(0o666)


def _closed_again(stage: Stage) -> None:
    """Publish the new story, and restrict the state to its owner."""
    has_news(stage)
    assert (_state(stage) / DATABASE).stat().st_mode & 0o777 == 0o600


def _stale(stage: Stage) -> None:
    """Leave a half-written file of an ended process."""
    (stage.home.feeds / ".feedpub-4194000-0a1b2c3d.tmp").write_bytes(b"<rss")


def _swept(stage: Stage) -> None:
    """Publish the new story, and delete the stale file."""
    has_news(stage)
    assert not list(stage.home.feeds.glob(".*.tmp")), "the stale file still exists"


def _link(stage: Stage) -> None:
    """Replace a published file by a symbolic link to a valuable file."""
    victim = stage.home.root / "valuable"
    victim.write_text("of value")
    (stage.home.feeds / "world.rss").unlink()
    (stage.home.feeds / "world.rss").symlink_to(victim)


def _not_followed(stage: Stage) -> None:
    """Publish the new story in a file that replaces the link; the link's target is unchanged."""
    has_news(stage)
    assert (stage.home.root / "valuable").read_text() == "of value"
    assert not (stage.home.feeds / "world.rss").is_symlink()


def _folder_there(stage: Stage) -> None:
    """Put a folder in place of a file; the other files are unchanged."""
    (stage.home.feeds / "world.atom").unlink()
    (stage.home.feeds / "world.atom" / "x").mkdir(parents=True)
    stage.marks["before"].pop("world.atom")


def _delete_folder(stage: Stage) -> None:
    shutil.rmtree(stage.home.feeds)


def _articles(stage: Stage) -> Path:
    return stage.home.config.parent / "articles"


def _pipe(stage: Stage) -> None:
    """Put a pipe without a writer among the articles."""
    os.mkfifo(_articles(stage) / "07.txt")


def _leading_out(stage: Stage) -> None:
    (_articles(stage) / "07.txt").symlink_to("/etc/passwd")
    (_articles(stage) / "etc").symlink_to("/etc")


def _nothing_of_it(stage: Stage) -> None:
    """Publish the new story, and nothing from outside the folder."""
    has_news(stage)
    for content in stage.home.read_published().values():
        assert b"root:x:0" not in content


def _save_article(name: str, content: str | bytes, stage: Stage) -> None:
    """Add a file to the articles."""
    stage.home.save(name, content)


def _file(name: str, content: str | bytes, reason: str, suffix: str = "07.txt") -> Case:
    """Return a case with an invalid article: the status names it, and all others are published."""
    return Case(name, partial(_save_article, suffix, content), reason, right=has_news, start=FOLDER)


def _add_pictures(stage: Stage, picture: str) -> None:
    """Add two pictures to the new story, one of which must not be published."""
    (_articles(stage) / "06.txt").unlink()
    _, dated, text = text_story(NEW).split("\n\n", 2)
    stage.home.save(
        "06.md", f"# {title(NEW)}\n\n{dated}\n\n![x]({picture})\n\n![y](good.svg)\n\n{text}"
    )
    for name in ("bad.png", ".assets/bad.png", "sub/bad.png"):
        stage.home.save(name, PNG)
    stage.home.save("good.svg", _DRAWN.format(""))
    stage.home.save("active.svg", _DRAWN.format("<script>alert(1)</script>"))
    stage.home.save("leading.svg", _DRAWN.format('<image href="https://tracker.example/a.png"/>'))


def _all_but_the_picture(stage: Stage) -> None:
    """Publish the new story with its valid picture, and nothing of the other one."""
    has_news(stage)
    pictures = {name for name in stage.home.read_published() if name.endswith((".png", ".svg"))}
    assert pictures == {"world/good.svg"}, pictures


def _picture(name: str, picture: str, reason: str) -> Case:
    return Case(
        name,
        partial(_add_pictures, picture=picture),
        reason,
        right=_all_but_the_picture,
        start=FOLDER,
    )


def _break_front_matter(stage: Stage, line: str) -> None:
    """Give the new story an invalid line of front matter."""
    (_articles(stage) / "06.txt").unlink()
    stage.home.save(
        "06.md", f"---\ntitle: {title(NEW)}\n{line}\n---\n{text_story(NEW).split(chr(10), 1)[1]}"
    )


def _front(name: str, line: str, reason: str) -> Case:
    return Case(name, partial(_break_front_matter, line=line), reason, right=has_news, start=FOLDER)


def _two_news(stage: Stage) -> None:
    """Publish both new articles without expanding the aliases."""
    keeps_the_old(stage)
    assert len(stage.items()) == len(OLD) + 2
    assert max(len(content) for content in stage.home.read_published().values()) < 1_000_000


def _empty_folder(stage: Stage) -> None:
    for file in _articles(stage).iterdir():
        file.unlink()


_DRAWN = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/>{}</svg>'
_ALIASES = "---\na0: &a0 [x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)

_HALF_MIGRATED = """
    DROP TABLE source_probes; DROP TABLE removal_stats; DROP INDEX source_observations_by_source;
    DROP TABLE source_observations; ALTER TABLE item_states RENAME TO seen;
    ALTER TABLE sources DROP COLUMN pace; ALTER TABLE sources DROP COLUMN firm;
    ALTER TABLE incidents DROP COLUMN tries;
    CREATE TABLE source_observations (
        id INTEGER PRIMARY KEY, feed VARCHAR NOT NULL, length INTEGER NOT NULL
    );
    CREATE TABLE removal_stats (
        feed VARCHAR, reason VARCHAR, text VARCHAR, PRIMARY KEY (feed, reason, text)
    );
"""
_TWO_BRANCHES = """
    UPDATE alembic_version SET version_num = '0005';
    DROP TABLE source_probes; DROP TABLE leases; DROP INDEX schedule_by_moment;
    ALTER TABLE schedule DROP COLUMN handed; ALTER TABLE item_states RENAME TO seen;
"""

CASES = (
    Case(
        "disk-full",
        _do_nothing,
        "free some space on the disk",
        run=partial(_on_full_disk, "feeds"),
        needs=_mount_script,
        **_STRUCK,
    ),
    Case(
        "read-only",
        _do_nothing,
        "mount the file system writable",
        run=partial(_read_only, "feeds"),
        needs=_mount_script,
        **_STRUCK,
    ),
    Case(
        "fsync-fails",
        _do_nothing,
        "Input/output error",
        run=lambda stage: stage.build({"failing_calls": {"fsync": errno.EIO}}),
        **_STRUCK,
    ),
    Case(
        "fsize-limit",
        _do_nothing,
        "limit on file sizes",
        run=lambda stage: stage.build({"limits": {"RLIMIT_FSIZE": 4096}}),
        **_SAID,
    ),
    Case("stale-temp", _stale, right=_swept),
    Case("symlink-target", _link, right=_not_followed),
    Case(
        "corrupt-db",
        partial(_corrupt, b"\0garbage" * 64),
        _RENEWED,
        right=_ids_survive,
        in_output=True,
    ),
    Case(
        "foreign-owner",
        _do_nothing,
        "let the user that runs feedpub write there",
        run=_other_owner,
        needs=_mount_script,
        **_STRUCK,
    ),
    # --- further cases ---
    Case(
        "state-disk-full",
        _do_nothing,
        "free some space on the disk|check the disk",
        run=partial(_on_full_disk, ".feedpub"),
        needs=_mount_script,
        **_SAID,
    ),
    Case(
        "state-read-only",
        _do_nothing,
        "let the user that runs feedpub write|writable",
        run=partial(_read_only, ".feedpub"),
        needs=_mount_script,
        **_SAID,
    ),
    Case(
        "state-fsync-fails",
        _do_nothing,
        "check the disk",
        run=lambda stage: stage.build(
            {"failing_calls": {"fdatasync": errno.EIO, "fsync": errno.EIO}}
        ),
        **_SAID,
    ),
    Case("db-cut-in-half", _truncate_story, _RENEWED, right=_ids_survive, in_output=True),
    Case("db-of-a-newer-version", _newer, "a newer feedpub wrote it", **_SAID),
    Case("db-lacks-tables", partial(_change, _HALF_MIGRATED), right=has_news),
    Case("db-of-two-branches", partial(_change, _TWO_BRANCHES), right=has_news),
    Case(
        "db-lacks-its-ids",
        partial(_change, "DROP TABLE aliases"),
        _RENEWED,
        right=_ids_survive,
        in_output=True,
    ),
    Case(
        "state-open-to-all",
        _open_to_all,
        "others can write to the state folder",
        right=_closed_again,
        in_output=True,
    ),
    Case(
        "import-of-50k-feeds",
        _do_nothing,
        run=_many_feeds,
        spares_others=False,
        slow=True,
        seconds=75.0,
    ),
    Case("folder-in-place-of-file", _folder_there, "a folder is in the place of the file"),
    Case("output-folder-gone", _delete_folder, right=has_news),
    Case("pipe-among-articles", _pipe, right=has_news, start=FOLDER),
    Case("links-out-of-articles", _leading_out, right=_nothing_of_it, start=FOLDER),
    _file("article-empty-file", "", "there is no article in it"),
    _file("article-21mb-file", "word " * 4_200_000, "larger than 20 MB"),
    _file("article-binary-file", bytes(range(256)) * 40, "not a text"),
    Case(
        "front-matter-laughs",
        partial(_save_article, "07.md", f"{_ALIASES}---\n\n{text_story(7)}"),
        right=_two_news,
        start=FOLDER,
    ),
    _file(
        "front-matter-depth-100k",
        f"---\na: {'[' * 100_000}\n---\n\n{text_story(7)}",
        "front matter|YAML|deep",
        "07.md",
    ),
    _front("front-matter-date-none", "date: 2026-02-31", r"06\.md: .*is ignored: date: 2026-02-31"),
    _front("front-matter-date-year-1", "date: 0001-01-01", "is ignored: date: 0001-01-01"),
    _front(
        "front-matter-date-list", "date: [{}, soon]", "is ignored: date: {}|is ignored: date: soon"
    ),
    _front(
        "front-matter-port-99999",
        "url: https://example.org:99999/",
        "is ignored: url: https://example.org:99999/",
    ),
    _picture(
        "picture-300-characters", f"{'a' * 300}.png", r"06\.md: its picture 'a+' is not published"
    ),
    _picture("picture-nul", "a%00b.png", r"its picture 'a\\x00b\.png' is not published"),
    _picture(
        "picture-hidden", ".assets/bad.png", r"its picture '\.assets/bad\.png' is not published"
    ),
    _picture(
        "picture-dots-escaped",
        "sub/%2e%2e/bad.png",
        r"its picture 'sub/\.\./bad\.png' is not published",
    ),
    _picture(
        "picture-svg-script", "active.svg", "'active.svg' is not published: it contains a <script>"
    ),
    _picture(
        "picture-svg-leads-out",
        "leading.svg",
        "'leading.svg' is not published: it refers to https://tracker",
    ),
    _file(
        "article-name-no-utf-8",
        text_story(7),
        "its name, or that of a folder above it, is not UTF-8",
        "07\udce9.txt",
    ),
    Case(
        "articles-all-gone",
        _empty_folder,
        r"no \.txt, \.md, \.html, \.htm, .* files match",
        start=FOLDER,
    ),
)
