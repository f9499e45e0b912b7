"""Changed files are detected once they are stable."""

from pathlib import Path

from feedpub.service.reload import FileWatcher


def test_change_is_reported_once_when_it_is_stable(tmp_path: Path) -> None:
    file = tmp_path / "feedpub.toml"
    file.write_text("a")
    watch = FileWatcher(lambda: [file])
    assert [watch.has_changed(), watch.has_changed()] == [False, False]
    file.write_text("longer")
    assert [watch.has_changed(), watch.has_changed(), watch.has_changed()] == [False, True, False]


def test_replaced_file_has_changed(tmp_path: Path) -> None:
    file, other = tmp_path / "feedpub.toml", tmp_path / "other"
    file.write_text("a")
    watch = FileWatcher(lambda: [file])
    file.unlink()
    assert [watch.has_changed(), watch.has_changed()] == [False, False]
    other.write_text("b")
    other.replace(file)
    assert [watch.has_changed(), watch.has_changed()] == [False, True]


def test_symbolic_link_to_another_file_has_changed(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("same size")
    file = tmp_path / "feedpub.toml"
    file.symlink_to("a")
    watch = FileWatcher(lambda: [file])
    (tmp_path / "new").symlink_to("b")
    (tmp_path / "new").replace(file)
    assert [watch.has_changed(), watch.has_changed()] == [False, True]
