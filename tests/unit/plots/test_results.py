"""Figures of results: the numbers they show, in the order and with the words they promise."""

from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import (
    Annotations,
    Ballots,
    Comparisons,
    DataError,
    LabelError,
    bootstrap,
    jury,
    perspective,
    plots,
    scores,
)
from pluralism.data import simulate_votes
from pluralism.plots._coherence import axiom_counts
from pluralism.utility import fit_bradley_terry, fit_groups, fit_thurstone, stochastic_transitivity


@pytest.fixture(scope="module")
def votes() -> Comparisons:
    frame = simulate_votes(
        800, items=["$5", "b", "c", "d"], raters=30, groups=["old", "young"], group_spread=0.5,
        order_effect=0.4, seed=1,
    )  # fmt: skip
    return Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater", group="group"
    )


@pytest.fixture(scope="module")
def ratings() -> Annotations:
    rows = [
        (item, rater, "yes" if (item + (rater >= 4) * (item % 3 == 0)) % 2 else "no")
        for item in range(12)
        for rater in range(8)
    ]
    frame = pd.DataFrame(rows, columns=["item", "rater", "label"])
    frame["side"] = np.where(frame["rater"] < 4, "left", "right")
    return Annotations.from_frame(frame, item="item", rater="rater", label="label", group="side")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


CYCLE = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
DRAWS = xr.DataArray(
    np.random.default_rng(0).normal(size=(300, 4)) + np.arange(3.0, -1.0, -1.0),
    dims=("draw", "item"), coords={"item": ["$5", "b", "c", "d"]},
)  # fmt: skip
SYSTEMS = pd.DataFrame({"help": [3, 2, 1], "harm": [9, 2, 5]}, index=["$5", "b", "c"])


@pytest.fixture(scope="module")
def drawn(votes, ratings):
    """Every figure, as a function of the axes alone."""
    fits = fit_groups(votes)
    table = jury.reliability_table([0.1, 0.4, 0.9, 0.8], [0, 1, 1, 0], seed=0)
    two = ("left", "right")
    return {
        "group_utilities": lambda ax=None: plots.group_utilities(fits, ax),
        "transitivity": lambda ax=None: plots.transitivity(votes, ax),
        "order_effect": lambda ax=None: plots.order_effect(votes, ax),
        "diversity_profile": lambda ax=None: plots.diversity_profile(ratings, ax),
        "reliability_diagram": lambda ax=None: plots.reliability_diagram(table, ax),
        "group_agreement": lambda ax=None: plots.group_agreement(ratings, ax),
        "margin_graph": lambda ax=None: plots.margin_graph(CYCLE, ax),
        "pareto_front": lambda ax=None: plots.pareto_front(SYSTEMS, ax),
        "verdict_by_composition": lambda ax=None: plots.verdict_by_composition(
            ratings, ax, positive="yes", groups=two, seats=3
        ),
        "rank_probabilities": lambda ax=None: plots.rank_probabilities(DRAWS, ax),
    }


