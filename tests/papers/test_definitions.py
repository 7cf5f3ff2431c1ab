"""Figures of a paper's definition where nothing finer was released to compute them from."""

from __future__ import annotations

import numpy as np
import pytest

from pluralism import Comparisons, choice, jury, kernels, perspective, scores, utility


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


def test_cycles_of_a_random_responder(paper_row):
    """Log10 of the share of cyclic triads where every pair gets 20 tosses of a coin, by kind."""
    votes = Comparisons.from_matrix(np.full((3, 3), 10.0) - 10 * np.eye(3))
    paper_row(np.log10(utility.cyclic_triads(votes).expected))


def test_visalign_constants(paper_row):
    """Two models that look at nothing, on an image that all people recognise."""
    human = np.eye(11)[[0]]
    even = jury.abstention_alignment(np.full((1, 10), 0.1), human, abstention=[0.0])
    never = jury.abstention_alignment(np.full((1, 10), 0.1), human, abstention=[1.0])
    paper_row(even.distance, never.distance)


def test_impossibility_by_witness(paper_row):
    """How many voters each rule needs to break a condition, and the length of Sen's circle."""
    rules = [choice.plurality, choice.borda, choice.schulze]
    voters = [choice.arrow_witness(rule).voters for rule in rules]
    paradox = choice.sen_witness({0: ("P", "N"), 1: ("L", "N")})
    paper_row(voters, paradox.ballots.counts.sum(), len(paradox.cycle))


DISCORDANT = {"gemini-gpt-5": (49, 11), "gpt-5-grok": (33, 34), "gemini-qwen3": (15, 12)}


@pytest.mark.slow
@pytest.mark.parametrize("pair", DISCORDANT)
def test_pacifaist_mcnemar(paper_row, pair):
    """Exact McNemar test of two systems on 351 questions, by the questions on which they part."""
    one, two = DISCORDANT[pair]
    answers = {
        "first": np.repeat([1, 0, 1], [one, two, 351 - one - two]),
        "second": np.repeat([0, 1, 1], [one, two, 351 - one - two]),
    }
    paper_row(scores.compare_rates(answers).pairs.pvalue)
