"""Reports on ratings, ballots, groups and two runs: sections for what the data contain."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pluralism import Annotations, Ballots, Comparisons, DataError, choice, jury, write_report
from pluralism.data import load_table, simulate_votes
from pluralism.errors import ApproximationWarning
from pluralism.report._ratings import gather_ratings
from pluralism.report._ratings_words import _said_of
from pluralism.report._rules import decisions
from pluralism.report._words import signed
from pluralism.utility import fit_bradley_terry, fit_groups

HOSTILE = ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "🦄 emoji", "עברית", "a\nb", "$x$")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def plain(page: Path) -> str:
    """Paragraphs without markup, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text_of(page)))


def headings(page: Path) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", text_of(page))


# -- votes with groups -------------------------------------------------------------------


@pytest.fixture(scope="module")
def grouped() -> Comparisons:
    frame = simulate_votes(
        2400, items=["tea", "beer", "milk"], raters=60, groups=["old", "young"],
        group_spread=0.8, order_effect=0.3, seed=5,
    )  # fmt: skip
    return Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater", group="group"
    )


@pytest.fixture(scope="module")
def grouped_page(grouped, tmp_path_factory) -> Path:
    return write_report(grouped, tmp_path_factory.mktemp("page") / "r.html")


@pytest.mark.slow
def test_a_report_on_votes_answers_every_question(grouped, grouped_page) -> None:
    assert headings(grouped_page) == [
        "In short", "Who is preferred, and how surely", "Which items can be told apart",
        "One against one", "What voting rules would pick", "Do groups by group differ?",
        "Do preferences hang together?", "Does the order of presentation matter?",
        "Who voted, and how alike", "What was compared", "What this cannot tell you",
        "How it was computed",
    ]  # fmt: skip
    said = plain(grouped_page)
    fits = fit_groups(grouped)
    leaders = {fits.items[place] for place in fits.utility.values.argmax(axis=1)}
    assert all(f"{item} stands first" in said for item in leaders)
    # 60 raters for 3 items: the clustered Wald test holds, and its p-value is the one that is told.
    p = f"{fits.wald_test().pvalue:.2g}"
    assert f"Wald test, clustered by rater: they differ by more than chance (p = {p})" in said


@pytest.mark.slow
def test_groups_of_few_raters_are_tested_by_permutation(tmp_path) -> None:
    frame = simulate_votes(600, items=4, raters=8, groups=["p", "q"], seed=1)
    votes = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater", group="group"
    )
    assert "199 permutations of the raters" in plain(write_report(votes, tmp_path / "r.html"))


@pytest.mark.slow
def test_groups_that_cannot_be_fitted_alone_get_a_prior_and_the_page_says_so(tmp_path) -> None:
    rows = [("a", "b", "first", "big"), ("b", "a", "first", "big")] * 20
    rows += [("a", "b", "first", "small")] * 3
    frame = pd.DataFrame(rows, columns=["first", "second", "outcome", "size"])
    votes = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", group="size"
    )
    said = plain(write_report(votes, tmp_path / "r.html"))
    assert "Groups are small, so their fits rest on a normal prior of 1 log-odds as well." in said


@pytest.mark.slow
def test_one_group_only_is_said_to_have_nobody_to_compare_with(tmp_path) -> None:
    frame = simulate_votes(200, items=3, raters=8, seed=1).assign(side="only")
    votes = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater", group="side"
    )
    said = plain(write_report(votes, tmp_path / "r.html"))
    assert "This cannot be said: 1 group and 3 items: there is no other to compare with." in said


