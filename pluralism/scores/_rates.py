"""Rates with their denominators, intervals and baselines."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from ..data import _labels
from ..errors import DataError, LabelError, SmallSampleWarning, enumerate_some
from ..kernels._counting import group_sums
from ..kernels._rates import resampled_ratios

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RateTable", "rate_table"]

FloatArray = npt.NDArray[np.float64]

#: Our names of intervals -> those of statsmodels.
INTERVALS = {"wilson": "wilson", "clopper-pearson": "beta", "jeffreys": "jeffreys"}
#: Replicates drawn at a time, so that weights stay in the cache and Ctrl-C is heard.
_BATCH = 32


@dataclass(frozen=True, eq=False, repr=False)
class RateTable:
    """Rates overall, by group and of trivial baselines, one tidy row each.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``kind`` ("overall", "group", "baseline"), ``group`` (label, or tuple of labels),
        ``k`` (hits), ``n`` (denominator of the rate), ``other`` (rows of the third outcome),
        ``rows`` (all of them), ``rate``, ``lower``, ``upper`` (fractions) and ``other_rate``
        (of all rows).
    interval, level : str and float
        Kind and coverage of the interval.
    denominator : str
        "answered" or "all": whether the third outcome counts in `n`.
    dropped : mapping
        Reason -> rows left out for a missing value.
    """

    table: pd.DataFrame
    interval: str
    level: float
    denominator: str
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        shown = self.table[["kind", "group", "k", "n", "rate", "lower", "upper"]]
        text = shown.to_string(
            index=False, max_rows=20, float_format="{:.3f}".format, formatters={"k": "{:g}".format}
        )
        rows = "answered rows" if self.denominator == "answered" else "all rows"
        return f"RateTable(of {rows}; {100 * self.level:g}% {self.interval} intervals)\n{text}"

    def __getitem__(self, group: Hashable) -> pd.Series:
        """Return the row of a group, a baseline, or "overall"."""
        found = [place for place, label in enumerate(self.table["group"]) if label == group]
        if not found:
            raise LabelError.unknown(
                "the look-up", group, known=list(self.table["group"]), argument="the table"
            )
        if len(found) > 1:
            raise LabelError(
                f"the table has {len(found)} rows named {group!r} (of the kinds "
                f"{enumerate_some(self.table['kind'].iloc[found])}); take yours from `.table`"
            )
        return self.table.iloc[found[0]]


def rate_table(
    data: Any,
    *,
    outcome: str | None = None,
    by: str | Sequence[str] = (),
    positive: Any = (True, 1),
    negative: Any = None,
    other: Any = (),
    denominator: str = "answered",
    answer: str | None = None,
    correct: str | None = None,
    options: Sequence[Hashable] | None = None,
    item: str | None = None,
    cluster: str | None = None,
    interval: str = "wilson",
    level: float = 0.95,
    n_replicates: int = 1000,
    seed: Any = None,
    missing: str = "error",
) -> RateTable:
    """Rates overall and by subgroup, with intervals and the baselines that they must beat.

    Parameters
    ----------
    data : frame, path, or mapping of hashable to (int, int)
        Item-level rows (anything that narwhals reads), or hits and total by group.
    outcome : str, optional
        Column that says how an item ended.
    by : str or sequence of str
        Columns of subgroups; several make intersections, named by tuples.
    positive, other : label or collection of labels
        Outcomes that count as a hit, and those that are neither hit nor miss (a refusal, an
        answer that could not be parsed). By default 1 and True are hits.
    negative : label or collection of labels, optional
        Outcomes that count as a miss. Default: False and 0, or, where `positive` was given as
        text, every other outcome.
    denominator : {"answered", "all"}
        Whether rows of the third outcome are left out of the rate's denominator. Both counts
        stand in the table.
    answer, correct : str, optional
        In place of `outcome`: the columns of the given and of the right answer. The table then
        holds the baselines "always <answer>" of each option, "majority" (the best of them) and
        "random" (one over the number of options). Where answers name positions (A, B, ...), the
        first are the position baselines. An answer in `other` is the third outcome.
    options : sequence of label, optional
        All answers that could be given; by default those that are right in some row.
    item : str, optional
        Column of the question: baselines then count each question once, however many systems
        answered it. Without it they count rows.
    cluster : str, optional
        Column of what is drawn again by the bootstrap: the item, scenario or rater.
    interval : {"wilson", "clopper-pearson", "jeffreys", "bootstrap"}
        Kind of interval; the bootstrap (percentile) needs `cluster`, the others assume that
        rows are independent.
    level : float
        Coverage, in (0, 1).
    n_replicates : int
        Resamples of the clusters.
    seed : int, numpy.random.Generator, optional
        Of the resamples.
    missing : {"error", "drop"}
        What to do with rows that lack a value; dropped ones are counted.

    Returns
    -------
    RateTable
        `.table` is a tidy frame; ``result[group]`` is one row. A group without a denominator
        has the rate NaN.

    Raises
    ------
    DataError
        If a column is absent, a value is missing, an outcome is neither hit, miss nor other, or
        hits exceed their total.

    Warns
    -----
    SmallSampleWarning
        If a bootstrap interval has no width or rests on fewer than six clusters.

    Notes
    -----
    Wilson, Clopper-Pearson and Jeffreys intervals are those of statsmodels [1]_. The bootstrap
    draws clusters with replacement and takes the ratio of sums, so a resample without a row of
    some group gives that group no value.

    References
    ----------
    .. [1] L. Brown, T. Cai and A. DasGupta (2001), Interval estimation for a binomial
       proportion, Statistical Science 16.

    Examples
    --------
    >>> from pluralism.scores import rate_table
    >>> result = rate_table({"GPT-4.1": (9, 10), "Claude-4-Sonnet": (4, 10)})
    >>> row = result["GPT-4.1"]
    >>> print(f"{row.rate:.1f} [{row.lower:.3f}, {row.upper:.3f}]")
    0.9 [0.596, 0.982]
    """
    _validate.one_of("denominator", denominator, ("answered", "all"))
    _validate.one_of("interval", interval, (*INTERVALS, "bootstrap"))
    level = _validate.level("level", level)
    if interval == "bootstrap" and (cluster is None or isinstance(data, Mapping)):
        raise DataError("`interval` is 'bootstrap', which needs item-level rows and `cluster`")
    if isinstance(data, Mapping):
        if outcome is not None or answer is not None or cluster is not None or by:
            raise DataError("`data` is a mapping of (hits, total); it has no columns to name")
        groups, sums = _given_counts(data)
        return RateTable(
            _tidy(groups, sums, denominator, interval, level), interval, level, denominator
        )
    columns = (by,) if isinstance(by, str) else tuple(by)
    if len(set(columns)) < len(columns):
        raise DataError(f"`by` names a column twice: {columns!r}")
    if (outcome is None) == (answer is None) or (answer is None) != (correct is None):
        raise DataError("name `outcome`, or both `answer` and `correct`; exactly one of these")
    from ..data._frames import count_rows

    ends = [outcome] if outcome is not None else [str(answer), str(correct)]
    if item is not None and correct is None:
        raise DataError("`item` is for the baselines, which need `answer` and `correct`")
    keys = [*columns, *(name for name in (cluster, item) if name), *ends]
    cells = count_rows(data, list(dict.fromkeys(keys)), missing=missing)
    if outcome is not None:
        kind = _outcome_kinds(cells.labels[outcome], positive, negative, other)
        kind = kind[cells.codes[outcome]]
    else:
        kind = _answer_kinds(cells, str(answer), str(correct), other)
    # hits, answered, rows by cell
    values = np.stack([kind == 1, kind >= 0, np.ones(len(kind))]) * cells.count
    sizes = [len(cells.labels[column]) for column in columns]
    codes = [cells.codes[column] for column in columns]
    grouped = group_sums(codes, sizes, list(values)) if columns else None
    overall = values.sum(axis=1)
    sums = overall[None] if grouped is None else np.vstack([overall, grouped.sums.T])
    groups = [("overall", "overall")]
    if grouped is not None:
        names = zip(
            *(
                [cells.labels[column][code] for code in grouped.keys[place]]
                for place, column in enumerate(columns)
            ),
            strict=True,
        )
        groups += [("group", name[0] if len(columns) == 1 else name) for name in names]
    table = _tidy(
        groups, sums, denominator, "wilson" if interval == "bootstrap" else interval, level
    )
    if interval == "bootstrap":
        shown = values if denominator == "answered" else values[[0, 2, 2]]
        member = _membership(codes, grouped, len(kind))
        assert cluster is not None
        bounds = _bootstrap(
            shown[:2], member, cells.codes[cluster], len(groups), n_replicates, level, seed
        )
        table[["lower", "upper"]] = bounds.T
        _warn_if_degenerate(table)
    if correct is not None:
        table = _with_baselines(table, cells, correct, item, options, level, interval)
    return RateTable(table, interval, level, denominator, cells.dropped)


def _collection(labels: Any) -> list[Any]:
    single = isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable)
    return [labels] if single else list(labels)


def _outcome_kinds(
    labels: Sequence[Hashable], positive: Any, negative: Any, other: Any
) -> npt.NDArray[np.int8]:
    """Hit 1, miss 0 or third outcome -1 of each distinct outcome."""
    hits, thirds = _collection(positive), _collection(other)
    if negative is not None:
        misses: list[Any] | None = _collection(negative)
    else:
        misses = None if any(isinstance(label, str) for label in hits) else [False, 0]
        if misses is None and not any(label in hits for label in labels):
            # A misspelt label would make every outcome a miss.
            raise LabelError.unknown(
                "`positive`", hits[0], known=labels, argument="the outcomes",
                remedy="(if no row can be a hit, say what is a miss by `negative`)",
            )  # fmt: skip
    kinds = []
    for label in labels:
        if label in hits and label in thirds:
            raise DataError(f"outcome {label!r} is in both `positive` and `other`")
        if label in thirds:
            kinds.append(-1)
        elif label in hits:
            kinds.append(1)
        elif misses is None or label in misses:
            kinds.append(0)
        else:
            raise DataError(
                f"outcome {label!r} is neither in `positive`, `negative` nor `other` "
                f"(outcomes: {enumerate_some(labels)}); name it in one of them"
            )
    return np.array(kinds, dtype=np.int8)


def _answer_kinds(cells: Any, answer: str, correct: str, other: Any) -> npt.NDArray[np.int8]:
    thirds = _collection(other)
    right = _labels.code_of(cells.labels[correct], correct)
    matching = np.array([right.get(label, -1) for label in cells.labels[answer]])
    third = np.array([label in thirds for label in cells.labels[answer]])
    given = cells.codes[answer]
    kind = (matching[given] == cells.codes[correct]).astype(np.int8)
    kind[third[given]] = -1
    return kind


def _given_counts(
    data: Mapping[Hashable, Any],
) -> tuple[list[tuple[str, Hashable]], FloatArray]:
    counts = []
    for group, pair in data.items():
        k, n = (
            _validate.finite_array(f"data[{group!r}]", pair, ndim=1)
            if np.size(pair) == 2
            else (
                np.nan,
                np.nan,
            )
        )
        if n > _validate.LARGEST_EXACT_COUNT:
            raise DataError(f"`data[{group!r}]` is {pair!r}; above 2**53 counts are not exact")
        if not (0 <= k <= n) or k != np.floor(k) or n != np.floor(n):
            raise DataError(
                f"`data[{group!r}]` is {pair!r}; it must be (hits, total), whole numbers with "
                "hits between 0 and the total"
            )
        counts.append((k, n, n))
    if not counts:
        raise DataError("`data` has no groups; at least one is needed")
    sums = np.array(counts)
    groups = [("overall", "overall"), *(("group", group) for group in data)]
    return groups, np.vstack([sums.sum(axis=0), sums])


def _tidy(
    groups: Sequence[tuple[str, Hashable]],
    sums: FloatArray,
    denominator: str,
    interval: str,
    level: float,
) -> pd.DataFrame:
    import pandas as pd

    hits, answered, rows = sums.T
    total = answered if denominator == "answered" else rows
    rate, lower, upper = proportion(hits, total, interval=interval, level=level)
    return pd.DataFrame(
        {
            "kind": [kind for kind, _ in groups],
            "group": pd.Series([group for _, group in groups], dtype=object),
            "k": hits.astype(np.int64),
            "n": total.astype(np.int64),
            "other": (rows - answered).astype(np.int64),
            "rows": rows.astype(np.int64),
            "rate": rate,
            "lower": lower,
            "upper": upper,
            "other_rate": (rows - answered) / np.where(rows > 0, rows, np.nan),
        }
    )


def proportion(
    hits: FloatArray, total: FloatArray, *, interval: str = "wilson", level: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rate and interval of each pair of counts; NaN where the total is 0."""
    from statsmodels.stats.proportion import proportion_confint

    hits, total = np.atleast_1d(hits), np.atleast_1d(total)
    known = total > 0
    rate, lower, upper = (np.full(hits.shape, np.nan) for _ in range(3))
    if known.any():
        k, n = hits[known], total[known]
        rate[known] = k / n
        low, high = proportion_confint(k, n, alpha=1 - level, method=INTERVALS[interval])
        # Exact limits at the ends, where statsmodels leaves NaN (Jeffreys) or rounding noise.
        lower[known], upper[known] = np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)
    return rate, lower, upper


