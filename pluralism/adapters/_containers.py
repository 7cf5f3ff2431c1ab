"""Containers from what readers found."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..data import Annotations, Comparisons, _labels
from ..data._annotation_parts import resolve_categories
from ..errors import DataError, LabelError

__all__ = ["Row", "Texts", "annotated", "compared"]

#: Item, rater, label.
Row = tuple[Hashable, Hashable, Hashable]


class Texts:
    """Labels of what is named by several parts; no two keys may share one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._keys: dict[str, str] = {}

    def of(self, key: Sequence[Any], shown: Sequence[Any] | None = None) -> str:
        """Join the parts of `key`, or what is `shown` of them."""
        text = " | ".join(map(str, key if shown is None else shown))
        whole = repr(tuple(key))  # 1 and True are one key to Python, 1 and "1" one text
        other = self._keys.setdefault(text, whole)
        if other != whole:
            raise LabelError(
                f"`{self.name}` {other} and {whole} would share the label {text!r}; rename one"
            )
        return text


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
    columns = zip(("items", "raters", "labels"), zip(*rows, strict=True), strict=True)
    items, raters, labels = (_distinct(name, column) for name, column in columns)
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
    items = _labels.in_order(_distinct("models", [name for pair in pairs for name in pair]))
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


def _distinct(name: str, column: Iterable[Hashable]) -> tuple[Hashable, ...]:
    """Return labels in the order they came; True and 1, one key to Python, are refused."""
    seen = dict.fromkeys((type(label), label) for label in column)
    return _labels.check_labels(name, [label for _, label in seen])


def _met(dropped: Mapping[str, int]) -> dict[str, int]:
    """Leave out the reasons that never occurred."""
    return {reason: count for reason, count in dropped.items() if count}
