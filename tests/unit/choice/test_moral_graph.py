"""The moral graph against its definition, networkx, and exact coverage."""

import re
from collections import Counter
from math import log2

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pluralism import DataError, LabelError, SmallSampleWarning
from pluralism.choice import moral_graph
from pluralism.choice._moral_votes import count_edges
from pluralism.kernels import _moral_graph as kernels

VOTES = ("upgrade", "no_upgrade", "not_sure")


def counted(*edges):
    """A frame of counted edges: (source, wiser, wiser, not wiser, unsure, less wise)."""
    names = ["source", "wiser", "marked_wiser", "marked_not_wiser", "marked_unsure"]
    return pd.DataFrame(edges, columns=[*names, "marked_less_wise"])


def random_votes(rng, n=400, values=8, raters=60):
    pairs = [(a, b) for a in range(values) for b in range(values) if a != b]
    chosen = rng.integers(0, len(pairs), n)
    rows = [(*pairs[k], VOTES[rng.choice(3, p=[0.6, 0.2, 0.2])]) for k in chosen]
    frame = pd.DataFrame(rows, columns=["source", "wiser", "vote"])
    # Wiser values have larger numbers: most upgrades go up.
    down = (frame["source"] > frame["wiser"]) & (rng.random(n) < 0.8)
    frame.loc[down & (frame["vote"] == "upgrade"), "vote"] = "no_upgrade"
    frame["rater"] = rng.integers(0, raters, n)
    return frame


def by_hand(rows):
    """Counters of every ordered pair as the published code gathers them."""
    counters = {}
    for source, wiser, vote in rows:
        there = counters.setdefault((source, wiser), Counter())
        there[{"upgrade": "wiser", "no_upgrade": "not", "not_sure": "unsure"}[vote]] += 1
        there["impressions"] += 1
        back = counters.setdefault((wiser, source), Counter())
        back["impressions"] += 1
        if vote == "upgrade":
            back["less"] += 1
    return counters


def entropy_of(counts):
    total = sum(counts)
    return -sum(c / total * log2(c / total) for c in counts if c)


def test_votes_become_edges_as_the_published_code_counts_them():
    rng = np.random.default_rng(0)
    votes = random_votes(rng)
    graph = moral_graph(votes, min_likelihood=0.05, n=5)
    expected = by_hand(votes[["source", "wiser", "vote"]].itertuples(index=False))
    table = graph.edge_table().set_index(["source", "wiser"])
    assert set(table.index) == set(expected)
    for pair, c in expected.items():
        row = table.loc[pair]
        four = [c["wiser"], c["not"], c["unsure"], c["less"]]
        names = ["marked_wiser", "marked_not_wiser", "marked_unsure", "marked_less_wise"]
        assert row[names].tolist() == four
        assert row["impressions"] == c["impressions"]
        if not sum(four):
            assert np.isnan(row["likelihood"])
            assert not row["kept"]
            continue
        likelihood = (c["wiser"] - c["less"]) / sum(four)
        assert row["likelihood"] == pytest.approx(likelihood, abs=1e-15)
        assert row["entropy"] == pytest.approx(entropy_of(four), abs=1e-12)
        published = entropy_of([*four, c["impressions"]])
        assert row["published_entropy"] == pytest.approx(published, abs=1e-12)
        assert row["kept"] == (c["wiser"] >= 2 and likelihood >= 0.05 and entropy_of(four) <= 1.69)
    wisdom = dict.fromkeys(range(8), 0.0)
    for (_, wiser), row in table[table["kept"]].iterrows():
        wisdom[wiser] += row["likelihood"]
    np.testing.assert_allclose(graph.values.wisdom, [wisdom[v] for v in range(8)], atol=1e-12)


def test_an_edge_whose_fate_the_fifth_counter_decides():
    """6, 1, 1, 1: 1.447 bits of disagreement, and 1.724 once impressions are mixed in."""
    frame = counted(("a", "b", 6, 1, 1, 1), ("b", "c", 5, 0, 0, 0))
    right, published = moral_graph(frame, n=5), moral_graph(frame, as_published=True, n=5)
    edge = right.edge_table().iloc[0]
    assert edge["entropy"] == pytest.approx(entropy_of([6, 1, 1, 1]), abs=1e-12)
    assert edge["published_entropy"] == pytest.approx(1 + edge["entropy"] / 2, abs=1e-12)
    assert edge["entropy"] < 1.69 < edge["published_entropy"]
    assert right.edges.kept.values.tolist() == [True, True]
    assert right.edges.kept_published.values.tolist() == [False, True]
    assert published.edges.kept.values.tolist() == [False, True]
    assert right.values.wisdom.values.tolist() == pytest.approx([0.0, 5 / 9, 1.0])
    assert published.values.wisdom.values.tolist() == [0.0, 0.0, 1.0]
    # The published PageRank knows only values that an edge touches.
    assert np.isnan(published.values.pagerank.values).tolist() == [True, False, False]
    assert published.values.in_graph.values.tolist() == [False, True, True]