def _membership(codes: Sequence[Any], grouped: Any, n_cells: int) -> npt.NDArray[np.intp]:
    """Row of the table of each cell (0 is the overall row, which all belong to)."""
    if grouped is None:
        return np.zeros(n_cells, dtype=np.intp)
    present = {tuple(key): place + 1 for place, key in enumerate(grouped.keys.T.tolist())}
    stacked = np.stack(codes).T
    if stacked.shape[1] == 1:
        lookup = np.zeros(int(stacked.max()) + 1, dtype=np.intp)
        lookup[grouped.keys[0]] = np.arange(1, grouped.keys.shape[1] + 1)
        return lookup[stacked[:, 0]]
    return np.array([present[tuple(key)] for key in stacked.tolist()], dtype=np.intp)


def _bootstrap(
    values: FloatArray,
    member: npt.NDArray[np.intp],
    cluster: npt.NDArray[np.integer],
    n_groups: int,
    n_replicates: int,
    level: float,
    seed: Any,
) -> FloatArray:
    """Percentile bounds (2, groups) over resamples of the clusters."""
    from scipy.sparse import coo_array

    from ..uncertainty._draws import Streams, WeightDrawer

    n_replicates = _validate.whole_number("n_replicates", n_replicates, at_least=2)
    n_clusters = int(cluster.max()) + 1
    if n_clusters < 6:
        _quiet.warn(
            f"only {n_clusters} clusters to draw from: the interval is too short and its level "
            "nominal",
            SmallSampleWarning,
            stacklevel=3,
        )
    inside = member > 0
    place = np.concatenate([member[inside], np.zeros(len(member), dtype=np.intp)])
    column = np.concatenate([cluster[inside], cluster])
    hits, totals = (
        coo_array(
            (np.concatenate([value[inside], value]), (place, column)), shape=(n_groups, n_clusters)
        ).tocsr()
        for value in values
    )
    drawer = WeightDrawer((np.ones(n_clusters),), "multinomial")
    streams = Streams(seed)
    shares = np.empty((n_groups, n_replicates))
    for start in range(0, n_replicates, _BATCH):
        stop = min(start + _BATCH, n_replicates)
        weights = np.stack([drawer(streams(each))[0] for each in range(start, stop)], axis=1)
        shares[:, start:stop] = resampled_ratios(hits, totals, weights)
    tails = [(1 - level) / 2, (1 + level) / 2]
    if not np.isnan(shares).any():
        return np.quantile(shares, tails, axis=1)
    bounds = np.full((2, n_groups), np.nan)
    drawn = ~np.isnan(shares).all(axis=1)
    bounds[:, drawn] = np.nanquantile(shares[drawn], tails, axis=1)
    return bounds


