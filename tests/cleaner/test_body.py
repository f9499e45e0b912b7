"""The HTML and the text of the kept blocks."""

import pytest

from feedpub.cleaner import body
from feedpub.cleaner.segment import segment
from feedpub.core.html import parse_html

BASE = "https://example.org/news/a"


def html(page: str, kept: list[int] | None = None) -> str:
    layout = segment(parse_html(page))
    chosen = range(len(layout.blocks)) if kept is None else kept
    return body.render_body(layout, chosen, BASE).replace("\n", "")


def text(page: str) -> str:
    layout = segment(parse_html(page))
    return "\n".join(filter(None, (body.block_text(layout, block) for block in layout.blocks)))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param(
            "<div>one<div>two</div></div>", "<p>one</p><p>two</p>", id="boxes-are-paragraphs"
        ),
        pytest.param(
            "<div>one<br><br>two<br>three</div>", "<p>one</p><p>two<br>three</p>", id="breaks"
        ),
        pytest.param("<h1>a</h1><h3><span>b</span></h3>", "<h2>a</h2><h3>b</h3>", id="headings"),
        pytest.param(
            "<ul><li>a<ul><li>b</ul><li><p>c<p>d</ul>",
            "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>",
            id="lists",
        ),
        pytest.param(
            '<a href="/x"><img src="i.png"><div><h3>a</h3><p>b</p></div></a><a href="/y">c</a>',
            '<p><a href="https://example.org/x"><img src="https://example.org/news/i.png" alt="">'
            "</a></p>"
            '<h3><a href="https://example.org/x">a</a></h3><p>b</p>'
            '<p><a href="https://example.org/y">c</a></p>',
            id="link-around-blocks",
        ),
        pytest.param(
            '<a href="/x">a</a><a href="/y">b</a>',
            '<p><a href="https://example.org/x">a</a> <a href="https://example.org/y">b</a></p>',
            id="links-in-a-row",
        ),
        pytest.param("<dl><dt>a<dd>b</dl>", "<dl><dt>a</dt><dd>b</dd></dl>", id="definitions"),
        pytest.param(
            "<table><tr><th>a<th>b<tr><td>1<td>2</table>",
            (
                "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1</td>"
                "<td>2</td></tr></tbody></table>"
            ),
            id="tables",
        ),
        pytest.param("<table><tr><td><p>a<p>b</table>", "<p>a</p><p>b</p>", id="layout-tables"),
        pytest.param(
            "<blockquote>a<cite>b</cite></blockquote>",
            "<blockquote><p>a<cite>b</cite></p></blockquote>",
            id="quotes",
        ),
        pytest.param(
            "<pre><code>a  &lt;b</code></pre>",
            "<pre><code>a  &lt;b</code></pre>",
            id="code-with-signs",
        ),
        pytest.param("<pre>a  b</pre>", "<pre>a  b</pre>", id="code"),
        pytest.param(
            '<figure><img src="/a.jpg"><figcaption>b</figcaption></figure>',
            (
                '<figure><img src="https://example.org/a.jpg" '
                'alt=""><figcaption>b</figcaption></figure>'
            ),
            id="figures",
        ),
        pytest.param(
            '<p><img data-src="/a.jpg" src="data:,"><noscript><img src="/a.jpg"></noscript></p>',
            '<p><img src="https://example.org/a.jpg" alt=""></p>',
            id="one-picture-not-two",
        ),
        pytest.param(
            '<p>a <a href="b">c</a>',
            '<p>a <a href="https://example.org/news/b">c</a></p>',
            id="links",
        ),
        pytest.param('<p>a <a href="javascript:b()">c</a>', "<p>a c</p>", id="links-to-nowhere"),
        pytest.param(
            "<p><b>a</b> <i>b</i> <font>c</font> <tt>d</tt>",
            "<p><strong>a</strong> <em>b</em> c <code>d</code></p>",
            id="inline",
        ),
        pytest.param("<p>a &lt;b&gt; &amp; c", "<p>a &lt;b&gt; &amp; c</p>", id="escaped"),
        pytest.param(
            '<iframe src="https://vimeo.com/1"></iframe>',
            '<p><a href="https://vimeo.com/1">Vimeo</a></p>',
            id="players",
        ),
        pytest.param(
            '<p>a</p><p><img src="/p.gif" width="1" height="1"></p>',
            "<p>a</p>",
            id="nothing-to-see",
        ),
        pytest.param("<ul>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>", id="list-without-item"),
    ],
)
def test_html_keeps_the_structure_of_the_page(page: str, expected: str) -> None:
    assert html(page) == expected


def test_html_has_only_kept_blocks() -> None:
    assert html("<ul><li>a<li>b<li>c</ul>", [0, 2]) == "<ul><li>a</li><li>c</li></ul>"


def test_captions_are_in_the_html_and_not_in_the_text() -> None:
    page = (
        "<p>a</p><figure><figcaption>b</figcaption></figure><p "
        "class='wp-caption-text'>c</p><p>d</p>"
    )
    assert text(page) == "a\nd"


def test_caption_of_a_table_is_in_the_text() -> None:
    assert text("<table><caption>a</caption><tr><td>b</table>") == "a\nb"
