"""What `fit_preference_mixture` returns, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import special, stats

from .. import _validate
from ..data import _labels
from ..errors import DataError, LabelError

__all__ = ["PreferenceMixture"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PreferenceMixture:
    """Latent classes of raters, the largest first.

    Attributes
    ----------
    items, raters : tuple
        Labels; raters who did not vote are left out.
    log_likelihood : float
        Marginal log-likelihood of all raters, without constants and prior.
    prior : float
        Standard deviation of the prior on every utility, in log-odds.
    converged : bool
        Whether the last Newton step met the tolerance at a maximum.
    agreeing_starts : int
        How many of the three best starts ended at this solution; 1 of 3 is a reason to raise
        `starts`.
    """

    items: tuple[Hashable, ...]
    raters: tuple[Hashable, ...]
    log_likelihood: float
    prior: float
    converged: bool
    agreeing_starts: int
    utilities: FloatArray = field(repr=False)
    covariances: FloatArray = field(repr=False)
    shares: FloatArray = field(repr=False)
    share_covariance: FloatArray = field(repr=False)
    responsibilities: FloatArray = field(repr=False)
    selection: list[dict[str, Any]] = field(default_factory=list, repr=False)

    # -- estimates -------------------------------------------------------------------------

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.shares)

    @property
    def utility(self) -> xr.DataArray:
        """Utilities in log-odds, (class, item), relative to each class's mean."""
        return self._by_item(self.utilities, "utility")

    @property
    def stderr(self) -> xr.DataArray:
        """Standard errors of `utility`, (class, item), from the observed information."""
        variances = np.diagonal(self.covariances, axis1=1, axis2=2)
        return self._by_item(np.sqrt(np.maximum(variances, 0.0)), "stderr")

    @property
    def share(self) -> xr.DataArray:
        """Sizes of the classes, (class,), which sum to one."""
        return self._by_class(self.shares, "share")

    @property
    def share_stderr(self) -> xr.DataArray:
        """Standard errors of `share`, (class,)."""
        return self._by_class(
            np.sqrt(np.maximum(np.diagonal(self.share_covariance), 0.0)), "share_stderr"
        )

    @property
    def responsibility(self) -> xr.DataArray:
        """Probability that each rater belongs to each class, (rater, class)."""
        return xr.DataArray(
            self.responsibilities,
            dims=("rater", "class"),
            coords={
                "rater": _labels.as_coordinate(self.raters),
                "class": np.arange(self.n_classes),
            },
            name="responsibility",
        )

    @property
    def n_parameters(self) -> int:
        """Free utilities and class sizes."""
        return self.n_classes * (len(self.items) - 1) + self.n_classes - 1

    @property
    def bic(self) -> float:
        """Bayesian information criterion, the sample size being the number of raters."""
        return float(-2.0 * self.log_likelihood + self.n_parameters * np.log(len(self.raters)))

    @property
    def certainty(self) -> float:
        """One minus the entropy of the responsibilities relative to its largest value."""
        if self.n_classes == 1:
            return 1.0
        entropy = special.entr(self.responsibilities).sum() / len(self.raters)
        return float(1.0 - entropy / np.log(self.n_classes))

    def selection_table(self) -> pd.DataFrame:
        """Tabulate the numbers of classes that were tried.

        Returns
        -------
        pandas.DataFrame
            Columns ``n_classes``, ``log_likelihood``, ``n_parameters``, ``bic`` and
            ``held_out`` (log-likelihood per left-out rater; NaN unless it was the criterion).
        """
        return pd.DataFrame(self.selection)

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Tabulate sizes and utilities with Wald intervals.

        Parameters
        ----------
        level : float
            Coverage of the pointwise intervals, in (0, 1).

        Returns
        -------
        pandas.DataFrame
            Columns ``class``, ``kind`` (share, item), ``term``, ``estimate``, ``stderr``,
            ``lower``, ``upper``; one row for each class's size, then one for each utility.
        """
        z = stats.norm.isf(0.5 * (1.0 - _validate.level("level", level)))
        classes, n = np.arange(self.n_classes), len(self.items)
        estimate = np.concatenate([self.shares, self.utilities.ravel()])
        spread = np.concatenate([self.share_stderr.values, self.stderr.values.ravel()])
        return pd.DataFrame(
            {
                "class": np.concatenate([classes, np.repeat(classes, n)]),
                "kind": ["share"] * self.n_classes + ["item"] * (self.n_classes * n),
                "term": ["share"] * self.n_classes + list(self.items) * self.n_classes,
                "estimate": estimate,
                "stderr": spread,
                "lower": estimate - z * spread,
                "upper": estimate + z * spread,
            }
        )

    # -- questions -------------------------------------------------------------------------

    def welfare(
        self, policy: Any, *, measure: Literal["utility", "win_rate"] = "utility"
    ) -> xr.Dataset:
        """Say how well a policy serves each class, the average rater and the worst-off class.

        Parameters
        ----------
        policy : item label, mapping, array-like or DataArray, (item,)
            An item, or the probability with which each item is chosen; items that a mapping
            leaves out have probability 0.
        measure : {"utility", "win_rate"}
            Expected utility in log-odds, relative to the class's mean item, or the probability
            that a member of the class prefers the policy's item to one drawn uniformly (a tie
            with the same item counting half).

        Returns
        -------
        xarray.Dataset
            ``by_class`` (class), ``mean`` (weighted by class size), ``worst`` and
            ``worst_class``.

        Raises
        ------
        DataError
            If the probabilities are no distribution.
        LabelError
            If an item is unknown.
        """
        _validate.one_of("measure", measure, ("utility", "win_rate"))
        chance = self._policy(policy)
        if measure == "utility":
            served = self.utilities @ chance
        else:
            gap = self.utilities[:, :, None] - self.utilities[:, None, :]
            served = special.expit(gap).mean(axis=2) @ chance
        by_class = self._by_class(served, "by_class")
        return xr.Dataset(
            {
                "by_class": by_class,
                "mean": float(self.shares @ served),
                "worst": float(served.min()),
                "worst_class": int(np.argmin(served)),
            },
            attrs={"measure": measure},
        )

    def __repr__(self) -> str:
        sizes = ", ".join(f"{share:.1%}" for share in self.shares)
        state = "" if self.converged else "; NOT CONVERGED"
        return (
            f"<mixture of {self.n_classes} Bradley-Terry models ({sizes}) over "
            f"{len(self.raters):,} raters and {len(self.items):,} items{state}>"
        )

    # -- helpers ---------------------------------------------------------------------------

    def _policy(self, policy: Any) -> FloatArray:
        if isinstance(policy, Hashable) and policy in self.items:
            policy = {policy: 1.0}
        if isinstance(policy, xr.DataArray):
            if policy.dims != ("item",) or "item" not in policy.coords:
                raise DataError(f"`policy` has dimensions {policy.dims}; it must have ('item',)")
            policy = dict(zip(policy["item"].values.tolist(), policy.values.tolist(), strict=True))
        if isinstance(policy, Mapping):
            for item in policy:
                if item not in self.items:
                    raise LabelError.unknown(
                        "`policy`", item, known=self.items, argument="the fit's items"
                    )
            policy = [policy.get(item, 0.0) for item in self.items]
        elif isinstance(policy, str):
            raise LabelError.unknown(
                "`policy`", policy, known=self.items, argument="the fit's items"
            )
        chance = _validate.finite_array("policy", policy, ndim=1)
        if len(chance) != len(self.items):
            raise DataError(f"`policy` has {len(chance)} entries for {len(self.items)} items")
        _validate.within("policy", chance, 0.0, 1.0, what="probabilities")
        if abs(chance.sum() - 1.0) > 1e-8:
            raise DataError(f"`policy` sums to {chance.sum():g}; probabilities must sum to 1")
        return chance

    def _by_class(self, values: FloatArray, name: str) -> xr.DataArray:
        return xr.DataArray(
            values, dims="class", coords={"class": np.arange(self.n_classes)}, name=name
        )

    def _by_item(self, values: FloatArray, name: str) -> xr.DataArray:
        return xr.DataArray(
            values,
            dims=("class", "item"),
            coords={
                "class": np.arange(self.n_classes),
                "item": _labels.as_coordinate(self.items),
            },
            name=name,
            attrs={"units": "log-odds"},
        )
