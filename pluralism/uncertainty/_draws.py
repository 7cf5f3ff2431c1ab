"""Weights of a resample: one child seed per replicate, drawn on the host.

Because replicate r depends on the seed and on r alone, it does not matter how replicates are
batched, or on which device they are computed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate

__all__ = ["WeightDrawer", "child_seeds", "draw_weights"]

FloatArray = npt.NDArray[np.float64]

_DRAWS_A_UNIT = 4


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


class WeightDrawer:
    """Draws the weights of resamples, by which the data of each unit is multiplied.

    Parameters
    ----------
    counts : tuple of array, (units,)
        How often each unit stands in the data.
    kind : {"multinomial", "poisson"}
        As many units as there are, with replacement; or each unit a Poisson number of times.
    """

    def __init__(self, counts: tuple[FloatArray, ...], kind: str) -> None:
        self._parts = [_Part.of(each, kind) for each in counts]

    def __call__(self, seed: np.random.SeedSequence) -> tuple[FloatArray, ...]:
        """Draw one resample, (units,) for each of the `counts`."""
        rng = np.random.default_rng(seed)
        return tuple(part.draw(rng) for part in self._parts)


def draw_weights(
    rng: np.random.Generator, counts: tuple[FloatArray, ...], kind: str
) -> tuple[FloatArray, ...]:
    """Draw the weights of one resample from `rng`; for many, `WeightDrawer` is faster."""
    return tuple(_Part.of(each, kind).draw(rng) for each in counts)


class _Part(NamedTuple):
    """One kind of unit, and the fastest way to draw it."""

    kind: str
    counts: FloatArray  # (units,)
    present: npt.NDArray[np.intp]  # (present,): units that stand in the data at all
    owner: npt.NDArray[np.intp] | None  # (total,): unit of each single draw
    single: bool  # every unit stands for one

    @classmethod
    def of(cls, counts: FloatArray, kind: str) -> _Part:
        present = np.flatnonzero(counts > 0)
        held = counts[present]
        owner = None
        # Single draws are cheaper than one binomial per unit unless units stand for many.
        if (held == np.rint(held)).all() and held.sum() <= _DRAWS_A_UNIT * len(held):
            owner = np.repeat(present, held.astype(np.intp))
        return cls(kind, counts, present, owner, bool((counts == 1.0).all()))

    def draw(self, rng: np.random.Generator) -> FloatArray:
        if self.single and self.kind == "multinomial":
            size = len(self.counts)
            # For short draws `integers` spends its time on checking arguments.
            picked = (rng.random(size) * size).astype(np.intp)
            return np.bincount(picked, minlength=size).astype(np.float64)
        weights = np.zeros(len(self.counts))
        held = self.counts[self.present]
        if self.kind == "poisson":
            weights[self.present] = rng.poisson(held) / held
        elif self.owner is None:
            total = held.sum()
            weights[self.present] = rng.multinomial(round(total), held / total) / held
        else:
            picked = self.owner[rng.integers(0, len(self.owner), len(self.owner))]
            drawn = np.bincount(picked, minlength=len(weights))
            np.divide(drawn, self.counts, out=weights, where=self.counts > 0)
        return weights