@pytest.mark.parametrize("damping", [0.0, 0.5, 0.85, 0.99])
def test_pagerank_is_that_of_networkx(damping):
    rng = np.random.default_rng(1)
    pairs = [(a, b) for a in range(7) for b in range(8) if a != b and rng.random() < 0.3]
    frame = counted(
        *[(*pair, *map(int, rng.integers([3, 0, 0, 0], [9, 2, 3, 2]))) for pair in pairs]
    )
    graph = moral_graph(frame, damping=damping, n=5)
    table = graph.edge_table()
    table = table[table["kept"]]
    assert graph.cycles
    reference = nx.DiGraph()
    reference.add_nodes_from(range(8))
    for row in table.itertuples():
        reference.add_edge(row.source, row.wiser, weight=row.likelihood)
    assert reference.out_degree(7) == 0  # dangling
    expected = nx.pagerank(reference, alpha=damping, tol=1e-15, max_iter=10_000)
    np.testing.assert_allclose(graph.values.pagerank, [expected[v] for v in range(8)], atol=1e-12)
    assert float(graph.values.pagerank.sum()) == pytest.approx(1.0, abs=1e-14)


def test_published_pagerank_leaks_but_keeps_the_order():
    frame = counted(
        ("a", "b", 5, 0, 1, 0),
        ("b", "c", 9, 0, 1, 0),
        ("a", "c", 3, 1, 0, 0),
        ("d", "c", 4, 0, 0, 0),
    )
    right, published = moral_graph(frame, n=5), moral_graph(frame, as_published=True, n=5)
    leaky = published.values.pagerank.values
    # 100 plain power iterations, written out.
    weight = {(0, 1): 5 / 6, (1, 2): 0.9, (0, 2): 0.75, (3, 2): 1.0}
    out = {s: sum(w for (a, _), w in weight.items() if a == s) for s in range(4)}
    rank = [0.25] * 4
    for _ in range(100):
        new = [0.15 / 4] * 4
        for (s, t), w in weight.items():
            new[t] += 0.85 * rank[s] * w / out[s]
        rank = new
    np.testing.assert_allclose(leaky, rank, atol=1e-15)
    assert leaky.sum() < 0.6
    np.testing.assert_allclose(leaky / leaky.sum(), right.values.pagerank, atol=1e-7)


def test_cycles_are_found_and_shortest():
    chain = [(f"v{k}", f"v{k + 1}", 4, 0, 0, 0) for k in range(4)]
    assert moral_graph(counted(*chain), n=5).cycles == ()
    back = counted(
        *chain, ("v4", "v1", 4, 0, 0, 0), ("v3", "v2", 4, 0, 0, 0), ("x", "y", 3, 0, 0, 0)
    )
    assert moral_graph(back, n=5).cycles == (("v2", "v3"),)
    rng = np.random.default_rng(2)
    for _ in range(30):
        size = int(rng.integers(3, 9))
        pairs = [(a, b) for a in range(size) for b in range(size) if a != b and rng.random() < 0.25]
        if not pairs:
            continue
        source, target = np.array(pairs).T
        found = kernels.short_cycles(source, target, size)
        reference = nx.DiGraph(pairs)
        parts = [c for c in nx.strongly_connected_components(reference) if len(c) > 1]
        assert len(found) == len(parts)
        for cycle in found:
            assert all(
                reference.has_edge(a, b) for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True)
            )
            (part,) = (c for c in parts if cycle[0] in c)
            shortest = min(len(c) for c in nx.simple_cycles(reference.subgraph(part)))
            assert len(cycle) == shortest


# -- intervals ----------------------------------------------------------------------------


def test_the_interval_ends_where_the_score_statistic_is_z():
    z = 1.959963984540054
    for wiser, less, total in [(7, 2, 12), (3, 0, 4), (0, 3, 9), (0, 0, 6), (40, 5, 100)]:
        args = [np.array([float(x)]) for x in (wiser, less, total)]
        low, high = kernels.likelihood_interval(*args, z)[0]
        assert -1 < low < (wiser - less) / total < high < 1
        for delta in (low, high):
            # Shares of less wise under the bound, by maximising the likelihood on a grid.
            grid = np.linspace(max(0, -delta) + 1e-9, (1 - delta) / 2 - 1e-9, 200_001)
            value = less * np.log(grid) + wiser * np.log(np.maximum(grid + delta, 1e-300))
            value += (total - wiser - less) * np.log(np.maximum(1 - 2 * grid - delta, 1e-300))
            q = grid[value.argmax()]
            variance = total * (2 * q + delta * (1 - delta))
            statistic = (wiser - less - total * delta) / np.sqrt(variance)
            assert abs(statistic) == pytest.approx(z, abs=2e-3)
    assert (
        kernels.likelihood_interval(*[np.array([5.0]), np.array([0.0]), np.array([5.0])], z)[0, 1]
        == 1.0
    )
    nothing = kernels.likelihood_interval(np.zeros(1), np.zeros(1), np.zeros(1), z)
    assert np.isnan(nothing).all()


