"""Mails as a source: a Maildir, an mbox, .eml files."""

import errno
import os
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest

from feedpub.config import MailSource
from feedpub.core.errors import ExtractError
from feedpub.core.models import Item
from feedpub.sources import read_local_message, read_source
from tests.sources.library import Library


def mail(n: int, sender: str = "News <news@example.org>", list_id: str = "") -> bytes:
    """Return a mail; its number is also its day in November 2026."""
    message = EmailMessage()
    message["Message-ID"] = f"<m{n}@example.org>"
    message["From"] = sender
    message["Subject"] = f"Issue {n}"
    message["Date"] = f"{n:02} Nov 2026 06:30:07 +0100"
    if list_id:
        message["List-Id"] = f"A list <{list_id}>"
    message.set_content(f"Words of issue {n}.\n")
    return message.as_bytes()


def maildir(folder: Path, *names: str) -> Path:
    """Make a Maildir; the names are those of files below it, with the number of their mail."""
    path = folder / "Maildir"
    for part in ("new", "cur", "tmp"):
        (path / part).mkdir(parents=True, exist_ok=True)
    for name in names:
        number = int(name.partition("/")[2].partition(".")[0])
        (path / name).write_bytes(mail(number))
    return path


def mbox(folder: Path, *mails: bytes, newline: bytes = b"\n") -> Path:
    path = folder / "letters.mbox"
    parts = [b"From news Mon Nov 23 06:30:07 2026\n" + each + b"\n" for each in mails]
    path.write_bytes(b"".join(parts).replace(b"\n", newline))
    return path


def items(path: Path, limit: int = 50, **filters: Sequence[str]) -> tuple[Item, ...]:
    source = MailSource.model_validate({"type": "mail", "path": path, **filters})
    return read_source(source, Library(), limit=limit)


def titles(path: Path, limit: int = 50, **filters: Sequence[str]) -> list[str]:
    return [item.title for item in items(path, limit, **filters)]


def body(path: Path, item: Item) -> bytes:
    assert item.message is not None
    return read_local_message(path, item.message.place)


def test_maildir_lists_new_and_read_mails_newest_first(tmp_path: Path) -> None:
    path = maildir(tmp_path, "cur/1.a:2,S", "new/3.a", "new/2.a", "tmp/4.a")
    found = items(path)
    assert [item.title for item in found] == ["Issue 3", "Issue 2", "Issue 1"]
    assert [item.message.is_read for item in found if item.message] == [False, False, True]
    assert [item.guid for item in found] == [f"m{n}@example.org" for n in (3, 2, 1)]
    assert all(item.url is None and item.path is None for item in found)
    assert found[0].authors == ("News",)
    assert str(found[0].published) == "2026-11-03 05:30:07+00:00"


def test_mail_stays_the_same_when_a_program_reads_it(tmp_path: Path) -> None:
    path = maildir(tmp_path, "new/3.a.host,S=300")
    (before,) = items(path)
    (path / "new/3.a.host,S=300").rename(path / "cur/3.a.host,S=300:2,S")
    (after,) = items(path)
    assert before.guid == after.guid
    assert before.message is not None and after.message is not None  # noqa: PT018
    assert before.message.place == after.message.place
    assert body(path, before) == mail(3)


def test_deleted_and_hidden_mails_and_links_are_left_out(tmp_path: Path) -> None:
    path = maildir(tmp_path, "cur/1.a:2,ST", "new/2.a")
    (path / "new/.3.hidden").write_bytes(mail(3))
    (tmp_path / "outside.eml").write_bytes(mail(4))
    (path / "new/4.link").symlink_to(tmp_path / "outside.eml")
    assert titles(path) == ["Issue 2"]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_mbox_lists_its_mails(tmp_path: Path, newline: bytes) -> None:
    path = mbox(tmp_path, mail(1), mail(2) + b">From here on, words.\n", mail(3), newline=newline)
    found = items(path)
    assert [item.title for item in found] == ["Issue 3", "Issue 2", "Issue 1"]
    second = body(path, found[1]).replace(b"\r\n", b"\n")
    assert second.rstrip() == (mail(2) + b"From here on, words.").rstrip()


def test_folder_and_file_of_eml_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    (folder / "2026").mkdir(parents=True)
    (folder / ".trash").mkdir()
    (folder / "2026/a.eml").write_bytes(mail(1))
    (folder / "b.EML").write_bytes(mail(2))
    (folder / "c.txt").write_bytes(mail(3))
    (folder / ".trash/d.eml").write_bytes(mail(4))
    assert titles(folder) == ["Issue 2", "Issue 1"]
    assert titles(folder / "2026/a.eml") == ["Issue 1"]
    for path in (folder, folder / "2026/a.eml"):
        assert body(path, items(path)[-1]) == mail(1)


def test_mail_has_one_id_wherever_it_is_stored(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(mail(1))
    places = (maildir(tmp_path, "new/1.a"), mbox(tmp_path, mail(1)), tmp_path / "one.eml")
    assert {items(path)[0].guid for path in places} == {"m1@example.org"}


def test_empty_places_list_nothing_without_a_failure(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert items(maildir(tmp_path)) == ()
    assert items(tmp_path / "empty") == ()


def test_limit_counts_the_newest_mails_that_the_filters_select(tmp_path: Path) -> None:
    mails = [
        mail(n, "Other <other@example.net>" if n > 2 else "news@example.org") for n in (1, 2, 3)
    ]
    path = mbox(tmp_path, *mails)
    assert titles(path, 1) == ["Issue 3"]
    assert titles(path, 1, **{"from": ["news@example.org"]}) == ["Issue 2"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"from": ["news@example.org"]}, [1]),
        ({"from": ["News@Example.org"]}, [1]),
        ({"from": ["*@example.net"]}, [2, 3]),
        ({"list_id": ["weekly.example.net"]}, [3]),
        ({"list_id": ["*.example.net"], "from": ["news@example.org"]}, [1, 3]),
        ({"from": ["news"]}, []),
    ],
)
def test_filters_select_senders_and_lists(
    tmp_path: Path, filters: dict[str, list[str]], expected: list[int]
) -> None:
    path = mbox(
        tmp_path,
        mail(1),
        mail(2, "Ada <ada@example.net>"),
        mail(3, "Bob <bob@example.net>", "Weekly.example.net"),
    )
    assert sorted(titles(path, 50, **filters)) == [f"Issue {n}" for n in expected]


def test_missing_place_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match=os.strerror(errno.ENOENT)):
        items(tmp_path / "nowhere")


def test_file_that_is_no_mail_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("Dear diary\n")
    with pytest.raises(ExtractError, match="is neither an mbox nor a mail"):
        items(tmp_path / "notes")


def test_mail_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    path = maildir(tmp_path, "new/1.a")
    (found,) = items(path)
    (path / "new/1.a").unlink()
    with pytest.raises(ExtractError, match="cannot be read: it is gone"):
        body(path, found)
