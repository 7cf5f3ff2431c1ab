"""scikit-learn: scorers in cross-validation and searches give the library's number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pluralism.adapters import measure
from pluralism.adapters.scikit_learn import score_function, scorer
from pluralism.errors import DataError
from pluralism.jury import calibration_error, proper_scores
from pluralism.perspective import js_distance

pytest.need("sklearn")

from sklearn.datasets import make_classification  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_validate  # noqa: E402
from sklearn.neighbors import KNeighborsRegressor  # noqa: E402


@pytest.fixture(scope="module", params=[2, 3])
def problem(request: Any) -> tuple[Any, Any]:
    x, y = make_classification(
        150, n_informative=5, n_redundant=0, n_features=6, n_classes=request.param, random_state=0
    )
    return x, np.array(["left", "centre", "right"])[y]


@pytest.mark.filterwarnings("ignore::pluralism.errors.SmallSampleWarning")
def test_cross_validation_of_probabilities(problem: tuple[Any, Any]) -> None:
    x, y = problem
    scorers = {"ece": scorer("calibration_error", bins=5), "brier": scorer("brier_score")}
    found = cross_validate(
        LogisticRegression(),
        x,
        y,
        cv=3,
        scoring=scorers,
        return_estimator=True,
        return_indices=True,
    )
    for fold, model in enumerate(found["estimator"]):
        rows = found["indices"]["test"][fold]
        p, names = model.predict_proba(x[rows]), list(model.classes_)
        truth = np.array([names.index(label) for label in y[rows]])
        if len(names) == 2:
            p = p[:, 1]
        assert found["test_ece"][fold] == pytest.approx(-calibration_error(p, truth, bins=5))
        assert found["test_brier"][fold] == pytest.approx(-proper_scores(p, truth).brier)


def test_distributions_of_several_outputs() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 3))
    shares = np.exp(x @ rng.normal(size=(3, 4)) / 4)
    shares /= shares.sum(axis=1, keepdims=True)
    model = KNeighborsRegressor(3).fit(x, shares)
    score = scorer("js_distance", base=2)(model, x, shares)
    assert score == pytest.approx(-js_distance(model.predict(x), shares, base=2).mean(), rel=1e-12)
    frame = pd.DataFrame(shares)
    assert scorer("js_distance", base=2)(model, x, frame) == score


def test_a_search_takes_the_better_end(problem: tuple[Any, Any]) -> None:
    x, y = problem
    search = GridSearchCV(
        LogisticRegression(), {"C": [1e-4, 1.0]}, scoring=scorer("brier_score"), cv=3
    ).fit(x, y)
    assert search.best_params_ == {"C": 1.0}


def test_weights_and_standard_errors() -> None:
    reference, prediction = [[0.7, 0.3], [0.5, 0.5]], [[0.9, 0.1], [0.9, 0.1]]
    distance = score_function("total_variation")
    assert distance(reference, prediction, sample_weight=[3, 1]) == pytest.approx(0.25)
    assert score_function("total_variation", part="stderr")(reference, prediction) == (
        measure("total_variation", prediction, references=reference).stderr
    )
    with pytest.raises(DataError, match="calibration_error is no mean over samples"):
        score_function("calibration_error")([0, 1], [0.2, 0.4], sample_weight=[1, 2])


def test_what_cannot_be_scored_is_said() -> None:
    with pytest.raises(DataError, match="neither better high nor low; pass `greater_is_better`"):
        scorer("entropy")
    with pytest.raises(DataError, match="'js_distnace'"):
        scorer("js_distnace")
    with pytest.raises(DataError, match="predictions have 3 columns and the labels are"):
        score_function("brier_score")(["a", "b"], [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    labels = ["a", "b", "c"]
    assert score_function("brier_score", labels=labels)(["a", "b"], [[1, 0, 0], [0, 1, 0]]) == 0.0
    with pytest.raises(DataError, match="holds 'z', which is not in `labels`"):
        score_function("brier_score", labels=labels)(["a", "z"], [[1, 0, 0], [0, 1, 0]])
    with pytest.raises(DataError, match=r"differ in length: \[1, 2\]"):
        score_function("js_distance")([[0.5, 0.5]], [[0.5, 0.5], [1, 0]])
