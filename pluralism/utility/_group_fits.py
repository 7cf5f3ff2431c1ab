"""Utilities by group: what `fit_groups` returns, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import special, stats

from .. import _quiet, _validate
from ..data import Comparisons, _labels
from ..errors import DataError, LabelError, SmallSampleWarning, enumerate_some
from ..kernels import _outcomes, _scores
from ..kernels._group_covariance import GroupCells, group_covariances
from ..uncertainty import PermutationTest, permutation_test
from ._fit import UtilityFit
from ._group_distances import group_distances
from ._sandwich import warn_of_silent

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GroupFits", "HomogeneityTest"]

FloatArray = npt.NDArray[np.float64]


class HomogeneityTest(NamedTuple):
    """A chi-squared test that all groups share one utility vector."""

    statistic: float
    df: int
    pvalue: float


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GroupFits:
    """Bradley-Terry utilities of every group.

    Attributes
    ----------
    group : str
        Name of the grouping.
    groups, items : tuple
        Labels.
    pooled : UtilityFit
        The fit to all votes together.
    prior : float or None
        Standard deviation of the prior on every utility.
    log_likelihoods : numpy.ndarray, (groups,)
        Of each group at its own estimate.
    votes : numpy.ndarray, (groups,)
        Weight of the votes of each group.
    raters : numpy.ndarray of int, (groups,), or None
        Number of raters, where they are known.
    converged : numpy.ndarray of bool, (groups,)
        Which fits reached their tolerance.
    """

    group: str
    groups: tuple[Hashable, ...]
    items: tuple[Hashable, ...]
    pooled: UtilityFit
    prior: float | None
    log_likelihoods: FloatArray
    votes: FloatArray
    raters: npt.NDArray[np.int64] | None
    converged: npt.NDArray[np.bool_]
    estimates: FloatArray = field(repr=False)
    comparisons: Comparisons = field(repr=False)

    # -- estimates -------------------------------------------------------------------------

    @property
    def utility(self) -> xr.DataArray:
        """Utilities in log-odds, (group, item), in the reference of the pooled fit."""
        return self._labelled(self.estimates, "utility", units="log-odds")

    @property
    def stderr(self) -> xr.DataArray:
        """Standard errors of `utility`, (group, item)."""
        variances = np.diagonal(self._covariances, axis1=1, axis2=2)
        return self._labelled(np.sqrt(np.maximum(variances, 0.0)), "stderr", units="log-odds")

    @property
    def covariance(self) -> xr.DataArray:
        """Covariance of each group's utilities, (group, item, item_bis); groups are independent."""
        item = _labels.as_coordinate(self.items)
        return xr.DataArray(
            self._covariances,
            dims=("group", "item", "item_bis"),
            coords={
                "group": _labels.as_coordinate(self.groups),
                "item": item,
                "item_bis": item,
            },
            name="covariance",
            attrs={"covariance_type": self.pooled.covariance_type},
        )

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of all groups, each at its own estimate."""
        return float(self.log_likelihoods.sum())

    @property
    def n_parameters(self) -> int:
        """Free utilities of all groups."""
        return len(self.groups) * (len(self.items) - 1)

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate all utilities with Wald intervals.

        Parameters
        ----------
        level : float
            Coverage of the pointwise intervals, in (0, 1).

        Returns
        -------
        pandas.DataFrame
            Columns ``group``, ``item``, ``estimate``, ``stderr``, ``lower``, ``upper``.
        """
        z = stats.norm.isf(0.5 * (1.0 - _validate.level("level", level)))
        estimate, spread = self.estimates.ravel(), self.stderr.values.ravel()
        return pd.DataFrame(
            {
                "group": np.repeat(_labels.as_coordinate(self.groups), len(self.items)),
                "item": np.tile(_labels.as_coordinate(self.items), len(self.groups)),
                "estimate": estimate,
                "stderr": spread,
                "lower": estimate - z * spread,
                "upper": estimate + z * spread,
            }
        )

    # -- do the groups differ? -------------------------------------------------------------

    def likelihood_ratio(self) -> HomogeneityTest:
        """Test that all groups share one utility vector, if votes are independent.

        Votes of one rater are usually alike, which makes this test find differences between any
        two sets of raters; use `wald_test` (clustered) or `permutation_test` where raters vote
        more than once.

        Returns
        -------
        HomogeneityTest
            ``statistic``, ``df`` and ``pvalue``.

        Raises
        ------
        DataError
            If there is one group only, or the fits have a prior, for their likelihoods are then
            not at their maximum.
        """
        self._check_several()
        if self.prior is not None:
            raise DataError(
                f"the groups were fitted with `prior` {self.prior:g}, so their likelihoods are not "
                "at their maximum; refit without it, or use `permutation_test`"
            )
        statistic = 2.0 * (self.log_likelihood - self.pooled.log_likelihood)
        return self._chi_squared(max(statistic, 0.0))

    def wald_test(self) -> HomogeneityTest:
        """Test that all groups share one utility vector, by the covariances of the fits.

        The statistic is the smallest weighted distance of the groups' utilities from a common
        vector (Cochran's Q for vectors). With clustered covariances it allows for raters who
        agree with themselves; it needs clearly more raters in each group than items.

        Returns
        -------
        HomogeneityTest
            ``statistic``, ``df`` and ``pvalue``.

        Raises
        ------
        DataError
            If there is one group only, or the covariances are clustered and a group has fewer
            raters than there are items, or raters who all answer alike on an item: its covariance
            is singular.

        Warns
        -----
        SmallSampleWarning
            If a group has fewer than three raters for each item: the p-value is too small.
        """
        self._check_several()
        if self.pooled.covariance_type == "cluster" and self.raters is not None:
            place, n = int(np.argmin(self.raters)), len(self.items)
            few = f"group {self.groups[place]!r} has {self.raters[place]} raters for {n} items"
            if self.raters[place] < n:
                raise DataError(
                    f"{few}, so its clustered covariance is singular; use `permutation_test`, or "
                    'fit with covariance="fisher"'
                )
            if self.raters[place] < 3 * n:
                _quiet.warn(
                    f"{few}: the p-value of the clustered Wald test is too small; "
                    "`permutation_test` is exact",
                    SmallSampleWarning,
                    stacklevel=2,
                )
            if self._silent.any():
                code = int(np.argmax(self._silent.any(axis=1)))
                alike = [self.items[place] for place in np.flatnonzero(self._silent[code])]
                raise DataError(
                    f"all raters of group {self.groups[code]!r} with votes on items "
                    f"{enumerate_some(alike)} answer alike, so its clustered covariance is "
                    'singular; use `permutation_test`, or fit with covariance="fisher"'
                )
        # Differences from the first item are free parameters of full rank.
        contrast = np.eye(len(self.items))[1:]
        contrast[:, 0] = -1.0
        free = self.estimates @ contrast.T  # (groups, items - 1)
        precision = np.linalg.inv(contrast @ self._covariances @ contrast.T)
        total = precision.sum(axis=0)
        common = np.linalg.solve(total, np.einsum("gij,gj->i", precision, free))
        away = free - common
        return self._chi_squared(float(np.einsum("gi,gij,gj->", away, precision, away)))

    def permutation_test(
        self, *, n: int = 999, seed: Any = None, progress: Any = None
    ) -> PermutationTest:
        """Test that groups differ more than groups of raters drawn at random.

        The statistic is the groups' log-likelihood, each at its own estimate; raters move
        between groups with all their votes.

        Parameters
        ----------
        n : int
            Number of permutations.
        seed, progress
            As in `pluralism.bootstrap`.

        Returns
        -------
        PermutationTest

        Raises
        ------
        DataError
            If raters are not known, or too many permutations leave a group unidentified.
        """
        from ._groups import group_log_likelihood

        statistic = partial(
            group_log_likelihood, prior=self.prior, ties=cast(Any, self.pooled.ties)
        )
        return permutation_test(
            statistic,
            replace(self.comparisons, groups={self.group: self.comparisons.groups[self.group]}),
            group=self.group,
            n=n,
            seed=seed,
            progress=progress,
        )

    def contrasts(
        self,
        *,
        level: float = 0.95,
        adjust: str = "holm",
        items: Sequence[Hashable] | None = None,
    ) -> pd.DataFrame:
        """Compare every two groups on every item.

        Parameters
        ----------
        level : float
            Coverage of each interval on its own, in (0, 1).
        adjust : str
            Multiplicity correction over all rows, by its name in
            `statsmodels.stats.multitest.multipletests` (``"holm"``, ``"fdr_bh"``, ...).
        items : sequence, optional
            Compare on these items only.

        Returns
        -------
        pandas.DataFrame
            Columns ``group``, ``group_bis``, ``item``, ``difference``, ``stderr``, ``lower``,
            ``upper``, ``pvalue``, ``pvalue_adjusted``; `difference` is group minus group_bis, in
            the fit's reference.

        Raises
        ------
        DataError
            If there is one group only, or statsmodels does not know the correction.
        LabelError
            If an item is unknown.
        """
        from statsmodels.stats.multitest import multipletests

        self._check_several()
        chosen = list(range(len(self.items)))
        if items is not None:
            for place, item in enumerate(items):
                if item not in self.items:
                    raise LabelError.unknown(
                        f"`items[{place}]`", item, known=self.items, argument="the fit's items"
                    )
            chosen = [self.items.index(item) for item in items]
        z = stats.norm.isf(0.5 * (1.0 - _validate.level("level", level)))
        left, right = np.triu_indices(len(self.groups), 1)
        variance = self.stderr.values**2
        difference = (self.estimates[left] - self.estimates[right])[:, chosen].ravel()
        spread = np.sqrt(variance[left] + variance[right])[:, chosen].ravel()
        # An item that is the reference differs from itself by nothing, without error.
        score = np.divide(difference, spread, out=np.zeros_like(spread), where=spread > 0)
        pvalue = 2.0 * special.ndtr(-np.abs(score))
        try:
            adjusted = multipletests(pvalue, method=adjust)[1]
        except (ValueError, AttributeError):
            raise DataError(
                f"`adjust` is {adjust!r}; it must be a method of statsmodels' multipletests, such "
                "as 'holm', 'bonferroni' or 'fdr_bh'"
            ) from None
        groups = _labels.as_coordinate(self.groups)
        table = pd.DataFrame(
            {
                "group": np.repeat(groups[left], len(chosen)),
                "group_bis": np.repeat(groups[right], len(chosen)),
                "item": np.tile(_labels.as_coordinate(self.items)[chosen], len(left)),
                "difference": difference,
                "stderr": spread,
                "lower": difference - z * spread,
                "upper": difference + z * spread,
                "pvalue": pvalue,
                "pvalue_adjusted": adjusted,
            }
        )
        table.attrs.update(adjust=adjust, ci_prob=float(level), ci_kind="wald")
        return table

    def distances(self, *, level: float = 0.95, n: int = 2000, seed: Any = 0) -> xr.Dataset:
        """Measure how far apart the groups are.

        Parameters
        ----------
        level : float
            Coverage of the intervals, in (0, 1).
        n : int
            Draws from the normal approximation, for the rank correlations.
        seed : int, numpy.random.Generator or None
            Of the draws.

        Returns
        -------
        xarray.Dataset
            Over (group, group_bis): ``distance``, the root mean squared difference of
            utilities in log-odds, freed of the part that estimation noise adds (0 where noise
            explains all of it); ``rank_correlation``, Spearman's, of the estimates. With
            ``ci_bound``: ``distance_interval``, a score interval of the squared distance;
            ``rank_correlation_interval``, bias-corrected percentiles of draws.

        Raises
        ------
        DataError
            If `level` or `n` is out of range.
        """
        return group_distances(
            self.groups, self.estimates, self._covariances, level=level, n=n, seed=seed
        )

    # -- helpers ---------------------------------------------------------------------------

    def __repr__(self) -> str:
        return (
            f"<Bradley-Terry fits of {len(self.items):,} items to {len(self.groups):,} groups by "
            f"{self.group!r}; standard errors: {self.pooled.covariance_type}>"
        )

    def _labelled(self, values: FloatArray, name: str, **attrs: Any) -> xr.DataArray:
        return xr.DataArray(
            values,
            dims=("group", "item"),
            coords={
                "group": _labels.as_coordinate(self.groups),
                "item": _labels.as_coordinate(self.items),
            },
            name=name,
            attrs=attrs,
        )

    def _check_several(self) -> None:
        if len(self.groups) < 2:
            raise DataError(
                f"{self.group!r} has one group only ({self.groups[0]!r}); there is nothing to "
                "compare it with"
            )

    def _chi_squared(self, statistic: float) -> HomogeneityTest:
        df = (len(self.groups) - 1) * (len(self.items) - 1)
        return HomogeneityTest(statistic, df, float(stats.chi2.sf(statistic, df)))

    @cached_property
    def _cells(self) -> GroupCells:
        data = self.comparisons
        tied = data.tied if self.pooled.ties == "half" else np.zeros(data.n_cells)
        return GroupCells(
            data.groups[self.group].codes,
            data.first,
            data.second,
            np.stack([data.first_won, data.second_won, tied]),
            data.squares,
            data.rater,
        )

    @cached_property
    def _silent(self) -> npt.NDArray[np.bool_]:
        """On which items all raters of a group answer alike, (groups, items)."""
        group, first, second, votes, _, rater = self._cells
        assert rater is not None
        gap = self.estimates[group, first] - self.estimates[group, second]
        local = _outcomes.local("logit", "none", gap, 0.0)
        found, n = np.zeros(self.estimates.shape, dtype=bool), len(self.items)
        # A rater of two groups is one in each: clusters are of one group.
        for code in range(len(self.groups)):
            own = group == code
            given: tuple[Any, ...] = (
                first[own],
                second[own],
                np.zeros((own.sum(), 0)),
                _outcomes.Counts(*votes[:, own]),
                _outcomes.Local(*(part[..., own] for part in local)),
                rater[own],
            )
            factor = _scores.cluster_factor(*given, n_utilities=n, has_tie=False)
            found[code] = _scores.cluster_silent(factor, *given, n_utilities=n, has_tie=False)
        return found

    @cached_property
    def _covariances(self) -> FloatArray:
        """Covariance of every group in the fit's reference, (groups, items, items)."""
        n = len(self.items)
        anchor = np.full(n, 1.0 / n)
        if self.pooled.reference in self.items:
            anchor = np.eye(n)[self.items.index(self.pooled.reference)]
        ridge = 0.0 if self.prior is None else self.prior**-2
        kind = self.pooled.covariance_type
        if kind == "cluster":
            for label, silent in zip(self.groups, self._silent, strict=True):
                warn_of_silent(silent, self.items, f"group {label!r}", stacklevel=4)
        return group_covariances(self._cells, self.estimates, ridge, kind, anchor)
