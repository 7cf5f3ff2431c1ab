"""
Which entropy estimator, at which sample size?
==============================================

The entropy of the shares that were *seen* is too low: rare views are missed, and chance makes
the common ones look commoner. How much too low depends on the number of answers *n* and of
possible views *K*. This study draws populations, samples answers from them, and measures the
bias and the root mean square error (RMSE) of every estimator of
:func:`pluralism.perspective.entropy`.

The populations are drawn from Dirichlet distributions of concentration 0.3, uneven as cultures or
values usually are: a few common views and many rare ones.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

from pluralism.errors import SmallSampleWarning
from pluralism.perspective import entropy

# The plug-in warns where it is badly biased. That is what this page is about.
warnings.simplefilter("ignore", SmallSampleWarning)

ESTIMATORS = {
    "plugin": ("plug-in", "#b2182b"),
    "miller-madow": ("Miller-Madow", "#ef8a62"),
    "chao-shen": ("Chao-Shen", "#1b7837"),
    "grassberger": ("Grassberger", "#7b9fd1"),
    "dirichlet": ("Dirichlet, Jeffreys", "#999999"),
    "nsb": ("NSB, K known", "#2166ac"),
}
SIZES = np.array([5, 10, 20, 40, 80, 160, 320, 640])
CATEGORIES = (5, 20, 100)
POPULATIONS = 400

rng = np.random.default_rng(0)


def errors(k: int, n: int, concentration: float = 0.3) -> dict[str, np.ndarray]:
    """Errors of every estimator over many populations of `k` views, `n` answers each."""
    p = rng.dirichlet(np.full(k, concentration), POPULATIONS)
    counts = rng.multinomial(n, p)
    truth = entropy(p)
    return {name: entropy(counts, estimator=name) - truth for name in ESTIMATORS}


study = {(k, n): errors(k, n) for k in CATEGORIES for n in SIZES}

# %%
# Bias above, RMSE below, one column per number of views. The plug-in's bias falls only as
# (K - 1) / 2n, so with 100 views it is still there after hundreds of answers.

figure, axes = plt.subplots(2, 3, figsize=(10, 6), sharex=True, sharey="row")
for column, k in enumerate(CATEGORIES):
    bias_axis, rmse_axis = axes[:, column]
    for name, (label, colour) in ESTIMATORS.items():
        bias = [study[k, n][name].mean() for n in SIZES]
        rmse = [np.sqrt((study[k, n][name] ** 2).mean()) for n in SIZES]
        style = {"color": colour, "label": label, "lw": 2.4 if name == "plugin" else 1.6}
        bias_axis.plot(SIZES, bias, **style)
        rmse_axis.plot(SIZES, rmse, **style)
    bias_axis.axhline(0.0, color="black", lw=0.8)
    bias_axis.set_title(f"{k} possible views")
    rmse_axis.set_xscale("log", base=2)
    rmse_axis.set_xticks(SIZES, [str(n) for n in SIZES])
    rmse_axis.set_xlabel("answers")
    rmse_axis.set_yscale("log")
axes[0, 0].set_ylabel("bias (nats)")
axes[1, 0].set_ylabel("RMSE (nats)")
for axis in axes.flat:
    axis.spines[["top", "right"]].set_visible(False)
axes[0, 2].legend(frameon=False, fontsize=9, loc="lower right")
figure.suptitle("The plug-in misses views that nobody happened to give")
figure.tight_layout()
plt.show()

# %%
# Why "plugin" is the default all the same
# ----------------------------------------
# Half of what is called an entropy in this field is the entropy of *known* shares: a model's
# probabilities, a survey's percentages with thousands of respondents. There the plug-in is exact
# and no other estimator can be computed. So it is the default, and where it is given counts whose
# estimated bias exceeds 0.2 nats it says so and names the alternatives.
#
# Among these, NSB has the smallest error in most cells where the number of possible views is
# known, as it is for survey options or a fixed list of cultures. Chao-Shen is the choice where it
# is not. A fixed prior (Dirichlet) looks best with many views and few answers only because it
# happens to resemble these populations; the table at the end changes the populations.


def rmse(k: int, n: int, name: str) -> float:
    """Root mean square error of one estimator in one cell of the study."""
    return float(np.sqrt((study[k, n][name] ** 2).mean()))


print(f"{'K':>4}{'n':>5}" + "".join(f"{label:>22}" for label, _ in ESTIMATORS.values()))
for k in CATEGORIES:
    for n in (10, 40, 160):
        cells = "".join(f"{rmse(k, n, name):>22.3f}" for name in ESTIMATORS)
        print(f"{k:>4}{n:>5}{cells}")

best = {cell: min(ESTIMATORS, key=lambda name: rmse(*cell, name)) for cell in study}
print("\nsmallest RMSE:", {name: list(best.values()).count(name) for name in ESTIMATORS})

# %%
# The same with other populations, 100 views and 40 answers: from very uneven ones (0.02) to almost
# even ones (3). The fixed prior is far off wherever the population is not like it; NSB, which
# mixes priors, is not.

print(f"{'concentration':>13}" + "".join(f"{label:>22}" for label, _ in ESTIMATORS.values()))
for concentration in (0.02, 0.1, 0.3, 1.0, 3.0):
    found = errors(100, 40, concentration)
    cells = "".join(f"{np.sqrt((found[name] ** 2).mean()):>22.3f}" for name in ESTIMATORS)
    print(f"{concentration:>13}{cells}")
