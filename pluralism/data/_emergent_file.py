"""The form of a result file of Utility Engineering, checked piece by piece.

A file holds options, a graph of edges and the published utilities. An edge keeps the parsed
answers of both orders: in ``original_parsed`` an "A" is a vote for its option A, in
``flipped_parsed`` the options had changed places, so an "A" is a vote for option B, shown first.
Edges marked as pseudo-labels were predicted by the model and never asked.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import DataError, LabelError, enumerate_some
from . import _labels
from ._json import RepeatedKeyError, parse_json

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ResultFile", "Votes"]

#: Keys of edges are short; a longer one is not parsed.
_LONGEST_KEY = 2000
#: Votes of one edge that are believed.
_MOST = 1_000_000
_ANSWERS: dict[str | None, str | None] = {"A": "A", "B": "B", "unparseable": None, None: None}


class Votes(NamedTuple):
    """Equal votes of one edge in one order."""

    first: int  # the option shown first
    second: int
    share: float  # of each vote for the first
    times: int
    weight: float = 1.0


class ResultFile:
    """The content of a file, with a voice for errors."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        content = _load(path)
        if not isinstance(content, dict):
            raise DataError(
                f"{self.name!r} holds a {type(content).__name__}; a result file is an object with "
                "`options`, `utilities` and `graph_data`"
            )
        self.content: dict[str, Any] = content

    def part(self, holder: Any, key: str, kind: type, place: str, *, optional: bool = False) -> Any:
        """Return one entry of the right type."""
        if not isinstance(holder, dict):
            raise DataError(f"{self.name!r}: {place} is a {type(holder).__name__}, not an object")
        value = holder.get(key)
        if value is None and optional:
            return None
        if value is None and key not in holder:
            raise DataError(
                f"{self.name!r}: {place} has no {key!r}; it has {enumerate_some(holder)}"
            )
        if not isinstance(value, kind):
            raise DataError(
                f"{self.name!r}: {key!r} of {place} is a {type(value).__name__}; it must be a "
                f"{kind.__name__}"
            )
        return value

    def options(self) -> tuple[list[Hashable], list[str]]:
        """Ids and texts of the options."""
        ids: list[Hashable] = []
        texts: list[str] = []
        holder = self.content
        if "options" not in holder and isinstance(holder.get("graph_data"), dict):
            holder = holder["graph_data"]
        for place, option in enumerate(self.part(holder, "options", list, "the file")):
            where = f"options[{place}]"
            if not isinstance(option, dict) or type(option.get("id")) not in (int, str):
                raise DataError(
                    f"{self.name!r}: {where} is {_short(option)}; it must be an object with an "
                    "`id` (a number or a text)"
                )
            ids.append(option["id"])
            text = option.get("description", "")
            if not isinstance(text, str):
                raise DataError(f"{self.name!r}: `description` of {where} is {_short(text)}")
            texts.append(text)
        if len(ids) < 2:
            raise DataError(f"{self.name!r} has {len(ids)} option(s); at least two are needed")
        try:
            _labels.check_labels("options", ids)
        except LabelError as error:
            raise LabelError(f"{self.name!r}: {error}") from None
        return ids, texts

    def pair(self, key: Any, code: Mapping[str, int], place: str) -> tuple[int, int]:
        """Codes of the two options that a key such as ``"(0, 1)"`` names."""
        named: Any = key
        if isinstance(key, str):
            try:
                named = ast.literal_eval(key) if len(key) <= _LONGEST_KEY else None
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                named = None
        if not (
            isinstance(named, (tuple, list))
            and len(named) == 2
            and all(type(one) in (int, str) for one in named)
        ):
            raise DataError(
                f"{self.name!r}: {_short(place)} does not name two options, as in '(0, 1)'"
            )
        for one in named:
            if str(one) not in code:
                raise LabelError.unknown(
                    f"{self.name!r}: {place}", one, known=list(code), argument="its options"
                )
        first, second = (code[str(one)] for one in named)
        if first == second:
            raise DataError(f"{self.name!r}: {place} compares an option with itself")
        return first, second

    def held_out(self, graph: Any, code: Mapping[str, int]) -> set[frozenset[int]]:
        """Pairs that were held out."""
        listed = self.part(graph, "holdout_edge_indices", list, "graph_data", optional=True) or []
        return {
            frozenset(self.pair(entry, code, f"holdout_edge_indices[{place}]"))
            for place, entry in enumerate(listed)
        }

    def answers(
        self, aux: Any, pair: tuple[int, int], key: str, order: str, unparseable: str
    ) -> tuple[list[Votes], int]:
        """Votes of one edge that was asked, and how many answers were neither A nor B."""
        place = f"aux_data of edges[{key!r}]"
        first, second = pair
        votes, lost = [], 0
        if "original_parsed" not in aux and "flipped_parsed" not in aux:
            if order == "keep":
                raise DataError(
                    f"{self.name!r}: {place} does not keep the answers of both orders; read the "
                    "file with order='pool'"
                )
            won, other = (self.count(aux, name, place) for name in ("count_A", "count_B"))
            neither = 0
            if aux.get("total_responses") is not None:
                neither = max(0, self.count(aux, "total_responses", place) - won - other)
            counted = {"A": won, "B": other, None: neither if unparseable == "half" else 0}
            return _votes(first, second, counted), neither
        for name, shown in (
            ("original_parsed", (first, second)),
            ("flipped_parsed", (second, first)),
        ):
            tally: dict[str | None, int] = {"A": 0, "B": 0, None: 0}
            for answer in self.part(aux, name, list, place, optional=True) or []:
                if not isinstance(answer, str | None) or answer not in _ANSWERS:
                    raise DataError(
                        f"{self.name!r}: {name!r} of {place} holds {_short(answer)}; answers are "
                        "'A', 'B' or 'unparseable'"
                    )
                tally[_ANSWERS[answer]] += 1
            lost += tally[None]
            if unparseable == "drop":
                tally[None] = 0
            votes += _votes(*shown, tally)
        return votes, lost

    def predicted(self, edge: Any, pair: tuple[int, int], key: str) -> list[Votes]:
        """One vote, half in either order, for a pseudo-label."""
        place = f"edges[{key!r}]"
        share = edge.get("probability_A")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise DataError(
                f"{self.name!r}: `probability_A` of {place} is {_short(share)}; "
                "it must be from 0 to 1"
            )
        first, second = pair
        return [
            Votes(first, second, share, 1, 0.5),
            Votes(second, first, 1 - share, 1, 0.5),
        ]

    def count(self, aux: Any, name: str, place: str) -> int:
        value = aux.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not 0 <= value <= _MOST
        ):
            raise DataError(
                f"{self.name!r}: {place} has neither parsed answers nor a count {name!r} from 0 to "
                f"{_MOST:,} ({_short(value)})"
            )
        if value != int(value):
            raise DataError(f"{self.name!r}: {name!r} of {place} is {value!r}, not a whole number")
        return int(value)

    def utilities(self, code: Mapping[str, int], labels: Sequence[Hashable]) -> xr.Dataset | None:
        """Published means and variances, NaN for an option without."""
        import xarray as xr

        listed = self.part(self.content, "utilities", dict, "the file", optional=True)
        if not listed:
            return None
        values = np.full((2, len(labels)), np.nan)
        for key, entry in listed.items():
            if key not in code:
                raise LabelError.unknown(
                    f"{self.name!r}: utilities", key, known=list(code), argument="its options"
                )
            for row, name in enumerate(("mean", "variance")):
                number = entry.get(name) if isinstance(entry, dict) else None
                if (
                    isinstance(number, bool)
                    or not isinstance(number, (int, float))
                    or not math.isfinite(number)
                ):
                    raise DataError(
                        f"{self.name!r}: {name!r} of utilities[{key!r}] is {_short(number)}; "
                        "it must be a finite number"
                    )
                values[row, code[key]] = number
        return xr.Dataset(
            {"mean": ("item", values[0]), "variance": ("item", values[1])},
            coords={"item": _labels.as_coordinate(list(labels))},
        )

    def numbers(self, name: str) -> dict[str, float]:
        """Published metrics that are numbers."""
        listed = self.part(self.content, name, dict, "the file", optional=True) or {}
        return {
            key: float(value)
            for key, value in listed.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }


def _votes(first: int, second: int, tally: Mapping[str | None, int]) -> list[Votes]:
    """Votes for the option shown first (A), for the other (B), and halves."""
    shares: tuple[tuple[str | None, float], ...] = (("A", 1.0), ("B", 0.0), (None, 0.5))
    return [
        Votes(first, second, share, tally[answer]) for answer, share in shares if tally.get(answer)
    ]


def _short(value: Any, limit: int = 80) -> str:
    text = value if isinstance(value, str) and value.startswith("edges[") else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


def _load(path: Path) -> Any:
    try:
        return parse_json(path.read_bytes().decode("utf-8-sig"), parse_int=_whole)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name!r} is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path.name!r} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise DataError(f"{path.name!r} is nested too deeply to be a result file") from None
    except RepeatedKeyError as error:
        raise DataError(f"{path.name!r}: {error}") from None


def _whole(text: str) -> int | float:
    """Read a whole number; one of so many digits that no float holds it becomes infinite."""
    return int(text) if len(text) < 300 else math.inf
