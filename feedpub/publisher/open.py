"""Which publisher there is for what the config names as output."""

from pathlib import Path

from feedpub.config import Bucket, Storage
from feedpub.publisher.base import Output
from feedpub.publisher.folder import FolderOutput
from feedpub.publisher.s3 import S3Output
from feedpub.publisher.s3_client import S3Client


def open_output(output: Path | Bucket, storage: Storage) -> Output:
    """The writer of the output; nothing is written or asked for yet.

    Raises:
        PublishError: the output is a bucket, and what it needs is not installed.
        ConfigError: a secret cannot be had.
    """
    if isinstance(output, Path):
        return FolderOutput(output)
    return S3Output(S3Client(output, storage), gzip=storage.gzip)
