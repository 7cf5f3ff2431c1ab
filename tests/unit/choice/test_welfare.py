"""Welfare functions against their formulas, and what relates them."""

import numpy as np
import pytest

from pluralism import Ballots, DataError, LabelError
from pluralism.choice import maximal_lottery, welfare, welfare_price

RNG = np.random.default_rng(0)
VALUES = RNG.uniform(0.1, 5, (7, 4))
WEIGHTS = RNG.uniform(0.5, 2, 7)


def score(function, values=VALUES, **options):
    return welfare(values, function=function, **options).scores.values


def test_formulas():
    share = WEIGHTS / WEIGHTS.sum()
    w = {"weights": WEIGHTS}
    np.testing.assert_allclose(score("utilitarian", **w), share @ VALUES, rtol=1e-13)
    nash = np.exp(share @ np.log(VALUES))
    np.testing.assert_allclose(score("nash", **w), nash, rtol=1e-13)
    np.testing.assert_array_equal(score("egalitarian", **w), VALUES.min(axis=0))
    for power in (-3.0, 0.5, 2.0):
        expected = (share @ VALUES**power) ** (1 / power)
        np.testing.assert_allclose(score("power-mean", power=power, **w), expected, rtol=1e-12)
    np.testing.assert_allclose(
        score("atkinson", aversion=2.0, **w), 1 / (share @ (1 / VALUES)), rtol=1e-12
    )


def test_parameters_at_the_ends_of_their_ranges():
    np.testing.assert_allclose(score("atkinson", aversion=0), score("utilitarian"), rtol=1e-13)
    np.testing.assert_allclose(score("atkinson", aversion=1), score("nash"), rtol=1e-13)
    np.testing.assert_array_equal(score("quantile", level=1), VALUES.max(axis=0))
    np.testing.assert_array_equal(score("quantile", level=1e-9), VALUES.min(axis=0))