@pytest.mark.slow
def test_the_crowd_votes_with_groups_tell_all(test_data, tmp_path) -> None:
    frame = pd.read_csv(test_data / "llmfao/crowd-comparisons.csv")
    # The file says nothing of its workers but what they did: some cast hundreds of votes.
    cast = frame.groupby("worker")["id"].transform("size")
    frame["activity"] = np.where(cast >= 100, "100 votes or more", "fewer than 100 votes")
    votes = Comparisons.from_frame(
        frame, first="left", second="right", outcome="winner", rater="worker", group="activity"
    )
    page = write_report(votes, tmp_path / "r.html")
    said = plain(page)

    # Who leads, and how surely.
    fit = fit_bradley_terry(votes)
    first, second = fit.utility.to_series().sort_values(ascending=False).index[:2]
    lead = fit.contrast(first, second)
    low, high = lead.interval(0.95)
    assert low < 0 < high
    assert (
        f"{first} stands first, but its lead over {second} ({lead.estimate:.2f} log-odds, 95% "
        f"interval {signed(low)} to {signed(high)}) may be chance."
    ) in said
    best = fit.rank_intervals(0.95).values[:, 0]
    assert f"rank 1 belongs to one of {(best == 1).sum()} items" in said

    # Which items cannot be told apart: by the ranks, which count those that are worse and better.
    ranks = fit.rank_intervals(0.95).values
    n = len(ranks)
    apart = ((n - ranks[:, 1]) + (ranks[:, 0] - 1)).sum() // 2
    pairs = n * (n - 1) // 2
    together = f"{pairs - apart:,} of {pairs:,} pairs ({100 * (1 - apart / pairs):.0f}%)"
    assert f"{together} cannot be told apart." in said

    # Whether votes depend on position.
    table = fit_bradley_terry(votes, order_effect=True).summary()
    effect = table[table["term"] == "order_effect"].iloc[0]
    share = votes.first_won.sum() / (votes.first_won.sum() + votes.second_won.sum())
    z = effect["estimate"] / effect["stderr"]
    assert z > 1.96
    assert f"The item shown first won {100 * share:.1f}% of the decided votes" in said
    assert f"(z = {z:.2f}): position matters: being shown first helps." in said

    # Whether raters cluster.
    alone = fit_bradley_terry(votes, covariance="sandwich")
    inflation = float((fit.stderr / alone.stderr).median())
    assert inflation > 1.1
    assert f"standard errors are {inflation:.2f} times what they would be if votes were" in said

    # What each voting rule would pick: rules applied to shares by pair, worked out here.
    won = votes.pairwise().to_pandas()
    total = won + won.T
    shares = (won / total).fillna(0.5).where(~np.eye(n, dtype=bool), 0.0)
    picks = {
        "Copeland": choice.copeland(shares).winners, "Borda": choice.borda(shares).winners,
        "Minimax": choice.minimax(shares).winners, "Schulze": choice.schulze(shares).winners,
        "Split cycle": choice.split_cycle(shares).winners,
    }  # fmt: skip
    ranking = list(fit.utility.to_series().sort_values(ascending=False).index)
    assert not choice.condorcet_winner(shares).winners
    assert set(shares.index[shares.sum(axis=1) == shares.sum(axis=1).max()]) == set(picks["Borda"])
    (sentence,) = re.findall(
        r"Voting rules do not agree: (.*?)\. No item beats every other head to head", said
    )
    for rule, winners in picks.items():
        (part,) = (part for part in sentence.split("; ") if rule in part.rpartition(" by ")[2])
        assert all(str(item) in part for item in sorted(winners, key=ranking.index)[:3])
        assert ("more" in part) == (len(winners) > 3)

    # And whether groups of raters differ: the same permutations, counted here.
    fits = fit_groups(votes, group="activity")
    assert len(fits.groups) == 2
    with pytest.warns(ApproximationWarning, match="permutations failed"):
        pvalue = fits.permutation_test(n=199, seed=0).pvalue
    assert (
        "By activity, 2 groups were compared: no more than chance would make of any groups " in said
    )
    assert f"(p = {pvalue:.2g})" in said
    assert "198 permutations of the raters (1 more had no fit)" in said
    assert "Do groups by activity differ?" in headings(page)


