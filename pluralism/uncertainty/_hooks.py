"""How a statistic says that many replicates of it can be computed at once.

The protocol is described in the docstring of `pluralism.uncertainty`. A hook is kept as text
until it is needed, so that marking a function costs nothing at import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Batch", "batched_by", "find_hook", "permuted_by"]

BATCHED = "__pluralism_batched__"
PERMUTED = "__pluralism_permuted__"

#: Keywords by which the engine speaks to a hook; a statistic that has one of its own is looped.
_RESERVED = {BATCHED: {"unit", "weights"}, PERMUTED: {"group", "codes"}}

Function = TypeVar("Function", bound=Callable[..., Any])


class Batch(NamedTuple):
    """Replicates of a statistic that say which of them failed, and why.

    Attributes
    ----------
    values : array, (replicates, ...)
        The statistic; rows that failed are ignored.
    status : array of int, (replicates,)
        0 where all went well, else the position in `reasons`, counted from 1.
    reasons : tuple of str
        What a nonzero status means.
    """

    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.integer]
    reasons: tuple[str, ...]


def batched_by(hook: str | Callable[..., Any]) -> Callable[[Function], Function]:
    """Mark a statistic as one whose bootstrap replicates `hook` computes in batches.

    Parameters
    ----------
    hook : str or callable
        The batched function, or ``"module:name"`` of it.

    Returns
    -------
    callable
        A decorator that returns the function itself, marked.

    Raises
    ------
    DataError
        `hook` is neither callable nor ``"module:name"``.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.uncertainty import bootstrap
    >>> def means(rows, *, unit, weights):
    ...     return weights @ rows / weights.sum(axis=1)
    >>> @batched_by(means)
    ... def mean(rows):
    ...     return float(np.mean(rows))
    >>> batched = bootstrap(mean, np.arange(9.0), n=100, seed=0)
    >>> looped = bootstrap(lambda rows: mean(rows), np.arange(9.0), n=100, seed=0)
    >>> np.allclose(batched.replicates, looped.replicates)
    True
    """
    return partial(_mark, BATCHED, _checked(hook))


def permuted_by(hook: str | Callable[..., Any]) -> Callable[[Function], Function]:
    """Mark a statistic as one whose permutation replicates `hook` computes in batches.

    Parameters
    ----------
    hook : str or callable
        The batched function, or ``"module:name"`` of it.

    Returns
    -------
    callable
        A decorator that returns the function itself, marked.

    Raises
    ------
    DataError
        `hook` is neither callable nor ``"module:name"``.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.uncertainty import permutation_test
    >>> def gaps(rows, *, group, codes):
    ...     return (rows * codes).sum(axis=1) - (rows * (1 - codes)).sum(axis=1)
    >>> @permuted_by(gaps)
    ... def gap(rows, group):
    ...     return float(rows[group == "new"].sum() - rows[group == "old"].sum())
    >>> rows, group = np.arange(8.0), ["old"] * 4 + ["new"] * 4
    >>> permutation_test(gap, rows, group=group, n=200, seed=0).pvalue < 0.05
    True
    """
    return partial(_mark, PERMUTED, _checked(hook))


def _checked(hook: str | Callable[..., Any]) -> str | Callable[..., Any]:
    named = isinstance(hook, str) and all(hook.partition(":")[::2])
    if not (named or callable(hook)):
        raise DataError(f'`hook` is {hook!r}; it must be a function, or "module:name" of one')
    return hook


def _mark(attribute: str, hook: str | Callable[..., Any], function: Function) -> Function:
    setattr(function, attribute, hook)
    return function


def find_hook(statistic: Callable[..., Any], attribute: str) -> Callable[..., Any] | None:
    """Return the batched form of `statistic` with its keywords bound, or None."""
    keywords: dict[str, Any] = {}
    while isinstance(statistic, partial):
        if statistic.args:
            return None
        keywords = {**statistic.keywords, **keywords}
        statistic = statistic.func
    if hasattr(statistic, "__wrapped__"):
        # functools.wraps copies attributes, but the wrapper may compute something else.
        return None
    if not keywords.keys().isdisjoint(_RESERVED[attribute]):
        return None
    hook = getattr(statistic, attribute, None)
    if isinstance(hook, str):
        module, _, name = hook.partition(":")
        hook = getattr(import_module(module), name)
    return hook if hook is None else partial(hook, **keywords)
