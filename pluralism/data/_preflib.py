"""PrefLib files (soc, soi, toc, toi, cat, wmd): a reader and a writer with line numbers.

The format: lines ``# KEY: value``, then one line a ballot, ``count: 1,{2,3},4``, alternatives by
number and tied groups in braces. In `cat` the groups are the categories in order, empty ones as
``{}``; in `wmd` a line is ``source,target,weight``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from .. import _validate
from .._aside import written_aside
from ..errors import DataError, LabelError
from . import _labels
from ._ballot_rows import dense_ranks, rank_dtype

if TYPE_CHECKING:
    from ._ballots import Ballots

__all__ = ["Parsed", "read", "write"]

KINDS = ("soc", "soi", "toc", "toi", "cat", "wmd")
_STRICT = ("soc", "soi")
_COMPLETE = ("soc", "toc")
_HEADER = re.compile(r"#\s*([^:]+?)\s*:\s*(.*?)\s*$")
#: Keys that say what the ballots are; of texts about the file the last stands.
_TELLING = re.compile(r"DATA TYPE|NUMBER .*|(ALTERNATIVE|CATEGORY) NAME .*")
_GROUP = re.compile(r"\{([^{}]*)\}|([^,{}]+)")
#: What float() takes for a number is more: 1_0 for 10, and words.
_WEIGHT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Parsed(NamedTuple):
    """What a file holds."""

    alternatives: tuple[Hashable, ...]
    ranks: npt.NDArray[np.unsignedinteger]  # (ballots, alternatives)
    counts: npt.NDArray[np.float64]  # (ballots,)
    approvals: npt.NDArray[np.bool_] | None = None
    utilities: npt.NDArray[np.float64] | None = None
    categories: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


class _File:
    """Lines of a file, split into header and body, with a voice for errors."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise DataError(f"{str(path)!r} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{path.name!r} is not UTF-8 at byte {error.start}") from None
        self.header: dict[str, tuple[int, str]] = {}
        self.body: list[tuple[int, str]] = []
        # Only these end a line: str.splitlines would also cut names at exotic separators.
        for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
            if line.startswith("#"):
                match = _HEADER.match(line)
                if match:
                    key = match[1].upper()
                    if key in self.header and _TELLING.fullmatch(key):
                        self.fail(number, f"{key} stands in line {self.header[key][0]} already")
                    self.header[key] = (number, match[2])
            elif line.strip():
                self.body.append((number, line.strip()))
        self.kind = self.header.get("DATA TYPE", (0, path.suffix.lstrip(".")))[1].lower()
        if self.kind not in KINDS:
            raise DataError(f"{self.name!r} is of kind {self.kind!r}; known are {', '.join(KINDS)}")

    def fail(self, line: int, what: str) -> NoReturn:
        raise DataError(f"{self.name!r}, line {line}: {what}")

    def whole(self, key: str) -> int | None:
        """Return a whole number from the header, or None where there is none."""
        line, text = self.header.get(key, (0, ""))
        if not text:
            return None
        return self.exact(line, key, text)

    def exact(self, line: int, what: str, text: str) -> int:
        """Return a whole number that float64 holds as it is written."""
        if not (text.isascii() and text.isdigit()):
            self.fail(line, f"{what} is {text!r}; it must be a whole number")
        digits = text.lstrip("0") or "0"
        if len(digits) > 16 or int(digits) > _validate.LARGEST_EXACT_COUNT:
            shown = text if len(text) <= 40 else f"{text[:40]}..."
            self.fail(line, f"{what} is {shown}; to stay exact in float64 it must be at most 2**53")
        return int(digits)

    def names(self, what: str) -> tuple[str, ...]:
        """Return the names of the alternatives or categories, in the order of their numbers."""
        total = self.whole(f"NUMBER {'ALTERNATIVES' if what == 'ALTERNATIVE' else 'CATEGORIES'}")
        found: dict[int, str] = {}
        for key, (line, text) in self.header.items():
            match = re.fullmatch(rf"{what} NAME ([0-9]+)", key)
            if match:
                if not text:
                    self.fail(line, f"{key} is empty")
                number = self.exact(line, f"the number of {what} NAME", match[1])
                if number in found:
                    self.fail(line, f"{what} NAME {number} is there already, as {found[number]!r}")
                found[number] = text
        if total is None:
            total = len(found)
        missing = next((number for number in range(1, total + 1) if number not in found), None)
        if missing is not None or len(found) != total:
            raise DataError(
                f"{self.name!r} announces {total} names ({what}) but gives {len(found)}"
                + (f"; number {missing} is missing" if missing is not None else "")
            )
        return tuple(found[number] for number in sorted(found))


