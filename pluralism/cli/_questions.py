"""The commands that ask one question of ratings, answers or ballots."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import (
    Alternative,
    Approved,
    BallotsFile,
    Count,
    Group,
    Json,
    Level,
    Missing,
    MissingValues,
    NotRanked,
    Rank,
    Ratings,
    Rule,
    Scale,
    Utility,
    Voter,
)

__all__ = ["COMMANDS"]


def agree(
    ratings: Ratings = None,
    item: Annotated[str | None, typer.Option(help="Column of items.")] = None,
    rater: Annotated[str | None, typer.Option(help="Column of raters.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of labels.")] = None,
    group: Group = None,
    weight: Annotated[str | None, typer.Option(help="Column of label weights.")] = None,
    scale: Annotated[
        Scale | None, typer.Option(help="What the labels mean: nominal by default.")
    ] = None,
    missing: MissingValues = Missing.error,
    bootstrap: Annotated[
        int, typer.Option(help="Also draw raters so many times, for other raters.", min=0)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Of the draws.", min=0)] = 0,
    level: Level = 0.95,
    json: Json = False,
) -> None:
    """Measure how far raters agree: coefficients with intervals, within and between groups.

    \b
    pluralism agree ratings.csv
    pluralism agree ratings.csv --label offensiveness --scale ordinal --group age
    pluralism agree ratings.csv --bootstrap 1000
    """
    from . import _answers, _files, _work

    with _work.steps() as step:
        data = _files.read_ratings(
            ratings, step, item=item, rater=rater, label=label, group=group, weight=weight,
            scale=scale and scale.value, missing=missing.value,
        )  # fmt: skip
        step("comparing raters")
        answer = _answers.agreement(data, level=level)
    if bootstrap:
        _answers.add_bootstrap(answer, data, n=bootstrap, seed=seed, level=level)
    _answers.show(answer, as_json=json)


def diversity(
    answers: Annotated[
        Path | None,
        typer.Argument(help="Answers, one a row: .csv, .parquet or .jsonl.", show_default=False),
    ] = None,
    label: Annotated[str | None, typer.Option(help="Column of answers.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Column to measure by: a question, a model, a group.")
    ] = None,
    q: Annotated[
        list[float] | None,
        typer.Option(metavar="<float>", help="Order of a Hill number; may be given again."),
    ] = None,
    json: Json = False,
) -> None:
    """Measure how many different answers there are: entropy and Hill numbers.

    \b
    pluralism diversity answers.csv --label answer
    pluralism diversity answers.csv --label answer --by model --q 0 --q 1 --q 2
    """
    from . import _answers, _files, _work

    with _work.steps() as step:
        counts = _files.count_answers(answers, step, label=label, by=by)
        step("measuring")
        answer = _answers.diversity(counts, q or [0.0, 1.0, 2.0])
    _answers.show(answer, as_json=json)


def vote(
    ballots: BallotsFile = None,
    voter: Voter = None,
    alternative: Alternative = None,
    rank: Rank = None,
    utility: Utility = None,
    approved: Approved = None,
    count: Count = None,
    unranked: NotRanked = None,
    missing: MissingValues = Missing.error,
    json: Json = False,
) -> None:
    """Say what each voting rule picks from ballots, and what majorities say.

    \b
    pluralism vote election.soi
    pluralism vote ballots.csv --voter id --alternative candidate --rank place
    """
    from . import _answers, _files, _work

    with _work.steps() as step:
        data = _files.read_ballots(
            ballots, step, voter=voter, alternative=alternative, rank=rank, utility=utility,
            approved=approved, count=count, unranked=unranked and unranked.value,
            missing=missing.value,
        )  # fmt: skip
        step("applying the rules")
        answer = _answers.votes(data)
    _answers.show(answer, as_json=json)


def audit(
    ballots: BallotsFile = None,
    rule: Annotated[Rule, typer.Option(help="The rule to audit.")] = Rule.borda,
    axiom: Annotated[
        list[str] | None,
        typer.Option(metavar="<str>", help="An axiom; may be given again; all by default."),
    ] = None,
    budget: Annotated[int, typer.Option(help="Largest number of cases an axiom.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Of the cases that are drawn.", min=0)] = 0,
    voter: Voter = None,
    alternative: Alternative = None,
    rank: Rank = None,
    count: Count = None,
    unranked: NotRanked = None,
    missing: MissingValues = Missing.error,
    metric: Annotated[
        str | None,
        typer.Option(
            help="Audit this metric instead: accuracy, brier_score, calibration_error, or "
            "module:function of yours."
        ),
    ] = None,
    truth: Annotated[str | None, typer.Option(help="Of a metric: column of right answers.")] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            metavar="<str>",
            help="Of a metric: column of a system's answers; may be given again; all others by "
            "default.",
        ),
    ] = None,
    declared: Annotated[
        str | None, typer.Option(help='Of a metric: the range it is said to have, as in "0,1".')
    ] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="Of a metric: less is better.")
    ] = False,
    json: Json = False,
) -> None:
    """Look for what a voting rule, or a metric, gets wrong.

    A rule: for principles that it breaks on ballots and on small changes of them. With --metric:
    whether a metric of answers does what a careful reader would ask of it, on a table with a row
    an item, a column a system and a column of right answers.

    \b
    pluralism audit election.soi --rule borda
    pluralism audit election.soi --rule irv --axiom monotonicity --axiom participation
    pluralism audit answers.csv --metric accuracy --truth label
    pluralism audit scores.csv --metric mymodule:score --declared 0,1
    """
    from . import _answers, _files, _work

    if metric is not None:
        from ._metric import audit_columns

        _answers.check_kind(
            "answers of systems",
            {"axiom": axiom, "voter": voter, "alternative": alternative, "rank": rank,
             "count": count, "unranked": unranked},
        )  # fmt: skip
        with _work.steps() as step:
            step(f"auditing {metric}")
            answer = audit_columns(
                ballots, metric, truth=truth, systems=system, lower_is_better=lower_is_better,
                declared=declared, seed=seed,
            )  # fmt: skip
        _answers.show(answer, as_json=json)
        return
    given = {
        "truth": truth, "system": system, "declared": declared, "lower_is_better": lower_is_better
    }  # fmt: skip
    _answers.check_kind("ballots, where no --metric is named", given)
    with _work.steps() as step:
        data = _files.read_ballots(
            ballots, step, voter=voter, alternative=alternative, rank=rank, count=count,
            unranked=unranked and unranked.value, missing=missing.value,
        )  # fmt: skip
    answer = _answers.audit(data, rule.value, axioms=axiom, budget=budget, seed=seed)
    _answers.show(answer, as_json=json)


def doctor(json: Json = False) -> None:
    """Say which versions, devices and optional extras are there, and how to get what is not."""
    from . import _answers, _doctor

    _answers.show(_doctor.examine(), as_json=json)


#: Command -> its line in the list of commands.
COMMANDS: dict[Any, str] = {
    agree: "Measure how far raters agree.",
    diversity: "Measure how many different answers there are.",
    vote: "Say what each voting rule picks.",
    audit: "Look for what a voting rule, or a metric, gets wrong.",
    doctor: "Say what is installed, and what is missing.",
}
