"""How much of one good is worth how much of another."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..data._cells import axis_of
from ..errors import DataError, LabelError, enumerate_some
from ..kernels import _exchange_rates
from ._given import given_utilities

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["ExchangeRates", "exchange_rates"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ExchangeRates:
    """Rates at which goods are exchanged.

    Attributes
    ----------
    rate : xarray.DataArray, (good, good_bis)
        ``[i, j]``: how many units of i are worth one unit of j. NaN where either good has no
        rising curve; `goods` says why.
    log_stderr : xarray.DataArray, (good, good_bis)
        Standard error of the natural logarithm of the rate (delta method); NaN where unknown.
    goods : pandas.DataFrame
        Every good: ``good``, ``n`` options, ``n_quantities``, ``intercept``, ``slope``,
        ``slope_stderr``, ``r_squared``, ``mse_residual`` and ``status`` (``"ok"``, ``"negative
        slope"``, ``"zero slope"`` or ``"one quantity"``).
    mean_log_quantity : float
        Where on the curves the rates are averaged.
    df : xarray.DataArray, (good, good_bis)
        Degrees of freedom of the intervals; infinite for normal ones.
    n_missing : int
        Options left out because they have no utility.
    """

    rate: xr.DataArray
    log_stderr: xr.DataArray = field(repr=False)
    goods: pd.DataFrame
    mean_log_quantity: float
    df: xr.DataArray = field(repr=False)
    n_missing: int

    def interval(self, level: float = 0.95) -> xr.DataArray:
        """Intervals for the rates, (good, good_bis, ci_bound), symmetric in their logarithms.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1).
        """
        import xarray as xr
        from scipy.stats import t

        half = self.log_stderr * t.isf(0.5 * (1 - _validate.level("level", level)), self.df)
        bounds = [self.rate * np.exp(sign * half) for sign in (-1, 1)]
        return (
            xr.concat(bounds, dim="ci_bound")
            .assign_coords(ci_bound=["lower", "upper"])
            .transpose(..., "ci_bound")
            .assign_attrs(ci_prob=level, ci_kind="delta")
        )

    def relative_to(self, good: Hashable, *, level: float = 0.95) -> pd.DataFrame:
        """Tabulate what one unit of each good is worth in units of one good.

        Parameters
        ----------
        good : hashable
            The unit, such as the country whose lives count one.
        level : float
            Coverage of the intervals, in (0, 1).
        """
        import pandas as pd

        known = self.rate["good"].values.tolist()
        if good not in known:
            raise LabelError.unknown("`good`", good, known=known, argument="the goods")
        bounds = self.interval(level).sel(good=good)
        return pd.DataFrame(
            {
                "good": axis_of(known),
                "rate": self.rate.sel(good=good).values,
                "lower": bounds.sel(ci_bound="lower").values,
                "upper": bounds.sel(ci_bound="upper").values,
                "status": self.goods["status"].values,
            }
        )


def exchange_rates(
    utilities: Any,
    *,
    goods: Any,
    quantities: Any = None,
    errors: Literal["residual", "fit"] = "residual",
    missing: Literal["error", "drop"] = "error",
) -> ExchangeRates:
    r"""Fit a logarithmic curve to each good, and read off at which rate goods are exchanged.

    For each good X, least squares of :math:`u = b_X + a_X \ln N` over its options "N units of X".
    M units of i equal N of j where the curves meet; the rate is the geometric mean of M / N over
    both directions and all quantities, which is in closed form

    .. math:: \ln r_{ij} = \tfrac12\Big[(b_j - b_i)\big(\tfrac1{a_i} + \tfrac1{a_j}\big)
              + \overline{\ln N}\,\big(\tfrac{a_j}{a_i} - \tfrac{a_i}{a_j}\big)\Big].

    Parameters
    ----------
    utilities : UtilityFit, DataArray, Series or mapping
        Utilities of the options.
    goods : mapping of option to (good, quantity), or frame
        What the options are; a frame has columns ``option``, ``good`` and ``quantity``.
        Quantities are positive; several options of one good may have the same one.
    quantities : array-like, optional
        The grid over which rates are averaged. Default: the distinct quantities of all goods.
    errors : {"residual", "fit"}
        Whether standard errors are from the scatter about the curves (Student's t with the fewer
        degrees of freedom of the two), or from the covariance of the utilities' fit (normal;
        then the curves are taken to be right).
    missing : {"error", "drop"}
        What to do with options without a utility; dropped ones are counted.

    Returns
    -------
    ExchangeRates
        ``.rate``, ``.interval(level)``, ``.relative_to(good)``, and ``.goods`` with the curves.

    Raises
    ------
    LabelError
        For an option without a utility.
    DataError
        If a quantity is not positive, an option is given twice, there are fewer than two goods,
        or ``errors="fit"`` without a fit that has a covariance.

    Notes
    -----
    A good whose utility falls with its quantity (deaths, say) has no such rate with one whose
    utility rises; its rates are NaN and it is reported, where published code leaves it out. Rates
    depend on the grid unless slopes are equal, and where curves meet outside the quantities
    asked about they extrapolate. With two quantities the residual error is unknown.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 6 (exchange rates).

    Examples
    --------
    >>> import numpy as np, pluralism as pl
    >>> goods = {f"{n} {x}": (x, n) for x in ("apples", "pears") for n in (1, 3, 10, 30)}
    >>> utilities = {option: np.log(n) + (0.7 if x == "pears" else 0.0)
    ...              for option, (x, n) in goods.items()}
    >>> result = pl.utility.exchange_rates(utilities, goods=goods)
    >>> round(float(result.rate.sel(good="apples", good_bis="pears")), 3)
    2.014
    """
    import pandas as pd
    import xarray as xr

    _validate.one_of("errors", errors, ("residual", "fit"))
    _validate.one_of("missing", missing, ("error", "drop"))
    given = given_utilities("utilities", utilities)
    covariance = given.covariance() if errors == "fit" else None
    if errors == "fit" and covariance is None:
        raise DataError(
            "errors='fit' needs `utilities` to be a fit with a covariance; use errors='residual'"
        )
    options, names, code, amount = _goods(goods)
    kept = ~given.missing(options)
    if not kept.all() and missing == "error":
        given.codes("goods", options)  # names the first
    place = given.codes(
        "goods", [option for option, keep in zip(options, kept, strict=True) if keep]
    )
    code, amount = code[kept], amount[kept]
    if len(np.unique(code)) < 2:
        raise DataError(
            f"`goods` has {len(np.unique(code))} good(s) with utilities; a rate needs at least two"
        )
    log_n = np.log(amount)
    grid = np.unique(amount) if quantities is None else _quantities("quantities", quantities)
    curves = _exchange_rates.fit_curves(
        given.values[place], log_n, code, len(names),
        None if covariance is None else covariance[np.ix_(place, place)],
    )  # fmt: skip
    centre = float(np.log(grid).mean())
    log_rate, stderr = _exchange_rates.log_rates(curves, centre)
    df = curves.df if errors == "residual" else np.full(len(names), np.inf)
    fewer = np.minimum(df[:, None], df[None, :])
    labels = _labels.as_coordinate(names)
    coords: dict[str, Any] = {"good": labels, "good_bis": labels}

    def square(values: FloatArray, name: str) -> xr.DataArray:
        return xr.DataArray(values, dims=("good", "good_bis"), coords=coords, name=name)

    status = np.empty(len(names), dtype=object)
    status[:] = [_status(*curve) for curve in zip(curves.n_quantities, curves.slope, strict=True)]
    table = {
        "good": axis_of(names),
        "n": np.bincount(code, minlength=len(names)),
        "n_quantities": curves.n_quantities,
        "intercept": curves.intercept,
        "slope": curves.slope,
        "slope_stderr": np.sqrt(np.diagonal(curves.covariance)[1::2]),
        "r_squared": curves.r_squared,
        "mse_residual": curves.mse_residual,
        "status": status,
    }
    return ExchangeRates(
        rate=square(np.exp(log_rate), "rate"),
        log_stderr=square(stderr, "log_stderr"),
        goods=pd.DataFrame(table),
        mean_log_quantity=centre,
        df=square(fewer, "df"),
        n_missing=int((~kept).sum()),
    )


def _status(n_quantities: int, slope: float) -> str:
    if n_quantities < 2:
        return "one quantity" if n_quantities else "no options"
    return "ok" if slope > 0 else "negative slope" if slope < 0 else "zero slope"


def _goods(goods: Any) -> tuple[list[Hashable], tuple[Hashable, ...], IntArray, FloatArray]:
    """Options, names of goods in order of appearance, codes and quantities."""
    if isinstance(goods, Mapping):
        for option, entry in goods.items():
            if isinstance(entry, str) or not hasattr(entry, "__len__") or len(entry) != 2:
                raise DataError(f"`goods[{option!r}]` is {entry!r}; it must be (good, quantity)")
        options = list(goods)
        names, amounts = [e[0] for e in goods.values()], [e[1] for e in goods.values()]
    elif hasattr(goods, "columns"):
        absent = [c for c in ("option", "good", "quantity") if c not in goods.columns]
        if absent:
            raise DataError(f"`goods` has no column {absent[0]!r}; it has {list(goods.columns)}")
        options, names, amounts = (list(goods[c]) for c in ("option", "good", "quantity"))
    else:
        raise DataError(
            f"`goods` is a {type(goods).__name__}; it must map options to (good, quantity), or be "
            "a frame with the columns option, good and quantity"
        )
    options = list(_labels.check_labels("goods", options))
    names = list(_labels.check_labels("goods", names, unique=False))
    known = tuple(dict.fromkeys(names))
    place = {name: k for k, name in enumerate(known)}
    amount = _quantities("goods", amounts)
    return options, known, np.array([place[name] for name in names], dtype=np.intp), amount


def _quantities(name: str, values: Any) -> FloatArray:
    amount = _validate.finite_array(name, values, ndim=1)
    if not len(amount):
        raise DataError(f"`{name}` is empty; at least one quantity is needed")
    if (amount <= 0).any():
        bad = np.flatnonzero(amount <= 0)
        raise DataError(
            f"`{name}` has the quantity {amount[bad[0]]:g} at {enumerate_some(bad, 3)}; a "
            "logarithmic curve needs quantities above 0"
        )
    return amount
