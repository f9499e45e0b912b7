"""All cases, group by group."""

from collections.abc import Mapping, Sequence

from tests.catalogue.case import Case
from tests.catalogue.cases import dates, encoding, html, http, network, ssrf, urls, xml

GROUPS: Mapping[str, Sequence[Case]] = {
    "network": network.CASES,
    "ssrf": ssrf.CASES,
    "http": http.CASES,
    "encoding": encoding.CASES,
    "html": html.CASES,
    "xml": xml.CASES,
    "dates": dates.CASES,
    "urls": urls.CASES,
}
CASES: Mapping[str, Case] = {case.name: case for cases in GROUPS.values() for case in cases}
