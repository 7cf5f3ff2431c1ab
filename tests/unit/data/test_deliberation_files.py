"""Readers of Polis exports and released moral graphs: what they read, and what they refuse."""

import json

import numpy as np
import pytest

from pluralism import DataError, LabelError
from pluralism.data import read_moral_graph, read_polis

HEAD = "participant,group-id,n-comments,n-votes,n-agree,n-disagree,0,2"
ROWS = ("0,1,0,2,1,1,1,-1", "3,,0,1,0,0,,0")
COMMENTS = (
    'timestamp,comment-id,agrees,disagrees,moderated,comment-body\n5,2,0,1,1,"b, c"\n4,0,1,0,-1,a\n'
)


def export(folder, rows=ROWS, head=HEAD, comments=COMMENTS, history=None, summary=None):
    (folder / "participants-votes.csv").write_text("\r\n".join([head, *rows]), encoding="utf-8-sig")
    (folder / "comments.csv").write_text(comments, encoding="utf-8")
    if history is not None:
        (folder / "votes.csv").write_text(history, encoding="utf-8")
    if summary is not None:
        (folder / "summary.csv").write_text(summary, encoding="utf-8")
    return folder


def test_reads_an_export(tmp_path):
    history = (
        "timestamp,datetime,comment-id,voter-id,vote\n3,x,2,0,-1\n1,x,2,0,1\n2,x,0,0,1\n4,x,2,3,0\n"
    )
    talk = read_polis(export(tmp_path, history=history, summary='topic,"a\nb"\nvoters,2\n'))
    np.testing.assert_array_equal(talk.votes, [[1, -1], [np.nan, 0]])
    assert talk.votes.participant.values.tolist() == [0, 3]
    assert talk.votes.comment.values.tolist() == [0, 2]
    assert talk.votes.group.values.tolist() == [1, None]
    assert talk.comments.index.tolist() == [0, 2]
    assert talk.comments["comment-body"].tolist() == ["a", "b, c"]
    assert talk.comments["moderated"].tolist() == [-1, 1]
    assert talk.summary == {"topic": "a\nb", "voters": "2"}
    assert talk.history["vote"].tolist() == [1, 1, -1, 0]
    assert talk.notes == ()


def test_files_that_contradict_each_other_are_told(tmp_path):
    history = "timestamp,comment-id,voter-id,vote\n1,2,0,1\n2,0,9,1\n"
    comments = COMMENTS.replace("5,2,0,1", "5,2,8,1")
    talk = read_polis(export(tmp_path, history=history, comments=comments))
    assert talk.notes == (
        "comments.csv: agrees of 1 comments are not those of the matrix",
        # One vote differs, two are absent, and one is of a stranger.
        "votes.csv: 4 last votes are not those of the matrix",
    )
    assert talk.history is not None
    assert read_polis(export(tmp_path, history="")).history is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": ("0,1,0,2,1,1,2,-1",)}, "line 2: the vote on comment 0 is '2'"),
        ({"rows": ("0,1,0,2,2,1,1,-1",)}, "n-agree of participant 0 is 2, but the row holds 1"),
        ({"rows": ("0,1,0,2,1,1,1",)}, "line 2: 7 fields where there should be 8"),
        ({"rows": ("0,1,0,2,1,1,1,-1,1",)}, "line 2: 9 fields where there should be 8"),
        ({"comments": COMMENTS + '7,4,0,0,1,"open\n8,6,0,0,1,x\n'}, "line 5: .* a quote left open"),
        ({"comments": COMMENTS + '7,4,0,0,1,"open\n8,6,0,0,1,x"y\n'}, "line 5: .* left open"),
        ({"rows": ("0,x,0,2,1,1,1,-1",)}, "the group is 'x'; it must be a whole number"),
        ({"rows": ("a,1,0,2,1,1,1,-1",)}, "the participant is 'a'"),
        ({"rows": (ROWS[0], ROWS[0])}, "has the participant 0 twice"),
        ({"rows": ("0,,0,0,0,0,,",)}, "holds no vote"),
        ({"rows": ()}, "holds no participant"),
        ({"head": HEAD.replace("group-id", "group")}, "starts with the columns"),
        ({"head": HEAD.replace(",2", ",0")}, "has the comment 0 twice"),
        ({"comments": "id,agrees\n0,1\n"}, "has no column 'comment-id'"),
        ({"comments": "comment-id,agrees\n0,1\n"}, r"has no row for comment\(s\) 2"),
        ({"comments": COMMENTS + "6,2,0,1,1,c\n"}, "has the comment 2 twice"),
        ({"history": "timestamp,vote\n1,1\n"}, "has no column 'voter-id', 'comment-id'"),
        ({"history": "timestamp,comment-id,voter-id,vote\n1,2,0,7\n"}, "line 2: the vote is 7"),
        ({"rows": ("1_0,1,0,2,1,1,1,-1",)}, "the participant is '1_0'; .* written in digits alone"),
        (
            {"rows": (f"{'9' * 5000},1,0,2,1,1,1,-1",)},
            "the participant is '9+'; it must be a whole",
        ),
        ({"summary": "topic,a\nvoters,2\ntopic,b\n"}, "summary.csv' has the key 'topic' twice"),
        (
            {"summary": "voters,2\ntopic,Should we, or not\n"},
            "line 2: 3 fields where there should be a key and a text; write a text with a comma in",
        ),
        ({"comments": "comment-id,agrees,agrees\n0,1,2\n2,0,0\n"}, "the column 'agrees' twice"),
        ({"history": "timestamp,comment-id,voter-id,vote,vote\n"}, "has the column 'vote' twice"),
    ],
)
def test_a_broken_export_is_refused(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read_polis(export(tmp_path, **changes))


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="which is no folder"):
        read_polis(tmp_path / "absent")
    with pytest.raises(DataError, match="must be the path of a folder"):
        read_polis(3)
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(DataError, match=r"lacks 'participants-votes.csv', .* holds 'readme.txt'"):
        read_polis(tmp_path)
    export(tmp_path)
    (tmp_path / "comments.csv").write_bytes(b"comment-id\n\xff")
    with pytest.raises(DataError, match="is not UTF-8 at byte"):
        read_polis(tmp_path)