@pytest.mark.slow
def test_questions_may_be_groups_of_votes_without_raters(test_data, tmp_path) -> None:
    source = test_data / "llmfao/crowd-comparisons.csv"
    columns = {"first": "left", "second": "right", "outcome": "winner", "group": "prompt"}
    with pytest.raises(DataError, match=r"For groups of votes, .* leave out `rater`"):
        Comparisons.from_frame(source, **columns, rater="worker")
    votes = Comparisons.from_frame(source, **columns)
    said = plain(write_report(votes, tmp_path / "r.html"))
    assert "By prompt, 13 groups were compared: " in said


# -- two runs ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_run_is_set_beside_the_first(tmp_path) -> None:
    utility = {"a": 1.0, "b": 0.0, "c": -1.0}
    moved = {"a": -1.0, "b": 0.0, "c": 1.0}
    runs = [
        Comparisons.from_frame(
            simulate_votes(1500, items=list(truth), utility=list(truth.values()), seed=seed),
            first="first", second="second", outcome="outcome",
        )
        for seed, truth in enumerate((utility, moved))
    ]  # fmt: skip
    page = write_report(runs[0], tmp_path / "r.html", compare=runs[1], compare_name="<old>")
    said = plain(page)
    assert "a leads here, c in &lt;old&gt;" in said
    assert "2 of 3 shared items changed by more than chance" in said
    assert "Ranks correlate at −1.00." in said
    # The change is the difference of two fits that share all items, and so is its variance.
    fits = [fit_bradley_terry(run) for run in runs]
    change = float(fits[0].utility.sel(item="a") - fits[1].utility.sel(item="a"))
    stderr = np.hypot(*(float(fit.stderr.sel(item="a")) for fit in fits))
    row = re.search(
        r'<tr><th scope="row" data-key="a">a</th>(.*?)</tr>',
        text_of(page)[text_of(page).index('id="changes"') :],
    )
    keys = [float(key) for key in re.findall(r'data-key="([^"]*)"', row.group(1))]
    np.testing.assert_allclose(
        keys[2:5], [change, change - 1.959964 * stderr, change + 1.959964 * stderr], rtol=1e-5
    )


@pytest.mark.slow
def test_an_equal_run_changes_nothing(tmp_path) -> None:
    votes = load_table("celebrities")
    said = plain(write_report(votes, tmp_path / "r.html", compare=votes))
    assert "leads in both runs" in said
    assert "no one of 9 shared items changed by more than chance" in said


@pytest.mark.slow
def test_runs_that_cannot_be_compared_are_refused(tmp_path) -> None:
    votes = load_table("celebrities")
    other = Comparisons.from_matrix([[0, 3], [2, 0]], items=["x", "y"])
    with pytest.raises(DataError, match="shares 0 items"):
        write_report(votes, tmp_path / "r.html", compare=other)
    with pytest.raises(DataError, match="`compare` is a list; it must be votes or a fit"):
        write_report(votes, tmp_path / "r.html", compare=[1])
    with pytest.raises(DataError, match="must be Ballots, as the data are"):
        write_report(Ballots.from_rankings(["ab"]), tmp_path / "r.html", compare=votes)
    with pytest.raises(DataError, match="`fit` goes with votes"):
        write_report(Ballots.from_rankings(["ab"]), tmp_path / "r.html", fit=votes)
    assert list(tmp_path.iterdir()) == []


# -- ratings -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ratings() -> Annotations:
    random = np.random.default_rng(0)
    rows = [
        (item, rater, 1 + (item + (rater >= 8) * (item % 2) + (random.random() < 0.2)) % 3)
        for item in range(30)
        for rater in range(16)
        if random.random() < 0.9
    ]
    frame = pd.DataFrame(rows, columns=["item", "rater", "label"])
    frame["side"] = np.where(frame["rater"] < 8, "left", "right")
    return Annotations.from_frame(
        frame, item="item", rater="rater", label="label", group="side", scale="ordinal"
    )


