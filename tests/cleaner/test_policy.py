# ruff: noqa: RUF001 -- phrases in other scripts are the point
"""The policy that the manual describes: a page, and the article's HTML and text."""

import pytest

from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.config import SiteRules
from feedpub.core.models import Article, Removed

P = (
    "The ferry left at ten past six with forty cars, a lorry full of milk and most of the "
    "school on deck. "
) * 2
Q = (
    "Nobody had thought of the winter, when the harbour is closed for three weeks and the "
    "milk comes by sledge. "
) * 2
BASE = "https://example.org/news/ferry"


def article(inner: str, page: str = 'lang="en"') -> Article:
    body = f"<article><h1>The ferry sails</h1><p>{P}</p>{inner}<p>{Q}</p></article>"
    return extract(
        f"<html {page}><head><title>The ferry sails</title></head><body>{body}</body></html>", BASE
    )


def inside(inner: str, page: str = 'lang="en"') -> str:
    """Return the article's HTML between its first and last paragraph."""
    html = article(inner, page).html.replace("\n", "")
    return html.partition(f"<p>{P.strip()}</p>")[2].partition(f"<p>{Q.strip()}</p>")[0]


def test_standfirst_stays() -> None:
    page = (
        f'<header><h1>The ferry sails</h1><p class="standfirst">Nine months late, and '
        f"cheaper.</p></header><p>{P}</p>"
    )
    found = extract(f"<html><body><article>{page}<p>{Q}</p></article></body></html>", BASE)
    assert found.text.startswith("Nine months late, and cheaper.\n")


def test_subheads_keep_their_level_below_the_title() -> None:
    assert inside(f"<h2>A subhead</h2><p>{Q}{P}</p><h3>Another</h3><p>{P}{Q}</p>").startswith(
        "<h2>A subhead</h2>"
    )


def test_captions_stay_with_their_picture_and_out_of_the_text() -> None:
    found = article('<figure><img src="/a.jpg"><figcaption>On deck</figcaption></figure>')
    assert "<figcaption>On deck</figcaption>\n</figure>" in found.html
    assert "On deck" not in found.text


def test_only_a_pull_quote_that_repeats_the_text_is_removed() -> None:
    repeated = (
        "<blockquote><p>a lorry full of milk and … most of the school on deck</p></blockquote>"
    )
    assert inside(repeated) == ""
    own = (
        "<blockquote><p>I have never seen so much milk on one boat, said the "
        "captain.</p></blockquote>"
    )
    assert inside(own) == own


@pytest.mark.parametrize(
    ("embedded", "link"),
    [
        (
            '<iframe src="https://www.youtube.com/embed/abcdefghijk" title="The pier"></iframe>',
            (
                '<img src="https://i.ytimg.com/vi/abcdefghijk/hqdefault.jpg" alt=""><br>The '
                "pier</a></p>"
            ),
        ),
        ('<iframe src="https://www.google.com/maps/embed?pb=1"></iframe>', "Google Maps</a>"),
        (
            '<iframe src="https://mastodon.example/@a/1/embed" title="Post by a"></iframe>',
            "Post by a (mastodon.example)</a>",
        ),
        (
            '<audio src="/bell.mp3" controls>Your browser is old</audio>',
            '<p><a href="https://example.org/bell.mp3">Audio</a></p>',
        ),
        (
            '<video><source src="/pier.mp4"></video>',
            '<p><a href="https://example.org/pier.mp4">Video</a></p>',
        ),
        (
            (
                '<blockquote class="instagram-media" '
                'data-instgrm-permalink="https://www.instagram.com/p/Ca/"><p>View this'
            ),
            '<a href="https://www.instagram.com/p/Ca/">Instagram</a>',
        ),
    ],
)
def test_embeds_become_labelled_links(embedded: str, link: str) -> None:
    assert link in inside(embedded)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(
            "<ul><li>One boat, old, with a crack<ul><li>in the ramp</li></ul></li></ul>",
            id="nested lists",
        ),
        pytest.param(
            '<ol start="3"><li>Open the ramp.</li><li>Wait for the gull.</li></ol>', id="numbers"
        ),
        pytest.param(
            "<table><caption>Cars</caption><thead><tr><td></td><th "
            'scope="col">May</th></tr></thead><tbody>'
            '<tr><th scope="row">Cars</th><td>40</td></tr><tr><td colspan="2">None in '
            "winter</td></tr></tbody></table>",
            id="tables",
        ),
        pytest.param("<dl><dt>Ramp</dt><dd>What the cars roll over.</dd></dl>", id="definitions"),
        pytest.param(
            (
                "<details><summary>The rules</summary><p>No more than forty cars at "
                "once.</p></details>"
            ),
            id="details",
        ),
        pytest.param(
            (
                "<p>The water is H<sub>2</sub>O and the deck has 300 m<sup>2</sup> of room for "
                "all.</p>"
            ),
            id="sub and sup",
        ),
        pytest.param(
            (
                '<p>They call it <span lang="fr">le bac du matin</span>, and nobody knows why '
                "they do.</p>"
            ),
            id="language",
        ),
        pytest.param(
            (
                '<blockquote lang="he" dir="rtl"><p>הים זוכר את כל הספינות ואת כל '
                "האנשים</p></blockquote>"
            ),
            id="direction",
        ),
        pytest.param(
            (
                '<p>It is called <abbr title="roll-on roll-off">ro-ro</abbr> by those who work '
                "on it.</p>"
            ),
            id="abbr",
        ),
    ],
)
def test_structure_stays(kept: str) -> None:
    assert inside(kept) == kept


