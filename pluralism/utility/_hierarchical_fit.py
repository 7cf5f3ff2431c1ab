"""What `fit_hierarchical` returns: a posterior with labels, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from .. import _validate
from ..errors import ConvergenceError, DataError, LabelError
from ._chains import Mixing, import_arviz, mixing

__all__ = ["HierarchicalFit"]

_SAMPLE = ("chain", "draw")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class HierarchicalFit:
    """Posterior of pooled utilities.

    Attributes
    ----------
    posterior : xarray.DataTree
        Groups `posterior` (``utility`` of the population, ``group_utility``, ``rater_utility``,
        their spreads, ``order_effect``, ``tie_parameter``, ``variance``; dimensions chain, draw
        and group, rater or item), `sample_stats` and `observed_data`, by ArviZ's schema.
    method : str
        "nuts" or "laplace".
    group : str or None
        Name of the grouping.
    ties : str
        How ties entered.
    prior : float
        Scale of the half-normal priors on the spreads.
    n_votes : int
        Votes behind the fit.
    dropped : mapping of str to int
        Reason -> votes left out.
    group_votes : xarray.DataArray, (group,), or None
        Weight of the votes of each group.
    check : bool
        Whether chains that have not mixed are refused.
    """

    posterior: xr.DataTree
    method: str
    group: str | None
    ties: str
    prior: float
    n_votes: int
    dropped: Mapping[str, int]
    group_votes: xr.DataArray | None = None
    check: bool = True

    @property
    def items(self) -> tuple[Hashable, ...]:
        """Labels of the items."""
        return tuple(self.draws["item"].values.tolist())

    @property
    def draws(self) -> xr.Dataset:
        """The draws of all parameters, over `chain` and `draw`."""
        return self.posterior["posterior"].to_dataset()

    @cached_property
    def mixing(self) -> Mixing:
        """R-hat, effective sample sizes and divergences of the chains."""
        stats = self.posterior["sample_stats"].to_dataset()
        return mixing(self.draws, stats.get("diverging", 0))

    def to_arviz(self) -> Any:
        """Return what the installed ArviZ reads.

        Returns
        -------
        arviz.InferenceData or xarray.DataTree
            The former before version 1 of ArviZ, which reads the tree itself.
        """
        arviz = import_arviz()
        if hasattr(arviz, "InferenceData"):
            return arviz.InferenceData.from_datatree(self.posterior)
        return self.posterior

    # -- summaries -------------------------------------------------------------------------

    def summary(
        self, level: float = 0.95, *, raters: bool = False, check: bool | None = None
    ) -> pd.DataFrame:
        """Tabulate posterior means, standard deviations and equal-tailed intervals.

        Parameters
        ----------
        level : float
            Probability of each interval, in (0, 1).
        raters : bool
            Whether to list the utilities of every rater too.
        check : bool, optional
            Whether to refuse chains that have not mixed. Default: as the fit was told.

        Returns
        -------
        pandas.DataFrame
            Columns ``kind`` (population, group, rater, parameter), ``block`` (its label),
            ``term``, ``estimate``, ``stderr``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``,
            ``ess_tail``; the last three are NaN for ``method="laplace"``.

        Raises
        ------
        ConvergenceError
            If r-hat or effective sample sizes are poor and `check` is set.
        """
        level = _validate.level("level", level)
        self._refuse_unmixed(check)
        tail = 0.5 * (1.0 - level)
        parts = []
        for name, drawn in self.draws.items():
            kind = _KINDS.get(str(name), "parameter")
            if kind == "rater" and not raters:
                continue
            lower, upper = np.quantile(drawn.values, [tail, 1.0 - tail], axis=(0, 1))
            columns = {
                "estimate": drawn.mean(_SAMPLE).values,
                "stderr": drawn.std(_SAMPLE, ddof=1).values,
                "lower": lower,
                "upper": upper,
            }
            if self.method == "nuts":
                for label in ("r_hat", "ess_bulk", "ess_tail"):
                    columns[label] = getattr(self.mixing, label)[name].values
            table = pd.DataFrame({key: np.ravel(value) for key, value in columns.items()})
            axes = [drawn[dim].values.tolist() for dim in drawn.dims if dim not in _SAMPLE]
            if kind in ("group", "rater"):
                blocks = [label for label in axes[0] for _ in axes[1]]
                terms = axes[1] * len(axes[0])
            else:
                blocks = [None] * len(table)
                terms = axes[0] if axes else [name]
                if kind == "parameter" and axes:
                    terms = [f"{name} of {term}" for term in terms]
            table.insert(0, "kind", kind)
            table.insert(1, "block", pd.Series(blocks, dtype=object))
            table.insert(2, "term", pd.Series(terms, dtype=object))
            parts.append(table)
        whole = pd.concat(parts, ignore_index=True).reindex(columns=_COLUMNS)
        whole.attrs.update(
            model="hierarchical Bradley-Terry",
            method=self.method,
            ties=self.ties,
            prior=self.prior,
            n_votes=self.n_votes,
            ci_prob=level,
            ci_kind="eti",
            **{f"dropped ({reason})": count for reason, count in self.dropped.items()},
        )
        return whole

    def probability(
        self, a: Hashable, b: Hashable, *, outcome: Literal["win", "tie", "loss"] = "win"
    ) -> xr.DataArray:
        """Draws of the probability that `a` is preferred to `b`, whichever is shown first.

        Parameters
        ----------
        a, b : item labels
            Which items.
        outcome : {"win", "tie", "loss"}
            Under Davidson's model of ties the three sum to one; else a tie has probability 0.

        Returns
        -------
        xarray.DataArray, (chain, draw) or (chain, draw, group)
            Take its mean and quantiles; ``(draws > 0.5).mean()`` is the probability that `a` is
            the better one.

        Raises
        ------
        LabelError
            For an unknown item.
        """
        _validate.one_of("outcome", outcome, ("win", "tie", "loss"))
        left, right = (self._code(name, label) for name, label in (("a", a), ("b", b)))
        utility = self._utility()
        gap = utility[..., left].drop_vars("item") - utility[..., right].drop_vars("item")
        win, tie = self._win_and_tie(gap, left, right)
        parts = {"win": win, "tie": tie, "loss": 1.0 - win - tie}
        return parts[outcome].rename("probability").assign_attrs(outcome=outcome)

    def ranks(self, *, level: float = 0.95) -> xr.Dataset:
        """Posterior of every item's rank, 1 being best.

        Parameters
        ----------
        level : float
            Probability of the equal-tailed intervals, in (0, 1).

        Returns
        -------
        xarray.Dataset
            ``probability`` (item, rank), ``mean`` (item) and ``interval`` (item, ci_bound), by
            group where there are groups. ``probability.sel(rank=1)`` says who is first.

        Raises
        ------
        ConvergenceError
            If r-hat or effective sample sizes are poor and the fit was told to check.
        """
        tail = 0.5 * (1.0 - _validate.level("level", level))
        self._refuse_unmixed(None)
        utility = self._utility()
        n = len(self.items)
        order = np.argsort(-utility.values, axis=-1, kind="stable")
        rank = np.argsort(order, axis=-1) + 1  # (chain, draw, ..., item)
        shares = np.stack([(rank == place).mean(axis=(0, 1)) for place in range(1, n + 1)], -1)
        bounds = np.quantile(rank, [tail, 1 - tail], axis=(0, 1), method="inverted_cdf")
        dims = utility.dims[2:]
        return xr.Dataset(
            {
                "probability": ((*dims, "rank"), shares),
                "mean": (dims, rank.mean(axis=(0, 1))),
                "interval": ((*dims, "ci_bound"), np.moveaxis(bounds, 0, -1)),
            },
            coords={
                **{dim: utility[dim].values for dim in dims},
                "rank": np.arange(1, n + 1),
                "ci_bound": ["lower", "upper"],
            },
            attrs={"ci_prob": level, "ci_kind": "eti"},
        )

    def winners(
        self,
        rule: Callable[[xr.DataArray], Any],
        *,
        takes: Literal["pairwise", "utilities"] = "pairwise",
        weights: Literal["votes", "equal"] = "equal",
        draws: int = 500,
    ) -> xr.Dataset:
        """Posterior of who wins under a voting rule.

        Parameters
        ----------
        rule : callable
            Receives one draw at a time. It returns a label, several labels, None for nobody, or
            anything with ``.winners``, such as the outcomes of `pluralism.choice`.
        takes : {"pairwise", "utilities"}
            What it receives: the share of votes that prefers each item to each other, (item,
            item_bis), averaged over groups; or utilities, (group, item) or (item,).
        weights : {"equal", "votes"}
            What each group counts for in the matrix.
        draws : int
            How many draws to use, evenly spaced, at most all.

        Returns
        -------
        xarray.Dataset
            ``probability`` (item,), a tie of k counting 1 / k for each; ``alone`` (item,), the
            probability of winning without a tie; ``nobody``, that nobody wins; ``stderr`` (item,),
            the Monte Carlo error of `probability`, were the draws independent.

        Raises
        ------
        ConvergenceError
            If r-hat or effective sample sizes are poor and the fit was told to check.
        DataError
            If `rule` is not callable or an option is unknown.
        LabelError
            If the rule names a winner that is no item.
        """
        if not callable(rule):
            raise DataError(f"`rule` is {rule!r}; it must be a function of a labelled array")
        _validate.one_of("takes", takes, ("pairwise", "utilities"))
        _validate.one_of("weights", weights, ("equal", "votes"))
        draws = _validate.whole_number("draws", draws, at_least=1)
        self._refuse_unmixed(None)
        utility, n = self._utility(), len(self.items)
        last = utility.sizes["chain"] * utility.sizes["draw"] - 1
        used = np.unique(np.linspace(0, last, draws).round().astype(int))
        won, alone, nobody = np.zeros((len(used), n)), np.zeros(n), 0
        for place, sample in enumerate(used):
            chain, draw = divmod(int(sample), utility.sizes["draw"])
            given = utility[chain, draw].drop_vars(_SAMPLE)
            if takes == "pairwise":
                given = self._pairwise(given, sample, weights)
            found = self._winner_codes(rule(given))
            nobody += not found
            if found:
                won[place, found] = 1.0 / len(found)
                alone[found] += len(found) == 1
        item = self.draws["item"]
        error = won.std(axis=0) / np.sqrt(len(used))
        return xr.Dataset(
            {
                "probability": ("item", won.mean(axis=0)),
                "alone": ("item", alone / len(used)),
                "stderr": ("item", error),
                "nobody": ((), nobody / len(used)),
            },
            coords={"item": item.values},
            attrs={"draws": len(used)},
        )

    def __repr__(self) -> str:
        levels = [
            f"{self.draws.sizes[dim]:,} {dim}s"
            for dim in ("group", "rater")
            if dim in self.draws.dims
        ]
        pooled = f" of {' and '.join(levels)}" if levels else ""
        size = self.draws.sizes
        return (
            f"<hierarchical Bradley-Terry fit{pooled}, {size['item']:,} items, "
            f"{self.n_votes:,} votes; {self.method}, {size['chain']} x {size['draw']:,} draws>"
        )

    # -- helpers ---------------------------------------------------------------------------

    def _refuse_unmixed(self, check: bool | None) -> None:
        if self.method != "nuts" or not (self.check if check is None else check):
            return
        complaint = self.mixing.complaint()
        if complaint:
            raise ConvergenceError(
                f"the chains have not mixed: {complaint}; sample longer, or use check=False",
                result=self,
            )

    def _utility(self) -> xr.DataArray:
        """Utilities by group where there are groups, else of the population."""
        return self.draws["group_utility" if self.group is not None else "utility"]

    def _code(self, name: str, label: Hashable) -> int:
        if label not in self.items:
            raise LabelError.unknown(f"`{name}`", label, known=self.items, argument="the items")
        return self.items.index(label)

    def _win_and_tie(
        self, gap: Any, left: Any, right: Any, sample: int | None = None
    ) -> tuple[Any, Any]:
        """Probabilities of the first item and of a tie; `sample` picks one draw."""

        def of_draw(name: str) -> Any:
            drawn = self.draws[name]
            return drawn if sample is None else drawn.values.reshape(-1, *drawn.shape[2:])[sample]

        if "variance" in self.draws:
            variance = of_draw("variance")
            gap = gap / np.sqrt(0.5 * (variance[..., left] + variance[..., right]))
        if "tie_parameter" not in self.draws:
            return special.expit(gap), 0.0 * gap
        total = np.exp(0.5 * gap) + np.exp(-0.5 * gap) + of_draw("tie_parameter")
        return np.exp(0.5 * gap) / total, of_draw("tie_parameter") / total

    def _pairwise(self, utility: xr.DataArray, sample: int, weights: str) -> xr.DataArray:
        """Share of votes for each item over each other, of one draw."""
        n = len(self.items)
        values = utility.values.reshape(-1, n)
        left, right = np.divmod(np.arange(n * n), n)
        gap = values[:, left] - values[:, right]  # (groups, pairs)
        win, _ = self._win_and_tie(gap, left, right, sample)
        share = np.full(len(values), 1.0 / len(values))
        if weights == "votes" and self.group_votes is not None:
            share = (self.group_votes / self.group_votes.sum()).values
        table = (share @ win).reshape(n, n)
        np.fill_diagonal(table, 0.0)
        item = utility["item"].values
        return xr.DataArray(
            table,
            dims=("item", "item_bis"),
            coords={"item": item, "item_bis": item},
            name="wins",
            attrs={"voters": 1.0},
        )

    def _winner_codes(self, answer: Any) -> list[int]:
        answer = getattr(answer, "winners", answer)
        if answer is None:
            return []
        label = isinstance(answer, Hashable) and answer in self.items
        one = label or isinstance(answer, str) or not isinstance(answer, Iterable)
        found = dict.fromkeys([answer] if one else answer)
        return [self._code("the winner of `rule`", label) for label in found]


_KINDS = {"utility": "population", "group_utility": "group", "rater_utility": "rater"}
_COLUMNS = [
    "kind", "block", "term", "estimate", "stderr", "lower", "upper", "r_hat", "ess_bulk", "ess_tail"
]  # fmt: skip
