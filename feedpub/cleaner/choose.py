"""Choose an article's content: that of its page, or the source's own.

The page is usually the fuller one, as many feeds have only a teaser. The source's own content is
chosen if it has words, links, pictures, code or headings that the cleaned page lacks. The decision
is recorded in `Article.content_reason`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape

from lxml.etree import tostring
from lxml.html import HtmlElement

from feedpub.cleaner.sanitize import sanitise
from feedpub.cleaner.summary.editorial import to_plain_text
from feedpub.core.article_keys import url_key
from feedpub.core.html import parse_html
from feedpub.core.models import Article
from feedpub.core.text import pluralize
from feedpub.core.urls import absolute_url

MIN_MISSING_WORDS = 3
MIN_MISSING_SHARE = 0.1  # of the source's words; a page with fewer missing ones has all of them
MIN_OTHER_SHARE = 0.5  # from this share on, the source has another text than the page
MIN_OWN_TEXT_WORDS = 120  # a shorter text next to a longer page is a teaser, unless it has links
MIN_SAME_LENGTH = 0.8  # of the page's words; a source with fewer is not compared by its parts
MIN_MISSING_LINKS = 0.25  # of the source's links
MAX_SAME_POST = 1.5  # times the words of a post; a longer page has more than the post
MAX_SHORT_PAGE_WORDS = 150  # of a page that a picture of the source is added to
MAX_LABEL_WORDS = 6  # of a link to the article itself, such as "Continue reading"
MAX_LINKED_SHARE = 0.5  # of the words; a source with more is a list of links

TITLE_ALONE = "title and link alone"
SHORT_PAGE = "the page's main text, which is short"
OWN_CONTENT = "the source's own content"
_SHINGLE_WORDS = 3
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CUT_END = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*\Z")
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")


def choose_content(page: Article, own: Article | None, *, is_post: bool = False) -> Article:
    """Return the page's article with the more complete content, and the reason for the choice.

    Args:
        page: the article of the page. Its HTML is "" if the page has no content; `content_reason`
            then has the cause.
        own: the article made of the source's own content; None if there is none.
        is_post: the source gives no title, as for posts of a social network, so its content is
            the post and no teaser. Its page may have replies or other posts as well.
    """
    if own is None or not own.html:
        return page
    if not page.html:
        cause = page.content_reason.removeprefix(TITLE_ALONE).removeprefix(": ")
        return _take_own(page, own, cause)
    theirs, ours = _Content(page.html, page.url), _Content(own.html, page.url)
    is_short = page.content_reason == SHORT_PAGE
    if reason := _find_reason_for_own(theirs, ours, is_short=is_short, is_post=is_post):
        return _take_own(page, own, reason)
    return _keep_page(page, theirs, ours)


def _find_reason_for_own(
    page: "_Content", own: "_Content", *, is_short: bool, is_post: bool
) -> str:
    """Return why the source's own content is chosen; "" if the page is."""
    if is_short and own.words and own.is_prose and not own.is_in(page):
        return "the page has hardly any text"
    if is_post and not own.is_cut and len(page.words) > MAX_SAME_POST * len(own.words):
        return "it is a post without a title"
    lacking = _describe_lack(page, own, is_post=is_post)
    return f"the page lacks {lacking} of it" if lacking else ""


def _keep_page(article: Article, page: "_Content", own: "_Content") -> Article:
    """Return the page's article with the reason, and with the source's picture if it has none."""
    if own.pictures and not page.pictures and len(page.words) < MAX_SHORT_PAGE_WORDS:
        reason = f"the page, with the picture of {OWN_CONTENT}"
        return replace(article, html=f"{own.picture_html}{article.html}", content_reason=reason)
    if own.is_in(page):
        reason = f"it has all of {OWN_CONTENT}"
    else:
        reason = f"the source has only a teaser of {pluralize(len(own.words), 'word')}"
    return replace(article, content_reason=f"the page: {reason}")


