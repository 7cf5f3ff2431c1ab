"""
Is one image model more biased than another?
============================================

    Exploring Bias in over 100 Text-to-Image Generative Models

scores a model by three numbers: distribution bias (the area under the counts of the objects in its
images), hallucination (objects that were not asked for, or missing) and the rate of misses. The
eight general and twelve task rows that the authors released are below, as printed. The same three
numbers disagree about who is better, and the first is not on a scale of its own.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import metric_conflicts, set_overlap, sorted_count_area

NAMES = ["distribution bias", "hallucination", "miss rate"]
GENERAL = pd.DataFrame(
    {
        "SD 1.5": (7.123, 0.656, 0.016), "SD 2.1": (5.688, 0.650, 0.009),
        "Kandinsky 2.1": (4.513, 0.639, 0.0), "DeepFloyd IF": (6.668, 0.652, 0.001),
        "DreamShaper 7": (5.8, 0.6661, 0.0238), "Openjourney": (4.4323, 0.6675, 0.0179),
        "SSD-1B": (5.0727, 0.684, 0.0048), "epiCRealism": (4.7956, 0.6505, 0.0155),
    },
    index=NAMES,
).T  # fmt: skip
TASKS = pd.DataFrame(
    [
        ("SD 1.5", 6.452, 11.9042, 18.0385), ("SD 2.1", 12.8833, 11.629, 17.9206),
        ("Kandinsky 2.1", 9.4271, 10.2846, 12.3131), ("DeepFloyd IF", 5.5432, 10.3358, 15.4111),
    ],
    columns=["model", "burger", "coffee", "drink"],
).set_index("model")  # fmt: skip

# %%
# The definitions
# ---------------
# Objects of the prompt are left out, the counts sorted and scaled to 0..1; the area has steps of
# one. Hallucination is one less the overlap of what was asked for and what is seen.
counts = {"burger": 100, "table": 50, "plate": 40, "fries": 10}
print("B_D:", sorted_count_area(counts, exclude=["burger"]))
assert sorted_count_area(counts, exclude=["burger"]) == 0.5 * (1 + 0.75) + 0.5 * 0.75
seen = set_overlap([{"dog", "ball"}], [{"dog", "park"}])
print("H_J of {dog, ball} against {dog, park}:", 1 - seen.jaccard)
assert abs(1 - seen.jaccard - 2 / 3) < 1e-12

# %%
# A figure that grows with the vocabulary
# ---------------------------------------
# Whoever shows more kinds of objects has more steps under the curve: the most even of all outputs
# has the largest "bias", one for every object but the first. Half as many kinds with the same shape
# have half of it. Divided by the number of steps the figure is bounded by one and compares; the
# released rows do not say the number of objects, so they cannot be corrected.
shape = np.linspace(1, 0, 401) ** 3
for kinds in (10, 40, 160):
    some = np.interp(np.linspace(0, 1, kinds), np.linspace(0, 1, 401), shape)
    area, each = sorted_count_area(some), sorted_count_area(some, per_label=True)
    print(f"{kinds:4} kinds of one shape: B_D {area:6.2f}, per step {each:.3f}")
assert sorted_count_area(np.full(21, 7)) == 20.0
assert sorted_count_area(np.full(21, 7), per_label=True) == 1.0

# %%
# What the three numbers say about each other
# -------------------------------------------
# Kendall's tau of bias and hallucination over the eight models is .071: of 28 pairs 15 are ordered
# alike and 13 the other way. With eight models the interval holds nearly everything.
found = metric_conflicts(
    GENERAL, threshold=0.2, higher_is_better=dict.fromkeys(NAMES, False), seed=0
)
tau = found.tau.sel(metric=NAMES[0], metric_bis=NAMES[1]).item()
low, high = found.interval.sel(metric=NAMES[0], metric_bis=NAMES[1]).values
print(f"tau {tau:.4f} [{low:.2f}, {high:.2f}]; flagged: {found.flagged}")
assert round(tau, 4) == round((15 - 13) / 28, 4) == 0.0714
apart = found.disagreement.sel(metric=NAMES[0], metric_bis=NAMES[1]).item()
assert round(apart * 28) == 13
assert len(found.flagged) == 3
print("undominated:", ", ".join(map(str, found.front)))

# %%
# And the three tasks
# -------------------
# By the same models, the prompt decides more than the model: burger, coffee and drink differ more
# than the four models do, which the choice of objects alone can make.
spread = {"between prompts": TASKS.mean().std(), "between models": TASKS.mean(axis=1).std()}
print({name: round(float(value), 2) for name, value in spread.items()})
assert spread["between prompts"] > spread["between models"]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.scatter(
    GENERAL[NAMES[0]], GENERAL[NAMES[1]], s=20 + 4000 * GENERAL[NAMES[2]], alpha=0.6, clip_on=False
)
for name, row in GENERAL.iterrows():
    end = "right" if row[NAMES[0]] > 6.5 else "left"
    shift = (-6, 6) if end == "right" else (6, 6)
    left.annotate(name, (row[NAMES[0]], row[NAMES[1]]), shift, textcoords="offset points", ha=end)
left.set(
    xlabel="distribution bias", ylabel="hallucination", title="size: miss rate", ylim=(0.63, 0.69)
)
for model, row in TASKS.iterrows():
    right.plot(TASKS.columns, row, "o-", label=model)
right.set(ylabel="distribution bias", title="one task each")
right.legend()
plt.show()
