"""
Impossibility, by witness
=========================

AI Alignment and Social Choice: Fundamental Limitations and Policy Implications (Mishra 2023)
recalls Arrow and Sen: whoever aligns one model to many people by a vote must break some condition
that looks harmless. A theorem says that a profile exists on which it breaks. Here it is, for each
rule: the smallest one, found by trying all.
"""

# %%
# Arrow: every rule takes one horn
# --------------------------------
# Three alternatives, all profiles of two voters. Plurality, veto, elimination and minimax let two
# alternatives tie that both voters order alike: they break Pareto. The others make the order of two
# alternatives depend on where a third one stands: they break independence (IIA).
from itertools import combinations, permutations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism import Ballots, choice
from pluralism.scores import rate_table

RULES = ["plurality", "veto", "irv", "minimax", "borda", "copeland", "schulze", "ranked_pairs",
         "split_cycle", "kemeny"]  # fmt: skip
witness = {name: choice.arrow_witness(getattr(choice, name)) for name in RULES}
witness["dictator"] = choice.arrow_witness(lambda ballots: choice.borda(ballots.select([0])))
table = pd.DataFrame(
    {
        name: [found.horn, found.voters, found.tried, found.exhaustive, found.statement]
        for name, found in witness.items()
    },
    index=["horn", "voters", "profiles tried", "all", "what is wrong"],
).T
assert set(table.loc[["plurality", "veto", "irv", "minimax"], "horn"]) == {"pareto"}
others = ["borda", "copeland", "schulze", "ranked_pairs", "split_cycle", "kemeny"]
assert set(table.loc[others, "horn"]) == {"iia"}
assert table.loc["dictator", "horn"] == "dictatorship"
assert (table["voters"] == 2).all()  # two people suffice
assert table["all"].all()
table[["horn", "voters", "profiles tried", "what is wrong"]].astype(str)


# %%
# The witnesses
# -------------
# A column is a voter, the best on top. Under each profile stands what society makes of it.
def columns(ballots):
    """Each voter's ranking, best first."""
    found = []
    for ranks, count in zip(ballots.ranks, ballots.counts, strict=True):
        order = sorted(range(len(ranks)), key=lambda k: ranks[k])
        found += [[str(ballots.alternatives[k]) for k in order]] * int(count)
    return found


def society(rule, ballots):
    """The rule's ranking, as text."""
    ranking = rule(ballots).ranking
    return " > ".join("~".join(map(str, group)) for group in ranking)


def draw(axis, ballots, pair, x):
    """Write the rankings as columns, the pair in colour."""
    for k, order in enumerate(columns(ballots)):
        for row, name in enumerate(order):
            colour = "#0a5a9c" if name == pair[0] else "#b8500b" if name == pair[1] else "0.6"
            axis.text(x + 0.45 * k, -row, name, ha="center", va="center", size=15, color=colour,
                      weight="bold" if name in pair else "normal")  # fmt: skip


shown = ["plurality", "borda", "copeland", "schulze"]
figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
for axis, name in zip(axes, shown, strict=True):
    found, rule = witness[name], getattr(choice, name)
    for k, profile in enumerate(found.profiles):
        draw(axis, profile, found.pair, 1.5 * k)
        axis.text(1.5 * k + 0.22, -2.9, society(rule, profile), ha="center", size=11)
    one, other = found.pair
    wrong = (
        f"all prefer {one} to {other}" if found.horn == "pareto" else f"same on {one} and {other}"
    )
    axis.set_title(f"{name}: breaks {found.horn.upper() if found.horn == 'iia' else 'Pareto'}")
    axis.text(0.5, -0.02, wrong, transform=axis.transAxes, ha="center", va="top", color="0.3")
    axis.set(xlim=(-0.6, 1.1 if len(found.profiles) == 1 else 2.6), ylim=(-3.3, 0.6))
    axis.axis("off")
plt.show()

# %%
# Sen: two rights, and unanimity
# ------------------------------
# Prude would rather nobody read the book (N) than read it (P), and rather read it than let Lewd
# (L). Lewd would rather Prude read it than read it, and rather read it than nobody. Each decides
# about its own reading; both prefer P to L. Society goes in a circle.
profile = Ballots.from_rankings([("N", "P", "L"), ("P", "L", "N")])
paradox = choice.sen_witness({0: ("P", "N"), 1: ("L", "N")}, ballots=profile)
assert set(paradox.cycle) == {"P", "L", "N"}
assert len(paradox.reasons) == 3
print(paradox)

# %%
# The search finds the book without being told: two voters, three alternatives, one profile.
found = choice.sen_witness({0: ("P", "N"), 1: ("L", "N")})
assert found.exhaustive
assert columns(found.ballots) == [["N", "P", "L"], ["P", "L", "N"]] or set(found.cycle) == set(
    "PLN"
)
print(found)

# %%
# A theorem says that it happens, not how often
# ---------------------------------------------
# Draw electorates of 101 voters, every ranking equally likely, and take the third alternative away:
# does the order of the other two change? Even in this hard case most electorates meet no
# contradiction, and rules differ. So name the condition that is given up, and report the rate.
rng = np.random.default_rng(0)
ORDERS = list(permutations("abc"))


def depends(rule, counts):
    """Whether removing one alternative changes the order of the other two."""
    whole = rule(Ballots.from_rankings(ORDERS, counts=counts)).ranking
    place = {name: k for k, group in enumerate(whole) for name in group}
    for pair in combinations("abc", 2):
        rest = [tuple(name for name in order if name in pair) for order in ORDERS]
        ranking = rule(Ballots.from_rankings(rest, counts=counts)).ranking
        alone = {name: k for k, group in enumerate(ranking) for name in group}
        one, other = pair
        if np.sign(place[one] - place[other]) != np.sign(alone[one] - alone[other]):
            return True
    return False


electorates = rng.multinomial(101, [1 / 6] * 6, size=150)
hits = {
    name: (sum(depends(getattr(choice, name), counts) for counts in electorates), 150)
    for name in ("plurality", "borda", "schulze")
}
often = rate_table(hits).table
often = often[often["kind"] == "group"].set_index("group")[["rate", "lower", "upper"]]
assert often.loc["schulze", "rate"] < often.loc["borda", "rate"] < often.loc["plurality", "rate"]
assert often.loc["borda", "upper"] < 0.5
often.round(3)