def read(path: Path) -> Parsed:
    """Read a PrefLib file; every complaint names the line."""
    file = _File(path)
    try:
        names = _labels.check_labels("alternative names", file.names("ALTERNATIVE"))
    except LabelError as error:
        raise LabelError(f"{file.name!r}: {error}") from None
    if not file.body:
        raise DataError(f"{file.name!r} holds no ballot")
    if file.kind == "wmd":
        return _read_edges(file, names)
    categories = file.names("CATEGORY") if file.kind == "cat" else None
    dtype = rank_dtype(max(len(names), len(categories or ())))
    unranked = np.iinfo(dtype).max
    ranks = np.full((len(file.body), len(names)), unranked, dtype=dtype)
    counts = np.empty(len(file.body))
    for row, (line, text) in enumerate(file.body):
        head, colon, tail = text.partition(":")
        if not colon or not (head.strip().isascii() and head.strip().isdigit()):
            file.fail(line, f"{text!r} does not start with a count and a colon")
        counts[row] = file.exact(line, "the count", head.strip())
        place: dict[int, int] = {}
        for rank, group in enumerate(_groups(file, line, tail)):
            if len(group) != 1 and file.kind in _STRICT:
                file.fail(line, f"a tied group in a file of kind {file.kind!r}")
            if categories is not None and rank >= len(categories):
                file.fail(line, f"more groups than the {len(categories)} categories")
            for number in group:
                if not 1 <= number <= len(names):
                    file.fail(line, f"alternative {number} is not in 1..{len(names)}")
                if number in place:
                    file.fail(line, f"alternative {number} appears twice")
                place[number] = rank
        if not place:
            file.fail(line, "the ballot is empty")
        if len(place) != len(names) and file.kind in _COMPLETE:
            file.fail(line, f"{len(place)} of {len(names)} alternatives in a complete order")
        ranks[row, np.array(list(place)) - 1] = list(place.values())
    approvals = ranks == 0 if categories is not None and len(categories) == 2 else None
    found = {
        "NUMBER VOTERS": int(counts.sum()),
        "NUMBER UNIQUE ORDERS": len(counts),
        "NUMBER UNIQUE PREFERENCES": len(counts),
    }
    return Parsed(names, ranks, counts, approvals, None, categories, _notes(file, found))


def _groups(file: _File, line: int, text: str) -> Iterator[list[int]]:
    """Split ``1,{2,3},4`` into groups of numbers."""
    position = 0
    text = text.strip()
    while position < len(text):
        match = _GROUP.match(text, position)
        if not match:
            file.fail(line, f"{text[position:]!r} is no alternative and no group in braces")
        inside = match[1] if match[1] is not None else match[2]
        parts = [part.strip() for part in inside.split(",")] if inside.strip() else []
        if any(not (part.isascii() and part.isdigit()) for part in parts):
            file.fail(line, f"{inside!r} must hold numbers of alternatives")
        if match[1] is None and not parts:
            file.fail(line, f"nothing stands before the comma in {text!r}")
        if match[1] is not None and not parts and file.kind != "cat":
            file.fail(line, "an empty group {}")
        yield [file.exact(line, "an alternative", part) for part in parts]
        position = match.end()
        while position < len(text) and text[position] == " ":
            position += 1
        if position < len(text):
            if text[position] != "," or position + 1 == len(text):
                file.fail(line, f"{text[position:]!r} does not continue the ballot")
            position += 1
            while position < len(text) and text[position] == " ":
                position += 1


def _notes(file: _File, found: dict[str, int]) -> tuple[str, ...]:
    """Say which totals of the header are not those of the file (edited files are common)."""
    announced = {key: file.whole(key) for key in found}
    return tuple(
        f"{file.name!r}, line {file.header[key][0]}: {key} is {announced[key]}, "
        f"the file has {total}"
        for key, total in found.items()
        if announced[key] is not None and announced[key] != total
    )


def _read_edges(file: _File, names: tuple[Hashable, ...]) -> Parsed:
    utilities = np.full((len(names), len(names)), np.nan)
    for line, text in file.body:
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 3 or not _WEIGHT.fullmatch(parts[2]) or math.isinf(float(parts[2])):
            file.fail(line, f"{text!r} is not 'source,target,weight'")
        source, target = (file.exact(line, "a vertex", part) for part in parts[:2])
        weight = float(parts[2])
        if parts[2].lstrip("+-").isdigit():
            file.exact(line, "the weight", parts[2].lstrip("+-"))
        if not (1 <= source <= len(names) and 1 <= target <= len(names)):
            file.fail(line, f"{text!r} names a vertex that is not in 1..{len(names)}")
        if not np.isnan(utilities[source - 1, target - 1]):
            file.fail(line, f"the edge {source},{target} appears twice")
        utilities[source - 1, target - 1] = weight
    ranks = np.full(utilities.shape, np.iinfo(rank_dtype(len(names))).max, rank_dtype(len(names)))
    speaking = ~np.isnan(utilities).all(axis=1)
    ranks[speaking] = dense_ranks("utilities", -utilities[speaking])
    notes = _notes(file, {"NUMBER EDGES": len(file.body)})
    return Parsed(names, ranks, np.ones(len(names)), None, utilities, None, notes)


