"""Statements of one origin (JSON-LD, meta names, microdata, the visible page) about an article."""

from dataclasses import dataclass, field

Size = tuple[int, int]  # width and height in pixels


@dataclass(slots=True)
class Facts:
    """Unchecked texts by field, each list in document order.

    Attributes:
        organisations: authors that are marked as organisations.
        publishers: names of the site.
        image_sizes: by the image's URL, if stated.
        addresses: URLs of the article.
        ingredients, steps: of the recipe that the article is, one text each.
        rights: URLs of licences, and notices of copyright.
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
    rights: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ingredients: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
