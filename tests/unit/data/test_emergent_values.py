"""Result files of Utility Engineering: what is read, and what is refused."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import pluralism as pl
from pluralism.errors import DataError, LabelError

CONTENT = {
    "options": [
        {"id": 0, "description": "a cake"},
        {"id": 1, "description": "a car"},
        {"id": 2, "description": "a cloud"},
        {"id": 3, "description": "a coin"},
    ],
    "utilities": {str(k): {"mean": 0.5 * k, "variance": 1 + k} for k in range(4)},
    "metrics": {"log_loss": 0.4, "accuracy": 0.9, "note": "text"},
    "holdout_metrics": {"log_loss": 0.5, "accuracy": 0.8},
    "graph_data": {
        "edges": {
            "(0, 1)": {
                "option_A": {"id": 0, "description": "a cake"},
                "option_B": {"id": 1, "description": "a car"},
                "probability_A": 0.3,
                "aux_data": {
                    "original_parsed": ["A", "B", "B", "unparseable"],
                    "flipped_parsed": ["A", "A", "B"],
                },
            },
            "(2, 1)": {
                "probability_A": 0.75,
                "aux_data": {"original_parsed": ["A", "A"], "flipped_parsed": ["B", "A"]},
            },
            "(0, 3)": {"probability_A": 0.98, "aux_data": {"is_pseudolabel": True}},
            "(1, 3)": {"aux_data": {"original_parsed": ["unparseable"], "flipped_parsed": []}},
            "(2, 3)": {"aux_data": {"original_parsed": ["A"], "flipped_parsed": ["B"]}},
        },
        "training_edges": [[0, 1], [2, 1], [1, 3]],
        "holdout_edge_indices": [[3, 2]],
    },
}


@pytest.fixture
def write(tmp_path):
    """Function that writes content (or text) to a file and returns its path."""

    def writer(content):
        path = tmp_path / "results.json"
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return writer


def changed(change):
    content = copy.deepcopy(CONTENT)
    change(content)
    return content


@pytest.mark.slow
def test_both_orders_are_kept_apart(write):
    result = pl.read_emergent_values(write(CONTENT))
    votes = result.comparisons
    assert votes.order_known
    assert votes.items == (0, 1, 2, 3)
    rows = votes.to_frame()[["first", "second", "first_won", "second_won"]].to_numpy().tolist()
    assert rows == [[0, 1, 1, 2], [1, 0, 2, 1], [1, 2, 1, 1], [2, 1, 2, 0]]
    assert result.held_out.to_frame()[["first", "second"]].to_numpy().tolist() == [[2, 3], [3, 2]]
    assert result.held_out.pairwise().values[2, 3] == 2
    assert (result.n_pseudo_labels, result.n_unparseable, result.n_silent) == (1, 2, 1)
    assert result.metrics == {"log_loss": 0.4, "accuracy": 0.9}
    assert result.held_out_metrics["accuracy"] == 0.8
    assert result.utilities["mean"].sel(item=3) == 1.5
    assert result.descriptions[1] == "a car"
    pl.utility.order_consistency(votes)


def test_the_published_probability_comes_out(write):
    """Shares with halves for what cannot be parsed are the file's own probability_A."""
    result = pl.read_emergent_values(write(CONTENT), unparseable="half")
    wins = result.comparisons.pairwise().values
    assert wins[0, 1] / (wins[0, 1] + wins[1, 0]) == pytest.approx((1 + 1 + 0.5) / 7)
    assert wins[2, 1] / (wins[2, 1] + wins[1, 2]) == pytest.approx(0.75)
    assert wins[1, 3] == wins[3, 1] == 0.5  # the silent edge now speaks


def test_pseudo_labels_enter_only_when_asked(write):
    included = pl.read_emergent_values(write(CONTENT), pseudo_labels="include").comparisons
    wins = included.pairwise().values
    assert (wins[0, 3], wins[3, 0]) == (pytest.approx(0.98), pytest.approx(0.02))
    frame = included.to_frame()
    sides = frame[(frame["first"] == 3) | (frame["second"] == 3)]
    assert (sides[["first_won", "second_won"]].sum(axis=1) == 0.5).all()  # half in either order
    assert included.squares is not None


