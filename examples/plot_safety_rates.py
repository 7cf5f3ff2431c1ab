"""
Rates that a constant beats: two safety benchmarks with their intervals
=======================================================================

The PacifAIst Benchmark:Would an Artificial Intelligence Choose to Sacrifice Itself for Human
Safety? (2025) asks 351 multiple-choice questions. Cross-Modality Safety Alignment (Wang et
al. 2024) shows 167 pairs of a harmless image and a harmless text that are unsafe together, SIUO.
Both print rates without intervals. All numbers are counts behind the papers' own figures.
"""

# %%
# Rates, with intervals
# ---------------------
# Of PacifAIst's eight systems the overall figures of two are 317 and 279 of 351; the two others
# follow from the questions on which they part (below).
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import attainable, compare_rates, rate_table

N = 351
counts = {"Gemini": 317, "Qwen3": 317 - 15 + 12, "Grok": 279 - 33 + 34, "GPT-5": 279}
rates = rate_table({name: (k, N) for name, k in counts.items()})
table = rates.table[rates.table["kind"] == "group"].set_index("group")
table = (100 * table[["rate", "lower", "upper"]]).loc[list(counts)]
assert table.loc["Gemini"].round(2).tolist() == [90.31, 86.77, 92.99]
assert table.loc["GPT-5"].round(2).tolist() == [79.49, 74.95, 83.38]
table.round(2)

# %%
# A constant answer
# -----------------
# The right letter is A in 328 of the 351 questions. A system that always answers A, and reads no
# question, gets 93.45%: more than any of those tested. On the other 23 questions the leader has 10
# right and the last of these four 16, so the order is reversed.
key = np.repeat(["A", "other"], [328, 23])
right = {  # right answers where the key is A, and where it is not
    "Gemini": (307, 10),
    "GPT-5": (263, 16),
    "always A": (328, 0),
}
assert {name: sum(pair) for name, pair in right.items()} == {
    "Gemini": 317, "GPT-5": 279, "always A": 328,
}  # fmt: skip
rows = pd.DataFrame({"answer": key, "key": key})
constant = rate_table(rows, answer="answer", correct="key")["always A"]
assert round(100 * constant.rate, 2) == 93.45
split = {
    name: rate_table({"A": (in_a, 328), "other": (elsewhere, 23)}).table.set_index("group")
    for name, (in_a, elsewhere) in right.items()
}
assert round(100 * split["Gemini"].loc["other", "rate"], 1) == 43.5
assert round(100 * split["GPT-5"].loc["other", "rate"], 1) == 69.6


# %%
# Who differs from whom
# ---------------------
# All systems answered the same questions, so only those on which two part count (McNemar, exact).
# Neighbours in the table cannot be told apart.
def paired(one, two):
    """Compare two systems by the questions that only one of them got right."""
    rest = N - one - two
    return compare_rates(
        {"first": np.repeat([1, 0, 1], [one, two, rest]),
         "second": np.repeat([0, 1, 1], [one, two, rest])}
    ).pairs.iloc[0]  # fmt: skip


parted = {("Gemini", "GPT-5"): (49, 11), ("GPT-5", "Grok"): (33, 34), ("Gemini", "Qwen3"): (15, 12)}
tests = pd.DataFrame(
    {
        f"{one} and {two}": [100 * found.difference, 100 * found.lower, 100 * found.upper,
                             found.pvalue]
        for (one, two), discordant in parted.items()
        for found in [paired(*discordant)]
    },
    index=["difference, %", "lower", "upper", "p"],
).T  # fmt: skip
assert tests["p"].iloc[0] < 1e-6
assert tests["p"].iloc[1] == 1
assert round(tests["p"].iloc[2], 2) == 0.70
tests.round(3)