@pytest.mark.parametrize("power", [1e-300, 1e-16, -1e-16, 1e-12, -1e-8, 1e-3, -0.09, 0.0999999])
def test_power_means_near_the_geometric_mean(power):
    mpmath = pytest.importorskip("mpmath")
    values = [[1.0, 1.9, 1e-300], [4.0, 1.9, 1e300], [2.0, 1.9, 1.0]]
    weights = [1.0, 2.0, 1.0]
    expected = []
    with mpmath.workdps(700):
        for column in np.transpose(values).tolist():
            powers = [mpmath.mpf(u) ** mpmath.mpf(power) for u in column]
            mean = mpmath.fdot(weights, powers) / 4
            expected.append(float(mean ** (1 / mpmath.mpf(power))))
    found = score("power-mean", values, power=power, weights=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_power_means_near_the_geometric_mean_of_utilities_of_zero():
    values = [[0.0, 0.0], [0.0, 4.0], [0.0, 4.0]]
    for power in (-1e-12, 1e-12):
        assert score("power-mean", values, power=power).tolist() == [0, 0]
    found = score("power-mean", values, power=0.05, weights=[1, 49.5, 49.5])
    np.testing.assert_allclose(found, [0, 4 * 0.99**20], rtol=1e-13)
    # An aversion of one, summed.
    found = score("atkinson", [[1.0, 1.9], [4.0, 1.9]], aversion=sum([0.1] * 10))
    np.testing.assert_allclose(found, [2, 1.9], rtol=1e-14)


def test_a_difference_within_rounding_ties():
    values = [[0.1, 0.3, 0.3], [0.2, 0.0, 1e-11]]
    outcome = welfare(values, alternatives="abc")
    assert outcome.ranking == (("c",), ("a", "b"))
    assert outcome.rule == "utilitarian welfare"
    assert welfare([[0.0, 0.0]], alternatives="ab").ranking == (("a", "b"),)
    level = welfare(values, alternatives="cab", function="leximin", weights=[1, 0])
    assert level.ranking == (("a", "b"), ("c",))
    assert level.winners == ("a", "b")
    broken = welfare(
        values, alternatives="cba", function="leximin", weights=[1, 0], tie_break="name"
    )
    assert broken.winners == ("a",)
    assert broken.tie_break == "name"
    assert broken.broken_ties == (("winner", ("b", "a"), "a"),)


def test_gini_is_the_mean_less_its_gini_index():
    n = len(VALUES)
    mean = VALUES.mean(axis=0)
    gini = np.abs(VALUES[:, None] - VALUES).sum(axis=(0, 1)) / (2 * n * n * mean)
    np.testing.assert_allclose(score("gini", power=2.0), mean * (1 - gini), rtol=1e-12)
    np.testing.assert_allclose(score("gini", power=1.0), mean, rtol=1e-12)


def test_quantile_is_the_inverse_of_the_distribution_function():
    for level in (0.1, 0.5, 0.9, 1.0):
        expected = np.quantile(VALUES, level, axis=0, method="inverted_cdf")
        np.testing.assert_array_equal(score("quantile", level=level), expected)


def test_the_power_mean_joins_the_others():
    np.testing.assert_allclose(score("power-mean", power=1.0), score("utilitarian"), rtol=1e-13)
    np.testing.assert_allclose(score("power-mean", power=0.0), score("nash"), rtol=1e-13)
    np.testing.assert_allclose(score("power-mean", power=1e-8), score("nash"), rtol=1e-6)
    np.testing.assert_array_equal(score("power-mean", power=-np.inf), score("egalitarian"))
    np.testing.assert_allclose(score("power-mean", power=-700.0), score("egalitarian"), rtol=1e-2)
    zero = np.array([[0.0, 1.0], [2.0, 1.0]])
    assert score("power-mean", zero, power=-1.0).tolist() == [0.0, 1.0]
    assert score("nash", zero).tolist() == [0.0, 1.0]


def test_leximin_looks_past_the_worst_off():
    values = [[1, 1, 1, 0], [2, 3, 3, 9], [5, 4, 4, 9]]
    outcome = welfare(values, alternatives="abcd", function="leximin")
    assert outcome.ranking == (("b", "c"), ("a",), ("d",))
    # Weights are repetitions.
    heavy = welfare(values, alternatives="abcd", function="leximin", weights=[1, 2, 1])
    repeated = welfare(
        [values[0], values[1], values[1], values[2]], alternatives="abcd", function="leximin"
    )
    assert heavy.ranking == repeated.ranking


def test_counts_are_repetitions():
    counts = [1, 3, 2, 1, 1, 4, 2]
    ballots = Ballots.from_utilities(VALUES, counts=counts)
    for function, options in {
        "utilitarian": {},
        "nash": {},
        "gini": {"power": 3.0},
        "quantile": {"level": 0.4},
    }.items():
        np.testing.assert_allclose(
            welfare(ballots, function=function, **options).scores,
            score(function, np.repeat(VALUES, counts, axis=0), **options),
            rtol=1e-12,
        )


def test_lotteries_are_scored_by_expected_utility():
    values = np.array([[1.0, 0.0], [0.0, 1.0]])
    lotteries = {"sure": {"a": 1.0}, "fair": [0.5, 0.5]}
    outcome = welfare(values, alternatives="ab", function="egalitarian", lotteries=lotteries)
    assert outcome.scores.values.tolist() == [0.0, 0.5]
    assert outcome.winners == ("fair",)
    half = {"near": [0.25, 0.75 + 5e-10], "far": {"b": 0.75, "a": 0.25}}
    np.testing.assert_allclose(
        welfare([[1.0, 3.0], [5.0, 2.0]], alternatives="ab", lotteries=half).scores, 2.625
    )
    cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"])
    chosen = maximal_lottery(cycle).probabilities
    thirds = welfare(np.eye(3), alternatives="ABC", lotteries={"maximal": chosen})
    assert thirds.scores.values == pytest.approx([1 / 3])


def test_the_power_mean_without_end_is_the_largest():
    np.testing.assert_array_equal(score("power-mean", power=np.inf), VALUES.max(axis=0))
    np.testing.assert_array_equal(score("power-mean", power=-np.inf), VALUES.min(axis=0))


def test_price():
    values = [[9, 4, 0], [9, 4, 0], [0, 4, 6]]
    assert welfare_price(values, of="egalitarian") == pytest.approx(1.5)
    assert welfare_price(values, of="utilitarian") == 1.0
    assert welfare_price(values, of="utilitarian", under="egalitarian") == np.inf
    assert welfare_price(values, of="leximin") == pytest.approx(1.5)
    assert welfare_price(values, of="gini", power=4.0) >= 1
    # Where b and c tie under `of`, the worse of them under `under` counts.
    tied = [[4.0, 1.0, 1.0], [0.0, 2.0, 1.0]]
    assert welfare_price(tied, of="egalitarian") == pytest.approx(2 / 1)
    assert welfare_price(tied, of="egalitarian", weights=[3, 1]) == pytest.approx(3 / 1)
    assert welfare_price([[0.0, 0.0]], of="egalitarian") == 1.0
    assert welfare_price([[0.2, 0.9]], of="utilitarian") == 1.0
    # By the median a is best, by the mean c; by Atkinson's index of aversion 1, c.
    three = [[3.0, 1.0, 2.0], [3.0, 1.0, 9.0], [0.5, 1.0, 2.0]]
    assert welfare_price(three, of="quantile", level=0.5) == pytest.approx((13 / 3) / (6.5 / 3))
    assert welfare_price(three, of="quantile", under="atkinson", level=0.5, aversion=1.0) == (
        pytest.approx((36 / 4.5) ** (1 / 3))
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"function": "utilitarain"}, "did you mean 'utilitarian'"),
        ({"function": "gini"}, "'gini' needs `power`"),
        ({"function": "gini", "power": 0.999}, "`power` is 0.999; it must be finite at least 1"),
        ({"function": "gini", "power": np.inf}, "`power` is inf; it must be finite at least 1"),
        ({"function": "power-mean", "power": np.nan}, "`power` is nan; it must be finite"),
        ({"function": "atkinson", "aversion": -0.001}, "finite at least 0"),
        ({"function": "atkinson", "aversion": np.inf}, "`aversion` is inf"),
        ({"power": 2.0}, "`power` has no meaning for 'utilitarian'"),
        ({"function": "quantile", "level": 0.0}, "`level` is 0.0; .* above 0 and at most 1"),
        ({"function": "quantile", "level": 1.001}, "`level` is 1.001; .* at most 1"),
        ({"function": "nash", "level": 0.5}, "`level` has no meaning for 'nash'"),
        ({"weights": [1.0]}, "1 entries for 2 voters"),
        ({"weights": [1.0, -1.0]}, "at least 0"),
        ({"weights": [0.0, 0.0]}, "all zero"),
        ({"lotteries": {}}, "`lotteries` is empty; name at least one, or leave it out"),
        ({"lotteries": {"x": [0.5, 0.6]}}, "sums to 1.1"),
        ({"lotteries": {"x": [0.5, 0.5 + 2e-9]}}, r"`lotteries\['x'\]` sums to 1; prob"),
        ({"lotteries": {"x": [0.5, 0.5 - 2e-9]}}, r"`lotteries\['x'\]` sums to 1; prob"),
        ({"lotteries": {"y": [0, 1], "x": [1.5, -0.5]}}, r"`lotteries\['x'\]\[1\]` is -0.5"),
        ({"lotteries": {"x": {0: -0.5, 1: 1.5}}}, r"`lotteries\['x'\]\[0\]` is -0.5"),
        ({"lotteries": {"x": [1.0]}}, "1 entries for 2"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(DataError, match=message):
        welfare([[1.0, 2.0], [2.0, 1.0]], **arguments)


def test_refusals_of_utilities():
    with pytest.raises(DataError, match="not finite"):
        welfare([[np.nan, 1.0]])
    with pytest.raises(DataError, match="utilities under 'nash' must be at least 0"):
        welfare([[-1.0, 1.0]], function="nash")
    with pytest.raises(DataError, match="these ballots are rankings"):
        welfare(Ballots.from_rankings(["ab"]))
    with pytest.raises(LabelError, match="names 'z', which is not in the alternatives"):
        welfare([[1.0, 2.0]], alternatives="ab", lotteries={"x": {"z": 1.0}})
    with pytest.raises(DataError, match="which only ranks"):
        welfare_price([[1.0, 2.0]], of="nash", under="leximin")
    with pytest.raises(DataError, match="`of` and `under` both take `power`"):
        welfare_price([[1.0, 2.0]], of="gini", under="power-mean", power=2)
    with pytest.raises(DataError, match="`aversion` is a parameter of neither 'nash' nor"):
        welfare_price([[1.0, 2.0]], of="nash", aversion=2)
    with pytest.raises(DataError, match="needs welfare of at least 0"):
        welfare_price([[-0.5, 2.0]], of="quantile", level=1.0)
    with pytest.raises(DataError, match="needs welfare of at least 0; shift the utilities"):
        welfare_price([[-1.0, 2.0]], of="egalitarian")
