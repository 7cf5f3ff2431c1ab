"""The permutation test: whether groups drawn at random differ as much as these do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import ApproximationWarning, DataError
from ._draws import Streams
from ._groupings import unit_groups
from ._hooks import PERMUTED, find_hook
from ._intervals import rounding
from ._run import Failures, Plan, Progress, run
from ._values import Form

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["PermutationTest", "permutation_test"]

FloatArray = npt.NDArray[np.float64]
Alternative = Literal["greater", "less", "two-sided"]


@dataclass(frozen=True, eq=False, repr=False)
class PermutationTest:
    """A statistic with its permutation p-value.

    Attributes
    ----------
    statistic : float, numpy.ndarray or xarray.DataArray
        The statistic of the data themselves.
    pvalue : same as `statistic`
        Share of permutations, the data themselves included, at least as extreme.
    replicates : numpy.ndarray or xarray.DataArray, (n, ...)
        The statistic under permutation; NaN in rows that failed.
    failed : Failures
        How many permutations failed (an int) and why (`failed.reasons`).
    unit : str
        What was moved between groups.
    alternative, n
        As asked for.
    """

    statistic: Any
    pvalue: Any
    replicates: npt.NDArray[np.float64] | xr.DataArray
    failed: Failures
    unit: str
    alternative: str
    n: int

    def __repr__(self) -> str:
        shape = np.shape(self.statistic)
        what = (
            f"of a statistic of shape {shape}"
            if shape
            else f"{self.statistic:.6g}, p = {self.pvalue:.4g}"
        )
        lost = f"; failed: {self.failed!r}" if self.failed else ""
        return (
            f"<permutation test {what}; {self.alternative}, unit {self.unit!r}, {self.n:,} "
            f"permutations{lost}>"
        )


def permutation_test(
    statistic: Callable[..., Any],
    data: Any,
    *,
    group: Any = None,
    n: int = 1000,
    alternative: Alternative = "greater",
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
    max_failed: float = 0.1,
    progress: Progress = None,
) -> PermutationTest:
    """Test whether groups differ, by moving raters (or rows) between groups at random.

    Group sizes are kept. All answers of a rater move together, so the test stays valid although
    the answers of one rater are alike.

    Parameters
    ----------
    statistic : callable
        Takes the data (for an array: the data and the labels of its rows) and returns a number,
        an array or a labelled array that measures how the groups differ.
    data : Comparisons or Annotations with raters and groups, array or eager data frame
        What was observed.
    group : str or sequence, optional
        Name of the grouping or of the frame's column; for an array one label per row. May be
        left out where a container has one grouping only.
    n : int
        Number of permutations, at least 1.
    alternative : {"greater", "less", "two-sided"}
        Which values count as extreme. Two-sided is twice the smaller tail, at most 1.
    seed, max_failed, progress
        As in `bootstrap`.

    Returns
    -------
    PermutationTest
        Statistic, p-value ``(1 + extreme) / (1 + permutations)`` (Phipson and Smyth 2010),
        replicates and failures.

    Raises
    ------
    DataError
        If an option is unknown, raters or groups are not known, there is only one group, or
        more than `max_failed` of the permutations failed.
    LabelError
        If `group` names no grouping of the data.

    Warns
    -----
    ApproximationWarning
        If permutations failed and are left out.

    Notes
    -----
    A permutation is as extreme as the data if its statistic is, up to rounding: one part in
    10^12 of the statistic or, where that is larger, of the upper quartile of the absolute values
    under permutation, for a difference near zero has the errors of what was subtracted.

    References
    ----------
    Phipson and Smyth (2010), Permutation p-values should never be zero, Statistical
    Applications in Genetics and Molecular Biology 9.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.uncertainty import permutation_test
    >>> heights = np.array([1.0, 2.0, 2.0, 3.0, 5.0, 6.0, 6.0, 7.0])
    >>> def difference(values, group):
    ...     return values[group == "new"].mean() - values[group == "old"].mean()
    >>> test = permutation_test(difference, heights, group=["old"] * 4 + ["new"] * 4, seed=0)
    >>> test.statistic
    4.0
    >>> test.pvalue < 0.05
    True
    """
    n = _validate.whole_number("n", n, at_least=1)
    _validate.one_of("alternative", alternative, ("greater", "less", "two-sided"))
    max_failed = _validate.number("max_failed", max_failed, at_least=0.0, below=1.0)
    if not callable(statistic):
        raise DataError(f"`statistic` is {statistic!r}; it must be a function of the data")
    groups = unit_groups(data, group)
    if len(np.unique(groups.codes)) < 2:
        raise DataError("`group` has one group only; nothing can be moved")
    form = Form.of(statistic(*groups.moved(groups.codes)))
    streams = Streams(seed)

    def draw(replicate: int) -> tuple[npt.NDArray[np.int32]]:
        return (streams(replicate).permutation(groups.codes),)

    hook = find_hook(statistic, PERMUTED)

    def batched(codes: npt.NDArray[np.int32]) -> Any:
        assert hook is not None
        return hook(data, group=groups.group, codes=codes)

    plan = Plan(
        name="permutation test",
        count=n,
        size=groups.size,
        draw=draw,
        build=groups.moved,
        neutral=(groups.codes,),
        batched=batched if hook else None,
    )
    values, failed = run(statistic, plan, form, progress)
    if failed > max_failed * n:
        raise DataError(
            f"{failed.count} of {n} permutations failed: {failed!r}; raise max_failed to go on "
            "without them"
        )
    if failed:
        _quiet.warn(
            f"{failed.count} of {n} permutations failed and are left out: {failed!r}",
            ApproximationWarning,
            stacklevel=2,
        )
    return PermutationTest(
        statistic=form.write(form.estimate),
        pvalue=form.write(_pvalue(form.estimate, values, n - failed.count, alternative)),
        replicates=form.write(values, first="replicate"),
        failed=failed,
        unit=groups.unit,
        alternative=alternative,
        n=n,
    )


def _pvalue(estimate: FloatArray, values: FloatArray, n: int, alternative: str) -> FloatArray:
    slack = rounding(estimate, values[~np.isnan(values).reshape(len(values), -1).all(axis=1)])
    # Rows that failed are NaN, hence on neither side.
    above = (1 + (values >= estimate - slack).sum(axis=0)) / (n + 1)
    below = (1 + (values <= estimate + slack).sum(axis=0)) / (n + 1)
    if alternative == "greater":
        chosen = above
    elif alternative == "less":
        chosen = below
    else:
        chosen = np.minimum(1.0, 2 * np.minimum(above, below))
    return np.where(np.isnan(estimate), np.nan, chosen)
