"""Tables of results: read back what was written, and nothing in them runs."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pluralism import Annotations, Ballots, Comparisons, bootstrap, choice, jury, scores, utility
from pluralism.adapters import write_table
from pluralism.data import load_table, simulate_votes
from pluralism.errors import DataError
from pluralism.utility import fit_bradley_terry

HOSTILE = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "a|b", "a & b_c%", "<script>", "$x^2$", "p\nq"]


@pytest.fixture(scope="module")
def fit():
    return fit_bradley_terry(load_table("celebrities"))


def test_numbers_survive_in_full(fit, tmp_path: Path) -> None:
    frame = fit.summary()
    from_csv = pd.read_csv(write_table(fit, tmp_path / "t.csv"))
    from_parquet = pd.read_parquet(write_table(fit, tmp_path / "t.parquet"))
    for column in frame.select_dtypes("number"):
        assert from_csv[column].tolist() == frame[column].tolist()
        assert from_parquet[column].tolist() == frame[column].tolist()


def test_netcdf_holds_the_labelled_arrays(fit, tmp_path: Path) -> None:
    with xr.open_dataset(write_table(fit, tmp_path / "fit.nc"), engine="h5netcdf") as stored:
        xr.testing.assert_allclose(stored["utility"], fit.utility)
    array = xr.DataArray([1.0, 2.0], dims="item", coords={"item": ["a", "b"]}, name="u")
    with xr.open_dataset(write_table(array, tmp_path / "a.nc"), engine="h5netcdf") as stored:
        assert stored["u"].values.tolist() == [1.0, 2.0]


def test_netcdf_holds_frames_and_sets_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5]}, index=pd.Index(["a", "b"], name="item"))
    for number, table in enumerate((frame, frame.to_xarray())):
        with xr.open_dataset(
            write_table(table, tmp_path / f"{number}.nc"), engine="h5netcdf"
        ) as stored:
            assert stored["x"].values.tolist() == [1.5, 2.5]
            assert stored["item"].values.tolist() == ["a", "b"]


def test_a_result_that_is_one_frame_is_that_frame(tmp_path: Path) -> None:
    @dataclasses.dataclass
    class Found:
        rows: pd.DataFrame

    frame = pd.DataFrame({"x": [1, 2]})
    assert pd.read_csv(write_table(Found(frame), tmp_path / "t.csv"))["x"].tolist() == [1, 2]


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    frame = pd.DataFrame({"=name": HOSTILE, "value": range(len(HOSTILE))})
    with write_table(frame, tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert not any(cell.lstrip()[:1] in set("=+-@") for row in rows for cell in row)
    assert len(rows) == len(HOSTILE) + 1
    negative = write_table(pd.DataFrame({"x": [-1.5]}), tmp_path / "n.csv")
    assert negative.read_text() == "x\n-1.5\n"  # a number is no formula


def test_markup_is_escaped(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": HOSTILE, "value": [0.5] * len(HOSTILE)})
    lines = write_table(frame, tmp_path / "t.md", digits=1, caption="a*b").read_text().splitlines()
    assert lines[0] == r"a\*b"
    assert len(lines) == len(HOSTILE) + 4
    body = "\n".join(lines)
    assert r"a\|b" in body
    assert "&lt;script>" in body
    assert "p q" in body
    latex = write_table(frame, tmp_path / "t.tex", digits=1).read_text()
    assert r"a \& b\_c\%" in latex
    assert r"\$x\textasciicircum{}2\$" in latex
    assert latex.count(r"\\") == len(HOSTILE) + 1


def test_missing_values_and_indices(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.23456, float("nan")]}, index=pd.Index(["a", "b"], name="item"))
    assert write_table(frame, tmp_path / "t.md", digits=2).read_text() == (
        "| item | x |\n| --- | ---: |\n| a | 1.23 |\n| b | – |\n"
    )
    captioned = write_table(frame["x"], tmp_path / "t.tex", caption="of x").read_text()
    assert captioned.startswith("\\begin{table}\n\\caption{of x}\n\\begin{tabular}{lr}")


def test_what_is_no_table_or_no_format_is_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1]})
    with pytest.raises(DataError, match=r"`path` is '\.xlsx'; it must be one of '\.csv'"):
        write_table(frame, tmp_path / "t.xlsx")
    with pytest.raises(DataError, match="`table` is int; it must be a frame"):
        write_table(3, tmp_path / "t.csv")
    with pytest.raises(DataError, match="`path` is NoneType"):
        write_table(frame, None)
    with pytest.raises(DataError, match="header of several rows"):
        write_table(pd.DataFrame({("a", "b"): [1]}), tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())


def results(fit) -> dict:
    votes = Comparisons.from_frame(
        simulate_votes(600, items=["=a", "b", "c"], raters=20, groups=["x", "y"], seed=1),
        first="first", second="second", outcome="outcome", rater="rater", group="group",
    )  # fmt: skip
    ballots = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    ratings = Annotations.from_matrix([[1, 2, 3, 3, 1, 2], [1, 2, 2, 3, 1, 2]])
    own = utility.fit_bradley_terry(votes)
    return {
        "fit": own,
        "fits of groups": utility.fit_groups(votes),
        "difference": own.contrast("=a", "b"),
        "bootstrap": bootstrap(np.mean, np.arange(30.0), n=50, seed=0),
        "goodness of fit": utility.goodness_of_fit(own, votes),
        "cycles": utility.cyclic_triads(votes),
        "agreement": jury.agreement_table(ratings),
        "election": choice.borda(ballots),
        "chances": choice.winner_probabilities(ballots, rule=choice.borda, n=20, seed=0),
        "audit of a rule": choice.audit_rule(choice.borda, ballots, axioms=["pareto"]),
        "margins": ballots.margins(),
        "front": scores.pareto_front([[1.0, 2.0], [2.0, 1.0]]),
        "win rate": scores.win_rate([1.0, 0.0, 0.5]),
    }


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "parquet", "tex", "md"])
def test_every_result_that_is_one_table_can_be_written(fit, tmp_path: Path, ending: str) -> None:
    for name, result in results(fit).items():
        text = write_table(result, tmp_path / f"{name}.{ending}").read_bytes()
        assert text, name
        if ending == "csv":
            assert not any(line.startswith((b"=", b"+", b"@")) for line in text.splitlines()), name


def test_numbers_of_a_result_stand_in_its_table(fit, tmp_path: Path) -> None:
    made = results(fit)
    drawn = pd.read_csv(write_table(made["bootstrap"], tmp_path / "b.csv")).iloc[0]
    assert (drawn["lower"], drawn["upper"]) == made["bootstrap"].interval
    gap = pd.read_csv(write_table(made["difference"], tmp_path / "d.csv")).iloc[0]
    assert gap["estimate"] == made["difference"].estimate
    assert (gap["lower"], gap["upper"]) == made["difference"].interval()
    cycles = pd.read_csv(write_table(made["cycles"], tmp_path / "c.csv"))
    np.testing.assert_array_equal(cycles["rate"], made["cycles"].rate)
    assert (cycles["n_incomplete"] == made["cycles"].n_incomplete).all()


def test_a_result_of_several_tables_names_them(tmp_path: Path) -> None:
    audit = scores.audit_metric(lambda x: float(np.mean(x)), {"a": np.arange(9.0)}, seed=0)
    with pytest.raises(DataError, match=r"more than one table; pass `\.findings`, `\.scores`"):
        write_table(audit, tmp_path / "a.csv")
    assert write_table(audit.findings, tmp_path / "a.csv").stat().st_size
