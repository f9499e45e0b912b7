"""A bucket as output.

Under which headers objects lie there, and that nothing older ever goes over what is newer.
"""

import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedpub.config import Bucket, Storage
from feedpub.core.errors import ConfigError, PublishError, StaleWriteError
from feedpub.publisher import S3Client, S3Output, open_output
from feedpub.publisher.s3_client import StoredObject, Upload
from feedpub.web.app import published_name
from tests.support.bucket import KEY, SECRET, Room, new_room, refusing

OLD, NEW, NEWEST = (
    {"world/a.html": body, "world.rss": body, "world.atom": body} for body in (b"1", b"2", b"3")
)


class Meddled(S3Client):
    """Objects of which each is written with something that happens before, or instead."""

    def __init__(self, room: Room, write: Callable[[str, Callable[[], None]], None]) -> None:
        super().__init__(room.bucket, room.storage)
        self._meddle = write

    def write(self, name: str, upload: Upload, expected: StoredObject | None) -> None:
        self._meddle(name, lambda: S3Client.write(self, name, upload, expected))


def another(room: Room, files: dict[str, bytes]) -> Callable[[], None]:
    """Another process that publishes."""

    def publish() -> None:
        room.publisher().publish(files)

    return publish


def contents(room: Room) -> dict[str, bytes | None]:
    publisher = room.publisher()
    return {name: publisher.read(name) for name in publisher.list_names()}


# --- how objects lie there
# ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "world.rss",
        "world.atom",
        "world.json",
        "feeds.opml",
        "index.html",
        "world/a.html",
        "world/map.png",
    ],
)
def test_the_media_type_is_that_of_the_web_server(room: Room, name: str) -> None:
    """So that readers cannot tell the bucket from `feedpub serve`."""
    room.publisher().publish({name: b"x"})
    file = published_name(f"/{name}")
    assert file is not None
    assert room.get(name)["ContentType"] == file.kind.media_type


@pytest.mark.parametrize(
    "name", ["world.rss", "index.html", "world/a.html", "world/map.png", "world-archive-2.html"]
)
def test_what_may_change_is_kept_for_minutes(room: Room, name: str) -> None:
    """And by a network in front of the bucket a little longer, while it fetches anew, or cannot."""
    room.publisher().publish({name: b"x"})
    control = room.get(name)["CacheControl"]
    assert control == "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"


@pytest.mark.parametrize(
    "name", ["world-archive-2.rss", "world-archive-2.atom", "world-archive-12.json"]
)
def test_archives_are_kept_for_good(room: Room, name: str) -> None:
    """They are never written again."""
    room.publisher().publish({name: b"x"})
    assert room.get(name)["CacheControl"] == "public, max-age=31536000, immutable"


def test_texts_are_stored_compressed(room: Room) -> None:
    """Always as the same bytes, which are those of the folder when they are unpacked.

    Pictures as they are.
    """
    body = b"<rss>" + b"News of the day. " * 500
    room.publisher().publish({"world.rss": body, "world/map.png": body})
    stored = room.get("world.rss")
    assert stored["ContentEncoding"] == "gzip"
    assert gzip.decompress(stored["Body"]) == body
    assert stored["Body"][4:8] == b"\0\0\0\0"  # no time in it
    assert len(stored["Body"]) < len(body) / 10
    picture = room.get("world/map.png")
    assert (picture.get("ContentEncoding"), picture["Body"]) == (None, body)


def test_compression_can_be_turned_off(room: Room) -> None:
    """Objects that are there already are written anew for it, once; and back again."""
    room.publisher().publish({"world.rss": b"x"})
    assert room.publisher(gzip=False).publish({"world.rss": b"x"}) == ("world.rss",)
    stored = room.get("world.rss")
    assert (stored.get("ContentEncoding"), stored["Body"]) == (None, b"x")
    assert room.publisher(gzip=False).publish({"world.rss": b"x"}) == ()
    assert room.publisher().publish({"world.rss": b"x"}) == ("world.rss",)


def test_a_picture_that_may_hold_scripts_is_a_download(room: Room) -> None:
    """No header of a bucket forbids them to run; in a page it is shown all the same."""
    room.publisher().publish({"world/chart.svg": b"<svg/>", "world/map.png": b"x"})
    assert room.get("world/chart.svg")["ContentDisposition"] == "attachment"
    assert "ContentDisposition" not in room.get("world/map.png")


def test_objects_lie_below_the_prefix(endpoint: str) -> None:
    """What else is in the bucket is not looked at, nor what is hidden.

    Without a prefix they lie at its top.
    """
    room = new_room(endpoint, "a/b")
    room.publisher().publish({"world.rss": b"x"})
    assert list(room.versions()) == ["a/b/world.rss"]
    for name in (".hidden", "x/.hidden/y", "folder/", "../bc"):
        room.put(name, b"")
    assert room.publisher().list_names() == ("world.rss",)
    top = new_room(endpoint, "")
    top.publisher().publish({"world/a.html": b"x"})
    assert list(top.versions()) == ["world/a.html"]
    assert top.publisher().list_names() == ("world/a.html",)


