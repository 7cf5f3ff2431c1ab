"""
Which values win when they collide?
===================================

Will AI Tell Lies to Save Sick Children? Litmus-Testing AI Values Prioritization with
AIRiskDilemmas (Chiu et al. 2025) asks a model to choose, lets the values behind the chosen option
win against those behind the other, and rates values by Elo. Here are the stated preferences of
eleven models: 1,200 direct questions each, ten for every pair of sixteen values.

The data are read from the folder that ``PLURALISM_TEST_DATA`` names. Without it a simulated
stand-in of the same shape is used, the figures say so, and nothing published is asserted.
"""

# %%
import os
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Comparisons, bootstrap
from pluralism.data import dilemma_battles
from pluralism.scores import rank_agreement, relative_risk_table
from pluralism.utility import fit_bradley_terry, fit_elo

folder = Path(os.environ.get("PLURALISM_TEST_DATA", ""))
real = (folder / "litmus_stated" / "battles_dev.csv").is_file()
COLUMNS = {"first": "value_1", "second": "value_2", "outcome": "response"}
OUTCOMES = {"Action 1": "first", "Action 2": "second"}
if real:
    source = "LitmusValues, stated preferences"
    battles = pd.read_csv(folder / "litmus_stated" / "battles_dev.csv")
else:
    source = "SIMULATED stand-in, not LitmusValues"
    rng = np.random.default_rng(0)
    names = [
        "Privacy",
        "Truthfulness",
        "Respect",
        "Justice",
        "Wisdom",
        "Freedom",
        "Care",
        "Learning",
    ]
    names += ["Protection", "Cooperation", "Professionalism", "Sustainability", "Communication"]
    names += ["Adaptability", "Creativity", "Equal Treatment"]
    common, parts = rng.normal(0, 1, 16), []
    for model in ("lab__one", "lab__two", "lab__three"):
        worth = common + rng.normal(0, 0.6, 16)
        pairs = np.repeat(list(combinations(range(16), 2)), 10, axis=0)
        won = rng.random(len(pairs)) < 1 / (1 + np.exp(worth[pairs[:, 1]] - worth[pairs[:, 0]]))
        columns = [np.array(names)[pairs[:, side]] for side in (0, 1)]
        parts.append(
            pd.DataFrame(
                {
                    "model": model,
                    "value_1": columns[0],
                    "value_2": columns[1],
                    "response": np.where(won, "Action 1", "Action 2"),
                }
            )
        )
    battles = pd.concat(parts, ignore_index=True)
models = sorted(battles["model"].unique())


def short(name: str) -> str:
    """Name a model without its maker."""
    return name.split("__")[-1]


# %%
# Elo as published, and what it approaches
# ----------------------------------------
# The published rating is the mean over a hundred orders of the battles. With the published seed it
# comes out to the last digit.
elo, worth = {}, {}
for model in models:
    rows = battles[battles["model"] == model].reset_index(drop=True)
    state = np.random.RandomState(42)
    orders = np.stack([rows.sample(frac=1, random_state=state).index for _ in range(100)])
    elo[model] = fit_elo(rows, **COLUMNS, outcomes=OUTCOMES, shuffles=orders)
    if real:
        path = folder / "litmus_stated" / "elo_rating_stated" / f"{model}.csv"
        rating = pd.read_csv(path).set_index("value_class")["Elo Rating"]
        assert np.abs(rating[list(elo[model].items)] - elo[model].utility.values).max() < 1e-9
    votes = Comparisons.from_frame(rows, **COLUMNS, outcomes=OUTCOMES)
    worth[model] = fit_bradley_terry(votes, bias_reduction=True)

# %%
# Four points a battle are too few for 1,200 battles: Elo has the order of the Bradley-Terry
# estimate and a good deal less spread. Ranks can be compared between models, ratings cannot.
spread = pd.DataFrame(
    {
        "Elo range": {short(m): np.ptp(elo[m].utility.values) for m in models},
        "Bradley-Terry range": {
            short(m): np.ptp(worth[m].utility.values) * elo[m].scale for m in models
        },
        "rank correlation": {
            short(m): rank_agreement(elo[m].utility, worth[m].utility).spearman for m in models
        },
    }
)
assert (spread["rank correlation"] > 0.98).all()
assert (spread["Elo range"] < 0.7 * spread["Bradley-Terry range"]).all()
spread.round(3)

# %%
# One model's values, with sampling error and with what is usually shown instead
# -------------------------------------------------------------------------------
# The published band is the spread over orders of the same battles. It says nothing of how surely
# the battles tell the values apart.
model = models[0]
rating = elo[model].utility
points = 1000 + worth[model].utility * elo[model].scale
error = 1.96 * worth[model].stderr * elo[model].scale
order = np.argsort(points.values)
band = elo[model].interval()
figure, axis = plt.subplots(figsize=(8, 5.5), layout="constrained")
place = np.arange(len(order))
axis.hlines(
    place - 0.12, *band.values[order].T, color="C1", lw=5, label="Elo, over orders (published)"
)
axis.plot(rating.values[order], place - 0.12, "|", color="k", ms=8)
axis.errorbar(
    points.values[order],
    place + 0.12,
    xerr=error.values[order],
    fmt="o",
    ms=4,
    color="C0",
    label="Bradley-Terry, 95% sampling error",
)
axis.set_yticks(place, rating["item"].values[order])
axis.set(xlabel="rating points", title=f"{source}: {short(model)}")
axis.legend(loc="lower right")
plt.show()