def test_the_interval_of_an_edge_covers_exactly():
    """Over every outcome of 12 votes, for a grid of truths."""
    n, z = 12, 1.959963984540054
    wiser, less = (x.ravel().astype(float) for x in np.mgrid[0 : n + 1, 0 : n + 1])
    possible = wiser + less <= n
    wiser, less = wiser[possible], less[possible]
    low, high = kernels.likelihood_interval(wiser, less, np.full_like(wiser, n), z).T
    outcome = np.column_stack([wiser, less, n - wiser - less])
    coverage = []
    for p in np.arange(0.1, 0.95, 0.1):
        for q in np.arange(0.05, 1 - p, 0.1):
            chance = stats.multinomial.pmf(outcome, n, [p, q, 1 - p - q])
            inside = (low <= p - q) & (p - q <= high)
            coverage.append(float(chance[inside].sum()))
    assert np.mean(coverage) == pytest.approx(0.955, abs=0.01)
    assert min(coverage) > 0.92


@pytest.mark.slow
def test_resampled_raters_are_a_bootstrap_of_raters():
    votes = random_votes(np.random.default_rng(3), n=300, values=5, raters=20)
    rule = {"min_likelihood": 0.05, "min_wiser": 1}
    graph = moral_graph(votes, n=60, seed=1, rater="rater", **rule)
    assert graph.resampled == "raters"
    # By hand: draw raters with replacement, and build the graph of their votes.
    wisdom, pagerank, kept = [], [], []
    for weights in np.random.default_rng(1).multinomial(20, np.full(20, 1 / 20), 60):
        rows = votes.loc[np.repeat(votes.index, weights[votes["rater"]])].reset_index(drop=True)
        again = moral_graph(rows, n=2, **rule)
        wisdom.append(again.values.wisdom.to_series().reindex(range(5)).to_numpy())
        pagerank.append(again.values.pagerank.to_series().reindex(range(5)).to_numpy())
        kept.append(again.edge_table().set_index(["source", "wiser"])["kept"])
    for name, drawn in (("wisdom", wisdom), ("pagerank", pagerank)):
        expected = np.quantile(drawn, [0.025, 0.975], axis=0).T
        np.testing.assert_allclose(graph.values[f"{name}_interval"], expected, atol=1e-12)
    table = graph.edge_table().set_index(["source", "wiser"])
    expected = pd.concat(kept, axis=1).fillna(False).astype(float).mean(axis=1)
    np.testing.assert_allclose(table["kept_probability"], expected.reindex(table.index))


@pytest.mark.slow
def test_intervals_of_wisdom_cover():
    """From counts alone: 300 values of two or three edges each, of 5 to 20 votes."""
    rng = np.random.default_rng(4)
    shares = np.array([[0.8, 0.1, 0.1, 0.0], [0.7, 0.1, 0.1, 0.1], [0.6, 0.2, 0.15, 0.05]])
    rows, truth = [], {}
    for value in range(300):
        edges = 2 + value % 2
        truth[f"t{value}"] = float((shares[:edges, 0] - shares[:edges, 3]).sum())
        for edge in range(edges):
            counts = rng.multinomial(int(rng.integers(5, 21)), shares[edge])
            rows.append((f"s{edge}", f"t{value}", *map(int, counts)))
    frame = counted(*rows)
    graph = moral_graph(frame, min_likelihood=0.0, min_wiser=0, max_entropy=9, damping=0.1)
    lower, upper = graph.values.wisdom_interval.sel(value=list(truth)).values.T
    hits = int(((lower <= list(truth.values())) & (list(truth.values()) <= upper)).sum())
    assert stats.binomtest(hits, 300, 0.94).pvalue > 0.001, hits
    # Drawn about what was observed, also where votes are unanimous.
    wisdom = graph.values.wisdom.sel(value=list(truth)).values
    assert ((lower < wisdom) & (wisdom <= upper)).all()