def _take_own(page: Article, own: Article, reason: str) -> Article:
    return replace(
        page,
        html=own.html,
        text=own.text,
        summary=own.summary or page.summary,
        removed=own.removed,
        complete=True,
        content_reason=f"{OWN_CONTENT}: {reason}" if reason else OWN_CONTENT,
    )


def _describe_lack(page: "_Content", own: "_Content", *, is_post: bool) -> str:
    """Return the parts of the source's content that the page lacks; "" if the page is chosen."""
    others = own.others_than(page)
    if not own.is_in(page):
        missing = own.words_missing_in(page)
        if missing >= page.words_missing_in(own):
            return others.describe(missing)
        is_other = missing >= MIN_OTHER_SHARE * len(own.words)
        if is_other and (is_post or not _is_teaser(page, own, others)):
            return others.describe(missing)
    if len(own.words) < MIN_SAME_LENGTH * len(page.words):
        return ""
    return others.describe(0)


def _is_teaser(page: "_Content", own: "_Content", others: "_Others") -> bool:
    """Return True for a short text without links or code of its own, and not about a picture."""
    if len(own.words) >= MIN_OWN_TEXT_WORDS or others.code:
        return False
    if own.is_prose and others.links:
        return False
    return not own.is_captioned_picture or len(page.words) >= MAX_SHORT_PAGE_WORDS


@dataclass(frozen=True, slots=True)
class _Others:
    """The numbers of parts that one content has and the other lacks."""

    links: int
    pictures: int
    code: int
    headings: int

    def describe(self, words: int) -> str:
        """Return the parts in words: "12 words, 1 picture"; "" if there are none."""
        parts = (
            (words, "word", ""),
            (self.links, "link", ""),
            (self.pictures, "picture", ""),
            (self.code, "block of code", "blocks of code"),
            (self.headings, "heading", ""),
        )
        return ", ".join([pluralize(*part) for part in parts if part[0]])


