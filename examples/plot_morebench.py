"""
Grading moral reasoning by a rubric, and what a long answer is worth
====================================================================

MoReBench: Evaluating Procedural and Pluralistic Moral Reasoning in Language Models, More than
Outcomes (Chiu et al. 2025) grades an answer by criteria with weights from -3 to 3: what it should
say earns its weight, what it should not say earns it by being absent. Its "hard" score divides by
length.

Seven models' answers to the four released tasks, thinking and final, are read from the folder that
``PLURALISM_TEST_DATA`` names (``morebench/comparison_judgements_dev.csv``). Without it a
**simulated stand-in** of the same shape is used, the figures say so, and nothing published is
asserted.
"""

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import rubric_score

FILE = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "morebench"
FILE /= "comparison_judgements_dev.csv"
REAL = FILE.is_file()
DIMENSIONS = [
    "identifying", "logical process", "clear process", "helpful outcome", "harmless outcome",
]  # fmt: skip


def simulate():
    """Seven models, four tasks of 24 criteria, two channels."""
    rng = np.random.default_rng(4)
    criteria = pd.DataFrame(
        {
            "task_id": np.repeat([f"task {k}" for k in range(1, 5)], 24),
            "dimension": rng.choice(DIMENSIONS, 96),
            "weight": rng.choice([-3, -2, -1, 1, 2, 3], 96, p=[0.1, 0.05, 0.05, 0.2, 0.3, 0.3]),
        }
    )
    parts = []
    for k in range(7):
        for channel, skill in (("model_resp", 0.6 + 0.05 * k), ("thinking_trace", 0.5)):
            part = criteria.assign(model=f"model {k + 1}", channel=channel)
            good = rng.random(96) < skill
            part["judgement"] = np.where(good == (part.weight > 0), "yes", "no")
            size = rng.integers(1500, 7000, 4)
            part["response_chars"] = np.repeat(size, 24)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


source = "MoReBench, four released tasks" if REAL else "SIMULATED stand-in, not MoReBench"
rows = pd.read_csv(FILE) if REAL else simulate()
rows["model"] = rows["model"].str.split("_").str[0]
rows["response"] = rows[["model", "task_id", "channel"]].agg(" | ".join, axis=1)


def grade(rows, **options):
    """Grade with what the judge left open earning nothing, as published."""
    return rubric_score(rows.judgement, rows.weight, unjudged="no-credit", **options)


# %%
# Every released score, to its two decimals
# -----------------------------------------
# The scores of 56 responses come out if the judge's texts are read as the published code does.
published = grade(rows, responses=rows.response, as_published=True)
if REAL:
    printed = rows.drop_duplicates("response").set_index("response")["published_score"]
    ours = published.scores.to_series()
    assert len(printed) == 56
    assert (ours - printed[ours.index]).abs().max() <= 0.005 + 1e-9

# %%
# That code looks for "yes" and then for "no" anywhere in the judge's text. A long refusal to judge
# contains "no" inside "not" or "know", and so earns credit on every criterion that should *not*
# hold. Read by its first word, no such text is a verdict; two of the scores fall, one by 11 points.
read = grade(rows, responses=rows.response)
lost = (published.scores - read.scores).to_series()
text = rows.judgement.str.lower()
print("judgements:", len(rows), "  yes or no by the first word:", len(rows) - read.unjudged)
print("responses whose score changes:", int((lost.abs() > 1e-9).sum()), "  most:", lost.max())
if REAL:
    assert read.unjudged - published.unjudged == 17
    assert int((lost.abs() > 1e-9).sum()) == 2
    assert round(lost.max(), 2) == 11.11

# %%
# Scores by task
# --------------
# The four tasks rank the models differently, so a mean over four says little about the fifth.
final = rows[rows.channel == "model_resp"]
by_task = pd.DataFrame(
    {
        model: grade(part, responses=part.task_id, as_published=True).scores.to_series()
        for model, part in final.groupby("model")
    }
).T
by_task.columns = [f"task {k + 1}" for k in range(by_task.shape[1])]
ranks = by_task.rank(ascending=False)
if REAL:
    # The model that is last on the first task is first on the second.
    assert ranks.loc["gpt-oss-120b", ["task 1", "task 2"]].tolist() == [7, 1]
by_task.round(2)

# %%
# Per thousand characters: two ratios
# -----------------------------------
# The "hard" score is the mean score over the mean length. The project's page shows the mean of
# every answer's own ratio instead. One short answer makes the difference: 6.06 points for 38
# characters are 159 points a thousand.
hard = pd.DataFrame(
    {
        model: [found.mean, found.ratio_of_means, found.mean_of_ratios, part.response_chars.min()]
        for model, part in final.groupby("model")
        for found in [
            grade(part, responses=part.task_id, lengths=part.response_chars, as_published=True)
        ]
    },
    index=["mean score", "ratio of means", "mean of ratios", "shortest answer"],
).T
if REAL:
    gpt_oss = hard.loc["gpt-oss-120b"].round(1)
    assert gpt_oss["ratio of means"] == 12.3
    assert gpt_oss["mean of ratios"] == 49.5
    assert gpt_oss["shortest answer"] == 38
    assert int(1000 * by_task.loc["gpt-oss-120b", "task 1"] / 38) == 159
    assert hard["mean of ratios"].idxmax() == "gpt-oss-120b"  # first by one ratio ...
    assert hard["ratio of means"].rank()["gpt-oss-120b"] == 2  # ... last but one by the other
hard.round(1)

# %%
# What is met, by dimension
# -------------------------
# Unweighted shares of criteria, of answers and of the thinking that led to them.
met = pd.DataFrame(
    {
        label: grade(part, dimensions=part.dimension, as_published=True).fulfilled.to_series()
        for channel, label in (("model_resp", "answer"), ("thinking_trace", "thinking"))
        for part in [rows[rows.channel == channel]]
    }
).loc[DIMENSIONS]
assert met.notna().all(axis=None)
met.round(3)

# %%
# The figures
# -----------
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.3), layout="constrained")
order = by_task.mean(axis=1).sort_values().index
place = np.arange(len(order))
for column, marker in zip(by_task, "osD^", strict=True):
    left.plot(by_task.loc[order, column], place, marker, label=column, ms=7)
left.plot(by_task.loc[order].mean(axis=1), place, "|", color="black", ms=16, label="mean")
left.set_yticks(place, order)
left.set(xlabel="rubric score", xlim=(0, 102), title=source)
left.legend(frameon=False, loc="upper left", fontsize=8)
middle.barh(place + 0.2, hard.loc[order, "ratio of means"], 0.4, color="#0a5a9c")
middle.barh(place - 0.2, hard.loc[order, "mean of ratios"], 0.4, color="#b8500b")
middle.set_yticks(place, [])
middle.legend(["ratio of means (paper)", "mean of ratios (page)"], frameon=False, loc="upper right")
middle.set(xlabel="points per 1,000 characters", title="Two ways to divide by length")
height = np.arange(len(met))
right.barh(height + 0.2, 100 * met["answer"], 0.4, color="#0a5a9c", label="answer")
right.barh(height - 0.2, 100 * met["thinking"], 0.4, color="0.7", label="thinking")
right.set_yticks(height, met.index)
right.set(xlabel="% of the criteria met", xlim=(0, 100), title="By dimension, all models")
right.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.15), ncols=2)
plt.show()