def test_right_to_left_page_has_a_direction() -> None:
    assert article("", 'lang="ar" dir="rtl"').html.startswith('<div dir="rtl">')


def test_layout_tables_dissolve() -> None:
    assert inside(f"<table><tr><td><p>{Q}{P}</p></td></tr></table>") == f"<p>{Q}{P.strip()}</p>"


def test_footnotes_stay_with_working_links() -> None:
    mark = (
        f'<p id="text">{Q}<sup id="r1"><a href="#n1">1</a></sup> <a href="#elsewhere">top</a></p>'
    )
    note = (
        '<section class="footnotes"><ol><li id="n1">In 1931, by hand. <a '
        'href="#r1">↩</a></li></ol></section>'
    )
    body = f"<article><h1>The ferry sails</h1><p>{P}</p>{mark}{note}</article>"
    found = extract(f"<html><body>{body}</body></html>", BASE)
    assert '<sup id="r1"><a href="#n1">1</a></sup>' in found.html
    assert '<li id="n1">In 1931, by hand. <a href="#r1">↩</a></li>' in found.html
    assert 'id="text"' not in found.html
    assert 'href="https://example.org/news/ferry#elsewhere"' in found.html
    assert found.text.endswith("In 1931, by hand.")


def test_code_keeps_its_white_space() -> None:
    code = "<pre><code>    def a():<br><br>        return 1</code></pre>"
    found = article(f"<p>{Q}{P}</p>{code}<p>{P}{Q}</p>")
    assert "<pre><code>    def a():\n\n        return 1</code>" in found.html
    assert "    def a():\n        return 1\n" in found.text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r'<script type="math/tex">\varepsilon > 0</script>', r"\varepsilon > 0"),
        (
            (
                '<span class="MathJax_Preview">[math]</span><span class="MathJax">x2</span>'
                '<script type="math/tex; mode=display">x^2</script>'
            ),
            "x^2",
        ),
        (
            "<math><msup><mn>2</mn><mi>n</mi></msup><mo>&gt;</mo><mi>n</mi></math>",
            "2^n>n",
        ),
        (
            "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac></math>",
            "{a+b}/c",
        ),
        ("<math><mi>E</mi><mo>=</mo><mi>m</mi></math>", "E=m"),
        ('<math alttext="{\\displaystyle E=mc^2}"><mi>E</mi></math>', "E=mc^2"),
        (
            '<math><mi>E</mi><annotation encoding="application/x-tex">E = mc^2</annotation></math>',
            "E = mc^2",
        ),
        (
            (
                '<span class="katex"><math><mi>E</mi></math><span class="katex-html" '
                'aria-hidden="true">E</span></span>'
            ),
            "E",
        ),
    ],
)
def test_formulas_become_their_source_text(formula: str, text: str) -> None:
    assert (
        f"is {text}, and"
        in article(
            f"<p>The rule is {formula}, and nobody on board has ever doubted it at all.</p>"
        ).text
    )


POWER = "<msup><mn>2</mn><mi>n</mi></msup><mo>&gt;</mo><mi>n</mi>"


