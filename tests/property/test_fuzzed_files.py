"""Damaged files: a reader answers or says what is wrong, and leaves no trace."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluralism import Annotations, Ballots, Comparisons, adapters, read_emergent_values
from pluralism.data import read_moral_graph, read_polis
from pluralism.errors import PluralismError

VOTES = pd.DataFrame({"left": ["a", "b"], "right": ["b", "c"], "won": ["left", "tie"]})
LABELS = pd.DataFrame({"item": ["i", "i"], "rater": ["x", "y"], "label": [1, 2]})
RANKS = pd.DataFrame({"voter": [1, 1], "who": ["a", "b"], "place": [1, 2]})
PREFLIB = (
    "# FILE NAME: x.toc\n# NUMBER ALTERNATIVES: 3\n# NUMBER VOTERS: 5\n"
    "# ALTERNATIVE NAME 1: a\n# ALTERNATIVE NAME 2: b\n# ALTERNATIVE NAME 3: c\n"
    "3: 1,{2,3}\n2: 3,1,2\n"
)
EMERGENT = (
    '{"options": [{"id": 0, "description": "x"}, {"id": 1, "description": "y"}], "utilities": '
    '{"0": {"mean": 1, "variance": 1e0}}, "metrics": {"accuracy": 0.5}, "graph_data": {"edges": '
    '{"(0, 1)": {"aux_data": {"original_parsed": ["A", "B"], "flipped_parsed": ["A"]}}}}}'
)


MARKS = {"markedWiser": 3, "markedNotWiser": 0, "markedLessWise": 0, "markedUnsure": 1}
GRAPH = {
    "values": [{"id": 1, "title": "rules"}, {"id": 2, "title": "care"}],
    "edges": [{"sourceValueId": 1, "wiserValueId": 2, "counts": MARKS | {"impressions": 4}}],
}
INSPECT = {
    "eval": {"model": "m"},
    "samples": [
        {"id": 1, "epoch": 1, "scores": {"kind": {"value": "C"}, "safe": {"value": ["I", "C"]}}},
        {"id": 2, "epoch": 1, "scores": {"kind": {"value": 0.5}, "safe": {"value": None}}},
    ],
}
LM_EVAL = [{"doc_id": k, "filter": "none", "filtered_resps": [said]} for k, said in enumerate("ab")]
ALPACA = [{"generator_1": "x", "generator_2": "y", "preference": p} for p in (1.9, 1.5, None)]
ARENA = [{"model_a": "x", "model_b": "y", "winner": w} for w in ("model_a", "tie (bothbad)")]
MOREBENCH = [
    {"task_id": "t", "criterion_id": k, "model": "m", "judgement": said, "channel": None}
    for k, said in enumerate(["Yes.", "no", "?"])
]
POLIS = {
    "participants-votes.csv": "participant,group-id,n-comments,n-votes,n-agree,n-disagree,0,1\n"
    "0,0,1,2,1,1,1,-1\n1,1,0,1,0,1,-1,\n2,,0,1,0,0,,0\n",
    "comments.csv": "comment-id,agrees,disagrees\n0,1,1\n1,0,1\n",
    "summary.csv": "topic,x\nvoters,3\n",
    "votes.csv": "timestamp,comment-id,voter-id,vote\n7,0,0,1\n8,1,0,-1\n9,0,1,-1\n9,1,2,0\n",
}


class Reader(NamedTuple):
    """A reader of files, the ending it goes by, and a file that is well."""

    read: Callable[[Path], Any]
    ending: str
    sound: Callable[[], bytes]


def saved(write: Callable[[Path], Any]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "sound.parquet")
        return (Path(folder) / "sound.parquet").read_bytes()


def votes(path: Path) -> Comparisons:
    return Comparisons.from_frame(path, first="left", second="right", outcome="won")


def labels(path: Path) -> Annotations:
    return Annotations.from_frame(path, item="item", rater="rater", label="label")


def ranks(path: Path) -> Ballots:
    return Ballots.from_frame(path, voter="voter", alternative="who", rank="place")


def lines(frame: pd.DataFrame) -> bytes:
    return "\n".join(map(json.dumps, frame.to_dict("records"))).encode()


def polis(name: str) -> Reader:
    """Read an export of which one file may be damaged."""

    def read(path: Path) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            for each, text in POLIS.items():
                (Path(folder) / each).write_text(text, encoding="utf-8")
            (Path(folder) / name).write_bytes(path.read_bytes())
            return read_polis(folder)

    return Reader(read, ".csv", POLIS[name].encode)


def zipped(log: dict[str, Any]) -> bytes:
    """A log of inspect_ai in its own format: an archive of its parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": log["eval"]}))
        for place, sample in enumerate(log["samples"]):
            archive.writestr(f"samples/{place}_epoch_1.json", json.dumps(sample))
    return content.getvalue()