def test_orders_may_be_pooled_and_must_be_where_only_counts_are_kept(write):
    pooled = pl.read_emergent_values(write(CONTENT), order="pool").comparisons
    assert not pooled.order_known

    def only_counts(content):
        content["graph_data"]["edges"]["(0, 1)"]["aux_data"] = {"count_A": 3, "count_B": 4.0}

    path = write(changed(only_counts))
    with pytest.raises(DataError, match="does not keep the answers of both orders"):
        pl.read_emergent_values(path)
    wins = pl.read_emergent_values(path, order="pool").comparisons.pairwise().values
    assert (wins[0, 1], wins[1, 0]) == (3, 4)


def test_descriptions_as_labels(write):
    result = pl.read_emergent_values(write(CONTENT), label="description")
    assert result.comparisons.items[2] == "a cloud"
    twins = write(changed(lambda c: c["options"][1].update(description="a cake")))
    assert pl.read_emergent_values(twins).comparisons.items == (0, 1, 2, 3)
    with pytest.raises(LabelError, match="repeats the label 'a cake'; read it with label='id'"):
        pl.read_emergent_values(twins, label="description")


def test_text_ids(write):
    content = json.loads(
        json.dumps(CONTENT)
        .replace('"id": ', '"id": "o')
        .replace(', "description"', '", "description"')
    )
    graph = content["graph_data"]
    graph["edges"] = {
        str(tuple(f"o{one}" for one in eval_free(key))): edge
        for key, edge in graph["edges"].items()
    }
    graph["holdout_edge_indices"] = [["o3", "o2"]]
    content["utilities"] = {f"o{key}": value for key, value in content["utilities"].items()}
    result = pl.read_emergent_values(write(content))
    assert result.comparisons.items == ("o0", "o1", "o2", "o3")
    assert result.utilities["mean"].sel(item="o3") == 1.5


def eval_free(key):
    return [int(part) for part in key.strip("()").split(",")]


def test_utilities_alone(write):
    alone = {key: value for key, value in CONTENT.items() if key != "graph_data"}
    result = pl.read_emergent_values(write(alone))
    assert result.comparisons is None
    assert result.held_out is None
    del alone["utilities"]["2"]
    try:
        missing = pl.read_emergent_values(write(alone)).utilities
        assert np.isnan(missing["mean"].sel(item=2))
    finally:
        CONTENT["utilities"]["2"] = {"mean": 1.0, "variance": 3}


def test_keys_are_never_evaluated(write, tmp_path):
    trap = tmp_path / "trap"
    key = f"(open({str(trap)!r}, 'w'), 1)"
    path = write(changed(lambda c: c["graph_data"]["edges"].update({key: {"aux_data": {}}})))
    with pytest.raises(DataError, match="does not name two options"):
        pl.read_emergent_values(path)
    assert not trap.exists()


def edge(key, **aux):
    def change(content):
        content["graph_data"]["edges"][key] = {"aux_data": aux}

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edge("(0, 1, 2)"), "does not name two options"),
        (edge("0, 1"), "does not keep the answers"),  # a tuple without brackets is one
        (edge("(0.0, 1)"), "does not name two options"),
        (edge("(True, 1)"), "does not name two options"),
        (edge("[0"), "does not name two options"),
        (edge("(" * 1500 + "0, 1"), "does not name two options"),
        (edge("(0, 'x" + "y" * 5000 + "')"), "does not name two options"),
        (edge("(1, 1)"), "compares an option with itself"),
        (edge("(0, 9)"), "names 9, which is not in its options"),
        (edge("(1, 2)", original_parsed="AAB"), "'original_parsed' .* is a str; it must be a list"),
        (edge("(1, 2)", original_parsed=["A", "C"]), "holds 'C'; answers are 'A', 'B'"),
        (edge("(1, 2)", original_parsed=[["A"]]), r"holds \['A'\]; answers are"),
        (lambda c: c["graph_data"].update(edges=[]), "'edges' of graph_data is a list"),
        (lambda c: c["graph_data"].pop("edges"), "graph_data has no 'edges'; it has"),
        (lambda c: c.update(graph_data=3), "'graph_data' of the file is a int"),
        (lambda c: c["graph_data"]["edges"].update({"(0, 1)": 3}), "is a int, not an object"),
        (lambda c: c["graph_data"].update(holdout_edge_indices=[[0]]), "does not name two options"),
        (lambda c: c.update(options={}), "'options' of the file is a dict"),
        (lambda c: c.update(options=c["options"][:1]), r"has 1 option\(s\)"),
        (lambda c: c["options"].append({"id": 1}), "repeats the label 1"),
        (lambda c: c["options"].append({"id": "1"}), "look alike"),
        (lambda c: c["options"].append({"id": 1.5}), r"options\[4\] is \{'id': 1.5\}"),
        (lambda c: c["options"].append("x"), r"options\[4\] is 'x'"),
        (lambda c: c["options"][0].update(description=3), "`description` of .* is 3"),
        (lambda c: c["utilities"].update({"9": {}}), "names '9'"),
        (lambda c: c["utilities"].update({"1": {"mean": None}}), "must be a finite number"),
        (lambda c: c["utilities"].update({"1": {"mean": float("inf")}}), "must be a finite number"),
        (lambda c: c["utilities"].update({"1": {"mean": 10**400}}), "must be a finite number"),
        (lambda c: c["graph_data"].update(edges={}), "no edge with a usable answer"),
    ],
)
def test_hostile_content(write, change, message):
    with pytest.raises(DataError, match=message):
        pl.read_emergent_values(write(changed(change)))


