"""Batches spread over devices: every device computes its own share, and none waits for another.

The kernel runs whole inside each shard, so its loops stay one after the other there
(`jax.lax.map`): a batched Cholesky factor inside a loop never returns with jax 0.10.2 on several
forced host devices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec

__all__ = ["sharded"]


@lru_cache(maxsize=32)
def sharded(
    kernel: Callable[..., Any], devices: tuple[Any, ...], **options: Any
) -> Callable[[tuple[Any, ...], tuple[Any, ...]], Any]:
    """Return ``kernel(*batched, *shared, **options)`` with the first axis over `devices`.

    The first axis of every array in `batched`, and of what the kernel returns, is as long as a
    multiple of the number of devices. `shared` goes to all of them.
    """
    mesh = Mesh(np.array(devices), ("batch",))
    run = partial(kernel, **options)
    return jax.jit(
        jax.shard_map(
            lambda batched, shared: run(*batched, *shared),
            mesh=mesh,
            in_specs=(PartitionSpec("batch"), PartitionSpec()),
            out_specs=PartitionSpec("batch"),
            check_vma=False,  # a loop's carry starts from constants, which are the same everywhere
        )
    )
