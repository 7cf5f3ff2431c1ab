"""
Who rated well, when nobody knows the truth?
============================================

Five anaesthetists graded the fitness of 45 patients for surgery from 1 (fit) to 4 (not), the
first of them three times. This is the data of

    Dawid and Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
    algorithm

in which every patient has a true grade that nobody saw, and every observer a table of errors. The
paper's tables come out to their last digit. The counts are those of its table 1.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Annotations
from pluralism.jury import fit_dawid_skene, krippendorff_alpha

# Table 1: a patient is five words, one an observer; the first observer graded three times.
TABLE_1 = """
111 1 1 1 1, 333 4 3 3 4, 112 2 1 2 2, 222 3 1 2 1, 222 3 2 2 2, 222 3 3 2 2, 122 2 1 1 1,
333 3 4 3 3, 222 2 2 2 3, 232 2 2 2 3, 444 4 4 4 4, 222 3 3 4 3, 111 1 1 1 1, 222 3 2 1 2,
121 1 1 1 1, 111 2 1 1 1, 111 1 1 1 1, 111 1 1 1 1, 222 2 2 2 1, 222 1 3 2 2, 222 2 2 2 2,
222 2 2 2 1, 222 3 2 2 2, 221 2 2 2 2, 111 1 1 1 1, 111 1 1 1 1, 232 2 2 2 2, 111 1 1 1 1,
111 1 1 1 1, 112 1 1 2 1, 111 1 1 1 1, 333 3 2 3 3, 111 1 1 1 1, 222 2 2 2 2, 222 3 2 3 2,
433 4 3 4 3, 221 2 2 3 2, 232 3 2 3 3, 333 3 4 3 2, 111 1 1 1 1, 111 1 1 1 1, 121 2 1 1 1,
232 2 2 2 2, 121 1 1 1 1, 222 2 2 2 2
"""
rows = [
    (patient, observer, int(grade))
    for patient, words in enumerate(TABLE_1.split(","), 1)
    for observer, word in enumerate(words.split(), 1)
    for grade in word
]
ratings = Annotations.from_frame(
    pd.DataFrame(rows, columns=["patient", "observer", "grade"]),
    item="patient",
    rater="observer",
    label="grade",
    categories=[1, 2, 3, 4],
    scale="ordinal",
)
fit = fit_dawid_skene(ratings)
print(f"{len(rows)} grades; alpha {krippendorff_alpha(ratings):.3f}; {fit.iterations} EM steps")

# %%
# The published tables
# --------------------
# Table 2 is the share of patients of each true grade, table 3 the errors of each observer (rows:
# true grade), here those of the first.
first = fit.confusion.sel(rater=1)
assert fit.prevalence.round(2).values.tolist() == [0.40, 0.42, 0.11, 0.07]
assert first.round(2).values.tolist() == [
    [0.89, 0.11, 0.00, 0.00],
    [0.07, 0.88, 0.05, 0.00],
    [0.00, 0.34, 0.66, 0.00],
    [0.00, 0.00, 0.56, 0.44],
]
print(fit.prevalence.to_series().round(4).to_dict())

# %%
# Table 4 gives the second patient grade 4 for certain. Five of the seven grades were 3: the model
# overrules a majority, because the second observer, who said 4, says 4 only of patients whose
# grade is 4.
patient = fit.posterior.sel(item=2)
assert patient.round(2).values.tolist() == [0, 0, 0, 1]

# %%
# An estimate is not a fact
# -------------------------
# Three patients carry all that is said about grade 4 (.07 of 45). The paper prints no standard
# errors; those of the observed information are here. A probability estimated as exactly 0 or 1 has
# none.
wide = fit.prevalence_stderr.round(3).to_series()
print(wide.to_dict())
assert round(45 * float(fit.prevalence[3]), 2) == 3.00

# %%
# Errors of the observers, and how far the truth is from a vote
# -------------------------------------------------------------
counts = ratings.counts()
share = counts.values / counts.values.sum(axis=1, keepdims=True)
figure, axes = plt.subplots(
    1, 6, figsize=(12, 3), width_ratios=[1] * 5 + [1.6], layout="constrained"
)
for axis, observer in zip(axes, fit.confusion["rater"].values, strict=False):
    table = fit.confusion.sel(rater=observer).values
    axis.imshow(table, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(table.shape):
        if table[i, j] > 0.005:
            colour = "white" if table[i, j] > 0.6 else "black"
            axis.text(j, i, f"{table[i, j]:.2f}", ha="center", va="center", color=colour, size=8)
    axis.set_xticks(range(4), [1, 2, 3, 4])
    axis.set_yticks(range(4), [1, 2, 3, 4])
    axis.set(title=f"observer {observer}", xlabel="grade given")
axes[0].set_ylabel("true grade")
sure = fit.posterior.max("true_label").values
agree = share[np.arange(45), fit.posterior.argmax("true_label").values]
axes[5].plot(agree, sure, "o", alpha=0.4, color="C0")
axes[5].plot(agree[1], sure[1], "o", color="C3")
axes[5].annotate("patient 2", (agree[1], sure[1]), (agree[1] - 0.02, 0.993), color="C3")
axes[5].set(
    xlabel="share of the grades that say so", ylabel="probability of the grade", title="45 patients"
)
plt.show()

# %%
# Does the order of the grades matter? The model does not know that 3 is next to 4, yet no grade is
# more than one away from the one it infers.
label = fit.labels.values
apart = np.bincount([abs(grade - int(label[patient - 1])) for patient, _, grade in rows])
assert apart.tolist() == [259, 56]
