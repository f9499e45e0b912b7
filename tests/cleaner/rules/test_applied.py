"""Apply rules to pages."""

from datetime import UTC, datetime

import pytest

from feedpub import extract
from feedpub.cleaner.rules import ftr, parse_ruleset
from feedpub.config import SiteRules
from feedpub.core.errors import ExtractError
from feedpub.core.models import Article

URL = "https://ferry.example/news/1"
ONE = (
    "The ferry will leave an hour later from March on, the company said on Monday in a "
    "letter to all of its passengers."
)
TWO = (
    "Nobody on the island had asked for it, and the school, whose pupils take that boat, "
    "was told by the newspaper."
)
ASIDE = (
    "Our captain recommends the winter menu, with soup for everybody who takes the "
    "evening boat to the island."
)
DATA = '{"@type": "NewsArticle", "headline": "Later ferry", "articleSection": "Boats"}'
PAGE = f"""<html lang="en"><head><title>Later ferry | Ferry News</title>
<meta property="og:title" content="Later ferry"><script type="application/ld+json">{DATA}</script>
</head><body><h1>Later ferry</h1><p class="who">By <b>Ann Bell</b> and <b>Cy Dorn</b></p>
<p id="when">3 May 2026</p>
<div class="text first"><p>{ONE}</p><div class="text"><p>{TWO}</p></div></div>
<div class="text menu-box"><p>{ASIDE}</p></div><img src="/ads/1.png">
<img src="/dot.gif" data-big="/boat.jpg" width="600" height="400"></body></html>"""


def extract_with_rules(*lines: str, page: str = PAGE) -> Article:
    return extract(page, URL, rules=ftr.parse_ftr("\n".join(lines), "ferry.example.txt"))


def test_first_content_rule_that_matches_is_used_with_all_matches() -> None:
    article = extract_with_rules(
        "body: //div[@id='none']",
        "body: //div[contains(@class, 'text')]",
        "body: //h1",
        "prune: no",
    )
    assert article.text == f"{ONE}\n{TWO}\n{ASIDE}"


def test_site_rules_take_xpath_as_well_as_css() -> None:
    """Values may be computed; elements, attributes and texts are removed."""
    rules = SiteRules(
        content="xpath://body",
        remove=("xpath://h1 | //p[@id='when']/text()", "xpath://div[contains(@class, 'menu')]"),
        title="xpath:concat('On ', string(//p[@id='when']))",
        author="xpath://p[@class='who']/b",
        date="xpath://p[@id='when']/text()",
    )
    article = extract(PAGE, URL, rules=rules)
    assert article.title == "On 3 May 2026"
    assert article.authors == ("Ann Bell", "Cy Dorn")
    assert article.published == datetime(2026, 5, 3, tzinfo=UTC)
    assert ONE in article.text
    assert ASIDE not in article.text


def test_removal_names_file_and_line_of_rule() -> None:
    article = extract_with_rules(
        "body: //div[contains(@class, 'text')]", "strip_id_or_class: nu-bo"
    )
    assert article.text == f"{ONE}\n{TWO}"
    assert (ASIDE, "rule strip_id_or_class 'nu-bo' (ferry.example.txt:2)") in {
        (r.text, r.reason) for r in article.removed
    }


def test_title_rule_may_compute_a_text() -> None:
    assert (
        extract_with_rules("title: //h3", "title: concat('On ', string(//p[@id='when']))").title
        == "On 3 May 2026"
    )
    assert extract_with_rules("title: //title").title == "Later ferry"


def test_authors_and_date_are_read() -> None:
    article = extract_with_rules("author: //p[@class='who']/b", "date: //p[@id='when']")
    assert article.authors == ("Ann Bell", "Cy Dorn")
    assert article.published == datetime(2026, 5, 3, tzinfo=UTC)


