"""Virtual democracy: models of voters vote on alternatives that no voter was asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..data import Ballots
from ..errors import DataError, LabelError
from ..kernels._swaps import swap_dominance_matrix
from ._feature_table import by_feature, feature_rows, row_labels
from ._inputs import as_ballots, as_utilities
from ._outcome import Outcome, TieBreak, TieBreaker, by_pair

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["VirtualDemocracy", "swap_dominance", "virtual_democracy"]


@dataclass(frozen=True, eq=False, repr=False)
class VirtualDemocracy:
    """What the mean of the voters' models decides, and whether their own ballots object.

    Attributes
    ----------
    coefficients : xarray.DataArray, (feature,)
        Mean of the voters' weights.
    outcome : Outcome
        Alternatives ranked by the mean model's utility (`scores`).
    ballots : Ballots
        The ranking that each voter's own model gives.
    dominated : tuple of pairs
        (a, b) where a swap-dominates b in `ballots` and b does not swap-dominate a, and yet the
        mean model does not rank a above b; empty if it is swap-dominance efficient here.
    """

    coefficients: xr.DataArray
    outcome: Outcome
    ballots: Ballots
    dominated: tuple[tuple[Any, Any], ...]

    @property
    def winners(self) -> tuple:
        """Alternatives with the highest mean utility."""
        return self.outcome.winners

    def __repr__(self) -> str:
        ranking = " > ".join(" = ".join(map(str, group)) for group in self.outcome.ranking or ())
        objections = "".join(f"; {a} swap-dominates {b}" for a, b in self.dominated[:3])
        return f"VirtualDemocracy({ranking}{objections})"


def virtual_democracy(
    models: Any,
    features: Any,
    *,
    weights: npt.ArrayLike | None = None,
    tie_break: TieBreak = "none",
    seed: Any = None,
) -> VirtualDemocracy:
    r"""Decide between alternatives by the mean of the voters' linear models.

    .. math:: \bar\beta = \frac1n \sum_i \beta_i, \qquad a^* \in \arg\max_a \bar\beta \cdot x_a

    Each voter's model is a Thurstone-Mosteller (or other utility) model that is linear in
    features; their mean is the societal model, and its utilities rank every finite set of
    alternatives. The mean adds utilities up, so weights of voters must be on one scale.

    Parameters
    ----------
    models : DataFrame, DataArray or matrix, (voters, features)
        Weights of features by voter.
    features : DataFrame, DataArray or matrix, (alternatives, features)
        Features of the alternatives to decide between. Where both tables name their features,
        they are matched by name, and those that no model weighs have no say.
    weights : array_like, (voters,), optional
        How much every voter counts.
    tie_break, seed
        As for `borda`.

    Returns
    -------
    VirtualDemocracy
        With the mean `coefficients`, the `outcome`, the voters' own `ballots`, and the pairs on
        which those object (`dominated`).

    Raises
    ------
    DataError
        If the tables do not fit together, hold missing values, or `weights` do not fit.
    LabelError
        If a feature of the models is not among those of the alternatives.

    References
    ----------
    R. Noothigattu, S. Gaikwad, E. Awad, S. Dsouza, I. Rahwan, P. Ravikumar, A. D. Procaccia
    (2018), A voting-based system for ethical decision making, AAAI 32.

    Examples
    --------
    >>> from pluralism import choice
    >>> decision = choice.virtual_democracy([[3, 0], [-1, 1], [-1, 1]], [[1, 0], [0, 1]])
    >>> decision.coefficients.values.round(3), decision.winners
    (array([0.333, 0.667]), (1,))
    >>> choice.virtual_democracy([[5, 0], [-1, 1], [-1, 1]], [[1, 0], [0, 1]])
    VirtualDemocracy(0 > 1; 1 swap-dominates 0)
    """
    breaker = TieBreaker(tie_break, seed)
    table, names = feature_rows(features, None)
    voters = as_utilities(models, use="virtual_democracy", name="models", weights=weights)
    if _named(models) and _named(features):
        place = {name: code for code, name in enumerate(names)}
        for name in voters.labels:
            if name not in place:
                raise LabelError.unknown("`models`", name, known=names, argument="`features`")
        table, names = table[:, [place[name] for name in voters.labels]], voters.labels
    if len(names) != voters.values.shape[1]:
        raise DataError(f"`models` have {voters.values.shape[1]} weights for {len(names)} features")
    labels = row_labels(features) or tuple(range(len(table)))
    mean = voters.share @ voters.values
    noise = 1e-12 * float((np.abs(table) @ np.abs(voters.values).max(axis=0)).max())
    outcome = Outcome.from_scores(
        "virtual democracy", labels, table @ mean, breaker, tolerance=noise
    )
    own = voters.values @ table.T
    ballots = Ballots.from_utilities(
        own, counts=voters.share * len(voters.share), alternatives=labels
    )
    dominance = swap_dominance(ballots).values
    scores = np.asarray(outcome.scores)
    objections = dominance & ~dominance.T & (scores[:, None] - scores <= noise)
    return VirtualDemocracy(
        by_feature(names, mean),
        outcome,
        ballots,
        tuple((labels[a], labels[b]) for a, b in np.argwhere(objections)),
    )


def swap_dominance(ballots: Any) -> xr.DataArray:
    """Ask for every pair whether one swap-dominates the other.

    a swap-dominates b if every ranking with a above b is cast by at least as many voters as the
    same ranking with a and b exchanged. A rule is swap-dominance efficient if it then never ranks
    b above a; all positional scoring rules are.

    Parameters
    ----------
    ballots : Ballots
        Rankings, ties included.

    Returns
    -------
    xarray.DataArray of bool, (alternative, alternative_bis)
        Whether the row swap-dominates the column; both ways where exchanging the two changes no
        count. The diagonal is False.

    Raises
    ------
    DataError
        If the input is no Ballots.

    References
    ----------
    R. Noothigattu et al. (2018), definition of swap-dominance.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(["abc", "bac", "cab"], counts=[3, 2, 1])
    >>> choice.swap_dominance(profile).sel(alternative="a").values
    array([False,  True, False])
    """
    profile = as_ballots(ballots, "swap_dominance")
    matrix = swap_dominance_matrix(profile.ranks, profile.counts)
    return by_pair(profile.alternatives, matrix, "swap_dominates")


def _named(table: Any) -> bool:
    if hasattr(table, "dims") and hasattr(table, "coords"):
        return ("feature" if "feature" in table.dims else table.dims[-1]) in table.coords
    return hasattr(table, "columns")
