"""Are means worth what they lead to? Utilities along Markov processes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..data._cells import axis_of
from ..errors import DataError
from ..kernels._instrumental import fit_values
from ._given import Given, given_utilities

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["InstrumentalValueLoss", "instrumental_value_loss"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InstrumentalValueLoss:
    """How far utilities are from values that look ahead.

    Attributes
    ----------
    loss : float
        Mean over processes of the mean of abs(U - V') over the options of a process.
    interval : tuple of float
        Bootstrap interval over processes; NaN with one process.
    shuffled : float
        Mean loss after the utilities of each process were dealt out again among its options.
    pvalue : float
        Share of such shuffles whose loss is as small, (k + 1) / (n + 1).
    losses : xarray.DataArray, (process,)
        Loss of each process.
    values : pandas.DataFrame
        ``process``, ``option``, ``utility``, ``reward``, ``value``, ``implied`` (V').
    """

    loss: float
    interval: tuple[float, float]
    shuffled: float
    pvalue: float
    losses: xr.DataArray
    values: pd.DataFrame = field(repr=False)


class _Process(NamedTuple):
    name: Hashable
    options: list[Hashable]
    utility: FloatArray  # (options,)
    transition: FloatArray  # (options, options)
    rewarded: npt.NDArray[np.bool_]  # (options,)


def instrumental_value_loss(
    utilities: Any,
    *,
    processes: Mapping[Hashable, Mapping[Hashable, Mapping[Hashable, float]]],
    without_reward: Mapping[Hashable, Sequence[Hashable]] | None = None,
    discount: float = 0.99,
    weight: float = 0.1,
    level: float = 0.95,
    n: int = 999,
    seed: Any = 0,
) -> InstrumentalValueLoss:
    r"""Ask whether options are worth what they lead to, in processes known to the respondent.

    In each process, rewards R and values V minimise
    :math:`\overline{(V' - V)^2} + w\,\overline{(V' - U)^2}` with
    :math:`V' = R + \gamma\, T V` (T the transitions), where options that nothing leads to have no
    reward of their own: they can only be worth what follows. The loss is
    :math:`\overline{|U - V'|}`.

    Parameters
    ----------
    utilities : UtilityFit, DataArray, Series or mapping
        Utilities of the options.
    processes : mapping of label to mapping of option to mapping of next option to probability
        Each process's transitions; an option that only follows others is an end.
    without_reward : mapping of process to sequence of options, optional
        Which options have no reward of their own. Default: those that nothing leads to (partial
        sequences of one observation, in the published code).
    discount, weight : float
        :math:`\gamma` in [0, 1] and w above 0.
    level : float
        Coverage of the interval, in (0, 1).
    n : int
        Bootstrap replicates and shuffles, at least 2.
    seed : int, numpy.random.Generator or None
        For both.

    Returns
    -------
    InstrumentalValueLoss

    Raises
    ------
    LabelError
        For an option without a utility.
    DataError
        If there is no process, probabilities do not sum to one, every option has a reward of its
        own (then nothing can be learned), or for an argument out of range.

    Warns
    -----
    SmallSampleWarning
        With two to five processes.

    Notes
    -----
    The problem is linear and is solved exactly; the published code takes 1,000 steps of Adam.
    Rewards can fit the utilities of all rewarded options, so the loss comes from the others, and
    is diluted by the number of options: compare it with `shuffled`, not with zero.

    References
    ----------
    Mazeika et al. (2025), arXiv 2502.08640, section 4.3 (instrumental values).

    Examples
    --------
    >>> import pluralism as pl
    >>> steps = {"study": {"study": {"degree": 0.8, "drop out": 0.2},
    ...                    "party": {"degree": 0.3, "drop out": 0.7}}}
    >>> utilities = {"degree": 1.0, "drop out": -1.0, "study": 0.6, "party": -0.4}
    >>> result = pl.utility.instrumental_value_loss(utilities, processes=steps, discount=1.0)
    >>> round(result.loss, 9)
    0.0
    """
    import pandas as pd
    import xarray as xr

    from ..uncertainty import bootstrap

    discount = _validate.number("discount", discount, at_least=0.0, at_most=1.0)
    weight = _validate.number("weight", weight, above=0.0)
    level = _validate.level("level", level)
    n = _validate.whole_number("n", n, at_least=2)
    rng = _validate.generator("seed", seed)
    given = given_utilities("utilities", utilities)
    if not isinstance(processes, Mapping) or not processes:
        raise DataError("`processes` must map at least one process to its transitions")
    known = [_process(given, name, steps, without_reward) for name, steps in processes.items()]
    fits = [fit_values(p.utility, p.transition, p.rewarded, discount, weight) for p in known]
    losses = np.array(
        [np.abs(p.utility - fit.implied).mean() for p, fit in zip(known, fits, strict=True)]
    )

    def shuffled_loss() -> float:
        dealt = [(p, rng.permutation(p.utility)) for p in known]
        return float(
            np.mean(
                [
                    np.abs(
                        u - fit_values(u, p.transition, p.rewarded, discount, weight).implied
                    ).mean()
                    for p, u in dealt
                ]
            )
        )

    shuffles = np.array([shuffled_loss() for _ in range(n)])
    interval = (float("nan"), float("nan"))
    if len(known) > 1 and np.ptp(losses) > 0:
        boot = bootstrap(np.mean, losses, n=n, level=level, seed=rng, progress=False)
        interval = (float(boot.interval[0]), float(boot.interval[1]))
    table = {
        "process": axis_of([p.name for p in known for _ in p.options]),
        "option": axis_of([option for p in known for option in p.options]),
        "utility": np.concatenate([p.utility for p in known]),
        "reward": np.concatenate([fit.reward for fit in fits]),
        "value": np.concatenate([fit.value for fit in fits]),
        "implied": np.concatenate([fit.implied for fit in fits]),
    }
    slack = 1e-12 * max(1.0, float(np.abs(table["utility"]).max()))
    return InstrumentalValueLoss(
        loss=float(losses.mean()),
        interval=interval,
        shuffled=float(shuffles.mean()),
        pvalue=float((np.sum(shuffles <= losses.mean() + slack) + 1) / (n + 1)),
        losses=xr.DataArray(
            losses,
            dims="process",
            coords={"process": _labels.as_coordinate([p.name for p in known])},
            name="loss",
        ),
        values=pd.DataFrame(table),
    )


def _process(given: Given, name: Hashable, steps: Any, without_reward: Any) -> _Process:
    """Check one process."""
    place = f"processes[{name!r}]"
    if not isinstance(steps, Mapping) or not steps:
        raise DataError(f"`{place}` is {steps!r}; it must map options to what follows them")
    for option, following in steps.items():
        if not isinstance(following, Mapping) or not following:
            raise DataError(
                f"`{place}[{option!r}]` is {following!r}; it must map next options to "
                "probabilities (leave ends out)"
            )
    options = list(dict.fromkeys([*steps, *(o for after in steps.values() for o in after)]))
    codes = given.codes(place, options)
    row = {option: k for k, option in enumerate(options)}
    transition = np.zeros((len(options), len(options)))
    for option, following in steps.items():
        there = f"{place}[{option!r}]"
        chances = _validate.finite_array(there, list(following.values()), ndim=1)
        chances = _validate.distributions(there, chances)
        transition[row[option], [row[o] for o in following]] = chances
    if without_reward is None:
        rewarded = np.asarray((transition > 0).any(axis=0))
    else:
        bare = without_reward.get(name, ()) if isinstance(without_reward, Mapping) else None
        if bare is None:
            raise DataError("`without_reward` must map processes to options")
        unknown = [option for option in bare if option not in row]
        if unknown:
            raise DataError(
                f"`without_reward[{name!r}]` names {unknown[0]!r}, which is not in `{place}`"
            )
        rewarded = np.array([option not in set(bare) for option in options])
    if rewarded.all():
        raise DataError(
            f"every option of `{place}` has a reward of its own, so any utilities fit; say which "
            "have none (`without_reward`)"
        )
    return _Process(name, options, given.values[codes], transition, rewarded)
