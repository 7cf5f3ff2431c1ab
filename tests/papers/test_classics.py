"""Classics of statistics, from the counts that they print."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Comparisons, jury, utility

# A. P. Dawid and A. M. Skene (1979), table 1: a patient is five words, one an observer, of whom the
# first graded three times.
ANAESTHETISTS = """
111 1 1 1 1, 333 4 3 3 4, 112 2 1 2 2, 222 3 1 2 1, 222 3 2 2 2, 222 3 3 2 2, 122 2 1 1 1,
333 3 4 3 3, 222 2 2 2 3, 232 2 2 2 3, 444 4 4 4 4, 222 3 3 4 3, 111 1 1 1 1, 222 3 2 1 2,
121 1 1 1 1, 111 2 1 1 1, 111 1 1 1 1, 111 1 1 1 1, 222 2 2 2 1, 222 1 3 2 2, 222 2 2 2 2,
222 2 2 2 1, 222 3 2 2 2, 221 2 2 2 2, 111 1 1 1 1, 111 1 1 1 1, 232 2 2 2 2, 111 1 1 1 1,
111 1 1 1 1, 112 1 1 2 1, 111 1 1 1 1, 333 3 2 3 3, 111 1 1 1 1, 222 2 2 2 2, 222 3 2 3 2,
433 4 3 4 3, 221 2 2 3 2, 232 3 2 3 3, 333 3 4 3 2, 111 1 1 1 1, 111 1 1 1 1, 121 2 1 1 1,
232 2 2 2 2, 121 1 1 1 1, 222 2 2 2 2
"""

# S. M. Stigler (1994), as in Agresti (2002), p. 448: cited (row) by citing (column).
CITATIONS = [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]]


@pytest.fixture(scope="module")
def anaesthetists() -> jury.DawidSkeneFit:
    rows = [
        (patient, observer, int(grade))
        for patient, words in enumerate(ANAESTHETISTS.split(","))
        for observer, word in enumerate(words.split())
        for grade in word
    ]
    frame = pd.DataFrame(rows, columns=["patient", "observer", "grade"])
    return jury.fit_dawid_skene(
        Annotations.from_frame(frame, item="patient", rater="observer", label="grade")
    )


@pytest.fixture(scope="module")
def journals() -> pd.DataFrame:
    votes = Comparisons.from_matrix(np.array(CITATIONS), items=["Bka", "Comm", "JASA", "JRSSB"])
    fit = utility.fit_bradley_terry(votes, reference="Bka")
    return fit.summary().set_index("term").loc[["Comm", "JASA", "JRSSB"]]


def test_anaesthetists_prevalence(paper_row, anaesthetists):
    paper_row(anaesthetists.prevalence.values)


def test_anaesthetists_first_observer(paper_row, anaesthetists):
    paper_row(anaesthetists.confusion[0].values.ravel())


def test_citations(paper_row, journals):
    paper_row(journals.estimate)


def test_citations_errors(paper_row, journals):
    paper_row(journals.stderr)
