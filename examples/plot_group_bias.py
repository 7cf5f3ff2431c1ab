"""
Bias between groups: what a spread of means and an F of 277 say
===============================================================

TrustGPT: A Benchmark for Trustworthy and Responsible Large Language Models (Huang et al. 2023)
calls bias the spread of the groups' mean toxicity. BEATS: Bias Evaluation and Assessment Test Suite
for Large Language Models (2025) lets judges mark the answers of five models to 901 questions and
reports F tests. Neither released its answers: the worked example and the counts of questions are
published, all else here is **simulated** by the design.
"""

# %%
# TrustGPT's worked example
# -------------------------
# Two groups with means .2 and .4: mean .3, standard deviation .1. The deviation divides by the
# number of groups. That is right if these groups are all there are; as an estimate for more groups
# of the kind it would be .1414.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import group_dispersion, rate_table

example = {"black": [0.1, 0.2, 0.3], "white": [0.3, 0.4, 0.5]}
found = group_dispersion(example)
assert np.isclose([found.mean, found.sd], [0.3, 0.1]).all()
assert round(group_dispersion(example, ddof=1).sd, 4) == 0.1414
print(found.pairs[["first", "second", "difference", "pvalue"]])

# %%
# A spread of means is never zero
# -------------------------------
# 40 models without any bias, six groups with 50 answers each. The "bias" of every one of them is
# positive: it measures how few answers there were. And of 15 uncorrected Mann-Whitney tests, as
# published, one or more is "significant" far more often than in one of twenty models.
rng = np.random.default_rng(2)
GROUPS = [f"group {k}" for k in range(1, 7)]
null = []
for toxicity in rng.beta(1, 9, (40, 6, 50)):
    spread = group_dispersion(dict(zip(GROUPS, toxicity, strict=True)))
    null.append((spread.sd, spread.pairs.pvalue.min(), spread.pairs.adjusted.min()))
null = pd.DataFrame(null, columns=["sd of the means", "least p", "least adjusted p"])
false = rate_table(
    {
        name: (int((null[column] < 0.05).sum()), len(null))
        for name, column in (("as published", "least p"), ("Holm", "least adjusted p"))
    }
).table.set_index("group")
false = false.loc[["as published", "Holm"], ["rate", "lower", "upper"]]
assert null["sd of the means"].min() > 0
assert false.loc["as published", "lower"] > 0.1
assert false.loc["Holm", "lower"] < 0.05
false.round(3)

# %%
# BEATS: the questions
# --------------------
BEATS = {
    "race": 149, "stereotype": 146, "gender": 120, "culture": 89, "age": 81, "socioeconomic": 72,
    "disability": 61, "religion": 45, "geography": 39, "politics": 34, "automation": 34,
    "sexual orientation": 31,
}  # fmt: skip
N = sum(BEATS.values())
assert N == 901

# %%
# The printed F statistic for the presence of bias by model is 277.152 on 4 degrees of freedom. If
# it rests on all 901 x 5 x 3 judgements (questions, models, judges; the table does not say), the
# share of variance that models explain is F df / (F df + rest) = 7.6%: a small effect with a very
# large number of rows.
rest = N * 5 * 3 - 5
explained = 277.152 * 4 / (277.152 * 4 + rest)
assert round(100 * explained, 1) == 7.6
print(f"{explained:.3f} of the variance, were all rows independent")


# %%
# Rows that share a question are not independent
# ----------------------------------------------
# The design, simulated: questions of unequal difficulty, judged by three judges that mostly agree.
# First five models without any difference, on 200 of the questions: plain F tests reject far too
# often, since the three judges of one answer count as three answers.
def design(n):
    """Question and model of each row: n questions, five models, three judges."""
    names = np.repeat([f"model {k}" for k in range(1, 6)], 3)
    return {"clusters": np.repeat(np.arange(n), 15), "groups": np.tile(names, n)}


def judgements(n, effect):
    """Presence of bias, 0 or 1: by question, by answer, and a little by judge."""
    latent = rng.normal(-0.66, 0.7, (n, 1, 1)) + rng.normal(0, 1.5, (n, 5, 1))
    latent = latent + np.array(effect)[None, :, None] + rng.normal(0, 0.4, (n, 5, 3))
    return (latent > 0).astype(float).ravel()


pvalues = pd.DataFrame(
    [
        (spread.anova.pvalue, spread.clustered.pvalue)
        for _ in range(24)
        for spread in [group_dispersion(judgements(200, [0.0] * 5), **design(200))]
    ],
    columns=["plain F", "clustered by question"],
)
rejected = rate_table({name: (int((p < 0.05).sum()), len(p)) for name, p in pvalues.items()})
rejected = rejected.table.set_index("group").loc[list(pvalues), ["rate", "lower", "upper"]]
assert rejected.loc["plain F", "lower"] > 0.05
assert rejected.loc["clustered by question", "lower"] < 0.05
rejected.round(3)

# %%
# Then five models that differ, with about the published share of biased answers, 37.65%.
layout = design(N)
differ = judgements(N, [-0.9, -0.3, 0.0, 0.5, 1.0])
spread = group_dispersion(differ, **layout)
print(f"plain F = {spread.anova.statistic:.0f}, clustered F = {spread.clustered.statistic:.0f}")
rows = pd.DataFrame({"biased": differ, "model": layout["groups"], "question": layout["clusters"]})
by_model = rate_table(
    rows, outcome="biased", by="model", cluster="question", interval="bootstrap", seed=0,
    n_replicates=200,
)  # fmt: skip
overall = by_model["overall"]
naive = rate_table({"all": (int(differ.sum()), len(differ))})["all"]
assert 0.33 < overall.rate < 0.42
wider = (overall.upper - overall.lower) / (naive.upper - naive.lower)
assert wider > 1.3
assert spread.clustered.statistic < spread.anova.statistic
print(f"{overall.rate:.3f}: the interval over questions is {wider:.1f} times the one over rows")

# %%
# The figures
# -----------
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
left.hist(null["sd of the means"], bins=15, color="0.75")
left.axvline(0, color="#b8500b", lw=2)
left.text(0.0005, 3, "the truth", color="#b8500b", rotation=90)
left.set(xlabel="spread of group means", ylabel="models", xlim=(-0.002, None),
         title="SIMULATED: 40 models without bias")  # fmt: skip
middle.barh(list(BEATS), list(BEATS.values()), color="#0a5a9c")
middle.bar_label(middle.containers[0], padding=3)
middle.invert_yaxis()
middle.set(xlabel="questions", xlim=(0, 170), title=f"BEATS, published: {N} questions")
grid = np.linspace(0, 1, len(pvalues) + 1)[1:]
for (name, p), colour in zip(pvalues.items(), ("#b8500b", "#0a5a9c"), strict=True):
    right.step(np.sort(p), grid, color=colour, label=name, where="post")
right.plot([0, 1], [0, 1], color="0.6", ls="--", label="what p should do")
right.set(xlabel="p", ylabel="share of tests with at most this p", xlim=(0, 1), ylim=(0, 1),
          title="SIMULATED: five equal models")  # fmt: skip
right.legend(frameon=False, loc="lower right")
plt.show()
