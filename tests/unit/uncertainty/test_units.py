"""Each container with its units drawn again, against the votes written out one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pluralism.data import Annotations, Ballots, Comparisons, Grouping
from pluralism.errors import (
    ApproximationWarning,
    DataError,
    LabelError,
    NotIdentifiedError,
    SmallSampleWarning,
)
from pluralism.jury import fit_dawid_skene, fit_mace, krippendorff_alpha
from pluralism.uncertainty import bootstrap, permutation_test
from pluralism.uncertainty._units import units_of

RNG = np.random.default_rng(0)
# rater, first, second, outcome (0 first, 1 second, 2 tied); five raters, four items
VOTES = np.column_stack(
    [
        np.repeat(np.arange(5), 12),
        *np.array([(a, b) for a in range(4) for b in range(4) if a != b] * 5).T,
        RNG.integers(0, 3, 60),
    ]
)
GROUP_OF_RATER = np.array([0, 1, 0, 1, 1], dtype=np.int32)


def comparisons(votes, *, raters=tuple("ABCDE"), by_rater=True):
    """Count votes into cells the slow way."""
    keys = sorted({tuple(vote[:3]) if by_rater else tuple(vote[1:3]) for vote in votes.tolist()})
    place = {key: position for position, key in enumerate(keys)}
    sums = np.zeros((3, len(keys)))
    for vote in votes.tolist():
        sums[vote[3], place[tuple(vote[:3]) if by_rater else tuple(vote[1:3])]] += 1
    codes = np.array(keys, dtype=np.int32).T
    extra = {}
    if by_rater:
        extra = {
            "rater": codes[0],
            "raters": raters,
            "groups": {"g": Grouping(("u", "v"), GROUP_OF_RATER[codes[0] % 5])},
        }
    return Comparisons(
        items=tuple("wxyz"),
        first=codes[-2],
        second=codes[-1],
        first_won=sums[0],
        second_won=sums[1],
        tied=sums[2],
        order_known=True,
        n_votes=len(votes),
        **extra,
    )


def two_groupings():
    """Return comparisons whose raters fall into groups in two ways."""
    data = comparisons(VOTES)
    return replace(data, groups={**data.groups, "h": data.groups["g"]})


def wins(data):
    """Weight by which each ordered pair was won, and tied: a statistic of cells alone."""
    table = np.zeros((3, 4, 4))
    for row, sums in enumerate((data.first_won, data.second_won, data.tied)):
        np.add.at(table[row], (data.first, data.second), sums)
    return table


class TestComparisons:
    def test_raters_drawn_twice_are_two_raters_with_the_same_votes(self):
        data = comparisons(VOTES)
        weights = np.array([2.0, 0.0, 1.0, 3.0, 0.0])
        resample = units_of(data, "rater").reweighted(weights)
        expected = np.concatenate(
            [VOTES[VOTES[:, 0] == r] for r, w in enumerate(weights) for _ in range(int(w))]
        )
        np.testing.assert_array_equal(wins(resample), wins(comparisons(expected)))
        assert resample.raters == ("A", "A (copy 2)", "C", "D", "D (copy 2)", "D (copy 3)")
        assert resample.n_votes == len(expected) == 72
        for rater, name in enumerate(resample.raters):
            original = "ABCDE".index(name[0])
            kept, source = resample.rater == rater, data.rater == original
            np.testing.assert_array_equal(resample.first_won[kept], data.first_won[source])
            np.testing.assert_array_equal(
                resample.groups["g"].codes[kept], data.groups["g"].codes[source]
            )

    @pytest.mark.slow
    def test_rows_follow_the_multinomial_of_votes(self):
        data = comparisons(VOTES, by_rater=False)
        result = bootstrap(wins, data, unit="row", n=4000, seed=0)
        p = wins(data) / 60
        np.testing.assert_allclose(result.replicates.sum(axis=(1, 2, 3)), 60.0)
        np.testing.assert_allclose(result.stderr, np.sqrt(60 * p * (1 - p)), rtol=0.08, atol=1e-12)

    def test_rows_of_equal_weight_are_votes_of_that_weight(self):
        data = comparisons(VOTES, by_rater=False)
        heavy = Comparisons(
            items=data.items,
            first=data.first,
            second=data.second,
            first_won=3 * data.first_won,
            second_won=3 * data.second_won,
            tied=3 * data.tied,
            squares=9 * np.stack([data.first_won, data.second_won, 0 * data.tied, data.tied]),
            n_votes=60,
        )
        light = bootstrap(wins, data, unit="row", n=5, seed=0)
        np.testing.assert_allclose(
            bootstrap(wins, heavy, unit="row", n=5, seed=0).replicates, 3 * light.replicates
        )

    def test_pairs_are_drawn_whole(self):
        data = comparisons(VOTES, by_rater=False)
        units = units_of(data, "pair")
        assert len(units.counts[0]) == 6
        resample = units.reweighted(np.array([2.0, 0, 1, 0, 0, 0]))
        table, whole = wins(resample), wins(data)
        np.testing.assert_array_equal(table[:, 0, 1], 2 * whole[:, 0, 1])
        np.testing.assert_array_equal(table[:, 1, 0], 2 * whole[:, 1, 0])
        np.testing.assert_array_equal(table[:, 3, 0], whole[:, 3, 0])
        assert table.sum() == 2 * whole[:, :2, :2].sum() + whole[:, [0, 3], [3, 0]].sum()

    def test_default_unit_is_whoever_answered(self):
        assert units_of(comparisons(VOTES), None).unit == "rater"
        assert units_of(comparisons(VOTES, by_rater=False), None).unit == "row"

    def test_no_raters(self):
        with pytest.raises(DataError, match="do not say who cast them"):
            bootstrap(wins, comparisons(VOTES, by_rater=False), unit="rater")

    def test_soft_outcomes_have_no_rows(self):
        data = comparisons(VOTES, by_rater=False)
        soft = Comparisons(
            items=data.items,
            first=data.first,
            second=data.second,
            first_won=data.first_won,
            second_won=data.second_won,
            tied=data.tied,
            squares=np.ones((4, data.n_cells)),
            n_votes=60,
        )
        with pytest.raises(DataError, match="unit='row' needs hard outcomes"):
            bootstrap(wins, soft, unit="row")

    def test_items_are_no_unit(self):
        with pytest.raises(DataError, match="'item', which Comparisons does not have"):
            bootstrap(wins, comparisons(VOTES), unit="item")


RATINGS = RNG.integers(0, 3, (12, 20)).astype(float)
RATINGS[RNG.random((12, 20)) < 0.2] = np.nan


class TestAnnotations:
    def test_nobody_agrees_with_a_copy_of_themselves(self):
        # 104 raters x 350 items x 3 categories: copies would raise alpha by (1 - alpha) / 104.
        rng = np.random.default_rng(0)
        shares = rng.dirichlet([3, 1, 0.4], 350)
        labels = (rng.random((104, 350, 1)) > shares.cumsum(axis=1)).sum(axis=2)
        data = Annotations.from_matrix(labels)
        result = bootstrap(krippendorff_alpha, data, unit="rater", n=200, seed=0)
        error = result.stderr / np.sqrt(200)
        assert result.replicates.mean() == pytest.approx(result.estimate, abs=4 * error)
        assert (1 - result.estimate) / 104 > 20 * error

    def test_raters_are_reweighted(self):
        data = Annotations.from_matrix(RATINGS)
        weights = RNG.integers(0, 3, 12).astype(float)
        resample = units_of(data, "rater").reweighted(weights)
        expected = np.zeros((20, 3))
        squares = np.zeros(20)
        for rater, item in np.argwhere(~np.isnan(RATINGS)):
            expected[item, int(RATINGS[rater, item])] += weights[rater]
            squares[item] += weights[rater] ** 2
        np.testing.assert_array_equal(resample.count_table(), expected)
        np.testing.assert_array_equal(resample.item_squares(), squares)

    def test_items_drawn_twice_are_two_items(self):
        data = Annotations.from_matrix(RATINGS)
        drawn = np.random.default_rng(1).integers(0, 20, 20)
        resample = units_of(data, "item").reweighted(np.bincount(drawn, minlength=20).astype(float))
        expected = Annotations.from_matrix(RATINGS[:, np.sort(drawn)])
        np.testing.assert_array_equal(resample.count_table(), expected.count_table())
        assert krippendorff_alpha(resample) == pytest.approx(krippendorff_alpha(expected))

    def test_two_way_is_both_at_once(self):
        data = Annotations.from_matrix(RATINGS)
        rater, item = RNG.integers(0, 3, 12).astype(float), RNG.integers(0, 3, 20).astype(float)
        both = units_of(data, "rater+item").reweighted(rater, item)
        in_turn = units_of(units_of(data, "item").reweighted(item), "rater").reweighted(rater)
        np.testing.assert_array_equal(both.count_table(), in_turn.count_table())
        np.testing.assert_array_equal(both.item_squares(), in_turn.item_squares())
        with pytest.raises(DataError, match="'bca', which has no leave-one-out form"):
            bootstrap(krippendorff_alpha, data, unit="rater+item", method="bca")

    def test_single_labels_of_counts(self):
        data = Annotations.from_counts([[3, 0], [1, 2], [2, 2]])
        units = units_of(data, "row")
        assert units.counts[0].sum() == 10
        weights = np.array([2.0, 0, 1, 0, 2, 1, 1, 1, 1, 1])
        resample = units.reweighted(weights)
        np.testing.assert_array_equal(resample.count_table(), [[3, 0], [0, 3], [2, 2]])
        np.testing.assert_array_equal(resample.item_squares(), [5, 5, 4])

    def test_no_raters(self):
        data = Annotations.from_counts([[3, 0], [1, 2], [2, 2]])
        assert units_of(data, None).unit == "item"
        with pytest.raises(DataError, match="do not say who gave them"):
            bootstrap(krippendorff_alpha, data, unit="rater")


class TestBallots:
    BALLOTS = Ballots.from_rankings(["abc", "bca", "cab"], counts=[30, 20, 50])

    @pytest.mark.slow
    def test_voters_follow_the_multinomial_of_counts(self):
        result = bootstrap(lambda b: b.pairwise(), self.BALLOTS, n=1500, seed=0)
        assert result.unit == "voter"
        # 80 of 100 voters prefer a to b.
        assert result.estimate.sel(alternative="a", alternative_bis="b") == 80
        spread = result.stderr.sel(alternative="a", alternative_bis="b")
        assert float(spread) == pytest.approx(np.sqrt(100 * 0.8 * 0.2), rel=0.06)

    def test_ballots_that_nobody_cast_are_left_out(self):
        resample = units_of(self.BALLOTS, "voter").reweighted(np.array([1.0, 0.0, 1.4]))
        np.testing.assert_allclose(resample.counts, [30, 70])
        assert resample.rankings() == Ballots.from_rankings(["abc", "cab"]).rankings()

    def test_utilities_go_with_their_voters(self):
        ballots = Ballots.from_utilities([[0.2, 0.9], [0.5, 0.1], [0.0, 1.0]], alternatives="ab")
        resample = units_of(ballots, None).reweighted(np.array([0.0, 2.0, 1.0]))
        np.testing.assert_array_equal(resample.utilities, [[0.5, 0.1], [0.0, 1.0]])
        np.testing.assert_array_equal(resample.counts, [2, 1])

    def test_units_of_other_containers_are_refused(self):
        with pytest.raises(DataError, match="'rater', which Ballots does not have; use 'voter'"):
            bootstrap(lambda b: 1.0, self.BALLOTS, unit="rater")


class TestPermutations:
    def test_raters_move_with_all_their_votes(self):
        data = comparisons(VOTES)
        of_rater = {}

        def groups(moved):
            codes = moved.groups["g"].codes
            for rater in range(5):
                assert len(set(codes[moved.rater == rater])) == 1
            sizes = [len(set(moved.rater[codes == group])) for group in range(2)]
            assert sizes == [2, 3]
            of_rater[tuple(codes[moved.rater == rater][0] for rater in range(5))] = True
            return float(codes.sum())

        permutation_test(groups, data, n=200, seed=0)
        assert len(of_rater) == 10  # every way to choose two of five

    def test_frame_column_and_labels_agree(self):
        import pandas as pd

        values, labels = RNG.normal(size=30), np.array(["a", "b"] * 15)
        frame = pd.DataFrame({"x": values, "g": labels})
        by_column = permutation_test(
            lambda f: f.x[f.g == "a"].mean() - f.x[f.g == "b"].mean(),
            frame,
            group="g",
            n=99,
            seed=2,
        )
        by_label = permutation_test(
            lambda x, g: x[g == "a"].mean() - x[g == "b"].mean(), values, group=labels, n=99, seed=2
        )
        assert by_column.pvalue == by_label.pvalue

    @pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
    def test_pvalue_is_scipys(self, alternative):
        import scipy.stats

        values = np.array([1.0, 4.0, 2.0, 7.0, 9.0, 8.0, 3.0, 12.0])
        labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
        ours = permutation_test(
            lambda x, g: x[g == 1].mean() - x[g == 0].mean(),
            values,
            group=labels,
            n=5000,
            alternative=alternative,
            seed=0,
        )
        exact = scipy.stats.permutation_test(
            (values[4:], values[:4]),
            lambda a, b: a.mean() - b.mean(),
            vectorized=False,
            alternative=alternative,
        )
        assert ours.pvalue == pytest.approx(exact.pvalue, abs=0.02)

    def test_annotations(self):
        data = Annotations.from_codes(
            item=np.tile(np.arange(10), 6),
            label=np.repeat([0, 1], 30),
            rater=np.repeat(np.arange(6), 10),
            items=range(10),
            categories=["no", "yes"],
            raters=range(6),
            groups={"g": [0, 0, 0, 1, 1, 1]},
        )

        def gap(data):
            group = data.groups["g"].codes[data.rater]
            return abs(data.label[group == 0].mean() - data.label[group == 1].mean())

        result = permutation_test(gap, data, group="g", n=500, seed=0)
        assert result.unit == "rater"
        # Two of the twenty splits are as extreme.
        assert result.pvalue == pytest.approx(0.1, abs=0.04)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("data", "keywords", "error", "message"),
        [
            (comparisons(VOTES), {"group": "h"}, LabelError, "`group` names 'h'"),
            (comparisons(VOTES, by_rater=False), {}, DataError, "`data` has no groups"),
            (np.arange(4.0), {}, DataError, "one label per row"),
            (np.arange(4.0), {"group": [1, 2]}, DataError, "2 labels for the 4 rows"),
            (np.arange(4.0), {"group": [1, 1, 1, 1]}, DataError, "one group only"),
            (comparisons(VOTES), {"alternative": "bigger"}, DataError, "`alternative` is"),
            (pd.DataFrame({"x": [1]}), {"group": "g"}, LabelError, "`group` names 'g', which is"),
            (
                replace(comparisons(VOTES), rater=None, raters=None),
                {"group": "g"},
                DataError,
                "these comparisons do not say who cast them",
            ),
            (
                comparisons(VOTES, raters=tuple("ABCDEF")),
                {"group": "g"},
                DataError,
                "rater 'F' has cast no vote, so no group is known for them",
            ),
            (two_groupings(), {}, DataError, "`group` must name one of 'g', 'h'"),
        ],
    )
    def test_bad_input(self, data, keywords, error, message):
        with pytest.raises(error, match=message):
            permutation_test(lambda *data: 1.0, data, **keywords)

    def test_a_statistic_must_be_a_function(self):
        with pytest.raises(DataError, match="`statistic` is 3; it must be a function"):
            permutation_test(3, np.arange(4.0), group=[0, 0, 1, 1])

    def test_permutations_that_fail_are_counted_and_refused_beyond_the_limit(self):
        """Of the six ways to take two of four rows, three put the first into group 0."""

        def gap(rows, group):
            if group[0] != 0:
                raise NotIdentifiedError("the first row went over")
            return float(rows[group == 1].sum())

        with pytest.raises(DataError, match=r"of 60 permutations failed: \d+ \(\d+ not identified"):
            permutation_test(gap, np.arange(4.0), group=[0, 0, 1, 1], n=60, seed=0)
        with pytest.warns(ApproximationWarning, match="permutations failed"):
            found = permutation_test(
                gap, np.arange(4.0), group=[0, 0, 1, 1], n=60, seed=0, max_failed=0.9
            )
        assert int(found.failed) == found.failed.reasons["not identified"] > 15
        assert repr(found).startswith("<permutation test 5, p = ")
        assert f"unit 'row', 60 permutations; failed: {int(found.failed)} (" in repr(found)


def test_items_drawn_again_are_items_of_their_own_for_rater_models():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 40)
    votes = np.array(
        [np.where(rng.random(40) < 0.7, truth, rng.integers(0, 3, 40)) for _ in range(5)]
    ).astype(float)
    votes[rng.random(votes.shape) < 0.3] = np.nan
    drawn = rng.multinomial(40, np.full(40, 1 / 40))
    again = units_of(Annotations.from_matrix(votes), "item").reweighted(drawn.astype(float))
    written = Annotations.from_matrix(np.repeat(votes, drawn, axis=1))
    assert (np.diff(again.item) >= 0).all()
    for fit in (fit_dawid_skene, fit_mace):
        assert fit(again, check=False).log_likelihood == pytest.approx(
            fit(written, check=False).log_likelihood
        )


def test_counts_too_large_to_draw_one_by_one_are_refused():
    labels = Annotations.from_counts([[10**15, 1], [1, 10**15]])
    with pytest.raises(DataError, match="draws 2,000,000,000,000,002 labels one by one"):
        bootstrap(krippendorff_alpha, labels, unit="row", n=2)


def test_a_row_without_a_group_is_refused():
    rows = np.arange(6.0)
    for missing in (None, np.nan):
        with pytest.raises(DataError, match=r"`group\[4\]` is (None|nan)"):
            permutation_test(lambda r, g: 1.0, rows, group=["a", "b", "a", "b", missing, missing])


@pytest.mark.parametrize("unit", ["rater", "item", "rater+item", "row"])
def test_a_resample_that_holds_no_label_is_empty(unit):
    """What no label was given by, or given to, may be all that is drawn."""
    data = Annotations.from_codes(
        item=[0, 0], label=[0, 1], rater=[0, 0], items="xy", categories="no", raters="ab"
    )
    units = units_of(data, unit)
    unused = [np.zeros(len(counts)) for counts in units.counts]
    if unit != "row":
        unused = [np.array([0.0, 2.0]) for _ in unused]
    assert units.reweighted(*unused) is None


@pytest.mark.parametrize("unit", ["rater", "pair", "row"])
def test_a_resample_that_holds_no_vote_is_empty(unit):
    units = units_of(comparisons(VOTES, raters=tuple("ABCDEF")), unit)
    weights = np.zeros_like(units.counts[0])
    if unit == "rater":
        weights[5] = 6.0
    assert units.reweighted(weights) is None


def test_a_resample_that_holds_no_ballot_is_empty():
    ballots = Ballots.from_rankings(["ab", "ba"], counts=[0, 3])
    assert units_of(ballots, "voter").reweighted(np.array([3.0, 0.0])) is None


def test_empty_resamples_are_failures_with_that_reason():
    """One of two raters gave all labels: a quarter of the draws of two holds none."""
    data = Annotations.from_codes(
        item=[0, 0, 1], label=[0, 1, 1], rater=[0, 0, 0], items="xy", categories="no", raters="ab"
    )
    with (
        pytest.warns(SmallSampleWarning, match="only 2 units"),
        pytest.warns(ApproximationWarning, match="replicates failed"),
    ):
        found = bootstrap(
            lambda part: part.weight.sum(), data, unit="rater", n=400, seed=0, max_failed=0.5
        )
    assert set(found.failed.reasons) == {"empty resample"}
    assert 0.18 < int(found.failed) / 400 < 0.32
    assert set(found.replicates[~np.isnan(found.replicates)]) == {3.0, 6.0}


def test_weighted_labels_are_drawn_one_by_one_where_each_is_known():
    frame = pd.DataFrame(
        {"item": [0, 0, 1], "rater": ["a", "b", "a"], "label": [1, 0, 1], "w": [0.5, 2.0, 3.0]}
    )
    columns = {"item": "item", "rater": "rater", "label": "label", "weight": "w"}
    units = units_of(Annotations.from_frame(frame, **columns), "row")
    (counts,) = units.counts
    assert counts.tolist() == [1.0, 1.0, 1.0]
    again = units.reweighted(np.array([2.0, 0.0, 1.0]))
    drawn = Annotations.from_frame(frame.iloc[[0, 0, 2]], **columns)
    # The first label twice and the third once; a label is not paired with its own copy, so that
    # two of one count as one of twice the weight.
    assert sorted(again.weight) == sorted(drawn.weight) == [1.0, 3.0]
    assert sorted(again.squares) == [1.0, 9.0]
    twice = pd.concat([frame, frame.iloc[:1].assign(w=1.0)])
    with pytest.raises(DataError, match=r"unit='row' needs the weight of every label, but some"):
        units_of(Annotations.from_frame(twice, **columns), "row")
