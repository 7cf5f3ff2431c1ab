"""What a reward audit is given: pooled votes, who cast them, and utilities where there are any."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import Ballots, Comparisons
from ..errors import ConvergenceError, DataError, LabelError
from ..kernels._noisy_votes import Spread, expected_support, strict_support, utility_spread
from ..kernels._pooled_rewards import fit_each, preferences_by_rater
from ._inputs import Pairwise, as_pairwise, as_utilities

__all__ = ["AuditData", "read_audit"]

FloatArray = npt.NDArray[np.float64]


class AuditData(NamedTuple):
    """Pooled votes, opinions of raters on every pair, and utilities if known."""

    pairwise: Pairwise
    prefer: FloatArray  # (alternatives, alternatives): raters who prefer the row
    indifferent: FloatArray  # (alternatives, alternatives)
    raters: float  # weight of all of them
    unit: str  # "raters", "voters" or "votes"
    spread: Spread | None
    source: str | None  # where the utilities come from


def read_audit(
    data: Any, *, by: Any, prior: float, beta: float | None, weights: Any, alternatives: Any
) -> AuditData:
    """Read comparisons, ballots or utilities; every argument that does not apply is refused."""
    if not isinstance(data, Comparisons) and by is not None:
        raise DataError("`by` groups the votes of Comparisons; other data have their own rows")
    if isinstance(data, Comparisons) or (isinstance(data, Ballots) and data.utilities is None):
        for name, value in (("beta", beta), ("weights", weights), ("alternatives", alternatives)):
            if value is not None:
                raise DataError(f"`{name}` goes with utilities, and the data are {_kind(data)}")
    if isinstance(data, Comparisons):
        return _from_comparisons(data, by, prior)
    if isinstance(data, Ballots) and data.utilities is None:
        pairwise = as_pairwise(data)
        return AuditData(
            pairwise, pairwise.wins, pairwise.ties, data.n_voters, "voters", None, None
        )
    if beta is not None:
        _validate.number("beta", beta, above=0.0)
    profile = as_utilities(data, use="borda_audit", alternatives=alternatives, weights=weights)
    if len(profile.labels) < 2:
        raise DataError("an audit needs at least two alternatives")
    support = profile.total * expected_support(profile.values, profile.share, beta)
    prefer = strict_support(profile.values, profile.share * profile.total)
    rounding = 1e-12 * profile.total
    indifferent = profile.total - prefer - prefer.T
    indifferent[indifferent <= rounding] = 0.0
    np.fill_diagonal(indifferent, 0.0)
    return AuditData(
        Pairwise(profile.labels, support, np.zeros_like(support), rounding),
        prefer,
        indifferent,
        profile.total,
        "voters",
        utility_spread(profile.values, profile.share),
        "given utilities",
    )


def _kind(data: Any) -> str:
    return "Comparisons" if isinstance(data, Comparisons) else data.kind


def _from_comparisons(data: Comparisons, by: Any, prior: float) -> AuditData:
    n = data.n_items
    wins = data.pairwise(ties="drop").values
    ties = np.zeros((n, n))
    np.add.at(ties, (data.first, data.second), data.tied)
    ties += ties.T
    whole = all((x == np.rint(x)).all() for x in (wins, ties))
    rounding = 0.0 if whole else float(max(wins.max(), ties.max())) * 1e-12
    pairwise = Pairwise(data.items, wins, ties, rounding)
    net = data.first_won - data.second_won
    if data.rater is not None and data.raters is not None:
        prefer, indifferent = preferences_by_rater(data.rater, data.first, data.second, net, n)
        seen, unit = float(len(np.unique(data.rater))), "raters"
    else:
        prefer, indifferent, unit = wins, ties, "votes"
        seen = float((wins + wins.T + ties)[np.triu_indices(n, 1)].sum())
    spread = None if by is None else _fitted(data, by, prior)
    source = None if by is None else f"a fit for each {by}"
    return AuditData(pairwise, prefer, indifferent, seen, unit, spread, source)


def _fitted(data: Comparisons, by: Any, prior: float) -> Spread:
    """Utilities of every rater or group from its own votes; each rater counts once."""
    known = (["rater"] if data.rater is not None else []) + list(data.groups)
    if by in data.groups:
        codes, n_groups = data.groups[by].codes, len(data.groups[by].labels)
    elif by == "rater" and data.rater is not None and data.raters is not None:
        codes, n_groups = data.rater, len(data.raters)
    else:
        raise LabelError.unknown("`by`", by, known=known, argument="the columns of the comparisons")
    half = 0.5 * data.tied
    fits = fit_each(
        codes,
        data.first,
        data.second,
        data.first_won + half,
        data.second_won + half,
        n_groups,
        data.n_items,
        prior**-2,
    )
    if not fits.converged:
        raise ConvergenceError(f"the fit of some {by} did not converge", result=fits)
    if data.rater is None:
        weight = np.bincount(codes, data.total, n_groups)
    else:
        members = np.unique(np.stack([codes, data.rater]), axis=1)[0]
        weight = np.bincount(members, minlength=n_groups).astype(np.float64)
    share = weight / weight.sum()
    between = utility_spread(fits.utility, share)
    variance = between.variance + share @ fits.variance
    explained = between.mean.var() / (between.mean.var() + variance.mean())
    return Spread(between.mean, variance, float(explained))