def test_more_objects_than_one_list_holds(room: Room) -> None:
    """S3 lists a thousand at a time."""
    for n in range(1005):
        room.put(f"world/{n:04}.html", b"")
    assert len(room.publisher().list_names()) == 1005
    assert room.publisher().find_missing(["world/1004.html", "world/1005.html"]) == (
        "world/1005.html",
    )


def test_what_others_put_there_is_read_and_written_anew(room: Room) -> None:
    """As after a copy of the output folder, which has not feedpub's headers."""
    room.put("world.rss", b"x")
    assert room.publisher().read("world.rss") == b"x"
    assert room.publisher().publish({"world.rss": b"x"}) == ("world.rss",)
    assert room.get("world.rss")["ContentType"] == "application/rss+xml; charset=utf-8"


def test_what_is_not_compressed_as_it_says_is_told(room: Room) -> None:
    """And is no feed."""
    room.put("world.rss", b"not gzip", ContentEncoding="gzip")
    with pytest.raises(
        PublishError, match=r"s3://.*/world\.rss cannot be read: it is not compressed as it says"
    ):
        room.publisher().read("world.rss")


# --- who writes when another does
# -----------------------------------------------------------------------------


def test_a_stale_writer_is_refused(room: Room) -> None:
    """It slept between its look and its write, while another published.

    What that one wrote stays.
    """
    room.publisher().publish(OLD)
    stale = S3Output(room.objects())
    with pytest.raises(
        StaleWriteError,
        match=r"world/a\.html cannot be written: another feedpub wrote it meanwhile",
    ):
        stale.publish(NEW, certain=another(room, NEWEST))
    assert contents(room) == NEWEST


def test_a_stale_writer_does_not_make_what_another_made(room: Room) -> None:
    """The same where there was nothing before."""
    with pytest.raises(StaleWriteError, match="another feedpub wrote it meanwhile"):
        room.publisher().publish(NEW, certain=another(room, NEWEST))
    assert contents(room) == NEWEST


def test_a_writer_that_sleeps_in_the_middle_is_refused_from_there_on(room: Room) -> None:
    """Its first object was gone over by the other; its next ones never come."""
    room.publisher().publish(OLD)
    written: list[str] = []

    def write(name: str, do: Callable[[], None]) -> None:
        if written:
            room.publisher().publish(NEWEST)
        do()
        written.append(name)

    with pytest.raises(
        StaleWriteError, match=r"world\.rss cannot be written: another feedpub wrote it meanwhile"
    ):
        S3Output(Meddled(room, write)).publish(NEW)
    assert (written, contents(room)) == (["world/a.html"], NEWEST)


def test_what_was_taken_away_meanwhile_is_not_put_back(room: Room) -> None:
    """By one who looked when it was still there; the next run does."""
    room.publisher().publish(OLD)

    def take_away() -> None:
        room.remove("world/a.html")

    with pytest.raises(StaleWriteError, match="another feedpub wrote it meanwhile"):
        room.publisher().publish(NEW, certain=take_away)
    assert "world/a.html" not in contents(room)
    room.publisher().publish(NEW)
    assert contents(room) == NEW


@pytest.mark.parametrize("before", [{}, OLD], ids=["new", "replaced"])
def test_two_who_write_the_same_both_succeed(room: Room, before: dict[str, bytes]) -> None:
    """Whoever comes second finds the bytes there."""
    room.publisher().publish(before)
    assert room.publisher().publish(NEW, certain=another(room, NEW)) == tuple(NEW)
    assert contents(room) == NEW


@pytest.mark.parametrize("before", [{}, OLD], ids=["new", "replaced"])
def test_a_write_whose_answer_was_lost_is_a_write(room: Room, before: dict[str, bytes]) -> None:
    """It is sent again, refused, and finds itself there."""
    room.publisher().publish(before)

    def twice(_name: str, do: Callable[[], None]) -> None:
        do()
        do()

    assert S3Output(Meddled(room, twice)).publish(NEW) == tuple(NEW)
    assert contents(room) == NEW


def test_many_who_write_at_once_leave_one_version_each(room: Room) -> None:
    """Each of them wrote, or was told that it did not."""
    told: list[str] = []

    def publish(n: int) -> None:
        try:
            room.publisher().publish({"world.rss": b"%d" % n})
        except PublishError as error:
            told.append(str(error))

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contents(room)["world.rss"] in {b"%d" % n for n in range(8)}
    assert all("another feedpub wrote it meanwhile" in each for each in told)


