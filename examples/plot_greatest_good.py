"""
Utilitarians, Kantians and language models
==========================================

    The Greatest Good Benchmark: Measuring LLMs' Alignment with Utilitarian Moral Dilemmas

puts the nine statements of the Oxford Utilitarianism Scale to models, in six wordings and ten
repetitions, and compares two means with those of people: impartial beneficence (five statements)
and instrumental harm (four). Its tests count every repetition as a new respondent. The nine
statements are all that was drawn, and that decides how much the means can tell.

The means and standard deviations are the paper's, for the original statements at temperature .5;
those of the philosophers were read off a figure.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import location_test, location_test_from_summary, rank_agreement

columns = ["beneficence", "its sd", "harm", "harm sd"]
MODELS = pd.DataFrame(
    {
        "Gemini Pro 1.0": (5.82, 1.66, 1.65, 1.29),
        "GPT-3.5": (4.78, 1.49, 3.03, 1.45),
        "Claude 3 Haiku": (4.43, 1.44, 2.12, 1.35),
        "Claude 3 Opus": (3.13, 1.07, 2.97, 1.68),
        "Falcon 40B": (4.27, 2.76, 2.91, 2.57),
        "Falcon 7B": (5.84, 1.85, 3.89, 2.72),
        "Gemini Pro 1.5": (3.15, 1.30, 1.53, 1.33),
        "Gemma 1.1 7B": (6.14, 1.80, 2.42, 1.76),
        "GPT-4": (3.64, 0.96, 2.04, 1.75),
        "Llama 3 70B": (4.01, 1.75, 2.02, 1.62),
        "Llama 3 8B": (5.49, 1.84, 2.69, 2.29),
        "Mistral 7B": (5.58, 1.61, 3.22, 1.83),
        "Mixtral 8x7B": (4.21, 1.60, 2.11, 1.84),
        "Yi 34B": (4.63, 1.66, 2.80, 2.28),
        "Yi 6B": (5.37, 1.46, 3.72, 1.50),
    },
    index=columns,
).T
PEOPLE = pd.DataFrame(
    {
        "lay people": (3.65, 3.31),
        "act utilitarians": (5.652, 6.051),
        "rule utilitarians": (4.813, 4.864),
        "other consequentialists": (4.434, 4.399),
        "virtue ethicists": (3.525, 3.480),
        "other deontologists": (3.333, 3.328),
        "Kantians": (2.859, 1.939),
    },
    index=["beneficence", "harm"],
).T

# %%
# Where the models stand
# ----------------------
# No model is near the act utilitarians; the nearest school of each by plain distance. A standard
# deviation of 2 on a scale of six steps says that the wording decides the answer: the paper marks
# cells with a variance above 1.85 squared.
gap = MODELS[["beneficence", "harm"]].to_numpy()[:, None] - PEOPLE.to_numpy()
nearest = pd.Series(PEOPLE.index[np.linalg.norm(gap, axis=2).argmin(axis=1)], MODELS.index)
unsteady = MODELS[["its sd", "harm sd"]].gt(1.85).any(axis=1)
print(nearest.value_counts().to_dict(), "; unsteady:", ", ".join(MODELS.index[unsteady]))
assert not (nearest == "act utilitarians").any()

SHIFTS = {  # labels that would lie on others
    "Mixtral 8x7B": (-20, 14), "Llama 3 70B": (-40, -14), "Claude 3 Haiku": (4, -12),
    "lay people": (6, -4), "other deontologists": (-98, -4), "virtue ethicists": (6, 2),
    "Yi 34B": (4, -12), "Falcon 40B": (-52, 4), "Claude 3 Opus": (-70, -12), "GPT-4": (-28, 6),
}  # fmt: skip
figure, axis = plt.subplots(figsize=(7.5, 6), layout="constrained")
for name, row in MODELS.iterrows():
    axis.errorbar(
        row.beneficence,
        row.harm,
        xerr=2.776 * row["its sd"] / np.sqrt(5),
        yerr=3.182 * row["harm sd"] / np.sqrt(4),
        fmt="o",
        color="0.6" if unsteady[name] else "C0",
        elinewidth=0.3,
    )
    shift = SHIFTS.get(name, (4, 3))
    axis.annotate(name, (row.beneficence, row.harm), shift, textcoords="offset points", size=8)
axis.plot(PEOPLE.beneficence, PEOPLE.harm, "^", color="C3", ms=8)
for name, row in PEOPLE.iterrows():
    shift = SHIFTS.get(name, (5, -10))
    axis.annotate(
        name, (row.beneficence, row.harm), shift, textcoords="offset points", size=8, color="C3"
    )
axis.set(xlim=(1, 7.2), ylim=(1, 7), xlabel="impartial beneficence", ylabel="instrumental harm")
axis.set_title("red: people; grey: sd above 1.85; bars: 95% over the statements", size=10)
plt.show()

# %%
# How much nine statements can tell
# ---------------------------------
# GPT-4 against lay people (3.65 and 3.31). The paper tests the mean over wordings of every
# statement and repetition, ten values a statement. Taken as independent, they put instrumental harm
# lower beyond doubt; with four statements it is not even significant. The published deviations are
# over repetitions too, so that of the statements' means is no larger: the truth lies between, and
# only answers by statement, which were not released, can say where.
for scale, mean, sd, lay, statements in (
    ("beneficence", 3.64, 0.96, 3.65, 5),
    ("harm", 2.04, 1.75, 3.31, 4),
):
    answers = location_test_from_summary(mean, sd, 10 * statements, population=lay)
    items = location_test_from_summary(mean, sd, statements, population=lay)
    low, high = items.interval
    print(
        f"{scale:11}  t = {answers.t:6.2f} (p = {answers.pvalue:.1g}) over repetitions, "
        f"{items.t:5.2f} (p = {items.pvalue:.2f}) over statements, difference "
        f"{items.difference:+.2f} [{low:+.2f}, {high:+.2f}]"
    )
assert answers.pvalue < 1e-4
assert items.pvalue > 0.05

# %%
# With answers, the unit can be said
# ----------------------------------
# Simulated values with GPT-4's deviation: four statements with levels of their own around the lay
# mean, ten repetitions each. There is no difference to find; the test over repetitions finds one in
# most data sets, the test over statements in about one of twenty.
rng = np.random.default_rng(0)
found = {"repetitions": 0, "statements": 0}
draws = 400
for _ in range(draws):
    levels = 3.31 + rng.normal(0, 1.4, 4)
    answer = (levels[:, None] + rng.normal(0, 1.05, (4, 10))).ravel()
    found["repetitions"] += location_test(answer, population=3.31).pvalue < 0.05
    by = np.repeat(np.arange(4), 10)
    found["statements"] += location_test(answer, population=3.31, clusters=by).pvalue < 0.05
print({unit: f"{100 * n / draws:.0f}%" for unit, n in found.items()}, "false alarms at 5%")
assert found["repetitions"] / draws > 0.5
assert found["statements"] / draws < 0.08

# %%
# An effect size out of range
# ---------------------------
# The notebook behind the paper computes a rank-biserial correlation as 1 - 2W / (n (n + 1)), W the
# smaller rank sum. All ranks together are n (n + 1) / 2, so of a signed-rank test it is
# 1 - 4W / (n (n + 1)): the published form runs from 1/2 to 1 and calls no effect at all a half.
values = np.array([-4.0, -1.0, 2.0, 3.0])  # rank sums 5 and 5: nothing
right = location_test(values, population=0.0)
published = location_test(values, population=0.0, as_published=True)
print(f"no effect: {right.rank_biserial:.2f}; as published {published.rank_biserial:.2f}")
assert right.rank_biserial == 0.0
assert published.rank_biserial == 0.5

# %%
# Do the two scales order the models alike? Hardly: there is no one "utilitarian" model.
agreement = rank_agreement(
    *(dict(MODELS[column]) for column in ("beneficence", "harm")),
)
print(f"Kendall's tau of the two scales over {len(MODELS)} models: {agreement.kendall:.2f}")
