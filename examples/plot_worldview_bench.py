"""
From one culture to many: what a diversity score of 13% and of 94% says
=======================================================================

WorldView-Bench: A Benchmark for Evaluating Global Cultural Perspectives in Large Language Models
(Mushtaq et al. 2025) asks 175 open questions in seven domains, assigns every cultural reference in
an answer to a set of cultures, and prints the entropy of their shares, the Perspectives
Distribution Score, in percent of its maximum: 13% for a baseline and 94% for a "multiplex" of
agents that speak for different cultures.

No counts were released. The references here are **simulated** by the paper's design, around the
only shares that its percentages allow.
"""

# %%
# What the percentages say
# ------------------------
# Suppose one culture dominates and the others share the rest. The percentage then fixes the
# dominant share, if one knows how many cultures could have been met, which the paper leaves open.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import brentq

from pluralism import perspective


def one_dominant(share, k):
    """One culture with this share, the other k - 1 with equal parts of the rest."""
    return np.array([share, *[(1 - share) / (k - 1)] * (k - 1)])


def dominant_share(percent, k):
    """The dominant share that gives this percentage of the largest entropy."""
    return brentq(
        lambda share: 100 * perspective.normalized_entropy(one_dominant(share, k)) - percent,
        1 / k + 1e-9,
        1 - 1e-9,
    )


sizes = range(5, 9)
implied = pd.DataFrame(
    {f"{percent}%": [dominant_share(percent, k) for k in sizes] for percent in (13, 94)},
    index=pd.Index(sizes, name="cultures"),
)
assert implied["13%"].round(3).tolist() == [0.963, 0.960, 0.957, 0.955]
assert implied["94%"].round(3).tolist() == [0.392, 0.359, 0.335, 0.316]
implied.round(3)

# %%
# The design, simulated
# ---------------------
# 175 answers with a few references each, before and after. The labels of the five cultures are
# ours; the dominant shares are those of the table's first line.
CULTURES = ["Western", "East Asian", "South Asian", "Islamic", "African"]
rng = np.random.default_rng(1)


def answers(share, mean_references):
    """References of 175 answers, none in some."""
    sizes = rng.poisson(mean_references, 175)
    return [rng.choice(CULTURES, size, p=one_dominant(share, 5)).tolist() for size in sizes]


design = {"baseline": answers(0.963, 3), "multiplexed": answers(0.392, 6)}
pds = {
    name: perspective.perspective_distribution(references, categories=CULTURES)
    for name, references in design.items()
}
table = pd.DataFrame(
    {
        name: {
            "PDS entropy, %": 100 * result.normalized_entropy,
            "lower": 100 * result.interval[0],
            "upper": 100 * result.interval[1],
            "effective number of cultures": result.effective_number,
            "dominant share": result.dominant_share,
            "references": result.n_references,
            "answers without any": result.without_reference,
        }
        for name, result in pds.items()
    }
).T
# Drawn around the published figures, the intervals over questions cover them.
for name, published in (("baseline", 13), ("multiplexed", 94)):
    assert table.loc[name, "lower"] < published < table.loc[name, "upper"]
table.round(3)

# %%
# The paper's figure, with what is behind it
# ------------------------------------------
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4), layout="constrained")
colours = {"baseline": "0.6", "multiplexed": "#0a5a9c"}
place = np.arange(len(CULTURES))
for shift, (name, result) in zip((-0.2, 0.2), pds.items(), strict=True):
    low, high = (100 * bound for bound in result.interval)
    label = f"{name}: PDS entropy {100 * result.normalized_entropy:.0f}% [{low:.0f}, {high:.0f}]"
    left.bar(place + shift, result.share, 0.4, color=colours[name], label=label)
left.set_xticks(place, CULTURES, rotation=20)
left.set(ylabel="share of the references", title="SIMULATED references", ylim=(0, 1.12))
left.legend(frameon=False)

share = np.linspace(0.13, 0.999, 300)
for k, style in ((5, "-"), (8, "--")):
    inside = share[share >= 1 / k]
    percent = [100 * perspective.normalized_entropy(one_dominant(s, k)) for s in inside]
    right.plot(inside, percent, style, color="0.2", label=f"{k} cultures")
for published, name, x in ((13, "baseline", 0.13), (94, "multiplexed", 0.72)):
    right.axhline(published, color=colours[name], lw=1.2)
    right.text(x, published - 2, f"published, {name}", va="top", color=colours[name])
right.set(
    xlabel="share of the dominant culture",
    ylabel="entropy, % of its maximum",
    ylim=(0, 103),
    title="What a percentage can mean",
)
right.legend(frameon=False, loc="center left")
plt.show()

# %%
# Choices that the paper leaves open move the figure
# --------------------------------------------------
# Shares of all references or the mean of every question's own entropy; three more cultures that
# could have been named and never were; a correction for the few references. The mean over
# questions is far below the pooled figure even after multiplexing: an answer with six references
# cannot show five cultures evenly.
more = [*CULTURES, "Latin American", "Indigenous", "Oceanian"]
choices = {
    "pooled, 5 cultures": {"categories": CULTURES},
    "pooled, 8 cultures": {"categories": more},
    "pooled, Chao and Shen": {"categories": CULTURES, "estimator": "chao-shen"},
    "mean over questions": {"categories": CULTURES, "pool": "question"},
}
found = pd.DataFrame(
    {
        name: {
            label: 100
            * perspective.perspective_distribution(references, n=10, **options).normalized_entropy
            for label, options in choices.items()
        }
        for name, references in design.items()
    }
)
assert found.loc["pooled, 8 cultures", "multiplexed"] < 75
found.round(1)
