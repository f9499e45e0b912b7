"""Links that only share the page are removed, with their text and their box."""

import pytest

from feedpub.cleaner import extract
from feedpub.cleaner.images import has_addressee

URL = "https://gazette.example/news/pier"
TEXT = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight in the hall. "
)
SHARING = (
    "mailto:?Subject=The%20pier&amp;body=https%3A%2F%2Fgazette.example%2Fnews%2Fpier",
    "mailto:?subject=The pier",
    "MAILTO:%20?subject=The pier",
    "whatsapp://send?text=The%20pier",
    "sms:?body=The%20pier",
    "sms:?&amp;body=The%20pier",
    "sms:&amp;body=The%20pier",
    "fb-messenger://share/?link=https%3A%2F%2Fgazette.example",
    "tg://msg_url?url=https%3A%2F%2Fgazette.example",
    "viber://forward?text=The%20pier",
    "threema://compose?text=The%20pier",
    "javascript:window.print()",
    "javascript:shareArticle('x')",
)


def article(middle: str) -> str:
    body = f"<p>{TEXT * 3}</p><p>{TEXT * 3}</p>{middle}<p>{TEXT * 3}</p><p>{TEXT * 3}</p>"
    page = (
        f"<html><head><title>The pier stays</title></head><body><article><h1>The pier "
        f"stays</h1>{body}</article>"
    )
    return extract(page.encode(), URL).html


@pytest.mark.parametrize("href", SHARING)
@pytest.mark.parametrize("box", ["<p>{}</p>", "<ul><li>{}</li></ul>", "<div><span>{}</span></div>"])
def test_share_link_is_removed_with_its_box(href: str, box: str) -> None:
    links = (
        f'<a href="{href}">Pass it on to others</a> <a href="{href}"><img src="/icon.png" '
        f'alt="Pass"></a>'
    )
    assert article(box.format(links)) == article("")


@pytest.mark.parametrize("href", SHARING)
def test_share_link_in_a_sentence_leaves_its_text(href: str) -> None:
    html = article(
        f'<p>{TEXT} You may <a href="{href}">pass this on to others</a> as you like. {TEXT}</p>'
    )
    assert "You may pass this on to others as you like." in html.replace("<span>", "").replace(
        "</span>", ""
    )
    assert "<a" not in html


@pytest.mark.parametrize(
    "href",
    [
        "mailto:desk@gazette.example",
        "mailto:desk@gazette.example?subject=The%20pier",
        "mailto:?to=desk@gazette.example",
    ],
)
def test_link_with_an_addressee_stays(href: str) -> None:
    assert f'<a href="{href}">the desk</a>' in article(
        f'<p>{TEXT} Write to <a href="{href}">the desk</a>. {TEXT}</p>'
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mailto:ann@example.org", True),
        ("mailto:?cc=ann@example.org", True),
        ("mailto:", False),
        ("mailto:?subject=x", False),
        ("tel:+491234", True),
        ("tel:", False),
        ("https://example.org/", False),
    ],
)
def test_addressee_is_found_in_path_or_headers(address: str, expected: bool) -> None:  # noqa: FBT001
    assert has_addressee(address) is expected
