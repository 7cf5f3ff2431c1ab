"""The data that an audit puts a metric to: rows taken away, baselines, resamples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import _quiet
from ..errors import DataError

#: Name under which probed data stand among the systems of a metric of whole sets.
PROBE = "__probe__"


def take(data: Any, rows: Any) -> Any:
    """Rows of an array, a frame, a list, or of every part of a tuple of them."""
    if isinstance(data, tuple):
        return tuple(take(part, rows) for part in data)
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if isinstance(data, list):
        return [data[row] for row in rows]
    return np.asarray(data)[rows]


def size(data: Any) -> int:
    """Number of rows."""
    return len(data[0]) if isinstance(data, tuple) else len(data)


class Scorer:
    """One number for any data, whatever the scope of the metric."""

    def __init__(
        self, metric: Callable[..., Any], scope: str, systems: Mapping[Any, Any], truth: Any
    ) -> None:
        self.metric, self.scope, self.systems, self.truth = metric, scope, systems, truth

    def raw(self, data: Any, truth: Any = None) -> Any:
        """Call the metric as its user would."""
        truth = self.truth if truth is None else truth
        return self.metric(data) if truth is None else self.metric(data, truth)

    def __call__(self, data: Any, truth: Any = None) -> float:
        """Score of `data`: of rows their mean, in a set its own score among the systems'."""
        if self.scope == "set":
            return float(self.raw({**self.systems, PROBE: data}, truth)[PROBE])
        found = self.raw(data, truth)
        try:
            value = np.asarray(found, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"the metric returned {found!r}; it must return numbers") from None
        if self.scope == "system" and value.ndim:
            raise DataError(
                f"the metric returned shape {value.shape}; say `scope='rows'` for one value a row"
            )
        return float(value.mean())

    def on_rows(self, data: Any, rows: Any) -> float:
        """Score of some of the rows, with the truth of the same rows."""
        truth = None if self.truth is None else take(self.truth, rows)
        return self(take(data, rows), truth)


def attempt(call: Callable[[], float]) -> tuple[float, str]:
    """Value of a call, or NaN and what it raised (an audit must outlive its patient)."""
    with np.errstate(all="ignore"), _quiet.others_silenced():
        try:
            return float(call()), ""
        except Exception as error:
            return float("nan"), f"{type(error).__name__}: {error}"


def constant_baselines(
    truth: Any, rng: np.random.Generator, draws: int = 20
) -> dict[str, list[Any]]:
    """Answers that need no system: each constant, the majority, and random ones (several)."""
    key = np.asarray(truth)
    n = len(key)
    if key.ndim == 2:
        majority = (key.mean(axis=0) > 0.5).astype(key.dtype)
        fair = rng.integers(0, 2, (draws, *key.shape)).astype(key.dtype)
        return {
            "all ones": [np.ones_like(key)],
            "all zeros": [np.zeros_like(key)],
            "majority": [np.tile(majority, (n, 1))],
            "random": list(fair),
        }
    labels, counts = np.unique(key, return_counts=True)
    found: dict[str, list[Any]] = {}
    if len(labels) <= 20:
        found = {f"always {label}": [np.full(n, label)] for label in labels.tolist()}
    found["majority"] = [np.full(n, labels[np.argmax(counts)])]
    found["random"] = [rng.choice(labels, n) for _ in range(draws)]
    found["random by frequency"] = [rng.permutation(key) for _ in range(draws)]
    return found
