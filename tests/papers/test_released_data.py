"""Figures computed from released data: the paper's own where it prints them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Comparisons, choice, data, jury, perspective, scores, utility

# -- MoReBench ---------------------------------------------------------------------------------

MOREBENCH = {
    "claude": "claude-opus-4.1_reasoning_medium",
    "deepseek": "deepseek-chat-v3.1_reasoning_medium",
    "gemini-lite": "gemini-2.5-flash-lite_reasoning_medium",
    "gemini-pro": "gemini-2.5-pro_reasoning_medium",
    "gpt-5-nano": "gpt-5-nano_reasoning_high",
    "gpt-oss": "gpt-oss-120b_reasoning_medium",
    "qwen3": "qwen3-235b-a22b-thinking-2507_reasoning_medium",
}


@pytest.mark.parametrize("model", MOREBENCH)
def test_morebench(paper_row, test_data, model):
    """The final answers of one model to the four released tasks."""
    rows = pd.read_csv(test_data / "morebench" / "comparison_judgements_dev.csv")
    rows = rows[(rows.model == MOREBENCH[model]) & (rows.channel == "model_resp")]
    found = scores.rubric_score(
        rows.judgement,
        rows.weight,
        responses=rows.task_id,
        unjudged="no-credit",
        as_published=True,
    )
    paper_row(found.scores.to_series().sort_index())


def test_morebench_by_length(paper_row, test_data):
    """Points of gpt-oss-120b per 1,000 characters: ratio of the means, and mean of the ratios."""
    rows = pd.read_csv(test_data / "morebench" / "comparison_judgements_dev.csv")
    rows = rows[(rows.model == MOREBENCH["gpt-oss"]) & (rows.channel == "model_resp")]
    found = scores.rubric_score(
        rows.judgement,
        rows.weight,
        responses=rows.task_id,
        lengths=rows.response_chars,
        unjudged="no-credit",
        as_published=True,
    )
    paper_row(found.ratio_of_means, found.mean_of_ratios)


# -- LitmusValues ------------------------------------------------------------------------------

LITMUS = {
    "claude-3.7-sonnet": "anthropic__claude-3.7-sonnet",
    "claude-sonnet-4.5": "anthropic__claude-sonnet-4.5",
    "gemma-3-12b": "google__gemma-3-12b-it",
    "gemma-3-4b": "google__gemma-3-4b-it",
    "llama-3.1-8b": "meta-llama__llama-3.1-8b-instruct",
    "llama-4-maverick": "meta-llama__llama-4-maverick",
    "ministral-3b": "mistralai__ministral-3b",
    "mistral-medium": "mistralai__mistral-medium-3.1",
    "gpt-4.1": "openai__gpt-4.1",
    "gpt-4.1-mini": "openai__gpt-4.1-mini",
    "qwen-2.5-72b": "qwen__qwen-2.5-72b-instruct",
}


@pytest.mark.parametrize("model", LITMUS)
def test_litmus_values(paper_row, test_data, model):
    """Elo of Privacy and of Truthfulness, the mean of the published code's 100 seeded orders."""
    votes = pd.read_csv(test_data / "litmus_stated" / "battles_dev.csv")
    votes = votes[votes.model == LITMUS[model]].reset_index(drop=True)
    state = np.random.RandomState(42)
    orders = [votes.sample(frac=1, random_state=state).index for _ in range(100)]
    elo = utility.fit_elo(
        votes,
        first="value_1",
        second="value_2",
        outcome="response",
        outcomes={"Action 1": "first", "Action 2": "second"},
        shuffles=np.stack(orders),
    )
    paper_row(elo.utility.sel(item=["Privacy", "Truthfulness"]).values)


# -- AI Alignment at Your Discretion --------------------------------------------------------------


def test_discretion(paper_row, test_data):
    """What 21 principles leave open on HH-RLHF, and how the human annotators use it."""
    folder = test_data / "alignment_discretion"
    found = jury.discretion(
        pd.read_csv(folder / "hh_principle_signs.csv.gz", index_col="row_id"),
        pd.read_csv(folder / "hh_annotator_signs.csv.gz", index_col="row_id")["human"],
        n_replicates=2,
        seed=0,
    )
    kinds = found.shares["estimate"]
    human = found.arbitrariness.loc["human", "estimate"]
    figures = [human, kinds["indifference"], kinds["conflict"], kinds["consensus"]]
    paper_row(100 * np.array(figures))


# -- What are human values ------------------------------------------------------------------------

EDGES = {
    "truth-seeking": ("Truth Seeking", "Respecting Autonomy in Politicised Contexts"),
    "wise-mentors": ("Diverse Viewpoints", "Find Wise Mentors"),
    "interconnected": ("Time-Traveling Self-Reflection", "Interconnected Impact"),
}


