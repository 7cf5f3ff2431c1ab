"""An audit of a metric: what it does on data whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _validate
from ..errors import DataError, enumerate_some
from ._attainable import attainable
from ._probes import Scorer, attempt, constant_baselines, size, take

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MetricAudit", "audit_metric"]

_TOLERANCE = 1e-9


class Finding(NamedTuple):
    """One check and what it found."""

    check: str
    verdict: str
    value: float
    detail: str


@dataclass(frozen=True, eq=False)
class MetricAudit:
    """What an audit found.

    Attributes
    ----------
    findings : pandas.DataFrame
        One row a check: ``check``, ``verdict`` ("pass", "warn", "fail", "note"), ``value`` and
        ``detail``. A check whose input was not given is not there.
    scores : pandas.DataFrame
        One row a system: ``score`` and ``stderr`` (bootstrap over rows).
    baselines : dict
        Score of each trivial answer.
    """

    findings: pd.DataFrame = field(repr=False)
    scores: pd.DataFrame
    baselines: dict[str, float]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not (self.findings["verdict"] == "fail").any()

    @property
    def failures(self) -> tuple[str, ...]:
        """The checks that failed, each once."""
        failed = self.findings.loc[self.findings["verdict"] == "fail", "check"]
        return tuple(dict.fromkeys(failed))


def audit_metric(
    metric: Callable[..., Any],
    systems: Mapping[Hashable, Any],
    *,
    truth: Any = None,
    scope: str = "system",
    higher_is_better: bool = True,
    declared: tuple[float, float] | None = None,
    best: Any = None,
    worst: Any = None,
    degenerate: Mapping[str, Any] | None = None,
    invariances: Mapping[str, Callable[[Any], Any]] | None = None,
    improvements: Sequence[tuple[Any, Any]] = (),
    baselines: Mapping[str, Any] | None = None,
    reported: Mapping[Hashable, tuple[Any, int, int]] | None = None,
    repeats: int = 3,
    n_replicates: int = 200,
    seed: Any = None,
) -> MetricAudit:
    """Put a metric to the questions that a careful reader would ask of it.

    Parameters
    ----------
    metric : callable
        ``metric(data)``, or ``metric(data, truth)`` where a truth is given.
    systems : mapping of hashable to data
        Item-level answers of each system: an array, a frame, a list, or a tuple of these, with
        one row an item.
    truth : data, optional
        The right answers, on the same rows. It brings the constant, majority and random
        baselines; where answers name positions (A, B, ...), the constants are the position
        baselines.
    scope : {"system", "rows", "set"}
        What the metric returns: a number for one system's data, one value for every row, or,
        given the mapping of all systems, a mapping of their scores.
    higher_is_better : bool
        Direction.
    declared : tuple of float, optional
        Range that the metric is said to have.
    best, worst : data, optional
        Constructed cases that should reach its ends (with the given truth).
    degenerate : mapping of str to data, optional
        Extreme inputs. A finite value or an error of value is a pass; NaN, an infinity or a
        crash is a failure.
    invariances : mapping of str to callable, optional
        Changes of the data that should not matter, besides the order of rows and their
        duplication.
    improvements : sequence of (data, data)
        Pairs of worse and better data.
    baselines : mapping of str to data, optional
        Answers that need no system, besides those that the truth brings.
    reported : mapping of hashable to (percent, n, decimals), optional
        Printed percentages to check by `attainable`.
    repeats : int
        Calls on the same data, which should agree.
    n_replicates : int
        Resamples of the rows for sampling errors.
    seed : int, numpy.random.Generator, optional
        Of resamples and random baselines.

    Returns
    -------
    MetricAudit
        Checks: "range", "degenerate input", "dropped rows", "invariance", "monotone response",
        "resolution", "range used", "baselines", "sampling error", "repeatability", "comparison
        set", "attainability".

    Raises
    ------
    DataError
        If there is no system, the systems have different numbers of rows, or an option is
        unknown. What the metric raises on the systems themselves is raised.

    Notes
    -----
    A row counts as dropped if the metric of that row alone is not a number and leaving it out
    changes nothing. A metric depends on its comparison set if the value of a row (of a system)
    changes when other rows (systems) are left out.

    Examples
    --------
    A benchmark whose right answer is nearly always A:

    >>> import numpy as np
    >>> from pluralism.scores import audit_metric
    >>> truth = np.array(["A"] * 93 + ["B"] * 7)
    >>> answers = {"model": np.array(["A"] * 85 + ["B"] * 15)}
    >>> audit = audit_metric(lambda a, t: (a == t).mean(), answers, truth=truth, seed=0)
    >>> audit.failures, audit.baselines["always A"]
    (('baselines',), 0.93)
    """
    import pandas as pd

    _validate.one_of("scope", scope, ("system", "rows", "set"))
    repeats = _validate.whole_number("repeats", repeats, at_least=1)
    n_replicates = _validate.whole_number("n_replicates", n_replicates, at_least=2)
    rng = _validate.generator("seed", seed)
    if not callable(metric) or not isinstance(systems, Mapping) or not systems:
        raise DataError(
            "`metric` must be a function and `systems` a mapping of at least one system"
        )
    rows = {name: size(data) for name, data in systems.items()}
    if len(set(rows.values())) > 1 or (truth is not None and size(truth) not in rows.values()):
        raise DataError(f"systems (and `truth`) must have the same rows; they have {rows}")
    if not next(iter(rows.values())):
        raise DataError("`systems` have no rows; at least one is needed")
    score = Scorer(metric, scope, systems, truth)
    values = {name: score(data) for name, data in systems.items()}
    direction = 1.0 if higher_is_better else -1.0

    findings: list[Finding] = []
    findings += _range(score, values, declared, {"best": best, "worst": worst}, direction)
    for name, data in (degenerate or {}).items():
        findings.append(_degenerate(score, name, data))
    findings += _rows(score, systems, values)
    findings += _invariance(score, systems, values, invariances or {}, rng)
    for place, (worse, better) in enumerate(improvements):
        findings.append(_monotone(score, place, worse, better, direction))
    trivial = _baselines(score, truth, baselines or {}, rng)
    if trivial:
        findings.append(_against_baselines(values, trivial, direction))
    errors, sampling = _sampling(score, systems, values, n_replicates, rng)
    findings.append(sampling)
    findings.append(_repeatability(score, systems, values, repeats))
    if scope != "system":
        findings.append(_comparison_set(score, systems))
    for figure, printed in (reported or {}).items():
        if not isinstance(printed, (tuple, list)) or len(printed) != 3:
            raise DataError(f"`reported[{figure!r}]` is {printed!r}; it must be (percent, n, "
                            "decimals)")  # fmt: skip
        percent, n, decimals = printed
        verdict = attainable(percent, n, decimals)
        told = f"{figure}: {percent}% of {n} is " + (
            f"{verdict.counts[0]} of them"
            if verdict
            else f"no count (nearest {verdict.nearest:.4f})"
        )
        findings.append(
            Finding("attainability", "pass" if verdict else "fail", float(verdict.nearest), told)
        )
    return MetricAudit(
        pd.DataFrame(findings),
        pd.DataFrame({"score": values, "stderr": errors}),
        trivial,
    )


def _range(
    score: Scorer,
    values: Mapping[Hashable, float],
    declared: tuple[float, float] | None,
    cases: Mapping[str, Any],
    direction: float,
) -> list[Finding]:
    found = []
    span = max(values.values()) - min(values.values())
    if declared is None:
        return [Finding("range used", "note", span, "systems differ by this much; none declared")]
    if len(declared) != 2:
        raise DataError(f"`declared` is {declared!r}; it must be (lowest, highest)")
    low, high = (_validate.number("declared", bound) for bound in declared)
    if low >= high:
        raise DataError(f"`declared` is {declared!r}; the first must be below the second")
    outside = [name for name, value in values.items() if not low <= value <= high]
    if outside:
        found.append(
            Finding("range", "fail", values[outside[0]],
                    f"{enumerate_some(outside)} outside the declared [{low:g}, {high:g}]")
        )  # fmt: skip
    for name, data in cases.items():
        if data is None:
            continue
        end = high if (name == "best") == (direction > 0) else low
        value, error = attempt(partial(score, data))
        reached = not error and abs(value - end) <= _TOLERANCE * max(1.0, abs(end))
        found.append(
            Finding("range", "pass" if reached else "fail", value,
                    error or f"the {name} case scores {value:g}; declared {end:g}")
        )  # fmt: skip
    used = span / (high - low)
    found.append(
        Finding("range used", "note" if used >= 0.05 else "warn", used,
                f"systems span {used:.1%} of the declared range")
    )  # fmt: skip
    return found


def _degenerate(score: Scorer, name: str, data: Any) -> Finding:
    value, error = attempt(lambda: score(data))
    if error:
        # An error of value that speaks is an answer; a crash is not.
        kind = error.split(":")[0]
        refused = kind in ("DataError", "LabelError", "NotIdentifiedError", "ValueError")
        return Finding("degenerate input", "pass" if refused else "fail", value, f"{name}: {error}")
    verdict = "pass" if np.isfinite(value) else "fail"
    return Finding("degenerate input", verdict, value, f"{name}: returns {value:g}")


def _rows(
    score: Scorer, systems: Mapping[Hashable, Any], values: Mapping[Hashable, float]
) -> list[Finding]:
    """Which rows are silently left out, and how much one row moves the score."""
    lost: dict[Hashable, list[int]] = {}
    moves = []
    for name, data in systems.items():
        n = size(data)
        shown = range(n) if n <= 200 else np.linspace(0, n - 1, 200).astype(int)
        for row in shown:
            rest = np.delete(np.arange(n), row)
            without, _ = attempt(partial(score.on_rows, data, rest))
            if abs(without - values[name]) <= 1e-12 * max(1.0, abs(values[name])):
                alone, _ = attempt(partial(score.on_rows, data, np.array([row])))
                if not np.isfinite(alone):
                    lost.setdefault(name, []).append(int(row))
            elif np.isfinite(without):
                moves.append(abs(without - values[name]))
    found = []
    if lost:
        name, places = next(iter(lost.items()))
        count = sum(map(len, lost.values()))
        found.append(
            Finding("dropped rows", "fail", float(count),
                    f"{count} row(s) have no value and are left out unsaid; of {name!r}: row "
                    f"{enumerate_some(places)}")
        )  # fmt: skip
    else:
        found.append(Finding("dropped rows", "pass", 0.0, "every row tried counts"))
    if moves:
        found.append(
            Finding("resolution", "note", float(np.median(moves)),
                    "median change of the score when one row is left out")
        )  # fmt: skip
    return found


def _invariance(
    score: Scorer,
    systems: Mapping[Hashable, Any],
    values: Mapping[Hashable, float],
    changes: Mapping[str, Callable[[Any], Any]],
    rng: np.random.Generator,
) -> list[Finding]:
    name, data = next(iter(systems.items()))
    n = size(data)
    calls: dict[str, Callable[[], float]] = {}
    if score.scope != "set":
        order, twice = rng.permutation(n), np.repeat(np.arange(n), 2)
        calls["order of rows"] = lambda: score.on_rows(data, order)
        calls["every row twice"] = lambda: score.on_rows(data, twice)
    for told, change in changes.items():
        calls[told] = partial(_changed, score, change, data)
    found = []
    for told, call in calls.items():
        value, error = attempt(call)
        same = not error and abs(value - values[name]) <= _TOLERANCE * max(1.0, abs(values[name]))
        found.append(
            Finding("invariance", "pass" if same else "fail", value - values[name],
                    f"{told}: {error or f'{values[name]:g} becomes {value:g}'}")
        )  # fmt: skip
    return found


def _changed(score: Scorer, change: Callable[[Any], Any], data: Any) -> float:
    return score(change(data))


def _monotone(score: Scorer, place: int, worse: Any, better: Any, direction: float) -> Finding:
    low, first = attempt(lambda: score(worse))
    high, second = attempt(lambda: score(better))
    gain = direction * (high - low)
    told = first or second or f"pair {place}: {low:g} becomes {high:g}"
    return Finding("monotone response", "pass" if gain > 0 else "fail", gain, told)


def _baselines(
    score: Scorer, truth: Any, given: Mapping[str, Any], rng: np.random.Generator
) -> dict[str, float]:
    tried: dict[str, list[Any]] = {name: [data] for name, data in given.items()}
    if truth is not None:
        tried = {**constant_baselines(truth, rng), **tried}
    scored = {}
    for name, datas in tried.items():
        each = [attempt(partial(score, data))[0] for data in datas]
        scored[name] = float(np.mean(each))
    return scored


def _against_baselines(
    values: Mapping[Hashable, float], trivial: Mapping[str, float], direction: float
) -> Finding:
    known = {name: value for name, value in trivial.items() if np.isfinite(value)}
    if not known:
        return Finding("baselines", "warn", float("nan"), "no baseline has a score")
    top = max(known, key=lambda name: direction * known[name])
    below = [name for name, value in values.items() if direction * value <= direction * known[top]]
    verdict = "fail" if len(below) == len(values) else "warn" if below else "pass"
    return Finding(
        "baselines",
        verdict,
        known[top],
        f"{top!r} scores {known[top]:.4g}; {len(below)} of {len(values)} systems do not beat it",
    )


def _sampling(
    score: Scorer,
    systems: Mapping[Hashable, Any],
    values: Mapping[Hashable, float],
    n_replicates: int,
    rng: np.random.Generator,
) -> tuple[dict[Hashable, float], Finding]:
    n = size(next(iter(systems.values())))
    drawn: dict[Hashable, list[float]] = {name: [] for name in systems}
    for _ in range(n_replicates):
        rows = rng.integers(0, n, n)
        # All systems answer the same rows, so that their differences are paired.
        for name, data in systems.items():
            drawn[name].append(attempt(partial(score.on_rows, data, rows))[0])
    table = {name: np.array(column) for name, column in drawn.items()}
    errors = {
        name: float(np.nanstd(column, ddof=1)) if np.isfinite(column).sum() > 1 else float("nan")
        for name, column in table.items()
    }
    apart = []
    for a, b in combinations(values, 2):
        difference = table[a] - table[b]
        difference = difference[np.isfinite(difference)]
        spread = difference.std(ddof=1) if len(difference) > 1 else np.nan
        apart.append(abs(values[a] - values[b]) > 1.96 * spread)
    told = f"largest standard error {max(errors.values()):.3g}"
    if apart:
        told += f"; {sum(apart)} of {len(apart)} pairs of systems are apart by 1.96 of theirs"
    verdict = "note" if not apart or any(apart) else "warn"
    return errors, Finding("sampling error", verdict, max(errors.values()), told)


def _repeatability(
    score: Scorer, systems: Mapping[Hashable, Any], values: Mapping[Hashable, float], repeats: int
) -> Finding:
    name, data = next(iter(systems.items()))
    again = [attempt(lambda: score(data))[0] for _ in range(repeats)]
    spread = float(np.ptp([values[name], *again]))
    same = spread <= _TOLERANCE * max(1.0, abs(values[name]))
    return Finding(
        "repeatability", "pass" if same else "fail", spread,
        "calls on the same data agree" if same else f"calls on the same data differ by {spread:g}",
    )  # fmt: skip


def _comparison_set(score: Scorer, systems: Mapping[Hashable, Any]) -> Finding:
    """Does a value change when the others that it was computed with are left out?"""
    largest, where = 0.0, ""
    if score.scope == "set":
        whole = score.raw(dict(systems))
        for left_out in systems:
            rest = {name: data for name, data in systems.items() if name != left_out}
            if not rest:
                continue
            values, error = {}, ""
            try:
                values = dict(score.raw(rest))
            except Exception as raised:
                error = f"{type(raised).__name__}: {raised}"
            for name in rest:
                change = float("inf") if error else abs(float(values[name]) - float(whole[name]))
                if not change <= largest:
                    largest, where = change, f"{name!r} without {left_out!r} {error}"
    else:
        name, data = next(iter(systems.items()))
        n = size(data)
        all_rows = np.asarray(score.raw(data), dtype=np.float64)
        for part in (np.arange(n // 2), np.arange(n // 2, n), np.arange(0, n, 2)):
            if not len(part):
                continue
            truth = None if score.truth is None else take(score.truth, part)
            values_of_part = np.asarray(score.raw(take(data, part), truth), dtype=np.float64)
            changes = np.abs(values_of_part - all_rows[part])
            change = float(changes[~np.isnan(changes)].max(initial=0.0))
            if change > largest:
                largest, where = change, f"of {name!r}, some rows alone"
    same = largest <= _TOLERANCE
    return Finding(
        "comparison set", "pass" if same else "fail", largest,
        "values do not depend on what they are computed with" if same
        else f"values change by up to {largest:g} ({where.strip()})",
    )  # fmt: skip
