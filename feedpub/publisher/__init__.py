"""The one writer of the output, a folder or a bucket. Knows names and bytes, and nothing of what is in them.

protocol    what can be done with what is published, wherever it lies
names       what a published file may be called, and what it is by its name
publisher   the output as a folder
folder      folders by descriptor, and files written whole
bucket      the output as a bucket
objects     the objects of a bucket, and how they are asked for
faults      what object storage refuses, in words
opening     which of them there is for a config
"""

from feedpub.publisher.base import DryRunOutput, Output
from feedpub.publisher.folder import FolderOutput
from feedpub.publisher.open import open_output
from feedpub.publisher.s3 import S3Output
from feedpub.publisher.s3_client import S3Client

__all__ = ["DryRunOutput", "FolderOutput", "Output", "S3Client", "S3Output", "open_output"]
