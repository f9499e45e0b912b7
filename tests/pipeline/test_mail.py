"""Newsletters from a Maildir and from a real IMAP server, to published files."""

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.fetch import Fetcher
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.reprocess import ReprocessVerdict, plan_reprocess
from tests.support.clock import FakeClock
from tests.support.imap import PASSWORD, USER, ImapServer, needs_dovecot, running_imap
from tests.support.newsroom import configure, open_context, output_folder

MAILS = Path(__file__).parents[1] / "mails"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SUBJECTS = {
    "campaign": "The harbour gets a lift, and two more stories",
    "inline-picture": "Grüße aus Köln",
    "mailing-list": "[kernels] Re: Patch for the tide table",
    "publication": "How to unsubscribe from noise",
}


def letters(source: str) -> str:
    return (
        f'[[feed]]\nname = "letters"\ntitle = "Letters"\n\n[[feed.source]]\ntype = "mail"\n{source}'
    )


def fill(maildir: Path, *names: str) -> None:
    """Deliver mails, as a mail server does."""
    for name in names:
        target = maildir / "new" / f"{name}.host"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MAILS / f"{name}.eml", target)
        if os.getuid() == 0:
            shutil.chown(target, "nobody", "nogroup")
    (maildir / "cur").mkdir(exist_ok=True)


def build(config: Config, ca_file: Path | None = None) -> RunResult:
    with tools(config, ca_file) as context:
        result = run.run_feed(config.feed[0], context)
        run.finish_build(config, context)
    return result


@contextmanager
def tools(config: Config, ca_file: Path | None = None) -> Iterator[RunContext]:
    """Open the collaborators of a run, which trust an authority of the tests."""
    clock = FakeClock(NOW)
    fetcher = Fetcher(
        delay=0,
        allow_private=config.feedpub.allow_private,
        ca_file=str(ca_file) if ca_file else None,
        clock=clock,
    )
    with fetcher, open_context(config, clock) as context:
        yield replace(context, fetcher=fetcher)


def entries(config: Config) -> dict[str, dict[str, Any]]:
    """Return the published entries by their titles."""
    document = json.loads((output_folder(config) / "letters.json").read_text("utf-8"))
    return {item["title"]: item for item in document["items"]}


def pictures(config: Config) -> list[Path]:
    return sorted((output_folder(config) / "letters").glob("*.png"))


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "Maildir"
    fill(path, *SUBJECTS)
    return path


# --- files ---


