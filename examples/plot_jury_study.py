"""
A jury study: three compositions, one model
===========================================

Is a comment offensive? That depends on who sits on the jury. Ratings of POPQUORN (Pei and Jurgens
2023) give exact verdict probabilities for juries of stated composition, and a model can be
calibrated to one jury and not to another.

The data are read from the folder that ``PLURALISM_TEST_DATA`` names. Without it a simulated
stand-in of the same shape is used, and the figures say so.
"""

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Annotations
from pluralism.jury import decisive_groups, jury_calibration, verdict_probability

folder = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "popquorn"
source = "POPQUORN"
if (folder / "offensiveness.csv").is_file():
    rows = pd.read_csv(folder / "offensiveness.csv")
    rows = rows[rows["gender"].isin(["Man", "Woman"])]
else:
    source = "SIMULATED stand-in, not POPQUORN"
    rng = np.random.default_rng(0)
    item, seat = np.repeat(np.arange(1500), 8), np.tile(np.arange(8), 1500)
    rater = 8 * rng.integers(0, 32, item.size) + seat
    level = rng.normal(size=1500)[item] + rng.normal(size=256)[rater] + 0.3 * (rater % 2)
    rows = pd.DataFrame(
        {
            "instance_id": item,
            "user_id": rater,
            "offensiveness": np.digitize(level, [0.6, 1.3, 2.0, 2.8]) + 1,
            "gender": np.array(["Man", "Woman"])[rater % 2],
        }
    )

ratings = Annotations.from_frame(
    rows,
    item="instance_id",
    rater="user_id",
    label="offensiveness",
    group="gender",
    scale="ordinal",
)
offensive = {3, 4, 5}

# %%
# Three juries
# ------------
# Comments have 5 to 10 raters, so a side has at most three seats. Comments with too few raters of
# a side are skipped, and the number is reported.
compositions = {
    "3 women": {"Woman": 3},
    "3 men": {"Man": 3},
    "2 women, 2 men": {"Woman": 2, "Man": 2},
}
verdicts = {
    name: verdict_probability(ratings, composition=seats, positive=offensive)
    for name, seats in compositions.items()
}
pd.DataFrame(
    {
        "mean probability of 'offensive'": {k: float(v.mean()) for k, v in verdicts.items()},
        "skipped": {k: v.attrs["skipped"] for k, v in verdicts.items()},
    }
)

# %%
# How the verdict moves when one seat passes from one group to the other:
moved = decisive_groups(ratings, composition={"Woman": 2, "Man": 2}, positive=offensive)
moved.to_dataframe().dropna()

# %%
# One model against three juries
# ------------------------------
# The model here is as simple as can be: for each comment, the share of the *other* comments'
# raters is of no use, so it says what half of the comment's own raters said, drawn at random, and
# is pulled towards the mean. It is a stand-in for a classifier.
rng = np.random.default_rng(0)
half = rows[rng.random(len(rows)) < 0.5]
said = half["offensiveness"].isin(offensive).groupby(half["instance_id"]).mean()
overall = rows["offensiveness"].isin(offensive).mean()
model = (0.5 * said + 0.5 * overall).reindex(ratings.items).fillna(overall)

figure, axes = plt.subplots(1, 3, figsize=(11, 4), sharex=True, sharey=True, layout="constrained")
for axis, (name, seats) in zip(axes, compositions.items(), strict=True):
    result = jury_calibration(
        model, ratings, composition=seats, positive=offensive, bins=8, edges="mass", n=300, seed=0
    )
    table = result.table
    axis.plot([0, 1], [0, 1], color="0.8", lw=1)
    axis.fill_between(table["predicted"], table["lower"], table["upper"], color="C0", alpha=0.25)
    axis.plot(table["predicted"], table["verdict"], "o-", color="C0", ms=4)
    error = result.estimate.sel(measure="calibration_error").item()
    low, high = result.interval.sel(measure="calibration_error").values
    axis.set(xlabel="model's probability")
    axis.set_title(
        f"{name}\ncalibration error {error:.3f} [{low:.3f}, {high:.3f}], {result.skipped} skipped",
        fontsize=9,
    )
axes[0].set_ylabel("probability of the verdict 'offensive'")
figure.suptitle(f"One model against three juries, 95% bands over jurors; {source}", fontsize=10)
plt.show()
