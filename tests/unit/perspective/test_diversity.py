"""Hill numbers, similarity-sensitive diversity, richness and rarefaction."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.special import gammaln, polygamma, psi

from pluralism.errors import DataError, LabelError
from pluralism.perspective import (
    agreement_a,
    bimodality,
    entropy,
    hill_numbers,
    normalized_entropy,
    polarization,
    rao_entropy,
    rarefaction,
    renyi_entropy,
    richness,
    similarity_diversity,
    tsallis_entropy,
    vendi_score,
)

RNG = np.random.default_rng(7)
INF = float("inf")


class TestEstimators:
    """Against sums written out one category at a time."""

    COUNTS = RNG.multinomial(25, RNG.dirichlet(np.full(9, 0.4)), size=30)

    @staticmethod
    def chao_shen(row):
        n, singletons = sum(row), sum(c == 1 for c in row)
        coverage = 1 - (singletons if singletons < n else n - 1) / n
        total = 0.0
        for c in row:
            if c:
                p = coverage * c / n
                total -= p * math.log(p) / (1 - (1 - p) ** n)
        return total

    @staticmethod
    def grassberger(row):
        n, total = sum(row), 0.0
        for c in row:
            if c:
                g = psi(c) + 0.5 * (-1) ** c * (psi((c + 1) / 2) - psi(c / 2))
                total += c * g
        return math.log(n) - total / n

    @staticmethod
    def nsb(row, k):
        """The two integrals by adaptive quadrature, one row at a time."""
        n, seen = sum(row), np.array([c for c in row if c])

        def evidence(b):
            return gammaln(k * b) - gammaln(n + k * b) + (gammaln(seen + b) - gammaln(b)).sum()

        def mean(b):
            inner = ((seen + b) * psi(seen + b + 1)).sum() + (k - len(seen)) * b * psi(b + 1)
            return psi(n + k * b + 1) - inner / (n + k * b)

        top = max(evidence(b) for b in np.exp(np.linspace(-20, 10, 100)))

        def density(u):
            b = math.exp(u)
            prior = k * polygamma(1, k * b + 1) - polygamma(1, b + 1)
            return math.exp(evidence(b) - top + u) * prior

        edges = np.linspace(-24, 14, 20)
        parts = [
            [
                quad(f, low, high, epsabs=1e-13)[0]
                for f in (lambda u: density(u) * mean(math.exp(u)), density)
            ]
            for low, high in itertools.pairwise(edges)
        ]
        above, below = np.sum(parts, axis=0)
        return above / below

    def test_chao_shen(self):
        expected = [self.chao_shen(row) for row in self.COUNTS.tolist()]
        np.testing.assert_allclose(
            entropy(self.COUNTS, estimator="chao-shen"), expected, rtol=1e-12
        )
        assert entropy([1, 1, 1], estimator="chao-shen") == pytest.approx(self.chao_shen([1, 1, 1]))
        assert entropy([4, 0], estimator="chao-shen") == 0.0

    def test_grassberger(self):
        expected = [self.grassberger(row) for row in self.COUNTS.tolist()]
        ours = entropy(self.COUNTS, estimator="grassberger")
        np.testing.assert_allclose(ours, expected, rtol=1e-12)

    def test_miller_madow(self):
        expected = entropy(self.COUNTS / 25) + (np.count_nonzero(self.COUNTS, axis=1) - 1) / 50
        np.testing.assert_allclose(entropy(self.COUNTS, estimator="miller-madow"), expected)

    @pytest.mark.parametrize(
        ("row", "k"),
        [
            ([3, 1, 1, 0], 4),
            ([1, 1], 2),
            ([7, 0, 0], 3),
            ([9, 9, 9], 3),
            ([4, 3, 1, 1], 200),
            ([60, 25, 10, 5], 4),
        ],
    )
    def test_nsb_against_quadrature(self, row, k):
        assert entropy(row, estimator="nsb", k=k) == pytest.approx(self.nsb(row, k), abs=2e-6)

    def test_nsb_of_large_counts_is_the_plugin(self):
        counts = np.array([[3e6, 2e6, 1e6], [5, 3, 2]])
        np.testing.assert_allclose(
            entropy(counts, estimator="nsb")[0], entropy(counts[0]), rtol=1e-5
        )
        # batched with other rows or alone
        assert entropy(counts, estimator="nsb")[1] == pytest.approx(
            entropy([5, 3, 2], estimator="nsb"), abs=1e-8
        )
        assert entropy([4], estimator="nsb") == 0.0

    def test_dirichlet_against_monte_carlo(self):
        counts = np.array([5, 2, 0])
        draws = RNG.dirichlet(counts + 0.5, 40_000)
        expected = entropy(draws).mean()
        assert entropy(counts, estimator="dirichlet") == pytest.approx(expected, abs=5e-3)
        # absent categories beyond those given
        wide = entropy([5, 2, 0, 0, 0], estimator="dirichlet", concentration=1)
        assert entropy([5, 2], estimator="dirichlet", concentration=1, k=5) == pytest.approx(wide)

    def test_bias_falls(self):
        p = RNG.dirichlet(np.full(30, 0.5), size=400)
        counts = RNG.multinomial(60, p)
        truth = entropy(p)
        bias = {
            name: abs(float((entropy(counts, estimator=name) - truth).mean()))
            for name in ("miller-madow", "chao-shen", "grassberger", "nsb")
        }
        assert max(bias.values()) < 0.5 * abs(float((entropy(counts / 60) - truth).mean()))

    @pytest.mark.parametrize(
        ("counts", "options", "message"),
        [
            ([0.5, 0.5], {"estimator": "nsb"}, "'nsb' needs whole counts"),
            ([[3, 2], [1.5, 2]], {"estimator": "chao-shen"}, r"`counts\[1, 0\]` is 1.5"),
            ([3, 2], {"concentration": 1.0}, "belongs to the estimator 'dirichlet'"),
            ([3, 2], {"estimator": "dirichlet", "concentration": 0}, "above 0"),
        ],
    )
    def test_bad_input(self, counts, options, message):
        with pytest.raises(DataError, match=message):
            entropy(counts, **options)


class TestNormalizedEntropy:
    def test_k_is_never_inferred_from_what_was_met(self):
        assert normalized_entropy([50, 50, 0, 0]) == pytest.approx(0.5)
        assert normalized_entropy([50, 50], k=4) == pytest.approx(0.5)
        assert normalized_entropy([50, 50]) == pytest.approx(1.0)

    def test_k_is_in_the_attributes(self):
        data = xr.DataArray([[5.0, 3.0]], dims=["item", "view"])
        assert normalized_entropy(data, k=7, dim="view").attrs["k"] == 7

    def test_one_category(self):
        with pytest.raises(DataError, match="no maximum"):
            normalized_entropy([5])


class TestOrders:
    def test_one_order_or_many(self):
        counts = RNG.integers(1, 9, (4, 3, 6))
        assert hill_numbers(counts, q=2).shape == (4, 3)
        assert hill_numbers(counts, q=[0, 1, 2]).shape == (4, 3, 3)
        assert hill_numbers(counts, q=[0, 1], axis=0).shape == (3, 6, 2)
        assert isinstance(hill_numbers([3, 2], q=2), float)
        data = xr.DataArray(counts, dims=["a", "b", "view"])
        result = hill_numbers(data, q=[0, INF], dim="view")
        assert result.dims == ("a", "b", "q")
        assert result["q"].values.tolist() == [0.0, INF]

    def test_limits(self):
        p = [0.5, 0.25, 0.25, 0.0]
        expected = [3.0, math.exp(1.5 * math.log(2)), 1 / 0.375, 2.0]
        np.testing.assert_allclose(hill_numbers(p, q=[0, 1, 2, INF]), expected)
        np.testing.assert_allclose(hill_numbers(p, q=1 + np.array([-1e-9, 1e-9])), expected[1])
        assert renyi_entropy(p, q=INF) == pytest.approx(math.log(2))
        np.testing.assert_allclose(
            tsallis_entropy(p, q=[0, 1, 2, INF]), [2.0, 1.5 * math.log(2), 0.625, 0.0]
        )

    @pytest.mark.parametrize("q", [-1, float("nan"), [], [[1]], "x"])
    def test_bad_order(self, q):
        with pytest.raises(DataError, match="order"):
            hill_numbers([1, 2], q=q)


class TestSimilarity:
    def test_brute_force(self):
        p = RNG.dirichlet(np.ones(5))
        z = np.clip(RNG.random((5, 5)), 0, 1)
        np.fill_diagonal(z, 1.0)
        zp = z @ p
        for q in (0.0, 0.5, 3.0):
            expected = sum(p * zp ** (q - 1)) ** (1 / (1 - q))
            assert similarity_diversity(p, z, q=q) == pytest.approx(expected)
        assert similarity_diversity(p, z, q=1) == pytest.approx(np.prod(zp**-p))
        d = 1 - z
        pairs = sum(p[i] * p[j] * d[i, j] for i, j in itertools.product(range(5), repeat=2))
        assert rao_entropy(p, d) == pytest.approx(pairs)

    def test_frame_is_matched_by_name(self):
        labels = ["a", "b", "c"]
        z = pd.DataFrame([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]], index=labels, columns=labels)
        counts = {"c": 3, "a": 2, "b": 1}
        expected = similarity_diversity([2, 1, 3], z.to_numpy(), q=2)
        assert similarity_diversity(counts, z, q=2) == pytest.approx(expected)
        shuffled = xr.DataArray(z, dims=["view", "view_bis"]).isel(view=[2, 0, 1])
        assert similarity_diversity(counts, shuffled, q=2) == pytest.approx(expected)
        with pytest.raises(LabelError, match="no entry for the category 'd'"):
            similarity_diversity({**counts, "d": 1}, z)

    @pytest.mark.parametrize(
        ("matrix", "message"),
        [
            (np.eye(3), "for 2 categories it must be"),
            ([[1, 2], [0, 1]], r"`similarity\[0, 1\]` is 2"),
            ([[1, 0], [0, 0.5]], "of a category and itself"),
            ([[1, np.nan], [0, 1]], "nan"),
        ],
    )
    def test_bad_matrix(self, matrix, message):
        with pytest.raises(DataError, match=message):
            similarity_diversity([1, 2], matrix)

    @pytest.mark.parametrize(
        ("matrix", "options", "message"),
        [
            ([1, 2], {}, "must be square"),
            ([[1, 0.5], [0.4, 1]], {}, "mirror image"),
            ([[2, 0], [0, 2]], {}, "itself must be 1"),
            ([[1, 3], [3, 1]], {}, "negative eigenvalue"),
            (np.eye(3), {"weights": [1, 2]}, r"shape \(2,\) for 3 items"),
        ],
    )
    def test_bad_kernel(self, matrix, options, message):
        with pytest.raises(DataError, match=message):
            vendi_score(matrix, **options)

    def test_vendi_in_batches(self):
        kernels = np.stack([np.eye(4), np.ones((4, 4))])
        np.testing.assert_allclose(vendi_score(kernels), [4.0, 1.0])
        assert vendi_score(np.eye(4), q=INF) == pytest.approx(4.0)


class TestRichness:
    def test_chao1(self):
        assert richness([10, 5, 0]) == 2.0
        # f1 = 3, f2 = 1, n = 20; without doubletons f1 (f1 - 1) / 2
        assert richness([10, 5, 2, 1, 1, 1], estimator="chao1") == pytest.approx(
            6 + 19 / 20 * 9 / 2
        )
        assert richness([10, 5, 1, 1, 1], estimator="chao1") == pytest.approx(5 + 17 / 18 * 3)

    def test_rarefaction_is_the_mean_over_subsamples(self):
        counts = [4, 2, 1, 1]
        answers = np.repeat(np.arange(4), counts)
        sizes = [1, 2, 3, 5, 8]
        expected = [
            np.mean([len(set(s)) for s in itertools.combinations(answers.tolist(), m)])
            for m in sizes
        ]
        result = rarefaction(counts, sizes=sizes)
        np.testing.assert_allclose(result.expected, expected)
        lower, upper = result.interval[:, 0], result.interval[:, 1]
        assert (lower <= expected).all()
        assert (expected <= upper).all()

    def test_extrapolation_tends_to_chao1(self):
        counts = [10, 5, 2, 1, 1, 1]
        far = rarefaction(counts, sizes=[20, 21, 10_000]).expected
        assert far[0] == 6.0
        assert far[0] < far[1] < far[2]
        assert far[2] == pytest.approx(richness(counts, estimator="chao1"), abs=1e-6)
        assert rarefaction([5, 5], sizes=100).expected[0] == 2.0
        only_singletons = rarefaction([1, 1, 1], sizes=[3, 6]).expected
        assert only_singletons[0] == 3.0 < only_singletons[1]

    def test_intervals_cover(self):
        p = np.random.default_rng(8).dirichlet(np.full(12, 0.7))
        samples = RNG.multinomial(80, p, size=200)
        truth = (1 - (1 - p) ** 40).sum()  # expected in 40 fresh answers
        result = rarefaction(samples, sizes=40, n=60, seed=1)
        interval = np.asarray(result.interval)[:, 0]
        covered = ((interval[:, 0] <= truth) & (truth <= interval[:, 1])).mean()
        assert covered > 0.82
        assert result.expected.mean() == pytest.approx(truth, abs=0.15)
        assert result.stderr.mean() == pytest.approx(result.expected.std(), rel=0.2)

    def test_labels(self):
        data = xr.DataArray([[5, 3, 1], [2, 2, 2]], dims=["wave", "view"], coords={"wave": [1, 2]})
        result = rarefaction(data, sizes=[2, 4], dim="view", n=20)
        assert result.interval.dims == ("wave", "size", "ci_bound")
        assert result.expected["size"].values.tolist() == [2, 4]

    @pytest.mark.parametrize("sizes", [0, 1.5, [], [[1]]])
    def test_bad_sizes(self, sizes):
        with pytest.raises(DataError, match="whole numbers of at least 1"):
            rarefaction([3, 2], sizes=sizes)


class TestPolarization:
    def test_brute_force(self):
        p, y = RNG.dirichlet(np.ones(4)), [0.0, 1.0, 5.0, 2.0]
        expected = sum(
            p[i] ** 1.8 * p[j] * abs(y[i] - y[j]) for i, j in itertools.product(range(4), repeat=2)
        )
        assert polarization(p, values=y, alpha=0.8) == pytest.approx(expected)

    def test_positions_by_name(self):
        counts = {"left": 5, "centre": 2, "right": 4}
        by_name = polarization(counts, values={"right": 1, "left": -1, "centre": 0})
        assert by_name == pytest.approx(polarization([5, 2, 4], values=[-1, 0, 1]))
        with pytest.raises(LabelError, match="no entry for the category 'right'"):
            polarization(counts, values={"left": -1, "centre": 0})
        with pytest.raises(DataError, match="have no labels"):
            polarization([5, 2], values={"left": -1, "right": 0})

    def test_extremes_of_agreement(self):
        assert agreement_a([0, 9, 0]) == 1.0
        assert agreement_a([4, 4, 4, 4]) == pytest.approx(0.0)
        assert agreement_a([5, 0, 0, 5]) == pytest.approx(-1.0)
        assert agreement_a([1, 1]) == 0.0
        np.testing.assert_allclose(agreement_a([[0, 9, 0], [5, 0, 5]]), [1.0, -1.0])
        with pytest.raises(DataError, match="at least two"):
            agreement_a([3])

    def test_bimodality(self):
        assert bimodality([1, 0, 0, 1]) == pytest.approx(1.0)
        assert bimodality(np.ones(20_000) / 20_000) == pytest.approx(5 / 9, abs=1e-6)
        assert math.isnan(bimodality([0, 3, 0]))
        normal = np.exp(-0.5 * np.linspace(-8, 8, 2001) ** 2)
        assert bimodality(normal) == pytest.approx(1 / 3, abs=1e-6)
        shifted = bimodality([3, 1, 2], values=[10, 12, 14])
        assert shifted == pytest.approx(bimodality([3, 1, 2]))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"alpha": 2}, "`alpha` is 2"),
            ({"values": [1, 2]}, "2 positions for 3 categories"),
            ({"values": [1, 2, np.inf]}, "inf"),
        ],
    )
    def test_bad_options(self, options, message):
        with pytest.raises(DataError, match=message):
            polarization([1, 2, 3], **options)
