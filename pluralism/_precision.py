"""The one place where JAX's precision is set: enter float64, run a kernel, return host arrays.

`jax.enable_x64` is entered around the call alone, so the caller's global configuration is never
touched. Kernels in `pluralism.kernels` do not use this: they run under their caller's precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["in_float64"]


def in_float64(kernel: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a JAX `kernel` in float64 and hand back its result as NumPy arrays.

    Parameters
    ----------
    kernel : callable
        A function of arrays that returns an array or a pytree of arrays.
    *args, **kwargs
        Passed on. Floating arrays should already be float64, integers int32 or int64.

    Returns
    -------
    pytree of numpy.ndarray
        The kernel's result, moved to the host.
    """
    import jax
    import numpy as np

    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, kernel(*args, **kwargs))
