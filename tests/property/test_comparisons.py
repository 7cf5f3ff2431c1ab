"""Cells add, whatever the order and whatever the shard."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism import Annotations, Ballots, Comparisons

LABELS = list("abcde")


@st.composite
def vote_tables(draw):
    n = draw(st.integers(2, 40))
    rows = []
    for _ in range(n):
        first, second = draw(
            st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)).filter(
                lambda pair: pair[0] != pair[1]
            )
        )
        rows.append(
            {
                "first": first,
                "second": second,
                "outcome": draw(st.sampled_from(["first", "second", "tie"])),
                "w": draw(st.sampled_from([0.5, 1.0, 2.0])),
                "rater": draw(st.sampled_from(["r", "s", "t"])),
            }
        )
    return pd.DataFrame(rows)


def count(frame: pd.DataFrame) -> Comparisons:
    return Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", weight="w", rater="rater"
    )


def table_of(comparisons: Comparisons) -> pd.DataFrame:
    frame = comparisons.to_frame()
    squares = comparisons.squares
    if squares is None:
        zero = np.zeros(len(frame))
        squares = np.array([comparisons.first_won, comparisons.second_won, zero, comparisons.tied])
    frame[["q0", "q1", "q2", "q3"]] = squares.T
    keys = ["first", "second", "rater"]
    return frame.sort_values(keys).set_index(keys).sort_index()


@pytest.mark.slow
@given(vote_tables(), st.randoms(use_true_random=False))
def test_any_split_merges_to_the_whole(frame, random):
    cut = random.randint(1, len(frame) - 1)
    merged = count(frame.iloc[:cut]).merge(count(frame.iloc[cut:]))
    whole = count(frame)
    assert merged.items == whole.items
    assert merged.n_votes == whole.n_votes
    pd.testing.assert_frame_equal(table_of(merged), table_of(whole))


@pytest.mark.slow
@given(st.lists(st.permutations("abcd"), min_size=2, max_size=8), st.data())
def test_rankings_split_anywhere_are_as_many_raters(rankings, data):
    cut = data.draw(st.integers(1, len(rankings) - 1))
    merged = Comparisons.from_rankings(rankings[:cut]).merge(
        Comparisons.from_rankings(rankings[cut:])
    )
    whole = Comparisons.from_rankings(rankings)
    assert (merged.raters, merged.n_votes) == (whole.raters, whole.n_votes)
    pd.testing.assert_frame_equal(table_of(merged), table_of(whole))


@pytest.mark.slow
@given(vote_tables(), st.randoms(use_true_random=False))
def test_the_order_of_votes_does_not_matter(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(table_of(count(frame.iloc[order])), table_of(count(frame)))


@pytest.mark.slow
@given(vote_tables())
def test_cells_hold_every_vote(frame):
    cells = count(frame)
    assert np.isclose(cells.total.sum(), frame["w"].sum())
    by_hand = frame.groupby(["first", "second", "rater"])["w"].sum()
    total = cells.to_frame().assign(w=cells.total).set_index(["first", "second", "rater"])["w"]
    pd.testing.assert_series_equal(total.sort_index(), by_hand.sort_index())


def plain(container) -> dict:
    """Everything that a container holds, as plain values; equal means exactly equal."""
    found = {}
    for name in type(container).__dataclass_fields__:
        value = getattr(container, name)
        if name == "groups":
            value = {key: (g.labels, g.codes.tolist()) for key, g in value.items()}
        found[name] = value.tolist() if isinstance(value, np.ndarray) else value
    return found


VIEWS = {
    "comparisons": lambda frame: count(frame),
    "annotations": lambda frame: Annotations.from_frame(
        frame, item="first", rater="rater", label="outcome", weight="w"
    ),
    # One ballot a row, that ranks the first item above the second.
    "ballots": lambda frame: Ballots.from_frame(
        pd.concat(
            [
                frame.assign(what=frame[name], place=place, voter=frame.index)
                for place, name in enumerate(("first", "second"))
            ]
        ),
        voter="voter", alternative="what", rank="place", count="w",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", VIEWS)
@given(frame=vote_tables(), random=st.randoms(use_true_random=False))
def test_shards_merged_in_any_order_are_exactly_the_whole(kind, frame, random):
    """Weights are multiples of a half, so every sum is exact and equality means equality."""
    build = VIEWS[kind]
    n_shards = random.randint(2, 5)
    shard_of = np.array([random.randrange(n_shards) for _ in range(len(frame))])
    parts = [build(frame[shard_of == k]) for k in range(n_shards) if (shard_of == k).any()]
    random.shuffle(parts)
    while len(parts) > 1:  # as a tree of any shape
        left, right = parts.pop(random.randrange(len(parts))), parts.pop()
        parts.append(left.merge(right))
    whole, merged = plain(build(frame)), plain(parts[0])
    if kind == "ballots":  # in order of first appearance
        for found in (whole, merged):
            rows = sorted(zip(found.pop("ranks"), found.pop("counts"), strict=True))
            distinct: dict = {}
            for ranks, weight in rows:
                distinct[tuple(ranks)] = distinct.get(tuple(ranks), 0) + weight
            found["ballots"] = distinct
    assert merged == whole


@pytest.mark.slow
@given(frame=vote_tables(), cut=st.integers(1, 39))
def test_update_is_counting_more(frame, cut):
    one, two = frame[:cut], frame[cut:]
    if len(one) and len(two):
        columns = {"weight": "w", "rater": "rater"}
        updated = count(one).update(
            two, first="first", second="second", outcome="outcome", **columns
        )
        assert plain(updated) == plain(count(frame))
