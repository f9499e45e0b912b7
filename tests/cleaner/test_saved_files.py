"""Saved articles: front matter, Markdown, HTML and plain text."""

from datetime import UTC, datetime

import pytest

from feedpub.cleaner.saved_files import extract_saved
from feedpub.core.errors import ExtractError, NoContentError

PROSE = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight and in which nearly everybody spoke.\n\nWork begins in spring. The harbour master "
    "expects that the first boats will land there again "
    ""
    "before the summer, if the timber comes in time and the weather holds."
)
BASE = "https://feeds.example/quay/"


def markdown(*parts: str) -> bytes:
    return "\n\n".join(parts).encode()


def test_yaml_front_matter_takes_precedence_over_the_text() -> None:
    body = markdown(
        "---\ntitle: The pier stays\nauthors: [Marta Quill, Tom Adeyemi]\ndate: "
        "2025-10-14T09:15:00+02:00\n"
        "lastmod: 2025-10-15\nurl: https://example.org/pier\nlang: en_GB\ncategories: "
        "Harbour\ntags: [wood]\ndescription: A pier stays.\nimage: pier.png\n---",
        "# Another headline",
        PROSE,
    )
    article = extract_saved(body, "pier.md", base=BASE)
    assert (article.title, article.authors) == ("The pier stays", ("Marta Quill", "Tom Adeyemi"))
    assert article.published == datetime(2025, 10, 14, 7, 15, tzinfo=UTC)
    assert article.updated == datetime(2025, 10, 15, tzinfo=UTC)
    assert (article.url, article.language) == ("https://example.org/pier", "en-GB")
    assert (article.categories, article.summary) == (("Harbour", "wood"), "A pier stays.")
    assert article.image == f"{BASE}pier.png"


def test_toml_front_matter_is_read() -> None:
    article = extract_saved(
        markdown('+++\ntitle = "The pier"\ndate = 2025-10-14\n+++', PROSE), "p.txt"
    )
    assert (article.title, article.published) == ("The pier", datetime(2025, 10, 14, tzinfo=UTC))
    assert article.text.startswith("The council voted")


def test_author_table_is_read_by_its_name() -> None:
    article = extract_saved(
        markdown("---\ntitle: T\nauthor:\n  - name: Marta Quill\n---", PROSE), "p.md"
    )
    assert article.authors == ("Marta Quill",)


@pytest.mark.parametrize(
    "front", ["---\ntitle: [unclosed\n---", "+++\ntitle = \n+++", "+++\ndate = 2025-99\n+++"]
)
def test_invalid_front_matter_raises_an_error_with_the_file(front: str) -> None:
    with pytest.raises(ExtractError, match=r"p\.md: its front matter cannot be read"):
        extract_saved(markdown(front, PROSE), "p.md")


UNREADABLE = {
    "no-such-day": ("date: 2025-02-31", "date: 2025-02-31"),
    "no-such-month": ("date: 2025-13-45", "date: 2025-13-45"),
    "the-first-year": ("date: 0001-01-01", "date: 0001-01-01"),
    "the-last-moment": ("date: 9999-12-31T23:59:59-12:00", "date: 9999-12-31 23:59:59-12:00"),
    "a-weekday": ("date: next Tuesday", "date: next Tuesday"),
    "a-word": ("pubDate: soon", "pubdate: soon"),
    "a-time": ("date: 10:30", "date: 630"),
    "a-number": ("date: 2025", "date: 2025"),
    "a-number-of-5000-digits": (f"date: {'9' * 5000}", f"date: {'9' * 100}"),
    "infinity": ("date: .inf", "date: inf"),
    "yes": ("date: yes", "date: True"),
    "a-table": ("date: {year: 2025}", "date: {'year': 2025}"),
    "a-list-of-none": ("lastmod: [soon, later]", "lastmod: soon"),
    "an-invalid-timestamp": ("date: !!timestamp soon", "date: soon"),
    "a-python-object": (
        "date: !!python/object/apply:os.getcwd []",
        "date: tag:yaml.org,2002:python/object/apply:os.getcwd",
    ),
    "a-title-that-is-a-table": ("title: {a: b}", "title: {'a': 'b'}"),
    "an-author-without-a-name": (
        "authors: [Marta Quill, {mail: m@example.org}]",
        "authors: {'mail': 'm@example.org'}",
    ),
    "an-invalid-address": ("url: 'https://[::1'", "url: https://[::1"),
    "an-invalid-image": ("image: 'https://[::1'", "image: https://[::1"),
    "an-invalid-port": (
        "url: https://example.org:99999/pier",
        "url: https://example.org:99999/pier",
    ),
}