def as_json(value: Any) -> Callable[[], bytes]:
    return json.dumps(value).encode


READERS = {
    "votes.csv": Reader(votes, ".csv", lambda: VOTES.to_csv(index=False).encode()),
    "votes.jsonl": Reader(votes, ".jsonl", lambda: lines(VOTES)),
    "votes.parquet": Reader(votes, ".parquet", lambda: saved(VOTES.to_parquet)),
    "labels.csv": Reader(labels, ".csv", lambda: LABELS.to_csv(index=False).encode()),
    "labels.jsonl": Reader(labels, ".jsonl", lambda: lines(LABELS)),
    "ranks.csv": Reader(ranks, ".csv", lambda: RANKS.to_csv(index=False).encode()),
    **{
        f"ballots{ending}": Reader(Ballots.from_preflib, ending, PREFLIB.encode)
        for ending in (".soc", ".soi", ".toc", ".toi", ".cat", ".wmd")
    },
    "emergent values": Reader(read_emergent_values, ".json", lambda: EMERGENT.encode()),
    "moral graph": Reader(read_moral_graph, ".json", as_json(GRAPH)),
    **{f"polis, {name}": polis(name) for name in POLIS},
    "log of inspect_ai": Reader(adapters.read_inspect, ".json", as_json(INSPECT)),
    "archive of inspect_ai": Reader(adapters.read_inspect, ".eval", lambda: zipped(INSPECT)),
    "log of lm_eval": Reader(
        adapters.read_lm_eval, ".jsonl", lambda: "\n".join(map(json.dumps, LM_EVAL)).encode()
    ),
    "alpaca_eval": Reader(adapters.read_alpaca_eval, ".json", as_json(ALPACA)),
    "arena": Reader(adapters.read_arena, ".json", as_json(ARENA)),
    "arena.csv": Reader(
        adapters.read_arena, ".csv", lambda: pd.DataFrame(ARENA).to_csv(index=False).encode()
    ),
    "morebench": Reader(adapters.read_morebench, ".json", as_json(MOREBENCH)),
    "comparisons": Reader(
        Comparisons.load, ".parquet", lambda: saved(Comparisons.from_pairs([("a", "b")]).save)
    ),
    "annotations": Reader(
        Annotations.load, ".parquet", lambda: saved(Annotations.from_matrix([[1, 2], [2, 2]]).save)
    ),
    "ballots": Reader(
        Ballots.load, ".parquet", lambda: saved(Ballots.from_rankings([["a", "b"]]).save)
    ),
}


@cache
def sound(name: str) -> bytes:
    return READERS[name].sound()


#: Bytes that file formats give a meaning to.
TELLING = st.sampled_from(
    [b"", b"\x00", b"\xff", b"\n", b"\r\n", b",", b'"', b"{", b"}", b"[", b":", b"-1", b"1e999",
     b"nan", b"99999999999999999999", b"null", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"=cmd()", b"#"]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """Any bytes, or those of a sound file with pieces cut out, put in or written over."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    content = bytearray(sound(name))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 12))
        content[start : start + length] = draw(TELLING | st.binary(max_size=6))
    return bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_damaged_bytes_are_read_or_refused_and_nothing_is_written(name: str) -> None:
    reader = READERS[name]

    @settings(max_examples=100)
    @given(damaged(name))
    def attempt(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file{reader.ending}"
            path.write_bytes(content)
            with contextlib.suppress(PluralismError):
                reader.read(path)
            assert [entry.name for entry in Path(folder).iterdir()] == [path.name]
            assert path.read_bytes() == content

    attempt()


@pytest.mark.parametrize("name", READERS)
def test_the_file_that_is_damaged_is_sound(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{READERS[name].ending}"
    path.write_bytes(sound(name))
    try:
        READERS[name].read(path)
    except PluralismError:
        assert name in {"ballots.soc", "ballots.soi", "ballots.toi", "ballots.cat", "ballots.wmd"}
