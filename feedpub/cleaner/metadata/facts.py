"""What one origin (JSON-LD, meta names, microdata, the visible page) says about an article, as it says it."""

from dataclasses import dataclass, field

Size = tuple[int, int]  # width and height in pixels


@dataclass(slots=True)
class Facts:
    """Raw texts by field, each list in the page's order; nothing is checked yet.

    Attributes:
        organisations: authors that are said to be organisations.
        publishers: names of the site.
        image_sizes: by the image's address, where it is stated.
        addresses: the article's own address.
    """

    titles: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    publishers: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    image_sizes: dict[str, Size] = field(default_factory=dict)
    descriptions: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