def test_ranks_share_places_and_intervals_hold_them():
    frame = counted(("a", "b", 5, 0, 0, 0), ("a", "c", 5, 0, 0, 0), ("b", "d", 3, 1, 2, 0))
    graph = moral_graph(frame, n=300)
    rank = graph.values.wisdom_rank.to_series()
    assert rank.to_dict() == {"a": 4.0, "b": 1.0, "c": 1.0, "d": 3.0}
    summary = graph.summary()
    assert (summary["wisdom_rank_lower"] <= summary["wisdom_rank"]).all()
    assert (summary["wisdom_rank_upper"] >= summary["wisdom_rank"]).all()
    assert summary.index.tolist()[:2] == ["c", "b"] or summary.index.tolist()[:2] == ["b", "c"]
    kept = graph.edges.kept_probability.values
    assert 0 < kept[2] < 1
    again = moral_graph(frame, n=300)
    pd.testing.assert_frame_equal(summary, again.summary())


# -- groups -------------------------------------------------------------------------------


def test_values_that_bridge_groups():
    rows = []
    for rater in range(12):
        party = "red" if rater < 6 else "blue"
        rows.append(("order", "dignity", "upgrade", rater, party))
        rows.append(("freedom", "dignity", "upgrade", rater, party))
        loyal = "upgrade" if party == "red" else "no_upgrade"
        rows.append(("freedom", "loyalty", "upgrade" if rater != 3 else "not_sure", rater, party))
        rows.append(("order", "loyalty", loyal, rater, party))
    rows += [
        ("loyalty", "order", "upgrade", 11, "blue"),
        ("order", "dignity", "not_sure", 99, None),
    ]
    votes = pd.DataFrame(rows, columns=["source", "wiser", "vote", "rater", "party"])
    graph = moral_graph(votes, rater="rater", group="party", n=20)
    assert graph.ungrouped == 1
    groups = graph.groups
    assert groups.bridging.sel(value="dignity").item()
    # Only one party goes to loyalty from order, which therefore is no edge into it or is pooled.
    table = graph.edge_table()
    kept = {(r.source, r.wiser) for r in table[table["kept"]].itertuples()}
    for party in ("red", "blue"):
        for value in ("dignity", "loyalty", "order", "freedom"):
            mine = votes[votes["party"] == party]
            wiser = less = total = 0
            for r in mine.itertuples():
                if r.wiser == value and (r.source, value) in kept:
                    wiser += r.vote == "upgrade"
                    total += 1
                if r.source == value and r.vote == "upgrade" and (r.wiser, value) in kept:
                    less += 1
                    total += 1
            at = {"group": party, "value": value}
            assert groups.votes.sel(at) == total
            if total:
                assert groups.likelihood.sel(at) == pytest.approx((wiser - less) / total)
            else:
                assert np.isnan(groups.likelihood.sel(at))
    assert not groups.bridging.sel(value="freedom").item()
    assert "bridging" in graph.summary()


# -- bad input ----------------------------------------------------------------------------

GOOD = {"source": ["a", "a", "a"], "wiser": ["b", "b", "b"], "vote": ["upgrade"] * 3}


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        ({}, {}, "has no rows"),
        (pd.DataFrame(GOOD).iloc[:0], {}, "has no rows"),
        (3, {}, "is a int; it must be a frame"),
        ({**GOOD, "wiser": ["b"]}, {}, "differ in length"),
        ({"source": ["a"], "wiser": ["b"]}, {}, "needs 'vote' .* or 'marked_wiser'"),
        (
            {**GOOD, "vote": ["upgrade", "maybe", "maybe"]},
            {},
            r"row 1 .* is 'maybe' \(2 such rows\)",
        ),
        ({**GOOD, "vote": ["upgrade", None, "upgrade"]}, {}, "row 1 .* is None"),
        ({**GOOD, "wiser": ["b", "a", "b"]}, {}, "row 1 of `votes` goes from 'a' to itself"),
        ({**GOOD, "source": ["a", None, "a"]}, {}, "row 1 of column 'value' is missing"),
        ({**GOOD, "source": [1, "1", 1]}, {}, "look alike"),
        (GOOD, {"source": "from"}, "`source` names 'from'"),
        (GOOD, {"rater": "who"}, "`rater` names 'who'"),
        (GOOD, {"group": "wiser"}, r"1 group\(s\); bridging needs two"),
        (GOOD, {"min_likelihood": -0.1}, "`min_likelihood` is -0.1"),
        (GOOD, {"damping": 1.0}, "`damping` is 1.0"),
        (GOOD, {"n": 1}, "`n` is 1"),
        (GOOD, {"as_published": "yes"}, "`as_published` is 'yes'"),
        (GOOD, {"min_wiser": 4}, "none of 2 pairs becomes an edge; the largest likelihood is 1"),
        (counted(("a", "b", -1, 0, 0, 0)), {}, r"`marked_wiser\[0\]` is -1"),
        (counted(("a", "b", 1.5, 0, 0, 0)), {}, r"`marked_wiser\[0\]` is 1.5; a count"),
        (counted(("a", "b", np.nan, 0, 0, 0)), {}, "not finite"),
        (counted(("a", "a", 3, 0, 0, 0)), {}, "to itself"),
        (counted(("a", "b", 0, 0, 0, 0)), {}, "none of 1 pairs"),
        (counted(("a", "b", 3, 0, 0, 0)), {"rater": "who"}, "counts by edge; `rater`"),
        (counted(("a", "b", 3, 0, 0, 0)).drop(columns="marked_unsure"), {}, "marked_unsure"),
    ],
)
def test_bad_votes_are_named(votes, options, message):
    with pytest.raises(DataError, match=message):
        moral_graph(votes, **options)


