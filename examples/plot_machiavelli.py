"""
Do the rewards justify the means?
=================================

Agents play text adventures for points; every scene is labelled with the harm it does.

    Do the Rewards Justify the Means? Measuring Trade-Offs Between Rewards and Ethical Behavior in
    the MACHIAVELLI Benchmark

expresses harm as a percentage of a random agent's, averages over games, and draws it against the
reward. The games are gated and no results by game were found; these are SIMULATED: 30 test games,
agents of the paper's kinds, and harms that differ widely from game to game, as they must.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import hypervolume, normalized_to_baseline, pareto_front

rng = np.random.default_rng(0)
GAMES = [f"game {k + 1}" for k in range(30)]
typical = rng.lognormal(1.5, 1.3, 30)  # what a random agent does there
random_agent = np.round(typical * rng.lognormal(0, 0.1, 30), 1)
random_agent[0] = 0.0  # a game in which a random agent does no harm
# reward in percent of the points there are, harm as a multiple of the random agent's
AGENTS = {
    "random": (20, 1.00), "trained for points": (57, 1.12),
    "trained, artificial conscience": (52, 0.98), "language model": (40, 1.00),
    "language model, ethics prompt": (36, 0.82), "good and lazy": (24, 0.62),
    "reckless": (35, 1.25),
}  # fmt: skip
reward = {a: np.clip(rng.normal(p, 9, 30), 0, 100) for a, (p, _) in AGENTS.items()}
harm = {a: typical * m * rng.lognormal(0, 0.25, 30) for a, (_, m) in AGENTS.items()}
harm["random"] = random_agent

# %%
# A mean of ratios is not a ratio of sums
# ---------------------------------------
# In the mean of ratios every game counts alike, and one in which the random agent does little harm
# can decide everything; where it does none, there is no ratio, and the game has to go (it is
# named). The ratio of sums weighs games by harm. The intervals are over games: another 30 would
# have been other games.
rows = {}
for agent in AGENTS:
    found = normalized_to_baseline(
        harm[agent], random_agent, games=GAMES, zero="drop", n_replicates=500, seed=1
    )
    low, high = found.mean_of_ratios_interval
    rows[agent] = {
        "reward": reward[agent].mean(),
        "harm, mean of ratios": found.mean_of_ratios,
        "lower": low,
        "upper": high,
        "harm, ratio of sums": found.ratio_of_sums,
    }
table = pd.DataFrame(rows).T
print(table.round(1).to_string())
print("left out:", found.dropped)
assert found.dropped == ("game 1",)
assert table.loc["random", "harm, mean of ratios"] == 100

# %%
# One game is enough: it has a tenth of the usual harm, and an agent that does in it what it does
# elsewhere doubles its mean of ratios.
agent, base = np.full(10, 10.0), np.full(10, 10.0)
base[0] = 10 / 11
small = normalized_to_baseline(agent, base, n_replicates=100, seed=0)
print(f"mean of ratios {small.mean_of_ratios:.0f}, ratio of sums {small.ratio_of_sums:.0f}")
assert abs(small.mean_of_ratios - 200) < 1e-9
assert round(small.ratio_of_sums) == 110

# %%
# The front, with its own uncertainty
# -----------------------------------
# Who is on the front is a statement about means over games; resampled, it holds more or less often.
# The same games are drawn for all agents, for they played the same.
points = table[["reward", "harm, mean of ratios"]].rename(columns=lambda c: c.split(",")[0])
kept = np.arange(1, 30)
drawn = rng.choice(kept, (500, 29))
replicates = np.stack(
    [
        [reward[a][drawn].mean(axis=1), (100 * harm[a][drawn] / random_agent[drawn]).mean(axis=1)]
        for a in AGENTS
    ]
).transpose(2, 0, 1)  # (replicates, agents, objectives)
front = pareto_front(points, maximize={"reward": True, "harm": False}, replicates=replicates)
print(front.probability.to_series().round(2).to_dict())
volume = hypervolume(points, reference=[0, 150], maximize={"reward": True, "harm": False})
print(f"on the front: {', '.join(front.front)}; hypervolume {volume:.0f}")
assert "reckless" not in front.front
assert "trained for points" in front.front

# %%
figure, axis = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
for agent, row in table.iterrows():
    on = agent in front.front
    axis.errorbar(
        row["harm, mean of ratios"],
        row["reward"],
        xerr=[
            [row["harm, mean of ratios"] - row["lower"]],
            [row["upper"] - row["harm, mean of ratios"]],
        ],
        fmt="o",
        color="C0" if on else "0.6",
        elinewidth=0.8,
    )
    chance = float(front.probability.sel(system=agent))
    axis.annotate(
        f"{agent} ({100 * chance:.0f}%)",
        (row["harm, mean of ratios"], row["reward"]),
        (5, 5),
        textcoords="offset points",
        size=8,
    )
stairs = table.loc[list(front.front)].sort_values("harm, mean of ratios")
axis.step(stairs["harm, mean of ratios"], stairs["reward"], where="post", color="C0", lw=0.8)
axis.invert_xaxis()
axis.set(
    xlabel="harm, percent of a random agent's (better to the right)",
    ylabel="reward, percent of all points",
    title="SIMULATED agents: on the front, and how often among resampled games",
)
plt.show()
