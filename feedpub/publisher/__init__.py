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

from feedpub.publisher.bucket import BucketPublisher
from feedpub.publisher.objects import Objects
from feedpub.publisher.opening import open_publisher
from feedpub.publisher.protocol import Publisher, Rehearsal
from feedpub.publisher.publisher import FolderPublisher

__all__ = ["BucketPublisher", "FolderPublisher", "Objects", "Publisher", "Rehearsal", "open_publisher"]
