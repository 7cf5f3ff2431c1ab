"""
Did the questionnaire's reversed items stay reversed?
=====================================================

In

    Personality Alignment of Large Language Models

a model is to answer a personality questionnaire as a given person did; the score is the mean
absolute difference of the two answers, summed over five traits. Half the items of such a
questionnaire are reversed ("I rarely worry"), and an answer can be stored as given or turned round
already. The released answers of people are turned round; the code compares them with a model's raw
option numbers. What that does to a score is shown on simulated answers, since the people's are not
bundled here.

Where the folder that ``PLURALISM_TEST_DATA`` names is at hand, the same check is run on the answers
that were released with

    EMNLP: Educator-role Moral and Normative Large Language Models Profiling
"""

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from pluralism.scores import check_keying, persona_distance

# SIMULATED people: 300 of them, 180 items, 36 a trait, every second one reversed.
rng = np.random.default_rng(0)
traits = np.repeat(list("NEOAC"), 36)
keyed = np.tile([1, -1], 90)
level = rng.normal(3.3, 0.45, (300, 5)).repeat(36, axis=1)
stored = np.clip(np.rint(level + rng.normal(0, 1.0, (300, 180))), 1, 5)  # turned round
raw = np.where(keyed > 0, stored, 6 - stored)

# %%
# The check: items of one trait and opposite keys
# -----------------------------------------------
# Worriers agree with "I worry" and disagree with "I rarely worry": raw answers correlate negatively
# across keys, answers that were turned round positively. The data themselves say which they are.
for name, answers in (("as stored", stored), ("as given", raw)):
    check = check_keying(answers, traits=traits, keyed=keyed, claimed="raw")
    print(name, "->", check.stored, check.correlation.to_series().round(2).to_dict())
    assert check.agrees == (name == "as given")

# %%
# What a wrong key costs
# ----------------------
# The best model there can be answers as the person did. Compared as published, it loses
# ``|x - (6 - x)| = 2 |x - 3|`` on every reversed item and nothing on the others: on average over
# both halves ``|x - 3|``, which is what the answer "3" to everything loses. Perfect imitation and
# none at all come out alike.
items = {"traits": traits, "keyed": keyed}
models = {  # all of them answering the question as it is put
    "the person's own answers": raw,
    "the person's trait means": np.where(
        keyed > 0,
        stored.reshape(300, 5, 36).mean(axis=2).repeat(36, axis=1),
        6 - stored.reshape(300, 5, 36).mean(axis=2).repeat(36, axis=1),
    ),
    "always 3": np.full_like(raw, 3.0),
}
rows = {
    name: {
        "distance": persona_distance(
            answers, stored, **items, predicted_stored="raw", actual_stored="keyed"
        ).total,
        "as published": persona_distance(
            answers, stored, **items, predicted_stored="raw", actual_stored="raw"
        ).total,
    }
    for name, answers in models.items()
}
table = pd.DataFrame(rows).T
print(table.round(2))
assert table.loc["the person's own answers", "distance"] == 0
published, constant = table["as published"], table["distance"]["always 3"]
assert abs(published["the person's own answers"] / constant - 1) < 0.02
assert (
    published["the person's trait means"] > constant > table["distance"]["the person's trait means"]
)

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained", width_ratios=[1.4, 1])
place = np.arange(3)
axes[0].barh(place + 0.2, table["distance"], height=0.4, label="keyed alike")
axes[0].barh(place - 0.2, table["as published"], height=0.4, label="as published")
axes[0].set_yticks(place, table.index)
axes[0].set(xlabel="sum of five mean absolute differences", xlim=(0, 7), title="SIMULATED people")
axes[0].legend(loc="lower right")
both = np.corrcoef(stored[:, :36].T)
same = np.equal.outer(keyed[:36], keyed[:36])
upper = np.triu(np.ones((36, 36), dtype=bool), 1)
bins = np.linspace(-0.5, 0.5, 31)
axes[1].hist(both[upper & ~same], bins, alpha=0.6, label="turned round")
axes[1].hist(-both[upper & ~same], bins, alpha=0.6, label="raw")
axes[1].set(xlabel="correlation of items of opposite keys", title="one trait", yticks=[])
axes[1].legend()
plt.show()

# %%
# A released table that is what it says
# -------------------------------------
# Twelve models at five temperatures and two samples of teachers answered the HEXACO; the file's
# name says "reversed". So it is: no trait speaks against it.
folder = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "emnlp_teacher"
if (folder / "HEXACO_summary_reversed.csv").is_file():
    key = pd.read_csv(folder / "hexaco_item_key.csv")
    answers = pd.read_csv(folder / "HEXACO_summary_reversed.csv", index_col=0)
    check = check_keying(
        answers[key["id"].astype(str)].to_numpy(),
        traits=key["Category"],
        keyed=np.where(key["Question_ID"].str.endswith("R"), -1, 1),
        claimed="keyed",
    )
    print(
        f"{len(answers)} rows are {check.stored}:", check.correlation.to_series().round(2).to_dict()
    )
    assert check.agrees
    assert round(float(check.correlation.mean()), 3) == 0.208
