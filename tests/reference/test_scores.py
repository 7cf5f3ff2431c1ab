"""Published figures of value benchmarks, typed with their source or read from the real data."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest

from pluralism import scores

# Y. Yang et al. (2024), Alignment for honesty, tables 3 to 6: prudence, over-conservativeness,
# honesty, in percent.
HONESTY = {
    "TriviaQA 13B": [
        (0, 0, 50.00), (0, 0, 50.00), (33.77, 12.50, 60.64), (47.70, 9.94, 68.88),
        (61.11, 12.38, 74.37), (58.91, 10.68, 74.12), (67.72, 15.89, 75.91),
    ],
    "TriviaQA 7B": [(62.12, 36.63, 62.74), (56.04, 11.43, 72.31)],
    "TriviaQA 70B": [(0.19, 0, 50.10), (18.26, 4.93, 56.66), (51.44, 6.51, 71.27)],
    "Non-AmbigQA": [
        (0.11, 0, 50.06), (0.23, 0, 50.11), (19.81, 5.03, 57.39), (30.98, 9.80, 60.59),
        (47.30, 12.22, 67.54), (51.11, 13.62, 68.74), (64.73, 24.37, 70.18),
    ],
    "MMLU": [
        (0.01, 0, 50.01), (0.07, 0, 50.03), (0.06, 0, 50.03), (1.48, 0.45, 50.51),
        (2.60, 1.03, 50.79), (14.64, 5.30, 54.67), (9.53, 4.15, 52.69), (78.95, 44.61, 67.17),
    ],
}  # fmt: skip


def honesty_rows() -> pd.DataFrame:
    rows = [row for part in HONESTY.values() for row in part]
    return pd.DataFrame(rows, columns=["prudence", "over", "honesty"])


def test_alignment_for_honesty_has_27_rows_of_which_26_can_be():
    found = scores.check_identity(
        honesty_rows(),
        stated="honesty",
        formula=lambda prudence, over: (prudence + 100 - over) / 2,
    )
    assert len(found) == 27
    (wrong,) = found.index[~found.holds]
    assert found.stated[wrong] == 71.27
    assert found.computed[wrong] == pytest.approx(72.465)
    assert scores.check_identity(
        honesty_rows()[~honesty_rows().honesty.eq(71.27)],
        stated="honesty",
        formula=lambda prudence, over: (prudence + 100 - over) / 2,
    ).holds.all()


def test_transition_rates_give_the_published_rates_from_counts():
    """Prudence and over-conservativeness of constructed answers obey the paper's identity."""
    before = ["correct"] * 8 + ["wrong"] * 12
    after = ["correct"] * 6 + ["idk", "wrong"] + ["idk"] * 9 + ["wrong"] * 2 + ["correct"]
    found = scores.transition_rates(before, after)
    assert found.prudence == 9 / 11
    assert found.over_conservativeness == 1 / 8
    assert found.honesty == (9 / 11 + 1 - 1 / 8) / 2
    assert found.accuracy == 7 / 20


@pytest.mark.slow
def test_trustgpt_readme_example():
    groups = {"black": [0.1, 0.2, 0.3], "white": [0.3, 0.4, 0.5]}
    found = scores.group_dispersion(groups)
    assert found.mean == pytest.approx(0.3)
    assert found.sd == pytest.approx(0.1)
    assert found.ddof == 0
    assert scores.group_dispersion(groups, ddof=1).sd == pytest.approx(0.02**0.5)  # .1414


@pytest.mark.parametrize(
    ("percent", "k", "n", "lower", "upper"),
    [(76, 38, 50, None, None), (90, 9, 10, 59.6, 98.2), (40, 4, 10, 16.8, 68.7)],
)
def test_misalignmentbench_rates_and_wilson_intervals(percent, k, n, lower, upper):
    assert k in scores.attainable(percent, n, 0).counts
    row = scores.rate_table({"model": (k, n)})["model"]
    assert 100 * row.rate == percent
    if lower is not None:
        assert (round(100 * row.lower, 1), round(100 * row.upper, 1)) == (lower, upper)


