"""Signs of preferences between two responses: read, checked, combined over both orders."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import as_labelled
from ..errors import DataError, LabelError, enumerate_some

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Signs", "combine_orders", "position_table", "preference_signs", "read_signs"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int8]


class Signs(NamedTuple):
    """Signs of principles and annotators on the same rows, 0 for none."""

    principles: IntArray  # (rows, principles)
    annotators: IntArray  # (rows, annotators)
    rows: tuple[Hashable, ...]
    principle_labels: tuple[Hashable, ...]
    annotator_labels: tuple[Hashable, ...]


class _Table(NamedTuple):
    values: IntArray  # (rows, columns)
    rows: tuple[Hashable, ...] | None
    columns: tuple[Hashable, ...] | None


def preference_signs(first: Any, second: Any, *, neither: Any = None) -> npt.NDArray[np.float64]:
    """Turn probabilities (or scores) of two responses into signs of preference.

    Parameters
    ----------
    first, second : array_like, of equal shape
        Probability or score of the first and of the second response.
    neither : array_like, of the same shape, optional
        Probability that neither is preferred, or that the question does not apply.

    Returns
    -------
    numpy.ndarray of float
        1 where the first is larger, -1 where the second is; 0 where they are equal or `neither`
        is above both; NaN where a number is missing.

    Raises
    ------
    DataError
        If the shapes differ or something is no number.

    Examples
    --------
    >>> from pluralism.jury import preference_signs
    >>> preference_signs([0.7, 0.2, 0.1], [0.2, 0.7, 0.2], neither=[0.1, 0.1, 0.7])
    array([ 1., -1.,  0.])
    """
    a, b = (
        _validate.finite_array(name, value, allow_nan=True)
        for name, value in (("first", first), ("second", second))
    )
    if a.shape != b.shape:
        raise DataError(f"`first` has shape {a.shape} and `second` {b.shape}")
    sign = np.sign(a - b)
    if neither is not None:
        c = _validate.finite_array("neither", neither, allow_nan=True)
        if c.shape != a.shape:
            raise DataError(f"`neither` has shape {c.shape} and `first` {a.shape}")
        sign = np.where((c > a) & (c > b), 0.0, sign)
        sign = np.where(np.isnan(a + b + c), np.nan, sign)
    return np.asarray(sign + 0.0)


def read_signs(principles: Any, annotators: Any) -> Signs:
    """Check both tables and match their rows."""
    left, right = _table("principles", principles), _table("annotators", annotators)
    if left.values.shape[1] < 2:
        raise DataError(
            f"`principles` has {left.values.shape[1]} column(s); at least two are needed, for one "
            "principle can neither agree nor conflict"
        )
    if len(left.values) < 2:
        raise DataError(f"`principles` has {len(left.values)} row(s); at least two are needed")
    right = _same_rows("annotators", right, "principles", left)
    return Signs(
        left.values,
        right.values,
        left.rows or tuple(range(len(left.values))),
        left.columns or tuple(range(left.values.shape[1])),
        right.columns or tuple(range(right.values.shape[1])),
    )


def combine_orders(
    signs: Signs, swapped_principles: Any, swapped_annotators: Any
) -> tuple[Signs, dict[str, npt.NDArray[np.intp]]]:
    """Keep what both orders agree on; count what they contradict, by column."""
    inconsistent = {}
    for role, swapped in (("principles", swapped_principles), ("annotators", swapped_annotators)):
        if swapped is None:
            continue
        name = f"swapped_{role}"
        own: IntArray = getattr(signs, role)
        labels = signs.principle_labels if role == "principles" else signs.annotator_labels
        other = _table(name, swapped)
        reference = _Table(own, signs.rows, labels)
        other = _same_rows(name, other, role, reference)
        if other.values.shape[1] != own.shape[1]:
            raise DataError(
                f"`{name}` has {other.values.shape[1]} columns and `{role}` has {own.shape[1]}"
            )
        values = other.values
        if other.columns is not None:
            place = {label: code for code, label in enumerate(other.columns)}
            absent = [label for label in labels if label not in place]
            if absent:
                raise LabelError(f"`{name}` has no column {enumerate_some(absent)} of `{role}`")
            values = values[:, [place[label] for label in labels]]
        inconsistent[role] = (own * values < 0).sum(axis=0)
        agreed: dict[str, Any] = {role: np.where(own == values, own, 0).astype(np.int8)}
        signs = signs._replace(**agreed)
    return signs, inconsistent


def position_table(signs: Signs, inconsistent: dict[str, npt.NDArray[np.intp]]) -> pd.DataFrame:
    """How often each principle and annotator is for the first response."""
    import pandas as pd

    parts = []
    for role, values, labels in (
        ("principles", signs.principles, signs.principle_labels),
        ("annotators", signs.annotators, signs.annotator_labels),
    ):
        decided, first = (values != 0).sum(axis=0), (values > 0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            share = first / decided
        parts.append(
            pd.DataFrame(
                {
                    "role": role.removesuffix("s"),
                    "decided": decided,
                    "first_share": share,
                    "confounded": (share == 0) | (share == 1),
                    "both_orders": role in inconsistent,
                    "inconsistent": inconsistent.get(role, np.zeros(len(labels), dtype=np.intp)),
                },
                index=pd.Index(labels, name="name", tupleize_cols=False),
            )
        )
    return pd.concat(parts)


def _table(name: str, given: Any) -> _Table:
    """Signs of a table, with the labels that it has."""
    if isinstance(given, Mapping):
        import pandas as pd

        try:
            given = pd.DataFrame(dict(given))
        except ValueError as error:
            raise DataError(f"`{name}` must map names to equal columns ({error})") from None
    labelled, _ = as_labelled(name, given)
    rows = columns = None
    if labelled is not None:
        if labelled.ndim == 1:
            column = "annotator" if labelled.name is None else labelled.name
            column = getattr(given, "name", None) or column
            labelled = labelled.expand_dims({"column": [column]}, axis=1)
        if labelled.ndim != 2:
            raise DataError(f"`{name}` must have 2 dimensions; it has shape {labelled.shape}")
        keys = [
            tuple(labelled.indexes[dim].tolist()) if dim in labelled.indexes else None
            for dim in labelled.dims
        ]
        rows, columns = keys
        given = labelled.values
    values = _validate.finite_array(name, given, allow_nan=True)
    if values.ndim == 1 and name.endswith("annotators"):
        values = values[:, None]
    if values.ndim != 2 or not values.size:
        raise DataError(f"`{name}` must be a table (rows, columns); it has shape {values.shape}")
    wrong = ~(np.isnan(values) | np.isin(values, (-1.0, 0.0, 1.0)))
    if wrong.any():
        row, column = (int(axis[0]) for axis in np.nonzero(wrong))
        where = f"[{row}, {column if columns is None else repr(columns[column])}]"
        raise DataError(
            f"`{name}{where}` is {values[row, column]:g} ({int(wrong.sum())} such); a sign is 1, "
            "-1, or 0 or NaN for no preference (make signs of probabilities with "
            "`jury.preference_signs`)"
        )
    return _Table(np.nan_to_num(values).astype(np.int8), rows, columns)


def _same_rows(name: str, table: _Table, other_name: str, other: _Table) -> _Table:
    """Put the rows of `table` into the order of `other`."""
    if len(table.values) != len(other.values):
        raise DataError(
            f"`{name}` has {len(table.values)} rows and `{other_name}` has {len(other.values)}"
        )
    if table.rows is None or other.rows is None or table.rows == other.rows:
        return table
    for owner, keys in ((name, table.rows), (other_name, other.rows)):
        if len(set(keys)) != len(keys):
            raise LabelError(f"`{owner}` names a row twice, so rows cannot be matched")
    place = {row: code for code, row in enumerate(table.rows)}
    absent = [row for row in other.rows if row not in place]
    if absent:
        raise LabelError(f"`{name}` has no row {enumerate_some(absent)} of `{other_name}`")
    return table._replace(values=table.values[[place[row] for row in other.rows]], rows=other.rows)
