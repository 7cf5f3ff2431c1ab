"""Which comments are approved across a divide? Two ways to score bridging."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _quiet, _validate
from .._labelled import as_labelled
from ..errors import ApproximationWarning, ConvergenceError, DataError
from ..kernels import _bridging as kernels
from ._votes import VoteMatrix, read_matrix, read_votes

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["BridgingFit", "bridging", "disagreement_bridging"]

FloatArray = npt.NDArray[np.float64]

#: Steps smaller than this, in units of the rating, count as none.
_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class BridgingFit:
    """Ratings explained by raters, comments and one axis on which both stand.

    Comments and raters that were not fitted have NaN.

    Attributes
    ----------
    intercept : xarray.DataArray, (comment,)
        i_n: helpfulness that the axis does not explain; the bridging score.
    factor : xarray.DataArray, (comment,)
        f_n: the comment's place on the axis. The largest in size is positive.
    status : xarray.DataArray, (comment,)
        "helpful", "not helpful" or "needs more ratings".
    rater_intercept, rater_factor : xarray.DataArray, (participant,)
        i_u and f_u.
    mean : float
        mu.
    n_ratings : xarray.DataArray, (comment,)
        Ratings that entered the fit.
    objective : float
        Penalised squared error.
    path : numpy.ndarray, (iterations + 1,)
        The objective on the way, which never rises.
    starts : numpy.ndarray, (starts,)
        The objective that each start ended in, in the order of the starts.
    converged : bool
        Whether a further step would change nothing by more than 1e-8.
    dropped : dict of str to int
        Comments and participants left out because they have too few ratings.
    """

    intercept: xr.DataArray = field(repr=False)
    factor: xr.DataArray = field(repr=False)
    status: xr.DataArray = field(repr=False)
    rater_intercept: xr.DataArray = field(repr=False)
    rater_factor: xr.DataArray = field(repr=False)
    mean: float
    n_ratings: xr.DataArray = field(repr=False)
    objective: float
    path: FloatArray = field(repr=False)
    starts: FloatArray = field(repr=False)
    converged: bool
    dropped: dict[str, int]

    def summary(self) -> pd.DataFrame:
        """List the comments, the largest intercept first.

        Returns
        -------
        pandas.DataFrame
            Indexed by comment: ``intercept``, ``factor``, ``status``, ``n_ratings``.
        """
        import pandas as pd

        table = {
            name: getattr(self, name).values
            for name in ("intercept", "factor", "status", "n_ratings")
        }
        frame = pd.DataFrame(table, index=pd.Index(self.intercept.comment.values, name="comment"))
        return frame.sort_values("intercept", ascending=False, kind="stable")


def bridging(
    ratings: Any,
    *,
    penalty: Literal["mean", "sum"] = "mean",
    intercept_penalty: float = 0.15,
    factor_penalty: float = 0.03,
    helpful: float = 0.40,
    helpful_factor: float = 0.50,
    unhelpful: float = -0.05,
    unhelpful_slope: float = 0.8,
    min_raters: int = 1,
    min_ratings: int = 1,
    starts: int = 4,
    max_iterations: int = 2000,
    seed: Any = 0,
    check: bool = True,
) -> BridgingFit:
    r"""Score comments by approval that an axis of disagreement does not explain.

    The model of Community Notes,

    .. math:: \hat r_{un} = \mu + i_u + i_n + f_u f_n

    fitted by penalised least squares, with :math:`\lambda_i` for intercepts and
    :math:`\lambda_f` for factors. A comment is "helpful" if :math:`i_n \ge 0.40` and
    :math:`|f_n| < 0.50`, and "not helpful" if :math:`i_n < -0.05 - 0.8 |f_n|`.

    Parameters
    ----------
    ratings : array_like, DataArray or frame, (participants, comments)
        Ratings in [0, 1]: 1 helpful, 0.5 somewhat, 0 not, NaN none. For votes of 1, 0 and -1
        pass ``(votes + 1) / 2``.
    penalty : {"mean", "sum"}
        What is minimised. "mean", as the published code does and for which its thresholds are
        made: the mean squared error plus :math:`\lambda` times the mean square of every kind of
        parameter. "sum": the sum of squared errors plus :math:`\lambda` times the sum of all
        squared parameters, which shrinks far less.
    intercept_penalty, factor_penalty : float
        :math:`\lambda_i` and :math:`\lambda_f`, above 0.
    helpful, helpful_factor, unhelpful, unhelpful_slope : float
        The thresholds, in the order of the formulas.
    min_raters, min_ratings : int
        Comments with fewer raters, and then participants with fewer ratings of the rest, are
        left out and counted. Community Notes asks for 5 and 10.
    starts : int
        Random starts, of which the best is returned. The objective is not convex.
    max_iterations : int
        Of L-BFGS, for every start.
    seed : int, Generator or None
        Source of the starts. A given seed gives the same result every time.
    check : bool
        Whether a fit that did not converge is an error.

    Returns
    -------
    BridgingFit
        Intercepts, factors and status of the comments; parameters of the raters.

    Raises
    ------
    DataError
        If a rating lies outside [0, 1], nothing is left to fit, or an option is out of range.
    LabelError
        If a participant or comment occurs twice.
    ConvergenceError
        If the fit did not converge; `.result` holds it.

    Warns
    -----
    ApproximationWarning
        If one start alone reached the lowest objective, so that others might reach a lower one.

    Notes
    -----
    The factors are penalised less than the intercepts, so where raters hardly divide, agreement
    is told by factors of one sign rather than by the intercept. The intercept is shrunk, so a
    comment with few ratings stays below the threshold however well it is liked. The production
    system runs several such models, with confidence checks and rater reputation, of which this is
    the core alone. For intervals over participants:
    ``bootstrap(lambda r: bridging(r).intercept.values, array)`` with a plain array.

    References
    ----------
    S. Wojcik et al. (2022), Birdwatch: crowd wisdom and bridging algorithms can inform
    understanding and reduce the spread of misinformation, arXiv 2210.15723. Community Notes,
    "Note ranking algorithm", and its published code.

    Examples
    --------
    >>> import numpy as np
    >>> from pluralism.choice import bridging
    >>> left, right = [1, 0, 1, 0], [0, 1, 1, 0]
    >>> fit = bridging(np.array([left] * 20 + [right] * 20))
    >>> fit.status.values.tolist()
    ['needs more ratings', 'needs more ratings', 'helpful', 'not helpful']
    """
    _validate.one_of("penalty", penalty, ("mean", "sum"))
    for name, value in (
        ("intercept_penalty", intercept_penalty),
        ("factor_penalty", factor_penalty),
    ):
        _validate.number(name, value, above=0.0)
    for name, value in (
        ("helpful", helpful),
        ("helpful_factor", helpful_factor),
        ("unhelpful", unhelpful),
        ("unhelpful_slope", unhelpful_slope),
    ):
        _validate.number(name, value)
    for name, value in (
        ("min_raters", min_raters),
        ("min_ratings", min_ratings),
        ("starts", starts),
        ("max_iterations", max_iterations),
    ):
        _validate.whole_number(name, value, at_least=1)
    generator = _validate.generator("seed", seed)
    matrix = read_matrix("ratings", ratings)
    values = matrix.values
    odd = (values < 0) | (values > 1)
    if odd.any():
        raise DataError(
            f"`ratings[{_validate.first_place(odd)}]` is {values[odd][0]:g} ({int(odd.sum())} such "
            "entries); a rating lies in [0, 1]. For votes of 1, 0 and -1 pass `(votes + 1) / 2`"
        )
    there = ~np.isnan(values)
    comments = np.flatnonzero(there.sum(axis=0) >= min_raters)
    people = np.flatnonzero(there[:, comments].sum(axis=1) >= min_ratings)
    # Those who are left out may have been a comment's only raters.
    comments = comments[there[np.ix_(people, comments)].any(axis=0)]
    used = values[np.ix_(people, comments)]
    if not used.size:
        raise DataError(
            f"nothing is left to fit: no comment with `min_raters` ({min_raters}) and participant "
            f"with `min_ratings` ({min_ratings})"
        )
    penalties = _penalties(used, penalty, intercept_penalty, factor_penalty)
    found = kernels.factorise(used, penalties, starts, generator, _TOLERANCE, max_iterations)
    intercept, factor = (
        _spread(part, comments, values.shape[1])
        for part in (found.note_intercept, found.note_factor)
    )
    status = np.full(values.shape[1], "needs more ratings", dtype="<U18")
    status[(intercept >= helpful) & (np.abs(factor) < helpful_factor)] = "helpful"
    status[intercept < unhelpful - unhelpful_slope * np.abs(factor)] = "not helpful"
    n_ratings = np.zeros(values.shape[1], dtype=np.int64)
    n_ratings[comments] = (~np.isnan(used)).sum(axis=0)
    i_u, f_u = (
        _spread(part, people, len(values)) for part in (found.rater_intercept, found.rater_factor)
    )
    result = BridgingFit(
        intercept=_over("comment", intercept, matrix),
        factor=_over("comment", factor, matrix),
        status=_over("comment", status, matrix),
        rater_intercept=_over("participant", i_u, matrix),
        rater_factor=_over("participant", f_u, matrix),
        mean=found.mean,
        n_ratings=_over("comment", n_ratings, matrix),
        objective=found.objective,
        path=found.path,
        starts=found.starts,
        converged=found.step <= _TOLERANCE,
        dropped={
            "comments": values.shape[1] - len(comments),
            "participants": len(values) - len(people),
        },
    )
    if check and not result.converged:
        raise ConvergenceError(
            f"the fit stopped after {len(found.path) - 1} iterations with a step of "
            f"{found.step:.1e} to go; raise `max_iterations`, or pass `check=False` and look at "
            "`converged`",
            result=result,
        )
    reached = found.starts <= found.objective + 1e-6 * max(abs(found.objective), 1e-12)
    if starts > 1 and reached.sum() == 1:
        _quiet.warn(
            f"one of {starts} starts alone reached the objective {found.objective:.6g}, the next "
            f"{np.sort(found.starts)[1]:.6g}; there may be a lower one, so raise `starts`",
            ApproximationWarning,
            stacklevel=2,
        )
    return result


def disagreement_bridging(
    votes: Any,
    *,
    propensity: Any = None,
    passes: Literal["not-approved", "missing"] = "not-approved",
) -> xr.DataArray:
    r"""Score comments by the disagreement among those who approve of them.

    .. math:: b_c = \frac{4}{n^2} \sum_{i < j,\; i, j \in N_c} d_{ij}

    with n participants, :math:`N_c` the approvers of c and :math:`d_{ij}` the share of the
    comments, among those on which both voted, that one of them approves and the other does not.
    The largest score is (m - 1) / m for m comments: everybody approves of c and is split in
    halves on all else. (Approvers of c agree on c itself.)

    Parameters
    ----------
    votes : array_like, DataArray or frame, (participants, comments)
        1 (agree), 0 (pass), -1 (disagree), NaN (no vote).
    propensity : array_like, (participants, comments), optional
        Probability in (0, 1] that the vote would be seen. Every vote then counts one over it
        (inverse propensity weighting), which estimates the score of complete votes without bias
        if votes are seen independently; participants whose votes were all unseen then belong to
        the n. It can exceed 1, and is noisy where probabilities are small: four votes enter each
        term.
    passes : {"not-approved", "missing"}
        What a pass is: a vote that does not approve, or no vote.

    Returns
    -------
    xarray.DataArray, (comment,)
        Scores; NaN for a comment that nobody voted on. Attributes: `participants` (n), and
        `voteless`, the participants without any vote, who are left out unless there is a
        `propensity`.

    Raises
    ------
    DataError
        If a vote is something else, or probabilities do not fit or lie outside (0, 1].
    LabelError
        If a participant or comment occurs twice, or labels of `propensity` differ.

    Notes
    -----
    Without `propensity` a comment shown to half as many people scores about a quarter as much:
    compare comments that were shown about equally often. Pairs in the sum are all pairs of
    approvers; they are counted by matrix products, and never held all at once.

    References
    ----------
    Pairwise-disagreement bridging: C. Groger et al., code of "bridging score experiments"
    (github.com/cartgr/bridging), with the inverse-propensity form of its experiment 2.

    Examples
    --------
    >>> from pluralism.choice import disagreement_bridging
    >>> votes = [[1, -1, 1], [1, -1, 1], [-1, 1, 1], [-1, 1, 1]]
    >>> disagreement_bridging(votes).values.round(3).tolist()
    [0.0, 0.0, 0.667]
    """
    import xarray as xr

    _validate.one_of("passes", passes, ("not-approved", "missing"))
    matrix = read_votes("votes", votes)
    values = matrix.values
    if passes == "missing":
        values = np.where(values == 0, np.nan, values)
    seen = ~np.isnan(values)
    if not seen.any():
        raise DataError("`votes` holds passes alone; with `passes='missing'` no vote is left")
    rows = seen.any(axis=1)
    n = len(values) if propensity is not None else int(rows.sum())
    approves = values == 1
    if propensity is None:
        scores = kernels.disagreement_scores(approves[rows], seen[rows])
    else:
        chance = _propensity(propensity, matrix.labelled, values.shape, seen)
        scores = kernels.propensity_scores(approves, seen, chance)
    scores = np.where(seen.any(axis=0), scores, np.nan)
    return xr.DataArray(
        scores,
        dims="comment",
        coords=matrix.comment_coord,
        attrs={"participants": n, "voteless": int((~rows).sum())},
    )


def _penalties(used: FloatArray, penalty: str, intercept: float, factor: float) -> Any:
    if penalty == "sum":
        return kernels.Penalties(1.0, intercept, factor, intercept, factor, intercept)
    raters, notes = used.shape
    return kernels.Penalties(
        1.0 / float((~np.isnan(used)).sum()),
        intercept / raters,
        factor / raters,
        intercept / notes,
        factor / notes,
        intercept,
    )


def _over(dim: Literal["comment", "participant"], values: Any, matrix: VoteMatrix) -> xr.DataArray:
    import xarray as xr

    coords = matrix.comment_coord if dim == "comment" else matrix.participant_coord
    return xr.DataArray(values, dims=dim, coords=coords)


def _spread(part: FloatArray, place: npt.NDArray[np.intp], size: int) -> FloatArray:
    """Put the parameters of those who were fitted among NaN for all others."""
    result = np.full(size, np.nan)
    result[place] = part
    return result


def _propensity(
    value: Any, votes: Any, shape: tuple[int, ...], seen: npt.NDArray[np.bool_]
) -> FloatArray:
    from .._labelled import match_dimension

    labelled, _ = as_labelled("propensity", value)
    if labelled is not None and votes is not None and labelled.ndim == 2:
        # Dimensions of the same name belong together, the others as they stand.
        others = [dim for dim in labelled.dims if dim not in votes.dims]
        order = [dim if dim in labelled.dims else others.pop(0) for dim in votes.dims]
        labelled = labelled.transpose(*order).rename(dict(zip(order, votes.dims, strict=True)))
        for dim in votes.dims:
            _, labelled = match_dimension(("votes", "propensity"), (votes, labelled), dim)
    array = _validate.finite_array(
        "propensity", value if labelled is None else labelled.values, ndim=2, allow_nan=True
    )
    if array.shape != shape:
        raise DataError(f"`propensity` has shape {array.shape} and `votes` {shape}")
    odd = seen & ~((array > 0) & (array <= 1))
    if odd.any():
        raise DataError(
            f"`propensity[{_validate.first_place(odd)}]` is {array[odd][0]:g} where there is a "
            "vote; the probability of seeing it lies in (0, 1]"
        )
    return np.where(seen, array, 1.0)
