"""What holds of every distribution, and of every two."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluralism import perspective as ps

K = 5
SHARES = st.lists(
    st.one_of(st.just(0.0), st.floats(1e-9, 1.0), st.floats(1e-300, 1e-12)), min_size=K, max_size=K
).filter(lambda w: sum(w) > 1e-6)
COUNTS = st.lists(st.integers(0, 40), min_size=K, max_size=K).filter(any)


def share(weights) -> np.ndarray:
    weights = np.array(weights)
    return weights / weights.sum()


#: name -> (function, largest value, symmetric, metric)
DISTANCES = {
    "js_divergence": (ps.js_divergence, math.log(2), True, False),
    "js_distance": (ps.js_distance, math.sqrt(math.log(2)), True, True),
    "js_distance_bits": (lambda p, q: ps.js_distance(p, q, base=2), 1.0, True, True),
    "kl_divergence": (ps.kl_divergence, math.inf, False, False),
    "total_variation": (ps.total_variation, 1.0, True, True),
    "manhattan": (ps.manhattan, 2.0, True, True),
    "hellinger": (ps.hellinger, 1.0, True, True),
    "wasserstein": (ps.wasserstein, K - 1.0, True, True),
    "wasserstein_relative": (lambda p, q: ps.wasserstein(p, q, relative=True), 1.0, True, True),
}


FEWER = settings(max_examples=12)


@pytest.mark.parametrize("name", DISTANCES)
class TestDistances:
    @pytest.mark.slow
    @FEWER
    @given(p=SHARES, q=SHARES)
    def test_bounds_and_symmetry(self, name, p, q):
        distance, largest, symmetric, _ = DISTANCES[name]
        there, back = distance(share(p), share(q)), distance(share(q), share(p))
        assert 0.0 <= there <= largest
        if symmetric:
            assert there == back

    @FEWER
    @given(p=SHARES)
    def test_none_to_itself(self, name, p):
        distance = DISTANCES[name][0]
        assert distance(share(p), share(p)) == 0.0

    @FEWER
    @given(p=COUNTS, scale=st.integers(1, 1000))
    def test_none_to_a_multiple_of_the_same_counts(self, name, p, scale):
        if name.endswith(("bits", "relative")):
            pytest.skip("the plain form is tested")
        counts = np.array(p)
        assert getattr(ps, name)(counts, counts * scale, normalize=True) == 0.0

    @FEWER
    @given(p=SHARES, q=SHARES, r=SHARES)
    def test_triangle(self, name, p, q, r):
        distance, _, _, metric = DISTANCES[name]
        if metric:
            p, q, r = share(p), share(q), share(r)
            assert distance(p, r) <= distance(p, q) + distance(q, r) + 1e-9

    @FEWER
    @given(p=SHARES, q=SHARES, order=st.permutations(range(K)))
    def test_categories_without_order_may_be_permuted(self, name, p, q, order):
        if name.startswith("wasserstein"):
            order = order[::-1] if order == sorted(order) else list(range(K))[::-1]
        distance = DISTANCES[name][0]
        p, q = share(p), share(q)
        assert distance(p[order], q[order]) == pytest.approx(distance(p, q), rel=1e-9, abs=1e-12)


@given(p=SHARES, q=SHARES)
def test_distances_bound_each_other(p, q):
    """Pinsker, Le Cam and Lin."""
    p, q = share(p), share(q)
    tv, h = ps.total_variation(p, q), ps.hellinger(p, q)
    assert h**2 - 1e-12 <= tv <= h * math.sqrt(2 - h**2) + 1e-9
    assert tv <= math.sqrt(ps.kl_divergence(p, q) / 2) + 1e-9
    assert ps.js_divergence(p, q, base=2) <= tv + 1e-12
    assert ps.wasserstein(p, q) >= tv - 1e-12


@given(p=SHARES, q=SHARES, w=st.floats(0.0, 1.0))
def test_divergence_among_two_is_the_divergence(p, q, w):
    p, q = share(p), share(q)
    among = ps.js_divergence_among([p, q])
    assert among == pytest.approx(ps.js_divergence(p, q), abs=1e-12)
    weighted = ps.js_divergence_among([p, q], weights=[w, 1 - w])
    mixed = ps.entropy(w * p + (1 - w) * q)
    expected = mixed - w * ps.entropy(p) - (1 - w) * ps.entropy(q)
    assert weighted == pytest.approx(expected, abs=1e-9)


@given(p=SHARES)
def test_profile_falls_between_one_and_the_number_of_categories(p):
    profile = ps.hill_numbers(p, q=[0, 0.3, 0.999999, 1, 1.000001, 2, 30, 1e4, np.inf])
    assert (profile >= 1 - 1e-12).all()
    assert (profile <= K + 1e-9).all()
    assert (np.diff(profile) <= 1e-7).all()
    assert ps.hill_numbers(p) == pytest.approx(math.exp(ps.entropy(p)))
    assert ps.renyi_entropy(p, q=2) == pytest.approx(math.log(profile[5]), abs=1e-12)
    assert ps.tsallis_entropy(p, q=2) == pytest.approx(1 - 1 / profile[5], abs=1e-12)


@given(p=SHARES, q=st.sampled_from([0.0, 0.5, 1.0, 2.0, np.inf]))
def test_similarity_between_none_and_all(p, q):
    none, full = np.eye(K), np.ones((K, K))
    assert ps.similarity_diversity(p, none, q=q) == pytest.approx(ps.hill_numbers(p, q=q))
    assert ps.similarity_diversity(p, full, q=q) == pytest.approx(1.0)
    half = ps.similarity_diversity(p, (none + full) / 2, q=2)
    assert ps.rao_entropy(p, (full - none) / 2) == pytest.approx(1 - 1 / half, abs=1e-12)
    of_kernel = ps.vendi_score(none, weights=share(p), q=2)
    assert of_kernel == pytest.approx(ps.hill_numbers(p, q=2), rel=1e-6)


@given(p=COUNTS)
def test_polarization_and_agreement_stay_within_bounds(p):
    assert -1.0 <= ps.agreement_a(p) <= 1.0
    assert 0.0 <= ps.polarization(p) <= 2**-2.3 + 1e-12
    assert ps.agreement_a(p[::-1]) == pytest.approx(ps.agreement_a(p), abs=1e-12)
    assert ps.polarization(p[::-1]) == pytest.approx(ps.polarization(p), abs=1e-12)
    if sum(c > 0 for c in p) > 1:
        # Sarle's coefficient is at most 1 by Pearson's inequality.
        assert 0.0 < ps.bimodality(p) <= 1.0 + 1e-12


@given(p=COUNTS)
@pytest.mark.filterwarnings("ignore:the plug-in entropy")
def test_entropy_estimates(p):
    plugin = ps.entropy(p)
    assert 0.0 <= plugin <= math.log(K) + 1e-12
    assert ps.entropy(p, estimator="miller-madow") >= plugin
    assert ps.entropy(p, estimator="chao-shen") >= plugin - 1e-9
    for estimator in ("nsb", "dirichlet"):
        assert 0.0 <= ps.entropy(p, estimator=estimator) <= math.log(K)
    assert ps.richness(p, estimator="chao1") >= ps.richness(p) >= 1
