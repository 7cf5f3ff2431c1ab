"""
What is the home ground worth?
==============================

Seven teams of baseball's American League played each other in 1987, at home and away. The counts
stand in

    Agresti (2002), Categorical Data Analysis: baseball 1987

where the Bradley-Terry model with an order effect separates how good a team is from where it
plays. The same term is the position bias of a judge who is shown one answer first.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Comparisons
from pluralism.utility import fit_bradley_terry, likelihood_ratio_test

TEAMS = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
# Row at home, column away: games won by the home team and by the guest.
GAMES = """
-   4-3 4-2 4-3 6-1 4-2 6-0
3-3 -   4-2 4-3 6-0 6-1 4-3
2-5 4-3 -   2-4 4-3 4-2 6-0
3-3 5-1 2-5 -   4-3 4-2 6-1
5-1 2-5 3-3 4-2 -   5-2 6-0
2-5 3-3 3-4 4-3 4-2 -   2-4
2-5 1-5 1-6 2-4 1-6 3-4 -
"""
rows = [
    (home, away, won, int(games))
    for home, line in zip(TEAMS, GAMES.split("\n")[1:], strict=False)
    for away, cell in zip(TEAMS, line.split(), strict=True)
    if cell != "-"
    for won, games in zip(("first", "second"), cell.split("-"), strict=True)
]
results = pd.DataFrame(rows, columns=["home", "away", "won", "games"])
results = results[results.games > 0]
votes = Comparisons.from_frame(results, first="home", second="away", outcome="won", weight="games")
level = fit_bradley_terry(votes, reference="Baltimore")
fit = fit_bradley_terry(votes, order_effect=True, reference="Baltimore")
table = fit.summary().set_index("term")
print(table[["estimate", "stderr"]].round(3))

# %%
# The published figures
# ---------------------
# First without regard to the place, then with it: a home advantage of .302 with a standard error of
# .131. A team as good as its guest wins 57%.
without = level.summary().set_index("term").estimate
assert [round(without[team], 3) for team in TEAMS[:-1]] == [
    1.581, 1.436, 1.294, 1.248, 1.108, 0.684,
]  # fmt: skip
assert round(fit.order_effect, 3) == 0.302
assert round(table.stderr["order_effect"], 3) == 0.131
assert [round(table.estimate[team], 4) for team in ("Boston", "Milwaukee")] == [1.1438, 1.6196]
assert round(1 / (1 + np.exp(-fit.order_effect)), 2) == 0.57
test = likelihood_ratio_test(level, fit)
print(
    f"likelihood ratio {test.statistic:.3f} on {test.df} degree of freedom, p = {test.pvalue:.3f}"
)

# %%
# Strength, and what a season's games can tell
# --------------------------------------------
# Six or seven games at each ground: the intervals of neighbours overlap almost entirely, and a
# simultaneous interval for the rank of the best team reaches far down.
quasi = np.sqrt(fit.quasi_variance().to_series())
ranks = fit.rank_intervals()
print(ranks)
order = fit.utility.to_series().sort_values()
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
place = np.arange(len(order))
left.errorbar(order, place, xerr=1.96 * quasi[order.index], fmt="o", capsize=3)
left.set_yticks(place, order.index)
left.set(xlabel="log-odds against Baltimore, 95% quasi-intervals")
gap = np.linspace(-2.5, 2.5, 101)
for shift, label in ((fit.order_effect, "at home"), (-fit.order_effect, "away")):
    right.plot(gap, 1 / (1 + np.exp(-(gap + shift))), label=label)
won = results.pivot_table(
    index=["home", "away"], columns="won", values="games", aggfunc="sum", fill_value=0
).reset_index()
apart = order[won.home].to_numpy() - order[won.away].to_numpy()
share = won["first"] / (won["first"] + won["second"])
for low, high in zip(np.arange(-2, 2, 0.5), np.arange(-1.5, 2.5, 0.5), strict=True):
    among = (apart >= low) & (apart < high)
    right.plot((low + high) / 2, share[among].mean(), "o", color="C0")
right.set(xlabel="difference in strength", ylabel="probability of a win", ylim=(0, 1))
right.legend(title="model; dots: seen at home")
plt.show()
