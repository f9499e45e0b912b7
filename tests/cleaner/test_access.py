"""Login pages and paywalls are recognised, and articles next to a login form are not mistaken.

So are error, challenge and consent pages.
"""

import json

import pytest

from feedpub.cleaner.access import LOGIN_PAGE, PAYWALL, is_login_address, load_interstitials
from feedpub.cleaner.extract import extract
from feedpub.core.errors import InterstitialError, NoContentError

URL = "https://bay.example/news/ferry"
TEASER = (
    "The ferry to the island sails again on Monday, the harbour master said after a long "
    "winter in which the old ship lay in the dock and waited for a new engine."
)
REST = "".join(
    f"<p>Paragraph {n} says that the captain has counted the passengers of the {n}th crossing "
    "and that the cook has made soup for all of them, as every year since the war ended.</p>"
    for n in range(12)
)
LOGIN_FORM = (
    '<form action="/login"><label>E-mail <input type="email"></label>'
    '<label>Password <input type="password"></label><button>Continue</button></form>'
)


def page(body: str, *, head: str = "", title: str = "The ferry sails again") -> str:
    return (
        f'<html lang="en"><head><title>{title} | Bay News</title>{head}</head><body>'
        '<nav><a href="/">Home</a> <a href="/news">News</a></nav>'
        f"<main><h1>{title}</h1>{body}</main><footer><p>© Bay News</p></footer></body></html>"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://bay.example/account/login?next=/news/1",
        "https://bay.example/wp-login.php",
        "https://bay.example/users/sign_in",
        "https://login.bay.example/",
        "https://sso.bay.example/start?to=x",
        "https://id.bay.example/realms/x/protocol/openid-connect/auth",
        "https://bay.example/SSO/start",
    ],
)
def test_address_of_a_login_page_is_recognised(url: str) -> None:
    assert is_login_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://bay.example/news/login-page-redesigned",
        "https://bay.example/news/2026?ref=login",
        "https://blog.example/",
        "https://bay.example/authors/anna",
        "",
    ],
)
def test_other_address_is_no_login_page(url: str) -> None:
    assert not is_login_address(url)


@pytest.mark.parametrize(
    "body",
    [
        LOGIN_FORM,
        f"<p>Welcome back. Please identify yourself to read on.</p>{LOGIN_FORM}",
        f'<div class="card"><p>Members read here.</p>{LOGIN_FORM}<p>Forgot it?</p></div>',
    ],
)
def test_page_with_a_password_field_and_no_article_is_a_login_page(body: str) -> None:
    with pytest.raises(InterstitialError) as raised:
        extract(page(body, title="Welcome"), URL)
    assert raised.value.reason.startswith(LOGIN_PAGE)


@pytest.mark.parametrize(
    "body",
    [
        f"<p>The pool is closed on day 1.</p><aside>{LOGIN_FORM}</aside>",
        f'<div class="text"><p>The pool is closed on day 1.</p></div><div>{LOGIN_FORM}</div>',
        f'<p>The pool is closed on day 1.</p><div class="login-modal">{LOGIN_FORM}</div>',
        f"<p>The pool is closed on day 1.</p><div hidden>{LOGIN_FORM}</div>",
        f"<table><tr><td>The pool is closed on day 1.</td><td>{LOGIN_FORM}</td></tr></table>",
    ],
)
def test_short_article_beside_a_login_form_is_an_article(body: str) -> None:
    article = extract(page(body, title="The pool is closed"), URL)
    assert "The pool is closed on day 1." in article.text
    assert article.complete


def test_article_above_a_login_form_for_comments_is_an_article() -> None:
    article = extract(page(f"<p>{TEASER}</p>{REST}{LOGIN_FORM}"), URL)
    assert "Paragraph 11" in article.text
    assert article.complete


def declared(**statements: object) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": "The ferry sails again",
        "url": URL,
        **statements,
    }
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def closed_part(selector: str) -> dict[str, object]:
    return {"@type": "WebPageElement", "isAccessibleForFree": "False", "cssSelector": selector}


