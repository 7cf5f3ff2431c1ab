"""
How far should a model be steered?
==================================

    Tradeoffs Between Alignment and Helpfulness in Language Models with Representation Engineering

adds a vector of length r to a model's activations and finds, in theory and in experiment, that the
wanted behaviour grows linearly in r near zero while helpfulness falls quadratically: a little
steering is nearly free. Outputs were not released. Below is a seeded SIMULATION of the design (the
paper's curves, 100 questions a point), with the method that finds both exponents from data.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from pluralism.scores import pareto_front, tradeoff_fit

# The paper's curves: behaviour P(+) - P(-) = tanh(a r + b0), and accuracy among four options
# 1/4 + 1/2 / (1 + c + c d r^2); its fitted values were not released, these are made up.
QUESTIONS = 100
GAIN, OFFSET, FLOOR, LOSS = 0.2, -0.2, 0.1, 0.25
strength = np.arange(-10, 10.01, 0.25)


def behaviour(r):
    """P(+) - P(-) at strength r."""
    return np.tanh(GAIN * r + OFFSET)


def helpfulness(r):
    """Share of questions answered correctly at strength r."""
    return 0.25 + 0.5 / (1 + FLOOR + FLOOR * LOSS * r**2)


rng = np.random.default_rng(0)
positive = rng.binomial(QUESTIONS, (1 + behaviour(strength)) / 2) / QUESTIONS
aligned = 2 * positive - 1
helpful = rng.binomial(QUESTIONS, helpfulness(strength)) / QUESTIONS

# %%
# Near zero: a line and a parabola
# --------------------------------
# The slope of tanh at r = 0 is a (1 - tanh(b0)^2); the curvature of the accuracy is
# c d / 2 (1 + c)^-2. The fit finds both within two standard errors, and Akaike's criterion (smaller
# is better) prefers the line for the gain and the parabola for the cost.
near = np.abs(strength) <= 3
fit = tradeoff_fit(strength[near], aligned[near], helpful[near])
slope = GAIN * (1 - np.tanh(OFFSET) ** 2)
curvature = 0.5 * FLOOR * LOSS / (1 + FLOOR) ** 2
print(f"slope {fit.slope:.3f} +- {fit.slope_stderr:.3f} (theory {slope:.3f})")
print(f"curvature {fit.curvature:.4f} +- {fit.curvature_stderr:.4f} (theory {curvature:.4f})")
print("gain:", {form: round(aic, 1) for form, aic in fit.gain_aic.items()})
print("cost:", {form: round(aic, 1) for form, aic in fit.cost_aic.items()})
assert abs(fit.curvature - curvature) < 2 * fit.curvature_stderr
assert abs(fit.slope - slope) < 2 * fit.slope_stderr
assert fit.gain_aic["linear"] < min(fit.gain_aic["quadratic"], fit.gain_aic["constant"])
assert fit.cost_aic["quadratic"] < min(fit.cost_aic["linear"], fit.cost_aic["constant"])

# %%
# The best strength depends on what helpfulness is worth
# ------------------------------------------------------
# Gain s r less w q r^2 is largest at r = s / 2 w q. The parabola holds near zero only; over the
# whole range both curves saturate, and a line fitted to all of it is biased.
for weight in (2, 4, 10):
    print(
        f"a point of helpfulness worth {weight} of behaviour: r = {fit.best_strength(weight):.1f}"
    )
everything = tradeoff_fit(strength, aligned, helpful)
print(f"slope over the whole range {everything.slope:.3f}, near zero {fit.slope:.3f}")
assert everything.slope < 0.75 * fit.slope

# %%
# Which strengths can anybody want?
# ---------------------------------
# With a vector that works, a negative strength loses on both sides: no choice of weights picks it.
curve = np.column_stack([behaviour(strength), helpfulness(strength)])
front = pareto_front(curve)
wanted = strength[front.mask.values]
print(f"undominated: r from {wanted.min():g} to {wanted.max():g}")
assert wanted.min() == 0
assert len(wanted) == 41

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
for seen, true, name, colour in (
    (aligned, behaviour, "behaviour", "C0"),
    (helpful, helpfulness, "helpfulness", "C1"),
):
    left.plot(strength, seen, ".", color=colour, alpha=0.5)
    left.plot(strength, true(strength), color=colour, label=name)
r = np.linspace(-3, 3, 61)
left.plot(r, fit.gain_intercept + fit.slope * r, "k--", lw=1)
left.plot(r, fit.cost_intercept - fit.curvature * r**2, "k--", lw=1, label="line and parabola")
left.set(xlabel="strength r", title="SIMULATED, 100 questions a point")
left.legend()
right.plot(curve[:, 0], curve[:, 1], color="0.8")
right.scatter(*curve[front.mask.values].T, c=wanted, cmap="viridis", zorder=2)
for weight in (2, 4, 10):
    best = fit.best_strength(weight)
    point = (behaviour(best), helpfulness(best))
    right.annotate(f"weight {weight}: r = {best:.1f}", point, (8, 6), textcoords="offset points")
    right.plot(*point, "k*", ms=9)
right.set(xlabel="behaviour", ylabel="helpfulness", title="undominated strengths")
plt.show()
