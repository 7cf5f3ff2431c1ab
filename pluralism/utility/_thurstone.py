"""Thurstone's models: utilities with normal noise, of one variance or of each item's own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from .. import _validate
from ..data import Comparisons
from ..errors import ConvergenceError, DataError, enumerate_some
from ..kernels import _graph, _newton, _pairs, _scores
from . import _identified
from ._bradley_terry import (
    _STATUS,
    _covariance_type,
    _joint_covariance,
    _reference_code,
)
from ._covariance import Anchor
from ._fit import Convergence, UtilityFit, item_array

__all__ = ["fit_thurstone"]

FloatArray = npt.NDArray[np.float64]

_METHODS = {
    "V": ("mle", "map", "least-squares"),
    "III": ("map", "mle", "as-published"),
}
#: Default prior standard deviations: of utilities, and of log-variances in Case III. Utilities
#: are in units in which Case V reads Phi(u_i - u_j), so 3 lets two items be all but certain.
PRIOR = (3.0, 1.0)
