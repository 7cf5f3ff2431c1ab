"""Does the model fit? Deviance against the saturated model, and residuals pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Comparisons
from ..errors import ApproximationWarning, DataError, PluralismError
from ..kernels import _contrasts, _outcomes
from ..kernels._counting import group_sums
from . import _sandwich
from ._fit import UtilityFit
from ._nested import off_maximum, same_votes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GoodnessOfFit", "goodness_of_fit", "pair_residuals"]

FloatArray = npt.NDArray[np.float64]

#: Expected counts below this make the chi-squared approximation doubtful (Cochran 1954).
_SMALL = 5.0


@dataclass(frozen=True)
class GoodnessOfFit:
    """How far the counts are from the model.

    Attributes
    ----------
    deviance : float
        2 (log-likelihood of the saturated model - of the fit), G squared.
    pearson : float
        Pearson's chi-squared statistic.
    df : int
        Free counts minus parameters.
    pvalue : float
        Chance of a larger deviance under the model.
    method : str
        ``"chi-squared"`` or ``"bootstrap"``.
    smallest_expected : float
        Smallest expected count.
    replicates, failed : int
        Bootstrap samples, and how many of them had no estimate and were left out.
    """

    deviance: float
    pearson: float
    df: int
    pvalue: float
    method: str
    smallest_expected: float
    replicates: int = 0
    failed: int = 0


class _Table(NamedTuple):
    """Counts by outcome of the distinct comparison situations, and their probabilities."""

    first: npt.NDArray[np.int32]  # (rows,)
    second: npt.NDArray[np.int32]
    counts: FloatArray  # (outcomes, rows)
    probability: FloatArray  # (outcomes, rows)
    columns: dict[str, FloatArray]  # covariates by row
    groups: dict[str, npt.NDArray[np.int64]]
    order_known: bool


def goodness_of_fit(
    fit: UtilityFit,
    comparisons: Comparisons,
    *,
    method: Literal["auto", "chi-squared", "bootstrap"] = "auto",
    n: int = 199,
    seed: Any = 0,
) -> GoodnessOfFit:
    """Compare a Bradley-Terry or Thurstone fit with the saturated model.

    Parameters
    ----------
    fit : UtilityFit
        A fit of `comparisons`.
    comparisons : Comparisons
        The votes; they are pooled over raters, to pairs of items or, where the fit has an order
        effect or covariates, to distinct comparison situations. Where a covariate is continuous
        nearly every vote is a situation of its own, and a deviance from single votes hardly tells
        a good model from a bad one: round the covariate, or test a fit without it.
    method : {"auto", "chi-squared", "bootstrap"}
        Where the p-value is from. ``"bootstrap"`` simulates counts from the fit and refits;
        ``"auto"`` does so if an expected count is below 5 or the fit has a prior, for the
        chi-squared distribution holds at the maximum of the likelihood.
    n : int
        Bootstrap samples.
    seed : int, numpy.random.Generator or None
        For the bootstrap.

    Returns
    -------
    GoodnessOfFit

    Raises
    ------
    DataError
        If ties were counted as half wins (that is no model of ties), votes are shared (soft
        outcomes), whose scatter the model does not give, the fit is of other votes or of something
        other than comparisons, or nothing is left to test; for the bootstrap, if votes are
        weighted, the fit is not a Bradley-Terry fit, or no sample could be fitted; for the
        chi-squared distribution, if the fit is not at the maximum of its likelihood.

    Warns
    -----
    ApproximationWarning
        If votes have weights that are no counts and the p-value is that of the chi-squared
        distribution, which takes a vote's weight for a number of votes.

    Examples
    --------
    >>> import numpy as np
    >>> import pluralism as pl
    >>> wins = np.array([[0, 6, 9], [4, 0, 5], [1, 5, 0]])
    >>> votes = pl.Comparisons.from_matrix(wins, items=["a", "b", "c"])
    >>> goodness_of_fit(pl.utility.fit_bradley_terry(votes), votes).df
    1
    """
    _validate.one_of("method", method, ("auto", "chi-squared", "bootstrap"))
    table = _tabulate(fit, comparisons)
    if comparisons.squares is not None and comparisons.squares[2].any():
        raise DataError(
            "some votes are shared between both items, and the model does not say how shares "
            "scatter, so there is nothing to test the fit against; use whole votes"
        )
    deviance, pearson = _distances(table)
    df = (len(table.counts) - 1) * len(table.first) - fit.n_parameters
    if df <= 0:
        raise DataError(
            f"{len(table.first)} comparison situations leave no degree of freedom to test "
            f"{fit.n_parameters} parameters"
        )
    expected = table.probability * table.counts.sum(axis=0)
    smallest = float(expected.min())
    astray = off_maximum(fit, ("prior",))  # bias reduction keeps the limit
    if method == "auto":
        has_prior = fit.model == "Bradley-Terry" and fit.options["prior"] is not None
        method = "bootstrap" if smallest < _SMALL or has_prior else "chi-squared"
    if method == "chi-squared":
        if astray:
            raise DataError(
                f"`fit` {astray}: its deviance has no chi-squared distribution "
                "(`pair_residuals` shows where it misses)"
            )
        # Whole weights may be counts of like votes, which the test takes them for.
        whole = bool((table.counts == np.rint(table.counts)).all())
        if not whole and _sandwich.model_based(comparisons).note:
            _quiet.warn(
                "votes are weighted, and the test takes a vote's weight for a number of votes: the "
                "statistics grow with the scale of the weights",
                ApproximationWarning,
                stacklevel=2,
            )
        pvalue = _contrasts.chi_squared_tail(deviance, df)
        return GoodnessOfFit(deviance, pearson, df, pvalue, "chi-squared", smallest)
    if fit.model != "Bradley-Terry":
        raise DataError(
            f"the bootstrap refits Bradley-Terry models, and `fit` is a {fit.model} fit; use "
            '`method="chi-squared"`'
        )
    n = _validate.whole_number("n", n, at_least=1)
    generator = _validate.generator("seed", seed)
    total = table.counts.sum(axis=0)
    if (total != np.rint(total)).any():
        raise DataError(
            'the bootstrap draws whole votes, and these are weighted; use `method="chi-squared"`'
        )
    larger = failed = 0
    for _ in range(n):
        drawn = generator.multinomial(total.astype(np.int64), table.probability.T).T
        sample = _votes(comparisons, table, drawn.astype(np.float64))
        try:
            again = _refit(fit, sample)
        except PluralismError:
            failed += 1
            continue
        larger += _distances(_tabulate(again, sample))[0] >= deviance
    if failed == n:
        raise DataError(
            f"none of the {n} samples drawn from the fit could be fitted, so there is nothing to "
            'compare it with; fit with a `prior`, or use `method="chi-squared"`'
        )
    pvalue = (1 + larger) / (1 + n - failed)
    return GoodnessOfFit(deviance, pearson, df, pvalue, "bootstrap", smallest, n, failed)


def pair_residuals(fit: UtilityFit, comparisons: Comparisons) -> pd.DataFrame:
    """Observed and expected wins of each comparison situation, with residuals.

    Parameters
    ----------
    fit : UtilityFit
        A fit of `comparisons`.
    comparisons : Comparisons
        The votes, pooled as in `goodness_of_fit`.

    Returns
    -------
    pandas.DataFrame
        One row each: ``first``, ``second``, ``votes``, ``observed`` and ``expected`` share of
        wins of the first, the ``pearson`` residual of the wins and the signed square root of
        the row's ``deviance``. Covariates and groups of the situation follow.

    Raises
    ------
    DataError
        As for `goodness_of_fit`.

    Examples
    --------
    >>> import numpy as np
    >>> import pluralism as pl
    >>> wins = np.array([[0, 6, 9], [4, 0, 5], [1, 5, 0]])
    >>> votes = pl.Comparisons.from_matrix(wins, items=["a", "b", "c"])
    >>> table = pair_residuals(pl.utility.fit_bradley_terry(votes), votes)
    >>> table["observed"].round(2).tolist()
    [0.6, 0.9, 0.5]
    """
    import pandas as pd

    table = _tabulate(fit, comparisons)
    total = table.counts.sum(axis=0)
    expected = table.probability[0]
    wins = table.counts[0]
    deviance = 2.0 * _row_deviance(table)
    columns = {
        "first": [comparisons.items[code] for code in table.first],
        "second": [comparisons.items[code] for code in table.second],
        "votes": total,
        "observed": wins / total,
        "expected": expected,
        "pearson": (wins - total * expected) / np.sqrt(total * expected * (1.0 - expected)),
        "deviance": np.sign(wins - total * expected) * np.sqrt(np.maximum(deviance, 0.0)),
    }
    for name, codes in table.groups.items():
        labels = comparisons.groups[name].labels
        columns[name] = [labels[code] for code in codes]
    return pd.DataFrame({**columns, **table.columns})


def _tabulate(fit: UtilityFit, comparisons: Comparisons) -> _Table:
    """Pool the votes to distinct situations and give each its fitted probabilities."""
    if not isinstance(fit, UtilityFit):
        raise DataError(f"`fit` is a {type(fit).__name__}; it must be a fit, as of Bradley-Terry")
    if not isinstance(comparisons, Comparisons):
        raise DataError(
            f"`comparisons` is a {type(comparisons).__name__}; it must be Comparisons, for the "
            "test is of models of pairs"
        )
    equal = fit.items == comparisons.items and fit.n_votes == comparisons.n_votes
    if not (equal and same_votes(fit._data, comparisons)):
        raise DataError("`fit` is not a fit of these `comparisons`: items or votes differ")
    tied = comparisons.tied
    if fit.ties == "drop":
        tied = np.zeros_like(tied)
    elif fit.ties == "half" and tied.any():
        models = (
            '"davidson"`, "rao-kupper" or "drop"' if fit.model == "Bradley-Terry" else '"drop"`'
        )
        raise DataError(
            "a tie counted as half a win has no probability under the model, so that fit cannot "
            f"be tested; refit with `ties={models}"
        )
    order = fit.options.get("order_effect", False)
    names = tuple(fit.options.get("covariates", ()))
    ordered = order is not False or bool(names)
    first, second = comparisons.first, comparisons.second
    won, lost = comparisons.first_won, comparisons.second_won
    if not ordered:
        swap = first > second
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        won, lost = np.where(swap, lost, won), np.where(swap, won, lost)
    keys: list[npt.NDArray[Any]] = [first, second]
    sizes = [comparisons.n_items, comparisons.n_items]
    levels = {}
    for name in names:
        levels[name], code = np.unique(comparisons.covariates[name], return_inverse=True)
        keys.append(code)
        sizes.append(len(levels[name]))
    grouped = isinstance(order, str)
    if grouped:
        keys.append(comparisons.groups[order].codes)
        sizes.append(len(comparisons.groups[order].labels))
    pooled = group_sums(keys, sizes, [won, lost, tied])
    kept = pooled.sums.sum(axis=0) > 0
    keys, counts = list(pooled.keys[:, kept]), pooled.sums[:, kept]
    first, second = keys[0].astype(np.int32), keys[1].astype(np.int32)
    eta, _ = fit._predictor(first, second)
    columns = {name: levels[name][keys[2 + place]] for place, name in enumerate(names)}
    for name in names:
        assert fit.coefficients is not None
        eta = eta + columns[name] * float(fit.coefficients.sel(feature=name))
    groups = {order: keys[-1]} if grouped else {}
    if grouped:
        eta = eta + np.asarray(fit.order_effect)[keys[-1]]
    elif order is True:
        eta = eta + float(fit.order_effect)  # type: ignore[arg-type]
    model = fit.ties if fit.ties in ("davidson", "rao-kupper") else "none"
    win, tie, loss = _outcomes.probabilities(fit.link, model, eta, fit.tie_parameter)
    probability = np.stack([win, loss, tie] if model != "none" else [win, loss])
    counts = counts if model != "none" else counts[:2]
    return _Table(first, second, counts, probability, columns, groups, comparisons.order_known)


def _row_deviance(table: _Table) -> FloatArray:
    """Half the deviance of each situation."""
    share = table.counts / table.counts.sum(axis=0)
    ratio = np.where(table.counts > 0, share / table.probability, 1.0)
    return (table.counts * np.log(ratio)).sum(axis=0)


def _distances(table: _Table) -> tuple[float, float]:
    expected = table.probability * table.counts.sum(axis=0)
    pearson = ((table.counts - expected) ** 2 / expected).sum()
    return float(2.0 * _row_deviance(table).sum()), float(pearson)


def _votes(comparisons: Comparisons, table: _Table, counts: FloatArray) -> Comparisons:
    """Comparisons with these counts in place of the table's."""
    tied = counts[2] if len(counts) == 3 else np.zeros(counts.shape[1])
    return Comparisons(
        items=comparisons.items,
        first=table.first,
        second=table.second,
        first_won=counts[0],
        second_won=counts[1],
        tied=tied,
        groups={
            name: replace(comparisons.groups[name], codes=codes.astype(np.int32))
            for name, codes in table.groups.items()
        },
        covariates=table.columns,
        order_known=table.order_known,
        n_votes=round(float(counts.sum())),
    )


def _refit(fit: UtilityFit, comparisons: Comparisons) -> UtilityFit:
    """Fit the same model to other votes."""
    from ._bradley_terry import fit_bradley_terry

    keep = (
        "ties",
        "order_effect",
        "item_features",
        "residual",
        "prior",
        "bias_reduction",
        "components",
        "covariates",
    )
    return fit_bradley_terry(
        comparisons, covariance="fisher", **{name: fit.options[name] for name in keep}
    )
