"""Files are stored in a bucket with headers, and no write replaces a newer version."""

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
from tests.support.bucket import KEY, SECRET, EmptyBucket, create_bucket, refusing_storage

OLD, NEW, NEWEST = (
    {"world/a.html": body, "world.rss": body, "world.atom": body} for body in (b"1", b"2", b"3")
)


class InterceptedClient(S3Client):
    """A client whose writes are intercepted."""

    def __init__(self, room: EmptyBucket, write: Callable[[str, Callable[[], None]], None]) -> None:
        super().__init__(room.bucket, room.storage)
        self._intercept = write

    def write(self, name: str, upload: Upload, expected: StoredObject | None) -> None:
        self._intercept(name, lambda: S3Client.write(self, name, upload, expected))


def publish_elsewhere(room: EmptyBucket, files: dict[str, bytes]) -> Callable[[], None]:
    """Return a function that publishes files as another process would."""

    def publish() -> None:
        room.output().publish(files)

    return publish


def contents(room: EmptyBucket) -> dict[str, bytes | None]:
    publisher = room.output()
    return {name: publisher.read(name) for name in publisher.list_names()}


# --- Stored objects ---


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
def test_media_type_is_that_of_the_web_server(room: EmptyBucket, name: str) -> None:
    room.output().publish({name: b"x"})
    file = published_name(f"/{name}")
    assert file is not None
    assert room.get(name)["ContentType"] == file.kind.media_type


@pytest.mark.parametrize(
    "name", ["world.rss", "index.html", "world/a.html", "world/map.png", "world-archive-2.html"]
)
def test_changing_file_is_cached_for_minutes(room: EmptyBucket, name: str) -> None:
    room.output().publish({name: b"x"})
    control = room.get(name)["CacheControl"]
    assert control == "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"


@pytest.mark.parametrize(
    "name", ["world-archive-2.rss", "world-archive-2.atom", "world-archive-12.json"]
)
def test_archive_is_cached_forever(room: EmptyBucket, name: str) -> None:
    room.output().publish({name: b"x"})
    assert room.get(name)["CacheControl"] == "public, max-age=31536000, immutable"


def test_text_is_compressed_reproducibly_and_picture_is_not(room: EmptyBucket) -> None:
    body = b"<rss>" + b"News of the day. " * 500
    room.output().publish({"world.rss": body, "world/map.png": body})
    stored = room.get("world.rss")
    assert stored["ContentEncoding"] == "gzip"
    assert gzip.decompress(stored["Body"]) == body
    assert stored["Body"][4:8] == b"\0\0\0\0"  # no timestamp
    assert len(stored["Body"]) < len(body) / 10
    picture = room.get("world/map.png")
    assert (picture.get("ContentEncoding"), picture["Body"]) == (None, body)


def test_changing_the_compression_rewrites_each_object_once(room: EmptyBucket) -> None:
    room.output().publish({"world.rss": b"x"})
    assert room.output(gzip=False).publish({"world.rss": b"x"}) == ("world.rss",)
    stored = room.get("world.rss")
    assert (stored.get("ContentEncoding"), stored["Body"]) == (None, b"x")
    assert room.output(gzip=False).publish({"world.rss": b"x"}) == ()
    assert room.output().publish({"world.rss": b"x"}) == ("world.rss",)


def test_svg_picture_is_a_download(room: EmptyBucket) -> None:
    """A bucket cannot send a header that forbids its scripts."""
    room.output().publish({"world/chart.svg": b"<svg/>", "world/map.png": b"x"})
    assert room.get("world/chart.svg")["ContentDisposition"] == "attachment"
    assert "ContentDisposition" not in room.get("world/map.png")


def test_objects_are_below_the_prefix_and_others_are_ignored(endpoint: str) -> None:
    room = create_bucket(endpoint, "a/b")
    room.output().publish({"world.rss": b"x"})
    assert list(room.versions()) == ["a/b/world.rss"]
    for name in (".hidden", "x/.hidden/y", "folder/", "../bc"):
        room.put(name, b"")
    assert room.output().list_names() == ("world.rss",)
    top = create_bucket(endpoint, "")
    top.output().publish({"world/a.html": b"x"})
    assert list(top.versions()) == ["world/a.html"]
    assert top.output().list_names() == ("world/a.html",)


def test_listing_has_several_pages(room: EmptyBucket) -> None:
    """S3 lists a thousand objects per page."""
    for n in range(1005):
        room.put(f"world/{n:04}.html", b"")
    assert len(room.output().list_names()) == 1005
    assert room.output().find_missing(["world/1004.html", "world/1005.html"]) == (
        "world/1005.html",
    )