def test_a_report_on_ratings(ratings, tmp_path) -> None:
    page = write_report(ratings, tmp_path / "r.html")
    assert headings(page) == [
        "In short", "How far raters agree", "What was answered", "On what they disagree",
        "Who disagrees with whom", "Do groups by side see it alike?", "What this cannot tell you",
        "How it was computed",
    ]  # fmt: skip
    alpha = jury.krippendorff_alpha(ratings)
    assert f"Krippendorff’s alpha is {alpha:.2f}" in plain(page)


def test_agreement_of_a_rater_with_the_others_against_brute_force(ratings) -> None:
    found = gather_ratings(ratings, 0.95)
    table = ratings.to_frame()
    labels = {(row.item, row.rater): row.label for row in table.itertuples()}
    for place, rater in enumerate(ratings.raters):
        same = [
            np.mean(
                [
                    value == labels[item, rater]
                    for (i, r), value in labels.items()
                    if i == item and r != rater
                ]
            )
            for item, r in labels
            if r == rater
        ]
        assert found.rater_agreement[place] == pytest.approx(np.mean(same))


def test_kappa_of_two_raters_against_scikit_learn(ratings) -> None:
    from sklearn.metrics import cohen_kappa_score

    found = gather_ratings(ratings, 0.95)
    table = ratings.to_frame().pivot_table(index="item", columns="rater", values="label")
    complete = [
        pair for pair in found.pairs if table[[pair.one, pair.other]].notna().all(axis=None)
    ]
    for pair in found.pairs[:10]:
        both = table[[pair.one, pair.other]].dropna()
        assert pair.shared == len(both)
        assert pair.agreement == pytest.approx((both[pair.one] == both[pair.other]).mean())
    for pair in complete:
        expected = cohen_kappa_score(table[pair.one], table[pair.other])
        assert pair.kappa == pytest.approx(expected)


def test_ratings_without_raters_or_variance_say_what_they_lack(tmp_path) -> None:
    counts = Annotations.from_counts([[3, 0], [1, 2]])
    said = plain(write_report(counts, tmp_path / "r.html"))
    assert "Only counts are known, not who gave which label" in said
    same = Annotations.from_matrix([["x", "x"], ["x", "x"]])
    said = plain(write_report(same, tmp_path / "r.html"))
    assert "This cannot be said of these labels" in said
    alone = Annotations.from_matrix([["x", "y", "x"]])
    assert "No item has two labels" in plain(write_report(alone, tmp_path / "r.html"))


def test_two_runs_of_ratings(ratings, tmp_path) -> None:
    said = plain(write_report(ratings, tmp_path / "r.html", compare=ratings, compare_name="May"))
    assert "Compared with May, alpha is lower by 0.00" in said
    assert "which may be chance" in said


def test_an_interval_of_agreement_needs_items_that_differ(ratings, tmp_path) -> None:
    alike = Annotations.from_matrix([list("xyxy"), list("xyxy")])
    one = Annotations.from_matrix([["x", "x"], ["y", None]])
    for few, value in [(alike, "1.00"), (one, "0.00")]:
        said = plain(write_report(few, tmp_path / "r.html", compare=ratings, compare_name="May"))
        assert f"alpha is {value} (with no interval, for lack of items that differ)" in said
        assert "too little to hold against Krippendorff" in said
        assert "with no interval, for lack of items that differ." in said
        assert "clearly" not in said
        assert "more than chance" not in said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.8, 0.9, "clearly above .8"), (0.2, 0.6, "clearly below .667"),
        (0.667, 0.85, "enough, by Krippendorff’s bounds, for tentative conclusions"),
        (0.6, 0.85, "so neither is settled"), (0.6, 0.7, "so neither is settled"),
    ],
)  # fmt: skip
def test_agreement_is_judged_by_krippendorffs_bounds(low: float, high: float, said: str) -> None:
    assert said in _said_of(low, high)


def of_sides(sides: list[str]) -> Annotations:
    """Return labels of as many raters as there are sides, of ten items each."""
    random = np.random.default_rng(2)
    frame = pd.DataFrame(
        [
            (i, r, i % 3 if random.random() < 0.8 else 0)
            for i in range(10)
            for r in range(len(sides))
        ],
        columns=["item", "rater", "label"],
    )
    frame["side"] = [sides[rater] for rater in frame["rater"]]
    return Annotations.from_frame(frame, item="item", rater="rater", label="label", group="side")


