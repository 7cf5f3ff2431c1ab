"""Published deliberations: two Polis conversations and the released moral graph."""

import csv
from functools import partial

import numpy as np
import pytest

from pluralism import bootstrap, choice
from pluralism.data import read_moral_graph, read_polis

#: Folder, participants, comments, votes, sizes of the groups of the export.
CONVERSATIONS = [
    ("15-per-hour-seattle", 339, 54, 2872, [99, 39]),
    ("vtaiwan.uberx", 1921, 197, 49443, [330, 889]),
]
IDS = [name for name, *_ in CONVERSATIONS]


@pytest.fixture(scope="module")
def conversations(test_data):
    return {name: read_polis(test_data / "polis" / name) for name in IDS}


@pytest.fixture(scope="module")
def released(test_data):
    return read_moral_graph(test_data / "moral_graph" / "moral-graph-prolific-run.json")


@pytest.mark.parametrize(("name", "people", "comments", "votes", "sizes"), CONVERSATIONS, ids=IDS)
def test_a_conversation_loads_as_it_was_exported(
    conversations, test_data, name, people, comments, votes, sizes
):
    talk = conversations[name]
    assert talk.votes.shape == (people, comments)
    assert int(talk.votes.notnull().sum()) == votes
    assert int(talk.summary["voters"]) == people
    assert int(talk.summary["comments"]) == comments
    # Row sums, read again from the file by themselves.
    path = test_data / "polis" / name / "participants-votes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for column, value in (("n-agree", 1), ("n-disagree", -1)):
        expected = [int(row[column]) for row in rows]
        assert (talk.votes == value).sum("comment").values.tolist() == expected
    assert talk.votes.notnull().sum("comment").values.tolist() == [int(r["n-votes"]) for r in rows]
    groups = [row["group-id"] for row in rows]
    assert ["" if g is None else str(g) for g in talk.votes.group.values] == groups
    assert [groups.count(str(g)) for g in range(len(sizes))] == sizes
    # What the comments' own file counts is not what the matrix holds, and that is said.
    assert any("agrees" in note for note in talk.notes)


def test_the_history_of_votes_ends_in_the_matrix(conversations):
    talk = conversations["15-per-hour-seattle"]
    assert not any("votes.csv" in note for note in talk.notes)
    assert len(talk.history) == 2995
    again = np.full(talk.votes.shape, np.nan)
    place = {person: row for row, person in enumerate(talk.votes.participant.values.tolist())}
    assert talk.votes.comment.values.tolist() == list(range(54))
    for row in talk.history.itertuples():
        again[place[row.participant], row.comment] = row.vote
    np.testing.assert_array_equal(again, talk.votes)
    assert conversations["vtaiwan.uberx"].history is None


@pytest.mark.parametrize("name", IDS)
def test_the_groups_of_the_export_yield_consensus_lists_with_intervals(conversations, name):
    votes = conversations[name].votes
    result = choice.comment_representativeness(votes, groups="group", n=200)
    assert result.ungrouped == int(np.sum([g is None for g in votes.group.values]))
    # The scores, from counts made by the data frame.
    frame = votes.to_dataframe().reset_index().dropna(subset=["vote", "group"])
    by_group = frame.groupby(["group", "comment"])["vote"]
    share = (by_group.agg(lambda v: (v == 1).sum()) + 1) / (by_group.size() + 2)
    expected = share.unstack("group").fillna(0.5).prod(axis=1)
    expected = expected.reindex(votes.comment.values, fill_value=0.25)
    np.testing.assert_allclose(result.consensus.sel(stance="agree"), expected, rtol=1e-12)
    listed = result.consensus_list(min_votes=5)
    assert listed["consensus"].is_monotonic_decreasing
    assert (listed["lower"] <= listed["consensus"]).all()
    assert (listed["upper"] >= listed["consensus"]).all()
    assert (listed["upper"] - listed["lower"]).gt(0).all()
    score = choice.group_informed_consensus(votes, groups="group")
    np.testing.assert_array_equal(score, result.consensus.sel(stance="agree"))
    drawn = bootstrap(partial(choice.group_informed_consensus, groups="group"), votes, n=50, seed=0)
    assert drawn.interval.dims == ("comment", "ci_bound")


def test_vtaiwan_agreed_across_groups(conversations):
    votes = conversations["vtaiwan.uberx"].votes
    listed = choice.comment_representativeness(votes, groups="group", n=200).consensus_list()
    top = listed.iloc[0]
    assert listed.index[0] == 40
    assert top["consensus"] == pytest.approx(0.859745, abs=1e-6)
    assert top[["share_0", "share_1"]].min() > 0.9


