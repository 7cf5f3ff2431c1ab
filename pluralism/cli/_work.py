"""What the commands do, step by step."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._aside import netcdf_bytes, written_aside
from ..errors import DataError, enumerate_some
from ._columns import Columns, find_columns, likely_rater

if TYPE_CHECKING:
    from ..data import Comparisons

__all__ = [
    "aligned",
    "as_json",
    "check_cells",
    "check_output",
    "count",
    "counted",
    "fit",
    "form_of",
    "json_text",
    "note",
    "plain",
    "put_out",
    "read",
    "refuse_options",
    "report",
    "simulate",
    "steps",
    "summary",
]

Step = Callable[[str], object]

_FORMS = {".csv": "csv", ".json": "json", ".nc": "netcdf", ".txt": "table"}


@contextmanager
def steps() -> Iterator[Step]:
    """Show on a terminal what is being done and for how long; elsewhere, nothing."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)
        yield lambda step: progress.update(task, description=step, refresh=True)


def note(text: str) -> None:
    """Say something that is no result."""
    print(text, file=sys.stderr)


def read(path: Path | None, example: bool, step: Step, **options: Any) -> Comparisons:
    """Take the bundled table, read saved cells, or count the votes of a file."""
    from ..data import load_table

    if example:
        if path is not None:
            raise DataError(f"give a file ({path}) or --example, not both")
        return load_table("celebrities")
    if path is None:
        raise DataError("name a file of votes, or give --example for a first look")
    if not path.is_file():
        raise DataError(f"{path} is not a file")
    if (votes := _cells(path, options)) is not None:
        note(str(votes))
        return votes
    return count([path], step, **options)


def _cells(path: Path, options: dict[str, Any]) -> Comparisons | None:
    """Cells that `pluralism count` or `save` wrote, if `path` holds such."""
    from ..data import Comparisons
    from ..data._storage import saved_kind

    if saved_kind(path) is None:
        return None
    missing = options.pop("missing", "error")
    refuse_options(path, "votes that are counted already", options, missing, "to `pluralism count`")
    return Comparisons.load(path)


def refuse_options(
    path: Path, held: str, options: Mapping[str, Any], missing: str, where: str
) -> None:
    """Refuse options that say how to read a table, where the file is read in its own way."""
    given = [f"--{name}" for name, value in options.items() if value]
    given += ["--missing"] if missing != "error" else []
    if given:
        raise DataError(f"{path} holds {held}; {enumerate_some(given)} can only be given {where}")


def count(
    paths: Sequence[Path],
    step: Step,
    *,
    first: str | None,
    second: str | None,
    outcome: str | None,
    winner: str | None,
    outcomes: str | None,
    rater: str | None,
    group: Sequence[str] | None,
    weight: str | None,
    missing: str,
    memory_limit: str | None = None,
) -> Comparisons:
    """Count the votes of files."""
    from ..data import Comparisons

    name = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    step(f"looking at {name}")
    given = Columns(first, second, outcome, winner)
    columns = find_columns(paths, given)
    if columns != given:
        note(f"guessed columns: {columns}")
    if rater is None and (column := likely_rater(paths)) is not None:
        note(
            f"column {column!r} is not used; if it says who voted, --rater {column} gives errors "
            "that allow for votes of one rater moving together"
        )
    step(f"counting the votes of {name}")
    votes = Comparisons.from_frame(
        paths, first=columns.first, second=columns.second, outcome=columns.outcome,
        winner=columns.winner, weight=weight, rater=rater, group=list(group) if group else None,
        outcomes=_meanings(outcomes), missing=missing, memory_limit=memory_limit,
    )  # fmt: skip
    note(str(votes))
    return votes


def _meanings(text: str | None) -> dict[str, str] | None:
    """Read ``good=first,bad=second``; the last equals sign of an entry divides it."""
    if text is None:
        return None
    meanings: dict[str, str] = {}
    for entry in text.split(","):
        code, sign, meaning = entry.rpartition("=")
        if not sign or meaning.strip() not in ("first", "second", "tie"):
            raise DataError(
                f"--outcomes holds {entry.strip()!r}; write code=first, code=second or code=tie, "
                "divided by commas"
            )
        if meanings.setdefault(code.strip(), meaning.strip()) != meaning.strip():
            raise DataError(f"--outcomes gives {code.strip()!r} two meanings; name it once")
    return meanings


def fit(votes: Comparisons, step: Step, **options: Any) -> Any:
    """Fit the votes."""
    step("fitting")
    from ..utility import fit_bradley_terry

    return fit_bradley_terry(votes, **options)


def report(
    votes: Comparisons,
    result: Any,
    output: Path,
    step: Step,
    *,
    title: str | None,
    level: float,
    example: bool,
    other: Any = None,
    other_name: str = "",
) -> Path:
    """Write the page."""
    from ..report import write_report

    if example and title is None:
        title = "With whom would you rather spend an hour of conversation?"
    return write_report(
        votes, output, fit=result, compare=other, compare_name=other_name, title=title,
        level=level, progress=lambda name: step(name),
    )  # fmt: skip


def summary(result: Any, *, level: float, rows: int | None = None) -> str:
    """Write the estimates as a table of text, best first."""
    table = result.summary(level=level)
    items = table[table["kind"] == "item"].sort_values("estimate", ascending=False, kind="stable")
    others = table[table["kind"] != "item"]
    shown = items if rows is None else items.head(rows)
    bar = f"{100 * level:g}% interval"
    lines = [("", "item", f"utility ({result.units})", "std. error", bar)]
    for place, row in enumerate(shown.itertuples(index=False), start=1):
        lines.append((str(place), str(row.term), *_numbers(row)))
    if len(shown) < len(items):
        lines.append(("", f"... and {len(items) - len(shown):,} more", "", "", ""))
    lines += [("", str(row.term), *_numbers(row)) for row in others.itertuples(index=False)]
    text = aligned(lines)
    head = f"{result.model}: {result.n_votes:,} votes, {len(items):,} items"
    how = {"fisher": "votes independent", "cluster": "clustered by rater"}
    return f"{head}; errors: {how.get(result.covariance_type, result.covariance_type)}\n\n{text}"


