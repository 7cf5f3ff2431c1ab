"""
Which values, in which talk? Values in the wild, and a score made of them
=========================================================================

Values in the Wild: Discovering and Analyzing Values in Real-World Language Model Interactions
(Huang et al. 2025) found 3,307 values in 308,210 conversations and asked which are over-represented
in which tasks. RAIL in the Wild: Operationalizing Responsible AI Evaluation Using Anthropic's Value
Dataset (2025) adds their shares up to scores of eight dimensions.

The shares are the papers' own. The tables of values by tasks were not released, so that part is a
**simulation** of the design; the assignment of values to dimensions is **ours**, for illustration.
"""

# %%
# Published shares
# ----------------
# The five most frequent values, in percent of conversations. They are no distribution: one
# conversation shows several values, and five of 3,307 already come to 94.6%. The five top clusters
# are one, and nearly even.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import perspective, scores

top = pd.Series(
    {
        "helpfulness": 23.4,
        "professionalism": 22.9,
        "transparency": 17.4,
        "clarity": 16.6,
        "thoroughness": 14.3,
    }
)
clusters = np.array([31.4, 22.2, 21.4, 13.9, 11.1])
assert np.isclose(top.sum(), 94.6)
assert np.isclose(clusters.sum(), 100)
evenness = perspective.normalized_entropy(clusters)
assert round(evenness, 4) == 0.9606
print(f"clusters: {evenness:.4f} of the largest entropy,", end=" ")
print(f"as many as {perspective.hill_numbers(clusters, q=1):.2f} equal ones")

# %%
# With so many conversations the sampling error of a share is no concern, as long as conversations
# are independent: half a width of a sixth of a percentage point.
n = 308_210
rates = scores.rate_table({name: (round(share / 100 * n), n) for name, share in top.items()})
half = (rates.table["upper"] - rates.table["lower"]) / 2
assert (half < 0.0016).all()

# %%
# Values by tasks
# ---------------
# A simulation of 6,000 conversations on six tasks, five values and a sixth that always comes with
# the fifth. Adjusted residuals say which go together more than by chance.
TASKS = ["coding", "essays", "relationships", "history", "marketing", "recipes"]
VALUES = [*top.index, "diligence"]
rng = np.random.default_rng(5)
task = rng.choice(len(TASKS), 6000, p=[0.3, 0.2, 0.15, 0.13, 0.12, 0.1])
pull = np.zeros((len(TASKS), 5))
pull[0, [3, 4]] = 0.5  # coding: clarity, thoroughness
pull[2, [0, 1]] = 0.6, -0.9  # relationships: helpful rather than professional
pull[3, 2] = 0.7  # history: transparency
odds = np.log(top / (100 - top)).to_numpy()
shown = rng.random((6000, 5)) < 1 / (1 + np.exp(-(odds + pull[task])))
shown = np.column_stack([shown, shown[:, 4]]).astype(int)
frame = pd.DataFrame(shown, columns=VALUES)
found = perspective.value_associations(frame, context=[TASKS[t] for t in task], n=300)
plain = perspective.value_associations(found.counts)
residual = found.residual.transpose("value", "context").sel(context=TASKS)
assert residual.sel(value="transparency").idxmax().item() == "history"
assert residual.sel(value="professionalism").idxmin().item() == "relationships"
significant = (found.adjusted_pvalue < 0.05).sel(context=TASKS)
print("cells beyond Bonferroni:", int(significant.sum()), "by conversations,", end=" ")
print(int((plain.adjusted_pvalue < 0.05).sum()), "by counts")

# %%
# Several values in one conversation are not independent counts. Where they come together, as the
# fifth and sixth do, the textbook residual is too small or too large; resampling conversations
# gives every residual its own standard error, which would be 1 throughout if counts were
# independent.
error = found.residual_stderr
print(f"standard errors of the residuals: {float(error.min()):.2f} to {float(error.max()):.2f}")
assert float(error.max()) - float(error.min()) > 0.1