@pytest.mark.parametrize(
    ("count", "message"),
    [(-1, "neither parsed answers nor a count"), (1e12, "from 0 to 1,000,000"),
     (2.5, "is 2.5, not a whole number"), (float("nan"), "nor a count"), (True, "nor a count")],
)  # fmt: skip
def test_hostile_counts(write, count, message):
    path = write(changed(edge("(0, 1)", count_A=count, count_B=1)))
    with pytest.raises(DataError, match=message):
        pl.read_emergent_values(path, order="pool")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("[1, 2]", "holds a list; a result file is an object"),
        ('{"options": [', "is no JSON: .* in line 1"),
        (b"\xff\xfe{}", "is not UTF-8 at byte 0"),
        ("[" * 100_000, "nested too deeply"),
        ('{"options": [], "options": []}', "the key 'options' stands twice"),
        ('{"options": ' + "9" * 5000 + "}", "'options' of the file is a float"),
    ],
)
def test_files_that_are_none(write, text, message):
    with pytest.raises(DataError, match=message):
        pl.read_emergent_values(write(text))


def test_absent_files_and_options(write, tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        pl.read_emergent_values(tmp_path / "none.json")
    for name, value in (("order", "both"), ("label", "text"), ("unparseable", "random"),
                        ("pseudo_labels", "maybe")):  # fmt: skip
        with pytest.raises(DataError, match=f"`{name}` is {value!r}"):
            pl.read_emergent_values(write(CONTENT), **{name: value})


def test_a_pseudo_label_needs_a_probability(write):
    for share in (None, 1.5, "0.9", float("nan")):

        def change(content, share=share):
            content["graph_data"]["edges"]["(0, 3)"]["probability_A"] = share

        with pytest.raises(DataError, match="it must be from 0 to 1"):
            pl.read_emergent_values(write(changed(change)), pseudo_labels="include")


def test_responses_beyond_the_counts_are_unparseable(write):
    content = copy.deepcopy(CONTENT)
    content["graph_data"]["edges"] = {
        "(0, 1)": {"aux_data": {"count_A": 7, "count_B": 1, "total_responses": 10}},
        "(1, 2)": {"aux_data": {"count_A": 4, "count_B": 6}},
    }
    dropped = pl.data.read_emergent_values(write(content), order="pool")
    halved = pl.data.read_emergent_values(write(content), order="pool", unparseable="half")
    assert dropped.n_unparseable == halved.n_unparseable == 2
    assert dropped.comparisons.pairwise().sel(item=0, item_bis=1) == 7
    assert halved.comparisons.pairwise().sel(item=0, item_bis=1) == 8
    assert halved.comparisons.pairwise().sel(item=1, item_bis=2) == 4


def test_an_edge_written_in_two_ways_is_refused(write):
    content = copy.deepcopy(CONTENT)
    content["graph_data"]["edges"]["(0,1)"] = content["graph_data"]["edges"]["(0, 1)"]
    with pytest.raises(DataError, match=r"edges\['\(0, 1\)'\] and edges\['\(0,1\)'\] are the same"):
        pl.data.read_emergent_values(write(content))


def test_a_file_without_utilities_has_votes_alone(write):
    result = pl.read_emergent_values(write(changed(lambda content: content.pop("utilities"))))
    assert result.utilities is None
    assert result.comparisons.n_votes == pl.read_emergent_values(write(CONTENT)).comparisons.n_votes
