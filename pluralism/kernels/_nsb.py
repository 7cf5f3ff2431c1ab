"""The entropy estimator of Nemenman, Shafee and Bialek (2002), many rows at once (host kernel).

A symmetric Dirichlet prior of concentration beta fixes the entropy almost by itself; NSB mixes
these priors over beta so that the expected entropy xi(beta) = psi(K beta + 1) - psi(beta + 1) is
uniform a priori. The posterior mean is a ratio of two integrals over log beta.

The integrand is analytic and vanishes at both ends, so the trapezoid rule converges
exponentially once its step is below the posterior's width, which is at least 1/sqrt(S) for S
categories seen. All rows share the nodes: tables over the distinct counts times the fingerprint
of each row (how often each count occurs) give log evidence and conditional entropy as two matrix
products.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ._entropy import in_blocks

__all__ = ["nsb_entropy"]

FloatArray = npt.NDArray[np.float64]

#: Ends of the integral: beta from _SMALLEST / K to _LARGEST.
_SMALLEST, _LARGEST = 1e-6, 1e6
#: Counts up to this are looked up in a table of codes, larger ones are searched.
_TABLE = 1 << 20


class _Nodes(NamedTuple):
    beta: FloatArray  # (nodes,)
    log_prior: FloatArray  # (nodes,)  of log beta, up to a constant
    log_evidence: FloatArray  # (distinct counts, nodes)
    entropy_term: FloatArray  # (distinct counts, nodes)
    absent_term: FloatArray  # (nodes,)


def nsb_entropy(counts: FloatArray, k: int) -> FloatArray:
    """Posterior mean entropy (rows,) of `counts` (rows, categories) over `k` categories."""
    from scipy.special import betaln, digamma, gammaln

    distinct = _distinct(counts)  # (distinct counts,) positive
    nodes = _nodes(distinct, k, int(np.count_nonzero(counts, axis=1).max()))
    totals, total_code = np.unique(counts.sum(axis=1), return_inverse=True)
    mass = k * nodes.beta
    # ln Gamma(K beta) - ln Gamma(N + K beta), without cancellation at large K beta.
    log_total = betaln(mass, totals[:, None]) - gammaln(totals[:, None])  # (totals, nodes)
    log_total += nodes.log_prior
    weight = totals[:, None] + mass  # (totals, nodes)
    outer = digamma(weight + 1.0)
    width = len(nodes.beta)

    def block(rows: FloatArray) -> FloatArray:
        counts, code = rows[:, :-1], rows[:, -1].astype(np.intp)
        fingerprint = _fingerprint(counts, distinct)  # (rows, distinct counts)
        absent = k - np.count_nonzero(counts, axis=1)
        log_posterior = fingerprint @ nodes.log_evidence  # (rows, nodes)
        log_posterior += log_total[code]
        log_posterior -= log_posterior.max(axis=1, keepdims=True)
        posterior = np.exp(log_posterior, out=log_posterior)
        inner = fingerprint @ nodes.entropy_term
        inner += absent[:, None] * nodes.absent_term
        inner /= weight[code]
        conditional = np.subtract(outer[code], inner, out=inner)
        conditional *= posterior
        return conditional.sum(axis=1) / posterior.sum(axis=1)

    return in_blocks(block, np.column_stack([counts, total_code]), width=width)


def _nodes(distinct: FloatArray, k: int, most_seen: int) -> _Nodes:
    from scipy.special import betaln, digamma, gammaln, polygamma

    low, high = np.log(_SMALLEST / k), np.log(_LARGEST)
    step = min(0.5, 1.0 / np.sqrt(most_seen))
    beta = np.exp(np.linspace(low, high, int(np.ceil((high - low) / step)) + 1))
    density = beta * (k * polygamma(1, k * beta + 1.0) - polygamma(1, beta + 1.0))
    n = distinct[:, None]
    return _Nodes(
        beta,
        np.log(density),
        gammaln(n) - betaln(beta, n),  # ln Gamma(n + beta) - ln Gamma(beta)
        (n + beta) * digamma(n + beta + 1.0),
        beta * digamma(beta + 1.0),
    )


def _distinct(counts: FloatArray) -> FloatArray:
    largest = counts.max()
    if largest > _TABLE:
        distinct = np.unique(counts)
        return distinct[distinct > 0.0]
    occurs = np.zeros(int(largest) + 1, dtype=bool)
    occurs[counts.astype(np.intp)] = True
    occurs[0] = False
    return np.flatnonzero(occurs).astype(np.float64)


def _fingerprint(counts: FloatArray, distinct: FloatArray) -> FloatArray:
    """How often each distinct count occurs in each row."""
    flat = np.flatnonzero(counts)
    code = np.searchsorted(distinct, counts.ravel()[flat])
    bins = (flat // counts.shape[1]) * len(distinct) + code
    occurrences = np.bincount(bins, minlength=len(counts) * len(distinct))
    return occurrences.reshape(len(counts), len(distinct)).astype(np.float64)