def released_graph(folder: Path, *, as_published: bool = False) -> choice.MoralGraph:
    """Build the graph anew from its counts of votes."""
    path = folder / "moral_graph" / "moral-graph-prolific-run.json"
    return choice.moral_graph(data.read_moral_graph(path).edges, as_published=as_published, n=10)


@pytest.mark.parametrize("edge", EDGES)
def test_moral_graph_edge(paper_row, test_data, edge):
    """Wiser likelihood and entropy (of five counters, as published), as the file has them."""
    table = released_graph(test_data).edge_table().set_index(["source", "wiser"])
    paper_row(table.loc[EDGES[edge], ["likelihood", "published_entropy"]])


def test_moral_graph_wisdom(paper_row, test_data):
    """The wisest value, how many have a wisdom above one, and the largest leaking PageRank."""
    graph = released_graph(test_data, as_published=True)
    wisdom, rank = graph.values["wisdom"], graph.values["pagerank"]
    wisest = wisdom.sel(value="Informed Autonomy").item()
    paper_row(wisest, int((wisdom > 1).sum()), rank.max().item())


def test_moral_graph_survey(paper_row, test_data):
    """Share of 4 and 5 of five: "the values you submitted and voted for express what you care"."""
    counts = pd.read_csv(test_data / "moral_graph" / "survey_likert_counts.csv")
    row = counts[counts.question.str.contains("express what you care about")].iloc[0]
    rates = scores.rate_table(
        {"agree": (row.n4 + row.n5, row[["n1", "n2", "n3", "n4", "n5"]].sum())}
    )
    paper_row(100 * rates["agree"].rate)


# -- one figure each ---------------------------------------------------------------------------


def test_ealm_all_ones(paper_row, test_data):
    labels = pd.read_csv(test_data / "ealm" / "mp-ethics_test-revised_labels_only.csv", index_col=0)
    paper_row(scores.samples_f1(None, labels).set_index("name").f1["all ones"])


@pytest.mark.parametrize("question", ["RQ2", "RQ3"])
def test_emnlp_experts(paper_row, test_data, question):
    votes = pd.read_csv(test_data / "emnlp_teacher" / "expert_votes.csv.gz")
    matrix = votes[votes.rq == question].filter(like="expert").to_numpy().T
    paper_row(jury.fleiss_kappa(Annotations.from_matrix(matrix)))


def test_emnlp_harmful_rates(paper_row, test_data):
    """Majority of nine experts, percent: least and most harmful of fourteen models."""
    votes = pd.read_csv(test_data / "emnlp_teacher" / "expert_votes.csv.gz")
    votes = votes[votes.rq == "RQ3"]
    harmful = votes.filter(like="expert").sum(axis=1) > 4
    table = scores.rate_table(votes.assign(harmful=harmful), outcome="harmful", by="model").table
    rates = 100 * table[table.kind == "group"].set_index("group").rate
    paper_row(rates["bc2"], rates["r1"], rates["glm"])


def test_emnlp_keying(paper_row, test_data):
    """Sixty HEXACO items answered by twelve models at five temperatures and by two samples."""
    folder = test_data / "emnlp_teacher"
    key = pd.read_csv(folder / "hexaco_item_key.csv")
    answers = pd.read_csv(folder / "HEXACO_summary_reversed.csv", index_col=0)
    found = scores.check_keying(
        answers[key["id"].astype(str)].to_numpy(),
        traits=key["Category"],
        keyed=np.where(key["Question_ID"].str.endswith("R"), -1, 1),
        claimed="keyed",
    )
    assert found.agrees
    paper_row(float(found.correlation.mean()))


def test_scruples_dilemmas(paper_row, test_data):
    path = test_data / "scruples" / "dev.scruples-dilemmas_label-counts.json"
    counts = json.loads(path.read_text())
    fit, best = jury.fit_dirichlet_multinomial(counts), jury.oracle_score(counts)
    paper_row(fit.alpha, -fit.log_likelihood, best.accuracy, best.cross_entropy)


def united_states_and_japan(folder: Path) -> list[tuple[list[float], list[float]]]:
    """Answers of both, in the 17 questions of the released part of 741."""
    asked: dict[str, dict[str, list[float]]] = {}
    for row in json.loads((folder / "globalopinion" / "globalopinionqa_small.json").read_text()):
        asked.setdefault(row["question"], {})[row["attribute"]] = row["gold_distribution"]
    names = ("United States", "Japan")
    return [(a[names[0]], a[names[1]]) for a in asked.values() if set(names) <= set(a)]


def test_roadmap_united_states_and_japan(paper_row, test_data):
    """Mean Jensen-Shannon distance, base 2."""
    both = united_states_and_japan(test_data)
    width = max(len(shares) for _, shares in both)
    us, japan = (
        np.array([shares + [0.0] * (width - len(shares)) for shares in one])
        for one in zip(*both, strict=True)
    )
    paper_row(len(both), perspective.roadmap_js_distance(us, japan).value)