# %%
# The paper calls a value invariant if its share varies little over contexts.
variation = found.variation.to_series().sort_values()
variation.round(3)

# %%
# A score of ten, and what it hides
# ---------------------------------
# RAIL maps values by hand to eight dimensions (kappa .83 between the coders), adds up their shares
# and scales the sums to 0-10. How they are scaled is not fully stated. Four of the dimensions, and
# an assignment of our own in which three values count twice:
assignment = pd.DataFrame(
    {
        "User Impact": [1, 0, 0, 1, 0],
        "Transparency": [0, 0, 1, 1, 1],
        "Reliability": [0, 1, 0, 0, 1],
        "Accountability": [0, 0, 1, 0, 0],
    },
    index=top.index,
)
rail = perspective.dimension_scores(top, assignment, normalization="max")
assert rail.score.max() == 10
assert rail.multiple == 3
# Transparency comes first by the sum, and last by the mean: it has most values, and middling ones.
assert rail.order_changes
parts = {
    "sum": rail.alternatives.sel(normalization="max", aggregate="sum", membership="full"),
    "sum, shared out": rail.alternatives.sel(
        normalization="max", aggregate="sum", membership="split"
    ),
    "mean": rail.alternatives.sel(normalization="max", aggregate="mean", membership="full"),
    "sum, min-max": rail.alternatives.sel(
        normalization="minmax", aggregate="sum", membership="full"
    ),
}
table = pd.DataFrame({name: part.to_series() for name, part in parts.items()})
# "0" under min-max does not say that a dimension is absent: it is the lowest of those compared.
assert table["sum, min-max"].min() == 0
assert table["sum"].idxmax() == table["mean"].idxmin() == "Transparency"
table.round(2)

# %%
# The figures
# -----------
figure, axes = plt.subplots(2, 2, figsize=(10.5, 7.5), layout="constrained")
((shares, parts_of), (heat, rail_axis)) = axes
shares.barh(top.index, top, color="#0a5a9c")
shares.bar_label(shares.containers[0], fmt="%.1f%%", padding=3)
shares.invert_yaxis()
shares.set(xlabel="% of the conversations", xlim=(0, 28), title="Published: most frequent values")
start = np.concatenate([[0], clusters.cumsum()[:-1]])
for k, (left, width) in enumerate(zip(start, clusters, strict=True)):
    parts_of.barh(0, width, left=left, color=plt.cm.Blues(0.85 - 0.15 * k), edgecolor="white")
    parts_of.text(
        left + width / 2, 0, f"{width:.1f}", ha="center", va="center",
        color="white" if k < 3 else "black",
    )  # fmt: skip
parts_of.set(
    yticks=[], ylim=(-1.3, 1.3), xlim=(0, 100), xlabel="% of the values",
    title=f"Published: five clusters, evenness {evenness:.2f}",
)  # fmt: skip
limit = float(abs(residual).max())
image = heat.imshow(residual, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
for i, j in np.ndindex(residual.shape):
    strong = abs(residual.values[i, j]) > 0.6 * limit
    star = "*" if significant.transpose("value", "context").values[i, j] else ""
    heat.text(
        j, i, f"{residual.values[i, j]:.1f}{star}", ha="center", va="center", size=8,
        color="white" if strong else "black",
    )  # fmt: skip
heat.set_xticks(range(len(TASKS)), TASKS, rotation=20, size=8)
heat.set_yticks(range(len(VALUES)), VALUES, size=8)
heat.set_title("SIMULATED: adjusted residuals (*: beyond Bonferroni)", fontsize=10)
place = np.arange(len(table))
for k, (name, colour) in enumerate(
    zip(table, ["#0a5a9c", "#8fbcd4", "0.6", "#b8500b"], strict=True)
):
    rail_axis.bar(place + 0.2 * (k - 1.5), table[name], 0.2, label=name, color=colour)
rail_axis.set_xticks(place, table.index, size=8)
rail_axis.set(ylabel="score", ylim=(0, 14), title="One assignment (ours), four scores")
rail_axis.legend(frameon=False, ncols=2)
plt.show()
