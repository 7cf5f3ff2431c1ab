"""The page: one file, escaped, nothing loaded, and every sentence from a number."""

from __future__ import annotations

import base64
import csv
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pluralism import Comparisons, DataError, NotIdentifiedError, write_report
from pluralism.data import load_table, simulate_votes
from pluralism.report._caveats import caveats
from pluralism.report._evidence import gather
from pluralism.report._rules import picked
from pluralism.report._tables import Column, Table, inert
from pluralism.report._words import percent, signed, span, summary
from pluralism.utility import fit_bradley_terry, fit_thurstone

STRANGE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd()", "a & b", "é")


class Page(HTMLParser):
    """What a page holds: elements with their attributes, and text by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def simulated(n_votes: int = 4000, **options) -> Comparisons:
    frame = simulate_votes(n_votes, **{"items": 6, "seed": 5, **options})
    rater = "rater" if "rater" in frame else None
    group = "group" if "group" in frame else None
    return Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater=rater, group=group
    )


def headings(votes: Comparisons, **options) -> list[str]:
    fit = fit_bradley_terry(votes, **options)
    return [caveat.heading for caveat in caveats(gather(fit, votes, 0.95))]


def page_of(data, folder, **options) -> tuple[str, Page]:
    text = write_report(data, folder / "report.html", **options).read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def celebrities(tmp_path_factory) -> tuple[str, Page]:
    return page_of(load_table("celebrities"), tmp_path_factory.mktemp("report"))


# -- one file ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_refers_to_nothing_outside_itself(celebrities) -> None:
    text, page = celebrities
    for _, attributes in page.elements:
        for key in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            value = attributes.get(key)
            assert value is None or value.startswith(("#", "data:")), (key, value)
    style = "".join(re.findall(r"<style>.*?</style>", text, re.DOTALL))
    assert "@import" not in style
    assert "url(" not in style
    assert not page.all("iframe", "object", "embed", "base", "form")
    # And a browser would refuse if it did.
    (policy,) = [
        meta["content"]
        for meta in page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert len(page.all("script")) == 1


@pytest.mark.slow
def test_the_same_votes_give_the_same_file(tmp_path) -> None:
    first = write_report(load_table("celebrities"), tmp_path / "a.html")
    second = write_report(load_table("celebrities"), tmp_path / "b.html")
    assert first.read_bytes() == second.read_bytes()


def test_identifiers_are_unique_and_references_lead_somewhere(celebrities) -> None:
    text, page = celebrities
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="|url\()#([^")]+)', text)
    targets += [
        name
        for _, attributes in page.elements
        for name in (attributes.get("aria-labelledby") or "").split()
    ]
    assert targets
    assert set(targets) <= set(ids)


def test_every_figure_has_words_and_a_table_beside_it(celebrities) -> None:
    text, page = celebrities
    figures = page.all("svg")
    assert len(figures) == 4  # utilities, pairs, transitivity, design
    assert all(figure.get("role") == "img" for figure in figures)
    sections = re.findall(r"<section .*?</section>", text, re.DOTALL)
    drawn = [section for section in sections if "<svg" in section]
    assert len(drawn) == 4
    for section in drawn:
        assert re.search(r"<title[^>]*>[^<]{40,}</title>", section)
        assert "<table" in section
        assert "<caption>" in section
        assert 'download="' in section


def test_headings_of_tables_are_buttons_with_scopes(celebrities) -> None:
    _, page = celebrities
    scopes = {attributes.get("scope") for attributes in page.all("th")}
    assert scopes == {"col", "row"}
    columns = sum(attributes.get("scope") == "col" for attributes in page.all("th"))
    assert len(page.all("button")) == columns


# -- labels ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strange(tmp_path_factory) -> tuple[str, Page]:
    wins = np.array(
        [[0, 6, 5, 4, 7], [3, 0, 4, 5, 6], [2, 4, 0, 3, 5], [3, 2, 4, 0, 6], [1, 2, 3, 2, 0]]
    )
    votes = Comparisons.from_matrix(wins * 10, items=STRANGE)
    return page_of(votes, tmp_path_factory.mktemp("strange"), title="<b>Title</b>")


@pytest.mark.slow
def test_markup_in_labels_is_shown_as_text(strange) -> None:
    text, page = strange
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    for label in (*STRANGE, "<b>Title</b>"):
        assert label in page.text
    # In the figures too, where labels are text that can be selected.
    figure = text[text.index("<svg") : text.index("</svg>")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in figure


def test_a_formula_in_a_csv_is_text(strange) -> None:
    _, page = strange
    links = {
        attributes["download"]: attributes["href"]
        for attributes in page.all("a")
        if "download" in attributes
    }
    content = base64.b64decode(links["utilities.csv"].partition("base64,")[2]).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["Item"] for row in rows} == (set(STRANGE) - {"=cmd()"}) | {"'=cmd()"}
    assert all(float(row["Upper"]) > float(row["Lower"]) for row in rows)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_what_a_spreadsheet_would_execute_is_quoted(text: str) -> None:
    assert inert(text) == f"'{text}"


def test_numbers_in_a_csv_keep_their_sign_and_all_digits() -> None:
    table = Table("t", "t", [Column("a", "text"), Column("b")], [("x", -1 / 3), ("y", np.nan)])
    assert table.csv == f"a,b\r\nx,{-1 / 3!r}\r\ny,\r\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, "0.00"), (-0.0, "0.00"), (-1.5, "−1.50"), (-0.003, "−0.003"), (-1e-9, "0.000")],
)
def test_signs_survive_rounding(value: float, expected: str) -> None:
    assert signed(value) == expected


# -- what it says ------------------------------------------------------------------------


def test_the_summary_of_the_celebrities(celebrities) -> None:
    _, page = celebrities
    fit = fit_bradley_terry(load_table("celebrities"))
    lead = fit.contrast("Lyndon Johnson", "Sophia Loren")
    low, high = lead.interval(0.95)
    share = 100 * fit.probability("Lyndon Johnson", "Sophia Loren")
    assert "8,424 votes among 9 items" in page.text
    assert re.search(
        rf"Lyndon Johnson leads: against the runner-up, Sophia Loren ?, the model expects it to "
        rf"win {share:.0f}% of the decided comparisons, a difference of {lead.estimate:.2f} "
        rf"log-odds \(95% interval {low:.2f} to {high:.2f}\)",
        page.text,
    )


def test_every_utility_stands_in_the_page(celebrities) -> None:
    _, page = celebrities
    table = fit_bradley_terry(load_table("celebrities")).summary()
    for row in table.itertuples():
        assert str(row.term) in page.text
        assert f"{row.estimate:.3f}".replace("-", "−") in page.text


def test_a_lack_of_fit_is_reported_with_the_published_deviance(celebrities) -> None:
    # eba::OptiPt on the same table: -2 log likelihood ratio 78.2172 on 28 degrees of freedom.
    _, page = celebrities
    assert "deviance 78.2 on 28 degrees of freedom, p = 1.2e-06" in page.text


def test_no_lack_of_fit_where_the_model_is_true() -> None:
    assert "More than one scale can hold" not in headings(simulated(20_000))


def test_a_page_without_raters_says_so_and_one_with_raters_does_not() -> None:
    alone = "Whether votes of one person move together"
    assert alone in headings(simulated())
    with_raters = headings(simulated(raters=80))
    assert alone not in with_raters
    assert "What other people would say" in with_raters
    assert "How far the errors can be trusted" not in with_raters
    assert "How far the errors can be trusted" in headings(simulated(raters=10))


@pytest.mark.slow
def test_a_rater_who_dominates_is_named(tmp_path) -> None:
    frame = simulate_votes(2000, items=4, raters=50, seed=1)
    frame.loc[:900, "rater"] = "busy <b>"
    votes = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", rater="rater"
    )
    _, page = page_of(votes, tmp_path)
    assert re.search(r"busy <b> cast 4\d% of the votes", page.text)


def test_clustering_is_measured_against_independent_votes() -> None:
    votes = simulated(6000, raters=60, rater_spread=1.5)
    inflation = gather(fit_bradley_terry(votes), votes, 0.95).raters.inflation
    expected = np.median(
        fit_bradley_terry(votes).stderr / fit_bradley_terry(votes, covariance="sandwich").stderr
    )
    assert inflation == pytest.approx(float(expected))
    assert inflation > 1.5
    assert any(
        "move together" in sentence
        for sentence in summary(gather(fit_bradley_terry(votes), votes, 0.95))
    )


@pytest.mark.slow
def test_ties_order_groups_and_sparse_items_are_said() -> None:
    votes = simulated(1500, tie_parameter=2.0, order_effect=0.8, raters=50, groups=["x", "y"])
    said = headings(votes)
    assert "What a tie means" in said
    assert "What the votes would be in another order" in said
    assert "How the groups of “group” differ" in said
    assert "Items with few votes" not in said
    few = headings(simulated(80))
    assert "Items with few votes" in few
    assert "Whether groups of people agree" in few
    assert "What a tie means" not in few


@pytest.mark.slow
def test_with_ties_the_table_of_pairs_speaks_of_wins(tmp_path) -> None:
    votes = simulated(1500, tie_parameter=2.0)
    fit = fit_bradley_terry(votes, ties="davidson")
    text = write_report(votes, tmp_path / "r.html", fit=fit).read_text(encoding="utf-8")
    best, worst = fit.utility.idxmax().item(), fit.utility.idxmin().item()
    win, tie = fit.probability(best, worst), fit.probability(best, worst, outcome="tie")
    said = f"{100 * win:.0f}% of all votes, {100 * win / (1 - tie):.0f}% of those that are no tie"
    assert said in re.sub(r"\s+", " ", text)
    assert "Probability that the row wins over the column" in text


def test_order_of_presentation_is_measured() -> None:
    votes = simulated(20_000, order_effect=0.5)
    order = gather(fit_bradley_terry(votes), votes, 0.95).order
    assert abs(order.effect - 0.5) < 4 * order.stderr
    assert order.z > 10
    calm = simulated(20_000)
    assert abs(gather(fit_bradley_terry(calm), calm, 0.95).order.z) < 3


def test_order_that_is_not_known_is_said() -> None:
    assert "Whether the order of presentation matters" in headings(load_table("celebrities"))


@pytest.mark.slow
def test_pairs_that_never_met_are_counted(tmp_path) -> None:
    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")] * 20
    _, page = page_of(Comparisons.from_pairs(pairs), tmp_path)
    assert "1 of 3 pairs (33%) were never compared directly" in page.text


def test_pairs_told_apart_agree_with_the_rank_intervals() -> None:
    votes = load_table("celebrities")
    evidence = gather(fit_bradley_terry(votes), votes, 0.95)
    better = (evidence.apart & (evidence.estimate[:, None] < evidence.estimate[None])).sum(axis=1)
    worse = (evidence.apart & (evidence.estimate[:, None] > evidence.estimate[None])).sum(axis=1)
    np.testing.assert_array_equal(evidence.rank[:, 0], 1 + better)
    np.testing.assert_array_equal(evidence.rank[:, 1], len(evidence.items) - worse)


@pytest.mark.slow
def test_a_fit_alone_is_reported_and_says_what_is_missing(tmp_path) -> None:
    fit = fit_bradley_terry(load_table("celebrities"))
    _, page = page_of(fit, tmp_path)
    assert "This page was made from a fit alone" in page.text
    assert len(page.all("svg")) == 2


@pytest.mark.slow
def test_a_fit_of_ones_own_is_the_one_reported(tmp_path) -> None:
    votes = load_table("celebrities")
    fit = fit_bradley_terry(votes, prior=0.1)
    _, page = page_of(votes, tmp_path, fit=fit)
    assert "A normal prior of standard deviation 0.1 log-odds" in page.text
    assert f"{float(fit.utility.max()):.3f}" in page.text


@pytest.mark.slow
def test_many_items_give_a_page_whose_long_table_is_a_download(tmp_path) -> None:
    _, page = page_of(simulated(9000, items=90), tmp_path)
    assert "too long to show here" in page.text
    assert "probabilities.csv" in {a.get("download") for a in page.all("a")}


@pytest.mark.slow
def test_progress_is_told() -> None:
    import tempfile

    steps: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        write_report(load_table("celebrities"), f"{folder}/r.html", progress=steps.append)
    assert steps == ["fitting", "comparing", "drawing", "writing"]


# -- other models ------------------------------------------------------------------------


def test_wins_expected_of_the_first_are_those_of_the_fit() -> None:
    """Position aside: what each model itself gives for a vote that is no tie."""
    votes = simulated(600, tie_parameter=1.5, items=4)
    decided = votes.first_won + votes.second_won
    cells = [
        (votes.items[i], votes.items[j]) for i, j in zip(votes.first, votes.second, strict=True)
    ]
    for fit in (
        fit_thurstone(votes), fit_bradley_terry(votes, ties="rao-kupper"),
        fit_bradley_terry(votes, ties="davidson"),
    ):  # fmt: skip
        order = gather(fit, votes, 0.95).order
        share = np.array(
            [
                p / (p + q)
                for p, q in ((fit.probability(*c), fit.probability(*c[::-1])) for c in cells)
            ]
        )
        assert order.expected == pytest.approx((decided * share).sum())


@pytest.mark.slow
def test_an_order_effect_of_the_fit_is_the_one_that_is_told() -> None:
    votes = simulated(1500, order_effect=0.8, raters=50, groups=["x", "y"])
    fit = fit_bradley_terry(votes, order_effect=True)
    assert gather(fit, votes, 0.95).order.effect == fit.order_effect
    # An effect for each group is no single number that a sentence could tell.
    by_group = fit_bradley_terry(votes, order_effect="group")
    assert gather(by_group, votes, 0.95).order is None


def test_inflation_of_a_model_that_is_not_refitted_is_unknown() -> None:
    votes = simulated(600, raters=30)
    assert np.isnan(gather(fit_thurstone(votes), votes, 0.95).raters.inflation)


@pytest.mark.slow
def test_a_model_of_the_probit_is_not_told_in_log_odds(tmp_path) -> None:
    votes = load_table("celebrities")
    _, page = page_of(votes, tmp_path, fit=fit_thurstone(votes))
    assert "Thurstone" in page.text
    assert "the log-odds that one item is preferred" not in page.text
    with pytest.raises(DataError, match=r"`compare` is in .*, this fit in log-odds"):
        write_report(votes, tmp_path / "r.html", compare=fit_thurstone(votes))


@pytest.mark.slow
def test_items_too_many_to_compare_with_each_other_are_only_ranked(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("pluralism.report._evidence.LARGEST_RANKED", 5)
    monkeypatch.setattr("pluralism.report._rules.LARGEST", 5)
    votes = simulated()
    evidence = gather(fit_bradley_terry(votes), votes, 0.95)
    assert evidence.decided is None
    assert evidence.together == 0
    assert list(picked(votes)) == []
    _, page = page_of(votes, tmp_path)
    assert f"{evidence.items[0]} has the highest utility." in " ".join(
        re.sub("<[^>]*>", "", part) for part in summary(evidence)
    )
    assert "Best rank" not in page.text
    for heading in ("Which items can be told apart", "One against one", "What voting rules would"):
        assert heading not in page.text
    assert "Who is preferred, and how surely" in page.text


def test_items_of_two_components_have_no_common_ranking() -> None:
    wins = np.zeros((4, 4))
    wins[:2, :2] = wins[2:, 2:] = [[0, 30], [10, 0]]
    votes = Comparisons.from_matrix(wins, items=["a", "b", "c", "d"])
    fit = fit_bradley_terry(votes, components="separate")
    evidence = gather(fit, votes, 0.95)
    assert evidence.rank is None
    assert evidence.apart is None
    place = [evidence.items.index(item) for item in ("a", "b", "c")]
    assert evidence.decided[place[0], place[1]] == pytest.approx(0.75)
    assert np.isnan(evidence.decided[place[0], place[2]])
    # First are a and c, tied, of different components.
    assert any("has the highest utility." in sentence for sentence in summary(evidence))


def test_what_was_dropped_and_what_did_not_converge_are_said() -> None:
    frame = simulate_votes(400, items=4, seed=1)
    frame.loc[:2, "outcome"] = None
    votes = Comparisons.from_frame(
        frame, first="first", second="second", outcome="outcome", missing="drop"
    )
    said = headings(votes)
    assert "Votes that were left out" in said
    assert "The estimate itself" not in said
    assert "Votes that were left out" not in headings(
        simulated(400, tie_parameter=1.0), ties="drop"
    )
    assert "The estimate itself" in headings(simulated(), check=False, max_iterations=1)


def test_items_that_are_all_told_apart_have_no_close_ones() -> None:
    assert "The order of close items" in headings(simulated(100))
    far = Comparisons.from_matrix([[0, 900, 990], [100, 0, 900], [10, 100, 0]])
    assert "The order of close items" not in headings(far)


# -- voting rules ------------------------------------------------------------------------


def test_rules_use_shares_so_that_being_shown_often_is_no_support() -> None:
    # "often" loses every pair narrowly and is shown ten times as often as the others.
    pairs = [("a", "b", 6, 4), ("a", "often", 60, 40), ("b", "often", 60, 40)]
    votes = Comparisons.from_pairs(
        [pair for one, two, won, lost in pairs for pair in [(one, two)] * won + [(two, one)] * lost]
    )
    assert votes.pairwise().sum("item_bis").idxmax().item() == "often"
    assert {result.rule: result.winners for result in picked(votes)} == dict.fromkeys(
        ("Condorcet winner", "Copeland", "Borda", "Minimax", "Schulze", "Split cycle"), ("a",)
    )


@pytest.mark.slow
def test_a_cycle_has_no_condorcet_winner_and_minimax_breaks_its_weakest_link(tmp_path) -> None:
    pairs = [("a", "b", 8, 2), ("b", "c", 7, 3), ("c", "a", 6, 4)]
    votes = Comparisons.from_pairs(
        [pair for one, two, won, lost in pairs for pair in [(one, two)] * won + [(two, one)] * lost]
    )
    found = {result.rule: result.winners for result in picked(votes)}
    assert found["Condorcet winner"] == ()
    assert found["Copeland"] == ("a", "b", "c")
    # Worst defeats: a by .6, c by .7, b by .8.
    assert found["Minimax"] == found["Schulze"] == found["Split cycle"] == ("a",)
    _, page = page_of(votes, tmp_path)
    assert "nobody" in page.text


# -- what goes wrong ---------------------------------------------------------------------


def test_bad_input_is_named(tmp_path) -> None:
    votes = load_table("celebrities")
    with pytest.raises(DataError, match="`data_or_fit` is a list"):
        write_report([1], tmp_path / "r.html")
    with pytest.raises(DataError, match="`fit` is a str"):
        write_report(votes, tmp_path / "r.html", fit="x")
    with pytest.raises(DataError, match="do not have the same items"):
        write_report(votes, tmp_path / "r.html", fit=fit_bradley_terry(simulated()))
    with pytest.raises(DataError, match="`level` is 95"):
        write_report(votes, tmp_path / "r.html", level=95)
    with pytest.raises(DataError, match="is the folder"):
        write_report(votes, tmp_path)
    with pytest.raises(DataError, match="which is no folder; make it first"):
        write_report(votes, tmp_path / "no" / "r.html")
    with pytest.raises(NotIdentifiedError, match="always won"):
        write_report(Comparisons.from_pairs([("a", "b")]), tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_failure_leaves_the_old_page_and_no_debris(tmp_path, monkeypatch) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")

    def refuse(aside, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(DataError, match="cannot be written: Permission denied"):
        write_report(load_table("celebrities"), target)
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.slow
def test_letters_that_the_figures_font_lacks_are_written_without_a_warning(tmp_path) -> None:
    labels = ["日本語", "ไทย", "عربي"]
    votes = Comparisons.from_matrix(5 * (1 - np.eye(3)), items=labels)
    text, _ = page_of(votes, tmp_path)
    figure = text[text.index("<svg") : text.index("</svg>")]
    assert all(label in figure for label in labels)


@pytest.mark.slow
def test_three_hundred_items_make_a_page_that_answers_and_can_be_sent(tmp_path) -> None:
    votes = simulated(30_000, items=300, raters=200)
    text, page = page_of(votes, tmp_path)
    assert len(text) < 3_500_000
    evidence = gather(fit_bradley_terry(votes), votes, 0.95)
    pairs = 300 * 299 // 2
    assert f"{evidence.together:,} of {pairs:,} pairs" in page.text
    assert f"{evidence.items[0]} stands first, but its lead over {evidence.items[1]}" in page.text
    for heading in (
        "Which items can be told apart", "What voting rules would pick",
        "Do preferences hang together?", "Does the order of presentation matter?",
        "Who voted, and how alike",
    ):  # fmt: skip
        assert heading in page.text
    assert "200 raters cast 150 votes each (median 150)" in page.text
    # Every item is named in the figure, and its letters are no smaller than print.
    figure = text[text.index("<svg") : text.index("</svg>")]
    assert all(f">{item}<" in figure for item in votes.items)
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", figure)]
    assert min(sizes) >= 4.5
    links = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    content = base64.b64decode(links["probabilities.csv"].partition("base64,")[2])
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    found = np.array([[float(cell or "nan") for cell in row[1:]] for row in rows[1:]])
    np.testing.assert_allclose(found, evidence.probability, atol=5.1e-7)


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "0%"), (0.004, "less than 1%"), (0.5, "50%"), (0.997, "more than 99%"), (1.0, "100%")],
)
def test_a_share_near_its_end_is_not_rounded_to_it(share: float, written: str) -> None:
    assert percent(share) == written


def test_a_span_of_counts_is_written_once_where_it_has_no_width() -> None:
    assert span([121, 2762], "vote") == "between 121 and 2,762 votes"
    assert span([1, 2.5], "vote") == "between 1 and 2.5 votes"
    assert span([150, 150], "vote") == "150 votes each"
