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


def count(part: pd.DataFrame, group: list[str] | None = None) -> Annotations:
    """Take the ratings of some of the rows."""
    return Annotations.from_frame(
        part,
        item="instance_id",
        rater="user_id",
        label="offensiveness",
        group=group,
        categories=range(1, 6),
        scale="ordinal",
    )


ratings = count(rows, group=["gender", "race", "age"])
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
# Each group's agreement with itself, with an interval over its raters, beside its agreement with
# everybody else. A group whose point lies to the right of its mark shares a view that others do
# not. Groups of fewer than ten raters are left to the table below.
results, lines = {}, []
for column in ["gender", "race", "age"]:
    results[column] = result = group_association(ratings, group=column, n_permutations=500, seed=0)
    for group in result.statistics.group.values:
        number = int(result.n_raters.sel(group=group))
        if number < 10:
            continue
        own = bootstrap(krippendorff_alpha, count(rows[rows[column] == group]), n=300, seed=0)
        across = float(result.statistics.sel(statistic="xrr", group=group))
        lines.append((column, f"{group} ({number})", own.estimate, own.interval, across))

figure, axis = plt.subplots(figsize=(7, 0.32 * len(lines) + 1.6), layout="constrained")
for row, (_, _, estimate, (low, high), across) in enumerate(lines):
    axis.plot([low, high], [row, row], color="C0", lw=2)
    axis.plot(
        estimate, row, "o", color="C0", label="with itself, 95% over raters" if not row else None
    )
    axis.plot(
        across, row, "|", color="0.2", ms=12, mew=2, label="with all others" if not row else None
    )
for row in range(1, len(lines)):
    if lines[row][0] != lines[row - 1][0]:
        axis.axhline(row - 0.5, color="0.85", lw=1)
axis.set_yticks(range(len(lines)), [f"{column}: {group}" for column, group, *_ in lines])
axis.invert_yaxis()
axis.set(xlabel="agreement on offensiveness (ordinal alpha; xRR with others)", title=source)
axis.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=2, frameon=False)
plt.show()

# %%
# The group association index (within over across) and how sure it is, by permuting raters between
# groups (Benjamini-Hochberg over the groups of a column):
table = pd.concat({name: result.summary() for name, result in results.items()}, names=["column"])
table[table["statistic"] == "gai"].round(3)