def test_siuo_figures_are_shares_of_167():
    rows = {"GPT-4V": [53.29, 69.46, 23.35, 38.92], "GPT-4o": [50.90, 95.81, 46.71, 41.32]}
    found = scores.attainable(pd.DataFrame(rows), 167, 2)
    assert len(found) == 8
    assert found.possible.all()
    assert scores.attainable(53.29, 167, 2).counts == (89,)
    assert scores.attainable(23.35, 167, 2).counts == (39,)
    assert not scores.attainable(53.30, 167, 2)


def test_moral_role_play_falls_with_the_moral_level():
    """Too Good to be Bad (2025), README: level means, and those without and with reasoning."""
    found = scores.trend_test(
        [[3.23, 3.14, 2.74, 2.59], [3.23, 3.09, 2.69, 2.57]], alternative="decreasing"
    )
    np.testing.assert_allclose(found.means.round(2), [3.23, 3.12, 2.72, 2.58], atol=0.011)
    # Both rows fall throughout: L is at its least, with probability (1 / 4!)^2.
    assert found.how == "exact"
    assert found.effect == -1.0
    assert found.pvalue == pytest.approx((1 / 24) ** 2)
    line = scores.trend_test([3.21, 3.13, 2.71, 2.61], levels=[1, 2, 3, 4], method="quadratic")
    assert line.slope == pytest.approx(-0.222)  # (3 (2.61 - 3.21) + 2.71 - 3.13) / 10
    assert line.effect == pytest.approx(-1.11 / (5 * 0.2683) ** 0.5)
    assert line.pvalue > 0.05


@pytest.mark.slow
def test_pacifaist_comparisons():
    """McNemar of the released judgements: 49:11, 33:34 and 15:12 discordant items of 351."""
    for b, c, p in ((49, 11, 7.6e-7), (33, 34, 1.0), (15, 12, 0.70)):
        one = np.repeat([1, 0, 1], [b, c, 351 - b - c])
        two = np.repeat([0, 1, 1], [b, c, 351 - b - c])
        pair = scores.compare_rates({"one": one, "two": two}).pairs.iloc[0]
        assert (pair.only_first, pair.only_second) == (b, c)
        assert pair.pvalue == pytest.approx(p, rel=0.01)
    gemini = scores.rate_table({"Gemini": (317, 351), "GPT-5": (279, 351)})
    assert 100 * gemini["Gemini"].rate == pytest.approx(90.31, abs=0.005)
    assert 100 * gemini["Gemini"].lower == pytest.approx(86.77, abs=0.005)
    assert 100 * gemini["Gemini"].upper == pytest.approx(92.99, abs=0.005)
    assert 100 * gemini["GPT-5"].lower == pytest.approx(74.95, abs=0.005)
    # The right letter is A in 328 of 351 questions, above every system.
    truth = np.repeat(["A", "B"], [328, 23])
    rows = pd.DataFrame({"answer": truth, "key": truth})
    always = scores.rate_table(rows, answer="answer", correct="key")["always A"]
    assert 100 * always.rate == pytest.approx(93.45, abs=0.005)
    assert always.rate > gemini["Gemini"].rate


def test_morebench_per_response_scores(test_data):
    frame = pd.read_csv(test_data / "morebench" / "comparison_judgements_dev.csv")
    response = frame.task_id + "|" + frame.model + "|" + frame.channel
    found = scores.rubric_score(
        frame.judgement,
        frame.weight,
        responses=response,
        dimensions=frame.dimension,
        lengths=frame.response_chars,
        unjudged="no-credit",
        as_published=True,
    )
    published = frame.assign(response=response).groupby("response").published_score.first()
    assert len(published) == 56
    ours = found.scores.to_series().loc[published.index]
    np.testing.assert_allclose(ours, published, atol=0.005 + 1e-9)
    # Reading whole answers instead of searching them for "no" costs texts that only contain it.
    careful = scores.rubric_score(
        frame.judgement, frame.weight, responses=response, unjudged="no-credit"
    )
    assert careful.unjudged > found.unjudged
    assert set(found.fulfilled.dims) == {"dimension"}


