"""The hierarchical model in NumPyro, in coordinates in which its posterior is nearly standard.

Sampling whitens with Laplace's approximation: a block of utilities is its mode, moved with its
parent and the shared parameters as that approximation says, plus the root of its covariance times
a standard normal. How far a deviation scales with its spread is chosen block by block by the
share of it that the votes would leave open if the spread were as small as it may well be: not at
all where votes say everything (centred), in proportion where they say nothing (non-centred). The
density is the model's own; only the coordinates are approximate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from threading import RLock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import numpyro
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS

from ..kernels._padding import bucket
from ..kernels._pooling_laplace import Laplace
from ..kernels._pooling_tree import Factor, Parents, Point
from ..kernels._pooling_votes import Extras, VoteCells, extras_precision, zero_sum_basis

__all__ = ["Problem", "Settings", "draw_normal", "run_nuts"]

_SAMPLING = RLock()
#: Share left open below which a posterior counts as nearly normal.
_SETTLED = 0.25

Draws = dict[str, npt.NDArray[Any]]  # (chains, draws, ...)


class Problem(NamedTuple):
    """Everything the posterior depends on: arrays, so that equal shapes are compiled once."""

    cells: VoteCells
    parents: Parents
    prior: npt.NDArray[np.float64]  # (): scale of the half-normal prior on every spread
    precision: npt.NDArray[np.float64]  # (e,): of the priors on the shared parameters
    basis: npt.NDArray[np.float64]  # (items, items - 1)
    point: Point
    factor: Factor
    log_spreads: npt.NDArray[np.float64]  # (levels,)
    spread_root: npt.NDArray[np.float64]  # (levels, levels)
    open_shares: tuple[npt.NDArray[np.float64], ...]  # (blocks,) by level

    @classmethod
    def of(
        cls, cells: VoteCells, parents: Parents, extras: Extras, laplace: Laplace, prior: float
    ) -> Problem:
        """Collect the arrays; cells are padded with empty ones to a power of two."""
        extra = bucket(len(cells.block)) - len(cells.block)
        basis = zero_sum_basis(laplace.point.levels[0].shape[1] + 1)
        return cls(
            VoteCells(*(np.concatenate([each, np.zeros(extra, each.dtype)]) for each in cells)),
            parents,
            np.asarray(prior, dtype=np.float64),
            extras_precision(extras, len(basis)),
            basis,
            laplace.point,
            laplace.factor,
            laplace.log_spreads,
            laplace.spread_root,
            tuple(_open_shares(laplace)),
        )

    @property
    def is_settled(self) -> bool:
        """Whether votes leave little open, so that whitened coordinates are nearly normal."""
        sizes = [len(each) for each in self.open_shares]
        means = [float(each.mean()) for each in self.open_shares]
        return float(np.average(means, weights=sizes)) < _SETTLED


class Settings(NamedTuple):
    """How long and how carefully to sample."""

    chains: int
    warmup: int
    draws: int
    target_accept: float
    max_tree_depth: int
    progress: bool


class _Place(NamedTuple):
    """A point of the posterior in the model's own coordinates."""

    levels: list[jax.Array]  # (blocks, n - 1) each
    shared: jax.Array  # (e,)
    log_spreads: jax.Array  # (levels,)
    log_jacobian: jax.Array


def _place(problem: Problem, white: dict[str, jax.Array]) -> _Place:
    """Map whitened coordinates to the model's own."""
    point, factor = problem.point, problem.factor
    size = problem.basis.shape[1]
    scaled = problem.spread_root @ white["spread"]  # (levels,)
    moved = factor.shared_root @ white["shared"]
    levels: list[jax.Array] = []
    log_jacobian = jnp.zeros(())
    for level, parent in enumerate(problem.parents):
        away = point.levels[level] + factor.on_shared[level] @ moved
        away += jnp.einsum("bij,bj->bi", factor.roots[level], white[f"level_{level}"])
        above: Any = 0.0
        if level:
            above, mode = levels[-1][parent], point.levels[level - 1][parent]
            behind = above - mode
            away += jnp.einsum("bij,bj->bi", factor.on_parent[level], behind) - above
        stretch = problem.open_shares[level] * scaled[level]
        levels.append(above + jnp.exp(stretch)[:, None] * away)
        log_jacobian += size * stretch.sum()
    return _Place(levels, point.shared + moved, problem.log_spreads + scaled, log_jacobian)


def _open_shares(laplace: Laplace) -> list[npt.NDArray[np.float64]]:
    """Share of each block's deviation that votes leave open at a small spread, (blocks,) each."""
    deviation = np.sqrt((laplace.spread_root**2).sum(axis=1))
    shares = []
    for level, root in enumerate(laplace.factor.roots):
        variance = np.linalg.svd(root, compute_uv=False) ** 2  # (blocks, n - 1)
        said = np.maximum(1.0 / variance - np.exp(-2.0 * laplace.log_spreads[level]), 0.0)
        small = np.exp(2.0 * (laplace.log_spreads[level] - 4.0 * deviation[level]))
        shares.append((1.0 / (1.0 + said * small)).mean(axis=1))
    return shares


