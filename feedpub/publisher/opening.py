"""Which publisher there is for what the config names as output."""

from pathlib import Path

from feedpub.config import Bucket, Storage
from feedpub.publisher.bucket import BucketPublisher
from feedpub.publisher.objects import Objects
from feedpub.publisher.protocol import Publisher
from feedpub.publisher.publisher import FolderPublisher


def open_publisher(output: Path | Bucket, storage: Storage) -> Publisher:
    """The writer of the output; nothing is written or asked for yet.

    Raises:
        PublishError: the output is a bucket, and what it needs is not installed.
        ConfigError: a secret cannot be had.
    """
    if isinstance(output, Path):
        return FolderPublisher(output)
    return BucketPublisher(Objects(output, storage), gzip=storage.gzip)
