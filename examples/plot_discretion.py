"""
What principles leave open
==========================

A constitution of principles does not decide every case. AI Alignment at Your Discretion (Buyl et
al. 2025) asked of 2,312 pairs of responses (the harmlessness half of HH-RLHF) which response each
of 21 principles prefers. Where they are indifferent or in conflict, the decision is left to the
annotator's discretion; where they agree and the annotator still decides otherwise, the discretion
was taken.

The data are read from the folder that ``PLURALISM_TEST_DATA`` names. Without it a simulated
stand-in of the same shape is used, the figures say so, and nothing published is asserted.
"""

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.jury import discretion

folder = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "alignment_discretion"
real = (folder / "hh_principle_signs.csv.gz").is_file()
if real:
    source = "HH-RLHF harmlessness, 21 principles judged by GPT-4o"
    principles = pd.read_csv(folder / "hh_principle_signs.csv.gz", index_col="row_id")
    annotators = pd.read_csv(folder / "hh_annotator_signs.csv.gz", index_col="row_id")
else:
    source = "SIMULATED stand-in, not HH-RLHF"
    rng = np.random.default_rng(0)
    taste = rng.normal(0.6, 0.6, 2312)
    applies = rng.random((2312, 21)) < rng.uniform(0.02, 0.3, 21)
    sign = np.sign(taste[:, None] + rng.normal(0, 0.7, (2312, 21)))
    principles = pd.DataFrame(sign * applies, columns=[f"principle {k + 1}" for k in range(21)])
    weights = rng.normal(0.4, 0.4, (3, 21))
    pull = (sign * applies) @ weights.T + rng.normal(0, 0.8, (2312, 3))
    annotators = pd.DataFrame(np.sign(pull), columns=["human", "GPT-4o", "DeepSeek-V3"])
    annotators["human"] = 1

found = discretion(principles, annotators, seed=0)

# %%
# How much is open?
# -----------------
# In a third of the pairs no principle says anything.
found.shares.round(4)

# %%
# How arbitrary is the annotator?
# -------------------------------
# Share of the consensus decided against the consensus, with intervals over rows.
found.arbitrariness.round(4)

# %%
# The published figures, to their last digit:
if real:
    share = found.shares["estimate"]
    published = {"indifference": 0.33045, "conflict": 0.16263, "consensus": 0.50692}
    for kind, value in published.items():
        assert abs(share[kind] - value) < 5e-6
    human = found.arbitrariness.loc["human"]
    assert round(100 * human["estimate"], 2) == 28.92
    assert human["n"] == 1172
    assert int(found.conflicts.sel(annotator="human").sum()) == 2 * 2789
    top = found.priorities.sel(annotator="human").to_pandas().sort_values()
    assert top.index[-1] == "Reject conspiracy theories"
    assert round(top.iloc[-1], 2) == 2.68
    assert top.index[0] == "Protect free speech"
    assert round(top.iloc[0], 2) == -2.59

# %%
# The three kinds of pairs, and the principles behind them
# ---------------------------------------------------------
colours = {"consensus": "#4682B4", "conflict": "#CD5C5C", "indifference": "#C0C0C0"}
figure, (above, below) = plt.subplots(
    2, 1, figsize=(9, 7.5), height_ratios=[1, 9], layout="constrained"
)
start = 0.0
for kind, row in found.shares.iterrows():
    above.barh(0, row["estimate"], left=start, color=colours[kind], edgecolor="k", label=kind)
    above.text(
        start + row["estimate"] / 2, 0, f"{100 * row['estimate']:.1f}%", ha="center", va="center"
    )
    start += row["estimate"]
above.set(xlim=(0, 1), xticks=[], yticks=[], title=source)
above.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.05), frameon=False)
for side in above.spines.values():
    side.set_visible(False)

counts = pd.DataFrame(
    {
        "indifferent": (principles == 0).mean(),
        "prefers the first": (principles > 0).mean(),
        "prefers the second": (principles < 0).mean(),
    }
).sort_values("indifferent", ascending=False)
start = np.zeros(len(counts))
for column, colour in zip(counts, ("#C0C0C0", "#4682B4", "#CD5C5C"), strict=True):
    below.barh(counts.index, counts[column], left=start, color=colour, edgecolor="k", label=column)
    start += counts[column].to_numpy()