def test_repeated_edges_and_two_groups_are_label_errors():
    frame = counted(("a", "b", 3, 0, 0, 0), ("a", "b", 2, 0, 0, 0))
    with pytest.raises(LabelError, match="row 1 of `votes` repeats the edge from 'a' to 'b'"):
        moral_graph(frame)
    votes = {**GOOD, "rater": [1, 1, 2], "party": ["red", "blue", "red"]}
    with pytest.raises(LabelError, match="rater 1 is in the groups 'red' and 'blue'"):
        moral_graph(votes, rater="rater", group="party")


def test_few_raters_are_told():
    votes = {**GOOD, "rater": [1, 1, 1]}
    with pytest.raises(DataError, match="a single rater gave all votes"):
        moral_graph(votes, rater="rater")
    with pytest.warns(SmallSampleWarning, match="3 raters are too few"):
        moral_graph({**GOOD, "rater": [1, 2, 3]}, rater="rater", n=5)


def test_many_resamples_of_a_large_graph_are_drawn_in_parts(monkeypatch):
    from pluralism.choice import _moral_graph as module

    frame = counted(*[(f"v{k}", f"v{k + 1}", 5, 1, 1, 0) for k in range(30)])
    monkeypatch.setattr(module, "_MOST_NUMBERS", 100)
    graph = moral_graph(frame, n=50)
    assert graph.values.sizes["value"] == 31
    assert graph.edges.kept_probability.values.min() > 0.5
    assert np.isfinite(graph.values.pagerank_rank_interval).all()


def test_an_edge_without_votes_has_no_likelihood_and_is_not_kept():
    graph = moral_graph(counted(("a", "b", 3, 0, 0, 0), ("b", "c", 0, 0, 0, 0)), n=20)
    row = graph.edge_table().iloc[1]
    assert row[["likelihood", "lower", "upper", "entropy", "published_entropy"]].isna().all()
    assert not row["kept"]
    assert row["kept_probability"] == 0.0
    assert graph.values.wisdom.values.tolist() == [0.0, 1.0, 0.0]


def test_frames_of_any_library_are_taken():
    import polars as pl

    expected = moral_graph(GOOD, n=5).summary()
    for frame in (pd.DataFrame(GOOD), pl.DataFrame(GOOD), pl.DataFrame(GOOD).lazy()):
        pd.testing.assert_frame_equal(moral_graph(frame, n=5).summary(), expected)
    spelled = {**GOOD, "vote": ["Upgrade", " wiser ", "UPGRADE"]}
    pd.testing.assert_frame_equal(moral_graph(spelled, n=5).summary(), expected)


# -- edges of the rule, words and tables --------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("as_published", [False, True])
def test_resampling_raters_is_building_the_graph_again(as_published):
    """Also where a resample has no edge at all, and at another level than the default."""
    votes = {
        "source": list("dddddbbba"),
        "wiser": list("bbbbbcccd"),
        "vote": ["upgrade"] * 3 + ["no_upgrade"] * 2 + ["upgrade"] * 2 + ["no_upgrade", "not_sure"],
        "rater": [1, 2, 3, 4, 5, 2, 3, 5, 5],
    }
    frame = pd.DataFrame(votes).sort_values("rater", kind="stable", ignore_index=True)
    rule = {"min_likelihood": 0.55, "as_published": as_published, "max_entropy": 2.0}
    with pytest.warns(SmallSampleWarning, match="5 raters are too few"):
        graph = moral_graph(frame, n=14, seed=3, rater="rater", level=0.8, **rule)
    names, pairs = list("abcd"), list(graph.edge_table().set_index(["source", "wiser"]).index)
    wisdom, pagerank, kept = [], [], []
    for weights in np.random.default_rng(3).multinomial(5, np.full(5, 1 / 5), 14):
        rows = frame.loc[np.repeat(frame.index, weights[frame["rater"] - 1])]
        try:
            again = moral_graph(rows.reset_index(drop=True), n=2, **rule)
        except DataError:
            wisdom.append(np.zeros(4))
            pagerank.append(np.full(4, np.nan if as_published else 0.25))
            kept.append(dict.fromkeys(pairs, False))
            continue
        wisdom.append(again.values.wisdom.to_series().reindex(names).fillna(0.0).to_numpy())
        pagerank.append(again.values.pagerank.to_series().reindex(names).to_numpy())
        kept.append(again.edge_table().set_index(["source", "wiser"])["kept"].to_dict())
    assert any(not any(each.values()) for each in kept)
    expected = np.quantile(wisdom, [0.1, 0.9], axis=0).T
    np.testing.assert_allclose(graph.values.wisdom_interval, expected, atol=1e-12)
    if as_published:
        bounds = graph.values.pagerank_interval
        expected = np.nanquantile(np.array(pagerank)[:, 1:], [0.1, 0.9], axis=0).T
        np.testing.assert_allclose(bounds[1:], expected, atol=1e-12)
        assert np.isnan(bounds[0]).all()  # no resample has an edge at a
    share = [np.mean([each.get(pair, False) for each in kept]) for pair in pairs]
    np.testing.assert_allclose(graph.edges.kept_probability, share, atol=1e-12)
    assert graph.values.wisdom_interval.attrs == {"ci_kind": "percentile", "ci_prob": 0.8}
    assert graph.edges.likelihood_interval.attrs == {"ci_kind": "score", "ci_prob": 0.8}
    assert graph.level == 0.8


