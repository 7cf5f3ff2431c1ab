"""Bradley-Terry: the log-odds that one item is preferred to another are a difference."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..uncertainty import batched_by
from ._paired import fit_paired
from ._paired_model import PairedModel

if TYPE_CHECKING:
    from ..data import Comparisons
    from ._fit import UtilityFit

__all__ = ["fit_bradley_terry"]


@batched_by("pluralism.utility._resampled:bradley_terry_replicates")
def fit_bradley_terry(
    comparisons: Comparisons,
    *,
    ties: Literal["half", "davidson", "rao-kupper", "drop"] = "half",
    order_effect: bool | str = False,
    item_features: Any = None,
    residual: bool = False,
    covariates: str | Sequence[str] = (),
    prior: float | None = None,
    bias_reduction: bool = False,
    components: Literal["error", "separate"] = "error",
    covariance: Literal["fisher", "sandwich", "cluster"] | None = None,
    reference: Hashable = "mean",
    check: bool = True,
    tolerance: float = 1e-9,
    max_iterations: int = 100,
) -> UtilityFit:
    r"""Fit the Bradley-Terry model by maximum likelihood.

    The probability that item i is preferred to j is ``1 / (1 + exp(-(u_i - u_j)))``.

    Parameters
    ----------
    comparisons : Comparisons
        Votes on pairs of items.
    ties : {"half", "davidson", "rao-kupper", "drop"}
        A tie counts as half a win for each item; has a probability proportional to
        ``nu * sqrt(pi_i pi_j)`` (Davidson 1970) with ``pi = exp(u)``; falls between two
        thresholds ``log kappa`` apart from zero (Rao and Kupper 1967); or is left out and
        counted in ``dropped``.
    order_effect : bool or str
        Whether to fit the advantage of the item shown first, in log-odds; the name of a group
        column fits one for each group.
    item_features : frame, DataArray, mapping or array, optional
        Features by item, (items, features), matched by index, ``item`` coordinate or key where
        there is one. Utilities are then exactly linear in them, and items that were never
        compared get one too.
    residual : bool
        Whether every item keeps a residual of its own beside its features, with standard
        deviation `prior`.
    covariates : str or sequence of str
        Columns of `comparisons` whose effects are added to the log-odds of the item shown
        first, such as its home advantage or the difference in length of two answers.
    prior : float, optional
        Standard deviation s of an independent normal prior N(0, s^2) on every utility, in
        log-odds. The estimate is then the posterior mode, and the Fisher covariance the inverse
        of the penalised information. It exists for every comparison graph.
    bias_reduction : bool
        Whether to maximise the likelihood with Jeffreys' penalty (Firth 1993): the bias of
        order 1/n goes, and estimates are finite even for an item that always wins.
    components : {"error", "separate"}
        What to do when some items were never linked with others by comparisons: refuse, or fit
        each component on its own, with utilities relative to its own mean.
    covariance : {"fisher", "sandwich", "cluster"}, optional
        ``"fisher"``: inverse expected information, right if votes are independent.
        ``"sandwich"``: robust to a wrong variance of single votes. ``"cluster"``: robust to any
        dependence among votes of one rater, times G / (G - 1) for G raters. By default
        ``"cluster"`` where `comparisons` knows its raters, else ``"fisher"``.
    reference : "mean" or item label
        Utilities are relative to the mean of all items, or to one item, whose utility and
        standard error are then 0. An item that is itself labelled ``"mean"`` wins.
    check : bool
        Whether a fit that did not converge is an error; if not, the last iterate is returned
        and says so.
    tolerance : float
        Largest distance from the optimum, in standard errors (of votes of weight one, where
        weights are less), that the last step may leave, by the Newton decrement.
    max_iterations : int
        Most Newton steps.

    Returns
    -------
    UtilityFit
        Utilities in log-odds.

    Raises
    ------
    NotIdentifiedError
        If items were never compared, fall apart into components, or always win or always lose;
        if a parameter cannot be told from the utilities or runs to infinity. The message names
        them. Under clustered standard errors: if there is one rater, or all raters answer alike.
    ConvergenceError
        If the iteration stopped early; ``.result`` is the last iterate.
    DataError, LabelError
        For an argument that cannot be used, or an unknown reference.

    References
    ----------
    Bradley and Terry (1952), Biometrika 39, 324-345. Ties: Davidson (1970), JASA 65, eq. 2.5;
    Rao and Kupper (1967), JASA 62, eq. 2.2. Existence: Ford (1957), American
    Mathematical Monthly 64, 28-33. Bias: Firth (1993), Biometrika 80, 27-38.

    Examples
    --------
    Pork roasts from pigs on three diets (Bradley and Terry 1952, both judges pooled):

    >>> import pluralism as pl
    >>> votes = [("corn", "peanut")] * 4 + [("peanut", "corn")] * 6
    >>> fit = pl.utility.fit_bradley_terry(pl.Comparisons.from_pairs(votes))
    >>> round(fit.probability("peanut", "corn"), 3)
    0.6
    """
    return fit_paired(
        comparisons,
        PairedModel(
            function="fit_bradley_terry",
            name="Bradley-Terry",
            link="logit",
            units="log-odds",
            ties=ties,
            order_effect=order_effect,
            item_features=item_features,
            residual=residual,
            covariates=covariates,
            prior=prior,
            bias_reduction=bias_reduction,
            components=components,
            covariance=covariance,
            reference=reference,
            check=check,
            tolerance=tolerance,
            max_iterations=max_iterations,
        ),
    )
