"""Labelled views of a utility fit: the bodies behind `UtilityFit`'s methods."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import special

from ..data import _labels
from ..errors import DataError
from ..kernels import _contrasts
from . import _simultaneous

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ._fit import UtilityFit

__all__ = [
    "DENSE_ITEMS",
    "attributes",
    "covariance",
    "dataset",
    "item_array",
    "probability_matrix",
    "quasi_variance",
    "square",
    "stderr",
    "summary",
    "vector",
    "worth",
]

FloatArray = npt.NDArray[np.float64]

#: Up to this many items covariances are computed as one matrix.
DENSE_ITEMS = 3000


def item_array(
    values: FloatArray, items: tuple[Hashable, ...], *, name: str, units: str
) -> xr.DataArray:
    """Label one value per item."""
    import xarray as xr

    return xr.DataArray(
        values,
        dims="item",
        coords={"item": _labels.as_coordinate(items)},
        name=name,
        attrs={"units": units},
    )


def vector(values: FloatArray, dim: str, labels: tuple[Hashable, ...], name: str) -> xr.DataArray:
    """Label one value per entry of `dim`."""
    import xarray as xr

    return xr.DataArray(
        values.copy(), dims=dim, coords={dim: _labels.as_coordinate(labels)}, name=name
    )


def square(
    items: tuple[Hashable, ...], values: FloatArray, name: str, **attributes: Any
) -> xr.DataArray:
    """Label one value per ordered pair of items."""
    import xarray as xr

    label = _labels.as_coordinate(items)
    return xr.DataArray(
        values,
        dims=("item", "item_bis"),
        coords={"item": label, "item_bis": label},
        name=name,
        attrs=attributes,
    )


def item_matrix(fit: UtilityFit, values: FloatArray, name: str) -> xr.DataArray:
    """Label one value per pair of the fit's items."""
    return square(fit.items, values, name)


def covariance(fit: UtilityFit) -> xr.DataArray:
    """Covariance of the utilities."""
    n = fit.utility.size
    matrix = item_matrix(fit, fit.joint_covariance().matrix()[:n, :n], "covariance")
    return matrix.assign_attrs(covariance_type=fit.covariance_type, units=f"({fit.units}) squared")


def stderr(fit: UtilityFit) -> xr.DataArray:
    """Standard errors of the utilities."""
    variances = fit.joint_covariance().variances()[: fit.utility.size]
    return fit.utility.copy(deep=False, data=np.sqrt(variances)).rename("stderr")


def worth(fit: UtilityFit) -> xr.DataArray:
    """Worths that sum to one."""
    if fit.link != "logit":
        raise DataError(f"{fit.model} has no worths: its link is the {fit.link}, not the logit")
    shares = special.softmax(fit.utility.values / fit.scale)
    return fit.utility.copy(data=shares).rename("worth").assign_attrs(units="share")


def summary(fit: UtilityFit, level: float, simultaneous: bool = False) -> pd.DataFrame:
    """Tidy table of all estimates with Wald intervals."""
    import pandas as pd

    z = _contrasts.normal_quantile(level)
    n = fit.utility.size
    spread = np.full(n + len(fit.parameters), np.nan)
    if fit.joint is not None:
        spread = np.sqrt(fit.joint.variances())
    elif fit.covariance_type != "none":
        spread[:n] = fit.stderr.values
    estimate = np.concatenate(
        [fit.utility.values, [parameter.estimate for parameter in fit.parameters]]
    )
    width = np.full(len(spread), z)
    kind = "wald"
    if simultaneous:
        width[:n] = _simultaneous.critical_deviation(fit, level, np.random.default_rng(0))
        kind = "wald, simultaneous for items"
    lower, upper = estimate - width * spread, estimate + width * spread
    for place, parameter in enumerate(fit.parameters, start=n):
        estimate[place] = parameter.value
        spread[place] *= parameter.slope
        if parameter.scale == "log":
            lower[place], upper[place] = np.exp(lower[place]), np.exp(upper[place])
    table = pd.DataFrame(
        {
            "kind": ["item"] * n + [parameter.kind for parameter in fit.parameters],
            "term": [*fit.items, *(parameter.term for parameter in fit.parameters)],
            "estimate": estimate,
            "stderr": spread,
            "lower": lower,
            "upper": upper,
        }
    )
    table.attrs.update(attributes(fit), ci_prob=float(level), ci_kind=kind)
    return table


def probability_matrix(
    fit: UtilityFit,
    probability: Callable[[npt.NDArray[np.intp], npt.NDArray[np.intp], str], FloatArray],
    outcome: str,
) -> xr.DataArray:
    """Probability of an outcome for every ordered pair, NaN where it has none."""
    n = fit.utility.size
    left, right = np.divmod(np.arange(n * n), n)
    table = probability(left, right, outcome).reshape(n, n)
    if fit.component is not None:
        table[fit.component[:, None] != fit.component[None, :]] = np.nan
    np.fill_diagonal(table, np.nan)
    return item_matrix(fit, table, "probability").assign_attrs(outcome=outcome)


def quasi_variance(fit: UtilityFit) -> xr.DataArray:
    """Quasi-variances with their diagnostic."""
    result = _contrasts.quasi_variances(fit.covariance.values)
    labelled = fit.utility.copy(deep=False, data=result.values).rename("quasi_variance")
    return labelled.assign_attrs(
        lowest_error=result.lowest_error,
        highest_error=result.highest_error,
        converged=result.converged,
        units=f"({fit.units}) squared",
    )


def dataset(fit: UtilityFit) -> xr.Dataset:
    """Everything that NetCDF can hold."""
    import xarray as xr

    variables: dict[str, xr.DataArray] = {"utility": fit.utility}
    if fit.covariance_type != "none":
        variables["stderr"] = fit.stderr
        if fit.joint is not None and fit.utility.size <= DENSE_ITEMS:
            variables["covariance"] = fit.covariance
    if fit.parameters:
        rows = fit.summary().iloc[fit.utility.size :]
        terms = np.array([parameter.term for parameter in fit.parameters], dtype=object)
        for column in ("estimate", "stderr"):
            variables[f"parameter_{column}"] = xr.DataArray(
                rows[column].to_numpy(dtype=np.float64),
                dims="parameter",
                coords={"parameter": terms},
            )
    return xr.Dataset(variables, attrs=attributes(fit))


def attributes(fit: UtilityFit) -> dict[str, Any]:
    """What a reader of a table or file should know about the fit, as plain values."""
    values: dict[str, Any] = {
        "model": fit.model,
        "link": fit.link,
        "units": fit.units,
        "ties": fit.ties,
        "reference": str(fit.reference),
        "covariance_type": fit.covariance_type,
        "log_likelihood": fit.log_likelihood,
        "n_parameters": fit.n_parameters,
        "n_votes": fit.n_votes,
        "convergence": fit.convergence.status,
        "iterations": fit.convergence.iterations,
    }
    for reason, count in fit.dropped.items():
        values[f"dropped ({reason})"] = count
    if fit.notes:
        values["notes"] = "; ".join(fit.notes)
    return values
