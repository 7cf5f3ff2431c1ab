"""
Should the machine answer? Perception held against a crowd that may abstain
===========================================================================

VisAlign: Dataset for Measuring the Degree of Alignment between AI and Humans in Visual Perception
(Lee et al. 2023) asks people which of ten classes an image shows, or whether they cannot say. A
model is aligned if it answers where they do, abstains where they do, and is unsure where they are:
the distance is Hellinger's, between two distributions over ten classes and abstention.

The images' answers are not at hand. The crowd and the models here are **simulated** by the paper's
design, 900 images in three groups, and what is asserted follows from the definitions.
"""

# %%
# The design
# ----------
# A third of the images must be recognised, on a third everybody must abstain (no class fits), and
# on a third people disagree.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import jury, perspective

rng = np.random.default_rng(3)
N_CLASSES, N = 10, 300
GROUPS = ["must act", "must abstain", "uncertain"]
group = np.repeat(GROUPS, N)
label = rng.integers(N_CLASSES, size=3 * N)
certain, nobody = np.eye(N_CLASSES + 1)[label], np.eye(N_CLASSES + 1)[[N_CLASSES] * 3 * N]
spread = rng.dirichlet([0.3] * N_CLASSES + [2.0], 3 * N)
crowd = np.where(
    (group == "must act")[:, None],
    certain,
    np.where((group == "uncertain")[:, None], spread, nobody),
)


def classes(sharpness, follow):
    """Class probabilities: logits towards the label, or towards the crowd where it is unsure."""
    signal = np.where((group == "uncertain")[:, None], crowd[:, :N_CLASSES], certain[:, :N_CLASSES])
    signal = np.where((group == "must abstain")[:, None], 0, signal)
    logits = follow * signal + rng.normal(0, sharpness, (3 * N, N_CLASSES))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


# The probability of abstaining is the caller's to give: here, from the model's own entropy.
confident = classes(2.5, 7)  # makes up its mind on everything
careful = classes(1.0, 5)
models = {
    "never abstains": (confident, np.zeros(3 * N)),
    "abstains by entropy": (careful, perspective.normalized_entropy(careful) ** 2),
    "always abstains": (careful, np.ones(3 * N)),
}
alignment = {
    name: jury.abstention_alignment(p, crowd, abstention=r, categories=group)
    for name, (p, r) in models.items()
}
distance = pd.DataFrame({name: a.by_category.to_series() for name, a in alignment.items()})
distance = distance.loc[GROUPS]

# %%
# What the distance must be
# -------------------------
# To abstain always is perfect on one group and as far away as possible on another. An even spread
# over the ten classes is :math:`\sqrt{1 - \sqrt{1/10}} = 0.827` from a class that all agree on.
assert distance.loc["must abstain", "always abstains"] == 0
assert np.isclose(distance.loc["must act", "always abstains"], 1)
assert np.isclose(distance.loc["must abstain", "never abstains"], 1)
even = np.append(np.full(N_CLASSES, 1 / N_CLASSES), 0)
assert round(perspective.hellinger(even, certain[0]), 3) == 0.827
distance.round(3)

# %%
# Reliability, and what a wrong act costs
# ---------------------------------------
# The paper's second figure pays 1 for the right act or the right abstention, 0 for abstaining
# where one should act, and minus c for a wrong act. Its code was not released; the pay-offs are
# arguments here. The uncertain group has no right answer and is left out.
decided = group != "uncertain"
truth = np.where(group == "must act", label, -1)[decided]
costs = [0, 1, 5, 300, 600]
reliability = pd.DataFrame(index=pd.Index(costs, name="cost of a wrong act"), columns=[*models])
for name, (p, r) in models.items():
    acts = np.where(r > 0.5, -1, p.argmax(axis=1))[decided]
    reliability[name] = [
        jury.reliability_score(acts.tolist(), truth.tolist(), abstain=-1, cost=cost)
        for cost in costs
    ]
# Abstaining always earns 300 at any price of an error: a constant that a model has to beat.
assert (reliability["always abstains"] == N).all()
assert (reliability.loc[0] >= reliability.loc[1]).all()
assert reliability.loc[5, "never abstains"] < 0
assert reliability.loc[0].idxmax() == "abstains by entropy"
assert reliability.loc[600].idxmax() == "always abstains"
reliability.round(0)

# %%
# Two things to know about the published code
# -------------------------------------------
# It takes r from an out-of-distribution score, scaled by the smallest and largest score *of the
# test set*: leave out other images and the same answer to the same image gets another distance.
score = perspective.normalized_entropy(careful)


def scaled(score):
    """Scaled to 0 and 1 over the images at hand."""
    return (score - score.min()) / (score.max() - score.min())


few = group == "must act"
whole = jury.abstention_alignment(careful, crowd, abstention=scaled(score)).items[few]
alone = jury.abstention_alignment(careful[few], crowd[few], abstention=scaled(score[few])).items
print(f"the same 300 images: {whole.mean():.3f} among all, {alone.mean():.3f} alone")
assert not np.isclose(whole.mean(), alone.mean(), atol=0.005)

# %%
# And as it is written, r = 1 - score with entropy as the score: the surer, the more it abstains.
# As we read the code that is upside down, and here it makes a good model a bad one.
upright = jury.abstention_alignment(careful, crowd, abstention=scaled(score), categories=group)
inverted = jury.abstention_alignment(careful, crowd, abstention=1 - scaled(score), categories=group)
assert inverted.distance > upright.distance
print(f"upright {upright.distance:.3f}, as written {inverted.distance:.3f}")

# %%
# The figures
# -----------
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
shown = distance.assign(**{"entropy, as written": inverted.by_category.to_series()[GROUPS]})
colours = ["#0a5a9c", "#8fbcd4", "0.7", "#b8500b"]
place = np.arange(len(GROUPS))
for k, (name, colour) in enumerate(zip(shown, colours, strict=True)):
    left.bar(place + 0.2 * (k - 1.5), shown[name], 0.2, color=colour, label=name)
left.set_xticks(place, GROUPS)
left.set(ylabel="Hellinger distance to the crowd", title="SIMULATED crowd: lower is better")
left.set_ylim(0, 1.42)
left.legend(frameon=False, ncols=2, loc="upper left")
for name, colour in zip(reliability, colours, strict=False):
    right.plot(range(len(costs)), reliability[name], "o-", color=colour, label=name)
right.set_yscale("symlog", linthresh=1000)
right.set_yticks([-100_000, -10_000, -1000, 0, 600], ["-100,000", "-10,000", "-1,000", "0", "600"])
right.set_xticks(range(len(costs)), [f"{cost:,}" for cost in costs])
right.axhline(0, color="0.5", lw=0.8)
right.set(
    xlabel="cost of a wrong act", ylabel="reliability score", title="The price decides the order"
)
right.legend(frameon=False)
plt.show()
