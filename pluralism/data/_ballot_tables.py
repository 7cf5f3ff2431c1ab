"""Ballots as tables: long frames in and out, and the Parquet file of `save` and `load`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, LabelError
from . import _ballot_rows, _labels

if TYPE_CHECKING:
    import pandas as pd

    from ._ballots import Ballots

__all__ = ["from_frame", "load", "save", "to_frame"]


def from_frame(
    frame: Any,
    *,
    voter: str,
    alternative: str,
    values: Mapping[str, str | None],
    count: str | None,
    alternatives: Iterable[Hashable] | None,
    unranked: str,
    missing: str,
    memory_limit: int | str | None,
) -> Ballots:
    """Read a long table; see `Ballots.from_frame`."""
    from ._ballots import Ballots
    from ._frames import count_rows

    given = {kind: column for kind, column in values.items() if column is not None}
    if len(given) != 1:
        raise DataError(
            "give exactly one of `rank`, `utility` and `approved`; got "
            + (" and ".join(f"`{kind}`" for kind in given) or "none")
        )
    kind, column = next(iter(given.items()))
    counted = [] if count is None else [count]
    rows = count_rows(
        frame,
        [voter, alternative, *counted],
        numeric=counted,
        measure=column,
        missing=missing,
        memory_limit=memory_limit,
    )
    voters, met = rows.labels[voter], rows.labels[alternative]
    repeated = np.flatnonzero(rows.count != 1)
    if len(repeated):
        cell = repeated[0]
        raise DataError(
            f"voter {voters[rows.codes[voter][cell]]!r} has {int(rows.count[cell])} rows for "
            f"{met[rows.codes[alternative][cell]]!r}; one is needed"
        )
    labels = met if alternatives is None else _labels.check_labels("alternatives", alternatives)
    place = _labels.code_of(labels, "`alternatives`")
    for label in met:
        if label not in place:
            raise LabelError.unknown(
                f"column {alternative!r}", label, known=labels, argument="`alternatives`"
            )
    matrix = np.full((len(voters), len(labels)), np.nan)
    columns = np.array([place[label] for label in met])[rows.codes[alternative]]
    matrix[rows.codes[voter], columns] = rows.measure[0]
    counts = None
    if count is not None:
        weights = np.array(rows.labels[count], dtype=np.float64)[rows.codes[count]]
        counts = np.empty(len(voters))
        counts[rows.codes[voter]] = weights
        differs = np.flatnonzero(counts[rows.codes[voter]] != weights)
        if len(differs):
            raise DataError(
                f"column {count!r} differs between the rows of voter "
                f"{voters[rows.codes[voter][differs[0]]]!r}"
            )
    if kind == "approved":
        if unranked != "last":
            raise DataError("`unranked` goes with `rank` and `utility`; approvals are yes or no")
        ballots = Ballots.from_approvals(np.nan_to_num(matrix), counts=counts, alternatives=labels)
    else:
        make = Ballots.from_ranks if kind == "rank" else Ballots.from_utilities
        ballots = make(matrix, counts=counts, alternatives=labels, unranked=unranked)  # type: ignore[arg-type]
    notes = [f"{count:,} row(s) dropped ({reason})" for reason, count in rows.dropped.items()]
    return replace(ballots, notes=tuple(notes))


def to_frame(ballots: Ballots) -> pd.DataFrame:
    """Write a long table; see `Ballots.to_frame`."""
    import pandas as pd

    if ballots.menus is not None:
        raise DataError(
            "these ballots have menus, and a table of ranks does not say what was on them; keep "
            "them with `save`, or take `.ranks` and `.menus`"
        )
    ranked = ballots.ranks != ballots.sentinel
    row, column = np.nonzero(ranked if ballots.approvals is None else np.ones_like(ranked))
    labels = pd.Series(list(ballots.alternatives))
    columns: dict[str, Any] = {
        "ballot": row,
        "count": ballots.counts[row],
        "alternative": labels.iloc[column].reset_index(drop=True),
        "rank": ballots.ranks[row, column].astype(np.int64) + 1,
    }
    if ballots.approvals is not None:
        columns["approved"] = ballots.approvals[row, column]
    if ballots.utilities is not None:
        columns["utility"] = ballots.utilities[row, column]
    return pd.DataFrame(columns)


def save(ballots: Ballots, path: Path) -> None:
    """Write the matrices column by column; see `Ballots.save`."""
    from ._storage import writable_labels, write_columns

    columns: dict[str, Any] = {"count": ballots.counts}
    for name in ("ranks", "approvals", "utilities", "menus"):
        matrix = getattr(ballots, name)
        if matrix is not None:
            columns |= {f"{name}_{code}": column for code, column in enumerate(matrix.T)}
    metadata = {
        "alternatives": writable_labels("alternatives", ballots.alternatives),
        "unranked": ballots.unranked,
        "categories": None if ballots.categories is None else list(ballots.categories),
        "notes": list(ballots.notes),
    }
    write_columns(path, "ballots", columns, metadata)


def load(path: Path) -> Ballots:
    """Read what `save` wrote, checked like any other input; see `Ballots.load`."""
    from ._ballots import Ballots
    from ._storage import damaged, listed, read_columns, sums

    columns, metadata = read_columns(path, "ballots")
    try:
        alternatives = _labels.check_labels("alternatives", listed(metadata["alternatives"]))
        dtype = _ballot_rows.rank_dtype(len(alternatives))

        def matrix(name: str, kind: type) -> Any:
            if f"{name}_0" not in columns:
                return None
            stacked = np.column_stack(
                [columns[f"{name}_{code}"] for code in range(len(alternatives))]
            )
            if not np.array_equal(
                stacked.astype(kind), stacked, equal_nan=stacked.dtype.kind == "f"
            ):
                raise ValueError(f"impossible {name}")
            return stacked.astype(kind)

        ranks = matrix("ranks", dtype)
        counts = sums(path, columns, "count")
        if not (ranks.shape[1] > 1 and counts.sum() > 0):
            raise ValueError("impossible counts or ranks")
        return Ballots(
            alternatives,
            ranks,
            counts,
            metadata["unranked"],
            approvals=matrix("approvals", bool),
            utilities=matrix("utilities", np.float64),
            categories=None if metadata["categories"] is None else tuple(metadata["categories"]),
            menus=matrix("menus", bool),
            notes=tuple(map(str, listed(metadata.get("notes", [])))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, error) from error
