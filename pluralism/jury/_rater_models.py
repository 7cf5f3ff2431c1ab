"""Who is reliable, and what did they see? Models of raters who report an unknown true label."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import Annotations
from ..errors import ApproximationWarning, ConvergenceError, DataError, NotIdentifiedError
from ._inputs import as_annotations
from ._tables import labelled

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["DawidSkeneFit", "MaceFit", "fit_dawid_skene", "fit_mace"]

FloatArray = npt.NDArray[np.float64]

#: Rows of the largest information matrix that is set up: 200 MB.
_LARGEST_INFORMATION = 5000


@dataclass(frozen=True, eq=False)
class DawidSkeneFit:
    """A fitted Dawid-Skene model.

    Attributes
    ----------
    prevalence : xarray.DataArray, (true_label,)
        Share of items of each true label.
    confusion : xarray.DataArray, (rater, true_label, label)
        Probability that a rater gives a label to an item of a true label; rows sum to one.
    posterior : xarray.DataArray, (item, true_label)
        Probability of each true label given the item's labels. NaN for items without labels.
    log_likelihood : float
        Of the labels, in nats.
    iterations : int
        EM steps.
    converged : bool
        Whether the log-likelihood settled.
    """

    prevalence: xr.DataArray
    confusion: xr.DataArray = field(repr=False)
    posterior: xr.DataArray = field(repr=False)
    log_likelihood: float
    iterations: int
    converged: bool
    _cells: _Cells = field(repr=False)

    @property
    def labels(self) -> xr.DataArray:
        """Most probable true label of each item, (item,); the first of equals."""
        return _most_probable(self.posterior)

    @property
    def prevalence_stderr(self) -> xr.DataArray:
        """Standard errors of `prevalence`, (true_label,).

        From the observed information (Louis 1982) by the delta method; with `smoothing`, of the
        penalised likelihood. NaN marks probabilities on the boundary, where there is no such
        error: those that stand for less than a hundredth of a label (or item), and a one
        beside them. All is NaN if the information is singular, with an `ApproximationWarning`.
        A model of more than 5,000 free probabilities is a `DataError`: use `bootstrap`.
        """
        return self.prevalence.copy(data=self._stderr[0]).rename("stderr")

    @property
    def confusion_stderr(self) -> xr.DataArray:
        """Standard errors of `confusion`, (rater, true_label, label); see `prevalence_stderr`."""
        return self.confusion.copy(data=self._stderr[1]).rename("stderr")

    @cached_property
    def _stderr(self) -> tuple[FloatArray, FloatArray]:
        from ..kernels._rater_information import count_free, dawid_skene_variances

        free = count_free(*self._cells.options["shape"][1:])
        if free > _LARGEST_INFORMATION:
            raise DataError(
                f"standard errors of {free:,} free probabilities need a matrix of that many rows "
                f"(at most {_LARGEST_INFORMATION:,}); use bootstrap(..., unit='item')"
            )
        found = dawid_skene_variances(
            *self._cells.arrays,
            shape=self._cells.options["shape"],
            smoothing=self._cells.options["smoothing"],
            prevalence=self.prevalence.to_numpy(),
            confusion=self.confusion.to_numpy(),
            posterior=self.posterior.to_numpy()[self._cells.present],
        )
        if found.singular:
            _quiet.warn(
                "the information of the Dawid-Skene model is singular: the labels do not tell "
                "some of its probabilities apart, and there are no standard errors",
                ApproximationWarning,
                stacklevel=3,
            )
        return np.sqrt(found.prevalence), np.sqrt(found.confusion)


@dataclass(frozen=True, eq=False)
class MaceFit:
    """A fitted MACE model.

    Attributes
    ----------
    spamming : xarray.DataArray, (rater,)
        Share of a rater's labels that are given without regard to the item, in [0, 1].
    habit : xarray.DataArray, (rater, label)
        What the rater says when spamming; rows sum to one.
    posterior : xarray.DataArray, (item, true_label)
        Probability of each true label. NaN for items without labels.
    log_likelihood : float
        Of the labels, in nats.
    iterations : int
        EM steps.
    converged : bool
        Whether the log-likelihood settled.
    """

    spamming: xr.DataArray
    habit: xr.DataArray = field(repr=False)
    posterior: xr.DataArray = field(repr=False)
    log_likelihood: float
    iterations: int
    converged: bool

    @property
    def labels(self) -> xr.DataArray:
        """Most probable true label of each item, (item,); the first of equals."""
        return _most_probable(self.posterior)


def fit_dawid_skene(
    annotations: Annotations,
    *,
    smoothing: float = 0.0,
    max_iterations: int = 1000,
    tolerance: float = 1e-9,
    check: bool = True,
) -> DawidSkeneFit:
    """Fit true labels and one confusion matrix a rater, by EM from the vote shares.

    Parameters
    ----------
    annotations : Annotations
        Labels with raters. A rater may label an item several times; a label of weight w counts
        as w labels.
    smoothing : float
        Pseudo-count of every entry of every confusion matrix; 0 is maximum likelihood.
    max_iterations : int
        EM steps at most.
    tolerance : float
        Stop when the log-likelihood rises by less than this share of itself. 0 runs until it no
        longer rises at all.
    check : bool
        Whether not converging is an error; otherwise the result says so.

    Returns
    -------
    DawidSkeneFit

    Raises
    ------
    DataError
        If the raters are unknown or an option is out of range.
    ConvergenceError
        If `max_iterations` were not enough and `check` is true.

    Warns
    -----
    ApproximationWarning
        If the fit tells no item from another: every posterior is the same.

    Notes
    -----
    The likelihood [1]_ has several maxima, in some of which labels are exchanged; starting from
    the vote shares finds the one in which raters are mostly right. Where all items have the same
    vote shares, it starts where no label is more likely than another, and stays.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene (1979), Maximum likelihood estimation of observer
       error-rates using the EM algorithm, Applied Statistics 28.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import fit_dawid_skene
    >>> rows = [list("aabbaabb"), list("aabbaabb"), list("abababab")]
    >>> fit = fit_dawid_skene(Annotations.from_matrix(rows, raters=["x", "y", "noise"]))
    >>> fit.confusion.sel(rater="noise", true_label="a").values.tolist()
    [0.500, 0.500]
    >>> "".join(fit.labels.values)
    'aabbaabb'
    >>> fit.confusion_stderr.sel(rater="noise", true_label="a").values.tolist()
    [0.25, 0.25]
    """
    cells = _cells(annotations, smoothing, max_iterations, tolerance)
    from ..kernels._rater_models import dawid_skene

    state = dawid_skene(*cells.arrays, **cells.options)
    names = annotations.categories
    fit = DawidSkeneFit(
        prevalence=labelled(state.prevalence, "prevalence", true_label=names),
        confusion=labelled(
            state.confusion,
            "confusion",
            rater=annotations.raters,
            true_label=names,
            label=names,
        ),
        posterior=_posterior(annotations, cells, state.posterior),
        log_likelihood=float(state.log_likelihood),
        iterations=int(state.iterations),
        converged=_settled(state, cells),
        _cells=cells,
    )
    return _checked(fit, "fit_dawid_skene", state, cells, check)


def fit_mace(
    annotations: Annotations,
    *,
    smoothing: float = 0.0,
    max_iterations: int = 1000,
    tolerance: float = 1e-9,
    check: bool = True,
) -> MaceFit:
    """Fit how often each rater labels without looking (MACE), by EM from the vote shares.

    With probability `spamming` a rater draws a label from a habit of their own; otherwise they
    report the true label.

    Parameters
    ----------
    annotations : Annotations
        Labels with raters.
    smoothing : float
        Pseudo-count of every expected count; 0 is maximum likelihood.
    max_iterations, tolerance, check
        As in `fit_dawid_skene`.

    Returns
    -------
    MaceFit

    Raises
    ------
    DataError
        If the raters are unknown or an option is out of range.
    NotIdentifiedError
        If all labels are one category, unless `smoothing` decides.
    ConvergenceError
        If `max_iterations` were not enough and `check` is true.

    Warns
    -----
    ApproximationWarning
        If the fit tells no item from another: every posterior is the same.

    References
    ----------
    D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy (2013), Learning whom to trust with MACE,
    NAACL-HLT.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import fit_mace
    >>> rows = [list("aabbaabb"), list("aabbaabb"), list("aaaaaaaa")]
    >>> fit = fit_mace(Annotations.from_matrix(rows, raters=["x", "y", "lazy"]))
    >>> fit.spamming.sel(rater=["x", "lazy"]).round(2).values.tolist()
    [0.00, 1.00]
    """
    cells = _cells(annotations, smoothing, max_iterations, tolerance)
    if not cells.options["smoothing"] and len(np.unique(cells.arrays[2])) == 1:
        raise NotIdentifiedError(
            f"all labels are {annotations.categories[annotations.label[0]]!r}: raters who look and "
            "raters who always say so cannot be told apart; give `smoothing`, or more items"
        )
    from ..kernels._rater_models import mace

    state = mace(*cells.arrays, **cells.options)
    assert state.competence is not None
    fit = MaceFit(
        spamming=labelled(1.0 - state.competence, "spamming", rater=annotations.raters),
        habit=labelled(state.spam, "habit", rater=annotations.raters, label=annotations.categories),
        posterior=_posterior(annotations, cells, state.posterior),
        log_likelihood=float(state.log_likelihood),
        iterations=int(state.iterations),
        converged=_settled(state, cells),
    )
    return _checked(fit, "fit_mace", state, cells, check)


@dataclass(frozen=True)
class _Cells:
    """What an EM kernel takes: the labels of the items that have any."""

    arrays: tuple[Any, ...]
    options: dict[str, Any]
    present: Any  # (items that have labels,): their codes


def _cells(
    annotations: Annotations, smoothing: float, max_iterations: int, tolerance: float
) -> _Cells:
    as_annotations("annotations", annotations, raters=True)
    smoothing = _validate.number("smoothing", smoothing, at_least=0.0)
    max_iterations = _validate.whole_number("max_iterations", max_iterations, at_least=1)
    tolerance = _validate.number("tolerance", tolerance, at_least=0.0)
    if annotations.n_categories < 2:
        raise DataError(
            f"there is one category, {annotations.categories[0]!r}; a rater model needs two "
            "(give all possible `categories`)"
        )
    present, item = np.unique(annotations.item, return_inverse=True)
    assert annotations.raters is not None
    arrays = (
        item.astype(np.int32),
        annotations.rater,
        annotations.label,
        annotations.weight,
    )
    shape = (len(present), len(annotations.raters), annotations.n_categories)
    options = {
        "shape": shape,
        "smoothing": smoothing,
        "tolerance": tolerance,
        "max_iterations": max_iterations,
    }
    return _Cells(arrays, options, present)


def _settled(state: Any, cells: _Cells) -> bool:
    return bool(
        abs(state.change) <= max(cells.options["tolerance"], 1e-13) * abs(state.log_likelihood)
    )


def _checked(fit: Any, name: str, state: Any, cells: _Cells, check: bool) -> Any:
    if check and not fit.converged:
        raise ConvergenceError(
            f"{name} did not settle in {fit.iterations} steps (the log-likelihood "
            f"{fit.log_likelihood:.6f} still moved by {float(state.change):.3g}); raise "
            "`max_iterations` or `tolerance`, or pass check=False",
            result=fit,
        )
    several = len(np.unique(cells.arrays[2])) > 1 and state.posterior.max() < 1.0 - 1e-9
    if several and np.ptp(state.posterior, axis=0).max() < 1e-9:
        _quiet.warn(
            f"{name} tells no item from another, and every posterior is the same: the labels do "
            "not show what is true, or the vote shares are alike, and "
            "the log-likelihood, stationary there by symmetry, may be below its maximum",
            ApproximationWarning,
            stacklevel=3,
        )
    return fit


def _posterior(annotations: Annotations, cells: _Cells, values: Any) -> xr.DataArray:
    full = np.full((annotations.n_items, annotations.n_categories), np.nan)
    full[cells.present] = values
    return labelled(full, "posterior", item=annotations.items, true_label=annotations.categories)


def _most_probable(posterior: xr.DataArray) -> xr.DataArray:
    import xarray as xr

    best = posterior.fillna(-1.0).argmax("true_label")
    labels = posterior.coords["true_label"].to_numpy()[best.to_numpy()]
    return xr.DataArray(
        labels, dims="item", coords={"item": posterior.coords["item"]}, name="label"
    )