@pytest.mark.slow
def test_a_group_of_one_rater_has_no_agreement_within(tmp_path) -> None:
    page = write_report(of_sides(["left", "left", "right"]), tmp_path / "r.html")
    assert "Do groups by side see it alike?" in headings(page)
    assert "raters agree among themselves most in" not in plain(page)
    page = write_report(of_sides(["left", "left", "right", "right"]), tmp_path / "r.html")
    assert "raters agree among themselves most in" in plain(page)


@pytest.mark.slow
def test_groups_that_cannot_be_compared_are_said(tmp_path) -> None:
    many = write_report(of_sides([f"s{k}" for k in range(31)]), tmp_path / "r.html")
    assert (
        "This cannot be said: `group` &#39;side&#39; has 31 groups; at most 30 are compared"
        in plain(many)
    )
    rows = [(0, "x", "a", "l"), (1, "y", "b", "r")]
    frame = pd.DataFrame(
        [*rows, (2, "z", "b", "m"), (3, "w", "a", "n")],
        columns=["item", "rater", "label", "side"],
    )
    alone = Annotations.from_frame(frame, item="item", rater="rater", label="label", group="side")
    said = plain(write_report(alone, tmp_path / "r.html"))
    assert "This cannot be said: no group has enough shared labels." in said


def test_labels_that_were_left_out_are_counted(tmp_path) -> None:
    frame = pd.DataFrame({"i": [0, 0, 1, 1], "r": [0, 1, 0, 1], "l": ["a", "b", "b", None]})
    data = Annotations.from_frame(frame, item="i", rater="r", label="l", missing="drop")
    assert "1 label dropped: no l." in plain(write_report(data, tmp_path / "r.html"))


def test_a_run_without_agreement_is_not_compared(ratings, tmp_path) -> None:
    same = Annotations.from_matrix([["x", "x"], ["x", "x"]])
    said = plain(write_report(ratings, tmp_path / "r.html", compare=same, compare_name="May"))
    assert "Compared with May: agreement of one of them is not known." in said


# -- ballots -----------------------------------------------------------------------------

PROFILE = Ballots.from_rankings(
    ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"], counts=[30, 1, 29, 10, 10, 1]
)


def test_a_report_on_ballots_has_the_rules_side_by_side(tmp_path) -> None:
    page = write_report(PROFILE, tmp_path / "r.html")
    assert headings(page) == [
        "In short", "What each rule would pick", "Is there a majority order?", "Head to head",
        "Instant runoff, count by count", "What was on the ballots", "What this cannot tell you",
        "How it was computed",
    ]  # fmt: skip
    said = plain(page)
    # Condorcet's own example: A beats all, Borda picks B.
    assert (
        "A beats every other alternative head to head; the closest is B, by a margin of 1 ballot."
        in said
    )
    assert choice.borda(PROFILE).winners == ("B",)
    assert re.search(r"The rules do not agree: A by [^;]*; B by [^.]*Borda", said)


def test_a_cycle_is_counted(tmp_path) -> None:
    cycle = Ballots.from_rankings(["ABC", "BCA", "CAB"], counts=[25, 40, 35])
    said = plain(write_report(cycle, tmp_path / "r.html"))
    assert "Majorities contradict themselves in 1 triple." in said
    assert "No alternative beats every other head to head" in said


def test_notes_of_a_file_are_passed_on(tmp_path) -> None:
    noted = replace(PROFILE, notes=("4 ballots were made whole",))
    assert "4 ballots were made whole" in plain(write_report(noted, tmp_path / "r.html"))
    assert "From the file" not in plain(write_report(PROFILE, tmp_path / "r.html"))


