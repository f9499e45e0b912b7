"""Read a folder of saved articles."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from feedpub.config import FolderSource
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item
from feedpub.sources import read_source
from tests.sources.library import Library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "articles"
    path.mkdir()
    return path


def save(folder: Path, name: str, text: str = "Words.", modified: float = 1_700_000_000) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (modified, modified))
    return path


def items(folder: Path, glob: str = "**/*", limit: int = 50) -> tuple[Item, ...]:
    return read_source(FolderSource(type="folder", path=folder, glob=glob), Library(), limit=limit)


def names(folder: Path, glob: str = "**/*", limit: int = 50) -> list[str]:
    return [
        Path(item.path or "").relative_to(folder).as_posix() for item in items(folder, glob, limit)
    ]


def test_saved_article_has_its_path_and_digest(folder: Path) -> None:
    """It has no address; the cleaner finds the other fields."""
    path = save(folder, "quay.txt", "The quay")
    assert items(folder) == (
        Item(url=None, path=str(path), version=hashlib.sha256(b"The quay").hexdigest()),
    )


def test_only_articles_are_listed(folder: Path) -> None:
    """Text, Markdown and HTML are listed. Images and hidden files are not."""
    for name in (
        "a.txt",
        "b.md",
        "c.html",
        "d.htm",
        "E.TXT",
        "sub/f.md",
        "g.jpg",
        "h.pdf",
        ".i.txt",
        ".j/k.txt",
        "l.txt~",
    ):
        save(folder, name)
    assert names(folder) == ["E.TXT", "a.txt", "b.md", "c.html", "d.htm", "sub/f.md"]


@pytest.mark.parametrize(
    ("glob", "found"),
    [("*.md", ["b.md"]), ("**/*.md", ["b.md", "sub/c.md"]), ("sub/*", ["sub/c.md", "sub/d.txt"])],
)
def test_glob_selects_files(folder: Path, glob: str, found: list[str]) -> None:
    for name in ("a.txt", "b.md", "sub/c.md", "sub/d.txt"):
        save(folder, name)
    assert names(folder, glob) == found


def test_newest_files_come_first(folder: Path) -> None:
    """The date is in the name, or is the file's modification time."""
    day = 86_400
    save(folder, "old.txt", modified=1_700_000_000)  # 2023-11-14
    save(folder, "new.txt", modified=1_700_000_000 + 30 * day)  # 2023-12-14
    save(folder, "2023-12-24-dated.txt", modified=0)
    save(folder, "20231120_compact.txt", modified=2_000_000_000)
    save(folder, "2023/12/01/in-folders.txt", modified=2_000_000_000)
    save(folder, "2023-99-99-no-day.txt", modified=1_600_000_000)
    assert names(folder) == [
        "2023-12-24-dated.txt",
        "new.txt",
        "2023/12/01/in-folders.txt",
        "20231120_compact.txt",
        "old.txt",
        "2023-99-99-no-day.txt",
    ]
    assert names(folder, limit=2) == ["2023-12-24-dated.txt", "new.txt"]


def test_files_of_one_day_are_sorted_by_name(folder: Path) -> None:
    """A checkout writes all files at once, in any order. The feed must not depend on it."""
    for second, name in enumerate(("c.txt", "a.txt", "b.txt")):
        save(folder, name, modified=1_700_000_000 + second)
    assert names(folder) == ["a.txt", "b.txt", "c.txt"]


def test_files_outside_of_the_folder_are_not_listed(folder: Path, tmp_path: Path) -> None:
    """A symlink is followed only within the folder. A broken or circular one is ignored."""
    secret = save(tmp_path, "secret.txt")
    (folder / "out.txt").symlink_to(secret)
    (folder / "outside").symlink_to(tmp_path)
    inside = save(folder, "real.txt")
    (folder / "link.txt").symlink_to(inside)
    (folder / "broken.txt").symlink_to(folder / "gone.txt")
    (folder / "circle.txt").symlink_to(folder / "circle.txt")
    assert names(folder) == ["link.txt", "real.txt"]


def test_changed_file_has_another_version(folder: Path) -> None:
    """A new modification time alone changes nothing."""
    save(folder, "a.txt", "One.")
    (before,) = items(folder)
    save(folder, "a.txt", "One.", modified=1_800_000_000)
    assert items(folder) == (before,)
    save(folder, "a.txt", "Two.")
    assert items(folder)[0].version != before.version


def test_missing_folder_is_named(folder: Path) -> None:
    with pytest.raises(ExtractError, match="cannot be read: No such file or directory") as failure:
        items(folder / "gone")
    assert failure.value.url == str(folder / "gone")


def test_file_instead_of_a_folder_is_named(folder: Path) -> None:
    with pytest.raises(ExtractError, match="cannot be read: Not a directory"):
        items(save(folder, "a.txt"))


def test_folder_without_articles_is_an_error(folder: Path) -> None:
    """It names the glob, which may be the reason."""
    save(folder, "picture.jpg")
    with pytest.raises(NoContentError, match=r"no \.txt, .+, \.warc\.gz files match '\*\*/\*'"):
        items(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_listed(folder: Path) -> None:
    """Its reader reports the error; other files are not affected."""
    save(folder, "a.txt").chmod(0)
    save(folder, "b.txt")
    assert [item.version == "" for item in items(folder)] == [True, False]


def test_inaccessible_file_is_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its reader reports the error; other files are not affected."""
    save(folder, "a.txt")
    save(folder, "sub/b.txt")
    allowed = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path.parent.name == "sub":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return allowed(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    assert names(folder) == ["a.txt", "sub/b.txt"]