def _warn_if_degenerate(table: pd.DataFrame) -> None:
    flat = table.loc[(table["upper"] <= table["lower"]) & (table["n"] > 0), "group"]
    if len(flat):
        _quiet.warn(
            f"the bootstrap interval of {enumerate_some(flat, 3)} has no width: all its clusters "
            "agree, and a bootstrap cannot see beyond them; use interval='wilson' there",
            SmallSampleWarning,
            stacklevel=3,
        )


def _with_baselines(
    table: pd.DataFrame,
    cells: Any,
    correct: str,
    item: str | None,
    options: Sequence[Hashable] | None,
    level: float,
    interval: str,
) -> pd.DataFrame:
    import pandas as pd

    labels = cells.labels[correct]
    if item is None:
        key = np.bincount(cells.codes[correct], weights=cells.count, minlength=len(labels))
    else:
        pairs = np.unique(np.stack([cells.codes[item], cells.codes[correct]]), axis=1)
        if (pairs[0, 1:] == pairs[0, :-1]).any():
            twice = int(pairs[0, 1:][pairs[0, 1:] == pairs[0, :-1]][0])
            raise DataError(
                f"{item!r} {cells.labels[item][twice]!r} has two right answers in {correct!r}"
            )
        key = np.bincount(pairs[1], minlength=len(labels)).astype(np.float64)
    if options is not None:
        listed = _labels.check_labels("options", options)
        for label in labels:
            if label not in listed:
                raise LabelError.unknown(
                    f"column {correct!r}", label, known=listed, argument="`options`"
                )
        right = dict(zip(labels, key, strict=True))
        labels, key = listed, np.array([right.get(label, 0.0) for label in listed])
    n = int(key.sum())
    groups: list[tuple[str, Hashable]] = [("baseline", f"always {label}") for label in labels]
    groups.append(("baseline", "majority"))
    hits = np.append(key, key.max())
    sums = np.stack([hits, np.full(len(hits), n), np.full(len(hits), n)], axis=1)
    kind = "wilson" if interval == "bootstrap" else interval
    rows = _tidy(groups, sums.astype(np.float64), "all", kind, level)
    random = rows.iloc[:1].copy()
    chance = 1 / len(labels)
    random = random.assign(
        group="random", rate=chance, lower=chance, upper=chance, k=round(n * chance)
    )
    return pd.concat([table, rows, random], ignore_index=True)