CLOSED = declared(isAccessibleForFree=False, hasPart=closed_part(".premium"))
NOTICE = '<div class="article-paywall"><p>Subscribe now to read on.</p></div>'


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (declared(isAccessibleForFree=False), f"<p>{TEASER}</p>"),
        (declared(isAccessibleForFree="https://schema.org/False"), f"<p>{TEASER}</p>"),
        (CLOSED, f"<p>{TEASER}</p>"),
        (CLOSED, f'<p>{TEASER}</p><div class="premium"></div>'),
        (declared(hasPart=[closed_part(".premium")]), f'<p>{TEASER}</p><p class="premium">…</p>'),
        (CLOSED, f'<div class="premium"><p>{TEASER}</p></div>{NOTICE}'),
        ("", f"<p>{TEASER}</p>{NOTICE}"),
        ("", f'<p>{TEASER}</p><aside class="gh-post-upgrade-cta"><p>Members only.</p></aside>'),
    ],
)
def test_free_part_of_a_closed_article_is_not_complete(head: str, body: str) -> None:
    article = extract(page(body, head=head), URL)
    assert article.text.startswith("The ferry to the island")
    assert (article.complete, article.content_reason) == (False, PAYWALL)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", f"<p>{TEASER}</p>"),
        (declared(isAccessibleForFree=True), f"<p>{TEASER}</p>"),
        (declared(isAccessibleForFree=True, hasPart=closed_part(".x")) and "", f"<p>{TEASER}</p>"),
        (CLOSED, f'<p>{TEASER}</p><div class="premium">{REST}</div>'),
        (CLOSED, f"<p>{TEASER}</p>{REST}"),  # a subscriber's page without the mark
        (declared(isAccessibleForFree=False), f"<p>{TEASER}</p>{REST}"),
        ("", f"<p>{TEASER}</p>{REST}{NOTICE}"),
        ("", f'<p>{TEASER}</p><div hidden class="paywall"><p>Subscribe now.</p></div>'),
    ],
)
def test_open_article_is_complete(head: str, body: str) -> None:
    article = extract(page(body, head=head), URL)
    assert article.complete
    assert article.content_reason != PAYWALL


def test_closed_article_without_a_text_names_the_paywall() -> None:
    with pytest.raises(NoContentError) as raised:
        extract(page("", head=declared(isAccessibleForFree=False)), URL)
    assert raised.value.reason == PAYWALL


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("404", "this is an error page, not an article"),
        ("Page not found | Harbour Courier", "this is an error page, not an article"),
        ("Error 404 – Page Not Found", "this is an error page, not an article"),
        ("500 Internal Server Error", "this is an error page, not an article"),
        ("410 Gone", "this is an error page, not an article"),
        ("Gone", None),
        ("404 not found errors, explained", None),
        ("Oops! That's a pity", "this is an error page, not an article"),
        ("Страница не найдена", "this is an error page, not an article"),
        ("ページが見つかりません - みなと新報", "this is an error page, not an article"),
        ("Just a moment...", "this is a page that asks whether one is human, not an article"),
        (
            "Before you continue",
            "this is a page that asks for consent, not an article: set cookies",
        ),
        ("Log in - Courier", "login page: set cookies or auth"),
        ("A page not found in any book", None),
        ("Forbidden fruit is cheaper this year", None),
        ("The ferry sails again", None),
        ("", None),
    ],
)
def test_interstitial_is_recognised_by_a_part_of_its_title(title: str, message: str | None) -> None:
    assert load_interstitials().find([title], 20) == message


def test_page_with_much_text_is_not_an_interstitial() -> None:
    assert load_interstitials().find(["Page not found"], 400) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[Members]\nThe page you have tried to view is for subscribers.", LOGIN_PAGE),
        ("Dieser Artikel ist nur für Abonnenten lesbar.", LOGIN_PAGE),
        ("The ferry sails.\nAt noon.\nPlease log in to read more.", None),
        ("Please log in to read more." + " word" * 400, None),
        ("", None),
    ],
)
def test_interstitial_is_recognised_by_its_first_sentence(text: str, message: str | None) -> None:
    assert load_interstitials().find_in_text(text) == message
