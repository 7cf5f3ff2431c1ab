"""
A moral graph, and how sure it is
=================================

In "What are human values, and how do we align AI to them?" (Klingefjord, Lowe and Edelman 2024)
people say which of two values is wiser in a situation. What they agree on becomes a moral graph
that leads from less wise to wiser values. How does it rank them, and how far can a reader rely on
the ranks?

The released graph is read from the folder that ``PLURALISM_TEST_DATA`` names
(``moral_graph/moral-graph-prolific-run.json``, meaningalignment/dft). Without it the figures show
a **simulated stand-in**, and their titles say so.
"""

# %%
# Edges from votes
# ----------------
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pluralism import choice
from pluralism.data import read_moral_graph

FILE = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "moral_graph"
FILE /= "moral-graph-prolific-run.json"
REAL = FILE.is_file()


def simulate(n_values: int = 24, n_edges: int = 34) -> pd.DataFrame:
    """Counts of votes that mostly lead to values of a higher number."""
    rng = np.random.default_rng(7)
    rows: dict[tuple[int, int], list[int]] = {}
    while len(rows) < n_edges:
        low, high = np.sort(rng.choice(n_values, 2, replace=False))
        share = rng.dirichlet([9, 1.5, 2, 0.4])
        rows[low, high] = [
            f"Value {low}",
            f"Value {high}",
            *rng.multinomial(rng.integers(4, 40), share),
        ]
    names = ["source", "wiser", "marked_wiser", "marked_not_wiser", "marked_unsure"]
    return pd.DataFrame(list(rows.values()), columns=[*names, "marked_less_wise"])


if REAL:
    edges, source = read_moral_graph(FILE).edges, "Moral graph of 2023"
else:
    edges, source = simulate(), "SIMULATED stand-in, no moral graph"
graph = choice.moral_graph(edges)
table = graph.edge_table()
print(f"{len(table)} pairs of values, {int(table['kept'].sum())} of them edges")
per_pair = table.filter(like="marked").sum(axis=1)
print(f"votes a pair: {per_pair.min():g} to {per_pair.max():g}, median {per_pair.median():g}")

# %%
# The published filter and the right one
# --------------------------------------
# The published entropy mixes the number of impressions into the counters, which adds nearly one
# bit. With the same limit of 1.69 bits the right entropy is the more lenient filter.
print(table[["entropy", "published_entropy"]].describe().loc[["min", "50%", "max"]].round(3))
print("edges whose fate differs:", int((table["kept"] != table["kept_published"]).sum()))

# %%
# The graph
# ---------
# As the authors draw it: values are nodes, arrows lead to the wiser value, darker where more of
# the votes say so, and nodes grow with PageRank. The layout puts wiser values to the right: x is
# the longest way that leads to a value, and values that lead back to each other share a place.
kept = table[table["kept"]]
values = graph.values.to_dataframe().reset_index().drop_duplicates("value").set_index("value")
values = values[values["in_graph"]]


def layers(kept: pd.DataFrame, names: list[str]) -> dict[str, float]:
    """Longest way to each value, counted over sets of values that lead back to each other."""
    code = {name: k for k, name in enumerate(names)}
    start, end = kept["source"].map(code).to_numpy(), kept["wiser"].map(code).to_numpy()
    ways = sparse.csr_array((np.ones(len(kept)), (start, end)), shape=(len(names),) * 2)
    _, part = connected_components(ways, connection="strong")
    depth = np.zeros(part.max() + 1)
    onward = part[start] != part[end]
    for _ in names:
        np.maximum.at(depth, part[end[onward]], depth[part[start[onward]]] + 1)
    # Values of one set stand in a slight zigzag, so that the arrows among them can be seen.
    shift = [0.35 * (sum(part[:k] == part[k]) % 2) for k in range(len(names))]
    return {name: float(depth[part[k]] + shift[k]) for name, k in code.items()}


