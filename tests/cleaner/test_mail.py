"""Articles of mails: four real kinds of newsletters in tests/mails, and parts of every kind."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from feedpub.cleaner.mail import article_from_mail, pictures_of_mail
from feedpub.core.mail import MAX_MAIL_BYTES
from feedpub.core.models import Article

MAILS = Path(__file__).parents[1] / "mails"
BASE = "https://feedpub.invalid/letters/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
NAME = "b3bbf1ed7a4c6ad6d4d7.png"
WORDS = "The quay is closed on Monday, because the crane is being painted."


def saved(name: str) -> Article:
    return article_from_mail((MAILS / name).read_bytes(), BASE)


def article(message: EmailMessage) -> Article:
    return article_from_mail(message.as_bytes(policy=SMTP), BASE)


def html_mail(*lines: str, charset: str = "utf-8") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "A letter"
    message["From"] = "Quay Letter <letter@example.org>"
    body = "".join([f"<tr><td>{line}</td></tr>" for line in lines])
    message.set_content(f"<html><body><table>{body}</table></body></html>", "html", charset)
    return message


def plain_mail(text: str, *params: tuple[str, str]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "A letter"
    message.set_content(text)
    for name, value in params:
        message.set_param(name, value)
    return message


def reasons(found: Article) -> Sequence[str]:
    return [removed.reason for removed in found.removed]


# --- whole newsletters ---


def test_campaign_keeps_its_stories_tables_and_pictures() -> None:
    found = saved("campaign.eml")
    assert found.title == "The harbour gets a lift, and two more stories"
    assert found.authors == ("The Quay Letter",)
    assert found.published == datetime(2026, 11, 20, 6, 30, 12, tzinfo=UTC)
    assert found.language == "en"
    assert found.text.split("\n") == [
        "The harbour gets a lift",
        (
            "After nine years of talk, the council has agreed to build a passenger lift between "
            "the lower quay and the old town."
        ),
        "The first cabin should run in spring 2028, and a ride will cost 80 cents. Read the plan.",
        "Ferry times from December",
        *("From", "First", "Last", "Lower quay", "06:10", "22:40", "Island", "06:35", "23:05"),
        "Top stories",
        "The pool is closed on Monday.",
        "To unsubscribe from paper bills, write to the water office before Friday.",
    ]
    assert '<a href="https://quay.example.org/lift">' in found.html
    assert (
        '<img src="https://images.example.net/lift.jpg" alt="A drawing of the lift"' in found.html
    )
    assert found.html.count("<img") == 1
    assert found.html.count("<table") == 1


def test_publication_keeps_its_post_without_buttons_and_footer() -> None:
    found = saved("publication.eml")
    assert found.text.split("\n") == [
        "On quiet, and where to find it",
        "Nov 24",
        (
            "I tried for a week to unsubscribe from noise. Nobody had put a link at the bottom of "
            "the street."
        ),
        "So I walked. Here are the rules:",
        "Leave before six.",
        "Turn where the buses do not.",
        "Silence is a place.",
    ]
    assert "<figcaption>The quietest streets, in blue</figcaption>" in found.html
    assert "token=" not in found.html


def test_letter_with_a_picture_inside_refers_to_the_published_file() -> None:
    found = saved("inline-picture.eml")
    (name,) = pictures_of_mail((MAILS / "inline-picture.eml").read_bytes())
    assert found.title == "Grüße aus Köln"
    assert found.authors == ("Rheinbahn Köln",)
    assert f'<img src="{BASE}{name}" alt="Der neue Plan"' in found.html
    assert found.text.split("\n") == [
        "Ab dem 13. Dezember fährt die Linie 7 alle zehn Minuten. Das ist häufiger als je zuvor.",
        "Fragen?",
        "Rufen Sie uns an.",
        "Ihr Team vom Rhein",
    ]
    assert found.language == "de"


def test_mail_of_a_list_keeps_quotations_lists_and_patches() -> None:
    found = saved("mailing-list.eml")
    assert found.authors == ("Jane Doe",)
    assert found.url == "https://lists.example.org/archives/kernels/87k3abc@jane.example.org/"
    assert found.published == datetime(2026, 11, 27, 2, 14, 3, tzinfo=UTC)
    question = "Should the table start at the new moon, or at midnight?"
    assert f"<blockquote><p>{question}</p>" in found.html
    assert "<li>the name «Ångström»</li>" in found.html
    assert "<pre>diff --git a/tide.c b/tide.c\n" in found.html
    assert "555 0100" not in found.text
    assert "mailman" not in found.text
    assert reasons(found) == ["signature"]


# --- the frame of a newsletter ---


@pytest.mark.parametrize(
    "line",
    [
        '<a href="https://example.org/x">View in browser</a>',
        'Trouble reading this? <a href="https://example.org/x">Open it in your browser</a>.',
        '<a href="https://example.org/x">Webansicht</a>',
        '<a href="https://example.org/x">Afficher dans votre navigateur</a>',
        '<a href="https://example.org/x">Abmelden</a>',
        '<a href="https://example.org/x">Se désabonner</a>',
        '<a href="https://example.org/unsubscribe?id=1">here</a>',
        '<a href="https://www.facebook.com/quay">f</a> | <a href="https://x.com/quay">x</a>',
        (
            '<a href="https://click.example.net/1"><img src="https://i.example.net/1.png" '
            'alt="Facebook" width="24"></a>'
        ),
        '<div style="display:none">What is inside</div>',
        '<div style="mso-hide:all;max-height:0;overflow:hidden">What is inside</div>',
        '<img src="https://example.org/o/1" width="1" height="1">',
        '<img src="https://example.org/o/1" style="width:1px;height:1px">',
        '<img src="https://example.org/wf/open?upn=1">',
        '<img src="https://cdn.example.org/logo.png" alt="Quay Letter" width="200">',
    ],
)
def test_lines_of_the_frame_are_removed(line: str) -> None:
    found = article(html_mail(line, f"<p>{WORDS}</p>"))
    assert found.text == WORDS
    assert "<img" not in found.html


@pytest.mark.parametrize(
    "line",
    [
        "<h2>How to unsubscribe from everything</h2>",
        f"<p>{WORDS} Unsubscribe from the crane.</p>",
        '<p><a href="https://www.youtube.com/watch?v=1">The film about the crane</a></p>',
        '<p><a href="https://x.com/crane/status/1">What the crane says</a></p>',
        "<h2>Most read</h2>",
        "<p>Latest news</p>",
        '<p><a href="https://example.org/a">Read more</a></p>',
    ],
)
def test_content_that_resembles_a_frame_stays(line: str) -> None:
    footer = '<a href="https://example.org/x">Unsubscribe</a>'
    found = article(html_mail(line, f"<p>{WORDS}</p>", footer))
    text = found.text.split("\n")
    assert len(text) == 2
    assert text[1] == WORDS


def test_footer_goes_with_everything_below_it() -> None:
    found = article(
        html_mail(
            f"<p>{WORDS}</p>",
            "Quay Ltd, 12 Lower Quay, Harbourtown 10115",
            'You get this because you asked. <a href="https://example.org/u">Unsubscribe</a>',
            "Built with a tool",
        )
    )
    assert found.text == WORDS
    assert reasons(found) == ["footer", "unsubscribe link", "footer"]


def test_mail_that_is_only_a_frame_stays_whole() -> None:
    found = article(html_mail('<a href="https://example.org/u">Unsubscribe</a>'))
    assert found.text == "Unsubscribe"


def test_text_between_breaks_becomes_paragraphs() -> None:
    message = EmailMessage()
    body = f"<div>Dear reader,<br><br>{WORDS}<br>Bring a coat.<br><br><br>Yours, Ada</div>"
    message.set_content(body, "html")
    assert article(message).html.split("\n")[:3] == [
        "<p>Dear reader,</p>",
        f"<p>{WORDS}<br>Bring a coat.</p>",
        "<p>Yours, Ada</p>",
    ]


def test_layout_table_becomes_paragraphs_and_data_table_stays() -> None:
    table = (
        "<table><tr><td>Ferry</td><td>06:10</td></tr><tr><td>Bus</td><td>06:20</td></tr></table>"
    )
    found = article(html_mail(f"<p>{WORDS}</p>", table, "Short.", "Words."))
    assert found.html.count("<table") == 1
    assert "<p>Short.</p>\n<p>Words.</p>" in found.html


def test_link_leads_past_a_counter_that_states_its_target() -> None:
    link = (
        '<a href="https://click.example.net/?id=7&url=https%3A%2F%2Fexample.org%2Fa%3Futm_id%3D1">'
    )
    found = article(html_mail(f"<p>{WORDS} {link}More</a></p>"))
    assert '<a href="https://example.org/a">More</a>' in found.html


# --- parts ---


def test_text_is_used_if_there_is_no_html() -> None:
    message = plain_mail(f"{WORDS}\n")
    assert article(message).html == f"<p>{WORDS}</p>\n"


def test_html_precedes_text_and_text_replaces_empty_html() -> None:
    message = plain_mail("As text.")
    message.add_alternative("<p>As HTML.</p>", "html")
    assert article(message).text == "As HTML."
    message = plain_mail("As text.")
    message.add_alternative("<html><body> </body></html>", "html")
    assert article(message).text == "As text."


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
def test_html_is_decoded_by_its_charset(charset: str) -> None:
    assert article(html_mail("<p>Grüße vom Café</p>", charset=charset)).text == "Grüße vom Café"


def test_unknown_charset_and_transfer_encoding_are_read_as_they_are() -> None:
    raw = (
        b"Subject: a\nContent-Type: text/plain; charset=x-nowhere\n"
        b"Content-Transfer-Encoding: strange\n\nGr\xc3\xbc\xc3\x9fe vom Kai\n"
    )
    assert article_from_mail(raw, BASE).text == "Grüße vom Kai"


def test_picture_that_no_part_refers_to_is_below_the_text() -> None:
    message = plain_mail("Look at the crane.")
    message.add_attachment(PNG, "image", "png", filename="crane.png", disposition="inline")
    found = article(message)
    (name,) = pictures_of_mail(message.as_bytes())
    assert found.text == "Look at the crane."
    assert found.html.endswith(f'<p><img src="{BASE}{name}" alt=""></p>\n')


def test_mail_of_one_picture_is_an_article() -> None:
    message = EmailMessage()
    message["Subject"] = "The crane"
    message.set_content(PNG, "image", "png")
    assert "<img" in article(message).html


def test_attachments_are_not_published() -> None:
    message = plain_mail("Look at the file.")
    message.add_attachment("Secret words", filename="notes.txt")
    message.add_attachment(b"%PDF-1.7", "application", "pdf", filename="minutes.pdf")
    message.add_attachment(PNG, "image", "png", filename="crane.png")
    found = article(message)
    assert found.text == "Look at the file."
    assert "<img" not in found.html


def test_picture_is_known_by_its_bytes_and_not_by_its_type() -> None:
    message = html_mail('<img src="cid:a"><img src="cid:b"> Words')
    message.add_related(b"<svg onload='x()'/>", "image", "svg+xml", cid="<a>")
    message.add_related(PNG, "application", "octet-stream", cid="<b>")
    assert list(pictures_of_mail(message.as_bytes())) == [
        name.rpartition("/")[2] for name in article(message).html.split('"') if BASE in name
    ]


def test_small_picture_of_a_mail_stays_and_an_attached_patch_is_shown() -> None:
    message = html_mail('Look: <img src="cid:a" width="20" height="20">')
    message.add_related(PNG, "image", "png", cid="<a>")
    assert "<img" in article(message).html
    message = plain_mail("Please review.")
    message.add_attachment("-a\n+b\n", "x-diff", disposition="inline")
    assert "<pre>-a\n+b\n</pre>" in article(message).html


def test_digest_shows_each_mail_below_its_subject() -> None:
    message = EmailMessage()
    message["Subject"] = "Digest 7"
    message.make_mixed()
    for subject in ("First", "Second"):
        inner = plain_mail(f"Words of the {subject.lower()}.")
        inner.replace_header("Subject", subject)
        message.attach(_attached(inner))
    found = article(message)
    assert found.html.startswith("<h2>First</h2>\n<p>Words of the first.</p>\n<h2>Second</h2>")


def _attached(inner: EmailMessage) -> EmailMessage:
    part = EmailMessage()
    part.set_content(inner)
    return part


def test_mail_without_text_keeps_its_title() -> None:
    raw = b"Subject: Sealed\nContent-Type: application/pkcs7-mime\n\nMIIB\n"
    found = article_from_mail(raw, BASE)
    assert (found.title, found.html) == ("Sealed", "")


# --- plain text ---


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>\n"),
        ("Roses are red\nViolets are blue", "<p>Roses are red<br>Violets are blue</p>\n"),
        (f"{WORDS}\nThen it opens.", f"<p>{WORDS} Then it opens.</p>\n"),
        ("News\n====\n\nWords.", "<h2>News</h2>\n<p>Words.</p>\n"),
        ("* a\n* b\n  c", "<ul><li>a</li>\n<li>b c</li>\n</ul>\n"),
        ("> > old\n> new\n\nmine", None),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        (
            "See https://example.org/a_(b), now",
            '<p>See <a href="https://example.org/a_(b">https://example.org/a_(b</a>), now</p>\n',
        ),
    ],
)
def test_plain_text_becomes_paragraphs(text: str, html: str | None) -> None:
    found = article(plain_mail(text)).html
    if html is None:
        assert found.count("<blockquote>") == 2
        assert found.index("old") < found.index("new") < found.index("mine")
    else:
        assert found == html


def test_flowed_lines_are_joined() -> None:
    message = plain_mail("One line \nthat goes on.\nNext.\n", ("format", "flowed"))
    assert article(message).html == "<p>One line that goes on.<br>Next.</p>\n"
    message = plain_mail("日本 \n語\n", ("format", "flowed"), ("delsp", "yes"))
    assert article(message).text == "日本語"


# --- limits ---


def test_deeply_nested_parts_are_read_up_to_a_limit() -> None:
    raw = b"Subject: a\n"
    for number in range(60):
        raw += f'Content-Type: multipart/mixed; boundary="b{number}"\n\n--b{number}\n'.encode()
    raw += b"Content-Type: text/plain\n\nWords\n"
    assert article_from_mail(raw, BASE).title == "a"


def test_mail_beyond_a_limit_keeps_its_title() -> None:
    endless = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n' * 3000
    assert article_from_mail(b"Subject: Nested\n" + endless, BASE).title == "Nested"
    body = b"<p>a" * 410_000
    found = article_from_mail(b"Subject: Long\nContent-Type: text/html\n\n" + body, BASE)
    assert (found.title, found.html) == ("Long", "")
    assert reasons(found) == ["the page has more than 400,000 tags"]


def test_many_parts_are_read_up_to_a_limit() -> None:
    raw = b'Subject: a\nContent-Type: multipart/mixed; boundary="b"\n\n'
    raw += b"--b\nContent-Type: text/plain\n\nWords\n" * 5000
    found = article_from_mail(raw, BASE)
    assert 0 < found.text.count("Words") <= 200


def test_picture_that_is_cut_off_is_left_out() -> None:
    message = plain_mail("Words.")
    message.add_attachment(
        PNG + bytes(8_000_000), "image", "png", filename="a.png", disposition="inline"
    )
    raw = message.as_bytes()
    assert len(raw) > MAX_MAIL_BYTES
    assert article_from_mail(raw, BASE).html == "<p>Words.</p>\n"
    assert pictures_of_mail(raw) == {}
