"""A site that scripts build becomes a feed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from feedpub.core.models import RunStatus
from feedpub.fetch.browser import Browser
from feedpub.pipeline.run import run_feed
from tests.support.newsroom import configure, open_context, output_folder, story, title
from tests.support.site import Route, Site

SHELL = (
    '<html lang="en"><head><title>Times</title><script src="/app.js" defer></script></head>'
    "<main></main></html>"
)
APP = """
const main = document.querySelector("main");
const number = location.pathname.split("/")[2];
if (number) fetch("/api/story/" + number).then(r => r.text()).then(html => {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title; main.replaceWith(page.body);
});
else fetch("/api/list").then(r => r.json()).then(list => {
  const link = s => `<a href="/story/${s.n}">${s.title}</a>`;
  main.innerHTML = list.map(s => `<article><h2>${link(s)}</h2></article>`).join("");
});
"""


@pytest.mark.slow
def test_site_built_by_scripts_becomes_a_feed(site: Site, browser: Browser, tmp_path: Path) -> None:
    """With listing and articles, and twice the same bytes."""
    numbers = [3, 2, 1]
    site["/"] = SHELL
    site["/app.js"] = Route(APP.encode(), "text/javascript")
    site["/api/list"] = Route(
        json.dumps([{"n": n, "title": title(n)} for n in numbers]).encode(), "application/json"
    )
    for n in numbers:
        site[f"/story/{n}"] = SHELL
        site[f"/api/story/{n}"] = story(n)
    source = f'[[feed.source]]\ntype = "page"\nurl = "{site.url()}"\nrender = true\n'
    config = configure(tmp_path, f'[[feed]]\nname = "app"\ntitle = "App"\n{source}')
    with open_context(config) as plain:
        context = replace(plain, browser=browser)
        outcome = run_feed(config.feed[0], context)
        assert (outcome.status, outcome.new, outcome.problems) == (RunStatus.UPDATED, 3, ())
        assert run_feed(config.feed[0], context).status is RunStatus.UNCHANGED
    items = json.loads((output_folder(config) / "app.json").read_text("utf-8"))["items"]
    assert {item["url"] for item in items} == {site.url(f"/story/{n}") for n in numbers}
    assert {item["title"] for item in items} == {title(n) for n in numbers}
    assert "<script" not in json.dumps(items)
