"""The SSRF matrix: every form of a forbidden address, in every way that leads to it.

`python -m tests.fetch.matrix` prints it. The forms are data (tests/vectors/addresses.toml). Each is
tried in a network namespace in which its address really listens, with the default rules.
"reachable" means that data arrives if everything is allowed.
"""

import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from tests.support.laboratory import IsolatedNetwork, Report, isolated_network
from tests.support.newsroom import feed

VECTORS = Path(__file__).parents[1] / "vectors" / "addresses.toml"
PUBLIC = "93.184.216.34"
EVERYTHING = ("0.0.0.0/0", "::/0")
REFUSAL = re.compile("only public ones are fetched|not a usual web port|no valid host")
NAMES = {"public.example": [[PUBLIC]], "metadata.google.internal": [["169.254.169.254"]]}


@dataclass(frozen=True)
class Form:
    """A host in a URL.

    Attributes:
        number: identifies it in names and paths.
        kind: the kind of its address.
        written: the host.
        address: the address that it leads to.
    """

    number: int
    kind: str
    written: str
    address: str

    @property
    def url(self) -> str:
        return f"http://{self.written}/secret-{self.number}"

    @property
    def port(self) -> str:
        """Return ":" and the port, unless it is the default."""
        return ":25" if self.kind == "other ports" else ""


def forms() -> list[Form]:
    """Return all forms."""
    table = tomllib.loads(VECTORS.read_text("utf-8"))
    found = [
        (kind, written, address)
        for kind, rows in table.items()
        for written, address in rows.items()
    ]
    return [Form(number, *facts) for number, facts in enumerate(found)]


def _direct(lab: IsolatedNetwork, form: Form) -> Report:
    return lab.get(form.url)


def _fetch_redirect(lab: IsolatedNetwork, form: Form) -> Report:
    return lab.get(f"http://public.example/to?{form.url.encode().hex()}")


def _fetch_name(lab: IsolatedNetwork, form: Form) -> Report:
    lab.add(names={f"name-{form.number}.example": [[form.address]]})
    return lab.get(f"http://name-{form.number}.example{form.port}/")


def _fetch_mixed_name(lab: IsolatedNetwork, form: Form) -> Report:
    lab.add(names={f"mixed-{form.number}.example": [[PUBLIC, form.address]]})
    return lab.get(f"http://mixed-{form.number}.example{form.port}/")


def _rebound(lab: IsolatedNetwork, form: Form) -> Report:
    """Return a name that is public for robots.txt, and has another address a moment later."""
    lab.add(names={f"rebound-{form.number}.example": [[PUBLIC], [form.address]]})
    return lab.get(f"http://rebound-{form.number}.example{form.port}/")


WAYS: dict[str, Callable[[IsolatedNetwork, Form], Report]] = {
    "direct": _direct,
    "redirect": _fetch_redirect,
    "name": _fetch_name,
    "mixed": _fetch_mixed_name,
    "rebinding": _rebound,
}


@dataclass(frozen=True)
class Row:
    """The results of a form.

    Attributes:
        form: the form.
        reports: the report of each way.
        link: the message about an article there; "" if there is none.
        reachable: data arrives at the address if everything is allowed.
    """

    form: Form
    reports: dict[str, Report]
    link: str
    reachable: bool


@dataclass(frozen=True)
class Matrix:
    """All rows, and what was reached while articles of all forms were fetched at once."""

    rows: list[Row] = field(default_factory=list)
    links: Report = field(default_factory=Report)


def strangers(report: Report) -> dict[str, int]:
    """Return who was reached and should not have been, with the number of bytes."""
    return {address: count for address, count in report.reached.items() if address != PUBLIC}


def matrix(lab: IsolatedNetwork) -> Matrix:
    """Try every form in every way."""
    lab.add(names=NAMES)
    links = _links(lab)
    rows = [
        Row(
            form,
            {way: go(lab, form) for way, go in WAYS.items()},
            next(
                (line for line in links.output.splitlines() if f"secret-{form.number}:" in line), ""
            ),
            bool(lab.get(form.url, allow=EVERYTHING, seconds=2).reached),
        )
        for form in forms()
    ]
    return Matrix(rows, links)


def _links(lab: IsolatedNetwork) -> Report:
    """Return articles at every form, listed by a public feed."""
    items = "".join(
        f"<item><title>The harbour story number {form.number}</title>"
        f"<link>{escape(form.url)}</link>"
        f"<guid isPermaLink='false'>{form.number}</guid><description>They met, and said "
        f"{form.number}.</description>"
        "</item>"
        for form in forms()
    )
    rss = f"<rss version='2.0'><channel><title>News</title><link>http://public.example/</link>{items}</channel></rss>"
    lab.add(pages={"public.example/rss": rss})
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "feedpub.toml")
        settings = '[feedpub]\noutput = "feeds"\nstate = "state"\nrequest_delay = "0s"\n'
        config.write_text(
            settings + feed("world", "feed http://public.example/rss", more="limit = 1000"), "utf-8"
        )
        return lab.run_feedpub("build", config=config)


def table(found: Matrix) -> Iterator[str]:
    """Yield the matrix, one line for each form."""
    ways = list(WAYS)
    yield (
        f"{'form':32} {'kind':18} {'address':24} "
        + " ".join(f"{way:>9}" for way in ways)
        + "      link  reachable"
    )
    for row in found.rows:
        cells = " ".join(f"{_cell(row.reports[way]):>9}" for way in ways)
        link = "refused" if REFUSAL.search(row.link) else "NO WORD"
        form, reachable = row.form, "yes" if row.reachable else "no"
        yield f"{form.written!r:32} {form.kind:18} {form.address:24} {cells} {link:>9}  {reachable}"
    reports = [found.links, *(report for row in found.rows for report in row.reports.values())]
    connections = [count for report in reports for count in strangers(report).values()]
    yield (
        f"{len(found.rows)} forms by {len(ways) + 1} ways, "
        f"{sum(row.reachable for row in found.rows)} of them "
        f"reachable if allowed: {len(connections)} connections, "
        f"{sum(max(count, 0) for count in connections)} bytes "
        "where none should arrive"
    )


def _cell(report: Report) -> str:
    if strangers(report):
        return "REACHED"
    (outcome,) = report.outcomes
    return {"DisallowedError": "refused", "FetchError": "invalid"}.get(
        outcome.partition(":")[0], "PAGE"
    )


def holds(found: Matrix) -> bool:
    """Return True if no data arrived anywhere."""
    return not strangers(found.links) and not any(
        strangers(report) for row in found.rows for report in row.reports.values()
    )


def main() -> int:
    """Print the matrix; the exit status is 1 if a byte arrived."""
    with isolated_network() as lab:
        found = matrix(lab)
    print(*table(found), sep="\n")
    return 0 if holds(found) else 1


if __name__ == "__main__":
    sys.exit(main())
