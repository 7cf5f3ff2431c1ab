"""What would a jury of a given composition decide? Exactly, and by drawing juries."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _labelled, _validate
from ..data import Annotations
from ..errors import DataError
from ..kernels import _verdicts as kernels
from ._inputs import as_annotations
from ._pools import Pool, Rule, pool_of, rule_of
from ._tables import labelled

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["decisive_groups", "sample_juries", "verdict_probability"]

FloatArray = npt.NDArray[np.float64]


def verdict_probability(
    votes: Any,
    *,
    composition: Mapping[Hashable, int] | int | None = None,
    positive: Any = None,
    size: int | None = None,
    threshold: Any = "majority",
    ties: str = "half",
    group: str | Sequence[str] | None = None,
    short_pool: str = "skip",
) -> Any:
    """Probability that a jury decides positively, exactly.

    Parameters
    ----------
    votes : Annotations, float, array-like or DataArray
        A pool of raters from whom jurors are drawn without replacement, item by item; or the
        share, in [0, 1], with which independent jurors vote positively.
    composition : mapping of group to seats, or int
        For a pool: seats by group of raters, or seats open to everyone.
    positive : label or set of labels
        For a pool: the labels that are a positive vote.
    size : int
        For shares: number of jurors.
    threshold : {"majority", "unanimity"} or float
        More than half; all; or at least this share of the jury, in (0, 1].
    ties : {"half", "no", "yes"}
        What an even split counts under a majority: half a positive verdict, none, or one.
    group : str or sequence of str, optional
        Group column of the raters, where there are several; several make intersectional groups
        named by tuples.
    short_pool : {"skip", "error"}
        What to do with items that fewer raters of a group rated than it has seats. Skipped items
        are NaN, and ``attrs["skipped"]`` is their number.

    Returns
    -------
    xarray.DataArray, (item,), for a pool; for shares a float, or what the shares came in
        Probabilities in [0, 1].

    Raises
    ------
    DataError
        If arguments of the two forms are mixed or missing, a share is outside [0, 1], a rater
        voted both ways on an item, a pool is short under ``short_pool="error"``, or all are.
    LabelError
        If a group, or a positive label, is unknown.

    Notes
    -----
    Positive votes of a group's jurors are hypergeometric, and the groups' votes are convolved:
    no jury is drawn. The jury model is that of [1]_.

    References
    ----------
    .. [1] M. Gordon et al. (2022), Jury learning: integrating dissenting voices into machine
       learning models, CHI.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import verdict_probability
    >>> verdict_probability(0.6, size=12)
    0.7534981325
    >>> votes = Annotations.from_matrix([["yes"], ["yes"], ["no"], ["no"]])
    >>> verdict_probability(votes, composition=3, positive="yes").values
    array([0.5])
    """
    _validate.one_of("short_pool", short_pool, ("skip", "error"))
    if isinstance(votes, Annotations):
        if composition is None or positive is None or size is not None:
            raise DataError(
                "a pool of raters needs `composition` (seats by group) and `positive`, and no "
                "`size`"
            )
        pool = pool_of(votes, composition, positive, group)
        rule = rule_of(sum(pool.seats), threshold, ties)
        return _pool_verdicts(pool, rule, short_pool)
    if size is None or composition is not None or positive is not None:
        raise DataError("shares of independent jurors need `size` alone; Annotations make a pool")
    size = _validate.whole_number("size", size, at_least=1)
    rule = rule_of(size, threshold, ties)
    labelled_share, unboxed = _labelled.as_labelled("votes", votes)
    values = votes if labelled_share is None else labelled_share.values
    if np.ndim(values) == 0:
        values = _validate.number("votes", values, at_least=0.0, at_most=1.0)
    share = _validate.finite_array("votes", values)
    _validate.within("votes", share, 0.0, 1.0, what="shares")
    mass = kernels.binomial_votes(share, size)
    result = kernels.verdict(mass, rule.needed, rule.tied, rule.tie_value)
    if labelled_share is not None and not unboxed:
        return labelled_share.copy(data=result)
    return float(result) if result.ndim == 0 else result


def decisive_groups(
    annotations: Annotations,
    *,
    composition: Mapping[Hashable, int],
    positive: Any,
    threshold: Any = "majority",
    ties: str = "half",
    group: str | Sequence[str] | None = None,
) -> xr.Dataset:
    """How the verdict moves when one seat passes from one group to another.

    Parameters
    ----------
    annotations, positive, threshold, ties, group
        As in `verdict_probability`.
    composition : mapping of group to seats
        The jury to start from. Groups with no seat may be named, with 0, to receive one.

    Returns
    -------
    xarray.Dataset, (from_group, to_group)
        ``change``: mean change of the verdict probability over items; ``movement``: mean
        absolute change; ``n_items``: items whose pools allow both juries. NaN (0 items) where a
        group has no seat to give, and on the diagonal.

    Raises
    ------
    DataError, LabelError
        As in `verdict_probability`.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import decisive_groups
    >>> votes = Annotations.from_codes(
    ...     [0] * 6, [1, 1, 1, 0, 0, 0], rater=range(6), items=["post"], raters=range(6),
    ...     categories=["fine", "rude"], groups={"side": ["l"] * 3 + ["r"] * 3})
    >>> moved = decisive_groups(votes, composition={"l": 1, "r": 2}, positive="rude")
    >>> float(moved.change.sel(from_group="r", to_group="l"))
    1.0
    """
    import xarray as xr

    if not isinstance(composition, Mapping):
        raise DataError("`composition` must map groups to seats")
    names = list(composition)
    base = _probabilities(annotations, dict(composition), positive, threshold, ties, group)
    shape = (len(names), len(names))
    change, movement = np.full(shape, np.nan), np.full(shape, np.nan)
    n_items = np.zeros(shape, dtype=np.int64)
    for i, giver in enumerate(names):
        for j, taker in enumerate(names):
            if i == j or composition[giver] < 1:
                continue
            other = dict(composition)
            other[giver] -= 1
            other[taker] += 1
            moved = _probabilities(annotations, other, positive, threshold, ties, group) - base
            moved = moved[np.isfinite(moved)]
            n_items[i, j] = len(moved)
            if len(moved):
                change[i, j], movement[i, j] = moved.mean(), np.abs(moved).mean()
    coords = {"from_group": names, "to_group": names}
    return xr.Dataset(
        {
            "change": labelled(change, "change", **coords),
            "movement": labelled(movement, "movement", **coords),
            "n_items": labelled(n_items, "n_items", **coords),
        }
    )


def sample_juries(
    annotations: Annotations,
    *,
    composition: Mapping[Hashable, int] | int,
    n: int,
    item: Hashable | None = None,
    group: str | Sequence[str] | None = None,
    seed: Any = None,
) -> xr.DataArray:
    """Draw juries of a given composition.

    Parameters
    ----------
    annotations : Annotations
        Labels with raters and their groups.
    composition : mapping of group to seats, or int
        Seats by group of raters, or seats open to everyone.
    n : int
        Juries to draw.
    item : label, optional
        Draw from the raters of this item only.
    group : str or sequence of str, optional
        Group column of the raters, where there are several.
    seed : int, numpy.random.Generator, optional
        Of the draws.

    Returns
    -------
    xarray.DataArray, (jury, seat)
        Raters; coordinate ``group`` names the group of each seat. Nobody sits twice on one jury.

    Raises
    ------
    DataError
        If a group has fewer raters than seats.
    LabelError
        If a group or the item is unknown.

    Examples
    --------
    >>> from pluralism import Annotations
    >>> from pluralism.jury import sample_juries
    >>> pool = Annotations.from_codes(
    ...     [0] * 6, [0] * 6, rater=range(6), items=["post"], raters=range(6),
    ...     categories=["fine", "rude"], groups={"side": ["l"] * 3 + ["r"] * 3})
    >>> juries = sample_juries(pool, composition={"l": 2, "r": 1}, n=100, seed=0)
    >>> juries.sizes["jury"], [str(g) for g in juries.group.values]
    (100, ['l', 'l', 'r'])
    """
    from ..data._annotation_parts import index
    from ..errors import LabelError

    as_annotations("annotations", annotations, raters=True)
    n = _validate.whole_number("n", n, at_least=1)
    rng = _validate.generator("seed", seed)
    assert annotations.raters is not None
    pool = pool_of(annotations, composition, None, group).unweighted("`sample_juries`")
    allowed = np.ones(pool.n_raters, dtype=np.bool_)
    if item is not None:
        if item not in annotations.items:
            raise LabelError.unknown("`item`", item, known=annotations.items, argument="the items")
        allowed[:] = False
        allowed[pool.rater[pool.item == annotations.items.index(item)]] = True
    seats, names = [], []
    for name, member, number in zip(pool.groups, pool.member, pool.seats, strict=True):
        candidates = member[allowed[member]]
        if len(candidates) < number:
            raise DataError(f"group {name!r} has {len(candidates)} raters for {number} seats")
        # The first so many of a random order, for all juries at once.
        order = np.argsort(rng.random((n, len(candidates))), axis=1)[:, :number]
        seats.append(candidates[order])
        names += [name] * number
    chosen = index(annotations.raters)[np.concatenate(seats, axis=1)]
    juries = labelled(chosen, "jury", jury=range(n), seat=range(len(names)))
    return juries.assign_coords(group=("seat", index(names)))


def _pool_verdicts(pool: Pool, rule: Rule, short_pool: str) -> xr.DataArray:
    voters, _ = pool.sizes()
    short = voters < np.array(pool.seats)[:, None]  # (groups, items)
    if short.any() and (short_pool == "error" or short.any(axis=0).all()):
        place = int(np.flatnonzero(short.any(axis=0))[0])
        g = int(np.flatnonzero(short[:, place])[0])
        raise DataError(
            f"{int(short.any(axis=0).sum())} of {len(pool.items)} items have a pool too small for "
            f"the jury; item {pool.items[place]!r} has {voters[g, place]:g} raters of "
            f"{pool.groups[g]!r} for {pool.seats[g]} seats"
        )
    result = labelled(pool.verdicts(rule), "verdict_probability", item=pool.items)
    result.attrs["skipped"] = int(short.any(axis=0).sum())
    result.attrs["size"] = sum(pool.seats)
    return result


def _probabilities(
    annotations: Annotations, composition: Any, positive: Any, threshold: Any, ties: str, group: Any
) -> FloatArray:
    pool = pool_of(annotations, composition, positive, group)
    rule = rule_of(sum(pool.seats), threshold, ties)
    return pool.verdicts(rule)