class _Content:
    """The parts of an article's HTML.

    Args:
        html: sanitised.
        url: of the article; links to it are not a part of the content.
    """

    def __init__(self, html: str, url: str | None) -> None:
        self._tree = parse_html(html, url)
        self._url = url or ""
        self._own_key = url_key(url) if url else ""
        self._links = dict(self._find_links())
        labels = [link for link, key in self._links.items() if self._is_label(link, key)]
        for link in labels:
            del self._links[link]
            link.drop_tree()
        self.words = casefolded_words(self._tree.text_content())

    def _find_links(self) -> Iterator[tuple[HtmlElement, str]]:
        for link in self._tree.iter("a"):
            if address := absolute_url(link.get("href", ""), self._url):
                yield link, url_key(address)

    def _is_label(self, link: HtmlElement, key: str) -> bool:
        is_short = len(casefolded_words(link.text_content())) <= MAX_LABEL_WORDS
        return key == self._own_key and is_short and next(link.iter("img"), None) is None

    @cached_property
    def links(self) -> frozenset[str]:
        """The keys of the linked addresses."""
        return frozenset(self._links.values()) - {self._own_key}

    @cached_property
    def pictures(self) -> frozenset[str]:
        """The addresses of the pictures."""
        return frozenset([picture.get("src", "") for picture in self._tree.iter("img")])

    @cached_property
    def picture_html(self) -> str:
        """The HTML of the pictures, each with its caption."""
        written = ""
        for element in self._tree.iter("figure", "img"):
            if next(element.iterancestors("figure"), None) is None:
                written += _write_element(element)
        return written

    @cached_property
    def is_captioned_picture(self) -> bool:
        """The content is a picture with a caption, as that of a web comic."""
        captions = [caption.text_content() for caption in self._tree.iter("figcaption")]
        return bool(captions) and casefolded_words(" ".join(captions)) == self.words

    @cached_property
    def is_prose(self) -> bool:
        """The links are in a text, not the text itself."""
        linked = sum([len(casefolded_words(link.text_content())) for link in self._links])
        return linked < MAX_LINKED_SHARE * len(self.words)

    @cached_property
    def is_cut(self) -> bool:
        """The text ends in an ellipsis, so there is more of it on the page."""
        return bool(_CUT_END.search(self._tree.text_content()))

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        """The groups of words in a row."""
        return frozenset(_shingles(self.words))

    @cached_property
    def text(self) -> str:
        """The words, with spaces around each."""
        return f" {' '.join(self.words)} "

    def words_missing_in(self, other: "_Content") -> int:
        """Return the number of words that the other content lacks, or has in other sentences."""
        words = self.words
        found = [False] * len(words)
        for start, shingle in enumerate(_shingles(words)):
            if shingle in other.shingles or (len(words) < _SHINGLE_WORDS and self.in_text(other)):
                found[start : start + _SHINGLE_WORDS] = [True] * len(shingle)
        return found.count(False)

    def in_text(self, other: "_Content") -> bool:
        """Return whether the other content has these words in a row."""
        return self.text in other.text

    def is_in(self, other: "_Content") -> bool:
        """Return whether the other content has nearly all of the words."""
        missing = self.words_missing_in(other)
        return missing < max(MIN_MISSING_WORDS, MIN_MISSING_SHARE * len(self.words))

    def others_than(self, other: "_Content") -> _Others:
        """Return the numbers of parts that the other content lacks."""
        links = len(self.links - other.links)
        if links < MIN_MISSING_LINKS * len(self.links):
            links = 0
        return _Others(
            links,
            max(0, len(self.pictures) - len(other.pictures)),
            self._count_missing_texts(("pre",), other),
            self._count_missing_texts(_HEADINGS, other),
        )

    def _count_missing_texts(self, tags: Sequence[str], other: "_Content") -> int:
        missing = 0
        for element in self._tree.iter(*tags):
            words = casefolded_words(element.text_content())
            missing += bool(words) and f" {' '.join(words)} " not in other.text
        return missing


def _write_element(element: HtmlElement) -> str:
    html: str = tostring(element, encoding="unicode", method="html", with_tail=False)
    return f"{html}\n" if element.tag == "figure" else f"<p>{html}</p>\n"


def casefolded_words(text: str) -> list[str]:
    """Return the words of a text in lower case; characters of scripts without spaces are words."""
    return WORD.findall(text.casefold())


def _shingles(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the groups of words in a row; a shorter text is one group."""
    for start in range(max(1, len(words) - _SHINGLE_WORDS + 1)):
        if group := tuple(words[start : start + _SHINGLE_WORDS]):
            yield group


MAX_SHOWN_SHARE = 0.5  # of the lines; if the text has more, the page shows the recipe


def add_recipe(article: Article, ingredients: Sequence[str], steps: Sequence[str]) -> Article:
    """Return the article with the lists of ingredients and steps that its text lacks."""
    for tag, stated in (("ul", ingredients), ("ol", steps)):
        lines = list(filter(None, map(to_plain_text, stated)))
        if lines and not _is_shown(lines, article.text):
            items = "\n".join([f"<li>{escape(line, quote=False)}</li>" for line in lines])
            html = sanitise(f"<{tag}>{items}</{tag}>\n", article.url)
            text = "\n".join(filter(None, [article.text, *lines]))
            article = replace(article, html=article.html + html, text=text)
    return article


def _is_shown(lines: Sequence[str], text: str) -> bool:
    """Return True if, for most lines, the text has a line with the same words."""
    shown_lines = [set(casefolded_words(line)) for line in text.splitlines()]
    shown = 0
    for line in lines:
        words = casefolded_words(line)
        shown += any(each.issuperset(words) for each in shown_lines)
    return shown > MAX_SHOWN_SHARE * len(lines)