def test_images_attributes_and_texts_are_removed() -> None:
    lines = (
        "body: //body",
        "prune: no",
        "strip_image_src: /ads/",
        "strip: //p[@id='when']/text()",
        "strip: //img/@alt",
    )
    page = PAGE.replace("<img src=", '<img alt="a boat" src=')
    article = extract_with_rules(*lines, "src_lazy_load_attr: data-big", page=page)
    assert "/ads/" not in article.html
    assert "3 May" not in article.text
    assert "a boat" not in article.html
    assert "https://ferry.example/boat.jpg" in article.html


def test_replacements_are_applied_in_order() -> None:
    article = extract_with_rules(
        "find_string: (",
        "replace_string: [",
        "replace_string(an hour): two hours",
        "body: //div[1]",
    )
    assert "leave two hours later" in article.text


def test_elements_are_wrapped() -> None:
    article = extract_with_rules(
        "wrap_in(blockquote): //div[@class='text']", "body: //div[@class='text first']", "prune: no"
    )
    assert f"<blockquote><p>{TWO}</p>" in article.html.replace("\n", "")


def test_jsonld_is_ignored_if_rules_say_so() -> None:
    assert extract_with_rules("skip_json_ld: no").categories == ("Boats",)
    assert extract_with_rules("skip_json_ld: yes").categories == ()


def test_page_without_content_match_may_have_no_article() -> None:
    with pytest.raises(ExtractError, match="finds nothing"):
        extract_with_rules("body: //section", "autodetect_on_failure: no")
    article = extract_with_rules("body: //section")
    assert ONE in article.text
    assert any(
        each.reason.startswith("rule body '//section' (ferry.example.txt:1) finds nothing")
        for each in article.removed
    )


def test_rules_that_leave_no_article_are_ignored() -> None:
    article = extract_with_rules("body: //p[@id='when']")
    assert ONE in article.text
    assert "the rules leave no article" in article.removed[0].reason


def test_advertisement_is_reported_with_its_rule() -> None:
    reasons = [
        each.reason for each in extract_with_rules("native_ad_clue: //p[@class='who']").removed
    ]
    assert (
        "rule native_ad_clue '//p[@class='who']' (ferry.example.txt:1) says that this is an "
        "advertisement"
    ) in reasons


def test_rule_that_fails_on_a_page_is_reported() -> None:
    article = extract_with_rules("strip: //p[@id='when'][count(@id + 'x')]")
    assert ONE in article.text
    assert any("cannot be followed" in each.reason for each in article.removed)


def test_root_elements_are_never_removed() -> None:
    page = PAGE.replace("<body>", '<body class="page">')
    assert ONE in extract_with_rules("strip_id_or_class: page", page=page).text


def test_keep_rule_takes_precedence_over_cleaner() -> None:
    menu = '<ul class="menu codes"><li><a href="/1">Two long</a><li><a href="/2">One short</a></ul>'
    page = PAGE.replace("<img src", f"{menu}<img src", 1)
    assert "Two long" not in extract(page, URL).text
    assert "Two long\nOne short" in extract(page, URL, rules=SiteRules(keep=(".codes",))).text
    both = SiteRules(keep=(".codes",), remove=("text:Two",))
    assert "Two long" not in extract(page, URL, rules=both).text


def test_css_rules_read_machine_readable_values() -> None:
    page = PAGE.replace("</head>", '<meta name="kicker" content="Ferry, later"></head>').replace(
        '<p id="when">3 May 2026</p>', '<time datetime="2026-05-03T08:30:00+02:00">yesterday</time>'
    )
    article = extract(
        page, URL, rules=SiteRules(title="meta[name=kicker]", author=".who b", date="time")
    )
    assert (article.title, article.authors) == ("Ferry, later", ("Ann Bell", "Cy Dorn"))
    assert article.published is not None
    assert article.published.isoformat() == "2026-05-03T08:30:00+02:00"


def test_rules_of_feed_take_precedence_over_site() -> None:
    own = parse_ruleset(SiteRules(content=".menu-box")).merged_with(
        ftr.parse_ftr("body: //div\nprune: no", "x.txt")
    )
    assert [rule.source for rule in own.content] == [".menu-box", "//div"]
    assert own.prune is True
