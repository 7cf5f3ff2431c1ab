"""Audit a rule: which principles does it break on these ballots, and on which evidence?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import _validate
from ..data import Ballots
from ..errors import DataError
from ._axiom_cases import AXIOMS, winners_of
from ._inputs import as_ballots

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Audit", "AxiomResult", "Counterexample", "audit_rule"]

Rule = Callable[[Ballots], Any]


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Profiles on which a rule breaks an axiom; printing it writes them out.

    Attributes
    ----------
    axiom : str
        The axiom.
    statement : str
        What is wrong.
    profiles : tuple of Ballots
        The profiles, in the order in which the statement speaks of them.
    details : mapping
        What else defines the case: the pair, the voter's row, the exchange of names.
    rule : callable
        The rule that was audited.
    """

    axiom: str
    statement: str
    profiles: tuple[Ballots, ...]
    details: Mapping[str, Any]
    rule: Rule

    def rerun(self, rule: Rule | None = None) -> str | None:
        """Run the rule, or another one, on the profiles again.

        Returns
        -------
        str or None
            The statement, if the axiom is broken; else None.
        """
        violation = AXIOMS[self.axiom].violation
        return violation(rule or self.rule, *self.profiles, **self.details)

    def __str__(self) -> str:
        lines = [f"{self.axiom}: {self.statement}"]
        for number, profile in enumerate(self.profiles[:3], start=1):
            winners = ", ".join(sorted(map(str, winners_of(self.rule, profile))))
            lines.append(f"  profile {number}: {winners} wins")
            for count, ranking in zip(profile.counts, profile.rankings(), strict=True):
                groups = [
                    " = ".join(map(str, group)) if isinstance(group, tuple) else str(group)
                    for group in ranking
                ]
                lines.append(f"    {count:g}: {' > '.join(groups)}")
        if len(self.profiles) > 3:
            lines.append(f"  and {len(self.profiles) - 3} more profiles")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class AxiomResult:
    """What the search for a violation of one axiom found.

    Attributes
    ----------
    axiom : str
        The axiom.
    violated : bool
        Whether a counterexample was found.
    counterexample : Counterexample or None
        It.
    cases : int
        Cases looked at.
    exhaustive : bool
        Whether those were all that the axiom says about these ballots. If not, "not violated"
        means only that none was found.
    searched : str
        What the cases cover.
    """

    axiom: str
    violated: bool
    counterexample: Counterexample | None
    cases: int
    exhaustive: bool
    searched: str


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """Results of `audit_rule`; ``audit[axiom]`` reads one.

    Attributes
    ----------
    rule : str
        Name of the rule.
    results : mapping of str to AxiomResult
        By axiom.
    """

    rule: str
    results: Mapping[str, AxiomResult]

    def __getitem__(self, axiom: str) -> AxiomResult:
        return self.results[axiom]

    @property
    def violations(self) -> tuple[Counterexample, ...]:
        """All counterexamples."""
        found = (result.counterexample for result in self.results.values())
        return tuple(counterexample for counterexample in found if counterexample is not None)

    def to_frame(self) -> pd.DataFrame:
        """Write one row for each axiom: violated, cases, exhaustive, searched, statement."""
        import pandas as pd

        rows = [
            {
                "axiom": result.axiom,
                "violated": result.violated,
                "cases": result.cases,
                "exhaustive": result.exhaustive,
                "searched": result.searched,
                "statement": result.counterexample.statement if result.counterexample else "",
            }
            for result in self.results.values()
        ]
        return pd.DataFrame(rows).set_index("axiom")

    def __repr__(self) -> str:
        broken = [result.axiom for result in self.results.values() if result.violated]
        kept = len(self.results) - len(broken)
        return f"Audit({self.rule}: breaks {', '.join(broken) or 'none'}; {kept} not seen broken)"


def audit_rule(
    rule: Rule,
    ballots: Any,
    *,
    axioms: Iterable[str] | None = None,
    budget: int = 500,
    seed: Any = 0,
) -> Audit:
    """Look for violations of axioms by a rule on ballots and on small changes of them.

    Parameters
    ----------
    rule : callable
        A function of Ballots that returns an `Outcome` or an iterable of winners; use
        `functools.partial` for options.
    ballots : Ballots
        Rankings. Changed profiles are rankings too, so rules on approvals or utilities are
        refused.
    axioms : iterable of str, optional
        Of "anonymity", "neutrality", "pareto", "condorcet-winner", "condorcet-loser", "smith",
        "majority", "monotonicity", "participation", "reinforcement", "clone-independence", "iia"
        (Arrow's, on the ranking), "non-dictatorship", "strategy-proofness"; all by default.
        With several winners, participation and strategy-proofness speak only of single ones.
    budget : int
        Largest number of cases for each axiom.
    seed : int or numpy.random.Generator
        For the cases that are drawn.

    Returns
    -------
    Audit
        One `AxiomResult` for each axiom, with a `Counterexample` that prints and reruns.

    Raises
    ------
    DataError
        If the input holds no rankings, or an axiom is unknown.

    References
    ----------
    K. J. Arrow (1951), Social Choice and Individual Values. W. S. Zwicker (2016), Introduction
    to the theory of voting, Handbook of Computational Social Choice, for the others.

    Examples
    --------
    >>> from pluralism import Ballots, choice
    >>> profile = Ballots.from_rankings(
    ...     ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"], counts=[30, 1, 29, 10, 10, 1]
    ... )
    >>> audit = choice.audit_rule(choice.borda, profile, axioms=["pareto", "condorcet-winner"])
    >>> audit
    Audit(borda: breaks condorcet-winner; 1 not seen broken)
    >>> audit["condorcet-winner"].counterexample.rerun()
    '{B} wins, though A beats every other one by a majority'
    """
    profile = as_ballots(ballots, "audit_rule")
    if profile.kind != "rankings":
        raise DataError(
            f"audit_rule changes rankings, and these ballots are {profile.kind}; use "
            "`Ballots.from_ranks(ballots.ranks, ...)` to audit a rule on their order"
        )
    if not callable(rule):
        raise DataError(f"`rule` is {rule!r}; it must be a function of ballots")
    names = tuple(AXIOMS if axioms is None else axioms)
    for name in names:
        _validate.one_of("axioms", name, AXIOMS)
    budget = _validate.whole_number("budget", budget, at_least=1)
    generator = _validate.generator("seed", seed)
    results = {name: _search(name, rule, profile, budget, generator) for name in names}
    wrapped = getattr(rule, "func", rule)
    return Audit(getattr(wrapped, "__name__", repr(wrapped)), results)


def _search(name: str, rule: Rule, ballots: Ballots, budget: int, generator: Any) -> AxiomResult:
    axiom = AXIOMS[name]
    cases, complete = 0, True
    for profiles, details in axiom.cases(ballots, generator):
        if cases == budget:
            complete = False
            break
        cases += 1
        statement = axiom.violation(rule, *profiles, **details)
        if statement is not None:
            found = Counterexample(name, statement, profiles, details, rule)
            return AxiomResult(name, True, found, cases, False, axiom.searched)
    return AxiomResult(name, False, None, cases, axiom.exhaustive and complete, axiom.searched)
