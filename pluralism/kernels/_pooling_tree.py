"""Blocks of utilities that are pooled towards the block above them. Host kernel.

Raters stand below groups, groups below the population: a block is normal around its parent, with
one spread for each level. The precision of all of them together is a tree with a border of shared
parameters. It is factored from the leaves up, so the work grows with the number of blocks, not
with its cube; the factor solves Newton steps, gives the determinant, and turns independent
standard normals into draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg

from ._pooling_votes import Curvature

__all__ = ["Factor", "Point", "factorise", "log_prior", "newton_step"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]
#: For each level, population first, the parent of each block; the population's is a zero vector.
Parents = tuple[IntArray, ...]


class Point(NamedTuple):
    """Utilities of all blocks by level, population first, and the shared parameters."""

    levels: tuple[FloatArray, ...]  # (blocks, n - 1) each
    shared: FloatArray  # (e,)


class Factor(NamedTuple):
    """How each block depends on its parent and the shared parameters, and what is left."""

    roots: tuple[FloatArray, ...]  # (blocks, n - 1, n - 1): root of the covariance given the above
    on_parent: tuple[FloatArray, ...]  # (blocks, n - 1, n - 1)
    on_shared: tuple[FloatArray, ...]  # (blocks, n - 1, e)
    shared_root: FloatArray  # (e, e): root of the shared parameters' covariance
    log_determinant: float  # of the precision


def log_prior(point: Point, parents: Parents, spreads: FloatArray, precision: FloatArray) -> float:
    """Log-density of the utilities given their spreads (levels,), without constants."""
    total = -0.5 * float(precision @ point.shared**2)
    for away, spread in zip(_deviations(point, parents), spreads, strict=True):
        total -= 0.5 * float((away**2).sum()) / spread**2 + away.size * float(np.log(spread))
    return total


def factorise(
    curvature: Curvature, parents: Parents, spreads: FloatArray, precision: FloatArray
) -> Factor:
    """Factor the posterior precision at the point of `curvature`."""
    size = curvature.gradient.shape[1]
    square, cross = curvature.blocks, curvature.cross
    shared = curvature.extras + np.diag(precision)
    roots, on_parent, on_shared, logarithm = [], [], [], 0.0
    for level in reversed(range(len(parents))):
        pull = spreads[level] ** -2.0
        lower = np.linalg.cholesky(square + pull * np.eye(size))
        logarithm += 2.0 * float(np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
        root = np.linalg.inv(lower).swapaxes(1, 2)
        covariance = root @ root.swapaxes(1, 2)
        dependence = -covariance @ cross  # (blocks, n - 1, e)
        roots.append(root)
        on_parent.append(pull * covariance)
        on_shared.append(dependence)
        shared = shared + np.einsum("bie,bif->ef", cross, dependence)
        if level:
            count = len(parents[level - 1])
            square = np.zeros((count, size, size))
            np.add.at(square, parents[level], pull * np.eye(size) - pull**2 * covariance)
            cross = np.zeros((count, size, cross.shape[2]))
            np.add.at(cross, parents[level], -pull * dependence)
    lower = np.linalg.cholesky(0.5 * (shared + shared.T))
    logarithm += 2.0 * float(np.log(np.diagonal(lower)).sum())
    shared_root = linalg.solve_triangular(lower, np.eye(len(lower)), lower=True).T
    return Factor(
        tuple(reversed(roots)),
        tuple(reversed(on_parent)),
        tuple(reversed(on_shared)),
        shared_root,
        logarithm,
    )


def newton_step(
    point: Point,
    curvature: Curvature,
    factor: Factor,
    parents: Parents,
    spreads: FloatArray,
    precision: FloatArray,
) -> tuple[Point, float]:
    """Return the step to the mode of the local normal approximation, and its decrement."""
    pulls = [
        away / spread**2 for away, spread in zip(_deviations(point, parents), spreads, strict=True)
    ]
    gradient = [-pull for pull in pulls]
    gradient[-1] = gradient[-1] + curvature.gradient
    for level in range(1, len(parents)):
        np.add.at(gradient[level - 1], parents[level], pulls[level])
    shared_gradient = curvature.extras_gradient - precision * point.shared
    right, shared = [each.copy() for each in gradient], shared_gradient.copy()
    for level in reversed(range(len(parents))):
        shared += np.einsum("bie,bi->e", factor.on_shared[level], right[level])
        if level:
            passed = np.einsum("bij,bj->bi", factor.on_parent[level], right[level])
            np.add.at(right[level - 1], parents[level], passed)
    shared_step = factor.shared_root @ (factor.shared_root.T @ shared)
    steps: list[FloatArray] = []
    for level, root in enumerate(factor.roots):
        step = np.einsum("bij,bkj,bk->bi", root, root, right[level], optimize=True)
        step += factor.on_shared[level] @ shared_step
        if level:
            above = steps[-1][parents[level]]
            step += np.einsum("bij,bj->bi", factor.on_parent[level], above)
        steps.append(step)
    squared = float(shared_gradient @ shared_step)
    squared += sum(float((g * s).sum()) for g, s in zip(gradient, steps, strict=True))
    return Point(tuple(steps), shared_step), float(np.sqrt(max(squared, 0.0)))


def _deviations(point: Point, parents: Parents) -> list[FloatArray]:
    """Deviations of every block from its parent, by level."""
    first, *rest = point.levels
    above = zip(rest, point.levels, parents[1:], strict=False)
    return [first, *(level - parent[place] for level, parent, place in above)]
