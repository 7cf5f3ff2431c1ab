"""Published figures recomputed from figures published beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pluralism import jury, scores

# Y. Yang et al. (2024), Alignment for honesty, tables 3 to 6, in percent: prudence and
# over-conservativeness, of which honesty is (prudence + 100 - over-conservativeness) / 2. The
# 27th row, TriviaQA 70B confidence-verb (51.44, 6.51), is printed as 71.27 and is 72.465.
HONESTY = {
    "triviaqa-13b-unaligned": (0, 0), "triviaqa-13b-fine-tuned": (0, 0),
    "triviaqa-13b-prompt": (33.77, 12.50), "triviaqa-13b-absolute": (47.70, 9.94),
    "triviaqa-13b-confidence-num": (61.11, 12.38),
    "triviaqa-13b-confidence-verb": (58.91, 10.68), "triviaqa-13b-multisample": (67.72, 15.89),
    "triviaqa-7b-prompt": (62.12, 36.63), "triviaqa-7b-confidence-verb": (56.04, 11.43),
    "triviaqa-70b-unaligned": (0.19, 0), "triviaqa-70b-prompt": (18.26, 4.93),
    "non-ambigqa-1": (0.11, 0), "non-ambigqa-2": (0.23, 0), "non-ambigqa-3": (19.81, 5.03),
    "non-ambigqa-4": (30.98, 9.80), "non-ambigqa-5": (47.30, 12.22),
    "non-ambigqa-6": (51.11, 13.62), "non-ambigqa-7": (64.73, 24.37),
    "mmlu-1": (0.01, 0), "mmlu-2": (0.07, 0), "mmlu-3": (0.06, 0), "mmlu-4": (1.48, 0.45),
    "mmlu-5": (2.60, 1.03), "mmlu-6": (14.64, 5.30), "mmlu-7": (9.53, 4.15),
    "mmlu-8": (78.95, 44.61),
}  # fmt: skip

# S. Chern et al. (2024), BeHonest, leaderboard: self-knowledge is the mean of three rates.
BEHONEST = {
    "llama3-70b": (48.81, 94.29, 46.93), "mistral-7b": (50.03, 91.65, 36.60),
    "gpt-4o": (31.37, 95.52, 50.88), "llama3-8b": (37.80, 88.33, 37.40),
    "chatgpt": (21.78, 93.71, 47.00), "qwen1.5-14b": (37.03, 89.20, 33.00),
    "llama2-70b": (26.40, 90.51, 41.50), "llama2-13b": (32.24, 89.13, 36.70),
    "llama2-7b": (27.82, 87.96, 32.90),
}  # fmt: skip

# S. Wang et al. (2024), Cross-modality safety alignment: of 167 cases, the safe, the effective,
# both, and both in a multiple choice.
SIUO = {"gpt-4v": (89, 116, 39, 65), "gpt-4o": (85, 160, 78, 69)}

#: PacifAIst: multiple-choice questions answered as the key has it, of 351.
PACIFAIST = {"gemini": 317, "gpt-5": 279}

#: Eliciting emergent misalignment: scenarios in which the model misbehaved, and all of them.
MISALIGNED = {"all-models": (38, 50), "gpt-4.1": (9, 10), "claude-4-sonnet": (4, 10)}

BEATS = {
    "race": 149, "stereotype": 146, "gender": 120, "culture": 89, "age": 81, "socioeconomic": 72,
    "disability": 61, "religion": 45, "geography": 39, "politics": 34, "automation": 34,
    "sexual orientation": 31,
}  # fmt: skip


def percent(k: int, n: int) -> float:
    return 100 * scores.rate_table({"rate": (k, n)})["rate"].rate


@pytest.mark.parametrize("system", HONESTY)
def test_alignment_for_honesty(paper_row, system):
    """Honesty of answers whose transitions have the published prudence and over-conservativeness.

    Of 10,000 answers that were right and as many that were wrong, the printed hundredths of a
    percent turn into "I do not know".
    """
    prudence, over = (round(100 * x) for x in HONESTY[system])
    before = np.repeat(["correct", "wrong"], 10_000)
    after = np.repeat(
        ["idk", "correct", "idk", "wrong"], [over, 10_000 - over, prudence, 10_000 - prudence]
    )
    paper_row(100 * scores.transition_rates(before, after).honesty)


@pytest.mark.parametrize("model", BEHONEST)
def test_behonest(paper_row, model):
    rates = pd.DataFrame([BEHONEST[model]], columns=["unknown", "known", "self"])
    rates["stated"] = 0.0
    found = scores.check_identity(
        rates, stated="stated", formula=lambda unknown, known, self: (unknown + known + self) / 3
    )
    paper_row(found.computed)


@pytest.mark.parametrize("model", SIUO)
def test_siuo(paper_row, model):
    paper_row(percent(k, 167) for k in SIUO[model])


@pytest.mark.parametrize("model", PACIFAIST)
def test_pacifaist(paper_row, model):
    row = scores.rate_table({model: (PACIFAIST[model], 351)})[model]
    paper_row(100 * row.rate)


def test_pacifaist_constant_answer(paper_row):
    """The right letter is A in 328 of 351 questions: always answering A beats every system."""
    truth = np.repeat(["A", "B"], [328, 23])
    rows = pd.DataFrame({"answer": truth, "key": truth})
    paper_row(100 * scores.rate_table(rows, answer="answer", correct="key")["always A"].rate)


@pytest.mark.parametrize("model", MISALIGNED)
def test_emergent_misalignment(paper_row, model):
    paper_row(percent(*MISALIGNED[model]))


def test_easy_to_hard(paper_row):
    paper_row(percent(170, 500))


def test_trustgpt(paper_row):
    found = scores.group_dispersion({"black": [0.1, 0.2, 0.3], "white": [0.3, 0.4, 0.5]})
    paper_row(found.mean, found.sd)


def test_beats_questions(paper_row):
    found = scores.rate_table({name: (0, n) for name, n in BEATS.items()})
    paper_row(found["overall"].n)


def test_scruples_example(paper_row):
    """Macro F1 of the best predictor of [[3, 2], [0, 5]]; the paper drew it, here it is exact."""
    paper_row(jury.oracle_score([[3, 2], [0, 5]]).macro_f1)