@pytest.mark.usefixtures("maildir")
def test_mails_become_entries_with_pages_dates_and_pictures(tmp_path: Path) -> None:
    config = configure(tmp_path, letters('path = "Maildir"'))
    result = build(config)
    assert (result.status, result.new, result.problems) == (RunStatus.UPDATED, 4, ())
    found = entries(config)
    assert found.keys() == set(SUBJECTS.values())
    letter = found["Grüße aus Köln"]
    assert letter["date_published"] == "2026-11-25T06:00:01+00:00"
    assert letter["authors"] == [{"name": "Rheinbahn Köln"}]
    assert letter["_feedpub"]["source"] == {"name": "Rheinbahn Köln"}
    assert letter["url"].endswith("/letters/grusse-aus-koln.html")
    assert (output_folder(config) / "letters/grusse-aus-koln.html").exists()
    (picture,) = pictures(config)
    assert f'/letters/{picture.name}"' in letter["content_html"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    archived = found["[kernels] Re: Patch for the tide table"]
    assert archived["url"].startswith("https://lists.example.org/archives/kernels/87k3abc")


def test_second_run_changes_nothing_and_reads_no_mail_again(tmp_path: Path, maildir: Path) -> None:
    config = configure(tmp_path, letters('path = "Maildir"'))
    build(config)
    before = entries(config)
    for path in list((maildir / "new").iterdir()):
        path.rename(maildir / "cur" / f"{path.name}:2,S")
    (maildir / "cur/campaign.host:2,S").write_bytes(
        (MAILS / "campaign.eml").read_bytes().replace(b"harbour", b"airport", 20)
    )
    result = build(config)
    assert (result.status, result.new, result.updated) == (RunStatus.UNCHANGED, 0, 0)
    assert entries(config) == before


def test_picture_that_is_lost_is_published_again(tmp_path: Path, maildir: Path) -> None:
    config = configure(tmp_path, letters('path = "Maildir"'), settings='keep_pages = "0s"')
    build(config)
    (picture,) = pictures(config)
    content = picture.read_bytes()
    picture.unlink()
    shutil.rmtree(maildir / "new")
    build(config)
    assert picture.read_bytes() == content


def test_entries_stay_when_their_mails_are_gone(tmp_path: Path, maildir: Path) -> None:
    config = configure(tmp_path, letters('path = "Maildir"'))
    build(config)
    shutil.rmtree(maildir / "new")
    result = build(config)
    assert (result.status, result.problems) == (RunStatus.UNCHANGED, ())
    assert len(entries(config)) == 4


@pytest.mark.usefixtures("maildir")
def test_ids_survive_the_loss_of_the_state(tmp_path: Path) -> None:
    config = configure(tmp_path, letters('path = "Maildir"'))
    build(config)
    before = {title: item["id"] for title, item in entries(config).items()}
    assert isinstance(config.feedpub.state, Path)
    for file in config.feedpub.state.glob("*.sqlite*"):
        file.unlink()
    result = build(config)
    assert result.new == 0
    assert {title: item["id"] for title, item in entries(config).items()} == before
    assert len(pictures(config)) == 1


@pytest.mark.usefixtures("maildir")
def test_filter_of_the_feed_keeps_a_mail_out_by_its_subject(tmp_path: Path) -> None:
    more = '\n[feed.exclude]\ntitle = ["noise"]'
    config = configure(tmp_path, letters('path = "Maildir"') + more)
    result = build(config)
    assert (result.new, result.skipped) == (3, 1)


def test_reclean_makes_the_same_entries_from_the_stored_mails(
    tmp_path: Path, maildir: Path
) -> None:
    config = configure(tmp_path, letters('path = "Maildir"'))
    build(config)
    shutil.rmtree(maildir)
    with tools(config) as context:
        plan = plan_reprocess(config.feed[0], context)
    assert [each.status for each in plan.entries] == [ReprocessVerdict.SAME] * 4


def test_mail_without_text_is_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "config/sealed.eml"
    path.parent.mkdir()
    path.write_bytes(
        b"Message-ID: <s@example.org>\nSubject: Sealed\n"
        b"Content-Type: application/pkcs7-mime\n\nMIIB\n"
    )
    config = configure(tmp_path, letters('path = "sealed.eml"'))
    assert build(config).new == 1
    assert entries(config).keys() == {"Sealed"}


# --- IMAP ---


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(ca: trustme.CA) -> Iterator[ImapServer]:
    with running_imap(ca) as server:
        fill(server.maildir, *SUBJECTS)
        yield server


def on_server(url: str, more: str = "", password: str = PASSWORD) -> str:
    auth = f'auth = {{ username = "{USER}", password = "{password}" }}'
    return letters(f'server = "{url}"\n{auth}\n{more}')


def flags(server: ImapServer) -> dict[str, str]:
    """Return the flags of each mail on the server."""
    found = {}
    for part in ("new", "cur"):
        for path in (server.maildir / part).iterdir():
            name, _, letters_ = path.name.partition(":2,")
            found[name.partition(".host")[0]] = letters_
    return found


@needs_dovecot
@pytest.mark.usefixtures("maildir")
def test_mails_on_a_server_become_the_same_entries_as_on_disk(
    tmp_path: Path, server: ImapServer
) -> None:
    on_disk = configure(tmp_path, letters('path = "Maildir"'))
    build(on_disk)
    before = entries(on_disk)
    config = configure(tmp_path, on_server(server.url()))
    result = build(config, server.ca_file)
    assert (result.new, result.updated, result.problems) == (0, 0, ())
    assert entries(config) == before


@needs_dovecot
@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_server_is_read_over_tls_and_nothing_on_it_changes(
    tmp_path: Path, server: ImapServer, scheme: str
) -> None:
    url = server.starttls_url() if scheme == "imap" else server.url()
    config = configure(tmp_path, on_server(url))
    result = build(config, server.ca_file)
    assert (result.new, result.problems) == (4, ())
    assert len(pictures(config)) == 1
    assert flags(server) == dict.fromkeys(SUBJECTS, "")
    assert PASSWORD not in "".join(
        path.read_text("utf-8") for path in output_folder(config).rglob("*.html")
    )


@needs_dovecot
def test_only_new_mails_are_transferred(tmp_path: Path, server: ImapServer) -> None:
    config = configure(tmp_path, on_server(server.url()))
    build(config, server.ca_file)
    fill(server.maildir, "campaign")  # a copy with the same Message-ID
    (server.maildir / "new/extra.host").write_bytes(b"Message-ID: <x@y>\nSubject: Extra\n\nMore.\n")
    if os.getuid() == 0:
        shutil.chown(server.maildir / "new/extra.host", "nobody", "nogroup")
    size_before = _transferred(server)
    result = build(config, server.ca_file)
    assert (result.new, result.updated) == (1, 0)
    assert _transferred(server) - size_before < 5000


def _transferred(server: ImapServer) -> int:
    """Return the bytes that the server has sent in all sessions, by its log."""
    return sum(int(size) for size in re.findall(r"Logged out.*? out=(\d+)", server.log()))


@needs_dovecot
def test_mails_are_marked_as_read_once_they_are_stored(tmp_path: Path, server: ImapServer) -> None:
    more = 'mark_read = true\nfrom = ["letter@quay.example.org"]'
    config = configure(tmp_path, on_server(server.url(), more))
    result = build(config, server.ca_file)
    assert (result.new, result.problems) == (1, ())
    assert flags(server) == {**dict.fromkeys(SUBJECTS, ""), "campaign": "S"}
    build(config, server.ca_file)
    assert server.log().count("Logged in") == 4  # twice to list, once to read, once to mark


@needs_dovecot
def test_mails_are_deleted_once_they_are_stored(tmp_path: Path, server: ImapServer) -> None:
    more = 'delete = true\nlist_id = ["kernels.*"]'
    config = configure(tmp_path, on_server(server.url(), more))
    assert build(config, server.ca_file).problems == ()
    assert flags(server).keys() == SUBJECTS.keys() - {"mailing-list"}
    result = build(config, server.ca_file)
    assert (result.status, result.problems) == (RunStatus.UNCHANGED, ())
    assert len(entries(config)) == 1


@needs_dovecot
def test_mail_that_a_filter_excludes_is_not_deleted(tmp_path: Path, server: ImapServer) -> None:
    more = 'delete = true\n[feed.exclude]\ntitle = ["harbour"]'
    config = configure(tmp_path, on_server(server.url(), more))
    build(config, server.ca_file)
    assert flags(server).keys() == {"campaign"}


@needs_dovecot
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("password", "login refused: check auth ([AUTHENTICATIONFAILED] Authentication failed.)"),
        ("mailbox", "mailbox Nöwhere does not exist: "),
        ("authority", "its TLS certificate is not valid: unable to get local issuer certificate"),
        ("host", "its TLS certificate is not valid: Hostname mismatch"),
        ("private", "127.0.0.1 is a loopback address, and only public ones are fetched"),
        ("plain", "no secure connection could be made"),
    ],
)
def test_failures_are_named(tmp_path: Path, server: ImapServer, change: str, reason: str) -> None:
    url, password, ca_file = server.url(), PASSWORD, server.ca_file
    settings = ""
    match change:
        case "password":
            password = "wrong password"
        case "mailbox":
            url = server.url("N%C3%B6where")
        case "authority":
            ca_file = tmp_path / "other.pem"
            trustme.CA().cert_pem.write_to_path(ca_file)
        case "host":
            url = url.replace("127.0.0.1", "localhost")
        case "plain":
            url = f"imaps://127.0.0.1:{server.port}/INBOX"
    config = configure(tmp_path, on_server(url, password=password), settings=settings)
    if change == "private":
        public = config.feedpub.model_copy(update={"allow_private": ()})
        config = config.model_copy(update={"feedpub": public})
    result = build(config, ca_file)
    assert result.status == RunStatus.FAILED
    (problem,) = result.problems
    assert problem.reason.startswith(reason) or reason in problem.reason
    assert problem.where == url
    assert password not in str(result.problems)