def test_alpaca_eval_win_rates_and_standard_errors(test_data):
    frame = pd.read_csv(test_data / "alpaca_eval" / "alpaca_eval2_prefs_dev.csv")
    board = json.loads((test_data / "alpaca_eval" / "leaderboard_dev.json").read_text())
    assert len(board) == 29
    for model, published in board.items():
        preference = frame[f"{model}|pref"].dropna() - 1
        found = scores.win_rate(preference)
        assert 100 * found.rate == pytest.approx(published["win_rate"], abs=1e-6)
        assert 100 * found.stderr == pytest.approx(published["standard_error"], abs=1e-6)
        assert found.n == published["n_total"]
        assert found.wins == published["n_wins"]
        assert found.losses == published["n_wins_base"]
        assert found.ties == published["n_draws"]
        assert 100 * found.discrete_rate == pytest.approx(published["discrete_win_rate"])


@pytest.mark.slow
def test_alpaca_eval_control_of_length_moves_rates_the_published_way(test_data):
    """The published rate shrinks the length term and adds prompt difficulties: same direction."""
    frame = pd.read_csv(test_data / "alpaca_eval" / "alpaca_eval2_prefs_dev.csv")
    board = json.loads((test_data / "alpaca_eval" / "leaderboard_dev.json").read_text())
    ours, published = [], []
    for model, row in board.items():
        part = frame[[f"{model}|pref", f"{model}|len1", f"{model}|len2"]].dropna()
        longer = part[f"{model}|len2"] - part[f"{model}|len1"]
        found = scores.win_rate(part[f"{model}|pref"] - 1, covariates=longer)
        ours.append(100 * found.controlled_rate)
        published.append(row["length_controlled_winrate"])
        moved = found.controlled_rate - found.rate
        assert moved * (row["length_controlled_winrate"] - row["win_rate"]) > 0, model
        if found.slope[0] < 1:  # a length term that a penalty hardly shrinks
            assert ours[-1] == pytest.approx(published[-1], abs=2.0), model
    assert scores.rank_association(ours, published, n_permutations=99, seed=0).estimate > 0.9


def test_greatest_good_means_load_and_give_a_t_for_an_explicit_n(test_data):
    with (test_data / "greatest_good" / "published_means.csv").open() as file:
        rows = list(csv.DictReader(file))
    lay = {"IB": 3.65, "IH": 3.31}  # Kahane et al. (2018)
    assert len(rows) > 30
    for row in rows:
        found = scores.location_test_from_summary(
            float(row["mean"]), float(row["sd"]), 9, population=lay[row["scale"]]
        )
        expected = (float(row["mean"]) - lay[row["scale"]]) / (float(row["sd"]) / 3)
        assert found.t == pytest.approx(expected)
        assert found.df == 8
    table = {(row["set"], row["model"], row["scale"]): row for row in rows}
    cell = table["original_9items_temp0.5", "gpt4_0613_tmp0_5", "IB"]
    assert (cell["mean"], cell["sd"]) == ("3.64", "0.96")


#: Majority of nine experts, percent harmful, by the label of the released votes.
HARMFUL = {
    "bc2": 14.4, "q7": 19.4, "q72": 39.6, "q32": 44.2, "r18b": 50.4, "cld": 64.6, "r170b": 68.6,
    "RQ3_Non-Reasoning_Qwen3-235B": 69.0, "v3": 80.2, "qw32": 84.6, "gpt": 85.9, "r1": 87.0,
    "RQ3_Reasoning_Qwen3-235B": 87.2, "glm": 87.4,
}  # fmt: skip


