"""Recompute a statistic many times: batched where it has a hook, else in a loop.

The bootstrap, its jackknife and the permutation test are one thing here: a `Plan` of draws, each
of which turns into data for the statistic. Whatever fails is counted with its reason.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _quiet
from ..errors import (
    ApproximationWarning,
    ConvergenceError,
    DataError,
    NotIdentifiedError,
    PluralismError,
    SmallSampleWarning,
)
from ._hooks import Batch
from ._values import Form

__all__ = ["Failures", "Plan", "run"]

FloatArray = npt.NDArray[np.float64]
Progress = bool | Callable[[int, int], object] | None

NOT_A_NUMBER = "not a number"
#: One call of a hook touches about this many numbers: under half a second of work.
_NUMBERS_A_BATCH = 1 << 24
_LARGEST_BATCH = 256


#: So many reasons are told; `reasons` holds all.
_SAID = 3


class Failures(int):
    """How many replicates failed: an int that also says why.

    Attributes
    ----------
    reasons : dict of str to int
        Reason -> number of replicates.
    """

    reasons: dict[str, int]

    def __new__(cls, reasons: Mapping[str, int] | None = None) -> Failures:
        """Count the replicates of all `reasons`."""
        reasons = dict(reasons or {})
        self = super().__new__(cls, sum(reasons.values()))
        self.reasons = reasons
        return self

    @property
    def count(self) -> int:
        """The number alone."""
        return int(self)

    def __repr__(self) -> str:
        # The commonest: forty wordings of one reason would hide what to do about it.
        common = sorted(self.reasons.items(), key=lambda pair: -pair[1])
        why = "; ".join(f"{count} {reason}" for reason, count in common[:_SAID])
        more = f"; and {len(common) - _SAID} other reasons" if len(common) > _SAID else ""
        return f"{int(self)} ({why}{more})" if why else "0"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Failures], tuple[dict[str, int]]]:
        return (type(self), (self.reasons,))


@dataclass(frozen=True)
class Plan:
    """What to recompute.

    Attributes
    ----------
    name : str
        What the progress bar calls it.
    count : int
        Number of replicates.
    size : int
        How many numbers one replicate touches, to choose the size of a batch.
    draw : callable
        Replicate number -> tuple of arrays (weights, or permuted codes).
    build : callable
        Those arrays -> positional arguments of the statistic, or None for an empty resample.
    neutral : tuple of array
        The draw that leaves the data as they are; it pads the last batch.
    batched : callable or None
        Stacked arrays, each (replicates, ...) -> the hook's answer.
    """

    name: str
    count: int
    size: int
    draw: Callable[[int], tuple[npt.NDArray[Any], ...]]
    build: Callable[..., tuple[Any, ...] | None]
    neutral: tuple[npt.NDArray[Any], ...]
    batched: Callable[..., Any] | None = None


def run(
    statistic: Callable[..., Any], plan: Plan, form: Form, progress: Progress = None
) -> tuple[FloatArray, Failures]:
    """Return the replicates, (count, ...) with NaN in rows that failed, and the failures."""
    values = np.full((plan.count, *form.shape), np.nan)
    reasons: Counter[str] = Counter()
    show = _reporter(plan, progress)
    if plan.batched is None or not _batches(plan, form, values, reasons, show):
        _loop(statistic, plan, form, values, reasons, show)
    show(plan.count, True)
    return values, Failures({reason: count for reason, count in reasons.items() if count})


def _batches(
    plan: Plan, form: Form, values: FloatArray, reasons: Counter[str], show: Callable[..., None]
) -> bool:
    """Fill `values` through the hook; False if the hook does not do this unit."""
    assert plan.batched is not None
    step = batch_size(plan.count, plan.size)
    for start in range(0, plan.count, step):
        stop = min(start + step, plan.count)
        draws = [plan.draw(replicate) for replicate in range(start, stop)]
        draws += [plan.neutral] * (step - len(draws))
        answer = plan.batched(*(np.stack(part) for part in zip(*draws, strict=True)))
        if answer is NotImplemented:
            return False
        batch = answer if isinstance(answer, Batch) else Batch(answer, np.zeros(step, np.int32), ())
        got = np.asarray(batch.values, dtype=np.float64)
        if got.shape != (step, *form.shape):
            raise DataError(
                f"the batched hook of the statistic returned shape {got.shape} for {step} "
                f"replicates of an estimate of shape {form.shape}"
            )
        got, status = got[: stop - start], np.asarray(batch.status)[: stop - start]
        usable = form.usable(got)
        values[start:stop][usable & (status == 0)] = got[usable & (status == 0)]
        reasons[NOT_A_NUMBER] += int((~usable & (status == 0)).sum())
        for code in status[status != 0].tolist():
            reasons[batch.reasons[code - 1]] += 1
        show(stop)
    return True


def _loop(
    statistic: Callable[..., Any],
    plan: Plan,
    form: Form,
    values: FloatArray,
    reasons: Counter[str],
    show: Callable[..., None],
) -> None:
    for replicate in range(plan.count):
        arguments = plan.build(*plan.draw(replicate))
        reason = "empty resample" if arguments is None else ""
        if arguments is not None:
            try:
                # What the estimate was warned of need not be said a thousand times.
                with _quiet.held_back(SmallSampleWarning, ApproximationWarning):
                    value = form.read(statistic(*arguments))
                reason = "" if form.usable(value[None])[0] else NOT_A_NUMBER
            except PluralismError as error:
                reason = _why(error)
            except (ArithmeticError, np.linalg.LinAlgError) as error:
                reason = f"{type(error).__name__}: {error}"
            except Exception as error:
                error.add_note(f"raised by the statistic on {plan.name} replicate {replicate}")
                raise
        if reason:
            reasons[reason] += 1
        else:
            values[replicate] = value
        show(replicate + 1)


def batch_size(count: int, size: int) -> int:
    """Choose how many replicates go to a hook at once: a power of two, or all of them."""
    most = max(1, min(_LARGEST_BATCH, _NUMBERS_A_BATCH // max(size, 1)))
    return min(count, 1 << (most.bit_length() - 1))


def _why(error: PluralismError) -> str:
    if isinstance(error, NotIdentifiedError):
        return "not identified"
    if isinstance(error, ConvergenceError):
        return "did not converge"
    # Numbers differ from one replicate to the next; the first words tell the kind of trouble.
    text = str(error)
    return f"{type(error).__name__}: {text if len(text) <= 60 else text[:57] + '...'}"


def _reporter(plan: Plan, progress: Progress) -> Callable[..., None]:
    """Return a function that tells how far the run has come."""
    if callable(progress):
        told = progress

        def tell(done: int, last: bool = False) -> None:
            if not last:
                told(done, plan.count)

        return tell
    if progress is False or (progress is None and not sys.stderr.isatty()):
        return lambda done, last=False: None
    started = shown = time.monotonic()
    patience = 0.0 if progress else 2.0

    def show(done: int, last: bool = False) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - started < patience or (not last and now - shown < 0.1):
            return
        shown = now
        filled = 30 * done // plan.count
        bar = "#" * filled + "." * (30 - filled)
        sys.stderr.write(f"\r{plan.name} [{bar}] {done}/{plan.count}" + ("\n" if last else ""))
        sys.stderr.flush()

    return show
