"""
How good could any model be?
============================

Scruples: A Corpus of Community Ethical Judgments on 32,000 Real-Life Anecdotes (Lourie, Le Bras
and Choi 2021) asked a handful of people which of two actions is less ethical. Where they split, no
model can be right about "the" answer: the labels leave the majority itself uncertain. The oracle
score says how much accuracy that costs.

The data are read from the folder that ``PLURALISM_TEST_DATA`` names. Without it a simulated
stand-in of the same shape is used, and the figures say so.
"""

# %%
import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import beta

from pluralism.jury import fit_dirichlet_multinomial, oracle_score

path = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "scruples"
path = path / "dev.scruples-dilemmas_label-counts.json"
if path.is_file():
    source, counts = "Scruples dilemmas, development set", np.array(json.loads(path.read_text()))
else:
    rng = np.random.default_rng(0)
    source = "SIMULATED stand-in, not Scruples"
    counts = np.array([rng.multinomial(5, rng.dirichlet([0.98, 0.95])) for _ in range(2340)])

# %%
# How people split, over all dilemmas
# -----------------------------------
fit = fit_dirichlet_multinomial(counts)
print(fit.alpha.values, fit.log_likelihood)

# %%
# The best possible scores, exact for two classes:
best = oracle_score(counts)
print(best)

# %%
# What more labels would buy
# --------------------------
# With the same people and more labels for each dilemma, the majority becomes surer.
rng = np.random.default_rng(1)
truth = rng.dirichlet(fit.alpha.values, size=2000)
sizes = [1, 2, 3, 5, 9, 15, 25, 51, 101]
ceiling = [
    oracle_score([rng.multinomial(size, p) for p in truth], alpha=fit.alpha.values).accuracy
    for size in sizes
]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
grid = np.linspace(0.005, 0.995, 200)
share = counts[:, 0] / counts.sum(axis=1)
left.hist(share, bins=21, density=True, color="0.85", label="observed shares")
left.plot(grid, beta.pdf(grid, *fit.alpha.values), "C0", label="fitted Beta density")
left.set(xlabel="share who chose the first action", ylabel="density")
left.legend()
right.plot(sizes, ceiling, "o-", color="C0")
right.axhline(best.accuracy, color="C1", ls="--", label=f"these data: {best.accuracy:.3f}")
right.set(xscale="log", xlabel="labels for each dilemma", ylabel="best possible accuracy")
right.legend()
figure.suptitle(source, fontsize=10)
plt.show()
