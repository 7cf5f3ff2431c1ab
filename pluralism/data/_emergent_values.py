"""Result files of Utility Engineering: votes by order shown, utilities and what was made up."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import _validate
from ..errors import DataError, LabelError
from . import _labels
from ._comparisons import Comparisons
from ._emergent_file import ResultFile, Votes

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["EmergentValues", "read_emergent_values"]


@dataclass(frozen=True, eq=False)
class EmergentValues:
    """What a result file of Utility Engineering holds.

    Attributes
    ----------
    comparisons : Comparisons or None
        Votes of the edges that were asked and not held out, both orders apart; None for a file of
        utilities alone.
    held_out : Comparisons or None
        Votes of the held-out edges, where there are any.
    utilities : xarray.Dataset or None, (item,)
        The published ``mean`` and ``variance`` of each option.
    descriptions : mapping of label to str
        The options' texts.
    metrics, held_out_metrics : mapping of str to float
        As published.
    n_pseudo_labels : int
        Edges that were predicted rather than asked.
    n_unparseable : int
        Answers that were neither A nor B (in a file with counts alone, the responses beyond
        them); how they were used is an argument.
    n_silent : int
        Edges without one usable answer.
    """

    comparisons: Comparisons | None
    held_out: Comparisons | None
    utilities: xr.Dataset | None = field(repr=False)
    descriptions: Mapping[Hashable, str] = field(repr=False)
    metrics: Mapping[str, float]
    held_out_metrics: Mapping[str, float]
    n_pseudo_labels: int
    n_unparseable: int
    n_silent: int


def read_emergent_values(
    path: str | Path,
    *,
    pseudo_labels: Literal["exclude", "include"] = "exclude",
    unparseable: Literal["drop", "half"] = "drop",
    order: Literal["keep", "pool"] = "keep",
    label: Literal["id", "description"] = "id",
) -> EmergentValues:
    """Read a result file of Utility Engineering (``results_*.json``).

    Parameters
    ----------
    path : str or pathlib.Path
        The JSON file.
    pseudo_labels : {"exclude", "include"}
        Leave out edges that the model predicted, or take each as one vote, half of it in either
        order, as the published fit takes them for full edges.
    unparseable : {"drop", "half"}
        Leave out answers that were neither A nor B, or count each as half a vote for either
        option, as published by default.
    order : {"keep", "pool"}
        Keep which option was shown first, or forget it; a file with counts alone must be pooled.
    label : {"id", "description"}
        What items are called.

    Returns
    -------
    EmergentValues
        ``.comparisons`` for any fit or coherence function, ``.held_out``, ``.utilities``.

    Raises
    ------
    LabelError
        An edge or a utility names an option that the file does not have, or options share a label.
    DataError
        The file is absent or no such file, an entry has another form than it must, an edge
        compares an option with itself or stands twice, or answers of both orders are not there.

    Notes
    -----
    Keys such as ``"(3, 17)"`` are parsed as literals, never evaluated. In ``utilities`` ids are
    text whatever they were; they are matched to the options' own.

    References
    ----------
    Mazeika et al. (2025), Utility Engineering, arXiv 2502.08640, and its repository
    centerforaisafety/emergent-values.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> content = {
    ...     "options": [{"id": 0, "description": "a cake"}, {"id": 1, "description": "a car"}],
    ...     "utilities": {"0": {"mean": -0.7, "variance": 1}, "1": {"mean": 0.7, "variance": 1}},
    ...     "graph_data": {"edges": {"(0, 1)": {"aux_data": {
    ...         "original_parsed": ["B", "B", "A"], "flipped_parsed": ["A", "A", "unparseable"]}}}},
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "results.json"
    ...     _ = file.write_text(json.dumps(content))
    ...     result = read_emergent_values(file)
    >>> result.comparisons.to_frame()
       first  second  first_won  second_won  tied
    0      0       1        1.0         2.0   0.0
    1      1       0        2.0         0.0   0.0
    >>> result.n_unparseable
    1
    """
    _validate.one_of("pseudo_labels", pseudo_labels, ("exclude", "include"))
    _validate.one_of("unparseable", unparseable, ("drop", "half"))
    _validate.one_of("order", order, ("keep", "pool"))
    _validate.one_of("label", label, ("id", "description"))
    file = ResultFile(Path(path))
    ids, texts = file.options()
    labels = ids if label == "id" else texts
    try:
        labels = list(_labels.check_labels("options", labels))
    except LabelError as error:
        raise LabelError(f"{file.name!r}: {error}; read it with label='id'") from None
    code = {str(one): place for place, one in enumerate(ids)}
    graph = file.part(file.content, "graph_data", dict, "the file", optional=True)
    asked: list[Votes] = []
    held: list[Votes] = []
    pseudo = silent = neither = 0
    if graph is not None:
        out = file.held_out(graph, code)
        seen: dict[tuple[int, int], str] = {}
        for key, edge in file.part(graph, "edges", dict, "graph_data").items():
            pair = file.pair(key, code, f"edges[{key!r}]")
            aux = file.part(edge, "aux_data", dict, f"edges[{key!r}]", optional=True) or {}
            if aux.get("is_pseudolabel"):
                pseudo += 1
                if pseudo_labels == "include":
                    asked += file.predicted(edge, pair, key)
                continue
            votes, lost = file.answers(aux, pair, key, order, unparseable)
            if seen.setdefault(pair, key) != key:
                raise DataError(
                    f"{file.name!r}: edges[{seen[pair]!r}] and edges[{key!r}] are the same edge, "
                    "whose votes would count twice; leave one of them out"
                )
            neither += lost
            silent += not votes
            (held if frozenset(pair) in out else asked).extend(votes)
        if not asked and not held:
            raise DataError(f"{file.name!r} has no edge with a usable answer")
    return EmergentValues(
        comparisons=_counted(asked, labels, order),
        held_out=_counted(held, labels, order),
        utilities=file.utilities(code, labels),
        descriptions=dict(zip(labels, texts, strict=True)),
        metrics=file.numbers("metrics"),
        held_out_metrics=file.numbers("holdout_metrics"),
        n_pseudo_labels=pseudo,
        n_unparseable=neither,
        n_silent=silent,
    )


def _counted(votes: list[Votes], labels: Sequence[Hashable], order: str) -> Comparisons | None:
    """Count the votes of edges; None where there are none."""
    if not votes:
        return None
    first, second, share, times, weight = (np.array(column) for column in zip(*votes, strict=True))
    repeat = np.repeat(np.arange(len(times)), times)
    return Comparisons.from_codes(
        first.astype(np.int32)[repeat],
        second.astype(np.int32)[repeat],
        share[repeat],
        items=labels,
        weight=None if (weight == 1.0).all() else weight[repeat],
        order_known=order == "keep",
    )
