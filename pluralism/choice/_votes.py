"""A vote matrix at the door of this room: participants x comments, and who belongs to which group.

Participants are told apart by their row label, comments by their column label. What is matched by
label must match entirely; what has no label is matched by position and must be as long.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._labelled import as_labelled
from ..data import _labels
from ..errors import DataError, LabelError, enumerate_some

__all__ = ["Grouped", "VoteMatrix", "read_groups", "read_matrix", "read_votes"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


class VoteMatrix(NamedTuple):
    """Votes and their labels."""

    values: FloatArray  # (participants, comments), NaN for no vote
    participants: tuple[Hashable, ...] | None  # None where the input names none
    comments: tuple[Hashable, ...]
    labelled: Any  # the DataArray, where the input was one

    @property
    def comment_coord(self) -> dict[str, Any]:
        """The comments as a coordinate."""
        return {"comment": _labels.as_coordinate(self.comments)}

    @property
    def participant_coord(self) -> dict[str, Any]:
        """The participants as a coordinate: their labels, or their row numbers."""
        names = self.participants or tuple(range(len(self.values)))
        return {"participant": _labels.as_coordinate(names)}


class Grouped(NamedTuple):
    """The participants that have a group."""

    row: IntArray  # (members,): their rows of the matrix
    group: IntArray  # (members,): position in `labels`
    labels: tuple[Hashable, ...]
    ungrouped: int  # participants left out because they have none


def read_votes(name: str, votes: Any) -> VoteMatrix:
    """Read agree (1), pass (0), disagree (-1) and no vote (NaN)."""
    plain = np.asarray(votes) if isinstance(votes, (list, tuple)) else votes
    if getattr(getattr(plain, "dtype", None), "kind", "") == "b":
        raise DataError(
            f"`{name}` is boolean, which does not say whether False disagrees or passes; a vote "
            "is 1 (agree), 0 (pass), -1 (disagree) or NaN (none)"
        )
    try:
        matrix = read_matrix(name, votes)
    except DataError as error:
        if "numbers" not in str(error):
            raise
        raise type(error)(f"{error}. Votes in words: code agree 1, pass 0, disagree -1") from error
    values = matrix.values
    odd = ~(np.isnan(values) | (values == 1) | (values == 0) | (values == -1))
    if odd.any():
        raise DataError(
            f"`{name}[{_validate.first_place(odd)}]` is {values[odd][0]:g} ({int(odd.sum())} such "
            "entries); a vote is 1 (agree), 0 (pass), -1 (disagree) or NaN (none)"
        )
    return matrix


def read_matrix(name: str, votes: Any) -> VoteMatrix:
    """Read a matrix of numbers with NaN for missing, (participants, comments), and its labels."""
    if isinstance(votes, Mapping):
        raise DataError(f"`{name}` is a mapping; it must be a matrix, participants x comments")
    labelled, _ = as_labelled(name, votes)
    values = _validate.finite_array(
        name, votes if labelled is None else labelled.values, ndim=2, allow_nan=True
    )
    if not values.size:
        raise DataError(f"`{name}` is empty; its shape is {values.shape}")
    if np.isnan(values).all():
        raise DataError(f"`{name}` holds no vote; all of its {values.size} entries are missing")
    sides: list[tuple[Hashable, ...] | None] = [None, None]
    for axis, what in enumerate(("participant", "comment")):
        if labelled is not None and labelled.dims[axis] in labelled.indexes:
            index = labelled.indexes[labelled.dims[axis]]
            sides[axis] = _labels.check_labels(f"{what}s of {name}", index.tolist())
    return VoteMatrix(values, sides[0], sides[1] or tuple(range(values.shape[1])), labelled)


def read_groups(groups: Any, matrix: VoteMatrix) -> Grouped:
    """Match groups to participants: by label where they have any, else by position.

    None and NaN mean that a participant belongs to no group.
    """
    n = len(matrix.values)
    if isinstance(groups, str):
        groups = _coordinate(groups, matrix.labelled)
    elif isinstance(groups, Mapping) or hasattr(groups, "dims") or hasattr(groups, "iloc"):
        groups = _by_label(groups, matrix)
    if isinstance(groups, bytes) or not isinstance(groups, (Iterable, np.ndarray)):
        raise DataError(f"`groups` is {groups!r}; it must hold one label per participant")
    listed = list(groups.tolist() if hasattr(groups, "tolist") else groups)
    # Where some have no group, whole numbers come as floats.
    listed = [int(g) if isinstance(g, float) and g.is_integer() else g for g in listed]
    if len(listed) != n:
        raise DataError(f"`groups` has {len(listed)} labels for {n} participants")
    member = [row for row, label in enumerate(listed) if not _labels.is_missing(label)]
    if not member:
        raise DataError("`groups` gives no participant a group")
    named = _labels.check_labels("groups", [listed[row] for row in member], unique=False)
    labels = _labels.in_order(dict.fromkeys(named))
    code = _labels.code_of(labels, "groups")
    return Grouped(
        np.array(member, dtype=np.intp),
        np.array([code[label] for label in named], dtype=np.intp),
        labels,
        n - len(member),
    )


def _coordinate(name: str, labelled: Any) -> Sequence[Any]:
    """Take the groups from a coordinate of the votes."""
    known = (
        []
        if labelled is None
        else [c for c, v in labelled.coords.items() if v.dims == labelled.dims[:1]]
    )
    if name not in known:
        raise LabelError.unknown(
            "`groups`",
            name,
            known=known,
            argument="the coordinates of the participants in `votes`",
            remedy="(or give one label per participant)",
        )
    return labelled.coords[name].values.tolist()


def _by_label(groups: Any, matrix: VoteMatrix) -> Sequence[Any]:
    """Put labelled groups into the order of the participants; both sets must be the same."""
    if isinstance(groups, Mapping):
        keys, values = list(groups), list(groups.values())
    elif hasattr(groups, "dims"):
        if groups.ndim != 1:
            raise DataError(f"`groups` must have one dimension; it has {groups.dims}")
        if groups.dims[0] not in groups.indexes:
            return groups.values.tolist()
        keys, values = groups.indexes[groups.dims[0]].tolist(), groups.values.tolist()
    elif hasattr(groups, "columns"):
        raise DataError("`groups` is a table; pass its column of groups")
    else:
        keys, values = groups.index.tolist(), groups.tolist()
    if matrix.participants is None:
        # Rows without names are 0, 1, 2, ...; so is the index of a plain Series.
        matrix = matrix._replace(participants=tuple(range(len(matrix.values))))
    participants = matrix.participants
    assert participants is not None
    if len(set(keys)) != len(keys):
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise LabelError(f"`groups` names the participant {twice!r} twice")
    found = dict(zip(keys, values, strict=True))
    without = [label for label in participants if label not in found]
    known = set(participants)
    beyond = [key for key in keys if key not in known]
    if without or beyond:
        parts = [f"has no entry for {enumerate_some(without)}"] if without else []
        parts += [f"names {enumerate_some(beyond)}, not in `votes`"] if beyond else []
        raise LabelError(f"`groups` {' and '.join(parts)}; give every participant a group or None")
    return [found[label] for label in participants]