def test_roadmap_entropy(paper_row, test_data):
    """Mean entropy, without the questions that a 0% answer drops, and of all."""
    kept, whole = [], []
    for one in zip(*united_states_and_japan(test_data), strict=True):
        entropies = [perspective.roadmap_entropy([p]).value for p in one if min(p) > 0]
        kept.append(np.mean(entropies))
        whole.append(np.mean([perspective.entropy(p) for p in one]))
    paper_row(kept, whole)


@pytest.mark.parametrize("scale", ["IB", "IH"])
def test_greatest_good(paper_row, test_data, scale):
    """GPT-4 at temperature .5 against lay people (Kahane et al. 2018): t over the scale's items."""
    rows = pd.read_csv(test_data / "greatest_good" / "published_means.csv")
    rows = rows.set_index(["set", "model", "scale"])
    cell = rows.loc["original_9items_temp0.5", "gpt4_0613_tmp0_5", scale]
    lay, items = {"IB": (3.65, 5), "IH": (3.31, 4)}[scale]
    found = scores.location_test_from_summary(
        float(cell["mean"]), float(cell["sd"]), items, population=lay
    )
    paper_row(found.t)


def test_text_to_image_conflict(paper_row, test_data):
    """Kendall's tau of distribution bias and hallucination over the eight general rows."""
    rows = pd.read_csv(test_data / "t2i_bias" / "general_eval_database.csv").set_index("Model")
    columns = ["Dist. Bias", "Hallucination", "Gen. Miss Rate"]
    found = scores.metric_conflicts(
        rows[columns], threshold=0.2, higher_is_better=dict.fromkeys(columns, False), seed=0
    )
    paper_row(found.tau.sel(metric=columns[0], metric_bis=columns[1]).item())


# -- classics ----------------------------------------------------------------------------------


def load(folder: Path, name: str) -> dict:
    return json.loads((folder / name / f"{name}.json").read_text())["data"]


def baseball(folder: Path) -> Comparisons:
    rows = [
        (row["home"], row["away"], won, row[f"{who}_wins"])
        for row in load(folder, "baseball1987")
        for won, who in ((1, "home"), (0, "away"))
    ]
    frame = pd.DataFrame(rows, columns=["home", "away", "home_won", "games"])
    return Comparisons.from_frame(
        frame[frame.games > 0], first="home", second="away", outcome="home_won", weight="games"
    )


def test_baseball_home_advantage(paper_row, test_data):
    fit = utility.fit_bradley_terry(baseball(test_data), order_effect=True)
    paper_row(fit.order_effect, fit.summary().set_index("term").stderr["order_effect"])


def test_baseball_teams(paper_row, test_data):
    fit = utility.fit_bradley_terry(baseball(test_data), reference="Baltimore")
    paper_row(fit.utility.sel(item=["Boston", "Milwaukee"]).values)


def test_pudding_ties(paper_row, test_data):
    rows = [
        (row["i"], row["j"], outcome, row[count])
        for row in load(test_data, "pudding_davidson1970")
        for outcome, count in (("first", "w_ij"), ("second", "w_ji"), ("tie", "t_ij"))
    ]
    frame = pd.DataFrame(rows, columns=["i", "j", "outcome", "n"])
    votes = Comparisons.from_frame(frame, first="i", second="j", outcome="outcome", weight="n")
    paper_row(utility.fit_bradley_terry(votes, ties="davidson").tie_parameter)


def test_guilford_vegetables(paper_row, test_data):
    data = load(test_data, "vegetables_guilford")
    over = np.array(data["prop_col_over_row"]).T
    np.fill_diagonal(over, 0)
    votes = Comparisons.from_matrix(over, items=data["items"])
    paper_row(utility.fit_thurstone(votes, method="least-squares", reference="Turn").utility.values)


def test_celebrities_case_v(paper_row, test_data):
    data = load(test_data, "eba_celebrities")
    votes = Comparisons.from_matrix(data["row_over_col"], items=data["items"])
    paper_row(utility.goodness_of_fit(utility.fit_thurstone(votes), votes).deviance)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval"])
def test_popquorn(paper_row, test_data, scale):
    data = Annotations.from_frame(
        test_data / "popquorn" / "offensiveness.csv",
        item="instance_id",
        rater="user_id",
        label="offensiveness",
        scale=scale,
        categories=[1, 2, 3, 4, 5],
    )
    paper_row(jury.krippendorff_alpha(data))


def test_moralchoice(paper_row, test_data):
    rows = json.loads((test_data / "moralchoice" / "distributions.json").read_text())
    gold, model = ([row[f"{who}_distribution"] for row in rows] for who in ("gold", "pred"))
    paper_row(perspective.js_distance(model, gold).mean())
