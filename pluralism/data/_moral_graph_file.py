"""The released file of a moral graph: values, and edges with their counters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, LabelError, enumerate_some, first_line
from . import _labels
from ._json import RepeatedKeyError, parse_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MoralGraphFile", "read_moral_graph"]

_COUNTERS = {
    "markedWiser": "marked_wiser",
    "markedNotWiser": "marked_not_wiser",
    "markedUnsure": "marked_unsure",
    "markedLessWise": "marked_less_wise",
    "impressions": "impressions",
}
_SUMMARY = {"wiserLikelihood": "published_likelihood", "entropy": "published_entropy"}


@dataclass(frozen=True, eq=False)
class MoralGraphFile:
    """A moral graph as released.

    Attributes
    ----------
    values : pandas.DataFrame
        One row a value, indexed by its number, with ``title`` and whatever else the file tells.
    edges : pandas.DataFrame
        One row an edge: ``source``, ``wiser`` (titles where they are unique, else numbers),
        ``source_id``, ``wiser_id``, ``contexts`` (a tuple), the counts ``marked_wiser``,
        ``marked_not_wiser``, ``marked_unsure``, ``marked_less_wise`` and ``impressions``, and
        ``published_likelihood`` and ``published_entropy`` (NaN where the file has none).
        `choice.moral_graph` takes it as it is.
    """

    values: pd.DataFrame = field(repr=False)
    edges: pd.DataFrame = field(repr=False)


def read_moral_graph(path: Any) -> MoralGraphFile:
    """Read a moral graph in the JSON form of its release.

    Parameters
    ----------
    path : path
        A JSON file ``{"values": [...], "edges": [...]}``.

    Returns
    -------
    MoralGraphFile
        Values and edges as frames.

    Raises
    ------
    DataError
        If the file cannot be read, is no moral graph or repeats a key, a count is no whole number
        from 0, contexts are no list of texts, or an edge leads from a value to itself.
    LabelError
        If a value or edge occurs twice, an edge names an unknown value, or an id or title is
        written in two ways.

    References
    ----------
    O. Klingefjord, R. Lowe, J. Edelman (2024), What are human values, and how do we align AI to
    them?, arXiv 2404.10636.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from pluralism.data import read_moral_graph
    >>> counts = {"markedWiser": 3, "markedNotWiser": 0, "markedLessWise": 0, "markedUnsure": 1,
    ...           "impressions": 4}
    >>> graph = {"values": [{"id": 1, "title": "rules"}, {"id": 2, "title": "care"}],
    ...          "edges": [{"sourceValueId": 1, "wiserValueId": 2, "counts": counts}]}
    >>> path = Path(tempfile.mkdtemp()) / "graph.json"
    >>> _ = path.write_text(json.dumps(graph))
    >>> read_moral_graph(path).edges[["source", "wiser", "marked_wiser", "impressions"]]
      source wiser  marked_wiser  impressions
    0  rules  care             3            4
    """
    import pandas as pd

    content = _load(path)
    values = _records(content, "values", ("id", "title"))
    ids = _labels.check_labels("values.id", [each["id"] for each in values])
    titles = _labels.check_labels("values.title", [each["title"] for each in values], unique=False)
    names = dict(zip(ids, titles if len(set(titles)) == len(titles) else ids, strict=True))
    rows: list[dict[str, Any]] = []
    seen: set[tuple[Any, Any]] = set()
    wanted = ("sourceValueId", "wiserValueId", "counts")
    for place, edge in enumerate(_records(content, "edges", wanted)):
        ends = edge["sourceValueId"], edge["wiserValueId"]
        for key, end in zip(wanted, ends, strict=False):
            if isinstance(end, (bool, list, dict)) or end not in names:
                raise LabelError.unknown(
                    f"`edges[{place}].{key}`", end, known=ids, argument="the ids of `values`"
                )
        if ends[0] == ends[1]:
            raise DataError(
                f"`edges[{place}]` leads from {ends[0]!r} to itself; no value is wiser than itself"
            )
        if ends in seen:
            raise LabelError(f"`edges[{place}]` repeats the edge from {ends[0]!r} to {ends[1]!r}")
        seen.add(ends)
        rows.append(
            {
                "source": names[ends[0]],
                "wiser": names[ends[1]],
                "source_id": ends[0],
                "wiser_id": ends[1],
                "contexts": _contexts(place, edge.get("contexts", [])),
                **{ours: _count(place, edge["counts"], key) for key, ours in _COUNTERS.items()},
                **{ours: _published(place, edge, key) for key, ours in _SUMMARY.items()},
            }
        )
    if not rows:
        raise DataError(f"{Path(path).name!r} holds no edge")
    return MoralGraphFile(pd.DataFrame(values).set_index("id"), pd.DataFrame(rows))


def _load(path: Any) -> dict[str, Any]:
    try:
        content = parse_json(Path(path).read_text(encoding="utf-8-sig"))
    except TypeError:
        raise DataError(f"`path` is {path!r}; it must be the path of a file") from None
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except RepeatedKeyError as error:
        raise DataError(f"{Path(path).name!r}: {error}") from None
    except ValueError as error:
        raise DataError(f"{Path(path).name!r} is no JSON: {first_line(error)}") from None
    if not isinstance(content, dict):
        raise DataError(f"{Path(path).name!r} must hold an object with `values` and `edges`")
    return content


def _records(content: dict[str, Any], name: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    listed = content.get(name)
    if not isinstance(listed, list):
        raise DataError(f"the file has no list `{name}`; it has {enumerate_some(content)}")
    for place, each in enumerate(listed):
        absent = [key for key in keys if not isinstance(each, dict) or key not in each]
        if absent:
            raise DataError(f"`{name}[{place}]` lacks {enumerate_some(absent)}")
    return listed


def _count(place: int, counts: Any, key: str) -> int:
    value = counts.get(key) if isinstance(counts, dict) else None
    if type(value) is not int or value < 0:
        raise DataError(
            f"`edges[{place}].counts.{key}` is {value!r}; it must be a whole number from 0"
        )
    return value


def _contexts(place: int, contexts: Any) -> tuple[str, ...]:
    if not isinstance(contexts, list) or not all(isinstance(each, str) for each in contexts):
        raise DataError(
            f"`edges[{place}].contexts` is {contexts!r}; it must be a list of texts, also for one"
        )
    return tuple(contexts)


def _published(place: int, edge: dict[str, Any], key: str) -> float:
    summary = edge.get("summary", {})
    value = summary.get(key, math.nan) if isinstance(summary, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DataError(
            f"`edges[{place}].summary.{key}` is {value!r}; it must be a number, or absent"
        )
    return float(value)
