"""Is more of a good thing better? Utilities along ladders."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data._cells import axis_of
from ..errors import DataError
from ..kernels._contrasts import two_sided_pvalue
from ._bounds import adjusted, wilson
from ._given import Given, given_utilities

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Monotonicity", "monotonicity"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Monotonicity:
    """How well utilities rise along ladders that should rise.

    Attributes
    ----------
    steps : float
        Mean over ladders of the share of steps, from a rung to the next, that rise strictly.
    strict : float
        Share of the ladders all of whose steps rise.
    pairs : float
        Mean over ladders of the share of all pairs of rungs in the right order, a tie counting
        half.
    interval : pandas.DataFrame
        ``measure``, ``estimate``, ``lower``, ``upper`` of the three: bootstrap over ladders for
        `steps` and `pairs`, Wilson for `strict`; NaN with fewer than two ladders.
    ladders : pandas.DataFrame
        By ladder: ``ladder``, ``n_rungs``, ``n_missing``, ``steps``, ``strict``, ``pairs``.
    violations : pandas.DataFrame
        Every step that does not rise: ``ladder``, ``lower_rung``, ``upper_rung``, ``step`` (the
        difference of utilities), and where the fit knows errors ``stderr``, ``pvalue`` and
        ``adjusted`` (Holm, over all steps).
    skipped : tuple
        Ladders left out because fewer than two of their rungs have utilities.
    """

    steps: float
    strict: float
    pairs: float
    interval: pd.DataFrame = field(repr=False)
    ladders: pd.DataFrame = field(repr=False)
    violations: pd.DataFrame = field(repr=False)
    skipped: tuple[Hashable, ...] = ()


def monotonicity(
    utilities: Any,
    *,
    ladders: Mapping[Hashable, Sequence[Hashable]],
    missing: Literal["error", "skip"] = "error",
    level: float = 0.95,
    n: int = 1000,
    seed: Any = 0,
) -> Monotonicity:
    """Check that utilities rise along options that differ in one quantity only.

    Parameters
    ----------
    utilities : UtilityFit, DataArray, Series or mapping
        Utilities of the options.
    ladders : mapping of label to sequence of options
        The rungs of each ladder, worst first.
    missing : {"error", "skip"}
        What to do with a rung without a utility: its neighbours then make one step. Skipped rungs
        are counted, and ladders with fewer than two left are listed.
    level : float
        Coverage of the intervals, in (0, 1).
    n : int
        Bootstrap replicates, at least 2.
    seed : int, numpy.random.Generator or None
        For the bootstrap.

    Returns
    -------
    Monotonicity

    Raises
    ------
    LabelError
        For a rung without a utility.
    DataError
        If there is no ladder, a ladder has fewer than two rungs or one twice.

    Warns
    -----
    SmallSampleWarning
        With two to five ladders.

    Notes
    -----
    Ladders with many rungs have more chances to fail, so `strict` falls with their length; a
    responder without preferences is right in 1/2 of the steps, and in 1 of m! ladders of m rungs.

    References
    ----------
    "Incoherent values", arXiv 2606.21102 (strictly monotone shares, macro average).

    Examples
    --------
    >>> import pluralism as pl
    >>> utilities = {"$1": 0.0, "$10": 0.4, "$100": 0.3, "1 life": 1.0, "2 lives": 1.5}
    >>> ladders = {"money": ["$1", "$10", "$100"], "lives": ["1 life", "2 lives"]}
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", pl.SmallSampleWarning)
    ...     result = pl.utility.monotonicity(utilities, ladders=ladders, n=20)
    >>> result.steps, result.strict, len(result.violations)
    (0.75, 0.5, 1)
    """
    import pandas as pd

    _validate.one_of("missing", missing, ("error", "skip"))
    given = given_utilities("utilities", utilities)
    climbed, lost = _rungs(given, ladders, missing)
    skipped = tuple(name for name, rungs in climbed.items() if len(rungs) < 2)
    climbed = {name: rungs for name, rungs in climbed.items() if len(rungs) > 1}
    if not climbed:
        raise DataError("no ladder has two rungs with utilities; there is no step to look at")
    table = pd.DataFrame([_ladder(name, given, climbed[name], lost[name]) for name in climbed])
    table["ladder"] = pd.Series(axis_of(list(climbed)))
    return Monotonicity(
        steps=float(table["steps"].mean()),
        strict=float(table["strict"].mean()),
        pairs=float(table["pairs"].mean()),
        interval=_intervals(table, level, n, seed),
        ladders=table,
        violations=_violations(given, climbed),
        skipped=skipped,
    )


def _rungs(
    given: Given, ladders: Any, missing: str
) -> tuple[dict[Hashable, npt.NDArray[np.intp]], dict[Hashable, int]]:
    """Codes of the rungs that have utilities, and how many have none, by ladder."""
    if not isinstance(ladders, Mapping) or not ladders:
        raise DataError("`ladders` must map at least one ladder to its rungs, worst first")
    climbed, lost = {}, {}
    for name, rungs in ladders.items():
        place = f"ladders[{name!r}]"
        if isinstance(rungs, (str, bytes)) or not hasattr(rungs, "__iter__"):
            raise DataError(f"`{place}` is {rungs!r}; it must be a sequence of options")
        options = list(rungs)
        if len(options) < 2 or len(set(options)) < len(options):
            raise DataError(f"`{place}` must have at least two rungs, each once; it is {options!r}")
        absent = given.missing(options)
        if missing == "error":
            absent[:] = False
        kept = [option for option, gone in zip(options, absent, strict=True) if not gone]
        climbed[name], lost[name] = given.codes(place, kept), int(absent.sum())
    return climbed, lost


def _ladder(name: Hashable, given: Given, rungs: npt.NDArray[np.intp], lost: int) -> dict[str, Any]:
    values = given.values[rungs]
    low, high = np.triu_indices(len(values), 1)
    rises = np.diff(values) > 0
    return {
        "ladder": name,
        "n_rungs": len(values),
        "n_missing": lost,
        "steps": float(rises.mean()),
        "strict": bool(rises.all()),
        "pairs": float((0.5 * (1 + np.sign(values[high] - values[low]))).mean()),
    }


def _intervals(table: pd.DataFrame, level: float, n: int, seed: Any) -> pd.DataFrame:
    import pandas as pd

    from .._quiet import held_back
    from ..errors import ApproximationWarning
    from ..uncertainty import bootstrap

    bounds = np.full((3, 2), np.nan)
    if len(table) > 1:
        # All ladders alike: the interval is a point, which the table shows.
        with held_back(ApproximationWarning):
            boot = bootstrap(
                _mean_rows,
                table[["steps", "pairs"]].to_numpy(),
                unit="row",
                n=n,
                level=level,
                seed=seed,
                progress=False,
            )
        bounds[[0, 2]] = np.asarray(boot.interval)
        bounds[1] = wilson(float(table["strict"].sum()), len(table), level)
    return pd.DataFrame(
        {
            "measure": ["steps", "strict", "pairs"],
            "estimate": [table[column].mean() for column in ("steps", "strict", "pairs")],
            "lower": bounds[:, 0],
            "upper": bounds[:, 1],
        }
    )


def _mean_rows(rows: FloatArray) -> FloatArray:
    return rows.mean(axis=0)


def _violations(given: Given, climbed: dict[Hashable, npt.NDArray[np.intp]]) -> pd.DataFrame:
    """List the steps that do not rise, with tests where the fit has a covariance."""
    import pandas as pd

    names = [name for name, rungs in climbed.items() for _ in rungs[1:]]
    low = np.concatenate([rungs[:-1] for rungs in climbed.values()])
    high = np.concatenate([rungs[1:] for rungs in climbed.values()])
    step = given.values[high] - given.values[low]
    covariance = given.covariance()
    spread = np.full(len(step), np.nan)
    if covariance is not None:
        variance = covariance[low, low] + covariance[high, high] - 2 * covariance[low, high]
        spread = np.sqrt(np.maximum(variance, 0.0))
    ratio = np.divide(step, spread, out=np.full(len(step), np.nan), where=spread > 0)
    pvalue = np.asarray(two_sided_pvalue(ratio))
    labels = axis_of(given.items)
    table = pd.DataFrame(
        {
            "ladder": axis_of(names),
            "lower_rung": labels[low],
            "upper_rung": labels[high],
            "step": step,
            "stderr": spread,
            "pvalue": pvalue,
            "adjusted": adjusted(pvalue, "holm"),
        }
    )
    return table[table["step"] <= 0].reset_index(drop=True)
