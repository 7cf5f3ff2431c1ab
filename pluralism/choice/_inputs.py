"""What a rule may be given: ballots, or the pairwise matrix that follows from votes or a model."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots, _ballot_rows, _labels
from ..data._named_matrix import rows_first
from ..errors import DataError, LabelError

__all__ = ["Pairwise", "Profile", "as_ballots", "as_pairwise", "as_utilities", "require_met"]

FloatArray = npt.NDArray[np.float64]


class Pairwise(NamedTuple):
    """Pairwise support, as every majority rule needs it."""

    alternatives: tuple[Hashable, ...]
    wins: FloatArray  # (alternatives, alternatives): weight that prefers the row
    ties: FloatArray  # (alternatives, alternatives): weight that is indifferent
    tolerance: float  # differences up to this are rounding; 0 for whole numbers

    @property
    def margins(self) -> FloatArray:
        """Wins minus losses, rounding noise set to zero."""
        margins = self.wins - self.wins.T
        if self.tolerance:
            margins[np.abs(margins) <= self.tolerance] = 0.0
        return margins

    @property
    def shares(self) -> FloatArray:
        """Share that prefers the row, an indifferent vote being half of each.

        NaN where a pair never met, and on the diagonal.
        """
        votes = self.wins + self.wins.T + self.ties
        shares = np.full_like(votes, np.nan)
        np.divide(self.wins + 0.5 * self.ties, votes, out=shares, where=votes > 0)
        return shares


class Profile(NamedTuple):
    """Utilities of voters, and how much each counts."""

    values: FloatArray  # (voters, alternatives)
    share: FloatArray  # (voters,): sums to one
    total: float  # weight of all voters
    labels: tuple[Hashable, ...]


def as_pairwise(value: Any) -> Pairwise:
    """Read ballots, anything with ``pairwise()``, or a square matrix of non-negative support.

    The diagonal is not read. Raises `DataError` for what is none of these.
    """
    if isinstance(value, Ballots):
        wins, ties = value.pair_counts()
        return Pairwise(value.alternatives, wins, ties, _tolerance(wins))
    if callable(getattr(value, "pairwise", None)):
        value = value.pairwise()
    labels: Any = None
    voters = None
    if hasattr(value, "dims") and hasattr(value, "coords"):
        voters = value.attrs.get("voters")
        if len(value.dims) == 2:
            value = rows_first(value)
            sides = [value.coords[d].values.tolist() for d in value.dims if d in value.coords]
            labels = _same_labels(sides)
        value = value.values
    elif hasattr(value, "columns") and hasattr(value, "index"):
        labels = _same_labels([list(value.index), list(value.columns)])
        value = value.to_numpy()
    if not hasattr(value, "__array__") and not isinstance(value, (list, tuple)):
        raise DataError(
            f"expected ballots or a pairwise matrix; got {type(value).__name__} {value!r:.60}"
        )
    try:
        matrix = np.array(value, copy=True)
    except ValueError:
        raise DataError("a pairwise matrix must be square; its rows differ in length") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise DataError(
            f"a pairwise matrix must be square with at least two rows; got shape {matrix.shape}"
        )
    if matrix.dtype.kind in "fO":
        np.fill_diagonal(matrix, 0.0)
    wins = _validate.finite_array("pairwise", matrix, ndim=2).copy()
    np.fill_diagonal(wins, 0.0)
    if (wins < 0).any():
        place = _validate.first_place(wins < 0)
        raise DataError(
            f"`pairwise[{place}]` is {wins[wins < 0][0]:g}; support is at least 0 "
            "(margins become ballots by `Ballots.from_margins`)"
        )
    alternatives = _labels.check_labels("alternatives", labels or range(len(wins)))
    ties = np.zeros_like(wins)
    if voters is not None:
        ties = np.clip(float(voters) - wins - wins.T, 0.0, None)
        np.fill_diagonal(ties, 0.0)
    return Pairwise(alternatives, wins, ties, _tolerance(wins))


def as_ballots(value: Any, rule: str, *, menus: bool = False) -> Ballots:
    """Return ballots, or say that `rule` needs them, and (without `menus`) the same for all."""
    if not isinstance(value, Ballots):
        raise DataError(
            f"{rule} needs Ballots, since a pairwise matrix does not say how often an alternative "
            f"is ranked where; got {type(value).__name__}"
        )
    if not menus and value.menus is not None and not value.menus.all():
        raise DataError(
            f"{rule} compares how often alternatives are ranked where, and these ballots were "
            "cast on different menus: who was on fewer could win fewer; use a rule of pairwise "
            "majorities (`schulze`, `minimax`, ...), or `utility.fit_plackett_luce`"
        )
    return value


def as_utilities(
    value: Any,
    *,
    use: str,
    name: str = "utilities",
    alternatives: Any = None,
    weights: Any = None,
    at_least: float | None = None,
    at_most: float = np.inf,
    what: str = "a utility",
) -> Profile:
    """Read utilities of voters or groups from ballots or a matrix; whoever weighs 0 is left out.

    `use` and `name` stand for the caller and its argument in messages; utilities outside the
    bounds are refused as `what`.
    """
    counts: Any = None
    if isinstance(value, Ballots):
        if value.utilities is None:
            raise DataError(
                f"{use} needs utilities, and these ballots are {value.kind}; use "
                "`Ballots.from_utilities`"
            )
        matrix, labels = value.utilities, value.alternatives
        counts = value.counts
    else:
        _refuse_pairwise(name, value)
        matrix, labels = _ballot_rows.labelled_matrix(name, value, alternatives)
    values = _validate.finite_array(name, matrix, ndim=2)
    if not values.size:
        raise DataError(f"`{name}` is empty; its shape is {values.shape}")
    if at_least is not None:
        _validate.within(name, values, at_least, at_most, what=what)
    share = np.ones(len(values)) if counts is None else counts.copy()
    if weights is not None:
        given = _validate.finite_array("weights", weights, ndim=1)
        if len(given) != len(values):
            raise DataError(f"`weights` has {len(given)} entries for {len(values)} voters")
        share = share * _validate.within("weights", given, 0.0, what="a weight")
    if not share.sum() > 0:
        raise DataError("`weights` are all zero")
    present = share > 0
    total = float(share.sum())
    return Profile(values[present], share[present] / total, total, labels)


def _refuse_pairwise(name: str, value: Any) -> None:
    """A table of alternatives by the same alternatives holds no voters."""
    dims: Any = getattr(value, "dims", ())
    square = len(dims) == 2 and any(str(dim).endswith("_bis") for dim in dims)
    if hasattr(value, "index") and hasattr(value, "columns"):
        numbered = type(value.index).__name__ == "RangeIndex"
        square = list(value.index) == list(value.columns) and not numbered
    if square:
        raise DataError(
            f"`{name}` has the same labels on both sides, as pairwise counts have; rows must be "
            "voters or groups (counts come in by `Comparisons.from_matrix`)"
        )


def require_met(pairwise: Pairwise, remedy: str) -> None:
    """Raise if some pair was never compared, naming the first and saying what to do."""
    votes = pairwise.wins + pairwise.wins.T + pairwise.ties
    np.fill_diagonal(votes, 1.0)
    if votes.min() > 0:
        return
    a, b = np.argwhere(votes == 0)[0]
    left, right = pairwise.alternatives[a], pairwise.alternatives[b]
    unmet = int((votes == 0).sum()) // 2
    raise DataError(
        f"{left!r} and {right!r} were never compared ({unmet} such "
        f"pair{'' if unmet == 1 else 's'}); {remedy}"
    )


def _same_labels(sides: list[list[Any]]) -> list[Any] | None:
    if not sides:
        return None
    if sides[0] != sides[-1]:
        raise LabelError(
            f"the rows of a pairwise matrix are {sides[0]!r:.80}, its columns {sides[-1]!r:.80}"
        )
    return sides[0]


def _tolerance(wins: FloatArray) -> float:
    """Sums of whole numbers are exact; others carry rounding of some units in the last place."""
    if (wins == np.rint(wins)).all():
        return 0.0
    return float(wins.max(initial=0.0)) * 1e-12
