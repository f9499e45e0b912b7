"""Find the lists on real pages, labelled by hand.

`python -m tests.benchmarks.listings` shows the misses.
"""

import pytest

from tests.benchmarks.listings import PAGES, labels, verdicts
from tests.support.shared import shared_data


@pytest.mark.slow
def test_right_list_is_found_on_real_pages() -> None:
    """Known misses must still fail: a change that repairs one removes its name."""
    seen = list(verdicts(shared_data(PAGES)))
    assert {each.label.id for each in seen} == labels().keys()
    assert [each for each in seen if not each.right and not each.label.miss] == []
    assert [each.label.id for each in seen if each.right and each.label.miss] == []
