"""
Is there a utility at all? A panel of responders, tested before they are believed
=================================================================================

Utility Engineering: Analyzing and Controlling Emergent Value Systems in AIs (Mazeika et al. 2025)
elicits preferences of language models by forced choices, fits utilities, and reports that more
capable models are more confident, less cyclic, better predicted, and closer to expected utility.
This page draws the same figures for a *simulated* panel, whose truth is known: sharper responders
have larger scores of capability, all are pulled a little to the option shown first, and one of them
tosses a coin. What the original leaves out stands beside every number: what a coin would show, and
how sure the number is.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import pluralism as pl
from pluralism import utility

rng = np.random.default_rng(7)
N_OPTIONS, N_LOTTERIES, PER_ORDER = 40, 12, 10

# %%
# A panel
# -------
#
# Each responder sees every pair in both orders, ten times each. Its choices follow utilities times
# a sharpness; lotteries over two or three options are options like any other, and worth their
# expected utility plus an error that is smaller for the sharp.

names = [f"option {k}" for k in range(N_OPTIONS)]
lotteries = {}
for k in range(N_LOTTERIES):
    outcomes = rng.choice(N_OPTIONS, rng.integers(2, 4), replace=False)
    weights = rng.dirichlet(np.ones(len(outcomes)))
    lotteries[f"lottery {k}"] = {names[o]: w for o, w in zip(outcomes, weights, strict=True)}
items = names + list(lotteries)
common = rng.normal(size=N_OPTIONS)


def panellist(capability):
    """Votes of one simulated responder in both orders."""
    sharpness = 0.0 if capability is None else 3.0 * ((capability - 20) / 70) ** 2
    level = 0.5 if capability is None else (capability - 20) / 70
    worth = level * common + (1 - level) * rng.normal(size=N_OPTIONS)
    expected = [
        sum(p * worth[names.index(o)] for o, p in parts.items()) for parts in lotteries.values()
    ]
    values = np.append(worth, np.array(expected) + 1.2 * (1 - level) * rng.normal(size=N_LOTTERIES))
    low, high = np.triu_indices(len(items), 1)
    first = np.repeat(np.r_[low, high], PER_ORDER)
    second = np.repeat(np.r_[high, low], PER_ORDER)
    pull = 0.0 if capability is None else 0.4
    chance = 1 / (1 + np.exp(-(sharpness * (values[first] - values[second]) + pull)))
    return pl.Comparisons.from_codes(first, second, rng.random(len(first)) < chance, items=items)


capability = {f"model {k}": score for k, score in enumerate(np.linspace(32, 89, 9))}
panel = {name: panellist(score) for name, score in capability.items()}
coin = panellist(None)

# %%
# Confidence, cycles, accuracy
# ----------------------------
#
# The coin is where the binomial says: twenty votes on a pair make a confidence of .588, and 14% of
# its triads are strict cycles. The figure that Utility Engineering prints for its random responder,
# :math:`10^{-.484}` from 1,000 triads, agrees with one reading of "cycle" only: a strict chain that
# is not strictly closed.


def measured(votes):
    """The report's three numbers, with standard errors."""
    confidence = utility.preference_confidence(votes)
    cycles = utility.cyclic_triads(votes)
    model = utility.fit_bradley_terry(votes, prior=3.0)
    held_out = utility.held_out_accuracy(
        votes, model=lambda part: utility.fit_bradley_terry(part, prior=3.0), n_splits=5, seed=0
    )
    return confidence, cycles, held_out, model


results = {name: measured(votes) for name, votes in {**panel, "coin": coin}.items()}
confidence, cycles, held_out, _ = results["coin"]
assert round(confidence.expected, 5) == 0.58810
assert abs(confidence.confidence - confidence.expected) < 3 * confidence.stderr
expected = cycles.expected.to_series()
assert round(expected["strict"], 3) == 0.140
assert np.round(np.log10(expected[["strict", "weak", "soft", "unclosed"]]), 2).tolist() == [
    -0.85, -0.40, -0.60, -0.50
]  # fmt: skip
assert (abs(cycles.rate - cycles.expected) < 3 * cycles.stderr).all()
agrees = {}
for kind, p in expected.items():
    error = np.sqrt(p * (1 - p) / 1000)
    agrees[kind] = abs(10**-0.484 - p) < 2 * error
