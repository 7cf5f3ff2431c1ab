"""What a rule decides: all winners, the ranking with ties, and which ties were broken how."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _validate
from ..data import _labels
from ..data._cells import axis_of
from ..errors import DataError, LabelError, enumerate_some

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["BrokenTie", "Outcome", "Round", "TieBreak", "TieBreaker"]

FloatArray = npt.NDArray[np.float64]
Labels = tuple[Hashable, ...]
TieBreak = Literal["none", "name", "random"]


class BrokenTie(NamedTuple):
    """A tie that was broken: where, between whom, and who was chosen."""

    place: str
    tied: Labels
    chosen: Hashable


@dataclass(frozen=True)
class Round:
    """One count of an elimination.

    Attributes
    ----------
    votes : mapping of label to float
        Votes of the alternatives still standing; ``round[label]`` reads one.
    exhausted : float
        Votes that no standing alternative holds.
    elected, eliminated : tuple
        Who was elected or eliminated at the end of this count.
    """

    votes: Mapping[Hashable, float]
    exhausted: float
    elected: Labels = ()
    eliminated: Labels = ()

    def __getitem__(self, label: Hashable) -> float:
        return self.votes[label]


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """What a rule decides on one profile.

    Attributes
    ----------
    rule : str
        The rule, with its variant.
    alternatives : tuple
        Labels, in the order of the ballots.
    winners : tuple
        All alternatives that win; committees are frozensets. More than one is a tie, unless the
        rule elects several; empty where there is none (no Condorcet winner).
    ranking : tuple of tuples, or None
        Tied groups, best first. For rules whose result is only a partial order, groups are its
        layers: the unbeaten, then those beaten by none of the rest, and so on.
    scores : xarray.DataArray, (alternative,), or None
        The rule's scores, higher being better.
    tie_break : str
        What was asked for: "none", "name", "random" ("parallel" for eliminations).
    broken_ties : tuple of BrokenTie
        Every tie that was broken, and where; empty if the rule alone decided.
    rankings : tuple
        All optimal rankings, where a rule has several (Kemeny).
    exhaustive : bool
        Whether `winners` and `rankings` list everything that ties; False if a stated limit on
        their number was reached.
    probabilities : xarray.DataArray, (alternative,), or None
        The lottery, for rules that choose one.
    unique : bool or None
        Whether that lottery is the only one.
    strengths : xarray.DataArray, (alternative, alternative_bis), or None
        Strengths of the strongest paths (Schulze, split cycle).
    rounds : tuple of Round
        Count by count, for eliminations; `count_table` writes them as a table.
    quota : float or None
        Votes needed for a seat (STV).
    objective : float or None
        Value of what the rule optimises (Kemeny's number of disagreements, a committee's score).
    notes : tuple of str
        What else the rule did at a tie, such as eliminating several at once.
    """

    rule: str
    alternatives: Labels
    winners: tuple[Any, ...]
    ranking: tuple[Labels, ...] | None = None
    scores: xr.DataArray | None = None
    tie_break: str = "none"
    broken_ties: tuple[BrokenTie, ...] = ()
    rankings: tuple[tuple[Labels, ...], ...] = ()
    exhaustive: bool = True
    probabilities: xr.DataArray | None = None
    unique: bool | None = None
    strengths: xr.DataArray | None = None
    rounds: tuple[Round, ...] = ()
    quota: float | None = None
    objective: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def tied(self) -> bool:
        """Whether the rule alone leaves a tie for winning, even if it was then broken."""
        if self.broken_ties:
            return True
        return self.unique is False if self.probabilities is not None else len(self.winners) > 1

    def count_table(self) -> pd.DataFrame:
        """Votes by count: one row a count, one column an alternative, and who left or won.

        Raises
        ------
        DataError
            If the rule does not count in rounds.
        """
        import pandas as pd

        if not self.rounds:
            raise DataError(f"{self.rule} does not count in rounds")
        table = pd.DataFrame(
            [
                [entry.votes.get(label, np.nan) for label in self.alternatives]
                for entry in self.rounds
            ],
            columns=pd.Index(list(self.alternatives)),
            index=pd.RangeIndex(1, len(self.rounds) + 1, name="count"),
        )
        table["exhausted"] = [entry.exhausted for entry in self.rounds]
        table["elected"] = [", ".join(map(str, entry.elected)) for entry in self.rounds]
        table["eliminated"] = [", ".join(map(str, entry.eliminated)) for entry in self.rounds]
        return table

    def __repr__(self) -> str:
        parts = [f"winners {enumerate_some(self.winners)}" if self.winners else "no winner"]
        if self.tied:
            parts.append("tied" if not self.broken_ties else f"tie broken by {self.tie_break}")
        if self.ranking:
            groups = (" = ".join(map(str, group)) for group in self.ranking)
            parts.append("ranking " + " > ".join(groups))
        if not self.exhaustive:
            parts.append("more tie than are listed")
        parts += self.notes
        return f"Outcome({self.rule}: {'; '.join(parts)})"

    @classmethod
    def from_scores(
        cls,
        rule: str,
        alternatives: Labels,
        scores: FloatArray,
        breaker: TieBreaker,
        *,
        tolerance: float = 0.0,
        **extra: Any,
    ) -> Outcome:
        """Rank by scores, choose the winners and label both.

        Parameters
        ----------
        rule : str
            Name of the rule.
        alternatives : tuple
            Labels.
        scores : numpy.ndarray, (alternatives,)
            Higher is better.
        breaker : TieBreaker
            Breaks a tie for winning, or leaves it.
        tolerance : float
            Scores that differ by at most this tie.
        **extra
            Other attributes.

        Returns
        -------
        Outcome

        Raises
        ------
        DataError
            If there is not one score for each alternative.

        Examples
        --------
        >>> from pluralism.choice import Outcome
        >>> from pluralism.choice._outcome import TieBreaker
        >>> import numpy as np
        >>> Outcome.from_scores("points", ("a", "b"), np.array([1.0, 2.0]), TieBreaker("none"))
        Outcome(points: winners 'b'; ranking b > a)
        """
        if np.shape(scores) != (len(alternatives),):
            raise DataError(
                f"`scores` has shape {np.shape(scores)} for {len(alternatives)} alternatives"
            )
        ranking = group_by_score(alternatives, scores, tolerance)
        return cls(
            rule,
            alternatives,
            winners=breaker.choose("winner", ranking[0]),
            ranking=ranking,
            scores=by_alternative(alternatives, scores, "score"),
            tie_break=breaker.method,
            broken_ties=tuple(breaker.broken),
            **extra,
        )


class TieBreaker:
    """Breaks ties as asked and keeps a record of each.

    Parameters
    ----------
    method : {"none", "name", "random"}
        Leave ties; take the first label in sorted order; draw with `seed`.
    seed : int or numpy.random.Generator
        Needed for "random", refused otherwise.
    """

    def __init__(self, method: str, seed: Any = None) -> None:
        self.method = _validate.one_of("tie_break", method, ("none", "name", "random"))
        if (method == "random") != (seed is not None):
            raise DataError(
                f"`tie_break` is {method!r} and `seed` is {seed!r}; a seed goes with 'random' only"
            )
        self.generator = _validate.generator("seed", seed) if method == "random" else None
        self.broken: list[BrokenTie] = []

    def choose(self, place: str, tied: Sequence[Hashable]) -> Labels:
        """Return one of `tied`, or all of them where ties are left standing."""
        if len(tied) < 2 or self.method == "none":
            return tuple(tied)
        return (self._pick(place, tied, 0),)

    def last(self, place: str, tied: Sequence[Hashable]) -> Hashable:
        """Return who of `tied` leaves: the last label in sorted order, or as drawn."""
        return self._pick(place, tied, -1)

    def _pick(self, place: str, tied: Sequence[Hashable], by_name: int) -> Hashable:
        ordered = _labels.in_order(tied)
        pick = by_name if self.generator is None else int(self.generator.integers(len(ordered)))
        self.broken.append(BrokenTie(place, tuple(tied), ordered[pick]))
        return ordered[pick]


def group_by_score(
    alternatives: Labels, scores: FloatArray, tolerance: float = 0.0
) -> tuple[Labels, ...]:
    """Rank by score, highest first; a gap of at most `tolerance` is a tie."""
    order = np.argsort(-scores, kind="stable")
    groups: list[list[int]] = []
    for code in order.tolist():
        if groups and scores[groups[-1][-1]] - scores[code] <= tolerance:
            groups[-1].append(code)
        else:
            groups.append([code])
    return tuple(tuple(alternatives[code] for code in sorted(group)) for group in groups)


def group_by_layers(alternatives: Labels, beats: npt.NDArray[np.bool_]) -> tuple[Labels, ...]:
    """Rank an acyclic relation: the unbeaten, then the unbeaten among the rest, and so on."""
    remaining = np.ones(len(alternatives), dtype=bool)
    groups = []
    while remaining.any():
        top = remaining & ~beats[remaining].any(axis=0)
        if not top.any():
            raise LabelError("the relation has a cycle and cannot be ranked")
        groups.append(tuple(alternatives[code] for code in np.flatnonzero(top)))
        remaining &= ~top
    return tuple(groups)


def by_alternative(alternatives: Labels, values: FloatArray, name: str) -> xr.DataArray:
    """Label one number for each alternative."""
    import xarray as xr

    return xr.DataArray(
        np.asarray(values, dtype=np.float64),
        dims=("alternative",),
        coords={"alternative": axis_of(alternatives)},
        name=name,
    )


def by_pair(alternatives: Labels, values: npt.NDArray[Any], name: str) -> xr.DataArray:
    """Label one number for each ordered pair of alternatives."""
    import xarray as xr

    labels = axis_of(alternatives)
    return xr.DataArray(
        values,
        dims=("alternative", "alternative_bis"),
        coords={"alternative": labels, "alternative_bis": labels},
        name=name,
    )