@pytest.mark.parametrize(("line", "unread"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_front_matter_value_is_reported(line: str, unread: str) -> None:
    article = extract_saved(
        markdown(f"---\n{line}\nlang: en-GB\n---", "# The pier stays", PROSE), "p.md"
    )
    assert article.unread == (unread,)
    assert (article.title, article.published, article.updated) == ("The pier stays", None, None)
    assert (article.url, article.image, article.language) == (None, None, "en-GB")


READABLE = {
    "a-list-of-dates": ("date: [2025-10-14, 2025-10-15]", "published"),
    "a-list-with-one-date": ("date: [soon, 2025-10-14]", "published"),
    "a-number": ("date: 20251014", "published"),
    "a-moment-in-seconds": ("date: 1760400000", "published"),
    "in-words": ("date: 14 October 2025", "published"),
    "an-empty-one": ("date:\npublished: 2025-10-14", "published"),
    "lists-in-lists": ("tags: [[wood, [oak]], 2025]", "categories"),
    "nothing-in-a-list": ("tags: [wood, oak, null, 2025, [], {}]", "categories"),
    "an-own-tag": ("tags: [!mine wood, oak, !!int 2025]", "categories"),
    "a-path-of-the-site": ("url: /posts/pier/", ""),
}


@pytest.mark.parametrize(("line", "field"), READABLE.values(), ids=READABLE)
def test_unusual_front_matter_is_read_without_a_report(line: str, field: str) -> None:
    article = extract_saved(markdown(f"---\n{line}\n---", "# The pier stays", PROSE), "p.md")
    expected = {
        "published": datetime(2025, 10, 14, tzinfo=UTC),
        "categories": ("wood", "oak", "2025"),
        "": None,
    }
    assert getattr(article, field or "url") == expected[field]
    assert article.unread == ()


def test_invalid_toml_date_is_reported() -> None:
    article = extract_saved(
        markdown('+++\ntitle = "The pier"\ndate = 2025-02-31 # soon\n+++', PROSE), "p.md"
    )
    assert (article.title, article.published, article.unread) == (
        "The pier",
        None,
        ("date: 2025-02-31",),
    )


_NESTED = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))


@pytest.mark.parametrize(
    "value",
    [
        f"[]\na0: &a0 []\n{_NESTED}keywords: *a19",
        "&a [*a]",
        "&a {name: *a}",
        "&a [wood, [*a, *a]]",
        f"{'[' * 90}x{']' * 90}",
    ],
)
def test_recursive_front_matter_ends(value: str) -> None:
    article = extract_saved(markdown(f"---\ntags: {value}\n---", "# The pier stays", PROSE), "p.md")
    assert len(article.categories) <= 1
    assert article.title == "The pier stays"


def test_dashes_around_prose_are_not_front_matter() -> None:
    article = extract_saved(markdown("---\nA quiet beginning\n---", PROSE), "p.txt")
    assert "The council voted" in article.text