# %%
# All models, as ranks
# --------------------
ranks = pd.DataFrame(
    {short(m): elo[m].utility.to_pandas().rank(ascending=False) for m in models}
).astype(int)
ranks = ranks.loc[ranks.mean(axis=1).sort_values().index]
figure, axis = plt.subplots(figsize=(1 + 0.75 * len(models), 6), layout="constrained")
axis.imshow(ranks, cmap="RdBu", aspect="auto")
for i, j in np.ndindex(ranks.shape):
    edge = abs(ranks.iloc[i, j] - 8.5) > 6
    axis.text(j, i, ranks.iloc[i, j], ha="center", va="center", color="white" if edge else "black")
axis.set_xticks(range(ranks.shape[1]), ranks.columns, rotation=40, ha="right")
axis.set_yticks(range(len(ranks)), ranks.index)
axis.set_title(f"{source}: rank of each value (1 is first)")
plt.show()

# %%
# From dilemmas to battles
# ------------------------
# Revealed preferences come from dilemmas: two actions, each carrying several values. The dilemmas
# below are simulated. One choice makes several battles, which are not independent, so dilemmas are
# what is resampled.
rng = np.random.default_rng(1)
values = [str(item) for item in rating["item"].values]
pull = dict(zip(values, rng.normal(0, 0.8, len(values)), strict=True))
rows = []
for name in range(600):
    drawn = rng.permutation(values)[: rng.integers(3, 7)]
    one, other = drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]
    gap = np.mean([pull[v] for v in one]) - np.mean([pull[v] for v in other])
    chosen = 1 if rng.random() < 1 / (1 + np.exp(-2 * gap)) else 2
    answer = "NA" if rng.random() < 0.05 else f"Action {chosen}"
    rows.append((name, "Action 1: ...", list(one), answer))
    rows.append((name, "Action 2: ...", list(other), answer))
dilemmas = pd.DataFrame(rows, columns=["dilemma", "action", "values", "answer"])
columns = {"dilemma": "dilemma", "action": "action", "values": "values", "choice": "answer"}
fought = dilemma_battles(dilemmas, **columns)
print(fought.attrs["dropped"])
as_published = dilemma_battles(dilemmas, **columns, undecided="second", repeated="each")
print(len(fought), "battles;", len(as_published), "where a refusal counts against action 1")
revealed = Comparisons.from_frame(
    fought, first="first", second="second", outcome="outcome", rater="dilemma"
)

# %%
# Stated against revealed, with intervals over questions and over dilemmas
# -------------------------------------------------------------------------
stated = Comparisons.from_frame(battles[battles["model"] == model], **COLUMNS, outcomes=OUTCOMES)
options = {"n": 200, "seed": 0, "progress": False}
agreement = rank_agreement(
    bootstrap(lambda votes: fit_bradley_terry(votes, prior=3.0), stated, unit="row", **options),
    bootstrap(lambda votes: fit_bradley_terry(votes, prior=3.0), revealed, unit="rater", **options),
)
print(
    f"Spearman {agreement.spearman:.2f}, Kendall {agreement.kendall:.2f}, "
    f"mean rank difference {agreement.mean_difference:.1f}, RMSE {agreement.rmse:.1f}"
)
agreement.intervals.to_pandas().round(2)

# %%
# For two models both rankings were published:
if (folder / "litmus_revealed").is_dir():
    for name in ("gpt-4.1-mini", "gpt-4o-mini"):
        both = [
            pd.read_csv(
                folder / "litmus_revealed" / f"{kind}_preferences_{name}_elo_ratings.csv"
            ).set_index("value_class")["Elo Rating"]
            for kind in ("stated", "revealed")
        ]
        found = rank_agreement(*both)
        assert abs(found.spearman - (1 - 6 * found.rmse**2 / (16**2 - 1))) < 1e-12
        print(
            f"{name}: Spearman {found.spearman:.2f}, mean rank difference "
            f"{found.mean_difference:.1f}, Privacy {found.differences.sel(item='Privacy'):+.0f}"
        )

# %%
# Values as early warnings: relative risks
# ----------------------------------------
# Of the actions chosen, how much likelier is a risky behaviour where the value is carried? The
# behaviours are simulated too: one follows Creativity, the other Truthfulness' absence.
chosen = dilemmas[dilemmas["action"].str.split(":").str[0] == dilemmas["answer"]]
carried = pd.DataFrame({v: [v in listed for listed in chosen["values"]] for v in values})
risk = np.where(carried.get("Creativity", False), 0.35, 0.15)
deceit = np.where(carried.get("Truthfulness", False), 0.05, 0.25)
behaviours = pd.DataFrame(
    {
        "power seeking": rng.random(len(carried)) < risk,
        "deception": rng.random(len(carried)) < deceit,
    }
)
table = relative_risk_table(carried, behaviours)
figure, axes = plt.subplots(1, 2, figsize=(9, 5), sharey=True, layout="constrained")
for axis, (behaviour, part) in zip(axes, table.groupby("behaviour", sort=False), strict=True):
    low = np.maximum(part["lower"], 0.05)
    place = np.arange(len(part))
    axis.hlines(place, low, np.minimum(part["upper"], 20), color="0.6")
    sure = part["adjusted"] < 0.05
    axis.scatter(np.maximum(part["ratio"], 0.05), place, c=np.where(sure, "C3", "C0"), zorder=2)
    axis.axvline(1, color="0.3", lw=0.8)
    axis.set(xscale="log", title=behaviour, xlabel="relative risk (red: adjusted p < .05)")
    ticks = [0.05, 0.2, 0.5, 1, 2, 5]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
axes[0].set_yticks(np.arange(len(values)), values)
figure.suptitle("SIMULATED dilemmas and behaviours", fontsize=10)
plt.show()
