"""The posts of a forum's thread, which are the content of its page.

The learned model takes replies for comments, and the names of their authors for boilerplate. The
markup of well-known forums states it exactly; it is described in `data/forums.toml`. Comments
below an article differ from them, as there is a text outside of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.layout import Block, Box
from feedpub.cleaner.page import PageContext
from feedpub.core.loading import load_toml

MAX_ARTICLE_WORDS = 80  # outside of the posts; with more, they are comments of an article
MAX_AUTHOR_CHARS = 120  # of the line with the name of a post's author
OUTSIDE_POSTS = "next to a forum's post"


class PostMarkup(NamedTuple):
    """The names of the parts of a post."""

    body: frozenset[str]
    author: frozenset[str]


@dataclass(slots=True)
class Thread:
    """The blocks of a thread.

    Attributes:
        kept: the texts of the posts, and the lines with the names of those who reply.
        removed: everything else in and between the posts: profiles, counters, buttons, signatures.
    """

    kept: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)


class Post(NamedTuple):
    """A post of a thread: its element, and the blocks of its text."""

    element: HtmlElement
    blocks: frozenset[int]


def find_thread(page: PageContext) -> Thread | None:
    """Return the thread that a page consists of; None if it is not a forum's."""
    thread = Thread()
    for box, markup in _find_posts(page):
        kept = set(_find_body(page, box, markup))
        if not kept:  # another kind of post, perhaps an article
            continue
        if thread.kept:  # the author of the first post is the article's
            kept.update(_find_author(page, box, markup, min(kept)))
        thread.kept |= kept
        thread.removed.update(set(range(box.first, box.last)) - kept)
    thread.removed -= thread.kept
    if not thread.kept:
        return None
    inside = thread.kept | thread.removed
    words = sum([count for index, count in enumerate(page.likely_words) if index not in inside])
    body_words = sum([page.word_counts[index] for index in thread.kept])
    return thread if words < min(MAX_ARTICLE_WORDS, body_words) else None


def find_post(page: PageContext, address: str | None) -> Post | None:
    """Return the post that an address leads to by its fragment; None if there is none.

    Args:
        page: the page.
        address: its fragment names the post, or an element in it or around it alone.
    """
    place = urlsplit(address or "").fragment
    if not place or find_thread(page) is None:
        return None
    target = _find_place(page, place)
    if target is None:
        return None
    posts = [Post(box.element, _find_body(page, box, markup)) for box, markup in _find_posts(page)]
    posts = [post for post in posts if post.blocks]
    above = {target, *target.iterancestors()}
    around = [post for post in posts if post.element in above]
    if around:
        return around[-1]  # the innermost one
    inside = [post for post in posts if target in post.element.iterancestors()]
    return inside[0] if len(inside) == 1 else None


def _find_place(page: PageContext, place: str) -> HtmlElement | None:
    """Return the element that a fragment names."""
    for element in page.layout.boxes[0].element.iter():
        if place in (element.get("id"), element.get("name")):
            return element
    return None


def _find_posts(page: PageContext) -> Iterator[tuple[Box, PostMarkup]]:
    forums, _ = load_forums()
    for box in page.layout.boxes:
        for name in _find_post_names(box.name, box.element.get("itemtype", "")):
            yield box, forums[name]


@lru_cache(maxsize=10_000)
def _find_post_names(names: str, item_type: str) -> frozenset[str]:
    """Return the known names of posts among the names of a box and the type of its microdata."""
    forums, _ = load_forums()
    return frozenset(forums.keys() & {*_split_name(names), item_type.rpartition("/")[2]})


def _find_body(page: PageContext, post: Box, markup: PostMarkup) -> frozenset[int]:
    """Return the blocks of a post's text, without its signature."""
    _, signatures = load_forums()
    found: set[int] = set()
    excluded: set[int] = set()
    for box in page.layout.boxes:
        if box is post or not post.first <= box.first < box.last <= post.last:
            continue
        names = _split_name(box.name)
        if not names.isdisjoint(signatures):
            excluded.update(range(box.first, box.last))
        elif not names.isdisjoint(markup.body):
            found.update(range(box.first, box.last))
    return frozenset(found - excluded)


def _find_author(page: PageContext, post: Box, markup: PostMarkup, end: int) -> Iterator[int]:
    """Yield the block above a post's text that names its author."""
    for index in range(end - 1, post.first - 1, -1):
        block = page.layout.blocks[index]
        if block.text and len(block.text) <= MAX_AUTHOR_CHARS and _names(page, block, markup):
            yield index
            return


def _names(page: PageContext, block: Block, markup: PostMarkup) -> bool:
    names = set(_split_name(page.layout.boxes[block.box].name))
    for element in block.elements:
        names.update(element.get("class", "").split(), element.get("itemprop", "").split())
    return not names.isdisjoint(markup.author)


@lru_cache(maxsize=10_000)
def _split_name(name: str) -> frozenset[str]:
    return frozenset(name.replace("|", " ").split()[1:])


@cache
def load_forums() -> tuple[Mapping[str, PostMarkup], frozenset[str]]:
    """Return the markup of posts by the name of a post, and the names of signatures."""
    listed = load_toml("feedpub.cleaner", "data/forums.toml")
    forums: dict[str, PostMarkup] = {}
    for forum in listed["forum"]:
        forums[forum["post"]] = PostMarkup(frozenset(forum["body"]), frozenset(forum["author"]))
    return forums, frozenset(listed["signatures"])
