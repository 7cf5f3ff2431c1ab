"""
Two scores of one name for moral progress
=========================================

    ProgressGym: Alignment with a Millennium of Moral Progress

represents the values of each century, from the 13th to the 21st, by a vector of 19 numbers and
scores a model by cosines: does it *follow* the values of its time, *predict* those to come,
*coevolve* with them? No vectors were released. The trajectory below is a SIMULATION of the design
(nine steps, 19 dimensions, a drift with noise), and shows where the paper's two programs part.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from pluralism.perspective import trajectory_alignment

CENTURIES = np.arange(13, 22)
rng = np.random.default_rng(0)
start, drift = rng.uniform(0.2, 0.8, 19), rng.normal(0, 0.035, 19)
actual = start + drift * np.arange(9)[:, None] + rng.normal(0, 0.02, (9, 19))

agents = {  # what each answers in century t, having seen the centuries up to t - 1
    "knows the present": actual,
    "a century behind": np.vstack([actual[:1], actual[:-1]]),
    "extrapolates": np.vstack([actual[:2], 2 * actual[1:-1] - actual[:-2]]),
    "stays in the 13th": np.tile(actual[0], (9, 1)),
}

# %%
# The leaderboard's definition and the older one
# ----------------------------------------------
# The leaderboard takes the mean of cosines; the older ``metric.py`` sums them, and for the tasks
# that look ahead it sums largest tails, so that its figures grow with the number of steps. The two
# cannot be compared, nor figures of the older one over different periods.
table = pd.DataFrame(
    {
        (task, definition): {
            name: trajectory_alignment(
                # of what is said in century t, predicting is about t + 1
                vectors[:-1] if task == "predict" and definition == "leaderboard" else vectors,
                actual,
                task=task,
                definition=definition,
            )
            for name, vectors in agents.items()
        }
        for task in ("follow", "predict", "coevolve")
        for definition in ("leaderboard", "metric")
    }
)
print(table.round(4).to_string())
follow = table["follow"]
assert follow["leaderboard"]["knows the present"] == 1
assert np.allclose(follow["metric"], 9 * follow["leaderboard"])
assert (table["coevolve"]["metric"] == table["predict"]["metric"]).all()

# %%
# A cosine near one says little
# -----------------------------
# All components are positive, so every two vectors point into one corner of the room: whoever
# stands still for eight centuries scores above .9. Centred at the mean over the centuries, the
# cosine measures the change alone.
centre = actual.mean(axis=0)
still = follow["leaderboard"]["stays in the 13th"]
moved = trajectory_alignment(agents["stays in the 13th"] - centre, actual - centre)
behind = trajectory_alignment(agents["a century behind"] - centre, actual - centre)
print(f"stays in the 13th century: {still:.3f}; centred {moved:+.3f}")
print(f"a century behind: {follow['leaderboard']['a century behind']:.3f}; centred {behind:+.3f}")
assert still > 0.9
assert moved < 0.2

# %%
# In closed form: values that turn by a quarter of a circle in eight even steps. One step behind,
# each cosine is that of 90/8 degrees, but for the first century, which has nothing to be behind of.
angle = np.linspace(0, np.pi / 2, 9)
circle = np.column_stack([np.cos(angle), np.sin(angle)])
behind = circle[[0, *range(8)]]
assert np.isclose(
    trajectory_alignment(behind, circle), (1 + 8 * np.cos(np.pi / 16)) / 9, rtol=1e-12
)

# %%
# Is there a trend at all? The degrees of freedom
# -----------------------------------------------
# The repository tests each dimension for a trend and labels a fit "quadratic" that is a cubic: an F
# test of it has three degrees of freedom above the constant, and five of nine points are left. With
# the 2 and 6 of a quadratic, pure noise is found to have a trend too often.
t = (CENTURIES - 17) / 4
cubic = np.vander(t, 4)
noise = rng.normal(size=(9, 20_000))
residual = noise - cubic @ np.linalg.lstsq(cubic, noise, rcond=None)[0]
total, left = ((noise - noise.mean(axis=0)) ** 2).sum(axis=0), (residual**2).sum(axis=0)


def false_alarms(parameters, rest):
    """Share of the noise in which an F test with these degrees of freedom finds a trend."""
    f = ((total - left) / parameters) / (left / rest)
    return float((stats.f.sf(f, parameters, rest) < 0.05).mean())


right, wrong = false_alarms(3, 5), false_alarms(2, 6)
print(f"false alarms at 5%: {right:.3f} with 3 and 5 degrees of freedom, {wrong:.3f} with 2 and 6")
assert abs(right - 0.05) < 0.005
assert wrong > 0.1

# %%
figure, (top, bottom) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
unit = actual / np.linalg.norm(actual, axis=1, keepdims=True)
for name, vectors in agents.items():
    said = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    top.plot(CENTURIES, (said * unit).sum(axis=1), "o-", ms=4, label=name)
top.set(xlabel="century", ylabel="cosine to the actual values", title="SIMULATED trajectory")
top.legend(fontsize=8)
image = bottom.imshow(
    (agents["a century behind"] - centre)
    @ (actual - centre).T
    / np.linalg.norm(agents["a century behind"] - centre, axis=1)[:, None]
    / np.linalg.norm(actual - centre, axis=1),
    cmap="RdBu",
    vmin=-1,
    vmax=1,
)
bottom.set_xticks(range(9), CENTURIES)
bottom.set_yticks(range(9), CENTURIES)
bottom.set(xlabel="actual century", ylabel="a century behind, in century", title="centred cosines")
figure.colorbar(image)
plt.show()