def _log_likelihood(problem: Problem, place: _Place, extras: Extras) -> jax.Array:
    cells, basis = problem.cells, problem.basis
    utility = place.levels[-1] @ basis.T  # (blocks, items)
    gap = utility[cells.block, cells.first] - utility[cells.block, cells.second]  # (cells,)
    lead = extras.order + extras.ties
    if extras.variances:
        variance = jnp.exp(basis @ place.shared[lead:])
        gap *= jnp.sqrt(2.0 / (variance[cells.first] + variance[cells.second]))
    if extras.order:
        gap += place.shared[0]
    votes = cells.won + cells.lost
    total = (0.5 * (cells.won - cells.lost) * gap).sum()
    # ln(e^(x/2) + e^(-x/2)) = |x| / 2 + ln(1 + e^-|x|)
    size = jnp.abs(gap)
    log_sum = 0.5 * size + jnp.log1p(jnp.exp(-size))
    if extras.ties:
        log_nu = place.shared[lead - 1]
        log_sum = jnp.logaddexp(log_sum, log_nu)
        total += log_nu * cells.tied.sum()
        votes += cells.tied
    return total - (votes * log_sum).sum()


def _log_prior(problem: Problem, place: _Place) -> jax.Array:
    total = -0.5 * (problem.precision * place.shared**2).sum()
    spreads = jnp.exp(place.log_spreads)
    total += (place.log_spreads - 0.5 * (spreads / problem.prior) ** 2).sum()
    for level, parent in enumerate(problem.parents):
        away = place.levels[level] - (place.levels[level - 1][parent] if level else 0.0)
        total -= 0.5 * (away**2).sum() / spreads[level] ** 2 + away.size * place.log_spreads[level]
    return total


def _shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    """Shapes of the whitened coordinates."""
    levels = {f"level_{level}": each.shape for level, each in enumerate(problem.point.levels)}
    return {"spread": problem.log_spreads.shape, "shared": problem.precision.shape, **levels}


def _model(problem: Problem, extras: Extras) -> None:
    # The density of the whitened coordinates is the posterior's, by the factor below.
    white = {
        name: numpyro.sample(
            name, dist.ImproperUniform(dist.constraints.real, (), event_shape=shape)
        )
        for name, shape in _shapes(problem).items()
    }
    here = _place(problem, white)
    log_posterior = _log_likelihood(problem, here, extras) + _log_prior(problem, here)
    numpyro.factor("posterior", log_posterior + here.log_jacobian)


@lru_cache(maxsize=8)
def _sampler(extras: Extras, settings: Settings, shapes: tuple[tuple[int, ...], ...]) -> MCMC:
    """Return a sampler that is kept, so that data of the same `shapes` compile nothing."""
    return MCMC(
        NUTS(
            partial(_model, extras=extras),
            target_accept_prob=settings.target_accept,
            max_tree_depth=settings.max_tree_depth,
        ),
        num_warmup=settings.warmup,
        num_samples=settings.draws,
        num_chains=settings.chains,
        chain_method="vectorized",
        progress_bar=settings.progress,
        jit_model_args=True,
    )


def run_nuts(
    problem: Problem, extras: Extras, settings: Settings, seed: int
) -> tuple[Draws, Draws]:
    """Sample the posterior: draws of its parameters, and statistics of the sampler."""
    # NumPyro keeps its handlers, and the sampler its state, in one place for all threads.
    with _SAMPLING, _float64():
        start, run = jax.random.split(jax.random.key(seed))
        shapes = tuple(np.shape(each) for each in jax.tree.leaves(problem))
        sampler = _sampler(extras, settings, shapes)
        sampler.run(
            run,
            problem,
            init_params=_standard_normals(problem, start, (settings.chains,)),
            extra_fields=("num_steps", "diverging", "accept_prob", "energy", "potential_energy"),
        )
        drawn = sampler.get_samples(group_by_chain=True)
        stats = sampler.get_extra_fields(group_by_chain=True)
        return _in_own_coordinates(problem, drawn), {
            "n_steps": np.asarray(stats["num_steps"]),
            "diverging": np.asarray(stats["diverging"]),
            "acceptance_rate": np.asarray(stats["accept_prob"]),
            "energy": np.asarray(stats["energy"]),
            "lp": -np.asarray(stats["potential_energy"]),
        }


def draw_normal(problem: Problem, chains: int, draws: int, seed: int) -> Draws:
    """Draw from Laplace's approximation: standard normals in the whitened coordinates."""
    with _float64():
        white = _standard_normals(problem, jax.random.key(seed), (chains, draws))
        return _in_own_coordinates(problem, white)


def _standard_normals(
    problem: Problem, key: jax.Array, lead: tuple[int, ...]
) -> dict[str, jax.Array]:
    shapes = _shapes(problem)
    return {
        name: jax.random.normal(one, (*lead, *shape))
        for one, (name, shape) in zip(
            jax.random.split(key, len(shapes)), shapes.items(), strict=True
        )
    }


def _in_own_coordinates(problem: Problem, white: dict[str, jax.Array]) -> Draws:
    """Utilities by level, spreads and shared parameters of whitened draws (chains, draws, ...)."""
    parts = [  # one chain at a time, so that few arrays are alive
        jax.tree.map(np.asarray, _own(problem, {name: value[k] for name, value in white.items()}))
        for k in range(len(white["spread"]))
    ]
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _own_chain(problem: Problem, white: dict[str, jax.Array]) -> dict[str, jax.Array]:
    def one(each: dict[str, jax.Array]) -> dict[str, jax.Array]:
        here = _place(problem, each)
        return {
            "spread": jnp.exp(here.log_spreads),
            "shared": here.shared,
            **{f"level_{k}": level @ problem.basis.T for k, level in enumerate(here.levels)},
        }

    return jax.vmap(one)(white)


_own = jax.jit(_own_chain)


@contextmanager
def _float64() -> Iterator[None]:
    """Enter float64 and the promotion rules that NumPyro expects, around the call alone."""
    with (
        jax.enable_x64(True),
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
    ):
        yield