@needs_dovecot
def test_login_is_never_sent_without_tls(tmp_path: Path, ca: trustme.CA) -> None:
    with running_imap(ca, tls="no") as server:
        config = configure(tmp_path, on_server(server.starttls_url()))
        result = build(config, server.ca_file)
        assert "TLS not supported by server" in result.problems[0].reason
        assert "Logged in" not in server.log()


@needs_dovecot
def test_refused_login_is_tried_once(tmp_path: Path, server: ImapServer) -> None:
    config = configure(tmp_path, on_server(server.url(), password="wrong password"))
    build(config, server.ca_file)
    assert len(re.findall(r"auth failed|Authentication failed|Aborted login", server.log())) == 1


@needs_dovecot
def test_mailbox_below_another_is_read(tmp_path: Path, server: ImapServer) -> None:
    folder = server.maildir / ".Lists.W&APY-chentlich"
    fill(folder, "publication")
    for path in [folder, *folder.iterdir()]:
        if os.getuid() == 0:
            shutil.chown(path, "nobody", "nogroup")
    config = configure(tmp_path, on_server(server.url("Lists/W%C3%B6chentlich")))
    result = build(config, server.ca_file)
    assert (result.new, result.problems) == (1, ())


def test_server_that_does_not_answer_ends_at_the_deadline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"imaps://127.0.0.1:{silent.getsockname()[1]}/INBOX"
        config = configure(tmp_path, on_server(url))
        clock = FakeClock(NOW)
        fetcher = Fetcher(delay=0, allow_private=["127.0.0.0/8"], deadline=0.5, clock=clock)
        with fetcher, open_context(config, clock) as context:
            began = datetime.now(UTC)
            result = run.run_feed(config.feed[0], replace(context, fetcher=fetcher))
    assert result.status == RunStatus.FAILED
    assert "no complete answer within 0.5 s" in result.problems[0].reason
    assert datetime.now(UTC) - began < timedelta(seconds=10)
