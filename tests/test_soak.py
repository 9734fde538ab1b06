"""Short forms of the long runs: nothing is left, lost or swapped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from soak.cases import CASES
from soak.processes import Site, run, serving


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.mark.parametrize("name", CASES)
def test_soak(name: str, site: Site) -> None:
    outcome = run(name, CASES[name].short, 1, site)
    assert not outcome.complaints, outcome.complaints
    assert outcome.code == 0