assert agrees == {"strict": False, "weak": False, "soft": False, "unclosed": True}

scores = np.array(list(capability.values()))
figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
series = {
    "confidence": (lambda r: r[0].confidence, lambda r: r[0].stderr, confidence.expected),
    "log10 share of unclosed triads": (
        lambda r: np.log10(r[1].rate.sel(kind="unclosed").item()),
        lambda r: (r[1].stderr / r[1].rate).sel(kind="unclosed").item() / np.log(10),
        np.log10(expected["unclosed"]),
    ),
    "accuracy on held-out pairs": (lambda r: r[2].accuracy, lambda r: r[2].stderr, 0.5),
}
correlation = {}
for panel_axes, (title, (value, error, chance)) in zip(axes, series.items(), strict=True):
    y = np.array([value(results[name]) for name in capability])
    bars = 1.96 * np.array([error(results[name]) for name in capability])
    correlation[title] = np.corrcoef(scores, y)[0, 1]
    panel_axes.errorbar(scores, y, yerr=bars, fmt="o", color="#0a5a9c", capsize=2)
    panel_axes.axhline(chance, color="0.4", linestyle=":")
    above = "top" if chance < 0 else "bottom"
    panel_axes.text(scores.max(), chance, "a coin", ha="right", va=above, color="0.35")
    panel_axes.set(xlabel="capability (simulated)", ylabel=title)
    panel_axes.set_title(f"r = {correlation[title]:.2f}", fontsize=10)
assert correlation["confidence"] > 0.8  # published for 23 models: 87.3%
assert correlation["log10 share of unclosed triads"] < -0.7  # published: -78.7%
assert correlation["accuracy on held-out pairs"] > 0.7  # published: 75.6%

# %%
# Is it noise? Cycles of a responder with utilities are expected too, and how many follows from the
# fit; and the pull of the first place shows in the pairs where the letter wins, not the option.

sharp = panel["model 8"]
modelled = utility.cyclic_triads(sharp, model=results["model 8"][3])
order = utility.order_consistency(sharp)
lower, upper = order.order_effect.interval()
assert lower < 0.4 < upper
pd.DataFrame({"seen": modelled.rate, "modelled": modelled.modelled, "coin": modelled.expected},
             index=modelled.rate["kind"].values).round(4)  # fmt: skip

# %%
order.share.to_series().round(3)

# %%
# Expected utility
# ----------------
#
# Lotteries are worth what their outcomes are worth on average, the more so the sharper the
# responder. Part of the error is that utilities are estimated: `noise_mae` is what a perfect
# maximizer with the errors of these fits would show.

lottery = {
    name: utility.expected_utility_consistency(results[name][3], lotteries=lotteries, n=200)
    for name in capability
}
error = np.array([lottery[name].standardized_mae for name in capability])
assert np.corrcoef(scores, error)[0, 1] < -0.7  # published, explicit lotteries: -87.4%
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
table = lottery["model 8"].lotteries
axes[0].errorbar(
    table["expected"], table["utility"], yerr=table["stderr"], fmt="o", color="#0a5a9c"
)
ends = [table["expected"].min(), table["expected"].max()]
axes[0].plot(ends, ends, color="0.4")
axes[0].set(xlabel="expected utility of the outcomes", ylabel="utility of the lottery")
axes[0].set_title("the sharpest responder", fontsize=10)
bounds = np.array([lottery[n].interval.sel(measure="standardized_mae").values for n in capability])
axes[1].vlines(scores, *bounds.T, color="#0a5a9c", alpha=0.5)
axes[1].plot(scores, error, "o", color="#0a5a9c")
axes[1].set(xlabel="capability (simulated)", ylabel="standardized mean absolute error")
pd.DataFrame(
    {name: {"mae": r.mae, "noise_mae": r.noise_mae} for name, r in lottery.items()}
).T.round(2)

# %%
# Exchange rates
# --------------
#
# Twelve quantities of four goods, and one of which less is better. Curves in the logarithm of the
# quantity give rates in closed form; the good with a falling curve has none, and is reported.

