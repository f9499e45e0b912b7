"""All cases, group by group."""

from collections.abc import Mapping, Sequence

from tests.catalogue.case import Case
from tests.catalogue.cases import http

GROUPS: Mapping[str, Sequence[Case]] = {"http": http.CASES}
CASES: Mapping[str, Case] = {case.name: case for cases in GROUPS.values() for case in cases}
