"""
One profile, nine winners
=========================

Forty-five voters rank five alternatives; the profile is the one on which Markus Schulze explains
his rule. Nine reasonable rules give six different answers: what "the group prefers" is a question
about the rule as much as about the group.
"""

# %%
# The profile. A string is read letter by letter, since each permutes the same letters.

import matplotlib.pyplot as plt

from pluralism import Ballots, choice

profile = Ballots.from_rankings(
    ["ACBED", "ADECB", "BEDAC", "CABED", "CAEBD", "CBADE", "DCEBA", "EBADC"],
    counts=[5, 5, 8, 3, 7, 2, 7, 8],
)
profile.margins().to_pandas()

# %%
# There is no Condorcet winner: majorities go round in circles, so every rule must overrule one.

assert choice.condorcet_winner(profile).winners == ()

rules = {
    "plurality": choice.plurality,
    "instant runoff": choice.irv,
    "Borda": choice.borda,
    "ranked pairs": choice.ranked_pairs,
    "Schulze": choice.schulze,
    "Kemeny": choice.kemeny,
    "split cycle": choice.split_cycle,
    "uncovered set": choice.uncovered_set,
    "maximal lottery": choice.maximal_lottery,
}
outcomes = {name: rule(profile) for name, rule in rules.items()}
for name, outcome in outcomes.items():
    print(f"{name:16} {', '.join(outcome.winners)}")

# %%
# Each row is a rule; a filled disc wins. The maximal lottery gives each alternative the area of its
# probability.

figure, ax = plt.subplots(figsize=(6, 4.6), layout="constrained")
for y, outcome in enumerate(outcomes.values()):
    for x, label in enumerate(profile.alternatives):
        share = float(label in outcome.winners)
        if outcome.probabilities is not None:
            share = float(outcome.probabilities.sel(alternative=label))
        ax.scatter(x, y, s=420, facecolors="none", edgecolors="0.85", zorder=1)
        if share > 0:
            ax.scatter(x, y, s=420 * share, color="C0", zorder=2)
ax.set_xticks(range(len(profile.alternatives)), profile.alternatives)
ax.set_yticks(range(len(outcomes)), outcomes)
ax.margins(0.08)
ax.invert_yaxis()
ax.xaxis.tick_top()
ax.tick_params(length=0)
for side in ax.spines.values():
    side.set_visible(False)
ax.set_xlabel("45 voters, 5 alternatives: who wins under which rule")

# %%
# How much of this is noise? Drawing the 45 voters again shows that even the rules which agree on E
# are far from sure of it.

found = choice.winner_probabilities(profile, rule=choice.schulze, n=1000, seed=0)
found.probability.to_pandas().round(2)
