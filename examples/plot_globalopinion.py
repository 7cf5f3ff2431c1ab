"""
Whose opinions does a model state?
==================================

A model was asked to state how the people of a country answer survey questions; the survey says
how they did answer. For which countries are the two close, how sure is that, and is it closer
than knowing nothing?

With the environment variable ``PLURALISM_TEST_DATA`` set to a folder that holds
``globalopinion/gob_gpt4.1.csv`` (GlobalOpinionBench: GPT-4.1's stated distributions beside the
answers to GlobalOpinionQA questions) the figure shows these. Otherwise it shows a **simulated
stand-in** of the same shape, and its title says so.
"""

import ast
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.stats
import xarray as xr

from pluralism.perspective import distributional_alignment

FOLDER = Path(os.environ.get("PLURALISM_TEST_DATA", "")) / "globalopinion"
REAL = (FOLDER / "gob_gpt4.1.csv").is_file()
#: Countries with fewer questions have intervals too wide to read anything from.
FEWEST = 10


def read(path: Path) -> pd.DataFrame:
    """Rows of country, question, survey shares and stated shares."""
    frame = pd.read_csv(path)
    for column in ("selections", "llm_distribution"):
        frame[column] = frame[column].map(ast.literal_eval)
    return frame.rename(columns={"selections": "survey", "llm_distribution": "stated"})


def simulate(n_countries: int = 12, n_questions: int = 40) -> pd.DataFrame:
    """Draw surveys, and statements that know some countries better than others."""
    rng = np.random.default_rng(11)
    rows = []
    for c in range(n_countries):
        knowledge = 0.9 - 0.9 * c / n_countries
        for question in range(n_questions):
            k = int(rng.integers(2, 6))
            survey, guess = rng.dirichlet(np.ones(k)), rng.dirichlet(np.full(k, 2.0))
            stated = knowledge * survey + (1 - knowledge) * guess
            rows.append((f"Country {chr(65 + c)}", f"Q{question}", survey, stated))
    return pd.DataFrame(rows, columns=["country", "question", "survey", "stated"])


rows = read(FOLDER / "gob_gpt4.1.csv") if REAL else simulate()
print(f"{len(rows)} rows, {rows.country.nunique()} countries,", "real" if REAL else "SIMULATED")

# %%
# Some statements have more or fewer shares than the question has options, and some survey rows
# are empty. Nothing can be compared there: such rows are dropped, and counted.

complete = (rows.survey.map(len) == rows.stated.map(len)) & (rows.survey.map(sum) > 0.0)
print(f"dropped: {int((~complete).sum())} rows without one share per option on both sides")
rows = rows[complete]

# %%
# Questions have different numbers of options, and countries were asked different questions. NaN
# marks both: an option that a question does not have, and a question that was not asked.

countries = rows.country.value_counts()
countries = sorted(countries[countries >= FEWEST].index)
questions = list(dict.fromkeys(rows.question))
width = rows.survey.map(len).max()


def table(column: str) -> xr.DataArray:
    """Return distributions (country, question, option), options padded with NaN."""
    values = np.full((len(countries), len(questions), width), np.nan)
    for row in rows[rows.country.isin(countries)].itertuples():
        shares = getattr(row, column)
        at = countries.index(row.country), questions.index(row.question)
        values[at][: len(shares)] = shares
    return xr.DataArray(
        values,
        dims=["country", "question", "option"],
        coords={"country": countries, "question": questions},
    )


survey, stated = table("survey"), table("stated")
equal = stated.where(np.isnan(stated), 1.0)
settings = {"distance": "total_variation", "question": "question", "dim": "option"}
# Stated percentages and rounded survey shares do not always sum to one: `normalize` divides.
result = distributional_alignment(stated, survey, normalize=True, respondents=1000, **settings)
nothing = distributional_alignment(equal, survey, normalize=True, **settings)

# %%
# The total variation is the share of people whose answer the model would have to change. Every
# country has its own yardsticks, since the questions differ: what stating equal shares for all
# options would miss, and what one half of 1,000 respondents misses of the other half.

order = np.argsort(result.distance.values)
names = [countries[i] for i in order]
place = np.arange(len(names))
distance = result.distance.values[order]
lower, upper = result.interval.values[order].T
uniform = result.baselines["uniform"].values[order]
noise = result.baselines["split_half"].values[order]
# Model and equal shares face the same questions, so their difference is judged in pairs.
gain = (nothing.by_question - result.by_question).values[order]
better = np.array(
    [scipy.stats.ttest_1samp(g[~np.isnan(g)], 0).confidence_interval().low > 0 for g in gain]
)

figure, axis = plt.subplots(figsize=(8, 0.32 * len(names) + 1.7))
axis.barh(place, noise, color="#e6e6e6", label="noise of 1,000 respondents (split half)")
axis.hlines(place, lower, upper, color=np.where(better, "#2166ac", "#b2182b"), lw=2)
axis.scatter(
    distance[better], place[better], color="#2166ac", zorder=3, label="closer than equal shares"
)
if not better.all():
    axis.scatter(
        distance[~better], place[~better], color="#b2182b", zorder=3, label="not surely closer"
    )
axis.plot(uniform, place, "|", color="black", ms=11, mew=1.6, label="stating equal shares")
axis.set_yticks(
    place,
    [f"{name}  ({n})" for name, n in zip(names, result.n_questions.values[order], strict=True)],
)
axis.invert_yaxis()
axis.set_xlim(0.0, None)
axis.set_xlabel("share of people misplaced (total variation, mean over questions, 95% interval)")
subject = "GPT-4.1" if REAL else "Simulated stand-in: a model"
axis.set_title(
    f"{subject} states some countries' opinions better than others", loc="left", fontsize=12
)
axis.spines[["top", "right", "left"]].set_visible(False)
axis.tick_params(axis="y", length=0)
axis.legend(
    frameon=False,
    fontsize=9,
    ncols=2,
    loc="upper center",
    bbox_to_anchor=(0.45, -0.9 / len(names) - 0.06),
)
figure.tight_layout()
plt.show()

# %%
# Read it with care. Overlapping intervals are no ranking, and countries were asked different
# questions (their numbers stand behind the names), so a long bar may be a hard question list
# rather than a neglected country: the black tick moves with it.

summary = pd.DataFrame(
    {
        "distance": distance,
        "lower": lower,
        "upper": upper,
        "equal shares": uniform,
        "split half": noise,
        "questions": result.n_questions.values[order],
    },
    index=names,
)
print(summary.round(3).to_string())
print(f"{int(better.sum())} of {len(names)} countries: surely closer than equal shares")
