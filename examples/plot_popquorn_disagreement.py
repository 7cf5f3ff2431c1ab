"""
Who disagrees with whom about offensiveness?
============================================

In POPQUORN (Pei and Jurgens 2023) 262 people rated 1,500 comments for offensiveness on a scale of
1 to 5. How far do they agree, for which groups is that different, and how sure can we be?

The data are read from the folder that ``PLURALISM_TEST_DATA`` names. Without it a simulated
stand-in of the same shape is used, and the figures say so.
"""

# %%
# The ratings, with the raters' attributes
# ----------------------------------------
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Annotations, bootstrap
from pluralism.jury import agreement_table, group_association, krippendorff_alpha

folder = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "popquorn"
source = "POPQUORN"
if (folder / "offensiveness.csv").is_file():
    rows = pd.read_csv(folder / "offensiveness.csv")
else:
    source = "SIMULATED stand-in, not POPQUORN"
    rng = np.random.default_rng(0)
    rater = np.repeat(np.arange(262), 50)
    item = rng.integers(0, 1500, rater.size)
    level = rng.normal(size=1500)[item] + rng.normal(size=262)[rater] + rng.normal(size=item.size)
    rows = pd.DataFrame(
        {
            "instance_id": item,
            "user_id": rater,
            "offensiveness": np.digitize(level, [0.6, 1.3, 2.0, 2.8]) + 1,
            "gender": np.array(["Man", "Woman"])[rater % 2],
            "race": np.array(["White", "White", "Asian"])[rater % 3],
            "age": np.array(["18-24", "35-39", ">65"])[rater % 3],
        }
    ).drop_duplicates(["instance_id", "user_id"])

ratings = Annotations.from_frame(
    rows,
    item="instance_id",
    rater="user_id",
    label="offensiveness",
    group=["gender", "race", "age"],
    scale="ordinal",
)
print(ratings)

# %%
# Agreement is low, whatever the coefficient
# ------------------------------------------
agreement_table(ratings).round(3)

# %%
# The interval over raters, the people whom we could have asked instead:
alpha = bootstrap(krippendorff_alpha, ratings, unit="rater", n=500, seed=0)
print(
    f"alpha {alpha.estimate:.3f}, 95% interval {alpha.interval[0]:.3f} to {alpha.interval[1]:.3f}"
)

# %%
# Within the group and across
# ---------------------------
# Each group's agreement with itself beside its agreement with everybody else. A group whose point
# lies above the diagonal shares a view that others do not. Filled points differ from groups drawn
# at random (permutation test, Benjamini-Hochberg over the groups of a column).
figure, axes = plt.subplots(1, 3, figsize=(11, 4.2), sharex=True, sharey=True, layout="constrained")
results = {}
for axis, column in zip(axes, ["gender", "race", "age"], strict=True):
    result = group_association(ratings, group=column, n_permutations=500, seed=0)
    results[column] = result
    within = result.statistics.sel(statistic="alpha")
    across = result.statistics.sel(statistic="xrr")
    sure = result.adjusted.sel(statistic="gai") < 0.05
    for group in within.group.values:
        x, y = float(across.sel(group=group)), float(within.sel(group=group))
        number = int(result.n_raters.sel(group=group))
        filled = "C0" if bool(sure.sel(group=group)) else "none"
        axis.scatter(x, y, s=12 + 2 * number, facecolor=filled, edgecolor="C0", zorder=3)
        axis.annotate(
            f"{group} ({number})", (x, y), xytext=(6, 4), textcoords="offset points", fontsize=7
        )
    axis.axline((0.25, 0.25), slope=1, color="0.7", lw=1)
    axis.set(title=column, xlabel="agreement with all others (xRR)")
axes[0].set_ylabel("agreement within the group (alpha)")
figure.suptitle(f"Agreement on offensiveness by group of raters; {source}", fontsize=10)
plt.show()

# %%
# The group association index (within over across) and how sure it is:
table = pd.concat({name: result.summary() for name, result in results.items()}, names=["column"])
table[table["statistic"] == "gai"].round(3)
