"""A test of this folder proves one row of ``docs/papers/papers.csv``: the row that names it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import pytest

PAPERS = Path(__file__).parents[2] / "docs" / "papers" / "papers.csv"


@pytest.fixture
def paper_row(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Hold computed numbers against the ``ours`` of the row whose ``test`` is the running test.

    Every number must round to the one in the table, to as many digits as stand there.
    """
    with PAPERS.open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["test"] == request.node.nodeid]
    assert len(found) == 1, f"{len(found)} rows of {PAPERS.name} name {request.node.nodeid}, not 1"
    stated = [Decimal(number) for number in found[0]["ours"].split("; ")]

    def agrees(*computed: float | Iterable[float]) -> None:
        parts = [part if isinstance(part, Iterable) else [part] for part in computed]
        flat = [float(number) for part in parts for number in part]
        assert len(flat) == len(stated), f"{len(flat)} numbers for {found[0]['ours']!r}"
        for number, printed in zip(flat, stated, strict=True):
            half = 0.5 * 10.0 ** int(printed.as_tuple().exponent)
            assert abs(number - float(printed)) <= half * (1 + 1e-9), f"{number} is not {printed}"

    return agrees
