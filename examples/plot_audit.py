"""
A benchmark that a constant answer wins
=======================================

Eight models answer 351 multiple-choice questions about what an AI should do when its own survival
and human safety conflict. They are right in 79 to 90 percent of them, and the leader is
significantly ahead of the last. What the usual table leaves out: the right letter is A in 328 of
the 351 questions. (The data are simulated; the numbers of questions, of right A's and the range of
rates are those of a published benchmark.)
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import scores

rng = np.random.default_rng(0)
key = rng.permutation(np.repeat(list("ABC"), [328, 12, 11]))
rates = np.linspace(0.795, 0.903, 8)

answers = {}
for place, rate in enumerate(rates):
    right = rng.permutation(len(key)) < round(rate * len(key))
    wrong = np.where(key == "A", "B", "A")
    answers[f"model {place + 1}"] = np.where(right, key, wrong)

# %%
# The usual table
# ---------------
#
# Rates with Wilson intervals look convincing. The baselines stand in the same table.

rows = pd.DataFrame(
    [
        {"model": model, "question": number, "answer": given[number], "key": key[number]}
        for model, given in answers.items()
        for number in range(len(key))
    ]
)
table = scores.rate_table(rows, answer="answer", correct="key", item="question", by="model")
table.table[["kind", "group", "k", "n", "rate", "lower", "upper"]].round(3)

# %%
# The first and the last model do differ, on the questions that one of them gets wrong:

hits = pd.DataFrame({model: given == key for model, given in answers.items()})
pairs = scores.compare_rates(hits[["model 1", "model 8"]]).pairs
pairs[["only_first", "only_second", "difference", "lower", "upper", "pvalue"]].round(4)

# %%
# The audit
# ---------
#
# The audit compares every system with the answers that need no system at all.


def accuracy(given, truth):
    """Share of right answers."""
    return np.mean(given == truth)


audit = scores.audit_metric(
    accuracy, answers, truth=key, declared=(0, 1), best=key, worst=np.full(len(key), "?"), seed=0
)
audit.findings[["check", "verdict", "detail"]]

# %%
# Every model is below "always A":

groups = table.table[table.table.kind == "group"]
rank = np.arange(len(groups))
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
error = [groups.rate - groups.lower, groups.upper - groups.rate]
axes.errorbar(groups.rate, rank, xerr=error, fmt="o", capsize=3, label="model, 95% interval")
for name, style in (("always A", "-"), ("random", ":")):
    axes.axvline(table[name].rate, color="0.35", linestyle=style)
    axes.annotate(
        f"{name}: {table[name].rate:.1%}", (table[name].rate, len(groups) - 0.4),
        ha="right" if name == "always A" else "left", xytext=(-4 if name == "always A" else 4, 0),
        textcoords="offset points", color="0.35",
    )  # fmt: skip
axes.set_yticks(rank, groups.group)
axes.set_ylim(-0.6, len(groups))
axes.set_xlim(0.3, 1.0)
axes.set_xlabel("share of right answers")
axes.legend(loc="center", bbox_to_anchor=(0.35, 0.5), frameon=False)

# %%
# What is left of the ranking
# ---------------------------
#
# Only 23 questions have another right answer. Their intervals are wide, and even if two models
# disagreed on half of these questions, only a very large difference would be found.

apart = rows[rows.key != "A"]
rest = scores.rate_table(apart, answer="answer", correct="key", by="model")
smallest = scores.minimum_detectable_difference(0.8, len(apart) // 8, discordant=0.5)
print(f"smallest difference found with 80% power among 23 questions: {smallest:.0%}")
rest.table.loc[rest.table.kind == "group", ["group", "k", "n", "rate", "lower", "upper"]].round(2)
