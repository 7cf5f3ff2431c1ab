"""Pairwise judgements and rubric judgements that other projects publish."""

from __future__ import annotations

import math
from typing import Any

from ..data import Annotations, Comparisons
from ..errors import DataError
from ._containers import Texts, annotated, compared
from ._files import field, paths_of, read_records
from ._reading import is_absent, name, number, plain

__all__ = ["read_alpaca_eval", "read_arena", "read_morebench"]

#: What arena files call the outcomes.
_OUTCOMES = {
    "model_a": "first",
    "model_b": "second",
    "tie": "tie",
    "tie (bothbad)": "tie",
    "both_bad": "tie",
}
_BOTH_BAD = ("tie (bothbad)", "both_bad")
#: Columns of MoReBench that name something.
_MOREBENCH = ("task_id", "criterion_id", "model", "channel")


def read_alpaca_eval(paths: Any) -> Comparisons:
    """Read annotations of AlpacaEval as soft comparisons.

    Parameters
    ----------
    paths : path or list of paths
        Files ``annotations.json``, one a model: `generator_1` (the baseline), `generator_2` and
        `preference`, from 1 (the first is better) to 2; 1.5, or 0 in old files, is a draw.

    Returns
    -------
    Comparisons
        Without a shown order, which the files do not tell: AlpacaEval shuffles what its judge
        sees. Annotations without a preference are counted in `dropped`.

    Raises
    ------
    DataError
        If a file holds something else or is named twice, or a preference is out of range.
    LabelError
        If a model's name is written in two ways.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from pluralism.adapters import read_alpaca_eval
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "annotations.json"
    >>> rows = [{"generator_1": "base", "generator_2": "new", "preference": p} for p in (1.9, 1.5)]
    >>> _ = path.write_text(json.dumps(rows))
    >>> votes = read_alpaca_eval(path)
    >>> votes.n_votes, votes.items
    (2, ('base', 'new'))
    """
    pairs: list[tuple[Any, Any]] = []
    shares: list[float] = []
    ties: list[bool] = []
    missing = 0
    for path in paths_of("paths", paths):
        for place, row in enumerate(read_records(path, ("generator_1", "generator_2"))):
            where = f"{path}: record {place}"
            given = plain(field(row, "preference", where))
            if is_absent(given):
                missing += 1
                continue
            preference = number(given, f"{where}: the preference")
            if preference != 0 and not 1 <= preference <= 2:
                raise DataError(f"{where}: the preference is {preference:g}; it must be in [1, 2]")
            names = (field(row, "generator_1", where), field(row, "generator_2", where))
            pairs.append((name(names[0], where), name(names[1], where)))
            shares.append(2.0 - preference if preference else 0.5)
            ties.append(preference in (0, 1.5))
    if not pairs:
        raise DataError("`paths` hold no preference")
    return compared(pairs, shares, ties, {"no preference": missing})


def read_arena(paths: Any, *, both_bad: str = "tie", order_known: bool = True) -> Comparisons:
    """Read arena battles: two models, and which of their answers a person preferred.

    Parameters
    ----------
    paths : path or list of paths
        Files of ``model_a``, ``model_b`` and ``winner`` ("model_a", "model_b", "tie", "tie
        (bothbad)" or "both_bad"), as JSON, JSON lines, CSV or Parquet.
    both_bad : {"tie", "drop"}
        What a vote that both answers are bad is; dropped votes are counted in `dropped`.
    order_known : bool
        Whether `model_a` is what was shown first (left).

    Returns
    -------
    Comparisons

    Raises
    ------
    DataError
        If a file holds something else or is named twice, or a winner is of an unknown kind.
    LabelError
        If a model's name is written in two ways.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from pluralism.adapters import read_arena
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "battles.json"
    >>> rows = [{"model_a": "x", "model_b": "y", "winner": w} for w in ("model_a", "tie (bothbad)")]
    >>> _ = path.write_text(json.dumps(rows))
    >>> read_arena(path, both_bad="drop").dropped
    {'both bad': 1}
    """
    from .. import _validate

    _validate.one_of("both_bad", both_bad, ("tie", "drop"))
    pairs: list[tuple[Any, Any]] = []
    shares: list[float] = []
    ties: list[bool] = []
    bad = 0
    for path in paths_of("paths", paths):
        for place, row in enumerate(read_records(path, ("model_a", "model_b"))):
            where = f"{path}: record {place}"
            winner = field(row, "winner", where)
            outcome = _OUTCOMES.get(winner) if isinstance(winner, str) else None
            if outcome is None:
                raise DataError(
                    f"{where}: the winner is {winner!r}; it must be one of {list(_OUTCOMES)}"
                )
            if winner in _BOTH_BAD and both_bad == "drop":
                bad += 1
                continue
            names = (field(row, "model_a", where), field(row, "model_b", where))
            pairs.append((name(names[0], where), name(names[1], where)))
            shares.append({"first": 1.0, "second": 0.0, "tie": 0.5}[outcome])
            ties.append(outcome == "tie")
    if not pairs:
        raise DataError("`paths` hold no battle that counts")
    return compared(pairs, shares, ties, {"both bad": bad}, order_known=order_known)


def read_morebench(paths: Any, *, as_published: bool = False) -> Annotations:
    """Read rubric judgements of MoReBench: which model's answer meets which criterion.

    Parameters
    ----------
    paths : path or list of paths
        Files with one row a judgement: ``task_id``, ``criterion_id``, ``model``, ``judgement``
        and, where answers and thinking are judged apart, ``channel``.
    as_published : bool
        Read judgements as MoReBench's code does: "yes" anywhere is a yes, else "no" anywhere (as
        in "not") a no. By default the first word counts.

    Returns
    -------
    Annotations
        Items are criteria of a task (and channel), raters are models, labels are "no" and "yes".
        Judgements that are neither are counted in `dropped`. `scores.rubric_score` gives the
        weighted score, from the columns of the file.

    Raises
    ------
    DataError
        If a file holds something else, is named twice, or holds no judgement.
    LabelError
        If a name is written in two ways, or two items would share one label.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from pluralism.adapters import read_morebench
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "judgements.json"
    >>> row = {"task_id": "t", "criterion_id": "c", "model": "m"}
    >>> _ = path.write_text(json.dumps([row | {"judgement": "Yes."}]))
    >>> read_morebench(path).categories
    ('no', 'yes')
    """
    from ..scores._rubric import _verdicts

    rows: list[tuple[Any, Any, Any]] = []
    unclear = 0
    texts = Texts("items")
    for path in paths_of("paths", paths):
        for place, row in enumerate(read_records(path, _MOREBENCH)):
            where = f"{path}: record {place}"
            parts = [field(row, part, where) for part in ("task_id", "criterion_id")]
            parts += [row["channel"]] if not is_absent(plain(row.get("channel"))) else []
            said = plain(field(row, "judgement", where))
            verdict = float(_verdicts([said], as_published)[0])
            if math.isnan(verdict):
                unclear += 1
                continue
            item = texts.of([name(part, where) for part in parts])
            model = name(field(row, "model", where), where)
            rows.append((item, model, "yes" if verdict else "no"))
    return annotated(rows, False, {"no verdict": unclear}, "nominal", ("no", "yes"), "judgement")