FIGURES = (
    "group_utilities", "transitivity", "order_effect", "diversity_profile", "reliability_diagram",
    "group_agreement", "margin_graph", "pareto_front", "verdict_by_composition",
    "rank_probabilities",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_into_the_axes_that_is_given(name: str, drawn) -> None:
    before = dict(mpl.rcParams)
    _, ax = plt.subplots(figsize=(6, 5))
    assert drawn[name](ax) is ax
    assert drawn[name]().figure is not ax.figure
    assert dict(mpl.rcParams) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_it_rests_on(name: str, drawn) -> None:
    ax = drawn[name]()
    ax.figure.draw_without_rendering()
    words = [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()]
    if ax.get_legend():
        words += [text.get_text() for text in ax.get_legend().get_texts()]
    said = " ".join(words)
    assert "n = " in said or "of 3 systems" in said, said


# -- what they show ----------------------------------------------------------------------


def test_group_utilities_show_the_summary(votes) -> None:
    fits = fit_groups(votes)
    ax = plots.group_utilities(fits, level=0.9)
    lines = {
        line.get_label().split(" (")[0]: line for line in ax.lines if line.get_marker() in "os"
    }
    order = np.argsort(-fits.utility.mean("group").values)
    for group, line in lines.items():
        np.testing.assert_allclose(line.get_xdata(), fits.utility.sel(group=group).values[order])
    assert [text.get_text() for text in ax.get_yticklabels()] == [fits.items[at] for at in order]
    assert {line.get_marker() for line in lines.values()} == {"o", "s"}


def test_group_utilities_of_fits_with_other_items() -> None:
    one = fit_bradley_terry(Comparisons.from_matrix([[0, 3], [2, 0]], items=["a", "b"]))
    other = fit_bradley_terry(Comparisons.from_matrix([[0, 3], [2, 0]], items=["b", "c"]))
    ax = plots.group_utilities({"one": one, "other": other})
    assert {text.get_text() for text in ax.get_yticklabels()} == {"a", "b", "c"}
    ax = plots.group_utilities({"one": one, "other": other}, items=["c"], groups=["other"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["c"]


@pytest.mark.slow
def test_triples_are_counted_as_stochastic_transitivity_counts_them() -> None:
    wins = np.random.default_rng(3).integers(0, 6, (9, 9))
    np.fill_diagonal(wins, 0)
    votes = Comparisons.from_matrix(wins)
    found = stochastic_transitivity(votes)
    counts, triples, _ = axiom_counts(votes)
    assert triples == found.triples
    assert counts.tolist() == [found.weak, found.moderate, found.strong]


@pytest.mark.slow
def test_one_vote_a_pair_by_a_coin_is_a_cycle_in_a_quarter() -> None:
    rows = [(a, b) for a in range(12) for b in range(a + 1, 12)]
    _, triples, coin = axiom_counts(Comparisons.from_pairs(rows))
    # Kendall and Babington Smith (1940): a quarter of the triads of coin tosses are circular.
    assert coin[0] / triples == pytest.approx(0.25, abs=0.01)


def test_order_effect_shows_shares_by_position_and_the_fitted_effect(votes) -> None:
    ax = plots.order_effect(votes)
    first = next(line for line in ax.lines if line.get_label() == "shown first")
    shown = np.array(
        [
            votes.first_won[votes.first == code].sum() + 0.5 * votes.tied[votes.first == code].sum()
            for code in range(4)
        ]
    )
    total = np.array([votes.total[votes.first == code].sum() for code in range(4)])
    labels = [text.get_text() for text in ax.get_yticklabels()]
    expected = {item: 100 * share for item, share in zip(votes.items, shown / total, strict=True)}
    np.testing.assert_allclose(first.get_xdata(), [expected[label] for label in labels])
    effect = fit_bradley_terry(votes, order_effect=True).order_effect
    assert f"{effect:+.3f} (log-odds;" in ax.get_legend().get_title().get_text()


def test_a_diversity_profile_holds_hill_numbers() -> None:
    counts = pd.DataFrame({"x": [5, 9], "y": [5, 1]}, index=["even", "skewed"])
    ax = plots.diversity_profile(counts, q=[0, 1, 2])
    for line, row in zip(ax.lines, counts.to_numpy(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), perspective.hill_numbers(row, q=[0, 1, 2]))


def test_group_agreement_holds_alpha_and_cross_replication(ratings) -> None:
    ax = plots.group_agreement(ratings)
    shown = np.asarray(ax.images[0].get_array())
    frame = ratings.to_frame()
    pools = [
        Annotations.from_frame(
            frame[frame["rater"].isin(raters)], item="item", rater="rater", label="label"
        )
        for raters in (range(4), range(4, 8))
    ]
    cross = jury.cross_replication_reliability(*pools)
    within = [jury.krippendorff_alpha(pool) for pool in pools]
    np.testing.assert_allclose(shown, [[within[0], cross], [cross, within[1]]])


def test_margins_point_from_winner_to_loser() -> None:
    ax = plots.margin_graph(CYCLE)
    assert "no Condorcet winner" in ax.get_title(loc="left")
    assert sorted(text.get_text() for text in ax.texts if text.get_text().isdigit()) == [
        "20", "30", "50",
    ]  # fmt: skip
    won = plots.margin_graph(Ballots.from_rankings(["AB", "AB", "BA"]))
    assert "A beats every other, 0 of 1 majorities" in won.get_title(loc="left")


def test_the_front_is_that_of_scores() -> None:
    ax = plots.pareto_front(SYSTEMS, maximize={"help": True, "harm": False})
    found = scores.pareto_front(SYSTEMS, maximize={"help": True, "harm": False})
    on = ax.collections[0].get_offsets()
    np.testing.assert_array_equal(on, SYSTEMS.loc[list(found.front)].to_numpy())


def test_the_front_of_replicates_says_how_often_each_is_on_it() -> None:
    values = SYSTEMS.to_numpy(dtype=float)
    replicates = np.stack([values, values, values, values[::-1]])
    ax = plots.pareto_front(SYSTEMS, replicates=replicates)
    found = scores.pareto_front(SYSTEMS, replicates=replicates)
    said = {text.get_text() for text in ax.texts}
    for name, share in zip(SYSTEMS.index, found.probability.values, strict=True):
        assert f"{name} ({100 * share:.0f}%)" in said
    assert found.probability.values.tolist() == [0.75, 0.0, 0.25]
    assert any("in brackets: share of 4 replicates" in text for text in said | words(ax))


def test_margins_of_a_table_have_its_labels() -> None:
    counts = pd.DataFrame([[0, 7], [3, 0]], index=["tea", "milk"], columns=["tea", "milk"])
    array = xr.DataArray(counts, dims=("item", "item_bis"))
    for table in (counts, array):
        ax = plots.margin_graph(table)
        assert {"tea", "milk", "4"} <= {text.get_text() for text in ax.texts}
        assert "tea beats every other" in ax.get_title(loc="left")


def test_a_profile_of_one_row_of_answers() -> None:
    orders = [0.0, 1.0, 2.0]
    for one in ([4, 4, 2], [[4, 4, 2]], np.array([[4, 4, 2]])):
        ax = plots.diversity_profile(one, q=orders)
        found = perspective.hill_numbers([4, 4, 2], q=orders)
        np.testing.assert_allclose(ax.lines[0].get_ydata(), found)


def words(ax) -> set[str]:
    """Return what the whole figure says outside the axes' own texts."""
    return {text.get_text() for text in ax.figure.findobj(mpl.text.Text)}


def test_verdicts_need_items_with_raters_of_both_groups(ratings) -> None:
    with pytest.raises(DataError, match=r"with \{'left': 5, 'right': 0\}: "):
        plots.verdict_by_composition(ratings, positive="yes", groups=("left", "right"), seats=5)


def test_verdicts_on_items_that_only_one_group_rated_are_not_compared() -> None:
    apart = Annotations.from_codes(
        [0, 1], [0, 1], rater=[0, 1], items="pq", raters="xy", categories=["no", "yes"],
        groups={"side": ["l", "r"]},
    )  # fmt: skip
    with pytest.raises(DataError, match="no item has 1 raters of both 'l' and 'r'"):
        plots.verdict_by_composition(apart, positive="yes", groups=("l", "r"), seats=1)


def test_of_many_systems_only_the_front_is_named() -> None:
    values = np.random.default_rng(0).normal(size=(120, 2))
    table = pd.DataFrame(values, index=[f"s{k}" for k in range(120)], columns=["x", "y"])
    ax = plots.pareto_front(table)
    front = set(scores.pareto_front(table).front)
    named = {text.get_text() for text in ax.texts} & set(table.index)
    assert named
    assert named <= front
    assert any(f"{120 - len(named)} without room for a name" in text for text in words(ax))


def test_agreement_that_is_not_known_is_left_blank() -> None:
    frame = pd.DataFrame(
        [(i, r, (i + (r == 2) * (i % 2)) % 3) for i in range(8) for r in range(3)],
        columns=["item", "rater", "label"],
    )
    frame["side"] = np.where(frame["rater"] < 2, "l", "r")
    data = Annotations.from_frame(frame, item="item", rater="rater", label="label", group="side")
    ax = plots.group_agreement(data)
    # Of one rater alone there is no agreement within; the other three cells are known.
    shown = [t for t in ax.texts if re.fullmatch(r"[−-]?\d\.\d+", t.get_text())]
    assert len(shown) == 3


def test_an_axes_without_a_figure_is_refused(ratings) -> None:
    _, ax = plt.subplots()
    ax.remove()
    with pytest.raises(DataError, match="`ax` is in no figure; it was removed from its own"):
        plots.diversity_profile(ratings, ax)


def test_verdicts_are_those_of_the_jury(ratings) -> None:
    ax = plots.verdict_by_composition(ratings, positive="yes", groups=("left", "right"), seats=2)
    line = ax.lines[0].get_ydata()
    mixed = jury.verdict_probability(
        ratings, composition={"left": 1, "right": 1}, positive="yes"
    ).mean()
    assert line[1] == pytest.approx(float(mixed))
    assert [text.get_text() for text in ax.get_xticklabels()] == ["2 : 0", "1 : 1", "0 : 2"]


def test_ranks_are_counted_and_ties_share_them() -> None:
    draws = xr.DataArray(
        [[3.0, 2.0, 1.0], [1.0, 1.0, 0.0]], dims=("draw", "item"), coords={"item": list("abc")}
    )
    table = np.asarray(plots.rank_probabilities(draws).images[0].get_array())
    np.testing.assert_allclose(table, [[75, 25, 0], [25, 75, 0], [0, 0, 100]])


def test_ranks_of_a_bootstrap_and_of_a_posterior(votes) -> None:
    found = bootstrap(fit_bradley_terry, votes, n=20, seed=0)
    ax = plots.rank_probabilities(found)
    assert "n = 20 draws" in ax.get_title(loc="left")
    table = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(table.sum(axis=0), 100)
    np.testing.assert_allclose(table.sum(axis=1), 100)
    chains = DRAWS.values.reshape(3, 100, 4)
    posterior = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(
                {"utility": (("chain", "draw", "item"), chains)}, {"item": DRAWS["item"].values}
            )
        }
    )
    shown = np.asarray(plots.rank_probabilities(posterior).images[0].get_array())
    np.testing.assert_array_equal(
        shown, np.asarray(plots.rank_probabilities(DRAWS).images[0].get_array())
    )


@pytest.mark.slow
def test_arviz_plots_a_posterior_of_ours() -> None:
    arviz = pytest.importorskip("arviz")
    data = arviz.from_dict(posterior={"utility": DRAWS.values.reshape(3, 100, 4)})
    assert len(arviz.plot_forest(data, var_names=["utility"])) == 1


# -- greyscale, many, hostile ------------------------------------------------------------


def test_shades_get_lighter_monotonically(drawn) -> None:
    for name in ("group_agreement", "rank_probabilities"):
        image = drawn[name]().images[0]
        grey = image.cmap(np.linspace(0, 1, 64))[:, :3] @ [0.2126, 0.7152, 0.0722]
        assert (np.diff(grey) > 0).all()


def test_series_differ_by_marker_and_are_dark_on_white() -> None:
    from matplotlib.colors import to_rgb

    from pluralism.plots._style import SERIES

    assert len({marker for _, marker in SERIES}) == len(SERIES)
    grey = [float(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722])) for colour, _ in SERIES]
    assert max(grey) < 0.45  # all dark enough to be read on white


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 60, 200])
def test_ranks_of_few_and_of_many(n: int) -> None:
    draws = np.random.default_rng(n).normal(size=(20, n)) + np.arange(n)
    ax = plots.rank_probabilities(draws)
    ax.figure.draw_without_rendering()
    labels = [text for text in ax.get_yticklabels() if text.get_text()]
    assert min(text.get_fontsize() for text in labels) >= 4.5
    boxes = sorted(text.get_window_extent().y0 for text in labels)
    assert (np.diff(boxes) > 0).all()


