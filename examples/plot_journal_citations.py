"""
Four journals, as a tournament
==============================

When a paper cites another journal it lost a point to it: so read, a table of citations is a
tournament. The counts are those of

    Stigler (1994), Citation patterns in the journals of statistics and probability

for four journals, as used since by Agresti (2002), Firth (2005) and every package for the
Bradley-Terry model. The estimates that R's BradleyTerry2 prints come out to their last digit.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Comparisons
from pluralism.utility import fit_bradley_terry, goodness_of_fit, pair_residuals

JOURNALS = ["Biometrika", "Comm Statist", "JASA", "JRSS-B"]
# Row: cited; column: citing. The diagonal, a journal's citations of itself, says nothing.
CITED = np.array([[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]])
votes = Comparisons.from_matrix(CITED, items=JOURNALS)
fit = fit_bradley_terry(votes, reference="Biometrika")
table = fit.summary().set_index("term")
print(table[["estimate", "stderr"]].round(5))

# %%
# As published, in the seven digits that ``BTabilities`` of BradleyTerry2 prints:
published = {
    "Comm Statist": (-2.9490725, 0.10254534),
    "JASA": (-0.4795698, 0.06058873),
    "JRSS-B": (0.2689541, 0.07082997),
}
for journal, (ability, error) in published.items():
    assert round(table.estimate[journal], 7) == ability
    assert abs(table.stderr[journal] - error) < 5e-7

# %%
# Does one number a journal suffice?
# ----------------------------------
# Six pairs, three parameters, three degrees of freedom: no pair departs from the model by more
# than chance would. That is not a matter of course with 3,727 citations.
found = goodness_of_fit(fit, votes)
print(f"deviance {found.deviance:.2f} on {found.df} degrees of freedom, p = {found.pvalue:.2f}")
assert round(found.deviance, 4) == 4.2934
assert found.df == 3
print(pair_residuals(fit, votes).round(3))

# %%
# Comparing any two journals
# --------------------------
# A standard error "against Biometrika" depends on who stands for zero. Quasi-variances give each
# journal an error of its own, from which the error of any difference follows (Firth 2005); bars
# that do not overlap do differ.
quasi = np.sqrt(fit.quasi_variance().values)
exact = np.array([[fit.contrast(a, b).stderr if a != b else 0 for b in JOURNALS] for a in JOURNALS])
approximate = np.hypot(quasi[:, None], quasi)
worst = np.abs(approximate / np.where(exact > 0, exact, np.nan) - 1)
print(f"quasi standard errors miss that of a difference by at most {100 * np.nanmax(worst):.1f}%")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
place = np.arange(4)
left.errorbar(fit.utility, place, xerr=1.96 * quasi, fmt="o", capsize=3)
left.set_yticks(place, JOURNALS)
left.set(xlabel="log-odds of being cited, 95% quasi-intervals")
chance = pd.DataFrame(
    [[fit.probability(a, b) if a != b else np.nan for b in JOURNALS] for a in JOURNALS],
    JOURNALS,
    JOURNALS,
).astype(float)
right.imshow(chance, cmap="RdBu", vmin=0, vmax=1)
for i, j in np.ndindex(chance.shape):
    if i != j:
        seen = CITED[i, j] / (CITED[i, j] + CITED[j, i])
        dark = "white" if abs(chance.iloc[i, j] - 0.5) > 0.3 else "black"
        text = f"{chance.iloc[i, j]:.2f}\n({seen:.2f})"
        right.text(j, i, text, ha="center", va="center", color=dark)
right.set_xticks(place, JOURNALS, rotation=20, ha="right")
right.set_yticks(place, JOURNALS)
right.set(title="row cited by column: model (observed)")
plt.show()
