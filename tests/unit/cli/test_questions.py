"""The commands on ratings, answers and ballots: what they print, and what they refuse."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Ballots, choice, jury, perspective


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder, in this process."""
    from pluralism.cli import main

    monkeypatch.chdir(tmp_path)
    for name in ("COMPILATION_CACHE_DIR", "PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(f"JAX_{name}", {"COMPILATION_CACHE_DIR": str(tmp_path)}.get(name, "0"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pluralism", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def ratings(tmp_path) -> pd.DataFrame:
    random = np.random.default_rng(3)
    rows = [
        (f"q{item}", rater, int(random.integers(1, 4)) if random.random() < 0.3 else item % 3 + 1)
        for item in range(12)
        for rater in range(6)
    ]
    frame = pd.DataFrame(rows, columns=["question_id", "worker_id", "rating"])
    frame["side"] = np.where(frame["worker_id"] < 3, "left", "right")
    frame.to_csv(tmp_path / "ratings.csv", index=False)
    return frame


@pytest.fixture
def ballots(tmp_path) -> Ballots:
    profile = Ballots.from_rankings(
        ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"], counts=[30, 1, 29, 10, 10, 1]
    )
    profile.to_preflib(tmp_path / "e.soc")
    return profile


def test_agree(run, ratings) -> None:
    status, out, err = run("agree", "ratings.csv", "--scale", "ordinal", "--group", "side")
    assert status == 0, err
    assert "guessed columns: item=question_id rater=worker_id label=rating" in err
    data = Annotations.from_frame(
        ratings, item="question_id", rater="worker_id", label="rating", scale="ordinal"
    )
    table = jury.agreement_table(data)
    for name, row in table.iterrows():
        assert re.search(rf"^{name} +{row['estimate']:.3f} +{row['stderr']:.3f}", out, re.M)
    assert "Within groups by side" in out


def test_agree_as_json_with_a_bootstrap(run, ratings) -> None:
    status, out, err = run("agree", "ratings.csv", "--bootstrap", 50, "--seed", 1, "--json")
    assert status == 0, err
    read = json.loads(out)
    assert read["about"]["raters"] == 6
    (drawn,) = read["bootstrap"]
    assert drawn["lower"] <= drawn["estimate"] <= drawn["upper"]
    assert drawn["estimate"] == read["agreement"][0]["estimate"]


def test_diversity(run, ratings) -> None:
    status, out, err = run("diversity", "ratings.csv", "--by", "side", "--q", "1", "--json")
    assert status == 0, err
    counts = pd.crosstab(ratings["side"], ratings["rating"])
    expected = np.exp(perspective.entropy(counts.to_numpy().astype(float)))
    found = [row["hill_1"] for row in json.loads(out)["diversity"]]
    np.testing.assert_allclose(found, expected)
    assert [row["row"] for row in json.loads(out)["diversity"]] == ["left", "right"]


def test_diversity_counts_what_it_leaves_out(run, tmp_path) -> None:
    pd.DataFrame({"label": ["x", None, "y"]}).to_parquet(tmp_path / "a.parquet")
    status, out, err = run("diversity", "a.parquet", "--json")
    assert status == 0
    assert "1 rows without a value in label are left out" in err
    assert json.loads(out)["about"]["answers"] == 2


def test_vote(run, ballots) -> None:
    status, out, err = run("vote", "e.soc", "--json")
    assert status == 0, err
    picks = {row["rule"]: row["picks"] for row in json.loads(out)["rules"]}
    assert picks["Borda"] == list(choice.borda(ballots).winners) == ["B"]
    assert picks["Condorcet winner"] == ["A"]
    assert picks["IRV"] == list(choice.irv(ballots).winners)


def test_vote_of_a_table(run, tmp_path) -> None:
    rows = [(v, a, r) for v in range(3) for r, a in enumerate("ABC" if v else "CBA", start=1)]
    pd.DataFrame(rows, columns=["voter_id", "candidate", "place"]).to_csv(
        tmp_path / "b.csv", index=False
    )
    status, out, err = run("vote", "b.csv")
    assert status == 0, err
    assert "guessed columns: voter=voter_id alternative=candidate rank=place" in err
    assert re.search(r"^Plurality +A +no$", out, re.M)


def test_a_cycle_has_nobody(run, tmp_path) -> None:
    Ballots.from_rankings(["ABC", "BCA", "CAB"]).to_preflib(tmp_path / "c.soc")
    _, out, _ = run("vote", "c.soc")
    assert re.search(r"^Condorcet winner +nobody", out, re.M)


def test_audit(run, ballots) -> None:
    status, out, err = run("audit", "e.soc", "--axiom", "condorcet-winner", "--axiom", "pareto")
    assert status == 0, err
    assert "borda breaks 1 of 2 axioms" in out
    assert "{B} wins, though A beats every other one by a majority" in out


def test_doctor_knows_what_is_there(run) -> None:
    status, out, _ = run("doctor", "--json")
    assert status == 0
    read = json.loads(out)
    versions = {row["package"]: row["version"] for row in read["versions"]}
    assert versions["numpy"] == np.__version__
    assert {row["extra"] for row in read["extras"]} == {"cli", "plots", "report", "bayes", "netcdf"}
    assert read["devices"][0]["device"]


def test_doctor_names_the_remedy(monkeypatch) -> None:
    from pluralism.cli import _doctor

    monkeypatch.setattr(_doctor, "_version", lambda name: None if name == "matplotlib" else "1")
    extras = next(part for part in _doctor.examine().parts if part.name == "extras")
    rows = {row[0]: row for row in extras.rows}
    assert rows["plots"][1] == "no"
    assert rows["plots"][4] == 'pip install "pluralism[plots]"'


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ratings", "ballots"])
def test_report_knows_what_a_file_holds(run, ratings, ballots, tmp_path, kind: str) -> None:
    file = {"ratings": "ratings.csv", "ballots": "e.soc"}[kind]
    status, out, err = run("report", file, "--compare", file)
    assert status == 0, err
    assert out.endswith("report: report.html\n")
    heading = {"ratings": "How far raters agree", "ballots": "What each rule would pick"}[kind]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert heading in page
    assert "Compared with" in page


SAVED = {
    ("agree", "ratings.parquet"): (
        {"--scale": "nominal", "--group": "side", "--item": "x", "--rater": "x", "--label": "x",
         "--weight": "x", "--missing": "drop"},
        "ratings that are counted already",
    ),
    ("report", "ratings.parquet"): (
        {"--scale": "ordinal", "--group": "side"},
        "ratings that are counted already",
    ),
    ("vote", "ballots.parquet"): (
        {"--unranked": "last", "--voter": "x", "--alternative": "x", "--rank": "x",
         "--utility": "x", "--approved": "x", "--count": "x", "--missing": "drop"},
        "ballots that are counted already",
    ),
    ("audit", "ballots.parquet"): (
        {"--unranked": "incomparable", "--rank": "x"},
        "ballots that are counted already",
    ),
    ("vote", "e.soc"): (
        {"--voter": "x", "--alternative": "x", "--rank": "x", "--utility": "x", "--approved": "x",
         "--count": "x", "--missing": "drop"},
        "ballots as PrefLib writes them",
    ),
    ("report", "ballots.parquet"): (
        {"--group": "x", "--scale": "nominal", "--rater": "x", "--weight": "x"},
        "means nothing",
    ),
    ("report", "votes.csv"): ({"--scale": "ordinal"}, "holds votes, for which --scale means"),
    ("audit", "ratings.csv", "--metric", "accuracy"): (
        {"--unranked": "last"},
        "for which --unranked means nothing",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("command", SAVED)
def test_what_a_file_says_itself_takes_no_options(run, ratings, ballots, tmp_path, command) -> None:
    columns = {"item": "question_id", "rater": "worker_id", "label": "rating"}
    Annotations.from_frame(ratings, **columns).save(tmp_path / "ratings.parquet")
    ballots.save(tmp_path / "ballots.parquet")
    (tmp_path / "votes.csv").write_text("first,second,outcome\na,b,first\n", encoding="utf-8")
    options, message = SAVED[command]
    for option, value in options.items():
        status, out, err = run(*command, option, value)
        assert (status, out) == (1, ""), option
        assert message in err, option
        assert option in err, option


@pytest.mark.slow
def test_saved_containers_are_known(run, ratings, ballots, tmp_path) -> None:
    data = Annotations.from_frame(ratings, item="question_id", rater="worker_id", label="rating")
    data.save(tmp_path / "ratings.parquet")
    ballots.save(tmp_path / "ballots.parquet")
    assert "krippendorff_alpha" in run("agree", "ratings.parquet")[1]
    assert "krippendorff_alpha" in run("report", "ratings.parquet")[1]
    assert "What each rule picks from 81 ballots" in run("report", "ballots.parquet")[1]


@pytest.mark.slow
def test_report_and_fit_as_json(run, tmp_path) -> None:
    run("simulate", "--votes", 300, "--items", 3, "--seed", 1)
    status, out, err = run("report", "votes.csv", "--compare", "votes.csv", "--json")
    assert status == 0, err
    read = json.loads(out)
    assert read["report"] == "report.html"
    assert json.loads(run("fit", "votes.csv", "--json")[1])["estimates"] == read["estimates"]
    made = json.loads(run("simulate", "-o", "w.csv", "--json")[1])
    assert made == {"votes": "w.csv", "truth": "w.truth.csv"}


WRONG = {
    "no file": (["agree"], 1, "name a file of ratings"),
    "not there": (["vote", "none.soc"], 1, "none.soc is not a file"),
    "no label": (["agree", "odd.csv"], 1, "name it with --item"),
    "no answer column": (["diversity", "odd.csv"], 1, "name it with --label"),
    "unknown column": (["diversity", "odd.csv", "--label", "z"], 1, "no column 'z'"),
    "empty": (["diversity", "empty.csv"], 1, "holds no answer"),
    "nothing": (
        ["report", "nothing.csv"],
        1,
        "nothing.csv is empty; it needs a row of column names",
    ),
    "no ratings": (["agree", "none.csv"], 1, "no rows|no label|holds no"),
    "votes are no ballots": (["vote", "votes.csv"], 1, "holds pairwise votes, not ballots"),
    "no ranks": (["vote", "names.csv"], 1, "name it with --rank"),
    "unknown axiom": (["audit", "e.soc", "--axiom", "fairness"], 1, "fairness"),
    "unknown rule": (["audit", "e.soc", "--rule", "best"], 2, "best"),
    "no folder": (["report", "e.soc", "-o", "no/p.html"], 1, "there is no folder no"),
    "meaningless": (["report", "e.soc", "--prior", "1"], 1, "holds ballots, for which --prior"),
    "contradiction": (["fit", "votes.csv", "--json", "--format", "csv"], 2, "contradict"),
    "two results": (
        ["fit", "votes.csv", "--outcome", "outcome", "--winner", "first"],
        1,
        r"give --outcome \(codes\) or --winner \(labels\), not both",
    ),
    "a gap in answers": (
        ["audit", "gaps.csv", "--metric", "accuracy", "--truth", "x"],
        1,
        r"column 'y' has no value in 1 row\(s\); complete them first",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_goes_wrong_is_one_sentence(run, ballots, tmp_path, case: str) -> None:
    files = {
        "odd.csv": "x,y\n1,2\n",
        "empty.csv": "label\n",
        "nothing.csv": "",
        "none.csv": "item,rater,label\n",
        "votes.csv": "first,second,outcome\na,b,first\nb,a,first\n",
        "names.csv": "voter,candidate\n1,a\n",
        "gaps.csv": "x,y\n1,1\n0,\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    arguments, status, message = WRONG[case]
    found, out, err = run(*arguments)
    assert found == status, err
    assert out == ""
    assert "Traceback" not in err
    assert re.search(message, err.strip().splitlines()[-1]), err


@pytest.mark.slow
def test_the_shell_completes_commands() -> None:
    environment = os.environ | {
        "_PLURALISM_COMPLETE": "complete_bash",
        "COMP_WORDS": "pluralism di",
        "COMP_CWORD": "1",
    }
    code = "import sys; sys.argv = ['pluralism']; from pluralism.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split() == ["diversity"], done.stderr


@pytest.mark.slow
def test_help_of_every_command_stands_alone() -> None:
    for command in ("report", "fit", "agree", "diversity", "vote", "audit", "simulate", "doctor"):
        done = subprocess.run(
            [sys.executable, "-m", "pluralism", command, "--help"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "--json" in done.stdout


# -- for programs ------------------------------------------------------------------------


def strict(text: str) -> dict:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.slow
def test_every_command_prints_strict_json(run, ratings, ballots, tmp_path) -> None:
    run("simulate", "--votes", 300, "--items", 3, "--raters", 9, "--seed", 1)
    # A coefficient that is not defined, as an infinite or missing value would be, is null.
    same = "item,rater,label\na,1,x\na,2,x\nb,1,x\nb,2,x\n"
    (tmp_path / "same.csv").write_text(same, encoding="utf-8")
    commands = {
        "simulate": ("simulate", "-o", "w.csv"),
        "count": ("count", "votes.csv", "--rater", "rater"),
        "fit": ("fit", "votes.csv"),
        "report": ("report", "votes.csv"),
        "report of ratings": ("report", "same.csv"),
        "agree": ("agree", "ratings.csv", "--group", "side"),
        "diversity": ("diversity", "ratings.csv"),
        "vote": ("vote", "e.soc"),
        "audit": ("audit", "e.soc", "--axiom", "pareto"),
        "doctor": ("doctor",),
    }
    from pluralism.cli._app import app

    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert names == {name.partition(" ")[0] for name in commands}
    for name, arguments in commands.items():
        status, out, err = run(*arguments, "--json")
        assert status == 0, (name, err)
        assert strict(out), name


def test_count_as_json_says_what_the_cells_hold(run, tmp_path) -> None:
    rows = "first,second,outcome,who,side\na,b,first,1,x\nb,a,tie,2,y\n,a,first,1,x\n"
    (tmp_path / "v.csv").write_text(rows, encoding="utf-8")
    arguments = ("v.csv", "--rater", "who", "--group", "side", "--missing", "drop", "--json")
    assert strict(run("count", *arguments)[1]) == {
        "cells": "cells.parquet", "votes": 2, "items": 2, "tied": 1.0, "raters": 2,
        "groups": {"side": ["x", "y"]}, "dropped": {"no first": 1},
    }  # fmt: skip


def test_what_is_not_finite_is_null_in_json() -> None:
    from pluralism.cli._work import json_text

    written = json_text({"a": np.float64("nan"), "b": [float("inf"), np.int64(3)], "c": True})
    assert strict(written) == {"a": None, "b": [None, 3], "c": True}


# -- what is said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start", [["-m", "pluralism"], ["-c", "from pluralism.cli import main; main()"]]
)
def test_the_command_is_called_pluralism_however_it_was_started(start: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *start, "fit", "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().startswith("Usage: pluralism fit ")


@pytest.mark.parametrize("command", ["agree", "fit", "count", "vote", "diversity", "report"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_an_empty_file_is_said_to_be_empty(run, tmp_path, command: str, ending: str) -> None:
    (tmp_path / f"nothing.{ending}").write_bytes(b"")
    status, out, err = run(command, f"nothing.{ending}")
    assert (status, out) == (1, "")
    assert re.search(r"nothing\.\w+'? is empty; .*a row of column names and rows below it", err)
    assert "Error" not in err


def test_a_wrong_choice_is_said_plainly(run, ratings) -> None:
    status, _, err = run("agree", "ratings.csv", "--scale", "x")
    assert status == 2
    assert "Value error" not in err
    assert "'x' is not one of" in err


def test_what_ratings_look_like_is_said_where_columns_are_not_found(run, tmp_path) -> None:
    (tmp_path / "odd.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    assert "there is one row a rating" in run("agree", "odd.csv")[2]


@pytest.mark.parametrize(
    ("columns", "named", "kind"),
    [
        ("voter,candidate,rank", {}, "ballots"), ("voter_id,option,score", {}, "ballots"),
        ("worker_id,question_id,rating", {}, "ratings"), ("voter,candidate", {}, "votes"),
        ("worker_id,rating", {}, "votes"), ("first,second,outcome,worker,item,label", {}, "votes"),
        ("x,y", {}, "votes"), ("x,y", {"item": "x"}, "ratings"), ("x,y", {"label": "y"}, "ratings"),
    ],
)  # fmt: skip
def test_columns_say_what_a_file_holds(tmp_path, columns: str, named: dict, kind: str) -> None:
    from pluralism.cli._files import kind_of

    path = tmp_path / "file.csv"
    path.write_text(f"{columns}\n", encoding="utf-8")
    assert kind_of(path, **{"item": None, "label": None, **named}) == kind


def test_columns_that_are_named_are_not_guessed(run, ratings, tmp_path) -> None:
    named = ("--item", "question_id", "--rater", "worker_id", "--label", "rating", "--json")
    status, out, err = run("agree", "ratings.csv", *named)
    assert status == 0, err
    assert "guessed columns" not in err
    assert strict(out) == strict(run("agree", "ratings.csv", "--json")[1])
    rows = [(v, a, r) for v in range(3) for r, a in enumerate("ABC" if v else "CBA", start=1)]
    pd.DataFrame(rows, columns=["voter", "candidate", "place"]).to_csv("b.csv", index=False)
    status, out, err = run(
        "vote",
        "b.csv",
        "--voter",
        "voter",
        "--alternative",
        "candidate",
        "--rank",
        "place",
        "--json",
    )
    assert status == 0, err
    assert "guessed columns" not in err
    assert strict(out) == strict(run("vote", "b.csv", "--json")[1])
    # The column that ranks is named, the others are guessed.
    assert (
        "guessed columns: voter=voter alternative=candidate"
        in run("vote", "b.csv", "--rank", "place")[2]
    )


def test_what_is_not_known_is_a_dash_in_a_table() -> None:
    from pluralism.cli._answers import _cell

    assert [_cell(value, 2) for value in (None, float("nan"), 0.5, (), True)] == [
        "-", "-", "0.50", "nobody", "yes",
    ]  # fmt: skip


def test_answers_are_guessed_to_be_outcomes(run, tmp_path) -> None:
    (tmp_path / "v.csv").write_text("a,b,answer\nx,y,A\ny,x,A\nx,y,B\n", encoding="utf-8")
    status, _, err = run("fit", "v.csv")
    assert status == 0, err
    assert "outcome=answer" in err


BLOCKED = """
import sys
import warnings
import pluralism as p
sys.modules[{module!r}] = None
{code}
"""
PAGE = "p.write_report(p.data.load_table('celebrities'), 'x.html')"
NEEDS = {
    "figure": ("matplotlib", "plots", "p.plots.pareto_front([[1, 2], [2, 1]])"),
    "page": ("jinja2", "report", PAGE),
    "page's figures": ("matplotlib", "report", PAGE),
    "NetCDF": (
        "h5netcdf", "netcdf",
        "p.adapters.write_table(p.data.load_table('celebrities').pairwise(), 'x.nc')",
    ),
    "posterior": (
        "numpyro", "bayes",
        "p.utility.fit_hierarchical(p.Comparisons.from_frame("
        "p.data.simulate_votes(60, items=3, raters=4, seed=1), first='first', second='second', "
        "outcome='outcome', rater='rater'))",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", NEEDS)
def test_a_missing_extra_is_named_with_its_remedy(case: str, tmp_path) -> None:
    module, extra, code = NEEDS[case]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(module=module, code=code)],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: "), done.stderr
    assert re.search(rf"pip install [\"']pluralism\[{extra}\]", last)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "extra", "arguments"),
    [
        ("typer", "report", ["--help"]),
        ("jinja2", "report", ["report", "--example"]),
        ("matplotlib", "report", ["report", "--example"]),
        ("h5netcdf", "netcdf", ["fit", "--example", "-o", "fit.nc"]),
    ],
)
def test_a_command_names_the_missing_extra(module: str, extra: str, arguments, tmp_path) -> None:
    code = f"sys.argv = ['pluralism', *{arguments!r}]\nfrom pluralism.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(module=module, code=code)],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("pluralism: "), done.stderr
    assert re.search(rf"pip install [\"']pluralism\[{extra}\]", last)
    assert list(tmp_path.iterdir()) == []


# -- audit of a metric -------------------------------------------------------------------


@pytest.fixture
def answers(tmp_path) -> pd.DataFrame:
    random = np.random.default_rng(0)
    truth = np.array(["A"] * 93 + ["B"] * 7)
    good = np.where(random.random(100) < 0.85, truth, "B")
    frame = pd.DataFrame({"label": truth, "one": good, "two": random.choice(["A", "B"], 100)})
    frame.to_csv(tmp_path / "answers.csv", index=False)
    return frame


def test_audit_of_a_metric_is_that_of_scores(run, answers) -> None:
    from pluralism.scores import audit_metric

    status, out, err = run(
        "audit", "answers.csv", "--metric", "accuracy", "--truth", "label", "--declared", "0,1",
        "--json",
    )  # fmt: skip
    assert status == 0, err
    truth, one, two = (answers[name].to_numpy() for name in ("label", "one", "two"))
    expected = audit_metric(
        lambda given, right: (given == right).mean(), {"one": one, "two": two}, truth=truth,
        declared=(0, 1), seed=0,
    )  # fmt: skip
    read = strict(out)
    assert [row["check"] for row in read["findings"]] == expected.findings["check"].tolist()
    assert [row["verdict"] for row in read["findings"]] == expected.findings["verdict"].tolist()
    assert {row["answer"]: row["score"] for row in read["baselines"]} == expected.baselines
    assert [row["stderr"] for row in read["scores"]] == expected.scores["stderr"].tolist()
    assert read["about"]["passed"] is expected.passed is False
    said = run("audit", "answers.csv", "--metric", "accuracy", "--truth", "label")[1]
    assert said.endswith("accuracy fails baselines\n")


def test_one_word_among_numbers_leaves_the_other_answers_right(run, tmp_path) -> None:
    truth = [n % 3 for n in range(100)]
    frame = pd.DataFrame({"truth": truth, "model": ["none", *truth[1:]]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    status, out, err = run("audit", "a.csv", "--metric", "accuracy", "--truth", "truth", "--json")
    assert status == 0, err
    assert strict(out)["scores"][0]["score"] == 0.99


@pytest.mark.parametrize(
    ("truth", "model", "suffix", "message"),
    [
        (["1.10", "2"], ["1.1", "2"], ".csv", "hold '1.1' and '1.10', which are one number"),
        ([1, 2], [1.0, 2.5], ".csv", "hold '1' and '1.0', which are one number and two texts"),
        ([1, 2], ["1", "2"], ".parquet", "column 'model' holds text but 'truth' does not"),
        (["A", "B"], ["A ", "B"], ".csv", "'A' (str) and 'A ' (str), which look alike"),
    ],
)
def test_answers_written_in_two_ways_are_not_counted_as_wrong(
    run, tmp_path, truth, model, suffix, message
) -> None:
    frame = pd.DataFrame({"truth": truth, "model": model})
    path = tmp_path / f"a{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    status, out, err = run("audit", path.name, "--metric", "accuracy", "--truth", "truth")
    assert (status, out) == (1, "")
    assert message in err


def test_a_metric_of_numbers_gets_numbers(run, tmp_path) -> None:
    frame = pd.DataFrame({"truth": [1, 0, 1, 0], "model": [0.75, 0.25, 1, 0]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    arguments = ("a.csv", "--metric", "brier_score", "--truth", "truth", "--json")
    assert strict(run("audit", *arguments)[1])["scores"][0]["score"] == pytest.approx(0.03125)


def test_audit_of_a_metric_of_ones_own(run, answers, tmp_path) -> None:
    source = "def share(answers):\n    return (answers == 'A').mean()\n"
    (tmp_path / "mine_for_audit.py").write_text(source, encoding="utf-8")
    arguments = ("answers.csv", "--metric", "mine_for_audit:share", "--system", "one", "--json")
    read = strict(run("audit", *arguments)[1])
    assert read["scores"][0]["score"] == (answers["one"] == "A").mean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metric", "f1"], "must be one of accuracy, brier_score, calibration_error, or a func"),
        (["--metric", "nowhere:f"], "cannot be imported: No module named 'nowhere'"),
        (["--metric", "accuracy", "--truth", "x"], "no column 'x' in answers.csv"),
        (["--metric", "accuracy", "--declared", "0-1"], "write its two ends, as in 0,1"),
        (["--metric", "accuracy", "--axiom", "iia"], "for which --axiom means nothing"),
        (["--truth", "label"], "where no --metric is named, for which --truth means nothing"),
        (["--lower-is-better"], "for which --lower-is-better means nothing"),
    ],
)
def test_what_goes_wrong_in_an_audit_of_a_metric(run, answers, arguments, message: str) -> None:
    status, out, err = run("audit", "answers.csv", *arguments)
    assert (status, out) == (1, "")
    assert message in err


# -- on a terminal -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is needed")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["agree", "ratings.csv", "--bootstrap", "30", "--json"], "drawing raters again"),
        (["audit", "e.soc", "--axiom", "pareto", "--json"], "auditing borda"),
        (["report", "e.soc", "--json"], "comparing"),
        (["count", "v1.csv", "v2.csv", "--json"], "counting the votes of 2 files"),
    ],
)
def test_progress_is_seen_at_a_terminal_and_nowhere_else(
    ratings, ballots, tmp_path, arguments: list[str], told: str
) -> None:
    import pty

    for name in ("v1", "v2"):
        text = "first,second,outcome\na,b,first\nb,a,first\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pluralism", *arguments]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path, env=environment
    ) as running:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
        out = running.stdout.read().decode()
    os.close(ours)
    assert running.returncode == 0, seen
    assert told in seen.decode()
    assert strict(out)
    quiet = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert told not in quiet.stderr
    assert strict(quiet.stdout) == strict(out)


def test_a_warning_is_a_note_and_no_line_of_source(run, ratings, monkeypatch) -> None:
    from pluralism import _quiet
    from pluralism.cli import _answers
    from pluralism.errors import SmallSampleWarning

    plain = _answers.agreement

    def warns(*given, **options):
        _quiet.warn("few raters", SmallSampleWarning)
        return plain(*given, **options)

    monkeypatch.setattr(_answers, "agreement", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        status, _, err = run("agree", "ratings.csv")
    assert status == 0
    assert "note: few raters\n" in err
    assert ".py" not in err
