"""Numbers at the ends of their scales, against the same formulas in many digits."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from mpmath import mp, mpf

from pluralism import Comparisons, jury, perspective, utility
from pluralism.kernels import coin_confidence
from pluralism.kernels._outcomes import Counts, log_likelihood
from pluralism.kernels._pairs import mills_ratio

TINY = 1e-300


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(700):  # 1 - 1e-300 takes more than 50
        yield


def exactly(values):
    return [mpf(float(value)) for value in values]


def shares(counts):
    counts = exactly(counts)
    total = mp.fsum(counts)
    return [count / total for count in counts]


def xlogx(p):
    return p * mp.log(p) if p else mpf(0)


# -- entropies and distances -------------------------------------------------------------------

COUNTS = {
    "a share of 1e-300": [TINY, 1.0],
    "one in 1e15": [1, 10**15],
    "a million equal": [1] * 1000,
    "few": [3, 1, 1, 0, 2],
}


@pytest.mark.filterwarnings("ignore:the plug-in entropy")
@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_entropy(counts):
    exact = -mp.fsum(map(xlogx, shares(counts)))
    assert perspective.entropy(counts) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("q", [0.5, 1 - 1e-9, 1 + 1e-6, 2.0, 50.0])
def test_orders_of_entropy(counts, q):
    power = mp.fsum(p ** mpf(q) for p in shares(counts) if p)
    renyi, tsallis = mp.log(power) / (1 - mpf(q)), (1 - power) / (mpf(q) - 1)
    assert perspective.renyi_entropy(counts, q=q) == pytest.approx(
        float(renyi), rel=1e-9, abs=1e-15
    )
    assert perspective.hill_numbers(counts, q=q) == pytest.approx(float(mp.exp(renyi)), rel=1e-9)
    found = perspective.tsallis_entropy(counts, q=q)
    assert found == pytest.approx(float(tsallis), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ([0.5, 0.5], [0.5 + 1e-9, 0.5 - 1e-9]),
        ([TINY, 1.0], [0.0, 1.0]),
        ([1.0, 0.0], [0.0, 1.0]),
        ([0.1, 0.2, 0.7], [0.3, 0.3, 0.4]),
    ],
)
def test_jensen_shannon(p, q):
    a, b = shares(p), shares(q)
    middle = [(x + y) / 2 for x, y in zip(a, b, strict=True)]
    exact = mp.fsum(map(xlogx, a)) / 2 + mp.fsum(map(xlogx, b)) / 2 - mp.fsum(map(xlogx, middle))
    assert perspective.js_divergence(p, q) == pytest.approx(float(exact), rel=1e-6, abs=TINY)


def test_kullback_leibler_of_a_tiny_share():
    found = perspective.kl_divergence([0.5, 0.5], [TINY, 1.0])
    exact = (mp.log(mpf("0.5") / mpf(TINY)) + mp.log(mpf("0.5"))) / 2
    assert found == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("counts", [[3, 1, 1, 0, 2], [10**9, 1, 10**6], [1, 1, 1]])
def test_grassberger(counts):
    """G(n) = psi(n) + (-1)^n (psi((n + 1)/2) - psi(n/2)) / 2, Grassberger (2003)."""

    def g(n):
        return (
            mp.digamma(n) + (-1) ** n * (mp.digamma((mpf(n) + 1) / 2) - mp.digamma(mpf(n) / 2)) / 2
        )

    total = sum(counts)
    exact = mp.log(total) - mp.fsum(n * g(n) for n in counts if n) / total
    found = perspective.entropy(counts, estimator="grassberger")
    assert found == pytest.approx(float(exact), rel=1e-12, abs=1e-12)


def test_dirichlet_entropy():
    """Posterior mean entropy, psi(A + 1) - sum a psi(a + 1) / A (Wolpert and Wolf 1995)."""
    counts, prior = [10**12, 3, 0], mpf("0.5")
    a = [count + prior for count in counts]
    exact = mp.digamma(sum(a) + 1) - mp.fsum(x * mp.digamma(x + 1) for x in a) / sum(a)
    found = perspective.entropy(counts, estimator="dirichlet", concentration=0.5)
    assert found == pytest.approx(float(exact), abs=1e-13)


# -- likelihoods -------------------------------------------------------------------------------


LINKS = {
    "logit": lambda x: 1 / (1 + mp.exp(-x)),
    "probit": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
}
GAPS = [-300.0, -38.0, -1.0, -1e-12, 0.0, 2.0, 38.0, 300.0]


def one_vote(link, ties, gap, tie):
    """Log-likelihoods of a win of the first, of the second, and of a tie."""
    eta = np.array([gap])
    for outcome in np.eye(3):
        counts = Counts(*(np.array([weight]) for weight in outcome))
        yield log_likelihood(link, ties, eta, tie, counts)


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("link", LINKS)
def test_log_likelihood_of_a_vote(link, gap):
    first, second, _ = one_vote(link, "half", gap, 0.0)
    assert first == pytest.approx(float(mp.log(LINKS[link](mpf(gap)))), rel=1e-13)
    assert second == pytest.approx(float(mp.log(LINKS[link](-mpf(gap)))), rel=1e-13)


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("tie", [1e-12, 0.5, 20.0])
def test_log_likelihood_of_a_vote_that_may_tie(gap, tie):
    """Rao and Kupper: a tie is what the two wins, each of them harder by the threshold, leave."""
    eta, kappa = mpf(gap), mpf(tie)
    win, loss = LINKS["logit"](eta - kappa), LINKS["logit"](-eta - kappa)
    exact = [float(mp.log(win)), float(mp.log(loss)), float(mp.log(1 - win - loss))]
    assert list(one_vote("logit", "rao-kupper", gap, tie)) == pytest.approx(exact, rel=1e-12)
    weights = [mp.exp(eta / 2), mp.exp(-eta / 2), mp.exp(kappa)]  # Davidson, nu = exp(tie)
    exact = [float(mp.log(weight / sum(weights))) for weight in weights]
    found = list(one_vote("logit", "davidson", gap, tie))
    assert found == pytest.approx(exact, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("gap", GAPS)
def test_inverse_mills_ratio(gap):
    exact = mp.npdf(mpf(gap)) / LINKS["probit"](mpf(gap))
    assert mills_ratio(np.array([gap]))[0] == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("wins", [(10**15, 1), (1, 1), (10**6, 3)])
def test_two_items_have_a_closed_form(wins):
    """Utilities +-log(w / l) / 2 with variance (1/w + 1/l) / 4, whatever the counts."""
    w, l = wins  # noqa: E741
    fit = utility.fit_bradley_terry(Comparisons.from_matrix([[0, w], [l, 0]]))
    assert fit.utility.values[0] == pytest.approx(
        float(mp.log(mpf(w) / l) / 2), rel=1e-9, abs=1e-12
    )
    exact = mp.sqrt(mpf(1) / w + mpf(1) / l) / 2
    assert fit.stderr.values[0] == pytest.approx(float(exact), rel=1e-9)
    likelihood = w * mp.log(mpf(w) / (w + l)) + l * mp.log(mpf(l) / (w + l))
    assert fit.log_likelihood == pytest.approx(float(likelihood), rel=1e-9)


def test_likelihood_of_many_items_with_huge_counts():
    """Every pair meets, so that the fit reads a table of wins; 1e12 to 1e15 votes a pair."""
    wins = np.floor(10.0 ** np.random.default_rng(0).uniform(9, 15, (12, 12)))
    np.fill_diagonal(wins, 0)
    fit = utility.fit_bradley_terry(Comparisons.from_matrix(wins))
    u = exactly(fit.utility.values)
    exact = mp.fsum(
        -mpf(wins[i, j]) * mp.log(1 + mp.exp(u[j] - u[i])) for i in range(12) for j in range(12)
    )
    assert fit.log_likelihood == pytest.approx(float(exact), rel=1e-12)


def test_utilities_of_plus_and_minus_fifty():
    """A chain of wins 1e15 to 1: the ends are 103 apart, and every gap is exact."""
    n, odds = 4, 10**15
    wins = np.zeros((n, n))
    for i in range(n - 1):
        wins[i, i + 1], wins[i + 1, i] = odds, 1
    fit = utility.fit_bradley_terry(Comparisons.from_matrix(wins))
    np.testing.assert_allclose(-np.diff(fit.utility), float(mp.log(odds)), rtol=1e-8)
    assert np.ptp(fit.utility.values) > 100


@pytest.mark.slow
def test_dirichlet_multinomial_likelihood():
    counts = [[10**6, 3], [2, 10**6], [5, 5], [40, 60]]
    fit = jury.fit_dirichlet_multinomial(counts)
    alpha = exactly(fit.alpha.values)

    def log_likelihood(row):
        value = mp.loggamma(sum(alpha)) - mp.loggamma(sum(alpha) + sum(row))
        return value + sum(
            mp.loggamma(a + n) - mp.loggamma(a) for a, n in zip(alpha, row, strict=True)
        )

    exact = mp.fsum(map(log_likelihood, counts))
    assert fit.log_likelihood == pytest.approx(float(exact), rel=1e-10)


# -- counting ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 12, 1001])
@pytest.mark.parametrize("share", [0.5, 1e-6, 0.999])
def test_verdict_of_independent_jurors(size, share):
    p = Fraction(share)
    exact = sum(
        comb(size, k) * p**k * (1 - p) ** (size - k) * (Fraction(1, 2) if 2 * k == size else 1)
        for k in range((size + 1) // 2, size + 1)
    )
    found = jury.verdict_probability(share, size=size)
    assert found == pytest.approx(float(exact), rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("draws", [1, 20, 1001, 10**6])
def test_confidence_of_a_coin(draws):
    """E max(k, m - k) / m = (1 + C(m - 1, floor(m / 2)) 2^(1 - m)) / 2 for m tosses."""
    m = draws
    half = m // 2
    exact = (1 + mp.binomial(m - 1, half) * mpf(2) ** (1 - m)) / 2
    assert coin_confidence(draws) == pytest.approx(float(exact), rel=1e-9)
