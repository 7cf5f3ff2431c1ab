"""Batched JAX work over all devices of this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._precision import in_float64

__all__ = ["over_devices"]


def over_devices(
    kernel: Callable[..., Any], batched: tuple[Any, ...], shared: tuple[Any, ...], **options: Any
) -> Any:
    """Call a JAX `kernel` in float64, its batch spread over all devices of this process.

    Parameters
    ----------
    kernel : callable
        Computes the members of a batch independently: ``kernel(*batched, *shared, **options)``.
    batched : tuple of array, (batch, ...)
        Arrays whose first axis is the batch, as is that of the result. Filled up with copies of
        the last member to a multiple of the number of devices.
    shared : tuple of array
        What every member needs.
    **options
        Static arguments, hashable.

    Returns
    -------
    pytree of numpy.ndarray
        As of one device, but for rounding.
    """
    import jax

    from ..kernels._shards import sharded

    devices = tuple(jax.local_devices())
    if len(devices) == 1:
        return in_float64(kernel, *batched, *shared, **options)
    size = len(batched[0])
    place = np.minimum(np.arange(size + -size % len(devices)), size - 1)
    filled = tuple(np.asarray(each)[place] for each in batched)
    found = in_float64(sharded(kernel, devices, **options), filled, shared)
    return jax.tree.map(lambda each: each[:size], found)
