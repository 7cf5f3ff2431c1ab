"""What is in a file: votes, ratings or ballots, and in which columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._labelled import collected
from ..errors import DataError, enumerate_some
from ._columns import PAIRS, RATERS
from ._work import Step, note, refuse_options

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Annotations, Ballots

__all__ = ["count_answers", "existing_file", "kind_of", "names_of", "read_ballots", "read_ratings"]

PREFLIB = (".soc", ".soi", ".toc", ".toi", ".cat")
ITEMS = ("item", "instance", "question", "example", "comment", "document", "text", "prompt", "task")
LABELS = ("label", "rating", "answer", "annotation", "score", "judgement", "judgment", "response")
VOTERS = ("voter", "ballot", *RATERS)
ALTERNATIVES = ("alternative", "candidate", "option", "item")
#: Kinds of saved containers.
_SAVED = {"comparisons": "votes", "annotations": "ratings", "ballots": "ballots"}
#: Where options that name columns belong.
_TABLE = "with a table, a row for each rating or rank"
#: What a ballot says of an alternative -> names of its column.
SAYINGS = {
    "rank": ("rank", "ranking", "place", "position"),
    "utility": ("utility", "score", "rating"),
    "approved": ("approved", "approval", "approves"),
}


def kind_of(path: Path | None, *, item: str | None, label: str | None) -> str:
    """Whether a file holds "votes", "ratings" or "ballots", by its ending and its columns.

    Naming a column of items or of labels says that it holds ratings; what cannot be told holds
    votes, so that the message about them is the one that is seen.
    """
    if item is not None or label is not None:
        return "ratings"
    if path is None or not path.is_file():
        return "votes"
    from ..data._storage import saved_kind

    existing_file(path, "votes")
    if path.suffix.lower() in PREFLIB:
        return "ballots"
    if (saved := saved_kind(path)) is not None:
        return _SAVED.get(saved, "votes")
    names = {name.strip().casefold() for name in names_of(path)}
    if any(one in names and other in names for one, other in PAIRS):
        return "votes"
    known = {name.removesuffix("_id") for name in names}
    if known & set(VOTERS) and known & set(ALTERNATIVES) and _saying(list(names)):
        return "ballots"
    if known & set(RATERS) and known & set(LABELS) and known & set(ITEMS):
        return "ratings"
    return "votes"


def read_ratings(
    path: Path | None,
    step: Step,
    *,
    item: str | None,
    rater: str | None,
    label: str | None,
    group: Sequence[str] | None,
    weight: str | None,
    scale: str | None,
    missing: str,
) -> Annotations:
    """Count the labels of a file, one row a label."""
    from ..data import Annotations

    path = existing_file(path, "ratings")
    if _is_saved(path, "ratings"):
        given = {"item": item, "rater": rater, "label": label, "group": group, "weight": weight}
        given["scale"] = scale
        refuse_options(path, "ratings that are counted already", given, missing, _TABLE)
        return Annotations.load(path)
    step(f"looking at {path.name}")
    names = names_of(path)
    columns = {
        "item": item or _guess(names, ITEMS, "item"),
        "rater": rater or _guess(names, RATERS, "rater"),
        "label": label or _guess(names, LABELS, "label"),
    }
    if None in (item, rater, label):
        note(f"guessed columns: {' '.join(f'{key}={name}' for key, name in columns.items())}")
    step(f"counting the labels of {path.name}")
    ratings = Annotations.from_frame(
        path, **columns, group=list(group) if group else None, weight=weight,
        scale=scale or "nominal", missing=missing,
    )  # fmt: skip
    note(str(ratings))
    return ratings


def read_ballots(
    path: Path | None,
    step: Step,
    *,
    voter: str | None = None,
    alternative: str | None = None,
    rank: str | None = None,
    utility: str | None = None,
    approved: str | None = None,
    count: str | None = None,
    unranked: str | None = None,
    missing: str = "error",
) -> Ballots:
    """Read ballots from a PrefLib file, or a table with a row for each voter and alternative."""
    from ..data import Ballots

    path = existing_file(path, "ballots")
    given = {"rank": rank, "utility": utility, "approved": approved}
    of_table = {"voter": voter, "alternative": alternative, **given, "count": count}
    if _is_saved(path, "ballots"):
        of_table["unranked"] = unranked
        refuse_options(path, "ballots that are counted already", of_table, missing, _TABLE)
        return Ballots.load(path)
    step(f"reading {path.name}")
    unranked = unranked or "last"
    if path.suffix.lower() in PREFLIB:
        refuse_options(path, "ballots as PrefLib writes them", of_table, missing, _TABLE)
        ballots = Ballots.from_preflib(path, unranked=unranked)
        note(str(ballots))
        return ballots
    names = names_of(path)
    known = {name.strip().casefold() for name in names}
    if voter is None and any(one in known and other in known for one, other in PAIRS):
        raise DataError(
            f"{path} holds pairwise votes, not ballots; `pluralism report` says what voting rules "
            "make of those"
        )
    columns = {
        "voter": voter or _guess(names, VOTERS, "voter"),
        "alternative": alternative or _guess(names, ALTERNATIVES, "alternative"),
    }
    if not any(given.values()):
        found = _saying(names)
        if found is None:
            raise DataError(
                "no column is named like a rank, utility or approval; name it with --rank, "
                f"--utility or --approved (the columns: {enumerate_some(names, 12)})"
            )
        given = dict.fromkeys(given) | dict([found])
    says = {key: name for key, name in given.items() if name is not None}
    if voter is None or alternative is None or not (rank or utility or approved):
        told = {**columns, **says}
        note(f"guessed columns: {' '.join(f'{key}={name}' for key, name in told.items())}")
    ballots = Ballots.from_frame(
        path, **columns, **says, count=count, unranked=unranked, missing=missing
    )
    note(str(ballots))
    return ballots


def count_answers(
    path: Path | None, step: Step, *, label: str | None, by: str | None
) -> pd.DataFrame:
    """Answers of a file as counts, rows of `by` (or one row) x answers."""
    import narwhals as nw
    import pandas as pd

    from ..data._frames import check_columns, open_frame

    path = existing_file(path, "answers")
    step(f"counting the answers of {path.name}")
    names = names_of(path)
    column = label or _guess(names, LABELS, "label")
    if label is None:
        note(f"guessed columns: label={column}")
    keys = [column] if by is None else [by, column]
    frame = open_frame(path, labels=keys).frame
    check_columns(frame, keys)
    rows = collected(frame.select(keys).group_by(keys).agg(nw.len().alias("n")))
    table = pd.DataFrame({name: rows[name].to_list() for name in (*keys, "n")})
    absent = int(table.loc[table[keys].isna().any(axis=1), "n"].sum())
    if absent:
        note(f"{absent:,} rows without a value in {' or '.join(keys)} are left out")
    table = table.dropna(subset=keys)
    if not len(table):
        raise DataError(f"{path} holds no answer; there is nothing to measure")
    if by is None:
        table["all answers"] = "all answers"
    wide = table.pivot_table(
        index=by or "all answers", columns=column, values="n", aggfunc="sum", fill_value=0,
        observed=True,
    )  # fmt: skip
    return wide


def _is_saved(path: Path, kind: str) -> bool:
    """Whether `path` holds a container of this kind that `save` wrote."""
    from ..data._storage import saved_kind

    return _SAVED.get(saved_kind(path) or "") == kind


def existing_file(path: Path | None, what: str) -> Path:
    """Return `path`, or say that it was not given, is no file, or is empty."""
    if path is None:
        raise DataError(f"name a file of {what}")
    if not path.is_file():
        raise DataError(f"{path} is not a file")
    if not path.stat().st_size:
        raise DataError(f"{path} is empty; it needs a row of column names and rows below it")
    return path


def names_of(path: Path) -> list[str]:
    """Names of the columns of a table."""
    from ..data._frames import open_frame

    return list(open_frame(path).frame.collect_schema().names())


def _known(names: Sequence[str]) -> dict[str, str]:
    """Names as they may be written -> names as they are."""
    return {name.strip().casefold().removesuffix("_id"): name for name in names}


def _guess(names: Sequence[str], likely: Sequence[str], what: str) -> str:
    known = _known(names)
    for name in likely:
        if name in known:
            return known[name]
    rows = "; there is one row a rating" if what in ("item", "rater", "label") else ""
    raise DataError(
        f"no column is named like {what}s ({', '.join(likely[:4])}, ...); name it with --{what} "
        f"(the columns: {enumerate_some(names, 12)}){rows}"
    )


def _saying(names: Sequence[str]) -> tuple[str, str] | None:
    known: dict[str, Any] = _known(names)
    for kind, likely in SAYINGS.items():
        for name in likely:
            if name in known:
                return kind, known[name]
    return None