def _numbers(row: Any) -> tuple[str, str, str]:
    return f"{row.estimate:.3f}", f"{row.stderr:.3f}", f"{row.lower:.3f} to {row.upper:.3f}"


def aligned(lines: Sequence[tuple[str, ...]], *, left: Sequence[int] = (1,)) -> str:
    """Align columns: those of labels to the left, the rest to the right."""
    from unicodedata import east_asian_width

    def width(text: str) -> int:
        return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)

    cleaned = [tuple(" ".join(cell.split()) for cell in line) for line in lines]
    widths = [max(width(line[place]) for line in cleaned) for place in range(len(lines[0]))]
    written = []
    for line in cleaned:
        gaps = [" " * (size - width(cell)) for size, cell in zip(widths, line, strict=True)]
        cells = [
            cell + gap if place in left else gap + cell
            for place, (gap, cell) in enumerate(zip(gaps, line, strict=True))
        ]
        written.append("  ".join(cells).rstrip())
    return "\n".join(written)


def form_of(output: Path | None, form: str | None, inputs: Sequence[Path] = ()) -> str:
    """Form of the estimates: as asked for, else by the file's ending."""
    if output is not None:
        check_output(output, inputs)
    if form is None:
        if output is None:
            return "table"
        if output.suffix.lower() not in _FORMS:
            raise DataError(
                f"{output} ends in {output.suffix!r}; use {', '.join(_FORMS)}, or give --format"
            )
        form = _FORMS[output.suffix.lower()]
    if form == "netcdf" and output is None:
        raise DataError("NetCDF is written to a file: give -o FILE.nc")
    return form


def put_out(result: Any, form: str, output: Path | None, *, level: float) -> None:
    """Print the estimates, or write them to a file that appears whole or not at all."""
    if output is None:
        print(_as_text(result, form, level))
        return
    with written_aside(output) as aside:
        if form == "netcdf":
            aside.write_bytes(netcdf_bytes(result.to_dataset()))
        else:
            aside.write_text(_as_text(result, form, level) + "\n", encoding="utf-8")
    note(f"estimates: {output}")


def _as_text(result: Any, form: str, level: float) -> str:
    if form == "table":
        return summary(result, level=level)
    table = result.summary(level=level)
    if form == "csv":
        from ..report._tables import inert

        table["term"] = [inert(str(term)) for term in table["term"]]
        return str(table.to_csv(index=False, lineterminator="\n")).rstrip("\n")
    return json_text(as_json(result, level))


def json_text(value: Any) -> str:
    """Write JSON as people read it, and as every program reads it: no NaN, no infinity."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Turn values into what JSON has; what is not finite becomes null."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


def counted(votes: Comparisons, output: Path) -> dict[str, Any]:
    """What a file of cells holds, for a program."""
    return {
        "cells": str(output), "votes": votes.n_votes, "items": votes.n_items,
        "tied": float(votes.tied.sum()),
        "raters": None if votes.raters is None else len(votes.raters),
        "groups": {name: list(group.labels) for name, group in votes.groups.items()},
        "dropped": dict(votes.dropped),
    }  # fmt: skip


def as_json(result: Any, level: float) -> dict[str, Any]:
    """The estimates with what they rest on."""
    table = result.summary(level=level)
    rows = table.to_dict(orient="records")
    about = {key: value for key, value in table.attrs.items() if not isinstance(value, float)}
    about |= {"log_likelihood": result.log_likelihood, "ci_prob": level}
    return {"about": about, "estimates": rows}


def check_output(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Find out before the work, not after it, that a file cannot be written there."""
    for source in inputs:
        if path.exists() and source.exists() and path.samefile(source):
            raise DataError(f"--output {path} is the file of votes itself; name another")
    if path.is_dir():
        raise DataError(f"--output {path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise DataError(f"--output {path}: there is no folder {path.parent}; make it first")


def check_cells(output: Path, inputs: Sequence[Path]) -> None:
    """Find out before the work that `output` is no place for cells."""
    if output.suffix.lower() != ".parquet":
        raise DataError(
            f"--output {output} ends in {output.suffix!r}; cells are written as .parquet"
        )
    check_output(output, inputs)


def simulate(output: Path, n_votes: int, **options: Any) -> Path:
    """Write simulated votes, and the truth beside them; return where the truth is."""
    import pandas as pd

    from ..data import simulate_votes
    from ..data._storage import write_parquet

    writers = {
        ".csv": lambda frame, path: frame.to_csv(path, index=False),
        ".parquet": write_parquet,
        ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    }
    suffix = output.suffix.lower()
    if suffix not in writers:
        raise DataError(f"{output} ends in {output.suffix!r}; use {', '.join(writers)}")
    check_output(output)
    votes = simulate_votes(n_votes, **options)
    truth = output.with_suffix(".truth.csv")
    table = pd.DataFrame(votes.attrs["utility"].items(), columns=["item", "utility"])
    with written_aside(output) as aside:
        writers[suffix](votes, aside)
        with written_aside(truth) as beside:  # both files are new, or neither
            table.to_csv(beside, index=False)
    return truth