DEATH = """
import os, signal, sys
from feedpub.config import Bucket, Storage
from feedpub.publisher import BucketPublisher, Objects
endpoint, name, prefix, key, secret, after = sys.argv[1:]
storage = Storage.model_validate({"endpoint": endpoint, "region": "us-east-1", "key": key, "secret": secret})
class Dying(Objects):
    left = int(after)
    def write(self, *arguments):
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        super().write(*arguments)
files = {"world/a.html": b"2", "world.rss": b"2", "world.atom": b"2"}
S3Output(Dying(Bucket(name, prefix), storage)).publish(files)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_while_publishing(room: Room, after: int) -> None:
    """Each object is the old or the new one, what is linked to before what links.

    The next run finishes.
    """
    room.publisher().publish(OLD)
    arguments = (room.endpoint, room.bucket.name, room.bucket.prefix, KEY, SECRET, str(after))
    done = subprocess.run([sys.executable, "-c", DEATH, *arguments], check=False)  # noqa: S603 -- our own
    assert done.returncode == -signal.SIGKILL
    assert contents(room) == {**OLD, **dict(list(NEW.items())[:after])}
    assert room.publisher().publish(NEW) == tuple(NEW)[after:]
    assert contents(room) == NEW


def test_what_comes_after_one_that_fails_is_not_written(room: Room) -> None:
    """So no document links to a page that is not there."""

    def write(name: str, do: Callable[[], None]) -> None:
        if name == "world.rss":
            raise PublishError("no")
        do()

    with pytest.raises(PublishError, match="no"):
        S3Output(Meddled(room, write)).publish(NEW)
    assert contents(room) == {"world/a.html": b"2"}


# --- what is said when it cannot be
# ---------------------------------------------------------------------------


def said(do: Callable[[], object]) -> str:
    """What is said of a failure; never a secret."""
    with pytest.raises(PublishError) as caught:
        do()
    assert SECRET not in str(caught.value)
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_a_bucket_that_is_not_there(room: Room) -> None:
    """Is named."""
    nowhere = S3Output(S3Client(Bucket("nowhere"), room.storage))
    for do in (
        lambda: nowhere.publish({"world.rss": b"x"}),
        nowhere.list_names,
        lambda: nowhere.read("world.rss"),
    ):
        assert (
            "there is no such bucket (NoSuchBucket); make it, or write another one in output"
            in said(do)
        )


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (
            403,
            "AccessDenied",
            "access denied (AccessDenied); let the key do s3:GetObject and s3:PutObject",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "the access key is unknown there (InvalidAccessKeyId); look at key and secret",
        ),
        (403, "SignatureDoesNotMatch", "the secret does not belong to the access key"),
        (400, "AuthorizationHeaderMalformed", "the bucket is in another region"),
        (501, "NotImplemented", "the server does not know conditional writes (If-Match)"),
        (
            418,
            "Teapot",
            "the server did not answer as it should (Teapot); the next run tries again",
        ),
        (503, "SlowDown", "the server is busy (SlowDown); the next run tries again"),
    ],
)
def test_what_the_server_refuses_is_said(room: Room, status: int, code: str, expected: str) -> None:
    """With the place, what is wrong and what to do.

    The server's own words may hold a secret, and stay out.
    """
    with refusing(status, code) as endpoint:
        objects = S3Client(room.bucket, room.storage.model_copy(update={"endpoint": endpoint}))
        message = said(lambda: objects.write("world.rss", Upload(b"x", "", {}), None))
    assert message.startswith(f"{room.bucket}/world.rss cannot be written at {endpoint}: ")
    assert expected in message


def test_a_look_that_is_refused_is_said(room: Room) -> None:
    """Though a refusal of HEAD says nothing but its number."""
    with refusing(403, "AccessDenied") as endpoint:
        storage = room.storage.model_copy(update={"endpoint": endpoint})
        publisher = open_output(room.bucket, storage)
        assert "access denied, or wrong credentials (403)" in said(
            lambda: publisher.publish({"world.rss": b"x"})
        )
        assert "access denied" in said(publisher.list_names)


def test_a_server_that_is_not_there(room: Room) -> None:
    """Is told by its address."""
    storage = room.storage.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    message = said(lambda: open_output(room.bucket, storage).publish({"world.rss": b"x"}))
    assert "at http://127.0.0.1:9: the server cannot be reached" in message


def test_without_credentials(room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the config or around it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    storage = Storage(endpoint=room.endpoint, region="us-east-1")
    message = said(lambda: open_output(room.bucket, storage).publish({"world.rss": b"x"}))
    assert "there are no credentials (NoCredentialsError); write key and secret in [s3]" in message
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert open_output(room.bucket, storage).publish({"world.rss": b"x"}) == ("world.rss",)


def test_without_s3fs(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is said."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert "pip install 'feedpub[s3]'" in said(lambda: open_output(room.bucket, room.storage))


def test_a_secret_that_cannot_be_had_is_a_fault_of_the_config(room: Room) -> None:
    """As everywhere."""
    storage = Storage.model_validate(
        {"key": {"env": "FEEDPUB_NO_SUCH"}, "secret": {"env": "FEEDPUB_NO_SUCH"}}
    )
    with pytest.raises(ConfigError, match="FEEDPUB_NO_SUCH is not set"):
        open_output(room.bucket, storage)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_says_nothing_is_not_waited_for(
    room: Room, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than a call may take with all its tries."""
    monkeypatch.setattr("feedpub.publisher.s3_client._PATIENCE", 0.5)
    storage = room.storage.model_copy(update={"endpoint": silent})
    message = said(lambda: open_output(room.bucket, storage).publish({"world.rss": b"x"}))
    assert "the server did not answer as it should" in message
