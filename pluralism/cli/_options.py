"""The options of the commands: their types, and what the help says of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Alternative",
    "Approved",
    "BallotsFile",
    "Count",
    "First",
    "Format",
    "Group",
    "Json",
    "Level",
    "Missing",
    "MissingValues",
    "NotRanked",
    "OrderEffect",
    "Outcome",
    "Outcomes",
    "Prior",
    "Rank",
    "Rater",
    "Ratings",
    "Reference",
    "Rule",
    "Scale",
    "Second",
    "TiePolicy",
    "Ties",
    "Unranked",
    "Utility",
    "Voter",
    "Votes",
    "Weight",
    "Winner",
]


class Missing(StrEnum):
    """What happens to a row that lacks a value."""

    error = "error"
    drop = "drop"


class Ties(StrEnum):
    """How a tie counts."""

    half = "half"
    davidson = "davidson"
    rao_kupper = "rao-kupper"
    drop = "drop"


class Format(StrEnum):
    """Form of the estimates."""

    table = "table"
    csv = "csv"
    json = "json"
    netcdf = "netcdf"


class Scale(StrEnum):
    """What labels mean."""

    nominal = "nominal"
    ordinal = "ordinal"
    interval = "interval"
    ratio = "ratio"


class Unranked(StrEnum):
    """What a ballot says of an alternative that it does not rank."""

    last = "last"
    incomparable = "incomparable"


class Rule(StrEnum):
    """Rules that the audit knows."""

    plurality = "plurality"
    veto = "veto"
    borda = "borda"
    copeland = "copeland"
    minimax = "minimax"
    schulze = "schulze"
    split_cycle = "split_cycle"
    ranked_pairs = "ranked_pairs"
    kemeny = "kemeny"
    irv = "irv"


# -- votes and fits

Votes = Annotated[
    Path | None,
    typer.Argument(
        help="Votes, one a row: .csv, .parquet or .jsonl; or cells that `count` wrote.",
        show_default=False,
    ),
]
First = Annotated[str | None, typer.Option(help="Column of the item shown first.")]
Second = Annotated[str | None, typer.Option(help="Column of the item shown second.")]
Outcome = Annotated[
    str | None, typer.Option(help="Column that says first/second/tie, left/right/tie, 1/0, ...")
]
Winner = Annotated[str | None, typer.Option(help="Column that holds the label of the winner.")]
Outcomes = Annotated[
    str | None, typer.Option(help='Meaning of other codes: "good=first,bad=second,none=tie".')
]
Rater = Annotated[
    str | None, typer.Option(help="Column that says who voted; errors are clustered by it.")
]
Group = Annotated[
    list[str] | None,
    typer.Option(metavar="<str>", help="Column of groups of raters; may be given again."),
]
Weight = Annotated[str | None, typer.Option(help="Column of vote weights.")]
MissingValues = Annotated[Missing, typer.Option(help="What to do with a row that lacks a value.")]
TiePolicy = Annotated[
    Ties, typer.Option(help="A tie counts half a win each, has a model of its own, or is left out.")
]
OrderEffect = Annotated[
    bool, typer.Option("--order-effect", help="Fit the advantage of the item shown first.")
]
Prior = Annotated[
    float | None,
    typer.Option(help="Standard deviation of a normal prior on utilities, in log-odds."),
]
Reference = Annotated[
    str, typer.Option(help='Utilities are relative to the "mean", or to this item.')
]
Level = Annotated[float, typer.Option(help="Coverage of intervals.")]

# -- ratings, answers and ballots

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Ratings = Annotated[
    Path | None,
    typer.Argument(help="Ratings, one a row: .csv, .parquet or .jsonl.", show_default=False),
]
BallotsFile = Annotated[
    Path | None,
    typer.Argument(
        help="PrefLib (.soc, .soi, .toc, .toi, .cat), or a row for each voter and alternative.",
        show_default=False,
    ),
]
Voter = Annotated[str | None, typer.Option(help="Column of voters.")]
Alternative = Annotated[str | None, typer.Option(help="Column of alternatives.")]
Rank = Annotated[str | None, typer.Option(help="Column of ranks, 1 being best.")]
Utility = Annotated[str | None, typer.Option(help="Column of utilities, larger being better.")]
Approved = Annotated[str | None, typer.Option(help="Column of 0 and 1.")]
Count = Annotated[str | None, typer.Option(help="Column of how many voters cast the ballot.")]
NotRanked = Annotated[
    Unranked | None,
    typer.Option(help="What a ballot says of alternatives that it leaves out: last by default."),
]
