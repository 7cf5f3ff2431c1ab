"""Robust, fragile and indifferent pairs, and the pull of the first place."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

import pluralism as pl
from pluralism.data import Comparisons
from pluralism.errors import DataError
from pluralism.utility import fit_bradley_terry, order_consistency


def asked(rows, items):
    """Comparisons of (first, second, first won, second won) counts."""
    first, second, outcome = [], [], []
    for i, j, won, lost in rows:
        first += [i] * (won + lost)
        second += [j] * (won + lost)
        outcome += [1] * won + [0] * lost
    return Comparisons.from_codes(first, second, outcome, items=items)


@pytest.mark.slow
def test_every_kind_by_hand():
    rows = [
        (0, 1, 9, 1), (1, 0, 2, 8),  # 0 wins in both orders
        (0, 2, 10, 0), (2, 0, 10, 0),  # the first letter wins in both
        (1, 2, 0, 10), (2, 1, 1, 9),  # the second letter wins in both
        (0, 3, 5, 5), (3, 0, 1, 9),  # even in one order
        (1, 3, 5, 5), (3, 1, 5, 5),  # even in both
        (2, 3, 7, 3),  # one order only
    ]  # fmt: skip
    result = order_consistency(asked(rows, list("abcd")))
    assert result.share.to_series().to_dict() == {
        "robust": 0.2, "fragile": 0.2, "indifferent": 0.6
    }  # fmt: skip
    assert (result.n_pairs, result.n_one_order, result.n_undecided) == (5, 1, 0)
    table = result.pairs.set_index(["item", "item_bis"])
    assert table.loc[("a", "b"), "kind"] == "robust"
    assert table.loc[("a", "b"), ["shown_first", "shown_second"]].tolist() == [0.9, 0.8]
    assert table.loc[("a", "d"), "kind"] == "fragile"
    # No preference: letters do not care for items; no order effect: items do not care for letters.
    assert table.loc[("a", "c"), "preference_pvalue"] == 1.0
    wanted = stats.fisher_exact([[10, 0], [0, 10]]).pvalue
    assert table.loc[("a", "c"), "order_pvalue"] == pytest.approx(wanted)
    wanted = stats.fisher_exact([[9, 1], [2, 8]]).pvalue
    assert table.loc[("a", "b"), "preference_pvalue"] == pytest.approx(wanted)


@pytest.mark.slow
def test_by_test_a_preference_must_be_shown():
    rows = [(0, 1, 10, 0), (1, 0, 0, 10), (0, 2, 10, 0), (2, 0, 6, 4), (1, 2, 2, 1), (2, 1, 1, 2)]
    votes = asked(rows, list("abc"))
    by_majority, by_test = (
        order_consistency(votes),
        order_consistency(votes, by="test", correction="none"),
    )
    assert by_majority.pairs["kind"].tolist() == ["robust", "indifferent", "robust"]
    # a over c has 14 of 20 votes, and yet c wins when shown first.
    assert by_test.pairs["preference_pvalue"].iloc[1] == pytest.approx(
        stats.fisher_exact([[10, 0], [6, 4]]).pvalue
    )
    assert by_test.pairs["kind"].tolist() == ["robust", "indifferent", "indifferent"]
    strong = asked([(0, 1, 40, 0), (1, 0, 22, 18)], list("ab"))
    assert order_consistency(strong, by="test").pairs["kind"].tolist() == ["fragile"]


@pytest.mark.slow
def test_the_order_effect_is_mantel_haenszel_and_agrees_with_the_model():
    rng = np.random.default_rng(0)
    n, effect = 12, 0.6
    utility = rng.normal(size=n)
    low, high = np.triu_indices(n, 1)
    first, second = np.r_[low, high].repeat(10), np.r_[high, low].repeat(10)
    chance = 1 / (1 + np.exp(-(utility[first] - utility[second] + effect)))
    votes = Comparisons.from_codes(first, second, rng.random(len(first)) < chance, items=n)
    result = order_consistency(votes)
    frame = votes.to_frame()
    tables = []
    for i, j in zip(low, high, strict=True):
        one = frame[(frame["first"] == i) & (frame["second"] == j)].iloc[0]
        other = frame[(frame["first"] == j) & (frame["second"] == i)].iloc[0]
        tables.append([[one.first_won, one.second_won], [other.second_won, other.first_won]])
    theirs = StratifiedTable([np.array(t) for t in tables])
    assert result.order_effect.estimate == pytest.approx(theirs.logodds_pooled / 2)
    assert result.order_effect.stderr == pytest.approx(theirs.logodds_pooled_se / 2)
    lower, upper = result.order_effect.interval()
    assert lower < effect < upper
    assert fit_bradley_terry(votes, order_effect=True).order_effect == pytest.approx(
        result.order_effect.estimate, abs=0.05
    )
    assert result.first_share > 0.55
    bounds = result.interval()
    assert (bounds.sel(ci_bound="lower") < result.share).all()


@pytest.mark.slow
def test_a_responder_that_sees_letters_only():
    rows = [(0, 1, 5, 0), (1, 0, 5, 0), (0, 2, 5, 0), (2, 0, 5, 0), (1, 2, 5, 0), (2, 1, 5, 0)]
    result = order_consistency(asked(rows, 3))
    assert result.share.sel(kind="indifferent") == 1
    assert result.order_effect.estimate == np.inf
    assert result.first_share == 1


def test_orders_of_ties_have_no_test():
    votes = Comparisons.from_codes(
        [0, 1, 0, 1], [1, 0, 1, 0], [1, 0, 1, 0], items=2, tie=np.array([False, True, False, True])
    )
    result = order_consistency(votes)
    assert result.n_undecided == 1
    assert np.isnan(result.pairs["preference_pvalue"].item())
    assert result.pairs["kind"].item() == "fragile"


def test_what_cannot_be_asked():
    unknown = Comparisons.from_pairs([("a", "b"), ("b", "a")])
    with pytest.raises(DataError, match="do not know which item was shown first"):
        order_consistency(unknown)
    one = asked([(0, 1, 3, 2), (0, 2, 1, 1)], 3)
    with pytest.raises(DataError, match="none of the 2 pairs was asked in both orders"):
        order_consistency(one)
    soft = Comparisons.from_codes([0, 1], [1, 0], [0.7, 0.2], items=2)
    assert order_consistency(soft).share.sel(kind="robust") == 1
    with pytest.raises(DataError, match="needs whole counts of votes"):
        order_consistency(soft, by="test")
    with pytest.raises(DataError, match="`correction` is 'sidak'"):
        order_consistency(soft, correction="sidak")


@pytest.mark.slow
def test_one_vote_in_each_order():
    rng = np.random.default_rng(1)
    low, high = np.triu_indices(30, 1)
    first, second = np.r_[low, high], np.r_[high, low]
    votes = Comparisons.from_codes(first, second, rng.random(len(first)) < 0.5, items=30)
    result = order_consistency(votes)
    assert result.share.sel(kind="fragile") == 0
    assert abs(result.share.sel(kind="robust") - 0.5) < 4 * result.stderr.sel(kind="robust")
    assert order_consistency(votes, by="test").share.sel(kind="indifferent") == 1
    assert isinstance(pl.utility.OrderConsistency, type)
