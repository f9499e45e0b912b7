"""The one writer of the output folder. Knows names and bytes, and nothing of what is in them."""

from feedpub.publisher.publisher import Publisher, Rehearsal

__all__ = ["Publisher", "Rehearsal"]
