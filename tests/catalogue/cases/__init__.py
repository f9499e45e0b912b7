"""All cases, by group."""

from collections.abc import Mapping, Sequence

from tests.catalogue.case import Case
from tests.catalogue.cases import (
    clock,
    config,
    dates,
    encoding,
    files,
    html,
    http,
    identity,
    memory,
    network,
    process,
    semantics,
    ssrf,
    urls,
    xml,
)

GROUPS: Mapping[str, Sequence[Case]] = {
    "network": network.CASES,
    "ssrf": ssrf.CASES,
    "http": http.CASES,
    "encoding": encoding.CASES,
    "html": html.CASES,
    "xml": xml.CASES,
    "dates": dates.CASES,
    "urls": urls.CASES,
    "semantics": semantics.CASES,
    "identity": identity.CASES,
    "files": files.CASES,
    "clock": clock.CASES,
    "process": process.CASES,
    "config": config.CASES,
    "memory": memory.CASES,
}
CASES: Mapping[str, Case] = {case.name: case for cases in GROUPS.values() for case in cases}
