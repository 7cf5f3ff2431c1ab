"""The audit of a pooled reward: theorems, recounts by hand, and data that should be refused."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st

from pluralism import Ballots, Comparisons, DataError, LabelError, NotIdentifiedError
from pluralism.choice import borda_audit, distortion
from pluralism.kernels._pooled_rewards import fit_each
from pluralism.utility import fit_bradley_terry


def votes_of(rows, **options):
    frame = pd.DataFrame(rows, columns=["rater", "left", "right", "won", *options.pop("more", ())])
    return Comparisons.from_frame(
        frame, first="left", second="right", outcome="won", rater="rater", **options
    )


profiles = st.integers(3, 5).flatmap(
    lambda m: st.lists(st.permutations(list(range(m))), min_size=2, max_size=7)
)


@pytest.mark.slow
@given(profiles, st.sampled_from([None, 0.3, 2.0]))
def test_with_equal_votes_bradley_terry_orders_as_borda(orders, prior):
    """Siththaranjan et al., theorem 3.1; a normal prior on utilities leaves it true."""
    profile = Ballots.from_rankings(orders, alternatives=range(len(orders[0])))
    try:
        audit = borda_audit(profile, pooled_prior=prior)
    except NotIdentifiedError:
        assume(prior is not None)  # somebody always wins: no pooled fit without a prior
        raise
    assert audit.equal_votes
    assert audit.rankings["bradley_terry"] == audit.rankings["borda"]
    assert audit.rules.loc["borda", "parted"] == 0


def test_the_pooled_fit_is_that_of_the_utility_room():
    rng = np.random.default_rng(0)
    wins = rng.integers(1, 20, (5, 5)).astype(float)
    np.fill_diagonal(wins, 0)
    votes = Comparisons.from_matrix(wins)
    audit = borda_audit(votes)
    expected = fit_bradley_terry(votes).utility.values
    assert audit.scores.sel(rule="bradley_terry").values == pytest.approx(expected, abs=1e-9)
    shrunk = borda_audit(votes, pooled_prior=0.5)
    expected = fit_bradley_terry(votes, prior=0.5).utility.values
    assert shrunk.scores.sel(rule="bradley_terry").values == pytest.approx(
        expected - expected.mean(), abs=1e-8
    )


def test_unequal_votes_are_another_reason_to_part():
    wins = [[0, 2, 90], [8, 0, 9], [10, 1, 0]]
    audit = borda_audit(Comparisons.from_matrix(wins, items="abc"))
    assert not audit.equal_votes
    assert audit.votes == (10.0, 100.0)
    assert audit.unit == "votes"
    shares = np.array([[0.5, 0.2, 0.9], [0.8, 0.5, 0.9], [0.1, 0.1, 0.5]])
    assert audit.scores.sel(rule="borda").values == pytest.approx(shares.mean(axis=1))


def test_the_intense_fifth():
    """Mean utility 3.2 against 0, Borda .35 against .65."""
    audit = borda_audit([[16, 0], [0, 1e-9]], weights=[1, 4], alternatives="ab")
    assert audit.scores.sel(rule="mean_utility").values == pytest.approx([3.2, 0], abs=1e-8)
    assert audit.scores.sel(rule="borda").values == pytest.approx([0.35, 0.65])
    assert audit.rules["winners"].to_dict() == {
        "bradley_terry": ("b",),
        "borda": ("b",),
        "mean_utility": ("a",),
        "maximal_lottery": ("b",),
        "copeland": ("b",),
    }
    assert audit.rules["overruled"].to_dict() == {
        "bradley_terry": 1.0,
        "borda": 1.0,
        "mean_utility": 4.0,
        "maximal_lottery": 1.0,
        "copeland": 1.0,
    }
    assert audit.rules.loc["mean_utility", "majorities_overruled"] == 1


def test_the_synthetic_example_of_distributional_preference_learning():
    """Utility a below .8, else 2 a z with z a coin: the mean is a, and Borda drops the gambles."""
    levels = np.linspace(0.05, 0.95, 19).round(2)
    utilities = np.array([np.where(levels < 0.8, levels, 2 * levels * z) for z in (0, 1)])
    audit = borda_audit(utilities, alternatives=levels, beta=50)
    assert [g[0] for g in audit.rankings["mean_utility"]] == sorted(levels.tolist(), reverse=True)
    borda = audit.scores.sel(rule="borda").values
    assert levels[borda.argmax()] == 0.75
    assert set(audit.disagreements["second"]) == set(levels[levels >= 0.8])
    safe = borda_audit(utilities[:, levels < 0.8], beta=50)
    assert safe.explained_variance == pytest.approx(1.0)
    assert audit.explained_variance < 0.6


def test_jackpot_populations():
    """arXiv:2501.19266, section 6.3: RLHF serves R, although three of five like B best."""
    profile = Ballots.from_rankings(["RGB", "BRG"], counts=[2, 3], alternatives="RGB")
    audit = borda_audit(profile)
    assert audit.rules["winners"].to_dict() == {
        "bradley_terry": ("R",),
        "borda": ("R",),
        "maximal_lottery": ("B",),
        "copeland": ("B",),
    }
    assert audit.scores.sel(rule="maximal_lottery").values == pytest.approx([0, 0, 1])
    assert audit.scores.sel(rule="copeland").values.tolist() == [0, -2, 2]
    # The count in points: R 7, G 2, B 6.
    points = audit.scores.sel(rule="borda").values * 3 * 5 - 2.5
    assert points == pytest.approx([7, 2, 6])
    row = audit.disagreements.iloc[0]
    assert (row["first"], row["second"], row["bradley_terry"], row["copeland"]) == (
        "R", "B", "R", "B",
    )  # fmt: skip
    assert (row["for_first"], row["for_second"], row["overruled"]) == (2, 3, 3)
    # Without G, which nobody wants, B wins under every rule.
    without = borda_audit(profile.restrict("RB"))
    assert all(winners == ("B",) for winners in without.rules["winners"])
    assert without.disagreements.empty
    cycle = borda_audit(Ballots.from_rankings(["RGB", "GBR", "BRG"]))
    assert cycle.scores.sel(rule="maximal_lottery").values == pytest.approx([1 / 3] * 3)
    assert cycle.disagreements.empty


def recount(rows):
    """Raters by pair, from the votes themselves."""
    balance = {}
    for rater, left, right, won in rows:
        a, b = sorted((left, right))
        sign = {"tie": 0, "left": 1, "right": -1}[won] * (1 if a == left else -1)
        balance[rater, a, b] = balance.get((rater, a, b), 0) + sign
    return balance


@pytest.mark.slow
def test_raters_are_counted_once_for_each_pair():
    rng = np.random.default_rng(4)
    for _ in range(10):
        rows = [
            (int(rng.integers(6)), *rng.choice(list("abcd"), 2, replace=False).tolist(),
             str(rng.choice(["left", "right", "tie"], p=[0.5, 0.35, 0.15])))
            for _ in range(90)
        ]  # fmt: skip
        audit = borda_audit(votes_of(rows), pooled_prior=3.0)
        balance = recount(rows)
        raters = {row[0] for row in rows}
        assert audit.n_raters == len(raters)
        for row in audit.disagreements.itertuples():
            signs = [balance.get((rater, row.first, row.second)) for rater in raters]
            assert row.for_first == sum(s is not None and s > 0 for s in signs)
            assert row.for_second == sum(s is not None and s < 0 for s in signs)
            assert row.indifferent == signs.count(0)
            assert row.silent == signs.count(None)
            verdict = {row.first: row.for_second, row.second: row.for_first, None: 0}
            assert row.overruled == verdict[row.bradley_terry]
        for rule, ranking in audit.rankings.items():
            place = {label: spot for spot, group in enumerate(ranking) for label in group}
            against = sum(
                1 for (_, a, b), sign in balance.items() if (place[a] - place[b]) * sign > 0
            )
            assert audit.rules.loc[rule, "overruled"] == against


def test_mean_utility_of_raters_and_groups():
    rows = []
    for rater in range(4):
        first = "a" if rater < 3 else "b"
        rows += [(rater, "a", "b", "left" if first == "a" else "right", rater == 3)] * 2
        rows += [(rater, "b", "c", "left", rater == 3), (rater, "a", "c", "left", rater == 3)]
    rows += [(9, "c", "a", "left", False), (9, "c", "b", "left", False)]
    votes = votes_of(rows, more=["loud"], group="loud")
    by_rater = borda_audit(votes, by="rater", prior=1.5)
    frame = votes.to_frame()
    expected = []
    for rater in sorted(set(frame["rater"])):
        own = frame[frame["rater"] == rater]
        wins = np.zeros((3, 3))
        for cell in own.itertuples():
            a, b = "abc".index(cell.first), "abc".index(cell.second)
            wins[a, b] += cell.first_won
            wins[b, a] += cell.second_won
        fit = fit_bradley_terry(Comparisons.from_matrix(wins), prior=1.5).utility.values
        expected.append(fit - fit.mean())
    assert by_rater.scores.sel(rule="mean_utility").values == pytest.approx(
        np.mean(expected, axis=0), abs=1e-7
    )
    assert 0 < by_rater.explained_variance < 1
    assert by_rater.explained_by == "a fit for each rater"
    by_group = borda_audit(votes, by="loud")
    # Four raters of five are in the larger group.
    assert by_group.utility_mean.values == pytest.approx(
        by_group.scores.sel(rule="mean_utility").values
    )
    assert by_group.explained_by == "a fit for each loud"


def test_explained_variance_of_given_utilities():
    rng = np.random.default_rng(5)
    utilities, weights = rng.normal(size=(6, 4)), rng.random(6)
    audit = borda_audit(utilities, weights=weights, beta=1)
    share = weights / weights.sum()
    mean = share @ utilities
    within = [np.average((utilities[:, a] - mean[a]) ** 2, weights=share) for a in range(4)]
    expected = mean.var() / (mean.var() + np.mean(within))
    assert audit.explained_variance == pytest.approx(expected)
    assert audit.utility_variance.values == pytest.approx(within)


def test_explained_variance_of_pooled_votes():
    """Normal utilities, independent from vote to vote: the diagnostic finds their moments."""
    rng = np.random.default_rng(6)
    mean, sd = np.linspace(-1.2, 1.2, 8), np.array([0.4, 1.2] * 4)
    wins = np.zeros((8, 8))
    for a in range(8):
        for b in range(a + 1, 8):
            gap = mean[a] - mean[b] + np.hypot(sd[a], sd[b]) * rng.normal(size=4000)
            wins[a, b], wins[b, a] = (gap > 0).sum(), (gap < 0).sum()
    audit = borda_audit(Comparisons.from_matrix(wins))
    expected = mean.var() / (mean.var() + (sd**2).mean())
    assert audit.explained_variance == pytest.approx(expected, abs=0.05)
    assert audit.explained_by.startswith("pooled votes")
    ratio = audit.utility_variance.values
    assert (ratio[1::2].min() / ratio[::2].max()) > 3


def test_everybody_indifferent():
    audit = borda_audit(Ballots.from_rankings([(("a", "b", "c"),)]), pooled_prior=1)
    assert all(len(ranking) == 1 for rule, ranking in audit.rankings.items())
    assert audit.disagreements.empty
    assert not audit.lottery_unique
    assert (audit.rules["overruled"] == 0).all()
    same = borda_audit(np.ones((3, 2)))
    assert same.explained_variance is None
    assert same.rules["winners"].iloc[0] == (0, 1)


def test_the_audit_prints_its_orders():
    profile = Ballots.from_rankings(["ab", "ba"], counts=[2, 1])
    audit = borda_audit(profile)
    text = repr(audit)
    assert text.startswith("RewardAudit(3 voters; bradley terry a > b; borda a > b; ")
    assert "0 pair(s) parted" in text
    assert f"explained variance {audit.explained_variance:.3g})" in text
    same = borda_audit(np.ones((3, 2)))
    assert repr(same).endswith("copeland 0 = 1; 0 pair(s) parted)")


def test_one_rater():
    audit = borda_audit(votes_of([(1, "a", "b", "left"), (1, "b", "c", "left"),
                                  (1, "a", "c", "right")]), by="rater")  # fmt: skip
    assert audit.n_raters == 1
    assert audit.rankings["bradley_terry"] == (("a", "b", "c"),)


def test_raters_who_saw_few_pairs_are_silent_on_the_rest():
    rows = [(r, "a", "b", "left") for r in range(6)] + [(9, "b", "a", "left")]
    rows += [(7, "b", "c", "left"), (8, "c", "b", "left"), (9, "a", "c", "right")]
    rows += [(6, "a", "c", "left")]
    audit = borda_audit(votes_of(rows), by="rater")
    for row in audit.disagreements.itertuples():
        total = row.for_first + row.for_second + row.indifferent + row.silent
        assert total == audit.n_raters == 10


def test_pairs_that_never_met():
    votes = votes_of([(1, "a", "b", "left"), (1, "b", "a", "left"), (2, "b", "c", "left"),
                      (2, "c", "b", "left")])  # fmt: skip
    with pytest.raises(DataError, match="'a' and 'c' were never compared"):
        borda_audit(votes)
    audit = borda_audit(votes, unmet="observed")
    assert audit.scores.sel(rule="borda").values == pytest.approx([0.5] * 3)
    assert audit.votes[0] == 0


def test_groups_of_alternatives_that_never_met():
    votes = votes_of([(1, "a", "b", "left"), (1, "b", "a", "left"), (2, "c", "d", "left"),
                      (2, "d", "c", "left")])  # fmt: skip
    with pytest.raises(NotIdentifiedError, match="'a', 'b' were never compared with 'c', 'd'"):
        borda_audit(votes, unmet="observed")
    assert borda_audit(votes, unmet="observed", pooled_prior=1.0).disagreements.empty


def test_an_alternative_that_always_wins():
    with pytest.raises(NotIdentifiedError, match=r"'a' won every vote .* 'c' lost every vote"):
        borda_audit(Ballots.from_rankings(["abc"]))
    audit = borda_audit(Ballots.from_rankings(["abc"]), pooled_prior=1.0)
    assert audit.rankings["bradley_terry"] == (("a",), ("b",), ("c",))


@pytest.mark.slow
@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=5),
    st.floats(0.2, 8),
)
def test_the_orders_agree_with_distortion(utilities, beta):
    """Whoever wins by mean utility has distortion 1, and only such winners."""
    audit = borda_audit(utilities, beta=beta)
    mean = audit.scores.sel(rule="mean_utility").values
    worst = min(mean[list(audit.rules.loc["borda", "winners"])])
    value = distortion(utilities, rule="borda", beta=beta)
    if worst > 1e-6:
        assert value == pytest.approx(mean.max() / worst, rel=1e-6)


def test_pairwise_counts_are_not_taken_for_utilities():
    votes = Comparisons.from_pairs([("a", "b"), ("b", "a")])
    for table in (votes.pairwise(), votes.pairwise().to_pandas()):
        with pytest.raises(DataError, match="same labels on both sides"):
            borda_audit(table)


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (Ballots.from_rankings(["ab"]), {"by": "rater"}, DataError, "`by` groups"),
        (Ballots.from_rankings(["ab"]), {"beta": 1}, DataError, "`beta` goes with utilities"),
        (Comparisons.from_pairs([("a", "b")]), {"weights": [1]}, DataError, "`weights` goes"),
        (Comparisons.from_pairs([("a", "b")]), {"by": "rater"}, LabelError, "names 'rater'"),
        ([[1.0], [2.0]], {}, DataError, "at least two alternatives"),
        ([[1.0, np.nan]], {}, DataError, "not finite"),
        ([[1.0, 0.0]], {"beta": -1}, DataError, "`beta` is -1"),
        ([[1.0, 0.0]], {"prior": 0}, DataError, "`prior` is 0"),
        ([[1.0, 0.0]], {"pooled_prior": 0}, DataError, "`pooled_prior` is 0"),
        ([[1.0, 0.0]], {"unmet": "drop"}, DataError, "`unmet` is 'drop'"),
    ],
)
def test_refusals(data, options, error, message):
    with pytest.raises(error, match=message):
        borda_audit(data, **options)


def test_given_utilities_count_whoever_prefers_one_the_other_or_neither():
    """Borda puts a first, the majority b; weights of those for each and for none, by hand."""
    table = [[2, 3, 0], [2, 3, 0], [5, 1, 3], [1, 1, 0]]
    audit = borda_audit(np.array(table), weights=[1, 1, 1, 2], alternatives="abc")
    row = audit.disagreements.set_index(["first", "second"]).loc[("a", "b")]
    assert (row.for_first, row.for_second, row.indifferent, row.silent) == (1, 2, 2, 0)


def test_a_rater_without_votes_is_as_before_any():
    """Utility 0, and the variance of a prior N(0, 1 / ridge) less its mean over items."""
    two, one = np.array([0, 1]), np.ones(2)
    fits = fit_each(np.array([1, 1]), two, 1 - two, one, 0 * one, 2, 3, 4.0)
    np.testing.assert_array_equal(fits.utility[0], 0.0)
    np.testing.assert_allclose(fits.variance[0], (1 - 1 / 3) / 4)
    assert (fits.variance[1, :2] < fits.variance[0, :2]).all()
    assert fits.converged


# -- recounts and words -------------------------------------------------------------------------


def test_every_table_of_an_audit_from_rankings_is_recounted():
    """Scores from their definitions; what is parted and overruled from rankings and ballots."""
    rng = np.random.default_rng(39)
    labels = list("dbca")
    votes = [rng.permutation(labels).tolist() for _ in range(9)] + [[("a", "b"), "d", "c"]]
    counts = rng.uniform(0.5, 3.0, 10)
    audit = borda_audit(Ballots.from_rankings(votes, counts=counts, alternatives=labels))
    total = counts.sum()
    places = [
        {x: k for k, group in enumerate(vote) for x in (group if len(group) > 1 else (group,))}
        for vote in votes
    ]

    def weight(a, b, wanted):
        signs = [np.sign(place[b] - place[a]) for place in places]
        return sum(n for n, sign in zip(counts, signs, strict=True) if sign == wanted)

    share = {
        (a, b): (weight(a, b, 1) + weight(a, b, 0) / 2) / total for a in labels for b in labels
    }
    borda = [np.mean([share[a, b] for b in labels]) for a in labels]
    assert audit.scores.sel(rule="borda").values == pytest.approx(borda)
    copeland = [sum(np.sign(share[a, b] - share[b, a]) for b in labels) for a in labels]
    assert audit.scores.sel(rule="copeland").values.tolist() == copeland
    wins = np.array([[share[a, b] * total if a != b else 0.0 for b in labels] for a in labels])
    expected = fit_bradley_terry(Comparisons.from_matrix(wins)).utility.values
    assert audit.scores.sel(rule="bradley_terry").values == pytest.approx(expected, abs=1e-7)
    assert audit.unit == "voters"
    assert audit.n_raters == pytest.approx(total)
    assert audit.equal_votes
    assert audit.votes == pytest.approx((total, total))
    place = {
        rule: {label: spot for spot, group in enumerate(ranking) for label in group}
        for rule, ranking in audit.rankings.items()
    }
    pairs = list(combinations(labels, 2))
    rows = audit.disagreements.set_index(["first", "second"])
    verdicts = {
        pair: [int(np.sign(place[rule][pair[1]] - place[rule][pair[0]])) for rule in place]
        for pair in pairs
    }
    parted = {pair for pair in pairs if {1, -1} <= set(verdicts[pair])}
    assert parted == set(rows.index)
    assert len(parted) > 1
    for (a, b), row in rows.iterrows():
        assert [row[rule] for rule in place] == [
            {1: a, -1: b, 0: None}[verdict] for verdict in verdicts[a, b]
        ]
        assert row["for_first"] == pytest.approx(weight(a, b, 1))
        assert row["for_second"] == pytest.approx(weight(a, b, -1))
        assert row["indifferent"] == pytest.approx(weight(a, b, 0))
        assert row["silent"] == pytest.approx(0.0, abs=1e-9)
        assert row["overruled"] == pytest.approx(weight(a, b, -verdicts[a, b][0]))
    assert (np.diff(audit.disagreements["overruled"]) <= 0).all()
    for code, rule in enumerate(place):
        chosen = {pair: verdicts[pair][code] for pair in pairs}
        over = sum(weight(a, b, -verdict) for (a, b), verdict in chosen.items() if verdict)
        assert audit.rules.loc[rule, "overruled"] == pytest.approx(over)
        against = sum(
            verdict * (share[a, b] - share[b, a]) < 0 for (a, b), verdict in chosen.items()
        )
        assert audit.rules.loc[rule, "majorities_overruled"] == against
        apart = sum(verdict * verdicts[pair][0] < 0 for pair, verdict in chosen.items())
        assert audit.rules.loc[rule, "parted"] == apart
        best = min(place[rule].values())
        winners = {label for label in labels if place[rule][label] == best}
        assert set(audit.rules.loc[rule, "winners"]) == winners
    assert audit.rules.index.name == "rule"


def test_columns_and_order_of_the_disagreements():
    table = [[2, 3, 0, 1], [2, 3, 0, 1], [5, 1, 3, 0], [1, 1, 0, 4]]
    audit = borda_audit(np.array(table), weights=[1, 1, 1, 2.5], alternatives="dcba")
    assert list(audit.disagreements.columns) == [
        "first", "second", "bradley_terry", "borda", "mean_utility", "maximal_lottery", "copeland",
        "for_first", "for_second", "indifferent", "silent", "overruled",
    ]  # fmt: skip
    assert audit.disagreements.index.tolist() == list(range(len(audit.disagreements)))
    place = "dcba".index
    assert all(place(row.first) < place(row.second) for row in audit.disagreements.itertuples())


def grouped_votes():
    """Votes with ties and counts of two unequal groups, without raters."""
    rows = [
        ("a", "b", "left", "x", 4), ("a", "b", "right", "x", 1), ("b", "c", "tie", "x", 3),
        ("a", "c", "right", "x", 1), ("c", "a", "left", "y", 2), ("b", "a", "left", "y", 1),
        ("c", "b", "left", "y", 2), ("c", "b", "tie", "y", 1), ("a", "c", "left", "x", 2),
    ]  # fmt: skip
    frame = pd.DataFrame(
        [row[:4] for row in rows for _ in range(row[4])], columns=["one", "two", "won", "side"]
    )
    votes = Comparisons.from_frame(frame, first="one", second="two", outcome="won", group="side")
    return votes, frame


def test_groups_without_raters_count_by_their_votes():
    """Modes and posterior variances of each group, from the curvature at the mode."""
    votes, frame = grouped_votes()
    audit = borda_audit(votes, by="side", prior=0.8)
    centre = np.eye(3) - 1 / 3
    utilities, variances, shares = [], [], []
    for side in "xy":
        own = frame[frame["side"] == side]
        wins = np.zeros((3, 3))
        for row in own.itertuples():
            i, j = "abc".index(row.one), "abc".index(row.two)
            wins[i, j] += {"left": 1, "tie": 0.5, "right": 0}[row.won]
            wins[j, i] += {"left": 0, "tie": 0.5, "right": 1}[row.won]
        fit = fit_bradley_terry(Comparisons.from_matrix(wins), prior=0.8).utility.values
        chance = 1 / (1 + np.exp(-(fit[:, None] - fit)))
        curvature = -(wins + wins.T) * chance * (1 - chance)
        np.fill_diagonal(curvature, 0.8**-2 - curvature.sum(axis=1))
        utilities.append(fit - fit.mean())
        variances.append(np.diag(centre @ np.linalg.inv(curvature) @ centre))
        shares.append(len(own) / len(frame))
    mean = np.average(utilities, axis=0, weights=shares)
    variance = np.average((np.array(utilities) - mean) ** 2, axis=0, weights=shares)
    variance += np.average(variances, axis=0, weights=shares)
    assert audit.utility_mean.values == pytest.approx(mean, abs=1e-6)
    assert audit.utility_variance.values == pytest.approx(variance, abs=1e-6)
    expected = mean.var() / (mean.var() + variance.mean())
    assert audit.explained_variance == pytest.approx(expected, abs=1e-6)


def test_votes_without_raters_are_themselves_counted():
    votes, frame = grouped_votes()
    audit = borda_audit(votes)
    assert (audit.unit, audit.n_raters) == ("votes", len(frame))
    assert audit.votes == (5.0, 6.0)
    assert not audit.equal_votes
    rules = audit.rules
    tally = {
        (a, b): sum(
            ((r.one, r.two, r.won) in {(a, b, "left"), (b, a, "right")}) for r in frame.itertuples()
        )
        for a in "abc" for b in "abc"
    }  # fmt: skip
    for rule, ranking in audit.rankings.items():
        spot = {label: k for k, group in enumerate(ranking) for label in group}
        over = sum(n for (a, b), n in tally.items() if a != b and spot[a] > spot[b])
        assert rules.loc[rule, "overruled"] == over
    assert (audit.disagreements["silent"] == 0).all()


def test_an_equal_number_of_votes_is_told_from_an_unequal_one():
    wins = np.array([[0, 2, 3], [2, 0, 1], [1, 3, 0.0]])
    assert borda_audit(Comparisons.from_matrix(wins)).equal_votes
    wins[2, 1] += 1e-6
    assert not borda_audit(Comparisons.from_matrix(wins)).equal_votes


def test_the_whole_audit_in_a_line():
    profile = Ballots.from_rankings(["ab", "ba"], counts=[1500, 1000])
    audit = borda_audit(profile)
    assert repr(audit) == (
        "RewardAudit(2,500 voters; bradley terry a > b; borda a > b; maximal lottery a > b; "
        f"copeland a > b; 0 pair(s) parted; explained variance {audit.explained_variance:.3g})"
    )
    jackpot = borda_audit(Ballots.from_rankings(["RGB", "BRG"], counts=[2, 3], alternatives="RGB"))
    assert "borda R > B > G; maximal lottery B > R = G; " in repr(jackpot)
    assert "; 1 pair(s) parted; " in repr(jackpot)


def test_pairs_that_never_met_are_counted():
    votes = Comparisons.from_pairs(
        [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "c")]
    )
    message = (
        "'a' and 'c' were never compared (3 such pairs); leave out one of them, or pass "
        "unmet='observed'"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        borda_audit(votes)
    assert borda_audit(votes, unmet="observed").votes == (0.0, 2.0)


REMEDY = "give the pooled fit a prior (`pooled_prior=1.0`), or leave them out"


@pytest.mark.parametrize(
    ("votes", "message", "groups"),
    [
        (
            ["ab", "ba", "cd", "dc", "ef", "fe"],
            "'a', 'b' were never compared with 'c', 'd', so one reward for all is not identified; "
            + REMEDY,
            [["a", "b"], ["c", "d"], ["e", "f"]],
        ),
        (
            ["ab", "ba", "ac", "ad", "cd"],
            "'a', 'b' won every vote against the others; 'd' lost every vote against the others: "
            f"the pooled Bradley-Terry reward is infinite; {REMEDY}",
            [["a", "b"], ["d"]],
        ),
        (  # of several that never lose, or never win, the first
            ["ac", "bc", "ad"],
            "'a' won every vote against the others; 'c' lost every vote against the others: "
            f"the pooled Bradley-Terry reward is infinite; {REMEDY}",
            [["a"], ["c"]],
        ),
    ],
)
def test_rewards_that_do_not_exist(votes, message, groups):
    with pytest.raises(NotIdentifiedError, match=f"^{re.escape(message)}$") as caught:
        borda_audit(Comparisons.from_pairs([tuple(vote) for vote in votes]), unmet="observed")
    assert [list(group) for group in caught.value.groups] == groups
    found = borda_audit(
        Comparisons.from_pairs([tuple(vote) for vote in votes]), unmet="observed", pooled_prior=1.0
    )
    assert np.isfinite(found.scores.sel(rule="bradley_terry")).all()


def test_arguments_that_do_not_go_with_the_data():
    rankings = Ballots.from_rankings(["abc", "cba"])
    approvals = Ballots.from_approvals([{"a"}, {"b"}])
    pairs = Comparisons.from_pairs([("a", "b"), ("b", "a")])
    for data, kind in ((rankings, "rankings"), (approvals, "approvals"), (pairs, "Comparisons")):
        for name, value in (("beta", 1.0), ("weights", [1, 1]), ("alternatives", "ab")):
            message = f"`{name}` goes with utilities, and the data are {kind}"
            with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
                borda_audit(data, **{name: value})
    for data in (rankings, [[1.0, 2.0]]):
        message = "`by` groups the votes of Comparisons; other data have their own rows"
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            borda_audit(data, by="rater")
    votes, _ = grouped_votes()
    with pytest.raises(LabelError, match=r"`by` names 'rater', .* \(1 known: 'side'\)"):
        borda_audit(votes, by="rater")
    named = votes_of([(1, "a", "b", "left"), (2, "b", "a", "left")])
    with pytest.raises(LabelError, match=r"`by` names 'side', .* \(1 known: 'rater'\)"):
        borda_audit(named, by="side")


def test_utilities_of_ballots_are_read_with_their_counts():
    table = [[2.0, 0.0], [0.0, 1.0]]
    ballots = Ballots.from_utilities(table, counts=[1, 3], alternatives="ab")
    audit, weighted = borda_audit(ballots), borda_audit(table, weights=[1, 3], alternatives="ab")
    xr.testing.assert_identical(audit.scores, weighted.scores)
    assert audit.explained_by == "given utilities"
    assert audit.utility_mean.values == pytest.approx([0.5, 0.75])
    assert audit.utility_variance.values == pytest.approx([0.75, 0.1875])
    assert audit.n_raters == 4.0
    answered = borda_audit(table, beta=0.7, weights=[1, 3]).scores.sel(rule="borda").values
    share = (1 / (1 + np.exp(-1.4)) + 3 / (1 + np.exp(0.7))) / 4
    assert answered == pytest.approx([(0.5 + share) / 2, (1.5 - share) / 2])


def test_a_pair_that_bradley_terry_ties_overrules_nobody():
    """Two have a, b, c and one b, c, a: level by Borda; a by majority, b by mean utility."""
    audit = borda_audit([[1, 0.9, 0], [0, 10, 1]], weights=[2, 1], alternatives="abc")
    row = audit.disagreements.set_index(["first", "second"]).loc[("a", "b")]
    assert row["bradley_terry"] is row["borda"] is None
    assert (row["copeland"], row["mean_utility"]) == ("a", "b")
    assert (row["for_first"], row["for_second"], row["indifferent"], row["silent"]) == (2, 1, 0, 0)
    assert row["overruled"] == 0
