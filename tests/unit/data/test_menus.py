"""Ballots on menus: the three states of an alternative, through all that changes ballots."""

from __future__ import annotations

import numpy as np
import pytest

from pluralism import Ballots, DataError, LabelError, choice, uncertainty

LETTERS = tuple("abcde")


def menu_ballots(seed, n_ballots=40):
    """Random rankings of random lengths, ties included, from random menus; also as lists."""
    rng = np.random.default_rng(seed)
    rankings, menus = [], []
    for _ in range(n_ballots):
        menu = rng.permutation(LETTERS)[: rng.integers(1, 6)].tolist()
        listed = menu[: rng.integers(1, len(menu) + 1)]
        if len(listed) > 2 and rng.random() < 0.4:
            listed[:2] = [tuple(listed[:2])]
        rankings.append(tuple(listed))
        menus.append(tuple(rng.permutation(menu).tolist()))
    counts = rng.integers(1, 6, n_ballots)
    ballots = Ballots.from_rankings(rankings, counts=counts, alternatives=LETTERS, menus=menus)
    return ballots, rankings, menus, counts


def brute(rankings, menus, counts):
    wins, ties = np.zeros((5, 5)), np.zeros((5, 5))
    for ranking, menu, count in zip(rankings, menus, counts, strict=True):
        tier = dict.fromkeys(menu, 99)
        for place, group in enumerate(ranking):
            tier |= dict.fromkeys(group if isinstance(group, tuple) else (group,), place)
        for a in menu:
            for b in menu:
                if a != b:
                    at = LETTERS.index(a), LETTERS.index(b)
                    wins[at] += count * (tier[a] < tier[b])
                    ties[at] += count * (tier[a] == tier[b])
    return wins, ties


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("equal", [True, False])
def test_pairs_are_counted_within_menus(seed, equal):
    ballots, rankings, menus, counts = menu_ballots(seed)
    if equal:
        counts = np.ones(len(counts))
        ballots = ballots.reweight(counts)
    wins, ties = brute(rankings, menus, counts)
    np.testing.assert_array_equal(ballots.pairwise().values, wins)
    np.testing.assert_array_equal(ballots.tied_pairs().values, ties)
    np.testing.assert_array_equal(ballots.margins().values, wins - wins.T)
    assert "voters" not in ballots.pairwise().attrs


def test_menus_of_everything_are_no_menus():
    rows = [("a", "b"), ("c",), ("b", "c", "a")]
    whole = Ballots.from_rankings(rows, menus=[tuple("abc")] * 3)
    plain = Ballots.from_rankings(rows)
    np.testing.assert_array_equal(whole.pairwise().values, plain.pairwise().values)
    np.testing.assert_array_equal(whole.tied_pairs().values, plain.tied_pairs().values)
    assert whole.pairwise().attrs == plain.pairwise().attrs
    assert choice.plurality(whole).winners == choice.plurality(plain).winners


def test_menus_as_a_matrix_and_choices_as_labels():
    listed = Ballots.from_choices(["a", "c"], [("b", "a"), ("a", "b", "c")], counts=[2, 1])
    assert listed.alternatives == ("a", "b", "c")
    np.testing.assert_array_equal(listed.menus, [[True, True, False], [True, True, True]])
    again = Ballots.from_rankings(
        listed.rankings(), counts=[2, 1], alternatives="abc", menus=listed.menus
    )
    np.testing.assert_array_equal(again.pairwise(), listed.pairwise())
    tied = Ballots.from_choices([("a", "b")], [("a", "b", "c")])
    assert tied.tied_pairs().sel(alternative="a", alternative_bis="b") == 1
    with pytest.raises(ValueError, match="read-only"):
        listed.menus[0, 0] = False


def test_changed_ballots_keep_their_menus():
    ballots, rankings, menus, counts = menu_ballots(3)
    wins, _ = brute(rankings, menus, counts)
    shuffled = np.random.default_rng(0).permutation(len(counts))
    np.testing.assert_array_equal(ballots.select(shuffled).pairwise().values, wins)
    np.testing.assert_array_equal(ballots.distinct().pairwise().values, wins)
    np.testing.assert_array_equal(ballots.merge(ballots).pairwise().values, 2 * wins)
    assert len(ballots.merge(ballots).counts) == len(ballots.distinct().counts)
    kept = [LETTERS.index(label) for label in "dab"]
    part = ballots.restrict("dab")
    assert part.menus.shape == (len(part.counts), 3)
    # Ballots whose listed alternatives were all taken away say nothing any more.
    speaking = [set("dab") & set(np.hstack([np.ravel(g) for g in r])) != set() for r in rankings]
    chosen = [list(c) for c in (rankings, menus, counts)]
    left = [[x for x, ok in zip(c, speaking, strict=True) if ok] for c in chosen]
    np.testing.assert_array_equal(part.pairwise().values, brute(*left)[0][np.ix_(kept, kept)])