COUNTS = {"markedWiser": 3, "markedNotWiser": 1, "markedLessWise": 0, "markedUnsure": 2}
EDGE = {"sourceValueId": 1, "wiserValueId": 2, "counts": {**COUNTS, "impressions": 6}}
VALUES = [{"id": 1, "title": "rules", "note": "x"}, {"id": 2, "title": "care"}]


def graph(folder, values=VALUES, edges=(EDGE,)):
    path = folder / "graph.json"
    path.write_text(json.dumps({"values": values, "edges": list(edges)}), encoding="utf-8")
    return path


def test_reads_a_released_graph(tmp_path):
    summary = {"wiserLikelihood": 0.5, "entropy": 1.7}
    found = read_moral_graph(
        graph(tmp_path, edges=[{**EDGE, "summary": summary, "contexts": ["w"]}])
    )
    row = found.edges.iloc[0]
    assert row[["source", "wiser", "source_id", "wiser_id"]].tolist() == ["rules", "care", 1, 2]
    assert row["contexts"] == ("w",)
    assert row["marked_not_wiser"] == 1
    assert row["impressions"] == 6
    assert (row["published_likelihood"], row["published_entropy"]) == (0.5, 1.7)
    assert found.values.loc[1, "note"] == "x"
    plain = read_moral_graph(graph(tmp_path)).edges
    assert plain[["published_likelihood", "published_entropy"]].isna().all(axis=None)
    # Where titles repeat, values go by their numbers.
    same = [{"id": 1, "title": "care"}, {"id": 2, "title": "care"}]
    assert read_moral_graph(graph(tmp_path, values=same)).edges["source"].tolist() == [1]


@pytest.mark.parametrize(
    ("values", "edges", "error", "message"),
    [
        (VALUES, [EDGE, EDGE], LabelError, r"`edges\[1\]` repeats the edge from 1 to 2"),
        (VALUES, [{**EDGE, "wiserValueId": 9}], LabelError, r"`edges\[0\].wiserValueId` names 9"),
        ([*VALUES, VALUES[0]], [EDGE], LabelError, r"`values.id\[2\]` repeats the label 1"),
        ([*VALUES, {"id": "1", "title": "x"}], [EDGE], LabelError, "'1' .* which look alike"),
        ([*VALUES, {"id": 3, "title": "care "}], [EDGE], LabelError, "'care ' .* which look alike"),
        (
            [*VALUES, {"id": [3], "title": "x"}],
            [EDGE],
            LabelError,
            r"`values.id\[2\]` is \[3\], wh",
        ),
        (VALUES, [{**EDGE, "sourceValueId": [1]}], LabelError, r"sourceValueId` names \[1\]"),
        (VALUES, [{**EDGE, "sourceValueId": True}], LabelError, "sourceValueId` names True"),
        (VALUES, [], DataError, "holds no edge"),
        (VALUES, [{**EDGE, "counts": COUNTS}], DataError, "counts.impressions` is None"),
        (
            VALUES,
            [{**EDGE, "counts": {**EDGE["counts"], "markedWiser": -1}}],
            DataError,
            r"`edges\[0\].counts.markedWiser` is -1",
        ),
        (VALUES, [{"counts": {}}], DataError, r"`edges\[0\]` lacks 'sourceValueId'"),
        ([{"id": 1}], [EDGE], DataError, r"`values\[0\]` lacks 'title'"),
        ({}, [EDGE], DataError, "no list `values`"),
        (VALUES, [{**EDGE, "wiserValueId": 1}], DataError, r"`edges\[0\]` leads from 1 to itself"),
        (
            VALUES,
            [{**EDGE, "contexts": "work"}],
            DataError,
            r"`edges\[0\].contexts` is 'work'; it must be a list of texts, also for one",
        ),
        (
            VALUES,
            [{**EDGE, "summary": {"entropy": "low"}}],
            DataError,
            r"`edges\[0\].summary.entropy` is 'low'; it must be a number",
        ),
    ],
)
def test_a_broken_graph_is_refused(tmp_path, values, edges, error, message):
    with pytest.raises(error, match=message):
        read_moral_graph(graph(tmp_path, values=values, edges=edges))


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_moral_graph(tmp_path / "absent.json")
    with pytest.raises(DataError, match="must be the path of a file"):
        read_moral_graph(None)
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(DataError, match=r"'x\.json' is no JSON"):
        read_moral_graph(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"values": [], "edges": [], "edges": [{}]}')
    with pytest.raises(DataError, match=r"'x\.json': the key 'edges' stands twice in one object"):
        read_moral_graph(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(DataError, match="must hold an object"):
        read_moral_graph(tmp_path / "x.json")
