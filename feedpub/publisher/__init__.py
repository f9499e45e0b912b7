"""Publish files in a folder or in a bucket, regardless of their contents.

base        the interface of an output, and a dry run of it
names       valid names of published files, and their types
folder      the output as a folder
s3          the output as a bucket
s3_client   requests to object storage, and its errors
"""

from pathlib import Path

from feedpub.config import Bucket, Storage
from feedpub.publisher.base import DryRunOutput, Output
from feedpub.publisher.folder import FolderOutput
from feedpub.publisher.s3 import S3Output
from feedpub.publisher.s3_client import S3Client

__all__ = ["DryRunOutput", "FolderOutput", "Output", "S3Client", "S3Output", "open_output"]


def open_output(output: Path | Bucket, storage: Storage) -> Output:
    """Return the output that the config names; nothing is written or requested yet.

    Args:
        output: a folder or a bucket.
        storage: the access to object storage.

    Raises:
        PublishError: the output is a bucket, and s3fs is not installed.
        ConfigError: a secret cannot be read.
    """
    if isinstance(output, Path):
        return FolderOutput(output)
    return S3Output(S3Client(output, storage), gzip=storage.gzip)