@pytest.mark.slow
def test_what_an_edge_needs_includes_the_bounds():
    frame = counted(("a", "b", 3, 1, 1, 0), ("b", "c", 9, 0, 0, 0), ("c", "d", 2, 0, 0, 0))
    entropy = float(moral_graph(frame, n=2).edges.entropy[0])

    def kept(**options):
        return moral_graph(frame, n=2, **options).edges.kept.values.tolist()

    assert kept() == [True] * 3
    assert kept(min_wiser=3) == [True, True, False]
    assert kept(min_wiser=4) == [False, True, False]
    assert kept(min_likelihood=0.6) == [True] * 3
    assert kept(min_likelihood=0.6 + 1e-9) == [False, True, True]
    assert kept(min_likelihood=1.0) == [False, True, True]
    assert kept(max_entropy=entropy) == [True] * 3
    assert kept(max_entropy=entropy - 1e-9) == kept(max_entropy=0.0) == [False, True, True]
    assert kept(min_wiser=0, min_likelihood=0.0, damping=0.999) == [True] * 3
    for name, value, bounds in (
        ("damping", 0.9991, "finite at least 0 and at most 0.999"),
        ("damping", -0.1, "finite at least 0 and at most 0.999"),
        ("min_likelihood", 1.1, "finite at least 0 and at most 1"),
        ("max_entropy", -0.1, "finite at least 0"),
        ("min_wiser", -1, "at least 0"),
        ("n", 1, "at least 2"),
    ):
        message = f"`{name}` is {value}; it must be {bounds}"
        with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
            moral_graph(frame, **{name: value})


