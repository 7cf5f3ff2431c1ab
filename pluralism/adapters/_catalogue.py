"""The measures that harnesses can call, each a few lines around a function of the library."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, LabelError
from ._measures import Measure
from ._reading import number, unreadable

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Annotations

__all__ = ["MEASURES", "OUTCOMES", "OUTCOME_MEASURES", "list_measures"]

FloatArray = npt.NDArray[np.float64]


#: Measures whose labels are outcomes, and these.
OUTCOME_MEASURES = frozenset({"answer_coverage", "selective_risk", "abstention_reliability"})
OUTCOMES = ("correct", "wrong", "abstain")


# -- one score a sample ------------------------------------------------------------------


def _distance(name: str) -> Callable[..., float]:
    """Score a prediction by a distance of `perspective` to its reference."""

    def score(prediction: Any, reference: Any, **options: Any) -> float:
        from .. import perspective

        return float(getattr(perspective, name)(prediction, reference, **options))

    return score


def _calibration(name: str) -> Callable[..., float]:
    """Score by one of the measures of `jury.distribution_calibration`."""

    def score(prediction: Any, reference: Any, *, normalize: bool, fill: Any) -> float:
        from .._labelled import take_together
        from ..jury import distribution_calibration

        both = {"prediction": prediction, "reference": reference}
        (p, q), _ = take_together(both, fill=fill)
        fit = distribution_calibration(p[None], q[None], normalize=normalize)
        return float(getattr(fit, name))

    return score


def _preference(prediction: float, _: Any) -> float:
    if not 0.0 <= prediction <= 1.0:
        raise DataError(f"the preference is {prediction:g}; it must be in [0, 1]")
    return prediction


def _abstention(name: str) -> Callable[..., float]:
    def score(prediction: Any, _: Any, **options: Any) -> float:
        from ..scores import abstention_scores

        return float(getattr(abstention_scores([prediction], **options), name))

    return score


def _overton(prediction: set[Any], reference: set[Any]) -> float:
    from ..perspective import overton_coverage

    return overton_coverage([prediction], [reference]).coverage


def _brier(prediction: Any, reference: Any) -> float:
    from ..jury import proper_scores

    return proper_scores(*_forecasts([prediction], [reference])).brier


# -- a number of all samples -------------------------------------------------------------


def _alignment(
    predictions: list[Any], references: list[Any], _: Any, *, distance: str, normalize: bool
) -> FloatArray:
    """Distance of every question, as `perspective.distributional_alignment` scales it."""
    from .._labelled import take_together
    from ..perspective import distributional_alignment

    pairs = [
        take_together({"prediction": p, "reference": q})[0]
        for p, q in zip(predictions, references, strict=True)
    ]
    width = max(len(p) for p, _ in pairs)
    # NaN in both marks an option that a question does not have.
    p, q = (
        np.array(
            [
                np.pad(pair[side], (0, width - len(pair[side])), constant_values=math.nan)
                for pair in pairs
            ]
        )
        for side in (0, 1)
    )
    fit = distributional_alignment(p, q, distance=distance, normalize=normalize)
    return np.asarray(fit.by_question, dtype=np.float64)


def _diversity(name: str) -> Callable[..., float]:
    """Diversity of the answers to all samples, counted together."""

    def statistic(predictions: list[Any], _: Any, __: Any, **options: Any) -> float:
        from .. import perspective

        codes: dict[Any, int] = {}
        counts = np.bincount([codes.setdefault(answer, len(codes)) for answer in predictions])
        return float(getattr(perspective, name)(counts, **options))

    return statistic


def _ratings(predictions: list[list[Any]], options: Mapping[str, Any]) -> Annotations:
    """Put what the raters of every sample said into a container; who is who is not known."""
    from ..data import Annotations

    width = max(map(len, predictions))
    table = [[*given, *[None] * (width - len(given))] for given in predictions]
    return Annotations.from_matrix(np.array(table, dtype=object).T, **options)


def _agreement(name: str) -> Callable[..., float]:
    """Agreement of the raters of every sample; who is who does not matter to it."""

    def statistic(predictions: list[list[Any]], _: Any, __: Any, **options: Any) -> float:
        from .. import jury

        return float(getattr(jury, name)(_ratings(predictions, options)))

    return statistic


def _agreement_error(name: str) -> Callable[..., float]:
    """Bootstrap it over items in batches, which takes the same draws as one by one."""

    def stderr(
        predictions: list[list[Any]], options: Mapping[str, Any], n: int, seed: Any
    ) -> float:
        from .. import jury
        from ..uncertainty import bootstrap

        ratings = _ratings(predictions, options)
        found = bootstrap(
            getattr(jury, name),
            ratings,
            unit="item",
            n=n,
            seed=seed,
            max_failed=0.5,
            progress=False,
        )
        return float(found.stderr)

    return stderr


def _ece(predictions: list[Any], references: list[Any], _: Any, **options: Any) -> float:
    from ..jury import calibration_error

    return calibration_error(*_forecasts(predictions, references), **options)


def _risk(predictions: list[Any], _: Any, __: Any) -> float:
    from ..scores import abstention_scores

    risk = abstention_scores(predictions).risk
    if math.isnan(risk):
        raise DataError("every sample is an abstention; the risk of answers is not defined")
    return risk


def _group_statistic(pick: Callable[[FloatArray], float]) -> Callable[..., float]:
    def statistic(predictions: list[float], _: Any, groups: list[Any]) -> float:
        members: dict[Any, list[float]] = {}
        for value, group in zip(predictions, groups, strict=True):
            members.setdefault(group, []).append(value)
        if len(members) < 2:
            raise DataError(f"all samples are in one group, {groups[0]!r}; at least 2 are needed")
        return float(pick(np.array([np.mean(values) for values in members.values()])))

    return statistic


def _forecasts(predictions: Sequence[Any], references: Sequence[Any]) -> tuple[Any, Any]:
    """Bring forecasts and what happened into the forms that `jury` takes.

    A number is the probability of the positive class, and its reference 0, 1 or a share. A list
    or a mapping is a distribution; its reference is the true category, or counts or shares.
    """
    if all(isinstance(value, float) for value in predictions):
        return list(predictions), [number(value, "a reference") for value in references]
    if any(isinstance(value, float) for value in predictions):
        raise DataError("some predictions are numbers and some lists; give all in one form")
    names = list(predictions[0]) if isinstance(predictions[0], Mapping) else None
    rows = [_row(value, names, "a prediction") for value in predictions]
    counts: list[list[float]] = []
    if all(isinstance(value, (list, Mapping)) for value in references):
        counts = [_row(value, names, "a reference") for value in references]
    if len({len(row) for row in rows + counts}) > 1:
        raise DataError("samples differ in their number of categories; they must agree")
    if counts:
        return rows, counts
    return rows, [_position(value, names, len(rows[0])) for value in references]


def _row(value: Any, names: list[Any] | None, what: str) -> list[float]:
    if names is None:
        if isinstance(value, Mapping):
            raise DataError(f"{what} names its categories and others do not; give all in one form")
        return list(value)
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise LabelError(f"{what} is {value!r}; it must give a number to each of {names!r}")
    return [value[name] for name in names]


def _position(value: Any, names: list[Any] | None, k: int) -> int:
    if names is not None and value in names:
        return names.index(value)
    if names is None and isinstance(value, int) and 0 <= value < k:
        return int(value)
    known = repr(names) if names is not None else f"a position from 0 to {k - 1}"
    raise unreadable(value, "a reference", f"one of {known}")


# -- the table ---------------------------------------------------------------------------

_SHARES = {"normalize": False, "fill": None}
_RATINGS = {"scale": "nominal", "categories": None}


def _table() -> dict[str, Measure]:
    def of_shares(
        name: str, score: Callable[..., float], summary: str, better: bool = False, **options: Any
    ) -> Measure:
        kinds = ("distribution", "distribution")
        return Measure(name, *kinds, summary, better, score=score, options=_SHARES | options)

    def pooled(name: str, statistic: Any, summary: str, **options: Any) -> Measure:
        return Measure(name, "label", None, summary, None, statistic=statistic, options=options)

    def of_raters(name: str, summary: str) -> Measure:
        made: dict[str, Any] = {"statistic": _agreement(name), "stderr": _agreement_error(name)}
        return Measure(name, "label list", None, summary, True, options=_RATINGS, **made)

    def by_group(name: str, pick: Any, summary: str, better: bool) -> Measure:
        statistic = _group_statistic(pick)
        return Measure(name, "number", None, summary, better, statistic=statistic, grouped=True)

    bins = {"bins": 15, "edges": "width", "closed": "right", "norm": "l1"}
    rows = [
        of_shares(
            "js_distance",
            _distance("js_distance"),
            "root of the Jensen-Shannon divergence",
            base=None,
        ),
        of_shares(
            "js_divergence", _distance("js_divergence"), "Jensen-Shannon divergence", base=None
        ),
        of_shares(
            "total_variation", _distance("total_variation"), "half the sum of differences (DistCE)"
        ),
        of_shares("hellinger", _distance("hellinger"), "Hellinger distance"),
        of_shares(
            "wasserstein",
            _distance("wasserstein"),
            "Wasserstein-1 distance of ordered options",
            values=None,
        ),
        Measure(
            "distributional_alignment",
            "distribution",
            "distribution",
            "distance of answers in [0, 1], over questions",
            False,
            statistic=_alignment,
            options={"distance": "js_distance", "normalize": False},
        ),
        of_shares("ent_ce", _calibration("ent_ce"), "difference of entropies (EntCE)"),
        of_shares("rank_cs", _calibration("rank_cs"), "share ranked alike (RankCS)", better=True),
        Measure(
            "overton_coverage",
            "label set",
            "label set",
            "share of reasonable answers given",
            True,
            score=_overton,
        ),
        Measure(
            "calibration_error",
            "probability",
            "target",
            "expected calibration error",
            False,
            statistic=_ece,
            options=bins,
        ),
        Measure(
            "brier_score",
            "probability",
            "target",
            "squared error of probabilities",
            False,
            score=_brier,
        ),
        pooled(
            "entropy",
            _diversity("entropy"),
            "entropy of the answers",
            estimator="plugin",
            k=None,
            base=None,
        ),
        pooled(
            "normalized_entropy",
            _diversity("normalized_entropy"),
            "entropy over that of k categories",
            k=None,
        ),
        pooled("hill_number", _diversity("hill_numbers"), "effective number of answers", q=1.0),
        of_raters("krippendorff_alpha", "agreement of raters, any scale"),
        of_raters("fleiss_kappa", "agreement of raters, chance by pooled shares"),
        of_raters("gwet_ac1", "agreement of raters, robust to skew"),
        Measure("win_rate", "number", None, "mean preference in [0, 1]", True, score=_preference),
        Measure(
            "answer_coverage",
            "label",
            None,
            "share answered rather than abstained",
            None,
            score=_abstention("coverage"),
        ),
        Measure(
            "selective_risk",
            "label",
            None,
            "share wrong of what was answered",
            False,
            statistic=_risk,
        ),
        Measure(
            "abstention_reliability",
            "label",
            None,
            "pay-off of answers and abstentions",
            True,
            score=_abstention("reliability"),
            options={"cost": 1.0},
        ),
        by_group("group_range", np.ptp, "largest less smallest group average", False),
        by_group("worst_group", np.min, "smallest group average", True),
    ]
    return {row.name: row for row in rows}


#: Name -> measure, in the order of the documentation.
MEASURES: Mapping[str, Measure] = _table()


def list_measures() -> pd.DataFrame:
    """List what the harness adapters can compute.

    Returns
    -------
    pandas.DataFrame
        One row a measure: ``measure``, ``prediction`` and ``reference`` (what a sample must
        bring), ``higher_is_better``, ``options`` and ``summary``.

    Raises
    ------
    ImportError
        If pandas cannot be imported.

    Examples
    --------
    >>> from pluralism.adapters import list_measures
    >>> list_measures().set_index("measure").loc["krippendorff_alpha", "prediction"]
    'label list'
    """
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "measure": row.name,
                "prediction": row.prediction,
                "reference": row.reference or "",
                "higher_is_better": row.higher_is_better,
                "options": ", ".join(row.options),
                "summary": row.summary,
            }
            for row in MEASURES.values()
        ]
    )
