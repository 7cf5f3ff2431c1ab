"""
Thurstone's scale of vegetables
===============================

How much better are peas than beets? 148 people chose between the two vegetables of every pair;
Thurstone's law of comparative judgement turns the shares of their choices into distances. The
table is that of

    Guilford (1954), Psychometric Methods: vegetables

and the scale, as R's psych prints it, comes out to its last digit. Then the same data by maximum
likelihood, which also says how sure the scale is and whether one dimension is enough.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from pluralism import Comparisons
from pluralism.utility import fit_bradley_terry, fit_thurstone, goodness_of_fit, pair_residuals

ITEMS = ["turnips", "cabbage", "beets", "asparagus", "carrots", "spinach", "beans", "peas", "corn"]
# Share of 148 people who preferred the column to the row, above the diagonal.
ABOVE = """
.818 .770 .811 .878 .892 .899 .892 .926
.601 .723 .743 .736 .811 .845 .858
.561 .736 .676 .845 .797 .818
.561 .588 .676 .601 .730
.493 .574 .709 .764
.628 .682 .628
.527 .642
.628
"""
PEOPLE = 148
high = np.zeros((9, 9))
high[np.triu_indices(9, 1)] = [float(word) for word in ABOVE.split()]
# The printed shares are of 148 people: each is a whole number of choices over 148.
wins = np.tril(PEOPLE - np.rint(PEOPLE * high.T), -1).T + np.rint(PEOPLE * high).T
assert (np.abs(high - np.rint(PEOPLE * high) / PEOPLE) <= 5.1e-4).all()

# %%
# Case V by least squares
# -----------------------
# As in 1927: the mean of the normal deviates of a column. Turnips stand at zero.
shares = np.tril(high.T, -1) + np.triu(1 - high, 1)
scale = fit_thurstone(
    Comparisons.from_matrix(shares, items=ITEMS), method="least-squares", reference="turnips"
)
published = [0, 0.52, 0.65, 0.98, 1.12, 1.14, 1.40, 1.44, 1.63]
assert scale.utility.round(2).values.tolist() == published
print(scale.utility.to_series().round(3).to_dict())

# %%
# The same by maximum likelihood
# ------------------------------
# Least squares gives a share of .926 the weight of one of .5, though its normal deviate is measured
# less well. Likelihood weighs them, and has standard errors. The choices of one person are not
# independent of each other, which a table of shares cannot show: the errors are a lower bound.
votes = Comparisons.from_matrix(wins, items=ITEMS)
fit = fit_thurstone(votes, reference="turnips")
print(fit.summary().set_index("term")[["estimate", "stderr"]].round(3))
assert float(np.abs(fit.utility - scale.utility).max()) < 0.05

# %%
# Is there one dimension?
# -----------------------
# Mosteller asked in 1951, by a chi-squared of the 28 = 36 - 8 degrees of freedom. The largest
# residuals say where it fails.
found = goodness_of_fit(fit, votes)
print(f"Case V: deviance {found.deviance:.1f} on {found.df}, p = {found.pvalue:.4f}")
other = goodness_of_fit(fit_bradley_terry(votes), votes)
print(f"Bradley-Terry: deviance {other.deviance:.1f} on {other.df}, p = {other.pvalue:.4f}")
residuals = pair_residuals(fit, votes)
print(residuals.iloc[residuals.deviance.abs().sort_values(ascending=False).index[:4]].round(3))

# %%
# The scale, and what it leaves over
# ----------------------------------
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
place = np.arange(9)
left.errorbar(
    fit.utility, place + 0.12, xerr=1.96 * fit.stderr, fmt="o", capsize=2, label="likelihood, 95%"
)
left.plot(scale.utility, place - 0.12, "D", color="C1", label="least squares (1954)")
left.set_yticks(place, ITEMS)
left.set(xlabel="Case V scale, turnips at 0")
left.legend()
grid = np.full((9, 9), np.nan)
code = {name: k for k, name in enumerate(ITEMS)}
for first, second, value in zip(
    residuals["first"], residuals["second"], residuals.pearson, strict=True
):
    grid[code[first], code[second]], grid[code[second], code[first]] = value, -value
edge = np.nanmax(np.abs(grid))
image = right.imshow(grid, cmap="RdBu", vmin=-edge, vmax=edge)
right.set_xticks(place, ITEMS, rotation=45, ha="right")
right.set_yticks(place, ITEMS)
right.set(title="residual of row over column")
figure.colorbar(image, label="Pearson residual")
plt.show()