def layout(kept: pd.DataFrame, names: list[str]) -> dict[str, np.ndarray]:
    """Layers from left to right; within each, near the mean of the neighbours."""
    depth = layers(kept, names)
    height = {name: float(k) for k, name in enumerate(names)}
    near = {name: [] for name in names}
    for row in kept.itertuples():
        near[row.source].append(row.wiser)
        near[row.wiser].append(row.source)
    for _ in range(30):
        for level in {int(level) for level in depth.values()}:
            here = [name for name in names if int(depth[name]) == level]
            here.sort(key=lambda name: np.mean([height[other] for other in near[name]]))
            for k, name in enumerate(here):
                height[name] = (k + 0.5) / len(here) * len(names)
    return {name: np.array([depth[name], -height[name]]) for name in names}


place = layout(kept, values.index.tolist())
top = set(values["pagerank"].nlargest(6).index) | set(values["wisdom"].nlargest(6).index)
cyclic = {
    pair for cycle in graph.cycles for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True)
}
size = 20 + 3500 * values["pagerank"]
radius = np.sqrt(size / np.pi)  # in points
figure, axis = plt.subplots(figsize=(10, 7.5), layout="constrained")
for row in kept.itertuples():
    axis.annotate(
        "",
        place[row.wiser],
        place[row.source],
        arrowprops={
            "arrowstyle": "-|>",
            "color": "#b2182b" if (row.source, row.wiser) in cyclic else "#2166ac",
            "alpha": 0.15 + 0.75 * row.likelihood**1.5,
            "lw": 1.3,
            "shrinkA": 4,
            "shrinkB": 2 + radius[row.wiser],
            "connectionstyle": "arc3,rad=0.12",
        },
    )
points = np.array([place[name] for name in values.index])
axis.scatter(*points.T, s=size, color="#2166ac", edgecolor="white", zorder=3)
for name in values.index[[name in top for name in values.index]]:
    axis.text(
        *(place[name] + [0, 0.9]),
        name if len(name) < 30 else f"{name[:28]}...",
        ha="center",
        va="bottom",
        size=8.5,
        zorder=4,
        bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8},
    )
axis.plot([], [], color="#b2182b", label="on a cycle")
axis.legend(frameon=False, loc="lower left")
axis.set_title(f"{source}: arrows lead to the wiser value")
axis.margins(0.08)
axis.axis("off")
plt.show()

# %%
# A ranking claims an order, and this one leads in circles in some places:
for cycle in graph.cycles:
    print(" -> ".join([*cycle, cycle[0]]))

# %%
# How sure are the ranks?
# -----------------------
# Wisdom is the weight of the arrows that arrive. Its interval draws the votes on every edge
# anew and applies the filter again: a value held up by few votes loses an edge now and then.
summary = graph.summary().head(15).iloc[::-1]
figure, axes = plt.subplots(1, 2, figsize=(10, 5.4), layout="constrained", sharey=True)
names = [name if len(name) < 42 else f"{name[:40]}..." for name in summary.index]
for axis, measure in zip(axes, ("wisdom", "wisdom_rank"), strict=True):
    lower, upper = summary[f"{measure}_lower"], summary[f"{measure}_upper"]
    axis.hlines(names, lower, upper, color="#2166ac", lw=2)
    axis.plot(summary[measure], names, "o", color="#2166ac")
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="0.9")
axes[0].set(xlabel="wisdom, 95%", xlim=(0, None))
axes[1].set(xlabel="rank by wisdom, 95%", xlim=(0.5, None))
figure.suptitle(f"{source}: the fifteen wisest values")
plt.show()

# %%
# PageRank orders values otherwise than wisdom does, and the published one loses rank at every
# value from which no arrow leads on. Where both filters keep the same edges that changes its sum,
# not the order: the ratio of the two is one number.
published = choice.moral_graph(edges, as_published=True, n=2)
ratio = published.values.pagerank / graph.values.pagerank
print(f"published PageRank sums to {float(published.values.pagerank.sum()):.3f};", end=" ")
print(f"over the right one it is {float(ratio.min()):.6f} to {float(ratio.max()):.6f}")
graph.summary().sort_values("pagerank", ascending=False).head(6).round(3)
