"""The audit of a metric: answers of systems in columns, the right answer in another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from .._labelled import collected
from ..errors import DataError, enumerate_some
from ._answers import Answer, Part
from ._files import existing_file

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
    columns = _columns(path)
    named = list(systems) if systems else [name for name in columns if name != truth]
    for name in (*named, *([truth] if truth is not None else [])):
        if name not in columns:
            raise DataError(
                f"there is no column {name!r} in {path} (its columns: {enumerate_some(columns)})"
            )
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


def _columns(path: Path) -> dict[str, Any]:
    """Columns of a file as arrays; a row without a value is an error."""
    from ..data._frames import open_frame

    frame = collected(open_frame(path, in_order=True).frame)
    columns = {}
    for name in frame.columns:
        if (absent := int(frame[name].is_null().sum())) > 0:
            raise DataError(f"column {name!r} has no value in {absent} row(s); complete them first")
        columns[str(name)] = frame[name].to_numpy()
    return columns


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise DataError(f"--declared is {text!r}; write its two ends, as in 0,1") from None
    return low, high
