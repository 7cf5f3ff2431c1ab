"""Published and independently computed figures of the diversity and distance functions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pluralism import perspective

#: README of ndd 1.10 (simomarsili/ndd), an NSB estimator in Fortran.
NDD = [12, 4, 12, 4, 5, 3, 1, 5, 1, 2, 2, 2, 2, 11, 3, 4, 12, 12, 1, 2]

STEP = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) / 3
QUARTERS = [0.1, 0.2, 0.3, 0.4]
#: Spain on Kiran Bedi, GlobalOpinionQA, against the uniform distribution.
SPAIN = [0.04, 0.1, 0.43, 0.37, 0.06]
UNIFORM = [0.2] * 5


@pytest.mark.filterwarnings("ignore:the plug-in entropy")
@pytest.mark.parametrize("name", ["dune_entropy", "mite_entropy"])
class TestVegan:
    """R's vegan 2.6.4 on its own data sets."""

    def load(self, folder, name):
        content = json.loads((folder / name / f"{name}.json").read_text())
        return np.array(content["data"]["counts"]), content["reference"]

    def test_entropies(self, test_data, name):
        counts, reference = self.load(test_data, name)
        np.testing.assert_allclose(
            perspective.entropy(counts), reference["shannon_nats"], rtol=1e-9, atol=1e-9
        )
        for function in ("renyi", "tsallis"):
            orders = [float(order) for order in reference[function]["scales"]]
            ours = getattr(perspective, f"{function}_entropy")(counts, q=orders)
            np.testing.assert_allclose(ours, reference[function]["values"], rtol=1e-9, atol=1e-9)

    def test_hill_numbers(self, test_data, name):
        counts, reference = self.load(test_data, name)
        orders = [float(order) for order in reference["renyi"]["scales"]]
        np.testing.assert_allclose(
            perspective.hill_numbers(counts, q=orders), reference["hill"], rtol=1e-9
        )
        np.testing.assert_allclose(
            perspective.hill_numbers(counts, q=2), reference["invsimpson"], rtol=1e-9
        )
        np.testing.assert_allclose(
            perspective.tsallis_entropy(counts, q=2),
            reference["simpson_1_minus_sum_p2"],
            rtol=1e-9,
        )


class TestEntropyEstimators:
    def test_nsb_of_the_ndd_example(self):
        assert perspective.entropy(NDD, estimator="nsb", k=100) == pytest.approx(
            2.8400090835681375, abs=1e-4
        )

    def test_grassberger_has_two_forms(self):
        of_1988 = perspective.entropy(NDD, estimator="grassberger-1988")
        assert of_1988 == pytest.approx(2.7539, abs=5e-5)
        assert perspective.entropy(NDD, estimator="grassberger") == pytest.approx(2.7726, abs=5e-5)

    def test_clusters_of_values_in_the_wild(self):
        shares = [31.4, 22.2, 21.4, 13.9, 11.1]
        assert perspective.normalized_entropy(shares) == pytest.approx(0.960635, abs=5e-7)

    @pytest.mark.parametrize(
        ("k", "percent", "dominant"),
        [
            (5, 13, 0.963), (6, 13, 0.960), (7, 13, 0.957), (8, 13, 0.955),
            (5, 94, 0.392), (6, 94, 0.359), (7, 94, 0.335), (8, 94, 0.316),
        ],
    )  # fmt: skip
    def test_reading_of_worldview_bench(self, k, percent, dominant):
        """One dominant culture, the rest equal: entropy 13% and 94% of its maximum."""
        shares = [dominant] + [(1 - dominant) / (k - 1)] * (k - 1)
        assert 100 * perspective.normalized_entropy(shares) == pytest.approx(percent, abs=0.4)


class TestDiversity:
    def test_rao(self):
        assert perspective.rao_entropy(QUARTERS, STEP) == pytest.approx(0.36, abs=1e-12)

    def test_leinster_cobbold(self):
        diversity = perspective.similarity_diversity(QUARTERS, 1 - STEP, q=[0, 1, 2, np.inf])
        np.testing.assert_allclose(diversity, [1.642424, 1.595614, 1.5625, 1.363636], atol=5e-7)

    def test_vendi(self):
        kernel = [[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]]
        assert perspective.vendi_score(kernel) == pytest.approx(2.1573, abs=5e-5)
        at = np.array([0, 0, 10, 10, 20, 20.0])
        kernel = np.exp(-np.abs(at[:, None] - at))
        assert perspective.vendi_score(kernel) == pytest.approx(2.9999, abs=1e-4)


class TestPolarization:
    @pytest.mark.parametrize(
        ("frequencies", "expected", "tolerance"),
        [
            ([30, 40, 210, 130, 530, 50, 10], 0.6113333, 5e-8),
            ([2.4, 2.8, 3.2, 6.2, 13.5, 30.4, 41.6], 0.61, 5e-3),
            ([6, 8, 5, 3, 2], 0.3125, 1e-12),
        ],
    )
    def test_van_der_eijk(self, frequencies, expected, tolerance):
        assert perspective.agreement_a(frequencies) == pytest.approx(expected, abs=tolerance)

    def test_esteban_ray(self):
        split, even = [0.5, 0, 0, 0, 0.5], [0.2] * 5
        assert perspective.polarization(split, alpha=1.3) == pytest.approx(0.2030630991, abs=5e-11)
        assert perspective.polarization(even, alpha=1.3) == pytest.approx(10 * 5**-3.3, abs=1e-15)


class TestDistances:
    def test_jensen_shannon_says_root_and_base(self):
        assert perspective.js_distance(SPAIN, UNIFORM) == pytest.approx(0.3030567851, abs=5e-11)
        in_bits = perspective.js_distance(SPAIN, UNIFORM, base=2)
        assert in_bits == pytest.approx(0.3640082958, abs=5e-11)
        divergence = perspective.js_divergence(SPAIN, UNIFORM, base=2)
        assert divergence == pytest.approx(0.1325020394, abs=5e-11)

    def test_lewidi(self):
        assert perspective.manhattan(SPAIN, UNIFORM) == pytest.approx(0.8, abs=1e-12)
        assert perspective.wasserstein(SPAIN, UNIFORM) == pytest.approx(0.59, abs=1e-12)
        relative = perspective.wasserstein(SPAIN, UNIFORM, relative=True)
        assert relative == pytest.approx(0.1475, abs=1e-12)

    def test_moralchoice(self, test_data):
        rows = json.loads((test_data / "moralchoice" / "distributions.json").read_text())
        gold = np.array([row["gold_distribution"] for row in rows])
        model = np.array([row["pred_distribution"] for row in rows])
        assert len(rows) == 1367
        in_nats = perspective.js_distance(model, gold)
        in_bits = perspective.js_distance(model, gold, base=2)
        assert in_nats.mean() == pytest.approx(0.19329053947181407, abs=1e-9)
        assert in_bits.mean() == pytest.approx(0.23216559836601772, abs=1e-9)
        ambiguity = np.array([row["attribute"] for row in rows])
        assert in_nats[ambiguity == "low_ambiguity"].mean() == pytest.approx(0.029825496, abs=1e-8)
        assert in_nats[ambiguity == "high_ambiguity"].mean() == pytest.approx(0.358438311, abs=1e-8)
