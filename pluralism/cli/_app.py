"""The commands on votes; everything heavy is imported when a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ._options import (
    First,
    Format,
    Group,
    Json,
    Level,
    Missing,
    MissingValues,
    OrderEffect,
    Outcome,
    Outcomes,
    Prior,
    Rater,
    Reference,
    Scale,
    Second,
    TiePolicy,
    Ties,
    Votes,
    Weight,
    Winner,
)
from ._questions import COMMANDS

__all__ = ["app"]

app = typer.Typer(
    name="pluralism",
    no_args_is_help=True,
    # Plain help costs a tenth of a second less than coloured help, at every call.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def pluralism(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Statistics of plural values, from votes to a report.

    \b
    pluralism report --example                    a first report, on a published table
    pluralism report votes.csv --rater worker     a report on your votes
    pluralism fit votes.csv -o utilities.csv      the estimates alone
    pluralism count votes/*.parquet -o cells.parquet   many files into one of kilobytes
    pluralism agree ratings.csv                   how far raters agree
    pluralism vote election.soi                   what each voting rule picks
    pluralism simulate --votes 500 -o votes.csv   votes with known truth, to try things out

    Exit status: 0 all went well, 1 the input cannot be used, 2 a wrong option, 70 a fault of
    pluralism, 130 interrupted.
    """


