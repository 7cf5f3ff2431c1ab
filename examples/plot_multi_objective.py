"""
Many objectives, none averaged away
===================================

Three papers train models for several objectives at once, and ask three questions of the result.

* Does a model do as it is told? *Controllable Preference Optimization: Toward Controllable
  Multi-Objective Alignment* requests a level of helpfulness, honesty or harmlessness and looks at
  the level achieved.
* What can be had together? *Simultaneous Multi-objective Alignment Across Verifiable and
  Non-verifiable Rewards* moves weights over the heads of a model and draws the front.
* What cannot? *YINYANG-ALIGN: Benchmarking Contradictory Objectives and Proposing Multi-Objective
  Optimization based DPO for Text-to-Image Alignment* names six axes that pull against each other.

None released result files; the figures below are of seeded SIMULATIONS of their designs.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import (
    controllability,
    hypervolume,
    metric_conflicts,
    pareto_front,
    tradeoff_steerability,
)

rng = np.random.default_rng(0)

# %%
# Requested against achieved
# --------------------------
# Levels 1 to 5 of one objective, 40 prompts each, scored from 0 to 10. The first model saturates,
# the second ignores the request: a high score at every level is not control.
requested = np.repeat(np.arange(1, 6), 40)
ideal = 2.0 * requested
achieved = {
    "saturates": 8.5 - 7 * np.exp(-0.55 * requested) + rng.normal(0, 1.0, 200),
    "ignores the request": 8.2 + rng.normal(0, 1.0, 200),
}
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), sharey=True, layout="constrained")
for axis, (model, scored) in zip(axes, achieved.items(), strict=True):
    control = controllability(ideal, scored)
    low, high = control.slope_interval
    axis.plot(ideal + rng.uniform(-0.25, 0.25, 200), scored, ".", alpha=0.3)
    axis.plot([2, 10], [2, 10], "k--", lw=0.8)
    axis.plot([2, 10], [control.intercept + control.slope * x for x in (2, 10)], "C1")
    axis.set(
        xlabel="requested",
        title=f"{model}: slope {control.slope:.2f} [{low:.2f}, {high:.2f}]\n"
        f"monotone {control.monotone:.2f}, off by {control.error:.1f}",
    )
    if model == "ignores the request":
        assert low < 0 < high
        assert abs(control.monotone - 0.5) < 0.05
    else:
        assert low > 0.3
axes[0].set_ylabel("achieved (SIMULATED)")
plt.show()

# %%
# A sweep of weights
# ------------------
# With weight w on the first head and 1 - w on the second, a concave front: the two heads together
# reach what neither model trained for one objective does. The mixture of two separate models, a
# coin tossed for each prompt, reaches only the line between them. The area dominated says by how
# much; the regret, whether another weight would have served the stated one better.
weights = np.linspace(0, 1, 9)
turn = weights * np.pi / 2
heads = np.column_stack([0.35 + 0.45 * np.sin(turn), 0.30 + 0.40 * np.cos(turn)])
mixed = np.outer(weights, heads[-1]) + np.outer(1 - weights, heads[0])
area = {"one model, two heads": heads, "a coin between two models": mixed}
for name, points in area.items():
    print(f"{name}: hypervolume {hypervolume(points, reference=[0.35, 0.30]):.4f}")
full = hypervolume(heads, reference=[0.35, 0.30])
steps = 0.45 * 0.40 * sum(np.diff(np.sin(turn)) * np.cos(turn)[1:])
assert abs(full - steps) < 1e-12
assert hypervolume(mixed, reference=[0.35, 0.30]) < 0.6 * full
steered = tradeoff_steerability(heads, np.column_stack([weights, 1 - weights]))
print(f"regret of the stated weights: at most {steered.regret.max():.4f}")
assert steered.regret.max() < 0.01
print("all of the sweep undominated:", len(pareto_front(heads).front) == 9)

# %%
# Axes in conflict
# ----------------
# Twelve text-to-image models on six axes that pull against each other as the paper's do: faithful
# to the prompt or artistically free, emotionally strong or neutral, and so on. One trait, boldness,
# raises one side and lowers the other. An average of the six would call them all alike; the matrix
# of conflicts does not.
boldness = rng.normal(size=12)
skill = rng.normal(size=12)
loading = {
    "faithfulness": -1.0, "artistic freedom": 1.0, "emotional impact": 0.8, "neutrality": -0.8,
    "realism": -0.5, "originality": 0.9,
}  # fmt: skip
scores = pd.DataFrame(
    {axis: 0.6 * skill + b * boldness + rng.normal(0, 0.35, 12) for axis, b in loading.items()},
    index=[f"model {k + 1}" for k in range(12)],
)
found = metric_conflicts(scores, threshold=0.5, n_replicates=300, seed=0)
print("in conflict on more than half of the pairs:", found.flagged)
print(
    f"undominated: {len(found.front)} of 12; spread of the average {scores.mean(axis=1).std():.2f}"
)
assert ("faithfulness", "artistic freedom") in found.flagged
assert len(found.front) >= 6

figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4), layout="constrained")
for name, points in area.items():
    left.plot(*points.T, "o-", label=name)
left.fill_between(
    np.append(0.35, heads[:, 0]), np.append(heads[0, 1], heads[:, 1]), 0.30, step="pre", alpha=0.15
)
left.set(xlabel="verifiable reward", ylabel="reward of taste", title="SIMULATED sweep of weights")
left.legend(loc="lower left")
names = list(loading)
tau = found.tau.to_pandas().loc[names, names]
image = right.imshow(tau, cmap="RdBu", vmin=-1, vmax=1)
for i, j in np.ndindex(tau.shape):
    if i != j:
        right.text(j, i, f"{tau.iloc[i, j]:.2f}", ha="center", va="center", size=8)
right.set_xticks(range(6), names, rotation=40, ha="right")
right.set_yticks(range(6), names)
right.set_title("Kendall's tau over 12 SIMULATED models", size=10)
figure.colorbar(image, shrink=0.8)
plt.show()
