"""Containers from what readers found."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..data import Annotations, Comparisons, _labels
from ..data._annotation_parts import resolve_categories
from ..errors import DataError

__all__ = ["Row", "annotated", "compared"]

#: Item, rater, label.
Row = tuple[Hashable, Hashable, Hashable]


def annotated(
    rows: Sequence[Row],
    unknown: bool,
    dropped: Mapping[str, int],
    scale: Any,
    categories: Iterable[Any] | None,
    what: str,
) -> Annotations:
    """Build the container; `unknown` leaves out who said what."""
    if not rows:
        raise DataError(f"`paths` hold no {what}")
    items, raters, labels = (list(dict.fromkeys(column)) for column in zip(*rows, strict=True))
    names, position = resolve_categories(labels, categories, scale, place="the labels")
    ordered = _labels.in_order(raters)
    codes = [{entry: code for code, entry in enumerate(column)} for column in (items, ordered)]
    category = dict(zip(labels, position.tolist(), strict=True))
    who: dict[str, Any] = {}
    if not unknown:
        who = {"rater": [codes[1][rater] for _, rater, _ in rows], "raters": ordered}
    return Annotations.from_codes(
        [codes[0][item] for item, _, _ in rows],
        [category[said] for *_, said in rows],
        items=items,
        categories=names,
        scale=scale,
        dropped=_met(dropped),
        **who,
    )


def compared(
    pairs: Sequence[tuple[Hashable, Hashable]],
    shares: Sequence[float],
    ties: Sequence[bool],
    dropped: Mapping[str, int],
    *,
    order_known: bool = False,
) -> Comparisons:
    """Build the container of votes; `shares` of the first, not read where a vote is a tie."""
    items = _labels.check_labels(
        "models", _labels.in_order(dict.fromkeys(name for pair in pairs for name in pair))
    )
    code = {name: place for place, name in enumerate(items)}
    for place, (first, second) in enumerate(pairs):
        if first == second:
            raise DataError(f"vote {place} compares {first!r} with itself")
    votes = Comparisons.from_codes(
        [code[first] for first, _ in pairs],
        [code[second] for _, second in pairs],
        shares,
        tie=ties,
        items=items,
        order_known=order_known,
    )
    return replace(votes, dropped=_met(dropped))


def _met(dropped: Mapping[str, int]) -> dict[str, int]:
    """Leave out the reasons that never occurred."""
    return {reason: count for reason, count in dropped.items() if count}