def test_merging_with_ballots_that_have_no_menus():
    menus = Ballots.from_choices(["a"], [("a", "b")])
    plain = Ballots.from_rankings([("b", "c"), ("a", "c")])
    for merged in (menus.merge(plain), plain.merge(menus)):
        assert merged.n_voters == 3
        got = merged.pairwise().sel(alternative="a", alternative_bis=["b", "c"]).values
        np.testing.assert_array_equal(got, [2, 1])  # the menu ballot is silent on c
    other = Ballots.from_choices(["x"], [("x", "y")]).merge(menus)
    np.testing.assert_array_equal(other.menus.sum(axis=1), [2, 2])


def test_saved_and_loaded(tmp_path):
    ballots, *_ = menu_ballots(5)
    ballots.save(tmp_path / "menus.parquet")
    loaded = Ballots.load(tmp_path / "menus.parquet")
    np.testing.assert_array_equal(loaded.menus, ballots.menus)
    np.testing.assert_array_equal(loaded.ranks, ballots.ranks)
    assert "unranked last on its own menu" in repr(loaded)


def test_what_has_no_place_for_menus_says_so(tmp_path):
    ballots, *_ = menu_ballots(5)
    with pytest.raises(DataError, match=r"have menus.*`save`"):
        ballots.to_frame()
    with pytest.raises(DataError, match=r"no place for menus"):
        ballots.to_preflib(tmp_path / "menus.toi")


@pytest.mark.parametrize(
    "rule", [choice.plurality, choice.irv, choice.random_dictator, choice.veto]
)
def test_rules_of_places_refuse_different_menus(rule):
    ballots, *_ = menu_ballots(5)
    with pytest.raises(DataError, match=r"cast on different menus.*fit_plackett_luce"):
        rule(ballots)


def test_rules_of_majorities_take_menus():
    ballots, rankings, menus, counts = menu_ballots(6)
    wins, _ = brute(rankings, menus, counts)
    assert choice.schulze(ballots).winners == choice.schulze(_matrix(wins)).winners


def _matrix(wins):
    import xarray as xr

    labels = list(LETTERS)
    return xr.DataArray(
        wins,
        dims=("alternative", "alternative_bis"),
        coords={"alternative": labels, "alternative_bis": labels},
    )


def test_bootstrap_by_voter_keeps_menus():
    ballots, *_ = menu_ballots(6)
    looped = uncertainty.bootstrap(
        lambda b: choice.winner_shares(b), ballots, unit="voter", n=20, seed=1
    )
    batched = uncertainty.bootstrap(choice.winner_shares, ballots, unit="voter", n=20, seed=1)
    np.testing.assert_allclose(batched.replicates, looped.replicates)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Ballots.from_choices(["z"], [("a", "b")]), LabelError, r"names 'z'|'z'"),
        (
            lambda: Ballots.from_choices(["a", "c"], [("a", "b"), ("a", "b")], alternatives="abc"),
            LabelError,
            r"`rankings\[1\]` ranks 'c', which is not on its menu, \['a', 'b'\]",
        ),
        (
            lambda: Ballots.from_choices(["a"], [("a", "z")], alternatives="ab"),
            LabelError,
            r"`menus\[0\]` names 'z'",
        ),
        (lambda: Ballots.from_choices(["a"], [("a", "b", "a")]), LabelError, r"repeats .*'a'"),
        (
            lambda: Ballots.from_choices(["a"], [("a", "b")] * 2),
            DataError,
            r"`menus` has 2 entries for 1 ballots",
        ),
        (lambda: Ballots.from_choices(["a"], ["ab"]), DataError, r"`menus\[0\]` is 'ab'"),
        (lambda: Ballots.from_choices(["a"], "ab"), DataError, r"`menus` is 'ab'"),
        (lambda: Ballots.from_choices("ab", [("a", "b")] * 2), DataError, r"`choices` is 'ab'"),
        (
            lambda: Ballots.from_rankings([("a",)], menus=[("a", "b")], unranked="incomparable"),
            DataError,
            r'`unranked` must be "last"',
        ),
        (
            lambda: Ballots.from_rankings([("a", "b")], menus=np.ones((2, 2), bool)),
            DataError,
            r"shape \(2, 2\); there are 1 ballots",
        ),
        (
            lambda: Ballots.from_choices(["a"], [("a", None)]),
            LabelError,
            r"`menus\[0\]\[1\]` is None",
        ),
    ],
)
def test_bad_menus_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
