"""Figures of a paper's definition where nothing finer was released to compute them from."""

from __future__ import annotations

import numpy as np
import pytest

from pluralism import kernels, perspective, scores


def test_worldview_bench(paper_row):
    """PDS entropy in percent of log 5 when one culture of five has that share, the rest equal."""
    shares = np.array([[s, *[(1 - s) / 4] * 4] for s in (0.963, 0.392)])
    paper_row(100 * perspective.normalized_entropy(shares))


def test_values_in_the_wild(paper_row):
    paper_row(perspective.normalized_entropy([31.4, 22.2, 21.4, 13.9, 11.1]))


def test_villains(paper_row):
    """Slope of the mean role-play score over the four levels, the most moral first."""
    found = scores.trend_test([3.21, 3.13, 2.71, 2.61], levels=[1, 2, 3, 4], method="quadratic")
    paper_row(found.slope)


def test_random_responder(paper_row):
    paper_row(100 * kernels.coin_confidence(20))


DISCORDANT = {"gemini-gpt-5": (49, 11), "gpt-5-grok": (33, 34), "gemini-qwen3": (15, 12)}


@pytest.mark.parametrize("pair", DISCORDANT)
def test_pacifaist_mcnemar(paper_row, pair):
    """Exact McNemar test of two systems on 351 questions, by the questions on which they part."""
    one, two = DISCORDANT[pair]
    answers = {
        "first": np.repeat([1, 0, 1], [one, two, 351 - one - two]),
        "second": np.repeat([0, 1, 1], [one, two, 351 - one - two]),
    }
    paper_row(scores.compare_rates(answers).pairs.pvalue)
