"""When a file has changed."""

from pathlib import Path

from feedpub.service.config_watcher import FileWatcher


def test_a_change_is_told_once_it_stands_still(tmp_path: Path) -> None:
    """At the second look, and only once."""
    file = tmp_path / "feedpub.toml"
    file.write_text("a")
    watch = FileWatcher(lambda: [file])
    assert [watch.has_changed(), watch.has_changed()] == [False, False]
    file.write_text("longer")
    assert [watch.has_changed(), watch.has_changed(), watch.has_changed()] == [False, True, False]


def test_a_file_that_is_replaced(tmp_path: Path) -> None:
    """As editors do it; while there is none, nothing has changed."""
    file, other = tmp_path / "feedpub.toml", tmp_path / "other"
    file.write_text("a")
    watch = FileWatcher(lambda: [file])
    file.unlink()
    assert [watch.has_changed(), watch.has_changed()] == [False, False]
    other.write_text("b")
    other.replace(file)
    assert [watch.has_changed(), watch.has_changed()] == [False, True]


def test_a_link_that_leads_elsewhere(tmp_path: Path) -> None:
    """As container platforms do it."""
    for name in "ab":
        (tmp_path / name).write_text("same size")
    file = tmp_path / "feedpub.toml"
    file.symlink_to("a")
    watch = FileWatcher(lambda: [file])
    (tmp_path / "new").symlink_to("b")
    (tmp_path / "new").replace(file)
    assert [watch.has_changed(), watch.has_changed()] == [False, True]
