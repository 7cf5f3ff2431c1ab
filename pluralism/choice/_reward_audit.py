"""What a pooled reward model decides: its order beside those of other rules, pair by pair."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._cells import axis_of
from ..errors import ConvergenceError, NotIdentifiedError, enumerate_some
from ..kernels._noisy_votes import Spread
from ..kernels._pooled_rewards import fit_pooled, normal_spread
from ..kernels._tournament import copeland_scores
from ._audit_inputs import AuditData, read_audit
from ._inputs import Pairwise, require_met
from ._lottery import maximal_lottery
from ._outcome import by_alternative, by_pair, group_by_score

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["RewardAudit", "borda_audit"]

FloatArray = npt.NDArray[np.float64]
Labels = tuple[Hashable, ...]

#: Differences of scores that are rounding: of fitted utilities, of counts and lotteries.
_FITTED, _EXACT = 1e-7, 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class RewardAudit:
    """Orders of the rules side by side, and the pairs on which they part.

    Attributes
    ----------
    scores : xarray.DataArray, (rule, alternative)
        Higher is better. Rules: "bradley_terry" (utilities, mean 0), "borda" (mean share of
        votes won, against itself one half), "mean_utility" (where utilities are known),
        "maximal_lottery" (probabilities) and "copeland" (majorities won minus lost).
    rankings : mapping of rule to tuple of tuples
        Tied groups, best first. The lottery ties all that it never draws.
    disagreements : pandas.DataFrame
        One row for each pair that two rules order oppositely: `first`, `second`, for each rule
        the label that it prefers (None where it ties them), how many raters are `for_first`,
        `for_second`, `indifferent` and `silent` (never compared the two), and `overruled`, those
        who want the opposite of what Bradley-Terry decides; most overruled first.
    rules : pandas.DataFrame
        One row a rule: `winners`, over all pairs the raters `overruled` (once for each pair), the
        `majorities_overruled`, and the pairs `parted` from Bradley-Terry.
    explained_variance : float or None
        Share of the variance of utility that lies between alternatives,
        Var[mean] / (Var[mean] + mean variance); the rest lies between raters. None if it cannot
        be told.
    explained_by : str
        What that share was computed from.
    utility_mean, utility_variance : xarray.DataArray, (alternative,), or None
        What it was computed from.
    unit : {"raters", "voters", "votes"}
        Who is counted as overruled; votes, where it is not known who cast them.
    n_raters : float
        How many there are, or their weight.
    equal_votes : bool
        Whether all pairs have the same number of votes; then the orders of Bradley-Terry and
        Borda are the same, whatever the votes.
    votes : tuple of float
        Least and most votes on a pair.
    lottery_unique : bool
        Whether the maximal lottery is the only one.
    """

    scores: xr.DataArray
    rankings: dict[str, tuple[Labels, ...]]
    disagreements: pd.DataFrame
    rules: pd.DataFrame
    explained_variance: float | None
    explained_by: str
    utility_mean: xr.DataArray | None
    utility_variance: xr.DataArray | None
    unit: str
    n_raters: float
    equal_votes: bool
    votes: tuple[float, float]
    lottery_unique: bool

    def __repr__(self) -> str:
        parts = []
        for rule, ranking in self.rankings.items():
            groups = " > ".join(" = ".join(map(str, group)) for group in ranking)
            parts.append(f"{rule.replace('_', ' ')} {groups}")
        parts.append(f"{len(self.disagreements)} pair(s) parted")
        if self.explained_variance is not None:
            parts.append(f"explained variance {self.explained_variance:.3g}")
        return f"RewardAudit({self.n_raters:,.6g} {self.unit}; {'; '.join(parts)})"


def borda_audit(
    data: Any,
    *,
    by: str | None = None,
    prior: float = 1.0,
    pooled_prior: float | None = None,
    beta: float | None = None,
    weights: npt.ArrayLike | None = None,
    alternatives: Any = None,
    unmet: Literal["error", "observed"] = "error",
) -> RewardAudit:
    r"""Audit what a pooled Bradley-Terry reward decides, against rules that it is taken for.

    A reward model is fitted to everybody's comparisons as if one utility stood behind them. Where
    raters differ, and every pair is compared equally often, its order is that of Borda,

    .. math:: BC(a) = \frac{1}{m} \sum_b p(a, b), \qquad p(a, a) = \tfrac12,

    with p(a, b) the share who prefer a; not that of mean utility, nor of majorities. Where pairs
    are compared unequally often, it also depends on who was compared with whom.

    Parameters
    ----------
    data : Comparisons, Ballots, or matrix of utilities (voters, alternatives)
        Comparisons, best with raters; rankings; or utilities of voters or groups, whose expected
        votes over all pairs are then audited: rows are voters, columns alternatives.
    by : str, optional
        For Comparisons: "rater" or the name of a group column. Each of them gets Bradley-Terry
        utilities of its own, and `mean_utility` is their mean, every rater counting once (every
        vote, where raters are not known). That supposes that a logit is worth the same to all.
    prior : float
        Standard deviation of those utilities before any vote; it shrinks raters with few votes
        towards indifference.
    pooled_prior : float, optional
        The same for the pooled fit, which by default has none and then needs every alternative
        to win and to lose some vote.
    beta : float, optional
        For utilities: log-odds of an answer per unit of utility. Without it voters answer
        without error, the indifferent one half each.
    weights : array_like, (voters,), optional
        For utilities: how much every voter or group counts.
    alternatives : iterable, optional
        For a plain matrix of utilities: labels of its columns.
    unmet : {"error", "observed"}
        What to do with pairs that nobody compared: refuse, or let Borda average over the pairs
        that were, majorities and lotteries taking the others for ties.

    Returns
    -------
    RewardAudit

    Raises
    ------
    DataError
        If a pair was never compared (unless `unmet` says otherwise), an argument does not go
        with the data, or utilities are missing.
    LabelError
        If `by` names no column.
    NotIdentifiedError
        If the pooled fit does not exist: alternatives that always win or always lose, or groups
        of them never compared with one another.
    ConvergenceError
        If a fit or the linear programme of the lottery fails.

    Notes
    -----
    The explained variance is the diagnostic of distributional preference learning. From given
    utilities it is exact. With `by` it counts between raters what their modes differ by and the
    posterior variance within each. From pooled votes alone it rests on Thurstone's Case III (a
    normal utility with its own variance for every alternative, log-variances N(log 1/2, 1) before
    any vote) and cannot tell raters who differ from raters who answer at random.

    References
    ----------
    A. Siththaranjan, C. Laidlaw, D. Hadfield-Menell (2024), Distributional preference learning,
    ICLR, arXiv:2312.08358, theorem 3.1 and section 4.

    Examples
    --------
    One in five gains much from a, the others lose a little:

    >>> from pluralism import choice
    >>> audit = choice.borda_audit([[16, 0], [-0.5, 0]], weights=[1, 4], alternatives="ab",
    ...                            beta=2)
    >>> audit.scores.sel(rule="mean_utility").values
    array([2.8, 0. ])
    >>> audit.rankings["bradley_terry"], audit.rankings["mean_utility"]
    ((('b',), ('a',)), (('a',), ('b',)))
    >>> audit.disagreements[["first", "second", "for_first", "for_second", "overruled"]]
      first second  for_first  for_second  overruled
    0     a      b        1.0         4.0        1.0
    """
    _validate.one_of("unmet", unmet, ("error", "observed"))
    _validate.prior_deviation("prior", prior)
    if pooled_prior is not None:
        _validate.prior_deviation("pooled_prior", pooled_prior)
    found = read_audit(
        data, by=by, prior=prior, beta=beta, weights=weights, alternatives=alternatives
    )
    pairwise = found.pairwise
    if unmet == "error":
        require_met(pairwise, "leave out one of them, or pass unmet='observed'")
    fitted = _pooled(pairwise, pooled_prior)
    shares = pairwise.shares
    np.fill_diagonal(shares, 0.5)
    margins = np.nan_to_num(shares - shares.T)
    margins[np.abs(margins) <= 1e-12] = 0.0
    lottery = maximal_lottery(
        by_pair(pairwise.alternatives, np.where(margins > 0, margins, 0.0), "margin")
    )
    assert lottery.probabilities is not None
    scores = {"bradley_terry": fitted, "borda": np.nanmean(shares, axis=1)}
    if found.spread is not None:
        scores["mean_utility"] = found.spread.mean
    scores["maximal_lottery"] = lottery.probabilities.values
    scores["copeland"] = copeland_scores(margins)
    spread, source = found.spread, found.source
    if spread is None:
        spread = normal_spread(pairwise.wins, pairwise.ties, fitted)
        source = "pooled votes (Thurstone Case III)"
    return _assemble(found, scores, margins, spread, str(source), bool(lottery.unique))


def _pooled(pairwise: Pairwise, prior: float | None) -> FloatArray:
    """Pooled utilities, or an error that says why there are none."""
    fitted = fit_pooled(pairwise.wins, pairwise.ties, 0.0 if prior is None else prior**-2)
    if fitted.converged:
        return fitted.utility
    graph, labels = fitted.graph, pairwise.alternatives
    remedy = "give the pooled fit a prior (`pooled_prior=1.0`), or leave them out"
    if prior is None and graph.n_components > 1:
        parts = [_members(labels, graph.component == part) for part in range(graph.n_components)]
        raise NotIdentifiedError(
            f"{enumerate_some(parts[0])} were never compared with {enumerate_some(parts[1])}, so "
            f"one reward for all is not identified; {remedy}",
            groups=parts,
        )
    if prior is None and graph.n_strong > 1:
        ends = [*graph.undefeated[:1], *graph.winless[:1]]
        groups = [_members(labels, graph.strong == end) for end in ends]
        says = [
            f"{enumerate_some(group)} {word} every vote against the others"
            for group, word in zip(groups, ("won", "lost"), strict=False)
        ]
        raise NotIdentifiedError(
            f"{'; '.join(says)}: the pooled Bradley-Terry reward is infinite; {remedy}",
            groups=groups,
        )
    raise ConvergenceError(
        f"the pooled fit stopped {fitted.distance:.2g} standard errors from the optimum",
        result=fitted,
    )


def _members(labels: Labels, mask: npt.NDArray[np.bool_]) -> list[Hashable]:
    return [labels[code] for code in np.flatnonzero(mask)]


def _assemble(
    found: AuditData,
    scores: dict[str, FloatArray],
    margins: FloatArray,
    spread: Spread | None,
    source: str,
    unique: bool,
) -> RewardAudit:
    import xarray as xr

    labels = found.pairwise.alternatives
    votes = found.pairwise.wins + found.pairwise.wins.T + found.pairwise.ties
    votes = votes[np.triu_indices(len(labels), 1)]
    table = np.stack(list(scores.values()))
    noise = {"bradley_terry": _FITTED}
    slack = [noise.get(rule, _EXACT) * max(1.0, np.abs(row).max()) for rule, row in scores.items()]
    # Verdict on each pair: +1 for the row, -1 for the column, 0 if the rule ties them.
    gap = table[:, :, None] - table[:, None, :]  # (rules, alternatives, alternatives)
    verdict = np.where(np.abs(gap) <= np.array(slack)[:, None, None], 0, np.sign(gap)).astype(int)
    explained = None if spread is None or spread.explained != spread.explained else spread
    return RewardAudit(
        xr.DataArray(
            table,
            dims=("rule", "alternative"),
            coords={"rule": list(scores), "alternative": axis_of(labels)},
            name="score",
        ),
        {
            rule: group_by_score(labels, row, limit)
            for (rule, row), limit in zip(scores.items(), slack, strict=True)
        },
        _disagreements(found, list(scores), verdict),
        _rules(found, list(scores), table, slack, verdict, margins),
        None if explained is None else explained.explained,
        source,
        None if spread is None else by_alternative(labels, spread.mean, "mean"),
        None if spread is None else by_alternative(labels, spread.variance, "variance"),
        found.unit,
        found.raters,
        bool(np.ptp(votes) <= 1e-9 * votes.max()),
        (float(votes.min()), float(votes.max())),
        unique,
    )


def _disagreements(
    found: AuditData, rules: list[str], verdict: npt.NDArray[np.int_]
) -> pd.DataFrame:
    import pandas as pd

    names = axis_of(found.pairwise.alternatives)
    parted = (verdict.max(axis=0) > 0) & (verdict.min(axis=0) < 0)
    first, second = np.nonzero(np.triu(parted, k=1))
    said = verdict[:, first, second]
    one, other = found.prefer[first, second], found.prefer[second, first]
    even = found.indifferent[first, second]
    columns: dict[str, Any] = {"first": names[first], "second": names[second]}
    for rule, row in zip(rules, said, strict=True):
        sides = zip(names[first], names[second], row, strict=True)
        choice = [None if sign == 0 else a if sign > 0 else b for a, b, sign in sides]
        columns[rule] = pd.Series(choice, dtype=object)
    columns |= {
        "for_first": one,
        "for_second": other,
        "indifferent": even,
        "silent": np.maximum(found.raters - one - other - even, 0.0)
        if found.unit != "votes"
        else np.zeros(len(one)),
        "overruled": np.where(said[0] > 0, other, np.where(said[0] < 0, one, 0.0)),
    }
    frame = pd.DataFrame(columns)
    return frame.sort_values("overruled", ascending=False, kind="stable", ignore_index=True)


def _rules(
    found: AuditData,
    rules: list[str],
    table: FloatArray,
    slack: list[float],
    verdict: npt.NDArray[np.int_],
    margins: FloatArray,
) -> pd.DataFrame:
    import pandas as pd

    labels = found.pairwise.alternatives
    above = verdict > 0
    return pd.DataFrame(
        {
            "winners": [
                tuple(_members(labels, row >= row.max() - limit))
                for row, limit in zip(table, slack, strict=True)
            ],
            "overruled": (above * found.prefer.T).sum(axis=(1, 2)),
            "majorities_overruled": (above & (margins < 0)).sum(axis=(1, 2)),
            "parted": (above & (verdict[0] < 0)).sum(axis=(1, 2)),
        },
        index=pd.Index(rules, name="rule"),
    )