@pytest.mark.parametrize(
    ("formula", "html"),
    [
        (f'<math display="block">{POWER}</math>', f'<math display="block">{POWER}</math>'),
        (
            f'<math onclick="x()" class="m"><mrow href="javascript:x()">{POWER}</mrow></math>',
            f"<math><mrow>{POWER}</mrow></math>",
        ),
        (f"<math><maction>{POWER}</maction></math>", "2^n&gt;n"),
        ("<math><mtext>2<b>n</b></mtext></math>", "2n"),
        ("<math>2n</math>", "2n"),
        (f'<math alttext="2^n > n">{POWER}</math>', "2^n &gt; n"),
    ],
)
def test_formula_without_a_source_stays(formula: str, html: str) -> None:
    found = article(
        f"<p>The rule is {formula}, and nobody on board has ever doubted it at all.</p>"
    )
    assert f"<p>The rule is {html}, and" in found.html


def test_hidden_formula_is_replaced_by_its_picture() -> None:
    hidden = (
        '<span style="display: none"><math alttext="E"><mi>E</mi></math></span><img '
        'src="/e.png" alt="E">'
    )
    found = inside(
        f"<p>The rule is {hidden} and nobody on board has ever doubted it at all, not even "
        f"the mate.</p>"
    )
    assert found.startswith('<p>The rule is <img src="https://example.org/e.png" alt="E"> and')


def test_pictures_of_a_gallery_stay_with_their_captions() -> None:
    slide = (
        '<li><figure><img data-src="/{0}.jpg" src="data:,"><figcaption>Slide '
        "{0}</figcaption></figure></li>"
    )
    found = inside(f'<ul class="gallery">{slide.format("a")}{slide.format("b")}</ul>')
    assert found.count("<img") == found.count("<figcaption>Slide") == 2


def test_inline_svg_is_dropped() -> None:
    assert inside("<svg><text>Deck plan</text></svg>") == ""


def test_content_rule_without_a_match_is_reported() -> None:
    page = (
        f"<html><body><article><h1>The ferry sails</h1><p>{P}</p><p>{Q}</p></article></body></html>"
    )
    found = extract(page, BASE, rules=SiteRules(content=".story-body"))
    assert P.strip() in found.text
    reason = (
        "rule content '.story-body' finds nothing on this page: the article was found without it"
    )
    assert Removed(".story-body", reason) in found.removed


def test_removed_text_has_its_position() -> None:
    found = article("<p>Advertisement</p>")
    assert [(each.text, each.after) for each in found.removed] == [
        ("The ferry sails", 0),
        ("Advertisement", 1),
    ]


@pytest.mark.parametrize("separator", ["p", "div"])
@pytest.mark.parametrize(
    "phrase",
    [
        "Story continues below advertisement",
        "Weiter nach der Anzeige",
        "La suite après la publicité",
        "El artículo continúa después de la publicidad",
        "Continua após a publicidade",
        "Leggi anche: Il ponte",
        "Lees ook: De brug is weer open",
        "Läs också: Bron är öppen",
        "Les også: Broen er åpen",
        "Læs også: Broen er åben",
        "Lue myös: Silta on auki",
        "Czytaj także: Most otwarty",
        "Čtěte také: Most je otevřen",
        "Olvassa el ezt is: A híd",
        "Citește și: Podul",
        "Читайте также: Мост открыт",
        "Читайте також: Міст відкрито",
        "Διαβάστε επίσης: Η γέφυρα",
        "Ayrıca okuyun: Köprü açıldı",
        "اقرأ أيضا: الجسر",
        "קראו גם: הגשר",
        "関連記事",
        "相关阅读",
        "관련기사",
        "Đọc thêm: Cây cầu",
        "Baca juga: Jembatan",
    ],
)
def test_interjections_are_removed_in_any_language(phrase: str, separator: str) -> None:
    assert inside(f'<{separator} class="c1">{phrase}</{separator}>') == ""


def test_prose_about_phrases_stays() -> None:
    sentence = f"Advertisement, said the mate, is a long word. {Q}"
    assert inside(f"<p>{sentence}</p>") == f"<p>{sentence.strip()}</p>"


def test_lines_of_code_in_elements_of_their_own_are_one_preformatted_text() -> None:
    lines = ("lamp --stop 7", "    lamp --release 7", "lamp --start 7")
    rows = "".join(f'<div class="line"><code class="plain">{line}</code></div>' for line in lines)
    table = f'<table><tr><td class="code"><div>{rows}</div></td></tr></table>'
    code = f'<div class="syntaxhighlighter">{table}</div>'
    article = extract_fragment(f"<p>Release the lease:</p>{code}<p>The job runs again.</p>")
    assert f"<pre><code>{chr(10).join(lines)}</code>" in article.html
