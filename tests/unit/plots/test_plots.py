"""Figures: what they show at 5, 60 and 200 items, and what they leave alone."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from pluralism import Comparisons, DataError, plots
from pluralism.data import simulate_votes
from pluralism.utility import fit_bradley_terry

SIZES = (5, 60, 200)


def votes_among(n: int) -> Comparisons:
    frame = simulate_votes(60 * n, items=n, spread=0.7, seed=n)
    return Comparisons.from_frame(frame, first="first", second="second", outcome="outcome")


@pytest.fixture(scope="module", params=SIZES)
def votes(request: pytest.FixtureRequest) -> Comparisons:
    return votes_among(request.param)


@pytest.fixture(scope="module")
def fit(votes):
    return fit_bradley_terry(votes)


@pytest.fixture(scope="module")
def small():
    return fit_bradley_terry(votes_among(5))


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def boxes(texts) -> np.ndarray:
    """Extents (x0, y0, x1, y1) in pixels of the texts that show something."""
    return np.array([text.get_window_extent().extents for text in texts if text.get_text()])


def overlapping(texts) -> int:
    """How many pairs of texts cover each other by more than a pixel."""
    low, high = np.split(boxes(texts), 2, axis=1)
    apart = (low[:, None] >= high[None] - 1).any(axis=2)
    apart |= apart.T
    return int((~apart).sum() - len(apart)) // 2


# -- utilities ---------------------------------------------------------------------------


@pytest.mark.slow
def test_utilities_shows_every_label_without_overlap(fit) -> None:
    ax = plots.utilities(fit)
    ax.figure.draw_without_rendering()
    texts = [text for text in (*ax.get_yticklabels(), *ax.texts) if text.get_text()]
    assert sorted(text.get_text() for text in texts) == sorted(map(str, fit.items))
    assert overlapping(texts) == 0
    assert min(text.get_fontsize() for text in texts) >= 4.5
    # Nothing is cut off at the figure's edge.
    extents = boxes(texts)
    assert extents.min() >= 0
    assert (extents[:, 2] <= ax.figure.bbox.width + 1).all()


def test_utilities_are_sorted_with_the_intervals_of_the_summary(small) -> None:
    ax = plots.utilities(small, level=0.9)
    (points,) = ax.lines[1:]
    expected = small.summary(level=0.9).sort_values("estimate", ascending=False)
    np.testing.assert_array_equal(points.get_xdata(), expected["estimate"])
    assert [text.get_text() for text in ax.get_yticklabels()] == expected["term"].tolist()
    bars = np.array([segment[:, 0] for segment in ax.collections[0].get_segments()])
    np.testing.assert_array_equal(bars, expected[["lower", "upper"]])
    # The first row is on top.
    assert ax.yaxis_inverted()


def test_utilities_say_units_reference_level_and_n(small) -> None:
    text = plots.utilities(small, level=0.9).get_xlabel()
    for part in ("log-odds", "0 = mean of the items", "90% intervals", "5 items", "n = 300 votes"):
        assert part in text


def test_labels_are_thinned_in_a_small_axes_and_it_says_so() -> None:
    _, ax = plt.subplots(figsize=(5, 3))
    plots.utilities(fit_bradley_terry(votes_among(200)), ax)
    assert len(ax.texts) < 200
    assert "one label in" in ax.get_xlabel()


# -- pairwise matrix ---------------------------------------------------------------------


@pytest.mark.slow
def test_matrix_of_a_fit_holds_its_probabilities_in_order(fit) -> None:
    ax = plots.pairwise_matrix(fit)
    order = np.argsort(-fit.utility.values, kind="stable")
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    np.testing.assert_array_equal(shown, fit.probability().values[np.ix_(order, order)])
    assert f"n = {fit.n_votes:,} votes" in ax.get_title(loc="left")
    ax.figure.draw_without_rendering()
    assert overlapping(ax.get_yticklabels()) == 0
    assert overlapping([*ax.get_xticklabels()]) == 0


def test_matrix_of_votes_holds_observed_shares() -> None:
    votes = Comparisons.from_matrix([[0, 6, 0], [4, 0, 7], [0, 3, 0]], items=["a", "b", "c"])
    ax = plots.pairwise_matrix(votes)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    share = {("a", "b"): 0.6, ("b", "a"): 0.4, ("b", "c"): 0.7, ("c", "b"): 0.3}
    for (row, column), value in np.ndenumerate(shown):
        expected = share.get((labels[row], labels[column]), np.nan)
        np.testing.assert_equal(value, expected)


def test_matrix_gets_lighter_monotonically(small) -> None:
    image = plots.pairwise_matrix(small).images[0]
    grey = image.cmap(np.linspace(0, 1, 64))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(grey) > 0).all()


# -- comparison graph --------------------------------------------------------------------


def test_graph_has_a_node_for_every_item_and_a_line_for_every_pair(votes) -> None:
    ax = plots.comparison_graph(votes)
    lines, *nodes = ax.collections
    pairs = {frozenset(pair) for pair in zip(votes.first, votes.second, strict=True)}
    assert sum(len(path.vertices) for path in lines.get_paths()) == 2 * len(pairs)
    assert sum(len(node.get_offsets()) for node in nodes) == votes.n_items
    assert "connected" in ax.get_title(loc="left")
    ax.figure.draw_without_rendering()
    extents = boxes(ax.texts)
    assert (extents[:, :2] >= 0).all()
    assert (extents[:, 2] <= ax.figure.bbox.width).all()
    assert (extents[:, 3] <= ax.figure.bbox.height).all()


def test_graph_shows_parts_by_marker_and_colour() -> None:
    votes = Comparisons.from_pairs([("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("x", "y")])
    ax = plots.comparison_graph(votes)
    assert ax.get_title(loc="left").startswith("2 parts that no vote connects")
    _, *nodes = ax.collections
    assert [len(node.get_offsets()) for node in nodes] == [4, 2]
    shapes = [node.get_paths()[0].vertices.shape for node in nodes]
    assert shapes[0] != shapes[1]


def test_graph_draws_wider_what_has_more_votes() -> None:
    votes = Comparisons.from_pairs([("a", "b")] * 9 + [("b", "c")])
    widths = plots.comparison_graph(votes).collections[0].get_linewidths()
    assert widths[1] > widths[0]


# -- all of them -------------------------------------------------------------------------

DRAW = {
    "utilities": plots.utilities,
    "pairwise_matrix": plots.pairwise_matrix,
    "comparison_graph": plots.comparison_graph,
}


@pytest.mark.parametrize("name", DRAW)
def test_a_figure_is_drawn_into_the_axes_that_is_given(name: str, small) -> None:
    _, ax = plt.subplots(figsize=(5, 5))
    source = votes_among(5) if name == "comparison_graph" else small
    assert DRAW[name](source, ax) is ax
    assert DRAW[name](source, ax=ax) is ax


@pytest.mark.parametrize("name", DRAW)
def test_global_settings_are_left_alone(name: str, small) -> None:
    before = dict(mpl.rcParams)
    DRAW[name](votes_among(5) if name == "comparison_graph" else small)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", DRAW)
def test_a_label_is_shown_as_it_is_written(name: str) -> None:
    strange = ["$5 and $10", "x_{1}^2 \\alpha", "<script>", "two\nlines", "w" * 80]
    votes = Comparisons.from_matrix(3 * (1 - np.eye(5)), items=strange)
    ax = DRAW[name](votes if name != "utilities" else fit_bradley_terry(votes))
    ax.figure.draw_without_rendering()
    shown = {text.get_text() for text in (*ax.get_yticklabels(), *ax.texts)}
    assert {"$5 and $10", "x_{1}^2 \\alpha", "<script>", "two lines"} <= shown
    assert any(text.startswith("www") and text.endswith("…") for text in shown)


def test_what_cannot_be_drawn_is_named() -> None:
    with pytest.raises(DataError, match="`fit` is a list; it must be a fit"):
        plots.utilities([1, 2])
    with pytest.raises(DataError, match="`comparisons` is a dict; it must be a `Comparisons`"):
        plots.comparison_graph({})
    with pytest.raises(DataError, match="`fit_or_comparisons` is a str"):
        plots.pairwise_matrix("votes.csv")


def test_a_wrong_level_is_named(small) -> None:
    with pytest.raises(DataError, match="`level` is 95"):
        plots.utilities(small, level=95)