@app.command(short_help="Write a report, one HTML page, on votes, ratings or ballots.")
def report(
    votes: Votes = None,
    example: Annotated[
        bool, typer.Option("--example", help="Report on the bundled celebrities table instead.")
    ] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path(
        "report.html"
    ),
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Another file with the same columns, to compare with.")
    ] = None,
    first: First = None,
    second: Second = None,
    outcome: Outcome = None,
    winner: Winner = None,
    outcomes: Outcomes = None,
    rater: Rater = None,
    group: Group = None,
    weight: Weight = None,
    missing: MissingValues = Missing.error,
    ties: TiePolicy = Ties.half,
    order_effect: OrderEffect = False,
    prior: Prior = None,
    reference: Reference = "mean",
    level: Level = 0.95,
    item: Annotated[str | None, typer.Option(help="For ratings: column of items.")] = None,
    label: Annotated[str | None, typer.Option(help="For ratings: column of labels.")] = None,
    scale: Annotated[
        Scale | None, typer.Option(help="For ratings: what labels mean, nominal by default.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a report on votes, ratings or ballots: one HTML page, and a summary here.

    What a file holds is told by its columns: two compared items are votes; items, raters and
    labels are ratings; voters, alternatives and ranks, or a PrefLib file, are ballots.

    \b
    pluralism report --example
    pluralism report votes.csv
    pluralism report votes.parquet --rater worker --group country -o page.html
    pluralism report battles.jsonl --first model_a --second model_b --winner winner
    pluralism report votes.csv --outcomes "A>B=first,B>A=second,A=B=tie"
    pluralism report cells.parquet
    pluralism report november.csv --compare october.csv
    pluralism report ratings.csv --label offensiveness --scale ordinal --group age
    pluralism report election.soi
    """
    from . import _answers, _files, _work

    kind = "votes" if example else _files.kind_of(votes, item=item, label=label)
    if kind != "votes":
        _work.check_output(output, [path for path in (votes, compare) if path])
        meaningless: dict[str, object] = {
            "first": first, "second": second, "outcome": outcome, "winner": winner,
            "outcomes": outcomes, "order-effect": order_effect, "prior": prior,
        }  # fmt: skip
        if kind == "ballots":
            meaningless |= {"rater": rater, "group": group, "weight": weight, "scale": scale}
        _answers.check_kind(kind, meaningless)
        with _work.steps() as step:
            tables = [
                _files.read_ballots(path, step, missing=missing.value)
                if kind == "ballots"
                else _files.read_ratings(
                    path,
                    step,
                    item=item,
                    rater=rater,
                    label=label,
                    group=group,
                    weight=weight,
                    scale=scale and scale.value,
                    missing=missing.value,
                )
                for path in (votes, *([compare] if compare else []))
            ]
            answer = _answers.report(
                tables[0], output, step, other=tables[1] if compare else None,
                name=compare.stem if compare else "", title=title, level=level,
            )  # fmt: skip
        _answers.show(answer, as_json=json)
        return
    _answers.check_kind(kind, {"scale": scale})
    _work.check_output(output, [path for path in (votes, compare) if path])
    columns = {
        "first": first, "second": second, "outcome": outcome, "winner": winner,
        "outcomes": outcomes, "rater": rater, "group": group, "weight": weight,
        "missing": missing.value,
    }  # fmt: skip
    model = {"ties": ties.value, "order_effect": order_effect, "prior": prior}
    with _work.steps() as step:
        table = _work.read(votes, example, step, **columns)
        fit = _work.fit(table, step, **model, reference=reference)
        other = None
        if compare is not None:
            other = _work.fit(_work.read(compare, False, step, **columns), step, **model)
        page = _work.report(
            table, fit, output, step, title=title, level=level, example=example, other=other,
            other_name=compare.stem if compare else "",
        )  # fmt: skip
    if json:
        typer.echo(_work.json_text({"report": str(page), **_work.as_json(fit, level)}))
        return
    typer.echo(_work.summary(fit, level=level, rows=10))
    typer.echo(f"\nreport: {page}")


@app.command(short_help="Estimate utilities from pairwise votes.")
def fit(
    votes: Votes = None,
    example: Annotated[
        bool, typer.Option("--example", help="Fit the bundled celebrities table instead.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write (.csv, .json, .nc, .txt); else printed."
        ),
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="Form; by default by the file's ending, else a table.")
    ] = None,
    first: First = None,
    second: Second = None,
    outcome: Outcome = None,
    winner: Winner = None,
    outcomes: Outcomes = None,
    rater: Rater = None,
    group: Group = None,
    weight: Weight = None,
    missing: MissingValues = Missing.error,
    ties: TiePolicy = Ties.half,
    order_effect: OrderEffect = False,
    prior: Prior = None,
    reference: Reference = "mean",
    level: Level = 0.95,
    json: Json = False,
) -> None:
    """Estimate utilities from pairwise votes, with standard errors and intervals.

    \b
    pluralism fit votes.csv
    pluralism fit votes.csv --rater worker -o utilities.csv
    pluralism fit votes.csv --format json > utilities.json
    pluralism fit votes.parquet -o fit.nc
    """
    from . import _work

    if json and format not in (None, Format.json):
        raise typer.BadParameter(f"--json and --format {format.value} contradict each other")
    form = _work.form_of(
        output, "json" if json else format.value if format else None, [votes] if votes else []
    )
    with _work.steps() as step:
        table = _work.read(
            votes, example, step, first=first, second=second, outcome=outcome, winner=winner,
            outcomes=outcomes, rater=rater, group=group, weight=weight, missing=missing.value,
        )  # fmt: skip
        result = _work.fit(
            table,
            step,
            ties=ties.value,
            order_effect=order_effect,
            prior=prior,
            reference=reference,
        )
    _work.put_out(result, form, output, level=level)


@app.command(short_help="Count files of pairwise votes into one file of cells.")
def count(
    votes: Annotated[
        list[Path],
        typer.Argument(help="Votes, one a row: .csv, .parquet or .jsonl, all of one format."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File of cells to write: .parquet.")
    ] = Path("cells.parquet"),
    first: First = None,
    second: Second = None,
    outcome: Outcome = None,
    winner: Winner = None,
    outcomes: Outcomes = None,
    rater: Rater = None,
    group: Group = None,
    weight: Weight = None,
    missing: MissingValues = Missing.error,
    memory_limit: Annotated[
        str | None,
        typer.Option(help='Memory for the counting, such as "4GB"; beyond it, the disk is used.'),
    ] = None,
    json: Json = False,
) -> None:
    """Count files of pairwise votes into one file of cells, which `report` and `fit` read.

    \b
    pluralism count votes/*.parquet -o cells.parquet
    pluralism count votes/*.csv --rater worker --memory-limit 4GB -o cells.parquet
    pluralism report cells.parquet
    """
    from . import _work

    _work.check_cells(output, votes)
    with _work.steps() as step:
        table = _work.count(
            votes, step, first=first, second=second, outcome=outcome, winner=winner,
            outcomes=outcomes, rater=rater, group=group, weight=weight, missing=missing.value,
            memory_limit=memory_limit,
        )  # fmt: skip
        step(f"writing {output.name}")
        table.save(output)
    typer.echo(_work.json_text(_work.counted(table, output)) if json else f"cells: {output}")


@app.command(short_help="Make a file of votes with known truth.")
def simulate(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .csv, .parquet or .jsonl.")
    ] = Path("votes.csv"),
    votes: Annotated[int, typer.Option(help="Number of votes.", min=1)] = 1000,
    items: Annotated[int, typer.Option(help="Number of items.", min=2)] = 10,
    spread: Annotated[
        float, typer.Option(help="Standard deviation of the utilities, in log-odds.", min=0)
    ] = 1.0,
    order_effect: Annotated[
        float, typer.Option(help="Log-odds added to the item shown first.")
    ] = 0.0,
    tie_parameter: Annotated[
        float, typer.Option(help="Davidson's nu: 0 for no ties, 1 for many.", min=0)
    ] = 0.0,
    raters: Annotated[int | None, typer.Option(help="Number of raters.", min=1)] = None,
    rater_spread: Annotated[
        float, typer.Option(help="How far raters differ, in log-odds.", min=0)
    ] = 0.0,
    seed: Annotated[int | None, typer.Option(help="Makes the same file again.", min=0)] = None,
    json: Json = False,
) -> None:
    """Make a file of votes with known truth, which is written beside it.

    \b
    pluralism simulate --votes 500 --items 8 --seed 1 -o votes.csv
    pluralism simulate --raters 40 --rater-spread 0.5 --tie-parameter 0.5 -o votes.parquet
    """
    from . import _work

    with _work.steps() as step:
        step("drawing votes")
        truth = _work.simulate(
            output, votes, items=items, spread=spread, order_effect=order_effect,
            tie_parameter=tie_parameter, raters=raters, rater_spread=rater_spread, seed=seed,
        )  # fmt: skip
    if json:
        typer.echo(_work.json_text({"votes": str(output), "truth": str(truth)}))
        return
    typer.echo(f"votes: {output}\ntruth: {truth}")


for _command, _line in COMMANDS.items():
    app.command(short_help=_line)(_command)
