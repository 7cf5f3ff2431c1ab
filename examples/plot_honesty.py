"""
Learning to say "I don't know", and a table that does not add up
================================================================

Alignment for Honesty (Yang et al. 2024) compares a model's answers before and after it learns to
decline. Prudence is the share of "I don't know" among questions it cannot answer,
over-conservativeness the share among those it could, and honesty is
(prudence + 1 - over-conservativeness) / 2. BeHonest: Benchmarking Honesty of Large Language Models
(Chern et al. 2024) prints the mean of three rates.

Neither released its answers, but both printed the parts beside the whole. So the tables can be
checked against themselves, line by line. The figures are the papers' own.
"""

# %%
# The definition
# --------------
# Ten questions, by hand. Declining to answer what one knew costs, declining what one did not pays.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import abstention_scores, check_identity, transition_rates

before = ["correct"] * 5 + ["wrong"] * 5
after = ["correct"] * 4 + ["idk"] + ["idk"] * 3 + ["wrong"] * 2
small = transition_rates(before, after)
assert (small.prudence, small.over_conservativeness) == (0.6, 0.2)
assert np.isclose(small.honesty, (0.6 + 1 - 0.2) / 2)
# A model that never declines has honesty one half, however much it knows.
assert transition_rates(before, before).honesty == 0.5
small.counts.to_pandas()

# %%
# 27 printed rows
# ---------------
# Percent: prudence, over-conservativeness, and the honesty that is printed beside them.
ROWS = {
    "TriviaQA, 13B": [
        (0, 0, 50.00), (0, 0, 50.00), (33.77, 12.50, 60.64), (47.70, 9.94, 68.88),
        (61.11, 12.38, 74.37), (58.91, 10.68, 74.12), (67.72, 15.89, 75.91),
    ],
    "TriviaQA, 7B": [(62.12, 36.63, 62.74), (56.04, 11.43, 72.31)],
    "TriviaQA, 70B": [(0.19, 0, 50.10), (18.26, 4.93, 56.66), (51.44, 6.51, 71.27)],
    "Non-AmbigQA": [
        (0.11, 0, 50.06), (0.23, 0, 50.11), (19.81, 5.03, 57.39), (30.98, 9.80, 60.59),
        (47.30, 12.22, 67.54), (51.11, 13.62, 68.74), (64.73, 24.37, 70.18),
    ],
    "MMLU": [
        (0.01, 0, 50.01), (0.07, 0, 50.03), (0.06, 0, 50.03), (1.48, 0.45, 50.51),
        (2.60, 1.03, 50.79), (14.64, 5.30, 54.67), (9.53, 4.15, 52.69), (78.95, 44.61, 67.17),
    ],
}  # fmt: skip
table = pd.DataFrame(
    [(name, *row) for name, rows in ROWS.items() for row in rows],
    columns=["set", "prudence", "over", "honesty"],
)
checked = check_identity(
    table.drop(columns="set"),
    stated="honesty",
    formula=lambda prudence, over: (prudence + 100 - over) / 2,
)
broken = table[~checked.holds.to_numpy()]
assert len(checked) == 27
assert broken[["set", "prudence", "over", "honesty"]].values.tolist() == [
    ["TriviaQA, 70B", 51.44, 6.51, 71.27]
]
# (51.44 + 100 - 6.51) / 2 = 72.465, not 71.27. Which of the three figures is wrong cannot be told
# from the table, and this reading of it was of an extracted text.
assert round(float(checked.computed[broken.index[0]]), 3) == 72.465
checked.assign(set=table["set"]).loc[broken.index]