def test_object_without_feedpubs_headers_is_read_and_rewritten(room: EmptyBucket) -> None:
    """A copied output folder contains such objects."""
    room.put("world.rss", b"x")
    assert room.output().read("world.rss") == b"x"
    assert room.output().publish({"world.rss": b"x"}) == ("world.rss",)
    assert room.get("world.rss")["ContentType"] == "application/rss+xml; charset=utf-8"


def test_object_with_a_wrong_content_encoding_is_an_error(room: EmptyBucket) -> None:
    room.put("world.rss", b"not gzip", ContentEncoding="gzip")
    with pytest.raises(
        PublishError, match=r"s3://.*/world\.rss cannot be read: its Content-Encoding is gzip"
    ):
        room.output().read("world.rss")


# --- Concurrent writers ---


def test_stale_write_is_refused(room: EmptyBucket) -> None:
    """The process was suspended between its comparison and its write."""
    room.output().publish(OLD)
    stale = S3Output(room.s3_client())
    with pytest.raises(
        StaleWriteError,
        match=r"world/a\.html cannot be written: another feedpub process has written it",
    ):
        stale.publish(NEW, before_commit=publish_elsewhere(room, NEWEST))
    assert contents(room) == NEWEST


def test_stale_creation_is_refused(room: EmptyBucket) -> None:
    with pytest.raises(StaleWriteError, match="another feedpub process has written it"):
        room.output().publish(NEW, before_commit=publish_elsewhere(room, NEWEST))
    assert contents(room) == NEWEST


def test_writer_that_was_overtaken_stops_at_the_first_conflict(room: EmptyBucket) -> None:
    room.output().publish(OLD)
    written: list[str] = []

    def write(name: str, do: Callable[[], None]) -> None:
        if written:
            room.output().publish(NEWEST)
        do()
        written.append(name)

    with pytest.raises(
        StaleWriteError,
        match=r"world\.rss cannot be written: another feedpub process has written it",
    ):
        S3Output(InterceptedClient(room, write)).publish(NEW)
    assert (written, contents(room)) == (["world/a.html"], NEWEST)


def test_object_that_was_deleted_meanwhile_is_not_recreated_by_a_stale_write(
    room: EmptyBucket,
) -> None:
    room.output().publish(OLD)

    def delete_object() -> None:
        room.remove("world/a.html")

    with pytest.raises(StaleWriteError, match="another feedpub process has written it"):
        room.output().publish(NEW, before_commit=delete_object)
    assert "world/a.html" not in contents(room)
    room.output().publish(NEW)
    assert contents(room) == NEW


@pytest.mark.parametrize("before", [{}, OLD], ids=["new", "replaced"])
def test_two_writers_of_the_same_bytes_both_succeed(
    room: EmptyBucket, before: dict[str, bytes]
) -> None:
    room.output().publish(before)
    assert room.output().publish(NEW, before_commit=publish_elsewhere(room, NEW)) == tuple(NEW)
    assert contents(room) == NEW


@pytest.mark.parametrize("before", [{}, OLD], ids=["new", "replaced"])
def test_write_whose_response_was_lost_succeeds(
    room: EmptyBucket, before: dict[str, bytes]
) -> None:
    """The client retries it, is refused, and finds its own version."""
    room.output().publish(before)

    def twice(_name: str, do: Callable[[], None]) -> None:
        do()
        do()

    assert S3Output(InterceptedClient(room, twice)).publish(NEW) == tuple(NEW)
    assert contents(room) == NEW


def test_concurrent_writers_write_or_get_an_error(room: EmptyBucket) -> None:
    errors: list[str] = []

    def publish(n: int) -> None:
        try:
            room.output().publish({"world.rss": b"%d" % n})
        except PublishError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contents(room)["world.rss"] in {b"%d" % n for n in range(8)}
    assert all("another feedpub process has written it" in each for each in errors)