@pytest.mark.parametrize(("name", "same"), [(IDS[0], 0.9), (IDS[1], 0.9)])
def test_groups_found_are_close_to_those_of_polis(conversations, name, same):
    """Polis clusters clusters, and remembers; nine in ten fall where it put them."""
    votes = conversations[name].votes
    found = choice.opinion_groups(votes)
    theirs, ours = votes.group.values, found.group.values
    both = np.array([a is not None and b is not None for a, b in zip(theirs, ours, strict=True)])
    # Those whom Polis left without a group are those with few votes, but for one.
    either = np.array([(a is None) != (b is None) for a, b in zip(theirs, ours, strict=True)])
    assert either.sum() <= 1
    assert found.n_groups == 2
    equal = (theirs[both] == ours[both]).mean()
    assert max(equal, 1 - equal) > same


def test_both_ways_of_bridging_run_on_a_conversation(conversations):
    votes = conversations["vtaiwan.uberx"].votes
    fit = choice.bridging((votes + 1) / 2, min_raters=5, min_ratings=10)
    assert fit.converged
    assert np.ptp(fit.starts) < 1e-9
    # The axis of the factorisation parts the groups of Polis.
    factor = fit.rater_factor.to_series()[[g is not None for g in votes.group.values]]
    side = np.array([g for g in votes.group.values if g is not None])
    apart = abs(factor[side == 0].mean() - factor[side == 1].mean())
    assert apart > 1.5 * factor.std()
    helpful = fit.status.comment.values[fit.status.values == "helpful"]
    consensus = choice.group_informed_consensus(votes, groups="group")
    assert (consensus.sel(comment=helpful) > consensus.median()).all()
    pairs = choice.disagreement_bridging(votes)
    assert float(pairs.max()) < 1


# -- the moral graph ----------------------------------------------------------------------


def test_every_edge_of_the_released_graph(released):
    graph = choice.moral_graph(released.edges, n=50)
    assert graph.edges.sizes["edge"] == 67
    assert graph.values.sizes["value"] == 59
    edges = released.edges
    likelihood = np.abs(graph.edges.likelihood.values - edges["published_likelihood"]).max()
    entropy = np.abs(graph.edges.published_entropy.values - edges["published_entropy"]).max()
    assert likelihood < 1e-9
    assert entropy < 1e-9
    # The published filter keeps them all, and so does the one with the right entropy.
    assert graph.edges.kept_published.values.all()
    assert graph.edges.kept.values.all()
    assert float(graph.edges.entropy.max()) == pytest.approx(1.41345427, abs=1e-8)
    # The entropies are not those of four counters.
    assert (graph.edges.entropy.values < edges["published_entropy"] - 0.2).all()
    published = choice.moral_graph(released.edges, as_published=True, n=5)
    assert published.edges.kept.values.all()


def test_wisdom_and_rank_of_the_released_graph(released):
    right = choice.moral_graph(released.edges, n=50)
    published = choice.moral_graph(released.edges, as_published=True, n=5)
    wisdom = published.values.wisdom.to_series().sort_values(ascending=False)
    assert wisdom.index[0] == "Informed Autonomy"
    assert wisdom.iloc[0] == pytest.approx(3.306878, abs=1e-6)
    assert (wisdom > 1).sum() == 15
    rank = published.values.pagerank.to_series().sort_values(ascending=False)
    assert rank.index[:2].tolist() == ["Information Empowerment", "Truth Seeking"]
    assert rank.sum() == pytest.approx(0.4237, abs=1e-4)  # more than half of the rank leaks away
    # Handing the leak to all values alike changes every figure and no place.
    ratio = published.values.pagerank / right.values.pagerank
    assert np.ptp(ratio.values) < 1e-7
    assert float(right.values.pagerank.sum()) == pytest.approx(1.0, abs=1e-12)


def test_the_released_graph_has_cycles(released):
    graph = choice.moral_graph(released.edges, n=5)
    assert graph.cycles[1][:2] == ("Information Empowerment", "Truth Seeking")
    edges = set(zip(graph.edges.source.values, graph.edges.wiser.values, strict=True))
    assert len(graph.cycles) == 2
    for cycle in graph.cycles:
        assert all(pair in edges for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_intervals_of_the_released_graph(released):
    graph = choice.moral_graph(released.edges, n=300)
    assert graph.resampled == "shares"
    low, high = graph.edges.likelihood_interval.values.T
    assert (low <= graph.edges.likelihood.values).all()
    assert (high >= graph.edges.likelihood.values).all()
    assert ((high - low) > 0.15).all()
    # Edges of a few votes are far from sure to be edges.
    assert float(graph.edges.kept_probability.min()) < 0.7
    summary = graph.summary()
    assert (summary["wisdom_rank_lower"] <= summary["wisdom_rank"]).all()
    assert (summary["wisdom_rank_upper"] >= summary["wisdom_rank"]).all()