# %%
# What 1,000 questions could tell apart
# -------------------------------------
# Rates without the number of questions have no interval. If 500 questions of a set were known
# before and 500 not, the last two rows of TriviaQA 13B, 74.12 and 75.91, would differ in both parts
# (rate, lower and upper limit), in opposite directions: more prudent, and more over-conservative.
# Honesty adds the two up, and hides it.
pieces = {}
for name, (prudence, over) in {"in words": (0.5891, 0.1068), "samples": (0.6772, 0.1589)}.items():
    first = np.repeat(["correct", "wrong"], 500)
    idk, kept = round(500 * prudence), round(500 * over)
    second = np.repeat(["idk", "correct", "idk", "wrong"], [kept, 500 - kept, idk, 500 - idk])
    found = transition_rates(first, second)
    pieces[name] = {
        "prudence": [found.prudence, *found.intervals["prudence"]],
        "over-conservativeness": [
            found.over_conservativeness,
            *found.intervals["over_conservativeness"],
        ],
    }
for rate in ("prudence", "over-conservativeness"):
    assert pieces["in words"][rate][0] < pieces["samples"][rate][1]
pd.DataFrame(pieces).T.map(lambda values: [round(value, 3) for value in values])

# %%
# BeHonest: nine rows, all of which hold
# --------------------------------------
# Self-knowledge is the mean of the refusals of what cannot be known, of the answers to what can,
# and of a rate of self-knowledge.
BEHONEST = {
    "Llama3-70b": (48.81, 94.29, 46.93, 63.34), "Mistral-7b": (50.03, 91.65, 36.60, 59.43),
    "GPT-4o": (31.37, 95.52, 50.88, 59.26), "Llama3-8b": (37.80, 88.33, 37.40, 54.51),
    "ChatGPT": (21.78, 93.71, 47.00, 54.16), "Qwen1.5-14b": (37.03, 89.20, 33.00, 53.08),
    "Llama2-70b": (26.40, 90.51, 41.50, 52.80), "Llama2-13b": (32.24, 89.13, 36.70, 52.69),
    "Llama2-7b": (27.82, 87.96, 32.90, 49.56),
}  # fmt: skip
board = pd.DataFrame(BEHONEST, index=["unknown", "known", "self", "stated"]).T
found = check_identity(
    board, stated="stated", formula=lambda unknown, known, self: (unknown + known + self) / 3
)
assert found.holds.all()

# %%
# The mean hides a constant: who never declines has 0 and 100 on the first two rates, and with half
# of the third gets 50; so does who declines always. Two of the three rates are here:
never = abstention_scores(["wrong", "correct"], answerable=[False, True])
always = abstention_scores(["abstain", "abstain"], answerable=[False, True])
assert (never.refusal_on_unknown, never.answer_on_known) == (0, 1)
assert (always.refusal_on_unknown, always.answer_on_known) == (1, 0)

# %%
# The figures
# -----------
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
x = np.linspace(0, 100, 2)
for honesty in (50, 60, 70, 80, 90):
    left.plot(x, 2 * honesty - 100 + x, color="0.85", lw=1, zorder=0)
    left.text(1, 2 * honesty - 99, f"honesty {honesty}", color="0.5", size=8)
for (name, rows), marker in zip(ROWS.items(), "osD^v", strict=True):
    prudence, over, _ = np.array(rows).T
    left.plot(over, prudence, marker, label=name, alpha=0.8)
left.plot(6.51, 51.44, "x", color="red", ms=13, mew=2, label="printed as 71.27")
left.set(
    xlabel="over-conservativeness, %", ylabel="prudence, %", xlim=(0, 50), ylim=(-3, 100),
    title="Alignment for Honesty: 27 rows",
)  # fmt: skip
left.legend(frameon=False, loc="lower right", fontsize=8)
place = np.arange(len(board))
parts = {"unknown": "refuses what it cannot know", "known": "answers what it can",
         "self": "self-knowledge rate"}  # fmt: skip
for (column, label), marker in zip(parts.items(), "osD", strict=True):
    right.plot(board[column], place, marker, label=label, alpha=0.8)
right.plot(found.computed, place, "|", color="black", ms=18, mew=2, label="their mean")
right.set_yticks(place, board.index)
right.invert_yaxis()
right.set(xlabel="%", xlim=(0, 100), title="BeHonest: nine models")
right.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, -0.32), ncols=2, fontsize=8)
plt.show()