def test_a_graph_without_edges_says_what_to_lower():
    frame = counted(("a", "b", 1, 3, 1, 0), ("b", "c", 3, 1, 1, 0), ("c", "d", 0, 0, 0, 0))
    message = (
        "none of 3 pairs becomes an edge; the largest likelihood is 0.6. Lower `min_wiser` (5) or "
        "`min_likelihood` (0.25), or raise `max_entropy` (1.5)"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        moral_graph(frame, min_wiser=5, min_likelihood=0.25, max_entropy=1.5)


@pytest.mark.parametrize("raters", [1, 2, 5, 6])
def test_six_raters_are_enough_to_resample(raters):
    votes = {"source": ["a"] * 6, "wiser": ["b"] * 6, "vote": ["upgrade"] * 6}
    votes["rater"] = [k % raters for k in range(6)]
    if raters == 1:
        with pytest.raises(DataError, match=r"leave out `rater` to treat the votes as independent"):
            moral_graph(votes, rater="rater")
    elif raters < 6:
        message = f"{raters} raters are too few for intervals that resample them"
        with pytest.warns(SmallSampleWarning, match=message) as told:
            moral_graph(votes, rater="rater", n=2)
        assert [str(each.message) for each in told] == [message]
        assert told[0].filename == __file__
    else:
        assert moral_graph(votes, rater="rater", n=2).resampled == "raters"


def test_tables_of_a_graph():
    frame = counted(
        ("d", "b", 5, 0, 1, 0), ("c", "a", 4, 0, 0, 0), ("b", "a", 3, 0, 0, 0),
        ("c", "b", 0, 3, 0, 1),
    )  # fmt: skip
    frame["impressions"] = [9, 4, 8, 5]
    graph = moral_graph(frame, n=20)
    table = graph.edge_table()
    assert list(table.columns) == [
        "source", "wiser", "marked_wiser", "marked_not_wiser", "marked_unsure", "marked_less_wise",
        "impressions", "likelihood", "lower", "upper", "entropy", "published_entropy", "kept",
        "kept_published", "kept_probability",
    ]  # fmt: skip
    assert table["source"].tolist() == ["d", "c", "b", "c"]
    assert table["impressions"].tolist() == [9, 4, 8, 5]
    assert table["published_entropy"].tolist() == pytest.approx(
        [entropy_of([5, 1, 9]), 1.0, entropy_of([3, 8]), entropy_of([3, 1, 5])]
    )
    assert table["kept"].tolist() == [True, True, True, False]
    assert (table["lower"] < table["likelihood"]).all()
    np.testing.assert_array_equal(table["upper"], graph.edges.likelihood_interval[:, 1])
    summary = graph.summary()
    columns = ["wisdom", "wisdom_rank", "pagerank", "pagerank_rank"]
    assert list(summary.columns) == [
        f"{name}{end}" for name in columns for end in ("", "_lower", "_upper")
    ]
    assert summary.index.name == "value"
    assert summary["wisdom"].tolist() == pytest.approx([2.0, 5 / 6, 0.0, 0.0])
    assert summary.index.tolist() == ["a", "b", "c", "d"]
    assert summary["wisdom_rank"].tolist() == [1.0, 2.0, 3.0, 3.0]
    for name in columns:
        at = graph.values[f"{name}_interval"].sel(value=summary.index.to_list()).values
        np.testing.assert_array_equal(summary[[f"{name}_lower", f"{name}_upper"]], at)
    assert graph.values.in_graph.values.tolist() == [True] * 4
    assert graph.edges.ci_bound.values.tolist() == ["lower", "upper"]
    assert (graph.resampled, graph.ungrouped, graph.groups) == ("shares", 0, None)


def test_counts_without_impressions_have_their_sum():
    frame = counted(("b", "a", 5, 1, 2, 1), ("c", "a", 3, 0, 0, 0))
    assert moral_graph(frame, n=2).edges.impressions.values.tolist() == [9, 3]


def test_a_rank_is_missing_where_the_published_rule_has_no_pagerank():
    frame = counted(("a", "b", 6, 1, 1, 1), ("b", "c", 5, 0, 0, 0), ("d", "c", 4, 0, 0, 0))
    graph = moral_graph(frame, n=5, as_published=True)
    np.testing.assert_array_equal(graph.values.pagerank_rank, [np.nan, 2.0, 1.0, 2.0])
    np.testing.assert_array_equal(graph.values.wisdom_rank, [2.0, 2.0, 1.0, 2.0])


def test_three_groups_of_which_some_cast_a_single_vote():
    rows = [("a", "b", "upgrade", g) for g in "zzyx"]
    rows += [("a", "c", "upgrade", "z"), ("a", "c", "upgrade", "y"), ("a", "c", "not_sure", "x")]
    rows += [("a", "b", "upgrade", None), ("b", "a", "no_upgrade", None)]
    # Against the edge into b: one says that b is less wise, one does not.
    rows += [("b", "a", "upgrade", "z"), ("b", "a", "no_upgrade", "z")]
    votes = pd.DataFrame(rows, columns=["source", "wiser", "vote", "side"])
    graph = moral_graph(votes, group="side", n=5)
    assert graph.ungrouped == 2
    assert graph.groups.group.values.tolist() == ["x", "y", "z"]
    counts = graph.groups.votes.sel(value=["b", "c"]).values
    assert counts.tolist() == [[1, 1], [1, 1], [3, 1]]
    likelihood = graph.groups.likelihood.sel(value=["b", "c"]).values
    assert likelihood.tolist() == [[1, 0], [1, 1], [1 / 3, 1]]
    assert graph.groups.bridging.values.tolist() == [False, True, False]
    assert np.isnan(graph.groups.likelihood.sel(value="a")).all()
    bounds = graph.groups.likelihood_interval
    z = stats.norm.ppf(0.975)
    for side, counts in (("y", (1, 0, 1)), ("z", (2, 1, 3))):  # wiser, less wise, all
        expected = kernels.likelihood_interval(*(np.array([float(x)]) for x in counts), z)[0]
        np.testing.assert_allclose(bounds.sel(group=side, value="b"), expected)
    assert bounds.attrs == {"ci_kind": "score", "ci_prob": 0.95}
    assert graph.resampled == "shares"


def test_single_votes_by_rater_make_up_the_counts():
    rng = np.random.default_rng(5)
    frame = random_votes(rng, n=60, values=4, raters=7)
    columns = {"source": "source", "wiser": "wiser", "vote": "vote"}
    edges = count_edges(frame, **columns, rater="rater", group=None)
    pairs = list(dict.fromkeys(
        [*zip(frame["source"], frame["wiser"], strict=True),
         *zip(frame["wiser"], frame["source"], strict=True)]
    ))  # fmt: skip
    assert [
        (edges.values[s], edges.values[t]) for s, t in zip(edges.source, edges.target, strict=True)
    ] == pairs
    table = edges.votes.by_rater(len(pairs)).toarray().reshape(7, len(pairs), 5)
    for rater in range(7):
        own = frame[frame["rater"] == rater]
        found = by_hand(own[["source", "wiser", "vote"]].itertuples(index=False))
        for pair, row in zip(pairs, table[rater], strict=True):
            c = found.get(pair, Counter())
            assert row.tolist() == [c["wiser"], c["not"], c["unsure"], c["less"], c["impressions"]]
    np.testing.assert_array_equal(table[..., :4].sum(axis=0), edges.counts)
    np.testing.assert_array_equal(table[..., 4].sum(axis=0), edges.impressions)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (
            {"source": ["a", "a", None], "wiser": ["b", "b", None]},
            {},
            DataError,
            "row 2 of column 'value' is missing; every vote needs a value",
        ),
        (
            {"wiser": ["b", "a", "a"]},
            {},
            DataError,
            "row 1 of `votes` goes from 'a' to itself (2 such rows); a value cannot be wiser than "
            "itself",
        ),
        (
            {"vote": ["wiser", "no", "maybe"]},
            {},
            DataError,
            "row 1 of column 'vote' is 'no' (2 such rows); a vote is one of 'upgrade', 'wiser', ",
        ),
        (
            {"rater": [7, 7, None]},
            {"rater": "rater"},
            DataError,
            "row 2 of column 'rater' is missing; every vote needs a value",
        ),
        (
            {"side": ["x", "x", None]},
            {"group": "side"},
            DataError,
            "column 'side' holds 1 group(s); bridging needs two",
        ),
        (
            {"rater": [3, 8, 8], "side": ["x", "y", "x"]},
            {"rater": "rater", "group": "side"},
            LabelError,
            "rater 8 is in the groups 'y' and 'x'; a rater belongs to one",
        ),
        (
            {"side": ["x", "y", "x"]},
            {"vote": "cast"},
            DataError,
            "`votes` has the columns 'source', 'wiser', 'vote', 'side'; it needs 'cast' (raw "
            "votes) or 'marked_wiser' and its like (counts by edge)",
        ),
        ({}, {"rater": "who"}, LabelError, "`rater` names 'who', which is not in the columns of"),
    ],
)
def test_bad_rows_are_placed_and_counted(change, options, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        moral_graph({**GOOD, **change}, **options)


def test_bad_counts_are_placed():
    good = [("a", "b", 3, 0, 0, 0), ("b", "c", 3, 0, 0, 0)]
    message = "row 3 of `votes` repeats the edge from 'b' to 'c'; add its counts up"
    with pytest.raises(LabelError, match=f"^{re.escape(message)}$"):
        moral_graph(counted(*good, ("c", "a", 1, 0, 0, 0), ("b", "c", 3, 0, 0, 0), good[0]))
    message = "`marked_not_wiser[2]` is 0.5; a count must be whole"
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        moral_graph(counted(*good, ("c", "a", 1, 0.5, 0, 0), ("a", "c", 1, 1.5, 0, 0)))
    frame = counted(*good)
    with pytest.raises(LabelError, match="`votes` names 'marked_not_wiser', which is not in"):
        moral_graph(frame[["source", "wiser", "marked_wiser"]])
    with pytest.raises(DataError, match=r"it needs 'vote' \(raw votes\) or 'marked_wiser' and its"):
        moral_graph(frame.drop(columns="marked_wiser"))
    with pytest.raises(DataError, match="`rater` and `group` need one row for each vote"):
        moral_graph(frame, group="side")
    frame["impressions"] = [3.0, -1.0]
    with pytest.raises(DataError, match=r"`impressions\[1\]` is -1; a count must be at least 0"):
        moral_graph(frame)
    assert moral_graph(counted(("a", "b", 3, 0, 0, 0), ("b", "a", 0, 0, 0, 3)), n=2).cycles == ()


def test_a_rater_may_stay_in_a_group_and_votes_are_spelled_freely():
    votes = {
        **GOOD,
        "vote": ["Not-Wiser", "no upgrade", "Unsure"],
        "rater": [3, 8, 8],
        "side": ["x", "y", None],
    }
    edges = count_edges(
        votes, source="source", wiser="wiser", vote="vote", rater="rater", group="side"
    )
    assert edges.counts.tolist() == [[0, 2, 1, 0], [0, 0, 0, 0]]
    assert edges.impressions.tolist() == [3, 3]
    assert edges.votes.groups == ("x", "y")
    assert edges.votes.group.tolist() == [0, 1, -1] * 2
    assert edges.votes.n_raters == 2
