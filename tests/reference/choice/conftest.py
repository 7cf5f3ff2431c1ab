"""Profiles that the literature works through, typed from their sources."""

from __future__ import annotations

import pytest

from pluralism import Ballots


@pytest.fixture
def tennessee() -> Ballots:
    """The capital of Tennessee (electowiki, "Kemeny-Young method")."""
    return Ballots.from_rankings(
        [
            ("Memphis", "Nashville", "Chattanooga", "Knoxville"),
            ("Nashville", "Chattanooga", "Knoxville", "Memphis"),
            ("Chattanooga", "Knoxville", "Nashville", "Memphis"),
            ("Knoxville", "Chattanooga", "Nashville", "Memphis"),
        ],
        counts=[42, 26, 15, 17],
        alternatives=["Memphis", "Nashville", "Chattanooga", "Knoxville"],
    )


@pytest.fixture
def schulze45() -> Ballots:
    """Schulze's 45 voters (M. Schulze, "A new monotonic, clone-independent ... method")."""
    return Ballots.from_rankings(
        ["ACBED", "ADECB", "BEDAC", "CABED", "CAEBD", "CBADE", "DCEBA", "EBADC"],
        counts=[5, 5, 8, 3, 7, 2, 7, 8],
    )


@pytest.fixture
def cycle100() -> Ballots:
    """A cycle of 100 voters (electowiki)."""
    return Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])


@pytest.fixture
def young60() -> Ballots:
    """Condorcet's 60 voters of 1785, as told by H. P. Young (1988)."""
    return Ballots.from_rankings(["abc", "bca", "bac", "cab", "cba"], counts=[23, 17, 2, 10, 8])


@pytest.fixture
def condorcet81() -> Ballots:
    """Condorcet's example against Borda, 81 voters."""
    return Ballots.from_rankings(
        ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"], counts=[30, 1, 29, 10, 10, 1]
    )
