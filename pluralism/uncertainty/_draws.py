"""Weights of a resample: one child seed per replicate, drawn on the host.

Because replicate r depends on the seed and on r alone, it does not matter how replicates are
batched, or on which device they are computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _validate

__all__ = ["child_seeds", "draw_weights"]

FloatArray = npt.NDArray[np.float64]


def child_seeds(seed: Any, n: int) -> list[np.random.SeedSequence]:
    """Spawn one seed per replicate from an int, a Generator, a SeedSequence or None.

    A Generator moves on, so that two calls with it differ; an int or a fresh SeedSequence gives
    the same replicates every time.
    """
    if isinstance(seed, np.random.SeedSequence):
        # Spawning counts up inside the sequence; a copy leaves the caller's as it is.
        root = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    elif isinstance(seed, np.random.Generator):
        root = np.random.SeedSequence([int(word) for word in seed.integers(0, 1 << 32, 4)])
    elif seed is None:
        root = np.random.SeedSequence()
    else:
        root = np.random.SeedSequence(_validate.whole_number("seed", seed))
    return root.spawn(n)


def draw_weights(
    rng: np.random.Generator, counts: tuple[FloatArray, ...], kind: str
) -> tuple[FloatArray, ...]:
    """Draw the weights of one resample, by which each unit's data is multiplied.

    Parameters
    ----------
    rng : numpy.random.Generator
        The replicate's own.
    counts : tuple of array, (units,)
        How often each unit stands in the data.
    kind : {"multinomial", "poisson"}
        As many units as there are, with replacement; or each unit a Poisson number of times.
    """
    return tuple(_draw(rng, each, kind) for each in counts)


def _draw(rng: np.random.Generator, counts: FloatArray, kind: str) -> FloatArray:
    drawn: npt.NDArray[np.integer]
    if kind == "poisson":
        drawn = rng.poisson(counts)
    elif (counts == 1.0).all():
        drawn = np.bincount(rng.integers(0, len(counts), len(counts)), minlength=len(counts))
    else:
        total = counts.sum()
        drawn = rng.multinomial(round(total), counts / total)
    weights = np.zeros(len(counts))
    return np.divide(drawn, counts, out=weights, where=counts > 0)
