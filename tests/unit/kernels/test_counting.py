"""Counting votes into cells, by table and by sort, against a dictionary."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pluralism.kernels import _counting


@pytest.mark.parametrize("n_items", [7, 300])
@pytest.mark.parametrize("outcomes", [1, 2, 3])
@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_count_pairs_equals_a_dictionary(n_items, outcomes, dense, dtype, monkeypatch):
    monkeypatch.setattr(_counting, "_BLOCK", 64)  # several blocks, the last one short
    if not dense:
        monkeypatch.setattr(_counting, "_DENSE_BINS", 0)
    top = min(n_items, np.iinfo(dtype).max)
    rng = np.random.default_rng(n_items + outcomes)
    first = rng.integers(0, top, 1000).astype(dtype)
    second = ((first.astype(int) + rng.integers(1, top, 1000)) % top).astype(dtype)
    outcome = rng.integers(0, outcomes, 1000).astype(np.int8)
    got = _counting.count_pairs(first, second, outcome if outcomes > 1 else None, n_items, outcomes)
    counts = Counter(zip(first.tolist(), second.tolist(), outcome.tolist(), strict=True))
    pairs = sorted({key[:2] for key in counts})
    assert list(zip(got.first.tolist(), got.second.tolist(), strict=True)) == pairs
    expected = [[counts[(*pair, code)] for code in range(outcomes)] for pair in pairs]
    np.testing.assert_array_equal(got.won, expected)


@pytest.mark.parametrize("overflowing", [0, 1])
def test_count_pairs_counts_a_pair_beyond_sixteen_bits(overflowing):
    votes = (1 << 16) + 5
    outcome = np.full(votes + 3, overflowing, dtype=np.int8)
    outcome[-3:] = 1 - overflowing
    first = np.zeros(len(outcome), dtype=np.int32)
    got = _counting.count_pairs(first, first + 1, outcome, 2, 2)
    assert (got.first.tolist(), got.second.tolist()) == ([0], [1])
    assert got.won[0, [overflowing, 1 - overflowing]].tolist() == [votes, 3]


@pytest.mark.parametrize(("won", "lost"), [(255, 255), (256, 0), (0, 256), (300, 700), (65_535, 1)])
def test_count_table_widens_its_words_where_a_count_outgrows_half_of_one(won, lost):
    rng = np.random.default_rng(won)
    first = np.append(rng.integers(8, 50, 1000), np.full(won + lost, 3))
    second = np.append(rng.integers(0, 8, 1000), np.full(won + lost, 7))
    outcome = np.append(rng.integers(0, 2, 1000), np.repeat([1, 0], [won, lost]))
    table = _counting.count_table(first, second, outcome, 50)
    assert table.words.dtype == (np.uint16 if max(won, lost) < 256 else np.uint32)
    expected = np.zeros((2, 50, 50), int)
    np.add.at(expected, (outcome, first, second), 1)
    np.testing.assert_array_equal(_counting.halves(table.words), expected[::-1])
    assert table.n_cells == np.count_nonzero(expected.any(axis=0))


def test_keys_too_wide_for_one_word_are_summed_and_ordered_all_the_same():
    rng = np.random.default_rng(4)
    size = 1 << 33  # three of them take 99 bits
    keys = [rng.choice([0, 1, 5, size - 1], 400) for _ in range(3)]
    value = rng.integers(0, 9, 400).astype(float)
    got = _counting.group_sums(keys, [size] * 3, [value])
    counts, sums = Counter(), Counter()
    for *key, number in zip(*(column.tolist() for column in keys), value, strict=True):
        counts[tuple(key)] += 1
        sums[tuple(key)] += number
    rows = sorted(counts)
    assert list(map(tuple, got.keys.T.tolist())) == rows
    np.testing.assert_array_equal(got.counts, [counts[key] for key in rows])
    np.testing.assert_array_equal(got.sums[0], [sums[key] for key in rows])
    order = _counting.key_order(keys, [size] * 3)
    everything = list(zip(*(column.tolist() for column in keys), strict=True))
    assert [everything[place] for place in order] == sorted(everything)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("sizes", [(3,), (4, 2), (2, 5, 3), (7, 2**40, 3), (2**40, 2**40, 4)])
@pytest.mark.parametrize("n_values", [0, 2])
def test_sums_by_key_equal_a_dictionary(sizes, n_values, dense, monkeypatch):
    if not dense:
        monkeypatch.setattr(_counting, "_DENSE_BINS", 0)
    rng = np.random.default_rng(len(sizes))
    # large key spaces at their ends, where a key packed into too narrow a word would wrap
    keys = [rng.choice([0, 1, size // 2, size - 1], 60) for size in sizes]
    values = list(rng.random((n_values, 60)))
    found = _counting.group_sums(keys, sizes, values)
    rows = list(zip(*(key.tolist() for key in keys), strict=True))
    cells = sorted(set(rows))
    assert [tuple(cell) for cell in found.keys.T.tolist()] == cells
    assert found.counts.tolist() == [rows.count(cell) for cell in cells]
    assert found.sums.shape == (n_values, len(cells))
    for value, sums in zip(values, found.sums, strict=True):
        expected = [
            sum(v for v, row in zip(value, rows, strict=True) if row == cell) for cell in cells
        ]
        np.testing.assert_allclose(sums, expected)
    order = _counting.key_order(keys, sizes)
    assert [rows[place] for place in order] == sorted(rows)
    same = [place for place in order.tolist() if rows[place] == rows[order[0]]]
    assert same == sorted(same)


def test_halves_of_words():
    for word, bits in ((np.uint16, 8), (np.uint32, 16)):
        words = np.array([[(3 << bits) + 7, (1 << bits) - 1]], word)
        won, lost = _counting.halves(words)
        assert won.tolist() == [[3, 0]]
        assert lost.tolist() == [[7, (1 << bits) - 1]]