def test_rules_that_one_election_does_not_allow_are_not_compared(tmp_path) -> None:
    """Approval picks a winner from approvals only, as Plurality does from rankings only."""
    approved = Ballots.from_approvals([{"A"}, {"B"}, {"B"}], alternatives=["A", "B", "C"])
    page = write_report(PROFILE, tmp_path / "r.html", compare=approved)
    here = {each.rule for each in decisions(PROFILE) if each.winners is not None}
    there = {each.rule for each in decisions(approved) if each.winners is not None}
    assert here != there
    both = {
        rule: [
            set(next(each.winners for each in decisions(data) if each.rule == rule))
            for data in (PROFILE, approved)
        ]
        for rule in here & there
    }
    changed = sum(one != other for one, other in both.values())
    assert f"{changed} of {len(both)} rules pick differently" in plain(page)


def test_two_elections(tmp_path) -> None:
    other = Ballots.from_rankings(["CBA"], counts=[9])
    said = plain(write_report(PROFILE, tmp_path / "r.html", compare=other))
    assert "12 rules pick differently" in said


@pytest.mark.parametrize(
    "ballots",
    [
        Ballots.from_approvals([{"a", "b"}, {"b"}, {"c"}], alternatives=["a", "b", "c"]),
        Ballots.from_utilities([[1.0, 0.0, 0.5], [0.2, 0.9, 0.1]], alternatives=["a", "b", "c"]),
        Ballots.from_rankings([("a",), ("b", "c")], alternatives=["a", "b", "c"]),
        Ballots.from_rankings([(("a", "b"), "c")]),
        Ballots.from_rankings(["ab", "ba"]),
    ],
    ids=["approvals", "utilities", "short", "tied", "two"],
)
def test_every_kind_of_ballot_makes_a_page(ballots, tmp_path) -> None:
    assert "What each rule would pick" in headings(write_report(ballots, tmp_path / "r.html"))


@pytest.mark.slow
def test_many_alternatives(tmp_path) -> None:
    random = np.random.default_rng(0)
    ranks = random.permuted(np.tile(np.arange(60), (30, 1)), axis=1)
    page = write_report(Ballots.from_ranks(ranks), tmp_path / "r.html")
    assert "left out above 12 alternatives" in plain(page)


# -- hostile labels ----------------------------------------------------------------------


def hostile_votes() -> Comparisons:
    return Comparisons.from_matrix(5 * (1 - np.eye(6)), items=HOSTILE)


def hostile_ratings() -> Annotations:
    rows = [
        (item, rater, HOSTILE[(i + r) % 2])
        for i, item in enumerate(HOSTILE)
        for r, rater in enumerate(HOSTILE)
    ]
    frame = pd.DataFrame(rows, columns=["item", "rater", "label"])
    frame["side"] = [HOSTILE[HOSTILE.index(rater) % 2] for rater in frame["rater"]]
    return Annotations.from_frame(
        frame, item="item", rater="rater", label="label", group="side", categories=HOSTILE[:2]
    )


def hostile_ballots() -> Ballots:
    return Ballots.from_rankings([HOSTILE, HOSTILE[::-1]], counts=[3, 2])


@pytest.mark.slow
@pytest.mark.parametrize("make", [hostile_votes, hostile_ratings, hostile_ballots])
def test_labels_are_shown_as_text_and_are_no_formulas(make: Callable, tmp_path) -> None:
    import base64

    page = write_report(
        make(), tmp_path / "r.html", title=HOSTILE[0], compare=make(), compare_name=HOSTILE[0]
    )
    text = text_of(page)
    assert text.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in text
    for content in re.findall(r"base64,([A-Za-z0-9+/=]+)\" download", text):
        for line in base64.b64decode(content).decode("utf-8-sig").splitlines():
            assert not line.startswith("=")


@pytest.mark.slow
def test_all_ties_and_two_items(tmp_path) -> None:
    ties = Comparisons.from_matrix([[0, 0], [0, 0]], items=["a", "b"], ties=[[0, 9], [9, 0]])
    said = plain(write_report(ties, tmp_path / "r.html"))
    assert "100% of them are ties" in said