def test_a_large_matrix_says_that_labels_are_thinned() -> None:
    frame = simulate_votes(3000, items=120, seed=1)
    votes = Comparisons.from_frame(frame, first="first", second="second", outcome="outcome")
    ax = plots.pairwise_matrix(votes)
    assert "in order of preference, one label in 3 is written" in ax.get_title(loc="left")
    assert min(text.get_fontsize() for text in ax.get_yticklabels()) >= 6.5


def many_groups(n: int) -> Comparisons:
    """Return votes on two items in `n` groups."""
    frame = pd.DataFrame({"a": ["x", "y"] * n, "b": ["y", "x"] * n, "o": "first"})
    frame["g"] = np.repeat(np.arange(n), 2)
    return Comparisons.from_frame(frame, first="a", second="b", outcome="o", group="g")


WRONG = {
    "groups of nothing": (lambda: plots.group_utilities([]), "`fits` is a list"),
    "no fits": (lambda: plots.group_utilities({}), "`fits` is a dict"),
    "no comparisons": (lambda: plots.transitivity([]), "`comparisons` is a list"),
    "no triple": (
        lambda: plots.transitivity(Comparisons.from_pairs([("a", "b")])),
        "no three items all met",
    ),
    "no order": (
        lambda: plots.order_effect(Comparisons.from_pairs([("a", "b"), ("b", "a")])),
        "does not know which item",
    ),
    "infinite order": (lambda: plots.diversity_profile([1, 2], q=[np.inf]), "infinite order"),
    "too many rows": (lambda: plots.diversity_profile(np.ones((6, 2))), "at most 5 rows"),
    "no table": (lambda: plots.reliability_diagram([1]), "no column 'left'"),
    "no annotations": (lambda: plots.group_agreement([1]), "`annotations` is list; it must be"),
    "no groups": (
        lambda: plots.group_agreement(Annotations.from_matrix([[1, 2], [1, 2]])),
        "no groups of raters",
    ),
    "no ballots": (lambda: plots.margin_graph("x"), "`ballots` is a str"),
    "too many": (lambda: plots.margin_graph(np.zeros((17, 17))), "17 alternatives"),
    "three objectives": (lambda: plots.pareto_front(np.ones((2, 3))), "3 objectives"),
    "no draws": (lambda: plots.rank_probabilities("x"), "`draws` is a str"),
    "one item": (lambda: plots.rank_probabilities(np.ones((3, 1))), "2 to 200 items"),
    "no groups chosen": (
        lambda: plots.group_utilities(fit_groups(many_groups(2)), groups=[]),
        "`groups` is empty; leave it out to draw all",
    ),
    "too many groups": (
        lambda: plots.group_utilities(fit_groups(many_groups(6))),
        "`fits` holds 6 groups; at most 5 can be told apart",
    ),
    "units": (
        lambda: plots.group_utilities(
            {"a": fit_bradley_terry(many_groups(2)), "b": fit_thurstone(many_groups(2))}
        ),
        "`fits` are in different units",
    ),
    "no shared labels": (
        lambda: plots.group_agreement(
            Annotations.from_codes(
                [0, 1],
                [0, 1],
                rater=[0, 1],
                items="pq",
                raters="xy",
                categories="ab",
                groups={"side": ["l", "r"]},
            )
        ),
        "no group has enough shared labels",
    ),
    "many items": (
        lambda: plots.transitivity(
            Comparisons.from_codes(np.arange(400), np.arange(1, 401), np.ones(400, int), items=401)
        ),
        "`comparisons` has 401 items; triples of at most 400 are counted",
    ),
    "groups left": (
        lambda: plots.rank_probabilities(DRAWS.expand_dims(group=2)),
        "has the dimension 'group'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_drawn_is_named(case: str) -> None:
    draw, message = WRONG[case]
    with pytest.raises(DataError, match=message):
        draw()


def test_unknown_labels_are_named(votes, ratings) -> None:
    fits = fit_groups(votes)
    with pytest.raises(LabelError, match=r"`items\[0\]` names 'zz'"):
        plots.group_utilities(fits, items=["zz"])
    with pytest.raises(LabelError, match=r"`groups\[0\]` names 'zz'"):
        plots.group_utilities(fits, groups=["zz"])
    with pytest.raises(LabelError, match="`group` names 'zz'"):
        plots.group_agreement(ratings, group="zz")
    with pytest.raises(DataError, match="name the two groups"):
        plots.verdict_by_composition(ratings, positive="yes", groups=["left"])


# -- nothing over anything else ----------------------------------------------------------


def boxes(ax, texts) -> list:
    ax.figure.draw_without_rendering()
    return [text.get_window_extent() for text in texts]


@pytest.mark.slow
def test_names_of_systems_do_not_run_into_each_other() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        random.normal(size=(18, 2)),
        columns=["a", "b"],
        index=[f"model number {k}" for k in range(18)],
    )
    ax = plots.pareto_front(frame)
    drawn = boxes(ax, ax.texts)
    assert not any(one.overlaps(two) for k, one in enumerate(drawn) for two in drawn[:k])
    # What had no room is counted.
    crowd = pd.DataFrame(np.linspace(0, 1e-6, 20)[:, None] * [1, -1] + 1.0, columns=["a", "b"])
    crowd.loc[20] = [2.0, 2.0]
    ax = plots.pareto_front(crowd)
    unnamed = 21 - len(ax.texts)
    assert unnamed > 0
    assert (
        ax.get_title(loc="left")
        == f"1 of 21 systems on the front; {unnamed} without room for a name"
    )


def test_a_legend_of_long_names_stays_within_its_figure() -> None:
    table = Comparisons.from_matrix([[0, 6, 8], [4, 0, 7], [2, 3, 0]], items=list("abc"))
    fits = {f"raters with more than {k}00 votes": fit_bradley_terry(table) for k in range(3)}
    ax = plots.group_utilities(fits)
    (legend,) = boxes(ax, [ax.get_legend()])
    assert legend.x1 <= ax.figure.bbox.x1


def test_margins_stand_clear_of_other_arrows_and_of_each_other() -> None:
    random = np.random.default_rng(0)
    ranks = random.permuted(np.tile(np.arange(5), (101, 1)), axis=1)
    ax = plots.margin_graph(Ballots.from_ranks(ranks))
    assert ax.get_aspect() == 1.0
    written = [text for text in ax.texts if text.get_fontsize() == 8.5]
    drawn = boxes(ax, written)
    assert len(drawn) == 10
    assert not any(one.overlaps(two) for k, one in enumerate(drawn) for two in drawn[:k])


def test_labels_of_a_graph_are_whole_and_apart() -> None:
    names = [f"the name of a model ({k}B)" for k in range(59)]
    votes = Comparisons.from_pairs(list(zip(names, names[1:] + names[:1], strict=True)))
    ax = plots.comparison_graph(votes)
    labels = [text for text in ax.texts if "model" in text.get_text()]
    assert sorted(text.get_text() for text in labels) == sorted(names)
    # Neighbours on the circle are a line's height apart.
    ax.figure.draw_without_rendering()
    place = ax.transData.transform([text.get_position() for text in labels])
    gap = np.sort(np.linalg.norm(place[:, None] - place, axis=-1), axis=1)[:, 1]
    height = labels[0].get_fontsize() * ax.figure.dpi / 72
    assert gap.min() >= height
