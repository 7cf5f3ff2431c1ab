"""What waiting costs: discount curves from choices between now and later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..errors import DataError, NotIdentifiedError
from ..kernels import _discounting

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["DiscountCurve", "discount_curve"]

FloatArray = npt.NDArray[np.float64]

#: A standard error of ln k above this says nothing about k.
_DETERMINED = 10.0
#: A log-likelihood above minus this is a perfect fit.
_PERFECT = 1e-2


@dataclass(frozen=True, eq=False)
class DiscountCurve:
    """Discount curves, and which of them the choices support.

    Attributes
    ----------
    models : pandas.DataFrame
        One row a curve, best first: ``model`` (hyperbolic, exponential, present-biased), ``k``
        with ``k_lower`` and ``k_upper``, ``present_bias`` (NaN but for its model),
        ``sensitivity``, ``log_likelihood``, ``n_parameters``, ``aic``, ``delta_aic``, ``weight``
        (Akaike's), ``rss`` (squared distances of the curve from the indifference points, in units
        of the discount) and ``status`` (``"ok"``, which parameter lies at its bound, or ``"k
        undetermined"``; without an interval then).
    best : str
        The model with the smallest AIC.
    indifference : xarray.Dataset, (delay,)
        ``discount`` at each delay with ``lower`` and ``upper``, without any curve: the inverse of
        the multiplier at which both answers are as likely. NaN where it lies outside the
        multipliers offered at that delay. Of a respondent who never wavers the bounds are the
        multipliers on either side of the threshold.
    n_outside : int
        Delays without an indifference point inside the multipliers offered.
    lack_of_fit : float
        Twice the log-likelihood that the best curve loses against one discount for each delay.
    n_choices : float
        Choices used.
    n_unparseable : float
        Answers that were neither, and how they were used is an argument.
    level : float
        Coverage of the intervals.
    """

    models: pd.DataFrame
    best: str
    indifference: xr.Dataset = field(repr=False)
    n_outside: int
    lack_of_fit: float
    n_choices: float
    n_unparseable: float
    level: float

    def discount(self, model: str, delay: Any) -> FloatArray:
        """Discount of a fitted curve at any delays, (delays,).

        Parameters
        ----------
        model : str
            Which curve.
        delay : array-like
            Delays, in the units of the choices.
        """
        _validate.one_of("model", model, _discounting.CURVES)
        row = self.models.set_index("model").loc[model]
        times = np.atleast_1d(_validate.finite_array("delay", delay))
        _validate.within("delay", times, 0.0, what="a delay")
        with np.errstate(divide="ignore"):
            parameters = np.log([row["k"], row["present_bias"]])
        return np.exp(_discounting.discounts(model, parameters, times))


def discount_curve(
    choices: Any,
    *,
    delay: str = "delay",
    multiplier: str = "multiplier",
    later: str = "later",
    now: str = "now",
    unparseable: str | None = None,
    unparseable_as: Literal["drop", "now"] = "drop",
    level: float = 0.95,
) -> DiscountCurve:
    r"""Fit discount curves to choices between an amount now and a multiple of it later.

    A multiple m after delay t is chosen with probability
    :math:`\operatorname{logistic}(s\,[\ln m + \ln D(t)])`, where the discount D is

    * hyperbolic: :math:`1 / (1 + k t)`;
    * exponential: :math:`e^{-k t}`;
    * present-biased (quasi-hyperbolic): :math:`\beta e^{-k t}` for t > 0, and 1 now.

    Parameters
    ----------
    choices : frame
        One row for each delay and multiplier, with counts; rows of the same cell add.
    delay, multiplier, later, now : str
        Columns: delay, from 0; multiple of the amount now, above 0; how often the later and the
        earlier amount was chosen.
    unparseable : str, optional
        Column that counts answers that were neither.
    unparseable_as : {"drop", "now"}
        Leave them out, or count them as choices of now, as published code does (its denominator
        holds all responses).
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    DiscountCurve
        ``.best`` and ``.models`` by AIC; ``.indifference`` without a curve; ``.discount(model,
        delay)``.

    Raises
    ------
    NotIdentifiedError
        If there are fewer than two delays above 0, one multiplier only, or one answer only.
    DataError
        If a column is absent, or a delay, multiplier or count is out of range.

    Notes
    -----
    Choices are taken as independent. A curve whose best rate is at the end of what can be told
    apart (no discounting at all, say) has that as its status and no interval. Akaike weights
    compare these three curves with each other; `lack_of_fit` says what all of them miss.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 6 (temporal discounting); Mazur (1987) and
    Laibson (1997), Quarterly Journal of Economics 112 (the curves); Burnham and Anderson (2002)
    (Akaike weights).

    Examples
    --------
    >>> import numpy as np, pandas as pd, pluralism as pl
    >>> rng = np.random.default_rng(0)
    >>> delays, multiples = np.meshgrid(np.arange(0, 61, 6), np.geomspace(0.5, 30, 20))
    >>> chance = 1 / (1 + np.exp(-3 * np.log(multiples / (1 + 0.1 * delays))))
    >>> later = rng.binomial(10, chance).ravel()
    >>> choices = pd.DataFrame({"delay": delays.ravel(), "multiplier": multiples.ravel(),
    ...                         "later": later, "now": 10 - later})
    >>> result = pl.utility.discount_curve(choices)
    >>> result.best, round(float(result.models["k"].iloc[0]), 2)
    ('hyperbolic', 0.1)
    """
    import pandas as pd
    import xarray as xr

    from ..kernels._contrasts import normal_quantile

    _validate.one_of("unparseable_as", unparseable_as, ("drop", "now"))
    z = normal_quantile(_validate.level("level", level))
    columns = {"delay": delay, "multiplier": multiplier, "later": later, "now": now}
    if unparseable is not None:
        columns["unparseable"] = unparseable
    data = _read(choices, columns)
    neither = data.get("unparseable", np.zeros(len(data["delay"])))
    counts = {
        "later": data["later"],
        "now": data["now"] + (neither if unparseable_as == "now" else 0),
    }
    used = counts["later"] + counts["now"] > 0
    times, log_m = data["delay"][used], np.log(data["multiplier"][used])
    chosen = (counts["later"][used], counts["now"][used])
    _check_identified(times, log_m, *chosen)

    distinct, code = np.unique(times, return_inverse=True)
    free = _discounting.fit_free(code, log_m, *chosen, len(distinct))
    inside = np.array(
        [-log_m[code == d].max() <= free.log_discount[d] <= -log_m[code == d].min()
         for d in range(len(distinct))]
    )  # fmt: skip
    rows = []
    for curve in _discounting.CURVES:
        fit = _discounting.fit_curve(curve, times, log_m, *chosen)
        fitted = np.exp(_discounting.discounts(curve, fit.parameters[1:], distinct))
        apart = (fitted - np.exp(free.log_discount))[inside]
        log_k, spread = fit.parameters[1], fit.stderr[1]
        # Of choices that a curve explains without error, any k in a range does.
        flat = not spread < _DETERMINED or fit.log_likelihood > -_PERFECT
        spread = np.nan if flat else spread
        names = ("sensitivity", "k", "present_bias")
        bound = [name for name, hit in zip(names, fit.at_bound, strict=False) if hit]
        status = (
            f"{' and '.join(bound)} at the bound" if bound else "k undetermined" if flat else "ok"
        )
        biased = curve == "present-biased"
        rows.append(
            {
                "model": curve,
                "k": np.exp(log_k),
                "k_lower": np.exp(log_k - z * spread),
                "k_upper": np.exp(log_k + z * spread),
                "present_bias": np.exp(fit.parameters[2]) if biased else np.nan,
                "sensitivity": np.exp(fit.parameters[0]),
                "log_likelihood": fit.log_likelihood,
                "n_parameters": len(fit.parameters),
                "aic": 2 * len(fit.parameters) - 2 * fit.log_likelihood,
                "rss": float((apart**2).sum()),
                "status": status,
            }
        )
    models = pd.DataFrame(rows)
    delta = models["aic"] - models["aic"].min()
    weight = np.exp(-0.5 * delta)
    models.insert(9, "delta_aic", delta)
    models.insert(10, "weight", weight / weight.sum())
    models = models.sort_values("aic", kind="stable", ignore_index=True)
    half = z * free.stderr
    low, high = (
        free.gap if free.gap is not None else (free.log_discount - half, free.log_discount + half)
    )
    indifference = {
        "discount": np.exp(free.log_discount),
        "lower": np.exp(low),
        "upper": np.exp(high),
    }
    return DiscountCurve(
        models=models,
        best=str(models["model"].iloc[0]),
        indifference=xr.Dataset(
            {name: ("delay", np.where(inside, v, np.nan)) for name, v in indifference.items()},
            coords={"delay": distinct},
        ),
        n_outside=int((~inside).sum()),
        lack_of_fit=max(0.0, 2 * (free.log_likelihood - float(models["log_likelihood"].iloc[0]))),
        n_choices=float(chosen[0].sum() + chosen[1].sum()),
        n_unparseable=float(neither.sum()),
        level=level,
    )


def _read(choices: Any, columns: dict[str, str]) -> dict[str, FloatArray]:
    if not hasattr(choices, "columns"):
        raise DataError(f"`choices` is a {type(choices).__name__}; it must be a frame")
    known = list(choices.columns)
    data = {}
    for name, column in columns.items():
        if column not in known:
            raise DataError(f"`choices` has no column {column!r} (`{name}`); it has {known}")
        data[name] = _validate.finite_array(f"choices.{column}", choices[column], ndim=1)
    if not len(data["delay"]):
        raise DataError("`choices` has no rows")
    for name, what in (("delay", "a delay"), ("later", "a count"), ("now", "a count")):
        _validate.within(f"choices.{columns[name]}", data[name], 0.0, what=what)
    if "unparseable" in data:
        _validate.within(
            f"choices.{columns['unparseable']}", data["unparseable"], 0.0, what="a count"
        )
    if (data["multiplier"] <= 0).any():
        place = int(np.argmax(data["multiplier"] <= 0))
        raise DataError(
            f"`choices.{columns['multiplier']}[{place}]` is {data['multiplier'][place]:g}; a "
            "multiplier must be above 0"
        )
    return data


def _check_identified(
    times: FloatArray, log_m: FloatArray, later: FloatArray, now: FloatArray
) -> None:
    waits = np.unique(times[times > 0])
    if len(waits) < 2:
        raise NotIdentifiedError(
            f"there are choices at {len(waits)} delay(s) above 0; a curve needs at least two"
        )
    if np.ptp(log_m) == 0:
        raise NotIdentifiedError("all choices have the same multiplier; a curve needs several")
    if later.sum() == 0 or now.sum() == 0:
        raise NotIdentifiedError(
            f"every answer is {'now' if later.sum() == 0 else 'later'}; where the respondent is "
            "indifferent cannot be known"
        )
