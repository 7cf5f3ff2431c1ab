"""Weights of a resample: one random stream per replicate, drawn on the host.

Because replicate r depends on the seed and on r alone, it does not matter how replicates are
batched, or on which device they are computed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate

__all__ = ["Streams", "WeightDrawer"]

FloatArray = npt.NDArray[np.float64]

_DRAWS_A_UNIT = 8


class Streams:
    """Independent random streams, numbered from 0, of one seed.

    Philox [1]_ turns a key and a counter of 256 bits into random bits. The seed gives the key;
    stream r starts where the top 64 bits of the counter are r and the others 0, so that no two
    streams share a counter until one has drawn 2**194 numbers. Going to a stream is a few words
    written, a tenth of what a seed sequence and a generator of its own cost.

    Parameters
    ----------
    seed : int, numpy.random.Generator, numpy.random.SeedSequence or None
        A Generator moves on, so that two calls with it differ; an int or a SeedSequence gives
        the same streams every time.

    References
    ----------
    .. [1] J. K. Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3, SC11.
    """

    def __init__(self, seed: Any) -> None:
        if isinstance(seed, np.random.SeedSequence):
            root = seed
        elif isinstance(seed, np.random.Generator):
            root = np.random.SeedSequence([int(word) for word in seed.integers(0, 1 << 32, 4)])
        elif seed is None:
            root = np.random.SeedSequence()
        else:
            root = np.random.SeedSequence(_validate.whole_number("seed", seed))
        self._bits = np.random.Philox(key=root.generate_state(2, np.uint64))
        self._start: Any = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def __call__(self, number: int) -> np.random.Generator:
        """Return the generator, at the start of a stream; it is good until the next call."""
        self._start["state"]["counter"][3] = number
        self._bits.state = self._start
        return self._generator


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

    def __call__(self, rng: np.random.Generator) -> tuple[FloatArray, ...]:
        """Draw one resample, (units,) for each of the `counts`."""
        return tuple(part.draw(rng) for part in self._parts)


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