quantities = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000])
worth = {"Japan": 1.0, "Nigeria": 1.6, "France": 0.8, "Peru": 1.3, "deaths": -1.0}
goods = {f"{n} {good}": (good, int(n)) for good in worth for n in quantities}
curve = {
    option: (np.log(worth[good]) + np.log(n) if good != "deaths" else -np.log(n))
    + 0.3 * rng.normal()
    for option, (good, n) in goods.items()
}
rates = utility.exchange_rates(curve, goods=goods)
table = rates.relative_to("Japan", level=0.95)
assert table.set_index("good")["status"].to_dict()["deaths"] == "negative slope"
one, other = (rates.goods.set_index("good").loc[g] for g in ("Nigeria", "Japan"))
grid = np.log(quantities)  # the published average over both directions and all quantities
forth = (one.slope * grid + one.intercept - other.intercept) / other.slope - grid
back = grid - (other.slope * grid + other.intercept - one.intercept) / one.slope
average = np.exp(np.mean([forth, back]))
assert abs(np.log(average / table.set_index("good").loc["Nigeria", "rate"])) < 1e-10

shown = table[table["status"] == "ok"].sort_values("rate", ascending=False)
figure, ax = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
place = np.arange(len(shown))
ax.bar(place, shown["rate"] - 1, bottom=1, color=np.where(shown["rate"] >= 1, "#0a5a9c", "#b8500b"))
ax.errorbar(
    place, shown["rate"], yerr=[shown["rate"] - shown["lower"], shown["upper"] - shown["rate"]],
    fmt="none", color="0.2", capsize=3,
)  # fmt: skip
ax.plot(place, [worth[good] for good in shown["good"]], "_", color="black", markersize=18)
ax.axhline(1, color="0.4", linestyle="--")
ax.set(yscale="log", ylabel="lives in Japan worth one life", xticks=place)
ax.set_yticks([0.5, 1, 2], ["0.5", "1", "2"])
ax.minorticks_off()
ax.set_xticklabels(shown["good"])
ax.set_title("exchange rates (dashes: the truth; 'deaths' falls and has none)", fontsize=10)

# %%
# Discounting
# -----------
#
# $1,000 now, or a multiple of it later, at 30 multiples and 12 delays of up to 60 months.

delay, multiple = (
    g.ravel() for g in np.meshgrid(np.linspace(0, 60, 12), np.geomspace(0.5, 30, 30))
)
chance = 1 / (1 + np.exp(-4 * (np.log(multiple) - np.log1p(0.06 * delay))))
later = rng.binomial(10, chance)
choices = pd.DataFrame({"delay": delay, "multiplier": multiple, "later": later, "now": 10 - later})
discounting = utility.discount_curve(choices)
assert discounting.best == "hyperbolic"

figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
points = discounting.indifference
ax.vlines(points["delay"], points["lower"], points["upper"], color="0.5")
ax.plot(points["delay"], points["discount"], "o", color="0.2", label="indifference, no curve")
months = np.linspace(0, 60, 200)
styles = {"hyperbolic": "-", "exponential": "--", "present-biased": ":"}
for row in discounting.models.itertuples():
    ax.plot(
        months, discounting.discount(row.model, months), styles[row.model],
        label=f"{row.model}, ΔAIC {row.delta_aic:.0f}",
    )  # fmt: skip
ax.set(xlabel="months of delay", ylabel="discount", ylim=(0, 1.1))
ax.legend(frameon=False)
discounting.models[["model", "k", "k_lower", "k_upper", "delta_aic", "status"]].round(4)

# %%
# Convergence
# -----------
#
# Sharper responders come to the same utilities here because they were made to.

fits = {name: results[name][3] for name in capability}
convergence = utility.utility_convergence(fits, n=200)
components = utility.utility_components(fits, n=200)
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
image = axes[0].imshow(convergence.matrix, vmin=-1, vmax=1, cmap="RdBu")
axes[0].set_xticks(range(len(fits)), fits, rotation=90)
axes[0].set_yticks(range(len(fits)), fits)
figure.colorbar(image, ax=axes[0], label="correlation of utilities")
for name in fits:
    region = components.region(name)
    axes[1].fill(*region.values.T, alpha=0.15, color="#0a5a9c")
    axes[1].annotate(name.split()[1], components.scores.sel(respondent=name).values)
x, y = components.explained.values
axes[1].set(xlabel=f"PC1 ({x:.0%})", ylabel=f"PC2 ({y:.0%})")
axes[1].set_title("95% regions over options", fontsize=10)
assert convergence.matrix.values[-1, -2] > 0.8
