"""No byte reaches a forbidden address.

In 111 forms and six ways, with a real resolver and real listeners.
"""

import pytest

from tests.fetch.matrix import REFUSAL, WAYS, Form, Matrix, Row, forms, matrix, strangers
from tests.support.laboratory import isolated_network

pytestmark = pytest.mark.slow
FORMS = forms()
MUTE = {
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "fe80::1",
    "ff02::1",
    "ff0e::1",
}  # no system connects there


@pytest.fixture(scope="module")
def results() -> Matrix:
    with isolated_network() as lab:
        return matrix(lab)


def _row(results: Matrix, form: Form) -> Row:
    return results.rows[form.number]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: ascii(form.written))
def test_no_byte_reaches_a_forbidden_address(results: Matrix, form: Form, way: str) -> None:
    """The address is forbidden or invalid, and only the public server is connected to."""
    report = _row(results, form).reports[way]
    assert not strangers(report)
    assert REFUSAL.search(report.outcomes[0]), report.outcomes


@pytest.mark.parametrize("form", FORMS, ids=lambda form: ascii(form.written))
def test_article_at_a_forbidden_address_is_reported(results: Matrix, form: Form) -> None:
    assert REFUSAL.search(_row(results, form).link)


def test_no_byte_arrives_for_a_feed_with_all_forms(results: Matrix) -> None:
    assert results.links.reached.keys() == {"93.184.216.34"}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: ascii(form.written))
def test_forms_are_reachable_if_allowed(results: Matrix, form: Form) -> None:
    """Otherwise the matrix would prove nothing."""
    assert _row(results, form).reachable == (form.address not in MUTE)


def test_name_is_resolved_once_for_each_connection(results: Matrix) -> None:
    for row in results.rows:
        if row.form.port:  # refused at once
            continue
        assert row.reports["rebinding"].queried_names == [f"rebound-{row.form.number}.example"] * 2
        assert row.reports["name"].queried_names == [f"name-{row.form.number}.example"]
