"""The audit of a metric: answers of systems in columns, the right answer in another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path
from typing import Any

from .._labelled import collected
from ..errors import DataError, enumerate_some
from ._answers import Answer, Part
from ._files import existing_file, names_of

__all__ = ["METRICS", "audit_columns"]


def _accuracy(answers: Any, truth: Any) -> float:
    return float((answers == truth).mean())


def _brier_score(answers: Any, truth: Any) -> float:
    from ..jury import proper_scores

    return float(proper_scores(answers, truth).brier)


def _calibration_error(answers: Any, truth: Any) -> float:
    from ..jury import calibration_error

    return calibration_error(answers, truth)


#: Name -> the metric, and whether more is better.
METRICS: dict[str, tuple[Callable[..., Any], bool]] = {
    "accuracy": (_accuracy, True),
    "brier_score": (_brier_score, False),
    "calibration_error": (_calibration_error, False),
}


def audit_columns(
    path: Path | None,
    metric: str,
    *,
    truth: str | None,
    systems: Sequence[str] | None,
    lower_is_better: bool,
    declared: str | None,
    seed: int,
) -> Answer:
    """Put a metric to the questions of `scores.audit_metric`, on the columns of a file."""
    from ..scores import audit_metric

    function, higher = _metric_of(metric)
    path = existing_file(path, "answers")
    names = names_of(path)
    named = list(systems) if systems else [name for name in names if name != truth]
    used = [*named, *([truth] if truth is not None else [])]
    for name in used:
        if name not in names:
            raise DataError(
                f"there is no column {name!r} in {path} (its columns: {enumerate_some(names)})"
            )
    compares_labels = function is _accuracy
    columns = _columns(path, used if compares_labels else [])
    if compares_labels:
        _refuse_two_ways({name: columns[name] for name in used})
    found = audit_metric(
        function,
        {name: columns[name] for name in named},
        truth=None if truth is None else columns[truth],
        higher_is_better=higher and not lower_is_better,
        declared=_range(declared),
        seed=seed,
    )
    findings = [
        (str(row.check), str(row.verdict), float(row.value), str(row.detail))
        for row in found.findings.itertuples(index=False)
    ]
    scores = [
        (str(name), float(row["score"]), float(row["stderr"]))
        for name, row in found.scores.iterrows()
    ]
    said = (
        f"{metric} fails {', '.join(found.failures)}" if found.failures else f"{metric} fails none"
    )
    n = len(next(iter(columns.values())))
    return Answer(
        {"metric": metric, "rows": n, "truth": truth, "passed": found.passed, "seed": seed},
        [
            Part(
                "findings", f"Checks of {metric} on {n:,} rows", ["check", "verdict", "value",
                "detail"], findings,
            ),
            Part("scores", "Systems", ["system", "score", "stderr"], scores),
            Part(
                "baselines", "Answers that need no system" if found.baselines else "",
                ["answer", "score"], list(found.baselines.items()), said,
            ),
        ],
    )  # fmt: skip


def _metric_of(name: str) -> tuple[Callable[..., Any], bool]:
    """A metric of ours by name, or anybody's as ``module:function``."""
    if name in METRICS:
        return METRICS[name]
    module, colon, function = name.partition(":")
    if not colon:
        raise DataError(
            f"--metric is {name!r}; it must be one of {', '.join(METRICS)}, or a function of yours "
            "as module:function"
        )
    sys.path.insert(0, "")  # as `python -m` does: a module that lies here is found
    try:
        return getattr(import_module(module), function), True
    except (ImportError, AttributeError) as error:
        raise DataError(f"--metric is {name!r}, which cannot be imported: {error}") from error
    finally:
        sys.path.remove("")


def _columns(path: Path, labels: Sequence[str]) -> dict[str, Any]:
    """Columns of a file as arrays; a row without a value is an error."""
    from ..data._frames import open_frame

    frame = collected(open_frame(path, labels=labels, in_order=True).frame)
    columns = {}
    for name in frame.columns:
        if (absent := int(frame[name].is_null().sum())) > 0:
            raise DataError(f"column {name!r} has no value in {absent} row(s); complete them first")
        columns[str(name)] = frame[name].to_numpy()
    return columns


def _refuse_two_ways(columns: dict[str, Any]) -> None:
    """Refuse answers that would never be equal, since they are written in another way."""
    from ..data._labels import check_labels

    values = {name: set(column.tolist()) for name, column in columns.items()}
    words = [name for name, held in values.items() if any(isinstance(x, str) for x in held)]
    others = [name for name in values if name not in words]
    if not words:
        return
    if others:
        raise DataError(
            f"column {words[0]!r} holds text but {others[0]!r} does not, and no text equals a "
            "number; write both in one way"
        )
    texts = check_labels(", ".join(columns), sorted(set().union(*values.values())))
    written: dict[Any, Any] = {}
    for text in texts:
        other = written.setdefault(_number(text), text)
        if other != text:
            raise DataError(
                f"columns {enumerate_some(columns)} hold {other!r} and {text!r}, which are one "
                "number and two texts; write the answer in one way"
            )


def _number(text: Any) -> Any:
    """The number that a text writes, else the text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise DataError(f"--declared is {text!r}; write its two ends, as in 0,1") from None
    return low, high