DEATH = """
import os, signal, sys
from feedpub.config import Bucket, Storage
from feedpub.publisher import S3Client, S3Output
endpoint, name, prefix, key, secret, after = sys.argv[1:]
settings = {"endpoint": endpoint, "region": "us-east-1", "key": key, "secret": secret}
storage = Storage.model_validate(settings)
class Dying(S3Client):
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
def test_killed_process_leaves_complete_objects_and_the_next_run_finishes(
    room: EmptyBucket, after: int
) -> None:
    room.output().publish(OLD)
    arguments = (room.endpoint, room.bucket.name, room.bucket.prefix, KEY, SECRET, str(after))
    done = subprocess.run([sys.executable, "-c", DEATH, *arguments], check=False)  # noqa: S603 -- our own
    assert done.returncode == -signal.SIGKILL
    assert contents(room) == {**OLD, **dict(list(NEW.items())[:after])}
    assert room.output().publish(NEW) == tuple(NEW)[after:]
    assert contents(room) == NEW


def test_files_after_a_failed_one_are_not_written(room: EmptyBucket) -> None:
    """No document links to a missing page."""

    def write(name: str, do: Callable[[], None]) -> None:
        if name == "world.rss":
            raise PublishError("no")
        do()

    with pytest.raises(PublishError, match="no"):
        S3Output(InterceptedClient(room, write)).publish(NEW)
    assert contents(room) == {"world/a.html": b"2"}


# --- Errors ---


def get_error(do: Callable[[], object]) -> str:
    """Return the message of the error, which must not contain a secret."""
    with pytest.raises(PublishError) as caught:
        do()
    assert SECRET not in str(caught.value)
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_missing_bucket_is_an_error(room: EmptyBucket) -> None:
    nowhere = S3Output(S3Client(Bucket("nowhere"), room.storage))
    for do in (
        lambda: nowhere.publish({"world.rss": b"x"}),
        nowhere.list_names,
        lambda: nowhere.read("world.rss"),
    ):
        message = get_error(do)
        assert "there is no such bucket (NoSuchBucket); create it, or write another" in message


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (
            403,
            "AccessDenied",
            "access denied (AccessDenied); allow the key s3:GetObject and s3:PutObject",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "the server does not know the access key (InvalidAccessKeyId); check key and secret",
        ),
        (403, "SignatureDoesNotMatch", "the secret does not belong to the access key"),
        (
            400,
            "AuthorizationHeaderMalformed",
            "the bucket is in another region",
        ),
        (501, "NotImplemented", "the server does not support conditional writes (If-Match)"),
        (
            418,
            "Teapot",
            "the server did not respond as expected (Teapot); the next run tries again",
        ),
        (503, "SlowDown", "the server is busy (SlowDown); the next run tries again"),
    ],
)
def test_error_of_the_server_is_explained_without_its_message(
    room: EmptyBucket, status: int, code: str, expected: str
) -> None:
    """The message can contain a secret."""
    with refusing_storage(status, code) as endpoint:
        client = S3Client(room.bucket, room.storage.model_copy(update={"endpoint": endpoint}))
        message = get_error(lambda: client.write("world.rss", Upload(b"x", "", {}), None))
    assert message.startswith(f"{room.bucket}/world.rss cannot be written at {endpoint}: ")
    assert expected in message


def test_refused_head_request_is_explained(room: EmptyBucket) -> None:
    """Its response has a status but no code."""
    with refusing_storage(403, "AccessDenied") as endpoint:
        storage = room.storage.model_copy(update={"endpoint": endpoint})
        publisher = open_output(room.bucket, storage)
        assert "access denied, or wrong credentials (403)" in get_error(
            lambda: publisher.publish({"world.rss": b"x"})
        )
        assert "access denied" in get_error(publisher.list_names)


def test_unreachable_server_is_named_in_the_error(room: EmptyBucket) -> None:
    storage = room.storage.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    message = get_error(lambda: open_output(room.bucket, storage).publish({"world.rss": b"x"}))
    assert "at http://127.0.0.1:9: the server cannot be reached" in message


def test_missing_credentials_are_an_error_and_the_environment_provides_them(
    room: EmptyBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    storage = Storage(endpoint=room.endpoint, region="us-east-1")
    message = get_error(lambda: open_output(room.bucket, storage).publish({"world.rss": b"x"}))
    assert "there are no credentials (NoCredentialsError); write key and secret in [s3]" in message
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert open_output(room.bucket, storage).publish({"world.rss": b"x"}) == ("world.rss",)


def test_missing_s3fs_is_an_error_with_the_command_to_install_it(
    room: EmptyBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert "pip install 'feedpub[s3]'" in get_error(lambda: open_output(room.bucket, room.storage))


def test_unreadable_secret_is_a_config_error(room: EmptyBucket) -> None:
    storage = Storage.model_validate(
        {"key": {"env": "FEEDPUB_NO_SUCH"}, "secret": {"env": "FEEDPUB_NO_SUCH"}}
    )
    with pytest.raises(ConfigError, match="FEEDPUB_NO_SUCH is not set"):
        open_output(room.bucket, storage)


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_silent_server_causes_a_timeout(
    room: EmptyBucket, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedpub.publisher.s3_client._CALL_TIMEOUT_SECONDS", 0.5)
    storage = room.storage.model_copy(update={"endpoint": silent})
    message = get_error(lambda: open_output(room.bucket, storage).publish({"world.rss": b"x"}))
    assert "the server did not respond as expected" in message