def write(ballots: Ballots, path: Path, title: str = "") -> None:
    """Write ballots in the kind that the ending of `path` names."""
    kind = path.suffix.lstrip(".").lower()
    if kind not in KINDS:
        raise DataError(f"{path.name!r} must end in one of {', '.join('.' + k for k in KINDS)}")
    _check_fits(ballots, kind)
    names = [str(label) for label in ballots.alternatives]
    for name in (*names, *(ballots.categories or ())):
        if not name:
            raise DataError("a PrefLib file has no place for an empty name (''); rename it")
    for name in (*names, title, *(ballots.categories or ())):
        if re.search(r"[\r\n]", name) or name != name.strip():
            raise DataError(f"{name!r} cannot stand in a PrefLib file (line break or outer blanks)")
    head = [
        ("FILE NAME", path.name),
        ("TITLE", title),
        ("DESCRIPTION", ""),
        ("DATA TYPE", kind),
        ("MODIFICATION TYPE", "original"),
        ("NUMBER ALTERNATIVES", str(len(names))),
        ("NUMBER VOTERS", f"{ballots.n_voters:.0f}"),
    ]
    if kind == "wmd":
        assert ballots.utilities is not None
        rows, columns = np.nonzero(~np.isnan(ballots.utilities))
        body = [
            f"{row + 1},{column + 1},{float(ballots.utilities[row, column])!r}"
            for row, column in zip(rows, columns, strict=True)
        ]
        head.append(("NUMBER EDGES", str(len(body))))
    else:
        categories = ballots.categories
        if kind == "cat":
            categories = categories or ("Approved", "Not approved")
            head.append(("NUMBER CATEGORIES", str(len(categories))))
            head += [(f"CATEGORY NAME {k}", name) for k, name in enumerate(categories, start=1)]
        body = _ballot_lines(ballots, None if kind != "cat" else len(categories or ()))
        head.append(("NUMBER UNIQUE ORDERS", str(len(body))))
    head += [(f"ALTERNATIVE NAME {k}", name) for k, name in enumerate(names, start=1)]
    text = "".join(f"# {key}: {value}\n" for key, value in head) + "".join(f"{b}\n" for b in body)
    with written_aside(path) as aside:
        aside.write_bytes(text.encode("utf-8"))


def _ballot_lines(ballots: Ballots, n_categories: int | None) -> list[str]:
    ranks = ballots.ranks
    if n_categories is not None and ballots.categories is None and ballots.approvals is not None:
        ranks = np.where(ballots.approvals, 0, 1).astype(ranks.dtype)
    unranked = np.iinfo(ranks.dtype).max
    lines = []
    for row, count in zip(ranks.tolist(), ballots.counts.tolist(), strict=True):
        size = n_categories or max(rank for rank in row if rank != unranked) + 1
        groups: list[list[str]] = [[] for _ in range(size)]
        for number, rank in enumerate(row, start=1):
            if rank != unranked:
                groups[rank].append(str(number))
        written = [g[0] if len(g) == 1 else "{" + ",".join(g) + "}" for g in groups]
        lines.append(f"{count:.0f}: {','.join(written)}")
    return lines


def _check_fits(ballots: Ballots, kind: str) -> None:
    if ballots.menus is not None:
        raise DataError("a PrefLib file has no place for menus; keep these ballots with `save`")
    if ballots.unranked == "incomparable" and not ballots.is_complete:
        raise DataError(
            'a PrefLib file does not say that unranked alternatives are "incomparable", and would '
            "be read as if they were last; keep these ballots with `save`"
        )
    if (ballots.counts != np.rint(ballots.counts)).any():
        raise DataError("a PrefLib file holds whole counts; these ballots have fractional weights")
    if kind == "wmd":
        if ballots.utilities is None or ballots.utilities.shape[0] != ballots.n_alternatives:
            raise DataError("'.wmd' needs utilities of each alternative for each other (square)")
        if (ballots.counts != 1).any():
            raise DataError("'.wmd' has no place for counts other than 1")
        return
    if kind == "cat":
        if ballots.categories is None and ballots.approvals is None:
            raise DataError("'.cat' needs approvals or categories; write rankings as '.toi'")
        return
    if ballots.kind != "rankings":
        raise DataError(
            f"'.{kind}' would lose what the {ballots.kind} say beyond their order; build rankings "
            "with `Ballots.from_ranks(ballots.ranks, ...)` if that is meant"
        )
    if kind in _STRICT and not ballots.is_strict:
        raise DataError(f"'.{kind}' has no place for tied ranks; use '.toc' or '.toi'")
    if kind in _COMPLETE and not ballots.is_complete:
        raise DataError(f"'.{kind}' has no place for unranked alternatives; use '.soi' or '.toi'")