# %%
# Two denominators
# ----------------
# PacifAIst prints a refusal rate beside the score. The score is over 351 multiple-choice questions,
# the refusal rate over 700 that include free answers, and a refusal is what contains one of a list
# of phrases, another list for each system: "I will not release the wheat strain" is a decision, and
# counts as a refusal. The two columns cannot be added or compared.
#
# SIUO: printed percentages that can be counts
# --------------------------------------------
# Every printed figure is a share of 167 cases, and only one count fits each.
SIUO = {"GPT-4V": (53.29, 69.46, 23.35, 38.92), "GPT-4o": (50.90, 95.81, 46.71, 41.32)}
KINDS = ["safe", "effective", "both", "both, multiple choice"]
found = {name: [attainable(value, 167, 2) for value in row] for name, row in SIUO.items()}
assert all(verdict for row in found.values() for verdict in row)
siuo = pd.DataFrame(
    {name: [verdict.counts[0] for verdict in row] for name, row in found.items()}, index=KINDS
)
assert siuo["GPT-4V"].tolist() == [89, 116, 39, 65]
assert siuo["GPT-4o"].tolist() == [85, 160, 78, 69]
assert all(len(verdict.counts) == 1 for row in found.values() for verdict in row)
siuo.T.rename_axis("of 167")

# %%
# Safety and effectiveness in one answer
# --------------------------------------
# GPT-4V is safe in 89 and effective in 116 of 167 answers, so at least 89 + 116 - 167 = 38 must be
# both; the paper counts 39. GPT-4o has 78, and the margins allow 78 to 85. The overlap is as small
# as it can be: were safe and effective independent, GPT-4V would have 62 of both. An average of the
# two rates would show none of this. (The paper combines repeated judgements before it takes their
# majority, so a count below the margins' minimum would not be an error.)
for name, both in (("GPT-4V", 39), ("GPT-4o", 78)):
    least = max(0, siuo[name]["safe"] + siuo[name]["effective"] - 167)
    print(f"{name}: {both} answers are both; the margins allow {least} to", siuo[name]["safe"])
    assert both - least <= 1
assert round(89 * 116 / 167) == 62

# %%
# The figures
# -----------
figure, (left, middle, last) = plt.subplots(
    1, 3, figsize=(12.5, 4), width_ratios=[1.1, 0.9, 1.2], layout="constrained"
)
place = np.arange(len(table))
error = [table["rate"] - table["lower"], table["upper"] - table["rate"]]
left.errorbar(table["rate"], place, xerr=error, fmt="o", color="#0a5a9c", capsize=3)
left.axvline(100 * constant.rate, color="#b8500b", ls="--")
left.text(100 * constant.rate - 0.4, 3.35, "always A", color="#b8500b", ha="right", va="center")
left.set_yticks(place, table.index)
left.invert_yaxis()
left.set(xlim=(73, 96), ylim=(3.6, -0.5), xlabel="as the key has it, %",
         title="PacifAIst, 95% intervals")  # fmt: skip
colours = {"Gemini": "#0a5a9c", "GPT-5": "#8fbcd4", "always A": "#b8500b"}
for k, (name, part) in enumerate(split.items()):
    part = 100 * part.loc[["A", "other"], ["rate", "lower", "upper"]]
    x = np.arange(2) + 0.25 * (k - 1)
    middle.bar(x, part["rate"], 0.25, color=colours[name], label=name)
    middle.errorbar(
        x, part["rate"], yerr=[part["rate"] - part["lower"], part["upper"] - part["rate"]],
        fmt="none", color="0.2", capsize=2,
    )  # fmt: skip
middle.set_xticks([0, 1], ["key is A (328)", "key is not A (23)"])
middle.set(ylabel="right, %", ylim=(0, 109), title="By the right letter")
middle.legend(frameon=False, loc="upper right")
for k, (name, colour) in enumerate((("GPT-4V", "#8fbcd4"), ("GPT-4o", "#0a5a9c"))):
    part = rate_table({kind: (n, 167) for kind, n in siuo[name].items()}).table.set_index("group")
    part = 100 * part.loc[KINDS, ["rate", "lower", "upper"]]
    x = np.arange(4) + 0.38 * (k - 0.5)
    last.bar(x, part["rate"], 0.38, color=colour, label=name)
    last.errorbar(
        x, part["rate"], yerr=[part["rate"] - part["lower"], part["upper"] - part["rate"]],
        fmt="none", color="0.2", capsize=2,
    )  # fmt: skip
last.set_xticks(range(4), [kind.replace(", ", ",\n") for kind in KINDS])
last.set(ylabel="% of 167", ylim=(0, 118), title="SIUO, 95% intervals")
last.legend(frameon=False, ncols=2, loc="upper right")
plt.show()
