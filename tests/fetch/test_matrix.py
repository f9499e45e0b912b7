"""No byte reaches an address that is not public.

In 111 forms, by six ways, with a real resolver and real listeners.
"""

import pytest

from tests.fetch.matrix import REFUSAL, WAYS, Form, Matrix, Row, forms, matrix, strangers
from tests.support.laboratory import laboratory

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
def found() -> Matrix:
    with laboratory() as lab:
        return matrix(lab)


def _row(found: Matrix, form: Form) -> Row:
    return found.rows[form.number]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: ascii(form.written))
def test_nothing_arrives(found: Matrix, form: Form, way: str) -> None:
    """It is refused for what it is, or is no host at all.

    Nobody but the public server was connected to.
    """
    report = _row(found, form).reports[way]
    assert not strangers(report)
    assert REFUSAL.search(report.outcomes[0]), report.outcomes


@pytest.mark.parametrize("form", FORMS, ids=lambda form: ascii(form.written))
def test_each_article_there_is_named(found: Matrix, form: Form) -> None:
    """The build says why it is not fetched."""
    assert REFUSAL.search(_row(found, form).link)


def test_nothing_arrives_for_articles(found: Matrix) -> None:
    """Of all the forms in one feed, which itself is read."""
    assert found.links.reached.keys() == {"93.184.216.34"}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: ascii(form.written))
def test_it_is_the_gate_that_holds_it_back(found: Matrix, form: Form) -> None:
    """Once all is allowed, something arrives there.

    The listener listens, and the form leads to it.
    """
    assert _row(found, form).reachable == (form.address not in MUTE)


def test_a_name_is_asked_for_once_a_connection(found: Matrix) -> None:
    """There is no second question between check and connection, that could be answered otherwise."""
    for row in found.rows:
        if row.form.port:  # refused at once
            continue
        assert row.reports["rebinding"].asked == [f"rebound-{row.form.number}.example"] * 2
        assert row.reports["name"].asked == [f"name-{row.form.number}.example"]
