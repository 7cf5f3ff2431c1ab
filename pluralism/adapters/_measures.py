"""What a measure is, whatever the harness: records in, an estimate and its standard error out."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..errors import ApproximationWarning, DataError, LabelError, SmallSampleWarning
from ._reading import ABSENT, is_absent, label, plain, read

__all__ = ["PARTS", "Estimate", "Measure", "Record", "estimate", "figure", "find", "measure"]

FloatArray = npt.NDArray[np.float64]

#: Samples from which a batched standard error is worth its compilation.
MANY = 2000
#: Keywords of `estimate` itself; every other one belongs to the measure.
COMMON = {"missing": "drop", "unreadable": "error", "replicates": 200, "seed": 0}


class Record(NamedTuple):
    """One sample as a harness knows it.

    Attributes
    ----------
    prediction : object
        What the model, or the raters, said.
    reference : object
        What it is held against.
    group : object
        Group of the sample, for measures that compare groups.
    cluster : object
        What the sample shares with others (a passage, a topic), for the standard error.
    weight : float or None
        How much the sample counts, for measures that are a mean over samples.
    """

    prediction: Any
    reference: Any = None
    group: Any = None
    cluster: Any = None
    weight: Any = None


@dataclass(frozen=True)
class Estimate:
    """A measure with its standard error.

    Attributes
    ----------
    value : float
        NaN where no sample could be counted.
    stderr : float
        Standard error over samples (or clusters of them); NaN for a single one.
    n : int
        Samples counted.
    dropped : mapping of str to int
        Reason -> samples left out.
    """

    value: float
    stderr: float
    n: int
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """How records become a number.

    Attributes
    ----------
    name : str
        What harnesses call it.
    prediction, reference : str or None
        Kinds that `_reading.READERS` knows; None where there is no reference.
    summary : str
        One line for catalogues.
    higher_is_better : bool or None
        None where neither is.
    score : callable or None
        ``(prediction, reference, **options) -> float`` of one sample; the mean is the estimate.
    statistic : callable or None
        In its place, where the estimate is no such mean: ``(predictions, references, groups,
        **options)`` to a float, or to an array of one score a sample.
    options : mapping of str to object
        Keywords and their defaults.
    grouped : bool
        Whether a sample needs a group.
    stderr : callable or None
        ``(predictions, options, replicates, seed)`` to what the bootstrap of single samples
        gives, faster for many.
    """

    name: str
    prediction: str
    reference: str | None
    summary: str
    higher_is_better: bool | None
    score: Callable[..., float] | None = None
    statistic: Callable[..., FloatArray | float] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    grouped: bool = False
    stderr: Callable[[list[Any], Mapping[str, Any], int, Any], float] | None = None

    def compute(self, kept: Sequence[_Kept], options: Mapping[str, Any]) -> FloatArray | float:
        """Return the scores of samples, or a statistic of them all."""
        if self.score is not None:
            return np.array([self._scored(sample, options) for sample in kept])
        assert self.statistic is not None
        records = [sample.record for sample in kept]
        predictions, references, groups, *_ = map(list, zip(*records, strict=True))
        return self.statistic(predictions, references, groups, **options)

    def _scored(self, sample: _Kept, options: Mapping[str, Any]) -> float:
        assert self.score is not None
        try:
            return float(self.score(sample.record.prediction, sample.record.reference, **options))
        except DataError as error:
            raise type(error)(f"{self.name}, sample {sample.place}: {error}") from error


class _Kept(NamedTuple):
    """A record that was read, and where it stood."""

    record: Record
    place: int


def find(name: str, options: Mapping[str, Any] | None = None) -> Measure:
    """Return the measure of that name, or say which there are; check the names of its options."""
    from ._catalogue import MEASURES

    if name not in MEASURES:
        raise LabelError.unknown(
            "`name`", name, known=sorted(MEASURES), argument="the catalogue of measures"
        )
    wanted = MEASURES[name]
    known = {*wanted.options, *COMMON}
    for option in options or ():
        if option not in known:
            raise LabelError.unknown(
                f"measure {name!r}", option, known=sorted(known), argument="its options"
            )
    return wanted


def estimate(name: str, records: Sequence[Record], **options: Any) -> Estimate:
    """Compute the measure `name` from `records`; the one way in for every harness."""
    wanted = find(name, options)
    common = {key: options.pop(key, default) for key, default in COMMON.items()}
    _validate.one_of("missing", common["missing"], ("drop", "error"))
    _validate.one_of("unreadable", common["unreadable"], ("error", "drop"))
    replicates = _validate.whole_number("replicates", common["replicates"], at_least=0)
    kept, dropped = _clean(wanted, records, common["missing"], common["unreadable"])
    _refuse_alike(wanted, kept)
    _say_dropped(name, len(records), dropped)
    if not kept:
        _quiet.warn(
            f"{name}: none of {len(records)} samples can be counted; the value is NaN",
            SmallSampleWarning,
            stacklevel=3,
        )
        return Estimate(math.nan, math.nan, 0, dropped)
    settings = {**wanted.options, **options}
    value = wanted.compute(kept, settings)
    clusters, weights = _clusters(kept), _weights(kept)
    if isinstance(value, np.ndarray):
        counted = np.isfinite(value) & (weights > 0)
        if not counted.all():
            dropped = {**dropped, "no score": int((~counted).sum())}
        if not counted.any():
            return Estimate(math.nan, math.nan, 0, dropped)
        mean, stderr = _weighted_mean(value[counted], weights[counted], clusters[counted])
        return Estimate(mean, stderr, int(counted.sum()), dropped)
    if (weights != 1.0).any():
        raise DataError(f"{name} is no mean over samples; it takes no weights")

    def again(rows: npt.NDArray[np.intp]) -> float:
        return float(wanted.compute([kept[row] for row in rows], settings))

    def at_once() -> float:
        assert wanted.stderr is not None
        predictions = [sample.record.prediction for sample in kept]
        return wanted.stderr(predictions, settings, replicates, common["seed"])

    # Below some thousand samples, what compiling the batched form takes is more than it saves.
    many = wanted.stderr is not None and len(np.unique(clusters)) == len(kept) >= MANY
    stderr = _bootstrapped(again, clusters, replicates, common["seed"], at_once if many else None)
    return Estimate(float(value), stderr, len(kept), dropped)


def figure(name: str, part: str, records: Sequence[Record], **options: Any) -> float:
    """Return one part of an estimate, "value" or "stderr", for hosts whose metrics are scalars."""
    if part == "value":
        options["replicates"] = 0  # they are for the standard error
    return float(getattr(estimate(name, records, **options), part))


#: How the names of metrics end, and the part of an estimate that they are.
PARTS = {"": "value", "_stderr": "stderr"}


def _clean(
    wanted: Measure, records: Sequence[Record], missing: str, unreadable: str
) -> tuple[list[_Kept], dict[str, int]]:
    """Read every record; leave out, and count, those that lack something."""
    kept: list[_Kept] = []
    dropped: dict[str, int] = {}
    for place, record in enumerate(records):
        parts = {"prediction": wanted.prediction, "reference": wanted.reference}
        values: dict[str, Any] = {}
        reason = ""
        for part, kind in parts.items():
            if kind is None:
                values[part] = None
                continue
            try:
                values[part] = read(kind, getattr(record, part), f"`{part}s[{place}]`")
            except DataError:
                if unreadable == "error":
                    raise
                reason = reason or f"unreadable {part}"
                continue
            if values[part] is ABSENT:
                reason = reason or f"no {part}"
        group = plain(record.group) if wanted.grouped else None
        if wanted.grouped and is_absent(group):
            reason = reason or "no group"
        elif wanted.grouped:
            group = label(group, f"`groups[{place}]`")
        if reason.startswith("no ") and missing == "error":
            raise DataError(
                f"sample {place} has {reason}, and `missing` is 'error'; use missing='drop' to "
                "leave such samples out"
            )
        if reason:
            dropped[reason] = dropped.get(reason, 0) + 1
        else:
            clean = record._replace(**values, group=group)
            kept.append(_Kept(clean, place))
    return kept, dropped


def _refuse_alike(wanted: Measure, kept: Sequence[_Kept]) -> None:
    """Refuse True beside 1, one key to Python, and 1 beside "1", two keys that look alike."""
    from ..data._labels import check_labels

    records = [sample.record for sample in kept]
    said: dict[str, list[Any]] = {"predictions": [], "groups": [], "clusters": []}
    for part, kind in (("prediction", wanted.prediction), ("reference", wanted.reference)):
        values = [getattr(record, part) for record in records]
        if kind == "label":
            said["predictions"] += values
        elif kind in ("label list", "label set"):
            said["predictions"] += chain.from_iterable(values)
    if wanted.grouped:
        said["groups"] = [record.group for record in records]
    said["clusters"] = [_cluster_key(sample) for sample in kept]
    for name, labels in said.items():
        distinct = dict.fromkeys((type(label), label) for label in labels)
        check_labels(name, [label for _, label in distinct], unique=False)


def _say_dropped(name: str, total: int, dropped: Mapping[str, int]) -> None:
    if dropped:
        parts = ", ".join(f"{count} with {reason}" for reason, count in dropped.items())
        _quiet.warn(
            f"{name}: {sum(dropped.values())} of {total} samples are left out ({parts})",
            ApproximationWarning,
            stacklevel=4,
        )


def _clusters(kept: Sequence[_Kept]) -> npt.NDArray[np.intp]:
    """Number the clusters; a sample that names none stands for itself."""
    codes: dict[Any, int] = {}
    for sample in kept:
        codes.setdefault(_cluster_key(sample), len(codes))
    return np.array([codes[_cluster_key(sample)] for sample in kept], dtype=np.intp)


def _cluster_key(sample: _Kept) -> Any:
    cluster = plain(sample.record.cluster)
    if is_absent(cluster):
        return ("alone", sample.place)
    return label(cluster, f"the cluster of sample {sample.place}")


def _weights(kept: Sequence[_Kept]) -> FloatArray:
    weights = [1.0 if s.record.weight is None else plain(s.record.weight) for s in kept]
    return _validate.within(
        "weights", _validate.finite_array("weights", weights, ndim=1), 0.0, what="a weight"
    )


def _weighted_mean(
    scores: FloatArray, weights: FloatArray, clusters: npt.NDArray[np.intp]
) -> tuple[float, float]:
    """Return the mean and its cluster-robust standard error (sd / sqrt n without clusters)."""
    mean = float(np.average(scores, weights=weights))
    _, code = np.unique(clusters, return_inverse=True)
    sums = np.bincount(code, weights=weights * (scores - mean))
    m = len(sums)
    if m < 2:
        return mean, math.nan
    return mean, float(np.sqrt((sums**2).sum() * m / (m - 1)) / weights.sum())


def _bootstrapped(
    statistic: Callable[[npt.NDArray[np.intp]], float],
    clusters: npt.NDArray[np.intp],
    replicates: int,
    seed: Any,
    at_once: Callable[[], float] | None = None,
) -> float:
    """Standard error of a number that is no mean, by drawing samples (or clusters) again."""
    from ..uncertainty import bootstrap

    order = np.argsort(clusters, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(clusters[order])) + 1)
    if len(rows) < 2 or replicates < 2:
        return math.nan

    def of_clusters(drawn: npt.NDArray[np.intp]) -> float:
        return statistic(np.concatenate([rows[place] for place in drawn]))

    try:
        if at_once is not None:
            return at_once()
        result = bootstrap(
            of_clusters,
            np.arange(len(rows)),
            n=replicates,
            seed=seed,
            max_failed=0.5,
            progress=False,
        )
    except DataError as error:
        _quiet.warn(f"no standard error: {error}", ApproximationWarning, stacklevel=4)
        return math.nan
    return float(result.stderr)


def measure(
    name: str,
    predictions: Sequence[Any],
    *,
    references: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
    clusters: Sequence[Any] | None = None,
    weights: Sequence[float] | None = None,
    **options: Any,
) -> Estimate:
    """Compute a measure as the harness adapters do, with its standard error.

    Parameters
    ----------
    name : str
        A name of the catalogue, `list_measures`.
    predictions : sequence, (samples,)
        What the model, or the raters, said: distributions, labels, lists of labels, numbers, by
        measure. Text is read as JSON or as a Python literal: decimals with a point, lists in
        brackets. Blanks around a label do not count.
    references : sequence, (samples,), optional
        What predictions are held against, for measures that need it.
    groups : sequence, (samples,), optional
        Group of each sample, for measures that compare groups.
    clusters : sequence, (samples,), optional
        What a sample shares with others; standard errors then allow for it.
    weights : sequence of float, (samples,), optional
        How much each sample counts, for measures that are a mean over samples.
    **options
        Keywords of the measure, and for all of them `missing` ("drop" or "error": samples that
        lack something), `unreadable` ("error" or "drop": predictions that cannot be read),
        `replicates` (bootstrap replicates for measures that are no mean) and `seed`.

    Returns
    -------
    Estimate
        Value, standard error, samples counted and dropped.

    Raises
    ------
    DataError
        If columns differ in length, a value cannot be read, or the data are not what the measure
        needs.
    LabelError
        If there is no such measure or option, or a label is written in two ways.

    Warns
    -----
    ApproximationWarning
        If samples are left out.
    SmallSampleWarning
        If no sample can be counted.

    Notes
    -----
    A measure that is a mean over samples has the standard error sd / sqrt n, or its
    cluster-robust form; any other one the standard deviation of bootstrap replicates over
    samples or clusters.

    Examples
    --------
    >>> from pluralism.adapters import measure
    >>> people = [[0.7, 0.3], [0.6, 0.4], [0.2, 0.8]]
    >>> measure("total_variation", [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]], references=people)
    Estimate(value=0.1666..., stderr=0.0881..., n=3, dropped={})
    """
    columns = {
        "predictions": predictions,
        "references": references,
        "groups": groups,
        "clusters": clusters,
        "weights": weights,
    }
    given = {key: _column(key, value) for key, value in columns.items() if value is not None}
    size = len(given["predictions"])
    for key, column in given.items():
        if len(column) != size:
            raise DataError(
                f"`{key}` has {len(column)} entries and `predictions` {size}; "
                "both need one a sample"
            )
    blank = [None] * size
    records = zip(*(given.get(key, blank) for key in columns), strict=True)
    return estimate(name, [Record(*record) for record in records], **options)


def _column(name: str, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Collection):
        raise DataError(f"`{name}` is {value!r}; it must be a sequence with one entry a sample")
    return list(value)
