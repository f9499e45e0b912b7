"""What `feedpub repair` found, on a terminal and for programs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from feedpub.config import Patch
    from feedpub.repairing.lists import Shown
    from feedpub.store import Proposal

_COLOURS = {"+++": "bold", "---": "bold", "@@ ": "cyan"}
_SIGNS = {"+": "green", "-": "red"}
_ADVICE = (
    "by hand: `links` takes a CSS selector of the article links, `url` the address where the list is now; "
    "feedpub add URL --dry-run shows what a site has"
)


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found about one source.

    Attributes:
        feed, source: which.
        reason: why it fails; "" where it does not.
        said: why there is nothing to change; "" where there is.
        proposal: the change,
        articles: the first articles that it brings,
        patch: and the config with it.
        written: the config has it.
    """

    feed: str
    source: str
    reason: str
    said: str
    proposal: "Proposal | None"
    articles: "tuple[Shown, ...]"
    patch: "Patch | None"
    written: bool = False

    @property
    def ok(self) -> bool:
        """True where it can be read, or will be."""
        return self.written or not self.reason


def show(console: "Console", repair: Repair) -> None:
    """Why it fails, what is proposed and why, the articles, and the diff."""
    from feedpub.repairing.told import told

    lines = [f"{repair.feed}: {repair.source}: {repair.reason or repair.said}"]
    if repair.reason and repair.said:
        lines += [f"  {repair.said}", f"  {_ADVICE}"]
    if repair.proposal:
        lines.append(f"  {told(repair.proposal).evidence}:")
        lines += [f"    {'known' if article.known else 'new  '}  {article.title}" for article in repair.articles]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    for line in repair.patch.diff.splitlines() if repair.patch else ():
        console.print(Text(line, _COLOURS.get(line[:3]) or _SIGNS.get(line[:1], "")), soft_wrap=True)


def as_data(repair: Repair) -> dict[str, Any]:
    """The same for programs."""
    from feedpub.repairing.told import told

    return {
        "feed": repair.feed,
        "source": repair.source,
        "reason": repair.reason,
        "said": repair.said,
        "proposal": told(repair.proposal) if repair.proposal else None,
        "articles": repair.articles,
        "diff": repair.patch.diff if repair.patch else "",
        "written": repair.written,
    }