def test_emnlp_teacher_harmful_rates(test_data):
    frame = pd.read_csv(test_data / "emnlp_teacher" / "expert_votes.csv.gz")
    frame = frame[frame.rq == "RQ3"]
    experts = [name for name in frame.columns if name.startswith("expert")]
    rows = frame.assign(harmful=frame[experts].sum(axis=1) > 4)
    found = scores.rate_table(rows, outcome="harmful", by="model")
    assert found["overall"].rows == 6958
    groups = found.table[found.table.kind == "group"]
    assert {row.group: round(100 * row.rate, 1) for row in groups.itertuples()} == HARMFUL
    assert ((groups.lower < groups.rate) & (groups.rate < groups.upper)).all()


def test_hexaco_answers_are_keyed_as_their_file_says(test_data):
    answers = pd.read_csv(test_data / "emnlp_teacher" / "HEXACO_summary_reversed.csv", index_col=0)
    key = pd.read_csv(test_data / "emnlp_teacher" / "hexaco_item_key.csv")
    keyed = np.where(key.Question_ID.str.endswith("R"), -1, 1)
    found = scores.check_keying(answers, traits=key.Category, keyed=keyed, claimed="keyed")
    assert found.stored == "keyed"
    assert found.agrees
    means = scores.likert_scores(
        answers, traits=key.Category, keyed=keyed, stored="keyed", scale=(0, 6)
    )
    models = answers.index.str.rsplit("_", n=1).str[0]
    honest = means.sel(trait="Honesty-Humility").to_series().groupby(np.asarray(models)).mean()
    for model, mean in (("QwQ-32B", 5.88), ("DeepSeek-R1", 5.71), ("gpt-4.1(1)", 5.63)):
        assert honest[model] == pytest.approx(mean, abs=0.005)
    assert honest["human"] == pytest.approx(3.05, abs=0.05)


def test_ealm_constant_predictor_beats_the_published_best(test_data):
    folder = test_data / "ealm"
    test = pd.read_csv(folder / "mp-ethics_test-revised_labels_only.csv", index_col=0)
    train = pd.read_csv(folder / "mp-ethics_train_revised_labels_only.csv", index_col=0)
    assert (len(test), len(train)) == (30, 300)
    found = scores.samples_f1(None, test).set_index("name").f1
    assert found["all ones"] == pytest.approx(0.4993, abs=5e-5)
    majority = np.tile((train.mean() > 0.5).to_numpy(), (30, 1))
    of_train = scores.samples_f1(majority, test, baselines=False).f1[0]
    assert of_train == pytest.approx(0.4840, abs=5e-5)
    assert found["all ones"] > 0.445  # best published system
    assert found["best constant"] >= max(found["all ones"], of_train)


def test_text_to_image_rows(test_data):
    folder = test_data / "t2i_bias"
    general = pd.read_csv(folder / "general_eval_database.csv")
    task = pd.read_csv(folder / "task_oriented_eval_database.csv")
    columns = ["Dist. Bias", "Hallucination", "Gen. Miss Rate"]
    assert (len(general), len(task)) == (8, 12)
    assert general[columns].iloc[0].tolist() == [7.123, 0.656, 0.016]
    lower = dict.fromkeys(columns, False)
    found = scores.metric_conflicts(
        general.set_index("Model")[columns], threshold=0.2, higher_is_better=lower, seed=0
    )
    from scipy.stats import kendalltau

    for first in columns:
        for second in columns:
            tau = kendalltau(general[first], general[second]).statistic
            assert found.tau.sel(metric=first, metric_bis=second) == pytest.approx(tau)
    # Nothing has a lower distribution bias, or hallucinates less, or misses less often.
    best = {general.Model[general[column].argmin()] for column in columns}
    assert best <= set(found.front)
    targets = {target: part["Dist. Bias"].to_numpy() for target, part in task.groupby("Target")}
    by_target = scores.trend_test(
        np.column_stack([targets[name] for name in ("burger", "coffee", "drink")]),
        alternative="increasing",
    )
    assert by_target.effect == pytest.approx(0.875)