below.set(xlim=(0, 1), xlabel="share of the pairs")
below.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, -0.16), frameon=False)
for side in ("top", "right", "left"):
    below.spines[side].set_visible(False)
plt.show()

# %%
# Whose side is taken
# -------------------
# Supremacy of the row principle over the column principle: how often the annotator sides with the
# row when the two conflict, with the number of conflicts. Rows are in order of priority.
who = "human"
order = found.priorities.sel(annotator=who).to_pandas().sort_values(ascending=False).index
supremacy = found.supremacy.sel(annotator=who, principle=order, principle_bis=order).values
conflicts = found.conflicts.sel(annotator=who, principle=order, principle_bis=order).values
figure, axis = plt.subplots(figsize=(11, 9.5), layout="constrained")
image = axis.imshow(supremacy, cmap="RdBu_r", vmin=0, vmax=1)
for i, j in np.ndindex(supremacy.shape):
    if conflicts[i, j]:
        strong = abs(supremacy[i, j] - 0.5) > 0.35
        axis.text(
            j,
            i,
            f"{100 * supremacy[i, j]:.0f}%\n({conflicts[i, j]:.0f})",
            ha="center",
            va="center",
            fontsize=6,
            color="white" if strong else "black",
        )
axis.set_xticks(range(len(order)), order, rotation=45, ha="right")
axis.set_yticks(range(len(order)), order)
axis.set(
    xlabel=f"principle that disagrees with {who}",
    ylabel=f"principle that agrees with {who}",
    title=source,
)
figure.colorbar(image, label="supremacy", shrink=0.7)
plt.show()

# %%
# What each annotator puts first
# ------------------------------
# Priorities with 95% intervals over rows; an arrow is a principle that always (or never) prevailed.
names = [str(name) for name in found.priorities["annotator"].values]
figure, axes = plt.subplots(
    1, len(names), figsize=(2.2 * len(names) + 2, 6), sharey=True, layout="constrained"
)
place = np.arange(len(order))
for axis, name in zip(axes, names, strict=True):
    priority = found.priorities.sel(annotator=name, principle=order).values
    bounds = found.intervals["priorities"].sel(annotator=name, principle=order).values
    finite = np.isfinite(priority)
    edge = np.abs(priority[finite]).max() + 0.6
    low, high = np.clip(bounds[finite].T, -edge, edge)
    axis.barh(place[finite], priority[finite], color="#4169E1")
    axis.hlines(place[finite], low, high, color="0.25", lw=1)
    for y in place[~finite]:
        if not np.isnan(priority[y]):
            sign = np.sign(priority[y])
            axis.plot(sign * edge, y, ">" if sign > 0 else "<", color="#CD5C5C")
    axis.axvline(0, color="0.5", lw=0.8)
    axis.set(title=name, xlabel="priority (log-odds)", xlim=(-edge - 0.3, edge + 0.3))
axes[0].set_yticks(place, order)
axes[0].invert_yaxis()
figure.suptitle(source, fontsize=10)
plt.show()

# %%
# Discrepancy from the human ranking: of the data, and as published
# ------------------------------------------------------------------
# The paper reports the mean over resamples. Resampling adds noise to both rankings, so that mean
# lies above the discrepancy of the data themselves.
published = discretion(principles, annotators, seed=0, n_replicates=200, as_published=True)
low, high = found.intervals["discrepancy"].sel(annotator="human").values.T
table = pd.DataFrame(
    {
        "of the data": found.discrepancy.sel(annotator="human").values,
        "lower": low,
        "upper": high,
        "mean over resamples": published.discrepancy.sel(annotator="human").values,
    },
    index=names,
)
table.round(3)

# %%
# What these figures cannot tell
# ------------------------------
# The judge saw the response that the human had chosen always in the same place.
for note in found.notes:
    print("-", note)
found.position.loc[names].drop(columns="role")
