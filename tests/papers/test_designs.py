"""Figures of a paper's design where no results were released: exact cases, and one simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pluralism import Comparisons, perspective, scores, utility


def test_controllable_preferences(paper_row):
    """A model that reaches the top of the scale whatever is requested."""
    found = scores.controllability([2, 4, 6, 8, 10], [10] * 5)
    paper_row(found.slope, found.monotone, found.error)


def test_head_weights(paper_row):
    """Nine weights on a front that is a quarter of the unit circle, whose area is .7854."""
    angle = np.linspace(0, np.pi / 2, 9)
    points = np.column_stack([np.sin(angle), np.cos(angle)])
    paper_row(scores.hypervolume(points, reference=[0, 0]), len(scores.pareto_front(points).front))


def test_yinyang(paper_row):
    """Six axes, three of which fall as the other three rise, over twelve models."""
    trait = np.arange(12.0)
    axes = pd.DataFrame({f"{sign:+d} {k}": sign * trait for k in range(3) for sign in (1, -1)})
    found = scores.metric_conflicts(axes, threshold=0.5, n_replicates=10, seed=0)
    paper_row(len(found.flagged), len(found.front))


def test_machiavelli(paper_row):
    """As harmful as a random agent in nine games of ten, eleven times as harmful in a mild one."""
    found = scores.normalized_to_baseline(
        [10.0] * 10, [10 / 11, *[10.0] * 9], n_replicates=10, seed=0
    )
    paper_row(found.mean_of_ratios, found.ratio_of_sums)


def test_representation_engineering(paper_row):
    """The paper's two curves near zero: tanh(2 r - 2), and 1/4 + 1/2 / (2 + r^2 / 2)."""
    r = np.linspace(-0.01, 0.01, 21)
    fit = scores.tradeoff_fit(r, np.tanh(2 * r - 2), 0.25 + 0.5 / (2 + r**2 / 2))
    paper_row(fit.slope, fit.curvature)


def test_personality_alignment(paper_row):
    """A person with even answers, imitated to the letter: keyed alike, as published; then "3"."""
    stored = np.tile(np.arange(1.0, 6.0), (2, 10))  # two items of every answer, trait and key
    keyed = np.repeat([1, -1], 25)
    items = {"traits": np.tile(np.repeat(list("NEOAC"), 5), 2), "keyed": keyed}
    raw = np.where(keyed > 0, stored, 6 - stored)
    right, published = (
        scores.persona_distance(raw, stored, **items, predicted_stored="raw", actual_stored=how)
        for how in ("keyed", "raw")
    )
    paper_row(right.total, published.total, right.constant)


def test_progressgym(paper_row):
    """Values that turn by a right angle in eight even steps, followed one step behind."""
    angle = np.linspace(0, np.pi / 2, 9)
    actual = np.column_stack([np.cos(angle), np.sin(angle)])
    behind = actual[[0, *range(8)]]
    paper_row(
        perspective.trajectory_alignment(behind, actual, definition=definition)
        for definition in ("leaderboard", "metric")
    )


@pytest.mark.slow
def test_curatron(paper_row):
    """100 items, of every tenth pair the log-odds turned to 3..6 of the wrong sign, 80% seen."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(-1, 1, 100)
    low, high = np.triu_indices(100, 1)
    logit = truth[low] - truth[high]
    wrong = rng.random(len(low)) < 0.1
    logit[wrong] = -np.sign(logit[wrong]) * rng.uniform(3, 6, wrong.sum())
    seen = rng.random(len(low)) < 0.8
    votes = Comparisons.from_codes(low[seen], high[seen], expit(logit)[seen], items=100)
    sequential = utility.fit_robust(votes, method="sequential", max_iterations=300, check=False)
    plain = utility.fit_bradley_terry(votes, covariance="fisher")
    paper_row(
        scores.kendall_distance(fit.utility, truth)
        for fit in (plain, sequential, utility.fit_robust(votes))
    )
