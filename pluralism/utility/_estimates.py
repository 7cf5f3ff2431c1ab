"""The small parts of a fit: how it ended, one parameter, one difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from .. import _validate
from ..kernels import _contrasts

__all__ = ["Contrast", "Convergence", "Parameter"]


@dataclass(frozen=True)
class Convergence:
    """How a fit ended.

    Attributes
    ----------
    iterations : int
        Steps taken.
    decrement : float
        Newton decrement at the last iterate: its distance from the optimum in standard errors,
        to first order.
    status : str
        ``"converged"``, or what stopped the iteration instead.
    method : str
        The algorithm.
    """

    iterations: int
    decrement: float
    status: str
    method: str

    @property
    def converged(self) -> bool:
        """Whether the tolerance was reached."""
        return self.status == "converged"


class Parameter(NamedTuple):
    """One estimate beside the utilities, on the scale on which its covariance is known."""

    kind: Literal["parameter", "feature"]
    term: str
    estimate: float
    scale: Literal["identity", "log"] = "identity"

    @property
    def value(self) -> float:
        """The estimate on the attribute's own scale."""
        return float(np.exp(self.estimate)) if self.scale == "log" else self.estimate

    @property
    def slope(self) -> float:
        """Derivative of `value` with respect to `estimate`, for the delta method."""
        return self.value if self.scale == "log" else 1.0


class Contrast(NamedTuple):
    """A difference of utilities, first minus second, with its standard error.

    Both are floats, or arrays where several differences were asked for at once.
    """

    estimate: Any
    stderr: Any

    @property
    def z(self) -> Any:
        """The difference in standard errors; NaN for an item against itself."""
        ratio = np.full(np.shape(self.estimate), np.nan)
        np.divide(self.estimate, self.stderr, out=ratio, where=np.asarray(self.stderr) > 0)
        return ratio if ratio.ndim else float(ratio)

    @property
    def pvalue(self) -> Any:
        """Two-sided p-value of no difference, by the normal approximation."""
        return _contrasts.two_sided_pvalue(self.z)

    def interval(self, level: float = 0.95) -> tuple[Any, Any]:
        """Wald interval, (lower, upper)."""
        half = _contrasts.normal_quantile(_validate.level("level", level)) * self.stderr
        return self.estimate - half, self.estimate + half