def test_markdown_becomes_html() -> None:
    body = markdown(
        "# The pier stays",
        PROSE,
        "## What it costs",
        "| wood | price |\n|---|---|\n| oak | 10 |",
        "- plan\n- build",
        "> It is one table at the chip shop.",
        "```\nx = 1\n```",
        (
            "See [the plans](https://example.org/plans) for all that is known so far of the "
            "work and its price."
        ),
    )
    article = extract_saved(body, "p.md")
    assert article.title == "The pier stays"
    for piece in (
        "<h2>What it costs</h2>",
        "<table>",
        "<li>plan</li>",
        "<blockquote>",
        "<pre>",
        'href="https://example.org/plans"',
    ):
        assert piece in article.html
    assert "The pier stays" not in article.text


@pytest.mark.parametrize("line", ["By Marta Quill", "*By Marta Quill*", "**by Marta Quill**"])
def test_byline_below_a_markdown_title_is_read(line: str) -> None:
    article = extract_saved(markdown("# The pier stays", line, "14 October 2025", PROSE), "p.md")
    assert article.authors == ("Marta Quill",)
    assert article.published == datetime(2025, 10, 14, tzinfo=UTC)
    assert article.text.startswith("The council voted")


def test_markdown_that_begins_with_prose_has_the_title_of_its_file() -> None:
    article = extract_saved(markdown("A short start", PROSE), "2025-10-14_the-old-pier.md")
    assert article.title == "The old pier"
    assert article.text.startswith("A short start")


def test_html_in_markdown_is_sanitised() -> None:
    article = extract_saved(
        markdown("# T", PROSE, "<script>alert(1)</script>", "[x](javascript:alert(1)) and more"),
        "p.md",
    )
    assert "<script" not in article.html
    assert "href" not in article.html


def test_saved_page_has_its_canonical_url() -> None:
    page = (
        "<html><head><title>The pier stays</title><link rel=canonical "
        "href='https://example.org/pier'></head><body>"
        "<nav><a href=/>Home</a></nav><article><h1>The pier stays</h1>"
        + "".join(f"<p>{p} <a href='/plans'>Plans</a></p>" for p in PROSE.split("\n\n"))
        + (
            "<p><img src='pier_files/pier.png' alt='The pier' width=640 "
            "height=480></p></article></body></html>"
        )
    )
    article = extract_saved(page.encode(), "pier.html", base=BASE)
    assert (article.url, article.title) == ("https://example.org/pier", "The pier stays")
    assert 'href="https://example.org/plans"' in article.html
    assert f'src="{BASE}pier_files/pier.png"' in article.html


def test_saved_fragment_is_the_article() -> None:
    article = extract_saved(b"<p>The pier stays, said the mayor.</p>", "pier.html")
    assert article.text == "The pier stays, said the mayor."
    assert article.title == "Pier"


@pytest.mark.parametrize(
    "encoded",
    [
        PROSE.encode("utf-8-sig"),
        PROSE.replace("pier", "café").encode("cp1252"),
        PROSE.encode("utf-16"),
    ],
)
def test_encoding_of_a_saved_file_is_detected(encoded: bytes) -> None:
    article = extract_saved(encoded, "p.txt")
    assert article.text.startswith("The council voted on Monday to keep the old")
    assert "\ufffd" not in article.text


def test_unknown_suffix_is_rejected_by_name() -> None:
    with pytest.raises(
        ExtractError, match=r"a\.pdf: \.pdf: only \.txt, \.md, \.html, \.htm, \.mhtml, \.mht are"
    ):
        extract_saved(b"%PDF", "a.pdf")


@pytest.mark.parametrize("name", ["e.txt", "e.md", "e.html"])
def test_empty_file_is_rejected_by_name(name: str) -> None:
    with pytest.raises(NoContentError, match=name):
        extract_saved(b"", name)


@pytest.mark.parametrize("name", ["e.txt", "e.md", "e.html"])
def test_binary_file_is_rejected_by_name(name: str) -> None:
    with pytest.raises(ExtractError, match=f"{name}: not a text"):
        extract_saved(bytes(range(256)) * 20, name)
